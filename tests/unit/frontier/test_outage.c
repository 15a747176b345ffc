/*
 * When the network is held to be down, and when not: hosts that fail in a row,
 * with the clock in our hands.
 */
#include "fetchgrep/frontier/outage.h"

#include "fetchgrep/base/clock.h"

#include "suite.h"

#define S CLOCK_NS_PER_S

static const struct outage_options usual = { .probe_ns = 5 * S,
                                             .wait_ns = 600 * S };

static int64_t now_ns;
static struct outage outage;

static void begin(void)
{
    now_ns = 1000 * S;
    outage_init(&outage, &usual);
}

/* The transfer lasted a second and ends now. */
static struct outage_failure failure_of(uint64_t host)
{
    return (struct outage_failure){ .host = host,
                                    .began_ns = now_ns - S,
                                    .ended_ns = now_ns,
                                    .is_fresh = true };
}

static enum outage_news fail_one(uint64_t host, bool is_kept)
{
    enum outage_news news;
    const struct outage_failure failure = failure_of(host);
    ck_assert_int_eq(outage_note_failure(&outage, &failure, &news), is_kept);
    now_ns += CLOCK_NS_PER_MS;
    return news;
}

/* Hosts `first` to `last` fail, and that is no outage yet. */
static void fail_all(uint64_t first, uint64_t last)
{
    for (uint64_t host = first; host <= last; host++)
        ck_assert_int_eq(fail_one(host, true), OUTAGE_NO_NEWS);
}

static enum outage_turn ask(int64_t *ret_due_ns, enum outage_news *ret_news)
{
    *ret_due_ns = -1;
    return outage_ask(&outage, now_ns, ret_due_ns, ret_news);
}

static void check_goes_on(void)
{
    enum outage_news news;
    int64_t due_ns;
    ck_assert_int_eq(ask(&due_ns, &news), OUTAGE_GO);
    ck_assert_int_eq(news, OUTAGE_NO_NEWS);
}

static void go_down(void)
{
    fail_all(1, OUTAGE_HOSTS - 1);
    ck_assert_int_eq(fail_one(OUTAGE_HOSTS, true), OUTAGE_BEGAN);
}

START_TEST(twenty_hosts_in_a_row_are_an_outage_and_nineteen_are_not)
{
    begin();
    fail_all(1, 19);
    check_goes_on();
    ck_assert_int_eq(outage.state, OUTAGE_SUSPECTED);
    ck_assert_int_eq(fail_one(20, true), OUTAGE_BEGAN);
    ck_assert_int_eq(outage.state, OUTAGE_DOWN);
    /* Those under way are kept too. */
    fail_all(21, 300);
}
END_TEST

START_TEST(one_host_counts_once)
{
    begin();
    for (int i = 0; i < 100; i++)
        fail_all(1, 19);
    check_goes_on();
}
END_TEST

START_TEST(an_answer_from_anywhere_ends_the_row)
{
    begin();
    fail_all(1, 19);
    ck_assert_int_eq(outage_note_alive(&outage, now_ns), OUTAGE_CLEARED);
    ck_assert_int_eq(outage_note_alive(&outage, now_ns), OUTAGE_NO_NEWS);
    now_ns += 10 * S;
    fail_all(21, 39);
    check_goes_on();
    ck_assert_int_eq(fail_one(40, true), OUTAGE_BEGAN);
}
END_TEST

START_TEST(an_answer_from_before_a_failure_does_not_clear_it)
{
    begin();
    fail_all(1, 5);
    ck_assert_int_eq(outage_note_alive(&outage, now_ns - S), OUTAGE_NO_NEWS);
    ck_assert_int_eq(outage.state, OUTAGE_SUSPECTED);
}
END_TEST

START_TEST(in_a_run_that_goes_well_a_failure_is_not_even_kept)
{
    begin();
    for (uint64_t host = 1; host < 100; host++) {
        outage_note_alive(&outage, now_ns - CLOCK_NS_PER_MS);
        ck_assert_int_eq(fail_one(host, false), OUTAGE_NO_NEWS);
    }
}
END_TEST

/* A hundred dead hosts among good ones, started together: they time out
 * together too, when all others have long answered. */
START_TEST(hosts_that_something_answered_beside_do_not_count)
{
    begin();
    int64_t began_ns = now_ns;
    outage_note_alive(&outage, now_ns + 2 * S);
    now_ns += 10 * S;
    for (uint64_t host = 1; host <= 100; host++) {
        enum outage_news news;
        struct outage_failure failure = failure_of(host);
        failure.began_ns = began_ns;
        ck_assert(outage_note_failure(&outage, &failure, &news));
        ck_assert_int_eq(news, OUTAGE_NO_NEWS);
    }
    ck_assert_int_eq(outage_note_idle(&outage), OUTAGE_CLEARED);
    check_goes_on();
}
END_TEST

START_TEST(hosts_that_failed_before_do_not_count)
{
    begin();
    for (uint64_t host = 1; host <= 100; host++) {
        enum outage_news news;
        struct outage_failure failure = failure_of(host);
        failure.is_fresh = false;
        ck_assert(outage_note_failure(&outage, &failure, &news));
        ck_assert_int_eq(news, OUTAGE_NO_NEWS);
    }
    fail_all(101, 119);
    ck_assert_int_eq(fail_one(120, true), OUTAGE_BEGAN);
}
END_TEST

START_TEST(when_nobody_is_left_to_answer_failures_are_what_they_seem)
{
    begin();
    ck_assert_int_eq(outage_note_idle(&outage), OUTAGE_NO_NEWS);
    fail_all(1, 4);
    ck_assert_int_eq(outage_note_idle(&outage), OUTAGE_CLEARED);
    ck_assert_int_eq(outage_note_idle(&outage), OUTAGE_NO_NEWS);
    /* But the row goes on when more come. */
    fail_all(5, 19);
    ck_assert_int_eq(fail_one(20, true), OUTAGE_BEGAN);
    ck_assert_int_eq(outage_note_idle(&outage), OUTAGE_NO_NEWS);
}
END_TEST

START_TEST(while_it_is_down_there_is_a_probe_each_five_seconds)
{
    enum outage_news news;
    int64_t due_ns, since_ns;
    begin();
    go_down();
    since_ns = outage.since_ns;
    for (int probe = 1; probe <= 10; probe++) {
        ck_assert_int_eq(ask(&due_ns, &news), OUTAGE_WAIT);
        ck_assert_int_eq(due_ns, since_ns + probe * 5 * S);
        now_ns = due_ns - 1;
        ck_assert_int_eq(ask(&due_ns, &news), OUTAGE_WAIT);
        now_ns++;
        ck_assert_int_eq(ask(&due_ns, &news), OUTAGE_PROBE);
        ck_assert_int_eq(news, OUTAGE_NO_NEWS);
    }
}
END_TEST

START_TEST(a_probe_that_succeeds_ends_it)
{
    begin();
    go_down();
    int64_t since_ns = outage.since_ns;
    now_ns = since_ns + 7 * S;
    ck_assert_int_eq(fail_one(1, true), OUTAGE_NO_NEWS);
    ck_assert_int_eq(outage_down_ns(&outage, now_ns), now_ns - since_ns);
    now_ns = since_ns + 12 * S;
    ck_assert_int_eq(outage_note_alive(&outage, now_ns), OUTAGE_ENDED);
    check_goes_on();
    ck_assert_int_eq(outage_down_ns(&outage, now_ns + 90 * S), 12 * S);
    /* A second one adds to it. */
    now_ns += 100 * S;
    go_down();
    now_ns = outage.since_ns + 3 * S;
    ck_assert_int_eq(outage_note_alive(&outage, now_ns), OUTAGE_ENDED);
    ck_assert_int_eq(outage_down_ns(&outage, now_ns), 15 * S);
}
END_TEST

START_TEST(it_is_not_waited_for_without_end)
{
    enum outage_news news;
    int64_t due_ns;
    begin();
    go_down();
    int64_t since_ns = outage.since_ns;
    now_ns = since_ns + 598 * S;
    ck_assert_int_eq(ask(&due_ns, &news), OUTAGE_PROBE);
    ck_assert_int_eq(ask(&due_ns, &news), OUTAGE_WAIT);
    ck_assert_int_eq(due_ns, since_ns + 600 * S);
    now_ns = due_ns;
    ck_assert_int_eq(ask(&due_ns, &news), OUTAGE_GO);
    ck_assert_int_eq(news, OUTAGE_TOO_LONG);
    /* From now on failures count, until something answers again. */
    for (uint64_t host = 100; host < 200; host++)
        ck_assert_int_eq(fail_one(host, false), OUTAGE_NO_NEWS);
    check_goes_on();
    ck_assert_int_eq(outage_note_alive(&outage, now_ns), OUTAGE_NO_NEWS);
    now_ns += 10 * S;
    go_down();
    ck_assert_int_eq(outage_down_ns(&outage, now_ns - CLOCK_NS_PER_MS),
                     600 * S);
}
END_TEST

START_TEST(servers_that_say_nothing_are_only_its_victims)
{
    enum outage_news news;
    begin();
    for (uint64_t host = 1; host <= 100; host++) {
        struct outage_failure failure = failure_of(host);
        failure.is_silent = true;
        ck_assert(!outage_note_failure(&outage, &failure, &news));
    }
    ck_assert_int_eq(outage.state, OUTAGE_UP);
    go_down();
    struct outage_failure failure = failure_of(50);
    failure.is_silent = true;
    ck_assert(outage_note_failure(&outage, &failure, &news));
}
END_TEST

START_TEST(without_a_time_to_wait_there_is_no_guard)
{
    const struct outage_options none = { .probe_ns = 5 * S };
    begin();
    outage_init(&outage, &none);
    for (uint64_t host = 1; host <= 100; host++)
        ck_assert_int_eq(fail_one(host, false), OUTAGE_NO_NEWS);
    check_goes_on();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outage");
    TCase *tests = tcase_create("outage");
    tcase_add_test(tests,
                   twenty_hosts_in_a_row_are_an_outage_and_nineteen_are_not);
    tcase_add_test(tests, one_host_counts_once);
    tcase_add_test(tests, an_answer_from_anywhere_ends_the_row);
    tcase_add_test(tests, an_answer_from_before_a_failure_does_not_clear_it);
    tcase_add_test(tests, in_a_run_that_goes_well_a_failure_is_not_even_kept);
    tcase_add_test(tests, hosts_that_something_answered_beside_do_not_count);
    tcase_add_test(tests, hosts_that_failed_before_do_not_count);
    tcase_add_test(tests,
                   when_nobody_is_left_to_answer_failures_are_what_they_seem);
    tcase_add_test(tests, while_it_is_down_there_is_a_probe_each_five_seconds);
    tcase_add_test(tests, a_probe_that_succeeds_ends_it);
    tcase_add_test(tests, it_is_not_waited_for_without_end);
    tcase_add_test(tests, servers_that_say_nothing_are_only_its_victims);
    tcase_add_test(tests, without_a_time_to_wait_there_is_no_guard);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
