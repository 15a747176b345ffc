/*
 * frontier_parts.h - the frontier's state, and what its files need of one
 * another: frontier.c (entries come, go out and come back), turns.c (whose
 * turn it is), answers.c (what a host's answers do to it), supply.c (hosts
 * that have more entries elsewhere).
 *
 * Thread rule: all functions here are called under the frontier's lock.
 */
#ifndef FETCHGREP_FRONTIER_FRONTIER_PARTS_H
#define FETCHGREP_FRONTIER_FRONTIER_PARTS_H

#include "host.h"
#include "timers.h"

#include "fetchgrep/frontier/frontier.h"

#include <pthread.h>

enum { SLEEPING_MAX = 65536 }; /* entries, the parked ones with them */

struct host_list {
    struct host *first, *last;
    size_t count;
};

struct frontier {
    struct frontier_options options;
    frontier_wake_fn *wake;
    void *wake_ctx;
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t has_room; /* frontier_add and _wait_hungry wait for it */
    struct host_table hosts;
    struct host_list urgent, ready; /* hosts that may give an entry */
    struct host_list hungry;        /* hosts that want more of their supply */
    size_t supplied;                /* hosts that have a supply */
    uint64_t left;                  /* what all supplies have, when last told */
    bool has_more_hosts;            /* the same */
    bool is_feeder_idle;            /* it waits in frontier_wait_hungry */
    struct timers timers;
    size_t waiting;
    size_t sleeping;
    size_t running;
    size_t parked; /* of these */
    bool is_closed;
    bool is_stopped;
    bool is_wanted;     /* a taker was told to wait */
    bool is_due_sooner; /* than it was told */
};

/* ---- frontier.c -------------------------------------------------------- */

/* Lets an entry in at the host of its target; false without memory. */
bool line_put(struct frontier *frontier, struct entry *entry,
              bool at_front) MUST_CHECK;

bool line_is_full(const struct frontier *frontier);

/* Whether so many sleep, or wait for one that does, that no more are let in. */
bool line_is_asleep(const struct frontier *frontier);

/* Releases the lock, and wakes takers if there is something for them. */
void line_unlock(struct frontier *frontier);

/* ---- turns.c ----------------------------------------------------------- */

bool turn_is_given_up(const struct frontier *frontier, const struct host *host);

/* How many transfers the host may have at once. */
uint32_t turn_limit(const struct frontier *frontier, const struct host *host);

/* Whether the host decides when the run ends. */
bool turn_is_urgent(const struct frontier *frontier, const struct host *host);

/* False without memory. */
bool turn_add_timer(struct frontier *frontier,
                    const struct timer *timer) MUST_CHECK;

/* Puts the host in a ready list if it may give an entry. */
void turn_offer_host(struct frontier *frontier, struct host *host);

/* Offers the host, or remembers it for later when nothing is up there. */
void turn_leave_alone(struct frontier *frontier, struct host *host);

/* The next host that may give an entry, out of its list; NULL: none. */
struct host *turn_take_host(struct frontier *frontier);

/* ---- answers.c --------------------------------------------------------- */

/* What a transfer has told of its host. */
void answer_note(struct frontier *frontier, struct host *host,
                 const struct frontier_answer *answer);

/* It asks for a pause between requests. */
void answer_slow_down(struct frontier *frontier, struct host *host,
                      int64_t delay_ns);

/* ---- supply.c ---------------------------------------------------------- */

/* An entry of the host has left. */
void supply_note_leaving(struct frontier *frontier, struct host *host);

/* The hosts that may give an entry are fewer now. */
void supply_note_turns(struct frontier *frontier);

#endif
