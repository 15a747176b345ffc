/* The quick validator says what the plain one says: for every pair of bytes and
 * what may follow, wherever that stands in a block. test_text.c holds the plain
 * one against Unicode's table. */
#include "fetchgrep/base/utf8.h"

#include "suite.h"

enum { TEXT_SIZE = 192, RUN = 4 };

static void compare(const char *text, size_t size)
{
    struct view view = view_of(text, size);
    size_t quick = utf8_valid_prefix(view);
    size_t plain = utf8_valid_prefix_plain(view);
    if (quick != plain)
        ck_abort_msg("%zu instead of %zu", quick, plain);
}

/* Around the borders of what is looked at at once. */
static const size_t places[] = { 0,   28,  29,  30,  31,  32,  60,  61,
                                 62,  63,  64,  95,  96,  124, 125, 126,
                                 127, 128, 184, 186, 187, 188 };

START_TEST(every_pair_of_bytes_with_what_may_follow)
{
    static const unsigned char thirds[] = { 0x7f, 0x80, 0x8f, 0x90,
                                            0xa0, 0xbf, 0xc0 };
    static const unsigned char fourths[] = { 'A', 0x80, 0xff };
    char text[TEXT_SIZE];
    size_t turn = 0;
    unsigned first_from = 0x70 + (unsigned)_i * 16;
    memset(text, 'a', sizeof(text));
    for (unsigned pair = first_from << 8; pair < (first_from + 16) << 8; pair++)
        for (size_t i = 0; i < ARRAY_COUNT(thirds); i++)
            for (size_t j = 0; j < ARRAY_COUNT(fourths); j++) {
                size_t at = places[turn++ % ARRAY_COUNT(places)];
                const char run[RUN] = { (char)(pair >> 8), (char)pair,
                                        (char)thirds[i], (char)fourths[j] };
                memcpy(text + at, run, RUN);
                compare(text, sizeof(text));
                memset(text + at, 'a', RUN);
            }
}
END_TEST

/* Text without any ASCII between its characters, cut at each size. */
START_TEST(dense_text_of_every_length)
{
    static const char *const characters[] = {
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xE2\x82\xAC",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF0\x9F\x98\x80",
        "\xF4\x8F\xBF\xBF",
        "x",
        "\xC3\xA9",
    };
    char text[1024];
    uint32_t x = (uint32_t)_i;
    size_t size = 0;
    while (size + RUN < sizeof(text)) {
        x = x * 1664525 + 1013904223;
        const char *next = characters[(x >> 16) % ARRAY_COUNT(characters)];
        memcpy(text + size, next, strlen(next));
        size += strlen(next);
    }
    ck_assert_uint_eq(utf8_valid_prefix(view_of(text, size)), size);
    for (size_t cut = 0; cut < size; cut++)
        compare(text, cut);
    /* And with each byte changed. */
    for (size_t at = 0; at < size; at++) {
        char before = text[at];
        x = x * 1664525 + 1013904223;
        text[at] = (char)(x >> 24);
        compare(text, size);
        text[at] = before;
    }
}
END_TEST

START_TEST(ascii_ends_at_the_first_other_byte)
{
    char text[200];
    memset(text, 'a', sizeof(text));
    ck_assert_uint_eq(utf8_ascii_prefix(view_of(text, sizeof(text))),
                      sizeof(text));
    ck_assert_uint_eq(utf8_ascii_prefix(view_of(NULL, 0)), 0);
    for (size_t at = 0; at < sizeof(text); at++) {
        text[at] = '\x80';
        ck_assert_uint_eq(utf8_ascii_prefix(view_of(text, sizeof(text))), at);
        text[at] = 'a';
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tests = tcase_create("utf8");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_pair_of_bytes_with_what_may_follow, 0, 9);
    tcase_add_loop_test(tests, dense_text_of_every_length, 0, 20);
    tcase_add_test(tests, ascii_ends_at_the_first_other_byte);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
