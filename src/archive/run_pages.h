/*
 * run_pages.h - the kept pages of a finished run directory, as its
 * outcomes.jsonl lists them: entries with the place of their record.
 *
 * Thread rule: one thread.
 */
#ifndef FETCHGREP_ARCHIVE_RUN_PAGES_H
#define FETCHGREP_ARCHIVE_RUN_PAGES_H

#include "fetchgrep/archive/spans.h"

struct run_pages;

/* ERR_USAGE when the run has not finished. */
bool run_pages_check(const char *dir, struct error *err) MUST_CHECK;

/* Whether a path in its files stays inside of the directory. */
bool run_pages_is_inside(const char *path);

struct run_pages *run_pages_open(const char *dir, struct error *err);
void run_pages_close(struct run_pages *run);

/* The next SPAN_RECORDS: entries that lie one after another in one segment. */
enum spans_result run_pages_next(struct run_pages *run, struct span **ret_span,
                                 struct error *err) MUST_CHECK;

#endif
