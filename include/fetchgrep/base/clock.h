/*
 * clock.h - the two clocks. Code with rules about time takes `now_ns` as a
 * parameter instead of asking here, so that tests and simulations decide it.
 */
#ifndef FETCHGREP_BASE_CLOCK_H
#define FETCHGREP_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_NS_PER_MS = 1000000 };
#define CLOCK_NS_PER_S INT64_C(1000000000)

/* Never goes back; its zero is arbitrary (CLOCK_MONOTONIC). */
int64_t clock_now_ns(void);

/* Milliseconds since 1970 UTC; may jump when the machine's clock is set. */
int64_t clock_wall_ms(void);

/* "2026-11-22T07:30:14.123Z" (RFC 3339), 24 bytes and a NUL. */
enum { CLOCK_TEXT_SIZE = 25 };
void clock_format_ms(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]);

/* "20261122073014", as in CDX files, 14 bytes and a NUL. */
enum { CLOCK_CDX_SIZE = 15 };
void clock_format_cdx(int64_t wall_ms, char text[CLOCK_CDX_SIZE]);

#endif
