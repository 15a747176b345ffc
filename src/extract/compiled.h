/*
 * compiled.h - a pattern in its compiled form; between patterns.c, which makes
 * it, and matcher.c, which uses it.
 */
#ifndef FETCHGREP_EXTRACT_COMPILED_H
#define FETCHGREP_EXTRACT_COMPILED_H

#include "fetchgrep/extract/patterns.h"

#include <pcre2.h>

struct pattern {
    char *name;
    char *regex;
    size_t regex_size;
    char *place;              /* where it was given: "-e", "FILE:LINE" */
    enum subject subject;     /* what it is searched in */
    pcre2_code *code;         /* JIT compiled where that could be done */
    bool has_windows;         /* may be searched in windows, see seek.h */
    uint32_t capture_count;   /* PCRE2's groups, beside group 0 */
    uint32_t *capture_group;  /* captures 1 to capture_count: index below */
    uint32_t group_count;     /* fewer than captures where they share names */
    struct view *group_names; /* of group_count */
    char *group_numbers;      /* what unnamed groups are called */
};

struct patterns {
    pcre2_compile_context *context;
    uint32_t flags;
    struct pattern *list;
    size_t count, capacity;
    size_t expression_count; /* of -e, for their names */
};

#endif
