/*
 * lines.h - cuts one descriptor into lines with bounded memory.
 */
#ifndef FETCHGREP_MANIFEST_LINES_H
#define FETCHGREP_MANIFEST_LINES_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

struct lines {
    int fd;
    char *buffer;
    size_t size;     /* bytes in the buffer */
    size_t at;       /* where the next line begins */
    uint64_t taken;  /* bytes of all lines handed out */
    bool is_end;     /* nothing more to read */
    bool is_stopped; /* a signal came while we waited for more */
};

enum lines_result {
    LINES_ITEM,
    LINES_LONG,
    LINES_END,
    LINES_STOPPED, /* interrupt.h: the rest is not read */
    LINES_ERROR,
};

/* The descriptor stays the caller's. */
bool lines_init(struct lines *lines, int fd, struct error *err) MUST_CHECK;
void lines_release(struct lines *lines);

/* The next line without its newline, borrowed until the next call. LINES_LONG:
 * it is over MANIFEST_LINE_MAX; `ret_line` is its beginning, the rest has been
 * passed over. LINES_ERROR: errno in `err`, message without the path. */
enum lines_result lines_next(struct lines *lines, struct view *ret_line,
                             struct error *err) MUST_CHECK;

#endif
