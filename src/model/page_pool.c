/*
 * The arena is cut into frames of 4 KiB; a bitmap says which are taken. An
 * extent is a run of frames, found by first fit from the low end: with the few
 * hundred extents that are in flight the search ends in the first words, and
 * the same warm frames are used again and again. Thousands of small pages leave
 * holes of one frame, too small for the two that a transfer begins with: where
 * the first larger one can be is remembered. The reserve lies behind the last
 * frame and is never cut up.
 */
#include "fetchgrep/model/page_pool.h"

#include <assert.h>
#include <pthread.h>
#include <sys/mman.h>

enum { FRAME_SIZE = 4096, WORD_BITS = 64 };

struct page_pool {
    char *base;
    size_t size;
    size_t reserve_size;
    size_t frame_count;
    page_pool_wake_fn *wake;
    void *wake_ctx;
    /* Guards all below. */
    pthread_mutex_t lock;
    uint64_t *taken;        /* a bit a frame; bits past the end are set */
    size_t free_count;      /* frames */
    size_t first_open_word; /* all words before it are full */
    size_t first_run; /* no two free frames side by side begin before it */
    bool is_reserve_taken;
    bool is_wanted; /* a request failed since the last wake-up */
};

static size_t frames_for(size_t size)
{
    return size ? (size + FRAME_SIZE - 1) / FRAME_SIZE : 1;
}

/* The first frame at or after `from` whose bit is `is_taken`, or the count. */
static size_t next_frame(const struct page_pool *pool, size_t from,
                         size_t limit, bool is_taken)
{
    while (from < limit) {
        uint64_t word = pool->taken[from / WORD_BITS];
        word = (is_taken ? word : ~word) >> (from % WORD_BITS);
        if (word) {
            size_t found = from + (size_t)__builtin_ctzll(word);
            return found < limit ? found : limit;
        }
        from = (from / WORD_BITS + 1) * WORD_BITS;
    }
    return limit;
}

static void mark_frames(struct page_pool *pool, size_t first, size_t count,
                        bool is_taken)
{
    for (size_t i = first; i < first + count;) {
        size_t bit = i % WORD_BITS;
        size_t run = WORD_BITS - bit;
        if (run > first + count - i)
            run = first + count - i;
        uint64_t mask =
            run == WORD_BITS ? UINT64_MAX : ((UINT64_C(1) << run) - 1) << bit;
        uint64_t *word = &pool->taken[i / WORD_BITS];
        assert(is_taken ? !(*word & mask) : (*word & mask) == mask);
        *word ^= mask;
        i += run;
    }
    if (is_taken) {
        pool->free_count -= count;
    } else {
        pool->free_count += count;
        if (first / WORD_BITS < pool->first_open_word)
            pool->first_open_word = first / WORD_BITS;
        /* The one before may have been free alone. */
        if (first && first - 1 < pool->first_run)
            pool->first_run = first - 1;
        else if (!first)
            pool->first_run = 0;
    }
}

/* The first of a run of `count`, or frame_count when there is none. */
static size_t find_frames(struct page_pool *pool, size_t count)
{
    size_t limit = pool->frame_count;
    size_t first =
        next_frame(pool, pool->first_open_word * WORD_BITS, limit, false);
    pool->first_open_word = first / WORD_BITS;
    if (count > 1 && first < pool->first_run)
        first = next_frame(pool, pool->first_run, limit, false);
    while (first + count <= limit) {
        size_t end = next_frame(pool, first, first + count, true);
        if (end - first == count)
            break;
        first = next_frame(pool, end, limit, false);
    }
    if (count == 2)
        pool->first_run = first;
    return first + count <= limit ? first : limit;
}

/* `sharing`: MAP_PRIVATE or MAP_SHARED. */
static struct page_pool *make(size_t size, size_t reserve, int sharing,
                              page_pool_wake_fn *wake, void *ctx,
                              struct error *err)
{
    assert(size > reserve);
    struct page_pool *pool = calloc(1, sizeof(*pool));
    if (!pool) {
        error_no_memory(err, "the page pool");
        return NULL;
    }
    pool->frame_count = frames_for(size - reserve);
    reserve = frames_for(reserve) * FRAME_SIZE;
    pool->size = pool->frame_count * FRAME_SIZE + reserve;
    pool->reserve_size = reserve;
    pool->free_count = pool->frame_count;
    pool->wake = wake;
    pool->wake_ctx = ctx;
    pthread_mutex_init(&pool->lock, NULL);
    size_t words = pool->frame_count / WORD_BITS + 1;
    pool->taken = calloc(words, sizeof(*pool->taken));
    pool->base = mmap(NULL, pool->size, PROT_READ | PROT_WRITE,
                      sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!pool->taken || pool->base == MAP_FAILED) {
        pool->base = NULL;
        page_pool_free(pool);
        error_no_memory(err, "the page pool (--memory)");
        return NULL;
    }
    for (size_t i = pool->frame_count; i < words * WORD_BITS; i++)
        pool->taken[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
    return pool;
}

struct page_pool *page_pool_new(size_t size, size_t reserve,
                                page_pool_wake_fn *wake, void *ctx,
                                struct error *err)
{
    return make(size, reserve, MAP_PRIVATE, wake, ctx, err);
}

struct page_pool *page_pool_new_shared(size_t size, size_t reserve,
                                       page_pool_wake_fn *wake, void *ctx,
                                       struct error *err)
{
    return make(size, reserve, MAP_SHARED, wake, ctx, err);
}

void page_pool_free(struct page_pool *pool)
{
    if (!pool)
        return;
    if (pool->base)
        munmap(pool->base, pool->size);
    pthread_mutex_destroy(&pool->lock);
    free(pool->taken);
    free(pool);
}

static bool get_locked(struct page_pool *pool, size_t size,
                       struct extent *ret_extent)
{
    size_t count = frames_for(size);
    size_t first = count <= pool->free_count ? find_frames(pool, count)
                                             : pool->frame_count;
    if (first == pool->frame_count) {
        pool->is_wanted = true;
        return false;
    }
    mark_frames(pool, first, count, true);
    *ret_extent = (struct extent){ .data = pool->base + first * FRAME_SIZE,
                                   .capacity = count * FRAME_SIZE,
                                   .home = EXTENT_ARENA };
    return true;
}

static bool get_reserve_locked(struct page_pool *pool,
                               struct extent *ret_extent)
{
    if (pool->is_reserve_taken) {
        pool->is_wanted = true;
        return false;
    }
    pool->is_reserve_taken = true;
    *ret_extent = (struct extent){
        .data = pool->base + pool->frame_count * FRAME_SIZE,
        .capacity = pool->reserve_size,
        .home = EXTENT_RESERVE,
    };
    return true;
}

/* Gives the frames of `extent` from byte `used` on back. */
static void put_locked(struct page_pool *pool, const struct extent *extent,
                       size_t used)
{
    if (extent->home == EXTENT_RESERVE) {
        if (used == 0)
            pool->is_reserve_taken = false;
    } else if (extent->home == EXTENT_ARENA) {
        size_t keep = used ? frames_for(used) : 0;
        size_t first = (size_t)(extent->data - pool->base) / FRAME_SIZE;
        mark_frames(pool, first + keep, extent->capacity / FRAME_SIZE - keep,
                    false);
    }
}

bool page_pool_get(struct page_pool *pool, size_t size,
                   struct extent *ret_extent)
{
    pthread_mutex_lock(&pool->lock);
    bool done = get_locked(pool, size, ret_extent);
    pthread_mutex_unlock(&pool->lock);
    return done;
}

bool page_pool_get_reserve(struct page_pool *pool, struct extent *ret_extent)
{
    pthread_mutex_lock(&pool->lock);
    bool done = get_reserve_locked(pool, ret_extent);
    pthread_mutex_unlock(&pool->lock);
    return done;
}

static bool grow_in_place(struct page_pool *pool, struct extent *extent,
                          size_t size)
{
    size_t have = extent->capacity / FRAME_SIZE;
    size_t want = frames_for(size);
    size_t end = (size_t)(extent->data - pool->base) / FRAME_SIZE + have;
    size_t limit = end + want - have;
    if (limit > pool->frame_count ||
        next_frame(pool, end, limit, true) != limit)
        return false;
    mark_frames(pool, end, want - have, true);
    extent->capacity = want * FRAME_SIZE;
    return true;
}

bool page_pool_grow(struct page_pool *pool, struct extent *extent, size_t used,
                    size_t size, bool may_use_reserve)
{
    if (size <= extent->capacity)
        return true;
    if (extent->home == EXTENT_RESERVE)
        return false;
    assert(extent->home == EXTENT_ARENA);
    pthread_mutex_lock(&pool->lock);
    struct extent larger;
    bool done = grow_in_place(pool, extent, size);
    bool moved = !done && (get_locked(pool, size, &larger) ||
                           (may_use_reserve && size <= pool->reserve_size &&
                            get_reserve_locked(pool, &larger)));
    pthread_mutex_unlock(&pool->lock);
    if (!moved)
        return done;
    memcpy(larger.data, extent->data, used);
    page_pool_put(pool, extent);
    *extent = larger;
    return true;
}

static void wake_if_wanted(struct page_pool *pool, bool was_wanted)
{
    if (was_wanted && pool->wake)
        pool->wake(pool->wake_ctx);
}

/* Under the lock: frees from `used` on, and says whether to wake somebody. */
static bool release_locked(struct page_pool *pool, const struct extent *extent,
                           size_t used)
{
    put_locked(pool, extent, used);
    bool was_wanted = pool->is_wanted;
    pool->is_wanted = false;
    return was_wanted;
}

void page_pool_trim(struct page_pool *pool, struct extent *extent, size_t used)
{
    if (extent->home != EXTENT_ARENA ||
        frames_for(used) * FRAME_SIZE >= extent->capacity)
        return;
    if (used == 0) {
        page_pool_put(pool, extent);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    bool was_wanted = release_locked(pool, extent, used);
    pthread_mutex_unlock(&pool->lock);
    extent->capacity = frames_for(used) * FRAME_SIZE;
    wake_if_wanted(pool, was_wanted);
}

bool page_pool_move_to_heap(struct page_pool *pool, struct extent *extent,
                            size_t used)
{
    char *copy = malloc(used ? used : 1);
    if (!copy)
        return false;
    if (used)
        memcpy(copy, extent->data, used);
    page_pool_put(pool, extent);
    *extent =
        (struct extent){ .data = copy, .capacity = used, .home = EXTENT_HEAP };
    return true;
}

void page_pool_put(struct page_pool *pool, struct extent *extent)
{
    if (extent->home == EXTENT_HEAP) {
        free(extent->data);
    } else if (extent->home != EXTENT_NONE) {
        pthread_mutex_lock(&pool->lock);
        bool was_wanted = release_locked(pool, extent, 0);
        pthread_mutex_unlock(&pool->lock);
        wake_if_wanted(pool, was_wanted);
    }
    *extent = (struct extent){ 0 };
}

size_t page_pool_room(struct page_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t room = pool->free_count * FRAME_SIZE;
    pthread_mutex_unlock(&pool->lock);
    return room;
}

void page_pool_want(struct page_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->is_wanted = true;
    pthread_mutex_unlock(&pool->lock);
}

size_t page_pool_size(const struct page_pool *pool)
{
    return pool->size;
}
