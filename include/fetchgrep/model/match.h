/*
 * match.h - one match as the matcher hands it on.
 *
 * All views borrow from the text that is searched or from the pattern set, and
 * live until the match function returns.
 */
#ifndef FETCHGREP_MODEL_MATCH_H
#define FETCHGREP_MODEL_MATCH_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

struct match {
    struct view pattern;            /* its name */
    size_t offset;                  /* bytes of the text before it */
    struct view whole;              /* group 0 */
    size_t group_count;             /* groups beside group 0 */
    const struct view *group_names; /* of groups 1 to group_count; decimal
                                       numbers where a group has no name */
    const struct view *groups;      /* their text; data NULL: not set */
};

/* Called for each match, in the order of the text for each pattern. False
 * ends the search at once, with `err` set. */
typedef bool match_fn(void *ctx, const struct match *match, struct error *err);

#endif
