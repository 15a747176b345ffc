/* What has been seen is known again, and nothing else is. */
#include "fetchgrep/base/view_set.h"

#include "suite.h"
#include <stdio.h>

static struct view text(const char *string)
{
    return view_of_string(string);
}

START_TEST(a_text_is_new_once)
{
    struct view_set *set = view_set_new(10, 1);
    ck_assert_int_eq(view_set_add(set, 0, text("a")), VIEW_SET_NEW);
    ck_assert_int_eq(view_set_add(set, 0, text("b")), VIEW_SET_NEW);
    ck_assert_int_eq(view_set_add(set, 0, text("a")), VIEW_SET_SEEN);
    ck_assert_int_eq(view_set_add(set, 0, text("b")), VIEW_SET_SEEN);
    ck_assert_uint_eq(view_set_count(set), 2);
    view_set_free(set);
}
END_TEST

START_TEST(each_number_has_texts_of_its_own)
{
    struct view_set *set = view_set_new(10, 1);
    ck_assert_int_eq(view_set_add(set, 0, text("a")), VIEW_SET_NEW);
    ck_assert_int_eq(view_set_add(set, 7, text("a")), VIEW_SET_NEW);
    ck_assert_int_eq(view_set_add(set, 7, text("a")), VIEW_SET_SEEN);
    view_set_free(set);
}
END_TEST

START_TEST(an_empty_text_is_a_text)
{
    struct view_set *set = view_set_new(10, 1);
    ck_assert_int_eq(view_set_add(set, 0, view_of(NULL, 0)), VIEW_SET_NEW);
    ck_assert_int_eq(view_set_add(set, 0, text("")), VIEW_SET_SEEN);
    ck_assert_int_eq(view_set_add(set, 1, text("")), VIEW_SET_NEW);
    view_set_free(set);
}
END_TEST

START_TEST(what_was_seen_is_seen_until_reset)
{
    enum { COUNT = 40000, SIZE = 16 };
    char(*texts)[SIZE] = calloc(COUNT, SIZE);
    struct view_set *set = view_set_new(COUNT, 42);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++) {
            snprintf(texts[i], SIZE, "text %d", i);
            ck_assert_int_eq(view_set_add(set, 3, text(texts[i])),
                             VIEW_SET_NEW);
        }
        for (int i = 0; i < COUNT; i++)
            ck_assert_int_eq(view_set_add(set, 3, text(texts[i])),
                             VIEW_SET_SEEN);
        ck_assert_uint_eq(view_set_count(set), COUNT);
        view_set_reset(set);
        ck_assert_uint_eq(view_set_count(set), 0);
    }
    view_set_free(set);
    free(texts);
}
END_TEST

START_TEST(a_full_set_knows_its_own_and_takes_no_more)
{
    struct view_set *set = view_set_new(2, 1);
    ck_assert_int_eq(view_set_add(set, 0, text("a")), VIEW_SET_NEW);
    ck_assert_int_eq(view_set_add(set, 0, text("b")), VIEW_SET_NEW);
    ck_assert_int_eq(view_set_add(set, 0, text("c")), VIEW_SET_FULL);
    ck_assert_int_eq(view_set_add(set, 0, text("a")), VIEW_SET_SEEN);
    view_set_reset(set);
    ck_assert_int_eq(view_set_add(set, 0, text("c")), VIEW_SET_NEW);
    view_set_free(set);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("view_set");
    TCase *tests = tcase_create("view_set");
    tcase_add_test(tests, a_text_is_new_once);
    tcase_add_test(tests, each_number_has_texts_of_its_own);
    tcase_add_test(tests, an_empty_text_is_a_text);
    tcase_add_test(tests, what_was_seen_is_seen_until_reset);
    tcase_add_test(tests, a_full_set_knows_its_own_and_takes_no_more);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
