/*
 * The lines of results, byte for byte: they are a file format.
 */
#include "fetchgrep/record/lines.h"

#include "suite.h"
#include <jansson.h>

static struct buf out;

static void setup(void)
{
    buf_init(&out, 1 << 20);
}

static void teardown(void)
{
    buf_release(&out);
}

#define LITERAL(text) view_of(text, sizeof(text) - 1)

START_TEST(control_characters_and_backslashes_are_escaped)
{
    static const char *const named[256] = {
        ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t", ['\\'] = "\\\\"
    };
    for (int c = 0; c < 128; c++) {
        char byte = (char)c, expected[8];
        if (named[c])
            snprintf(expected, sizeof(expected), "%s", named[c]);
        else if (c < 32 || c == 127)
            snprintf(expected, sizeof(expected), "\\x%02x", (unsigned)c);
        else
            snprintf(expected, sizeof(expected), "%c", c);
        buf_reset(&out);
        text_append_escaped(view_of(&byte, 1), &out);
        ck_assert_str_eq(buf_string(&out), expected);
    }
}
END_TEST

START_TEST(text_that_is_utf8_stays_and_other_bytes_are_replaced)
{
    text_append_escaped(LITERAL("a\xC3\xA9\xF0\x9F\x98\x80z"), &out);
    ck_assert_str_eq(buf_string(&out), "a\xC3\xA9\xF0\x9F\x98\x80z");
    buf_reset(&out);
    text_append_escaped(LITERAL("a\xC3\n\xFFz\x80"), &out);
    ck_assert_str_eq(buf_string(&out),
                     "a\xEF\xBF\xBD\\n\xEF\xBF\xBDz\xEF\xBF\xBD");
    buf_reset(&out);
    text_append_escaped(view_of(NULL, 0), &out);
    ck_assert_uint_eq(out.size, 0);
}
END_TEST

static const struct page_timing timing = { .dns_us = 100,
                                           .connect_us = 340,
                                           .tls_us = 0,
                                           .first_byte_us = 1250,
                                           .total_us = 2000100 };

/* design: the members, in this order. */
START_TEST(a_full_outcome_is_the_documented_json)
{
    const struct outcome_line line = {
        .id = 17,
        .url = LITERAL("http://a/"),
        .outcome = OUTCOME_PATTERN_LIMIT,
        .status = 200,
        .final_url = LITERAL("http://b/"),
        .attempts = 1,
        .redirects = 2,
        .was_fetched = true,
        .ip = LITERAL("127.0.0.1"),
        .http = LITERAL("1.1"),
        .mime = LITERAL("text/html"),
        .charset = LITERAL("utf-8"),
        .charset_from = LITERAL("header"),
        .has_body = true,
        .body_bytes = 10433,
        .has_text = true,
        .text_bytes = 48211,
        .replaced_count = 3,
        .digest = LITERAL("sha1:ABC"),
        .fetched_at_ms = INT64_C(1795332614123),
        .timing = &timing,
        .has_matches = true,
        .match_count = 4,
        .source = LITERAL("urls.txt"),
        .line = 18,
        .keep = LITERAL("{\"rank\":1}"),
        .detail = LITERAL("pattern \"x\""),
    };
    outcome_line_append(&line, &out);
    outcome_line_close(LITERAL("pages/gen0001-00000.warc.gz"), 12345, &out);
    ck_assert_str_eq(
        buf_string(&out),
        "{\"id\":17,\"url\":\"http://a/\",\"outcome\":\"pattern-limit\","
        "\"status\":200,\"final_url\":\"http://b/\",\"attempts\":1,"
        "\"redirects\":2,\"ip\":\"127.0.0.1\",\"http\":\"1.1\","
        "\"mime\":\"text/"
        "html\",\"charset\":\"utf-8\",\"charset_from\":\"header\",\"bytes\":"
        "10433,"
        "\"text_bytes\":48211,\"replaced\":3,\"digest\":\"sha1:ABC\","
        "\"fetched_at\":\"2026-11-22T07:30:14.123Z\","
        "\"ms\":{\"dns\":0.1,\"connect\":0.3,\"tls\":0,"
        "\"first_byte\":1.3,\"total\":2000.1},\"matches\":4,"
        "\"source\":\"urls.txt\",\"line\":18,\"keep\":{\"rank\":1},"
        "\"detail\":\"pattern \\\"x\\\"\","
        "\"warc\":\"pages/gen0001-00000.warc.gz\",\"warc_offset\":12345}\n");
}
END_TEST

START_TEST(what_does_not_apply_is_left_out)
{
    const struct outcome_line line = { .id = 0,
                                       .url = LITERAL("not a url"),
                                       .outcome = OUTCOME_INVALID_URL };
    outcome_line_append(&line, &out);
    outcome_line_close(view_of(NULL, 0), 99, &out);
    ck_assert_str_eq(buf_string(&out), "{\"id\":0,\"url\":\"not a url\","
                                       "\"outcome\":\"invalid-url\"}\n");
}
END_TEST

START_TEST(a_duplicate_names_the_first_one)
{
    const struct outcome_line line = { .id = 7,
                                       .url = LITERAL("u"),
                                       .outcome = OUTCOME_DUPLICATE,
                                       .is_duplicate = true,
                                       .duplicate_of = 0,
                                       .source = LITERAL("list") };
    outcome_line_append(&line, &out);
    outcome_line_close(view_of(NULL, 0), 99, &out);
    ck_assert_str_eq(buf_string(&out),
                     "{\"id\":7,\"url\":\"u\",\"outcome\":\"duplicate\","
                     "\"duplicate_of\":0,\"source\":\"list\"}\n");
}
END_TEST

START_TEST(noughts_that_mean_something_are_written)
{
    const struct outcome_line line = { .id = 1,
                                       .url = LITERAL("u"),
                                       .outcome = OUTCOME_OK,
                                       .was_fetched = true,
                                       .has_body = true,
                                       .has_text = true,
                                       .has_matches = true };
    outcome_line_append(&line, &out);
    outcome_line_close(LITERAL("w"), 0, &out);
    ck_assert_str_eq(buf_string(&out),
                     "{\"id\":1,\"url\":\"u\",\"outcome\":\"ok\","
                     "\"attempts\":0,\"redirects\":0,\"bytes\":0,"
                     "\"text_bytes\":0,\"matches\":0,\"warc\":\"w\","
                     "\"warc_offset\":0}\n");
}
END_TEST

START_TEST(every_outcome_word_stands_in_its_line)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct outcome_line line = { .outcome = (enum outcome)i };
        char member[64];
        snprintf(member, sizeof(member), ",\"outcome\":\"%s\"}",
                 outcome_word((enum outcome)i));
        buf_reset(&out);
        outcome_line_append(&line, &out);
        outcome_line_close(view_of(NULL, 0), 0, &out);
        ck_assert_ptr_nonnull(strstr(buf_string(&out), member));
    }
}
END_TEST

/* A manifest's line may hold anything; a file name too. */
START_TEST(an_outcome_with_junk_in_it_is_one_line_of_sound_json)
{
    const struct outcome_line line = { .url = LITERAL("a\0\n\xFF\"\\"),
                                       .source = LITERAL("\xFE\n"),
                                       .detail = LITERAL("\x01\x7F") };
    outcome_line_append(&line, &out);
    outcome_line_close(LITERAL("w"), UINT64_MAX, &out);
    ck_assert_ptr_eq(memchr(out.data, '\n', out.size), out.data + out.size - 1);
    json_error_t problem;
    json_t *read = json_loadb(
        out.data, out.size, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &problem);
    ck_assert_msg(read != NULL, "%s", problem.text);
    const json_t *url = json_object_get(read, "url");
    ck_assert_uint_eq(json_string_length(url), 8);
    ck_assert_mem_eq(json_string_value(url), "a\0\n\xEF\xBF\xBD\"\\", 8);
    json_decref(read);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lines");
    TCase *tests = tcase_create("lines");
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, control_characters_and_backslashes_are_escaped);
    tcase_add_test(tests, text_that_is_utf8_stays_and_other_bytes_are_replaced);
    tcase_add_test(tests, a_full_outcome_is_the_documented_json);
    tcase_add_test(tests, what_does_not_apply_is_left_out);
    tcase_add_test(tests, a_duplicate_names_the_first_one);
    tcase_add_test(tests, noughts_that_mean_something_are_written);
    tcase_add_test(tests, every_outcome_word_stands_in_its_line);
    tcase_add_test(tests, an_outcome_with_junk_in_it_is_one_line_of_sound_json);
    return run_suite(suite);
}
