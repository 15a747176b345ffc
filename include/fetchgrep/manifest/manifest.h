/*
 * manifest.h - reads URL lists, line by line, in the order they are named.
 *
 * Plain text: a URL a line; blank lines and lines that begin with `#` do not
 * count; LF or CRLF; a byte order mark at the start of a file is passed over;
 * the last line needs no newline. Every other line is an entry, readable or
 * not: the reader loses none. Memory does not grow with the list.
 *
 * Thread rule: one thread reads; manifest_progress may be asked from any.
 */
#ifndef FETCHGREP_MANIFEST_MANIFEST_H
#define FETCHGREP_MANIFEST_MANIFEST_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

struct manifest;

/* A line longer than this is an entry that cannot be fetched. */
enum { MANIFEST_LINE_MAX = 1 << 20 };

struct manifest_entry {
    uint64_t id;           /* ordinal over all lists, from 0 */
    uint32_t source_index; /* which list, from 0 */
    uint64_t line;         /* in that list, from 1 */
    struct view text;      /* the line, blanks at the ends taken off;
                              borrowed until the next call. Of a line that is
                              too long: its first 256 bytes */
    bool is_too_long;
    uint64_t offset; /* where its row begins in the list, in bytes; of a
                        packed list, of what is unpacked */
    struct view row; /* the row as it stands there, without its line end;
                        borrowed like `text` */
};

/* Opens all lists, so that a missing one is known before the first fetch
 * (ERR_USAGE). "-" is standard input. `paths` are borrowed. */
struct manifest *manifest_open(char *const *paths, size_t count,
                               struct error *err);
void manifest_close(struct manifest *manifest);

enum manifest_result {
    MANIFEST_ITEM,
    MANIFEST_END,
    MANIFEST_STOPPED, /* a signal ended the wait for more (interrupt.h) */
    MANIFEST_ERROR,
};

/* The next entry. May block where a list is a pipe. */
enum manifest_result manifest_next(struct manifest *manifest,
                                   struct manifest_entry *ret_entry,
                                   struct error *err) MUST_CHECK;

/* Whether the list is a file, and not a pipe that somebody writes to. */
bool manifest_is_file(const struct manifest *manifest, uint32_t source_index);

/* Whether rows of this list can be read again where they stand, by
 * manifest_reread: it is a file that is not packed. */
bool manifest_is_seekable(const struct manifest *manifest,
                          uint32_t source_index);

/*
 * Makes the entry of a row that manifest_next handed out earlier, from the
 * bytes of the row: `ret_entry` has its id, source_index, line and offset set
 * by the caller, the rest is filled in, borrowed from `row`. False: the row
 * is no entry any more (the list was changed meanwhile).
 */
bool manifest_parse_row(struct manifest *manifest, struct view row,
                        struct manifest_entry *ret_entry) MUST_CHECK;

/* The same with the `row_size` bytes of the row read from the list, into
 * `buf`. ERR_SYSTEM when the list cannot be read or was changed. */
struct buf;
bool manifest_reread(struct manifest *manifest, size_t row_size,
                     struct buf *buf, struct manifest_entry *ret_entry,
                     struct error *err) MUST_CHECK;

/* Entries handed out so far, and how many there will be: exact once the end is
 * reached, before that estimated from the bytes read, 0 when nothing is known
 * (a pipe). */
struct manifest_progress {
    uint64_t entry_count;
    uint64_t expected_count;
    bool is_exact;
};

struct manifest_progress manifest_progress(struct manifest *manifest);

/*
 * A digest of the lists for the run id: their sizes, and their bytes (of lists
 * beyond 16 MB 256 samples of 64 kB, so that 100 million lines cost no pass).
 * Only for lists that are files; the read position does not change.
 */
bool manifest_digest(struct manifest *manifest, uint64_t *ret_digest,
                     struct error *err) MUST_CHECK;

#endif
