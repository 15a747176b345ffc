/*
 * Whatever becomes of a worker process, every page of every item is delivered
 * once, and only the page it was at is marked. The same jobs in a team of
 * threads say what results should be.
 */
#include "../../../src/run/team.h"

#include "suite.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a job ------------------------------------------------------------ */

enum act {
    ACT_NONE,
    ACT_CRASH,
    ACT_EXIT,
    ACT_HANG,
    ACT_TAKE_MEMORY,
    ACT_ERROR,
    ACT_SHOW_PID, /* and wait for the end */
    ACT_LONG_RESULT,
    ACT_DIE_BETWEEN, /* once, between this page and the next */
};

enum { PAYLOAD_MAX = 3 << 20, LONG_RESULT = 5 << 20, ID_STEP = 1000 };

struct item {
    uint64_t id;
    uint64_t page_count;
    uint64_t bad_page; /* where it acts */
    enum act act;
    bool persists; /* acts again when the page is marked */
    size_t payload_size;
    char *payload;
};

/* A test's own, as seen by its jobs. */
struct bench {
    struct queue *queue;
    struct team *team;
    int pid_pipe[2];
    bool worker_new_fails, worker_new_crashes;
    atomic_uint *deaths; /* shared with the workers */
    /* Guards the rest. */
    pthread_mutex_t lock;
    uint64_t pages;         /* delivered */
    uint64_t id_sum;        /* of their ids */
    uint64_t bytes;         /* of results */
    struct buf crashes;     /* "id: detail" lines, as they come */
    uint64_t dropped;       /* items */
    uint64_t deliver_limit; /* after so many pages it fails; 0: never */
    struct error failure;
};

static void act(const struct bench *bench, const struct item *item)
{
    pid_t pid = getpid();
    switch (item->act) {
    case ACT_CRASH:
        signal(SIGSEGV, SIG_DFL); /* a sanitizer has its own idea of it */
        raise(SIGSEGV);
        break;
    case ACT_EXIT:
        _exit(3);
    case ACT_HANG:
        for (;;)
            pause();
    case ACT_SHOW_PID:
        ck_assert_int_eq(write(bench->pid_pipe[1], &pid, sizeof(pid)),
                         sizeof(pid));
        for (;;)
            pause();
    case ACT_NONE:
    case ACT_TAKE_MEMORY:
    case ACT_ERROR:
    case ACT_LONG_RESULT:
    case ACT_DIE_BETWEEN:
    default:
        break;
    }
}

static void die_between(const struct bench *bench, const struct item *item,
                        uint64_t page)
{
    if (item->act == ACT_DIE_BETWEEN && page == item->bad_page &&
        atomic_fetch_add(bench->deaths, 1) < 2)
        kill(getpid(), SIGKILL);
}

/* Straight from the kernel, for a sanitizer's malloc never fails. */
static bool take_memory(struct error *err)
{
    size_t size = 256 << 20;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return error_no_memory(err, "a large page");
    munmap(memory, size);
    return true;
}

static void add_result(struct team_work *work, const struct item *item,
                       bool is_long)
{
    const struct team_crash *crash = team_crash_here(work);
    struct block *block = work->block;
    struct block_entry *entry =
        block_begin_entry(block, item->id * ID_STEP + work->page_count);
    ck_assert_ptr_nonnull(entry);
    for (size_t i = 0; is_long && i < LONG_RESULT; i++)
        buf_append_char(&block->matches, (char)('a' + i % 26));
    if (crash)
        buf_append_string(&block->outcomes, crash->detail);
    block_end_entry(block, crash ? OUTCOME_WORKER_CRASHED : OUTCOME_OK);
}

static bool payload_is_sound(const struct item *item)
{
    for (size_t i = 0; i < item->payload_size; i++)
        if (item->payload[i] != (char)(i * 7 + item->id))
            return false;
    return true;
}

static bool job(void *ctx, void *worker, struct team_work *work,
                struct error *err)
{
    const struct bench *bench = ctx;
    const struct item *item = work->item;
    (void)worker;
    if (!payload_is_sound(item))
        return error_set(err, ERR_DATA, "the payload is another");
    while (work->page_count < item->page_count && !team_is_stopping(work)) {
        team_begin_page(work);
        const struct team_crash *crash = team_crash_here(work);
        bool is_bad = work->page_count == item->bad_page &&
                      (!crash || (item->persists && crash->count < 2));
        if (is_bad && item->act == ACT_ERROR)
            return error_set(err, ERR_DATA, "this item is no good");
        if (is_bad && item->act == ACT_TAKE_MEMORY && !take_memory(err))
            return false;
        if (is_bad)
            act(bench, item);
        add_result(work, item, is_bad && item->act == ACT_LONG_RESULT);
        if (!team_end_page(work, err))
            return false;
        die_between(bench, item, work->page_count - 1);
    }
    return true;
}

static void *worker_new(void *ctx, uint32_t number, struct error *err)
{
    const struct bench *bench = ctx;
    (void)number;
    if (bench->worker_new_crashes)
        _exit(9);
    if (!bench->worker_new_fails)
        return malloc(1);
    error_no_memory(err, "the scratch of a worker");
    return NULL;
}

static void worker_free(void *ctx, void *worker)
{
    (void)ctx;
    free(worker);
}

/* ---- the home side ---------------------------------------------------- */

static void drop(void *ctx, void *item)
{
    struct bench *bench = ctx;
    struct item *own = item;
    free(own->payload);
    free(own);
    pthread_mutex_lock(&bench->lock);
    bench->dropped++;
    pthread_mutex_unlock(&bench->lock);
}

static void encode(void *ctx, const void *item, struct buf *out)
{
    const struct item *own = item;
    (void)ctx;
    buf_append(out, own, sizeof(*own));
    buf_append(out, own->payload, own->payload_size);
}

static void *decode(void *ctx, char *bytes, size_t size)
{
    struct item *item = (void *)bytes;
    (void)ctx;
    ck_assert_uint_ge(size, sizeof(*item) + item->payload_size);
    item->payload = bytes + sizeof(*item);
    return item;
}

static bool deliver(void *ctx, const struct block *block, struct error *err)
{
    struct bench *bench = ctx;
    size_t at = 0;
    pthread_mutex_lock(&bench->lock);
    for (size_t i = 0; i < block->entry_count; i++) {
        const struct block_entry *entry = &block->entries[i];
        bench->pages++;
        bench->id_sum += entry->id;
        bench->bytes += entry->matches_size;
        if (entry->outcome == OUTCOME_WORKER_CRASHED)
            buf_append_format(
                &bench->crashes, "%llu: %.*s\n", (unsigned long long)entry->id,
                (int)entry->outcome_size, block->outcomes.data + at);
        at += entry->outcome_size;
    }
    bool is_over = bench->deliver_limit && bench->pages > bench->deliver_limit;
    pthread_mutex_unlock(&bench->lock);
    return !is_over || error_set(err, ERR_SYSTEM, "the disk is full");
}

static void on_failure(void *ctx, const struct error *err)
{
    struct bench *bench = ctx;
    pthread_mutex_lock(&bench->lock);
    if (bench->failure.code == ERR_NONE)
        bench->failure = *err;
    pthread_mutex_unlock(&bench->lock);
}

/* ---- running it ------------------------------------------------------- */

static struct team_options options_for(struct bench *bench,
                                       enum team_isolation isolation)
{
    return (struct team_options){
        .isolation = isolation,
        .worker_count = 2,
        .items_at_once = 4,
        .block_max_bytes = 64 << 20,
        .worker_memory = 128 << 20,
        .page_limit_ms = 30000,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .job = job,
        .drop = drop,
        .encode = encode,
        .decode = decode,
        .job_ctx = bench,
        .deliver = deliver,
        .fail = on_failure,
        .ctx = bench,
    };
}

static void bench_start(struct bench *bench, const struct team_options *options)
{
    struct error err = { 0 };
    pthread_mutex_init(&bench->lock, NULL);
    buf_init(&bench->crashes, 1 << 20);
    /* Not O_CLOEXEC: what the program was started with is a worker's too. */
    if (!bench->pid_pipe[1])
        ck_assert_int_eq(pipe(bench->pid_pipe), 0);
    bench->queue = queue_new(10000);
    ck_assert_ptr_nonnull(bench->queue);
    bench->team = team_new(options, &err);
    ck_assert_msg(bench->team != NULL, "%s", err.message);
    ck_assert_msg(team_start(bench->team, bench->queue, &err), "%s",
                  err.message);
}

static void bench_finish(struct bench *bench)
{
    queue_close(bench->queue);
    team_join(bench->team);
    team_free(bench->team);
    queue_free(bench->queue);
    close(bench->pid_pipe[0]);
    close(bench->pid_pipe[1]);
}

static void bench_release(struct bench *bench)
{
    buf_release(&bench->crashes);
    pthread_mutex_destroy(&bench->lock);
}

static void push(struct bench *bench, struct item item)
{
    struct item *own = malloc(sizeof(*own));
    ck_assert_ptr_nonnull(own);
    *own = item;
    own->payload = malloc(item.payload_size + 1);
    ck_assert_ptr_nonnull(own->payload);
    for (size_t i = 0; i < item.payload_size; i++)
        own->payload[i] = (char)(i * 7 + item.id);
    ck_assert(queue_push(bench->queue, own));
}

/* Pages of the items pushed, all delivered once: their ids add up. */
struct expected {
    uint64_t items, pages, id_sum;
};

static void push_counted(struct bench *bench, struct item item,
                         struct expected *expected)
{
    push(bench, item);
    expected->items++;
    expected->pages += item.page_count;
    for (uint64_t page = 0; page < item.page_count; page++)
        expected->id_sum += item.id * ID_STEP + page;
}

static void assert_all_there(const struct bench *bench,
                             const struct expected *expected)
{
    ck_assert_msg(bench->failure.code == ERR_NONE, "%s",
                  bench->failure.message);
    ck_assert_uint_eq(bench->pages, expected->pages);
    ck_assert_uint_eq(bench->id_sum, expected->id_sum);
    ck_assert_uint_eq(bench->dropped, expected->items);
}

static int compare_lines(const void *a, const void *b)
{
    const struct view *x = a, *y = b;
    uint64_t i = strtoull(x->data, NULL, 10), j = strtoull(y->data, NULL, 10);
    return i < j ? -1 : i > j;
}

/* The crashes in the order of their ids are these. */
static void assert_crashes(struct bench *bench, const char *expected)
{
    struct view lines[64], rest = buf_view(&bench->crashes);
    size_t count = 0;
    struct buf sorted;
    while (rest.size) {
        ck_assert_uint_lt(count, ARRAY_COUNT(lines));
        lines[count++] = view_split(&rest, '\n');
    }
    if (count)
        qsort(lines, count, sizeof(*lines), compare_lines);
    buf_init(&sorted, 1 << 20);
    for (size_t i = 0; i < count; i++)
        buf_append_format(&sorted, "%.*s\n", VIEW_ARG(lines[i]));
    ck_assert_str_eq(buf_string(&sorted), expected);
    buf_release(&sorted);
}

/* One item that acts among 40 that do not. */
static void run_with(struct bench *bench, struct item bad,
                     struct expected *expected)
{
    for (uint64_t id = 0; id < 20; id++)
        push_counted(bench, (struct item){ .id = id, .page_count = 5 },
                     expected);
    bad.id = 20;
    push_counted(bench, bad, expected);
    for (uint64_t id = 21; id < 41; id++)
        push_counted(bench, (struct item){ .id = id, .page_count = 5 },
                     expected);
}

static void run_one(struct item bad, struct team_options options,
                    struct bench *bench, const char *crashes)
{
    struct expected expected = { 0 };
    bench_start(bench, &options);
    run_with(bench, bad, &expected);
    bench_finish(bench);
    assert_all_there(bench, &expected);
    assert_crashes(bench, crashes);
    bench_release(bench);
}

/* ---- equal results ---------------------------------------------------- */

START_TEST(every_page_is_delivered_once_by_either_team)
{
    struct bench bench = { 0 };
    struct team_options options =
        options_for(&bench, _i % 2 ? TEAM_PROCESSES : TEAM_THREADS);
    struct expected expected = { 0 };
    options.worker_count = 1 + (uint32_t)_i / 2;
    bench_start(&bench, &options);
    for (uint64_t id = 0; id < 500; id++)
        push_counted(&bench,
                     (struct item){ .id = id,
                                    .page_count = id % 7,
                                    .payload_size = id % 100 },
                     &expected);
    bench_finish(&bench);
    assert_all_there(&bench, &expected);
    assert_crashes(&bench, "");
    bench_release(&bench);
}
END_TEST

START_TEST(items_and_results_of_any_size_pass)
{
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    struct expected expected = { 0 };
    bench_start(&bench, &options);
    for (uint64_t id = 0; id < 12; id++)
        push_counted(&bench,
                     (struct item){ .id = id,
                                    .page_count = 3,
                                    .act = ACT_LONG_RESULT,
                                    .bad_page = id % 4,
                                    .payload_size = PAYLOAD_MAX / 12 * id },
                     &expected);
    bench_finish(&bench);
    assert_all_there(&bench, &expected);
    ck_assert_uint_eq(bench.bytes, 9 * (uint64_t)LONG_RESULT);
    bench_release(&bench);
}
END_TEST

/* ---- deaths ----------------------------------------------------------- */

START_TEST(a_crash_costs_its_page_alone)
{
    struct bench bench = { 0 };
    run_one((struct item){ .page_count = 9,
                           .act = ACT_CRASH,
                           .bad_page = _i ? 8 : 0 },
            options_for(&bench, TEAM_PROCESSES), &bench,
            _i == 0 ? "20000: its worker was killed by signal 11 (SEGV)\n"
                    : "20008: its worker was killed by signal 11 (SEGV)\n");
}
END_TEST

START_TEST(an_exit_costs_its_page_alone)
{
    struct bench bench = { 0 };
    run_one((struct item){ .page_count = 3, .act = ACT_EXIT, .bad_page = 1 },
            options_for(&bench, TEAM_PROCESSES), &bench,
            "20001: its worker ended with status 3\n");
}
END_TEST

START_TEST(a_hang_is_killed_and_costs_its_page_alone)
{
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    options.page_limit_ms = 1000;
    run_one((struct item){ .page_count = 3, .act = ACT_HANG, .bad_page = 1 },
            options, &bench,
            "20001: its worker took longer than 1 s and was killed\n");
}
END_TEST

START_TEST(memory_beyond_the_limit_costs_its_page_alone)
{
    struct bench bench = { 0 };
    run_one(
        (struct item){ .page_count = 3, .act = ACT_TAKE_MEMORY, .bad_page = 1 },
        options_for(&bench, TEAM_PROCESSES), &bench,
        "20001: its worker was out of memory for a large page "
        "(--worker-memory)\n");
}
END_TEST

START_TEST(the_limit_counts_from_what_a_worker_is_born_with)
{
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    size_t size = 512 << 20;
    void *patterns = mmap(NULL, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(patterns, MAP_FAILED);
    options.worker_memory = 300 << 20;
    run_one(
        (struct item){ .page_count = 3, .act = ACT_TAKE_MEMORY, .bad_page = 1 },
        options, &bench, "");
    munmap(patterns, size);
}
END_TEST

START_TEST(a_page_that_costs_two_workers_is_touched_no_more)
{
    struct bench bench = { 0 };
    run_one(
        (struct item){
            .page_count = 4, .act = ACT_EXIT, .bad_page = 2, .persists = true },
        options_for(&bench, TEAM_PROCESSES), &bench,
        "20002: its worker ended with status 3\n");
}
END_TEST

START_TEST(many_crashes_cost_a_page_each)
{
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    struct expected expected = { 0 };
    struct buf crashes;
    bench_start(&bench, &options);
    buf_init(&crashes, 1 << 20);
    for (uint64_t id = 0; id < 60; id++) {
        bool is_bad = id % 3 == 0;
        push_counted(&bench,
                     (struct item){ .id = id,
                                    .page_count = 4,
                                    .act = is_bad ? ACT_EXIT : ACT_NONE,
                                    .persists = id % 2,
                                    .bad_page = id % 4 },
                     &expected);
        if (is_bad)
            buf_append_format(&crashes,
                              "%llu: its worker ended with status 3\n",
                              (unsigned long long)(id * ID_STEP + id % 4));
    }
    bench_finish(&bench);
    assert_all_there(&bench, &expected);
    assert_crashes(&bench, buf_string(&crashes));
    buf_release(&crashes);
    bench_release(&bench);
}
END_TEST

START_TEST(a_worker_killed_by_hand_costs_the_page_it_was_at)
{
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    struct expected expected = { 0 };
    pid_t pid;
    bench_start(&bench, &options);
    run_with(
        &bench,
        (struct item){ .page_count = 3, .act = ACT_SHOW_PID, .bad_page = 1 },
        &expected);
    ck_assert_int_eq(read(bench.pid_pipe[0], &pid, sizeof(pid)), sizeof(pid));
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    bench_finish(&bench);
    assert_all_there(&bench, &expected);
    assert_crashes(&bench, "20001: its worker was killed by signal 9 (KILL)\n");
    bench_release(&bench);
}
END_TEST

START_TEST(a_death_between_pages_costs_none)
{
    struct bench bench = { 0 };
    bench.deaths = mmap(NULL, sizeof(*bench.deaths), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(bench.deaths, MAP_FAILED);
    run_one((struct item){ .page_count = 4,
                           .act = ACT_DIE_BETWEEN,
                           .bad_page = (uint64_t)_i },
            options_for(&bench, TEAM_PROCESSES), &bench, "");
    ck_assert_uint_gt(atomic_load(bench.deaths), 1);
    munmap(bench.deaths, sizeof(*bench.deaths));
}
END_TEST

START_TEST(signals_that_ask_to_stop_are_not_a_workers)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    pid_t pid;
    bench_start(&bench, &options);
    push(&bench, (struct item){ .page_count = 1, .act = ACT_SHOW_PID });
    ck_assert_int_eq(read(bench.pid_pipe[0], &pid, sizeof(pid)), sizeof(pid));
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        ck_assert_int_eq(kill(pid, numbers[i]), 0);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    bench_finish(&bench);
    assert_crashes(&bench, "0: its worker was killed by signal 9 (KILL)\n");
    bench_release(&bench);
}
END_TEST

/* ---- failures --------------------------------------------------------- */

static void assert_failed_with(struct bench *bench, uint64_t item_count,
                               const char *message)
{
    ck_assert_str_eq(bench->failure.message, message);
    ck_assert_uint_eq(bench->dropped, item_count);
    bench_release(bench);
}

static void push_many(struct bench *bench, uint64_t count)
{
    for (uint64_t id = 1; id <= count; id++)
        push(bench, (struct item){ .id = id, .page_count = 2 });
}

START_TEST(workers_that_cannot_start_end_the_run)
{
    struct bench bench = { .worker_new_fails = true };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    bench_start(&bench, &options);
    push_many(&bench, 50);
    bench_finish(&bench);
    assert_failed_with(&bench, 50,
                       "a worker process is out of memory for the scratch of "
                       "a worker (--worker-memory)");
}
END_TEST

START_TEST(workers_that_die_before_any_work_end_the_run)
{
    struct bench bench = { .worker_new_crashes = true };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    bench_start(&bench, &options);
    push_many(&bench, 50);
    bench_finish(&bench);
    assert_failed_with(&bench, 50,
                       "worker processes end before they have done anything: "
                       "the last one ended with status 9");
}
END_TEST

START_TEST(an_error_of_the_job_ends_the_run)
{
    struct bench bench = { 0 };
    struct team_options options =
        options_for(&bench, _i ? TEAM_PROCESSES : TEAM_THREADS);
    bench_start(&bench, &options);
    push_many(&bench, 50);
    push(&bench, (struct item){ .page_count = 2, .act = ACT_ERROR });
    push_many(&bench, 50);
    bench_finish(&bench);
    assert_failed_with(&bench, 101, "this item is no good");
}
END_TEST

START_TEST(a_block_that_cannot_be_delivered_ends_the_run)
{
    struct bench bench = { .deliver_limit = 30 };
    struct team_options options =
        options_for(&bench, _i ? TEAM_PROCESSES : TEAM_THREADS);
    bench_start(&bench, &options);
    push_many(&bench, 2000);
    bench_finish(&bench);
    assert_failed_with(&bench, 2000, "the disk is full");
}
END_TEST

START_TEST(a_long_item_ends_early_when_stopped)
{
    struct bench bench = { 0 };
    struct team_options options =
        options_for(&bench, _i ? TEAM_PROCESSES : TEAM_THREADS);
    bench_start(&bench, &options);
    push(&bench, (struct item){ .page_count = UINT64_C(1) << 40,
                                .bad_page = UINT64_MAX });
    team_stop(bench.team);
    bench_finish(&bench);
    ck_assert_uint_eq(bench.dropped, 1);
    ck_assert_int_eq(bench.failure.code, ERR_NONE);
    bench_release(&bench);
}
END_TEST

/* ---- what is left behind ---------------------------------------------- */

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *names = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(names);
    while (readdir(names))
        count++;
    closedir(names);
    return count;
}

START_TEST(no_process_and_no_descriptor_is_left)
{
    size_t before = count_descriptors();
    for (int i = 0; i < 3; i++) {
        struct bench bench = { 0 };
        run_one((struct item){ .page_count = 3, .act = ACT_EXIT },
                options_for(&bench, TEAM_PROCESSES), &bench,
                "20000: its worker ended with status 3\n");
    }
    ck_assert_uint_eq(count_descriptors(), before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(a_team_never_started_leaves_nothing)
{
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    struct error err = { 0 };
    size_t before = count_descriptors();
    struct team *team = team_new(&options, &err);
    ck_assert_msg(team != NULL, "%s", err.message);
    team_stop(team);
    team_join(team);
    team_free(team);
    ck_assert_uint_eq(count_descriptors(), before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* The sockets of others would keep a dead worker's agent waiting. */
START_TEST(a_worker_holds_its_own_socket_alone)
{
    struct bench bench = { 0 };
    struct team_options options = options_for(&bench, TEAM_PROCESSES);
    pid_t pids[2];
    bench_start(&bench, &options);
    for (uint64_t id = 0; id < 2; id++) {
        char path[64], target[64];
        size_t sockets = 0;
        push(&bench,
             (struct item){ .id = id, .page_count = 1, .act = ACT_SHOW_PID });
        ck_assert_int_eq(read(bench.pid_pipe[0], &pids[id], sizeof(*pids)),
                         sizeof(*pids));
        for (int fd = 3; fd < 64; fd++) {
            snprintf(path, sizeof(path), "/proc/%d/fd/%d", pids[id], fd);
            ssize_t size = readlink(path, target, sizeof(target));
            sockets += size > 7 && !memcmp(target, "socket:", 7);
        }
        ck_assert_uint_eq(sockets, 1);
    }
    kill(pids[0], SIGKILL);
    kill(pids[1], SIGKILL);
    bench_finish(&bench);
    bench_release(&bench);
}
END_TEST

/* A pipe of which only the workers hold the other end tells when they have
 * gone. */
START_TEST(workers_die_with_the_run)
{
    int held[2];
    char byte;
    pid_t pid;
    struct bench bench = { 0 };
    ck_assert_int_eq(pipe(held), 0);
    ck_assert_int_eq(pipe(bench.pid_pipe), 0);
    pid_t run = fork();
    if (run == 0) {
        struct team_options options = options_for(&bench, TEAM_PROCESSES);
        bench_start(&bench, &options);
        for (uint64_t id = 0; id < options.worker_count; id++)
            push(&bench, (struct item){
                             .id = id, .page_count = 1, .act = ACT_SHOW_PID });
        for (;;)
            pause();
    }
    close(held[1]);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(read(bench.pid_pipe[0], &pid, sizeof(pid)),
                         sizeof(pid));
    ck_assert_int_eq(kill(run, SIGKILL), 0);
    ck_assert_int_eq(waitpid(run, NULL, 0), run);
    ck_assert_int_eq(read(held[0], &byte, 1), 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("team_processes");
    TCase *tests = tcase_create("team_processes");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_page_is_delivered_once_by_either_team, 0,
                        8);
    tcase_add_test(tests, items_and_results_of_any_size_pass);
    tcase_add_loop_test(tests, a_crash_costs_its_page_alone, 0, 2);
    tcase_add_test(tests, an_exit_costs_its_page_alone);
    tcase_add_test(tests, a_hang_is_killed_and_costs_its_page_alone);
    tcase_add_test(tests, memory_beyond_the_limit_costs_its_page_alone);
    tcase_add_test(tests, the_limit_counts_from_what_a_worker_is_born_with);
    tcase_add_test(tests, a_page_that_costs_two_workers_is_touched_no_more);
    tcase_add_test(tests, many_crashes_cost_a_page_each);
    tcase_add_test(tests, a_worker_killed_by_hand_costs_the_page_it_was_at);
    tcase_add_loop_test(tests, a_death_between_pages_costs_none, 0, 4);
    tcase_add_test(tests, signals_that_ask_to_stop_are_not_a_workers);
    tcase_add_test(tests, workers_that_cannot_start_end_the_run);
    tcase_add_test(tests, workers_that_die_before_any_work_end_the_run);
    tcase_add_loop_test(tests, an_error_of_the_job_ends_the_run, 0, 2);
    tcase_add_loop_test(tests, a_block_that_cannot_be_delivered_ends_the_run, 0,
                        2);
    tcase_add_loop_test(tests, a_long_item_ends_early_when_stopped, 0, 2);
    tcase_add_test(tests, no_process_and_no_descriptor_is_left);
    tcase_add_test(tests, a_team_never_started_leaves_nothing);
    tcase_add_test(tests, a_worker_holds_its_own_socket_alone);
    tcase_add_test(tests, workers_die_with_the_run);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
