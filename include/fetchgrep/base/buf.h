/*
 * buf.h - owned bytes that grow, up to a maximum told at init.
 *
 * Appending returns nothing: when memory or the maximum runs out the buffer is
 * marked `failed` and every later append is without effect, so formatting code
 * stays readable. Whatever consumes a buf must refuse a failed one
 * (buf_check). The bytes are not NUL terminated unless asked (buf_string).
 *
 * Invariants: size <= capacity <= max; data is NULL only when capacity is 0.
 * Thread rule: a buf belongs to one thread at a time.
 */
#ifndef FETCHGREP_BASE_BUF_H
#define FETCHGREP_BASE_BUF_H

#include "fetchgrep/base/compiler.h"
#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

struct buf {
    char *data;
    size_t size;
    size_t capacity;
    size_t max;
    bool failed;
};

/* No memory is taken before the first append. */
void buf_init(struct buf *buf, size_t max);

/* Gives the memory back; the buf is as after buf_init. */
void buf_release(struct buf *buf);

/* Empties it and clears `failed`; keeps the memory, for the next page. */
void buf_reset(struct buf *buf);

/* Gives memory beyond `keep` bytes back. For scratch that one large page has
 * swollen. Empties the buf. */
void buf_shrink(struct buf *buf, size_t keep);

void buf_append(struct buf *buf, const void *data, size_t size);
void buf_append_view(struct buf *buf, struct view view);
void buf_append_string(struct buf *buf, const char *string);
void buf_append_char(struct buf *buf, char c);
void buf_append_u64(struct buf *buf, uint64_t value);
void buf_append_format(struct buf *buf, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* Room for `size` more bytes behind the end, or NULL (then it is failed).
 * Follow with buf_commit for those written. */
char *buf_reserve(struct buf *buf, size_t size);
void buf_commit(struct buf *buf, size_t size);

/* Cuts the end off; `size` must not be beyond it. */
void buf_truncate(struct buf *buf, size_t size);

struct view buf_view(const struct buf *buf);

/* The bytes with a NUL behind them (not counted); "" when failed or empty.
 * Borrowed until the next change. */
const char *buf_string(struct buf *buf);

/* False with ERR_SYSTEM when an append failed; `what` names the content. */
bool buf_check(const struct buf *buf, const char *what,
               struct error *err) MUST_CHECK;

#endif
