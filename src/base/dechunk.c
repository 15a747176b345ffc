#include "fetchgrep/base/dechunk.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum line_result { LINE_WHOLE, LINE_CUT, LINE_BAD };

/* Reads "1a;extension\r\n" at `*at`. */
static enum line_result read_size(struct view body, size_t *at,
                                  size_t *ret_size)
{
    size_t i = *at, size = 0, digits = 0;
    int value;
    while (i < body.size && (value = hex_value(body.data[i])) >= 0) {
        if (size > SIZE_MAX >> 5)
            return LINE_BAD;
        size = size << 4 | (size_t)value;
        i++, digits++;
    }
    if (i == body.size)
        return LINE_CUT;
    if (!digits || !strchr(" \t;\r\n", body.data[i]))
        return LINE_BAD;
    const char *end = memchr(body.data + i, '\n', body.size - i);
    if (!end)
        return LINE_CUT;
    *at = (size_t)(end + 1 - body.data);
    *ret_size = size;
    return LINE_WHOLE;
}

/* Passes the line end behind a chunk's data. */
static enum line_result read_line_end(struct view body, size_t *at)
{
    if (*at < body.size && body.data[*at] == '\r')
        ++*at;
    if (*at == body.size)
        return LINE_CUT;
    if (body.data[*at] != '\n')
        return LINE_BAD;
    ++*at;
    return LINE_WHOLE;
}

/* Passes the trailer fields and the empty line. */
static enum line_result read_trailers(struct view body, size_t *at)
{
    while (*at < body.size) {
        const char *line = body.data + *at;
        const char *end = memchr(line, '\n', body.size - *at);
        if (!end)
            return LINE_CUT;
        *at = (size_t)(end + 1 - body.data);
        if (end == line || (end == line + 1 && *line == '\r'))
            return LINE_WHOLE;
    }
    return LINE_CUT;
}

static enum line_result read_chunks(struct view body, struct buf *out,
                                    size_t *at)
{
    for (;;) {
        size_t size, next = *at;
        enum line_result result = read_size(body, &next, &size);
        if (result != LINE_WHOLE)
            return result;
        *at = next;
        if (size == 0)
            return read_trailers(body, at);
        size_t there = size < body.size - *at ? size : body.size - *at;
        buf_append(out, body.data + *at, there);
        *at += there;
        if (there < size)
            return LINE_CUT;
        result = read_line_end(body, at);
        if (result != LINE_WHOLE)
            return result;
    }
}

enum dechunk_result dechunk(struct view body, struct buf *out, size_t *ret_used)
{
    size_t at = 0;
    enum line_result result = read_chunks(body, out, &at);
    *ret_used = at;
    return result == LINE_WHOLE ? DECHUNK_DONE
           : result == LINE_CUT ? DECHUNK_CUT
                                : DECHUNK_MALFORMED;
}
