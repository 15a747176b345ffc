/* Bytes and text: buf keeps to its maximum, UTF-8 is judged as Unicode's table
 * 3-7 says, JSON strings are valid whatever comes in. */
#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/base/utf8.h"

#include "suite.h"

START_TEST(a_buf_keeps_to_its_maximum)
{
    struct buf buf;
    struct error err;
    buf_init(&buf, 10);
    buf_append_string(&buf, "12345");
    buf_append_string(&buf, "67890");
    ck_assert(!buf.failed);
    buf_append_char(&buf, 'x');
    ck_assert(buf.failed);
    ck_assert_uint_eq(buf.size, 10);
    buf_reset(&buf);
    buf_append_string(&buf, "abc");
    ck_assert(buf_check(&buf, "it", &err));
    ck_assert_str_eq(buf_string(&buf), "abc");
    buf_release(&buf);
}
END_TEST

START_TEST(numbers_and_formats_are_appended)
{
    struct buf buf;
    buf_init(&buf, 1000);
    buf_append_u64(&buf, 0);
    buf_append_char(&buf, ' ');
    buf_append_u64(&buf, UINT64_MAX);
    buf_append_format(&buf, " %s-%d", "x", -7);
    ck_assert_str_eq(buf_string(&buf), "0 18446744073709551615 x--7");
    buf_release(&buf);
}
END_TEST

START_TEST(a_view_is_split_and_read)
{
    struct view rest = view_of_string("a,,b");
    ck_assert(view_equal_string(view_split(&rest, ','), "a"));
    ck_assert(view_equal_string(view_split(&rest, ','), ""));
    ck_assert_ptr_nonnull(rest.data);
    ck_assert(view_equal_string(view_split(&rest, ','), "b"));
    ck_assert_ptr_null(rest.data);
    uint64_t value = 5;
    ck_assert(view_to_u64(view_of_string("18446744073709551615"), &value));
    ck_assert(value == UINT64_MAX);
    ck_assert(!view_to_u64(view_of_string("18446744073709551616"), &value));
    ck_assert(!view_to_u64(view_of_string("1x"), &value));
    ck_assert(!view_to_u64(view_of_string(""), &value));
    ck_assert(
        view_equal_string(view_trim(view_of_string("\t a b \r\n")), "a b"));
}
END_TEST

/* What decoding one byte after another must say: a slow, plain reference. */
static size_t reference_valid(const unsigned char *p, size_t size)
{
    size_t at = 0;
    while (at < size) {
        unsigned c = p[at];
        size_t more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || at + more >= size)
            return at;
        unsigned code = more == 0 ? c : c & (0x3fu >> more);
        for (size_t i = 1; i <= more; i++) {
            if ((p[at + i] & 0xc0) != 0x80)
                return at;
            code = code << 6 | (p[at + i] & 0x3f);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000) ||
            code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return at;
        at += more + 1;
    }
    return at;
}

START_TEST(utf8_is_judged_as_the_reference_does)
{
    unsigned char text[300];
    uint32_t x = 7;
    for (int round = 0; round < 200000; round++) {
        /* Mostly ASCII, long enough for whole blocks, some bytes of
         * sequences. */
        x = x * 1664525 + 1013904223;
        size_t size = x >> 24;
        memset(text, 'a', sizeof(text));
        for (int i = 0; i < 4 && size; i++) {
            x = x * 1664525 + 1013904223;
            size_t at = (x >> 8) % size;
            x = x * 1664525 + 1013904223;
            for (size_t j = 0; j < 4 && at + j < size; j++) {
                static const unsigned char bytes[] = { 0x80, 0xbf, 0xc2, 0xe0,
                                                       0xa0, 0x9f, 0xed, 0xf0,
                                                       0x90, 0x8f, 0xf4, 0xef,
                                                       0xc1, 0xf5, 0xe2, 0x82 };
                text[at + j] = bytes[(x >> (4 * j)) & 15];
            }
        }
        ck_assert_uint_eq(utf8_valid_prefix(view_of(text, size)),
                          reference_valid(text, size));
    }
}
END_TEST

struct mend_row {
    const char *text, *mended;
    size_t count;
};

#define R "\xEF\xBF\xBD"

static const struct mend_row mend_rows[] = {
    { "abc", "abc", 0 },
    { "a\xFF"
      "b",
      "a" R "b", 1 },
    { "\xE2\x82", R, 1 },
    { "\xE2\x82<", R "<", 1 },
    { "\xF0\x9F\x98", R, 1 },
    { "\xC0\x80", R R, 2 },
    { "\xED\xA0\x80", R R R, 3 },
    { "\xF4\x90\x80\x80", R R R R, 4 },
    /* Unicode 15, table 3-8 */
    { "a\xF1\x80\x80\xE1\x80\xC2"
      "b\x80"
      "c\x80\xBF"
      "d",
      "a" R R R "b" R "c" R R "d", 6 },
};

START_TEST(ill_formed_parts_become_one_replacement_each)
{
    const struct mend_row *row = &mend_rows[_i];
    struct buf out;
    buf_init(&out, 1000);
    ck_assert_uint_eq(utf8_append_valid(&out, view_of_string(row->text)),
                      row->count);
    ck_assert_str_eq(buf_string(&out), row->mended);
    buf_release(&out);
}
END_TEST

START_TEST(json_strings_are_escaped)
{
    struct buf out;
    buf_init(&out, 1000);
    json_out_string(&out,
                    view_of("\"\\/\n\t\r\b\f\x01\x1f\x7f\0\xC3\xA9\xFF", 15));
    ck_assert_str_eq(buf_string(&out),
                     "\"\\\"\\\\/\\n\\t\\r\\b\\f\\u0001\\u001f"
                     "\x7f\\u0000\xC3\xA9" R "\"");
    buf_reset(&out);
    json_out_ms(&out, 1234);
    buf_append_char(&out, ' ');
    json_out_ms(&out, 0);
    buf_append_char(&out, ' ');
    json_out_ms(&out, 99960);
    ck_assert_str_eq(buf_string(&out), "1.2 0 100");
    buf_release(&out);
}
END_TEST

/* What RFC 8259 asks of one byte, the others being letters. */
static void append_json_byte(struct buf *out, unsigned char c)
{
    if (c == '"' || c == '\\')
        buf_append_format(out, "\\%c", c);
    else if (c >= 0x80)
        buf_append_string(out, R);
    else if (c >= 0x20)
        buf_append_char(out, (char)c);
    else if (!strchr("\b\f\n\r\t", c) || !c)
        buf_append_format(out, "\\u%04x", c);
    else
        buf_append_format(out, "\\%c", "btn.fr"[c - '\b']);
}

/* Strings are looked at in words: any byte, at any place of one. */
START_TEST(json_escapes_are_seen_at_every_place)
{
    struct buf out, wanted;
    buf_init(&out, 1000);
    buf_init(&wanted, 1000);
    for (size_t size = 1; size <= 25; size++) {
        for (size_t at = 0; at < size; at++) {
            for (unsigned c = 0; c < 256; c++) {
                char text[32];
                memset(text, 'x', size);
                text[at] = (char)c;
                buf_reset(&out);
                json_out_string(&out, view_of(text, size));
                buf_reset(&wanted);
                buf_append_char(&wanted, '"');
                buf_append(&wanted, "xxxxxxxxxxxxxxxxxxxxxxxxx", at);
                append_json_byte(&wanted, (unsigned char)c);
                buf_append(&wanted, "xxxxxxxxxxxxxxxxxxxxxxxxx", size - at - 1);
                buf_append_char(&wanted, '"');
                ck_assert_str_eq(buf_string(&out), buf_string(&wanted));
            }
        }
    }
    buf_release(&out);
    buf_release(&wanted);
}
END_TEST

START_TEST(dates_are_written_in_utc)
{
    char text[CLOCK_TEXT_SIZE], cdx[CLOCK_CDX_SIZE];
    clock_format_ms(INT64_C(1795332614123), text);
    ck_assert_str_eq(text, "2026-11-22T07:30:14.123Z");
    clock_format_cdx(INT64_C(1795332614123), cdx);
    ck_assert_str_eq(cdx, "20261122073014");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_buf_keeps_to_its_maximum);
    tcase_add_test(tests, numbers_and_formats_are_appended);
    tcase_add_test(tests, a_view_is_split_and_read);
    tcase_add_test(tests, utf8_is_judged_as_the_reference_does);
    tcase_add_loop_test(tests, ill_formed_parts_become_one_replacement_each, 0,
                        (int)ARRAY_COUNT(mend_rows));
    tcase_add_test(tests, json_strings_are_escaped);
    tcase_add_test(tests, json_escapes_are_seen_at_every_place);
    tcase_add_test(tests, dates_are_written_in_utc);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
