/*
 * cdxj.h - the index of kept pages: one line a response record,
 * `SURT TIMESTAMP {"url":…,"mime":…,"status":…,"digest":…,"length":…,
 * "offset":…,"filename":…}`, sorted bytewise (the CDXJ of pywb and
 * cdxj-indexer; all values are strings there).
 *
 * The worker writes the head of a line; the recorder, which alone knows where
 * the record lands, closes it.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_CDXJ_H
#define FETCHGREP_ARCHIVE_CDXJ_H

#include "fetchgrep/base/buf.h"

struct cdxj_record {
    struct view url;
    int64_t date_ms;
    struct view mime; /* may be empty */
    int status;
    struct view digest; /* "sha1:…" */
    size_t length;      /* stored bytes of the record */
};

/* Up to and with `"length":"N"`; not closed, no newline. */
void cdxj_append_head(const struct cdxj_record *record, struct buf *out);

/* Closes a line: offset, file name, brace, newline. */
void cdxj_append_place(uint64_t offset, struct view filename, struct buf *out);

#endif
