/*
 * costs.h - what each pattern of a set costs on the pages it is run on.
 *
 * Thread rule: costs belong to one worker; costs_add may be called for the same
 * sum by all of them.
 */
#ifndef FETCHGREP_EXTRACT_COSTS_H
#define FETCHGREP_EXTRACT_COSTS_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/model/match.h"

#include <pthread.h>

struct pattern_cost {
    uint64_t run_count;   /* pages on which PCRE2 ran it */
    uint64_t page_count;  /* pages on which it matched */
    uint64_t match_count; /* all its matches */
    uint64_t limit_count; /* pages on which it did not run to its end */
    int64_t ns;           /* in PCRE2, and taking its matches */
};

struct costs {
    pthread_mutex_t lock;                /* of costs_add */
    uint64_t page_counts[SUBJECT_COUNT]; /* texts that were searched */
    uint64_t byte_counts[SUBJECT_COUNT]; /* of them */
    int64_t scan_ns;                     /* finding out which patterns to run */
    size_t pattern_count;
    struct pattern_cost *patterns;
};

/* NULL without memory. */
struct costs *costs_new(size_t pattern_count, struct error *err);
void costs_free(struct costs *costs);

/* Of the same set. */
void costs_add(struct costs *sum, const struct costs *part);

#endif
