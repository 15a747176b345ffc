/* What the decoders do beside their tables: characters in special places,
 * ill-formed bytes and what follows them, the ends of bodies, pieces. */
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/extract/charset.h"

#include "suite.h"

#include <sys/resource.h>

#define R "\xEF\xBF\xBD"

enum { OUT_MAX = 16 << 20 };

struct row {
    const char *label;
    struct view bytes, text;
    size_t replaced;
};

#define VIEW(literal)                                                          \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }
#define ROW(label, bytes, text, replaced)                                      \
    {                                                                          \
        (label), VIEW(bytes), VIEW(text), (replaced)                           \
    }

static struct buf new_buf(void)
{
    struct buf buf;
    buf_init(&buf, OUT_MAX);
    return buf;
}

static enum charset charset_called(const char *label)
{
    enum charset charset = charset_of_label(view_of_string(label));
    ck_assert_int_lt(charset, CHARSET_NONE);
    return charset;
}

static size_t decode(struct charset_reader *reader, enum charset charset,
                     struct view body, struct buf *out)
{
    size_t replaced = 12345;
    ck_assert_int_eq(charset_decode(reader, charset, body, out, &replaced),
                     CHARSET_DONE);
    return replaced;
}

static void check_row(const struct row *row)
{
    struct charset_reader *reader = charset_reader_new();
    struct buf out = new_buf();
    size_t replaced =
        decode(reader, charset_called(row->label), row->bytes, &out);
    ck_assert_msg(view_equal(buf_view(&out), row->text),
                  "%s: \"%.*s\" instead of \"%.*s\"", row->label,
                  VIEW_ARG(buf_view(&out)), VIEW_ARG(row->text));
    ck_assert_uint_eq(replaced, row->replaced);
    buf_release(&out);
    charset_reader_free(reader);
}

/* ---- what is well-formed ---------------------------------------------- */

static const struct row good_rows[] = {
    ROW("windows-1252", "\x80 caf\xE9 \x93\x81\x94", "€ café “\xC2\x81”", 0),
    ROW("iso-8859-1", "\x80", "€", 0),
    ROW("x-user-defined", "a\x80\xFF", "a\xEF\x9E\x80\xEF\x9F\xBF", 0),
    ROW("gbk", "\x80 \xD6\xD0\xCE\xC4 \x81\x30\x81\x30", "€ 中文 \xC2\x80", 0),
    ROW("gb18030", "\x90\x30\x81\x30 \xE3\x32\x9A\x35",
        "\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF", 0),
    ROW("gb18030", "\x81\x35\xF4\x37 \xA8\xBC", "\xEE\x9F\x87 ḿ", 0),
    ROW("gb18030", "\xA3\xA0", "\xE3\x80\x80", 0),
    ROW("gb2312", "\x81\x40 \xB0\xA1", "丂 啊", 0),
    ROW("big5", "\x88\x62\x88\x64\x88\xA3\x88\xA5",
        "\xC3\x8A\xCC\x84\xC3\x8A\xCC\x8C\xC3\xAA\xCC\x84\xC3\xAA\xCC\x8C", 0),
    ROW("big5", "\xA4\xA4\xA4\xE5 \x87\x45", "中文 \xF0\xA7\x89\xA7", 0),
    ROW("euc-kr", "\x81\x41\xB0\xA1\xC8\xFE", "갂가힝", 0),
    ROW("shift_jis", "\\~\x80\xB1\xDF\x82\xA0\xF0\x40\xF9\xFC",
        "\\~\xC2\x80ｱﾟあ\xEE\x80\x80\xEE\x9D\x97", 0),
    ROW("shift_jis", "\x87\x40\xED\x40\xFA\x40\x81\x60", "①纊ⅰ～", 0),
    ROW("euc-jp", "\x8E\xB1\xA4\xA2\x8F\xA2\xAF", "ｱあ˘", 0),
    ROW("iso-2022-jp",
        "a\x1B$B$\"\x1B(Jb\\~\x1B(I1\x1B$@\x30\x21\x1B(B"
        "c",
        "aあb¥‾ｱ亜c", 0),
    ROW("utf-16le", "a\0\x3D\xD8\x00\xDE\xAC\x20", "a😀€", 0),
    ROW("utf-16be", "\0a\xD8\x3D\xDE\x00\x20\xAC", "a😀€", 0),
    ROW("utf-16le", "\xFF\xFE\0\0", "\xEF\xBB\xBF\0", 0),
    ROW("utf-8", "\xEF\xBB\xBFh\xC3\xA9", "\xEF\xBB\xBFhé", 0),
    ROW("hz-gb-2312", "", "", 0),
    ROW("big5", "", "", 0),
};

START_TEST(well_formed_bytes_are_read_as_browsers_read_them)
{
    check_row(&good_rows[_i]);
}
END_TEST

/* ---- what is not ------------------------------------------------------ */

/* An ill-formed part is one U+FFFD, and ASCII behind it stands. */
static const struct row bad_rows[] = {
    ROW("windows-1253", "\xAA<b>\xD2\xFF", R "<b>" R R, 3),
    ROW("windows-874", "a\xDB.", "a" R ".", 1),
    ROW("iso-8859-6", "\xA1\xC1", R "ء", 1),
    /* lead and trail: ASCII trail, other trail, none */
    ROW("big5", "\x81<\x81@\x81\xFF.\xA4", R "<" R "@" R "." R, 4),
    ROW("big5", "\x80\xFF\xA4\x7F", R R R "\x7F", 3),
    ROW("euc-kr", "\x80\xFF\xB0<\xC9\xA1\xB0", R R R "<" R R, 5),
    ROW("euc-kr", "\xFE\x41 \xA1\x40", R "A " R "@", 2),
    ROW("shift_jis", "\xA0\xFD\xFE\xFF\x82<\x82\xFD\x85\x40\x82",
        R R R R R "<" R R "@" R, 8),
    ROW("euc-jp", "\x80\xA0\xFF\x8E<\x8E\xE0\xA4<\xA4\xFF\xA4",
        R R R R "<" R R "<" R R, 8),
    ROW("euc-jp", "\x8F<\x8F\xA2<\x8F\xA2\xA0\x8F\xA2", R "<" R "<" R R, 4),
    ROW("euc-jp", "\xA9\xA1.\x8F\xA1\xA1.\x8F", R "." R "." R, 3),
    ROW("gb18030", "\xFF\x81<\x81\x7F\x81\xFF.\x81", R R "<" R "\x7F" R "." R,
        5),
    /* four bytes: cut at each, and a fault at each; digits stand again */
    ROW("gb18030", "\x81\x30", R, 1),
    ROW("gb18030", "\x81\x30\x81", R, 1),
    ROW("gb18030", "\x81\x30<", R "0<", 1),
    ROW("gb18030", "\x81\x30\x81<", R "0" R "<", 2),
    ROW("gb18030", "\x81\x30\xFF", R "0" R, 2),
    ROW("gb18030", "\x84\x31\xA5\x30.\xE3\x32\x9A\x36.", R "." R ".", 2),
    ROW("iso-2022-jp", "a\x0E\x0F\x80z", "a" R R R "z", 3),
    ROW("iso-2022-jp", "\x1B<\x1B(<\x1B$", R "<" R "(<" R "$", 3),
    ROW("iso-2022-jp", "\x1B(J\x80\x1B(I\x20\x60", R R R, 3),
    /* escape sequences without anything between them */
    ROW("iso-2022-jp", "\x1B$B\x1B(Ba", R "a", 1),
    ROW("iso-2022-jp", "\x1B$B$\"$\x1B(Ba", "あ" R "a", 1),
    ROW("iso-2022-jp", "\x1B$B$", R, 1),
    ROW("iso-2022-jp", "\x1B$B\x80$\n\x29\x21", R R R, 3),
    ROW("utf-16le", "a\0\x00\xD8", "a" R, 1),
    ROW("utf-16le", "\x00\xD8z", R, 1),
    ROW("utf-16le", "\x00\xD8z\0", R "z", 1),
    ROW("utf-16le", "\x00\xD8\x00\xD8\x00\xDC", R "\xF0\x90\x80\x80", 1),
    ROW("utf-16le", "\x00\xDC.\0a", R "." R, 2),
    ROW("utf-16be", "\xDC\x00\0.\0", R "." R, 2),
    ROW("utf-8", "\xC3<\xE2\x82<\xF0\x9F\x98<\xC0\xAF\xFF",
        R "<" R "<" R "<" R R R, 6),
    ROW("utf-8", "\xED\xA0\x80", R R R, 3),
    ROW("iso-2022-kr", "anything <b>", R, 1),
    ROW("replacement", "\xFF", R, 1),
};

START_TEST(ill_formed_bytes_are_replaced_and_counted)
{
    check_row(&bad_rows[_i]);
}
END_TEST

/* U+FFFD that a page has itself is no ill-formed part. */
START_TEST(a_written_replacement_character_is_not_counted)
{
    static const struct row rows[] = {
        ROW("utf-8", R "\xFF", R R, 1),
        ROW("utf-16be", "\xFF\xFD", R, 0),
        ROW("gb18030", "\x84\x31\xA4\x37", R, 0),
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        check_row(&rows[i]);
}
END_TEST

/* ---- any bytes -------------------------------------------------------- */

static size_t count_of(struct view text, char wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == wanted;
    return count;
}

static void random_bytes(uint32_t *x, char *bytes, size_t size)
{
    static const char often[] = "<>\x81\xA1\x8F\x8E\xFE\x1B$B(J0";
    for (size_t i = 0; i < size; i++) {
        *x = *x * 1664525 + 1013904223;
        bytes[i] = *x >> 31 ? often[(*x >> 8) % (sizeof(often) - 1)]
                            : (char)(*x >> 16);
    }
}

/* `<` and `>` are no second byte of anything: all of them must come out. */
START_TEST(any_bytes_become_valid_text_with_all_their_markup)
{
    enum { SIZE = 400, ROUNDS = 200 };
    struct charset_reader *reader = charset_reader_new();
    struct buf out = new_buf();
    uint32_t x = (uint32_t)_i;
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[SIZE];
        random_bytes(&x, bytes, SIZE);
        struct view body = view_of(bytes, x % SIZE);
        buf_reset(&out);
        decode(reader, (enum charset)_i, body, &out);
        struct view text = buf_view(&out);
        ck_assert_uint_eq(utf8_valid_prefix(text), text.size);
        ck_assert_uint_le(text.size, 3 * body.size + 3);
        if (!charset_has_ascii((enum charset)_i))
            continue;
        ck_assert_uint_eq(count_of(text, '<'), count_of(body, '<'));
        ck_assert_uint_eq(count_of(text, '>'), count_of(body, '>'));
    }
    buf_release(&out);
    charset_reader_free(reader);
}
END_TEST

/* A body is decoded in pieces of 256 KiB: what lies across a border must be
 * read as anywhere else. */
static const struct row border_rows[] = {
    ROW("gb18030", "\x81\x30\x81\x30", "\xC2\x80", 0),
    ROW("gb18030", "\x81\x30\x81<", R "0" R "<", 2),
    ROW("euc-jp", "\x8F\xA2\xAF", "˘", 0),
    ROW("shift_jis", "\x82\xA0", "あ", 0),
    ROW("big5", "\x88\x62", "\xC3\x8A\xCC\x84", 0),
    ROW("iso-2022-jp", "\x1B$B$\"\x1B(B", "あ", 0),
    ROW("iso-2022-jp", "\x1B$B$\"$\x1B(B", "あ" R, 1),
    ROW("utf-16le", "\x3D\xD8\x00\xDE", "😀", 0),
    ROW("windows-1252", "\xE9", "é", 0),
};

START_TEST(what_lies_across_a_border_of_pieces_is_read_whole)
{
    enum { BORDER = 256 << 10, SHIFTS = 8 };
    const struct row *row = &border_rows[_i];
    struct charset_reader *reader = charset_reader_new();
    enum charset charset = charset_called(row->label);
    bool is_wide = charset == CHARSET_UTF_16LE;
    for (size_t shift = 0; shift < SHIFTS; shift++) {
        struct buf body = new_buf(), out = new_buf();
        size_t before = BORDER - shift - (is_wide ? shift : 0);
        for (size_t i = 0; i < before; i++)
            buf_append_char(&body, is_wide && i % 2 ? '\0' : 'x');
        buf_append_view(&body, row->bytes);
        size_t replaced = decode(reader, charset, buf_view(&body), &out);
        size_t start = is_wide ? before / 2 : before;
        ck_assert_uint_eq(replaced, row->replaced);
        ck_assert(view_equal(view_from(buf_view(&out), start), row->text));
        ck_assert_uint_eq(count_of(view_first(buf_view(&out), start), 'x'),
                          start);
        buf_release(&body);
        buf_release(&out);
    }
    charset_reader_free(reader);
}
END_TEST

START_TEST(a_reader_reads_one_page_after_another)
{
    struct charset_reader *reader = charset_reader_new();
    struct buf out = new_buf();
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < ARRAY_COUNT(good_rows); i++) {
            buf_reset(&out);
            decode(reader, charset_called(good_rows[i].label),
                   good_rows[i].bytes, &out);
            ck_assert(view_equal(buf_view(&out), good_rows[i].text));
        }
    buf_release(&out);
    charset_reader_free(reader);
}
END_TEST

/* ---- when the machine cannot ------------------------------------------ */

START_TEST(without_memory_nothing_is_handed_out)
{
    static const char *const labels[] = { "windows-1252", "utf-8", "big5",
                                          "utf-16le" };
    struct charset_reader *reader = charset_reader_new();
    struct buf out;
    size_t replaced = 77;
    buf_init(&out, 4);
    ck_assert_int_eq(charset_decode(reader, charset_called(labels[_i]),
                                    view_of_string("abcdef\xFF"), &out,
                                    &replaced),
                     CHARSET_NO_MEMORY);
    ck_assert_uint_eq(replaced, 77);
    buf_release(&out);
    charset_reader_free(reader);
}
END_TEST

/* The C library's converters are files: where it may open none, there is
 * none. What needs no converter is read all the same. */
#ifndef __SANITIZE_ADDRESS__
START_TEST(a_converter_that_is_not_there_is_said)
{
    struct rlimit usual, none;
    struct charset_reader *reader = charset_reader_new();
    struct view body = view_of_string("\xA4\xA4");
    struct buf out = new_buf();
    size_t replaced = 77;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = usual;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(
            charset_decode(reader, CHARSET_BIG5, body, &out, &replaced),
            CHARSET_NO_CONVERTER);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    ck_assert_uint_eq(out.size, 0);
    ck_assert_uint_eq(replaced, 77);
    decode(reader, CHARSET_WINDOWS_1252, body, &out);
    ck_assert(view_equal_string(buf_view(&out), "¤¤"));
    buf_release(&out);
    charset_reader_free(reader);
}
END_TEST
#endif

/* ---- guesses ---------------------------------------------------------- */

struct guess_row {
    const char *label, *text;
};

static const struct guess_row guess_rows[] = {
    { "windows-1251",
      "\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0! \xDD\xF2\xEE \xEF\xF0\xEE\xF1"
      "\xF2\xEE\xE9 \xF2\xE5\xEA\xF1\xF2 \xED\xE0 \xF0\xF3\xF1\xF1\xEA\xEE"
      "\xEC \xFF\xE7\xFB\xEA\xE5." },
    { "shift_jis",
      "\x82\xB1\x82\xEA\x82\xCD\x93\xFA\x96\x7B\x8C\xEA\x82\xCC\x83\x65\x83"
      "\x4C\x83\x58\x83\x67\x82\xC5\x82\xB7\x81\x42" },
    { "euc-kr",
      "\xC7\xD1\xB1\xB9\xBE\xEE \xB9\xAE\xC0\xE5\xC0\xD4\xB4\xCF\xB4\xD9. "
      "\xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4." },
};

START_TEST(a_text_of_some_length_is_recognized)
{
    struct charset_reader *reader = charset_reader_new();
    struct buf body = new_buf();
    /* Far from the start: looking begins where ASCII ends. */
    for (size_t i = 0; i < 100000; i++)
        buf_append_string(&body, "<br>");
    buf_append_string(&body, guess_rows[_i].text);
    for (int round = 0; round < 2; round++)
        ck_assert_str_eq(charset_name(charset_detect(reader, buf_view(&body))),
                         guess_rows[_i].label);
    buf_release(&body);
    charset_reader_free(reader);
}
END_TEST

START_TEST(nothing_gives_no_guess)
{
    struct charset_reader *reader = charset_reader_new();
    ck_assert_int_eq(charset_detect(reader, view_of("", 0)), CHARSET_NONE);
    charset_reader_free(reader);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("charset");
    TCase *tests = tcase_create("charset");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, well_formed_bytes_are_read_as_browsers_read_them,
                        0, (int)ARRAY_COUNT(good_rows));
    tcase_add_loop_test(tests, ill_formed_bytes_are_replaced_and_counted, 0,
                        (int)ARRAY_COUNT(bad_rows));
    tcase_add_test(tests, a_written_replacement_character_is_not_counted);
    tcase_add_loop_test(tests,
                        any_bytes_become_valid_text_with_all_their_markup, 0,
                        CHARSET_COUNT);
    tcase_add_loop_test(tests,
                        what_lies_across_a_border_of_pieces_is_read_whole, 0,
                        (int)ARRAY_COUNT(border_rows));
    tcase_add_test(tests, a_reader_reads_one_page_after_another);
    tcase_add_loop_test(tests, without_memory_nothing_is_handed_out, 0, 4);
#ifndef __SANITIZE_ADDRESS__ /* its check at the end opens files, too */
    tcase_add_test(tests, a_converter_that_is_not_there_is_said);
#endif
    tcase_add_loop_test(tests, a_text_of_some_length_is_recognized, 0,
                        (int)ARRAY_COUNT(guess_rows));
    tcase_add_test(tests, nothing_gives_no_guess);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
