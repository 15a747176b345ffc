/*
 * totals_text.h - totals of a run as text: for summary.json, and for those who
 * tell the same from a run's files.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_RUN_TOTALS_TEXT_H
#define FETCHGREP_RUN_TOTALS_TEXT_H

#include "fetchgrep/record/recorder.h"

/* "507.1 MB", "12.3 kB": for people. */
enum { BYTES_TEXT_SIZE = 32 };
void format_bytes(double bytes, char text[BYTES_TEXT_SIZE]);

/* `"entries":…,"outcomes":{…},…`: members of an object. */
void summary_append_totals(const struct recorder_totals *totals,
                           bool has_matches, struct buf *out);

/* `,"latency_ms":{…}`; nothing when no time was taken. */
void summary_append_latency(const struct recorder_totals *totals,
                            struct buf *out);

/* "84 entries: 82 ok, 1 failed (1 http-error), 1 other (1 invalid-url)" */
void summary_append_counts(const struct recorder_totals *totals,
                           struct buf *out);

#endif
