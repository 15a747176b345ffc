/*
 * codec_brotli.h - brotli (RFC 7932), decoding only.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_CODEC_BROTLI_H
#define FETCHGREP_BASE_CODEC_BROTLI_H

#include "fetchgrep/base/unpack.h"

/* One stream. See unpack.h. */
enum unpack_result brotli_unpack(struct view packed, size_t limit,
                                 struct buf *out,
                                 struct view *ret_rest) MUST_CHECK;

#endif
