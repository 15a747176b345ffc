/*
 * match.h - one match as the matcher hands it on.
 *
 * All views borrow from the text that is searched or from the pattern set;
 * those in `groups` stay as long as that text, the array itself until the match
 * function returns.
 */
#ifndef FETCHGREP_MODEL_MATCH_H
#define FETCHGREP_MODEL_MATCH_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

/* What of a page a pattern is searched in. */
enum subject {
    SUBJECT_TEXT,    /* the body, as UTF-8 */
    SUBJECT_HEADERS, /* the HTTP head */
    SUBJECT_URL,
    SUBJECT_COUNT,
};

/* "text", "headers", "url": part of the file format. */
const char *subject_word(enum subject subject);

/* False when `word` is none of them. */
bool subject_from_word(struct view word, enum subject *ret_subject);

struct match {
    struct view pattern;            /* its name */
    uint32_t pattern_index;         /* its place in the set */
    enum subject subject;           /* what `offset` counts in */
    size_t offset;                  /* bytes of the text before it */
    struct view whole;              /* group 0 */
    size_t group_count;             /* groups beside group 0, all of them;
                                       those of one name ((?J)) are one */
    const struct view *group_names; /* decimal numbers where a group has none;
                                       no two are equal */
    const struct view *groups;      /* their text; data NULL: not set; of one
                                       name, the first that is set */
};

/* Called for each match, in the order of the text for each pattern. False
 * ends the search at once, with `err` set. */
typedef bool match_fn(void *ctx, const struct match *match, struct error *err);

#endif
