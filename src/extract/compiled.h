/*
 * compiled.h - a pattern in its compiled form; between patterns.c, which makes
 * it, and matcher.c, which uses it.
 */
#ifndef FETCHGREP_EXTRACT_COMPILED_H
#define FETCHGREP_EXTRACT_COMPILED_H

#include "fetchgrep/extract/patterns.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>

/* Whether a pattern has been JIT compiled: in a large set that waits until it
 * is needed, since most never are, and it takes longest. */
struct jit {
    atomic_bool is_done;
    pthread_mutex_t lock;
    int code; /* what PCRE2 said to it */
};

struct pattern {
    char *name;
    char *regex;
    size_t regex_size;
    char *place;          /* where it was given: "-e", "FILE:LINE" */
    enum subject subject; /* what it is searched in */
    pcre2_code *code;     /* see pattern_make_ready */
    struct jit *jit;
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
    struct view_set *names;
};

/* Before a pattern is run: JIT compiles it, where that can be done and has not
 * been done. From any thread. */
void pattern_make_ready(const struct pattern *pattern);

#endif
