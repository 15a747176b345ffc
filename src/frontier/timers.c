#include "timers.h"

#include <assert.h>
#include <stdlib.h>

void timers_release(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){ 0 };
}

static bool widen(struct timers *timers)
{
    if (timers->count < timers->capacity)
        return true;
    size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
    struct timer *heap = realloc(timers->heap, capacity * sizeof(*heap));
    if (!heap)
        return false;
    timers->heap = heap;
    timers->capacity = capacity;
    return true;
}

bool timers_add(struct timers *timers, const struct timer *timer)
{
    if (!widen(timers))
        return false;
    size_t at = timers->count++;
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (timers->heap[parent].due_ns <= timer->due_ns)
            break;
        timers->heap[at] = timers->heap[parent];
        at = parent;
    }
    timers->heap[at] = *timer;
    return true;
}

int64_t timers_due_ns(const struct timers *timers)
{
    return timers->count ? timers->heap[0].due_ns : 0;
}

struct timer timers_take(struct timers *timers)
{
    assert(timers->count > 0);
    struct timer first = timers->heap[0];
    struct timer last = timers->heap[--timers->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count &&
            timers->heap[child + 1].due_ns < timers->heap[child].due_ns)
            child++;
        if (last.due_ns <= timers->heap[child].due_ns)
            break;
        timers->heap[at] = timers->heap[child];
        at = child;
    }
    if (timers->count)
        timers->heap[at] = last;
    return first;
}
