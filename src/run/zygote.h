/*
 * zygote.h - the process that forks workers and their replacements.
 *
 * It is forked first of all, before threads, OpenMP or libcurl start, and stays
 * single-threaded, so that what it forks is sound at any time. It does nothing
 * else. A worker that has ended stays a zombie until it is buried: its pid is
 * safe to signal until then.
 *
 * All of them die with the process that began them, and ignore the signals that
 * ask it to stop: it decides. Descriptors that exec would close are closed;
 * those that were handed to the program are kept, for an input may be named
 * /dev/fd/63.
 *
 * Thread rule: spawn and bury from any thread; start and end belong to one, and
 * the thread that starts it must live as long as it.
 */
#ifndef FETCHGREP_RUN_ZYGOTE_H
#define FETCHGREP_RUN_ZYGOTE_H

#include "fetchgrep/base/error.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

/* What a worker is told at its birth. */
struct worker_order {
    uint32_t slot;   /* whose place it takes */
    uint32_t number; /* differs from any other's */
};

/* Runs in the worker, which ends when it returns; `fd` is its socket. */
typedef void worker_main_fn(void *ctx, const struct worker_order *order,
                            int fd);

struct zygote {
    pid_t pid;
    int fd;
    pthread_mutex_t lock; /* one request at a time */
};

bool zygote_start(struct zygote *zygote, worker_main_fn *worker_main, void *ctx,
                  struct error *err) MUST_CHECK;

/* Forks a worker with a copy of `fd`. */
bool zygote_spawn(struct zygote *zygote, const struct worker_order *order,
                  int fd, pid_t *ret_pid, struct error *err) MUST_CHECK;

/* Waits until the worker has ended; its wait status. */
bool zygote_bury(struct zygote *zygote, pid_t pid, int *ret_status,
                 struct error *err) MUST_CHECK;

/* Ends it, and with it what it has forked. A zeroed one is fine. */
void zygote_end(struct zygote *zygote);

#endif
