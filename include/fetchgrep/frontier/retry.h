/*
 * retry.h - whether a failed transfer is tried again, and when.
 *
 * Pure functions: clock and chance are the caller's.
 */
#ifndef FETCHGREP_FRONTIER_RETRY_H
#define FETCHGREP_FRONTIER_RETRY_H

#include "fetchgrep/model/outcome.h"

#include <stdint.h>

/*
 * Whether the failure may pass by itself: name servers that could not tell, no
 * connection, a time-out, an answer that broke off, and the status codes 408,
 * 425, 429, 500, 502, 503 and 504 (RFC 9110, RFC 8470, RFC 6585). `status` is 0
 * where no answer came.
 */
bool retry_may_help(enum outcome outcome, int status);

/* Whether the server asks for fewer requests: 429 and 503. */
bool retry_is_overload(int status);

/*
 * How long to wait before the next attempt, in nanoseconds, when `attempts`
 * (from 1) have failed: anything between 0 and a limit that begins at one
 * second, doubles with each attempt and ends at a minute ("full jitter", so
 * that those who failed together do not come back together). `random` is 64
 * uniform bits.
 */
int64_t retry_delay_ns(uint32_t attempts, uint64_t random);

#endif
