/*
 * finish.h - what is still to be done to the results once all is read:
 * provisional ids become final ones (span_ids.h), and with --order manifest
 * lines are sorted by id, pattern's place and offset.
 *
 * It is an external sort of finished files; nothing waits for it but the end
 * of the run. Memory is bounded, whatever the files' size.
 *
 * Thread rule: one thread, when the stages have ended.
 */
#ifndef FETCHGREP_RUN_FINISH_H
#define FETCHGREP_RUN_FINISH_H

#include "span_ids.h"

#include "fetchgrep/run/match_options.h"

struct finish {
    struct span_ids *ids;
    const struct match_options *matches;
};

/* Rewrites a file of the generation where need be. For run_dir_seal: `ctx` is
 * a struct finish. */
bool finish_outcomes(void *ctx, const char *path, struct error *err) MUST_CHECK;
bool finish_matches(void *ctx, const char *path, struct error *err) MUST_CHECK;

/* Keyed match lines, collected in an unnamed file because standard output
 * cannot be sorted afterwards, go to standard output. */
bool finish_stream(const struct finish *finish, int spool_fd,
                   struct error *err) MUST_CHECK;

#endif
