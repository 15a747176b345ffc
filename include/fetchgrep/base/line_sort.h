/*
 * line_sort.h - sorts the lines of a file bytewise, in bounded memory: sorted
 * runs on disk, then one merge.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_LINE_SORT_H
#define FETCHGREP_BASE_LINE_SORT_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/error.h"

#include <stdio.h>

/*
 * Writes the lines of `from` sorted to a new file `to`, made durable. Runs are
 * kept as unnamed files in the directory of `to`. Uses about `memory` bytes, or
 * as many as the longest line has. A last line without newline gets one.
 */
bool line_sort(const char *from, const char *to, size_t memory,
               struct error *err) MUST_CHECK;

/* Appends what a line (without its newline) becomes; no newline either. */
typedef bool line_edit_fn(void *ctx, struct view line, struct buf *out,
                          struct error *err);

struct line_sort {
    size_t memory;
    const char *name;   /* of what is sorted, for messages */
    const char *dir;    /* where runs are kept, as unnamed files */
    line_edit_fn *take; /* applied before the sort; NULL: as it is */
    line_edit_fn *give; /* applied behind it, in order; NULL: as it is */
    void *ctx;
};

/* The same from one stream to another; nothing is flushed or synced. */
bool line_sort_stream(const struct line_sort *how, FILE *in, FILE *out,
                      struct error *err) MUST_CHECK;

/* Takes and gives each line in its turn, unsorted; `memory` and `dir` do not
 * matter. */
bool line_edit_stream(const struct line_sort *how, FILE *in, FILE *out,
                      struct error *err) MUST_CHECK;

#endif
