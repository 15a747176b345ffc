/* A team of threads: members beyond the cores come in when the others wait. */
#include "../../../src/run/team.h"

#include "suite.h"
#include <sched.h>
#include <semaphore.h>

enum { MORE = 3 };

static sem_t opened;
static atomic_int done_count;
static int waiters; /* items that wait until another one has been worked on */

static void *worker_new(void *ctx, uint32_t number, struct error *err)
{
    (void)ctx, (void)number, (void)err;
    return &done_count;
}

static void worker_free(void *ctx, void *worker)
{
    (void)ctx, (void)worker;
}

/* The first items wait for what the last does. */
static bool job(void *ctx, void *worker, struct team_work *work,
                struct error *err)
{
    int number = *(int *)work->item;
    (void)ctx, (void)worker, (void)err;
    if (number < waiters) {
        while (sem_wait(&opened)) {
        }
    } else {
        for (int i = 0; i < waiters; i++)
            sem_post(&opened);
    }
    atomic_fetch_add(&done_count, 1);
    return true;
}

static void drop(void *ctx, void *item)
{
    (void)ctx, (void)item;
}

static bool deliver(void *ctx, const struct block *block, struct error *err)
{
    (void)ctx, (void)block, (void)err;
    return true;
}

static void on_fail(void *ctx, const struct error *err)
{
    (void)ctx;
    ck_abort_msg("%s", err->message);
}

START_TEST(members_beyond_the_cores_come_in_while_the_others_wait)
{
    cpu_set_t set;
    struct error err = { 0 };
    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    waiters = CPU_COUNT(&set) + MORE - 1;
    ck_assert_int_eq(sem_init(&opened, 0, 0), 0);
    const struct team_options options = {
        .worker_count = (uint32_t)waiters + 1,
        .items_at_once = 1,
        .block_max_bytes = 1 << 20,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .job = job,
        .drop = drop,
        .deliver = deliver,
        .fail = on_fail,
    };
    struct queue *queue = queue_new(1024);
    ck_assert_ptr_nonnull(queue);
    struct team *team = team_new(&options, &err);
    ck_assert_msg(team != NULL, "%s", err.message);
    ck_assert_msg(team_start(team, queue, &err), "%s", err.message);
    int *numbers = calloc((size_t)waiters + 1, sizeof(*numbers));
    ck_assert_ptr_nonnull(numbers);
    for (int i = 0; i <= waiters; i++) {
        numbers[i] = i;
        ck_assert(queue_push(queue, &numbers[i]));
    }
    queue_close(queue);
    team_join(team);
    ck_assert_int_eq(atomic_load(&done_count), waiters + 1);
    team_free(team);
    queue_free(queue);
    free(numbers);
    sem_destroy(&opened);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("team_threads");
    TCase *tcase = tcase_create("team_threads");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase,
                   members_beyond_the_cores_come_in_while_the_others_wait);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
