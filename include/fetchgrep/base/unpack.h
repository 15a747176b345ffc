/*
 * unpack.h - what the decoders of content codings have in common
 * (codec_gzip.h, codec_brotli.h, codec_zstd.h): a whole body at once, to a
 * limit.
 */
#ifndef FETCHGREP_BASE_UNPACK_H
#define FETCHGREP_BASE_UNPACK_H

#include "fetchgrep/base/buf.h"

enum unpack_result {
    UNPACK_DONE,      /* decoded to the end */
    UNPACK_DAMAGED,   /* broken or cut short; what decoded stands in `out` */
    UNPACK_TOO_LARGE, /* over the limit; the first `limit` bytes are there */
    UNPACK_NO_MEMORY,
};

/*
 * Appends at most `limit` bytes to `out`. When DONE, `ret_rest` is what lies
 * behind the last stream: nobody's, and usually empty. Takes no more memory
 * than `out` grows by, and a window of at most 16 MB.
 */
typedef enum unpack_result unpack_fn(struct view packed, size_t limit,
                                     struct buf *out,
                                     struct view *ret_rest) MUST_CHECK;

#endif
