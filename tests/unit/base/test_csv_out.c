/* Fields by RFC 4180. */
#include "fetchgrep/base/csv_out.h"

#include "suite.h"

#define LITERAL(text)                                                          \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

static const struct {
    struct view text;
    struct view field;
} rows[] = {
    { LITERAL(""), LITERAL("") },
    { LITERAL("plain"), LITERAL("plain") },
    { LITERAL(" blanks\tand tabs "), LITERAL(" blanks\tand tabs ") },
    { LITERAL("a,b"), LITERAL("\"a,b\"") },
    { LITERAL(","), LITERAL("\",\"") },
    { LITERAL("\""), LITERAL("\"\"\"\"") },
    { LITERAL("\"\""), LITERAL("\"\"\"\"\"\"") },
    { LITERAL("say \"hi\""), LITERAL("\"say \"\"hi\"\"\"") },
    { LITERAL("two\nlines"), LITERAL("\"two\nlines\"") },
    { LITERAL("two\r\nlines\r"), LITERAL("\"two\r\nlines\r\"") },
    { LITERAL("\xC3\xA9"), LITERAL("\xC3\xA9") },
    { LITERAL("a\xC3\",\xFF"), LITERAL("\"a\xEF\xBF\xBD\"\",\xEF\xBF\xBD\"") },
    { LITERAL("bad\xFF"), LITERAL("bad\xEF\xBF\xBD") },
    { LITERAL("n\0l"), LITERAL("n\0l") },
};

START_TEST(a_field_is_quoted_where_it_must_be)
{
    struct buf out;
    buf_init(&out, 1000);
    csv_out_field(&out, rows[_i].text);
    ck_assert(view_equal(buf_view(&out), rows[_i].field));
    buf_release(&out);
}
END_TEST

START_TEST(no_text_at_all_is_an_empty_field)
{
    struct buf out;
    buf_init(&out, 1000);
    csv_out_field(&out, view_of(NULL, 0));
    ck_assert_uint_eq(out.size, 0);
    ck_assert(!out.failed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv_out");
    TCase *tests = tcase_create("csv_out");
    tcase_add_loop_test(tests, a_field_is_quoted_where_it_must_be, 0,
                        ARRAY_COUNT(rows));
    tcase_add_test(tests, no_text_at_all_is_an_empty_field);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
