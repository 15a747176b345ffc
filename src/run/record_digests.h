/*
 * record_digests.h - whether the bytes of a record have the digests that it
 * tells.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_RUN_RECORD_DIGESTS_H
#define FETCHGREP_RUN_RECORD_DIGESTS_H

#include "fetchgrep/archive/warc_read.h"
#include "fetchgrep/base/digest.h"

/* The field whose digest is another's; NULL when all that can be checked are
 * right. The record's block must not be cut. `scratch` is overwritten. */
const char *record_wrong_digest(struct digest *digest,
                                const struct warc_record *record,
                                struct buf *scratch);

#endif
