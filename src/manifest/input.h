/*
 * input.h - the bytes of one list, unpacked when they are packed.
 *
 * Whether a list is packed (gzip members, zstd frames) is seen from its first
 * bytes, so that a pipe can be read and a name may lie.
 */
#ifndef FETCHGREP_MANIFEST_INPUT_H
#define FETCHGREP_MANIFEST_INPUT_H

#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/zstd_stream.h"

enum input_packing { INPUT_UNKNOWN, INPUT_PLAIN, INPUT_GZIP, INPUT_ZSTD };

struct input {
    int fd;
    enum input_packing packing;
    struct gzip_unpacker *gzip; /* made when needed */
    struct zstd_unpacker *zstd;
    struct buf packed;   /* read, and not yet used from `at` on */
    struct buf unpacked; /* the last step's */
    size_t at;
    size_t unpacked_at;
    uint64_t used;     /* bytes of the descriptor's that were handed out, or
                          unpacked */
    bool is_in_member; /* a gzip member or zstd frame has begun */
    bool is_end;       /* of the descriptor */
};

enum input_result {
    INPUT_SOME,
    INPUT_END,
    INPUT_STOPPED, /* interrupt.h: the rest is not read */
    INPUT_ERROR,
};

/* The descriptor stays the caller's. */
void input_init(struct input *input, int fd);
void input_release(struct input *input);

/* Puts up to `room` bytes, at least one, to `to`. INPUT_ERROR: message without
 * the path; ERR_USAGE when a packed list is damaged. */
enum input_result input_read(struct input *input, char *to, size_t room,
                             size_t *ret_got, struct error *err) MUST_CHECK;

/* By the first bytes of a list. INPUT_UNKNOWN: more are needed. */
enum input_packing input_packing_of(struct view start);

#endif
