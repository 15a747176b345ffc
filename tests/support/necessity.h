/*
 * necessity.h - does a condition hold wherever its pattern matches? For the
 * unit tests and the fuzz target of src/extract/necessary.c.
 */
#ifndef FETCHGREP_TESTS_NECESSITY_H
#define FETCHGREP_TESTS_NECESSITY_H

#include "../../src/extract/necessary.h"
#include "../../src/extract/prefilter_scan.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

/* A pattern and its condition, both compiled. */
struct necessity {
    char *regex;
    pcre2_code *code;
    pcre2_match_context *context;
    pcre2_match_data *match;
    struct buf expression; /* NUL terminated by buf_string */
    char why[160];
    struct scanner scanner;
    hs_database_t *database; /* NULL without a condition */
    hs_scratch_t *scratch;
};

enum necessity_verdict {
    NECESSITY_NONE,   /* there is no condition */
    NECESSITY_IDLE,   /* the pattern does not match */
    NECESSITY_HELD,   /* it does, and so does the condition */
    NECESSITY_BROKEN, /* it does, the condition does not */
};

static inline pcre2_code *necessity_compile(struct view regex,
                                            struct necessary_options options)
{
    int code;
    PCRE2_SIZE at;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
    pcre2_code *compiled = pcre2_compile(
        (PCRE2_SPTR)regex.data, regex.size,
        (options.is_utf ? PCRE2_UTF : 0) | (options.has_ucp ? PCRE2_UCP : 0) |
            (options.is_caseless ? PCRE2_CASELESS : 0),
        &code, &at, context);
    pcre2_compile_context_free(context);
    return compiled;
}

/* Vectorscan may refuse an expression for its size; that it understands it is
 * a matter of the caller. */
static inline bool necessity_scan_for(struct necessity *necessity)
{
    hs_compile_error_t *error = NULL;
    if (hs_compile(buf_string(&necessity->expression), HS_FLAG_SINGLEMATCH,
                   HS_MODE_BLOCK, &necessity->scanner.platform,
                   &necessity->database, &error) != HS_SUCCESS) {
        snprintf(necessity->why, sizeof(necessity->why), "%s", error->message);
        hs_free_compile_error(error);
        return false;
    }
    return hs_alloc_scratch(necessity->database, &necessity->scratch) ==
           HS_SUCCESS;
}

/* False when PCRE2 does not take the regex. */
static inline bool necessity_open(struct necessity *necessity,
                                  const struct scanner *scanner,
                                  struct view regex,
                                  struct necessary_options options)
{
    enum { ROOM = 1 << 20, LIMIT = 200000, HEAP_KB = 16 << 10 };
    *necessity = (struct necessity){ .scanner = *scanner };
    necessity->regex = view_dup(regex); /* for messages */
    necessity->code = necessity_compile(regex, options);
    buf_init(&necessity->expression, ROOM);
    if (!necessity->code)
        return false;
    necessity->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(necessity->context, LIMIT);
    pcre2_set_heap_limit(necessity->context, HEAP_KB);
    necessity->match = pcre2_match_data_create(1, NULL);
    if (necessary_condition(regex, &options, &necessity->expression,
                            necessity->why, sizeof(necessity->why)))
        (void)necessity_scan_for(necessity);
    return true;
}

static inline void necessity_close(struct necessity *necessity)
{
    hs_free_scratch(necessity->scratch);
    hs_free_database(necessity->database);
    pcre2_match_data_free(necessity->match);
    pcre2_match_context_free(necessity->context);
    pcre2_code_free(necessity->code);
    free(necessity->regex);
    buf_release(&necessity->expression);
}

static inline int necessity_on_match(unsigned id, unsigned long long from,
                                     unsigned long long to, unsigned flags,
                                     void *ctx)
{
    (void)id, (void)from, (void)to, (void)flags;
    *(bool *)ctx = true;
    return 0;
}

static inline bool necessity_holds(const struct necessity *necessity,
                                   struct view subject)
{
    bool is_found = false;
    (void)scanner_scan(&necessity->scanner, necessity->database, subject,
                       necessity->scratch, necessity_on_match, &is_found);
    return is_found;
}

/* One match is enough: the condition is about the page. */
static inline enum necessity_verdict
necessity_try(const struct necessity *necessity, struct view subject)
{
    if (!necessity->database)
        return NECESSITY_NONE;
    int found =
        pcre2_match(necessity->code, (PCRE2_SPTR)subject.data, subject.size, 0,
                    0, necessity->match, necessity->context);
    if (found < 0)
        return NECESSITY_IDLE;
    return necessity_holds(necessity, subject) ? NECESSITY_HELD
                                               : NECESSITY_BROKEN;
}

#endif
