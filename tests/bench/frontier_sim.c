/*
 * frontier_sim - a run with pretended transfers, for its memory and its time.
 *
 *   frontier_sim make ENTRIES HOSTS zipf|even sorted|shuffled FILE
 *   frontier_sim run  ENTRIES HOSTS zipf|even FILE
 *
 * The second prints how many were done, how long they would have taken over the
 * least time possible, when transfers take 20 ms each, 1,000 at once and 8 to
 * a host, and the most memory it had, in kB.
 */
#include "../support/frontier_sim.h"

#include <sys/resource.h>

static void fill_options(char **arguments, struct sim_options *ret_options)
{
    *ret_options = (struct sim_options){
        .entries = strtoull(arguments[2], NULL, 10),
        .hosts = strtoull(arguments[3], NULL, 10),
        .is_zipf = !strcmp(arguments[4], "zipf"),
        .concurrency = 1000,
        .per_host = 8,
        .latency_ns = 20 * CLOCK_NS_PER_MS,
        .capacity = 8192,
        .host_memory = 65536,
    };
}

static int make_list(struct sim_options *options, const char *order,
                     const char *path)
{
    options->is_sorted = !strcmp(order, "sorted");
    uint64_t *counts = sim_counts(options);
    FILE *file = fopen(path, "w");
    bool done = counts && file && sim_write_list(options, counts, file);
    free(counts);
    if (file && fclose(file))
        done = false;
    if (!done)
        fprintf(stderr, "frontier_sim: cannot write %s\n", path);
    return done ? 0 : 1;
}

static int run_list(const struct sim_options *options, char *path)
{
    struct sim_result result;
    struct error err = { 0 };
    if (!sim_run_list(options, path, &result, &err)) {
        fprintf(stderr, "frontier_sim: %s\n", err.message);
        return 1;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    /* Only now, since the counts would show in the memory. */
    int64_t bound_ns = sim_bound(options);
    printf("%llu %.4f %ld\n", (unsigned long long)result.done,
           (double)result.took_ns / (double)bound_ns, usage.ru_maxrss);
    return result.done == options->entries ? 0 : 1;
}

int main(int count, char **arguments)
{
    struct sim_options options;
    bool is_make = count == 7 && !strcmp(arguments[1], "make");
    if (!is_make && (count != 6 || strcmp(arguments[1], "run"))) {
        fprintf(stderr, "usage: see the head of frontier_sim.c\n");
        return 2;
    }
    fill_options(arguments, &options);
    return is_make ? make_list(&options, arguments[5], arguments[6])
                   : run_list(&options, arguments[5]);
}
