/* Patterns and pattern files: names, grammar, and errors that show the place.
 */
#include "fetchgrep/extract/patterns.h"

#include "suite.h"
#include <sys/stat.h>
#include <unistd.h>

static struct patterns *new_set(void)
{
    struct error err;
    struct patterns *patterns =
        patterns_new(&(struct patterns_options){ 0 }, &err);
    ck_assert_ptr_nonnull(patterns);
    return patterns;
}

/* A file with `text`, removed by the caller. */
static char *write_file(const char *text)
{
    char *path = strdup("/tmp/fetchgrep-patterns-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static bool add_text(struct patterns *patterns, const char *text,
                     struct error *err)
{
    char *path = write_file(text);
    bool done = patterns_add_file(patterns, path, err);
    unlink(path);
    free(path);
    return done;
}

START_TEST(expressions_are_named_in_order)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(patterns_add_expression(patterns, view_of_string("a"), &err));
    ck_assert(patterns_add_expression(patterns, view_of_string("b"), &err));
    ck_assert(view_equal_string(patterns_name(patterns, 0), "e1"));
    ck_assert(view_equal_string(patterns_name(patterns, 1), "e2"));
    ck_assert(view_equal_string(patterns_regex(patterns, 1), "b"));
    patterns_free(patterns);
}
END_TEST

START_TEST(a_caret_stands_under_the_place)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(
        !patterns_add_expression(patterns, view_of_string("<meta ("), &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_str_eq(err.message,
                     "pattern e1: missing closing parenthesis (at offset 7)\n"
                     "  <meta (\n"
                     "         ^");
    patterns_free(patterns);
}
END_TEST

/* "/tmp" becomes "/tmp/././.": a long path to a short place. */
static void lengthen(char *path, size_t size)
{
    size_t at = strlen(path);
    snprintf(path + at, size - at, "/.");
}

START_TEST(the_caret_counts_characters_not_bytes)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(!patterns_add_expression(
        patterns, view_of_string("\xC3\xA9\xC3\xA9["), &err));
    const char *caret = strrchr(err.message, '\n');
    ck_assert_str_eq(caret, "\n     ^");
    patterns_free(patterns);
}
END_TEST

START_TEST(a_tab_is_shown_as_one_space)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(
        !patterns_add_expression(patterns, view_of_string("a\tb)c"), &err));
    ck_assert_str_eq(err.message,
                     "pattern e1: unmatched closing parenthesis (at offset 3)\n"
                     "  a b)c\n"
                     "     ^");
    patterns_free(patterns);
}
END_TEST

#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

START_TEST(a_long_pattern_is_shown_around_the_place)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(!patterns_add_expression(
        patterns, view_of_string(FIFTY FIFTY ")" FIFTY FIFTY), &err));
    ck_assert_str_eq(
        err.message,
        "pattern e1: unmatched closing parenthesis (at offset 100)\n"
        "  ...56789" TEN TEN TEN ")" TEN TEN TEN "0123...\n"
        "                                        ^");
    patterns_free(patterns);
}
END_TEST

/* The widest that a message can get: nothing of it is lost. */
START_TEST(a_long_path_leaves_room_for_pattern_and_caret)
{
    struct error err;
    struct patterns *patterns = new_set();
    char path[600] = "/tmp", *name = write_file("");
    struct buf line;
    unlink(name);
    ck_assert_int_eq(mkdir(name, 0700), 0);
    while (strlen(path) < 480)
        lengthen(path, sizeof(path));
    snprintf(path + strlen(path), sizeof(path) - strlen(path), "%s/p",
             name + strlen("/tmp"));
    buf_init(&line, 10000);
    buf_append_string(&line, "smiles" FIFTY "1234 ");
    for (int i = 0; i < 200; i++)
        buf_append_string(&line, i == 100 ? "(" : "\xF0\x9F\x98\x80");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(buf_string(&line), file);
    fclose(file);
    ck_assert(!patterns_add_file(patterns, path, &err));
    unlink(path);
    rmdir(name);
    ck_assert_ptr_nonnull(
        strstr(err.message, ":1: pattern smiles" FIFTY "1234: miss"));
    ck_assert_int_eq(err.message[strlen(err.message) - 1], '^');
    buf_release(&line);
    free(name);
    patterns_free(patterns);
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_refused)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(
        !patterns_add_expression(patterns, view_of_string("a\xFF"), &err));
    ck_assert_ptr_nonnull(strstr(err.message, "not valid UTF-8"));
    patterns_free(patterns);
}
END_TEST

START_TEST(a_file_is_name_blank_rest_verbatim)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert_msg(add_text(patterns,
                           "# a comment\r\n"
                           "\n"
                           "one a b \r\n"
                           "two\t\tx\n"
                           "three   y#z\n"
                           "#four q\n"
                           "five \\d",
                           &err),
                  "%s", err.message);
    static const char *const names[] = { "one", "two", "three", "five" };
    static const char *const regexes[] = { "a b ", "\tx", "y#z", "\\d" };
    ck_assert_uint_eq(patterns_count(patterns), 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert(view_equal_string(patterns_name(patterns, i), names[i]));
        ck_assert(view_equal_string(patterns_regex(patterns, i), regexes[i]));
    }
    patterns_free(patterns);
}
END_TEST

struct bad_file {
    const char *text, *message;
};

static const struct bad_file bad_files[] = {
    { "", "holds no pattern" },
    { "# only a comment\n", "holds no pattern" },
    { "lonely\n", ":1: pattern lonely has no expression" },
    { "a x\n y z\n", ":2: the line begins with a blank" },
    { "a x\nb (\n", ":2: pattern b: missing closing parenthesis" },
    { "a x\nb y\na z\n", ":3: pattern name \"a\" is used already" },
    { "a  \n", ":1: pattern a has no expression" },
    { "a\t\r\n", ":1: pattern a has no expression" },
    { "a x\n\x7f"
      "ELF \x01 (\n",
      ":2: the name is no text: is this a pattern file?" },
    { "caf\xE9 x\n", ":1: the name is no text" },
    { "a \xE9\n", ":1: pattern a: not valid UTF-8 (at offset 0)" },
    { "a@hedaers x\n", ":1: \"@hedaers\" is nothing that can be searched" },
    { "a@ x\n", ":1: \"@\" is nothing that can be searched" },
    { "a@Headers x\n", ":1: \"@Headers\" is nothing" },
    { "@headers x\n", ":1: no name before the @: write NAME@headers REGEX" },
    { "a@headers\n", ":1: pattern a has no expression" },
    { "a x\na@url y\n", ":2: pattern name \"a\" is used already" },
};

START_TEST(errors_of_a_file_are_exact)
{
    struct error err;
    struct patterns *patterns = new_set();
    char *path = write_file("# first\nmeta <meta (\n"), expected[256];
    ck_assert(!patterns_add_file(patterns, path, &err));
    snprintf(expected, sizeof(expected),
             "%s:2: pattern meta: missing closing parenthesis (at offset 7)\n"
             "  <meta (\n"
             "         ^",
             path);
    ck_assert_str_eq(err.message, expected);
    unlink(path);
    free(path);
    path = write_file("meta a\n\nmeta b\n");
    ck_assert(!patterns_add_file(patterns, path, &err));
    snprintf(expected, sizeof(expected),
             "%s:3: pattern name \"meta\" is used already (%s:1): names must "
             "be unique",
             path, path);
    ck_assert_str_eq(err.message, expected);
    unlink(path);
    free(path);
    patterns_free(patterns);
}
END_TEST

START_TEST(a_mark_in_front_and_a_missing_newline_are_no_part)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(add_text(patterns, "\xEF\xBB\xBFone a\n \t\n\ntwo b", &err));
    ck_assert_uint_eq(patterns_count(patterns), 2);
    ck_assert(view_equal_string(patterns_name(patterns, 0), "one"));
    ck_assert(view_equal_string(patterns_regex(patterns, 1), "b"));
    patterns_free(patterns);
}
END_TEST

START_TEST(one_byte_out_of_unicode_is_not_to_be_had)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(!patterns_add_expression(patterns, view_of_string("\\C"), &err));
    ck_assert(patterns_add_expression(
        patterns, view_of_string("(*UTF)(*LIMIT_MATCH=9)a"), &err));
    patterns_free(patterns);
}
END_TEST

START_TEST(what_stands_behind_the_name_is_searched)
{
    static const struct {
        const char *name;
        enum subject subject;
    } expected[] = {
        { "plain", SUBJECT_TEXT }, { "server", SUBJECT_HEADERS },
        { "path", SUBJECT_URL },   { "body", SUBJECT_TEXT },
        { "a@b", SUBJECT_URL },
    };
    struct error err = { 0 };
    struct patterns *patterns = new_set();
    ck_assert_msg(add_text(patterns,
                           "plain a@headers\nserver@headers\t@x\n"
                           "path@url  y\nbody@text z\na@b@url .\n",
                           &err),
                  "%s", err.message);
    ck_assert_uint_eq(patterns_count(patterns), ARRAY_COUNT(expected));
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        ck_assert(
            view_equal_string(patterns_name(patterns, i), expected[i].name));
        ck_assert_int_eq(patterns_subject(patterns, i), expected[i].subject);
    }
    ck_assert(view_equal_string(patterns_regex(patterns, 1), "@x"));
    patterns_free(patterns);
}
END_TEST

START_TEST(a_set_knows_what_it_searches)
{
    struct error err = { 0 };
    struct patterns *patterns = new_set();
    ck_assert(patterns_add_expression(patterns, view_of_string("@url"), &err));
    ck_assert(patterns_has_subject(patterns, SUBJECT_TEXT));
    ck_assert(!patterns_has_subject(patterns, SUBJECT_URL));
    ck_assert(!patterns_has_subject(patterns, SUBJECT_HEADERS));
    ck_assert(add_text(patterns, "h@headers x", &err));
    ck_assert(patterns_has_subject(patterns, SUBJECT_HEADERS));
    patterns_free(patterns);
}
END_TEST

/* By name, by number; a group that has a name by both. */
START_TEST(groups_are_found_by_name_and_number)
{
    static const struct {
        const char *name;
        int group; /* -1: none */
    } expected[] = {
        { "year", 0 }, { "1", 0 },     { "2", 1 },   { "day", 2 },
        { "3", 2 },    { "4", 0 },     { "5", -1 },  { "0", -1 },
        { "", -1 },    { "Year", -1 }, { "-1", -1 },
    };
    struct error err = { 0 };
    struct patterns *patterns = new_set();
    ck_assert(patterns_add_expression(
        patterns, view_of_string("(?J)(?<year>a)(b)(?<day>c)|(?<year>d)"),
        &err));
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        uint32_t group = 99;
        bool found = patterns_find_group(
            patterns, 0, view_of_string(expected[i].name), &group);
        ck_assert_int_eq(found, expected[i].group >= 0);
        ck_assert_int_eq(found ? (int)group : -1, expected[i].group);
    }
    patterns_free(patterns);
}
END_TEST

START_TEST(sets_that_search_other_things_are_described_otherwise)
{
    static const char *const files[] = { "a x", "a@url x", "a@headers x",
                                         "a@url@text x" };
    struct buf texts[ARRAY_COUNT(files)];
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        struct error err;
        struct patterns *patterns = new_set();
        buf_init(&texts[i], 10000);
        ck_assert(add_text(patterns, files[i], &err));
        patterns_describe(patterns, &texts[i]);
        patterns_free(patterns);
        for (size_t j = 0; j < i; j++)
            ck_assert(!view_equal(buf_view(&texts[i]), buf_view(&texts[j])));
    }
    for (size_t i = 0; i < ARRAY_COUNT(files); i++)
        buf_release(&texts[i]);
}
END_TEST

static struct buf describe(bool ignore_case, const char *first,
                           const char *second)
{
    struct error err;
    struct buf text;
    struct patterns *patterns = patterns_new(
        &(struct patterns_options){ .ignore_case = ignore_case }, &err);
    buf_init(&text, 10000);
    ck_assert(patterns_add_expression(patterns, view_of_string(first), &err));
    if (second)
        ck_assert(
            patterns_add_expression(patterns, view_of_string(second), &err));
    patterns_describe(patterns, &text);
    ck_assert(!text.failed);
    patterns_free(patterns);
    return text;
}

START_TEST(no_two_sets_are_described_alike)
{
    struct buf texts[] = {
        describe(false, "a", "b"),         describe(true, "a", "b"),
        describe(false, "b", "a"),         describe(false, "a", NULL),
        describe(false, "a\ne2\tb", NULL), describe(false, "a\ne2\t1\tb", NULL),
    };
    struct buf again = describe(false, "a", "b");
    ck_assert(view_equal(buf_view(&again), buf_view(&texts[0])));
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        for (size_t j = 0; j < i; j++)
            ck_assert(!view_equal(buf_view(&texts[i]), buf_view(&texts[j])));
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        buf_release(&texts[i]);
    buf_release(&again);
}
END_TEST

START_TEST(a_bad_line_is_named_with_file_and_number)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(!add_text(patterns, bad_files[_i].text, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_msg(strstr(err.message, bad_files[_i].message) != NULL, "%s",
                  err.message);
    patterns_free(patterns);
}
END_TEST

START_TEST(names_are_unique_over_files_and_expressions)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(patterns_add_expression(patterns, view_of_string("x"), &err));
    ck_assert(!add_text(patterns, "e1 y\n", &err));
    ck_assert_ptr_nonnull(strstr(err.message, "\"e1\" is used already (-e)"));
    patterns_free(patterns);
}
END_TEST

START_TEST(an_unreadable_file_is_a_usage_error)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(!patterns_add_file(patterns, "/nonexistent/patterns", &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_str_eq(err.message,
                     "cannot open pattern file /nonexistent/patterns: "
                     "No such file or directory");
    ck_assert(!patterns_add_file(patterns, "/tmp", &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_str_eq(err.message,
                     "cannot open pattern file /tmp: Is a directory");
    patterns_free(patterns);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("patterns");
    TCase *tests = tcase_create("patterns");
    tcase_add_test(tests, expressions_are_named_in_order);
    tcase_add_test(tests, a_caret_stands_under_the_place);
    tcase_add_test(tests, the_caret_counts_characters_not_bytes);
    tcase_add_test(tests, a_tab_is_shown_as_one_space);
    tcase_add_test(tests, a_long_pattern_is_shown_around_the_place);
    tcase_add_test(tests, a_long_path_leaves_room_for_pattern_and_caret);
    tcase_add_test(tests, bytes_that_are_no_utf8_are_refused);
    tcase_add_test(tests, a_file_is_name_blank_rest_verbatim);
    tcase_add_loop_test(tests, a_bad_line_is_named_with_file_and_number, 0,
                        (int)ARRAY_COUNT(bad_files));
    tcase_add_test(tests, names_are_unique_over_files_and_expressions);
    tcase_add_test(tests, an_unreadable_file_is_a_usage_error);
    tcase_add_test(tests, errors_of_a_file_are_exact);
    tcase_add_test(tests, a_mark_in_front_and_a_missing_newline_are_no_part);
    tcase_add_test(tests, one_byte_out_of_unicode_is_not_to_be_had);
    tcase_add_test(tests, no_two_sets_are_described_alike);
    tcase_add_test(tests, what_stands_behind_the_name_is_searched);
    tcase_add_test(tests, a_set_knows_what_it_searches);
    tcase_add_test(tests, groups_are_found_by_name_and_number);
    tcase_add_test(tests,
                   sets_that_search_other_things_are_described_otherwise);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
