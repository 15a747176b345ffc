/*
 * matcher.h - finds all matches of a pattern set in one text.
 *
 * The matches of a pattern are those of Python's re.finditer where the two
 * languages agree: leftmost, not overlapping, an empty match may follow a
 * non-empty one directly. Patterns run one after another in their order.
 *
 * Limits have names: a pattern that runs into its match, heap or JIT stack
 * limit, or into max_matches, is reported, never taken for "no match"; what it
 * found before stands and the other patterns run on. A pattern that takes long
 * waits until the others have run; then the rest of the page's time is its.
 *
 * Thread rule: a matcher belongs to one worker; patterns are shared.
 */
#ifndef FETCHGREP_EXTRACT_MATCHER_H
#define FETCHGREP_EXTRACT_MATCHER_H

#include "fetchgrep/extract/costs.h"
#include "fetchgrep/extract/patterns.h"
#include "fetchgrep/extract/prefilter.h"
#include "fetchgrep/model/match.h"

struct matcher;

struct matcher_options {
    size_t max_matches;      /* of a page and pattern */
    uint32_t match_limit;    /* pcre2_set_match_limit; 0: a sane default */
    size_t heap_limit_bytes; /* 0: a sane default */
    size_t jit_stack_bytes;  /* the most it may grow to; 0: a default */
    uint64_t page_time_ms;   /* of all patterns together; 0: no clock */
    int64_t (*now_ns)(void); /* NULL: clock_now_ns */
    const struct prefilter *prefilter; /* of the same patterns; NULL: none */
    struct costs *costs; /* of this matcher alone; NULL: not measured */
};

/* What the options come to for one pattern, its own (*LIMIT_…) included. */
struct matcher_limits {
    uint32_t match_limit;
    uint32_t depth_limit;
    size_t heap_bytes;
    size_t jit_stack_bytes;
    size_t max_matches;
    uint64_t page_time_ms; /* 0: no clock */
};

void matcher_limits(const struct matcher_options *options,
                    const struct pattern_facts *facts,
                    struct matcher_limits *ret_limits);

struct matcher_report {
    uint64_t match_count;
    size_t limited_count; /* patterns that did not run to their end */
    char
        limit[256]; /* the first of them, which limit, where: a sentence part */
};

struct matcher *matcher_new(const struct patterns *patterns,
                            const struct matcher_options *options,
                            struct error *err);
void matcher_free(struct matcher *matcher);

/* The next search is of the same page as the last one: it goes on with its
 * clock. */
void matcher_go_on(struct matcher *matcher);

/* Runs the patterns of this subject on its text, which is valid UTF-8 unless
 * the patterns are raw. Fails only with the machine or when `on_match` does. */
bool matcher_search(struct matcher *matcher, enum subject subject,
                    struct view text, match_fn *on_match, void *ctx,
                    struct matcher_report *ret_report,
                    struct error *err) MUST_CHECK;

#endif
