/*
 * span_settle.h - gives results their final ids before they are written, where
 * those are known by then (span_ids.h).
 *
 * Thread rule: no state; the ids have a lock of their own.
 */
#ifndef FETCHGREP_RUN_SPAN_SETTLE_H
#define FETCHGREP_RUN_SPAN_SETTLE_H

#include "span_ids.h"

#include "fetchgrep/record/block.h"

/* Whether lines of the block, which all come from one span, are to be given
 * other ids. Those that are not known yet are noted: they are put right when
 * all is read. */
bool span_settle_is_due(struct span_ids *ids, const struct block *block);

/* Rewrites the `{"id":N` that lines begin with; match lines only when they are
 * of that kind. */
bool span_settle(struct span_ids *ids, struct block *block, bool has_plain_ids,
                 struct error *err) MUST_CHECK;

#endif
