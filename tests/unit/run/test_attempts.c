/* What the end of a transfer means for its host, and for another attempt. */
#include "../../../src/run/attempts.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/compiler.h"
#include "fetchgrep/fetch/fetch.h"

#include "suite.h"
#include <stdio.h>

/* Sun, 22 Nov 2026 07:30:00 GMT */
#define WALL_MS INT64_C(1795332600000)

static struct page_pool *pool;

/* An entry whose transfer ended with this status and field line. */
static struct entry *new_entry(int status, const char *field)
{
    struct error err = { 0 };
    struct entry *entry = entry_new();
    struct url url;
    char problem[ERROR_MESSAGE_SIZE], head[512];
    if (!pool)
        pool = page_pool_new(1 << 20, 1 << 18, NULL, NULL, &err);
    ck_assert(entry && pool);
    ck_assert_int_eq(
        url_parse(view_of_string("http://host.example/x"), &url, problem),
        URL_OK);
    entry->page = page_new(&url);
    ck_assert_ptr_nonnull(entry->page);
    int size =
        snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n%s\r\n", status, field);
    ck_assert(page_pool_get(pool, (size_t)size, &entry->page->bytes));
    memcpy(entry->page->bytes.data, head, (size_t)size);
    entry->page->head_size = (size_t)size;
    entry->page->status = status;
    entry->attempts = 1;
    entry_end(entry, status < 400 ? OUTCOME_OK : OUTCOME_HTTP_ERROR, NULL);
    return entry;
}

static const struct {
    const char *field;
    int64_t hold_ms;
} fields[] = {
    { "", 0 },
    { "Retry-After: 0\r\n", 0 },
    { "Retry-After: 1\r\n", 1000 },
    { "retry-after:\t7 \r\n", 7000 },
    { "Retry-After: 300\r\n", 300000 },
    /* Absurd: at most five minutes. */
    { "Retry-After: 301\r\n", 300000 },
    { "Retry-After: 86400\r\n", 300000 },
    { "Retry-After: 2147483648\r\n", 300000 },
    { "Retry-After: 18446744073709551615\r\n", 300000 },
    { "Retry-After: 18446744073709551616\r\n", 300000 },
    { "Retry-After: 99999999999999999999999999999999999999999\r\n", 300000 },
    /* Dates: RFC 9110's three forms. */
    { "Retry-After: Sun, 22 Nov 2026 07:30:09 GMT\r\n", 9000 },
    { "Retry-After: Sunday, 22-Nov-26 07:31:00 GMT\r\n", 60000 },
    { "Retry-After: Sun Nov 22 07:30:02 2026\r\n", 2000 },
    { "Retry-After: Sun, 22 Nov 2026 09:30:00 GMT\r\n", 300000 },
    { "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 300000 },
    { "Retry-After: Sun, 22 Nov 2026 07:30:00 GMT\r\n", 0 },
    { "Retry-After: Sat, 21 Nov 2026 07:30:00 GMT\r\n", 0 },
    { "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0 },
    { "Retry-After: Mon, 01 Jan 0001 00:00:00 GMT\r\n", 0 },
    /* Neither. */
    { "Retry-After:\r\n", 0 },
    { "Retry-After: -5\r\n", 0 },
    { "Retry-After: 1.5\r\n", 0 },
    { "Retry-After: soon\r\n", 0 },
    { "Retry-After: 0x10\r\n", 0 },
    { "Retry-After: 10s\r\n", 0 },
    { "Retry-After: Sun, 35 Foo 2026 27:61:00 GMT\r\n", 0 },
};

START_TEST(retry_after_is_seconds_or_a_date_and_five_minutes_at_most)
{
    static const int statuses[] = { 429, 503 };
    for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
        struct entry *entry = new_entry(statuses[i], fields[_i].field);
        struct frontier_answer answer = answer_of(entry, true, WALL_MS);
        ck_assert(answer.is_overloaded);
        ck_assert_msg(answer.hold_ns == fields[_i].hold_ms * CLOCK_NS_PER_MS,
                      "%s: %lld ns", fields[_i].field,
                      (long long)answer.hold_ns);
        entry_free(entry, pool);
    }
}
END_TEST

START_TEST(retry_after_of_any_other_answer_holds_nobody)
{
    static const int statuses[] = { 200, 301, 404, 500, 502, 504 };
    for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
        struct entry *entry = new_entry(statuses[i], "Retry-After: 5\r\n");
        struct frontier_answer answer = answer_of(entry, true, WALL_MS);
        ck_assert(answer.has_answered && !answer.is_overloaded);
        ck_assert_int_eq(answer.hold_ns, 0);
        entry_free(entry, pool);
    }
}
END_TEST

START_TEST(attempts_end_with_the_retries)
{
    for (uint32_t retries = 0; retries < 5; retries++) {
        struct entry *entry = new_entry(503, "");
        int64_t delay_ns;
        uint32_t attempts = 1;
        while (entry_wants_retry(entry, retries, 0, &delay_ns))
            entry->attempts = ++attempts;
        ck_assert_uint_eq(attempts, retries + 1);
        entry_free(entry, pool);
    }
}
END_TEST

/* The pauses are spread over all of their range, and it grows. */
START_TEST(pauses_before_another_attempt_are_spread_evenly)
{
    enum { DRAWS = 4000, PARTS = 8 };
    struct entry *entry = new_entry(503, "");
    uint64_t random = 1;
    for (uint32_t attempts = 1; attempts <= 8; attempts++) {
        int64_t limit_s = attempts < 7 ? INT64_C(1) << (attempts - 1) : 60;
        int counts[PARTS] = { 0 };
        entry->attempts = attempts;
        for (int i = 0; i < DRAWS; i++) {
            int64_t delay_ns;
            /* Knuth's linear congruential generator, mixed. */
            random = random * UINT64_C(6364136223846793005) + 1442695040888963;
            uint64_t bits = random ^ random >> 29;
            ck_assert(entry_wants_retry(entry, 100, bits, &delay_ns));
            ck_assert(delay_ns >= 0 && delay_ns <= limit_s * CLOCK_NS_PER_S);
            int64_t part = delay_ns * PARTS / (limit_s * CLOCK_NS_PER_S + 1);
            counts[part]++;
        }
        for (int part = 0; part < PARTS; part++)
            ck_assert_msg(abs(counts[part] - DRAWS / PARTS) < DRAWS / PARTS / 4,
                          "attempt %u: %d of %d in part %d", attempts,
                          counts[part], DRAWS, part);
    }
    entry_free(entry, pool);
}
END_TEST

START_TEST(an_attempt_that_is_forgotten_leaves_the_entry_as_it_was)
{
    struct entry *entry = new_entry(503, "");
    entry_end(entry, OUTCOME_CONNECT_FAILED, "%s", "no route");
    entry->nobody_answered = true;
    entry_forget_attempt(entry, pool);
    ck_assert_ptr_null(entry->page);
    ck_assert_ptr_null(entry->detail);
    ck_assert_int_eq(entry->outcome, OUTCOME_OK);
    ck_assert_str_eq(entry->target.text, "http://host.example/x");
    entry_free(entry, pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attempts");
    TCase *tests = tcase_create("attempts");
    tcase_add_loop_test(
        tests, retry_after_is_seconds_or_a_date_and_five_minutes_at_most, 0,
        (int)ARRAY_COUNT(fields));
    tcase_add_test(tests, retry_after_of_any_other_answer_holds_nobody);
    tcase_add_test(tests, attempts_end_with_the_retries);
    tcase_add_test(tests, pauses_before_another_attempt_are_spread_evenly);
    tcase_add_test(tests,
                   an_attempt_that_is_forgotten_leaves_the_entry_as_it_was);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
