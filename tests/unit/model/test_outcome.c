/*
 * The words of outcomes are a file format: the list is written out here a
 * second time, so that no change slips in.
 */
#include "fetchgrep/model/outcome.h"

#include "fetchgrep/base/compiler.h"

#include "suite.h"

struct word_row {
    enum outcome outcome;
    const char *word;
    bool is_failed, may_match;
};

/* docs/formats.md */
static const struct word_row words[] = {
    { OUTCOME_OK, "ok", false, true },
    { OUTCOME_HTTP_ERROR, "http-error", true, true },
    { OUTCOME_INVALID_URL, "invalid-url", false, false },
    { OUTCOME_DNS_FAILED, "dns-failed", true, false },
    { OUTCOME_CONNECT_FAILED, "connect-failed", true, false },
    { OUTCOME_TLS_FAILED, "tls-failed", true, false },
    { OUTCOME_TIMED_OUT, "timed-out", true, false },
    { OUTCOME_STALLED, "stalled", true, false },
    { OUTCOME_TRUNCATED, "truncated", true, true },
    { OUTCOME_TOO_LARGE, "too-large", true, true },
    { OUTCOME_TOO_MANY_REDIRECTS, "too-many-redirects", true, false },
    { OUTCOME_BAD_RESPONSE, "bad-response", true, false },
    { OUTCOME_BAD_ENCODING, "bad-encoding", true, true },
    { OUTCOME_DENIED, "denied", false, false },
    { OUTCOME_ROBOTS_DENIED, "robots-denied", false, false },
    { OUTCOME_PATTERN_LIMIT, "pattern-limit", false, true },
    { OUTCOME_WORKER_CRASHED, "worker-crashed", true, false },
    { OUTCOME_DUPLICATE, "duplicate", false, false },
    { OUTCOME_NOT_MODIFIED, "not-modified", false, false },
    { OUTCOME_SKIPPED, "skipped", false, false },
};

START_TEST(the_list_is_closed)
{
    ck_assert_uint_eq(ARRAY_COUNT(words), OUTCOME_COUNT);
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        ck_assert_uint_eq(words[i].outcome, i);
}
END_TEST

START_TEST(each_word_leads_there_and_back)
{
    const struct word_row *row = &words[_i];
    enum outcome outcome = OUTCOME_COUNT;
    ck_assert_str_eq(outcome_word(row->outcome), row->word);
    ck_assert(outcome_from_word(view_of_string(row->word), &outcome));
    ck_assert_int_eq(outcome, row->outcome);
    ck_assert_int_eq(outcome_is_failed(row->outcome), row->is_failed);
    ck_assert_int_eq(outcome_may_match(row->outcome), row->may_match);
}
END_TEST

START_TEST(other_words_are_refused)
{
    static const struct view others[] = {
        { "", 0 },         { NULL, 0 },        { "OK", 2 },
        { "o", 1 },        { "ok ", 3 },       { "ok", 3 },
        { "okay", 4 },     { "timed_out", 9 }, { "stall", 5 },
        { "stalledx", 8 }, { "no-match", 8 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        enum outcome outcome = OUTCOME_SKIPPED;
        ck_assert_msg(!outcome_from_word(others[i], &outcome), "%.*s",
                      VIEW_ARG(others[i]));
        ck_assert_int_eq(outcome, OUTCOME_SKIPPED);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tests = tcase_create("outcome");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, the_list_is_closed);
    tcase_add_loop_test(tests, each_word_leads_there_and_back, 0,
                        (int)ARRAY_COUNT(words));
    tcase_add_test(tests, other_words_are_refused);
    return run_suite(suite);
}
