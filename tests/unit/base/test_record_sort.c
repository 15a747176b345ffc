/*
 * Records come out in the order of their keys, those with the same key as they
 * went in, whether they fit into memory or not.
 */
#include "fetchgrep/base/record_sort.h"

#include "suite.h"
#include <stdlib.h>

enum { SMALL = 64 << 10, IN_MEMORY = SMALL / 2 / sizeof(struct record) };

static struct record_sort *new_sort(void)
{
    struct error err = { 0 };
    struct record_sort *sort = record_sort_new("/tmp", SMALL, &err);
    ck_assert_msg(sort != NULL, "%s", err.message);
    return sort;
}

static void add(struct record_sort *sort, uint64_t key, uint64_t value)
{
    struct error err = { 0 };
    const struct record record = { key, { value, ~value, value * 3 } };
    ck_assert_msg(record_sort_add(sort, &record, &err), "%s", err.message);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * UINT64_C(0x7fb5d329728ea185);
    x = (x ^ x >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    return x ^ x >> 33;
}

/* Adds `count` records with keys of this many values, and takes them out. */
static void check(uint64_t count, uint64_t key_count, unsigned shift)
{
    struct error err = { 0 };
    struct record_sort *sort = new_sort();
    struct record last = { 0 }, record;
    uint64_t seen = 0, sum = 0;
    for (uint64_t i = 0; i < count; i++)
        add(sort, mix(i) % key_count << shift, i);
    ck_assert_msg(record_sort_finish(sort, &err), "%s", err.message);
    while (record_sort_next(sort, &record, &err) == RECORD_ITEM) {
        uint64_t value = record.values[0];
        ck_assert_uint_eq(record.key, mix(value) % key_count << shift);
        ck_assert_uint_eq(record.values[1], ~value);
        ck_assert_uint_eq(record.values[2], value * 3);
        ck_assert(!seen || record.key > last.key ||
                  (record.key == last.key && value > last.values[0]));
        last = record;
        sum += value;
        seen++;
    }
    ck_assert_int_eq(err.code, ERR_NONE);
    ck_assert_uint_eq(seen, count);
    ck_assert_uint_eq(sum, count ? count * (count - 1) / 2 : 0);
    ck_assert_int_eq(record_sort_next(sort, &record, &err), RECORD_END);
    record_sort_free(sort);
}

static const uint64_t counts[] = {
    0,
    1,
    2,
    IN_MEMORY - 1,
    IN_MEMORY,
    IN_MEMORY + 1,
    2 * IN_MEMORY,
    2 * IN_MEMORY + 1,
    40 * IN_MEMORY + 7,
};

START_TEST(records_come_out_in_the_order_of_their_keys)
{
    check(counts[_i], UINT64_MAX, 0);
}
END_TEST

START_TEST(records_with_one_key_come_out_as_they_went_in)
{
    check(counts[_i], 3, 0);
    check(counts[_i], 1, 0);
    check(counts[_i], 5, 60);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_is_told)
{
    struct error err = { 0 };
    struct record_sort *sort =
        record_sort_new("/nonexistent/folder", SMALL, &err);
    const struct record record = { 1, { 2, 3, 4 } };
    bool done = true;
    for (int i = 0; done && i <= IN_MEMORY; i++)
        done = record_sort_add(sort, &record, &err);
    ck_assert(!done);
    ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/folder"));
    record_sort_free(sort);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record_sort");
    TCase *tests = tcase_create("record_sort");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, records_come_out_in_the_order_of_their_keys, 0,
                        (int)ARRAY_COUNT(counts));
    tcase_add_loop_test(tests, records_with_one_key_come_out_as_they_went_in, 0,
                        (int)ARRAY_COUNT(counts));
    tcase_add_test(tests, a_folder_that_cannot_be_written_is_told);
    return run_suite(suite);
}
