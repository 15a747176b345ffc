/* The matches of a pattern are those of re.finditer; limits have names. */
#include "fetchgrep/extract/matcher.h"

#include "suite.h"
#include <malloc.h>

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
    struct patterns *patterns = patterns_new(
        &(struct patterns_options){ .ignore_case = ignore_case }, &err);
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
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, text, on_match, found,
                             report, &err));
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
    { "a??", "aa", "0+0 0+1 1+0 1+1 2+0" },
    { "|a", "aab", "0+0 0+1 1+0 1+1 2+0 3+0" },
    { "(?=b)|b", "abb", "1+0 1+1 2+0 2+1" },
    { "\\Ba|", "aa", "0+0 1+1 2+0" },
    { "(?!\\n)", "a\n", "0+0 2+0" },
    { "(?s).*", "a\nb", "0+3 3+0" },
    { "", "\xF0\x9F\x98\x80\xE2\x82\xAC", "0+0 4+0 7+0" },
    { "(?<=\xC3\xA9)", "\xC3\xA9\xC3\xA9", "2+0 4+0" },
    { "(?i)meta", "<META><Meta>", "1+4 7+4" },
    { "(.)\\1", "aabccc", "0+2 3+2" },
    /* Where a lookahead and what follows it want the same letter. */
    { "(?=a)b?a", "a xa", "0+1 3+1" },
    { "(?=a).*a", "ba\nba", "1+1 4+1" },
    /* A verb holds at each start. */
    { "a+(*PRUNE)b|.c", "xaac aab xc", "5+3 9+2" },
};

/* Python has no \K; it moves a match's start, and must not stop the search. */
static const struct row kept_rows[] = {
    { "a\\K", "aaa", "1+0 2+0 3+0" },
    { "a\\Kb?", "abaab", "1+1 3+0 4+1" },
    /* The start lies behind the end, or before where the search began. */
    { "(?(DEFINE)(?<k>b\\K))(?=a(?&k))", "abab", "0+0 2+0" },
    { "(?<k>b\\K){0}(?=a(?&k))a", "abab", "1+0 3+0" },
    { "(?<k>\\K.){0}(?<=(?&k))", "abc", "0+1" },
};

/* The row as it is, then as the interpreter runs it. */
static void check_row(const struct row *row, bool is_interpreted)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    char text[512] = "", regex[128];
    snprintf(regex, sizeof(regex), "%s%s", is_interpreted ? "(*NO_JIT)" : "",
             row->regex);
    struct patterns *patterns = compile(regex, false);
    search(patterns, &usual, view_of_string(row->text), found, &report);
    for (size_t i = 0; i < found->count; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "%s%zu+%zu", i ? " " : "",
                 found->list[i].offset, found->list[i].size);
    }
    ck_assert_msg(!strcmp(text, row->expected), "/%s/: %s instead of %s", regex,
                  text, row->expected);
    ck_assert(!report.limited_count);
    patterns_free(patterns);
    free(found);
}

START_TEST(matches_are_those_of_finditer)
{
    check_row(&rows[_i], false);
    check_row(&rows[_i], true);
}
END_TEST

START_TEST(a_moved_start_neither_stops_nor_repeats)
{
    check_row(&kept_rows[_i], false);
    check_row(&kept_rows[_i], true);
}
END_TEST

START_TEST(a_text_may_hold_nul_and_may_be_nowhere)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(\\x00?)", false);
    search(patterns, &usual, view_of("a\0b", 3), found, &report);
    ck_assert_uint_eq(found->count, 4);
    ck_assert_uint_eq(found->list[1].offset, 1);
    ck_assert_uint_eq(found->list[1].size, 1);
    search(patterns, &usual, view_of(NULL, 0), found, &report);
    ck_assert_uint_eq(found->count, 1);
    ck_assert_str_eq(found->list[0].groups, "1=;");
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(groups_of_one_name_are_one_the_set_one)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns =
        compile("(?J)(x)?(?<n>a)|(?<n>b)(?<m>c)(?<a>d)|(?<m>z)", false);
    search(patterns, &usual, view_of_string("abcdxaz"), found, &report);
    ck_assert_uint_eq(found->count, 4);
    ck_assert_str_eq(found->list[0].groups, "1=~;n=a;m=~;a=~;");
    ck_assert_str_eq(found->list[1].groups, "1=~;n=b;m=c;a=d;");
    ck_assert_str_eq(found->list[2].groups, "1=x;n=a;m=~;a=~;");
    ck_assert_str_eq(found->list[3].groups, "1=~;n=~;m=z;a=~;");
    patterns_free(patterns);
    /* Branches that number anew share name and number already. */
    patterns = compile("(?|(?<n>a)|(?<n>b))(c)", false);
    search(patterns, &usual, view_of_string("bc"), found, &report);
    ck_assert_str_eq(found->list[0].groups, "n=b;2=c;");
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
    ck_assert(!report.limited_count);
    search(patterns, &three, view_of_string("aaaa"), found, &report);
    ck_assert(report.limited_count);
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
    ck_assert(report.limited_count);
    ck_assert_str_eq(report.limit, "pattern \"e1\": match limit reached, "
                                   "searching from offset 0");
    ck_assert_uint_eq(found->count, 1);
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(a_limit_says_where_and_keeps_what_was_found)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("ok|(a+)+$", false);
    const struct matcher_options small = { .max_matches = 10,
                                           .match_limit = 1000 };
    search(patterns, &small,
           view_of_string("ok ok aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), found,
           &report);
    ck_assert_uint_eq(found->count, 2);
    ck_assert_str_eq(report.limit, "pattern \"e1\": match limit reached, "
                                   "searching from offset 5");
    patterns_free(patterns);
    free(found);
}
END_TEST

/* As many x, then as many y; the pattern recurses as deep as there are x. */
static char *deep_text(size_t size)
{
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size / 2);
    memset(text + size / 2, 'y', size / 2);
    return text;
}

enum { DEEP_SIZE = 100000 };

static const struct matcher_options small_stack = { .max_matches = 10,
                                                    .jit_stack_bytes = 32
                                                                       << 10 };

START_TEST(what_overflows_the_jit_stack_is_found_by_the_interpreter)
{
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(x(?1)?y)", false);
    char *text = deep_text(DEEP_SIZE);
    search(patterns, &small_stack, view_of(text, DEEP_SIZE), found, &report);
    ck_assert(!report.limited_count);
    ck_assert_uint_eq(found->count, 1);
    ck_assert_uint_eq(found->list[0].size, DEEP_SIZE);
    free(text);
    patterns_free(patterns);
    free(found);
}
END_TEST

START_TEST(what_overflows_the_heap_too_is_named_and_others_run_on)
{
    struct error err;
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(x(?1)?y)", false);
    ck_assert(patterns_add_expression(patterns, view_of_string("xy"), &err));
    char *text = deep_text(DEEP_SIZE);
    struct matcher_options options = small_stack;
    options.heap_limit_bytes = 1 << 20;
    search(patterns, &options, view_of(text, DEEP_SIZE), found, &report);
    ck_assert_str_eq(report.limit, "pattern \"e1\": heap limit reached, "
                                   "searching from offset 0");
    ck_assert_uint_eq(found->count, 1);
    ck_assert_uint_eq(found->list[0].offset, DEEP_SIZE / 2 - 1);
    free(text);
    patterns_free(patterns);
    free(found);
}
END_TEST

/* What the interpreter took for one page is not kept for the next ones. */
START_TEST(a_matcher_shrinks_after_a_deep_page)
{
    struct error err;
    struct found *found = calloc(1, sizeof(*found));
    struct matcher_report report;
    struct patterns *patterns = compile("(x(?1)?y)", false);
    struct matcher *matcher = matcher_new(patterns, &small_stack, &err);
    char *text = deep_text(DEEP_SIZE);
    struct view views[] = { view_of(text, DEEP_SIZE), view_of_string("xxyy") };
    ck_assert_ptr_nonnull(matcher);
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 4; i++)
        ck_assert(matcher_search(matcher, SUBJECT_TEXT, views[i % 2], on_match,
                                 found, &report, &err));
    struct mallinfo2 after = mallinfo2();
    ck_assert_uint_eq(found->count, 4);
    ck_assert_uint_eq(found->list[2].size, DEEP_SIZE);
    ck_assert_uint_eq(found->list[3].size, 4);
    ck_assert_uint_lt(after.uordblks + after.hblkhd,
                      before.uordblks + before.hblkhd + (1 << 20));
    matcher_free(matcher);
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
    ck_assert(!matcher_search(matcher, SUBJECT_TEXT, view_of_string("aaa"),
                              refuse, NULL, &report, &err));
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
    tcase_add_loop_test(tests, a_moved_start_neither_stops_nor_repeats, 0,
                        (int)ARRAY_COUNT(kept_rows));
    tcase_add_test(tests, a_text_may_hold_nul_and_may_be_nowhere);
    tcase_add_test(tests, groups_have_names_or_numbers_and_may_be_unset);
    tcase_add_test(tests, groups_of_one_name_are_one_the_set_one);
    tcase_add_test(tests, a_group_unset_now_does_not_keep_an_earlier_match);
    tcase_add_test(tests, case_is_ignored_beyond_ascii);
    tcase_add_test(tests, more_matches_than_allowed_are_cut_and_said);
    tcase_add_test(tests, a_match_limit_is_named_and_others_run_on);
    tcase_add_test(tests, a_limit_says_where_and_keeps_what_was_found);
    tcase_add_test(tests,
                   what_overflows_the_jit_stack_is_found_by_the_interpreter);
    tcase_add_test(tests,
                   what_overflows_the_heap_too_is_named_and_others_run_on);
    tcase_add_test(tests, a_matcher_shrinks_after_a_deep_page);
    tcase_add_test(tests, a_failing_sink_ends_the_search);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
