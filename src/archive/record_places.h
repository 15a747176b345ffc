/*
 * record_places.h - where the records of one archive file are, by their names.
 *
 * Thread rule: const once it is made.
 */
#ifndef FETCHGREP_ARCHIVE_RECORD_PLACES_H
#define FETCHGREP_ARCHIVE_RECORD_PLACES_H

#include "record_name.h"

#include "fetchgrep/archive/revisit.h"

struct record_place {
    uint64_t offset; /* of its member */
    unsigned before; /* records before it in that member */
};

/* A record deeper in a member than this is not kept: to reach it all before it
 * must be unpacked each time. */
enum { RECORD_PLACE_BEFORE_MAX = 255 };

struct record_places;

/* Reads the file through, its targets' names up to `name_max`. Damage is
 * passed over: who reads the pages tells it. A pipe has none. Given up with
 * ERR_STOPPED when the tick says so. */
struct record_places *record_places_read(const char *path, size_t name_max,
                                         revisit_tick_fn *tick, void *ctx,
                                         struct error *err);
void record_places_free(struct record_places *places);

size_t record_places_count(const struct record_places *places);

/* The places of the records that seem to have this name, first to last in the
 * file; up to `max`, returns how many. */
size_t record_places_find(const struct record_places *places,
                          const struct record_name *name,
                          enum record_name_kind kind,
                          struct record_place *ret_places, size_t max);

#endif
