/*
 * Hosts that have an entry waiting and a place free stand in a ready list,
 * each once. The first host of the list gives its first entry and goes to the
 * end of the list if it may give another one: hosts take turns. A host whose
 * pause lasts has a timer instead; it is never forgotten then.
 *
 * There are two such lists. If a host has so much left that with all its
 * places it takes longer than all that is left takes with all of the run's,
 * it decides when the run ends: it is urgent, and goes first. As many hosts
 * can be urgent as fit into the run's places, so the others still have turns
 * whenever it matters.
 */
#include "frontier_parts.h"

#include <assert.h>

bool turn_is_given_up(const struct frontier *frontier, const struct host *host)
{
    return frontier->options.host_failures &&
           host->failures >= frontier->options.host_failures;
}

uint32_t turn_limit(const struct frontier *frontier, const struct host *host)
{
    if (!host->has_answered || frontier->options.host_delay_ns ||
        host->delay_ns)
        return 1;
    return host->limit ? host->limit : frontier->options.per_host;
}

bool turn_add_timer(struct frontier *frontier, const struct timer *timer)
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
        host->is_held = turn_add_timer(frontier, &timer);
        return host->is_held;
    }
    host->not_before_ns = 0;
    return false;
}

/* Whether the first in line may have a place. What is parked waits for an entry
 * on a detour, and does not stand in the way of one. */
static bool has_place(const struct frontier *frontier, const struct host *host)
{
    uint32_t taken = host->running;
    if (host->first->detour)
        taken -= host->parked;
    return taken < turn_limit(frontier, host);
}

static bool may_give(struct frontier *frontier, struct host *host)
{
    return host->first &&
           (turn_is_given_up(frontier, host) ||
            (has_place(frontier, host) && !hold(frontier, host)));
}

bool turn_is_urgent(const struct frontier *frontier, const struct host *host)
{
    double supplied = host->supply ? (double)host->supply->left : 0;
    double here = supplied + (double)host->waiting;
    double all = (double)frontier->left + (double)frontier->waiting;
    return here * frontier->options.concurrency >=
           all * turn_limit(frontier, host);
}

void turn_offer_host(struct frontier *frontier, struct host *host)
{
    if (host->is_ready || !may_give(frontier, host))
        return;
    struct host_list *list =
        turn_is_urgent(frontier, host) ? &frontier->urgent : &frontier->ready;
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

void turn_leave_alone(struct frontier *frontier, struct host *host)
{
    if (host->first)
        turn_offer_host(frontier, host);
    else if (!host->running && !host->supply && !hold(frontier, host))
        host_table_set_idle(&frontier->hosts, host);
}

/* A pause may have begun since the host was put in its list. */
struct host *turn_take_host(struct frontier *frontier)
{
    struct host *host;
    do
        host = take_ready_host(frontier);
    while (host && !may_give(frontier, host));
    return host;
}
