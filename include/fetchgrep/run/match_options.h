/*
 * match_options.h - what is written of the matches that are found, and how.
 *
 * Thread rule: const while a run goes on.
 */
#ifndef FETCHGREP_RUN_MATCH_OPTIONS_H
#define FETCHGREP_RUN_MATCH_OPTIONS_H

#include "fetchgrep/record/match_form.h"

struct match_options {
    const struct match_form *form;
    /* --only-group: of each pattern in the set, which of its groups; NULL: the
     * whole match. */
    const uint32_t *only_group;
    bool is_unique;  /* --unique */
    bool is_count;   /* --count */
    bool is_ordered; /* --order manifest */
    bool is_dropped; /* they are found, and not written */
};

#endif
