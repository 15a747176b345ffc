/* A text may be searched in windows, under a clock, and nothing changes but
 * that it ends in time. */
#include "fetchgrep/extract/matcher.h"

#include "fetchgrep/base/clock.h"
#include "suite.h"

enum { TEXT_SIZE = 6000, FOUND_SIZE = 1 << 20 };

/* ---- an injected clock -------------------------------------------------- */

static int64_t now_ns, tick_ns;

static int64_t ticking_clock(void)
{
    return now_ns += tick_ns;
}

/* Each reading finds that the window before it was slow. */
static const struct matcher_options smallest_windows = {
    .max_matches = 100000,
    .page_time_ms = 1000 * 1000 * 1000,
    .now_ns = ticking_clock,
};

static const struct matcher_options no_windows = { .max_matches = 100000 };

static bool note_match(void *ctx, const struct match *match, struct error *err)
{
    struct buf *found = ctx;
    (void)err;
    buf_append_format(found, "%.*s %zu %.*s", VIEW_ARG(match->pattern),
                      match->offset, VIEW_ARG(match->whole));
    for (size_t i = 0; i < match->group_count; i++)
        buf_append_format(found, " [%.*s]", VIEW_ARG(match->groups[i]));
    buf_append_char(found, '\n');
    return true;
}

static struct patterns *compile(const char *const *regexes, size_t count)
{
    struct error err;
    struct patterns *patterns =
        patterns_new(&(struct patterns_options){ 0 }, &err);
    ck_assert_ptr_nonnull(patterns);
    for (size_t i = 0; i < count; i++)
        ck_assert(patterns_add_expression(patterns, view_of_string(regexes[i]),
                                          &err));
    return patterns;
}

static struct matcher_report search(const struct patterns *patterns,
                                    const struct matcher_options *options,
                                    struct view text, struct buf *found)
{
    struct error err;
    struct matcher_report report;
    struct matcher *matcher = matcher_new(patterns, options, &err);
    ck_assert_ptr_nonnull(matcher);
    buf_init(found, FOUND_SIZE);
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, text, note_match, found,
                             &report, &err));
    ck_assert(!found->failed);
    matcher_free(matcher);
    return report;
}

/* ---- windows change nothing --------------------------------------------- */

/* Lines of a few words, some not ASCII, with matches far apart and close. */
static struct view sample_text(void)
{
    static const char *const words[] = {
        "lorem", "ipsum", "a", "\xC3\xA9t\xC3\xA9", "<b>", "</b>",
        "x1",    "\n",    " ", "\xF0\x9F\x98\x80",  "key", "\r\n",
    };
    static char text[TEXT_SIZE + 64];
    uint32_t state = 7;
    size_t size = 0;
    while (size < TEXT_SIZE) {
        state = state * 1664525 + 1013904223;
        const char *word = words[(state >> 16) % ARRAY_COUNT(words)];
        memcpy(text + size, word, strlen(word));
        size += strlen(word);
    }
    return view_of(text, size);
}

static const char *const unmoved[] = {
    "lorem",
    "\\w+",
    "",
    "(?m)^",
    "(?m)$",
    "^.",
    "\\A\\w+",
    "\\z",
    ".*key",
    "(?s).*key",
    "(?s).*?<b>",
    "\\Glorem",
    "\\G(?:lorem|ipsum|a)",
    "(?<=lorem)\\w",
    "(?<!\\w)a(?!\\w)",
    "\\b",
    "\\K",
    "a\\K",
    "(?<k>\\K.){0}(?<=(?&k))",
    "<(\\w+)>(?s:.*?)</\\1>",
    "(?s)<b>.*</b>",
    "[^\\n]*\\n",
    "\xC3\xA9",
    "[^a-z]+",
    "x(*SKIP)(*FAIL)|\\d",
    "lorem(*SKIP)zzz|\\w",
    "a(*COMMIT)zzz|\\d",
    "ipsum(*PRUNE)a|s",
    "(?:key|lorem)(*THEN)\\d|k",
    "(a|x)?(?(1)\\d|l)",
    "(*CRLF)(?m)^.+$",
    "(*CRLF).+$",
    "(*ANYCRLF)(?m)^.+$",
    "(*ANY).+$",
    "\\X{2}",
    "\\R",
    "nothing of the kind",
};

START_TEST(windows_change_no_match)
{
    struct buf in_windows, at_once;
    struct view text = sample_text();
    struct patterns *patterns = compile(&unmoved[_i], 1);
    tick_ns = 11 * CLOCK_NS_PER_MS;
    search(patterns, &no_windows, text, &at_once);
    search(patterns, &smallest_windows, text, &in_windows);
    ck_assert_msg(view_equal(buf_view(&in_windows), buf_view(&at_once)),
                  "/%s/: other matches in windows", unmoved[_i]);
    buf_release(&in_windows);
    buf_release(&at_once);
    patterns_free(patterns);
}
END_TEST

/* ---- the clock ---------------------------------------------------------- */

/* Quadratic: from each "<a>" to the end of the text. */
static const char *const slow_and_quick[] = { "<(\\w+)>(?s:.*?)</\\1>",
                                              "^<a>" };

static struct view many_starts(void)
{
    static char text[30001];
    for (size_t i = 0; i < 10000; i++)
        memcpy(text + 3 * i, "<a>", 3);
    text[30000] = 'b';
    return view_of(text, sizeof(text));
}

START_TEST(time_that_is_over_is_named_and_other_patterns_have_run)
{
    struct buf found;
    struct matcher_options options = smallest_windows;
    struct patterns *patterns = compile(slow_and_quick, 2);
    options.page_time_ms = 100;
    tick_ns = 11 * CLOCK_NS_PER_MS;
    struct matcher_report report =
        search(patterns, &options, many_starts(), &found);
    ck_assert(view_equal_string(buf_view(&found), "e2 0 <a>\n"));
    ck_assert_uint_eq(report.limited_count, 1);
    const char *expected = "pattern \"e1\": page time (--page-time) reached, "
                           "searching from offset ";
    ck_assert_msg(!strncmp(report.limit, expected, strlen(expected)), "%s",
                  report.limit);
    buf_release(&found);
    patterns_free(patterns);
}
END_TEST

START_TEST(a_pattern_that_had_to_wait_goes_on_where_it_was)
{
    static const char *const both[] = { "<a>|b", "b" };
    struct buf found, expected;
    struct matcher_options options = smallest_windows;
    struct patterns *patterns = compile(both, 2);
    struct view text = many_starts();
    search(patterns, &no_windows, text, &expected);
    /* Enough for all of it, but not within the first part of it. */
    options.page_time_ms = 250 * 1000;
    tick_ns = 11 * CLOCK_NS_PER_MS;
    struct matcher_report report = search(patterns, &options, text, &found);
    ck_assert_uint_eq(report.limited_count, 0);
    ck_assert_uint_eq(report.match_count, 10002);
    /* The same lines: the second pattern's came before the rest. */
    ck_assert_uint_eq(found.size, expected.size);
    ck_assert(!view_equal(buf_view(&found), buf_view(&expected)));
    buf_release(&found);
    buf_release(&expected);
    patterns_free(patterns);
}
END_TEST

START_TEST(the_next_page_has_all_its_time)
{
    struct error err;
    struct buf found;
    struct matcher_report report;
    struct matcher_options options = smallest_windows;
    struct patterns *patterns = compile(slow_and_quick, 2);
    options.page_time_ms = 100;
    tick_ns = 11 * CLOCK_NS_PER_MS;
    struct matcher *matcher = matcher_new(patterns, &options, &err);
    ck_assert_ptr_nonnull(matcher);
    buf_init(&found, FOUND_SIZE);
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, many_starts(), note_match,
                             &found, &report, &err));
    ck_assert_uint_eq(report.limited_count, 1);
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, view_of_string("<a>b</a>"),
                             note_match, &found, &report, &err));
    ck_assert_uint_eq(report.limited_count, 0);
    ck_assert_uint_eq(report.match_count, 2);
    matcher_free(matcher);
    buf_release(&found);
    patterns_free(patterns);
}
END_TEST

/* Text, head and URL have one page's time together. */
START_TEST(the_same_page_goes_on_with_its_clock)
{
    /* The clock is read at each match, until the time is over. */
    static const char *const busy_and_quick[] = { "<a>", "^<a>" };
    struct error err;
    struct buf found;
    struct matcher_report report;
    struct matcher_options options = smallest_windows;
    struct patterns *patterns = compile(busy_and_quick, 2);
    options.page_time_ms = 100;
    tick_ns = 11 * CLOCK_NS_PER_MS;
    struct matcher *matcher = matcher_new(patterns, &options, &err);
    ck_assert_ptr_nonnull(matcher);
    buf_init(&found, FOUND_SIZE);
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, many_starts(), note_match,
                             &found, &report, &err));
    ck_assert_uint_eq(report.limited_count, 1);
    matcher_go_on(matcher);
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, view_of_string("<a>b</a>"),
                             note_match, &found, &report, &err));
    ck_assert_uint_eq(report.limited_count, 2);
    matcher_free(matcher);
    buf_release(&found);
    patterns_free(patterns);
}
END_TEST

/* One start position that would take the match limit's worth of steps, each of
 * which goes through the line: no time will do for it. */
START_TEST(a_start_that_would_take_too_long_is_not_waited_for)
{
    static const char *const hopeless[] = { "\\w+\\s*\\w+\\s*\\w+=", "=" };
    static char text[30002];
    struct buf found;
    struct matcher_options options = { .max_matches = 1, .page_time_ms = 500 };
    struct patterns *patterns = compile(hopeless, 2);
    memset(text, 'a', sizeof(text) - 2);
    memcpy(text + sizeof(text) - 2, "\n=", 2);
    int64_t start_ns = clock_now_ns();
    struct matcher_report report =
        search(patterns, &options, view_of(text, sizeof(text)), &found);
    /* Without knowing beforehand it would be a minute. */
    ck_assert_int_lt(clock_now_ns() - start_ns, 10 * CLOCK_NS_PER_S);
    ck_assert_uint_eq(report.limited_count, 1);
    ck_assert(view_equal_string(buf_view(&found), "e2 30001 =\n"));
    buf_release(&found);
    patterns_free(patterns);
}
END_TEST

/* What fails by a small limit is tried with larger ones, up to the real one. */
START_TEST(a_hard_start_among_many_is_found_as_without_a_clock)
{
    static const char *const hard[] = { "(?:a|aa)+b|<(?:x|y|xy)+>" };
    static char text[60000];
    struct buf found, expected;
    struct matcher_options options = smallest_windows;
    struct patterns *patterns = compile(hard, 1);
    for (size_t i = 0; i + 8 <= sizeof(text); i += 8)
        memcpy(text + i, i % 800 ? "........" : "<xyxyxx>", 8);
    memset(text + 30000, 'a', 23); /* 2^16 ways */
    memset(text + 40000, 'a', 27);
    memset(text + 50000, 'x', 2000);
    tick_ns = CLOCK_NS_PER_MS;
    search(patterns, &no_windows, view_of(text, sizeof(text)), &expected);
    struct matcher_report report =
        search(patterns, &options, view_of(text, sizeof(text)), &found);
    ck_assert_uint_eq(report.limited_count, 0);
    ck_assert(report.match_count > 60);
    ck_assert(view_equal(buf_view(&found), buf_view(&expected)));
    buf_release(&found);
    buf_release(&expected);
    patterns_free(patterns);
}
END_TEST

START_TEST(the_clock_is_read_seldom_while_all_is_quick)
{
    struct buf found;
    struct patterns *patterns = compile(&unmoved[0], 1);
    static char text[1 << 20];
    memset(text, 'x', sizeof(text));
    now_ns = 0;
    tick_ns = 1; /* so that `now_ns` counts the readings */
    search(patterns, &smallest_windows, view_of(text, sizeof(text)), &found);
    ck_assert_int_lt(now_ns, 1000);
    ck_assert_int_gt(now_ns, 1);
    buf_release(&found);
    patterns_free(patterns);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seek");
    TCase *tcase = tcase_create("seek");
    tcase_add_loop_test(tcase, windows_change_no_match, 0,
                        (int)ARRAY_COUNT(unmoved));
    tcase_add_test(tcase,
                   time_that_is_over_is_named_and_other_patterns_have_run);
    tcase_add_test(tcase, a_pattern_that_had_to_wait_goes_on_where_it_was);
    tcase_add_test(tcase, the_next_page_has_all_its_time);
    tcase_add_test(tcase, the_same_page_goes_on_with_its_clock);
    tcase_add_test(tcase, a_start_that_would_take_too_long_is_not_waited_for);
    tcase_add_test(tcase, a_hard_start_among_many_is_found_as_without_a_clock);
    tcase_add_test(tcase, the_clock_is_read_seldom_while_all_is_quick);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
