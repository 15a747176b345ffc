/*
 * warc_read.h - reads the records of an archive, one after another, from
 * anybody's file: WARC of every version with named fields, or ARC; plain, as
 * gzip members or as zstd frames, one a record or however they were cut.
 *
 * The reader streams: memory follows the longest record that is asked for, up
 * to a limit, not the file. Damage is told with its place and reading goes on
 * at the next record that can be found; at the end of a file that was cut off
 * the last record is damage, not silence (if its block is all there, it is
 * handed out and the damage is told after it).
 *
 * Thread rule: a reader belongs to one worker.
 */
#ifndef FETCHGREP_ARCHIVE_WARC_READ_H
#define FETCHGREP_ARCHIVE_WARC_READ_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/error.h"

struct warc_reader;

/* `max_block` bounds the block bytes kept of a record; longer ones are cut and
 * marked. Reuse one reader for many files. */
struct warc_reader *warc_reader_new(size_t max_block, struct error *err);
void warc_reader_free(struct warc_reader *reader);

/* Opens a file at `offset` (0, or where a record begins: a member's first byte
 * in a packed file). What it is, is seen from its first bytes, not from its
 * name. Closes the file before. */
bool warc_reader_open(struct warc_reader *reader, const char *path,
                      uint64_t offset, struct error *err) MUST_CHECK;

/* The same of a file of which only the bytes before `limit` count. */
bool warc_reader_open_to(struct warc_reader *reader, const char *path,
                         uint64_t offset, uint64_t limit,
                         struct error *err) MUST_CHECK;

/* No place in a file. */
#define WARC_NOWHERE UINT64_MAX

/*
 * A part of a file, for readers that share it: the records that begin in
 * [from, end). A reader that does not know where the first of them begins takes
 * the first place that looks like it (a gzip member that unpacks to a record's
 * first line). That is a guess: a page may be an archive itself. It is
 * right if and only if the reader of the part before ends there
 * (warc_reader_next_start), for how a file is read on from there rests on
 * nothing but the place.
 */
struct warc_part {
    uint64_t from;
    uint64_t end;  /* WARC_NOWHERE: the end of the file */
    bool is_exact; /* `from` is where reading begins */
};

bool warc_reader_open_part(struct warc_reader *reader, const char *path,
                           const struct warc_part *part,
                           struct error *err) MUST_CHECK;

/* Where reading began; WARC_NOWHERE when nothing before the part's end looks
 * like a record's beginning. */
uint64_t warc_reader_start(const struct warc_reader *reader);

/* After WARC_READ_END: where reading goes on behind the part; WARC_NOWHERE at
 * the end of the file. */
uint64_t warc_reader_next_start(const struct warc_reader *reader);

/* Whether a file begins as an archive does, by its first bytes, unpacked where
 * they are packed. False as well when it cannot be read. */
bool warc_is_archive(const char *path);

enum warc_type {
    WARC_TYPE_RESPONSE,
    WARC_TYPE_RESOURCE,
    WARC_TYPE_REQUEST,
    WARC_TYPE_METADATA,
    WARC_TYPE_REVISIT,
    WARC_TYPE_CONVERSION,
    WARC_TYPE_WARCINFO,
    WARC_TYPE_CONTINUATION,
    WARC_TYPE_OTHER,
};

/* All views borrow from the reader until its next call. An ARC record is told
 * as the WARC record it would be: a response, a resource where it has no HTTP
 * head, warcinfo for the one that begins a file. */
struct warc_record {
    enum warc_type type;
    bool is_arc;
    uint64_t offset;        /* in the file, of the record or its member */
    struct view target_uri; /* angle brackets taken off */
    struct view date;       /* as written; fourteen digits in ARC */
    struct view content_type;
    struct view ip;
    struct view truncated; /* WARC-Truncated, empty when absent */
    struct view header;    /* the whole record header, folded lines joined */
    struct view block;     /* at most max_block bytes */
    bool is_cut;           /* the block is longer than max_block */
};

enum warc_read_result {
    WARC_READ_RECORD,
    WARC_READ_DAMAGE, /* `err` says what and where; call again to go on */
    WARC_READ_END,
    WARC_READ_ERROR, /* the machine: `err` */
};

enum warc_read_result warc_reader_next(struct warc_reader *reader,
                                       struct warc_record *ret_record,
                                       struct error *err) MUST_CHECK;

/* Header field of a record, by its name in any case: false when absent, and in
 * ARC records. */
bool warc_record_field(const struct warc_record *record, const char *name,
                       struct view *ret_value);

#endif
