/*
 * cutting.h - a WARC file handed out in parts.
 *
 * Thread rule: belongs to the lister of spans.
 */
#ifndef FETCHGREP_ARCHIVE_CUTTING_H
#define FETCHGREP_ARCHIVE_CUTTING_H

#include "fetchgrep/archive/warc_read.h"

struct cutting {
    char *path; /* NULL: nothing is being cut */
    uint64_t part_size;
    uint64_t part_count, next_part;
    uint64_t *hints; /* better places to cut at (cut_hints.h); NULL: none */
    size_t hint_count;
};

/* Takes `path`. With size 0 the file is not cut. */
void cutting_begin(struct cutting *cutting, char *path, uint64_t size,
                   uint64_t part_size);

/* The next part; false when there was none left. */
bool cutting_next(struct cutting *cutting, struct warc_part *ret_part);

bool cutting_is_over(const struct cutting *cutting);

/* Forgets the file. */
void cutting_end(struct cutting *cutting);

#endif
