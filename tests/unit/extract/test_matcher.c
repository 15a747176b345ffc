/* The matches of a pattern are those of re.finditer; limits have names. */
#include "fetchgrep/extract/matcher.h"

#include <check.h>

enum { FOUND_MAX = 4096 };

struct found {
    size_t count;
    struct {
        size_t offset, size;
        char groups[64];
    } list[FOUND_MAX];
};

static void note_groups(const struct match *match, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < match->group_count && at < size; i++) {
        struct view group = match->groups[i];
        at += (size_t)snprintf(
            text + at, size - at, "%.*s=%.*s;", VIEW_ARG(match->group_names[i]),
            group.data ? (int)group.size : 1, group.data ? group.data : "~");
    }
}

static bool on_match(void *ctx, const struct match *match, struct error *err)
{
    struct found *found = ctx;
    (void)err;
    ck_assert_uint_lt(found->count, FOUND_MAX);
    found->list[found->count].offset = match->offset;
    found->list[found->count].size = match->whole.size;
    note_groups(match, found->list[found->count].groups, 64);
    found->count++;
    return true;
}

static struct patterns *compile(const char *regex, bool ignore_case)
{
    struct error err;
    struct patterns *patterns = patterns_new(ignore_case, &err);
    ck_assert_ptr_nonnull(patterns);
    ck_assert_msg(
        patterns_add_expression(patterns, view_of_string(regex), &err), "%s",
        err.message);
    return patterns;
}

static void search(const struct patterns *patterns,
                   const struct matcher_options *options, struct view text,
                   struct found *found, struct matcher_report *report)
{
    struct error err;
    struct matcher *matcher = matcher_new(patterns, options, &err);
    ck_assert_ptr_nonnull(matcher);
    found->count = 0;
    ck_assert(matcher_search(matcher, text, on_match, found, report, &err));
    ck_assert_uint_eq(report->match_count, found->count);
    matcher_free(matcher);
}

static const struct matcher_options usual = { .max_matches = 1000 };

/* Expected: "offset+size offset+size ...", as Python 3.11 prints them. */
struct row {
    const char *regex, *text, *expected;
};

static const struct row rows[] = {
    { "a", "banana", "1+1 3+1 5+1" },
    { "ana", "banana", "1+3" },
    { "", "abc", "0+0 1+0 2+0 3+0" },
    { "", "", "0+0" },
    { "a*", "baac", "0+0 1+2 3+0 4+0" },
    { "a*?", "aa", "0+0 0+1 1+0 1+1 2+0" },
    { "a|", "ab", "0+1 1+0 2+0" },
    { "x*", "axb", "0+0 1+1 2+0 3+0" },
    { "\\b", "a b", "0+0 1+0 2+0 3+0" },
    { "$", "a\n", "1+0 2+0" },
    { "(?m)$", "a\nb", "1+0 3+0" },
    { "(?m)^", "a\nb", "0+0 2+0" },
    { "a\\r\\n", "a\r\n", "0+3" },
    { "", "\r\n", "0+0 1+0 2+0" },
    { ".", "\xC3\xA9x", "0+2 2+1" },
    { "", "\xC3\xA9x", "0+0 2+0 3+0" },
    { "(?=a)", "aa", "0+0 1+0" },
    { "(?<=a)b", "abab", "1+1 3+1" },
    { "(?<=a)", "aa", "1+0 2+0" },
    { "<meta .*?>", "<meta a><meta\nb><meta c>", "0+8 16+8" },
    { "z", "abc", "" },
    { "(a)|b", "ab", "0+1 1+1" },
};

START_TEST(matches_are_those_of_finditer)
{
    const struct row *row = &rows[_i];
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile(row->regex, false);
    char text[512] = "";
    search(patterns, &usual, view_of_string(row->text), found, &report);
    for (size_t i = 0; i < found->count; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "%s%zu+%zu", i ? " " : "",
                 found->list[i].offset, found->list[i].size);
    }
    ck_assert_msg(!strcmp(text, row->expected), "/%s/: %s instead of %s",
                  row->regex, text, row->expected);
    ck_assert(!report.is_limited);
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(groups_have_names_or_numbers_and_may_be_unset)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(?<k>[a-z]+)(=(\\d+))?(x)?", false);
    search(patterns, &usual, view_of_string("ab=1 c"), found, &report);
    ck_assert_uint_eq(found->count, 2);
    ck_assert_str_eq(found->list[0].groups, "k=ab;2==1;3=1;4=~;");
    ck_assert_str_eq(found->list[1].groups, "k=c;2=~;3=~;4=~;");
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(a_group_unset_now_does_not_keep_an_earlier_match)
{
    struct error err;
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(a)(b)(c)", false);
    ck_assert(
        patterns_add_expression(patterns, view_of_string("(x)|(y)"), &err));
    search(patterns, &usual, view_of_string("abc xy"), found, &report);
    ck_assert_uint_eq(found->count, 3);
    ck_assert_str_eq(found->list[1].groups, "1=x;2=~;");
    ck_assert_str_eq(found->list[2].groups, "1=~;2=y;");
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(case_is_ignored_beyond_ascii)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("\xC3\xA9T", true);
    search(patterns, &usual, view_of_string("\xC3\x89t \xC3\xA9T"), found,
           &report);
    ck_assert_uint_eq(found->count, 2);
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(more_matches_than_allowed_are_cut_and_said)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("a", false);
    const struct matcher_options three = { .max_matches = 3 };
    search(patterns, &three, view_of_string("aaa"), found, &report);
    ck_assert(!report.is_limited);
    search(patterns, &three, view_of_string("aaaa"), found, &report);
    ck_assert(report.is_limited);
    ck_assert_uint_eq(found->count, 3);
    ck_assert_ptr_nonnull(strstr(report.limit, "\"e1\": more than 3 matches"));
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(a_match_limit_is_named_and_others_run_on)
{
    struct error err;
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(a+)+$", false);
    ck_assert(patterns_add_expression(patterns, view_of_string("b$"), &err));
    const struct matcher_options small = { .max_matches = 10,
                                           .match_limit = 1000 };
    search(patterns, &small,
           view_of_string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), found,
           &report);
    ck_assert(report.is_limited);
    ck_assert_ptr_nonnull(strstr(report.limit, "\"e1\": match limit"));
    ck_assert_uint_eq(found->count, 1);
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(what_overflows_the_jit_stack_is_not_taken_for_no_match)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(?:(?:a|b)+c?)*+z|(x(?1)?y)", false);
    size_t size = 200000;
    char *text = malloc(size);
    memset(text, 'x', size / 2);
    memset(text + size / 2, 'y', size / 2);
    const struct matcher_options small = { .max_matches = 10,
                                           .jit_stack_bytes = 32 << 10 };
    search(patterns, &small, view_of(text, size), found, &report);
    /* Either the interpreter finds it whole, or a limit is named. */
    ck_assert(report.is_limited ||
              (found->count == 1 && found->list[0].size == size));
    free(text);
    patterns_free(patterns);
    free(found);
}
END_TEST

static bool refuse(void *ctx, const struct match *match, struct error *err)
{
    (void)ctx, (void)match;
    return error_set(err, ERR_SYSTEM, "full");
}

START_TEST(a_failing_sink_ends_the_search)
{
    struct error err;
    struct matcher_report report;
    struct patterns *patterns = compile("a", false);
    struct matcher *matcher = matcher_new(patterns, &usual, &err);
    ck_assert(!matcher_search(matcher, view_of_string("aaa"), refuse, NULL,
                              &report, &err));
    ck_assert_str_eq(err.message, "full");
    matcher_free(matcher);
    patterns_free(patterns);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("matcher");
    TCase *tests = tcase_create("matcher");
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, matches_are_those_of_finditer, 0,
                        (int)ARRAY_COUNT(rows));
    tcase_add_test(tests, groups_have_names_or_numbers_and_may_be_unset);
    tcase_add_test(tests, a_group_unset_now_does_not_keep_an_earlier_match);
    tcase_add_test(tests, case_is_ignored_beyond_ascii);
    tcase_add_test(tests, more_matches_than_allowed_are_cut_and_said);
    tcase_add_test(tests, a_match_limit_is_named_and_others_run_on);
    tcase_add_test(tests,
                   what_overflows_the_jit_stack_is_not_taken_for_no_match);
    tcase_add_test(tests, a_failing_sink_ends_the_search);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
