/*
 * url_clean.h - what the URL standard of the WHATWG makes of text from the
 * wild, as text that libcurl's parser takes the same way.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_MODEL_URL_CLEAN_H
#define FETCHGREP_MODEL_URL_CLEAN_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/model/url.h"

enum url_clean_result {
    URL_CLEAN_WHOLE,     /* an http or https URL */
    URL_CLEAN_REFERENCE, /* path and query, relative to the base */
    URL_CLEAN_OTHER,     /* another scheme, or none: as it was, but trimmed */
    URL_CLEAN_INVALID,
    URL_CLEAN_NO_MEMORY,
};

/* The text without what the standard takes off its ends: blanks and control
 * characters. */
struct view url_trim(struct view text);

/* Appends to `out`, ASCII alone unless it is OTHER. `base`: NULL: none.
 * INVALID: `ret_why` is the reason, part of a sentence. */
enum url_clean_result url_clean(struct view text, const struct url *base,
                                struct buf *out, const char **ret_why);

/* Appends the host as it is looked up: ASCII, lower case; an address in its
 * canonical form, however it is written. NULL, or why it is none. */
const char *url_host_append(struct view host, struct buf *out);

/* The URL, when it is so ordinary that url_clean and libcurl would leave it as
 * it is but for case, fragment and missing slash. False: it is not, or there
 * is no memory: they must tell. */
bool url_read_plain(struct view text, struct url *ret_url);

/* Without url_read_plain: for tests. */
enum url_result url_parse_fully(struct view line, struct url *ret_url,
                                char *problem) MUST_CHECK;

#endif
