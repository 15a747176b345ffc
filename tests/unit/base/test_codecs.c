/* gzip, deflate and chunked coding: whole, cut at every byte, flipped at every
 * byte, too large; a damaged stream keeps what decoded. */
#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/dechunk.h"
#include "fetchgrep/base/digest.h"

#include "suite.h"
#include <zlib.h>

static struct buf new_buf(void)
{
    struct buf buf;
    buf_init(&buf, 1 << 24);
    return buf;
}

/* Text that packs, but not to nothing. */
static struct buf sample(size_t size)
{
    struct buf text = new_buf();
    uint32_t x = 1;
    while (text.size < size) {
        x = x * 1664525 + 1013904223;
        buf_append_format(&text, "<p>%u</p>", x >> 20);
    }
    buf_truncate(&text, size);
    return text;
}

static struct buf pack(struct view plain)
{
    struct buf packed = new_buf();
    struct gzip_packer *packer = gzip_packer_new(1);
    gzip_pack(packer, plain, &packed);
    gzip_packer_free(packer);
    return packed;
}

static enum unpack_result unpack(unpack_fn *how, struct view packed,
                                 size_t limit, struct buf *out)
{
    struct view rest;
    return how(packed, limit, out, &rest);
}

START_TEST(what_is_packed_comes_back)
{
    static const size_t sizes[] = { 0, 1, 1000, 100000, 3000000 };
    struct buf plain = sample(sizes[_i]), out = new_buf();
    struct buf packed = pack(buf_view(&plain));
    ck_assert_int_eq(unpack(gzip_unpack, buf_view(&packed), 1 << 23, &out),
                     UNPACK_DONE);
    ck_assert(view_equal(buf_view(&out), buf_view(&plain)));
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(members_padding_and_junk_are_understood)
{
    struct buf out = new_buf();
    struct buf one = pack(view_of_string("one")),
               two = pack(view_of_string("two"));
    buf_append_view(&one, buf_view(&two));
    buf_append(&one, "\0\0\0\0junk", 8);
    ck_assert_int_eq(unpack(gzip_unpack, buf_view(&one), 1000, &out),
                     UNPACK_DONE);
    ck_assert(view_equal_string(buf_view(&out), "onetwo"));
    buf_release(&one);
    buf_release(&two);
    buf_release(&out);
}
END_TEST

START_TEST(a_cut_stream_is_damage_and_keeps_its_beginning)
{
    struct buf plain = sample(5000), out = new_buf();
    struct buf packed = pack(buf_view(&plain));
    for (size_t size = 0; size < packed.size; size++) {
        buf_reset(&out);
        ck_assert_int_eq(unpack(gzip_unpack,
                                view_first(buf_view(&packed), size), 100000,
                                &out),
                         UNPACK_DAMAGED);
        ck_assert(
            view_equal(buf_view(&out), view_first(buf_view(&plain), out.size)));
    }
    ck_assert_uint_gt(out.size, 0);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(a_flipped_byte_is_never_silent)
{
    struct buf plain = sample(2000), out = new_buf();
    struct buf packed = pack(buf_view(&plain));
    for (size_t at = 0; at < packed.size; at++) {
        packed.data[at] ^= 0x20;
        buf_reset(&out);
        enum unpack_result result =
            unpack(gzip_unpack, buf_view(&packed), 100000, &out);
        /* Header bytes without meaning (time, system) may change. */
        if (result == UNPACK_DONE)
            ck_assert(view_equal(buf_view(&out), buf_view(&plain)));
        packed.data[at] ^= 0x20;
    }
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

START_TEST(a_bomb_ends_at_the_limit)
{
    struct buf plain = new_buf(), out = new_buf();
    memset(buf_reserve(&plain, 8 << 20), 0, 8 << 20);
    buf_commit(&plain, 8 << 20);
    struct buf packed = pack(buf_view(&plain));
    ck_assert_int_eq(unpack(gzip_unpack, buf_view(&packed), 100000, &out),
                     UNPACK_TOO_LARGE);
    ck_assert_uint_eq(out.size, 100000);
    ck_assert_uint_lt(out.capacity, 1 << 20);
    buf_reset(&out);
    ck_assert_int_eq(unpack(gzip_unpack, buf_view(&packed), 8 << 20, &out),
                     UNPACK_DONE);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

/* Deflate in the window form of zlib's `bits`. */
static struct buf deflate_with(int bits, struct view plain)
{
    struct buf out = new_buf();
    z_stream stream = { 0 };
    ck_assert_int_eq(
        deflateInit2(&stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    memcpy(&stream.next_in, &plain.data, sizeof(plain.data));
    stream.avail_in = (unsigned)plain.size;
    stream.next_out = (unsigned char *)buf_reserve(&out, 1 << 20);
    stream.avail_out = 1 << 20;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buf_commit(&out, stream.total_out);
    deflateEnd(&stream);
    return out;
}

START_TEST(deflate_is_zlib_or_raw)
{
    static const int bits[] = { 15, -15 };
    struct buf plain = sample(30000), out = new_buf();
    struct buf packed = deflate_with(bits[_i], buf_view(&plain));
    ck_assert_int_eq(unpack(deflate_unpack, buf_view(&packed), 1 << 20, &out),
                     UNPACK_DONE);
    ck_assert(view_equal(buf_view(&out), buf_view(&plain)));
    buf_reset(&out);
    ck_assert_int_eq(unpack(deflate_unpack,
                            view_first(buf_view(&packed), packed.size / 2),
                            1 << 20, &out),
                     UNPACK_DAMAGED);
    ck_assert(
        view_equal(buf_view(&out), view_first(buf_view(&plain), out.size)));
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&out);
}
END_TEST

struct chunk_row {
    const char *body, *plain;
    enum dechunk_result result;
    size_t used;
};

static const struct chunk_row chunk_rows[] = {
    { "3\r\nabc\r\n0\r\n\r\n", "abc", DECHUNK_DONE, 13 },
    { "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde", DECHUNK_DONE, 24 },
    { "1\na\n0\n\n", "a", DECHUNK_DONE, 7 },
    { "A\r\n0123456789\r\n0\r\nT: v\r\n\r\n", "0123456789", DECHUNK_DONE, 26 },
    { "0\r\n\r\nmore", "", DECHUNK_DONE, 5 },
    { "5\r\nabc", "abc", DECHUNK_CUT, 6 },
    { "3\r\nabc\r\n", "abc", DECHUNK_CUT, 8 },
    { "3\r\nabc", "abc", DECHUNK_CUT, 6 },
    { "", "", DECHUNK_CUT, 0 },
    { "<html>", "", DECHUNK_MALFORMED, 0 },
    { "-1\r\na", "", DECHUNK_MALFORMED, 0 },
    { "2\r\nabc\r\n", "ab", DECHUNK_MALFORMED, 5 },
    { "ffffffffffffffffff\r\na", "", DECHUNK_MALFORMED, 0 },
};

START_TEST(chunks_are_taken_off)
{
    const struct chunk_row *row = &chunk_rows[_i];
    struct buf out = new_buf();
    size_t used = 99;
    ck_assert_int_eq(dechunk(view_of_string(row->body), &out, &used),
                     row->result);
    ck_assert(view_equal_string(buf_view(&out), row->plain));
    ck_assert_uint_eq(used, row->used);
    buf_release(&out);
}
END_TEST

START_TEST(sha1_is_written_in_base32)
{
    /* FIPS 180 test vectors, in RFC 4648 base32. */
    char text[DIGEST_TEXT_SIZE];
    struct digest *digest = digest_new();
    digest_sha1_text(digest, view_of_string(""), text);
    ck_assert_str_eq(text, "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
    digest_sha1_text2(digest, view_of_string("a"), view_of_string("bc"), text);
    ck_assert_str_eq(text, "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");
    digest_free(digest);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codecs");
    TCase *tests = tcase_create("codecs");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_is_packed_comes_back, 0, 5);
    tcase_add_test(tests, members_padding_and_junk_are_understood);
    tcase_add_test(tests, a_cut_stream_is_damage_and_keeps_its_beginning);
    tcase_add_test(tests, a_flipped_byte_is_never_silent);
    tcase_add_test(tests, a_bomb_ends_at_the_limit);
    tcase_add_loop_test(tests, deflate_is_zlib_or_raw, 0, 2);
    tcase_add_loop_test(tests, chunks_are_taken_off, 0,
                        (int)ARRAY_COUNT(chunk_rows));
    tcase_add_test(tests, sha1_is_written_in_base32);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
