/*
 * dedupe.h - has this URL been in the list before? (--dedupe)
 *
 * Two URLs are the same when the same is asked of the same server: scheme, user
 * information, host, port, path and query as url_parse has them; a fragment
 * does not count. They are compared by a 128-bit hash with a secret of the run:
 * that two different ones of a thousand million are taken for the same has a
 * chance of 1 to 10^20. Of each URL 24 bytes are kept for the life of the run,
 * in tables that are 7/12 to 7/8 full: 27 to 41 bytes, 34 on average.
 *
 * Thread rule: belongs to the thread that reads the list.
 */
#ifndef FETCHGREP_MANIFEST_DEDUPE_H
#define FETCHGREP_MANIFEST_DEDUPE_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/model/url.h"

struct dedupe;

/* `seed` should differ from run to run: whoever knows it could write a list
 * with URLs that are taken for others. */
struct dedupe *dedupe_new(uint64_t seed, struct error *err);
void dedupe_free(struct dedupe *dedupe);

enum dedupe_result {
    DEDUPE_NEW,  /* it is remembered now */
    DEDUPE_SEEN, /* `ret_first_id`: with which entry */
    DEDUPE_NO_MEMORY,
};

/* Called once for each URL of the list, in its order. */
enum dedupe_result dedupe_seen(struct dedupe *dedupe, const struct url *url,
                               uint64_t id, uint64_t *ret_first_id) MUST_CHECK;

/* Different URLs so far, and the memory they take. */
uint64_t dedupe_count(const struct dedupe *dedupe);
size_t dedupe_bytes(const struct dedupe *dedupe);

#endif
