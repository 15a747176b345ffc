/*
 * line_sort.h - sorts the lines of a file bytewise, in bounded memory: sorted
 * runs on disk, then one merge.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_LINE_SORT_H
#define FETCHGREP_BASE_LINE_SORT_H

#include "fetchgrep/base/error.h"

#include <stddef.h>

/*
 * Writes the lines of `from` sorted to a new file `to`, made durable. Runs are
 * kept as unnamed files in the directory of `to`. Uses about `memory` bytes. A
 * last line without newline gets one.
 */
bool line_sort(const char *from, const char *to, size_t memory,
               struct error *err) MUST_CHECK;

#endif
