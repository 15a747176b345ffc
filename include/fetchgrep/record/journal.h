/*
 * journal.h - what of a generation counts.
 *
 * A journal is a row of records; each says how long every file of the
 * generation was when its bytes had been made durable, a digest of the bytes
 * since the record before, and which ids got their outcome in them. Bytes past
 * the last whole record do not count, whoever wrote them.
 *
 * A full segment of pages is listed until the record in which it is durable at
 * its whole length; its last known length stands from then on.
 *
 * Record (little endian): "FGJ2", u32 payload size, payload, u64 XXH3-64 of
 * all before. Payload, in varints (LEB128): sequence number, wall clock ms,
 * file count, for each file kind, number, length, u64 digest; range count,
 * for each range of ids the distance from the end of the one before, and its
 * length; counter count, and the counters: the totals of the generation so far.
 *
 * Thread rule: an object belongs to one thread at a time.
 */
#ifndef FETCHGREP_RECORD_JOURNAL_H
#define FETCHGREP_RECORD_JOURNAL_H

#include "fetchgrep/base/buf.h"

enum journal_kind {
    JOURNAL_OUTCOMES,
    JOURNAL_MATCHES,
    JOURNAL_PAGES,
    JOURNAL_INDEX,
};

struct journal_file {
    enum journal_kind kind;
    uint32_t number; /* of a segment of pages, else 0 */
    uint64_t size;   /* bytes that count */
    uint64_t digest; /* XXH3-64 of those since the record before */
};

struct journal_range {
    uint64_t first;
    uint64_t count;
};

struct journal_record {
    uint64_t sequence;
    uint64_t wall_ms;
    struct journal_file *files;
    size_t file_count;
    struct journal_range *ranges; /* ascending, not touching */
    size_t range_count;
    uint64_t *counters; /* what they are is the recorder's */
    size_t counter_count;
};

/* Appends the record to `out`. */
void journal_record_append(const struct journal_record *record,
                           struct buf *out);

void journal_record_release(struct journal_record *record);

enum journal_result {
    JOURNAL_RECORD,
    JOURNAL_END,  /* the last record ends where the bytes end */
    JOURNAL_TORN, /* what is left is no whole record: cut short, zeros */
    JOURNAL_NO_MEMORY,
};

/* Reads the record at `*offset` and moves it behind. The record is the
 * caller's (journal_record_release). */
enum journal_result
journal_record_read(struct view bytes, size_t *offset,
                    struct journal_record *ret_record) MUST_CHECK;

/* Sorts ids and makes ranges of them; `ids` is changed. Returns how many
 * ranges were written to `ranges`, which has room for `count`. An id that is
 * there twice is in once. */
size_t journal_ranges(uint64_t *ids, size_t count,
                      struct journal_range *ranges);

#endif
