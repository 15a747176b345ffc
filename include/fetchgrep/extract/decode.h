/*
 * decode.h - takes the content codings off a body (RFC 9110, 8.4).
 * Thread rule: no state.
 */
#ifndef FETCHGREP_EXTRACT_DECODE_H
#define FETCHGREP_EXTRACT_DECODE_H

#include "fetchgrep/base/buf.h"

enum decode_result {
    DECODE_PLAIN, /* nothing to take off: `ret_body` is `body` itself */
    DECODE_DONE,
    DECODE_TOO_LARGE, /* the first `limit` bytes are there */
    DECODE_DAMAGED,   /* a stream is broken; what decoded is there */
    DECODE_UNKNOWN,   /* a coding that is not understood; nothing decoded */
    DECODE_NO_MEMORY,
};

/*
 * `coding` is the Content-Encoding value: codings in the order they were
 * applied, e.g. "gzip" or "deflate, br"; identity and empty mean none. Known
 * are gzip (x-gzip), deflate (zlib format or raw), br and zstd, in any case.
 * Decodes into `scratch` and `spare` (two buffers of the caller's, reset here;
 * both are used when codings stand in a row). `ret_body` borrows from `body`
 * or one of them. `limit` bounds every step.
 *
 * `detail` (size `detail_size`, not 0) gets a sentence part for people, "" when
 * all is as announced. Never "" on TOO_LARGE, DAMAGED and UNKNOWN. On PLAIN and
 * DONE a sentence means that the body lay plain under such a header and was
 * taken as it is, or that junk behind a stream was left out.
 */
enum decode_result decode_content(struct view coding, struct view body,
                                  size_t limit, struct buf *scratch,
                                  struct buf *spare, struct view *ret_body,
                                  char *detail, size_t detail_size) MUST_CHECK;

#endif
