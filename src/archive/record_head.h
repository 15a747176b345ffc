/*
 * record_head.h - the beginning of one record of a run's own WARC files: its
 * header and the HTTP head in its block. No more of the file is read and
 * unpacked than that takes, however long the page is.
 *
 * Thread rule: belongs to one thread.
 */
#ifndef FETCHGREP_ARCHIVE_RECORD_HEAD_H
#define FETCHGREP_ARCHIVE_RECORD_HEAD_H

#include "fetchgrep/archive/warc_read.h"
#include "fetchgrep/model/http_head.h"

struct record_heads;

/* NULL without memory. It keeps a few files open. */
struct record_heads *record_heads_new(void);
void record_heads_free(struct record_heads *heads);

enum record_head_result {
    RECORD_HEAD_READ,
    RECORD_HEAD_NONE, /* no such file, no record there, damaged, no HTTP */
    RECORD_HEAD_NO_MEMORY,
};

/* All views borrow until the next call. `ret_record->block` is as much of it
 * as was read. */
enum record_head_result record_head_read(struct record_heads *heads,
                                         const char *path, uint64_t offset,
                                         struct warc_record *ret_record,
                                         struct http_head *ret_head);

#endif
