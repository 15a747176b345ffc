/*
 * frontier_sim.h - a whole run without a network: list, feeder, index and
 * frontier are the real ones; a transfer is an event in pretended time, which
 * stands still while the feeder is at work.
 *
 * Thread rule: one simulation at a time; its clock is a static variable.
 */
#ifndef FETCHGREP_TESTS_FRONTIER_SIM_H
#define FETCHGREP_TESTS_FRONTIER_SIM_H

#include "../../src/run/pipeline_state.h"

#include "fetchgrep/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct sim_options {
    uint64_t entries;
    uint64_t hosts;
    bool is_zipf;   /* host n has a share of 1/n; else all the same */
    bool is_sorted; /* by host; else shuffled */
    uint32_t concurrency;
    uint32_t per_host;
    int64_t latency_ns; /* of every transfer */
    size_t capacity;
    size_t host_memory;
};

struct sim_result {
    uint64_t done;
    int64_t took_ns; /* pretended */
    size_t most_waiting;
    size_t most_hosts;
};

static int64_t sim_now_ns;

static int64_t sim_clock(void)
{
    return sim_now_ns;
}

/* ---- the list ------------------------------------------------------------ */

static uint64_t sim_mix(uint64_t x)
{
    x = (x ^ x >> 31) * UINT64_C(0x7fb5d329728ea185);
    x = (x ^ x >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    return x ^ x >> 33;
}

/* How many entries each host has. */
static uint64_t *sim_counts(const struct sim_options *options)
{
    uint64_t *counts = calloc(options->hosts, sizeof(*counts)), sum = 0;
    double weights = 0;
    if (!counts)
        return NULL;
    for (uint64_t i = 0; i < options->hosts; i++)
        weights += options->is_zipf ? 1.0 / (double)(i + 1) : 1;
    for (uint64_t i = 0; i < options->hosts; i++) {
        double weight = options->is_zipf ? 1.0 / (double)(i + 1) : 1;
        counts[i] = (uint64_t)((double)options->entries * weight / weights);
        sum += counts[i];
    }
    for (uint64_t i = 0; sum < options->entries; i++, sum++)
        counts[i % options->hosts]++;
    return counts;
}

/* Names that are not in the order of their hosts' sizes. */
static void sim_write_line(FILE *file, uint64_t host, uint64_t n)
{
    fprintf(file, "http://h%08x.example/%llu\n", (unsigned)sim_mix(host + 1),
            (unsigned long long)n);
}

static bool sim_write_list(const struct sim_options *options,
                           const uint64_t *counts, FILE *file)
{
    uint32_t *hosts = malloc(options->entries * sizeof(*hosts));
    uint64_t at = 0;
    if (!hosts)
        return false;
    for (uint64_t i = 0; i < options->hosts; i++)
        for (uint64_t n = 0; n < counts[i]; n++)
            hosts[at++] = (uint32_t)i;
    for (uint64_t i = at; !options->is_sorted && i-- > 1;) {
        uint64_t other = sim_mix(i + 7) % (i + 1);
        uint32_t host = hosts[i];
        hosts[i] = hosts[other];
        hosts[other] = host;
    }
    for (uint64_t i = 0; i < at; i++)
        sim_write_line(file, hosts[i], i);
    free(hosts);
    return fflush(file) == 0;
}

/* ---- transfers ----------------------------------------------------------- */

/* All take the same time, so they end in the order in which they began. */
struct sim_transfer {
    struct entry *entry;
    int64_t due_ns;
};

struct sim_ring {
    struct sim_transfer *transfers;
    size_t first, count, capacity;
};

static void sim_begin(struct sim_ring *ring, struct entry *entry, int64_t due)
{
    size_t at = (ring->first + ring->count++) % ring->capacity;
    ring->transfers[at] = (struct sim_transfer){ entry, due };
}

static void sim_end_one(struct sim_ring *ring, struct frontier *frontier)
{
    const struct frontier_answer answer = { .has_answered = true };
    struct sim_transfer *transfer = &ring->transfers[ring->first];
    sim_now_ns = transfer->due_ns;
    frontier_finish(frontier, transfer->entry, &answer);
    entry_free(transfer->entry, NULL);
    ring->first = (ring->first + 1) % ring->capacity;
    ring->count--;
}

/* Whether the feeder can do no more until something ends. */
static bool sim_is_feeder_done(struct pipeline *pipeline)
{
    return atomic_load(&pipeline->all_handed_out) ||
           frontier_counts(pipeline->frontier).is_feeder_idle;
}

static void sim_note(struct sim_result *result, struct frontier *frontier)
{
    struct frontier_counts counts = frontier_counts(frontier);
    if (counts.waiting > result->most_waiting)
        result->most_waiting = counts.waiting;
    if (counts.hosts > result->most_hosts)
        result->most_hosts = counts.hosts;
}

static void sim_fetch(const struct sim_options *options,
                      struct pipeline *pipeline, struct sim_ring *ring,
                      struct sim_result *result)
{
    for (;;) {
        struct entry *entry = NULL;
        int64_t due_ns;
        bool is_settled = sim_is_feeder_done(pipeline);
        enum frontier_result state =
            ring->count < options->concurrency
                ? frontier_take(pipeline->frontier, &entry, &due_ns)
                : FRONTIER_WAIT;
        if (state == FRONTIER_END)
            return;
        if (state == FRONTIER_ENTRY) {
            sim_begin(ring, entry, sim_now_ns + options->latency_ns);
            result->done++;
            if (result->done % 64 == 0)
                sim_note(result, pipeline->frontier);
        } else if (ring->count && is_settled) {
            sim_end_one(ring, pipeline->frontier);
        } else {
            sched_yield();
        }
    }
}

/* ---- all of it ----------------------------------------------------------- */

static void *sim_feed(void *ctx)
{
    struct pipeline *pipeline = ctx;
    if (!feed_entries(pipeline, &pipeline->failure))
        fprintf(stderr, "%s\n", pipeline->failure.message);
    frontier_close(pipeline->frontier);
    return NULL;
}

/* Nothing could be faster than this. 0 without memory. */
static int64_t sim_bound(const struct sim_options *options)
{
    uint64_t *counts = sim_counts(options);
    uint64_t rounds =
        (options->entries + options->concurrency - 1) / options->concurrency;
    for (uint64_t i = 0; counts && i < options->hosts; i++) {
        /* One alone, for a host that has never answered. */
        uint64_t own = counts[i] ? 1 + (counts[i] - 1 + options->per_host - 1) /
                                           options->per_host
                                 : 0;
        if (own > rounds)
            rounds = own;
    }
    free(counts);
    return counts ? (int64_t)rounds * options->latency_ns : 0;
}

static bool sim_run_list(const struct sim_options *options, char *path,
                         struct sim_result *ret_result, struct error *err)
{
    const struct frontier_options how = {
        .concurrency = options->concurrency,
        .per_host = options->per_host,
        .capacity = options->capacity,
        .host_memory = options->host_memory,
        .now_ns = sim_clock,
    };
    struct pipeline pipeline = { .spool_fd = -1 };
    struct sim_ring ring = { .capacity = options->concurrency };
    struct sim_result result = { 0 };
    pthread_t feeder;
    sim_now_ns = 1;
    ring.transfers = calloc(ring.capacity, sizeof(*ring.transfers));
    pipeline.manifest = manifest_open(&path, 1, NULL, err);
    pipeline.frontier = frontier_new(&how, NULL, NULL, err);
    if (!ring.transfers || !pipeline.manifest || !pipeline.frontier)
        return false;
    pthread_create(&feeder, NULL, sim_feed, &pipeline);
    sim_fetch(options, &pipeline, &ring, &result);
    pthread_join(feeder, NULL);
    result.took_ns = sim_now_ns - 1;
    frontier_free(pipeline.frontier);
    manifest_close(pipeline.manifest);
    free(ring.transfers);
    *ret_result = result;
    return true;
}

#endif
