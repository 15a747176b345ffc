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
