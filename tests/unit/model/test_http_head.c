/*
 * Heads are read as browsers read them: what a server meant is found in spite
 * of how it wrote it, and what is no HTTP is not taken for it.
 */
#include "fetchgrep/model/http_head.h"

#include "fetchgrep/base/compiler.h"

#include "suite.h"

#define LITERAL(text) view_of(text, sizeof(text) - 1)

static void check_view(struct view found, const char *expected)
{
    ck_assert_msg(view_equal_string(found, expected), "\"%.*s\", not \"%s\"",
                  VIEW_ARG(found), expected);
}

START_TEST(an_ordinary_head_is_taken_apart)
{
    static const char bytes[] = "HTTP/1.1 301 Moved Permanently\r\n"
                                "Content-Type: text/html; charset=utf-8\r\n"
                                "Location: /there\r\n"
                                "Content-Encoding: gzip\r\n"
                                "Transfer-Encoding: chunked\r\n"
                                "\r\n"
                                "body: not a field\r\n\r\n";
    struct http_head head;
    ck_assert(http_head_parse(LITERAL(bytes), &head));
    ck_assert_int_eq(head.status, 301);
    check_view(head.version, "1.1");
    check_view(head.reason, "Moved Permanently");
    check_view(head.content_type, "text/html; charset=utf-8");
    check_view(head.location, "/there");
    check_view(head.content_encoding, "gzip");
    ck_assert(head.is_chunked);
    ck_assert_msg(
        view_starts_with(view_from(LITERAL(bytes), head.size), "body: not"),
        "the body starts elsewhere");
    struct view value;
    ck_assert(!http_head_field(&head, "body", &value));
}
END_TEST

START_TEST(lines_may_end_in_lf_alone_even_mixed)
{
    static const char bytes[] = "HTTP/1.0 200 OK\nA: 1\r\nB: 2\n\nbody";
    struct http_head head;
    struct view value;
    ck_assert(http_head_parse(LITERAL(bytes), &head));
    ck_assert_uint_eq(head.size, sizeof(bytes) - 1 - 4);
    check_view(head.version, "1.0");
    ck_assert(http_head_field(&head, "a", &value));
    check_view(value, "1");
    ck_assert(http_head_field(&head, "b", &value));
    check_view(value, "2");
}
END_TEST

struct status_row {
    const char *line;
    int status; /* 0: no HTTP */
    const char *version, *reason;
};

static const struct status_row status_rows[] = {
    { "HTTP/1.1 200 OK", 200, "1.1", "OK" },
    { "HTTP/1.1 200", 200, "1.1", "" },
    { "HTTP/1.1 200 ", 200, "1.1", "" },
    { "HTTP/1.1  404  Not  Found ", 404, "1.1", "Not  Found" },
    { "HTTP/2 204", 204, "2", "" },
    { "HTTP/1.1 999 x", 999, "1.1", "x" },
    { "HTTP/1.1 100 Continue", 100, "1.1", "Continue" },
    { "HTTP/1.1 099 x", 0, NULL, NULL },
    { "HTTP/1.1 20 x", 0, NULL, NULL },
    { "HTTP/1.1 2000 x", 0, NULL, NULL },
    { "HTTP/1.1 2x0 x", 0, NULL, NULL },
    { "HTTP/1.1 -20 x", 0, NULL, NULL },
    { "HTTP/1.1", 0, NULL, NULL },
    { "HTTP/", 0, NULL, NULL },
    { "HTTP", 0, NULL, NULL },
    { "http/1.1 200 OK", 0, NULL, NULL },
    { " HTTP/1.1 200 OK", 0, NULL, NULL },
    { "ICY 200 OK", 0, NULL, NULL },
    { "<html>", 0, NULL, NULL },
    { "", 0, NULL, NULL },
};

START_TEST(only_a_status_line_begins_a_head)
{
    const struct status_row *row = &status_rows[_i];
    char bytes[128];
    int size = snprintf(bytes, sizeof(bytes), "%s\r\nA: 1\r\n\r\n", row->line);
    struct http_head head = { .status = -7 };
    bool parsed = http_head_parse(view_of(bytes, (size_t)size), &head);
    ck_assert_msg(parsed == (row->status != 0), "%s", row->line);
    ck_assert_int_eq(head.status, parsed ? row->status : -7);
    if (!parsed)
        return;
    check_view(head.version, row->version);
    check_view(head.reason, row->reason);
    ck_assert_uint_eq(head.size, (size_t)size);
}
END_TEST

START_TEST(no_bytes_are_no_head)
{
    struct http_head head;
    ck_assert(!http_head_parse(view_of(NULL, 0), &head));
}
END_TEST

/* A head cut off anywhere is read as far as it came, and never beyond. */
START_TEST(a_head_that_never_ends_extends_to_the_end)
{
    static const char whole[] = "HTTP/1.1 200 OK\r\nA: 1\r\nLocation: /x\r\n";
    for (size_t size = 0; size < sizeof(whole); size++) {
        char *bytes = malloc(size ? size : 1); /* exact, for the sanitizer */
        ck_assert_ptr_nonnull(bytes);
        memcpy(bytes, whole, size);
        struct http_head head;
        bool parsed = http_head_parse(view_of(bytes, size), &head);
        ck_assert_int_eq(parsed, size >= strlen("HTTP/1.1 200"));
        if (parsed)
            ck_assert_uint_eq(head.size, size);
        free(bytes);
    }
    struct http_head head;
    ck_assert(http_head_parse(LITERAL(whole), &head));
    check_view(head.location, "/x");
}
END_TEST

START_TEST(names_are_found_in_any_case_and_values_are_trimmed)
{
    struct http_head head;
    struct view value;
    ck_assert(http_head_parse(LITERAL("HTTP/1.1 200 OK\r\n"
                                      "cOnTeNt-TyPe:\t text/plain \t\r\n"
                                      "X-Empty:\r\n"
                                      "X-Colons: a:b: c\r\n"
                                      "X-Blank : 1\r\n\r\n"),
                              &head));
    check_view(head.content_type, "text/plain");
    ck_assert(http_head_field(&head, "CONTENT-TYPE", &value));
    check_view(value, "text/plain");
    ck_assert(http_head_field(&head, "x-empty", &value));
    check_view(value, "");
    ck_assert(http_head_field(&head, "x-colons", &value));
    check_view(value, "a:b: c");
    ck_assert(http_head_field(&head, "x-blank", &value));
    check_view(value, "1");
    value = view_of_string("untouched");
    ck_assert(!http_head_field(&head, "X-Colon", &value));
    check_view(value, "untouched");
}
END_TEST

START_TEST(the_first_of_equal_fields_counts)
{
    struct http_head head;
    struct view value;
    ck_assert(http_head_parse(
        LITERAL("HTTP/1.1 200 OK\r\nLocation: /1\r\nLocation: /2\r\n"
                "Content-Type: a/a\r\nContent-Type: b/b\r\n"
                "Content-Encoding: gzip\r\nContent-Encoding: br\r\n\r\n"),
        &head));
    check_view(head.location, "/1");
    check_view(head.content_type, "a/a");
    check_view(head.content_encoding, "gzip");
    ck_assert(http_head_field(&head, "location", &value));
    check_view(value, "/1");
}
END_TEST

START_TEST(lines_without_colon_are_passed_over)
{
    struct http_head head;
    ck_assert(http_head_parse(LITERAL("HTTP/1.1 200 OK\r\n"
                                      "no field at all\r\n"
                                      "Location: /x\r\n\r\n"),
                              &head));
    check_view(head.location, "/x");
}
END_TEST

START_TEST(folded_lines_go_on_with_the_value)
{
    struct http_head head;
    struct view name, value;
    size_t cursor = 0;
    ck_assert(http_head_parse(LITERAL("HTTP/1.1 200 OK\r\n"
                                      "X-Long: one\r\n two\r\n\tthree: 3\r\n"
                                      "Location:\r\n /folded\r\n"
                                      "Last: 1\r\n\r\n"),
                              &head));
    check_view(head.location, "/folded");
    ck_assert(http_head_next(&head, &cursor, &name, &value));
    check_view(name, "X-Long");
    check_view(value, "one\r\n two\r\n\tthree: 3");
    ck_assert(http_head_next(&head, &cursor, &name, &value));
    check_view(name, "Location");
    ck_assert(http_head_next(&head, &cursor, &name, &value));
    check_view(name, "Last");
    ck_assert(!http_head_next(&head, &cursor, &name, &value));
    ck_assert(!http_head_next(&head, &cursor, &name, &value));
}
END_TEST

START_TEST(a_fold_with_nothing_before_it_is_no_field)
{
    struct http_head head;
    struct view value;
    ck_assert(http_head_parse(
        LITERAL("HTTP/1.1 200 OK\r\n Location: /no\r\nA: 1\r\n\r\n"), &head));
    ck_assert_ptr_null(head.location.data);
    ck_assert(!http_head_field(&head, "location", &value));
    ck_assert(http_head_field(&head, "a", &value));
}
END_TEST

START_TEST(field_bytes_of_any_kind_do_no_harm)
{
    struct http_head head;
    struct view value;
    ck_assert(http_head_parse(
        LITERAL("HTTP/1.1 200 \0\xFF\r\n: no name\r\nA\0B: \0\xFE\r\n\r\n"),
        &head));
    ck_assert_uint_eq(head.reason.size, 2);
    ck_assert(!http_head_field(&head, "A", &value));
    ck_assert(http_head_field(&head, "", &value));
    check_view(value, "no name");
}
END_TEST

START_TEST(chunked_counts_when_it_is_the_last_coding)
{
    static const struct {
        const char *fields;
        bool is_chunked;
    } rows[] = {
        { "Transfer-Encoding: chunked\r\n", true },
        { "transfer-encoding: CHUNKED\r\n", true },
        { "Transfer-Encoding: gzip, chunked\r\n", true },
        { "Transfer-Encoding:gzip ,\tchunked \r\n", true },
        { "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", true },
        { "Transfer-Encoding: chunked, gzip\r\n", false },
        { "Transfer-Encoding: xchunked\r\n", false },
        { "Transfer-Encoding: identity\r\n", false },
        { "Transfer-Encoding:\r\n", false },
        { "TE: chunked\r\n", false },
        { "", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char bytes[256];
        int size = snprintf(bytes, sizeof(bytes), "HTTP/1.1 200 OK\r\n%s\r\n",
                            rows[i].fields);
        struct http_head head;
        ck_assert(http_head_parse(view_of(bytes, (size_t)size), &head));
        ck_assert_msg(head.is_chunked == rows[i].is_chunked, "%s",
                      rows[i].fields);
    }
}
END_TEST

START_TEST(media_types_lose_their_parameters)
{
    check_view(http_media_type(LITERAL("text/html; charset=utf-8")),
               "text/html");
    check_view(http_media_type(LITERAL(" text/html ")), "text/html");
    check_view(http_media_type(LITERAL("text/html;")), "text/html");
    check_view(http_media_type(LITERAL(";charset=utf-8")), "");
    check_view(http_media_type(view_of(NULL, 0)), "");
}
END_TEST

struct parameter_row {
    const char *type;
    const char *value; /* NULL: none */
};

static const struct parameter_row parameter_rows[] = {
    { "text/html; charset=utf-8", "utf-8" },
    { "text/html;charset=UTF-8", "UTF-8" },
    { "text/html; CHARSET = \"utf-8\" ", "utf-8" },
    { "text/html; a=b; charset=euc-kr; charset=utf-8", "euc-kr" },
    { "text/html; charset=", "" },
    { "text/html; charset=\"\"", "" },
    { "text/html; charset=\"", "" },
    { "text/html; charset=\"utf-8", "utf-8" },
    { "text/html; charset=\"utf-8\" x", "utf-8" },
    { "text/html; charset", "" },
    { "text/html; xcharset=utf-8", NULL },
    { "charset=utf-8", NULL },
    { "text/html;", NULL },
    { "text/html", NULL },
    { "", NULL },
    { "text/html; title=\"a;charset=koi8-r\"; charset=utf-8", "utf-8" },
};

START_TEST(parameters_are_found_and_unquoted)
{
    const struct parameter_row *row = &parameter_rows[_i];
    struct view value = view_of_string("untouched");
    bool found =
        http_media_parameter(view_of_string(row->type), "charset", &value);
    ck_assert_msg(found == (row->value != NULL), "%s", row->type);
    check_view(value, found ? row->value : "untouched");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, an_ordinary_head_is_taken_apart);
    tcase_add_test(tests, lines_may_end_in_lf_alone_even_mixed);
    tcase_add_loop_test(tests, only_a_status_line_begins_a_head, 0,
                        (int)ARRAY_COUNT(status_rows));
    tcase_add_test(tests, no_bytes_are_no_head);
    tcase_add_test(tests, a_head_that_never_ends_extends_to_the_end);
    tcase_add_test(tests, names_are_found_in_any_case_and_values_are_trimmed);
    tcase_add_test(tests, the_first_of_equal_fields_counts);
    tcase_add_test(tests, lines_without_colon_are_passed_over);
    tcase_add_test(tests, folded_lines_go_on_with_the_value);
    tcase_add_test(tests, a_fold_with_nothing_before_it_is_no_field);
    tcase_add_test(tests, field_bytes_of_any_kind_do_no_harm);
    tcase_add_test(tests, chunked_counts_when_it_is_the_last_coding);
    tcase_add_test(tests, media_types_lose_their_parameters);
    tcase_add_loop_test(tests, parameters_are_found_and_unquoted, 0,
                        (int)ARRAY_COUNT(parameter_rows));
}

int main(void)
{
    Suite *suite = suite_create("http_head");
    TCase *tests = tcase_create("http_head");
    suite_add_tcase(suite, tests);
    add_tests(tests);
    return run_suite(suite);
}
