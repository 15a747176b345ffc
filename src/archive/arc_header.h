/*
 * arc_header.h - the header of an ARC record (Internet Archive, versions 1 and
 * 2): one line,
 *
 *   URL IP-address Archive-date Content-type [of version 2: Result-code
 *   Checksum Location Offset Filename] Archive-length
 *
 * then as many bytes as it says, then a line end. A file begins with a record
 * of its own, filedesc://NAME, that describes it.
 *
 * URLs with blanks in them occur: the line is known by an address and a date
 * that stand side by side.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_ARC_HEADER_H
#define FETCHGREP_ARCHIVE_ARC_HEADER_H

#include "fetchgrep/archive/warc_read.h"

/* A whole header line at the start. */
bool arc_header_begins(struct view bytes);

/* The length of the line with its end, 0 when it has none here. */
size_t arc_header_size(struct view bytes);

/* Fills what the record's `header` says, its type as far as the URL tells. */
bool arc_header_read(struct warc_record *record, uint64_t *ret_length);

/* A page without an HTTP head, as old crawlers left it, is a resource. */
void arc_header_judge_block(struct warc_record *record);

#endif
