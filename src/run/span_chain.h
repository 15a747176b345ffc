/*
 * span_chain.h - the parts of an archive, read side by side, come to the same
 * results as one reader would.
 *
 * Where the records of a part begin is a guess (archive/warc_read.h,
 * struct warc_part) until the reader of the part before has come to its end: it
 * knows. So the results of a part are held back until then. When both agree
 * they are passed on; when not they are dropped, and the part is read again
 * from the right place. Nothing is passed on twice, damage neither.
 *
 * Held results are bounded: a part with more of them than there is room for is
 * given up and read again when its turn has come, when nothing need be held.
 * The number of parts handed out and not ended is bounded too.
 *
 * Ids of pages in a part are provisional while parts before it are read
 * (span_ids.h). Results are passed on with their final ids where those are
 * known, which they are for all parts of a first file.
 *
 * Thread rule: admit and wait belong to who hands spans out; deliver and stop
 * may be called from any thread.
 */
#ifndef FETCHGREP_RUN_SPAN_CHAIN_H
#define FETCHGREP_RUN_SPAN_CHAIN_H

#include "span_ids.h"

#include "fetchgrep/record/block.h"

struct span_chain;

struct span_chain_options {
    size_t open_max; /* parts handed out and not ended, at least 1 */
    size_t held_max; /* bytes of results */
    /* Result lines can be given other ids: they are JSON, or have none. */
    bool can_settle;
    bool has_plain_ids; /* match lines are JSON that begins with the id */
    /* Results stream: no line may be passed on with an id that is not final. */
    bool must_be_final;
    struct span_ids *ids;
    /* Takes results that stand; thread-safe. */
    bool (*append)(void *ctx, const struct block *block, struct error *err);
    /* Takes a span that is to be read again, before all others. */
    bool (*redo)(void *ctx, struct span *span, struct error *err);
    void *ctx;
};

/* `options` is copied. */
struct span_chain *span_chain_new(const struct span_chain_options *options,
                                  struct error *err);

/* Takes NULL. */
void span_chain_free(struct span_chain *chain);

/* Makes a span ready to be handed out: its ids, and its beginning if that is
 * known by now. Waits for room; false when stopped or failed. */
bool span_chain_admit(struct span_chain *chain, struct span *span,
                      struct error *err) MUST_CHECK;

/* Results of a worker, of whatever span. */
bool span_chain_deliver(struct span_chain *chain, const struct block *block,
                        struct error *err) MUST_CHECK;

/* Waits until all parts have ended, or it is stopped. */
void span_chain_wait(struct span_chain *chain);

/* Nobody waits any more. */
void span_chain_stop(struct span_chain *chain);

#endif
