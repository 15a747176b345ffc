/*
 * What keeps a healthy run from being taken for an outage:
 *
 * - Dead hosts that were started together end together, long after all others
 *   have answered. So a failure counts only when nothing at all was heard since
 *   its transfer began.
 * - Towards the end of a run only retries of dead hosts may be left. So hosts
 *   that failed before, while the network was up, count no more.
 * - A list may end with fewer dead hosts than it takes. So when nothing is
 *   under way that could tell, failures are what they seem.
 */
#include "fetchgrep/frontier/outage.h"

#include "fetchgrep/base/clock.h"

void outage_init(struct outage *outage, const struct outage_options *options)
{
    *outage = (struct outage){ .options = *options };
}

static void come_up(struct outage *outage, enum outage_state state,
                    int64_t now_ns)
{
    if (outage->state == OUTAGE_DOWN && now_ns > outage->since_ns)
        outage->down_ns += now_ns - outage->since_ns;
    outage->state = state;
    outage->host_count = 0;
}

enum outage_news outage_note_alive(struct outage *outage, int64_t alive_ns)
{
    enum outage_state was = outage->state;
    if (alive_ns > outage->alive_ns)
        outage->alive_ns = alive_ns;
    /* What was heard before the last failure says nothing of what it meant. */
    if (outage->alive_ns <= outage->failed_ns)
        return OUTAGE_NO_NEWS;
    come_up(outage, OUTAGE_UP, outage->alive_ns);
    return was == OUTAGE_DOWN        ? OUTAGE_ENDED
           : was == OUTAGE_SUSPECTED ? OUTAGE_CLEARED
                                     : OUTAGE_NO_NEWS;
}

static bool is_known(const struct outage *outage, uint64_t host)
{
    for (size_t i = 0; i < outage->host_count; i++)
        if (outage->hosts[i] == host)
            return true;
    return false;
}

/* True when the row is full with it. */
static bool count(struct outage *outage, const struct outage_failure *failure)
{
    bool counts = failure->is_fresh && outage->alive_ns <= failure->began_ns &&
                  !is_known(outage, failure->host);
    if (!counts || outage->host_count == OUTAGE_HOSTS)
        return false;
    outage->hosts[outage->host_count++] = failure->host;
    return outage->host_count == OUTAGE_HOSTS;
}

static bool was_heard_lately(const struct outage *outage,
                             const struct outage_failure *failure)
{
    return outage->alive_ns > failure->began_ns &&
           failure->ended_ns - outage->alive_ns <
               (int64_t)OUTAGE_RECENT_MS * CLOCK_NS_PER_MS;
}

bool outage_note_failure(struct outage *outage,
                         const struct outage_failure *failure,
                         enum outage_news *ret_news)
{
    *ret_news = OUTAGE_NO_NEWS;
    if (!outage->options.wait_ns || outage->state == OUTAGE_SPENT)
        return false;
    /* A server that says nothing is no sign of an outage, but may be one of
     * its victims. */
    if (failure->is_silent)
        return outage->state == OUTAGE_DOWN;
    if (outage->state == OUTAGE_UP && was_heard_lately(outage, failure))
        return false;
    if (failure->ended_ns > outage->failed_ns)
        outage->failed_ns = failure->ended_ns;
    if (outage->state == OUTAGE_UP)
        outage->state = OUTAGE_SUSPECTED;
    if (count(outage, failure)) {
        outage->state = OUTAGE_DOWN;
        outage->since_ns = failure->ended_ns;
        outage->probe_due_ns = failure->ended_ns + outage->options.probe_ns;
        *ret_news = OUTAGE_BEGAN;
    }
    return true;
}

enum outage_news outage_note_idle(struct outage *outage)
{
    if (outage->state != OUTAGE_SUSPECTED)
        return OUTAGE_NO_NEWS;
    /* The row goes on: its hosts may just come slowly. */
    outage->state = OUTAGE_UP;
    return OUTAGE_CLEARED;
}

enum outage_turn outage_ask(struct outage *outage, int64_t now_ns,
                            int64_t *ret_due_ns, enum outage_news *ret_news)
{
    *ret_news = OUTAGE_NO_NEWS;
    if (outage->state != OUTAGE_DOWN)
        return OUTAGE_GO;
    int64_t end_ns = outage->since_ns + outage->options.wait_ns;
    if (now_ns >= end_ns) {
        come_up(outage, OUTAGE_SPENT, now_ns);
        *ret_news = OUTAGE_TOO_LONG;
        return OUTAGE_GO;
    }
    if (now_ns >= outage->probe_due_ns) {
        outage->probe_due_ns = now_ns + outage->options.probe_ns;
        return OUTAGE_PROBE;
    }
    *ret_due_ns = outage->probe_due_ns < end_ns ? outage->probe_due_ns : end_ns;
    return OUTAGE_WAIT;
}

int64_t outage_down_ns(const struct outage *outage, int64_t now_ns)
{
    bool is_down = outage->state == OUTAGE_DOWN && now_ns > outage->since_ns;
    return outage->down_ns + (is_down ? now_ns - outage->since_ns : 0);
}
