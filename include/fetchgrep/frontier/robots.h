/*
 * robots.h - what a robots.txt allows (RFC 9309).
 *
 * Thread rule: rules are const once parsed.
 */
#ifndef FETCHGREP_FRONTIER_ROBOTS_H
#define FETCHGREP_FRONTIER_ROBOTS_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

/* As much of a file is read as RFC 9309 (2.5) asks at least: 500 KiB. */
enum { ROBOTS_BYTES_MAX = 500 << 10 };

/* The longest Crawl-delay that is taken at its word. */
enum { ROBOTS_DELAY_MAX_S = 60 };

struct robots_rule {
    struct view pattern; /* normalized; in the rules' own memory */
    uint32_t line;       /* in the file, from 1 */
    bool is_allowed;
};

struct robots;

/* The product token of a User-Agent header: its letters, "-" and "_" up to
 * whatever comes first (RFC 9309, 2.2.1). */
struct view robots_product_token(struct view user_agent);

/*
 * Reads a file for one product token: the rules of all groups that name it,
 * else those of all groups for "*". Whatever the bytes are, they parse. NULL
 * without memory. Free it.
 */
struct robots *robots_parse(struct view bytes, struct view product_token);
void robots_free(struct robots *robots);

/* The pause between two requests that it asks for (Crawl-delay, no part of the
 * RFC), in ms; 0: none. */
int64_t robots_delay_ms(const struct robots *robots);

/* Bytes that the rules take. */
size_t robots_size(const struct robots *robots);

enum robots_result {
    ROBOTS_ALLOWED,
    ROBOTS_DENIED,
    ROBOTS_TOO_COSTLY, /* too many "*" for so long a path: better not */
    ROBOTS_NO_MEMORY,
};

/*
 * Whether a path with its query (a request's target) may be asked for. The rule
 * with the longest pattern decides, of equals the one that allows. `ret_rule`
 * is set when one denies it. Takes time in proportion to the path and each of
 * the rules, a few milliseconds at most.
 */
enum robots_result robots_check(const struct robots *robots, struct view target,
                                const struct robots_rule **ret_rule) MUST_CHECK;

#endif
