/*
 * Entries come in, go out when it is their host's turn, and come back or are
 * finished.
 */
#include "frontier_parts.h"

#include "fetchgrep/base/clock.h"

#include <assert.h>

struct frontier *frontier_new(const struct frontier_options *options,
                              frontier_wake_fn *wake, void *ctx,
                              struct error *err)
{
    assert(options->per_host > 0 && options->capacity > 0);
    struct frontier *frontier = calloc(1, sizeof(*frontier));
    if (!frontier || !host_table_init(&frontier->hosts, options->host_memory)) {
        free(frontier);
        error_no_memory(err, "the frontier");
        return NULL;
    }
    frontier->options = *options;
    if (!options->now_ns)
        frontier->options.now_ns = clock_now_ns;
    frontier->wake = wake;
    frontier->wake_ctx = ctx;
    pthread_mutex_init(&frontier->lock, NULL);
    pthread_cond_init(&frontier->has_room, NULL);
    return frontier;
}

void frontier_free(struct frontier *frontier)
{
    if (!frontier)
        return;
    assert(!frontier->waiting && !frontier->sleeping && !frontier->running);
    host_table_release(&frontier->hosts);
    timers_release(&frontier->timers);
    pthread_cond_destroy(&frontier->has_room);
    pthread_mutex_destroy(&frontier->lock);
    free(frontier);
}

/* ---- the line ----------------------------------------------------------- */

static bool is_over(const struct frontier *frontier)
{
    return frontier->is_stopped || (frontier->is_closed && !frontier->waiting &&
                                    !frontier->sleeping && !frontier->running);
}

/* Under the lock: whether to call `wake` once it is released. */
static bool take_wanted(struct frontier *frontier)
{
    bool is_any_ready = frontier->urgent.first || frontier->ready.first;
    if (!frontier->is_wanted ||
        (!is_any_ready && !is_over(frontier) && !frontier->is_due_sooner))
        return false;
    frontier->is_wanted = frontier->is_due_sooner = false;
    return true;
}

void line_unlock(struct frontier *frontier)
{
    bool is_wanted = take_wanted(frontier);
    pthread_mutex_unlock(&frontier->lock);
    if (is_wanted && frontier->wake)
        frontier->wake(frontier->wake_ctx);
}

/* At the front; those on a detour before all others. */
static void put_first(struct host *host, struct entry *entry)
{
    struct entry **at = &host->first;
    if (!entry->detour && host->last_detour)
        at = &host->last_detour->next;
    entry->next = *at;
    *at = entry;
    if (!entry->next)
        host->last = entry;
    if (entry->detour && !host->last_detour)
        host->last_detour = entry;
}

static void put_last(struct host *host, struct entry *entry)
{
    assert(!entry->detour);
    entry->next = NULL;
    if (host->first)
        host->last->next = entry;
    else
        host->first = entry;
    host->last = entry;
}

bool line_put(struct frontier *frontier, struct entry *entry, bool at_front)
{
    struct host *host = host_table_get(&frontier->hosts, entry->target.origin);
    if (!host)
        return false;
    entry->host = host;
    if (at_front)
        put_first(host, entry);
    else
        put_last(host, entry);
    host->waiting++;
    frontier->waiting++;
    turn_offer_host(frontier, host);
    return true;
}

bool line_is_full(const struct frontier *frontier)
{
    return frontier->waiting >= frontier->options.capacity ||
           line_is_asleep(frontier);
}

bool line_is_asleep(const struct frontier *frontier)
{
    return frontier->sleeping + frontier->parked >= SLEEPING_MAX;
}

/* One that slept or was parked is neither any more. */
static void note_awake(struct frontier *frontier)
{
    if (frontier->sleeping + frontier->parked == SLEEPING_MAX * 3 / 4)
        pthread_cond_broadcast(&frontier->has_room);
}

bool frontier_add(struct frontier *frontier, struct entry *entry,
                  struct error *err)
{
    pthread_mutex_lock(&frontier->lock);
    while (!frontier->is_stopped && line_is_full(frontier))
        pthread_cond_wait(&frontier->has_room, &frontier->lock);
    bool is_wanted = !frontier->is_stopped;
    bool done = is_wanted && line_put(frontier, entry, false);
    line_unlock(frontier);
    if (is_wanted && !done)
        return error_no_memory(err, "the frontier");
    return done;
}

void frontier_close(struct frontier *frontier)
{
    pthread_mutex_lock(&frontier->lock);
    frontier->is_closed = true;
    line_unlock(frontier);
}

void frontier_stop(struct frontier *frontier)
{
    pthread_mutex_lock(&frontier->lock);
    frontier->is_stopped = true;
    pthread_cond_broadcast(&frontier->has_room);
    line_unlock(frontier);
}

static struct entry *take_first(struct frontier *frontier, struct host *host)
{
    struct entry *entry = host->first;
    host->first = entry->next;
    if (!host->first)
        host->last = NULL;
    if (host->last_detour == entry)
        host->last_detour = NULL;
    entry->next = NULL;
    host->waiting--;
    frontier->waiting--;
    supply_note_leaving(frontier, host);
    return entry;
}

/* ---- what sleeps ------------------------------------------------------- */

static void wake_entry(struct frontier *frontier, struct entry *entry)
{
    if (!line_put(frontier, entry, true)) {
        /* No memory for its host: later. Its place in the heap is free. */
        const struct timer again = { .due_ns = frontier->options.now_ns() +
                                               CLOCK_NS_PER_S,
                                     .entry = entry };
        bool done = turn_add_timer(frontier, &again);
        assert(done);
        (void)done;
        return;
    }
    frontier->sleeping--;
    note_awake(frontier);
}

static void wake_sleepers(struct frontier *frontier)
{
    if (!frontier->timers.count)
        return;
    int64_t now = frontier->options.now_ns();
    while (frontier->timers.count && timers_due_ns(&frontier->timers) <= now) {
        struct timer timer = timers_take(&frontier->timers);
        if (timer.entry) {
            wake_entry(frontier, timer.entry);
        } else {
            timer.host->is_held = false;
            turn_leave_alone(frontier, timer.host);
        }
    }
}

/* ---- taking ------------------------------------------------------------ */

static enum frontier_result give(struct frontier *frontier, struct host *host,
                                 struct entry **ret_entry)
{
    struct entry *entry = take_first(frontier, host);
    enum frontier_result result = FRONTIER_ENTRY;
    if (turn_is_given_up(frontier, host)) {
        entry->host = NULL;
        entry_end(entry, host->failure,
                  "%.*s is given up after %u failures in a row "
                  "(--host-failures)",
                  (int)host->key_size, host->key, host->failures);
        result = FRONTIER_GIVEN_UP;
    } else {
        host->running++;
        frontier->running++;
    }
    turn_leave_alone(frontier, host);
    *ret_entry = entry;
    return result;
}

enum frontier_result frontier_take(struct frontier *frontier,
                                   struct entry **ret_entry,
                                   int64_t *ret_due_ns)
{
    enum frontier_result result;
    pthread_mutex_lock(&frontier->lock);
    if (!frontier->is_stopped)
        wake_sleepers(frontier);
    struct host *host = frontier->is_stopped ? NULL : turn_take_host(frontier);
    if (host) {
        result = give(frontier, host, ret_entry);
    } else if (is_over(frontier)) {
        result = FRONTIER_END;
    } else {
        frontier->is_wanted = true;
        frontier->is_due_sooner = false;
        *ret_due_ns = timers_due_ns(&frontier->timers);
        result = FRONTIER_WAIT;
    }
    supply_note_turns(frontier);
    line_unlock(frontier);
    return result;
}

/* ---- coming back ------------------------------------------------------- */

/* Under the lock. */
static void unpark(struct frontier *frontier, struct entry *entry)
{
    if (!entry->is_parked)
        return;
    entry->is_parked = false;
    entry->host->parked--;
    frontier->parked--;
    note_awake(frontier);
}

void frontier_park(struct frontier *frontier, struct entry *entry)
{
    pthread_mutex_lock(&frontier->lock);
    assert(entry->host && !entry->is_parked && !entry->detour);
    entry->is_parked = true;
    entry->host->parked++;
    frontier->parked++;
    turn_leave_alone(frontier, entry->host);
    line_unlock(frontier);
}

void frontier_unpark(struct frontier *frontier, struct entry *entry)
{
    pthread_mutex_lock(&frontier->lock);
    unpark(frontier, entry);
    line_unlock(frontier);
}

/* Under the lock: the place at the entry's host is free again. */
static void leave_place(struct frontier *frontier, struct entry *entry,
                        const struct frontier_answer *answer)
{
    struct host *host = entry->host;
    assert(host && host->running > 0 && frontier->running > 0);
    unpark(frontier, entry);
    entry->host = NULL;
    host->running--;
    frontier->running--;
    answer_note(frontier, host, answer);
    turn_leave_alone(frontier, host);
}

void frontier_finish(struct frontier *frontier, struct entry *entry,
                     const struct frontier_answer *answer)
{
    pthread_mutex_lock(&frontier->lock);
    leave_place(frontier, entry, answer);
    line_unlock(frontier);
}

bool frontier_return(struct frontier *frontier, struct entry *entry,
                     const struct frontier_answer *answer, struct error *err)
{
    pthread_mutex_lock(&frontier->lock);
    leave_place(frontier, entry, answer);
    bool done = line_put(frontier, entry, true);
    line_unlock(frontier);
    return done || error_no_memory(err, "the frontier");
}

bool frontier_retry(struct frontier *frontier, struct entry *entry,
                    const struct frontier_answer *answer, int64_t delay_ns,
                    struct error *err)
{
    pthread_mutex_lock(&frontier->lock);
    leave_place(frontier, entry, answer);
    const struct timer timer = { .due_ns =
                                     frontier->options.now_ns() + delay_ns,
                                 .entry = entry };
    bool done = turn_add_timer(frontier, &timer);
    frontier->sleeping += done;
    line_unlock(frontier);
    return done || error_no_memory(err, "the frontier");
}

bool frontier_slow_down(struct frontier *frontier, struct view origin,
                        int64_t delay_ns)
{
    pthread_mutex_lock(&frontier->lock);
    struct host *host = host_table_get(&frontier->hosts, origin);
    if (host) {
        answer_slow_down(frontier, host, delay_ns);
        turn_leave_alone(frontier, host);
    }
    line_unlock(frontier);
    return host != NULL;
}

bool frontier_has_failed(struct frontier *frontier, const struct entry *entry)
{
    pthread_mutex_lock(&frontier->lock);
    bool has_failed = entry->host->failures > 0;
    pthread_mutex_unlock(&frontier->lock);
    return has_failed;
}

/* ---- the end ----------------------------------------------------------- */

static struct entry *drain_sleeper(struct frontier *frontier)
{
    while (frontier->timers.count) {
        struct timer timer = timers_take(&frontier->timers);
        if (timer.entry) {
            frontier->sleeping--;
            return timer.entry;
        }
        timer.host->is_held = false;
    }
    return NULL;
}

struct entry *frontier_drain(struct frontier *frontier)
{
    pthread_mutex_lock(&frontier->lock);
    assert(frontier->is_stopped);
    struct entry *entry = NULL;
    struct host *host =
        frontier->waiting ? host_table_find_waiting(&frontier->hosts) : NULL;
    if (host) {
        entry = take_first(frontier, host);
        entry->host = NULL;
    } else {
        entry = drain_sleeper(frontier);
    }
    pthread_mutex_unlock(&frontier->lock);
    return entry;
}

struct frontier_counts frontier_counts(struct frontier *frontier)
{
    pthread_mutex_lock(&frontier->lock);
    struct frontier_counts counts = {
        .waiting = frontier->waiting,
        .sleeping = frontier->sleeping,
        .running = frontier->running,
        .parked = frontier->parked,
        .hosts = frontier->hosts.count,
        .is_feeder_idle = frontier->is_feeder_idle,
    };
    pthread_mutex_unlock(&frontier->lock);
    return counts;
}
