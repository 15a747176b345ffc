/*
 * Many small tables instead of a large one, chosen by the hash's top bits: each
 * grows alone, by half of its size, so no moment needs twice the memory. A
 * table is open addressing with linear probing; nothing is ever removed.
 */
#include "fetchgrep/manifest/dedupe.h"

#include "fetchgrep/base/buf.h"

#include <xxhash.h>

enum {
    TABLE_BITS = 8,
    TABLE_COUNT = 1 << TABLE_BITS,
    SLOTS_FIRST = 64,
};

struct dedupe_slot {
    uint64_t high, low; /* both 0: empty */
    uint64_t id;
};

struct dedupe_table {
    struct dedupe_slot *slots;
    size_t capacity;
    size_t count;
};

struct dedupe {
    struct buf key; /* of the URL at hand */
    uint64_t seed;
    uint64_t count;
    struct dedupe_table tables[TABLE_COUNT];
};

struct dedupe *dedupe_new(uint64_t seed, struct error *err)
{
    struct dedupe *dedupe = calloc(1, sizeof(*dedupe));
    if (!dedupe) {
        error_no_memory(err, "the URLs seen");
        return NULL;
    }
    dedupe->seed = seed;
    buf_init(&dedupe->key, 1 << 20);
    return dedupe;
}

void dedupe_free(struct dedupe *dedupe)
{
    if (!dedupe)
        return;
    for (size_t i = 0; i < TABLE_COUNT; i++)
        free(dedupe->tables[i].slots);
    buf_release(&dedupe->key);
    free(dedupe);
}

static bool is_empty(const struct dedupe_slot *slot)
{
    return !slot->high && !slot->low;
}

/* Where the hash stands, or the empty place where it belongs. */
static struct dedupe_slot *find(const struct dedupe_table *table, uint64_t high,
                                uint64_t low)
{
    /* The hash's bits over the slots, without a division. */
    size_t at = (size_t)((low >> 32) * table->capacity >> 32);
    for (;;) {
        struct dedupe_slot *slot = &table->slots[at];
        if (is_empty(slot) || (slot->high == high && slot->low == low))
            return slot;
        if (++at == table->capacity)
            at = 0;
    }
}

static bool grow(struct dedupe_table *table)
{
    struct dedupe_table wider = {
        .capacity = table->capacity ? table->capacity + table->capacity / 2
                                    : SLOTS_FIRST,
        .count = table->count,
    };
    wider.slots = calloc(wider.capacity, sizeof(*wider.slots));
    if (!wider.slots)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct dedupe_slot *slot = &table->slots[i];
        if (!is_empty(slot))
            *find(&wider, slot->high, slot->low) = *slot;
    }
    free(table->slots);
    *table = wider;
    return true;
}

/* Full at 7 of 8: a miss then looks at some 30 slots, side by side. The places
 * of a table are numbered in 32 bits, which is 2^40 URLs in all. */
static bool is_full(const struct dedupe_table *table)
{
    return table->count >= table->capacity - table->capacity / 8;
}

/* "http://" or "https://" and the user information, as written. */
static struct view before_host(const struct url *url)
{
    struct view text = view_of(url->text, url->text_size - url->target.size);
    const char *at = memrchr(text.data, '@', text.size);
    size_t size =
        url->scheme == URL_HTTPS ? strlen("https://") : strlen("http://");
    return view_first(
        text, url->has_userinfo && at ? (size_t)(at + 1 - text.data) : size);
}

/* What is asked for, and of whom: the scheme's own port and the path "/" may be
 * left out of a URL. */
static void append_key(const struct url *url, struct buf *out)
{
    buf_append_view(out, before_host(url));
    buf_append_view(out, url->origin);
    if (!url->target.size || url->target.data[0] != '/')
        buf_append_char(out, '/');
    buf_append_view(out, url->target);
}

enum dedupe_result dedupe_seen(struct dedupe *dedupe, const struct url *url,
                               uint64_t id, uint64_t *ret_first_id)
{
    struct buf *key = &dedupe->key;
    buf_reset(key);
    append_key(url, key);
    if (key->failed)
        return DEDUPE_NO_MEMORY;
    XXH128_hash_t hash =
        XXH3_128bits_withSeed(key->data, key->size, dedupe->seed);
    uint64_t low = hash.low64 || hash.high64 ? hash.low64 : 1;
    struct dedupe_table *table =
        &dedupe->tables[hash.high64 >> (64 - TABLE_BITS)];
    if (is_full(table) && !grow(table))
        return DEDUPE_NO_MEMORY;
    struct dedupe_slot *slot = find(table, hash.high64, low);
    if (!is_empty(slot)) {
        *ret_first_id = slot->id;
        return DEDUPE_SEEN;
    }
    *slot = (struct dedupe_slot){ .high = hash.high64, .low = low, .id = id };
    table->count++;
    dedupe->count++;
    return DEDUPE_NEW;
}

uint64_t dedupe_count(const struct dedupe *dedupe)
{
    return dedupe->count;
}

size_t dedupe_bytes(const struct dedupe *dedupe)
{
    size_t bytes = sizeof(*dedupe);
    for (size_t i = 0; i < TABLE_COUNT; i++)
        bytes += dedupe->tables[i].capacity * sizeof(struct dedupe_slot);
    return bytes;
}
