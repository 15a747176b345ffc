/*
 * revisits.h - whether a fetched page is kept whole or as a revisit record of
 * one that was kept before: an answer 304 to a condition (--since), or a
 * payload that the run has kept already (--dedupe-pages).
 *
 * Thread rule: no state but the worker's.
 */
#ifndef FETCHGREP_RUN_REVISITS_H
#define FETCHGREP_RUN_REVISITS_H

#include "page_steps.h"
#include "payloads.h"

#include "fetchgrep/base/clock.h"

/* What an exchange borrows while it is written. */
struct revisit_choice {
    struct warc_target target;
    struct payload_note note;
    char date[CLOCK_TEXT_SIZE];
    char record_id[sizeof("<urn:uuid:>") + PAYLOAD_UUID_SIZE];
    char digest[WARC_DIGEST_SIZE];
    uint32_t variant;
    bool is_first; /* of its payload: to be remembered */
};

/* Sets target and payload digest of `exchange`, which goes to `block`.
 * `is_sound`: there is nothing wrong with the page, and no other reading of its
 * payload. */
void revisit_choose(struct worker *worker, const struct block *block,
                    const struct page *page, bool is_sound,
                    struct revisit_choice *choice,
                    struct warc_exchange *exchange);

/* It was written. */
void revisit_note(const struct revisit_choice *choice,
                  const struct warc_exchange *exchange,
                  const struct warc_written *written, struct block *block);

#endif
