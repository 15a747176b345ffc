/* The cache of names and the places at addresses: what is bounded, and what is
 * never dropped. */
#include "../../../src/fetch/address_places.h"
#include "../../../src/fetch/name_cache.h"

#include "fetchgrep/model/page.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static struct name_cache cache;

static struct name *get(int number)
{
    char key[32];
    snprintf(key, sizeof(key), "host-%d.example", number);
    struct name *name = name_cache_get(&cache, view_of_string(key));
    ck_assert_ptr_nonnull(name);
    ck_assert_uint_eq(name->key_size, strlen(key));
    ck_assert_mem_eq(name->key, key, strlen(key));
    return name;
}

static void set_up(void)
{
    ck_assert(name_cache_init(&cache, 100));
}

static void tear_down(void)
{
    name_cache_release(&cache);
}

START_TEST(a_name_is_found_again)
{
    struct name *name = get(1);
    ck_assert_ptr_eq(get(1), name);
    ck_assert_ptr_ne(get(2), name);
    ck_assert_uint_eq(cache.count, 2);
}
END_TEST

START_TEST(many_names_take_no_more_room_than_a_hundred)
{
    for (int i = 0; i < 50000; i++)
        get(i);
    ck_assert_uint_eq(cache.count, 100);
    ck_assert_int_eq(get(49950)->expires_ns, 0);
    ck_assert_uint_eq(cache.count, 100);
}
END_TEST

START_TEST(the_name_that_was_not_used_for_longest_goes_first)
{
    for (int i = 0; i < 100; i++)
        get(i)->expires_ns = 1;
    get(0); /* used again */
    get(100);
    ck_assert_int_eq(get(0)->expires_ns, 1);
    ck_assert_int_eq(get(2)->expires_ns, 1);
    ck_assert_int_eq(get(1)->expires_ns, 0); /* made anew */
}
END_TEST

START_TEST(a_name_that_is_asked_for_is_never_dropped)
{
    struct name *asked[150];
    for (int i = 0; i < 150; i++)
        name_cache_set_asked(&cache, asked[i] = get(i));
    for (int i = 1000; i < 2000; i++)
        get(i);
    ck_assert_uint_eq(cache.count, 151);
    for (int i = 0; i < 150; i++) {
        ck_assert_ptr_eq(get(i), asked[i]);
        name_cache_set_answered(&cache, asked[i]);
    }
    get(5000);
    ck_assert_uint_eq(cache.count, 100);
}
END_TEST

START_TEST(names_with_entries_that_wait_are_found_for_the_end)
{
    struct entry entry = { 0 };
    get(1);
    struct name *name = get(2);
    ck_assert_ptr_null(name_cache_find_waiting(&cache));
    name->first = name->last = &entry;
    ck_assert_ptr_eq(name_cache_find_waiting(&cache), name);
    name->first = name->last = NULL;
}
END_TEST

/* ---- places ------------------------------------------------------------ */

static struct address_places places;
static struct entry entries[10];

static struct address address_of(unsigned char last)
{
    return (struct address){ .family = AF_INET, .bytes = { 192, 0, 2, last } };
}

static void set_up_places(void)
{
    memset(entries, 0, sizeof(entries));
    ck_assert(address_places_init(&places, 2, 3));
}

static void tear_down_places(void)
{
    address_places_release(&places); /* asserts that nobody has a place */
}

START_TEST(beyond_the_places_entries_wait_in_order)
{
    const struct address address = address_of(1);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(address_places_enter(&places, &address, &entries[i]),
                         i < 2 ? PLACE_TAKEN : PLACE_AWAITED);
    ck_assert_int_eq(address_places_enter(&places, &address, &entries[5]),
                     PLACE_NONE);
    for (int i = 2; i < 5; i++)
        ck_assert_ptr_eq(address_places_leave(&places, &address), &entries[i]);
    ck_assert_ptr_null(address_places_leave(&places, &address));
    ck_assert_int_eq(address_places_enter(&places, &address, &entries[5]),
                     PLACE_TAKEN);
    ck_assert_ptr_null(address_places_leave(&places, &address));
    ck_assert_ptr_null(address_places_leave(&places, &address));
}
END_TEST

START_TEST(one_address_does_not_hold_up_another)
{
    for (unsigned char i = 0; i < 10; i++) {
        const struct address address = address_of(i);
        ck_assert_int_eq(address_places_enter(&places, &address, &entries[i]),
                         PLACE_TAKEN);
    }
    for (unsigned char i = 0; i < 10; i++) {
        const struct address address = address_of(i);
        ck_assert_ptr_null(address_places_leave(&places, &address));
    }
}
END_TEST

START_TEST(those_who_wait_are_taken_out_at_the_end)
{
    const struct address address = address_of(1);
    for (int i = 0; i < 4; i++)
        ck_assert_int_ne(address_places_enter(&places, &address, &entries[i]),
                         PLACE_NONE);
    ck_assert_ptr_eq(address_places_drain(&places), &entries[2]);
    ck_assert_ptr_eq(address_places_drain(&places), &entries[3]);
    ck_assert_ptr_null(address_places_drain(&places));
    ck_assert_ptr_null(address_places_leave(&places, &address));
    ck_assert_ptr_null(address_places_leave(&places, &address));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names in memory");
    TCase *tcase = tcase_create("cache");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_name_is_found_again);
    tcase_add_test(tcase, many_names_take_no_more_room_than_a_hundred);
    tcase_add_test(tcase, the_name_that_was_not_used_for_longest_goes_first);
    tcase_add_test(tcase, a_name_that_is_asked_for_is_never_dropped);
    tcase_add_test(tcase, names_with_entries_that_wait_are_found_for_the_end);
    suite_add_tcase(suite, tcase);
    TCase *places_case = tcase_create("places");
    tcase_add_checked_fixture(places_case, set_up_places, tear_down_places);
    tcase_add_test(places_case, beyond_the_places_entries_wait_in_order);
    tcase_add_test(places_case, one_address_does_not_hold_up_another);
    tcase_add_test(places_case, those_who_wait_are_taken_out_at_the_end);
    suite_add_tcase(suite, places_case);
    return run_suite(suite);
}
