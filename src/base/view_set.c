/*
 * Open addressing with linear probing, at most half full. The whole hash stands
 * in each slot, so that texts are compared only when their hashes are equal,
 * and growing reads no text. An empty text gets a place of its own to point at.
 */
#include "fetchgrep/base/view_set.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 256, KEPT_SLOTS = 1 << 14 };

/* 24 bytes: a page may need a million of them. */
struct slot {
    const char *data; /* NULL: free */
    uint32_t size;
    uint32_t number;
    uint64_t hash;
};

struct view_set {
    struct slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count, max;
    uint64_t seed;
};

struct view_set *view_set_new(size_t max, uint64_t seed)
{
    struct view_set *set = calloc(1, sizeof(*set));
    if (set)
        *set = (struct view_set){ .max = max, .seed = seed };
    return set;
}

void view_set_free(struct view_set *set)
{
    if (!set)
        return;
    free(set->slots);
    free(set);
}

/* The slot of this text, or the free one where it belongs. */
static struct slot *find(struct slot *slots, size_t slot_count,
                         const struct slot *wanted)
{
    size_t mask = slot_count - 1, at = wanted->hash & mask;
    for (;; at = (at + 1) & mask) {
        struct slot *slot = &slots[at];
        if (!slot->data ||
            (slot->hash == wanted->hash && slot->number == wanted->number &&
             slot->size == wanted->size &&
             !memcmp(slot->data, wanted->data, slot->size)))
            return slot;
    }
}

static bool grow(struct view_set *set)
{
    size_t slot_count = set->slot_count ? set->slot_count * 2 : FIRST_SLOTS;
    struct slot *slots = calloc(slot_count, sizeof(*slots));
    if (!slots)
        return false;
    for (size_t i = 0; i < set->slot_count; i++)
        if (set->slots[i].data)
            *find(slots, slot_count, &set->slots[i]) = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    return true;
}

enum view_set_result view_set_add(struct view_set *set, uint32_t number,
                                  struct view text)
{
    assert(text.size <= UINT32_MAX);
    const struct slot wanted = {
        .data = text.data ? text.data : "",
        .size = (uint32_t)text.size,
        .number = number,
        .hash = XXH3_64bits_withSeed(text.data, text.size, set->seed ^ number),
    };
    bool is_tight = (set->count + 1) * 2 > set->slot_count;
    if (is_tight && set->count < set->max && !grow(set))
        return VIEW_SET_NO_MEMORY;
    struct slot *slot = find(set->slots, set->slot_count, &wanted);
    if (slot->data)
        return VIEW_SET_SEEN;
    if (set->count == set->max)
        return VIEW_SET_FULL;
    *slot = wanted;
    set->count++;
    return VIEW_SET_NEW;
}

void view_set_reset(struct view_set *set)
{
    if (set->slot_count > KEPT_SLOTS) {
        free(set->slots);
        set->slots = NULL;
        set->slot_count = 0;
    } else if (set->count) {
        memset(set->slots, 0, set->slot_count * sizeof(*set->slots));
    }
    set->count = 0;
}

size_t view_set_count(const struct view_set *set)
{
    return set->count;
}
