/*
 * lookups.h - asking name servers: c-ares on an epoll descriptor of its own.
 *
 * A lookup asks for the IPv4 and the IPv6 addresses of one name. How many may
 * be open and how many may begin in a second is bounded; one that waits for
 * long does not count for the former, so that names whose servers are silent
 * do not hold up the others.
 *
 * Thread rule: one thread but for lookups_wake. `done` is called by
 * lookups_start and lookups_work.
 */
#ifndef FETCHGREP_FETCH_LOOKUPS_H
#define FETCHGREP_FETCH_LOOKUPS_H

#include "addresses.h"

#include "fetchgrep/fetch/name_options.h"

enum name_status {
    NAME_FOUND,
    NAME_UNKNOWN,    /* the name servers say that there is none (NXDOMAIN) */
    NAME_EMPTY,      /* there is one, without an address */
    NAME_IMPOSSIBLE, /* the DNS cannot hold such a name */
    NAME_REFUSED,    /* all its addresses are refused by the address rule */
    NAME_SILENT,     /* no name server answered in time */
    NAME_FAILED,     /* they could not tell (SERVFAIL and the like), or none
                        is there */
};

/* Whether asking again may tell something else. */
static inline bool name_status_may_pass(enum name_status status)
{
    return status == NAME_SILENT || status == NAME_FAILED;
}

struct name_answer {
    enum name_status status;
    uint32_t ttl_s; /* of NAME_FOUND */
    size_t count;
    struct address addresses[ADDRESSES_MAX];
};

/* Called once for each lookup with what lookups_start was given. */
typedef void lookup_done_fn(void *ctx, void *name, int64_t started_ns,
                            const struct name_answer *answer);

struct lookups;

struct lookups *lookups_new(const struct name_options *options,
                            int64_t timeout_ms, lookup_done_fn *done, void *ctx,
                            struct error *err);

/* Ends all that is open without calling `done`. Takes NULL. */
void lookups_free(struct lookups *lookups);

/* Whether one more may begin now; if not, `ret_due_ns` is when to ask again
 * (0: when one has ended). */
bool lookups_may_start(struct lookups *lookups, int64_t now_ns,
                       int64_t *ret_due_ns);

/* `host` is a name, not an address. */
void lookups_start(struct lookups *lookups, struct view host, void *name,
                   int64_t now_ns);

/* Waits for answers until `due_ns` at most (0: for ever), or lookups_wake. */
void lookups_work(struct lookups *lookups, int64_t due_ns);

void lookups_wake(struct lookups *lookups);

#endif
