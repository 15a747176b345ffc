/*
 * fetch.h - the network half: event loops that download entries.
 *
 * Each loop is one thread with a curl multi handle of its own, driven by epoll
 * (curl_multi_socket_action(3)), and a set of easy handles that are used again
 * and again. A loop asks for an entry whenever it has room for one more
 * transfer and the page pool has room for its first bytes; never more handles
 * are added than may start. A finished transfer is handed on with its page:
 * head and body byte for byte in the pool. Nothing is decoded, hashed or
 * written here.
 *
 * Names are resolved before a handle is added, once for all who wait for them
 * (src/fetch/resolver.h); libcurl asks for none but a proxy's.
 *
 * Redirects are not followed by libcurl: the caller sends the next hop through
 * its host's turn. Time-outs are kept by our own clock. Nothing is ever
 * paused: when the pool is full the youngest transfer of the loop is dropped
 * and put back.
 *
 * Thread rule: fetch_wake, fetch_stop and fetch_counts from any thread; the
 * rest from the thread that made the fetcher. Hooks are called by the loops,
 * concurrently when there are several.
 */
#ifndef FETCHGREP_FETCH_FETCH_H
#define FETCHGREP_FETCH_FETCH_H

#include "fetchgrep/fetch/address.h"
#include "fetchgrep/fetch/name_options.h"
#include "fetchgrep/model/page.h"

/* The longest response head; longer is outcome bad-response. */
enum { FETCH_HEAD_MAX = 256 << 10 };

/* A header that goes to one host alone (--header-for). */
struct fetch_host_header {
    const char *host;   /* "example.org" (any port), "example.org:8080", or one
                           origin: "https://example.org" */
    const char *header; /* "K: V" */
};

/* Whether pages of this media type are wanted (--mime); empty: not told. */
typedef bool fetch_wants_mime_fn(const void *ctx, struct view mime);

/* All pointers are borrowed for the life of the fetcher. */
struct fetch_options {
    uint32_t concurrency;       /* transfers at once, over all loops */
    uint32_t loop_count;        /* at most `concurrency` */
    int64_t connect_timeout_ms; /* name, connect and TLS together */
    int64_t timeout_ms;         /* the whole transfer */
    int64_t stall_timeout_ms;   /* no byte for so long */
    size_t max_body;            /* bytes of the body as sent */
    uint64_t max_rate;          /* bytes a second, all loops; 0: no limit */
    const char *const *headers; /* "K: V", sent to every host */
    size_t header_count;
    const struct fetch_host_header *host_headers;
    size_t host_header_count;
    const char *user_agent;
    const char *proxy;   /* NULL: none */
    const char *ca_file; /* NULL: the system's */
    bool is_insecure;
    const char *cert_file;           /* the client's own, PEM; NULL: none */
    const char *key_file;            /* its key; NULL: in cert_file too */
    const char *key_password;        /* NULL: none */
    bool has_http2;                  /* where a TLS server speaks it */
    bool has_cookies;                /* kept for the run, and sent back */
    fetch_wants_mime_fn *wants_mime; /* NULL: all are wanted */
    const void *wants_mime_ctx;
    const struct address_rule *address_rule;
    struct name_options names;
};

enum fetch_take_result { FETCH_TAKE_ENTRY, FETCH_TAKE_WAIT, FETCH_TAKE_END };

struct fetch_hooks {
    /* The next entry to start, or wait until fetch_wake or `ret_due_ns`
     * (clock_now_ns; 0: no such time), or there will be none. Must not block.
     */
    enum fetch_take_result (*take)(void *ctx, struct entry **ret_entry,
                                   int64_t *ret_due_ns);
    /* A transfer is over: entry->outcome and detail are set, entry->page is
     * the new page (its previous_hop the earlier one). `has_answered`: the
     * host spoke HTTP. True: it is handed on by the next deliver; false: the
     * entry has gone elsewhere. */
    bool (*finish)(void *ctx, struct entry *entry, bool has_answered);
    /* Takes the finished entries of a round. */
    void (*deliver)(void *ctx, struct entry **entries, size_t count);
    /* No room, or stopped: the entry is as it was when it was taken. Its host
     * may be left alone for `hold_ns`. */
    void (*put_back)(void *ctx, struct entry *entry, bool has_answered,
                     int64_t hold_ns);
    /* A loop cannot go on (the machine); it has put its entries back. */
    void (*fail)(void *ctx, const struct error *err);
    void *ctx;
};

/* Whether proxy URL, CA file, certificate and key can be used: before the first
 * fetch, a fault of theirs is one of usage. Blocks on the files. */
bool fetch_check_options(const struct fetch_options *options,
                         struct error *err) MUST_CHECK;

struct fetcher;

/* Starts the loops, and libcurl (curl_global_init).
 * `options` is borrowed for the life of the fetcher. */
struct fetcher *fetch_start(const struct fetch_options *options,
                            const struct fetch_hooks *hooks,
                            struct page_pool *pool, struct error *err);

/* Some entry may start or some room is free: loops that wait look again. */
void fetch_wake(struct fetcher *fetcher);

/* Transfers still open after `grace_ms` are put back. Starts nothing new only
 * because hooks.take says so. */
void fetch_stop(struct fetcher *fetcher, int64_t grace_ms);

/* Waits until all loops have ended, and puts back what waited for its name.
 * Wake-ups may still come. */
void fetch_join(struct fetcher *fetcher);

/* Closes the kept connections and frees. Joined before; takes NULL. */
void fetch_free(struct fetcher *fetcher);

struct fetch_counts {
    uint64_t open;           /* transfers at the moment */
    uint64_t received_bytes; /* heads and bodies */
    uint64_t put_back;       /* transfers dropped for want of room */
};

struct fetch_counts fetch_counts(struct fetcher *fetcher);

/* When the last byte of an answer came (clock_now_ns); 0: none yet. */
int64_t fetch_last_byte_ns(struct fetcher *fetcher);

/* Whether names are resolved, and so checked, here: without a proxy, and where
 * the proxy wants addresses. */
bool fetch_resolves_names(const struct fetch_options *options);

/* The descriptors that the loops may need at once, for RLIMIT_NOFILE. */
uint64_t fetch_descriptors(uint32_t concurrency);

/*
 * The head of the request for `url` as libcurl sends it, built from what we
 * set, for the WARC request record. Secrets (user information, headers of
 * --header-for) are masked as "***"; `cookie`, the page's, is shown; `known`
 * as page.h's. What a proxy adds or an HTTP/2 connection changes is not in it.
 */
struct buf;
void fetch_request_head(const struct fetch_options *options,
                        const struct url *url, const char *cookie,
                        const struct known_answer *known, struct buf *out);

/*
 * Where a finished page leads: true when it is a redirect with a Location,
 * which borrows from the page's bytes.
 */
bool fetch_redirect_location(const struct page *page,
                             struct view *ret_location);

/* How long a finished page's server wants to be left alone (Retry-After, RFC
 * 9110 10.2.3: seconds or a date), in ms; 0 when it does not say. `wall_ms` is
 * the time it was said. */
int64_t fetch_retry_after_ms(const struct page *page, int64_t wall_ms);

#endif
