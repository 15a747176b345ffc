/*
 * Frames are made by libzstd itself where ours could share a fault.
 */
#include "../suite.h"
#include "fetchgrep/base/zstd_stream.h"

#include <zdict.h>
#include <zstd.h>

static void fill(struct buf *out, size_t size, uint32_t seed)
{
    buf_init(out, SIZE_MAX / 4);
    while (out->size < size) {
        seed = seed * 1664525 + 1013904223;
        buf_append_format(out, "line %u of a text\n", seed >> 20);
    }
    buf_truncate(out, size);
}

/* With a checksum, without its length told. */
static void pack_stream(struct view bytes, struct buf *out)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    size_t bound = ZSTD_compressBound(bytes.size);
    char *to = buf_reserve(out, bound);
    size_t size = ZSTD_compress2(context, to, bound, bytes.data, bytes.size);
    ck_assert(!ZSTD_isError(size));
    buf_commit(out, size);
    ZSTD_freeCCtx(context);
}

/* Steps through a frame, input given by and by; how it ends. */
static enum zstd_step step_through(struct zstd_unpacker *unpacker,
                                   struct view packed, size_t at_once,
                                   size_t room, struct buf *out)
{
    enum zstd_step step = ZSTD_STEP_MORE;
    zstd_stream_begin(unpacker);
    for (int calls = 0; step == ZSTD_STEP_MORE && calls < 1000000; calls++) {
        struct view part = view_first(packed, at_once);
        size_t before = part.size, out_before = out->size;
        step = zstd_stream_step(unpacker, &part, room, out);
        ck_assert_uint_le(out->size - out_before, room);
        packed = view_from(packed, before - part.size);
        if (!before && out->size == out_before)
            break; /* cut short */
    }
    return step;
}

/* _i: the length */
START_TEST(what_is_packed_comes_back_whole_and_in_steps)
{
    static const size_t sizes[] = { 0, 1, 100, 131072, 131073, 3000000 };
    struct buf plain, packed, whole, steps;
    fill(&plain, sizes[_i], 7);
    buf_init(&packed, SIZE_MAX / 4);
    buf_init(&whole, SIZE_MAX / 4);
    buf_init(&steps, SIZE_MAX / 4);
    struct zstd_packer *packer = zstd_packer_new(3);
    struct zstd_unpacker *unpacker = zstd_unpacker_new();
    zstd_pack(packer, buf_view(&plain), &packed);
    size_t size = packed.size, used;
    buf_append_string(&packed, "what follows");
    ck_assert_int_eq(zstd_frame_kind(buf_view(&packed)), ZSTD_FRAME_DATA);
    ck_assert(zstd_unpack_frame(unpacker, buf_view(&packed), sizes[_i], &whole,
                                &used));
    ck_assert_uint_eq(used, size);
    ck_assert(view_equal(buf_view(&whole), buf_view(&plain)));
    ck_assert_int_eq(step_through(unpacker, view_first(buf_view(&packed), size),
                                  1000, 777, &steps),
                     ZSTD_STEP_END);
    ck_assert(view_equal(buf_view(&steps), buf_view(&plain)));
    zstd_packer_free(packer);
    zstd_unpacker_free(unpacker);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&whole);
    buf_release(&steps);
}
END_TEST

START_TEST(a_frame_beyond_the_limit_or_of_unknown_length_is_left_to_steps)
{
    struct buf plain, packed, out;
    size_t used;
    fill(&plain, 1000, 1);
    buf_init(&packed, SIZE_MAX / 4);
    buf_init(&out, SIZE_MAX / 4);
    buf_append_string(&out, "before");
    struct zstd_unpacker *unpacker = zstd_unpacker_new();
    pack_stream(buf_view(&plain), &packed);
    ck_assert(
        !zstd_unpack_frame(unpacker, buf_view(&packed), 1 << 20, &out, &used));
    ck_assert(view_equal_string(buf_view(&out), "before"));
    ck_assert_int_eq(step_through(unpacker, buf_view(&packed), 10, 10, &out),
                     ZSTD_STEP_END);
    ck_assert_uint_eq(out.size, 1000 + strlen("before"));

    buf_reset(&packed);
    struct zstd_packer *packer = zstd_packer_new(1);
    zstd_pack(packer, buf_view(&plain), &packed);
    ck_assert(
        !zstd_unpack_frame(unpacker, buf_view(&packed), 999, &out, &used));
    ck_assert(
        zstd_unpack_frame(unpacker, buf_view(&packed), 1000, &out, &used));
    zstd_packer_free(packer);
    zstd_unpacker_free(unpacker);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

/* Checksums tell it, or the decoder does. */
START_TEST(no_wrong_byte_and_no_cut_goes_unseen)
{
    struct buf plain, packed, out;
    size_t used;
    fill(&plain, 300, 3);
    buf_init(&packed, SIZE_MAX / 4);
    buf_init(&out, SIZE_MAX / 4);
    struct zstd_packer *packer = zstd_packer_new(1);
    struct zstd_unpacker *unpacker = zstd_unpacker_new();
    zstd_pack(packer, buf_view(&plain), &packed);
    for (size_t at = 0; at < packed.size; at++) {
        struct view cut = view_first(buf_view(&packed), at);
        ck_assert(!zstd_unpack_frame(unpacker, cut, 1 << 20, &out, &used));
        ck_assert_int_ne(step_through(unpacker, cut, 50, 5000, &out),
                         ZSTD_STEP_END);
        /* A magic number changed in its first digit is a skippable frame's. */
        packed.data[at] ^= 0x11;
        buf_reset(&out);
        bool done = zstd_unpack_frame(unpacker, buf_view(&packed), 1 << 20,
                                      &out, &used);
        ck_assert_msg(!done, "byte %zu", at);
        ck_assert_msg(step_through(unpacker, buf_view(&packed), 5000, 5000,
                                   &out) != ZSTD_STEP_END,
                      "byte %zu", at);
        packed.data[at] ^= 0x11;
        buf_reset(&out);
    }
    zstd_packer_free(packer);
    zstd_unpacker_free(unpacker);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(skippable_frames_are_read_and_passed)
{
    static const char frame[] = "\x5d\x2a\x4d\x18\x03\0\0\0abcdef";
    struct view bytes = view_of(frame, sizeof(frame) - 1);
    unsigned variant;
    size_t size, used;
    struct buf out;
    buf_init(&out, 1000);
    struct zstd_unpacker *unpacker = zstd_unpacker_new();
    ck_assert_int_eq(zstd_frame_kind(bytes), ZSTD_FRAME_SKIPPABLE);
    ck_assert(zstd_skippable_read(bytes, &variant, &size));
    ck_assert_uint_eq(variant, 13);
    ck_assert_uint_eq(size, 3);
    ck_assert(!zstd_skippable_read(view_first(bytes, 7), &variant, &size));
    ck_assert(!zstd_skippable_read(view_from(bytes, 1), &variant, &size));
    ck_assert(zstd_unpack_frame(unpacker, bytes, 0, &out, &used));
    ck_assert_uint_eq(used, 11);
    ck_assert_int_eq(step_through(unpacker, view_first(bytes, 11), 2, 10, &out),
                     ZSTD_STEP_END);
    ck_assert_uint_eq(out.size, 0);
    ck_assert(
        !zstd_unpack_frame(unpacker, view_first(bytes, 10), 0, &out, &used));
    ck_assert_int_eq(zstd_frame_kind(view_of("\x1f\x8b\x08\0", 4)),
                     ZSTD_FRAME_NONE);
    ck_assert_int_eq(zstd_frame_kind(view_of("\x28\xb5\x2f", 3)),
                     ZSTD_FRAME_NONE);
    zstd_unpacker_free(unpacker);
    buf_release(&out);
}
END_TEST

START_TEST(a_dictionary_is_used_until_another_is)
{
    enum { SAMPLES = 200, SAMPLE_SIZE = 200 };
    static char dictionary[4096];
    size_t sizes[SAMPLES], used;
    struct buf samples, packed, out;
    fill(&samples, SAMPLES * SAMPLE_SIZE, 5);
    for (size_t i = 0; i < SAMPLES; i++)
        sizes[i] = SAMPLE_SIZE;
    size_t size = ZDICT_trainFromBuffer(dictionary, sizeof(dictionary),
                                        samples.data, sizes, SAMPLES);
    ck_assert(!ZDICT_isError(size));
    buf_init(&packed, 1 << 20);
    buf_init(&out, 1 << 20);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    char *to = buf_reserve(&packed, 1000);
    buf_commit(&packed,
               ZSTD_compress_usingDict(context, to, 1000, samples.data,
                                       SAMPLE_SIZE, dictionary, size, 3));
    ZSTD_freeCCtx(context);
    struct view frame = buf_view(&packed);
    struct view sample = view_first(buf_view(&samples), SAMPLE_SIZE);
    struct zstd_unpacker *unpacker = zstd_unpacker_new();
    ck_assert(!zstd_unpack_frame(unpacker, frame, 1000, &out, &used));
    ck_assert(zstd_unpacker_use(unpacker, view_of(dictionary, size)));
    ck_assert(zstd_unpack_frame(unpacker, frame, 1000, &out, &used));
    ck_assert(view_equal(buf_view(&out), sample));
    buf_reset(&out);
    ck_assert_int_eq(step_through(unpacker, frame, 7, 100, &out),
                     ZSTD_STEP_END);
    ck_assert(view_equal(buf_view(&out), sample));
    ck_assert(!zstd_unpacker_use(unpacker, view_of_string("no dictionary")));
    ck_assert(!zstd_unpack_frame(unpacker, frame, 1000, &out, &used));
    ck_assert(zstd_unpacker_use(unpacker, view_of(dictionary, size)));
    ck_assert(zstd_unpacker_use(unpacker, view_of(NULL, 0)));
    ck_assert_int_eq(step_through(unpacker, frame, 7, 100, &out),
                     ZSTD_STEP_DAMAGED);
    zstd_unpacker_free(unpacker);
    buf_release(&samples);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(a_full_buffer_fails_and_the_packer_lives_on)
{
    struct buf plain, small, large;
    fill(&plain, 5000, 9);
    buf_init(&small, 100);
    buf_init(&large, 1 << 20);
    struct zstd_packer *packer = zstd_packer_new(1);
    zstd_pack(packer, buf_view(&plain), &small);
    ck_assert(small.failed && small.size == 0);
    zstd_pack(packer, buf_view(&plain), &large);
    ck_assert(!large.failed && large.size > 0);
    zstd_packer_free(packer);
    buf_release(&plain);
    buf_release(&small);
    buf_release(&large);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("zstd_stream");
    TCase *tests = tcase_create("zstd_stream");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_is_packed_comes_back_whole_and_in_steps, 0,
                        6);
    tcase_add_test(
        tests, a_frame_beyond_the_limit_or_of_unknown_length_is_left_to_steps);
    tcase_add_test(tests, no_wrong_byte_and_no_cut_goes_unseen);
    tcase_add_test(tests, skippable_frames_are_read_and_passed);
    tcase_add_test(tests, a_dictionary_is_used_until_another_is);
    tcase_add_test(tests, a_full_buffer_fails_and_the_packer_lives_on);
    return run_suite(suite);
}
