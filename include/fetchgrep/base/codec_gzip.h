/*
 * codec_gzip.h - gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951).
 * libdeflate where a whole buffer is at hand (five times zlib's speed), zlib
 * where bytes must stream.
 *
 * Thread rule: an object belongs to one thread at a time.
 */
#ifndef FETCHGREP_BASE_CODEC_GZIP_H
#define FETCHGREP_BASE_CODEC_GZIP_H

#include "fetchgrep/base/unpack.h"

struct gzip_packer;

/* `level` 1 to 12. NULL without memory. */
struct gzip_packer *gzip_packer_new(int level);
void gzip_packer_free(struct gzip_packer *packer);

/* Appends `bytes` as one gzip member. Without memory `out` is failed. */
void gzip_pack(struct gzip_packer *packer, struct view bytes, struct buf *out);

/* Whole bodies, see unpack.h. gzip: members in a row, zeros behind the last.
 * deflate: the zlib format, or raw as some servers send it. */
enum unpack_result gzip_unpack(struct view packed, size_t limit,
                               struct buf *out,
                               struct view *ret_rest) MUST_CHECK;
enum unpack_result deflate_unpack(struct view packed, size_t limit,
                                  struct buf *out,
                                  struct view *ret_rest) MUST_CHECK;

/* ---- member by member, for files of many members ---------------------- */

struct gzip_unpacker;

/* NULL without memory. */
struct gzip_unpacker *gzip_unpacker_new(void);
void gzip_unpacker_free(struct gzip_unpacker *unpacker);

/*
 * Unpacks one whole member that begins at the start of `packed` and ends in
 * it, to at most `limit` bytes, appended to `out`; `ret_used` is its packed
 * length. False when it cannot (damaged, not all there, larger than `limit`,
 * no memory): `out` is as before, and the steps below tell which.
 */
bool gzip_unpack_member(struct gzip_unpacker *unpacker, struct view packed,
                        size_t limit, struct buf *out, size_t *ret_used);

enum gzip_step {
    GZIP_STEP_MORE, /* call again, with more input when none is left */
    GZIP_STEP_END,  /* the member is at its end */
    GZIP_STEP_DAMAGED,
    GZIP_STEP_NO_MEMORY,
};

/* A new member begins. */
bool gzip_stream_begin(struct gzip_unpacker *unpacker) MUST_CHECK;

/* Unpacks up to `room` bytes; what was used is cut off the front of
 * `*packed`. */
enum gzip_step gzip_stream_step(struct gzip_unpacker *unpacker,
                                struct view *packed, size_t room,
                                struct buf *out) MUST_CHECK;

#endif
