/*
 * attempts.h - what the end of a transfer means for its host, and whether its
 * entry is tried again.
 *
 * Thread rule: no state; an entry belongs to its holder.
 */
#ifndef FETCHGREP_RUN_ATTEMPTS_H
#define FETCHGREP_RUN_ATTEMPTS_H

#include "fetchgrep/frontier/frontier.h"

/* The longest pause that a server may ask for (Retry-After); a longer one is
 * cut to it, so that no run waits for a day. */
enum { RETRY_AFTER_MAX_S = 300 };

struct frontier_answer answer_of(const struct entry *entry, bool has_answered,
                                 int64_t wall_ms);

/* Whether the entry, whose transfer is over, is to be tried again after
 * `ret_delay_ns`. `random` is 64 uniform bits. */
bool entry_wants_retry(const struct entry *entry, uint32_t retries,
                       uint64_t random, int64_t *ret_delay_ns);

/* Makes it ready for that: the failed page goes, its URL is the target again,
 * and the hops before it stay. */
void entry_forget_attempt(struct entry *entry, struct page_pool *pool);

/* A redirect leads to entry->target: the user information of an earlier URL of
 * the entry goes with it when it leads (back) to that URL's origin, and nowhere
 * else. False without memory. */
bool entry_keep_login(struct entry *entry) MUST_CHECK;

#endif
