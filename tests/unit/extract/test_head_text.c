/* The HTTP head as patterns see it. */
#include "fetchgrep/extract/head_text.h"

#include "suite.h"

#define LITERAL(text)                                                          \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

static const struct {
    struct view head, text;
} rows[] = {
    { LITERAL("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"),
      LITERAL("HTTP/1.1 200 OK\nServer: x\n\n") },
    { LITERAL("HTTP/1.1 200 OK\nA: b\n\n"),
      LITERAL("HTTP/1.1 200 OK\nA: b\n\n") },
    { LITERAL("A: one\rtwo\r\n"), LITERAL("A: one\rtwo\n") },
    { LITERAL("A: b\r\r\n"), LITERAL("A: b\r\n") },
    { LITERAL("cut\r"), LITERAL("cut\r") },
    { LITERAL("caf\xE9\r\n\xC3\r\n\xC3\xA9"),
      LITERAL("caf\xEF\xBF\xBD\n\xEF\xBF\xBD\n\xC3\xA9") },
    { LITERAL(""), LITERAL("") },
};

START_TEST(line_ends_are_lf_and_all_is_utf8)
{
    struct buf out;
    buf_init(&out, 1000);
    head_text_append(rows[_i].head, &out);
    ck_assert_msg(view_equal(buf_view(&out), rows[_i].text), "row %d", _i);
    buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("head_text");
    TCase *tests = tcase_create("head_text");
    tcase_add_loop_test(tests, line_ends_are_lf_and_all_is_utf8, 0,
                        ARRAY_COUNT(rows));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
