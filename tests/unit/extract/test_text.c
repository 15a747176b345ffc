/* What patterns see is valid UTF-8 without a byte order mark; what is no text
 * is told apart. */
#include "fetchgrep/extract/text.h"

#include "suite.h"

#define BOM "\xEF\xBB\xBF"
#define R   "\xEF\xBF\xBD"

enum { SCRATCH_MAX = 1 << 20 };

struct valid_row {
    const char *body;
    size_t skipped;
};

static const struct valid_row valid_rows[] = {
    { "", 0 },
    { "plain", 0 },
    { "h\xC3\xA9 \xF0\x9F\x98\x80", 0 },
    { BOM, 3 },
    { BOM "x", 3 },
    { BOM BOM "x", 3 }, /* the second is a character */
    { "x" BOM, 0 },     /* and here it is none at the start */
    { R, 0 },
};

START_TEST(valid_text_is_used_as_it_lies_without_its_mark)
{
    const struct valid_row *row = &valid_rows[_i];
    struct view body = view_of_string(row->body);
    struct buf scratch;
    struct text text;
    buf_init(&scratch, SCRATCH_MAX);
    ck_assert(text_of_body(body, &scratch, &text));
    ck_assert_ptr_eq(text.bytes.data, body.data + row->skipped);
    ck_assert_uint_eq(text.bytes.size, body.size - row->skipped);
    ck_assert_uint_eq(text.replaced_count, 0);
    ck_assert_str_eq(text.charset, "utf-8");
    ck_assert_uint_eq(scratch.capacity, 0);
    buf_release(&scratch);
}
END_TEST

struct mended_row {
    const char *body, *text;
    size_t count;
};

static const struct mended_row mended_rows[] = {
    { "caf\xE9", "caf" R, 1 },        { "\xE9<b>", R "<b>", 1 },
    { BOM "a\xFF", "a" R, 1 },        { "\xEF\xBB", R, 1 }, /* half a mark */
    { "\xFE\xFFx", R R "x", 2 },                            /* UTF-16's */
    { "\xED\xA0\x80.", R R R ".", 3 }                       /* a surrogate */
};

START_TEST(ill_formed_parts_are_replaced_and_counted)
{
    const struct mended_row *row = &mended_rows[_i];
    struct buf scratch;
    struct text text;
    buf_init(&scratch, SCRATCH_MAX);
    buf_append_string(&scratch, "left from the page before");
    ck_assert(text_of_body(view_of_string(row->body), &scratch, &text));
    ck_assert(view_equal_string(text.bytes, row->text));
    ck_assert_uint_eq(text.replaced_count, row->count);
    buf_release(&scratch);
}
END_TEST

START_TEST(the_valid_part_before_a_fault_is_kept_whole)
{
    char body[2000];
    struct buf scratch;
    struct text text;
    memset(body, 'x', sizeof(body));
    body[sizeof(body) - 2] = '\xC3';
    buf_init(&scratch, SCRATCH_MAX);
    ck_assert(text_of_body(view_of(body, sizeof(body)), &scratch, &text));
    ck_assert_uint_eq(text.bytes.size, sizeof(body) + 2);
    ck_assert(!memcmp(text.bytes.data, body, sizeof(body) - 2));
    ck_assert(
        view_equal_string(view_from(text.bytes, sizeof(body) - 2), R "x"));
    buf_release(&scratch);
}
END_TEST

START_TEST(without_memory_nothing_is_handed_out)
{
    struct buf scratch;
    struct text text = { .replaced_count = 77 };
    buf_init(&scratch, 4);
    ck_assert(!text_of_body(view_of_string("abcdef\xFF"), &scratch, &text));
    ck_assert_uint_eq(text.replaced_count, 77);
    buf_release(&scratch);
}
END_TEST

static const char *const text_types[] = {
    "",
    "text/html",
    "TEXT/Plain",
    "text/x-anything",
    "application/json",
    "Application/XHTML+XML",
    "application/ld+json",
    "application/javascript",
    "image/svg+xml",
    "message/http",
};

START_TEST(textual_types_are_searched)
{
    const char *why = "untouched";
    ck_assert_msg(text_is_searchable(view_of_string(text_types[_i]),
                                     view_of_string("body"), &why),
                  "%s: %s", text_types[_i], why);
    ck_assert_str_eq(why, "untouched");
}
END_TEST

static const char *const other_types[] = {
    "image/png",         "application/octet-stream",
    "application/pdf",   "application/zip",
    "application/jsonx", "textual/html",
    "application/",      "video/mp4",
};

START_TEST(other_types_are_not_and_the_reason_is_given)
{
    const char *why = NULL;
    ck_assert(!text_is_searchable(view_of_string(other_types[_i]),
                                  view_of_string("body"), &why));
    ck_assert_str_eq(why, "its media type is not text");
}
END_TEST

START_TEST(a_nul_in_the_first_1024_bytes_is_binary)
{
    char body[1100];
    const char *why = NULL;
    struct view type = view_of_string("text/html");
    struct view bytes = view_of(body, sizeof(body));
    memset(body, 'x', sizeof(body));
    body[1024] = '\0';
    ck_assert(text_is_searchable(type, bytes, &why));
    body[1023] = '\0';
    ck_assert(!text_is_searchable(type, bytes, &why));
    ck_assert_str_eq(why, "binary (a NUL byte near the start)");
    ck_assert(text_is_searchable(type, view_of(NULL, 0), &why));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_loop_test(tests, valid_text_is_used_as_it_lies_without_its_mark,
                        0, (int)ARRAY_COUNT(valid_rows));
    tcase_add_loop_test(tests, ill_formed_parts_are_replaced_and_counted, 0,
                        (int)ARRAY_COUNT(mended_rows));
    tcase_add_test(tests, the_valid_part_before_a_fault_is_kept_whole);
    tcase_add_test(tests, without_memory_nothing_is_handed_out);
    tcase_add_loop_test(tests, textual_types_are_searched, 0,
                        (int)ARRAY_COUNT(text_types));
    tcase_add_loop_test(tests, other_types_are_not_and_the_reason_is_given, 0,
                        (int)ARRAY_COUNT(other_types));
    tcase_add_test(tests, a_nul_in_the_first_1024_bytes_is_binary);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
