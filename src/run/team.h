/*
 * team.h - a team of workers: takes items from a queue, runs a job on each,
 * hands finished blocks on. It knows neither pages nor patterns.
 *
 * Each worker fills a block of its own and hands it on when it has grown large
 * or when there is nothing more to do at the moment, so that results stream
 * without a lock for each page.
 *
 * Thread rule: job, deliver and drop run in the workers, concurrently; start
 * and join belong to one thread.
 */
#ifndef FETCHGREP_RUN_TEAM_H
#define FETCHGREP_RUN_TEAM_H

#include "fetchgrep/base/queue.h"
#include "fetchgrep/record/block.h"

struct team;

struct team_options {
    uint32_t worker_count;
    size_t block_max_bytes; /* a block's buffers never grow beyond it */
    /* The first four get job_ctx, the others ctx.
     * A worker's own state, made in its thread. */
    void *(*worker_new)(void *ctx, uint32_t index, struct error *err);
    void (*worker_free)(void *ctx, void *worker);
    /* Does the work on an item, which it owns, into the block. A job with much
     * to do may hand the block on in between (team_hand_on). */
    bool (*job)(void *ctx, void *worker, void *item, struct block *block,
                struct error *err);
    /* Frees an item unworked: something has failed. */
    void (*drop)(void *ctx, void *item);
    void *job_ctx;
    /* Takes a finished block; thread-safe. */
    bool (*deliver)(void *ctx, const struct block *block, struct error *err);
    /* A worker has failed; later items are dropped. Called for each failure. */
    void (*fail)(void *ctx, const struct error *err);
    void *ctx;
};

/* `options` is copied; `queue` is borrowed until team_join. */
struct team *team_start(const struct team_options *options, struct queue *queue,
                        struct error *err);

/* Waits until the queue is closed and empty and all workers have ended. Takes
 * NULL. */
void team_join(struct team *team);

/* Delivers the block if it is large, and empties it. */
bool team_hand_on(const struct team_options *options, struct block *block,
                  struct error *err) MUST_CHECK;

/* The same however large it is. */
bool team_hand_on_now(const struct team_options *options, struct block *block,
                      struct error *err) MUST_CHECK;

#endif
