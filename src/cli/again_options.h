/*
 * again_options.h - the options about what has been seen before: --since,
 * --dedupe, --dedupe-pages.
 */
#ifndef FETCHGREP_CLI_AGAIN_OPTIONS_H
#define FETCHGREP_CLI_AGAIN_OPTIONS_H

#include "options.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/run/pipeline.h"

/* `pipeline` knows already whether pages are kept. */
bool again_options_set(const struct raw_options *raw,
                       struct pipeline_options *pipeline,
                       struct error *err) MUST_CHECK;

/* For the run's identity. */
void again_options_describe(const struct raw_options *raw, struct buf *out);

#endif
