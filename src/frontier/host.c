#include "host.h"

#include <xxhash.h>

enum { FIRST_BUCKETS = 256 };

bool host_table_init(struct host_table *table, size_t idle_max)
{
    *table = (struct host_table){
        .buckets = calloc(FIRST_BUCKETS, sizeof(struct host *)),
        .bucket_count = FIRST_BUCKETS,
        .idle_max = idle_max,
    };
    return table->buckets != NULL;
}

void host_table_release(struct host_table *table)
{
    for (size_t i = 0; table->buckets && i < table->bucket_count; i++) {
        for (struct host *host = table->buckets[i]; host;) {
            struct host *next = host->next_in_bucket;
            free(host);
            host = next;
        }
    }
    free(table->buckets);
    *table = (struct host_table){ 0 };
}

static struct host **bucket_of(const struct host_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

/* Twice the buckets; without memory the chains just stay longer. */
static void widen(struct host_table *table)
{
    struct host_table wider = *table;
    wider.bucket_count = table->bucket_count * 2;
    wider.buckets = calloc(wider.bucket_count, sizeof(struct host *));
    if (!wider.buckets)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct host *host = table->buckets[i]; host;) {
            struct host *next = host->next_in_bucket;
            struct host **bucket = bucket_of(&wider, host->hash);
            host->next_in_bucket = *bucket;
            *bucket = host;
            host = next;
        }
    }
    free(table->buckets);
    *table = wider;
}

static void leave_idle(struct host_table *table, struct host *host)
{
    if (host->newer_idle)
        host->newer_idle->older_idle = host->older_idle;
    else
        table->newest_idle = host->older_idle;
    if (host->older_idle)
        host->older_idle->newer_idle = host->newer_idle;
    else
        table->oldest_idle = host->newer_idle;
    host->newer_idle = host->older_idle = NULL;
    host->is_idle = false;
    table->idle_count--;
}

static struct host *add_host(struct host_table *table, struct view key,
                             uint64_t hash)
{
    if (table->count >= table->bucket_count)
        widen(table);
    struct host *host = calloc(1, sizeof(*host) + key.size + 1);
    if (!host)
        return NULL;
    memcpy(host->key, key.data, key.size);
    host->key_size = key.size;
    host->hash = hash;
    struct host **bucket = bucket_of(table, hash);
    host->next_in_bucket = *bucket;
    *bucket = host;
    table->count++;
    return host;
}

static struct host *find(const struct host_table *table, struct view key,
                         uint64_t hash)
{
    struct host *host = *bucket_of(table, hash);
    while (host && !(host->hash == hash &&
                     view_equal(key, view_of(host->key, host->key_size))))
        host = host->next_in_bucket;
    return host;
}

struct host *host_table_find(const struct host_table *table, struct view key)
{
    return find(table, key, XXH3_64bits(key.data, key.size));
}

struct host *host_table_get(struct host_table *table, struct view key)
{
    uint64_t hash = XXH3_64bits(key.data, key.size);
    struct host *host = find(table, key, hash);
    if (!host)
        return add_host(table, key, hash);
    if (host->is_idle)
        leave_idle(table, host);
    return host;
}

struct host *host_table_find_waiting(struct host_table *table)
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        size_t bucket = (table->waiting_bucket + i) % table->bucket_count;
        for (struct host *host = table->buckets[bucket]; host;
             host = host->next_in_bucket) {
            if (host->first) {
                table->waiting_bucket = bucket;
                return host;
            }
        }
    }
    return NULL;
}

static void forget(struct host_table *table, struct host *host)
{
    struct host **at = bucket_of(table, host->hash);
    while (*at != host)
        at = &(*at)->next_in_bucket;
    *at = host->next_in_bucket;
    table->count--;
    free(host);
}

void host_table_set_idle(struct host_table *table, struct host *host)
{
    host->is_idle = true;
    host->older_idle = table->newest_idle;
    if (table->newest_idle)
        table->newest_idle->newer_idle = host;
    else
        table->oldest_idle = host;
    table->newest_idle = host;
    table->idle_count++;
    if (table->idle_count > table->idle_max) {
        struct host *oldest = table->oldest_idle;
        leave_idle(table, oldest);
        forget(table, oldest);
    }
}
