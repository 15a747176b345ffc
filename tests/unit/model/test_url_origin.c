/*
 * The quick scanner and the full parser agree on every line that both take.
 */
#include "fetchgrep/model/url.h"

#include "suite.h"
#include <stdlib.h>

struct example {
    const char *text;
    const char *origin; /* NULL: for the full parser */
};

static const struct example examples[] = {
    { "http://a/", "a:80" },
    { "https://a", "a:443" },
    { "HTTPS://Www.Example.ORG/Path", "www.example.org:443" },
    { "http://a.b:8080?x", "a.b:8080" },
    { "http://a.b:80#x", "a.b:80" },
    { "http://a_b-c.d/", "a_b-c.d:80" },
    { "http://x.7z/", NULL },
    { "http://127.0.0.1/", "127.0.0.1:80" },
    { "https://255.255.255.255:8443/x", "255.255.255.255:8443" },
    { "http://0.0.0.0", "0.0.0.0:80" },
    { "http://256.0.0.1/", NULL },
    { "http://127.0.0.01/", NULL },
    { "http://127.0.0.1./", NULL },
    { "http://127.0.1/", NULL },
    { "http://127.0.0.1.1/", NULL },
    { "http://127.0.0.1a/", NULL },
    { "http://127.0.0.0001/", NULL },
    { "http://1..2.3/", NULL },
    { "http://0x7f.1/", NULL },
    { "http://2130706433/", NULL },
    { "http://[::1]/", NULL },
    { "http://u@a/", NULL },
    { "http://u:p@a/", NULL },
    { "http://a:/", NULL },
    { "http://a:0/", NULL },
    { "http://a:080/", NULL },
    { "http://a:65536/", NULL },
    { "http://a:1234567/", NULL },
    { "http://a:80x/", NULL },
    { "http://a%2eb/", NULL },
    { "http://b\xc3\xbc.de/", NULL },
    { "http://a\\b/", NULL },
    { "http://a b/", NULL },
    { "http:///a", NULL },
    { "http:/a/", NULL },
    { "http://.a/", NULL },
    { "http://a../", NULL },
    { "http://a./", NULL },
    { "ftp://a/", NULL },
    { "a.b/", NULL },
    { "http://", NULL },
    { "", NULL },
};

START_TEST(unremarkable_urls_have_their_origin_scanned)
{
    const struct example *example = &examples[_i];
    struct url_origin origin;
    bool done = url_scan_origin(view_of_string(example->text), &origin);
    ck_assert_msg(done == (example->origin != NULL), "%s", example->text);
    if (done)
        ck_assert_msg(view_equal_string(view_of(origin.text, origin.size),
                                        example->origin),
                      "%s", example->text);
}
END_TEST

START_TEST(names_that_are_too_long_are_left_to_the_parser)
{
    char text[512] = "http://";
    struct url_origin origin;
    memset(text + 7, 'a', URL_NAME_MAX);
    ck_assert(url_scan_origin(view_of(text, 7 + URL_NAME_MAX), &origin));
    ck_assert_uint_eq(origin.size, URL_NAME_MAX + 3);
    text[7 + URL_NAME_MAX] = 'a';
    ck_assert(!url_scan_origin(view_of(text, 8 + URL_NAME_MAX), &origin));
}
END_TEST

/* Lines of pieces that URLs are made of, in any order. */
START_TEST(scanner_and_parser_agree_on_random_lines)
{
    static const char *const pieces[] = {
        "http://", "https://", "HTTP://",  "a",  "b.c", "Example.ORG", ".",
        ":",       "80",       "443",      "8a", "/",   "?",           "#",
        "@",       "%41",      "\\",       "-",  "_",   "0x1",         "[",
        "]",       " ",        "\xc3\xbc", "1",  ";",   "+",           "~",
        "1.2.3",   "0.0.1.",   "255",
    };
    uint64_t state = 1;
    unsigned both = 0;
    for (int round = 0; round < 200000; round++) {
        char text[256] = "", problem[ERROR_MESSAGE_SIZE];
        size_t size = 0;
        for (int i = 0; i < 8; i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
            size_t pick = i == 0 && state >> 62
                              ? state >> 40 & 1
                              : (state >> 33) % ARRAY_COUNT(pieces);
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s",
                                     pieces[pick]);
        }
        struct view line = view_of(text, size);
        struct url_origin origin;
        struct url url;
        if (!url_scan_origin(line, &origin) ||
            url_parse(line, &url, problem) != URL_OK)
            continue;
        ck_assert_msg(view_equal(url.origin, view_of(origin.text, origin.size)),
                      "%s: %.*s", text, (int)url.origin.size, url.origin.data);
        url_release(&url);
        both++;
    }
    ck_assert_uint_gt(both, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("url_origin");
    TCase *tests = tcase_create("url_origin");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, unremarkable_urls_have_their_origin_scanned, 0,
                        (int)ARRAY_COUNT(examples));
    tcase_add_test(tests, names_that_are_too_long_are_left_to_the_parser);
    tcase_add_test(tests, scanner_and_parser_agree_on_random_lines);
    return run_suite(suite);
}
