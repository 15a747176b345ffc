/*
 * cookie.h - one cookie: read from a Set-Cookie field, and where it may go
 * (RFC 6265, with what its successor adds to keep Secure cookies safe).
 *
 * Thread rule: no state but the public suffix list, which is const.
 */
#ifndef FETCHGREP_FETCH_COOKIE_H
#define FETCHGREP_FETCH_COOKIE_H

#include "fetchgrep/model/url.h"

#include <libpsl.h>
#include <stdint.h>

enum {
    COOKIE_BYTES_MAX = 4096, /* name and value */
    COOKIE_ATTRIBUTE_MAX = 1024,
};

/* One block of memory holds the struct and its texts. */
struct cookie {
    struct cookie *next; /* of its site */
    struct view name, value;
    struct view domain; /* lower case, without a dot before it */
    struct view path;
    int64_t expires_ms; /* wall clock; INT64_MAX: with the run */
    uint64_t created;   /* a count */
    size_t size;        /* of the block */
    bool is_host_only;
    bool is_secure;
};

/* The cookie that a response of `url` sets; NULL when it sets none (faulty,
 * not its own to set) or without memory. One that has expired deletes. Free
 * it. `psl` may be NULL: then no cookie goes beyond its host. */
struct cookie *cookie_parse(const psl_ctx_t *psl, const struct url *url,
                            struct view field, int64_t wall_ms);

/* Whether it may be sent with a request for `url`. */
bool cookie_is_for(const struct cookie *cookie, const struct url *url,
                   int64_t wall_ms);

/* Whether it takes the place of `other`. */
bool cookie_replaces(const struct cookie *cookie, const struct cookie *other);

/* A cookie from a plain connection must not stand in for a Secure one. */
bool cookie_is_overshadowed(const struct cookie *cookie,
                            const struct cookie *secure);

/* The registrable domain of a host, or the host itself; borrowed from it. */
struct view cookie_site(const psl_ctx_t *psl, struct view host);

#endif
