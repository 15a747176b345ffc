/*
 * span_ids.h - ids of pages that come from files read side by side.
 *
 * The id of a page is its ordinal over all inputs, but how many pages a WARC
 * holds is known only when it has been read. A span that starts when all WARCs
 * before it have ended gets its final ids at once. Any other counts
 * provisionally, from a multiple of 2^40 that tells the span, and when all is
 * read the results are rewritten with the final ids (span_ids_rewrite). Where
 * results stream and cannot be rewritten, a span waits for those before it.
 *
 * Thread rule: all but new, free and rewrite from any thread.
 */
#ifndef FETCHGREP_RUN_SPAN_IDS_H
#define FETCHGREP_RUN_SPAN_IDS_H

#include "fetchgrep/archive/spans.h"

struct span_ids;

/* `must_be_final`: wait rather than count provisionally. NULL without memory.*/
struct span_ids *span_ids_new(bool must_be_final);
void span_ids_free(struct span_ids *ids);

/* The id of the span's first page. SPAN_FILES and SPAN_WARC only. */
bool span_ids_begin(struct span_ids *ids, const struct span *span,
                    uint64_t *ret_first_id, struct error *err) MUST_CHECK;

/* A SPAN_WARC has been read (or given up); it held `page_count` pages. */
bool span_ids_end(struct span_ids *ids, const struct span *span,
                  uint64_t page_count, struct error *err) MUST_CHECK;

/* The same for a SPAN_WARC without waiting, and without noting that the id is
 * provisional: for results that are held back (span_chain.h). */
bool span_ids_announce(struct span_ids *ids, const struct span *span,
                       uint64_t *ret_first_id, struct error *err) MUST_CHECK;

/* The final id of a provisional one; false when it is not known yet: that such
 * ids were given out is then noted. Final ids stay as they are. */
bool span_ids_settle(struct span_ids *ids, uint64_t id, uint64_t *ret_final);

/* Notes that a provisional id is left as it is, to be rewritten. */
void span_ids_leave(struct span_ids *ids, uint64_t id);

/* Nobody waits any more: something has failed. */
void span_ids_abort(struct span_ids *ids);

/* Whether provisional ids were given out. */
bool span_ids_has_provisional(struct span_ids *ids);

/* The final id for one that was given out, when all spans have ended. NULL: ids
 * are final as they are. */
uint64_t span_ids_final(const struct span_ids *ids, uint64_t id);

/* Rewrites the `{"id":N` that lines of a results file begin with. For
 * run_dir_seal: `ids` is a struct span_ids. */
bool span_ids_rewrite(void *ids, const char *path,
                      struct error *err) MUST_CHECK;

#endif
