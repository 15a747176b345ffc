/*
 * codec_zstd.h - zstd (RFC 8878) as a content coding: whole bodies. Frames of
 * archives are zstd_stream.h's.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_CODEC_ZSTD_H
#define FETCHGREP_BASE_CODEC_ZSTD_H

#include "fetchgrep/base/unpack.h"

/* Frames in a row; what is in skippable ones is left out. A frame that does not
 * tell its length may need a window of 8 MB at most (RFC 9659): else it counts
 * as damaged. See unpack.h. */
enum unpack_result zstd_unpack(struct view packed, size_t limit,
                               struct buf *out,
                               struct view *ret_rest) MUST_CHECK;

#endif
