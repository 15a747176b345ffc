/*
 * page.h - one HTTP exchange as it came back, and the entry it belongs to.
 *
 * An entry is one line of a manifest on its way to its outcome. Each hop of a
 * redirect chain leaves a page behind, newest first in `entry->page`. Only the
 * last page is searched; all are kept.
 *
 * Ownership: whoever holds the entry owns it and everything below it. It moves
 * feeder -> frontier -> fetch -> queue -> team, one holder at a time, so no
 * field needs a lock.
 */
#ifndef FETCHGREP_MODEL_PAGE_H
#define FETCHGREP_MODEL_PAGE_H

#include "fetchgrep/model/known_answer.h"
#include "fetchgrep/model/outcome.h"
#include "fetchgrep/model/page_pool.h"
#include "fetchgrep/model/url.h"

enum { PAGE_IP_SIZE = 46 };

/* Durations since the transfer began, microseconds (curl_easy_getinfo(3)). */
struct page_timing {
    int64_t dns_us;
    int64_t connect_us;
    int64_t tls_us;
    int64_t first_byte_us;
    int64_t total_us;
};

/* Why the record of this page is shorter than what the server meant to send
 * (ISO 28500, WARC-Truncated). */
enum page_cut {
    PAGE_WHOLE,
    PAGE_CUT_LENGTH,
    PAGE_CUT_TIME,
    PAGE_CUT_DISCONNECT,
    PAGE_CUT_UNSPECIFIED, /* the answer broke off for a reason of its own */
};

struct page {
    struct page *previous_hop; /* the page that redirected here, or NULL */
    struct url url;            /* what was asked for */
    char *cookie;              /* sent with it (--cookies), heap, or NULL */
    struct extent bytes;       /* head, then body, byte for byte */
    size_t head_size;
    size_t body_size;
    int status;            /* 0: no head came */
    char http_version[4];  /* "1.1" */
    char ip[PAGE_IP_SIZE]; /* "" when unknown */
    int64_t fetched_at_ms; /* wall clock, start of the request */
    struct page_timing timing;
    enum page_cut cut;
    const struct known_answer *known; /* what it was asked about, the entry's;
                                         NULL: asked without conditions */
    bool is_name_missing; /* no name server will ever tell an address */
    bool is_proxy_fault;  /* it failed at the proxy, before the host */
};

/* Heap; NULL without memory. `url` is moved in. */
struct page *page_new(struct url *url);

/* Frees it and its previous hops; bytes go back to `pool`. Takes NULL. */
void page_free(struct page *page, struct page_pool *pool);

struct host;        /* the frontier's */
struct address_set; /* the resolver's */

/* What an entry was about before it went to fetch its origin's robots.txt. */
struct detour {
    struct url target;
    struct page *page;
    struct known_answer *known; /* nothing is known of the robots.txt */
    uint32_t attempts;
    uint32_t redirects;
    size_t need_bytes;
};

struct entry {
    struct entry *next;    /* the list it stands in */
    uint64_t id;           /* ordinal in the manifest, from 0 */
    uint32_t source_index; /* which manifest */
    uint64_t line;         /* in that manifest, from 1 */
    char *url;             /* as in the manifest, masked; shown in results */
    char *keep;            /* heap: columns of its row, a JSON object on one
                              line ("null": too long), or NULL */
    struct url target;     /* what to fetch next; the redirect's, later */
    struct url login;      /* its first URL with user information, or empty,
                              noted when a redirect left it */
    struct host *host;     /* whose turn it needs */
    struct page *page;     /* newest hop, or NULL */
    struct page *asides;   /* pages that it fetched for others: robots.txt;
                              kept, and no hops of its own */
    struct detour *detour; /* while it fetches those */
    struct known_answer *known; /* of an earlier run, to target or to the URL
                                   that it led to then; or NULL (--since) */
    uint64_t duplicate_of;      /* OUTCOME_DUPLICATE: the first one's id */
    bool is_parked;             /* the frontier's (frontier_park) */
    uint32_t attempts;
    uint32_t redirects;
    size_t need_bytes; /* room its page needed when it was put back */
    int64_t taken_ns;  /* its transfer may begin since then */
    struct address_set *addresses; /* of target.host, while fetch has it */
    uint32_t address_index;        /* the one to begin with */
    int64_t name_ns;               /* that it took to find them */
    enum outcome outcome;          /* meaningful once it leaves fetch */
    bool nobody_answered; /* with it: no name server, no route, no connection in
                             time */
    char *detail;         /* heap: a sentence when it is not ok, or NULL */
};

/* Heap, zeroed; NULL without memory. */
struct entry *entry_new(void);

/* Takes NULL. Page bytes go back to `pool`. */
void entry_free(struct entry *entry, struct page_pool *pool);

/* Sets outcome and detail (an earlier detail is replaced); somebody answered.
 */
void entry_end(struct entry *entry, enum outcome outcome, const char *format,
               ...) PRINTF_LIKE(3, 4);

#endif
