/*
 * timers.h - what sleeps until a time: entries to be tried again, hosts that
 * may not be asked yet. The earliest first.
 *
 * Thread rule: under the frontier's lock.
 */
#ifndef FETCHGREP_FRONTIER_TIMERS_H
#define FETCHGREP_FRONTIER_TIMERS_H

#include "fetchgrep/base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry;
struct host;

struct timer {
    int64_t due_ns;
    struct entry *entry; /* one of the two */
    struct host *host;
};

/* A binary heap; zeroed is empty. */
struct timers {
    struct timer *heap;
    size_t count, capacity;
};

void timers_release(struct timers *timers);

/* False without memory. */
bool timers_add(struct timers *timers, const struct timer *timer) MUST_CHECK;

/* When the earliest is due; 0 when there is none. */
int64_t timers_due_ns(const struct timers *timers);

/* Takes the earliest out; there must be one. */
struct timer timers_take(struct timers *timers);

#endif
