/*
 * A set holds just what was added, and knows how many that is.
 */
#include "fetchgrep/base/id_set.h"

#include "suite.h"

static void add(struct id_set *set, uint64_t first, uint64_t count)
{
    ck_assert(id_set_add_range(set, first, count));
}

START_TEST(an_empty_set_has_nothing)
{
    struct id_set set = { 0 };
    ck_assert(!id_set_has(&set, 0));
    ck_assert(!id_set_has(&set, UINT64_MAX));
    ck_assert_uint_eq(set.count, 0);
    id_set_release(&set);
}
END_TEST

START_TEST(ranges_are_in_and_their_neighbours_are_not)
{
    static const uint64_t firsts[] = { 1,   62,    63,    64,     65,
                                       127, 65535, 65536, 131000, 10000000 };
    static const uint64_t counts[] = { 1, 2, 63, 64, 65, 128, 70000 };
    for (size_t i = 0; i < ARRAY_COUNT(firsts); i++) {
        for (size_t j = 0; j < ARRAY_COUNT(counts); j++) {
            struct id_set set = { 0 };
            uint64_t first = firsts[i], end = firsts[i] + counts[j];
            add(&set, first, counts[j]);
            ck_assert_uint_eq(set.count, counts[j]);
            ck_assert(!id_set_has(&set, first - 1));
            ck_assert(!id_set_has(&set, end));
            for (uint64_t id = first; id < end; id++)
                ck_assert(id_set_has(&set, id));
            id_set_release(&set);
        }
    }
}
END_TEST

START_TEST(what_is_added_twice_counts_once)
{
    struct id_set set = { 0 };
    add(&set, 10, 100);
    add(&set, 50, 100);
    add(&set, 10, 0);
    ck_assert_uint_eq(set.count, 140);
    id_set_release(&set);
}
END_TEST

/* Every number that is in, and no other, is met from any place. */
START_TEST(the_next_one_is_the_first_from_there_on)
{
    static const uint64_t ids[] = { 0,     1,     63,     64,     127,
                                    65535, 65536, 131071, 400000, 400063 };
    struct id_set set = { 0 };
    uint64_t next;
    ck_assert(!id_set_next(&set, 0, &next));
    for (size_t i = 0; i < ARRAY_COUNT(ids); i++)
        add(&set, ids[i], 1);
    for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
        uint64_t before = i ? ids[i - 1] + 1 : 0;
        ck_assert(id_set_next(&set, before, &next));
        ck_assert_uint_eq(next, ids[i]);
        ck_assert(id_set_next(&set, ids[i], &next));
        ck_assert_uint_eq(next, ids[i]);
    }
    ck_assert(!id_set_next(&set, 400064, &next));
    ck_assert(!id_set_next(&set, UINT64_MAX, &next));
    id_set_release(&set);
}
END_TEST

START_TEST(numbers_that_no_list_has_are_refused)
{
    struct id_set set = { 0 };
    ck_assert(!id_set_add_range(&set, UINT64_MAX, 1));
    ck_assert(!id_set_add_range(&set, 5, UINT64_MAX));
    ck_assert_uint_eq(set.count, 0);
    id_set_release(&set);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("id_set");
    TCase *tests = tcase_create("id_set");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, an_empty_set_has_nothing);
    tcase_add_test(tests, ranges_are_in_and_their_neighbours_are_not);
    tcase_add_test(tests, what_is_added_twice_counts_once);
    tcase_add_test(tests, the_next_one_is_the_first_from_there_on);
    tcase_add_test(tests, numbers_that_no_list_has_are_refused);
    return run_suite(suite);
}
