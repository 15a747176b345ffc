/*
 * prefilter.h - which patterns of a set can match on a page at all.
 *
 * Each pattern that is searched in the text has a necessary condition, an
 * expression of our own making (src/extract/necessary.h); all of them are in
 * one Vectorscan database, and a page is scanned for all at once. PCRE2 then
 * runs only the patterns whose condition holds: matches are the same with and
 * without. A pattern for which there is no condition always runs.
 *
 * Compiling a large set takes seconds: such a database is kept in the cache
 * directory and read from there by the next process (src/extract/
 * prefilter_cache.h).
 *
 * A single pattern that begins with a literal is not prefiltered: PCRE2's own
 * search for it is as fast.
 *
 * Thread rule: a prefilter is const once it is made; a scan belongs to one
 * worker.
 */
#ifndef FETCHGREP_EXTRACT_PREFILTER_H
#define FETCHGREP_EXTRACT_PREFILTER_H

#include "fetchgrep/extract/patterns.h"

struct prefilter;

struct prefilter_options {
    bool is_off;           /* --no-prefilter: every pattern always runs */
    const char *cache_dir; /* where large databases are kept; NULL: nowhere */
};

/* `patterns` is borrowed. NULL without memory only: trouble with a pattern or
 * the cache costs speed, nothing else. */
struct prefilter *prefilter_new(const struct patterns *patterns,
                                const struct prefilter_options *options,
                                struct error *err);
void prefilter_free(struct prefilter *prefilter);

/* The condition of a pattern; an empty view when it always runs, and then
 * `ret_why_not` is a sentence part. */
struct view prefilter_condition(const struct prefilter *prefilter, size_t index,
                                const char **ret_why_not);

/* Whether pages are scanned at all, and whether the database came from the
 * cache. */
bool prefilter_is_on(const struct prefilter *prefilter);
bool prefilter_was_cached(const struct prefilter *prefilter);

/* ---- scanning ---------------------------------------------------------- */

struct prefilter_scan;

struct prefilter_scan *prefilter_scan_new(const struct prefilter *prefilter,
                                          struct error *err);
void prefilter_scan_free(struct prefilter_scan *scan);

/* The indexes of the patterns that may match in `text`, ascending, borrowed
 * until the next call. */
const uint32_t *prefilter_scan_text(struct prefilter_scan *scan,
                                    struct view text, size_t *ret_count);

/* The directory for prefilter_options: $XDG_CACHE_HOME/fetchgrep, else
 * ~/.cache/fetchgrep (XDG Base Directory Specification). On the heap; NULL when
 * there is none. */
char *prefilter_cache_dir(void);

#endif
