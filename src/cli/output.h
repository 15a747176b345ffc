/*
 * output.h - what the options about matches mean together: --format, --fields,
 * --only-group, --unique, --count, --order.
 */
#ifndef FETCHGREP_CLI_OUTPUT_H
#define FETCHGREP_CLI_OUTPUT_H

#include "options.h"

#include "fetchgrep/extract/patterns.h"
#include "fetchgrep/run/match_options.h"

struct output {
    struct match_options matches;
    struct match_form *form;
    uint32_t *only_group;
    struct match_field *fields; /* NULL: the format's own */
    size_t field_count;
    uint32_t *groups; /* of all fields, a row of patterns each */
};

/* Checks names of fields and groups against the patterns; borrows the strings
 * of `raw`. `patterns` is NULL for fetch. To be released also on failure. */
bool output_init(struct output *output, const struct raw_options *raw,
                 const struct patterns *patterns, struct error *err) MUST_CHECK;
void output_release(struct output *output);

/* Appends the options that shape results, ` name=value` each. */
void output_describe(const struct output *output, const struct raw_options *raw,
                     struct buf *out);

#endif
