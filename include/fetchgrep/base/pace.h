/*
 * pace.h - so many units a second, and no more: requests, or bytes.
 *
 * What is taken is paid with time: `paid_ns` is when all of it is paid. Who
 * takes looks first whether that lies ahead, and may then take what it cannot
 * know beforehand (the bytes of a read): the next one waits for longer. Time
 * in which nothing was taken is not saved up, but for `credit_ns`: it lets
 * those catch up who are woken a little late.
 *
 * Thread rule: any number of threads; pace_init before.
 */
#ifndef FETCHGREP_BASE_PACE_H
#define FETCHGREP_BASE_PACE_H

#include <stdatomic.h>
#include <stdint.h>

struct pace {
    double ns_per_unit; /* 0: as fast as may be */
    int64_t credit_ns;
    atomic_int_fast64_t paid_ns;
};

void pace_init(struct pace *pace, double ns_per_unit, int64_t credit_ns);

/* When something may be taken; `now_ns` at the latest when it is now. */
int64_t pace_due_ns(struct pace *pace, int64_t now_ns);

/* Takes `count` units, due or not. */
void pace_take(struct pace *pace, uint64_t count, int64_t now_ns);

#endif
