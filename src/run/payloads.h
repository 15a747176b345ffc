/*
 * payloads.h - which payloads a run has kept already, and in which record: for
 * pages that are identical (--dedupe-pages).
 *
 * A fixed amount of memory: what does not fit any more pushes out what was kept
 * longest ago, and then a payload is kept once more. What is found is exact:
 * the whole SHA-1 is compared.
 *
 * Thread rule: workers find, the run's process publishes what has been
 * appended; both at any time, from any thread. Worker processes see the same
 * memory.
 */
#ifndef FETCHGREP_RUN_PAYLOADS_H
#define FETCHGREP_RUN_PAYLOADS_H

#include "fetchgrep/archive/warc_write.h"

enum {
    PAYLOADS_MEMORY = 64 << 20,
    PAYLOAD_URI_MAX = 212, /* what has a longer URL is not remembered */
    PAYLOAD_DIGEST_SIZE = 32,
    PAYLOAD_UUID_SIZE = WARC_UUID_SIZE - 1,
};

/* A page that was kept whole. */
struct payload_note {
    int64_t date_ms;
    uint32_t variant; /* what must be the same beside the payload */
    uint32_t uri_size;
    char digest[PAYLOAD_DIGEST_SIZE]; /* base32, without "sha1:" */
    char uuid[PAYLOAD_UUID_SIZE];     /* of its record; no NUL */
    char uri[PAYLOAD_URI_MAX];
};

struct payloads;

/* Mapped so that processes forked later share it. `memory` bytes at most. */
struct payloads *payloads_new(size_t memory, struct error *err);
void payloads_free(struct payloads *payloads);

/* Whether a record with this payload ("sha1:BASE32") and variant stands in the
 * WARC files. */
bool payloads_find(const struct payloads *payloads, const char *digest,
                   uint32_t variant, struct payload_note *ret_note);

/* The same among the notes of a block that is being made: its pages will be
 * appended all or none, in this order. */
bool payloads_find_note(struct view notes, const char *digest, uint32_t variant,
                        struct payload_note *ret_note);

/* Appends the note of a page to those of a block, unless its URL is too long.
 * `written` and `exchange` are the record's. */
void payloads_append_note(const struct warc_exchange *exchange,
                          const struct warc_written *written, uint32_t variant,
                          struct buf *out);

/* The pages of these notes have been appended. What makes no sense is left out:
 * it may come from a worker that has gone wild. */
void payloads_publish(struct payloads *payloads, struct view notes);

#endif
