/*
 * url.h - a URL that can be fetched, or the reason why it cannot.
 *
 * Parsing is libcurl's (curl_url, RFC 3986 with what the WHATWG standard
 * forgives), so what is checked here is what libcurl will connect to.
 * Thread rule: no state; a struct url belongs to one thread at a time.
 */
#ifndef FETCHGREP_MODEL_URL_H
#define FETCHGREP_MODEL_URL_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"
#include "fetchgrep/model/outcome.h"

enum url_scheme { URL_HTTP, URL_HTTPS };

/* All views point into the block that `text` begins. */
struct url {
    char *text; /* normalized, NUL terminated, without fragment */
    size_t text_size;
    enum url_scheme scheme;
    struct view host;   /* lower case, a literal IPv6 address in brackets */
    uint16_t port;      /* explicit or the scheme's own */
    struct view origin; /* the key of politeness: "example.org:443" */
    struct view target; /* path and query, as the request line has it */
    bool has_userinfo;
};

enum url_result {
    URL_OK,
    URL_INVALID, /* outcome invalid-url */
    URL_DENIED,  /* a scheme other than http and https: outcome denied */
    URL_NO_MEMORY,
};

/*
 * Parses one line of a manifest (blanks at the ends are ignored). On URL_OK
 * `ret_url` owns memory: url_release. On URL_INVALID and URL_DENIED
 * `problem` (ERROR_MESSAGE_SIZE) gets a sentence for people.
 */
enum url_result url_parse(struct view line, struct url *ret_url,
                          char *problem) MUST_CHECK;

/* The same for a Location header, relative to `base` (RFC 3986, 5). */
enum url_result url_resolve(const struct url *base, struct view reference,
                            struct url *ret_url, char *problem) MUST_CHECK;

/* The longest host name (RFC 1035, 2.3.4, with room for a dot at the end). */
enum { URL_NAME_MAX = 255 };

/* "example.org:443", as url_parse's `origin`. */
struct url_origin {
    size_t size;
    char text[URL_NAME_MAX + sizeof(":65535")];
};

/* The origin of a line without parsing the rest, when it is an unremarkable
 * URL. False: url_parse must tell. True: url_parse, should it take the line,
 * tells the same. */
bool url_scan_origin(struct view text, struct url_origin *ret_origin);

void url_release(struct url *url);

/* A copy of its own; false without memory. */
bool url_copy(const struct url *url, struct url *ret_url) MUST_CHECK;

/* Whether scheme, host and port are the same. */
bool url_same_origin(const struct url *a, const struct url *b);

/* Gives `url` the user information of `from`. False without memory. */
bool url_adopt_login(struct url *url, const struct url *from) MUST_CHECK;

/* The size of the block, and the same URL in a copy of it. */
size_t url_block_size(const struct url *url);
void url_move(struct url *url, char *block);

/* The text with user information masked as "***@", for every place where it
 * is shown. On the heap, NULL without memory. Free it. */
char *url_shown(struct view text);

/* Whether two URLs stand behind one another, as a comma forgotten in a list
 * leaves them: the offset of the second "http(s)://", 0 when not. */
size_t url_glued_at(struct view text);

/* Appends the SURT form of the URL, "org,example)/path": a CDXJ key. */
struct buf;
void url_append_surt(struct view text, struct buf *out);

#endif
