/*
 * Most entries of a long list are kept elsewhere, by host. Of such a host a
 * portion is inside, of a size that lets as many hosts as possible share the
 * room (quota); when half of it has left, the host is hungry and the feeder is
 * asked for more.
 */
#include "frontier_parts.h"

#include <assert.h>

enum { HUNGRY_BATCH = 32 }; /* hosts that are fed together if they can wait */

/* How many entries of a supplied host may wait inside: what it can use soon,
 * and no more than its share of the room; all of that when no host is left
 * outside. */
static size_t quota(const struct frontier *frontier, const struct host *host)
{
    size_t share = frontier->options.capacity / (2 * frontier->supplied + 1);
    size_t useful = 2 * (size_t)turn_limit(frontier, host);
    if (frontier->has_more_hosts && useful < share &&
        !turn_is_given_up(frontier, host))
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
    if (turn_is_urgent(frontier, host))
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

/* The feeder is woken at certain marks, not for every place. */
static void note_room(struct frontier *frontier)
{
    size_t capacity = frontier->options.capacity;
    if (frontier->waiting == capacity * 3 / 4)
        pthread_cond_broadcast(&frontier->has_room);
    else if (has_room_for_host(frontier, capacity / 2 - capacity / 16))
        wake_feeder(frontier);
}

void supply_note_leaving(struct frontier *frontier, struct host *host)
{
    note_hunger(frontier, host);
    note_room(frontier);
}

/* Hungry hosts are fed in batches as long as others have enough to go on
 * with. */
void supply_note_turns(struct frontier *frontier)
{
    size_t count = frontier->hungry.count;
    if (count >= HUNGRY_BATCH ||
        (count && frontier->ready.count < 2 * HUNGRY_BATCH))
        wake_feeder(frontier);
}

/* At most half of the room goes to hosts in the order of the list, and to one
 * of them half of what is left of it. */
bool frontier_has_room(struct frontier *frontier, struct view origin)
{
    pthread_mutex_lock(&frontier->lock);
    size_t half = frontier->options.capacity / 2;
    bool has_room = frontier->waiting < half && !line_is_full(frontier);
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
        turn_leave_alone(frontier, host);
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
           line_put(frontier, entries[taken], false))
        host = entries[taken++]->host;
    bool done = taken == count;
    if (done)
        *ret_is_told = set_supply(frontier, supply, host, left);
    line_unlock(frontier);
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
           (line_is_asleep(frontier) ||
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
