/* Patterns and pattern files: names, grammar, and errors that show the place.
 */
#include "fetchgrep/extract/patterns.h"

#include <check.h>
#include <unistd.h>

static struct patterns *new_set(void)
{
    struct error err;
    struct patterns *patterns = patterns_new(false, &err);
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
};

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

START_TEST(a_missing_file_is_a_usage_error)
{
    struct error err;
    struct patterns *patterns = new_set();
    ck_assert(!patterns_add_file(patterns, "/nonexistent/patterns", &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/patterns"));
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
    tcase_add_test(tests, bytes_that_are_no_utf8_are_refused);
    tcase_add_test(tests, a_file_is_name_blank_rest_verbatim);
    tcase_add_loop_test(tests, a_bad_line_is_named_with_file_and_number, 0,
                        (int)ARRAY_COUNT(bad_files));
    tcase_add_test(tests, names_are_unique_over_files_and_expressions);
    tcase_add_test(tests, a_missing_file_is_a_usage_error);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
