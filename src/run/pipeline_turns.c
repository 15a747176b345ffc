/*
 * An entry's turns at its hosts: frontier -> fetch -> queue, or back. What the
 * end of a transfer means is decided here: the next hop of a redirect, another
 * attempt, or the team.
 */
#include "pipeline_state.h"

#include "attempts.h"
#include "robots_detour.h"

#include "fetchgrep/base/clock.h"

#include <xxhash.h>

/* Back in line, with its place given up. */
void pipeline_put_in_line_again(struct pipeline *pipeline, struct entry *entry,
                                const struct frontier_answer *answer)
{
    struct error err;
    if (frontier_return(pipeline->frontier, entry, answer, &err))
        return;
    page_job_free_entry(&pipeline->job, entry);
    pipeline_fail(pipeline, &err);
}

/* Pages that the team has no time for yet are not fetched ahead without end:
 * they would only take memory. */
static bool is_team_behind(struct pipeline *pipeline)
{
    struct page_job *job = &pipeline->job;
    if (atomic_load(&job->waiting_bytes) < job->waiting_limit)
        return false;
    /* Said before looking again, so that no wake-up in between is lost. */
    atomic_store(&job->is_held_back, true);
    return atomic_load(&job->waiting_bytes) >= job->waiting_limit / 2;
}

enum frontier_result pipeline_take_turn(struct pipeline *pipeline,
                                        struct entry **ret_entry,
                                        int64_t *ret_due_ns)
{
    struct entry *entry;
    for (;;) {
        enum frontier_result result =
            frontier_take(pipeline->frontier, &entry, ret_due_ns);
        if (result == FRONTIER_ENTRY && detour_allows(pipeline, entry))
            *ret_entry = entry;
        else if (result == FRONTIER_ENTRY)
            continue;
        if (result != FRONTIER_GIVEN_UP)
            return result;
        if (entry->detour)
            detour_give_up(pipeline, entry);
        pipeline_send_to_team(pipeline, &entry, 1);
    }
}

/* A hop may wait long for its turn: its bytes leave the pool. Beyond a quarter
 * of --memory only the head is kept, and the record says so. */
bool pipeline_set_hop_aside(struct pipeline *pipeline, struct page *page)
{
    struct page_job *job = &pipeline->job;
    size_t size = page->head_size + page->body_size;
    if (atomic_load(&job->heap_bytes) + size > pipeline->options->memory / 4) {
        size = page->head_size;
        page->cut = page->body_size ? PAGE_CUT_LENGTH : page->cut;
        page->body_size = 0;
    }
    if (!page_pool_move_to_heap(pipeline->pool, &page->bytes, size))
        return false;
    atomic_fetch_add(&job->heap_bytes, size);
    return true;
}

/* The entry goes on without its newest page: as a hop on the heap, or, when
 * nothing is kept, not at all. */
static bool leave_page(struct pipeline *pipeline, struct entry *entry)
{
    if (pipeline->options->store != WARC_STORE_NONE)
        return pipeline_set_hop_aside(pipeline, entry->page);
    page_free(entry->page, pipeline->pool);
    entry->page = NULL;
    return true;
}

/* The target of a redirect becomes the entry's next; false when it cannot. */
static bool find_next_hop(struct pipeline *pipeline, struct entry *entry,
                          struct view location)
{
    char problem[ERROR_MESSAGE_SIZE] = "out of memory";
    struct url next;
    uint32_t most =
        entry->detour ? ROBOTS_REDIRECTS_MAX : pipeline->options->max_redirects;
    if (entry->redirects >= most) {
        entry_end(entry, OUTCOME_TOO_MANY_REDIRECTS, "more than %u redirects%s",
                  most, entry->detour ? "" : " (--max-redirects)");
        return false;
    }
    enum url_result result =
        url_resolve(&entry->page->url, location, &next, problem);
    if (result == URL_OK) {
        entry->target = next;
        return true;
    }
    char *shown = url_shown(view_first(location, 200));
    entry_end(entry,
              result == URL_DENIED ? OUTCOME_DENIED : OUTCOME_BAD_RESPONSE,
              "redirect to %s: %s", shown ? shown : "?", problem);
    free(shown);
    return false;
}

/* Sends a redirected entry to its next host's queue. False: it is over. */
static bool follow(struct pipeline *pipeline, struct entry *entry,
                   const struct frontier_answer *answer)
{
    struct view location;
    struct error err;
    if (entry->outcome != OUTCOME_OK || !entry->page ||
        !fetch_redirect_location(entry->page, &location) ||
        !find_next_hop(pipeline, entry, location))
        return false;
    if (!entry_keep_login(entry)) {
        error_no_memory(&err, "a URL");
        pipeline_fail(pipeline, &err);
        url_release(&entry->target);
        return false;
    }
    if (!leave_page(pipeline, entry)) {
        error_no_memory(&err, "a redirect's page");
        pipeline_fail(pipeline, &err);
        url_release(&entry->target);
        return false;
    }
    entry->redirects++;
    entry->need_bytes = 0;
    if (frontier_return(pipeline->frontier, entry, answer, &err))
        return true;
    page_job_free_entry(&pipeline->job, entry);
    pipeline_fail(pipeline, &err);
    return true;
}

/* Bits that differ for each entry, attempt and run. */
static uint64_t random_bits(const struct pipeline *pipeline,
                            const struct entry *entry)
{
    const uint64_t what[] = { entry->id, entry->attempts };
    return XXH3_64bits_withSeed(what, sizeof(what), pipeline->job.warc_seed);
}

/* Puts a failed entry to sleep until it is tried again. False: it is over. */
static bool try_again(struct pipeline *pipeline, struct entry *entry,
                      const struct frontier_answer *answer)
{
    struct error err;
    int64_t delay_ns;
    if (!entry_wants_retry(entry, pipeline->options->retries,
                           random_bits(pipeline, entry), &delay_ns))
        return false;
    entry_forget_attempt(entry, pipeline->pool);
    entry->attempts++;
    if (frontier_retry(pipeline->frontier, entry, answer, delay_ns, &err))
        return true;
    page_job_free_entry(&pipeline->job, entry);
    pipeline_fail(pipeline, &err);
    return true;
}

/* What the end of its transfer means. True: it is over. */
static bool settle(struct pipeline *pipeline, struct entry *entry,
                   bool has_answered)
{
    const struct frontier_answer answer =
        answer_of(entry, has_answered, clock_wall_ms());
    if (follow(pipeline, entry, &answer) || try_again(pipeline, entry, &answer))
        return false;
    if (entry->detour) {
        detour_come_back(pipeline, entry, &answer);
        return false;
    }
    frontier_finish(pipeline->frontier, entry, &answer);
    return true;
}

static enum fetch_take_result take_entry(void *ctx, struct entry **ret_entry,
                                         int64_t *ret_due_ns)
{
    struct pipeline *pipeline = ctx;
    if (!atomic_load(&pipeline->is_stopping) && is_team_behind(pipeline))
        return FETCH_TAKE_WAIT;
    struct entry *entry;
    for (;;) {
        switch (pacing_take(pipeline, &entry, ret_due_ns)) {
        case PACING_ENTRY:
            *ret_entry = entry;
            return FETCH_TAKE_ENTRY;
        case PACING_FAILED:
            if (settle(pipeline, entry, false))
                pipeline_send_to_team(pipeline, &entry, 1);
            continue;
        case PACING_WAIT:
            return FETCH_TAKE_WAIT;
        case PACING_END:
        default:
            return FETCH_TAKE_END;
        }
    }
}

static bool finish_entry(void *ctx, struct entry *entry, bool has_answered)
{
    struct pipeline *pipeline = ctx;
    if (!entry->attempts)
        entry->attempts = 1;
    return !pacing_keep(pipeline, entry, has_answered) &&
           settle(pipeline, entry, has_answered);
}

static void put_entry_back(void *ctx, struct entry *entry, bool has_answered,
                           int64_t hold_ns)
{
    struct pipeline *pipeline = ctx;
    const struct frontier_answer answer = { .has_answered = has_answered,
                                            .hold_ns = hold_ns };
    pipeline_put_in_line_again(pipeline, entry, &answer);
}

struct fetch_hooks pipeline_fetch_hooks(struct pipeline *pipeline)
{
    return (struct fetch_hooks){
        .take = take_entry,
        .finish = finish_entry,
        .deliver = pipeline_send_to_team,
        .put_back = put_entry_back,
        .fail = pipeline_fail,
        .ctx = pipeline,
    };
}
