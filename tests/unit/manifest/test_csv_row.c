/*
 * Rows of CSV are cut where RFC 4180 has them end, and what it does not allow
 * is read as Python's csv reads it.
 */
#include "../../../src/manifest/csv_row.h"

#include "suite.h"

enum { FIELDS_MAX = 8 };

struct row_case {
    const char *row;
    const char *fields[FIELDS_MAX]; /* to NULL */
};

static const struct row_case cases[] = {
    { "", { "" } },
    { "a", { "a" } },
    { "a,b,c", { "a", "b", "c" } },
    { ",", { "", "" } },
    { ",,x,", { "", "", "x", "" } },
    { "\"a\"", { "a" } },
    { "\"\"", { "" } },
    { "\"\",\"\"", { "", "" } },
    { "\"a,b\",c", { "a,b", "c" } },
    { "\"a\nb\",c", { "a\nb", "c" } },
    { "\"a\r\nb\",c", { "a\r\nb", "c" } },
    { "\"a\"\"b\"", { "a\"b" } },
    { "\"\"\"\"", { "\"" } },
    { "\"\"\"a\"\"\"", { "\"a\"" } },
    { "a\"b", { "a\"b" } },
    { "a\"b,c\"d", { "a\"b", "c\"d" } },
    { "a \"b\", c", { "a \"b\"", " c" } },
    { " \"a,b\"", { " \"a", "b\"" } },
    { "\"a\"b,c", { "ab", "c" } },
    { "\"a\"b\"c,d", { "ab\"c", "d" } },
    { "\"a\" ,b", { "a ", "b" } },
    { "\"a\",", { "a", "" } },
    { "\xFF,\xC3\xBC", { "\xFF", "\xC3\xBC" } },
    { "a;b\tc", { "a;b\tc" } },
};

static struct view next_field(struct view *rest, struct buf *scratch)
{
    struct view field;
    ck_assert_int_eq(csv_next_field(rest, scratch, &field), CSV_FIELD);
    ck_assert_ptr_nonnull(field.data);
    return field;
}

START_TEST(fields_are_those_of_the_row)
{
    const struct row_case *row = &cases[_i];
    struct view rest = view_of_string(row->row), fields[FIELDS_MAX];
    size_t count = 0;
    struct buf scratch;
    buf_init(&scratch, 1 << 16);
    ck_assert_ptr_nonnull(buf_reserve(&scratch, rest.size + 1));
    while (rest.data)
        fields[count++] = next_field(&rest, &scratch);
    /* All of them stay until the row is done with. */
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(
            row->fields[i] && view_equal_string(fields[i], row->fields[i]),
            "field %zu of %s: \"%.*s\"", i, row->row, VIEW_ARG(fields[i]));
    ck_assert_ptr_null(row->fields[count]);
    buf_release(&scratch);
}
END_TEST

START_TEST(a_quote_that_is_not_closed_is_told)
{
    static const char *const rows[] = { "\"", "\"a", "\"a\"\"", "\"a,b\nc",
                                        "\"\"\"" };
    struct buf scratch;
    buf_init(&scratch, 1 << 16);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct view rest = view_of_string(rows[i]), field;
        ck_assert_msg(csv_next_field(&rest, &scratch, &field) == CSV_UNCLOSED,
                      "%s", rows[i]);
    }
    struct view rest = view_of_string("a,\"b"), field;
    ck_assert_int_eq(csv_next_field(&rest, &scratch, &field), CSV_FIELD);
    ck_assert(view_equal_string(field, "a"));
    ck_assert_int_eq(csv_next_field(&rest, &scratch, &field), CSV_UNCLOSED);
    buf_release(&scratch);
}
END_TEST

START_TEST(rows_end_where_no_quote_is_open)
{
    static const struct {
        const char *text;
        size_t end;
    } ends[] = {
        { "a\nb", 1 },
        { "\n", 0 },
        { "a,b\r\nc", 4 },
        { "\"a\nb\"\nc", 5 },
        { "\"a\"\"\nb\"\n", 7 },
        { "a\"\nb\"\n", 2 },
        { " \"a\nb", 3 },
        { "\"a\"b\"\nc", 5 },
        { "x,\"a\n\"\"\n\",\n", 10 },
        { "\"a\"\n\"", 3 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
        struct view text = view_of_string(ends[i].text);
        enum csv_place place = CSV_FIELD_START;
        size_t done = 0;
        ck_assert_msg(csv_find_end(text, &done, &place), "%s", ends[i].text);
        ck_assert_msg(done == ends[i].end, "%s: %zu", ends[i].text, done);
    }
}
END_TEST

/* However the bytes come in, the end is the same. */
START_TEST(a_row_that_comes_in_pieces_ends_at_the_same_place)
{
    static const char text[] = "x,\"a\n\"\"b\"\"\n\",\"c\"\nnext";
    size_t expected = (size_t)(strstr(text, "\nnext") - text);
    for (size_t cut = 0; cut <= expected; cut++) {
        enum csv_place place = CSV_FIELD_START;
        size_t done = 0;
        ck_assert(!csv_find_end(view_of(text, cut), &done, &place));
        ck_assert_uint_eq(done, cut);
        ck_assert(csv_find_end(view_of_string(text), &done, &place));
        ck_assert_uint_eq(done, expected);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv_row");
    TCase *tests = tcase_create("csv_row");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, fields_are_those_of_the_row, 0,
                        (int)ARRAY_COUNT(cases));
    tcase_add_test(tests, a_quote_that_is_not_closed_is_told);
    tcase_add_test(tests, rows_end_where_no_quote_is_open);
    tcase_add_test(tests, a_row_that_comes_in_pieces_ends_at_the_same_place);
    return run_suite(suite);
}
