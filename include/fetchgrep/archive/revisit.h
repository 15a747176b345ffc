/*
 * revisit.h - finds the record that a revisit record stands for.
 *
 * A revisit says "as before": its payload is that of an earlier record, named
 * by URL and date, by record id, or by payload digest. That target is at hand
 * when it is listed in an index.cdxj beside the file, or, where there is none,
 * when it stands in the same file. A run directory made with --since names the
 * run before it, and that one the run before: their indexes are asked last.
 * Which it is rests on the files alone, not
 * on what was read before: serial and split reading find the same.
 *
 * Without an index a file that has revisits is read through once more, to
 * learn where its records are: 16 bytes a name, up to REVISIT_NAMES_MAX names
 * a file; targets behind that are not at hand.
 *
 * Thread rule: one struct revisit_targets for all workers; the reader is the
 * worker's own.
 */
#ifndef FETCHGREP_ARCHIVE_REVISIT_H
#define FETCHGREP_ARCHIVE_REVISIT_H

#include "fetchgrep/archive/warc_read.h"

enum { REVISIT_NAMES_MAX = 4 << 20 };

struct revisit_targets;

/* NULL without memory. */
struct revisit_targets *revisit_targets_new(void);
void revisit_targets_free(struct revisit_targets *targets);

/* Called now and then while a file is read through: a sign of life. False gives
 * it up. */
typedef bool revisit_tick_fn(void *ctx);

enum revisit_result {
    REVISIT_FOUND,
    REVISIT_NOT_AT_HAND,
    REVISIT_GIVEN_UP, /* the tick said so */
    REVISIT_ERROR,
};

/*
 * Looks for the target of a revisit record of the file at `path`, and reads it
 * with `reader`, which is not the one that the revisit came from.
 * `ret_target`, a response or resource, borrows from `reader`. A target that
 * is damaged is not at hand.
 */
enum revisit_result revisit_follow(struct revisit_targets *targets,
                                   struct warc_reader *reader, const char *path,
                                   const struct warc_record *revisit,
                                   struct warc_record *ret_target,
                                   revisit_tick_fn *tick, void *ctx,
                                   struct error *err) MUST_CHECK;

#endif
