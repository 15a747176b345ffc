/*
 * Hosts that have an entry waiting and a place free stand in the ready list,
 * each once. frontier_take takes the first host's first entry and puts the
 * host at the end of the list if it may give another one: hosts take turns.
 */
#include "fetchgrep/frontier.h"

#include "host.h"

#include <assert.h>
#include <pthread.h>

struct frontier {
    struct frontier_options options;
    frontier_wake_fn *wake;
    void *wake_ctx;
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t has_room; /* frontier_add waits for it */
    struct host_table hosts;
    struct host *first_ready, *last_ready;
    size_t waiting;
    size_t running;
    bool is_closed;
    bool is_stopped;
    bool is_wanted; /* a taker was told to wait */
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
    assert(frontier->waiting == 0 && frontier->running == 0);
    host_table_release(&frontier->hosts);
    pthread_cond_destroy(&frontier->has_room);
    pthread_mutex_destroy(&frontier->lock);
    free(frontier);
}

static uint32_t host_limit(const struct frontier *frontier,
                           const struct host *host)
{
    return host->has_answered ? frontier->options.per_host : 1;
}

/* Puts the host in the ready list if it may give an entry. */
static void offer_host(struct frontier *frontier, struct host *host)
{
    if (host->is_ready || !host->first ||
        host->running >= host_limit(frontier, host))
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

/* Under the lock: whether to call `wake` once it is released. */
static bool take_wanted(struct frontier *frontier)
{
    bool is_over =
        frontier->is_stopped ||
        (frontier->is_closed && !frontier->waiting && !frontier->running);
    if (!frontier->is_wanted || (!frontier->first_ready && !is_over))
        return false;
    frontier->is_wanted = false;
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
           frontier->waiting >= frontier->options.capacity)
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

enum frontier_result frontier_take(struct frontier *frontier,
                                   struct entry **ret_entry)
{
    enum frontier_result result = FRONTIER_WAIT;
    pthread_mutex_lock(&frontier->lock);
    struct host *host = frontier->is_stopped ? NULL : take_ready_host(frontier);
    if (host) {
        *ret_entry = take_first(frontier, host);
        host->running++;
        frontier->running++;
        offer_host(frontier, host);
        result = FRONTIER_ENTRY;
    } else if (frontier->is_stopped ||
               (frontier->is_closed && !frontier->waiting &&
                !frontier->running)) {
        result = FRONTIER_END;
    } else {
        frontier->is_wanted = true;
    }
    pthread_mutex_unlock(&frontier->lock);
    return result;
}

/* Under the lock: the place at the entry's host is free again. */
static void leave_place(struct frontier *frontier, struct entry *entry,
                        bool has_answered)
{
    struct host *host = entry->host;
    assert(host && host->running > 0 && frontier->running > 0);
    entry->host = NULL;
    host->running--;
    frontier->running--;
    if (has_answered)
        host->has_answered = true;
    if (host->first)
        offer_host(frontier, host);
    else if (!host->running)
        host_table_set_idle(&frontier->hosts, host);
}

void frontier_finish(struct frontier *frontier, struct entry *entry,
                     bool has_answered)
{
    pthread_mutex_lock(&frontier->lock);
    leave_place(frontier, entry, has_answered);
    unlock_and_wake(frontier);
}

bool frontier_return(struct frontier *frontier, struct entry *entry,
                     bool has_answered, struct error *err)
{
    pthread_mutex_lock(&frontier->lock);
    leave_place(frontier, entry, has_answered);
    bool done = put_in_line(frontier, entry, true);
    unlock_and_wake(frontier);
    return done || error_no_memory(err, "the frontier");
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
    }
    pthread_mutex_unlock(&frontier->lock);
    return entry;
}

struct frontier_counts frontier_counts(struct frontier *frontier)
{
    pthread_mutex_lock(&frontier->lock);
    struct frontier_counts counts = {
        .waiting = frontier->waiting,
        .running = frontier->running,
        .hosts = frontier->hosts.count,
    };
    pthread_mutex_unlock(&frontier->lock);
    return counts;
}
