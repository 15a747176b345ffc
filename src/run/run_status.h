/*
 * run_status.h - what is known of one run from its directory; between
 * run_status.c, which reads it, and status.c, which tells it.
 *
 * Thread rule: belongs to one thread.
 */
#ifndef FETCHGREP_RUN_RUN_STATUS_H
#define FETCHGREP_RUN_RUN_STATUS_H

#include "run_facts.h"

enum run_state {
    RUN_STATE_NOT_BEGUN, /* no run.json yet; shards alone */
    RUN_STATE_RUNNING,
    RUN_STATE_ELSEWHERE, /* its owner is on another machine, alive or not */
    RUN_STATE_STOPPED,
    RUN_STATE_FINISHED,
    RUN_STATE_COUNT,
};

/* "running": a word of the JSON. */
const char *run_state_word(enum run_state state);

/* An entry with some outcome. */
struct run_example {
    char *url, *detail; /* NULL: none was looked for, or found */
};

struct run_status {
    struct run_facts facts; /* unless it has not begun */
    enum run_state state;
    struct recorder_totals totals; /* committed, by all lives */
    size_t life_count;
    char *owner;       /* the line of DIR/owner; "" without one */
    uint64_t pid;      /* RUNNING: of who holds it, 0: not known */
    bool has_expected; /* the next two are known */
    bool is_expected_exact;
    uint64_t expected;       /* entries in all */
    int64_t committed_at_ms; /* the last commit, wall clock; 0: none */
    double entries_per_s;    /* lately; of a finished run, all in all; 0: not
                                known */
    double bytes_per_s;
    struct run_example examples[OUTCOME_COUNT];
    char damage[ERROR_MESSAGE_SIZE]; /* of a journal; "": none */
};

/* `has_examples`: look for one of each outcome but ok. Release it in any
 * case. */
bool run_status_read(struct run_status *status, const char *dir,
                     bool has_examples, struct error *err) MUST_CHECK;
void run_status_release(struct run_status *status);

#endif
