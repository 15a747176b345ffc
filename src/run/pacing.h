/*
 * pacing.h - when an entry may go out: between the frontier, which knows whose
 * turn it is, and the event loops.
 *
 *   --max-requests   a request goes out when it is due
 *   an outage        entries that fail while nobody answers are kept here, and
 *                    with them their places in the frontier; later they count
 *                    as failed, or go out again as if they had never been tried
 *
 * Thread rule: event loops, concurrently; pacing_drain when they have ended.
 */
#ifndef FETCHGREP_RUN_PACING_H
#define FETCHGREP_RUN_PACING_H

#include "fetchgrep/base/pace.h"
#include "fetchgrep/frontier/outage.h"
#include "fetchgrep/model/page.h"

#include <pthread.h>
#include <stdatomic.h>

struct pipeline;

struct entry_list {
    struct entry *first, *last;
    size_t count;
};

/* Part of the pipeline. */
struct pacing {
    pthread_mutex_t lock; /* guards all but the atomics */
    struct outage outage;
    struct entry_list kept;   /* failed, perhaps by an outage */
    struct entry_list failed; /* of these, by themselves: to be counted */
    struct entry_list again;  /* of these, by an outage: to go out again */
    struct entry *next;       /* taken; waits until a request is due */
    bool probes_kept;         /* the next probe: one that failed before */
    bool is_limited;          /* --max-requests */
    struct pace requests;
    atomic_bool is_watchful; /* not all is well: the lock must be taken */
    atomic_int_fast64_t answered_ns; /* somebody did, without HTTP */
};

void pacing_init(struct pipeline *pipeline);
void pacing_release(struct pipeline *pipeline);

enum pacing_result {
    PACING_ENTRY,  /* it may start */
    PACING_FAILED, /* its last transfer counts as failed: it is to be tried
                      again or finished; then ask again */
    PACING_WAIT,
    PACING_END,
};

/* As frontier_take. */
enum pacing_result pacing_take(struct pipeline *pipeline,
                               struct entry **ret_entry, int64_t *ret_due_ns);

/* A transfer is over. True: what became of it remains to be seen, and the
 * entry is kept. */
bool pacing_keep(struct pipeline *pipeline, struct entry *entry,
                 bool has_answered);

/* After a stop: takes one entry out, its place in the frontier given up; NULL
 * at the end. Free it. */
struct entry *pacing_drain(struct pipeline *pipeline);

/* Seconds that the network was down so far; `ret_is_down`: and still is. */
double pacing_down_s(struct pipeline *pipeline, bool *ret_is_down);

#endif
