/*
 * Lines of results are read as they were meant, and what is no line of the kind
 * is told with a reason.
 */
#include "../../../src/run/result_line.h"

#include "fetchgrep/base/compiler.h"

#include "suite.h"

static bool read_outcome(const char *text, struct outcome_facts *ret_outcome,
                         struct result_line *line)
{
    const char *wrong = NULL;
    bool done =
        result_line_outcome(line, view_of_string(text), ret_outcome, &wrong);
    ck_assert(done == (wrong == NULL));
    return done;
}

START_TEST(an_outcome_tells_what_others_must_agree_with)
{
    struct result_line line = { 0 };
    struct outcome_facts outcome;
    ck_assert(read_outcome(
        "{\"id\":17,\"url\":\"http://a/\",\"outcome\":\"too-large\","
        "\"final_url\":\"http://b/\",\"digest\":\"sha1:A\",\"matches\":4,"
        "\"detail\":\"cut\",\"warc\":\"pages/x\",\"warc_offset\":9}",
        &outcome, &line));
    ck_assert_uint_eq(outcome.id, 17);
    ck_assert_int_eq(outcome.outcome, OUTCOME_TOO_LARGE);
    ck_assert(view_equal_string(outcome.url, "http://a/"));
    ck_assert(view_equal_string(outcome.final_url, "http://b/"));
    ck_assert(view_equal_string(outcome.digest, "sha1:A"));
    ck_assert(view_equal_string(outcome.detail, "cut"));
    ck_assert(outcome.has_matches && outcome.match_count == 4);
    ck_assert(view_equal_string(outcome.warc, "pages/x"));
    ck_assert_uint_eq(outcome.warc_offset, 9);

    ck_assert(
        read_outcome("{\"id\":0,\"outcome\":\"denied\"}", &outcome, &line));
    ck_assert(!outcome.has_matches && !outcome.warc.size &&
              !outcome.digest.size);
    result_line_release(&line);
}
END_TEST

START_TEST(what_is_no_outcome_has_a_reason)
{
    static const char *const lines[] = {
        "",
        "17",
        "[]",
        "{\"id\":17",
        "{\"outcome\":\"ok\"}",
        "{\"id\":-1,\"outcome\":\"ok\"}",
        "{\"id\":\"1\",\"outcome\":\"ok\"}",
        "{\"id\":1,\"outcome\":\"fine\"}",
        "{\"id\":1}",
        "{\"id\":1,\"outcome\":\"ok\",\"matches\":\"2\"}",
        "{\"id\":1,\"outcome\":\"ok\",\"warc\":\"pages/x\"}",
        "{\"id\":1,\"outcome\":\"ok\",\"warc_offset\":5}",
        "{\"id\":1,\"outcome\":\"ok\"} {}",
    };
    struct result_line line = { 0 };
    struct outcome_facts outcome;
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
        ck_assert_msg(!read_outcome(lines[i], &outcome, &line), "%s", lines[i]);
    result_line_release(&line);
}
END_TEST

START_TEST(matches_tell_ids_and_counts_where_they_have_them)
{
    struct result_line line = { 0 };
    struct match_facts match;
    const char *wrong = NULL;
    struct view text = view_of_string("{\"count\":3,\"id\":5,\"url\":\"\"}");
    ck_assert(result_line_match(&line, text, &match, &wrong));
    ck_assert(match.has_id && match.id == 5);
    ck_assert(match.has_count && match.count == 3);
    text = view_of_string("{\"match\":\"}\"}");
    ck_assert(result_line_match(&line, text, &match, &wrong));
    ck_assert(!match.has_id && !match.has_count);
    text = view_of_string("{\"id\":\"5\"}");
    ck_assert(!result_line_match(&line, text, &match, &wrong));
    ck_assert_ptr_nonnull(wrong);
    result_line_release(&line);
}
END_TEST

START_TEST(an_index_line_names_a_place)
{
    struct result_line line = { 0 };
    struct index_facts index;
    const char *wrong = NULL;
    struct view text = view_of_string(
        "org,a)/{b 20261122073014 {\"url\":\"http://a.org/{b\","
        "\"digest\":\"sha1:A\",\"offset\":\"12\",\"filename\":\"f\"}");
    ck_assert(result_line_index(&line, text, &index, &wrong));
    ck_assert(view_equal_string(index.url, "http://a.org/{b"));
    ck_assert(view_equal_string(index.digest, "sha1:A"));
    ck_assert(view_equal_string(index.filename, "f"));
    ck_assert_uint_eq(index.offset, 12);
    static const char *const lines[] = {
        "",
        "a)/ 2026",
        "a)/ 2026 {\"filename\":\"f\"}",
        "a)/ 2026 {\"offset\":\"1\"}",
        "a)/ 2026 {\"offset\":\"x\",\"filename\":\"f\"}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        wrong = NULL;
        ck_assert(!result_line_index(&line, view_of_string(lines[i]), &index,
                                     &wrong));
        ck_assert_ptr_nonnull(wrong);
    }
    result_line_release(&line);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("result_line");
    TCase *tests = tcase_create("result_line");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, an_outcome_tells_what_others_must_agree_with);
    tcase_add_test(tests, what_is_no_outcome_has_a_reason);
    tcase_add_test(tests, matches_tell_ids_and_counts_where_they_have_them);
    tcase_add_test(tests, an_index_line_names_a_place);
    return run_suite(suite);
}
