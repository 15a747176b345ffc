/*
 * team.h - a team of workers: takes items from a queue, runs a job on each,
 * hands finished blocks on. It knows neither pages nor patterns.
 *
 * There are two teams with one contract: item in, output block out.
 *
 *   threads     an OpenMP team in this process (team_threads.c)
 *   processes   a thread of this process for each worker process, which lends
 *               it items and takes its blocks (team_processes.c)
 *
 * An item is a run of pages. A worker process may die of one (a crash, a limit,
 * a hand): the page at work is then the only one that is lost. Its item is
 * begun again by another worker, behind the pages whose results stand, and that
 * page is marked as one that has cost a worker.
 *
 * Each worker fills a block of its own and hands it on when it has grown large
 * or when there is nothing more to do at the moment, so that results stream
 * without a lock for each page.
 *
 * Thread rule: team_stop from any thread; new, start, join and free belong to
 * one. team_new comes before any other thread, OpenMP and libcurl: it forks.
 */
#ifndef FETCHGREP_RUN_TEAM_H
#define FETCHGREP_RUN_TEAM_H

#include "fetchgrep/base/queue.h"
#include "fetchgrep/record/block.h"
#include "fetchgrep/run/pipeline.h"

#include <stdatomic.h>

/* A page that has cost a worker. The first time it is to be recorded, not to be
 * searched; after the second not even to be read. */
struct team_crash {
    uint64_t page;
    uint32_t count;
    char detail[160]; /* what became of the worker: a sentence part */
};

/* An item at work; made by the team for each call of the job. */
struct team_work {
    void *item;
    struct block *block; /* where results go */
    /* Pages done. Not 0 at the start when an earlier worker has done some:
     * those are passed over. team_end_page counts. */
    uint64_t page_count;
    const struct team_crash *crash; /* or NULL: see team_crash_here */
    /* The team's own. */
    const atomic_bool *stop;
    void (*mark)(struct team_work *work, bool is_at_work); /* or NULL */
    bool (*hand_on)(struct team_work *work, struct error *err);
    void *owner;
};

/* A page begins, number work->page_count. May be called again for the same page
 * when it takes long, as a sign of life. */
void team_begin_page(struct team_work *work);

/* The page has ended; its results are in the block, which is handed on if it is
 * large. */
bool team_end_page(struct team_work *work, struct error *err) MUST_CHECK;

/* Hands on what the block holds. A job may begin with it and set block->span:
 * then the block is handed on at its end too, and the item's results are not
 * mixed with those of others. */
bool team_hand_on(struct team_work *work, struct error *err) MUST_CHECK;

/* The crash that this page, number work->page_count, has led to, or NULL. */
const struct team_crash *team_crash_here(const struct team_work *work);

/* Whether to end early, between two pages. */
bool team_is_stopping(const struct team_work *work);

struct team_options {
    enum team_isolation isolation;
    uint32_t worker_count;
    uint32_t items_at_once; /* taken by a worker at most; 1 to TEAM_ITEMS_MAX */
    size_t block_max_bytes; /* a block's buffers never grow beyond it */
    /* Of worker processes: heap that one may take, and how long a page may
     * take before the worker is killed. */
    size_t worker_memory;
    int64_t page_limit_ms;

    /* All of these get job_ctx. In processes the first three run in a worker,
     * the others in this process. */

    /* A worker's own state, made in its thread; `number` differs from that of
     * any other worker of the run. */
    void *(*worker_new)(void *ctx, uint32_t number, struct error *err);
    void (*worker_free)(void *ctx, void *worker);
    /* Does the work on an item. */
    bool (*job)(void *ctx, void *worker, struct team_work *work,
                struct error *err);
    /* Frees an item, worked on or not. */
    void (*drop)(void *ctx, void *item);
    /* For processes: describes an item, and makes one of the description, in
     * its place; it lies aligned for any type. */
    void (*encode)(void *ctx, const void *item, struct buf *out);
    void *(*decode)(void *ctx, char *bytes, size_t size);
    void *job_ctx;

    /* Takes a finished block; thread-safe. */
    bool (*deliver)(void *ctx, const struct block *block, struct error *err);
    /* A worker has failed; later items are dropped. Called for each failure. */
    void (*fail)(void *ctx, const struct error *err);
    void *ctx;
};

enum { TEAM_ITEMS_MAX = 16 };

struct team;

/* `options` is copied. What worker processes are to see of this process must be
 * there now. */
struct team *team_new(const struct team_options *options, struct error *err);

/* `queue` is borrowed until team_join. */
bool team_start(struct team *team, struct queue *queue,
                struct error *err) MUST_CHECK;

/* Jobs end early (team_is_stopping). Takes NULL. */
void team_stop(struct team *team);

/* Waits until the queue is closed and empty and all workers have ended. Takes
 * NULL, and a team that was never started. */
void team_join(struct team *team);

/* Takes NULL. */
void team_free(struct team *team);

/* The same however large it is. */
bool team_hand_on_now(const struct team_options *options, struct block *block,
                      struct error *err) MUST_CHECK;

#endif
