/*
 * warc_source.h - the plain bytes of a WARC file, whatever it is packed in.
 *
 * The bytes come through a window that its user asks to grow (warc_source_need)
 * and moves forward (warc_source_pass). In a packed file whole members (gzip
 * members, zstd frames) are unpacked at once where they fit; a member too large
 * for that streams. A place that cannot be unpacked is reported once, and
 * reading goes on at the next member that begins a record.
 *
 * Thread rule: belongs to one reader.
 */
#ifndef FETCHGREP_ARCHIVE_WARC_SOURCE_H
#define FETCHGREP_ARCHIVE_WARC_SOURCE_H

#include "record_form.h"
#include "unpacker.h"

struct member_start {
    size_t at;       /* in `plain` */
    uint64_t offset; /* in the file */
    bool is_passed;  /* it began before the first byte of `plain` */
};

struct warc_source {
    char *path;
    int fd;
    enum record_form form;       /* of the records, by how the file begins */
    struct unpacker unpacker;    /* and how they are packed */
    struct buf raw;              /* packed bytes read ahead */
    size_t raw_at;               /* of them used */
    uint64_t raw_offset;         /* in the file, of raw's first byte */
    bool is_raw_end;             /* the file is at its end */
    struct buf plain;            /* the window's bytes, and passed ones */
    size_t at;                   /* where the window begins in `plain` */
    uint64_t offset;             /* plain file: in the file, of the window */
    struct member_start *starts; /* where members begin in `plain` */
    size_t start_count, start_capacity;
    bool is_in_member;      /* streaming through one */
    size_t max_member;      /* unpacked at once up to this */
    const char *fault;      /* of the file's dictionary, not told yet */
    uint64_t damage_offset; /* of the last damage told */
    uint64_t sound_from;    /* packed: damage was told up to this place */
    uint64_t read_at;       /* in the file, of the next byte to read */
    uint64_t limit;         /* bytes of the file from here on are not there */
};

void warc_source_init(struct warc_source *source, size_t max_window);
void warc_source_release(struct warc_source *source);

bool warc_source_open(struct warc_source *source, const char *path,
                      uint64_t offset, struct error *err) MUST_CHECK;

/* The same of a file that ends at `limit`, whatever follows there. */
bool warc_source_open_to(struct warc_source *source, const char *path,
                         uint64_t offset, uint64_t limit,
                         struct error *err) MUST_CHECK;

enum warc_source_result {
    WARC_SOURCE_OK,
    WARC_SOURCE_END,    /* fewer bytes are left: all of them are there */
    WARC_SOURCE_DAMAGE, /* `err`; the window ends before the damage */
    WARC_SOURCE_ERROR,
};

/* Makes the window at least `size` bytes long. */
enum warc_source_result warc_source_need(struct warc_source *source,
                                         size_t size,
                                         struct error *err) MUST_CHECK;

/* The bytes there are; borrowed until the next need. */
struct view warc_source_window(const struct warc_source *source);

/* Moves the window's beginning; `size` at most its length. */
void warc_source_pass(struct warc_source *source, size_t size);

bool warc_source_is_packed(const struct warc_source *source);

/* Whether a member begins at this place of the window. */
bool warc_source_is_start(const struct warc_source *source, size_t at);

/* The first place from `from` on and before `end` where a member begins
 * that begins a record; false when there is none. */
bool warc_source_find_start(const struct warc_source *source, size_t from,
                            size_t end, size_t *ret_at);

/* Whether `size` bytes from this place of the window on are more than a plain
 * file has. False where that can only be found out by reading. */
bool warc_source_is_beyond_end(const struct warc_source *source, size_t from,
                               uint64_t size);

/* Whether a reader that opened the file at `ret_offset` would go on just as
 * this one does: the window begins at the beginning of a member (of anything,
 * in a plain file), and no damage behind it has been told yet. */
bool warc_source_is_boundary(const struct warc_source *source,
                             uint64_t *ret_offset);

/* In a gzip file that was just opened: goes to the first member that begins a
 * record before `end` of the file; `ret_is_there` when there is one. */
bool warc_source_seek_member(struct warc_source *source, uint64_t end,
                             bool *ret_is_there, struct error *err) MUST_CHECK;

/* Where the window begins in the file, or the member that it begins in. */
uint64_t warc_source_offset(const struct warc_source *source);

#endif
