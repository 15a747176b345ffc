/* Which rule decides the encoding of a page, what patterns then see, and what
 * is no text. */
#include "fetchgrep/extract/text.h"

#include "suite.h"

#include <sys/resource.h>

#define BOM "\xEF\xBB\xBF"
#define R   "\xEF\xBF\xBD"

enum { SCRATCH_MAX = 1 << 20 };

struct fixture {
    struct text_options options;
    struct text_reader *reader;
    struct buf scratch;
    struct text text;
    const char *why;
    char note[TEXT_NOTE_SIZE];
};

static void setup(struct fixture *fixture, const struct text_options *options)
{
    *fixture = (struct fixture){ .options = *options, .why = "untouched" };
    fixture->reader = text_reader_new(options);
    ck_assert_ptr_nonnull(fixture->reader);
    buf_init(&fixture->scratch, SCRATCH_MAX);
    buf_append_string(&fixture->scratch, "left from the page before");
}

static void teardown(struct fixture *fixture)
{
    text_reader_free(fixture->reader);
    buf_release(&fixture->scratch);
}

static enum text_result read_text(struct fixture *fixture,
                                  const char *content_type, struct view body)
{
    const struct text_source source = {
        .body = body,
        .content_type = view_of_string(content_type),
    };
    return text_read(fixture->reader, &source, &fixture->scratch,
                     &fixture->text, &fixture->why, fixture->note);
}

static const struct text_options automatic = { .charset = CHARSET_NONE };

/* ---- the rules -------------------------------------------------------- */

struct row {
    const char *content_type;
    struct view body;
    const char *charset, *rule;
    struct view text;
    size_t replaced;
};

#define VIEW(literal)                                                          \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }
#define ROW(type, body, charset, rule, text, replaced)                         \
    {                                                                          \
        (type), VIEW(body), (charset), (rule), VIEW(text), (replaced)          \
    }

/* Bytes that are something in any of these: Russian in koi8-r. */
#define BYTES "\xF0\xD2\xC9"
#define KOI8  "При"
#define W1251 "рТЙ"
#define W1252 "ðÒÉ"
#define META  "<meta charset=koi8-r>"

static const struct row rule_rows[] = {
    /* a mark before all else */
    ROW("text/html; charset=koi8-r", BOM "h\xC3\xA9", "utf-8", "bom", "hé", 0),
    ROW("text/html; charset=koi8-r", "\xFF\xFEh\0i\0", "utf-16le", "bom", "hi",
        0),
    ROW("", "\xFE\xFF\0h\0i", "utf-16be", "bom", "hi", 0),
    ROW("", BOM "a\xFF", "utf-8", "bom", "a" R, 1),
    ROW("", BOM BOM "x", "utf-8", "bom", BOM "x", 0),
    ROW("", "\xFF\xFE", "utf-16le", "bom", "", 0),
    /* the header */
    ROW("text/html; charset=koi8-r", BYTES, "koi8-r", "header", KOI8, 0),
    ROW("text/html;charset=\"KOI8-R\"; x=y", BYTES, "koi8-r", "header", KOI8,
        0),
    ROW("text/html; x=\"charset=big5\"; charset=cp1251", META BYTES,
        "windows-1251", "header", META W1251, 0),
    ROW("text/html; charset=utf-8", BYTES "<", "utf-8", "header", R R R "<", 3),
    ROW("text/html; charset=latin1", "h\xC3\xA9", "windows-1252", "header",
        "hÃ©", 0),
    ROW("text/plain; charset=utf-16", "h\0i\0", "utf-16le", "header", "hi", 0),
    ROW("text/html; charset=us-ascii", "plain", "windows-1252", "header",
        "plain", 0),
    ROW("text/html; charset=iso-2022-jp", "plain", "iso-2022-jp", "header",
        "plain", 0),
    /* what the page says */
    ROW("text/html", META BYTES, "koi8-r", "meta", META KOI8, 0),
    ROW("", META BYTES, "koi8-r", "meta", META KOI8, 0),
    ROW("text/html; charset=bogus", META BYTES, "koi8-r", "meta", META KOI8, 0),
    ROW("text/html; charset=", META BYTES, "koi8-r", "meta", META KOI8, 0),
    ROW("application/xhtml+xml", META BYTES, "koi8-r", "meta", META KOI8, 0),
    ROW("text/xml", "<?xml encoding='koi8-r'?>" BYTES, "koi8-r", "meta",
        "<?xml encoding='koi8-r'?>" KOI8, 0),
    /* only where markup is announced */
    ROW("text/plain", META "h\xC3\xA9", "utf-8", "utf-8", META "hé", 0),
    ROW("application/json", META "h\xC3\xA9", "utf-8", "utf-8", META "hé", 0),
    /* the bytes themselves */
    ROW("text/html", "plain", "utf-8", "utf-8", "plain", 0),
    ROW("text/html", "", "utf-8", "utf-8", "", 0),
    ROW("text/html", "h\xC3\xA9", "utf-8", "utf-8", "hé", 0),
    ROW("text/html", R, "utf-8", "utf-8", R, 0),
    ROW("text/html", "\x1B$B$\"\x1B(B", "utf-8", "utf-8", "\x1B$B$\"\x1B(B", 0),
    /* a character that the end cuts off is no fault, where one proves it */
    ROW("text/html", "h\xC3\xA9 \xE2\x82", "utf-8", "utf-8", "hé " R, 1),
    ROW("text/html", "h\xC3\xA9 \xF0\x9F\x98", "utf-8", "utf-8", "hé " R, 1),
    ROW("text/html", "h\xC3\xA9 \xC3", "utf-8", "utf-8", "hé " R, 1),
    ROW("text/html",
        "\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0! \xDD\xF2\xEE \xEF\xF0\xEE\xF1"
        "\xF2\xEE\xE9 \xF2\xE5\xEA\xF1\xF2 \xED\xE0 \xF0\xF3\xF1\xF1\xEA\xEE"
        "\xEC \xFF\xE7\xFB\xEA\xE5.",
        "windows-1251", "detected",
        "Привет, мир! Это простой текст на русском языке.", 0),
    ROW("text/html", "\xFE\x80\x81 <b>", "windows-1252", "default",
        "þ€\xC2\x81 <b>", 0),
};

START_TEST(the_first_rule_that_says_something_decides)
{
    const struct row *row = &rule_rows[_i];
    struct fixture fixture;
    setup(&fixture, &automatic);
    ck_assert_int_eq(read_text(&fixture, row->content_type, row->body),
                     TEXT_READY);
    ck_assert_str_eq(fixture.text.charset, row->charset);
    ck_assert_str_eq(text_rule_name(fixture.text.rule), row->rule);
    ck_assert_msg(view_equal(fixture.text.bytes, row->text), "\"%.*s\"",
                  VIEW_ARG(fixture.text.bytes));
    ck_assert_uint_eq(fixture.text.replaced_count, row->replaced);
    ck_assert_str_eq(fixture.note, "");
    ck_assert_str_eq(fixture.why, "untouched");
    teardown(&fixture);
}
END_TEST

START_TEST(a_label_that_is_not_known_is_said_before_a_guess)
{
    struct fixture fixture;
    setup(&fixture, &automatic);
    struct view body = view_of_string("\xFE\x80\x81 <b>");
    ck_assert_int_eq(read_text(&fixture, "text/html; charset=x-bogus", body),
                     TEXT_READY);
    ck_assert_str_eq(fixture.note, "charset \"x-bogus\" is not known; read as "
                                   "windows-1252, by guess");
    teardown(&fixture);
}
END_TEST

/* ---- no copy ---------------------------------------------------------- */

struct lying_row {
    const char *content_type, *body;
    size_t skipped;
};

static const struct lying_row lying_rows[] = {
    { "", "", 0 },
    { "text/html", "plain", 0 },
    { "text/html; charset=utf-8", "h\xC3\xA9 \xF0\x9F\x98\x80", 0 },
    { "", "h\xC3\xA9 \xF0\x9F\x98\x80", 0 },
    { "", BOM "x", 3 },
    { "text/html; charset=latin1", "only ASCII", 0 },
    { "text/html; charset=gb2312", "only ASCII", 0 },
};

START_TEST(ascii_and_utf_8_are_used_where_they_lie)
{
    const struct lying_row *row = &lying_rows[_i];
    struct view body = view_of_string(row->body);
    struct fixture fixture;
    setup(&fixture, &automatic);
    ck_assert_int_eq(read_text(&fixture, row->content_type, body), TEXT_READY);
    ck_assert_ptr_eq(fixture.text.bytes.data, body.data + row->skipped);
    ck_assert_uint_eq(fixture.text.bytes.size, body.size - row->skipped);
    teardown(&fixture);
}
END_TEST

START_TEST(the_valid_part_before_a_fault_is_kept_whole)
{
    char body[2000];
    struct fixture fixture;
    setup(&fixture, &automatic);
    memset(body, 'x', sizeof(body));
    body[sizeof(body) - 2] = '\xC3';
    ck_assert_int_eq(read_text(&fixture, "text/html; charset=utf-8",
                               view_of(body, sizeof(body))),
                     TEXT_READY);
    struct view text = fixture.text.bytes;
    ck_assert_uint_eq(text.size, sizeof(body) + 2);
    ck_assert(!memcmp(text.data, body, sizeof(body) - 2));
    ck_assert(view_equal_string(view_from(text, sizeof(body) - 2), R "x"));
    teardown(&fixture);
}
END_TEST

/* ---- options ---------------------------------------------------------- */

START_TEST(a_named_charset_goes_before_header_and_meta)
{
    const struct text_options options = { .has_charset = true,
                                          .charset = CHARSET_WINDOWS_1251 };
    struct fixture fixture;
    setup(&fixture, &options);
    struct view body = view_of_string(META BYTES);
    ck_assert_int_eq(read_text(&fixture, "text/html; charset=big5", body),
                     TEXT_READY);
    ck_assert_str_eq(fixture.text.charset, "windows-1251");
    ck_assert_int_eq(fixture.text.rule, TEXT_BY_OPTION);
    ck_assert(view_equal_string(fixture.text.bytes, META W1251));
    teardown(&fixture);
}
END_TEST

START_TEST(a_mark_goes_before_a_named_charset)
{
    const struct text_options options = { .has_charset = true,
                                          .charset = CHARSET_WINDOWS_1251 };
    struct fixture fixture;
    setup(&fixture, &options);
    ck_assert_int_eq(read_text(&fixture, "", view_of_string(BOM "h\xC3\xA9")),
                     TEXT_READY);
    ck_assert_str_eq(fixture.text.charset, "utf-8");
    ck_assert_int_eq(fixture.text.rule, TEXT_BY_BOM);
    teardown(&fixture);
}
END_TEST

START_TEST(raw_text_is_the_bytes_as_they_lie)
{
    const struct text_options options = { .is_raw = true };
    struct fixture fixture;
    setup(&fixture, &options);
    struct view body = view_of_string(BOM META "\xFF\xC3");
    ck_assert_int_eq(read_text(&fixture, "text/html; charset=big5", body),
                     TEXT_READY);
    ck_assert_ptr_eq(fixture.text.bytes.data, body.data);
    ck_assert_uint_eq(fixture.text.bytes.size, body.size);
    ck_assert_str_eq(fixture.text.charset, "raw");
    ck_assert_int_eq(fixture.text.rule, TEXT_BY_OPTION);
    ck_assert_uint_eq(fixture.text.replaced_count, 0);
    teardown(&fixture);
}
END_TEST

/* ---- what is text ----------------------------------------------------- */

static const char *const text_types[] = {
    "",
    "text/html",
    "TEXT/Plain",
    "text/x-anything",
    "application/json",
    "Application/XHTML+XML",
    "application/ld+json; charset=utf-8",
    "application/javascript",
    "image/svg+xml",
    "message/http",
};

START_TEST(textual_types_are_searched)
{
    struct fixture fixture;
    setup(&fixture, &automatic);
    ck_assert_int_eq(
        read_text(&fixture, text_types[_i], view_of_string("body")),
        TEXT_READY);
    teardown(&fixture);
}
END_TEST

static const char *const other_types[] = {
    "image/png",         "application/octet-stream",
    "application/pdf",   "application/zip; x=text/html",
    "application/jsonx", "textual/html",
    "application/",      "video/mp4",
};

START_TEST(other_types_are_not_and_the_reason_is_given)
{
    struct fixture fixture;
    setup(&fixture, &automatic);
    ck_assert_int_eq(
        read_text(&fixture, other_types[_i], view_of_string("body")),
        TEXT_NOT_SEARCHED);
    ck_assert_str_eq(fixture.why, "its media type is not text");
    teardown(&fixture);
}
END_TEST

START_TEST(a_nul_in_the_first_1024_bytes_is_binary)
{
    char body[1100];
    struct view bytes = view_of(body, sizeof(body));
    const struct text_options raw = { .is_raw = true };
    for (int i = 0; i < 2; i++) {
        struct fixture fixture;
        setup(&fixture, i ? &raw : &automatic);
        memset(body, 'x', sizeof(body));
        body[1024] = '\0';
        ck_assert_int_eq(read_text(&fixture, "text/html", bytes), TEXT_READY);
        body[1023] = '\0';
        ck_assert_int_eq(read_text(&fixture, "text/html", bytes),
                         TEXT_NOT_SEARCHED);
        ck_assert_str_eq(fixture.why, "binary (a NUL byte near the start)");
        teardown(&fixture);
    }
}
END_TEST

/* Half of the bytes are NUL there; the characters are looked at. */
START_TEST(utf_16_is_text_unless_it_has_a_nul_character)
{
    struct fixture fixture;
    setup(&fixture, &automatic);
    ck_assert_int_eq(
        read_text(&fixture, "text/html", view_of("\xFF\xFE<\0b\0>\0", 8)),
        TEXT_READY);
    ck_assert_int_eq(
        read_text(&fixture, "text/html", view_of("\xFF\xFE<\0\0\0>\0", 8)),
        TEXT_NOT_SEARCHED);
    /* No mark, no label: nobody says that it is UTF-16. */
    ck_assert_int_eq(read_text(&fixture, "text/html", view_of("<\0b\0>\0", 6)),
                     TEXT_NOT_SEARCHED);
    teardown(&fixture);
}
END_TEST

START_TEST(all_is_searched_when_told_to)
{
    const struct text_options options = { .searches_binary = true };
    struct fixture fixture;
    setup(&fixture, &options);
    ck_assert_int_eq(
        read_text(&fixture, "image/png", view_of("\x89PNG\0\0hello", 11)),
        TEXT_READY);
    ck_assert(view_ends_with(fixture.text.bytes, "hello"));
    ck_assert_uint_ge(fixture.text.bytes.size, 11);
    teardown(&fixture);
}
END_TEST

/* ---- when the machine cannot ------------------------------------------ */

START_TEST(without_memory_nothing_is_handed_out)
{
    struct fixture fixture;
    setup(&fixture, &automatic);
    buf_release(&fixture.scratch);
    buf_init(&fixture.scratch, 4);
    fixture.text.replaced_count = 77;
    ck_assert_int_eq(read_text(&fixture, "text/html; charset=utf-8",
                               view_of_string("abcdef\xFF")),
                     TEXT_NO_MEMORY);
    ck_assert_uint_eq(fixture.text.replaced_count, 77);
    teardown(&fixture);
}
END_TEST

/* Without the C library's converter files a page is read by guess, and that is
 * said. */
START_TEST(a_charset_that_this_machine_cannot_read_is_said)
{
    struct rlimit usual, none;
    struct fixture fixture;
    setup(&fixture, &automatic);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = usual;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(read_text(&fixture, "text/html; charset=big5",
                               view_of_string("\xA4\xA4 <b>")),
                     TEXT_READY);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    ck_assert_str_eq(fixture.text.charset, "windows-1252");
    ck_assert(view_equal_string(fixture.text.bytes, "¤¤ <b>"));
    ck_assert_str_eq(fixture.note,
                     "this machine cannot read big5 (the C library lacks its "
                     "converter); read as windows-1252");
    teardown(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_loop_test(tests, the_first_rule_that_says_something_decides, 0,
                        (int)ARRAY_COUNT(rule_rows));
    tcase_add_test(tests, a_label_that_is_not_known_is_said_before_a_guess);
    tcase_add_loop_test(tests, ascii_and_utf_8_are_used_where_they_lie, 0,
                        (int)ARRAY_COUNT(lying_rows));
    tcase_add_test(tests, the_valid_part_before_a_fault_is_kept_whole);
    tcase_add_test(tests, a_named_charset_goes_before_header_and_meta);
    tcase_add_test(tests, a_mark_goes_before_a_named_charset);
    tcase_add_test(tests, raw_text_is_the_bytes_as_they_lie);
    tcase_add_loop_test(tests, textual_types_are_searched, 0,
                        (int)ARRAY_COUNT(text_types));
    tcase_add_loop_test(tests, other_types_are_not_and_the_reason_is_given, 0,
                        (int)ARRAY_COUNT(other_types));
    tcase_add_test(tests, a_nul_in_the_first_1024_bytes_is_binary);
    tcase_add_test(tests, utf_16_is_text_unless_it_has_a_nul_character);
    tcase_add_test(tests, all_is_searched_when_told_to);
    tcase_add_test(tests, without_memory_nothing_is_handed_out);
    tcase_add_test(tests, a_charset_that_this_machine_cannot_read_is_said);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
