#include "csv_row.h"

static enum csv_place next_place(enum csv_place place, char c)
{
    switch (place) {
    case CSV_IN_QUOTES:
        return c == '"' ? CSV_AT_QUOTE : CSV_IN_QUOTES;
    case CSV_AT_QUOTE:
        return c == '"'   ? CSV_IN_QUOTES
               : c == ',' ? CSV_FIELD_START
                          : CSV_IN_FIELD;
    case CSV_FIELD_START:
        if (c == '"')
            return CSV_IN_QUOTES;
        return c == ',' ? CSV_FIELD_START : CSV_IN_FIELD;
    case CSV_IN_FIELD:
    default:
        return c == ',' ? CSV_FIELD_START : CSV_IN_FIELD;
    }
}

/* Most rows have no quote at all. */
static bool find_plain_end(struct view bytes, size_t *done)
{
    const char *end = memchr(bytes.data, '\n', bytes.size);
    size_t size = end ? (size_t)(end - bytes.data) : 0;
    if (!end || memchr(bytes.data, '"', size))
        return false;
    *done = size;
    return true;
}

bool csv_find_end(struct view bytes, size_t *done, enum csv_place *place)
{
    if (*done == 0 && bytes.size && find_plain_end(bytes, done))
        return true;
    enum csv_place now = *place;
    size_t at = *done;
    while (at < bytes.size && (bytes.data[at] != '\n' || now == CSV_IN_QUOTES))
        now = next_place(now, bytes.data[at++]);
    *done = at;
    *place = now;
    return at < bytes.size;
}

/* Ends the field at `size`, and goes past the comma there. */
static void leave_field(struct view *rest, size_t size)
{
    if (size < rest->size)
        *rest = view_from(*rest, size + 1);
    else
        *rest = view_of(NULL, 0);
}

/* A field that begins with a quote. */
static enum csv_result take_quoted(struct view *rest, struct buf *scratch,
                                   struct view *ret_field)
{
    enum csv_place place = CSV_IN_QUOTES;
    size_t start = scratch->size, at = 1;
    for (; at < rest->size; at++) {
        place = next_place(place, rest->data[at]);
        if (place == CSV_FIELD_START)
            break;
        if (place != CSV_AT_QUOTE)
            buf_append_char(scratch, rest->data[at]);
    }
    if (place == CSV_IN_QUOTES)
        return CSV_UNCLOSED;
    if (scratch->failed)
        return CSV_NO_MEMORY;
    leave_field(rest, at);
    *ret_field = view_from(buf_view(scratch), start);
    /* An empty one is there too. */
    if (!ret_field->data)
        *ret_field = view_of("", 0);
    return CSV_FIELD;
}

enum csv_result csv_next_field(struct view *rest, struct buf *scratch,
                               struct view *ret_field)
{
    if (rest->size && rest->data[0] == '"')
        return take_quoted(rest, scratch, ret_field);
    const char *comma = rest->size ? memchr(rest->data, ',', rest->size) : NULL;
    size_t size = comma ? (size_t)(comma - rest->data) : rest->size;
    *ret_field = view_first(*rest, size);
    leave_field(rest, size);
    return CSV_FIELD;
}
