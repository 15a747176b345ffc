#include "fetchgrep/archive/cdxj.h"

#include "suite.h"

static void check_line(const struct cdxj_record *record, const char *expected)
{
    struct buf line;
    buf_init(&line, 1 << 16);
    cdxj_append_head(record, &line);
    cdxj_append_place(51234567890, view_of_string("gen0001-00000.warc.gz"),
                      &line);
    ck_assert_str_eq(buf_string(&line), expected);
    buf_release(&line);
}

START_TEST(a_line_is_as_pywb_reads_it)
{
    struct cdxj_record record = {
        .url = view_of_string("http://www.Example.org/path?b=1"),
        .date_ms = 1795332614123, /* 2026-11-22T07:30:14.123Z */
        .mime = view_of_string("text/html"),
        .status = 200,
        .digest = view_of_string("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"),
        .length = 777,
    };
    check_line(&record, "org,example)/path?b=1 20261122073014 "
                        "{\"url\":\"http://www.Example.org/path?b=1\","
                        "\"mime\":\"text/html\",\"status\":\"200\","
                        "\"digest\":\"sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\","
                        "\"length\":\"777\",\"offset\":\"51234567890\","
                        "\"filename\":\"gen0001-00000.warc.gz\"}\n");
}
END_TEST

START_TEST(a_response_without_mime_has_no_mime_member)
{
    struct cdxj_record record = {
        .url = view_of_string("https://example.org/"),
        .date_ms = 0,
        .status = 404,
        .digest = view_of_string("sha1:X"),
        .length = 1,
    };
    check_line(&record, "org,example)/ 19700101000000 "
                        "{\"url\":\"https://example.org/\","
                        "\"status\":\"404\",\"digest\":\"sha1:X\","
                        "\"length\":\"1\",\"offset\":\"51234567890\","
                        "\"filename\":\"gen0001-00000.warc.gz\"}\n");
}
END_TEST

START_TEST(what_a_server_calls_its_type_cannot_break_the_line)
{
    struct cdxj_record record = {
        .url = view_of_string("http://a.org/"),
        .mime = view_of_string("a\"b\\c\nd"),
        .status = 200,
        .digest = view_of_string("sha1:X"),
    };
    check_line(&record, "org,a)/ 19700101000000 "
                        "{\"url\":\"http://a.org/\","
                        "\"mime\":\"a\\\"b\\\\c\\nd\","
                        "\"status\":\"200\",\"digest\":\"sha1:X\","
                        "\"length\":\"0\",\"offset\":\"51234567890\","
                        "\"filename\":\"gen0001-00000.warc.gz\"}\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cdxj");
    TCase *tests = tcase_create("cdxj");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, a_line_is_as_pywb_reads_it);
    tcase_add_test(tests, a_response_without_mime_has_no_mime_member);
    tcase_add_test(tests, what_a_server_calls_its_type_cannot_break_the_line);
    return run_suite(suite);
}
