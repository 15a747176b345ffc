/*
 * id_set.h - a set of numbers that lie close together, a bit each: which
 * entries of a list are done.
 *
 * Thread rule: one thread changes it at a time; a set that does not change may
 * be asked from any.
 */
#ifndef FETCHGREP_BASE_ID_SET_H
#define FETCHGREP_BASE_ID_SET_H

#include "fetchgrep/base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. */
struct id_set {
    uint64_t **pages;
    size_t page_count;
    uint64_t count;
};

void id_set_release(struct id_set *set);

/* Adds `count` numbers from `first` on; those that are there already count
 * once. False without memory, or when a number is beyond 2^48. */
bool id_set_add_range(struct id_set *set, uint64_t first,
                      uint64_t count) MUST_CHECK;

bool id_set_has(const struct id_set *set, uint64_t id);

/* The first number from `from` on that is in; false: there is none. */
bool id_set_next(const struct id_set *set, uint64_t from, uint64_t *ret_id);

#endif
