/*
 * result_line.h - reads the lines of a run directory: outcomes, matches as
 * JSON, the index of its pages.
 *
 * Thread rule: no state. What is read borrows from its result_line.
 */
#ifndef FETCHGREP_RUN_RESULT_LINE_H
#define FETCHGREP_RUN_RESULT_LINE_H

#include "fetchgrep/base/view.h"
#include "fetchgrep/model/outcome.h"

#include <jansson.h>

/* A JSON object of a line; zeroed is none. */
struct result_line {
    json_t *object;
};

/* Gives back what a line took, and makes it none. */
void result_line_release(struct result_line *line);

struct outcome_facts {
    uint64_t id;
    enum outcome outcome;
    struct view url, detail;
    struct view final_url, digest; /* empty: not told */
    bool has_matches;
    uint64_t match_count;
    struct view warc; /* empty: no page was kept */
    uint64_t warc_offset;
};

/* False: no outcome line; `ret_wrong` says why. */
bool result_line_outcome(struct result_line *line, struct view text,
                         struct outcome_facts *ret_outcome,
                         const char **ret_wrong);

struct match_facts {
    bool has_id;
    uint64_t id;
    bool has_count;
    uint64_t count;
};

bool result_line_match(struct result_line *line, struct view text,
                       struct match_facts *ret_match, const char **ret_wrong);

struct index_facts {
    struct view url, digest, filename;
    uint64_t offset;
};

bool result_line_index(struct result_line *line, struct view text,
                       struct index_facts *ret_index, const char **ret_wrong);

#endif
