#include "fetchgrep/frontier/retry.h"

#include "fetchgrep/base/clock.h"

bool retry_may_help(enum outcome outcome, int status)
{
    switch (outcome) {
    case OUTCOME_DNS_FAILED:
    case OUTCOME_CONNECT_FAILED:
    case OUTCOME_TIMED_OUT:
    case OUTCOME_STALLED:
    case OUTCOME_TRUNCATED:
        return true;
    case OUTCOME_BAD_RESPONSE:
        /* No answer at all: the connection was reset or closed. */
        return status == 0;
    case OUTCOME_HTTP_ERROR:
        return status == 408 || status == 425 || status == 429 ||
               status == 500 || status == 502 || status == 503 || status == 504;
    case OUTCOME_OK:
    case OUTCOME_INVALID_URL:
    case OUTCOME_TLS_FAILED:
    case OUTCOME_TOO_LARGE:
    case OUTCOME_TOO_MANY_REDIRECTS:
    case OUTCOME_BAD_ENCODING:
    case OUTCOME_DENIED:
    case OUTCOME_ROBOTS_DENIED:
    case OUTCOME_PATTERN_LIMIT:
    case OUTCOME_WORKER_CRASHED:
    case OUTCOME_DUPLICATE:
    case OUTCOME_NOT_MODIFIED:
    case OUTCOME_SKIPPED:
    case OUTCOME_COUNT:
    default:
        return false;
    }
}

bool retry_is_overload(int status)
{
    return status == 429 || status == 503;
}

int64_t retry_delay_ns(uint32_t attempts, uint64_t random)
{
    enum { FIRST_S = 1, MOST_S = 60, DOUBLINGS_MAX = 6 };
    uint32_t doublings = attempts > 1 ? attempts - 1 : 0;
    if (doublings > DOUBLINGS_MAX)
        doublings = DOUBLINGS_MAX;
    int64_t limit_s = (int64_t)FIRST_S << doublings;
    if (limit_s > MOST_S)
        limit_s = MOST_S;
    return (int64_t)(random % (uint64_t)(limit_s * CLOCK_NS_PER_S + 1));
}
