/*
 * outcome.h - the closed list of words that say what became of an entry.
 *
 * The words are part of the file format (docs/formats.md). Every entry the
 * manifest reader hands out ends with exactly one of them.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_MODEL_OUTCOME_H
#define FETCHGREP_MODEL_OUTCOME_H

#include "fetchgrep/base/view.h"

/* X(constant, word, failed, may have matches) */
#define OUTCOME_LIST(X)                                                        \
    X(OUTCOME_OK, "ok", false, true)                                           \
    X(OUTCOME_HTTP_ERROR, "http-error", true, true)                            \
    X(OUTCOME_INVALID_URL, "invalid-url", false, false)                        \
    X(OUTCOME_DNS_FAILED, "dns-failed", true, false)                           \
    X(OUTCOME_CONNECT_FAILED, "connect-failed", true, false)                   \
    X(OUTCOME_TLS_FAILED, "tls-failed", true, false)                           \
    X(OUTCOME_TIMED_OUT, "timed-out", true, false)                             \
    X(OUTCOME_STALLED, "stalled", true, false)                                 \
    X(OUTCOME_TRUNCATED, "truncated", true, true)                              \
    X(OUTCOME_TOO_LARGE, "too-large", true, true)                              \
    X(OUTCOME_TOO_MANY_REDIRECTS, "too-many-redirects", true, false)           \
    X(OUTCOME_BAD_RESPONSE, "bad-response", true, false)                       \
    X(OUTCOME_BAD_ENCODING, "bad-encoding", true, true)                        \
    X(OUTCOME_DENIED, "denied", false, false)                                  \
    X(OUTCOME_ROBOTS_DENIED, "robots-denied", false, false)                    \
    X(OUTCOME_PATTERN_LIMIT, "pattern-limit", false, true)                     \
    X(OUTCOME_WORKER_CRASHED, "worker-crashed", true, false)                   \
    X(OUTCOME_DUPLICATE, "duplicate", false, false)                            \
    X(OUTCOME_NOT_MODIFIED, "not-modified", false, false)                      \
    X(OUTCOME_SKIPPED, "skipped", false, false)

enum outcome {
#define OUTCOME_CONSTANT(constant, word, failed, matches) constant,
    OUTCOME_LIST(OUTCOME_CONSTANT)
#undef OUTCOME_CONSTANT
        OUTCOME_COUNT
};

/* The word, a string that lives for ever. */
const char *outcome_word(enum outcome outcome);

/* False when `word` is none of the list. */
bool outcome_from_word(struct view word, enum outcome *ret_outcome);

/* Counts for --max-failed, --retry-failed and progress. */
bool outcome_is_failed(enum outcome outcome);

/* Only pages with these outcomes are searched. */
bool outcome_may_match(enum outcome outcome);

#endif
