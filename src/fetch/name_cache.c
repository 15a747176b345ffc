#include "name_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

enum { BUCKETS_LEAST = 64 };

bool name_cache_init(struct name_cache *cache, size_t count_max)
{
    size_t bucket_count = BUCKETS_LEAST;
    while (bucket_count < count_max)
        bucket_count *= 2;
    *cache = (struct name_cache){
        .buckets = calloc(bucket_count, sizeof(struct name *)),
        .bucket_count = bucket_count,
        .count_max = count_max,
    };
    return cache->buckets != NULL;
}

static void free_name(struct name *name)
{
    address_set_unref(name->addresses);
    free(name);
}

void name_cache_release(struct name_cache *cache)
{
    for (size_t i = 0; cache->buckets && i < cache->bucket_count; i++) {
        for (struct name *name = cache->buckets[i]; name;) {
            struct name *next = name->next_in_bucket;
            free_name(name);
            name = next;
        }
    }
    free(cache->buckets);
    *cache = (struct name_cache){ 0 };
}

static struct name **bucket_of(const struct name_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static void leave_order(struct name_cache *cache, struct name *name)
{
    if (name->newer)
        name->newer->older = name->older;
    else
        cache->newest = name->older;
    if (name->older)
        name->older->newer = name->newer;
    else
        cache->oldest = name->newer;
    name->newer = name->older = NULL;
}

static void enter_order(struct name_cache *cache, struct name *name)
{
    name->newer = NULL;
    name->older = cache->newest;
    if (cache->newest)
        cache->newest->newer = name;
    else
        cache->oldest = name;
    cache->newest = name;
}

static void drop_oldest(struct name_cache *cache)
{
    struct name *name = cache->oldest;
    if (!name)
        return; /* all are asked for */
    struct name **at = bucket_of(cache, name->hash);
    while (*at != name)
        at = &(*at)->next_in_bucket;
    *at = name->next_in_bucket;
    leave_order(cache, name);
    cache->count--;
    free_name(name);
}

static struct name *add_name(struct name_cache *cache, struct view key,
                             uint64_t hash)
{
    while (cache->count >= cache->count_max && cache->oldest)
        drop_oldest(cache);
    struct name *name = calloc(1, sizeof(*name) + key.size);
    if (!name)
        return NULL;
    memcpy(name->key, key.data, key.size);
    name->key_size = key.size;
    name->hash = hash;
    struct name **bucket = bucket_of(cache, hash);
    name->next_in_bucket = *bucket;
    *bucket = name;
    cache->count++;
    enter_order(cache, name);
    return name;
}

struct name *name_cache_get(struct name_cache *cache, struct view key)
{
    uint64_t hash = XXH3_64bits(key.data, key.size);
    struct name *name = *bucket_of(cache, hash);
    while (name && !(name->hash == hash &&
                     view_equal(key, view_of(name->key, name->key_size))))
        name = name->next_in_bucket;
    if (!name)
        return add_name(cache, key, hash);
    if (!name->is_asked && name != cache->newest) {
        leave_order(cache, name);
        enter_order(cache, name);
    }
    return name;
}

void name_cache_set_asked(struct name_cache *cache, struct name *name)
{
    assert(!name->is_asked);
    name->is_asked = true;
    leave_order(cache, name);
}

void name_cache_set_answered(struct name_cache *cache, struct name *name)
{
    assert(name->is_asked && !name->first);
    name->is_asked = false;
    enter_order(cache, name);
}

struct name *name_cache_find_waiting(struct name_cache *cache)
{
    for (size_t i = 0; i < cache->bucket_count; i++)
        for (struct name *name = cache->buckets[i]; name;
             name = name->next_in_bucket)
            if (name->first)
                return name;
    return NULL;
}
