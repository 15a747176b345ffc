/*
 * prefilter_scan.h - which of Vectorscan's scan functions finds what it must on
 * this machine; for prefilter.c, once, before expressions are compiled.
 *
 * Debian 12's Vectorscan (5.4.9) misses matches in blocks of more than 64 bytes
 * on processors with AVX-512 (docs/decisions/0006-necessary-conditions.md). A
 * prefilter that misses loses matches in silence, so nothing is taken on trust.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_EXTRACT_PREFILTER_SCAN_H
#define FETCHGREP_EXTRACT_PREFILTER_SCAN_H

#include "fetchgrep/base/compiler.h"

#include <hs/hs.h>
#include <stdbool.h>

typedef hs_error_t (*scan_fn)(const hs_database_t *database, const char *data,
                              unsigned size, unsigned flags,
                              hs_scratch_t *scratch,
                              match_event_handler on_match, void *ctx);

struct scanner {
    scan_fn scan;                /* in place of hs_scan */
    hs_platform_info_t platform; /* for hs_compile and its like */
    const char *name;            /* for explain, and for the key of a cache */
};

/* A few milliseconds. False when none can be trusted: then patterns must run
 * without a prefilter. */
bool scanner_choose(struct scanner *ret_scanner) MUST_CHECK;

#endif
