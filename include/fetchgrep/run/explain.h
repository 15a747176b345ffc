/*
 * explain.h - what the patterns of a set are to this program, and what they
 * cost on given pages.
 *
 * Thread rule: as pipeline.h.
 */
#ifndef FETCHGREP_RUN_EXPLAIN_H
#define FETCHGREP_RUN_EXPLAIN_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/run/pipeline.h"

/*
 * Appends a text for people, or a JSON object a line. `options` are those of an
 * extract into nowhere, by threads; with inputs all their pages are searched,
 * and `ret_status` is what the search came to.
 */
bool explain_patterns(const struct pipeline_options *options, bool is_json,
                      struct buf *out, int *ret_status,
                      struct error *err) MUST_CHECK;

#endif
