/*
 * cdxj_search.h - finds lines by URL in an index that is sorted.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_CDXJ_SEARCH_H
#define FETCHGREP_ARCHIVE_CDXJ_SEARCH_H

#include "fetchgrep/archive/find.h"

/* `ret_place->warc` becomes the file name as the index has it. Of several lines
 * with the URL's key the first with this very URL, else the first; with
 * `filename`, only of those that name this file. */
enum find_result cdxj_search(const char *path, const char *url,
                             const char *filename, struct page_place *ret_place,
                             struct error *err);

#endif
