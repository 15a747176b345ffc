/*
 * So many units a second: exact in the long run, smooth in the short one,
 * whoever takes them.
 */
#include "fetchgrep/base/pace.h"

#include "fetchgrep/base/clock.h"

#include "suite.h"
#include <pthread.h>

enum { BEGIN_NS = 1000 };

/* How many a taker gets in `seconds` who looks each `step_ns`. */
static uint64_t take_all(struct pace *pace, int64_t from_ns, int64_t seconds,
                         int64_t step_ns)
{
    uint64_t taken = 0;
    int64_t end_ns = from_ns + seconds * CLOCK_NS_PER_S;
    for (int64_t now_ns = from_ns; now_ns < end_ns; now_ns += step_ns) {
        while (pace_due_ns(pace, now_ns) <= now_ns) {
            pace_take(pace, 1, now_ns);
            taken++;
        }
    }
    return taken;
}

START_TEST(nothing_is_held_back_without_a_limit)
{
    struct pace pace;
    pace_init(&pace, 0, 0);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(pace_due_ns(&pace, BEGIN_NS), BEGIN_NS);
        pace_take(&pace, UINT64_MAX, BEGIN_NS);
    }
}
END_TEST

START_TEST(the_first_is_due_at_once_and_the_next_when_it_is_paid)
{
    struct pace pace;
    pace_init(&pace, 250e6, 0);
    ck_assert_int_eq(pace_due_ns(&pace, BEGIN_NS), BEGIN_NS);
    pace_take(&pace, 1, BEGIN_NS);
    ck_assert_int_eq(pace_due_ns(&pace, BEGIN_NS), BEGIN_NS + 250000000);
    ck_assert_int_eq(pace_due_ns(&pace, BEGIN_NS + 250000000),
                     BEGIN_NS + 250000000);
    ck_assert_int_eq(pace_due_ns(&pace, BEGIN_NS + 900000000),
                     BEGIN_NS + 900000000);
}
END_TEST

START_TEST(what_was_taken_beyond_is_paid_later)
{
    struct pace pace;
    pace_init(&pace, 1e9 / 50000, 0);
    pace_take(&pace, 100, BEGIN_NS);
    pace_take(&pace, 100000, BEGIN_NS);
    ck_assert_int_eq(pace_due_ns(&pace, BEGIN_NS),
                     BEGIN_NS + 100100 * INT64_C(20000));
}
END_TEST

/* Takers that come late by a third of an interval, or by many. */
static const struct {
    double a_second;
    int64_t step_ns;
} rates[] = {
    { 0.5, 7 * CLOCK_NS_PER_MS },
    { 3, 100 * CLOCK_NS_PER_MS },
    { 10, CLOCK_NS_PER_MS },
    { 1000, 333333 },
    { 5000, 1100000 },
    { 20000, 4 * CLOCK_NS_PER_MS },
};

START_TEST(the_rate_is_kept_by_those_who_come_a_little_late)
{
    struct pace pace;
    double rate = rates[_i].a_second;
    pace_init(&pace, 1e9 / rate, 100 * CLOCK_NS_PER_MS);
    uint64_t taken = take_all(&pace, BEGIN_NS, 60, rates[_i].step_ns);
    ck_assert_msg((double)taken <= rate * 60 + 1 && taken >= rate * 60 * 0.999,
                  "%llu at %g", (unsigned long long)taken, rate);
}
END_TEST

START_TEST(idle_time_is_not_saved_up_beyond_the_credit)
{
    struct pace pace;
    pace_init(&pace, 1e9 / 100, 100 * CLOCK_NS_PER_MS);
    ck_assert_uint_eq(take_all(&pace, BEGIN_NS, 1, CLOCK_NS_PER_MS), 100);
    /* An hour later: a tenth of a second's worth more than a second's. */
    ck_assert_uint_eq(
        take_all(&pace, 3600 * CLOCK_NS_PER_S, 1, CLOCK_NS_PER_MS), 110);
}
END_TEST

static void *take_shared(void *ctx)
{
    struct pace *pace = ctx;
    for (int i = 0; i < 10000; i++)
        pace_take(pace, 3, BEGIN_NS);
    return NULL;
}

START_TEST(takers_side_by_side_pay_for_all_they_take)
{
    struct pace pace;
    pthread_t threads[3];
    pace_init(&pace, 1000, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_shared, &pace),
                         0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(pace_due_ns(&pace, BEGIN_NS), BEGIN_NS + 90000 * 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pace");
    TCase *tests = tcase_create("pace");
    tcase_add_test(tests, nothing_is_held_back_without_a_limit);
    tcase_add_test(tests,
                   the_first_is_due_at_once_and_the_next_when_it_is_paid);
    tcase_add_test(tests, what_was_taken_beyond_is_paid_later);
    tcase_add_loop_test(tests, the_rate_is_kept_by_those_who_come_a_little_late,
                        0, (int)(sizeof(rates) / sizeof(rates[0])));
    tcase_add_test(tests, idle_time_is_not_saved_up_beyond_the_credit);
    tcase_add_test(tests, takers_side_by_side_pay_for_all_they_take);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
