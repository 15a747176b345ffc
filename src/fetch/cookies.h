/*
 * cookies.h - the cookies of a run (--cookies): in memory, shared by all
 * loops, bounded.
 *
 * Thread rule: from any thread; one lock, held for one site's cookies.
 */
#ifndef FETCHGREP_FETCH_COOKIES_H
#define FETCHGREP_FETCH_COOKIES_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/model/url.h"

enum {
    COOKIES_A_SITE = 64,       /* a registrable domain and port */
    COOKIES_HEADER_MAX = 8192, /* bytes of a Cookie header */
    COOKIES_MEMORY = 32 << 20, /* of all; then the site that was asked least
                                  recently loses its own */
};

struct cookie_jar;

/* `memory` in bytes; `seed` should differ from run to run. */
struct cookie_jar *cookie_jar_new(size_t memory, uint64_t seed,
                                  struct error *err);
void cookie_jar_free(struct cookie_jar *jar);

/* Takes the Set-Cookie fields of a response's head. Without memory a cookie is
 * lost. */
void cookie_jar_note(struct cookie_jar *jar, const struct url *url,
                     struct view head, int64_t wall_ms);

/* The value of the Cookie header for this request, on the heap; NULL when
 * there is none. False without memory. */
bool cookie_jar_header(struct cookie_jar *jar, const struct url *url,
                       int64_t wall_ms, char **ret_header) MUST_CHECK;

/* What is kept at the moment, in bytes. */
size_t cookie_jar_size(struct cookie_jar *jar);

#endif
