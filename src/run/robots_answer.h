/*
 * robots_answer.h - what an answer to a request for robots.txt means (RFC 9309,
 * 2.3.1).
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_RUN_ROBOTS_ANSWER_H
#define FETCHGREP_RUN_ROBOTS_ANSWER_H

#include "fetchgrep/frontier/robots.h"
#include "fetchgrep/model/page.h"

struct robots_answer {
    struct robots *rules; /* NULL: all is allowed, or nothing is */
    bool denies_all;
    char *why_not; /* with it; heap, NULL without memory */
};

/* Of an entry whose transfer is over; entry->page may be NULL. What is in the
 * answer is the caller's to free. */
struct robots_answer robots_answer_read(const struct entry *entry,
                                        struct view product_token);

#endif
