/*
 * record_sort.h - sorts small records of one size by a number, however many
 * there are, with bounded memory. Stable: records with the same key come out
 * as they went in.
 *
 * Thread rule: one thread at a time.
 */
#ifndef FETCHGREP_BASE_RECORD_SORT_H
#define FETCHGREP_BASE_RECORD_SORT_H

#include "fetchgrep/base/error.h"

#include <stdint.h>

struct record {
    uint64_t key;
    uint64_t values[3];
};

struct record_sort;

/* What does not fit into `memory` bytes (64 kB at least) is kept in a file
 * without a name in `dir`, which is borrowed. NULL on failure. */
struct record_sort *record_sort_new(const char *dir, size_t memory,
                                    struct error *err);
void record_sort_free(struct record_sort *sort);

bool record_sort_add(struct record_sort *sort, const struct record *record,
                     struct error *err) MUST_CHECK;

/* All are in; they can be taken now. */
bool record_sort_finish(struct record_sort *sort, struct error *err) MUST_CHECK;

enum record_result { RECORD_ITEM, RECORD_END, RECORD_ERROR };

/* The next in order of keys. */
enum record_result record_sort_next(struct record_sort *sort,
                                    struct record *ret_record,
                                    struct error *err) MUST_CHECK;

#endif
