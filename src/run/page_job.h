/*
 * page_job.h - what a worker does with a page: the steps in reading order.
 *
 *   head -> dechunk -> decode -> text -> match -> match lines
 *                 \-> WARC records, index lines
 *                                            all -> outcome line
 *
 * This is the only place that composes them. An item is either a fetched entry
 * or a span of pages kept earlier; a run has one kind of them.
 *
 * Thread rule: struct page_job is const while workers run, but for its
 * counters, which only the process of the run touches.
 */
#ifndef FETCHGREP_RUN_PAGE_JOB_H
#define FETCHGREP_RUN_PAGE_JOB_H

#include "team.h"

#include "fetchgrep/archive/revisit.h"
#include "fetchgrep/archive/warc_write.h"
#include "fetchgrep/extract/choice.h"
#include "fetchgrep/extract/matcher.h"
#include "fetchgrep/extract/text.h"
#include "fetchgrep/fetch/fetch.h"
#include "fetchgrep/record/lines.h"
#include "fetchgrep/run/match_options.h"

#include <stdatomic.h>

struct page_job {
    const struct patterns *patterns; /* NULL: nothing is searched */
    struct matcher_options matcher;
    struct text_options text;
    struct match_options matches;
    struct costs *costs; /* gets those of each worker; NULL: not measured */
    bool searches_any_status; /* --status any */
    bool is_stream;           /* messages instead of outcomes */
    size_t max_body;          /* as decoded */
    enum warc_store store;
    uint64_t warc_seed;
    const struct fetch_options *fetch; /* for request records */
    char *const *sources;              /* the manifests, as named */
    struct page_pool *pool;
    const struct payloads *payloads;  /* kept already; NULL: not asked */
    const struct choice *choice;      /* of pages kept earlier; NULL: all */
    unsigned chosen_types;            /* of records, bits of 1 << enum
                                         warc_type; 0: all */
    bool checks_digests;              /* of records */
    struct revisit_targets *revisits; /* extract */
    atomic_uint_fast64_t heap_bytes;  /* of hops kept outside the pool */
    atomic_size_t waiting_bytes;      /* of pages in the queue, at work */
    size_t waiting_limit;             /* fetch waits beyond it */
    atomic_bool is_held_back;         /* fetch does so */
    void (*wake)(void *ctx);          /* ends that */
    void *wake_ctx;
};

/* Sets what struct team_options says of the job: for fetched entries, or for
 * spans. */
void page_job_describe(struct page_job *job, bool is_fetched,
                       struct team_options *options);

/* An entry that came through the queue: its bytes wait no more. */
void page_job_drop_entry(void *ctx, void *entry);

/* Frees an entry that never was in the queue. */
void page_job_free_entry(struct page_job *job, struct entry *entry);

#endif
