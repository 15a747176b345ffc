/*
 * name_cache.h - what is known of names, each for a while: a hash table with
 * an end to its size, where the name that was not used for longest makes room.
 * A name that is being asked for is never dropped.
 *
 * Thread rule: under the resolver's lock.
 */
#ifndef FETCHGREP_FETCH_NAME_CACHE_H
#define FETCHGREP_FETCH_NAME_CACHE_H

#include "lookups.h"

struct entry;

struct name {
    struct name *next_in_bucket;
    struct name *newer, *older;    /* by use, while it is not asked for */
    struct name *next_to_ask;      /* the resolver's list */
    struct entry *first, *last;    /* entries that wait for the answer */
    bool is_asked;                 /* waits for its lookup, or for its answer */
    enum name_status status;       /* the last answer's */
    int64_t expires_ns;            /* and how long it holds; 0: there is none */
    struct address_set *addresses; /* NAME_FOUND */
    struct address refused;        /* NAME_REFUSED: this one, among others */
    const char *refused_kind;
    uint64_t hash;
    size_t key_size;
    char key[]; /* the host, or "host:port" where --resolve knows it */
};

struct name_cache {
    struct name **buckets;
    size_t bucket_count; /* a power of two */
    size_t count, count_max;
    struct name *newest, *oldest;
};

bool name_cache_init(struct name_cache *cache, size_t count_max) MUST_CHECK;
void name_cache_release(struct name_cache *cache);

/* Finds or makes the name, which is the newest then; NULL without memory. It
 * may be dropped by the next call unless it is asked for. */
struct name *name_cache_get(struct name_cache *cache, struct view key);

/* Holds it from now on; and lets it go again. */
void name_cache_set_asked(struct name_cache *cache, struct name *name);
void name_cache_set_answered(struct name_cache *cache, struct name *name);

/* Some name with entries that wait; NULL: there is none. For the end. */
struct name *name_cache_find_waiting(struct name_cache *cache);

#endif
