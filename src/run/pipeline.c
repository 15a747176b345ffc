/*
 * The way of an entry, from top to bottom:
 *
 *   feeder thread     manifest -> frontier          (feeder.c)
 *                     or spans -> queue
 *   event loops       frontier -> fetch -> queue    (pipeline_turns.c)
 *                     or back to the frontier
 *   team              queue -> page_job -> recorder
 *   main thread       signals, progress, the end
 *
 * Every entry that the manifest hands out comes back as one outcome; at the
 * end the ledger must balance.
 */
#include "pipeline_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/interrupt.h"
#include "fetchgrep/base/log.h"

#include <assert.h>
#include <limits.h>
#include <unistd.h>

enum {
    LOOP_ITEMS = 64,      /* delivered at once by a loop at most */
    STOP_GRACE_MS = 2000, /* for transfers in flight after a signal */
};

/* ---- stopping --------------------------------------------------------- */

void pipeline_stop(struct pipeline *pipeline, int64_t grace_ms)
{
    atomic_store(&pipeline->is_stopping, true);
    team_stop(pipeline->team);
    interrupt_stop_reading();
    if (pipeline->frontier)
        frontier_stop(pipeline->frontier);
    struct fetcher *fetcher = atomic_load(&pipeline->fetcher);
    if (fetcher)
        fetch_stop(fetcher, grace_ms);
    if (pipeline->chain)
        span_chain_stop(pipeline->chain);
    if (pipeline->spans)
        queue_close(pipeline->queue);
}

/* The first failure is kept; the run stops. */
void pipeline_fail(void *ctx, const struct error *err)
{
    struct pipeline *pipeline = ctx;
    pthread_mutex_lock(&pipeline->failure_lock);
    bool is_first = pipeline->failure.code == ERR_NONE;
    if (is_first)
        pipeline->failure = *err;
    pthread_mutex_unlock(&pipeline->failure_lock);
    if (is_first)
        pipeline_stop(pipeline, 0);
}

void pipeline_wake_fetchers(void *ctx)
{
    struct pipeline *pipeline = ctx;
    struct fetcher *fetcher = atomic_load(&pipeline->fetcher);
    if (fetcher)
        fetch_wake(fetcher);
}

/* ---- what goes to the team -------------------------------------------- */

/* Page bytes that wait for the team. */
static size_t waiting_bytes(const struct entry *entry)
{
    return entry->page ? entry->page->bytes.capacity : 0;
}

void pipeline_send_to_team(void *ctx, struct entry **entries, size_t count)
{
    struct pipeline *pipeline = ctx;
    struct error err;
    void *items[LOOP_ITEMS];
    size_t bytes = 0;
    assert(count <= LOOP_ITEMS);
    for (size_t i = 0; i < count; i++) {
        items[i] = entries[i];
        bytes += waiting_bytes(entries[i]);
    }
    atomic_fetch_add(&pipeline->job.waiting_bytes, bytes);
    size_t taken = queue_push_over(pipeline->queue, items, count);
    if (taken == count)
        return;
    for (size_t i = taken; i < count; i++)
        page_job_drop_entry(&pipeline->job, entries[i]);
    error_no_memory(&err, "the queue of pages");
    pipeline_fail(pipeline, &err);
}

/* ---- spans -> queue --------------------------------------------------- */

static bool feed_spans(struct pipeline *pipeline, struct error *err)
{
    struct span *span;
    enum spans_result result;
    while ((result = spans_next(pipeline->spans, &span, err)) == SPANS_ITEM) {
        if (!span_chain_admit(pipeline->chain, span, err) ||
            !queue_push(pipeline->queue, span)) {
            span_free(span);
            return atomic_load(&pipeline->is_stopping);
        }
    }
    if (result == SPANS_END)
        atomic_store(&pipeline->all_handed_out, true);
    /* Parts may have to be read again. */
    span_chain_wait(pipeline->chain);
    return result == SPANS_END;
}

/* ---- team -> recorder ------------------------------------------------- */

static void tell_damage(struct pipeline *pipeline, const struct block *block)
{
    struct view lines = buf_view(&block->damage);
    atomic_fetch_add(&pipeline->damage_count, block->damage_count);
    while (lines.size) {
        struct view line = view_split(&lines, '\n');
        log_warning("%.*s", VIEW_ARG(line));
    }
}

bool pipeline_append(void *ctx, const struct block *block, struct error *err)
{
    struct pipeline *pipeline = ctx;
    tell_damage(pipeline, block);
    if (!recorder_append(pipeline->recorder, block, err))
        return false;
    if (pipeline->payloads)
        payloads_publish(pipeline->payloads, buf_view(&block->notes));
    return true;
}

bool pipeline_deliver(void *ctx, const struct block *block, struct error *err)
{
    struct pipeline *pipeline = ctx;
    return pipeline->chain ? span_chain_deliver(pipeline->chain, block, err)
                           : pipeline_append(pipeline, block, err);
}

/* A part of an archive that is to be read again. */
bool pipeline_redo_span(void *ctx, struct span *span, struct error *err)
{
    struct pipeline *pipeline = ctx;
    if (queue_push_first(pipeline->queue, span))
        return true;
    span_free(span);
    return atomic_load(&pipeline->is_stopping) ||
           error_no_memory(err, "the queue of spans");
}

/* Feeds, and then waits for one stage after the other. */
void *pipeline_feed(void *ctx)
{
    struct pipeline *pipeline = ctx;
    struct error err = { 0 };
    bool done = pipeline->manifest ? feed_entries(pipeline, &err)
                                   : feed_spans(pipeline, &err);
    if (!done && err.code != ERR_NONE)
        pipeline_fail(pipeline, &err);
    if (pipeline->manifest) {
        frontier_close(pipeline->frontier);
        fetch_join(pipeline->fetcher);
    }
    queue_close(pipeline->queue);
    team_join(pipeline->team);
    atomic_store(&pipeline->is_done, true);
    interrupt_wake();
    return NULL;
}

/* ---- the main thread while the stages work ---------------------------- */

static void answer_signals(struct pipeline *pipeline, int *answered)
{
    int count = interrupt_count();
    if (count == *answered)
        return;
    if (*answered == 0)
        pipeline_stop(pipeline, STOP_GRACE_MS);
    else
        pipeline_stop(pipeline, 0);
    *answered = count;
}

/* Transfers in flight get a tenth of the time to end, but not longer than
 * after a signal. */
static int64_t deadline_grace_ms(const struct pipeline *pipeline)
{
    int64_t grace_ms = pipeline->options->deadline_ms / 10;
    return grace_ms < STOP_GRACE_MS ? grace_ms : STOP_GRACE_MS;
}

/* Milliseconds until nothing more may start; -1: never. */
static int deadline_wait_ms(const struct pipeline *pipeline)
{
    int64_t deadline_ms = pipeline->options->deadline_ms;
    if (!deadline_ms || pipeline->is_overdue)
        return -1;
    int64_t gone_ms = (clock_now_ns() - pipeline->started_ns) / CLOCK_NS_PER_MS;
    int64_t left_ms = deadline_ms - deadline_grace_ms(pipeline) - gone_ms;
    return left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void keep_deadline(struct pipeline *pipeline)
{
    if (deadline_wait_ms(pipeline) != 0)
        return;
    pipeline->is_overdue = true;
    pipeline_stop(pipeline, deadline_grace_ms(pipeline));
}

/* -1 is never. */
static int sooner_ms(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void watch(struct pipeline *pipeline)
{
    struct progress progress;
    int answered = 0;
    progress_init(&progress, pipeline);
    while (!atomic_load(&pipeline->is_done)) {
        answer_signals(pipeline, &answered);
        keep_deadline(pipeline);
        progress_tick(&progress, pipeline);
        interrupt_wait(
            sooner_ms(progress_wait_ms(&progress), deadline_wait_ms(pipeline)));
    }
    pthread_join(pipeline->feeder, NULL);
}

static void release(struct pipeline *pipeline)
{
    fetch_free(pipeline->fetcher);
    pipeline_drain(pipeline);
    frontier_free(pipeline->frontier);
    robots_desk_free(pipeline->robots);
    team_free(pipeline->team);
    queue_free(pipeline->queue);
    span_chain_free(pipeline->chain);
    span_ids_free(pipeline->span_ids);
    revisit_targets_free(pipeline->job.revisits);
    recorder_free(pipeline->recorder);
    page_pool_free(pipeline->pool);
    manifest_close(pipeline->manifest);
    dedupe_free(pipeline->dedupe);
    earlier_run_close(pipeline->since);
    payloads_free(pipeline->payloads);
    spans_close(pipeline->spans);
    run_dir_close(pipeline->dir);
    lives_free(pipeline->lives);
    if (pipeline->spool_fd >= 0)
        close(pipeline->spool_fd);
    for (size_t i = 0; pipeline->inputs && i < pipeline->options->input_count;
         i++)
        free(pipeline->inputs[i]);
    free(pipeline->inputs);
    pacing_release(pipeline);
    pthread_mutex_destroy(&pipeline->failure_lock);
}

bool pipeline_run(const struct pipeline_options *options, int *ret_status,
                  struct error *err)
{
    struct pipeline pipeline = {
        .options = options,
        .spool_fd = -1,
        .fetch_options = options->fetch,
        .started_ns = clock_now_ns(),
        .started_wall_ms = clock_wall_ms(),
    };
    pthread_mutex_init(&pipeline.failure_lock, NULL);
    pacing_init(&pipeline);
    bool is_over = false;
    bool done = pipeline_prepare(&pipeline, err) &&
                pipeline_open(&pipeline, &is_over, err);
    if (done && is_over) {
        *ret_status = STATUS_OK;
    } else if (done && (done = pipeline_start(&pipeline, err))) {
        watch(&pipeline);
        done = pipeline_conclude(&pipeline, ret_status, err);
    }
    release(&pipeline);
    return done;
}
