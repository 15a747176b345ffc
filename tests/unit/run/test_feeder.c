/*
 * Every entry of a list is let in once, in whatever order the list stands, and
 * the run ends as early as its hosts allow.
 */
#include "../../support/frontier_sim.h"

#include "suite.h"

static struct sim_result simulate(const struct sim_options *options)
{
    struct sim_result result = { 0 };
    struct error err = { 0 };
    char path[64];
    FILE *file = tmpfile();
    uint64_t *counts = sim_counts(options);
    ck_assert(file && counts && sim_write_list(options, counts, file));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
    ck_assert_msg(sim_run_list(options, path, &result, &err), "%s",
                  err.message);
    free(counts);
    fclose(file);
    ck_assert_uint_eq(result.done, options->entries);
    ck_assert_int_ge(result.took_ns, sim_bound(options));
    ck_assert_uint_le(result.most_waiting, options->capacity);
    return result;
}

static const struct sim_options zipf = {
    .entries = 60000,
    .hosts = 2000,
    .is_zipf = true,
    .concurrency = 256,
    .per_host = 8,
    .latency_ns = 20 * CLOCK_NS_PER_MS,
    .capacity = 2048,
    .host_memory = 1000,
};

static void check_near_bound(const struct sim_options *options)
{
    struct sim_result result = simulate(options);
    int64_t bound_ns = sim_bound(options);
    ck_assert_msg((double)result.took_ns <= 1.05 * (double)bound_ns,
                  "took %lld of %lld", (long long)result.took_ns,
                  (long long)bound_ns);
}

START_TEST(a_list_ends_as_early_as_its_largest_host)
{
    struct sim_options options = zipf;
    options.is_sorted = _i;
    check_near_bound(&options);
}
END_TEST

/* As many places as the hosts could use: places are what is short. */
START_TEST(a_list_ends_as_early_as_the_places_allow)
{
    struct sim_options options = zipf;
    options.is_sorted = _i;
    options.concurrency = 40;
    check_near_bound(&options);
}
END_TEST

START_TEST(many_hosts_with_few_entries_are_let_in)
{
    struct sim_options options = zipf;
    options.is_zipf = false;
    options.is_sorted = _i;
    options.hosts = 20000;
    check_near_bound(&options);
}
END_TEST

START_TEST(one_host_is_let_in)
{
    struct sim_options options = zipf;
    options.hosts = 1;
    options.per_host = 256;
    check_near_bound(&options);
}
END_TEST

START_TEST(the_least_room_is_enough)
{
    struct sim_options options = zipf;
    options.entries = 3000;
    options.hosts = 300;
    options.capacity = 8;
    options.is_sorted = _i;
    struct sim_result result = simulate(&options);
    ck_assert_uint_eq(result.done, options.entries);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("feeder");
    TCase *tests = tcase_create("feeder");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_list_ends_as_early_as_its_largest_host, 0, 2);
    tcase_add_loop_test(tests, a_list_ends_as_early_as_the_places_allow, 0, 2);
    tcase_add_loop_test(tests, many_hosts_with_few_entries_are_let_in, 0, 2);
    tcase_add_test(tests, one_host_is_let_in);
    tcase_add_loop_test(tests, the_least_room_is_enough, 0, 2);
    return run_suite(suite);
}
