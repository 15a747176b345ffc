/*
 * robots_desk.h - asks robots.txt of each origin before its pages (--robots,
 * RFC 9309).
 *
 * The first entry of an origin whose rules are not known goes on a detour: it
 * fetches /robots.txt in its own place at the host, as any transfer, with
 * retries, redirects and the address rule. What it brings is the origin's rules
 * for a day; the entry then goes back in line for its own page. Entries of that
 * origin that come meanwhile wait at the desk, with their places.
 *
 * Thread rule: all functions but new and free from any thread.
 */
#ifndef FETCHGREP_RUN_ROBOTS_DESK_H
#define FETCHGREP_RUN_ROBOTS_DESK_H

#include "fetchgrep/frontier/robots.h"
#include "fetchgrep/model/page.h"

struct robots_desk;

enum { ROBOTS_REDIRECTS_MAX = 5 }; /* RFC 9309, 2.3.1.2 */

/* `user_agent` is borrowed. `now_ns` NULL: clock_now_ns. */
struct robots_desk *robots_desk_new(const char *user_agent, size_t origins_max,
                                    int64_t (*now_ns)(void), struct error *err);

/* Nobody may wait any more. Takes NULL. */
void robots_desk_free(struct robots_desk *desk);

enum robots_turn {
    ROBOTS_GO,     /* fetch entry->target, its own or robots.txt */
    ROBOTS_OVER,   /* denied: its outcome is set */
    ROBOTS_WAITS,  /* another one fetches the rules: robots_desk_wait */
    ROBOTS_FAILED, /* no memory */
};

/* An entry whose turn it is. With ROBOTS_GO `ret_delay_ms` is the pause between
 * requests that its origin wants; 0: none known. */
enum robots_turn robots_desk_ask(struct robots_desk *desk, struct entry *entry,
                                 int64_t *ret_delay_ms);

/* Leaves the entry to the desk until robots_desk_settle. False: the rules have
 * come meanwhile; ask again. */
bool robots_desk_wait(struct robots_desk *desk, struct entry *entry);

/*
 * The entry is back from its detour: entry->page is the last answer (or NULL),
 * entry->outcome what became of it. The origin's rules are known from now on.
 * The entry is as it was before, but for its outcome, with the pages of the
 * detour in entry->asides; it and those that have waited, linked by `next`, are
 * given back, to stand in line again. `ret_delay_ms`: as robots_desk_ask.
 */
struct entry *robots_desk_settle(struct robots_desk *desk, struct entry *entry,
                                 int64_t *ret_delay_ms);

/* After a stop: one that waits, out of the desk; NULL at the end. */
struct entry *robots_desk_drain(struct robots_desk *desk);

#endif
