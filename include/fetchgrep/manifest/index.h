/*
 * index.h - the rows of a manifest that no room was found for at once, by
 * host: so the order of a list does not matter, and memory does not grow with
 * it.
 *
 * First rows are added as the manifest hands them out; index_seal sorts them;
 * then hosts are taken, those with the most rows first, and of each its rows,
 * in the order of the list. What stands in the file is where a row stands in
 * its list. Rows of a list that cannot be read twice (packed, a pipe) are
 * copied beside the index.
 *
 * Thread rule: one thread at a time.
 */
#ifndef FETCHGREP_MANIFEST_INDEX_H
#define FETCHGREP_MANIFEST_INDEX_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/manifest/manifest.h"

struct manifest_index;

/*
 * `path` is the index's file, made anew (an old one is replaced); NULL: a file
 * without a name in `dir`, where the other files of the sort lie too. Sorting
 * takes `memory` bytes, reading next to nothing. All pointers are borrowed.
 */
struct manifest_index *index_new(struct manifest *manifest, const char *dir,
                                 const char *path, size_t memory,
                                 struct error *err);

/* Closes it; a file with a name is removed. Takes NULL. */
void index_free(struct manifest_index *idx);

/* Adds a row under a hash of its host. Two hosts with one hash are one here,
 * which costs nothing but evenness. */
bool index_add(struct manifest_index *idx, uint64_t host_hash,
               const struct manifest_entry *entry,
               struct error *err) MUST_CHECK;

/* All rows are in. */
bool index_seal(struct manifest_index *idx, struct error *err) MUST_CHECK;

/* Rows in all. */
uint64_t index_entry_count(const struct manifest_index *idx);

/* The rows of a host that are still to be taken. */
enum { INDEX_PLACES = 8 };

struct index_place {
    uint64_t id;
    uint64_t offset;
    uint64_t line_and_size;
};

struct index_host {
    uint64_t left;
    uint64_t at;                             /* of the next place in the file */
    struct index_place places[INDEX_PLACES]; /* read ahead */
    uint32_t next, count;
};

enum index_result { INDEX_ITEM, INDEX_END, INDEX_ERROR };

/* The next host. */
enum index_result index_next_host(struct manifest_index *idx,
                                  struct index_host *ret_host,
                                  struct error *err) MUST_CHECK;

/* The next row of a host that has some left; borrowed until the next call. */
bool index_read(struct manifest_index *idx, struct index_host *host,
                struct manifest_entry *ret_entry, struct error *err) MUST_CHECK;

#endif
