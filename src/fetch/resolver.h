/*
 * resolver.h - the one home of names: no transfer starts before its host's
 * addresses are known here, and libcurl is given them.
 *
 *   loop --resolver_ask--> cache of names --KNOWN--> transfer
 *                               |  PARKED                ^
 *                               v                        |
 *                    lookups (a thread of its own) --> ready list
 *                                                 (resolver_take)
 *
 * One lookup serves all who wait for it. An entry that is parked keeps its
 * place at its host in the frontier, but is no open transfer and has no page
 * bytes. It comes back to whichever loop asks first.
 *
 * Thread rule: the verbs may be called from any loop; new, join, drain and free
 * from the thread that made the fetcher.
 */
#ifndef FETCHGREP_FETCH_RESOLVER_H
#define FETCHGREP_FETCH_RESOLVER_H

#include "fetchgrep/fetch/fetch.h"

struct resolver;

/* Called without a lock held when resolver_take may have something. */
typedef void resolver_wake_fn(void *ctx);

/* Starts its thread. */
struct resolver *resolver_new(const struct fetch_options *options,
                              resolver_wake_fn *wake, void *ctx,
                              struct error *err);

enum resolver_result {
    RESOLVER_KNOWN,   /* it may start; the addresses are in the entry */
    RESOLVER_OVER,    /* it has its outcome, and a page that says so */
    RESOLVER_PARKED,  /* it is the resolver's now */
    RESOLVER_CROWDED, /* too many wait for its address: not now */
    RESOLVER_NONE,    /* resolver_take: nothing is ready */
};

enum resolver_result resolver_ask(struct resolver *resolver,
                                  struct entry *entry);

/* An entry that was parked, never with the result RESOLVER_PARKED. */
enum resolver_result resolver_take(struct resolver *resolver,
                                   struct entry **ret_entry);

/* Whether more entries may be parked; if not, a wake-up follows. */
bool resolver_has_room(struct resolver *resolver);

/* A transfer is over, or will not be: the entry's addresses go back, and its
 * place among those of its address. `was_unreachable`: the next one begins
 * with the next address. */
void resolver_leave(struct resolver *resolver, struct entry *entry,
                    bool was_unreachable);

/* Gives out nothing more. */
void resolver_stop(struct resolver *resolver);

/* Ends its thread; no loop is left. Then takes out what is still parked, with
 * its outcome or with none; NULL at the end. */
void resolver_join(struct resolver *resolver);
struct entry *resolver_drain(struct resolver *resolver);

/* Joined and drained, or never used. Takes NULL. */
void resolver_free(struct resolver *resolver);

/* Whether the URL's host is an address, which nobody need be asked for. */
bool resolver_is_literal(const struct url *url);

/* Whether names are resolved here, and not by the proxy. */
bool resolver_is_used(const struct fetch_options *options);

#endif
