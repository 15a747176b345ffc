/*
 * The team as an OpenMP team: one parallel region for the whole run, entered
 * from a thread of its own, each member looping on the queue. No worksharing:
 * the queue is what balances the load.
 *
 * More members than cores only make each other's caches cold while there is
 * computing to do, and are welcome while the others wait for disks. So those
 * beyond the cores come in one by one, as long as the cores are not busy.
 *
 * GCC's ThreadSanitizer cannot see libgomp's synchronization; for it the
 * members are plain threads (TEAM_PLAIN_THREADS, set by the Makefile).
 */
#include "team_state.h"

#include "fetchgrep/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#ifndef TEAM_PLAIN_THREADS
#include <omp.h>
#endif

struct thread_team {
    struct team *team;
    pthread_t thread;
    pthread_mutex_t lock;   /* guards the counts */
    pthread_cond_t changed; /* all members have come, or have left */
    uint32_t member_count;  /* 0: not known yet */
    uint32_t entered_count;
    uint32_t left_count;
    uint32_t core_count;
    uint32_t active_count; /* members that may work */
    bool is_over;          /* nothing more will come */
    int64_t looked_ns;     /* when the cores were looked at */
    int64_t cpu_ns;        /* what the process had used by then */
};

/* ---- items ------------------------------------------------------------ */

static bool hand_on(struct team_work *work, struct error *err)
{
    return team_deliver(work->owner, work->block, err);
}

static bool work_on(struct team *team, void *worker, void *item,
                    struct block *block, struct error *err)
{
    const struct team_options *options = &team->options;
    struct team_work work = {
        .item = item,
        .block = block,
        .stop = team->stop,
        .hand_on = hand_on,
        .owner = team,
    };
    return options->job(options->job_ctx, worker, &work, err) &&
           (!block->span.is_set || team_hand_on(&work, err));
}

static bool take_on(struct team *team, void *worker, void *item,
                    struct block *block, struct error *err)
{
    bool done = !worker || team_has_failed(team) ||
                work_on(team, worker, item, block, err);
    team->options.drop(team->options.job_ctx, item);
    return done;
}

/* Items for this worker: at once if there are some; else the block is handed
 * on before it waits. */
static size_t take(struct team *team, void **items, struct block *block)
{
    const struct team_options *options = &team->options;
    size_t count = queue_try_take(team->queue, items, options->items_at_once,
                                  options->worker_count);
    if (count)
        return count;
    struct error err;
    if (!team_deliver(team, block, &err))
        team_fail(team, &err);
    return queue_take(team->queue, items, options->items_at_once,
                      options->worker_count);
}

/* ---- members ---------------------------------------------------------- */

/* Nothing else starts before all members are there (team_start waits), and they
 * leave together: none waits long in a barrier of OpenMP's. */
static void enter(struct thread_team *threads, uint32_t member_count)
{
    pthread_mutex_lock(&threads->lock);
    threads->member_count = member_count;
    if (++threads->entered_count == member_count)
        pthread_cond_broadcast(&threads->changed);
    pthread_mutex_unlock(&threads->lock);
}

static void leave(struct thread_team *threads)
{
    pthread_mutex_lock(&threads->lock);
    if (++threads->left_count == threads->member_count)
        pthread_cond_broadcast(&threads->changed);
    while (threads->left_count < threads->member_count)
        pthread_cond_wait(&threads->changed, &threads->lock);
    pthread_mutex_unlock(&threads->lock);
}

static void wait_for_members(struct thread_team *threads)
{
    pthread_mutex_lock(&threads->lock);
    while (!threads->member_count ||
           threads->entered_count < threads->member_count)
        pthread_cond_wait(&threads->changed, &threads->lock);
    pthread_mutex_unlock(&threads->lock);
}

/* ---- members beyond the cores ------------------------------------------ */

static uint32_t usable_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    return 1;
}

static int64_t cpu_time_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * CLOCK_NS_PER_S + used.tv_nsec;
}

/* Whether the cores had a quarter of their time to spare since last looked at.
 */
static bool cores_are_idle(struct thread_team *threads)
{
    int64_t now = clock_now_ns(), cpu = cpu_time_ns();
    int64_t passed = (now - threads->looked_ns) * threads->core_count;
    bool are = cpu - threads->cpu_ns < passed / 4 * 3;
    threads->looked_ns = now;
    threads->cpu_ns = cpu;
    return are;
}

static void wait_a_while(struct thread_team *threads)
{
    enum { WHILE_MS = 20 };
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WHILE_MS * CLOCK_NS_PER_MS;
    until.tv_sec += until.tv_nsec / CLOCK_NS_PER_S;
    until.tv_nsec %= CLOCK_NS_PER_S;
    pthread_cond_timedwait(&threads->changed, &threads->lock, &until);
}

/* Until the member is wanted; false when there is nothing left to do. The next
 * one to come in is the one that looks. */
static bool wait_until_wanted(struct thread_team *threads, uint32_t index)
{
    pthread_mutex_lock(&threads->lock);
    while (!threads->is_over && index >= threads->active_count) {
        if (index > threads->active_count) {
            pthread_cond_wait(&threads->changed, &threads->lock);
            continue;
        }
        wait_a_while(threads);
        if (!threads->is_over && cores_are_idle(threads)) {
            threads->active_count++;
            pthread_cond_broadcast(&threads->changed);
        }
    }
    bool is_wanted = !threads->is_over;
    pthread_mutex_unlock(&threads->lock);
    return is_wanted;
}

static void end_waiting(struct thread_team *threads)
{
    pthread_mutex_lock(&threads->lock);
    threads->is_over = true;
    pthread_cond_broadcast(&threads->changed);
    pthread_mutex_unlock(&threads->lock);
}

/* ---- one member --------------------------------------------------------- */

static void work_until_the_end(struct team *team, void *worker,
                               struct block *block)
{
    struct error err;
    void *items[TEAM_ITEMS_MAX];
    size_t count;
    while ((count = take(team, items, block)) > 0)
        for (size_t i = 0; i < count; i++)
            if (!take_on(team, worker, items[i], block, &err))
                team_fail(team, &err);
    if (!team_deliver(team, block, &err))
        team_fail(team, &err);
}

static void run_member(struct thread_team *threads, uint32_t index,
                       uint32_t member_count)
{
    struct team *team = threads->team;
    const struct team_options *options = &team->options;
    struct error err;
    struct block block;
    enter(threads, member_count);
    if (index < options->worker_count && wait_until_wanted(threads, index)) {
        block_init(&block, options->block_max_bytes);
        void *worker = options->worker_new(options->job_ctx, index, &err);
        if (!worker)
            team_fail(team, &err);
        work_until_the_end(team, worker, &block);
        end_waiting(threads);
        if (worker)
            options->worker_free(options->job_ctx, worker);
        block_release(&block);
    }
    leave(threads);
}

#ifdef TEAM_PLAIN_THREADS

struct member {
    struct thread_team *threads;
    uint32_t index;
    pthread_t thread;
};

static void *member_main(void *ctx)
{
    struct member *member = ctx;
    run_member(member->threads, member->index,
               member->threads->team->options.worker_count);
    return NULL;
}

static void run_all(struct thread_team *threads)
{
    uint32_t count = threads->team->options.worker_count, started = 0;
    struct member *members = calloc(count, sizeof(*members));
    for (; members && started + 1 < count; started++) {
        members[started] =
            (struct member){ .threads = threads, .index = started };
        if (pthread_create(&members[started].thread, NULL, member_main,
                           &members[started]))
            break;
    }
    /* Whatever could not be started, this thread still works. */
    run_member(threads, started, started + 1);
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

static void run_all(struct thread_team *threads)
{
    omp_set_dynamic(0);
#pragma omp parallel num_threads((int)thread_count(threads->team))
    run_member(threads, (uint32_t)omp_get_thread_num(),
               (uint32_t)omp_get_num_threads());
}

#endif

static void *team_main(void *ctx)
{
    run_all(ctx);
    return NULL;
}

static void release(struct thread_team *threads)
{
    pthread_cond_destroy(&threads->changed);
    pthread_mutex_destroy(&threads->lock);
    free(threads);
}

struct thread_team *thread_team_start(struct team *team, struct error *err)
{
    struct thread_team *threads = calloc(1, sizeof(*threads));
    if (!threads) {
        error_no_memory(err, "the team");
        return NULL;
    }
    threads->team = team;
    threads->core_count = usable_cores();
    threads->active_count = threads->core_count;
    threads->looked_ns = clock_now_ns();
    threads->cpu_ns = cpu_time_ns();
    pthread_mutex_init(&threads->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&threads->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int code = pthread_create(&threads->thread, NULL, team_main, threads);
    if (code) {
        release(threads);
        error_set_errno(err, ERR_SYSTEM, code, "cannot start the team");
        return NULL;
    }
    wait_for_members(threads);
    return threads;
}

void thread_team_join(struct thread_team *threads)
{
    if (!threads)
        return;
    pthread_join(threads->thread, NULL);
    release(threads);
}
