/*
 * manifest.h - reads URL lists, row by row, in the order they are named.
 *
 * Plain text: a URL a line; blank lines and lines that begin with `#` do not
 * count. CSV, TSV and JSON Lines: a row each, a field of which is the URL;
 * empty lines and the row of names do not count (docs/formats.md). In all of
 * them LF or CRLF; a byte order mark at the start of a file is passed over; the
 * last line needs no newline; gzip and zstd are unpacked. Every other row is an
 * entry, readable or not: the reader loses none. Memory does not grow with the
 * list.
 *
 * Thread rule: one thread reads; manifest_progress may be asked from any.
 */
#ifndef FETCHGREP_MANIFEST_MANIFEST_H
#define FETCHGREP_MANIFEST_MANIFEST_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

struct manifest;

enum {
    /* A row longer than this is an entry that cannot be fetched. */
    MANIFEST_LINE_MAX = 1 << 20,
    /* Kept columns of a row, as JSON. */
    MANIFEST_KEEP_MAX = 64 << 10,
};

enum manifest_format {
    MANIFEST_PLAIN,
    MANIFEST_CSV,
    MANIFEST_TSV,
    MANIFEST_JSONL,
    MANIFEST_BY_NAME, /* by the ending of each list's name, .gz and .zst taken
                         off; else plain */
};

/* Zeroed but for `format`: as by default. Strings are borrowed. */
struct manifest_options {
    enum manifest_format format;
    bool has_no_header;    /* CSV, TSV: the first row is an entry */
    const char *url_field; /* NULL: "url"; without a header the first */
    const char *const *keep;
    size_t keep_count;
};

struct manifest_entry {
    uint64_t id;           /* ordinal over all lists, from 0 */
    uint32_t source_index; /* which list, from 0 */
    uint64_t line;         /* in that list, from 1 */
    struct view text;      /* the URL, blanks at the ends taken off;
                              borrowed until the next call. Of a line that is
                              too long: its first 256 bytes; of a row that
                              cannot be read: empty */
    const char *problem;   /* why there is no URL: a sentence; NULL: there is
                              one; borrowed likewise */
    bool is_too_long;
    struct view keep; /* columns to be kept, a JSON object on one line, or
                         "null" when it would exceed MANIFEST_KEEP_MAX; empty:
                         none are wanted; borrowed likewise */
    uint64_t offset;  /* where its row begins in the list, in bytes; of a
                         packed list, of what is unpacked */
    struct view row;  /* the row as it stands there, without its line end;
                         borrowed likewise */
};

/*
 * Opens all lists, so that a missing one, or one without the columns that are
 * wanted, is known before the first fetch (ERR_USAGE). Waits for the first row
 * of a CSV or TSV list that is a pipe. "-" is standard input. `paths` are
 * borrowed; `options` NULL: by default.
 */
struct manifest *manifest_open(char *const *paths, size_t count,
                               const struct manifest_options *options,
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
 * by the caller, the rest is filled in, borrowed from `row` and until the next
 * call. False: the row is no entry any more (the list was changed meanwhile).
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
