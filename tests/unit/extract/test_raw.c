/* What options make of a pattern: raw bytes, letters beyond ASCII, Unicode's
 * classes. */
#include "fetchgrep/extract/matcher.h"

#include "suite.h"

enum { FOUND_MAX = 4096 };

struct found {
    size_t count;
    size_t offset[FOUND_MAX], size[FOUND_MAX];
};

static bool on_match(void *ctx, const struct match *match, struct error *err)
{
    struct found *found = ctx;
    (void)err;
    ck_assert_uint_lt(found->count, FOUND_MAX);
    found->offset[found->count] = match->offset;
    found->size[found->count++] = match->whole.size;
    return true;
}

static void search(const struct patterns_options *options, const char *regex,
                   struct view text, struct found *found)
{
    const struct matcher_options limits = { .max_matches = FOUND_MAX,
                                            .page_time_ms = 60000 };
    struct matcher_report report;
    struct error err;
    struct patterns *patterns = patterns_new(options, &err);
    ck_assert_ptr_nonnull(patterns);
    ck_assert_msg(
        patterns_add_expression(patterns, view_of_string(regex), &err), "%s",
        err.message);
    struct matcher *matcher = matcher_new(patterns, &limits, &err);
    ck_assert_ptr_nonnull(matcher);
    found->count = 0;
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, text, on_match, found,
                             &report, &err));
    ck_assert_uint_eq(report.limited_count, 0);
    matcher_free(matcher);
    patterns_free(patterns);
}

/* "offset+size offset+size ..." */
static void check(const struct patterns_options *options, const char *regex,
                  struct view text, const char *expected)
{
    static struct found found;
    char result[256] = "";
    size_t used = 0;
    search(options, regex, text, &found);
    for (size_t i = 0; i < found.count; i++)
        used +=
            (size_t)snprintf(result + used, sizeof(result) - used, "%s%zu+%zu",
                             i ? " " : "", found.offset[i], found.size[i]);
    ck_assert_msg(!strcmp(result, expected), "%s: %s instead of %s", regex,
                  result, expected);
}

struct row {
    const char *regex, *text, *expected;
};

/* ---- raw -------------------------------------------------------------- */

static const struct patterns_options raw = { .is_raw = true };

/* As Python 3.11 finds them with bytes. */
static const struct row raw_rows[] = {
    { ".", "\xC3\xA9x", "0+1 1+1 2+1" },
    { "", "\xC3\xA9", "0+0 1+0 2+0" },
    { "\xA9", "\xC3\xA9x", "1+1" },
    { "\\xA9", "\xC3\xA9x", "1+1" },
    { "[\\x80-\\xFF]+", "a\xFF\xFE\x80z", "1+3" },
    { "\xC3\xA9", "\xC3\xA9 \xE9", "0+2" },
    { "(?i)\xC3\xA9", "\xC3\x89 \xC3\xA9", "3+2" },
    { "(?i)abc", "ABC\xFF", "0+3" },
    { "\\w+", "caf\xE9 caf\xC3\xA9", "0+3 5+3" },
    { "(?=\xC3)|\xA9", "\xC3\xA9", "0+0 1+1" },
    { "\xE2\x82$", "a\xE2\x82", "1+2" },
    { "\\x{FF}", "\xFF", "0+1" },
};

START_TEST(raw_patterns_see_bytes)
{
    const struct row *row = &raw_rows[_i];
    check(&raw, row->regex, view_of_string(row->text), row->expected);
}
END_TEST

/* A match that was found already, for \K hid where it began, is passed by one
 * byte, though that continues a character of UTF-8. */
START_TEST(raw_searches_step_byte_by_byte)
{
    check(&raw, "(?<k>\\K.){0}(?<=(?&k))(?=\xA9\xA9)|\xA9",
          view_of_string("a\xA9\xA9"), "0+1 2+1");
}
END_TEST

START_TEST(raw_text_may_be_all_continuation_bytes)
{
    static struct found found;
    static char text[3000];
    memset(text, 0x80, sizeof(text));
    search(&raw, "\\x80", view_of(text, sizeof(text)), &found);
    ck_assert_uint_eq(found.count, sizeof(text));
    for (size_t i = 0; i < found.count; i++)
        ck_assert_uint_eq(found.offset[i], i);
}
END_TEST

/* They would make PCRE2 read characters where there are none. */
START_TEST(raw_patterns_cannot_ask_for_utf)
{
    static const char *const regexes[] = { "(*UTF)a", "(*UTF)(*UCP)a",
                                           "\\x{100}" };
    struct error err;
    struct patterns *patterns = patterns_new(&raw, &err);
    for (size_t i = 0; i < ARRAY_COUNT(regexes); i++) {
        ck_assert(!patterns_add_expression(patterns, view_of_string(regexes[i]),
                                           &err));
        ck_assert_int_eq(err.code, ERR_USAGE);
    }
    patterns_free(patterns);
}
END_TEST

/* ---- letters beyond ASCII --------------------------------------------- */

static const struct patterns_options plain = { .ignore_case = false };
static const struct patterns_options unicode = { .has_unicode = true };

static const struct row case_rows[] = {
    { "(?i)привет", "ПРИВЕТ Привет", "0+12 13+12" },
    { "(?i)ÉCOLE", "école", "0+6" },
    { "(?i)σ", "Σσς", "0+2 2+2 4+2" },
    { "(?i)k", "kK\xE2\x84\xAA", "0+1 1+1 2+3" }, /* the Kelvin sign */
    { "(?i)ß", "ẞß", "0+3 3+2" },
    { "(?i)[а-я]+", "ЖУК", "0+6" },
    { "[éü]", "éaü", "0+2 3+2" },
    { "[^a]", "aé", "1+2" },
    { "[а-я]+", "мир Мир", "0+6 9+4" },
    { "\\p{Lu}", "aÉЖ", "1+2 3+2" },
    { "\\p{Greek}+", "abγδ", "2+4" },
    { "\\p{L}+", "日本 x", "0+6 7+1" },
};

/* Whether or not the classes know Unicode. */
START_TEST(case_and_classes_go_beyond_ascii)
{
    const struct row *row = &case_rows[_i];
    struct view text = view_of_string(row->text);
    check(&plain, row->regex, text, row->expected);
    check(&unicode, row->regex, text, row->expected);
}
END_TEST

struct class_row {
    const char *regex, *text, *expected, *expected_unicode;
};

static const struct class_row class_rows[] = {
    { "\\w+", "naïve", "0+2 4+2", "0+6" },
    { "\\w+", "дом", "", "0+6" },
    { "\\d+", "1٢3", "0+1 3+1", "0+4" },
    { "a\\sb",
      "a\xC2\xA0"
      "b",
      "", "0+4" },
    { "\\b.", "éa", "2+1", "0+2" },
    { "[[:alpha:]]+", "aé", "0+1", "0+3" },
    { "\\W", "é", "0+2", "" },
};

START_TEST(unicode_widens_the_short_classes)
{
    const struct class_row *row = &class_rows[_i];
    char regex[64];
    struct view text = view_of_string(row->text);
    check(&plain, row->regex, text, row->expected);
    check(&unicode, row->regex, text, row->expected_unicode);
    snprintf(regex, sizeof(regex), "(*UCP)%s", row->regex);
    check(&plain, regex, text, row->expected_unicode);
}
END_TEST

START_TEST(ignore_case_of_all_patterns_goes_beyond_ascii)
{
    const struct patterns_options options = { .ignore_case = true };
    check(&options, "привет", view_of_string("ПРИВЕТ"), "0+12");
}
END_TEST

/* ---- sets ------------------------------------------------------------- */

START_TEST(no_two_kinds_of_sets_are_described_alike)
{
    const struct patterns_options kinds[] = {
        plain, raw, unicode, { .ignore_case = true }
    };
    struct buf texts[ARRAY_COUNT(kinds)];
    struct error err;
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        struct patterns *patterns = patterns_new(&kinds[i], &err);
        ck_assert(patterns_add_expression(patterns, view_of_string("x"), &err));
        buf_init(&texts[i], 1 << 12);
        patterns_describe(patterns, &texts[i]);
        patterns_free(patterns);
        for (size_t j = 0; j < i; j++)
            ck_assert(!view_equal(buf_view(&texts[i]), buf_view(&texts[j])));
    }
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        buf_release(&texts[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("raw");
    TCase *tests = tcase_create("raw");
    tcase_add_loop_test(tests, raw_patterns_see_bytes, 0,
                        (int)ARRAY_COUNT(raw_rows));
    tcase_add_test(tests, raw_searches_step_byte_by_byte);
    tcase_add_test(tests, raw_text_may_be_all_continuation_bytes);
    tcase_add_test(tests, raw_patterns_cannot_ask_for_utf);
    tcase_add_loop_test(tests, case_and_classes_go_beyond_ascii, 0,
                        (int)ARRAY_COUNT(case_rows));
    tcase_add_loop_test(tests, unicode_widens_the_short_classes, 0,
                        (int)ARRAY_COUNT(class_rows));
    tcase_add_test(tests, ignore_case_of_all_patterns_goes_beyond_ascii);
    tcase_add_test(tests, no_two_kinds_of_sets_are_described_alike);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
