#include "address_places.h"

#include "fetchgrep/model/page.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

enum { BUCKET_COUNT = 4096 };

/* An address with transfers under way. */
struct address_line {
    struct address_line *next_in_bucket;
    struct address address;
    uint32_t taken_count, waiting_count;
    struct entry *first, *last;
};

bool address_places_init(struct address_places *places, uint32_t place_count,
                         uint32_t waiting_max)
{
    *places = (struct address_places){
        .buckets = calloc(BUCKET_COUNT, sizeof(struct address_line *)),
        .bucket_count = BUCKET_COUNT,
        .place_count = place_count,
        .waiting_max = waiting_max,
    };
    return places->buckets != NULL;
}

void address_places_release(struct address_places *places)
{
    for (size_t i = 0; places->buckets && i < places->bucket_count; i++)
        assert(!places->buckets[i]);
    free(places->buckets);
    *places = (struct address_places){ 0 };
}

static struct address_line **find(struct address_places *places,
                                  const struct address *address)
{
    size_t size = address->family == AF_INET ? 4 : 16;
    uint64_t hash = XXH3_64bits(address->bytes, size);
    struct address_line **at =
        &places->buckets[hash & (places->bucket_count - 1)];
    while (*at && !address_equal(&(*at)->address, address))
        at = &(*at)->next_in_bucket;
    return at;
}

static bool stand_in_line(struct address_places *places,
                          struct address_line *line, struct entry *entry)
{
    if (line->waiting_count == places->waiting_max)
        return false;
    entry->next = NULL;
    if (line->last)
        line->last->next = entry;
    else
        line->first = entry;
    line->last = entry;
    line->waiting_count++;
    return true;
}

enum place_result address_places_enter(struct address_places *places,
                                       const struct address *address,
                                       struct entry *entry)
{
    struct address_line **at = find(places, address);
    if (!*at) {
        struct address_line *line = calloc(1, sizeof(*line));
        if (!line)
            return PLACE_NONE;
        line->address = *address;
        *at = line;
    }
    struct address_line *line = *at;
    if (line->taken_count < places->place_count) {
        line->taken_count++;
        return PLACE_TAKEN;
    }
    return stand_in_line(places, line, entry) ? PLACE_AWAITED : PLACE_NONE;
}

static struct entry *take_first(struct address_line *line)
{
    struct entry *entry = line->first;
    line->first = entry->next;
    if (!line->first)
        line->last = NULL;
    line->waiting_count--;
    entry->next = NULL;
    return entry;
}

struct entry *address_places_leave(struct address_places *places,
                                   const struct address *address)
{
    struct address_line **at = find(places, address);
    struct address_line *line = *at;
    assert(line && line->taken_count > 0);
    if (line->first)
        return take_first(line);
    if (--line->taken_count == 0) {
        *at = line->next_in_bucket;
        free(line);
    }
    return NULL;
}

struct entry *address_places_drain(struct address_places *places)
{
    for (size_t i = 0; i < places->bucket_count; i++)
        for (struct address_line *line = places->buckets[i]; line;
             line = line->next_in_bucket)
            if (line->first)
                return take_first(line);
    return NULL;
}
