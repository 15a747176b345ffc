/*
 * An entry's way to its origin's robots.txt and back: the desk says whose turn
 * it is, the frontier keeps its place meanwhile.
 */
#include "robots_detour.h"

#include "fetchgrep/base/clock.h"

/* Its host gets the pause that robots.txt wants. Told again for each page: a
 * host may have been forgotten since. */
static void slow_down(struct pipeline *pipeline, const struct entry *entry,
                      int64_t delay_ms)
{
    struct error err;
    if (!delay_ms ||
        frontier_slow_down(pipeline->frontier, entry->target.origin,
                           delay_ms * CLOCK_NS_PER_MS))
        return;
    error_no_memory(&err, "the frontier");
    pipeline_fail(pipeline, &err);
}

/* The entry is back with its origin's robots.txt: those that have waited for it
 * stand in line again. */
static void end_detour(struct pipeline *pipeline, struct entry *entry)
{
    const struct frontier_answer none = { 0 };
    int64_t delay_ms;
    entry = robots_desk_settle(pipeline->robots, entry, &delay_ms);
    slow_down(pipeline, entry, delay_ms);
    while (entry->next) {
        struct entry *waiting = entry->next;
        entry->next = waiting->next;
        waiting->next = NULL;
        pipeline_put_in_line_again(pipeline, waiting, &none);
    }
}

/* The host that it went to for a robots.txt is given up. If that is not its
 * own, its own is not to blame, but nobody knows its rules. */
void detour_give_up(struct pipeline *pipeline, struct entry *entry)
{
    bool is_elsewhere =
        !view_equal(entry->target.origin, entry->detour->target.origin);
    end_detour(pipeline, entry);
    if (!is_elsewhere)
        return;
    char *why = entry->detail;
    entry->detail = NULL;
    entry_end(entry, OUTCOME_ROBOTS_DENIED,
              "its robots.txt could not be had%s%s", why ? ": " : "",
              why ? why : "");
    free(why);
}

/* An entry that waits at the desk is parked before it is the desk's: whoever
 * brings the rules may have it at once. */
static enum robots_turn ask_desk(struct pipeline *pipeline, struct entry *entry)
{
    enum robots_turn turn;
    int64_t delay_ms;
    while ((turn = robots_desk_ask(pipeline->robots, entry, &delay_ms)) ==
           ROBOTS_WAITS) {
        frontier_park(pipeline->frontier, entry);
        if (robots_desk_wait(pipeline->robots, entry))
            return turn;
        frontier_unpark(pipeline->frontier, entry);
    }
    if (turn == ROBOTS_GO)
        slow_down(pipeline, entry, delay_ms);
    return turn;
}

/* Whether the origin's robots.txt lets the entry be fetched now. If not, it has
 * gone where it belongs. */
bool detour_allows(struct pipeline *pipeline, struct entry *entry)
{
    const struct frontier_answer none = { 0 };
    struct error err;
    if (!pipeline->robots)
        return true;
    switch (ask_desk(pipeline, entry)) {
    case ROBOTS_GO:
        return true;
    case ROBOTS_WAITS:
        return false;
    case ROBOTS_OVER:
        frontier_finish(pipeline->frontier, entry, &none);
        pipeline_send_to_team(pipeline, &entry, 1);
        return false;
    case ROBOTS_FAILED:
    default:
        error_no_memory(&err, "robots.txt");
        frontier_finish(pipeline->frontier, entry, &none);
        page_job_free_entry(&pipeline->job, entry);
        pipeline_fail(pipeline, &err);
        return false;
    }
}

/* From a detour: the entry waits for its own page's turn now. */
void detour_come_back(struct pipeline *pipeline, struct entry *entry,
                      const struct frontier_answer *answer)
{
    struct error err;
    end_detour(pipeline, entry);
    if (pipeline->options->store == WARC_STORE_NONE) {
        page_free(entry->asides, pipeline->pool);
        entry->asides = NULL;
    } else if (entry->asides &&
               !pipeline_set_hop_aside(pipeline, entry->asides)) {
        error_no_memory(&err, "robots.txt");
        pipeline_fail(pipeline, &err);
    }
    free(entry->detail);
    entry->detail = NULL;
    entry->outcome = OUTCOME_OK;
    pipeline_put_in_line_again(pipeline, entry, answer);
}
