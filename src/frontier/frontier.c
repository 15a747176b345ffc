/*
 * Hosts that have an entry waiting and a place free stand in a ready list,
 * each once. frontier_take takes the first host's first entry and puts the
 * host at the end of the list if it may give another one: hosts take turns.
 * A host whose pause lasts has a timer instead; it is never forgotten then.
 *
 * There are two such lists. If a host has so much left that with all its
 * places it takes longer than all that is left takes with all of the run's,
 * it decides when the run ends: it is urgent, and goes first. As many hosts
 * can be urgent as fit into the run's places, so the others still have turns
 * whenever it matters.
 *
 * Supplied hosts get entries in portions, of a size that lets as many hosts as
 * possible share the room inside (quota).
 */
#include "fetchgrep/frontier/frontier.h"

#include "host.h"
#include "timers.h"

#include "fetchgrep/base/clock.h"

#include <assert.h>
#include <pthread.h>

enum {
    SLEEPING_MAX = 65536,
    GOOD_ANSWERS = 8,  /* earn one more transfer at once */
    HUNGRY_BATCH = 32, /* hosts; for fewer the feeder is not woken if it can
                          wait */
    PAUSE_FIRST_MS = 250,
    PAUSE_MOST_MS = 30 * 1000,
};

struct host_list {
    struct host *first, *last;
    size_t count;
};

struct frontier {
    struct frontier_options options;
    frontier_wake_fn *wake;
    void *wake_ctx;
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t has_room; /* frontier_add and _wait_hungry wait for it */
    struct host_table hosts;
    struct host_list urgent, ready;
    struct host_list hungry;
    size_t supplied;     /* hosts that have a supply */
    uint64_t left;       /* what all supplies have, when last told */
    bool has_more_hosts; /* the same */
    bool is_feeder_idle; /* it waits for a hungry host */
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

static bool is_urgent(const struct frontier *frontier, const struct host *host)
{
    double supplied = host->supply ? (double)host->supply->left : 0;
    double here = supplied + (double)host->waiting;
    double all = (double)frontier->left + (double)frontier->waiting;
    return here * frontier->options.concurrency >=
           all * host_limit(frontier, host);
}

/* Puts the host in a ready list if it may give an entry. */
static void offer_host(struct frontier *frontier, struct host *host)
{
    if (host->is_ready || !may_give(frontier, host))
        return;
    struct host_list *list =
        is_urgent(frontier, host) ? &frontier->urgent : &frontier->ready;
    host->is_ready = true;
    host->next_ready = NULL;
    if (list->last)
        list->last->next_ready = host;
    else
        list->first = host;
    list->last = host;
    list->count++;
}

static struct host *take_ready_host(struct frontier *frontier)
{
    struct host_list *list =
        frontier->urgent.first ? &frontier->urgent : &frontier->ready;
    struct host *host = list->first;
    if (!host)
        return NULL;
    assert(host->first);
    list->first = host->next_ready;
    if (!list->first)
        list->last = NULL;
    list->count--;
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
    bool is_any_ready = frontier->urgent.first || frontier->ready.first;
    if (!frontier->is_wanted ||
        (!is_any_ready && !is_over(frontier) && !frontier->is_due_sooner))
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
    host->waiting++;
    frontier->waiting++;
    offer_host(frontier, host);
    return true;
}

/* Offers the host, or remembers it for later when nothing is up there. */
static void leave_alone(struct frontier *frontier, struct host *host)
{
    if (host->first)
        offer_host(frontier, host);
    else if (!host->running && !host->supply && !hold(frontier, host))
        host_table_set_idle(&frontier->hosts, host);
}

static bool is_full(const struct frontier *frontier)
{
    return frontier->waiting >= frontier->options.capacity ||
           frontier->sleeping >= SLEEPING_MAX;
}

bool frontier_add(struct frontier *frontier, struct entry *entry,
                  struct error *err)
{
    pthread_mutex_lock(&frontier->lock);
    while (!frontier->is_stopped && is_full(frontier))
        pthread_cond_wait(&frontier->has_room, &frontier->lock);
    bool is_wanted = !frontier->is_stopped;
    bool done = is_wanted && put_in_line(frontier, entry, false);
    unlock_and_wake(frontier);
    if (is_wanted && !done)
        return error_no_memory(err, "the frontier");
    return done;
}

/* ---- supplies ---------------------------------------------------------- */

/* How many entries of a supplied host may wait inside: what it can use soon,
 * and no more than its share of the room; all of that when no host is left
 * outside. */
static size_t quota(const struct frontier *frontier, const struct host *host)
{
    size_t share = frontier->options.capacity / (2 * frontier->supplied + 1);
    size_t useful = 2 * (size_t)host_limit(frontier, host);
    if (frontier->has_more_hosts && useful < share &&
        !is_given_up(frontier, host))
        share = useful;
    return share > 2 ? share : 2;
}

static void wake_feeder(struct frontier *frontier)
{
    if (!frontier->is_feeder_idle)
        return;
    frontier->is_feeder_idle = false;
    pthread_cond_broadcast(&frontier->has_room);
}

static void note_hunger(struct frontier *frontier, struct host *host)
{
    if (!host->supply || host->supply->is_asked ||
        host->waiting > quota(frontier, host) / 2)
        return;
    host->supply->is_asked = true;
    host->next_hungry = NULL;
    if (frontier->hungry.last)
        frontier->hungry.last->next_hungry = host;
    else
        frontier->hungry.first = host;
    frontier->hungry.last = host;
    frontier->hungry.count++;
    if (is_urgent(frontier, host))
        wake_feeder(frontier);
}

static struct host *take_hungry(struct frontier *frontier)
{
    struct host *host = frontier->hungry.first;
    frontier->hungry.first = host->next_hungry;
    if (!frontier->hungry.first)
        frontier->hungry.last = NULL;
    frontier->hungry.count--;
    return host;
}

static bool has_room_for_host(const struct frontier *frontier, size_t mark)
{
    return frontier->has_more_hosts && frontier->waiting <= mark &&
           frontier->supplied < frontier->options.capacity / 4 + 1;
}

/* At most half of the room goes to hosts in the order of the list, and to one
 * of them half of what is left of it. */
bool frontier_has_room(struct frontier *frontier, struct view origin)
{
    pthread_mutex_lock(&frontier->lock);
    size_t half = frontier->options.capacity / 2;
    bool has_room = frontier->waiting < half && !is_full(frontier);
    if (has_room) {
        const struct host *host = host_table_find(&frontier->hosts, origin);
        has_room = !host || host->waiting <= (half - frontier->waiting) / 2;
    }
    pthread_mutex_unlock(&frontier->lock);
    return has_room;
}

/* Under the lock: what the supply has now, after `host` got entries of it.
 * False: the host has another one. */
static bool set_supply(struct frontier *frontier,
                       struct frontier_supply *supply, struct host *host,
                       uint64_t left)
{
    supply->left = left;
    supply->is_asked = false;
    if (!supply->host && left) {
        if (host->supply)
            return false;
        supply->host = host;
        host->supply = supply;
        frontier->supplied++;
    }
    host = supply->host;
    if (host && !left) {
        supply->host = NULL;
        host->supply = NULL;
        frontier->supplied--;
        leave_alone(frontier, host);
    } else if (host) {
        note_hunger(frontier, host);
    }
    return true;
}

bool frontier_add_supplied(struct frontier *frontier,
                           struct frontier_supply *supply,
                           struct entry **entries, size_t count, uint64_t left,
                           size_t *ret_taken, bool *ret_is_told,
                           struct error *err)
{
    size_t taken = 0;
    struct host *host = NULL;
    pthread_mutex_lock(&frontier->lock);
    bool is_wanted = !frontier->is_stopped;
    while (is_wanted && taken < count &&
           put_in_line(frontier, entries[taken], false))
        host = entries[taken++]->host;
    bool done = taken == count;
    if (done)
        *ret_is_told = set_supply(frontier, supply, host, left);
    unlock_and_wake(frontier);
    *ret_taken = taken;
    if (is_wanted && !done)
        return error_no_memory(err, "the frontier");
    return done;
}

void frontier_end_supply(struct frontier *frontier,
                         struct frontier_supply *supply)
{
    pthread_mutex_lock(&frontier->lock);
    assert(!supply->left || frontier->is_stopped);
    set_supply(frontier, supply, NULL, 0);
    pthread_mutex_unlock(&frontier->lock);
}

enum frontier_hunger frontier_wait_hungry(struct frontier *frontier,
                                          bool has_more_hosts, uint64_t left,
                                          struct frontier_supply **ret_supply,
                                          size_t *ret_want)
{
    enum frontier_hunger hunger = FRONTIER_FULL;
    pthread_mutex_lock(&frontier->lock);
    frontier->has_more_hosts = has_more_hosts;
    frontier->left = left;
    while (!frontier->is_stopped &&
           (frontier->sleeping >= SLEEPING_MAX ||
            (!frontier->hungry.first &&
             !has_room_for_host(frontier, frontier->options.capacity / 2)))) {
        frontier->is_feeder_idle = true;
        pthread_cond_wait(&frontier->has_room, &frontier->lock);
    }
    frontier->is_feeder_idle = false;
    if (!frontier->is_stopped && frontier->hungry.first) {
        struct host *host = take_hungry(frontier);
        size_t most = quota(frontier, host);
        hunger = FRONTIER_HUNGRY;
        *ret_supply = host->supply;
        *ret_want = host->waiting < most ? most - host->waiting : 1;
    } else if (!frontier->is_stopped) {
        hunger = FRONTIER_ROOM;
    }
    pthread_mutex_unlock(&frontier->lock);
    return hunger;
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

/* The feeder is woken at certain marks, not for every place. */
static void note_room(struct frontier *frontier)
{
    size_t capacity = frontier->options.capacity;
    if (frontier->waiting == capacity * 3 / 4)
        pthread_cond_broadcast(&frontier->has_room);
    else if (has_room_for_host(frontier, capacity / 2 - capacity / 16))
        wake_feeder(frontier);
}

static struct entry *take_first(struct frontier *frontier, struct host *host)
{
    struct entry *entry = host->first;
    host->first = entry->next;
    if (!host->first)
        host->last = NULL;
    entry->next = NULL;
    host->waiting--;
    frontier->waiting--;
    note_hunger(frontier, host);
    note_room(frontier);
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

/* Hungry hosts are fed in batches as long as others have enough to go on
 * with. */
static void note_hungry_hosts(struct frontier *frontier)
{
    size_t count = frontier->hungry.count;
    if (count >= HUNGRY_BATCH ||
        (count && frontier->ready.count < 2 * HUNGRY_BATCH))
        wake_feeder(frontier);
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
    note_hungry_hosts(frontier);
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
        .is_feeder_idle = frontier->is_feeder_idle,
    };
    pthread_mutex_unlock(&frontier->lock);
    return counts;
}
