/*
 * prefilter_scan.h - which of Vectorscan's scan functions finds what it must on
 * this machine; for prefilter.c, once, before expressions are compiled.
 *
 * Debian 12's Vectorscan (5.4.9) misses matches on processors with AVX2 and
 * more with AVX-512 (docs/decisions/0011-necessary-conditions.md). A prefilter
 * that misses loses matches in silence, so nothing is taken on trust.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_EXTRACT_PREFILTER_SCAN_H
#define FETCHGREP_EXTRACT_PREFILTER_SCAN_H

#include "fetchgrep/base/compiler.h"
#include "fetchgrep/base/view.h"

#include <hs/hs.h>

typedef hs_error_t (*scan_fn)(const hs_database_t *database, const char *data,
                              unsigned size, unsigned flags,
                              hs_scratch_t *scratch,
                              match_event_handler on_match, void *ctx);

struct scanner {
    scan_fn scan;                /* for scanner_scan */
    hs_platform_info_t platform; /* for hs_compile and its like */
    const char *name;            /* for explain, and for the key of a cache */
};

/* A few milliseconds. False when none can be trusted: then patterns must run
 * without a prefilter. */
bool scanner_choose(struct scanner *ret_scanner) MUST_CHECK;

/* In place of hs_scan. What is short may be scanned with line ends behind it:
 * places beyond its end may be reported, and what ends a line there. */
hs_error_t scanner_scan(const struct scanner *scanner,
                        const hs_database_t *database, struct view page,
                        hs_scratch_t *scratch, match_event_handler on_match,
                        void *ctx);

#endif
