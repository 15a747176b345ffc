/*
 * The team as an OpenMP team: one parallel region for the whole run, entered
 * from a thread of its own, each member looping on the queue. No worksharing:
 * the queue is what balances the load.
 *
 * GCC's ThreadSanitizer cannot see libgomp's synchronization; for it the
 * members are plain threads (TEAM_PLAIN_THREADS, set by the Makefile).
 */
#include "team.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#ifndef TEAM_PLAIN_THREADS
#include <omp.h>
#endif

enum {
    ITEMS_AT_ONCE = 16,
    BLOCK_HANDED_ON = 256 << 10, /* bytes: large writes, little kept back */
    ENTRIES_HANDED_ON = 256,
};

struct team {
    struct team_options options;
    struct queue *queue;
    pthread_t thread;
    atomic_bool has_failed;
    pthread_mutex_t lock;   /* guards the counts */
    pthread_cond_t changed; /* all members have come, or have left */
    uint32_t member_count;  /* 0: not known yet */
    uint32_t entered_count;
    uint32_t left_count;
};

static void fail(struct team *team, const struct error *err)
{
    atomic_store(&team->has_failed, true);
    team->options.fail(team->options.ctx, err);
}

bool team_hand_on_now(const struct team_options *options, struct block *block,
                      struct error *err)
{
    bool done =
        block_is_empty(block) || options->deliver(options->ctx, block, err);
    block_reset(block);
    return done;
}

bool team_hand_on(const struct team_options *options, struct block *block,
                  struct error *err)
{
    if (block_size(block) < BLOCK_HANDED_ON &&
        block->entry_count < ENTRIES_HANDED_ON)
        return true;
    return team_hand_on_now(options, block, err);
}

static bool work(struct team *team, void *worker, void *item,
                 struct block *block, struct error *err)
{
    const struct team_options *options = &team->options;
    if (!worker ||
        atomic_load_explicit(&team->has_failed, memory_order_relaxed)) {
        options->drop(options->job_ctx, item);
        return true;
    }
    return options->job(options->job_ctx, worker, item, block, err) &&
           team_hand_on(options, block, err);
}

/* Items for this worker: at once if there are some; else the block is handed
 * on before it waits. */
static size_t take(struct team *team, void **items, struct block *block)
{
    const struct team_options *options = &team->options;
    size_t count = queue_try_take(team->queue, items, ITEMS_AT_ONCE,
                                  options->worker_count);
    if (count)
        return count;
    struct error err;
    if (!team_hand_on_now(options, block, &err))
        fail(team, &err);
    return queue_take(team->queue, items, ITEMS_AT_ONCE, options->worker_count);
}

/* Nothing else starts before all members are there (team_start waits), and they
 * leave together: none waits long in a barrier of OpenMP's. */
static void enter(struct team *team, uint32_t member_count)
{
    pthread_mutex_lock(&team->lock);
    team->member_count = member_count;
    if (++team->entered_count == member_count)
        pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
}

static void leave(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    if (++team->left_count == team->member_count)
        pthread_cond_broadcast(&team->changed);
    while (team->left_count < team->member_count)
        pthread_cond_wait(&team->changed, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

static void wait_for_members(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    while (!team->member_count || team->entered_count < team->member_count)
        pthread_cond_wait(&team->changed, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

static void run_member(struct team *team, uint32_t index, uint32_t member_count)
{
    const struct team_options *options = &team->options;
    struct error err = { 0 };
    struct block block;
    void *items[ITEMS_AT_ONCE];
    enter(team, member_count);
    if (index >= options->worker_count) {
        leave(team);
        return;
    }
    block_init(&block, options->block_max_bytes);
    void *worker = options->worker_new(options->job_ctx, index, &err);
    if (!worker)
        fail(team, &err);
    size_t count;
    while ((count = take(team, items, &block)) > 0)
        for (size_t i = 0; i < count; i++)
            if (!work(team, worker, items[i], &block, &err))
                fail(team, &err);
    if (!team_hand_on_now(options, &block, &err))
        fail(team, &err);
    if (worker)
        options->worker_free(options->job_ctx, worker);
    block_release(&block);
    leave(team);
}

#ifdef TEAM_PLAIN_THREADS

struct member {
    struct team *team;
    uint32_t index;
    pthread_t thread;
};

static void *member_main(void *ctx)
{
    struct member *member = ctx;
    run_member(member->team, member->index, member->team->options.worker_count);
    return NULL;
}

static void run_all(struct team *team)
{
    uint32_t count = team->options.worker_count, started = 0;
    struct member *members = calloc(count, sizeof(*members));
    for (; members && started + 1 < count; started++) {
        members[started] = (struct member){ .team = team, .index = started };
        if (pthread_create(&members[started].thread, NULL, member_main,
                           &members[started]))
            break;
    }
    /* Whatever could not be started, this thread still works. */
    run_member(team, started, started + 1);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(members[i].thread, NULL);
    free(members);
}

#else

/*
 * A thread that waits in a barrier of libgomp spins for some milliseconds, but
 * only for a moment when there are more threads than cores (GOMP_SPINCOUNT in
 * its manual). The usual team has one for each core: one more, which only
 * waits for the others, makes it so.
 */
static uint32_t thread_count(const struct team *team)
{
    uint32_t workers = team->options.worker_count;
    return workers + (workers == (uint32_t)omp_get_num_procs());
}

static void run_all(struct team *team)
{
    omp_set_dynamic(0);
#pragma omp parallel num_threads((int)thread_count(team))
    run_member(team, (uint32_t)omp_get_thread_num(),
               (uint32_t)omp_get_num_threads());
}

#endif

static void *team_main(void *ctx)
{
    run_all(ctx);
    return NULL;
}

static void release(struct team *team)
{
    pthread_cond_destroy(&team->changed);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

struct team *team_start(const struct team_options *options, struct queue *queue,
                        struct error *err)
{
    struct team *team = calloc(1, sizeof(*team));
    if (!team) {
        error_no_memory(err, "the team");
        return NULL;
    }
    team->options = *options;
    team->queue = queue;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->changed, NULL);
    int code = pthread_create(&team->thread, NULL, team_main, team);
    if (code) {
        release(team);
        error_set_errno(err, ERR_SYSTEM, code, "cannot start the team");
        return NULL;
    }
    wait_for_members(team);
    return team;
}

void team_join(struct team *team)
{
    if (!team)
        return;
    pthread_join(team->thread, NULL);
    release(team);
}
