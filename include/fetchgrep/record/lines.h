/*
 * lines.h - outcome lines, and text on a line (docs/formats.md). Match lines
 * are match_form.h's.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_RECORD_LINES_H
#define FETCHGREP_RECORD_LINES_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/model/page.h"

/* What an outcome line says. Empty views and the marked values leave a member
 * out. */
struct outcome_line {
    uint64_t id;
    struct view url;
    enum outcome outcome;
    int status;            /* 0: no answer came */
    struct view final_url; /* masked */
    uint32_t attempts;
    uint32_t redirects;
    bool was_fetched; /* attempts and redirects mean something */
    struct view ip;
    struct view http;
    struct view mime;
    struct view charset;
    struct view charset_from; /* the rule that decided it */
    bool has_body;            /* bytes means something */
    uint64_t body_bytes;      /* as sent */
    bool has_text;            /* text_bytes and matches mean something */
    uint64_t text_bytes;
    uint64_t replaced_count; /* U+FFFD put in; 0 is left out */
    struct view digest;
    int64_t fetched_at_ms;            /* 0: not known */
    const struct page_timing *timing; /* NULL: not fetched now */
    bool has_matches;
    uint64_t match_count;
    bool is_duplicate;
    uint64_t duplicate_of; /* the id of the first one */
    struct view source;
    uint64_t line;    /* 0: none */
    struct view keep; /* JSON */
    struct view detail;
};

/* Appends the line without its closing brace and newline: the recorder adds
 * the place of the page, and them. */
void outcome_line_append(const struct outcome_line *line, struct buf *out);

/* What closes it: `,"warc":…,"warc_offset":…}` and newline; an empty
 * `warc_path` leaves both out. */
void outcome_line_close(struct view warc_path, uint64_t warc_offset,
                        struct buf *out);

/* Appends text with control characters and backslashes escaped (\n, \t, \\,
 * \xNN), so that a line stays a line. */
void text_append_escaped(struct view text, struct buf *out);

#endif
