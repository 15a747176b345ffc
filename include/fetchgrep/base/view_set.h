/*
 * view_set.h - a set of borrowed texts, each under a number: "has this one been
 * seen already?" Exact: texts are compared, not only their hashes.
 *
 * The bytes are not copied: they must stay until view_set_reset.
 * Thread rule: a set belongs to one thread at a time.
 */
#ifndef FETCHGREP_BASE_VIEW_SET_H
#define FETCHGREP_BASE_VIEW_SET_H

#include "fetchgrep/base/compiler.h"
#include "fetchgrep/base/view.h"

struct view_set;

enum view_set_result {
    VIEW_SET_NEW,  /* it was put in */
    VIEW_SET_SEEN, /* it is in already */
    VIEW_SET_FULL, /* it is not in, and there are `max` of them */
    VIEW_SET_NO_MEMORY,
};

/* At most `max` texts, 1 at least. `seed` should differ from run to run:
 * whoever knows it can choose texts whose hashes collide. NULL without memory.
 */
struct view_set *view_set_new(size_t max, uint64_t seed);
void view_set_free(struct view_set *set);

/* `text` is at most 4 GB long. */
enum view_set_result view_set_add(struct view_set *set, uint32_t number,
                                  struct view text) MUST_CHECK;

/* Empties it; memory beyond a working set is given back. */
void view_set_reset(struct view_set *set);

size_t view_set_count(const struct view_set *set);

#endif
