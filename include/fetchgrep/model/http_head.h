/*
 * http_head.h - reads the head of an HTTP/1.x response: status line and
 * fields, as sent, as stored in a WARC record. Tolerant as browsers are: LF
 * without CR, folded lines, any case of names.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_MODEL_HTTP_HEAD_H
#define FETCHGREP_MODEL_HTTP_HEAD_H

#include "fetchgrep/base/view.h"

#include <stdbool.h>

/* All views borrow from the bytes that were parsed. */
struct http_head {
    int status;          /* 100 to 999 */
    struct view version; /* "1.1" */
    struct view reason;
    struct view fields; /* the field lines, for http_head_field */
    size_t size;        /* with the empty line: the body starts here */
    struct view content_type;
    struct view content_encoding; /* the first such field's value */
    struct view location;
    bool is_chunked; /* the last transfer coding is chunked */
};

/* False when `bytes` does not start with an HTTP status line. A head that
 * never ends (no empty line) extends to the end of `bytes`. */
bool http_head_parse(struct view bytes, struct http_head *ret_head);

/* The value of the first field called `name` (any case), trimmed. False when
 * there is none. */
bool http_head_field(const struct http_head *head, const char *name,
                     struct view *ret_value);

/* The next field line at `*cursor` (0 to start). False at the end. */
bool http_head_next(const struct http_head *head, size_t *cursor,
                    struct view *ret_name, struct view *ret_value);

/* "text/html" of "text/html; charset=utf-8", trimmed. */
struct view http_media_type(struct view content_type);

/* The value of a parameter, quotes taken off: "utf-8". False without it. */
bool http_media_parameter(struct view content_type, const char *name,
                          struct view *ret_value);

#endif
