#include "fetchgrep/base/buf.h"

#include <assert.h>
#include <stdarg.h>

enum { SMALLEST_CAPACITY = 256 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){ .max = max };
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){ .max = buf->max };
}

void buf_reset(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
}

void buf_shrink(struct buf *buf, size_t keep)
{
    if (buf->capacity > keep) {
        size_t max = buf->max;
        buf_release(buf);
        buf->max = max;
    }
    buf_reset(buf);
}

/* Makes room for `size` more bytes; at least doubles, so that appends are
 * cheap on the whole. */
static bool widen(struct buf *buf, size_t size)
{
    if (buf->failed || size > buf->max - buf->size) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->size + size;
    size_t capacity = buf->capacity                  ? buf->capacity
                      : buf->max < SMALLEST_CAPACITY ? buf->max
                                                     : SMALLEST_CAPACITY;
    while (capacity < need)
        capacity = capacity > buf->max / 2 ? buf->max : capacity * 2;
    char *data = realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

/* Most appends are of a few bytes that find room. */
static inline bool make_room(struct buf *buf, size_t size)
{
    return LIKELY(size <= buf->capacity - buf->size && !buf->failed) ||
           widen(buf, size);
}

char *buf_reserve(struct buf *buf, size_t size)
{
    return make_room(buf, size ? size : 1) ? buf->data + buf->size : NULL;
}

void buf_commit(struct buf *buf, size_t size)
{
    assert(size <= buf->capacity - buf->size);
    buf->size += size;
}

void buf_append(struct buf *buf, const void *data, size_t size)
{
    if (size == 0 || !make_room(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
}

void buf_append_view(struct buf *buf, struct view view)
{
    buf_append(buf, view.data, view.size);
}

void buf_append_string(struct buf *buf, const char *string)
{
    buf_append(buf, string, strlen(string));
}

void buf_append_char(struct buf *buf, char c)
{
    if (make_room(buf, 1))
        buf->data[buf->size++] = c;
}

void buf_append_u64(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_append(buf, digits + at, sizeof(digits) - at);
}

void buf_append_format(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    char *to = size < 0 ? NULL : buf_reserve(buf, (size_t)size + 1);
    if (to) {
        vsnprintf(to, (size_t)size + 1, format, again);
        buf_commit(buf, (size_t)size);
    } else {
        buf->failed = true;
    }
    va_end(again);
    va_end(args);
}

void buf_truncate(struct buf *buf, size_t size)
{
    assert(size <= buf->size);
    buf->size = size;
}

struct view buf_view(const struct buf *buf)
{
    return view_of(buf->data, buf->size);
}

const char *buf_string(struct buf *buf)
{
    char *end = buf->failed ? NULL : buf_reserve(buf, 1);
    if (!end)
        return "";
    *end = '\0';
    return buf->data;
}

bool buf_check(const struct buf *buf, const char *what, struct error *err)
{
    return !buf->failed || error_no_memory(err, what);
}
