/*
 * A URL is seen once, however it is written and however many there are.
 */
#include "fetchgrep/manifest/dedupe.h"

#include "suite.h"
#include <stdio.h>

static struct dedupe *dedupe;

static void set_up(void)
{
    struct error err;
    dedupe = dedupe_new(4711, &err);
    ck_assert_ptr_nonnull(dedupe);
}

static void tear_down(void)
{
    dedupe_free(dedupe);
}

/* The id of the first, or `id` when it is new. */
static uint64_t see(const char *text, uint64_t id)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    uint64_t first_id = id;
    ck_assert_int_eq(url_parse(view_of_string(text), &url, problem), URL_OK);
    enum dedupe_result result = dedupe_seen(dedupe, &url, id, &first_id);
    ck_assert_int_ne(result, DEDUPE_NO_MEMORY);
    ck_assert_int_eq(result == DEDUPE_NEW, first_id == id);
    url_release(&url);
    return first_id;
}

static const struct {
    const char *first, *second;
    bool is_same;
} pairs[] = {
    { "http://a.org/", "http://a.org/", true },
    { "http://a.org", "http://a.org/", true },
    { "http://a.org?q", "http://a.org/?q", true },
    { "HTTP://A.ORG/", "http://a.org/", true },
    { "http://a.org:80/", "http://a.org/", true },
    { "https://a.org:443/", "https://a.org/", true },
    { "https://a.org:80/", "http://a.org:80/", false },
    { "http://a.org/x#one", "http://a.org/x#two", true },
    { "http://a.org/b/../x", "http://a.org/./x", true },
    { " http://a.org/", "http://a.org/ ", true },
    { "http://u:p@a.org/", "http://u:p@a.org:80/", true },
    { "http://u:p@a.org/", "http://u:q@a.org/", false },
    { "http://u:p@a.org/", "http://a.org/", false },
    { "http://a.org/@x", "http://a.org/@y", false },
    { "http://a.org/X", "http://a.org/x", false },
    { "http://a.org/", "http://a.org/?", true }, /* libcurl asks the same */
    { "http://a.org/", "https://a.org/", false },
    { "http://a.org/", "http://a.org:81/", false },
    { "http://a.org/", "http://www.a.org/", false },
    { "http://a.org/x?1", "http://a.org/x?2", false },
    { "http://[::1]/", "http://[::1]:80/", true },
};

START_TEST(the_same_is_what_the_same_server_is_asked_for)
{
    ck_assert_uint_eq(see(pairs[_i].first, 7), 7);
    ck_assert_uint_eq(see(pairs[_i].second, 9), pairs[_i].is_same ? 7 : 9);
    ck_assert_uint_eq(see(pairs[_i].first, 11), 7);
    ck_assert_uint_eq(dedupe_count(dedupe), pairs[_i].is_same ? 1 : 2);
}
END_TEST

/* In tables that have grown many times; in the memory that is promised. */
START_TEST(the_first_of_many_is_told)
{
    enum { COUNT = 200000 };
    char url[64];
    for (uint64_t i = 0; i < 2 * COUNT; i++) {
        snprintf(url, sizeof(url), "http://a.org/%llu",
                 (unsigned long long)(i * 7919 % COUNT));
        ck_assert_uint_eq(see(url, i), i % COUNT);
    }
    ck_assert_uint_eq(dedupe_count(dedupe), COUNT);
    ck_assert_uint_ge(dedupe_bytes(dedupe), (size_t)27 * COUNT);
    ck_assert_uint_le(dedupe_bytes(dedupe), (size_t)42 * COUNT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("dedupe");
    TCase *tests = tcase_create("dedupe");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_same_is_what_the_same_server_is_asked_for, 0,
                        (int)ARRAY_COUNT(pairs));
    tcase_add_test(tests, the_first_of_many_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
