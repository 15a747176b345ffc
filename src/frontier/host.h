/*
 * host.h - what is known of one host, and the table of all of them.
 *
 * Thread rule: under the frontier's lock.
 */
#ifndef FETCHGREP_FRONTIER_HOST_H
#define FETCHGREP_FRONTIER_HOST_H

#include "fetchgrep/model/page.h"

struct host {
    struct host *next_in_bucket;
    struct host *next_ready;              /* ready list */
    struct host *newer_idle, *older_idle; /* idle list */
    struct host *next_hungry;             /* hungry list */
    struct entry *first, *last;           /* entries that wait */
    struct entry *last_detour;            /* of those that stand before them */
    size_t waiting;                       /* how many */
    struct frontier_supply *supply;       /* has more of them, or NULL */
    uint32_t running;                     /* transfers at the moment */
    uint32_t parked;                      /* of these, only have a place */
    uint32_t limit;                       /* of them; 0: as the run has it */
    uint32_t good_count;                  /* answers since `limit` changed */
    uint32_t failures;                    /* to reach it, in a row */
    enum outcome failure;                 /* the last of them */
    int64_t delay_ns;                     /* its own pause; 0: the run's */
    int64_t not_before_ns;                /* it may not be asked earlier */
    bool has_answered;                    /* it spoke HTTP to us once */
    bool is_ready;                        /* stands in a ready list */
    bool is_held;                         /* has a timer */
    bool is_idle;                         /* stands in the idle list */
    uint64_t hash;
    size_t key_size;
    char key[]; /* "example.org:443" */
};

/* A hash table of hosts. Hosts for which nothing waits or runs are idle: kept
 * for what is known of them, the longest idle forgotten first. */
struct host_table {
    struct host **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    size_t idle_count, idle_max;
    size_t waiting_bucket; /* where host_table_find_waiting goes on */
    struct host *newest_idle, *oldest_idle;
};

bool host_table_init(struct host_table *table, size_t idle_max) MUST_CHECK;
void host_table_release(struct host_table *table);

/* Finds the host; NULL when nothing is known of it. */
struct host *host_table_find(const struct host_table *table, struct view key);

/* Finds or makes the host; NULL without memory. It is not idle afterwards. */
struct host *host_table_get(struct host_table *table, struct view key);

/* Some host for which an entry waits, NULL when there is none. Calls in a row
 * go once through the table. */
struct host *host_table_find_waiting(struct host_table *table);

/* Nothing waits or runs for it any more. It may be freed by this call. */
void host_table_set_idle(struct host_table *table, struct host *host);

#endif
