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
 * counters and `is_stopping`.
 */
#ifndef FETCHGREP_RUN_PAGE_JOB_H
#define FETCHGREP_RUN_PAGE_JOB_H

#include "team.h"

#include "fetchgrep/archive/warc_write.h"
#include "fetchgrep/extract/matcher.h"
#include "fetchgrep/fetch/fetch.h"
#include "fetchgrep/record/lines.h"

#include <stdatomic.h>

struct page_job {
    const struct patterns *patterns; /* NULL: nothing is searched */
    struct matcher_options matcher;
    enum match_format format;
    bool searches_any_status; /* --status any */
    bool is_stream;           /* messages instead of outcomes */
    size_t max_body;          /* as decoded */
    enum warc_store store;
    uint64_t warc_seed;
    const struct fetch_options *fetch; /* for request records */
    char *const *sources;              /* the manifests, as named */
    struct page_pool *pool;
    const struct team_options *team; /* a long job hands on in between */
    atomic_bool is_stopping;         /* long spans end early */
    atomic_uint_fast64_t heap_bytes; /* of hops kept outside the pool */
    atomic_size_t waiting_bytes;     /* of pages in the queue, at work */
    size_t waiting_limit;            /* fetch waits beyond it */
    atomic_bool is_held_back;        /* fetch does so */
    void (*wake)(void *ctx);         /* ends that */
    void *wake_ctx;
};

/* For struct team_options; `ctx` is the struct page_job. */
void *page_job_worker_new(void *ctx, uint32_t index, struct error *err);
void page_job_worker_free(void *ctx, void *worker);
bool page_job_entry(void *ctx, void *worker, void *entry, struct block *block,
                    struct error *err);
bool page_job_span(void *ctx, void *worker, void *span, struct block *block,
                   struct error *err);
/* An entry that came through the queue: its bytes wait no more. */
void page_job_drop_entry(void *ctx, void *entry);
void page_job_drop_span(void *ctx, void *span);

/* Frees an entry that never was in the queue. */
void page_job_free_entry(struct page_job *job, struct entry *entry);

#endif
