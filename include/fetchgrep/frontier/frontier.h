/*
 * frontier.h - whose turn it is.
 *
 * Entries wait here, each in its host's queue, until their host may be asked:
 * no more than `per_host` transfers at once, one for a host that has never
 * answered, fewer for one that is overloaded, none while a pause lasts. Hosts
 * take turns, so a long queue at one host holds up no other. There is no
 * network in here, and the clock is injected.
 *
 * A host that cannot be reached is asked again after pauses that grow; when it
 * has failed too often in a row, all its entries are given up. Entries to be
 * tried again sleep here and take nobody's place.
 *
 * What is inside is bounded: frontier_add waits for room, so memory does not
 * grow with the manifest. Entries that come back (the next hop of a redirect,
 * a transfer put back) are always let in, at the front of their queue. Of a
 * host with many entries only a few are inside; when they run out it is
 * hungry, and frontier_wait_hungry asks for more of them. A host that has so
 * many left that it will end last goes before the others.
 *
 * An entry may wait outside for what another one fetches (frontier_park).
 *
 *   feeder --frontier_add--> host queues --frontier_take--> event loops
 *                                ^                              |
 *                                +---- frontier_return, _retry -+
 *                                                               |
 *                                              frontier_finish <+
 *
 * Every entry that frontier_add accepted leaves through frontier_finish or
 * frontier_drain: a ledger.
 *
 * Thread rule: all functions but new and free may be called from any thread.
 */
#ifndef FETCHGREP_FRONTIER_H
#define FETCHGREP_FRONTIER_H

#include "fetchgrep/model/page.h"

struct frontier;

struct frontier_options {
    uint32_t concurrency;    /* transfers at once in all */
    uint32_t per_host;       /* of them to one host */
    int64_t host_delay_ns;   /* from one answer to the next request, which then
                                are one at a time; 0: none */
    uint32_t host_failures;  /* in a row, then it is given up; 0: never */
    size_t capacity;         /* entries that may wait inside */
    size_t host_memory;      /* hosts remembered while nothing waits for them */
    int64_t (*now_ns)(void); /* NULL: clock_now_ns */
};

/* What a transfer has told of its host. Zeroed: nothing. */
struct frontier_answer {
    bool has_answered;    /* it spoke HTTP to us */
    bool is_overloaded;   /* it asks for fewer requests */
    int64_t hold_ns;      /* and for none until then (Retry-After) */
    enum outcome failure; /* why it could not be reached; OUTCOME_OK: it was */
};

/* Called, without a lock held, when an entry may have become ready after
 * frontier_take said FRONTIER_WAIT. Quick; may be called spuriously. */
typedef void frontier_wake_fn(void *ctx);

struct frontier *frontier_new(const struct frontier_options *options,
                              frontier_wake_fn *wake, void *ctx,
                              struct error *err);

/* Must be empty (finished or drained). */
void frontier_free(struct frontier *frontier);

/* Takes the entry, waits for room. False: no more are wanted (stopped), or no
 * memory (`err`->code is set then); the entry stays the caller's. */
bool frontier_add(struct frontier *frontier, struct entry *entry,
                  struct error *err) MUST_CHECK;

/* Whether an entry of this host would be let in at once, and nobody else's
 * would be kept out by that. */
bool frontier_has_room(struct frontier *frontier, struct view origin);

/* Entries of one host that are kept elsewhere: the feeder's, zeroed at first,
 * to be there until frontier_end_supply. */
struct frontier_supply {
    struct host *host; /* that is told of; the frontier's */
    uint64_t left;     /* entries not yet given */
    bool is_asked;     /* frontier_wait_hungry named it */
};

/*
 * Takes entries of a supply, which has `left` more of them, without waiting,
 * and answers frontier_wait_hungry by that. `ret_taken` of them are the
 * frontier's, which are all unless it was stopped or has no memory (as
 * frontier_add). `ret_is_told`: frontier_wait_hungry will name this supply;
 * false when its host has another one: frontier_add must take the rest.
 */
bool frontier_add_supplied(struct frontier *frontier,
                           struct frontier_supply *supply,
                           struct entry **entries, size_t count, uint64_t left,
                           size_t *ret_taken, bool *ret_is_told,
                           struct error *err) MUST_CHECK;

/* The frontier forgets the supply. Of one with entries left only after
 * frontier_stop. */
void frontier_end_supply(struct frontier *frontier,
                         struct frontier_supply *supply);

enum frontier_hunger {
    FRONTIER_HUNGRY, /* the host of `ret_supply` wants more */
    FRONTIER_ROOM,   /* there is room for another host */
    FRONTIER_FULL,   /* stopped: nothing is wanted any more */
};

/* Waits until a supplied host wants entries, `ret_want` of them at most, or,
 * when `has_more_hosts`, until there is room for one. `left` is how many
 * entries all supplies and hosts to come have. */
enum frontier_hunger frontier_wait_hungry(struct frontier *frontier,
                                          bool has_more_hosts, uint64_t left,
                                          struct frontier_supply **ret_supply,
                                          size_t *ret_want);

/* The manifest is at its end. */
void frontier_close(struct frontier *frontier);

/* Gives out nothing more; frontier_add refuses from now on. */
void frontier_stop(struct frontier *frontier);

enum frontier_result {
    FRONTIER_ENTRY,    /* its host's place is taken until return or finish */
    FRONTIER_GIVEN_UP, /* its host is: outcome and detail are set, and it has
                          left; the caller's */
    FRONTIER_WAIT,     /* nothing may start now; a wake-up follows */
    FRONTIER_END,      /* nothing will come any more */
};

/* On FRONTIER_WAIT `ret_due_ns` is when to ask again without a wake-up; 0: not
 * at all. */
enum frontier_result frontier_take(struct frontier *frontier,
                                   struct entry **ret_entry,
                                   int64_t *ret_due_ns);

/* A transfer is over. The entry itself is the caller's; it goes on to the team
 * or comes back. */
void frontier_finish(struct frontier *frontier, struct entry *entry,
                     const struct frontier_answer *answer);

/* Gives its place up and stands in line again, at the front, at the host of
 * entry->target, which may be another one now. False without memory: then it
 * has left as by frontier_finish. */
bool frontier_return(struct frontier *frontier, struct entry *entry,
                     const struct frontier_answer *answer,
                     struct error *err) MUST_CHECK;

/* The same, after `delay_ns`. */
bool frontier_retry(struct frontier *frontier, struct entry *entry,
                    const struct frontier_answer *answer, int64_t delay_ns,
                    struct error *err) MUST_CHECK;

/* The host of an origin wants one request at a time, with this pause from an
 * answer to the next of them and from now to the first, unless the run's own
 * is longer. False without memory. */
bool frontier_slow_down(struct frontier *frontier, struct view origin,
                        int64_t delay_ns) MUST_CHECK;

/*
 * The entry keeps its place and will not use it before what an entry on a
 * detour (entry->detour) brings back: those go first at any host, and parked
 * entries do not stand in their way, whoever has the places. Otherwise each
 * would wait for the other. Over with frontier_unpark, or when it leaves.
 */
void frontier_park(struct frontier *frontier, struct entry *entry);
void frontier_unpark(struct frontier *frontier, struct entry *entry);

/* Whether the host of a taken entry could not be reached the last time. */
bool frontier_has_failed(struct frontier *frontier, const struct entry *entry);

/* After a stop: takes one entry out that will not be fetched; NULL at the end.
 * Free it. */
struct entry *frontier_drain(struct frontier *frontier);

struct frontier_counts {
    size_t waiting;      /* entries in line */
    size_t sleeping;     /* entries to be tried again */
    size_t running;      /* entries taken and not yet finished or returned */
    size_t parked;       /* of these */
    size_t hosts;        /* hosts in memory */
    bool is_feeder_idle; /* it waits in frontier_wait_hungry */
};

struct frontier_counts frontier_counts(struct frontier *frontier);

#endif
