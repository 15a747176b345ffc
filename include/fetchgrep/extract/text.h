/*
 * text.h - from body bytes to the text that patterns see: valid UTF-8.
 *
 * Byte order mark off; valid UTF-8 is used as it lies, anything else is copied
 * with U+FFFD in the place of ill-formed parts. Other charsets get their place
 * here.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_EXTRACT_TEXT_H
#define FETCHGREP_EXTRACT_TEXT_H

#include "fetchgrep/base/buf.h"

struct text {
    struct view bytes;     /* valid UTF-8 */
    const char *charset;   /* "utf-8": what it was read as */
    size_t replaced_count; /* ill-formed parts that became U+FFFD */
};

/* False without memory. `ret_text` borrows from `body` or from `scratch`. */
bool text_of_body(struct view body, struct buf *scratch,
                  struct text *ret_text) MUST_CHECK;

/* Whether a page is text: no NUL in its first 1,024 bytes, and a media type
 * that is none (empty), text/…, or a textual application type (JSON, XML,
 * JavaScript, …+json, …+xml and kin). `why` becomes a sentence part when not.
 */
bool text_is_searchable(struct view media_type, struct view body,
                        const char **ret_why);

#endif
