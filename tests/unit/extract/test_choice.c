#include "../suite.h"
#include "fetchgrep/base/compiler.h"
#include "fetchgrep/extract/choice.h"

static struct choice *new_choice(const char *mime, const char *regex)
{
    struct error err;
    const struct choice_options options = {
        .mimes = &mime,
        .mime_count = mime != NULL,
        .url_regexes = &regex,
        .url_regex_count = regex != NULL,
    };
    struct choice *choice = choice_new(&options, &err);
    ck_assert_msg(choice != NULL, "%s", err.message);
    return choice;
}

static const struct {
    const char *list, *mime;
    bool is_chosen;
} mimes[] = {
    { NULL, "text/html", true },
    { NULL, "", true },
    { "text/html", "text/html", true },
    { "text/html", "TEXT/HTML", true },
    { "Text/Html", "text/html", true },
    { "text/html", "text/html5", false },
    { "text/html", "text/plain", false },
    { "text/html", "", false },
    { "text/", "text/plain", true },
    { "text/", "image/png", false },
    { "text/*", "text/plain", true },
    { "application/*+xml", "application/rss+xml", true },
    { "application/*+xml", "application/xml", false },
    { "image/*, text/html ,x/y", "text/html", true },
    { "image/*, text/html ,x/y", "image/gif", true },
    { "image/*, text/html ,x/y", "x/yz", false },
    { "*", "", true },
    { "*", "a/b", true },
};

/* _i: the row */
START_TEST(a_media_type_is_chosen_by_any_item_of_the_list)
{
    struct choice *choice = new_choice(mimes[_i].list, NULL);
    ck_assert_int_eq(choice_asks_mime(choice), mimes[_i].list != NULL);
    ck_assert_int_eq(choice_has_mime(choice, view_of_string(mimes[_i].mime)),
                     mimes[_i].is_chosen);
    choice_free(choice);
}
END_TEST

START_TEST(lists_given_again_add_up)
{
    static const char *const lists[] = { "text/html", "image/png" };
    const struct choice_options options = { .mimes = lists, .mime_count = 2 };
    struct error err;
    struct choice *choice = choice_new(&options, &err);
    ck_assert(choice_has_mime(choice, view_of_string("text/html")));
    ck_assert(choice_has_mime(choice, view_of_string("image/png")));
    ck_assert(!choice_has_mime(choice, view_of_string("image/gif")));
    choice_free(choice);
}
END_TEST

static const struct {
    const char *regex, *url;
    bool is_chosen;
} urls[] = {
    { NULL, "http://a.org/", true },
    { "a\\.org", "http://a.org/", true },
    { "a\\.org", "http://b.org/", false },
    { "^https", "http://a.org/", false },
    { "(?i)A", "http://a.org/", true },
    { "^$", "", true },
    { "x", "", false },
    { "\xc3\xbc", "http://a.org/\xc3\xbc", true },
    { "^http://\\x{fffd}\\.org/$", "http://\xfc.org/", true },
    { "(a+)+$", "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
      true /* nobody can say */ },
};

/* _i: the row */
START_TEST(a_url_is_chosen_where_the_expression_matches_in_it)
{
    struct error err;
    bool has = !urls[_i].is_chosen;
    struct choice *choice = new_choice(NULL, urls[_i].regex);
    struct chooser *chooser = chooser_new(choice, &err);
    ck_assert_ptr_nonnull(chooser);
    for (int round = 0; round < 2; round++) {
        ck_assert_msg(
            chooser_has_url(chooser, view_of_string(urls[_i].url), &has, &err),
            "%s", err.message);
        ck_assert_int_eq(has, urls[_i].is_chosen);
    }
    chooser_free(chooser);
    choice_free(choice);
}
END_TEST

static void check_refused(const struct choice_options *options,
                          const char *message)
{
    struct error err;
    ck_assert_ptr_null(choice_new(options, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
}

START_TEST(faulty_options_are_named)
{
    static const char *const lists[] = { "", "text/html,", ",", "a/b, ,c/d" };
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++)
        check_refused(
            &(struct choice_options){ .mimes = &lists[i], .mime_count = 1 },
            "--mime: ");
    const char *regex = "a(b";
    check_refused(
        &(struct choice_options){ .url_regexes = &regex, .url_regex_count = 1 },
        "--url-pattern");
}
END_TEST

START_TEST(a_name_tells_a_media_type_by_its_ending)
{
    ck_assert(view_equal_string(
        choice_mime_of_name(view_of_string("dir.pdf/page.HTML")), "text/html"));
    ck_assert(view_equal_string(choice_mime_of_name(view_of_string("a.json")),
                                "application/json"));
    ck_assert_uint_eq(choice_mime_of_name(view_of_string("page")).size, 0);
    ck_assert_uint_eq(choice_mime_of_name(view_of_string(".html")).size, 0);
    ck_assert_uint_eq(choice_mime_of_name(view_of_string("")).size, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("choice");
    TCase *tests = tcase_create("choice");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_media_type_is_chosen_by_any_item_of_the_list,
                        0, (int)ARRAY_COUNT(mimes));
    tcase_add_test(tests, lists_given_again_add_up);
    tcase_add_loop_test(tests,
                        a_url_is_chosen_where_the_expression_matches_in_it, 0,
                        (int)ARRAY_COUNT(urls));
    tcase_add_test(tests, faulty_options_are_named);
    tcase_add_test(tests, a_name_tells_a_media_type_by_its_ending);
    return run_suite(suite);
}
