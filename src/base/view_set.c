/*
 * Open addressing with linear probing, at most half full. The whole hash stands
 * in each slot, so that texts are compared only when their hashes are equal,
 * and growing reads no text. A slot is free when its text has no data; an empty
 * text gets a place of its own to point at.
 */
#include "fetchgrep/base/view_set.h"

#include <stdlib.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 256, KEPT_SLOTS = 1 << 14 };

struct slot {
    struct view text;
    uint64_t hash;
    uint32_t number;
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
        if (!slot->text.data ||
            (slot->hash == wanted->hash && slot->number == wanted->number &&
             view_equal(slot->text, wanted->text)))
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
        if (set->slots[i].text.data)
            *find(slots, slot_count, &set->slots[i]) = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    return true;
}

enum view_set_result view_set_add(struct view_set *set, uint32_t number,
                                  struct view text)
{
    if (!text.data)
        text = view_of("", 0);
    const struct slot wanted = {
        .text = text,
        .hash = XXH3_64bits_withSeed(text.data, text.size, set->seed ^ number),
        .number = number,
    };
    if (set->count * 2 >= set->slot_count && !grow(set))
        return VIEW_SET_NO_MEMORY;
    struct slot *slot = find(set->slots, set->slot_count, &wanted);
    if (slot->text.data)
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
