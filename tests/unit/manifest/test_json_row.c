/*
 * Rows of JSON Lines: what is JSON is told by Jansson, and values are cut out
 * as they were written.
 */
#include "../../../src/manifest/json_row.h"

#include "suite.h"

static struct buf scratch;

static void set_up(void)
{
    buf_init(&scratch, 1 << 24);
}

static void tear_down(void)
{
    buf_release(&scratch);
}

static struct view checked(const char *row)
{
    char problem[JSON_PROBLEM_SIZE] = "";
    struct view object;
    ck_assert_msg(json_row_check(view_of_string(row), &scratch, &object,
                                 problem) == JSON_ROW_DONE,
                  "%s: %s", row, problem);
    return object;
}

struct find_case {
    const char *row, *name, *value; /* NULL: there is none */
};

static const struct find_case finds[] = {
    { "{\"url\":\"x\"}", "url", "\"x\"" },
    { " { \"a\" : 1 , \"url\" : \"x\" } ", "url", "\"x\"" },
    { "{\"a\":1}", "url", NULL },
    { "{}", "url", NULL },
    { "{\"\":1}", "", "1" },
    /* The last of several counts. */
    { "{\"a\":1,\"a\":2}", "a", "2" },
    { "{\"a\":1,\"\\u0061\":2}", "a", "2" },
    /* As it was written. */
    { "{\"a\":12345678901234567890123.4500e+1}", "a",
      "12345678901234567890123.4500e+1" },
    { "{\"a\":-0.0,\"b\":1E5}", "a", "-0.0" },
    { "{\"a\":99999999999999999999}", "a", "99999999999999999999" },
    { "{\"a\":true}", "a", "true" },
    { "{\"a\": null }", "a", "null" },
    { "{\"a\":[1, {\"b\":\"]}\"}],\"c\":3}", "a", "[1, {\"b\":\"]}\"}]" },
    { "{\"a\":[1, {\"b\":\"]}\"}],\"c\":3}", "c", "3" },
    { "{\"a\":\"\\\"\\\\\",\"c\":3}", "a", "\"\\\"\\\\\"" },
    { "{\"a\":\"\\\"\\\\\",\"c\":3}", "c", "3" },
    { "{\"a\":{},\"b\":[],\"c\":3}", "c", "3" },
    /* Names with dots. */
    { "{\"a\":{\"b\":{\"c\":1}}}", "a.b.c", "1" },
    { "{\"a\":{\"b\":{\"c\":1}}}", "a.b", "{\"c\":1}" },
    { "{\"a.b\":2,\"a\":{\"b\":1}}", "a.b", "2" },
    { "{\"a\":{\"b.c\":1}}", "a.b.c", "1" },
    { "{\"a\":{\"b\":1}}", "a.c", NULL },
    { "{\"a\":1}", "a.b", NULL },
    { "{\"a\":[1]}", "a.0", NULL },
    { "{\"a\":{\"\":1}}", "a.", "1" },
    { "{\"a\":1}", ".", NULL },
    /* A name inside another value is not the name. */
    { "{\"a\":{\"url\":1},\"b\":\"\\\"url\\\":2\"}", "url", NULL },
};

START_TEST(values_are_found_as_they_are_written)
{
    const struct find_case *find = &finds[_i];
    struct view object = checked(find->row);
    struct view value = json_row_find(object, view_of_string(find->name));
    if (find->value)
        ck_assert_msg(view_equal_string(value, find->value), "%.*s",
                      VIEW_ARG(value));
    else
        ck_assert_msg(!value.data, "%.*s", VIEW_ARG(value));
}
END_TEST

START_TEST(what_is_no_object_is_told)
{
    static const char *const rows[] = {
        "[]",
        "\"x\"",
        "1",
        "{",
        "{\"a\"}",
        "{\"a\":1,}",
        "{\"a\":1} x",
        "{\"a\":1}{\"b\":2}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":1e999}",
        "http://a.de/",
        "{\"\\u0000\":1}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char problem[JSON_PROBLEM_SIZE] = "";
        struct view object;
        ck_assert_msg(json_row_check(view_of_string(rows[i]), &scratch, &object,
                                     problem) == JSON_ROW_BAD,
                      "%s", rows[i]);
        ck_assert_msg(strlen(problem) > 10, "%s: %s", rows[i], problem);
    }
}
END_TEST

/* A row may hold secrets. */
START_TEST(a_message_does_not_quote_the_row)
{
    char problem[JSON_PROBLEM_SIZE] = "";
    struct view object;
    ck_assert_int_eq(json_row_check(view_of_string("{\"url\":secret}"),
                                    &scratch, &object, problem),
                     JSON_ROW_BAD);
    ck_assert_ptr_null(strstr(problem, "secret"));
}
END_TEST

START_TEST(nesting_without_end_is_refused)
{
    struct buf row;
    char problem[JSON_PROBLEM_SIZE] = "";
    struct view object;
    buf_init(&row, 1 << 20);
    buf_append_string(&row, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        buf_append_char(&row, '[');
    ck_assert_int_eq(json_row_check(buf_view(&row), &scratch, &object, problem),
                     JSON_ROW_BAD);
    ck_assert_ptr_nonnull(strstr(problem, "deep"));
    buf_release(&row);
}
END_TEST

static void check_text(const char *row, const void *text, size_t size)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    struct view value = json_row_find(checked(row), view_of_string("a"));
    ck_assert(json_row_append_text(value, &out));
    ck_assert_msg(view_equal(buf_view(&out), view_of(text, size)), "%s: %.*s",
                  row, VIEW_ARG(buf_view(&out)));
    buf_release(&out);
}

START_TEST(strings_become_their_text)
{
    check_text("{\"a\":\"x\"}", "x", 1);
    check_text("{\"a\":\"\"}", "", 0);
    check_text("{\"a\":\"http:\\/\\/a\\u00e9\\ud83d\\ude00\\n\\\"\"}",
               "http://a\xC3\xA9\xF0\x9F\x98\x80\n\"", 16);
    check_text("{\"a\":\"x\\u0000y\"}", "x\0y", 3);
    /* Latin-1 is no UTF-8. */
    check_text("{\"a\":\"x\xE9y\"}", "x\xEF\xBF\xBDy", 5);
}
END_TEST

START_TEST(other_values_are_no_text)
{
    static const char *const rows[] = { "{\"a\":1}", "{\"a\":null}",
                                        "{\"a\":[\"x\"]}",
                                        "{\"a\":{\"a\":\"x\"}}",
                                        "{\"a\":true}" };
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        ck_assert(!json_row_append_text(
            json_row_find(checked(rows[i]), view_of_string("a")), &out));
    ck_assert_uint_eq(out.size, 0);
    buf_release(&out);
}
END_TEST

START_TEST(a_value_is_kept_on_one_line)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    json_row_append_value(
        view_of_string("{ \"a b\" :\t[ 1 , \"x \\\" y\" ,\r{ } ] }"), &out);
    ck_assert_str_eq(buf_string(&out), "{\"a b\":[1,\"x \\\" y\",{}]}");
    buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_row");
    TCase *tests = tcase_create("json_row");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, values_are_found_as_they_are_written, 0,
                        (int)ARRAY_COUNT(finds));
    tcase_add_test(tests, what_is_no_object_is_told);
    tcase_add_test(tests, a_message_does_not_quote_the_row);
    tcase_add_test(tests, nesting_without_end_is_refused);
    tcase_add_test(tests, strings_become_their_text);
    tcase_add_test(tests, other_values_are_no_text);
    tcase_add_test(tests, a_value_is_kept_on_one_line);
    return run_suite(suite);
}
