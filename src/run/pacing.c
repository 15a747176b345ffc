#include "attempts.h"
#include "pipeline_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/log.h"

#include <xxhash.h>

enum {
    CREDIT_MS = 100,     /* of requests, for timers that fire late */
    IDLE_MOST_MS = 1000, /* for the feeder to bring more entries */
};

/* ---- lists --------------------------------------------------------------- */

static void push(struct entry_list *list, struct entry *entry)
{
    entry->next = NULL;
    if (list->last)
        list->last->next = entry;
    else
        list->first = entry;
    list->last = entry;
    list->count++;
}

static struct entry *pop(struct entry_list *list)
{
    struct entry *entry = list->first;
    if (!entry)
        return NULL;
    list->first = entry->next;
    if (!list->first)
        list->last = NULL;
    list->count--;
    entry->next = NULL;
    return entry;
}

static void move_all(struct entry_list *from, struct entry_list *to)
{
    struct entry *entry;
    while ((entry = pop(from)) != NULL)
        push(to, entry);
}

/* ---- life ---------------------------------------------------------------- */

void pacing_init(struct pipeline *pipeline)
{
    const struct pipeline_options *options = pipeline->options;
    struct pacing *pacing = &pipeline->pacing;
    const struct outage_options outage = {
        .probe_ns = options->outage_probe_ms * CLOCK_NS_PER_MS,
        .wait_ns = options->outage_wait_ms * CLOCK_NS_PER_MS,
    };
    pthread_mutex_init(&pacing->lock, NULL);
    outage_init(&pacing->outage, &outage);
    pacing->is_limited = options->request_interval_ns > 0;
    pace_init(&pacing->requests, (double)options->request_interval_ns,
              CREDIT_MS * CLOCK_NS_PER_MS);
}

void pacing_release(struct pipeline *pipeline)
{
    pthread_mutex_destroy(&pipeline->pacing.lock);
}

struct entry *pacing_drain(struct pipeline *pipeline)
{
    static const struct frontier_answer nothing;
    struct pacing *pacing = &pipeline->pacing;
    struct entry *entry = pacing->next;
    pacing->next = NULL;
    if (!entry)
        entry = pop(&pacing->kept);
    if (!entry)
        entry = pop(&pacing->failed);
    if (!entry)
        entry = pop(&pacing->again);
    if (entry)
        frontier_finish(pipeline->frontier, entry, &nothing);
    return entry;
}

double pacing_down_s(struct pipeline *pipeline, bool *ret_is_down)
{
    struct pacing *pacing = &pipeline->pacing;
    pthread_mutex_lock(&pacing->lock);
    int64_t down_ns = outage_down_ns(&pacing->outage, clock_now_ns());
    *ret_is_down = pacing->outage.state == OUTAGE_DOWN;
    pthread_mutex_unlock(&pacing->lock);
    return (double)down_ns / (double)CLOCK_NS_PER_S;
}

/* ---- news of the network --------------------------------------------------
 */

static void say_down(const struct pipeline_options *options)
{
    log_note("network down: %d hosts in a row could not be reached; nothing "
             "starts but a probe every %.3g s, for %.3g s at most",
             OUTAGE_HOSTS, (double)options->outage_probe_ms / 1000,
             (double)options->outage_wait_ms / 1000);
}

/* Under the lock: what the news means for the entries kept. True: all loops
 * have something to do. */
static bool hear(struct pipeline *pipeline, enum outage_news news)
{
    struct pacing *pacing = &pipeline->pacing;
    bool is_told = pipeline->options->progress != PROGRESS_NONE;
    double down_s = (double)pacing->outage.down_ns / (double)CLOCK_NS_PER_S;
    switch (news) {
    case OUTAGE_BEGAN:
        if (is_told)
            say_down(pipeline->options);
        return false;
    case OUTAGE_CLEARED:
        move_all(&pacing->kept, &pacing->failed);
        return false;
    case OUTAGE_ENDED:
        if (is_told)
            log_note("network up again; down for %.1f s in all, and what "
                     "failed meanwhile does not count",
                     down_s);
        move_all(&pacing->kept, &pacing->again);
        return true;
    case OUTAGE_TOO_LONG:
        if (is_told)
            log_note("network still down (--outage-wait): failures count");
        move_all(&pacing->kept, &pacing->failed);
        return true;
    case OUTAGE_NO_NEWS:
    default:
        return false;
    }
}

/* Under the lock. */
static void look_around(struct pacing *pacing)
{
    const struct outage *outage = &pacing->outage;
    atomic_store(&pacing->is_watchful,
                 outage->state != OUTAGE_UP || outage->host_count > 0 ||
                     pacing->kept.count || pacing->failed.count ||
                     pacing->again.count);
}

static void wake_loops(struct pipeline *pipeline)
{
    struct fetcher *fetcher = atomic_load(&pipeline->fetcher);
    if (fetcher)
        fetch_wake(fetcher);
}

static void unlock(struct pipeline *pipeline, bool wakes)
{
    look_around(&pipeline->pacing);
    pthread_mutex_unlock(&pipeline->pacing.lock);
    if (wakes)
        wake_loops(pipeline);
}

/* Under the lock: the last time that anything was heard from anywhere. */
static bool listen_around(struct pipeline *pipeline)
{
    struct pacing *pacing = &pipeline->pacing;
    struct fetcher *fetcher = atomic_load(&pipeline->fetcher);
    int64_t alive_ns = atomic_load(&pacing->answered_ns);
    int64_t byte_ns = fetcher ? fetch_last_byte_ns(fetcher) : 0;
    if (byte_ns > alive_ns)
        alive_ns = byte_ns;
    return hear(pipeline, outage_note_alive(&pacing->outage, alive_ns));
}

/* ---- taking ----------------------------------------------------------------
 */

static enum pacing_result take_from_frontier(struct pipeline *pipeline,
                                             struct entry **ret_entry,
                                             int64_t *ret_due_ns)
{
    switch (pipeline_take_turn(pipeline, ret_entry, ret_due_ns)) {
    case FRONTIER_ENTRY:
        return PACING_ENTRY;
    case FRONTIER_WAIT:
        return PACING_WAIT;
    case FRONTIER_GIVEN_UP:
    case FRONTIER_END:
    default:
        return PACING_END;
    }
}

/* Goes out again, the same attempt. */
static bool take_again(struct pipeline *pipeline, struct entry_list *list,
                       struct entry **ret_entry)
{
    struct entry *entry = pop(list);
    if (!entry)
        return false;
    entry_forget_attempt(entry, pipeline->pool);
    *ret_entry = entry;
    return true;
}

static enum pacing_result take_first(struct pipeline *pipeline,
                                     struct entry **ret_entry,
                                     int64_t *ret_due_ns)
{
    if (take_again(pipeline, &pipeline->pacing.again, ret_entry))
        return PACING_ENTRY;
    return take_from_frontier(pipeline, ret_entry, ret_due_ns);
}

/* An entry that is not due is taken all the same: otherwise the frontier could
 * not tell its end. */
static enum pacing_result take_when_due(struct pipeline *pipeline,
                                        int64_t now_ns,
                                        struct entry **ret_entry,
                                        int64_t *ret_due_ns)
{
    struct pacing *pacing = &pipeline->pacing;
    if (!pacing->is_limited)
        return take_first(pipeline, ret_entry, ret_due_ns);
    if (!pacing->next) {
        enum pacing_result result =
            take_first(pipeline, &pacing->next, ret_due_ns);
        if (result != PACING_ENTRY)
            return result;
    }
    int64_t due_ns = pace_due_ns(&pacing->requests, now_ns);
    if (due_ns > now_ns) {
        *ret_due_ns = due_ns;
        return PACING_WAIT;
    }
    *ret_entry = pacing->next;
    pacing->next = NULL;
    pace_take(&pacing->requests, 1, now_ns);
    return PACING_ENTRY;
}

/* Hosts that failed and hosts that were not asked yet in turn: either may be
 * really dead. */
static enum pacing_result take_probe(struct pipeline *pipeline, int64_t now_ns,
                                     struct entry **ret_entry)
{
    struct pacing *pacing = &pipeline->pacing;
    int64_t ignored_ns;
    pacing->probes_kept = !pacing->probes_kept;
    enum pacing_result result = PACING_WAIT;
    if (pacing->next && !pacing->probes_kept) {
        *ret_entry = pacing->next;
        pacing->next = NULL;
        result = PACING_ENTRY;
    } else if (!pacing->probes_kept || !pacing->kept.count) {
        result = take_from_frontier(pipeline, ret_entry, &ignored_ns);
    }
    if (result == PACING_WAIT)
        result = take_again(pipeline, &pacing->kept, ret_entry) ? PACING_ENTRY
                                                                : PACING_WAIT;
    if (result == PACING_ENTRY && pacing->is_limited)
        pace_take(&pacing->requests, 1, now_ns);
    return result;
}

/* Nothing may start now: is anything under way at all? */
static enum pacing_result wait_or_clear(struct pipeline *pipeline,
                                        int64_t now_ns,
                                        struct entry **ret_entry,
                                        int64_t *ret_due_ns)
{
    struct pacing *pacing = &pipeline->pacing;
    const struct frontier_counts counts = frontier_counts(pipeline->frontier);
    if (pacing->outage.state != OUTAGE_SUSPECTED ||
        counts.running - counts.parked != pacing->kept.count)
        return PACING_WAIT;
    int64_t clear_ns =
        pacing->outage.failed_ns + IDLE_MOST_MS * CLOCK_NS_PER_MS;
    if (!atomic_load(&pipeline->all_handed_out) && now_ns < clear_ns) {
        if (!*ret_due_ns || clear_ns < *ret_due_ns)
            *ret_due_ns = clear_ns;
        return PACING_WAIT;
    }
    hear(pipeline, outage_note_idle(&pacing->outage));
    *ret_entry = pop(&pacing->failed);
    return *ret_entry ? PACING_FAILED : PACING_WAIT;
}

/* Under the lock. */
static enum pacing_result take(struct pipeline *pipeline,
                               struct entry **ret_entry, int64_t *ret_due_ns,
                               bool *ret_wakes)
{
    struct pacing *pacing = &pipeline->pacing;
    int64_t now_ns = clock_now_ns();
    enum outage_news news;
    enum pacing_result result = PACING_WAIT;
    *ret_wakes = listen_around(pipeline);
    enum outage_turn turn =
        outage_ask(&pacing->outage, now_ns, ret_due_ns, &news);
    *ret_wakes |= hear(pipeline, news);
    if ((*ret_entry = pop(&pacing->failed)) != NULL)
        return PACING_FAILED;
    if (turn == OUTAGE_GO) {
        result = take_when_due(pipeline, now_ns, ret_entry, ret_due_ns);
    } else if (turn == OUTAGE_PROBE) {
        result = take_probe(pipeline, now_ns, ret_entry);
        if (result == PACING_WAIT)
            outage_ask(&pacing->outage, now_ns, ret_due_ns, &news);
    }
    return result == PACING_WAIT
               ? wait_or_clear(pipeline, now_ns, ret_entry, ret_due_ns)
               : result;
}

enum pacing_result pacing_take(struct pipeline *pipeline,
                               struct entry **ret_entry, int64_t *ret_due_ns)
{
    struct pacing *pacing = &pipeline->pacing;
    enum pacing_result result;
    bool wakes = false;
    bool is_plain = atomic_load(&pipeline->is_stopping) ||
                    (!pacing->is_limited && !atomic_load(&pacing->is_watchful));
    if (is_plain) {
        result = take_from_frontier(pipeline, ret_entry, ret_due_ns);
    } else {
        pthread_mutex_lock(&pacing->lock);
        result = take(pipeline, ret_entry, ret_due_ns, &wakes);
        unlock(pipeline, wakes);
    }
    if (result == PACING_ENTRY)
        (*ret_entry)->taken_ns = clock_now_ns();
    return result;
}

/* ---- a transfer is over ----------------------------------------------------
 */

/* It was sent, and not a byte came back. */
static bool is_silent(const struct entry *entry, bool has_answered)
{
    return !has_answered && entry->page &&
           (entry->outcome == OUTCOME_STALLED ||
            entry->outcome == OUTCOME_TIMED_OUT);
}

/* What only somebody on the network can have brought about. */
static bool is_answer(const struct entry *entry, bool has_answered)
{
    return has_answered || entry->outcome == OUTCOME_CONNECT_FAILED ||
           entry->outcome == OUTCOME_TLS_FAILED ||
           entry->outcome == OUTCOME_BAD_RESPONSE;
}

static void note_answer(struct pipeline *pipeline, const struct entry *entry,
                        bool has_answered)
{
    struct pacing *pacing = &pipeline->pacing;
    bool is_watchful = atomic_load(&pacing->is_watchful);
    /* That bytes came is known without being told. */
    if (!is_answer(entry, has_answered) || (has_answered && !is_watchful))
        return;
    atomic_store(&pacing->answered_ns, clock_now_ns());
    if (!is_watchful)
        return;
    pthread_mutex_lock(&pacing->lock);
    unlock(pipeline, listen_around(pipeline));
}

bool pacing_keep(struct pipeline *pipeline, struct entry *entry,
                 bool has_answered)
{
    struct pacing *pacing = &pipeline->pacing;
    bool is_silence = is_silent(entry, has_answered) && !entry->nobody_answered;
    enum outage_news news;
    if (has_answered || !entry->page ||
        (!entry->nobody_answered && !is_silence)) {
        note_answer(pipeline, entry, has_answered);
        return false;
    }
    if (atomic_load(&pipeline->is_stopping))
        return false;
    struct view host = entry->page->url.host;
    const struct outage_failure failure = {
        .host = XXH3_64bits(host.data, host.size),
        .began_ns = entry->taken_ns,
        .ended_ns = clock_now_ns(),
        .is_fresh = !frontier_has_failed(pipeline->frontier, entry),
        .is_silent = is_silence,
    };
    pthread_mutex_lock(&pacing->lock);
    bool wakes = listen_around(pipeline);
    bool is_kept = outage_note_failure(&pacing->outage, &failure, &news);
    if (is_kept)
        push(&pacing->kept, entry);
    hear(pipeline, news);
    unlock(pipeline, wakes);
    return is_kept;
}
