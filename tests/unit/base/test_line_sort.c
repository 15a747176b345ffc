/*
 * Sorted is sorted, in one run or in thousands, and lines of any bytes and any
 * length come out as they went in.
 */
#include "fetchgrep/base/line_sort.h"

#include "suite.h"

static struct buf given;

static void setup(void)
{
    buf_init(&given, 1 << 26);
}

static void teardown(void)
{
    buf_release(&given);
}

static FILE *stream_of(struct view text)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text.data, 1, text.size, file), text.size);
    rewind(file);
    return file;
}

static struct buf text_of(FILE *file)
{
    struct buf text;
    char bytes[4096];
    size_t size;
    buf_init(&text, 1 << 26);
    rewind(file);
    while ((size = fread(bytes, 1, sizeof(bytes), file)) > 0)
        buf_append(&text, bytes, size);
    fclose(file);
    return text;
}

typedef bool pass_fn(const struct line_sort *how, FILE *in, FILE *out,
                     struct error *err);

static struct buf pass(pass_fn *through, const struct line_sort *how,
                       struct view text)
{
    struct error err = { 0 };
    FILE *in = stream_of(text), *out = tmpfile();
    ck_assert_ptr_nonnull(out);
    ck_assert_msg(through(how, in, out, &err), "%s", err.message);
    fclose(in);
    return text_of(out);
}

static struct buf sorted(struct view text, size_t memory)
{
    const struct line_sort how = { .memory = memory,
                                   .name = "the test",
                                   .dir = "/tmp" };
    return pass(line_sort_stream, &how, text);
}

static void check_sorted(struct view text, size_t memory, const char *expected)
{
    struct buf result = sorted(text, memory);
    ck_assert_str_eq(buf_string(&result), expected);
    buf_release(&result);
}

START_TEST(lines_come_out_in_order)
{
    check_sorted(view_of_string("b\nc\n\na\nab\n"), 1 << 16, "\na\nab\nb\nc\n");
    check_sorted(view_of_string(""), 1 << 16, "");
    check_sorted(view_of_string("b\na"), 1 << 16, "a\nb\n");
    check_sorted(view_of_string("same\nsame\n"), 1 << 16, "same\nsame\n");
}
END_TEST

/* Numbers from 0 on, each once, shuffled by a multiplier that is prime. */
static void append_shuffled(size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_append_format(&given, "%08zu\n", i * 1000003 % count);
}

static void check_numbers(struct buf *result, size_t count)
{
    ck_assert_uint_eq(result->size, count * 9);
    for (size_t i = 0; i < count; i++) {
        char expected[16];
        snprintf(expected, sizeof(expected), "%08zu\n", i);
        ck_assert_mem_eq(result->data + i * 9, expected, 9);
    }
}

/* 256 bytes of memory: runs of some ten lines, so that runs are merged to
 * longer ones, and those again. */
START_TEST(any_number_of_runs_is_merged)
{
    enum { COUNT = 70000 };
    append_shuffled(COUNT);
    struct buf result = sorted(buf_view(&given), 256);
    check_numbers(&result, COUNT);
    buf_release(&result);
}
END_TEST

START_TEST(a_line_longer_than_the_memory_is_sorted_too)
{
    char *x = malloc(100001), *y = malloc(100001);
    memset(x, 'x', 100000);
    memset(y, 'y', 100000);
    x[100000] = y[100000] = '\n';
    buf_append_string(&given, "z\n");
    buf_append(&given, y, 100001);
    buf_append_string(&given, "a\n");
    buf_append(&given, x, 100001);
    struct buf result = sorted(buf_view(&given), 1024);
    ck_assert_uint_eq(result.size, 200006);
    ck_assert_mem_eq(result.data, "a\n", 2);
    ck_assert_mem_eq(result.data + 2, x, 100001);
    ck_assert_mem_eq(result.data + 100003, y, 100001);
    ck_assert_mem_eq(result.data + 200004, "z\n", 2);
    buf_release(&result);
    free(x);
    free(y);
}
END_TEST

START_TEST(lines_may_hold_nul_and_any_byte)
{
    const struct view text = view_of("\0b\n\xFF\n\0a\n", 8);
    struct buf result = sorted(text, 1 << 16);
    ck_assert_uint_eq(result.size, 8);
    ck_assert_mem_eq(result.data, "\0a\n\0b\n\xFF\n", 8);
    buf_release(&result);
}
END_TEST

/* ---- edited lines ----------------------------------------------------- */

/* "key value" becomes "value key"; and back. */
static bool turn_round(void *ctx, struct view line, struct buf *out,
                       struct error *err)
{
    struct view rest = line, first = view_split(&rest, ' ');
    (void)ctx;
    if (!rest.data)
        return error_set(err, ERR_DATA, "a line without a blank");
    buf_append_view(out, rest);
    buf_append_char(out, ' ');
    buf_append_view(out, first);
    return true;
}

static const struct line_sort turning = { .memory = 64,
                                          .name = "the test",
                                          .dir = "/tmp",
                                          .take = turn_round,
                                          .give = turn_round };

START_TEST(lines_are_sorted_as_taken_and_written_as_given)
{
    const struct view text = view_of_string("a 3\nb 1\nc 2\n");
    struct buf result = pass(line_sort_stream, &turning, text);
    ck_assert_str_eq(buf_string(&result), "b 1\nc 2\na 3\n");
    buf_release(&result);
    for (int i = 0; i < 1000; i++)
        buf_append_format(&given, "%03d %03d\n", 999 - i, i * 7 % 1000);
    result = pass(line_sort_stream, &turning, buf_view(&given));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(strtol(result.data + (size_t)i * 8 + 4, NULL, 10), i);
    buf_release(&result);
}
END_TEST

START_TEST(lines_are_edited_without_sorting)
{
    const struct line_sort once = { .name = "the test", .take = turn_round };
    const struct view text = view_of_string("a 3\nb 1");
    struct buf result = pass(line_edit_stream, &once, text);
    ck_assert_str_eq(buf_string(&result), "3 a\n1 b\n");
    buf_release(&result);
    result = pass(line_edit_stream, &turning, text);
    ck_assert_str_eq(buf_string(&result), "a 3\nb 1\n");
    buf_release(&result);
}
END_TEST

START_TEST(an_edit_that_fails_ends_it)
{
    struct error err = { 0 };
    FILE *in = stream_of(view_of_string("a b\nnone\n")), *out = tmpfile();
    ck_assert(!line_sort_stream(&turning, in, out, &err));
    ck_assert_str_eq(err.message, "a line without a blank");
    rewind(in);
    ck_assert(!line_edit_stream(&turning, in, out, &err));
    fclose(in);
    fclose(out);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct error err = { 0 };
    append_shuffled(100000);
    FILE *in = stream_of(buf_view(&given)), *out = fopen("/dev/full", "w");
    const struct line_sort how = { .memory = 1 << 16,
                                   .name = "the test",
                                   .dir = "/tmp" };
    ck_assert_ptr_nonnull(out);
    ck_assert(!line_sort_stream(&how, in, out, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert_ptr_nonnull(strstr(err.message, "cannot write the test"));
    fclose(in);
    fclose(out);
}
END_TEST

START_TEST(no_place_for_runs_is_an_error)
{
    struct error err = { 0 };
    const struct line_sort how = { .memory = 8,
                                   .name = "the test",
                                   .dir = "/no/such/dir" };
    FILE *in = stream_of(view_of_string("abc\ndef\nghi\n")), *out = tmpfile();
    ck_assert(!line_sort_stream(&how, in, out, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert_ptr_nonnull(strstr(err.message, "/no/such/dir"));
    fclose(in);
    fclose(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("line_sort");
    TCase *tests = tcase_create("line_sort");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, lines_come_out_in_order);
    tcase_add_test(tests, any_number_of_runs_is_merged);
    tcase_add_test(tests, a_line_longer_than_the_memory_is_sorted_too);
    tcase_add_test(tests, lines_may_hold_nul_and_any_byte);
    tcase_add_test(tests, lines_are_sorted_as_taken_and_written_as_given);
    tcase_add_test(tests, lines_are_edited_without_sorting);
    tcase_add_test(tests, an_edit_that_fails_ends_it);
    tcase_add_test(tests, a_full_disk_is_an_error);
    tcase_add_test(tests, no_place_for_runs_is_an_error);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
