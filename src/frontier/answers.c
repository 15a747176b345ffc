/*
 * What a host's answers do to it: it is left alone for longer with each
 * failure in a row, asked less at once while it is overloaded, and not before
 * the time that it names.
 */
#include "frontier_parts.h"

#include "fetchgrep/base/clock.h"

enum {
    GOOD_ANSWERS = 8, /* earn one more transfer at once */
    PAUSE_FIRST_MS = 250,
    PAUSE_MOST_MS = 30 * 1000,
};

static void hold_until(struct host *host, int64_t until_ns)
{
    if (until_ns > host->not_before_ns)
        host->not_before_ns = until_ns;
}

/* A host that cannot be reached is left alone for longer each time. */
static void note_failure(struct host *host, enum outcome failure, int64_t now)
{
    int64_t pause_ms = PAUSE_FIRST_MS;
    for (uint32_t i = 0; i < host->failures && pause_ms < PAUSE_MOST_MS; i++)
        pause_ms *= 2;
    if (pause_ms > PAUSE_MOST_MS)
        pause_ms = PAUSE_MOST_MS;
    host->failures++;
    host->failure = failure;
    hold_until(host, now + pause_ms * CLOCK_NS_PER_MS);
}

void answer_slow_down(struct frontier *frontier, struct host *host,
                      int64_t delay_ns)
{
    bool is_news = host->delay_ns != delay_ns;
    host->delay_ns = delay_ns;
    if (is_news)
        hold_until(host, frontier->options.now_ns() + delay_ns);
}

/* Fewer transfers at once for a host that asks for that; they are earned back
 * one by one. */
static void note_load(const struct frontier *frontier, struct host *host,
                      bool is_overloaded)
{
    uint32_t most = frontier->options.per_host;
    uint32_t limit = host->limit ? host->limit : most;
    if (is_overloaded) {
        host->limit = limit > 1 ? limit / 2 : 1;
        host->good_count = 0;
    } else if (limit < most && ++host->good_count == GOOD_ANSWERS) {
        host->limit = limit + 1;
        host->good_count = 0;
    }
}

void answer_note(struct frontier *frontier, struct host *host,
                 const struct frontier_answer *answer)
{
    int64_t delay_ns = frontier->options.host_delay_ns, now = 0;
    if (host->delay_ns > delay_ns)
        delay_ns = host->delay_ns;
    bool is_failure = answer->failure != OUTCOME_OK;
    if (delay_ns || answer->hold_ns || is_failure)
        now = frontier->options.now_ns();
    if (answer->has_answered) {
        host->has_answered = true;
        host->failures = 0;
        note_load(frontier, host, answer->is_overloaded);
    }
    if (is_failure)
        note_failure(host, answer->failure, now);
    if (delay_ns)
        hold_until(host, now + delay_ns);
    if (answer->hold_ns)
        hold_until(host, now + answer->hold_ns);
}
