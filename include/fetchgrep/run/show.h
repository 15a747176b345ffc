/*
 * show.h - one kept page: by its id, by its URL, or by where its record begins.
 *
 * From a run directory through its index and outcomes, from any WARC file
 * through an index beside it, else by reading it. The text is what patterns
 * see: it goes the way of extract.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_RUN_SHOW_H
#define FETCHGREP_RUN_SHOW_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/error.h"
#include "fetchgrep/extract/text.h"

enum show_part {
    SHOW_TEXT,    /* the body as patterns see it */
    SHOW_HEADERS, /* the HTTP head */
    SHOW_RAW,     /* what was kept, head and body, byte for byte */
};

struct show_options {
    const char *input; /* a run directory or a WARC file */
    /* "17" is an id (in a WARC file: its page number 17, from 0), "@12345" the
     * place in the WARC file where a record begins, anything else a URL. */
    const char *page;
    enum show_part part;
    size_t max_body;
    struct text_options text;
    size_t head; /* at most so many bytes; no character is cut in text */
};

/* Appends it to `out`. ERR_DATA: there is no such page, or not that part of it.
 */
bool show_page(const struct show_options *options, struct buf *out,
               struct error *err) MUST_CHECK;

#endif
