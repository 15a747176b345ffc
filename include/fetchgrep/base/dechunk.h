/*
 * dechunk.h - takes the chunked transfer coding off a body (RFC 9112, 7.1).
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_DECHUNK_H
#define FETCHGREP_BASE_DECHUNK_H

#include "fetchgrep/base/buf.h"

enum dechunk_result {
    DECHUNK_DONE,
    DECHUNK_CUT,       /* ended before the last chunk; what came stands */
    DECHUNK_MALFORMED, /* not chunked coding at all at some point */
};

/* Appends the data of all whole and partial chunks to `out`. Trailers are
 * passed over. `ret_used` is the number of bytes of `body` understood. */
enum dechunk_result dechunk(struct view body, struct buf *out,
                            size_t *ret_used) MUST_CHECK;

#endif
