/* Content codings come off in the reverse of their order; what is broken,
 * unknown or too long is told from what is whole. */
#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/extract/decode.h"

#include "packing.h"
#include "suite.h"

enum {
    BODY_SIZE = 300000,
    BUF_MAX = 4 << 20,
    LIMIT = 1 << 20,
    GZIP_HEAD_SIZE = 10, /* RFC 1952, 2.3: no optional fields */
    GZIP_TAIL_SIZE = 8,
};

struct fixture {
    struct buf body, scratch, spare;
    struct view result;
    char detail[256];
};

static void setup(struct fixture *fixture)
{
    uint32_t x = 1;
    *fixture = (struct fixture){ .detail = "as it was" };
    buf_init(&fixture->body, BUF_MAX);
    buf_init(&fixture->scratch, BUF_MAX);
    buf_init(&fixture->spare, BUF_MAX);
    /* Sixteen letters by chance: packs to about a half, so that buffers must
     * grow while a second coding is taken off. */
    for (size_t i = 0; i < BODY_SIZE; i++) {
        x = x * 1664525 + 1013904223;
        buf_append_char(&fixture->body, (char)('a' + (x >> 28)));
    }
}

static void teardown(struct fixture *fixture)
{
    buf_release(&fixture->body);
    buf_release(&fixture->scratch);
    buf_release(&fixture->spare);
}

static struct buf gzip_of(struct view bytes)
{
    struct buf packed;
    struct gzip_packer *packer = gzip_packer_new(6);
    ck_assert_ptr_nonnull(packer);
    buf_init(&packed, BUF_MAX);
    gzip_pack(packer, bytes, &packed);
    ck_assert(!packed.failed);
    gzip_packer_free(packer);
    return packed;
}

/* A gzip member's inside is raw deflate. */
static struct buf raw_deflate_of(struct view bytes)
{
    struct buf member = gzip_of(bytes), raw;
    ck_assert_int_eq(member.data[3], 0);
    buf_init(&raw, BUF_MAX);
    buf_append(&raw, member.data + GZIP_HEAD_SIZE,
               member.size - GZIP_HEAD_SIZE - GZIP_TAIL_SIZE);
    buf_release(&member);
    return raw;
}

static uint32_t adler32(struct view bytes)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        a = (a + (unsigned char)bytes.data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* The zlib format (RFC 1950), which HTTP calls deflate. */
static struct buf zlib_of(struct view bytes)
{
    struct buf raw = raw_deflate_of(bytes), packed;
    uint32_t sum = adler32(bytes);
    buf_init(&packed, BUF_MAX);
    buf_append(&packed, "\x78\x9c", 2);
    buf_append_view(&packed, buf_view(&raw));
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_append_char(&packed, (char)(sum >> shift & 0xff));
    buf_release(&raw);
    return packed;
}

static enum decode_result decode(struct fixture *fixture, const char *coding,
                                 struct view body, size_t limit)
{
    fixture->result = view_of(NULL, 0);
    return decode_content(view_of_string(coding), body, limit,
                          &fixture->scratch, &fixture->spare, &fixture->result,
                          fixture->detail, sizeof(fixture->detail));
}

static void assert_whole(const struct fixture *fixture)
{
    ck_assert(view_equal(fixture->result, buf_view(&fixture->body)));
}

START_TEST(a_body_without_coding_is_left_where_it_lies)
{
    static const char *const none[] = {
        "",
        " ",
        "identity",
        "Identity, ,",
    };
    struct fixture fixture;
    setup(&fixture);
    struct view body = buf_view(&fixture.body);
    ck_assert_int_eq(decode(&fixture, none[_i], body, 10), DECODE_PLAIN);
    ck_assert_ptr_eq(fixture.result.data, body.data);
    ck_assert_uint_eq(fixture.result.size, body.size);
    ck_assert_str_eq(fixture.detail, "");
    teardown(&fixture);
}
END_TEST

struct form_row {
    const char *coding;
    struct buf (*pack)(struct view);
};

static const struct form_row forms[] = {
    { "gzip", gzip_of },           { "x-gzip", gzip_of },
    { " GZip ", gzip_of },         { "identity, gzip", gzip_of },
    { "deflate", zlib_of },        { "Deflate", zlib_of },
    { "deflate", raw_deflate_of }, { "x-deflate", zlib_of },
    { "br", brotli_of },           { "BR", brotli_of },
    { "zstd", zstd_of },           { "Zstd", zstd_streamed },
};

START_TEST(each_coding_comes_off)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf packed = forms[_i].pack(buf_view(&fixture.body));
    ck_assert_uint_lt(packed.size, BODY_SIZE);
    ck_assert_int_eq(
        decode(&fixture, forms[_i].coding, buf_view(&packed), LIMIT),
        DECODE_DONE);
    assert_whole(&fixture);
    ck_assert_str_eq(fixture.detail, "");
    buf_release(&packed);
    teardown(&fixture);
}
END_TEST

START_TEST(codings_in_a_row_come_off_last_first)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf once = zlib_of(buf_view(&fixture.body));
    struct buf twice = gzip_of(buf_view(&once));
    struct buf thrice = gzip_of(buf_view(&twice));
    ck_assert_int_eq(decode(&fixture, "deflate, gzip", buf_view(&twice), LIMIT),
                     DECODE_DONE);
    assert_whole(&fixture);
    ck_assert_int_eq(decode(&fixture, "deflate,gzip,identity,gzip",
                            buf_view(&thrice), LIMIT),
                     DECODE_DONE);
    assert_whole(&fixture);
    ck_assert_int_eq(decode(&fixture, "gzip, deflate", buf_view(&twice), LIMIT),
                     DECODE_DAMAGED);
    struct buf more = brotli_of(buf_view(&twice));
    struct buf all = zstd_of(buf_view(&more));
    ck_assert_int_eq(
        decode(&fixture, "deflate, gzip, br, zstd", buf_view(&all), LIMIT),
        DECODE_DONE);
    assert_whole(&fixture);
    buf_release(&more);
    buf_release(&all);
    buf_release(&once);
    buf_release(&twice);
    buf_release(&thrice);
    teardown(&fixture);
}
END_TEST

/* The middle coding is announced, but was never applied. Buffers are fresh or
 * have their size from earlier pages. */
START_TEST(a_coding_that_is_not_there_does_not_harm_the_others)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf once = zlib_of(buf_view(&fixture.body));
    struct buf twice = gzip_of(buf_view(&once));
    if (_i) {
        ck_assert_ptr_nonnull(buf_reserve(&fixture.scratch, LIMIT));
        ck_assert_ptr_nonnull(buf_reserve(&fixture.spare, LIMIT));
    }
    ck_assert_int_eq(
        decode(&fixture, "deflate, gzip, gzip", buf_view(&twice), LIMIT),
        DECODE_DONE);
    assert_whole(&fixture);
    ck_assert_str_eq(fixture.detail, "plain body under Content-Encoding: gzip");
    buf_release(&once);
    buf_release(&twice);
    teardown(&fixture);
}
END_TEST

/* Those that begin as a raw deflate or brotli stream would, too. */
START_TEST(a_plain_body_under_any_coding_is_taken_and_said)
{
    static const char *const names[] = { "gzip", "deflate", "br", "zstd" };
    static const char *const bodies[] = {
        "<html>plain</html>",
        "{\"a\": [1, 2, 3], \"b\": null}",
        "\xEF\xBB\xBF<p>na\xC3\xAFve, d\xC3\xA9j\xC3\xA0 vu\r\n",
        "x9 is no zlib header\tand this is a line of text\n",
    };
    struct fixture fixture;
    setup(&fixture);
    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        char detail[80];
        struct view body = view_of_string(bodies[i]);
        snprintf(detail, sizeof(detail),
                 "plain body under Content-Encoding: %s", names[_i]);
        ck_assert_int_eq(decode(&fixture, names[_i], body, LIMIT),
                         DECODE_PLAIN);
        ck_assert_ptr_eq(fixture.result.data, body.data);
        ck_assert_uint_eq(fixture.result.size, body.size);
        ck_assert_str_eq(fixture.detail, detail);
    }
    teardown(&fixture);
}
END_TEST

/* windows-1251, say: no UTF-8, but no packed bytes either. */
START_TEST(a_long_plain_body_need_not_be_utf_8)
{
    static const char *const names[] = { "gzip", "deflate", "br", "zstd" };
    char text[200];
    struct fixture fixture;
    setup(&fixture);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i % 7 ? 0xe0 + i % 32 : ' ');
    struct view body = view_of(text, sizeof(text));
    ck_assert_int_eq(decode(&fixture, names[_i], body, LIMIT), DECODE_PLAIN);
    ck_assert_ptr_eq(fixture.result.data, body.data);
    teardown(&fixture);
}
END_TEST

START_TEST(junk_behind_a_stream_is_left_out_and_said)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf packed = forms[_i].pack(buf_view(&fixture.body));
    buf_append_string(&packed, "<!-- served by -->");
    ck_assert_int_eq(
        decode(&fixture, forms[_i].coding, buf_view(&packed), LIMIT),
        DECODE_DONE);
    assert_whole(&fixture);
    ck_assert(strstr(fixture.detail, "18 bytes of junk behind the ") ==
              fixture.detail);
    buf_release(&packed);
    teardown(&fixture);
}
END_TEST

START_TEST(zeros_behind_a_gzip_stream_are_padding)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf packed = gzip_of(buf_view(&fixture.body));
    struct buf again = gzip_of(view_of_string("and more"));
    buf_append_view(&packed, buf_view(&again));
    buf_append(&packed, "\0\0\0\0\0", 5);
    ck_assert_int_eq(decode(&fixture, "gzip", buf_view(&packed), LIMIT),
                     DECODE_DONE);
    ck_assert_uint_eq(fixture.result.size, BODY_SIZE + 8);
    ck_assert(view_ends_with(fixture.result, "and more"));
    ck_assert_str_eq(fixture.detail, "");
    buf_release(&again);
    buf_release(&packed);
    teardown(&fixture);
}
END_TEST

START_TEST(an_empty_body_is_nobodys_fault)
{
    static const char *const codings[] = { "gzip", "deflate", "gzip, gzip",
                                           "br", "zstd, br" };
    struct fixture fixture;
    setup(&fixture);
    ck_assert_int_eq(decode(&fixture, codings[_i], view_of("", 0), LIMIT),
                     DECODE_PLAIN);
    ck_assert_uint_eq(fixture.result.size, 0);
    ck_assert_str_eq(fixture.detail, "");
    teardown(&fixture);
}
END_TEST

START_TEST(an_unknown_coding_is_named)
{
    static const char *const rows[][2] = {
        { "compress", "content coding compress is not understood" },
        { "dcb", "content coding dcb is not understood" },
        { "gzip, lzma", "content coding lzma is not understood" },
        { "gzip,gzip,gzip,gzip,gzip", "5 content codings in a row" },
    };
    struct fixture fixture;
    setup(&fixture);
    struct view body = view_of_string("\x1b\x03 anything");
    ck_assert_int_eq(decode(&fixture, rows[_i][0], body, LIMIT),
                     DECODE_UNKNOWN);
    ck_assert_str_eq(fixture.detail, rows[_i][1]);
    ck_assert(view_equal(fixture.result, body));
    teardown(&fixture);
}
END_TEST

START_TEST(a_cut_stream_gives_what_decoded)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf packed = forms[_i].pack(buf_view(&fixture.body));
    struct view half = view_first(buf_view(&packed), packed.size / 2);
    ck_assert_int_eq(decode(&fixture, forms[_i].coding, half, LIMIT),
                     DECODE_DAMAGED);
    ck_assert_uint_gt(fixture.result.size, BODY_SIZE / 4);
    ck_assert_uint_lt(fixture.result.size, BODY_SIZE);
    ck_assert(view_equal(fixture.result, view_first(buf_view(&fixture.body),
                                                    fixture.result.size)));
    ck_assert_ptr_nonnull(strstr(fixture.detail, "stream is damaged; "));
    buf_release(&packed);
    teardown(&fixture);
}
END_TEST

START_TEST(a_wrong_checksum_is_damage)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf packed = gzip_of(buf_view(&fixture.body));
    packed.data[packed.size - GZIP_TAIL_SIZE] ^= 1;
    ck_assert_int_eq(decode(&fixture, "gzip", buf_view(&packed), LIMIT),
                     DECODE_DAMAGED);
    buf_release(&packed);
    packed = zstd_of(buf_view(&fixture.body));
    packed.data[packed.size - 1] ^= 1;
    ck_assert_int_eq(decode(&fixture, "zstd", buf_view(&packed), LIMIT),
                     DECODE_DAMAGED);
    ck_assert_uint_ge(fixture.result.size, BODY_SIZE / 2);
    buf_release(&packed);
    teardown(&fixture);
}
END_TEST

START_TEST(the_limit_cuts_and_says_so)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf packed = forms[_i].pack(buf_view(&fixture.body));
    struct view bytes = buf_view(&packed);
    ck_assert_int_eq(decode(&fixture, forms[_i].coding, bytes, BODY_SIZE),
                     DECODE_DONE);
    assert_whole(&fixture);
    ck_assert_int_eq(decode(&fixture, forms[_i].coding, bytes, BODY_SIZE - 1),
                     DECODE_TOO_LARGE);
    ck_assert(view_equal(fixture.result,
                         view_first(buf_view(&fixture.body), BODY_SIZE - 1)));
    ck_assert_str_eq(fixture.detail, "longer than 299999 bytes when decoded "
                                     "(--max-body); cut there");
    buf_release(&packed);
    teardown(&fixture);
}
END_TEST

/* What is small when the first coding is off may be huge after the next. */
START_TEST(the_limit_holds_at_every_step)
{
    struct fixture fixture;
    setup(&fixture);
    size_t size = 2 << 20;
    char *zeros = calloc(1, size);
    ck_assert_ptr_nonnull(zeros);
    struct buf once = gzip_of(view_of(zeros, size));
    struct buf twice = gzip_of(buf_view(&once));
    ck_assert_int_eq(decode(&fixture, "gzip, gzip", buf_view(&twice), LIMIT),
                     DECODE_TOO_LARGE);
    ck_assert_uint_eq(fixture.result.size, LIMIT);
    ck_assert_uint_le(fixture.scratch.capacity, BUF_MAX);
    buf_release(&once);
    buf_release(&twice);
    free(zeros);
    teardown(&fixture);
}
END_TEST

START_TEST(a_buffer_that_cannot_grow_is_no_memory)
{
    struct fixture fixture;
    setup(&fixture);
    struct buf packed = gzip_of(buf_view(&fixture.body));
    fixture.scratch.max = 1000;
    ck_assert_int_eq(decode(&fixture, "gzip", buf_view(&packed), LIMIT),
                     DECODE_NO_MEMORY);
    buf_release(&packed);
    teardown(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *tests = tcase_create("decode");
    int form_count = (int)ARRAY_COUNT(forms);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_body_without_coding_is_left_where_it_lies, 0,
                        4);
    tcase_add_loop_test(tests, each_coding_comes_off, 0, form_count);
    tcase_add_test(tests, codings_in_a_row_come_off_last_first);
    tcase_add_loop_test(
        tests, a_coding_that_is_not_there_does_not_harm_the_others, 0, 2);
    tcase_add_loop_test(tests, a_plain_body_under_any_coding_is_taken_and_said,
                        0, 4);
    tcase_add_loop_test(tests, a_long_plain_body_need_not_be_utf_8, 0, 4);
    tcase_add_loop_test(tests, junk_behind_a_stream_is_left_out_and_said, 0,
                        form_count);
    tcase_add_test(tests, zeros_behind_a_gzip_stream_are_padding);
    tcase_add_loop_test(tests, an_empty_body_is_nobodys_fault, 0, 5);
    tcase_add_loop_test(tests, an_unknown_coding_is_named, 0, 4);
    tcase_add_loop_test(tests, a_cut_stream_gives_what_decoded, 0, form_count);
    tcase_add_test(tests, a_wrong_checksum_is_damage);
    tcase_add_loop_test(tests, the_limit_cuts_and_says_so, 0, form_count);
    tcase_add_test(tests, the_limit_holds_at_every_step);
    tcase_add_test(tests, a_buffer_that_cannot_grow_is_no_memory);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
