/*
 * address_places.h - how many transfers go to each address at once
 * (--per-address): names that share an address share its places. Entries that
 * find none free wait in line here.
 *
 * Thread rule: under the resolver's lock.
 */
#ifndef FETCHGREP_FETCH_ADDRESS_PLACES_H
#define FETCHGREP_FETCH_ADDRESS_PLACES_H

#include "addresses.h"

struct entry;
struct address_line;

struct address_places {
    struct address_line **buckets;
    size_t bucket_count;  /* a power of two */
    uint32_t place_count; /* at each address */
    uint32_t waiting_max; /* in line at each address */
};

bool address_places_init(struct address_places *places, uint32_t place_count,
                         uint32_t waiting_max) MUST_CHECK;
void address_places_release(struct address_places *places);

enum place_result {
    PLACE_TAKEN,
    PLACE_AWAITED, /* the entry stands in line */
    PLACE_NONE,    /* the line is too long, or there is no memory for it */
};

enum place_result address_places_enter(struct address_places *places,
                                       const struct address *address,
                                       struct entry *entry);

/* One transfer to the address is over: who has its place now, or NULL. */
struct entry *address_places_leave(struct address_places *places,
                                   const struct address *address);

/* Takes out some entry that waits; NULL: none does. For the end. */
struct entry *address_places_drain(struct address_places *places);

#endif
