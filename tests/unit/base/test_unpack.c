/* Whole bodies, brotli and zstd: what was packed comes back; what is broken,
 * cut or too long keeps its beginning, in little memory. */
#include "fetchgrep/base/codec_brotli.h"
#include "fetchgrep/base/codec_zstd.h"

#include "packing.h"
#include "suite.h"

enum { LIMIT = 1 << 20, OUT_MAX = 64 << 20 };

struct form {
    struct buf (*pack)(struct view);
    unpack_fn *unpack;
};

static const struct form forms[] = {
    { brotli_of, brotli_unpack },
    { zstd_of, zstd_unpack },
    { zstd_streamed, zstd_unpack },
};

static struct buf new_buf(void)
{
    struct buf buf;
    buf_init(&buf, OUT_MAX);
    return buf;
}

/* Sixteen letters by chance. */
static struct buf sample(size_t size)
{
    struct buf bytes = new_buf();
    uint32_t x = 1;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        buf_append_char(&bytes, (char)('a' + (x >> 28)));
    }
    return bytes;
}

static struct buf zeros(size_t size)
{
    struct buf bytes = new_buf();
    char *to = buf_reserve(&bytes, size);
    ck_assert_ptr_nonnull(to);
    memset(to, 0, size);
    buf_commit(&bytes, size);
    return bytes;
}

static void assert_prefix(const struct buf *out, const struct buf *plain)
{
    ck_assert(
        view_equal(buf_view(out), view_first(buf_view(plain), out->size)));
}

START_TEST(what_was_packed_comes_back)
{
    static const size_t sizes[] = { 0, 1, 100, 70000, 300000, 1000000 };
    const struct form *form = &forms[_i];
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        struct buf plain = sample(sizes[i]), out = new_buf();
        struct buf packed = form->pack(buf_view(&plain));
        struct view rest = view_of_string("untouched");
        buf_append_string(&out, "before");
        ck_assert_int_eq(form->unpack(buf_view(&packed), sizes[i], &out, &rest),
                         UNPACK_DONE);
        ck_assert(view_equal(view_from(buf_view(&out), 6), buf_view(&plain)));
        ck_assert_uint_eq(rest.size, 0);
        buf_release(&plain);
        buf_release(&packed);
        buf_release(&out);
    }
}
END_TEST

START_TEST(what_lies_behind_the_stream_is_told)
{
    const struct form *form = &forms[_i];
    struct buf plain = sample(1000), out = new_buf();
    struct buf packed = form->pack(buf_view(&plain));
    struct view rest;
    buf_append_string(&packed, "\nbehind");
    ck_assert_int_eq(form->unpack(buf_view(&packed), LIMIT, &out, &rest),
                     UNPACK_DONE);
    ck_assert_uint_eq(out.size, 1000);
    ck_assert(view_equal_string(rest, "\nbehind"));
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(a_stream_cut_anywhere_is_damaged_and_keeps_what_it_had)
{
    const struct form *form = &forms[_i];
    struct buf plain = sample(3000), out = new_buf();
    struct buf packed = form->pack(buf_view(&plain));
    struct view rest = view_of_string("untouched");
    for (size_t size = 0; size < packed.size; size++) {
        buf_reset(&out);
        ck_assert_int_eq(form->unpack(view_first(buf_view(&packed), size),
                                      LIMIT, &out, &rest),
                         UNPACK_DAMAGED);
        assert_prefix(&out, &plain);
    }
    ck_assert(view_equal_string(rest, "untouched"));
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

/* All but the block in which the fault lies. */
START_TEST(what_stands_before_a_fault_is_kept)
{
    const struct form *form = &forms[_i];
    struct buf plain = sample(1000000), out = new_buf();
    struct buf packed = form->pack(buf_view(&plain));
    struct view rest;
    size_t at = packed.size * 3 / 4;
    memset(packed.data + at, 0xff, packed.size - at);
    ck_assert_int_eq(form->unpack(buf_view(&packed), LIMIT, &out, &rest),
                     UNPACK_DAMAGED);
    ck_assert_uint_ge(out.size, 500000);
    ck_assert(!memcmp(out.data, plain.data, 500000));
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(no_byte_that_is_changed_breaks_the_decoder)
{
    const struct form *form = &forms[_i];
    struct buf plain = sample(2000), out = new_buf();
    struct buf packed = form->pack(buf_view(&plain));
    size_t damaged = 0;
    for (size_t at = 0; at < packed.size; at++) {
        struct view rest;
        packed.data[at] ^= 0x20;
        buf_reset(&out);
        damaged += form->unpack(buf_view(&packed), LIMIT, &out, &rest) ==
                   UNPACK_DAMAGED;
        ck_assert_uint_le(out.size, LIMIT);
        packed.data[at] ^= 0x20;
    }
    /* zstd has a checksum; brotli has none. */
    ck_assert_uint_ge(damaged, _i ? packed.size - 2 : 1);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(a_bomb_ends_at_the_limit_in_little_memory)
{
    enum { BOMB = 48 << 20 };
    const struct form *form = &forms[_i];
    struct buf plain = zeros(BOMB), out = new_buf();
    struct buf packed = form->pack(buf_view(&plain));
    struct view rest;
    ck_assert_uint_lt(packed.size, BOMB / 1000);
    ck_assert_int_eq(form->unpack(buf_view(&packed), LIMIT, &out, &rest),
                     UNPACK_TOO_LARGE);
    ck_assert_uint_eq(out.size, LIMIT);
    ck_assert_uint_le(out.capacity, 2 * LIMIT);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(the_limit_is_met_to_the_byte)
{
    const struct form *form = &forms[_i];
    struct buf plain = sample(300000), out = new_buf();
    struct buf packed = form->pack(buf_view(&plain));
    struct view rest;
    ck_assert_int_eq(form->unpack(buf_view(&packed), 300000, &out, &rest),
                     UNPACK_DONE);
    buf_reset(&out);
    ck_assert_int_eq(form->unpack(buf_view(&packed), 299999, &out, &rest),
                     UNPACK_TOO_LARGE);
    ck_assert_uint_eq(out.size, 299999);
    assert_prefix(&out, &plain);
    buf_reset(&out);
    ck_assert_int_eq(form->unpack(buf_view(&packed), 0, &out, &rest),
                     UNPACK_TOO_LARGE);
    ck_assert_uint_eq(out.size, 0);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(a_buffer_that_cannot_grow_is_no_memory)
{
    const struct form *form = &forms[_i];
    struct buf plain = sample(3000000), out;
    struct buf packed = form->pack(buf_view(&plain));
    struct view rest;
    buf_init(&out, 300000);
    ck_assert_int_eq(form->unpack(buf_view(&packed), 4 << 20, &out, &rest),
                     UNPACK_NO_MEMORY);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

/* ---- zstd alone ------------------------------------------------------- */

START_TEST(zstd_frames_in_a_row_are_one_body)
{
    static const char skippable[] = "\x5A\x2A\x4D\x18\x03\x00\x00\x00xyz";
    struct buf one = zstd_of(view_of_string("one ")), out = new_buf();
    struct buf two = zstd_streamed(view_of_string("two"));
    struct view rest;
    buf_append(&one, skippable, sizeof(skippable) - 1);
    buf_append_view(&one, buf_view(&two));
    buf_append(&one, skippable, sizeof(skippable) - 1);
    ck_assert_int_eq(zstd_unpack(buf_view(&one), LIMIT, &out, &rest),
                     UNPACK_DONE);
    ck_assert(view_equal_string(buf_view(&out), "one two"));
    ck_assert_uint_eq(rest.size, 0);
    /* The second one's checksum is wrong: the first stands. */
    one.data[one.size - sizeof(skippable)] ^= 1;
    buf_reset(&out);
    ck_assert_int_eq(zstd_unpack(buf_view(&one), LIMIT, &out, &rest),
                     UNPACK_DAMAGED);
    ck_assert(view_starts_with(buf_view(&out), "one "));
    buf_release(&one);
    buf_release(&two);
    buf_release(&out);
}
END_TEST

/* A frame that tells its length needs none. */
START_TEST(a_zstd_window_of_more_than_8_mb_is_refused)
{
    struct buf plain = sample(100000), out = new_buf();
    struct buf wide = zstd_with(24, buf_view(&plain));
    struct buf usual = zstd_with(23, buf_view(&plain));
    struct view rest;
    ck_assert_int_eq(zstd_unpack(buf_view(&wide), LIMIT, &out, &rest),
                     UNPACK_DAMAGED);
    ck_assert_uint_eq(out.size, 0);
    ck_assert_int_eq(zstd_unpack(buf_view(&usual), LIMIT, &out, &rest),
                     UNPACK_DONE);
    buf_release(&plain);
    buf_release(&wide);
    buf_release(&usual);
    buf_release(&out);
}
END_TEST

/* A frame of 13 bytes that says it holds 2^60. */
START_TEST(a_zstd_frame_that_lies_about_its_length_takes_no_memory)
{
    static const char liar[] = "\x28\xB5\x2F\xFD\xE0\0\0\0\0\0\0\0\x10"
                               "\x01\0\0";
    struct buf out = new_buf();
    struct view rest;
    ck_assert_int_eq(
        zstd_unpack(view_of(liar, sizeof(liar) - 1), LIMIT, &out, &rest),
        UNPACK_DAMAGED);
    ck_assert_uint_eq(out.size, 0);
    ck_assert_uint_le(out.capacity, LIMIT);
    buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("unpack");
    TCase *tests = tcase_create("unpack");
    int count = (int)ARRAY_COUNT(forms);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_was_packed_comes_back, 0, count);
    tcase_add_loop_test(tests, what_lies_behind_the_stream_is_told, 0, count);
    tcase_add_loop_test(tests,
                        a_stream_cut_anywhere_is_damaged_and_keeps_what_it_had,
                        0, count);
    tcase_add_loop_test(tests, what_stands_before_a_fault_is_kept, 0, count);
    tcase_add_loop_test(tests, no_byte_that_is_changed_breaks_the_decoder, 0,
                        count);
    tcase_add_loop_test(tests, a_bomb_ends_at_the_limit_in_little_memory, 0,
                        count);
    tcase_add_loop_test(tests, the_limit_is_met_to_the_byte, 0, count);
    tcase_add_loop_test(tests, a_buffer_that_cannot_grow_is_no_memory, 0,
                        count);
    tcase_add_test(tests, zstd_frames_in_a_row_are_one_body);
    tcase_add_test(tests, a_zstd_window_of_more_than_8_mb_is_refused);
    tcase_add_test(tests,
                   a_zstd_frame_that_lies_about_its_length_takes_no_memory);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
