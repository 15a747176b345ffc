/*
 * warc_header.h - the header of a WARC record: named fields in lines, as
 * every version from 0.17 to 1.1 writes them; line ends with or without CR.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_WARC_HEADER_H
#define FETCHGREP_ARCHIVE_WARC_HEADER_H

#include "fetchgrep/archive/warc_read.h"

/* "WARC/1.1" and a line end at the start. */
bool warc_header_begins(struct view bytes);

/* The length of a header with its empty line, 0 when it has no end here. */
size_t warc_header_size(struct view bytes);

/* Whether lines begin with a blank: they go on with the line before. */
bool warc_header_is_folded(struct view header);

/* The same header with a single space in place of each fold. */
void warc_header_unfold(struct view header, struct buf *out);

/* Fills what the record's `header` says, which is not folded; false without a
 * usable Content-Length. */
bool warc_header_read(struct warc_record *record, uint64_t *ret_length);

/* Without the angle brackets that wget writes around it. */
struct view warc_uri_bare(struct view uri);

#endif
