/*
 * What RFC 9309 says of a robots.txt, and what files from the wild need
 * beyond it.
 */
#include "fetchgrep/frontier/robots.h"

#include "fetchgrep/base/buf.h"

#include "suite.h"
#include <stdlib.h>
#include <time.h>

struct example {
    const char *file;
    const char *target;
    bool is_allowed;
};

#define US  "User-agent: fetchgrep\n"
#define ANY "User-agent: *\n"

static const struct example examples[] = {
    /* No rule. */
    { "", "/", true },
    { "\n\n# nothing\n", "/a", true },
    { ANY "Disallow:\n", "/a", true },
    { "Disallow: /\n", "/a", true }, /* in no group */
    /* Groups. */
    { ANY "Disallow: /\n", "/a", false },
    { US "Disallow: /\n", "/a", false },
    { "User-agent: other\nDisallow: /\n", "/a", true },
    { US "Allow: /\n" ANY "Disallow: /\n", "/a", true },
    { ANY "Disallow: /\n" US "Disallow: /b\n", "/a", true },
    { US "\n" ANY "Disallow: /\n", "/a", false }, /* one group for both */
    { US "Disallow: /a\n" US "Disallow: /b\n", "/a", false }, /* merged */
    { US "Disallow: /a\n" US "Disallow: /b\n", "/b", false },
    { ANY "Disallow: /a\n" US, "/a", true }, /* a group without rules */
    { "User-agent: other\nSitemap: http://x/\n" US "Disallow: /\n", "/a",
      false },
    { "User-agent: other\nDisallow: /b\n" US "Disallow: /\n", "/a", false },
    { "USER-AGENT: FetchGrep/2.0\nDISALLOW: /\n", "/a", false },
    { "User-agent: fetchgrepper\nDisallow: /\n", "/a", true },
    { "User-agent: fetch\nDisallow: /\n", "/a", true },
    { "User-agent : fetchgrep # us\n Disallow\t:\t/a # not\n", "/a", false },
    { "User-agent: *x\nDisallow: /\n", "/a", false },
    /* Ends of lines, a byte order mark, bytes that mean nothing. */
    { "\xEF\xBB\xBF" ANY "Disallow: /\n", "/a", false },
    { "User-agent: *\rDisallow: /\r", "/a", false },
    { "User-agent: *\r\nDisallow: /\r\n", "/a", false },
    { "User-agent: *\nDisallow: /", "/a", false },
    { "\xff\xfe:\n:::\nfoo\n" ANY "nonsense\nDisallow: /\n", "/a", false },
    { "User-agent: *\nDisalow: /\n", "/a", true },
    /* The longest decides, and of equals the one that allows. */
    { ANY "Disallow: /a\nAllow: /a/b\n", "/a/b/c", true },
    { ANY "Allow: /a/b\nDisallow: /a\n", "/a/c", false },
    { ANY "Allow: /a\nDisallow: /a\n", "/a", true },
    { ANY "Disallow: /a\nAllow: /a\n", "/a", true },
    { ANY "Allow: /p\nDisallow: /\n", "/page", true },
    { ANY "Allow: /folder\nDisallow: /folder\n", "/folder/page", true },
    { ANY "Allow: /page\nDisallow: /*.htm\n", "/page.htm", false },
    { ANY "Allow: /page\nDisallow: /*.ph\n", "/page.php5", true },
    { ANY "Allow: /$\nDisallow: /\n", "/", true },
    { ANY "Allow: /$\nDisallow: /\n", "/page.htm", false },
    /* Patterns. */
    { ANY "Disallow: /fish\n", "/fish", false },
    { ANY "Disallow: /fish\n", "/fishheads/yummy.html", false },
    { ANY "Disallow: /fish\n", "/Fish.asp", true },
    { ANY "Disallow: /fish\n", "/catfish", true },
    { ANY "Disallow: /fish/\n", "/fish", true },
    { ANY "Disallow: /fish/\n", "/fish/?id=1", false },
    { ANY "Disallow: fish\n", "/fish", false },
    { ANY "Disallow: *.php\n", "/a/b.php?x", false },
    { ANY "Disallow: /*.php$\n", "/a.php", false },
    { ANY "Disallow: /*.php$\n", "/a.php?x", true },
    { ANY "Disallow: /*.php$\n", "/a.php.php", false },
    { ANY "Disallow: /*.php$\n", "/a.php5", true },
    { ANY "Disallow: /a*b*c\n", "/axxbyyc", false },
    { ANY "Disallow: /a*b*c\n", "/axxcyyb", true },
    { ANY "Disallow: /a**b\n", "/ab", false },
    { ANY "Disallow: /a$b\n", "/a$b", false }, /* "$" inside is itself */
    { ANY "Disallow: /a$b\n", "/a%24bc", false },
    { ANY "Disallow: /a$b\n", "/a", true },
    { ANY "Disallow: /a$*\n", "/a$", false },
    { ANY "Disallow: /a$$\n", "/a$", false },
    { ANY "Disallow: /a$$\n", "/a$b", true },
    { ANY "Disallow: /a%24\n", "/a$b", false }, /* and an escaped one too */
    { ANY "Disallow: /a*\n", "/a", false },
    { ANY "Disallow: /*a*a*a$\n", "/aa", true },
    { ANY "Disallow: /*a*a*a$\n", "/aaxa", false },
    { ANY "Disallow: /*\n", "/", false },
    { ANY "Disallow: /*$\n", "/", false },
    { ANY "Disallow: $\n", "/", false },
    { ANY "Disallow: /ab*ab$\n", "/ab", true },
    { ANY "Disallow: /?\n", "/?q", false },
    { ANY "Disallow: /?\n", "?q", false },
    /* Escapes. */
    { ANY "Disallow: /foo/bar?baz=http://foo.bar\n",
      "/foo/bar?baz=http://foo.bar", false },
    { ANY "Disallow: /foo/bar/\xE3\x83\x84\n", "/foo/bar/%E3%83%84", false },
    { ANY "Disallow: /foo/bar/%E3%83%84\n", "/foo/bar/%e3%83%84", false },
    { ANY "Disallow: /foo/bar/%62%61%7A\n", "/foo/bar/baz", false },
    { ANY "Disallow: /foo/bar/baz\n", "/foo/bar/%62%61%7a", false },
    { ANY "Disallow: /a%2Fb\n", "/a/b", true },
    { ANY "Disallow: /a%2fb\n", "/a%2Fb", false },
    { ANY "Disallow: /a%2Ab\n", "/a*b", false },
    { ANY "Disallow: /a%2Ab\n", "/axb", true },
    { ANY "Disallow: /a%24\n", "/a$", false },
    { ANY "Disallow: /a%\n", "/a%", false },
    { ANY "Disallow: /a%zz\n", "/a%zz", false },
    { ANY "Disallow: /a b\n", "/a%20b", false },
    /* The file itself. */
    { ANY "Disallow: /\n", "/robots.txt", true },
};

static struct robots *parse(struct view bytes)
{
    struct robots *robots = robots_parse(bytes, view_of_string("fetchgrep"));
    ck_assert_ptr_nonnull(robots);
    return robots;
}

static bool is_allowed(const struct robots *robots, const char *target)
{
    const struct robots_rule *rule = NULL;
    enum robots_result result =
        robots_check(robots, view_of_string(target), &rule);
    ck_assert_int_ne(result, ROBOTS_NO_MEMORY);
    ck_assert_int_eq(result == ROBOTS_DENIED, rule != NULL);
    return result == ROBOTS_ALLOWED;
}

START_TEST(a_file_allows_what_the_standard_says)
{
    const struct example *example = &examples[_i];
    struct robots *robots = parse(view_of_string(example->file));
    ck_assert_msg(is_allowed(robots, example->target) == example->is_allowed,
                  "%s of\n%s", example->target, example->file);
    robots_free(robots);
}
END_TEST

START_TEST(the_rule_that_denies_is_told)
{
    const struct robots_rule *rule = NULL;
    struct robots *robots = parse(view_of_string(
        "# a file\r\n\r\nUser-agent: *\r\nAllow: /\r\nDisallow: /a\r\n"));
    ck_assert_int_eq(robots_check(robots, view_of_string("/ab"), &rule),
                     ROBOTS_DENIED);
    ck_assert_uint_eq(rule->line, 5);
    ck_assert(view_equal_string(rule->pattern, "/a"));
    robots_free(robots);
}
END_TEST

START_TEST(the_product_token_ends_where_letters_end)
{
    static const struct {
        const char *agent, *token;
    } rows[] = { { "fetchgrep/0.1", "fetchgrep" },
                 { "My_Bot-x (+http://a)", "My_Bot-x" },
                 { "Bot2", "Bot" },
                 { "1x", "" },
                 { "", "" } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        ck_assert(view_equal_string(
            robots_product_token(view_of_string(rows[i].agent)),
            rows[i].token));
}
END_TEST

START_TEST(delays_are_taken_and_capped)
{
    static const struct {
        const char *file;
        int64_t ms;
    } rows[] = {
        { ANY "Crawl-delay: 2\n", 2000 },
        { ANY "crawl-delay: 0.25\n", 250 },
        { ANY "Crawl-delay: 100000\n", ROBOTS_DELAY_MAX_S * 1000 },
        { ANY "Crawl-delay: 1e999\n", ROBOTS_DELAY_MAX_S * 1000 },
        { ANY "Crawl-delay: -5\n", 0 },
        { ANY "Crawl-delay: nan\n", 0 },
        { ANY "Crawl-delay: soon\n", 0 },
        { ANY "Crawl-delay:\n", 0 },
        { ANY "Crawl-delay: 5\n" US "Disallow: /\n", 0 },
        { "Crawl-delay: 5\n", 0 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct robots *robots = parse(view_of_string(rows[i].file));
        ck_assert_msg(robots_delay_ms(robots) == rows[i].ms, "%s",
                      rows[i].file);
        robots_free(robots);
    }
}
END_TEST

/* The line that the limit cuts does not count; those before do. */
START_TEST(what_is_beyond_the_limit_is_not_read)
{
    struct buf file;
    buf_init(&file, 1 << 20);
    buf_append_string(&file, ANY "Disallow: /first\n");
    while (file.size < ROBOTS_BYTES_MAX - 10)
        buf_append_string(&file, "#\n");
    buf_append_string(&file, "Disallow: /last\nDisallow: /more\n");
    struct robots *robots = parse(buf_view(&file));
    ck_assert(!is_allowed(robots, "/first"));
    ck_assert(is_allowed(robots, "/last"));
    ck_assert(is_allowed(robots, "/Disallo"));
    ck_assert(is_allowed(robots, "/more"));
    robots_free(robots);
    buf_release(&file);
}
END_TEST

/* A backtracking matcher would not end in this century. */
START_TEST(no_pattern_makes_matching_explode)
{
    struct buf file, path;
    buf_init(&file, 1 << 20);
    buf_init(&path, 1 << 20);
    buf_append_string(&file, ANY "Disallow: /");
    for (int i = 0; i < 5000; i++)
        buf_append_string(&file, "*a");
    buf_append_string(&file, "b$\n");
    buf_append_char(&path, '/');
    for (int i = 0; i < 60000; i++)
        buf_append_char(&path, 'a');
    buf_append_char(&path, '\0');
    struct robots *robots = parse(buf_view(&file));
    clock_t began = clock();
    ck_assert(is_allowed(robots, path.data));
    ck_assert_int_lt(clock() - began, CLOCKS_PER_SEC);
    robots_free(robots);
    buf_release(&file);
    buf_release(&path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("robots");
    TCase *tests = tcase_create("robots");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, a_file_allows_what_the_standard_says, 0,
                        (int)ARRAY_COUNT(examples));
    tcase_add_test(tests, the_rule_that_denies_is_told);
    tcase_add_test(tests, the_product_token_ends_where_letters_end);
    tcase_add_test(tests, delays_are_taken_and_capped);
    tcase_add_test(tests, what_is_beyond_the_limit_is_not_read);
    tcase_add_test(tests, no_pattern_makes_matching_explode);
    return run_suite(suite);
}
