/*
 * earlier_indexes.h - the indexes of the runs that a run refers to: made with
 * --since, its run.json names the one before it, and that one's another.
 *
 * Thread rule: const once they are open.
 */
#ifndef FETCHGREP_ARCHIVE_EARLIER_INDEXES_H
#define FETCHGREP_ARCHIVE_EARLIER_INDEXES_H

#include "cdxj_find.h"

struct earlier_indexes;

/* For a WARC file of a run directory; `ret_indexes` is NULL for any other file,
 * and where no run is named that can be read. False without memory. */
bool earlier_indexes_open(const char *warc,
                          struct earlier_indexes **ret_indexes,
                          struct error *err) MUST_CHECK;
void earlier_indexes_close(struct earlier_indexes *indexes);

/* From the run before on; NULL behind the last. Takes NULL. */
const struct cdxj_index *
earlier_indexes_get(const struct earlier_indexes *indexes, size_t at);

#endif
