/*
 * The pool never gives a byte twice, gives every free run that is long
 * enough, and wakes whoever was refused. The random test compares it, step by
 * step, with a reference that is one byte a frame and nothing clever.
 */
#include "fetchgrep/model/page_pool.h"

#include "suite.h"
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME = 4096 };

static void count_wake(void *ctx)
{
    (*(int *)ctx)++;
}

/* A pool of `frames` frames and a reserve of `reserve_frames`. */
static struct page_pool *new_pool(size_t frames, size_t reserve_frames,
                                  int *wakes)
{
    struct error err = { 0 };
    struct page_pool *pool =
        page_pool_new((frames + reserve_frames) * FRAME, reserve_frames * FRAME,
                      wakes ? count_wake : NULL, wakes, &err);
    ck_assert_msg(pool != NULL, "%s", err.message);
    ck_assert_uint_eq(page_pool_room(pool), frames * FRAME);
    return pool;
}

static struct extent get(struct page_pool *pool, size_t size)
{
    struct extent extent;
    ck_assert(page_pool_get(pool, size, &extent));
    ck_assert_int_eq(extent.home, EXTENT_ARENA);
    ck_assert_uint_ge(extent.capacity, size);
    return extent;
}

START_TEST(all_of_the_arena_can_be_had_and_no_more)
{
    struct page_pool *pool = new_pool(10, 2, NULL);
    struct extent a = get(pool, 4 * FRAME), b = get(pool, 5 * FRAME + 1), none;
    ck_assert_uint_eq(b.capacity, 6 * FRAME);
    ck_assert_uint_eq(page_pool_room(pool), 0);
    none = (struct extent){ .capacity = 77 };
    ck_assert(!page_pool_get(pool, 1, &none));
    ck_assert_uint_eq(none.capacity, 77);
    memset(a.data, 'a', a.capacity);
    memset(b.data, 'b', b.capacity);
    ck_assert_int_eq(a.data[a.capacity - 1], 'a');
    page_pool_put(pool, &a);
    ck_assert(!a.data && !a.capacity && a.home == EXTENT_NONE);
    ck_assert_uint_eq(page_pool_room(pool), 4 * FRAME);
    page_pool_put(pool, &b);
    ck_assert_uint_eq(page_pool_room(pool), 10 * FRAME);
    page_pool_free(pool);
}
END_TEST

START_TEST(an_empty_extent_may_be_put_back)
{
    struct page_pool *pool = new_pool(1, 1, NULL);
    struct extent none = { 0 };
    page_pool_put(pool, &none);
    ck_assert_uint_eq(page_pool_room(pool), FRAME);
    page_pool_free(pool);
    page_pool_free(NULL);
}
END_TEST

START_TEST(a_size_of_zero_is_a_place_all_the_same)
{
    struct page_pool *pool = new_pool(2, 1, NULL);
    struct extent a = get(pool, 0), b = get(pool, 0), c;
    ck_assert_ptr_ne(a.data, b.data);
    ck_assert_uint_gt(a.capacity, 0);
    ck_assert(!page_pool_get(pool, 0, &c));
    page_pool_put(pool, &a);
    page_pool_put(pool, &b);
    page_pool_free(pool);
}
END_TEST

/* Sizes come from the command line and are no multiples of anything. */
START_TEST(odd_sizes_make_a_pool_of_about_that_size)
{
    static const size_t rows[][2] = {
        { 5000, 1 },    { 5000, 4500 },  { 8192, 4097 },
        { 8193, 8192 }, { 20000, 7777 }, { (4 << 20) + 1, (1 << 20) + 1 },
        { 5000, 0 },
    };
    const size_t *row = rows[_i];
    struct error err = { 0 };
    struct page_pool *pool = page_pool_new(row[0], row[1], NULL, NULL, &err);
    ck_assert_msg(pool != NULL, "%zu %zu: %s", row[0], row[1], err.message);
    size_t size = page_pool_size(pool), room = page_pool_room(pool);
    ck_assert_msg(size >= row[0] && size <= row[0] + 3 * FRAME, "%zu of %zu",
                  size, row[0]);
    ck_assert_msg(room + row[1] <= size && room > 0, "room %zu", room);
    struct extent reserve, all;
    ck_assert(page_pool_get_reserve(pool, &reserve));
    ck_assert_uint_ge(reserve.capacity, row[1]);
    ck_assert(page_pool_get(pool, room, &all));
    memset(reserve.data, 1, reserve.capacity);
    memset(all.data, 2, all.capacity);
    page_pool_put(pool, &reserve);
    page_pool_put(pool, &all);
    page_pool_free(pool);
}
END_TEST

START_TEST(the_low_end_is_used_first)
{
    struct page_pool *pool = new_pool(200, 1, NULL);
    struct extent a = get(pool, FRAME), b = get(pool, FRAME);
    char *low = a.data;
    ck_assert_ptr_eq(b.data, low + FRAME);
    page_pool_put(pool, &a);
    struct extent wide = get(pool, 2 * FRAME), c = get(pool, FRAME);
    ck_assert_ptr_eq(wide.data, low + 2 * FRAME);
    ck_assert_ptr_eq(c.data, low);
    page_pool_put(pool, &b);
    page_pool_put(pool, &c);
    page_pool_put(pool, &wide);
    page_pool_free(pool);
}
END_TEST

/* Every second frame is free: much room, no run of two. */
START_TEST(room_in_pieces_serves_no_large_request_until_it_joins)
{
    enum { COUNT = 130 };
    struct page_pool *pool = new_pool(COUNT, 1, NULL);
    struct extent held[COUNT], wide;
    for (size_t i = 0; i < COUNT; i++)
        held[i] = get(pool, FRAME);
    for (size_t i = 0; i < COUNT; i += 2)
        page_pool_put(pool, &held[i]);
    ck_assert_uint_eq(page_pool_room(pool), COUNT / 2 * FRAME);
    ck_assert(!page_pool_get(pool, FRAME + 1, &wide));
    /* 63 to 65 join across the end of a 64-frame word. */
    char *joint = held[63].data;
    page_pool_put(pool, &held[63]);
    wide = get(pool, 3 * FRAME);
    ck_assert_ptr_eq(wide.data, joint - FRAME);
    page_pool_put(pool, &wide);
    for (size_t i = 1; i < COUNT; i += 2)
        page_pool_put(pool, &held[i]);
    wide = get(pool, COUNT * FRAME);
    page_pool_put(pool, &wide);
    page_pool_free(pool);
}
END_TEST

START_TEST(growth_happens_in_place_where_the_neighbour_is_free)
{
    struct page_pool *pool = new_pool(100, 1, NULL);
    struct extent a = get(pool, FRAME);
    char *place = a.data;
    a.data[0] = 'x';
    ck_assert(page_pool_grow(pool, &a, 1, 80 * FRAME, false));
    ck_assert_ptr_eq(a.data, place);
    ck_assert_uint_eq(a.capacity, 80 * FRAME);
    ck_assert_uint_eq(page_pool_room(pool), 20 * FRAME);
    /* What it has already is no growth. */
    ck_assert(page_pool_grow(pool, &a, 1, 1, false));
    ck_assert_uint_eq(a.capacity, 80 * FRAME);
    ck_assert(page_pool_grow(pool, &a, 1, 100 * FRAME, false));
    ck_assert(!page_pool_grow(pool, &a, 1, 100 * FRAME + 1, false));
    ck_assert_uint_eq(a.capacity, 100 * FRAME);
    page_pool_put(pool, &a);
    page_pool_free(pool);
}
END_TEST

START_TEST(growth_moves_the_used_bytes_where_it_must)
{
    struct page_pool *pool = new_pool(10, 1, NULL);
    struct extent a = get(pool, 2 * FRAME), wall = get(pool, FRAME);
    memcpy(a.data, "kept bytes", 10);
    char *place = a.data;
    ck_assert(page_pool_grow(pool, &a, 10, 5 * FRAME, false));
    ck_assert_ptr_ne(a.data, place);
    ck_assert_mem_eq(a.data, "kept bytes", 10);
    ck_assert_uint_eq(a.capacity, 5 * FRAME);
    ck_assert_uint_eq(page_pool_room(pool), 4 * FRAME);
    struct extent first = get(pool, 2 * FRAME);
    ck_assert_ptr_eq(first.data, place);
    page_pool_put(pool, &first);
    page_pool_put(pool, &a);
    page_pool_put(pool, &wall);
    page_pool_free(pool);
}
END_TEST

START_TEST(growth_without_room_changes_nothing)
{
    struct page_pool *pool = new_pool(4, 1, NULL);
    struct extent a = get(pool, 2 * FRAME), wall = get(pool, FRAME);
    struct extent before = a;
    memcpy(a.data, "kept", 4);
    ck_assert(!page_pool_grow(pool, &a, 4, 3 * FRAME, false));
    ck_assert_mem_eq(&a, &before, sizeof(a));
    ck_assert_mem_eq(a.data, "kept", 4);
    ck_assert_uint_eq(page_pool_room(pool), FRAME);
    page_pool_put(pool, &a);
    page_pool_put(pool, &wall);
    page_pool_free(pool);
}
END_TEST

START_TEST(the_reserve_is_one_and_outside_the_room)
{
    struct page_pool *pool = new_pool(2, 3, NULL);
    struct extent all = get(pool, 2 * FRAME), reserve, second;
    ck_assert(page_pool_get_reserve(pool, &reserve));
    ck_assert_int_eq(reserve.home, EXTENT_RESERVE);
    ck_assert_uint_eq(reserve.capacity, 3 * FRAME);
    memset(reserve.data, 'r', reserve.capacity);
    memset(all.data, 'a', all.capacity);
    ck_assert_int_eq(reserve.data[0], 'r');
    ck_assert(!page_pool_get_reserve(pool, &second));
    ck_assert(!page_pool_grow(pool, &reserve, 1, 3 * FRAME + 1, true));
    ck_assert(page_pool_grow(pool, &reserve, 1, 3 * FRAME, true));
    page_pool_put(pool, &reserve);
    ck_assert(page_pool_get_reserve(pool, &reserve));
    page_pool_put(pool, &reserve);
    page_pool_put(pool, &all);
    ck_assert_uint_eq(page_pool_room(pool), 2 * FRAME);
    page_pool_free(pool);
}
END_TEST

START_TEST(growth_takes_the_reserve_only_when_allowed_and_needed)
{
    struct page_pool *pool = new_pool(6, 4, NULL);
    struct extent a = get(pool, FRAME), b = get(pool, FRAME), c;
    memcpy(a.data, "oldest", 6);
    /* There is a run of four left: the reserve stays. */
    ck_assert(page_pool_grow(pool, &a, 6, 2 * FRAME, true));
    ck_assert_int_eq(a.home, EXTENT_ARENA);
    c = get(pool, 2 * FRAME);
    ck_assert(!page_pool_grow(pool, &a, 6, 4 * FRAME, false));
    ck_assert(!page_pool_grow(pool, &a, 6, 4 * FRAME + 1, true));
    ck_assert(page_pool_grow(pool, &a, 6, 4 * FRAME, true));
    ck_assert_int_eq(a.home, EXTENT_RESERVE);
    ck_assert_mem_eq(a.data, "oldest", 6);
    /* Its old place is free, and nobody else gets the reserve. */
    ck_assert_uint_eq(page_pool_room(pool), 3 * FRAME);
    ck_assert(!page_pool_grow(pool, &b, 0, 4 * FRAME, true));
    page_pool_put(pool, &a);
    page_pool_put(pool, &b);
    page_pool_put(pool, &c);
    ck_assert_uint_eq(page_pool_room(pool), 6 * FRAME);
    page_pool_free(pool);
}
END_TEST

START_TEST(trimming_gives_back_whole_frames_behind_the_used_bytes)
{
    struct page_pool *pool = new_pool(10, 1, NULL);
    struct extent a = get(pool, 10 * FRAME);
    a.data[2 * FRAME] = 'z';
    page_pool_trim(pool, &a, 2 * FRAME + 1);
    ck_assert_uint_eq(a.capacity, 3 * FRAME);
    ck_assert_uint_eq(page_pool_room(pool), 7 * FRAME);
    ck_assert_int_eq(a.data[2 * FRAME], 'z');
    page_pool_trim(pool, &a, 3 * FRAME);
    ck_assert_uint_eq(a.capacity, 3 * FRAME);
    struct extent b = get(pool, 7 * FRAME);
    page_pool_trim(pool, &a, 0);
    ck_assert_int_eq(a.home, EXTENT_NONE);
    ck_assert_uint_eq(page_pool_room(pool), 3 * FRAME);
    page_pool_put(pool, &b);
    struct extent reserve;
    ck_assert(page_pool_get_reserve(pool, &reserve));
    page_pool_trim(pool, &reserve, 1);
    ck_assert(!page_pool_get_reserve(pool, &b));
    page_pool_put(pool, &reserve);
    page_pool_free(pool);
}
END_TEST

START_TEST(a_page_on_the_heap_holds_no_room)
{
    struct page_pool *pool = new_pool(2, 1, NULL);
    struct extent a = get(pool, 2 * FRAME), reserve;
    memcpy(a.data, "hop", 3);
    ck_assert(page_pool_move_to_heap(pool, &a, 3));
    ck_assert_int_eq(a.home, EXTENT_HEAP);
    ck_assert_uint_eq(a.capacity, 3);
    ck_assert_mem_eq(a.data, "hop", 3);
    ck_assert_uint_eq(page_pool_room(pool), 2 * FRAME);
    page_pool_trim(pool, &a, 1);
    ck_assert_mem_eq(a.data, "hop", 3);
    page_pool_put(pool, &a);
    ck_assert_int_eq(a.home, EXTENT_NONE);
    ck_assert(page_pool_get_reserve(pool, &reserve));
    ck_assert(page_pool_move_to_heap(pool, &reserve, 0));
    ck_assert_int_eq(reserve.home, EXTENT_HEAP);
    page_pool_put(pool, &reserve);
    ck_assert(page_pool_get_reserve(pool, &reserve));
    page_pool_put(pool, &reserve);
    page_pool_free(pool);
}
END_TEST

START_TEST(a_free_wakes_once_and_only_after_a_refusal)
{
    int wakes = 0;
    struct page_pool *pool = new_pool(3, 1, &wakes);
    struct extent a = get(pool, FRAME), b = get(pool, FRAME), c, none;
    page_pool_put(pool, &a);
    ck_assert_int_eq(wakes, 0);
    a = get(pool, FRAME);
    c = get(pool, FRAME);
    ck_assert(!page_pool_get(pool, 1, &none));
    ck_assert(!page_pool_get(pool, 1, &none));
    ck_assert_int_eq(wakes, 0);
    page_pool_put(pool, &a);
    ck_assert_int_eq(wakes, 1);
    page_pool_put(pool, &b);
    ck_assert_int_eq(wakes, 1);
    /* Room in the arena does not count for a refused reserve, and asking is
     * as good as being refused. */
    page_pool_want(pool);
    ck_assert_int_eq(wakes, 1);
    page_pool_put(pool, &c);
    ck_assert_int_eq(wakes, 2);
    page_pool_free(pool);
}
END_TEST

START_TEST(every_way_of_freeing_wakes)
{
    int wakes = 0;
    struct page_pool *pool = new_pool(4, 1, &wakes);
    struct extent a = get(pool, 4 * FRAME), reserve, none;
    ck_assert(!page_pool_get(pool, 1, &none));
    page_pool_trim(pool, &a, 2 * FRAME);
    ck_assert_int_eq(wakes, 1);
    ck_assert(!page_pool_grow(pool, &a, 1, 5 * FRAME, false));
    ck_assert(page_pool_move_to_heap(pool, &a, 1));
    ck_assert_int_eq(wakes, 2);
    /* What was not in the arena frees nothing there. */
    page_pool_want(pool);
    page_pool_put(pool, &a);
    ck_assert_int_eq(wakes, 2);
    ck_assert(page_pool_get_reserve(pool, &reserve));
    ck_assert(!page_pool_get_reserve(pool, &none));
    page_pool_put(pool, &reserve);
    ck_assert_int_eq(wakes, 3);
    /* A transfer that moves leaves its old place to others. */
    a = get(pool, FRAME);
    struct extent wall = get(pool, FRAME);
    page_pool_want(pool);
    ck_assert(page_pool_grow(pool, &a, 1, 2 * FRAME, false));
    ck_assert_int_eq(wakes, 4);
    page_pool_put(pool, &a);
    page_pool_put(pool, &wall);
    page_pool_free(pool);
}
END_TEST

/* ---- against a reference ---------------------------------------------- */

enum { MODEL_FRAMES = 150, MODEL_RESERVE = 20, MODEL_SLOTS = 24 };

/* One byte a frame: whose it is, 0 for nobody's. */
struct model {
    struct page_pool *pool;
    char *base;
    unsigned char owner[MODEL_FRAMES];
    struct extent slots[MODEL_SLOTS];
    size_t used[MODEL_SLOTS];
    bool is_reserve_taken, is_wanted;
    int wakes, expected_wakes;
    uint64_t seed;
};

/* xorshift64*: the same row on every machine. */
static size_t roll(struct model *model, size_t below)
{
    model->seed ^= model->seed >> 12;
    model->seed ^= model->seed << 25;
    model->seed ^= model->seed >> 27;
    return (size_t)((model->seed * UINT64_C(2685821657736338717)) >> 33) %
           below;
}

static size_t frames_of(size_t size)
{
    return size ? (size + FRAME - 1) / FRAME : 1;
}

static bool model_has_run(const struct model *model, size_t count)
{
    size_t run = 0;
    for (size_t i = 0; i < MODEL_FRAMES && run < count; i++)
        run = model->owner[i] ? 0 : run + 1;
    return run >= count;
}

/* Frames behind the slot's own that are free, in a row. */
static bool model_has_room_behind(const struct model *model, size_t slot,
                                  size_t count)
{
    const struct extent *extent = &model->slots[slot];
    size_t at = (size_t)(extent->data + extent->capacity - model->base) / FRAME;
    for (; count; count--, at++)
        if (at >= MODEL_FRAMES || model->owner[at])
            return false;
    return true;
}

/* Gives frames to `owner`; they must belong to `before`. */
static void model_mark(struct model *model, const struct extent *extent,
                       unsigned char before, unsigned char owner)
{
    if (extent->home != EXTENT_ARENA)
        return;
    size_t first = (size_t)(extent->data - model->base) / FRAME;
    ck_assert_uint_eq((size_t)(extent->data - model->base) % FRAME, 0);
    ck_assert_uint_le(first + extent->capacity / FRAME, MODEL_FRAMES);
    for (size_t i = 0; i < extent->capacity / FRAME; i++) {
        if (model->owner[first + i] != before)
            ck_abort_msg("frame %zu belongs to slot %d", first + i,
                         model->owner[first + i] - 1);
        model->owner[first + i] = owner;
    }
}

static void model_freed(struct model *model)
{
    model->expected_wakes += model->is_wanted;
    model->is_wanted = false;
}

/* Fills what is new, so that any byte given twice shows. */
static void fill(struct model *model, size_t slot)
{
    struct extent *extent = &model->slots[slot];
    model->used[slot] = roll(model, extent->capacity + 1);
    memset(extent->data, (int)slot + 1, model->used[slot]);
}

/* Check's own assertions write to a pipe: too slow for each byte. */
static void check_bytes(const struct model *model, size_t slot)
{
    size_t i = 0;
    while (i < model->used[slot] &&
           model->slots[slot].data[i] == (char)(slot + 1))
        i++;
    ck_assert_msg(i == model->used[slot], "byte %zu of slot %zu", i, slot);
}

static void step_get(struct model *model, size_t slot)
{
    size_t size = roll(model, 4) ? roll(model, 6 * FRAME)
                                 : roll(model, MODEL_FRAMES * FRAME);
    bool expected = model_has_run(model, frames_of(size));
    struct extent *extent = &model->slots[slot];
    ck_assert_int_eq(page_pool_get(model->pool, size, extent), expected);
    model->is_wanted = model->is_wanted || !expected;
    if (!expected)
        return;
    ck_assert_uint_eq(extent->capacity, frames_of(size) * FRAME);
    model_mark(model, extent, 0, (unsigned char)(slot + 1));
    fill(model, slot);
}

static void step_get_reserve(struct model *model, size_t slot)
{
    bool expected = !model->is_reserve_taken;
    ck_assert_int_eq(page_pool_get_reserve(model->pool, &model->slots[slot]),
                     expected);
    model->is_wanted = model->is_wanted || !expected;
    model->is_reserve_taken = true;
    if (expected)
        fill(model, slot);
}

static void step_put(struct model *model, size_t slot)
{
    struct extent *extent = &model->slots[slot];
    check_bytes(model, slot);
    model_mark(model, extent, (unsigned char)(slot + 1), 0);
    if (extent->home == EXTENT_RESERVE)
        model->is_reserve_taken = false;
    if (extent->home != EXTENT_HEAP)
        model_freed(model);
    page_pool_put(model->pool, extent);
    model->used[slot] = 0;
}

static void step_grow(struct model *model, size_t slot)
{
    struct extent *extent = &model->slots[slot], before = *extent;
    size_t size = extent->capacity + 1 + roll(model, 12 * FRAME);
    bool may_use_reserve = roll(model, 2);
    if (extent->home == EXTENT_HEAP)
        return;
    bool in_place = false, moves = false, to_reserve = false;
    if (extent->home == EXTENT_ARENA) {
        in_place = model_has_room_behind(
            model, slot, frames_of(size) - extent->capacity / FRAME);
        moves = !in_place && model_has_run(model, frames_of(size));
        to_reserve = !in_place && !moves && may_use_reserve &&
                     !model->is_reserve_taken && size <= MODEL_RESERVE * FRAME;
    }
    bool expected = in_place || moves || to_reserve;
    bool wanted = model->is_wanted;
    /* Without a place in the arena somebody may be told of the next one,
     * also when the reserve has helped. */
    model->wakes = model->expected_wakes = 0;
    ck_assert_int_eq(page_pool_grow(model->pool, extent, model->used[slot],
                                    size, may_use_reserve),
                     expected);
    model->is_reserve_taken = model->is_reserve_taken || to_reserve;
    if (moves || to_reserve) {
        model_mark(model, &before, (unsigned char)(slot + 1), 0);
        if (wanted)
            ck_assert_int_eq(model->wakes, 1);
        model->is_wanted = false;
    } else if (in_place) {
        ck_assert_ptr_eq(extent->data, before.data);
        model_mark(model, &before, (unsigned char)(slot + 1), 0);
    } else {
        ck_assert_mem_eq(extent, &before, sizeof(before));
        model->is_wanted = wanted || before.home == EXTENT_ARENA;
    }
    model->wakes = 0;
    if (!expected)
        return;
    ck_assert_uint_ge(extent->capacity, size);
    ck_assert_int_eq(extent->home, to_reserve ? EXTENT_RESERVE : EXTENT_ARENA);
    model_mark(model, extent, 0, (unsigned char)(slot + 1));
    check_bytes(model, slot);
}

static void step_trim(struct model *model, size_t slot)
{
    struct extent *extent = &model->slots[slot], before = *extent;
    size_t keep = model->used[slot];
    bool frees = extent->home == EXTENT_ARENA &&
                 (keep == 0 || frames_of(keep) * FRAME < extent->capacity);
    if (keep == 0 && frames_of(1) * FRAME == extent->capacity)
        return; /* whether one empty frame is kept is the pool's affair */
    if (frees) {
        model_mark(model, &before, (unsigned char)(slot + 1), 0);
        model_freed(model);
    }
    page_pool_trim(model->pool, extent, keep);
    if (frees)
        model_mark(model, extent, 0, (unsigned char)(slot + 1));
    check_bytes(model, slot);
}

static void step_to_heap(struct model *model, size_t slot)
{
    struct extent *extent = &model->slots[slot];
    if (extent->home == EXTENT_HEAP)
        return;
    model_mark(model, extent, (unsigned char)(slot + 1), 0);
    if (extent->home == EXTENT_RESERVE)
        model->is_reserve_taken = false;
    model_freed(model);
    ck_assert(page_pool_move_to_heap(model->pool, extent, model->used[slot]));
    ck_assert_int_eq(extent->home, EXTENT_HEAP);
    check_bytes(model, slot);
}

static void step(struct model *model)
{
    size_t slot = roll(model, MODEL_SLOTS), what = roll(model, 16);
    model->wakes = model->expected_wakes = 0;
    if (model->slots[slot].home == EXTENT_NONE && what < 15)
        step_get(model, slot);
    else if (model->slots[slot].home == EXTENT_NONE)
        step_get_reserve(model, slot);
    else if (what < 6)
        step_grow(model, slot);
    else if (what < 9)
        step_trim(model, slot);
    else if (what < 10)
        step_to_heap(model, slot);
    else
        step_put(model, slot);
    ck_assert_int_eq(model->wakes, model->expected_wakes);
    size_t free_frames = 0;
    for (size_t i = 0; i < MODEL_FRAMES; i++)
        free_frames += !model->owner[i];
    ck_assert_uint_eq(page_pool_room(model->pool), free_frames * FRAME);
}

START_TEST(random_use_agrees_with_a_simple_reference)
{
    struct model model = { .seed = 0x9E3779B97F4A7C15u + (uint64_t)_i };
    model.pool = new_pool(MODEL_FRAMES, MODEL_RESERVE, &model.wakes);
    struct extent first = get(model.pool, 1);
    model.base = first.data;
    page_pool_put(model.pool, &first);
    for (int i = 0; i < 20000; i++)
        step(&model);
    for (size_t slot = 0; slot < MODEL_SLOTS; slot++)
        if (model.slots[slot].home != EXTENT_NONE)
            step_put(&model, slot);
    struct extent all = get(model.pool, MODEL_FRAMES * FRAME);
    ck_assert_ptr_eq(all.data, model.base);
    page_pool_put(model.pool, &all);
    page_pool_free(model.pool);
}
END_TEST

/* ---- from many threads ------------------------------------------------ */

static void *use_pool(void *ctx)
{
    struct page_pool *pool = ctx;
    size_t got = 0;
    for (size_t i = 0; i < 5000; i++) {
        struct extent extent;
        if (!page_pool_get(pool, 1 + i * 37 % (3 * FRAME), &extent))
            continue;
        memset(extent.data, (int)(i & 0x7f), 64);
        if (page_pool_grow(pool, &extent, 64, 4 * FRAME, true))
            got++;
        for (size_t byte = 0; byte < 64; byte++)
            if (extent.data[byte] != (char)(i & 0x7f))
                return NULL;
        page_pool_trim(pool, &extent, 64);
        page_pool_put(pool, &extent);
    }
    return got ? pool : NULL;
}

static void ignore_wake(void *ctx)
{
    (void)ctx;
}

START_TEST(threads_share_a_pool_and_leave_it_whole)
{
    enum { THREADS = 4 };
    struct error err;
    struct page_pool *pool =
        page_pool_new(16 * FRAME, 4 * FRAME, ignore_wake, NULL, &err);
    ck_assert_ptr_nonnull(pool);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_pool, pool), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        ck_assert_ptr_eq(result, pool);
    }
    ck_assert_uint_eq(page_pool_room(pool), 12 * FRAME);
    struct extent reserve;
    ck_assert(page_pool_get_reserve(pool, &reserve));
    page_pool_put(pool, &reserve);
    page_pool_free(pool);
}
END_TEST

START_TEST(a_shared_arena_is_the_same_in_a_process_forked_later)
{
    struct error err;
    struct page_pool *pool =
        page_pool_new_shared(8 * FRAME, FRAME, ignore_wake, NULL, &err);
    ck_assert_ptr_nonnull(pool);
    int ask[2];
    char byte = 'x';
    ck_assert_int_eq(pipe(ask), 0);
    pid_t child = fork();
    struct extent extent = get(pool, 100);
    if (child == 0) {
        /* The place that the parent has given out, and written to, since. */
        ck_assert_int_eq(read(ask[0], &byte, 1), 1);
        int seen = *extent.data == 'a';
        *extent.data = 'b';
        _exit(seen ? 0 : 1);
    }
    int status;
    *extent.data = 'a';
    ck_assert_int_eq(write(ask[1], &byte, 1), 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(*extent.data, 'b');
    page_pool_put(pool, &extent);
    page_pool_free(pool);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, all_of_the_arena_can_be_had_and_no_more);
    tcase_add_test(tests, an_empty_extent_may_be_put_back);
    tcase_add_test(tests, a_size_of_zero_is_a_place_all_the_same);
    tcase_add_loop_test(tests, odd_sizes_make_a_pool_of_about_that_size, 0, 7);
    tcase_add_test(tests, the_low_end_is_used_first);
    tcase_add_test(tests,
                   room_in_pieces_serves_no_large_request_until_it_joins);
    tcase_add_test(tests, growth_happens_in_place_where_the_neighbour_is_free);
    tcase_add_test(tests, growth_moves_the_used_bytes_where_it_must);
    tcase_add_test(tests, growth_without_room_changes_nothing);
    tcase_add_test(tests, the_reserve_is_one_and_outside_the_room);
    tcase_add_test(tests,
                   growth_takes_the_reserve_only_when_allowed_and_needed);
    tcase_add_test(tests,
                   trimming_gives_back_whole_frames_behind_the_used_bytes);
    tcase_add_test(tests, a_page_on_the_heap_holds_no_room);
    tcase_add_test(tests, a_free_wakes_once_and_only_after_a_refusal);
    tcase_add_test(tests, every_way_of_freeing_wakes);
    tcase_add_loop_test(tests, random_use_agrees_with_a_simple_reference, 0, 4);
    tcase_add_test(tests, threads_share_a_pool_and_leave_it_whole);
    tcase_add_test(tests, a_shared_arena_is_the_same_in_a_process_forked_later);
}

int main(void)
{
    Suite *suite = suite_create("page_pool");
    TCase *tests = tcase_create("page_pool");
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    add_tests(tests);
    return run_suite(suite);
}
