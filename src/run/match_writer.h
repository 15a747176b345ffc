/*
 * match_writer.h - from a page's matches to what the matches file says of
 * them: the group that is wanted, each text once, lines or counts.
 *
 * Thread rule: a writer belongs to one worker; the options are const.
 */
#ifndef FETCHGREP_RUN_MATCH_WRITER_H
#define FETCHGREP_RUN_MATCH_WRITER_H

#include "fetchgrep/run/match_options.h"

struct match_writer;

/* `seed`: see view_set.h. */
struct match_writer *match_writer_new(const struct match_options *options,
                                      size_t pattern_count, uint64_t seed,
                                      struct error *err);
void match_writer_free(struct match_writer *writer);

/* A page begins. Its lines go to `out`, of which they may take `max_bytes`. */
bool match_writer_begin(struct match_writer *writer, uint64_t id,
                        struct view url, struct view keep, struct buf *out,
                        size_t max_bytes, struct error *err) MUST_CHECK;

/* A match_fn for matcher_search; the page's texts must stay until the end of
 * the page. False with match_writer_full set: the search is to end there. */
bool match_writer_add(void *writer, const struct match *match,
                      struct error *err);

/* Why the page may have no more matches: a sentence part, or NULL. */
const char *match_writer_full(const struct match_writer *writer);

/* The page ends: counts are written. How many matches were written, or
 * counted, is in `ret_count`. */
bool match_writer_end(struct match_writer *writer, uint64_t *ret_count,
                      struct error *err) MUST_CHECK;

#endif
