/*
 * Hosts that have an entry waiting and a place free stand in the ready list,
 * each once. frontier_take takes the first host's first entry and puts the
 * host at the end of the list if it may give another one: hosts take turns.
 * A host whose pause lasts has a timer instead; it is never forgotten then.
 */
#include "fetchgrep/frontier/frontier.h"

#include "host.h"
#include "timers.h"

#include "fetchgrep/base/clock.h"

#include <assert.h>
#include <pthread.h>

enum {
    SLEEPING_MAX = 65536,
    GOOD_ANSWERS = 8, /* earn one more transfer at once */
    PAUSE_FIRST_MS = 250,
    PAUSE_MOST_MS = 30 * 1000,
};

struct frontier {
    struct frontier_options options;
    frontier_wake_fn *wake;
    void *wake_ctx;
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t has_room; /* frontier_add waits for it */
    struct host_table hosts;
    struct host *first_ready, *last_ready;
    struct timers timers;
    size_t waiting;
    size_t sleeping;
    size_t running;
    bool is_closed;
    bool is_stopped;
    bool is_wanted;     /* a taker was told to wait */
    bool is_due_sooner; /* than it was told */
};

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

/* ---- whether a host may be asked --------------------------------------- */

static bool is_given_up(const struct frontier *frontier,
                        const struct host *host)
{
    return frontier->options.host_failures &&
           host->failures >= frontier->options.host_failures;
}

static uint32_t host_limit(const struct frontier *frontier,
                           const struct host *host)
{
    if (!host->has_answered || frontier->options.host_delay_ns)
        return 1;
    return host->limit ? host->limit : frontier->options.per_host;
}

static bool add_timer(struct frontier *frontier, const struct timer *timer)
{
    int64_t due = timers_due_ns(&frontier->timers);
    if (!timers_add(&frontier->timers, timer))
        return false;
    frontier->is_due_sooner |= !due || timer->due_ns < due;
    return true;
}

/* Whether a pause holds the host; it then has a timer. Without memory for one
 * the pause is over: that is better than never. */
static bool hold(struct frontier *frontier, struct host *host)
{
    if (host->is_held)
        return true;
    if (!host->not_before_ns)
        return false;
    if (host->not_before_ns > frontier->options.now_ns()) {
        const struct timer timer = { .due_ns = host->not_before_ns,
                                     .host = host };
        host->is_held = add_timer(frontier, &timer);
        return host->is_held;
    }
    host->not_before_ns = 0;
    return false;
}

static bool may_give(struct frontier *frontier, struct host *host)
{
    return host->first && (is_given_up(frontier, host) ||
                           (host->running < host_limit(frontier, host) &&
                            !hold(frontier, host)));
}

/* Puts the host in the ready list if it may give an entry. */
static void offer_host(struct frontier *frontier, struct host *host)
{
    if (host->is_ready || !may_give(frontier, host))
        return;
    host->is_ready = true;
    host->next_ready = NULL;
    if (frontier->last_ready)
        frontier->last_ready->next_ready = host;
    else
        frontier->first_ready = host;
    frontier->last_ready = host;
}

static struct host *take_ready_host(struct frontier *frontier)
{
    struct host *host = frontier->first_ready;
    if (!host)
        return NULL;
    assert(host->first);
    frontier->first_ready = host->next_ready;
    if (!frontier->first_ready)
        frontier->last_ready = NULL;
    host->is_ready = false;
    return host;
}

static bool is_over(const struct frontier *frontier)
{
    return frontier->is_stopped || (frontier->is_closed && !frontier->waiting &&
                                    !frontier->sleeping && !frontier->running);
}

/* Under the lock: whether to call `wake` once it is released. */
static bool take_wanted(struct frontier *frontier)
{
    if (!frontier->is_wanted || (!frontier->first_ready && !is_over(frontier) &&
                                 !frontier->is_due_sooner))
        return false;
    frontier->is_wanted = frontier->is_due_sooner = false;
    return true;
}

static void unlock_and_wake(struct frontier *frontier)
{
    bool is_wanted = take_wanted(frontier);
    pthread_mutex_unlock(&frontier->lock);
    if (is_wanted && frontier->wake)
        frontier->wake(frontier->wake_ctx);
}

/* Lets an entry in at the host of its target. */
static bool put_in_line(struct frontier *frontier, struct entry *entry,
                        bool at_front)
{
    struct host *host = host_table_get(&frontier->hosts, entry->target.origin);
    if (!host)
        return false;
    entry->host = host;
    if (!host->first) {
        entry->next = NULL;
        host->first = host->last = entry;
    } else if (at_front) {
        entry->next = host->first;
        host->first = entry;
    } else {
        entry->next = NULL;
        host->last->next = entry;
        host->last = entry;
    }
    frontier->waiting++;
    offer_host(frontier, host);
    return true;
}

bool frontier_add(struct frontier *frontier, struct entry *entry,
                  struct error *err)
{
    pthread_mutex_lock(&frontier->lock);
    while (!frontier->is_stopped &&
           (frontier->waiting >= frontier->options.capacity ||
            frontier->sleeping >= SLEEPING_MAX))
        pthread_cond_wait(&frontier->has_room, &frontier->lock);
    bool is_wanted = !frontier->is_stopped;
    bool done = is_wanted && put_in_line(frontier, entry, false);
    unlock_and_wake(frontier);
    if (is_wanted && !done)
        return error_no_memory(err, "the frontier");
    return done;
}

void frontier_close(struct frontier *frontier)
{
    pthread_mutex_lock(&frontier->lock);
    frontier->is_closed = true;
    unlock_and_wake(frontier);
}

void frontier_stop(struct frontier *frontier)
{
    pthread_mutex_lock(&frontier->lock);
    frontier->is_stopped = true;
    pthread_cond_broadcast(&frontier->has_room);
    unlock_and_wake(frontier);
}

static struct entry *take_first(struct frontier *frontier, struct host *host)
{
    struct entry *entry = host->first;
    host->first = entry->next;
    if (!host->first)
        host->last = NULL;
    entry->next = NULL;
    /* The feeder is woken at three quarters, not for every place. */
    if (frontier->waiting-- == frontier->options.capacity * 3 / 4 + 1)
        pthread_cond_broadcast(&frontier->has_room);
    return entry;
}

/* ---- what sleeps ------------------------------------------------------- */

static void wake_entry(struct frontier *frontier, struct entry *entry)
{
    if (!put_in_line(frontier, entry, true)) {
        /* No memory for its host: later. Its place in the heap is free. */
        const struct timer again = { .due_ns = frontier->options.now_ns() +
                                               CLOCK_NS_PER_S,
                                     .entry = entry };
        bool done = add_timer(frontier, &again);
        assert(done);
        (void)done;
        return;
    }
    if (frontier->sleeping-- == SLEEPING_MAX * 3 / 4)
        pthread_cond_broadcast(&frontier->has_room);
}

static void leave_alone(struct frontier *frontier, struct host *host)
{
    if (host->first)
        offer_host(frontier, host);
    else if (!host->running && !hold(frontier, host))
        host_table_set_idle(&frontier->hosts, host);
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
            leave_alone(frontier, timer.host);
        }
    }
}

/* ---- taking ------------------------------------------------------------ */

/* The next host that may give an entry: a pause may have begun since it was
 * put in the list. */
static struct host *next_host(struct frontier *frontier)
{
    struct host *host;
    do
        host = take_ready_host(frontier);
    while (host && !may_give(frontier, host));
    return host;
}

static enum frontier_result give(struct frontier *frontier, struct host *host,
                                 struct entry **ret_entry)
{
    struct entry *entry = take_first(frontier, host);
    enum frontier_result result = FRONTIER_ENTRY;
    if (is_given_up(frontier, host)) {
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
    leave_alone(frontier, host);
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
    struct host *host = frontier->is_stopped ? NULL : next_host(frontier);
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
    unlock_and_wake(frontier);
    return result;
}

/* ---- coming back ------------------------------------------------------- */

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

static void note_answer(struct frontier *frontier, struct host *host,
                        const struct frontier_answer *answer)
{
    int64_t delay_ns = frontier->options.host_delay_ns, now = 0;
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

/* Under the lock: the place at the entry's host is free again. */
static void leave_place(struct frontier *frontier, struct entry *entry,
                        const struct frontier_answer *answer)
{
    struct host *host = entry->host;
    assert(host && host->running > 0 && frontier->running > 0);
    entry->host = NULL;
    host->running--;
    frontier->running--;
    note_answer(frontier, host, answer);
    leave_alone(frontier, host);
}

void frontier_finish(struct frontier *frontier, struct entry *entry,
                     const struct frontier_answer *answer)
{
    pthread_mutex_lock(&frontier->lock);
    leave_place(frontier, entry, answer);
    unlock_and_wake(frontier);
}

bool frontier_return(struct frontier *frontier, struct entry *entry,
                     const struct frontier_answer *answer, struct error *err)
{
    pthread_mutex_lock(&frontier->lock);
    leave_place(frontier, entry, answer);
    bool done = put_in_line(frontier, entry, true);
    unlock_and_wake(frontier);
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
    bool done = add_timer(frontier, &timer);
    frontier->sleeping += done;
    unlock_and_wake(frontier);
    return done || error_no_memory(err, "the frontier");
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
        .hosts = frontier->hosts.count,
    };
    pthread_mutex_unlock(&frontier->lock);
    return counts;
}
