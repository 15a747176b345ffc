/*
 * rows.h - cuts one list into rows with bounded memory.
 *
 * A row is a line; of CSV, where a quoted field may hold newlines, it may be
 * several. A byte order mark at the start is passed over.
 */
#ifndef FETCHGREP_MANIFEST_ROWS_H
#define FETCHGREP_MANIFEST_ROWS_H

#include "input.h"

struct rows {
    struct input input;
    bool is_quoted; /* newlines in quotes do not end a row */
    char *buffer;
    size_t size;          /* bytes in the buffer */
    size_t at;            /* where the next row begins */
    uint64_t taken;       /* bytes before it */
    uint64_t line;        /* lines before it */
    uint64_t lines_until; /* rows that begin before it are lines, quotes or
                             not */
    bool is_started;      /* the byte order mark was looked for */
    bool is_end;          /* nothing more to read */
    bool is_stopped;      /* a signal came while we waited for more */
};

struct row {
    struct view bytes; /* without its line end (LF, CR LF) */
    uint64_t offset;
    uint64_t line; /* where it begins, from 1 */
};

enum rows_result {
    ROWS_ITEM,
    ROWS_LONG,
    ROWS_END,
    ROWS_STOPPED, /* interrupt.h: the rest is not read */
    ROWS_ERROR,
};

/* The descriptor stays the caller's. */
bool rows_init(struct rows *rows, int fd, bool is_quoted,
               struct error *err) MUST_CHECK;
void rows_release(struct rows *rows);

/*
 * The next row, borrowed until the next call. ROWS_LONG: it is over
 * MANIFEST_LINE_MAX; its beginning is there, the rest has been passed over.
 * ROWS_ERROR: message without the path.
 *
 * A quote that is not closed within MANIFEST_LINE_MAX, or to the end, takes
 * nothing with it: that row ends with its line, and so do all that follow as
 * far as was looked.
 */
enum rows_result rows_next(struct rows *rows, struct row *ret_row,
                           struct error *err) MUST_CHECK;

#endif
