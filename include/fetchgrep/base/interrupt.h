/*
 * interrupt.h - the one signal flag, and a descriptor to wait on.
 *
 * SIGINT, SIGTERM, SIGHUP and SIGUSR1 ask the run to stop. SIGPIPE is ignored:
 * a write then fails with EPIPE.
 * Thread rule: install once, before threads; the rest from any thread.
 */
#ifndef FETCHGREP_BASE_INTERRUPT_H
#define FETCHGREP_BASE_INTERRUPT_H

#include "fetchgrep/base/error.h"

bool interrupt_install(struct error *err) MUST_CHECK;

/* The first signal that came, 0 when none. */
int interrupt_signal(void);

/* How many came. The second SIGINT means: at once. */
int interrupt_count(void);

/* Waits until a signal comes (true) or `timeout_ms` is over (false). */
bool interrupt_wait(int timeout_ms);

/* Ends a wait early, as a signal would, but sets no flag. */
void interrupt_wake(void);

/* Waits until `fd` can be read (true), or a signal has come or
 * interrupt_stop_reading was called (false): for input that may never come. */
bool interrupt_wait_readable(int fd);

/* Ends all waits for input, now and later. */
void interrupt_stop_reading(void);

#endif
