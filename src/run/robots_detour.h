/*
 * robots_detour.h - an entry's way to its origin's robots.txt and back
 * (robots_desk.h).
 *
 * Thread rule: from any thread.
 */
#ifndef FETCHGREP_RUN_ROBOTS_DETOUR_H
#define FETCHGREP_RUN_ROBOTS_DETOUR_H

#include "pipeline_state.h"

/* Whether the origin's robots.txt lets the entry, whose turn it is, be fetched
 * now. If not, it has gone where it belongs. */
bool detour_allows(struct pipeline *pipeline, struct entry *entry);

/* The host that it went to for a robots.txt is given up: the detour is over.
 * The entry's outcome is set. */
void detour_give_up(struct pipeline *pipeline, struct entry *entry);

/* The entry is back from its detour: it waits for its own page's turn now. */
void detour_come_back(struct pipeline *pipeline, struct entry *entry,
                      const struct frontier_answer *answer);

#endif
