/* Vectorscan is called in a way that finds what is there: at any place, in a
 * page of any size, and from a database that was kept in a file. */
#include "suite.h"

#if WITH_HS
#include "../../../src/extract/prefilter_scan.h"

#include <stdlib.h>

enum { PAGE_MAX = 700 };

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *ctx)
{
    (void)from, (void)to, (void)flags;
    ((bool *)ctx)[id] = true;
    return 0;
}

struct set {
    struct scanner scanner;
    hs_database_t *database;
    hs_scratch_t *scratch;
};

/* Expressions for each way to look for a byte, a pair, or a class. */
static const char *const expressions[] = {
    "q",          "[qQ]",      "[qz]",         "q[xz]",    "q.?z",
    "qz",         "q[^a]",     "q[^z]*z",      "[^ab]{3}", "[p-z]*zz",
    "qqzz",       "q[^\\n]*z", "zz|abc[^a]",   "[qQ][zZ]", "(?:q|bcd)z",
    "\\bqqzz\\b", "q[0-9]*q",  "z[0-9a-f-]*z",
};

static void set_open(struct set *set, const char *const *list, unsigned count)
{
    unsigned ids[32], flags[32];
    hs_compile_error_t *error = NULL;
    for (unsigned i = 0; i < count; i++) {
        ids[i] = i;
        flags[i] = HS_FLAG_SINGLEMATCH;
    }
    *set = (struct set){ .database = NULL };
    ck_assert(scanner_choose(&set->scanner));
    ck_assert_int_eq(hs_compile_multi(list, flags, ids, count, HS_MODE_BLOCK,
                                      &set->scanner.platform, &set->database,
                                      &error),
                     HS_SUCCESS);
    ck_assert_int_eq(hs_alloc_scratch(set->database, &set->scratch),
                     HS_SUCCESS);
}

static void set_close(struct set *set)
{
    hs_free_scratch(set->scratch);
    hs_free_database(set->database);
}

static void check_place(const struct set *set, size_t size, size_t place,
                        char filler, unsigned count, const char *name)
{
    bool is_found[32] = { false };
    char *page = malloc(size); /* of its size: a sanitizer sees its end */
    memset(page, filler, size);
    memcpy(page + place, " qqzz ", 6);
    ck_assert_int_eq(scanner_scan(&set->scanner, set->database,
                                  view_of(page, size), set->scratch, on_match,
                                  is_found),
                     HS_SUCCESS);
    free(page);
    for (unsigned i = 0; i < count; i++)
        ck_assert_msg(is_found[i], "%s %u at %zu of %zu", name, i, place, size);
}

static void check_places(const struct set *set, unsigned count,
                         const char *name)
{
    for (size_t size = 6; size <= PAGE_MAX; size += 1 + size / 8)
        for (size_t place = 0; place + 6 <= size; place++)
            check_place(set, size, place, place & 1 ? 'a' : 'b', count, name);
}

START_TEST(each_expression_is_found_at_every_place)
{
    struct set set;
    set_open(&set, &expressions[_i], 1);
    check_places(&set, 1, expressions[_i]);
    set_close(&set);
}
END_TEST

START_TEST(all_expressions_together_are_found_at_every_place)
{
    struct set set;
    set_open(&set, expressions, ARRAY_COUNT(expressions));
    check_places(&set, ARRAY_COUNT(expressions), "together");
    set_close(&set);
}
END_TEST

START_TEST(a_database_that_was_kept_finds_the_same)
{
    struct set set;
    char *bytes;
    size_t size;
    set_open(&set, expressions, ARRAY_COUNT(expressions));
    ck_assert_int_eq(hs_serialize_database(set.database, &bytes, &size),
                     HS_SUCCESS);
    hs_free_database(set.database);
    ck_assert_int_eq(hs_deserialize_database(bytes, size, &set.database),
                     HS_SUCCESS);
    check_places(&set, ARRAY_COUNT(expressions), "kept");
    free(bytes);
    set_close(&set);
}
END_TEST

START_TEST(an_empty_page_is_scanned)
{
    bool is_found = false;
    struct set set;
    set_open(&set, expressions, 1);
    ck_assert_int_eq(scanner_scan(&set.scanner, set.database, view_of(NULL, 0),
                                  set.scratch, on_match, &is_found),
                     HS_SUCCESS);
    ck_assert(!is_found);
    set_close(&set);
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("prefilter_scan");
#if WITH_HS
    TCase *places = tcase_create("places");
    tcase_set_timeout(places, 60);
    tcase_add_loop_test(places, each_expression_is_found_at_every_place, 0,
                        ARRAY_COUNT(expressions));
    tcase_add_test(places, all_expressions_together_are_found_at_every_place);
    tcase_add_test(places, a_database_that_was_kept_finds_the_same);
    tcase_add_test(places, an_empty_page_is_scanned);
    suite_add_tcase(suite, places);
#endif
    return run_suite(suite);
}
