/* What is tried again, and when. */
#include "fetchgrep/frontier/retry.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/compiler.h"
#include "suite.h"

static const struct {
    enum outcome outcome;
    int status;
    bool helps;
} rows[] = {
    { OUTCOME_OK, 200, false },
    { OUTCOME_DNS_FAILED, 0, true },
    { OUTCOME_CONNECT_FAILED, 0, true },
    { OUTCOME_TIMED_OUT, 0, true },
    { OUTCOME_STALLED, 200, true },
    { OUTCOME_TRUNCATED, 200, true },
    { OUTCOME_BAD_RESPONSE, 0, true },
    { OUTCOME_BAD_RESPONSE, 200, false },
    { OUTCOME_TLS_FAILED, 0, false },
    { OUTCOME_DENIED, 0, false },
    { OUTCOME_TOO_LARGE, 200, false },
    { OUTCOME_TOO_MANY_REDIRECTS, 302, false },
    { OUTCOME_HTTP_ERROR, 400, false },
    { OUTCOME_HTTP_ERROR, 404, false },
    { OUTCOME_HTTP_ERROR, 408, true },
    { OUTCOME_HTTP_ERROR, 425, true },
    { OUTCOME_HTTP_ERROR, 429, true },
    { OUTCOME_HTTP_ERROR, 500, true },
    { OUTCOME_HTTP_ERROR, 501, false },
    { OUTCOME_HTTP_ERROR, 502, true },
    { OUTCOME_HTTP_ERROR, 503, true },
    { OUTCOME_HTTP_ERROR, 504, true },
    { OUTCOME_HTTP_ERROR, 505, false },
};

START_TEST(what_may_pass_by_itself_is_tried_again)
{
    ck_assert_msg(retry_may_help(rows[_i].outcome, rows[_i].status) ==
                      rows[_i].helps,
                  "%s %d", outcome_word(rows[_i].outcome), rows[_i].status);
}
END_TEST

START_TEST(only_429_and_503_ask_for_less)
{
    for (int status = 0; status < 1000; status++)
        ck_assert_int_eq(retry_is_overload(status),
                         status == 429 || status == 503);
}
END_TEST

/* The longest pause before each attempt, in seconds. */
static const int64_t limits_s[] = { 1, 1, 2, 4, 8, 16, 32, 60, 60 };

START_TEST(pauses_fill_a_range_that_doubles_up_to_a_minute)
{
    for (uint32_t attempts = 0; attempts < 9; attempts++) {
        int64_t limit = limits_s[attempts] * CLOCK_NS_PER_S;
        ck_assert_int_eq(retry_delay_ns(attempts, 0), 0);
        ck_assert_int_eq(retry_delay_ns(attempts, (uint64_t)limit), limit);
        ck_assert_int_eq(retry_delay_ns(attempts, (uint64_t)limit + 1), 0);
        ck_assert_int_le(retry_delay_ns(attempts, UINT64_MAX), limit);
    }
    ck_assert_int_le(retry_delay_ns(UINT32_MAX, UINT64_MAX),
                     60 * CLOCK_NS_PER_S);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retry");
    TCase *tcase = tcase_create("retry");
    tcase_add_loop_test(tcase, what_may_pass_by_itself_is_tried_again, 0,
                        (int)ARRAY_COUNT(rows));
    tcase_add_test(tcase, only_429_and_503_ask_for_less);
    tcase_add_test(tcase, pauses_fill_a_range_that_doubles_up_to_a_minute);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
