/*
 * URLs from the wild become what the URL standard of the WHATWG makes of them,
 * without fragment; and whoever looks at the host sees the address that would
 * be connected to. Where we do otherwise, the row says so.
 */
#include "../../../src/model/url_clean.h"

#include "suite.h"

/* With room for NUL bytes. */
#define ROW(line, text)                                                        \
    {                                                                          \
        { line, sizeof(line) - 1 }, text                                       \
    }

/* `text` NULL: invalid. */
static const struct wild_row {
    struct view line;
    const char *text;
} wild_rows[] = {
    /* Around and inside. */
    ROW(" \t\r\n\f\vhttp://a.de/ \t\n", "http://a.de/"),
    ROW("\0\x01\x1f http://a.de/\x02\0", "http://a.de/"),
    ROW("http://a.de/b\tc\nd\re", "http://a.de/bcde"),
    ROW("ht\ntp:\t//a\r.de/", "http://a.de/"),
    ROW("http://a.de:8\t0\n8\r0/", "http://a.de:8080/"),
    ROW("http://a.de/a b  c", "http://a.de/a%20b%20%20c"),
    ROW("http://a.de/?a b", "http://a.de/?a%20b"),
    ROW("http://a.de/\0x", "http://a.de/%00x"),
    ROW("http://a.de/?\0x", "http://a.de/?%00x"),
    ROW("http://a\0.de/", NULL),
    ROW("http://a.de/\x01\x7f", "http://a.de/%01%7F"),
    ROW("\xEF\xBB\xBFhttp://a.de/", NULL),
    ROW("\xC2\xA0http://a.de/", NULL),
    /* Scheme and slashes. */
    ROW("HTTP://A.De/Ab", "http://a.de/Ab"),
    ROW("hTTpS://a.de", "https://a.de/"),
    ROW("http:a.de/x", "http://a.de/x"),
    ROW("http:/a.de/x", "http://a.de/x"),
    ROW("http:///a.de/x", "http://a.de/x"),
    ROW("http://///a.de/x", "http://a.de/x"),
    ROW("http:\\\\a.de\\x\\y", "http://a.de/x/y"),
    ROW("http:/\\a.de", "http://a.de/"),
    ROW("http://a.de\\b?c\\d#e\\f", "http://a.de/b?c\\d"),
    ROW("http://a.de#f", "http://a.de/"),
    ROW("http://a.de?", "http://a.de/"), /* libcurl drops the mark */
    ROW("http://", NULL),
    ROW("http:", NULL),
    ROW("http:/", NULL),
    ROW("http:?x", NULL),
    ROW("http:#x", NULL),
    ROW("://a.de/", NULL),
    ROW("//a.de/", NULL),
    ROW("www.a.de", NULL),
    /* Path: dots, escapes, what is encoded and what is not. */
    ROW("http://a.de/a/./b/../c", "http://a.de/a/c"),
    ROW("http://a.de/a/%2e/b/%2E%2e/c", "http://a.de/a/c"),
    ROW("http://a.de/a/.%2e/c", "http://a.de/c"),
    ROW("http://a.de/a/%2e.", "http://a.de/"),
    ROW("http://a.de/..\\..\\b", "http://a.de/b"),
    ROW("http://a.de/...", "http://a.de/..."),
    ROW("http://a.de/%2e%2e%2e", "http://a.de/%2e%2e%2e"),
    ROW("http://a.de/.b", "http://a.de/.b"),
    ROW("http://a.de/%2eb", "http://a.de/%2eb"),
    ROW("http://a.de//b///c", "http://a.de//b///c"),
    ROW("http://a.de/%", "http://a.de/%"),
    ROW("http://a.de/%zz%4", "http://a.de/%zz%4"),
    ROW("http://a.de/%41%e4", "http://a.de/%41%e4"),
    ROW("http://a.de/\"<>^`{}", "http://a.de/%22%3C%3E%5E%60%7B%7D"),
    ROW("http://a.de/|[]~!$&'()*+,;=:@", "http://a.de/|[]~!$&'()*+,;=:@"),
    ROW("http://a.de/stra\xC3\x9F"
        "e/\xE2\x82\xAC",
        "http://a.de/stra%C3%9Fe/%E2%82%AC"),
    ROW("http://a.de/\xF0\x9F\x98\x80", "http://a.de/%F0%9F%98%80"),
    /* Not UTF-8: as it is; the standard has no bytes. */
    ROW("http://a.de/stra\xDF"
        "e?\xE4",
        "http://a.de/stra%DFe?%E4"),
    /* Query. */
    ROW("http://a.de/?\"<>'", "http://a.de/?%22%3C%3E%27"),
    ROW("http://a.de/?a|b^c`d{}[]\\", "http://a.de/?a|b^c`d{}[]\\"),
    ROW("http://a.de/?a?b/../c", "http://a.de/?a?b/../c"),
    ROW("http://a.de/?q=\xC3\xBC&r=%20+", "http://a.de/?q=%C3%BC&r=%20+"),
    ROW("http://a.de/?%zz", "http://a.de/?%zz"),
    ROW("http://a.de?a#b?c", "http://a.de/?a"),
    /* User information. */
    ROW("http://u:p@a.de/", "http://u:p@a.de/"),
    ROW("http://u@a.de/", "http://u@a.de/"),
    ROW("http://u@v:p@w@a.de/", "http://u%40v:p%40w@a.de/"),
    ROW("http://@a.de/", "http://a.de/"),
    ROW("http://:@a.de/", "http://a.de/"),
    ROW("http://u:@a.de/", "http://u@a.de/"),
    ROW("http://:p@a.de/", "http://:p@a.de/"),
    ROW("http://u :p|\xC3\xBC@a.de/", "http://u%20:p%7C%C3%BC@a.de/"),
    ROW("http://u:p:q@a.de/", "http://u:p%3Aq@a.de/"),
    ROW("http://a.de\\@b.de/", "http://a.de/@b.de/"),
    ROW("http://a.de/@b.de", "http://a.de/@b.de"),
    ROW("http://a.de?@b.de", "http://a.de/?@b.de"),
    ROW("http://a.de#@b.de", "http://a.de/"),
    ROW("http://u@", NULL),
    ROW("http://u@/x", NULL),
    /* Ports. */
    ROW("http://a.de:80/", "http://a.de/"),
    ROW("https://a.de:443/", "https://a.de/"),
    ROW("http://a.de:443/", "http://a.de:443/"),
    ROW("http://a.de:/", "http://a.de/"),
    ROW("http://a.de:0008080/", "http://a.de:8080/"),
    ROW("http://a.de:00000000080/", "http://a.de/"),
    ROW("http://a.de:65535/", "http://a.de:65535/"),
    ROW("http://a.de:65536/", NULL),
    ROW("http://a.de:99999999999999999999/", NULL),
    ROW("http://a.de:0/", NULL), /* valid, and nobody listens there */
    ROW("http://a.de:-1/", NULL),
    ROW("http://a.de:+80/", NULL),
    ROW("http://a.de:8o/", NULL),
    ROW("http://a.de:80:80/", NULL),
    ROW("http://a.de: 80/", NULL),
    ROW("http://:80/", NULL),
    /* Names. */
    ROW("http://%61.de/", "http://a.de/"),
    ROW("http://a%2ede/", "http://a.de/"),
    ROW("http://a%2Fb.de/", NULL),
    ROW("http://a%40b.de/", NULL),
    ROW("http://a%00b.de/", NULL),
    ROW("http://a%.de/", NULL),
    ROW("http://a%25.de/", NULL),
    ROW("http://a b.de/", NULL),
    ROW("http://a%20b.de/", NULL),
    ROW("http://a<b.de/", NULL),
    ROW("http://a^b.de/", NULL),
    ROW("http://a|b.de/", NULL),
    ROW("http://a_b.de/", "http://a_b.de/"),
    ROW("http://-a-.de/", "http://-a-.de/"),
    ROW("http://a..de/", "http://a..de/"),
    ROW("http://a.de./", "http://a.de./"),
    ROW("http://b\xC3\xBC"
        "cher.de/",
        "http://xn--bcher-kva.de/"),
    ROW("http://B\xC3\x9C"
        "CHER.de/",
        "http://xn--bcher-kva.de/"),
    ROW("http://b%C3%BCcher.de/", "http://xn--bcher-kva.de/"),
    ROW("http://bu\xCC\x88"
        "cher.de/",
        "http://xn--bcher-kva.de/"),
    ROW("http://fa\xC3\x9F.de/", "http://xn--fa-hia.de/"),
    ROW("http://XN--BCHER-KVA.de/", "http://xn--bcher-kva.de/"),
    ROW("http://\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE3\x80\x82\xEF\xBC\xAA"
        "\xEF\xBC\xB0/",
        "http://xn--wgv71a119e.jp/"),
    ROW("http://a\xC2\xAD"
        "b.de/",
        "http://ab.de/"),
    ROW("http://\xC2\xAD/", NULL),
    ROW("http://\xE4.de/", NULL),
    ROW("http://a\xE2\x84\x80m.de/", NULL), /* becomes "aa/cm.de" */
    ROW("http://a\xEF\xBC\x85"
        "41.de/",
        NULL), /* becomes "a%41.de" */
    ROW("http://\xD7\x90"
        "a.de/",
        NULL), /* two directions */
    /* libidn2 takes no symbols; the standard does. */
    ROW("http://i\xE2\x9D\xA4.ws/", NULL),
    /* The standard looks into it; the name servers do as well. */
    ROW("http://xn--zz.de/", "http://xn--zz.de/"),
    /* Addresses. */
    ROW("http://127.0.0.1/", "http://127.0.0.1/"),
    ROW("http://127.0.0.1./", "http://127.0.0.1/"),
    ROW("http://127.1/", "http://127.0.0.1/"),
    ROW("http://127.0.1/", "http://127.0.0.1/"),
    ROW("http://2130706433/", "http://127.0.0.1/"),
    ROW("http://0x7f.1/", "http://127.0.0.1/"),
    ROW("http://0x7F000001/", "http://127.0.0.1/"),
    ROW("http://0X7f.0x0.0x0.0x1/", "http://127.0.0.1/"),
    ROW("http://0177.0.0.01/", "http://127.0.0.1/"),
    ROW("http://010.0.0.1/", "http://8.0.0.1/"),
    ROW("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
    ROW("http://0x7f%2e1/", "http://127.0.0.1/"),
    ROW("http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.1/", "http://127.0.0.1/"),
    ROW("http://127\xE3\x80\x82"
        "0\xE3\x80\x82"
        "0\xE3\x80\x82"
        "1/",
        "http://127.0.0.1/"),
    ROW("http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.1/", "http://127.0.0.1/"),
    ROW("http://u@127.1:81/", "http://u@127.0.0.1:81/"),
    ROW("http://0/", "http://0.0.0.0/"),
    ROW("http://0x/", "http://0.0.0.0/"),
    ROW("http://0x.0x.0/", "http://0.0.0.0/"),
    ROW("http://4294967295/", "http://255.255.255.255/"),
    ROW("http://4294967296/", NULL),
    ROW("http://1.16777216/", NULL),
    ROW("http://1.16777215/", "http://1.255.255.255/"),
    ROW("http://256.1/", NULL),
    ROW("http://1.2.3.256/", NULL),
    ROW("http://1.2.3.4.5/", NULL),
    ROW("http://1.2.3.08/", NULL),
    ROW("http://a.de.1/", NULL),
    ROW("http://a.0x1/", NULL),
    ROW("http://1..1/", NULL),
    ROW("http://1.a/", "http://1.a/"),
    ROW("http://1.0xg/", "http://1.0xg/"),
    ROW("http://[::1]/", "http://[::1]/"),
    ROW("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
    ROW("http://[2001:DB8:0:0:1:0:0:0]:81/", "http://[2001:db8:0:0:1::]:81/"),
    ROW("http://[1:0:2:3:4:5:6:7]/", "http://[1:0:2:3:4:5:6:7]/"),
    ROW("http://[::]/", "http://[::]/"),
    ROW("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    ROW("http://[1:2:3:4:5:6:7:8]/", "http://[1:2:3:4:5:6:7:8]/"),
    ROW("http://[1:2:3:4:5:6:7:8:9]/", NULL),
    ROW("http://[::1%25eth0]/", NULL),
    ROW("http://[::1%eth0]/", NULL),
    ROW("http://[v1.x]/", NULL),
    ROW("http://[::1/", NULL),
    ROW("http://[]/", NULL),
    ROW("http://[::1]x/", NULL),
    ROW("http://::1/", NULL),
    ROW("http://a[::1]/", NULL),
};

static bool is_ascii(const char *text)
{
    while (*text > ' ' && *text < 0x7f)
        text++;
    return !*text;
}

START_TEST(lines_become_what_the_standard_makes_of_them)
{
    const struct wild_row *row = &wild_rows[_i];
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    enum url_result result = url_parse(row->line, &url, problem);
    ck_assert_msg((result == URL_OK) == (row->text != NULL),
                  "\"%.*s\": result %d: %s", VIEW_ARG(row->line), (int)result,
                  result == URL_OK ? url.text : problem);
    if (result != URL_OK) {
        ck_assert_int_eq(result, URL_INVALID);
        ck_assert_msg(strlen(problem) > 10, "\"%s\"", problem);
        return;
    }
    ck_assert_str_eq(url.text, row->text);
    ck_assert(is_ascii(url.text));
    url_release(&url);
}
END_TEST

/* Once it is clean it stays so. */
START_TEST(what_became_of_a_line_becomes_itself)
{
    const struct wild_row *row = &wild_rows[_i];
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    if (!row->text)
        return;
    ck_assert_int_eq(url_parse(view_of_string(row->text), &url, problem),
                     URL_OK);
    ck_assert_str_eq(url.text, row->text);
    url_release(&url);
    ck_assert_int_eq(url_parse_fully(view_of_string(row->text), &url, problem),
                     URL_OK);
    ck_assert_str_eq(url.text, row->text);
    url_release(&url);
}
END_TEST

/* The base is https://u:p@a.de:81/b/c?d. */
static const char *const references[][2] = {
    { "x y", "https://u:p@a.de:81/b/x%20y" },
    { "\\x\\y", "https://u:p@a.de:81/x/y" },
    { "\\\\h.de\\x", "https://h.de/x" },
    { "/\\h.de/x", "https://h.de/x" },
    { "///h.de/x", "https://h.de/x" },
    { "\t/x\n/y ", "https://u:p@a.de:81/x/y" },
    { "?\xC3\xBC", "https://u:p@a.de:81/b/c?%C3%BC" },
    { "\xC3\xBC", "https://u:p@a.de:81/b/%C3%BC" },
    { "\xFC", "https://u:p@a.de:81/b/%FC" },
    { "%2e%2e/x", "https://u:p@a.de:81/x" },
    { "#x", "https://u:p@a.de:81/b/c?d" },
    { "https:x", "https://u:p@a.de:81/b/x" },
    { "https:/x", "https://u:p@a.de:81/x" },
    { "https:\\\\h.de", "https://h.de/" },
    { "https:?x", "https://u:p@a.de:81/b/c?x" },
    { "https:", "https://u:p@a.de:81/b/c?d" },
    { "https:x:y", "https://u:p@a.de:81/b/x:y" },
    { "1:y", "https://u:p@a.de:81/b/1:y" },
    { "http:h.de", "http://h.de/" },
    { "http:/h.de", "http://h.de/" },
    { "HTTP://H.de", "http://h.de/" },
    { "//0x7f.1/", "https://127.0.0.1/" },
    { "//\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.1", "https://127.0.0.1/" },
    { "//[::1%25lo]/", NULL },
    { "//a.de:99999", NULL },
    { "http://", NULL },
    { "//", NULL },
    { " ", NULL },
};

START_TEST(references_are_read_as_browsers_read_them)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    const char *expected = references[_i][1];
    struct url base, url;
    ck_assert_int_eq(
        url_parse(view_of_string("https://u:p@a.de:81/b/c?d"), &base, problem),
        URL_OK);
    enum url_result result =
        url_resolve(&base, view_of_string(references[_i][0]), &url, problem);
    ck_assert_msg((result == URL_OK) == (expected != NULL), "%s: %d %s",
                  references[_i][0], (int)result, problem);
    if (result == URL_OK) {
        ck_assert_str_eq(url.text, expected);
        url_release(&url);
    }
    url_release(&base);
}
END_TEST

/* Other schemes are denied in whatever dress. */
START_TEST(other_schemes_are_denied)
{
    static const char *const lines[] = { "ftp://a.de/", "FILE:///etc/passwd",
                                         " f\ttp://a.de/", "htttp://a.de",
                                         "java\nscript:alert(1)" };
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
        ck_assert_msg(url_parse(view_of_string(lines[i]), &url, problem) ==
                          URL_DENIED,
                      "%s: %s", lines[i], problem);
}
END_TEST

/* A line that is taken is shown without what is sent as user information. */
START_TEST(odd_user_information_is_masked)
{
    static const char *const lines[] = {
        "http:me:secret@a.de/",        "HTTPS:me:secret@a.de/",
        "http:\\\\me:secret@a.de/",    "http:\t//me:secret@a.de/",
        "ht\ntp:me:secret@a.de/",      "http:/\n/me:sec\tret@a.de/",
        "\x01http:me:secret@a.de/",    "http://me:secret\t@a.de/",
        "http:\r\n/\t\\me:secret@a.de"
    };
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        struct view line = view_of_string(lines[i]);
        ck_assert_msg(url_parse(line, &url, problem) == URL_OK, "%s: %s",
                      lines[i], problem);
        ck_assert(url.has_userinfo);
        char *shown = url_shown(line);
        ck_assert_msg(strstr(shown, "***@") && !strstr(shown, "ret@"), "%s",
                      shown);
        free(shown);
        url_release(&url);
    }
}
END_TEST

static void check_agreement(struct view line, unsigned *plain_count)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url plain, full;
    if (!url_read_plain(line, &plain))
        return;
    ck_assert_msg(url_parse_fully(line, &full, problem) == URL_OK, "%.*s: %s",
                  VIEW_ARG(line), problem);
    ck_assert_str_eq(plain.text, full.text);
    ck_assert_uint_eq(plain.text_size, full.text_size);
    ck_assert_int_eq(plain.scheme, full.scheme);
    ck_assert_uint_eq(plain.port, full.port);
    ck_assert(view_equal(plain.host, full.host));
    ck_assert(view_equal(plain.origin, full.origin));
    ck_assert(view_equal(plain.target, full.target));
    ck_assert(!plain.has_userinfo && !full.has_userinfo);
    ck_assert_uint_eq(url_block_size(&plain), url_block_size(&full));
    url_release(&plain);
    url_release(&full);
    ++*plain_count;
}

START_TEST(ordinary_urls_are_read_the_short_way_to_the_same_end)
{
    static const char *const lines[] = {
        "http://a.de",           "HTTPS://Www.A.de/Path/to?x=1&y=%20#f",
        "http://a.de:80/a",      "https://a.de:8443?x",
        "http://a_b.de/a.b..c/", "http://127.0.0.1:81/x",
        "https://1.20.255.0",    "http://a.de/?a/../b?'"
    };
    unsigned count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(lines) - 1; i++)
        check_agreement(view_of_string(lines[i]), &count);
    ck_assert_uint_eq(count, ARRAY_COUNT(lines) - 1);
    check_agreement(view_of_string(lines[ARRAY_COUNT(lines) - 1]), &count);
    ck_assert_uint_eq(count, ARRAY_COUNT(lines) - 1);
}
END_TEST

/* Made of what is ordinary, with one odd piece now and then. */
START_TEST(both_ways_agree_on_random_lines)
{
    static const char *const pieces[] = {
        "a",   ".", "/",    "?",        "b.de", ":80", ":8080", "=1",
        "&",   "-", "_",    "%41",      "%",    "//",  "..",    "/.",
        "#",   "~", ":443", "A",        "|",    "'",   "\"",    "{",
        "\\",  " ", "@",    "\x7f",     "^",    "%2e", "[",     "]",
        "0x1", "1", ":",    "\xC3\xBC", ";x",   "+,*", "!$()",  "xn--"
    };
    uint64_t state = 7;
    unsigned count = 0;
    for (int round = 0; round < 100000; round++) {
        char text[256];
        size_t size = (size_t)snprintf(text, sizeof(text), "http%s://c.org",
                                       round & 1 ? "s" : "");
        for (int i = 0; i < 7; i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
            size_t pick = (state >> 33) % ARRAY_COUNT(pieces);
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s",
                                     pieces[pick]);
        }
        check_agreement(view_of(text, size), &count);
    }
    ck_assert_uint_gt(count, 3000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("url_wild");
    TCase *tests = tcase_create("url_wild");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, lines_become_what_the_standard_makes_of_them, 0,
                        (int)ARRAY_COUNT(wild_rows));
    tcase_add_loop_test(tests, what_became_of_a_line_becomes_itself, 0,
                        (int)ARRAY_COUNT(wild_rows));
    tcase_add_loop_test(tests, references_are_read_as_browsers_read_them, 0,
                        (int)ARRAY_COUNT(references));
    tcase_add_test(tests, other_schemes_are_denied);
    tcase_add_test(tests, odd_user_information_is_masked);
    tcase_add_test(tests, ordinary_urls_are_read_the_short_way_to_the_same_end);
    tcase_add_test(tests, both_ways_agree_on_random_lines);
    return run_suite(suite);
}
