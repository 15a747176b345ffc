/*
 * unpacker.h - what the packings of a WARC file have in common: gzip members
 * and zstd frames, both called members here, one after another.
 *
 * Thread rule: belongs to one reader.
 */
#ifndef FETCHGREP_ARCHIVE_UNPACKER_H
#define FETCHGREP_ARCHIVE_UNPACKER_H

#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/zstd_stream.h"

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

/* By a file's first bytes. */
enum packing packing_of(struct view bytes);

struct unpacker {
    enum packing packing;
    struct gzip_unpacker *gzip; /* each made when first needed */
    struct zstd_unpacker *zstd;
    struct buf dictionary; /* zstd: the one in use, as the file holds it */
};

void unpacker_init(struct unpacker *unpacker);
void unpacker_release(struct unpacker *unpacker);

/* For the members of another file. */
bool unpacker_open(struct unpacker *unpacker, enum packing packing,
                   struct error *err) MUST_CHECK;

/*
 * The dictionary that a .warc.zst file may begin with (IIPC, Zstandard
 * Compression for WARC Files 1.0): a skippable frame 0x184D2A5D that holds it
 * plain, or packed as a frame of its own. `ret_size`: of the frame's content,
 * 0 without one.
 */
bool unpacker_wants_dictionary(struct view file_start, size_t *ret_size);

/* `content` of that frame, empty for none. NULL, or what is wrong with it. */
const char *unpacker_use_dictionary(struct unpacker *unpacker,
                                    struct view content);

/* Whether a member begins here; only its first bytes are looked at. */
bool unpacker_is_head(const struct unpacker *unpacker, struct view packed);

/* The next place where one may begin, behind the first byte; the end when
 * there is none. */
size_t unpacker_next_head(const struct unpacker *unpacker, struct view packed);

/* As gzip_unpack_member. */
bool unpacker_unpack(struct unpacker *unpacker, struct view packed,
                     size_t limit, struct buf *out, size_t *ret_used);

enum unpacker_step {
    UNPACKER_MORE, /* call again, with more input when none is left */
    UNPACKER_END,  /* the member is at its end */
    UNPACKER_DAMAGED,
    UNPACKER_NO_MEMORY,
};

/* A new member begins; then up to `room` bytes of it at a time, what was used
 * cut off the front of `*packed`. */
bool unpacker_begin(struct unpacker *unpacker) MUST_CHECK;
enum unpacker_step unpacker_step(struct unpacker *unpacker, struct view *packed,
                                 size_t room, struct buf *out) MUST_CHECK;

/* "gzip member", "zstd frame": for messages. */
const char *unpacker_member_name(const struct unpacker *unpacker);

#endif
