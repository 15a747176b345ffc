#include "rows.h"

#include "csv_row.h"

#include "fetchgrep/manifest/manifest.h"

#include <assert.h>

enum { LONG_ROW_SHOWN = 256, BUFFER_SIZE = MANIFEST_LINE_MAX + (1 << 16) };

bool rows_init(struct rows *rows, int fd, bool is_quoted, struct error *err)
{
    *rows =
        (struct rows){ .is_quoted = is_quoted, .buffer = malloc(BUFFER_SIZE) };
    input_init(&rows->input, fd);
    return rows->buffer || error_no_memory(err, "the manifest's lines");
}

void rows_release(struct rows *rows)
{
    free(rows->buffer);
    input_release(&rows->input);
    *rows = (struct rows){ .input = { .fd = -1 } };
}

/* Moves what is left to the front and reads more behind it. */
static bool fill(struct rows *rows, struct error *err)
{
    size_t got = 0;
    memmove(rows->buffer, rows->buffer + rows->at, rows->size - rows->at);
    rows->size -= rows->at;
    rows->at = 0;
    switch (input_read(&rows->input, rows->buffer + rows->size,
                       BUFFER_SIZE - rows->size, &got, err)) {
    case INPUT_ERROR:
        return false;
    case INPUT_STOPPED:
        rows->is_stopped = true;
        rows->is_end = true;
        return true;
    case INPUT_END:
        rows->is_end = true;
        return true;
    case INPUT_SOME:
    default:
        rows->size += got;
        return true;
    }
}

static void take(struct rows *rows, size_t size)
{
    rows->at += size;
    rows->taken += size;
}

static struct view left_of(const struct rows *rows)
{
    return view_of(rows->buffer + rows->at, rows->size - rows->at);
}

static bool pass_mark(struct rows *rows, struct error *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t left = 0;
    while (!rows->is_end && left < sizeof(mark) - 1 &&
           !memcmp(rows->buffer, mark, left)) {
        if (!fill(rows, err))
            return false;
        left = left_of(rows).size;
    }
    if (view_starts_with(left_of(rows), mark))
        take(rows, sizeof(mark) - 1);
    rows->is_started = true;
    return true;
}

/* ---- rows that are too long ---------------------------------------------- */

/* Drops bytes up to and with the next newline. */
static bool pass_over(struct rows *rows, struct error *err)
{
    for (;;) {
        struct view left = left_of(rows);
        const char *end = left.size ? memchr(left.data, '\n', left.size) : NULL;
        take(rows, end ? (size_t)(end + 1 - left.data) : left.size);
        if (end || rows->is_end)
            return true;
        if (!fill(rows, err))
            return false;
    }
}

static enum rows_result long_row(struct rows *rows, struct row *ret_row,
                                 struct error *err)
{
    static_assert(LONG_ROW_SHOWN < BUFFER_SIZE - MANIFEST_LINE_MAX,
                  "the shown part is kept behind the read area");
    struct row row = { .offset = rows->taken, .line = ++rows->line };
    char shown[LONG_ROW_SHOWN];
    memcpy(shown, rows->buffer + rows->at, LONG_ROW_SHOWN);
    if (!pass_over(rows, err))
        return ROWS_ERROR;
    /* Nothing of the buffer before `at` is in use any more once the rest is
     * moved up to the end of it. */
    size_t left = rows->size - rows->at;
    memmove(rows->buffer + LONG_ROW_SHOWN, rows->buffer + rows->at, left);
    memcpy(rows->buffer, shown, LONG_ROW_SHOWN);
    rows->at = LONG_ROW_SHOWN;
    rows->size = LONG_ROW_SHOWN + left;
    row.bytes = view_of(rows->buffer, LONG_ROW_SHOWN);
    *ret_row = row;
    return ROWS_LONG;
}

/* ---- rows ---------------------------------------------------------------- */

/* How far a row has been looked at. */
struct search {
    size_t done;
    enum csv_place place; /* there, when quotes count */
};

/* Looks for the end of the row; true: it is at `search->done`. */
static bool find_end(const struct rows *rows, bool is_quoted,
                     struct search *search)
{
    struct view left = left_of(rows);
    if (is_quoted)
        return csv_find_end(left, &search->done, &search->place);
    struct view rest = view_from(left, search->done);
    const char *end = rest.size ? memchr(rest.data, '\n', rest.size) : NULL;
    search->done = end ? (size_t)(end - left.data) : left.size;
    return end != NULL;
}

/* Whether the quote that is open where the search ended is not closed. */
static bool is_unclosed(const struct rows *rows, const struct search *search,
                        bool is_found)
{
    return search->done > MANIFEST_LINE_MAX ||
           (!is_found && rows->is_end && !rows->is_stopped &&
            search->place == CSV_IN_QUOTES);
}

static uint64_t count_lines(struct view bytes)
{
    uint64_t count = 0;
    const char *end = bytes.data + bytes.size, *at = bytes.data;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        count++;
        at++;
    }
    return count;
}

static void take_row(struct rows *rows, size_t size, bool has_end,
                     bool is_quoted, struct row *ret_row)
{
    struct view bytes = view_first(left_of(rows), size);
    ret_row->offset = rows->taken;
    ret_row->line = rows->line + 1;
    rows->line += 1 + (is_quoted ? count_lines(bytes) : 0);
    take(rows, size + has_end);
    if (size && bytes.data[size - 1] == '\r')
        bytes.size--;
    ret_row->bytes = bytes;
}

enum rows_result rows_next(struct rows *rows, struct row *ret_row,
                           struct error *err)
{
    struct search search = { 0 };
    if (!rows->is_started && !pass_mark(rows, err))
        return ROWS_ERROR;
    for (;;) {
        bool is_quoted = rows->is_quoted && rows->taken >= rows->lines_until;
        bool is_found = find_end(rows, is_quoted, &search);
        if (is_quoted && is_unclosed(rows, &search, is_found)) {
            rows->lines_until = rows->taken + search.done;
            search = (struct search){ 0 };
            continue;
        }
        if (search.done > MANIFEST_LINE_MAX)
            return long_row(rows, ret_row, err);
        if (rows->is_stopped && !is_found)
            return ROWS_STOPPED;
        if (is_found || (rows->is_end && search.done)) {
            take_row(rows, search.done, is_found, is_quoted, ret_row);
            return ROWS_ITEM;
        }
        if (rows->is_end)
            return ROWS_END;
        if (!fill(rows, err))
            return ROWS_ERROR;
    }
}
