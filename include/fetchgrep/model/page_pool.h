/*
 * page_pool.h - the bounded arena that holds all page bytes in flight
 * (--memory), and the only back-pressure there is.
 *
 * An extent is a run of bytes in the arena that one page owns; it can be
 * moved to a larger place as the page grows. Nobody ever waits inside the
 * pool: a request that does not fit fails, and the caller decides (puts a
 * transfer back, or waits for the wake-up that a later free gives). One
 * extent, the reserve, is kept aside so that the oldest transfer can always
 * finish, whatever the others hold.
 *
 * The arena is one mapping, made at once, touched only as it is used, filled
 * from its low end, so that a lightly used pool stays small and warm.
 *
 * Thread rule: all functions but new and free may be called from any thread.
 */
#ifndef FETCHGREP_MODEL_PAGE_POOL_H
#define FETCHGREP_MODEL_PAGE_POOL_H

#include "fetchgrep/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct page_pool;

enum extent_home { EXTENT_NONE, EXTENT_ARENA, EXTENT_RESERVE, EXTENT_HEAP };

/* Where a page's bytes lie. All zero: none. */
struct extent {
    char *data;
    size_t capacity;
    enum extent_home home;
};

typedef void page_pool_wake_fn(void *ctx);

/*
 * `size` bytes in all, of which `reserve` bytes (the longest page with its
 * head) are the reserve. `size` must be larger than `reserve`. `wake` is
 * called, from the thread that frees, after a free that follows a failed
 * request; it must be quick and must not call the pool.
 */
struct page_pool *page_pool_new(size_t size, size_t reserve,
                                page_pool_wake_fn *wake, void *ctx,
                                struct error *err);

/* The same; processes forked later see the bytes, at the same addresses. Only
 * this process may call the pool. */
struct page_pool *page_pool_new_shared(size_t size, size_t reserve,
                                       page_pool_wake_fn *wake, void *ctx,
                                       struct error *err);
void page_pool_free(struct page_pool *pool);

/* Gets `size` bytes or more. False when there is no such room now. */
bool page_pool_get(struct page_pool *pool, size_t size,
                   struct extent *ret_extent);

/* Gets the reserve. False when it is taken. */
bool page_pool_get_reserve(struct page_pool *pool, struct extent *ret_extent);

/*
 * Grows an extent to `size` bytes or more, in place or by moving the first
 * `used` bytes. False when there is no room: nothing has changed. With
 * `may_use_reserve` the reserve serves when nothing else does.
 */
bool page_pool_grow(struct page_pool *pool, struct extent *extent, size_t used,
                    size_t size, bool may_use_reserve);

/* Gives back what lies behind the first `used` bytes. */
void page_pool_trim(struct page_pool *pool, struct extent *extent, size_t used);

/*
 * Moves the first `used` bytes out of the arena to the heap, for a small page
 * that will wait long (a hop of a redirect): no transfer waits for its room.
 * False without memory: nothing has changed.
 */
bool page_pool_move_to_heap(struct page_pool *pool, struct extent *extent,
                            size_t used);

/* Gives it back; the extent becomes all zero. An all-zero one is fine. */
void page_pool_put(struct page_pool *pool, struct extent *extent);

/* Asks for a wake-up at the next free, as a failed request does. */
void page_pool_want(struct page_pool *pool);

/* Bytes that are free, the reserve not counted. A moment's figure. */
size_t page_pool_room(struct page_pool *pool);

size_t page_pool_size(const struct page_pool *pool);

#endif
