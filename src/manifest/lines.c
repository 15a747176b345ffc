#include "lines.h"

#include "fetchgrep/base/interrupt.h"
#include "fetchgrep/manifest/manifest.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

enum { LONG_LINE_SHOWN = 256, BUFFER_SIZE = MANIFEST_LINE_MAX + (1 << 16) };

bool lines_init(struct lines *lines, int fd, struct error *err)
{
    *lines = (struct lines){ .fd = fd, .buffer = malloc(BUFFER_SIZE) };
    return lines->buffer || error_no_memory(err, "the manifest's lines");
}

void lines_release(struct lines *lines)
{
    free(lines->buffer);
    *lines = (struct lines){ .fd = -1 };
}

/* Moves what is left to the front and reads more behind it. */
static bool fill(struct lines *lines, struct error *err)
{
    memmove(lines->buffer, lines->buffer + lines->at, lines->size - lines->at);
    lines->size -= lines->at;
    lines->at = 0;
    ssize_t got;
    if (!interrupt_wait_readable(lines->fd)) {
        lines->is_stopped = lines->is_end = true;
        return true;
    }
    do {
        got = read(lines->fd, lines->buffer + lines->size,
                   BUFFER_SIZE - lines->size);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot read");
    lines->size += (size_t)got;
    lines->is_end = got == 0;
    return true;
}

/* Drops bytes up to and with the next newline. */
static bool pass_over(struct lines *lines, struct error *err)
{
    for (;;) {
        char *from = lines->buffer + lines->at;
        size_t left = lines->size - lines->at;
        char *end = left ? memchr(from, '\n', left) : NULL;
        size_t passed = end ? (size_t)(end + 1 - from) : left;
        lines->at += passed;
        lines->taken += passed;
        if (end || lines->is_end)
            return true;
        if (!fill(lines, err))
            return false;
    }
}

static enum lines_result long_line(struct lines *lines, struct view *ret_line,
                                   struct error *err)
{
    static_assert(LONG_LINE_SHOWN < BUFFER_SIZE - MANIFEST_LINE_MAX,
                  "the shown part is kept behind the read area");
    char shown[LONG_LINE_SHOWN];
    memcpy(shown, lines->buffer + lines->at, LONG_LINE_SHOWN);
    if (!pass_over(lines, err))
        return LINES_ERROR;
    /* Nothing of the buffer before `at` is in use any more once the rest is
     * moved up to the end of it. */
    size_t left = lines->size - lines->at;
    memmove(lines->buffer + LONG_LINE_SHOWN, lines->buffer + lines->at, left);
    memcpy(lines->buffer, shown, LONG_LINE_SHOWN);
    lines->at = LONG_LINE_SHOWN;
    lines->size = LONG_LINE_SHOWN + left;
    *ret_line = view_of(lines->buffer, LONG_LINE_SHOWN);
    return LINES_LONG;
}

enum lines_result lines_next(struct lines *lines, struct view *ret_line,
                             struct error *err)
{
    size_t searched = 0;
    for (;;) {
        char *from = lines->buffer + lines->at;
        size_t left = lines->size - lines->at;
        char *end = left > searched
                        ? memchr(from + searched, '\n', left - searched)
                        : NULL;
        size_t size = end ? (size_t)(end - from) : left;
        if (size > MANIFEST_LINE_MAX)
            return long_line(lines, ret_line, err);
        if (lines->is_stopped && !end)
            return LINES_STOPPED;
        if (end || (lines->is_end && left)) {
            *ret_line = view_of(from, size);
            lines->at += size + (end != NULL);
            lines->taken += size + (end != NULL);
            return LINES_ITEM;
        }
        if (lines->is_end)
            return LINES_END;
        searched = left;
        if (!fill(lines, err))
            return LINES_ERROR;
    }
}
