/*
 * cut_hints.h - good places to cut a WARC file at, from an index beside it.
 *
 * A file may be cut anywhere, for whoever reads a part finds its records
 * (warc_read.h). A cut where a record is known to begin spares the search, and
 * a wrong guess where a page is an archive itself. Nothing rests on it: what a
 * stale index says is one more place to cut at.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_CUT_HINTS_H
#define FETCHGREP_ARCHIVE_CUT_HINTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * For each part of `part_size` bytes the first record in it that NAME.cdxj or
 * index.cdxj beside NAME.warc.gz knows; WARC_NOWHERE where it knows none.
 * `ret_count` parts, the first ones of a file without end. NULL without a
 * usable index, or when reading it costs more than it spares. Free it.
 */
uint64_t *cut_hints_load(const char *warc, uint64_t file_size,
                         uint64_t part_size, size_t *ret_count);

#endif
