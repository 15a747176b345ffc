/*
 * zstd_stream.h - zstd frames (RFC 8878) one after another: packed whole,
 * unpacked frame by frame or in steps, with a dictionary or without.
 *
 * Checksums are checked where frames have them. A frame that needs a window of
 * more than 128 MB counts as damaged, as zstd's own tools refuse it.
 *
 * Thread rule: an object belongs to one thread at a time.
 */
#ifndef FETCHGREP_BASE_ZSTD_STREAM_H
#define FETCHGREP_BASE_ZSTD_STREAM_H

#include "fetchgrep/base/buf.h"

struct zstd_packer;

/* `level` 1 to 19. NULL without memory. */
struct zstd_packer *zstd_packer_new(int level);
void zstd_packer_free(struct zstd_packer *packer);

/* Appends `bytes` as one frame that tells its length and has a checksum.
 * Without memory `out` is failed. */
void zstd_pack(struct zstd_packer *packer, struct view bytes, struct buf *out);

/* ---- frame by frame --------------------------------------------------- */

enum zstd_frame {
    ZSTD_FRAME_NONE, /* no frame begins here */
    ZSTD_FRAME_DATA,
    ZSTD_FRAME_SKIPPABLE,
};

enum { ZSTD_FRAME_HEAD_SIZE = 8 }; /* of a skippable frame */

/* What begins at the start of `bytes`, by the first four. */
enum zstd_frame zstd_frame_kind(struct view bytes);

/* The magic number's last digit and the content's length of a skippable frame;
 * false when `bytes` does not begin with one's whole head. */
bool zstd_skippable_read(struct view bytes, unsigned *ret_variant,
                         size_t *ret_size);

struct zstd_unpacker;

/* NULL without memory. */
struct zstd_unpacker *zstd_unpacker_new(void);
void zstd_unpacker_free(struct zstd_unpacker *unpacker);

/* All frames from now on were packed with this dictionary; empty: with none.
 * A copy is made. False when it is no dictionary, or without memory. */
bool zstd_unpacker_use(struct zstd_unpacker *unpacker, struct view dictionary);

/*
 * Unpacks one whole frame that begins at the start of `packed` and ends in it,
 * to at most `limit` bytes, appended to `out`; `ret_used` is its packed length.
 * False when it cannot (damaged, not all there, its length not told or beyond
 * `limit`, no memory): `out` is as before, and the steps below tell which.
 */
bool zstd_unpack_frame(struct zstd_unpacker *unpacker, struct view packed,
                       size_t limit, struct buf *out, size_t *ret_used);

enum zstd_step {
    ZSTD_STEP_MORE, /* call again, with more input when none is left */
    ZSTD_STEP_END,  /* the frame is at its end */
    ZSTD_STEP_DAMAGED,
    ZSTD_STEP_NO_MEMORY,
};

/* A new frame begins. */
void zstd_stream_begin(struct zstd_unpacker *unpacker);

/* Unpacks up to `room` bytes; what was used is cut off the front of
 * `*packed`. */
enum zstd_step zstd_stream_step(struct zstd_unpacker *unpacker,
                                struct view *packed, size_t room,
                                struct buf *out) MUST_CHECK;

#endif
