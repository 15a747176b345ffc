/*
 * name_news.h - what an answer means: for the name, and for an entry that has
 * waited for it.
 *
 * Thread rule: name_news_of has no state; the others under the resolver's lock.
 */
#ifndef FETCHGREP_FETCH_NAME_NEWS_H
#define FETCHGREP_FETCH_NAME_NEWS_H

#include "name_cache.h"

#include "fetchgrep/model/page.h"

/* An answer as a name keeps it: without what the address rule refuses, in
 * order. */
struct name_news {
    enum name_status status;
    int64_t lifetime_s;
    struct address_set *addresses; /* a reference, or NULL */
    struct address refused;
    const char *refused_kind;
};

struct name_news name_news_of(const struct name_answer *answer,
                              const struct address_rule *rule);

/* Takes the reference. Addresses that are known go on for a while when nobody
 * can be asked (RFC 8767). */
void name_learn(struct name *name, const struct name_news *news,
                int64_t now_ns);

/* The entry is over for want of an address: a page of nothing tells when, where
 * and how long. Without memory for one it is over all the same. */
void name_end_entry(const struct name *name, struct entry *entry);

#endif
