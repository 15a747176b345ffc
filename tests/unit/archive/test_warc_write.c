/*
 * The digests were made with Python's hashlib and base64; zlib unpacks what
 * libdeflate packed.
 */
#include "fetchgrep/archive/warc_write.h"

#include "suite.h"
#include <zlib.h>
#include <zstd.h>

enum { UUID_SIZE = 36 };

/* 2026-11-22T07:30:14.123Z */
static const int64_t some_date = 1795332614123;

#define RESPONSE_HEAD                                                          \
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"                           \
    "Transfer-Encoding: chunked\r\n\r\n"
#define RESPONSE_BODY "5\r\nhello\r\n0\r\n\r\n"
#define REQUEST_HEAD  "GET /a HTTP/1.1\r\nHost: example.org\r\n\r\n"

#define RESPONSE_FIELDS                                                        \
    "WARC/1.1\r\n"                                                             \
    "WARC-Type: response\r\n"                                                  \
    "WARC-Record-ID: <urn:uuid:*>\r\n"                                         \
    "WARC-Date: 2026-11-22T07:30:14.123Z\r\n"                                  \
    "WARC-Target-URI: http://example.org/a\r\n"

static struct warc_writer *new_writer(enum warc_store store, uint64_t seed)
{
    struct error err;
    struct warc_writer *writer = warc_writer_new(store, seed, &err);
    ck_assert_ptr_nonnull(writer);
    return writer;
}

static struct warc_exchange some_exchange(void)
{
    return (struct warc_exchange){
        .target_uri = view_of_string("http://example.org/a"),
        .date_ms = some_date,
        .ip = view_of_string("192.0.2.7"),
        .request_head = view_of_string(REQUEST_HEAD),
        .response_head = view_of_string(RESPONSE_HEAD),
        .response_body = view_of_string(RESPONSE_BODY),
        .payload = view_of_string("hello"),
    };
}

static bool is_uuid_v4(const char *text)
{
    for (int i = 0; i < UUID_SIZE; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
            return false;
    }
    return text[14] == '4' && strchr("89ab", text[19]);
}

/* Copies with every id as "*"; the ids go to `ids` in their order. */
static void mask_ids(struct view text, struct buf *out,
                     char ids[][UUID_SIZE + 1], size_t *ret_count)
{
    static const char mark[] = "<urn:uuid:";
    size_t count = 0;
    const char *next;
    while ((next = memmem(text.data, text.size, mark, strlen(mark)))) {
        size_t before = (size_t)(next - text.data) + strlen(mark);
        buf_append(out, text.data, before);
        text = view_from(text, before);
        ck_assert_uint_gt(text.size, UUID_SIZE);
        snprintf(ids[count], UUID_SIZE + 1, "%.*s", UUID_SIZE, text.data);
        ck_assert_msg(is_uuid_v4(ids[count]), "%s", ids[count]);
        count++;
        buf_append_char(out, '*');
        text = view_from(text, UUID_SIZE);
    }
    buf_append_view(out, text);
    *ret_count = count;
}

static void check_masked(struct view written, struct view expected)
{
    char ids[8][UUID_SIZE + 1];
    size_t count;
    struct buf masked;
    buf_init(&masked, 1 << 20);
    mask_ids(written, &masked, ids, &count);
    ck_assert_msg(view_equal(buf_view(&masked), expected),
                  "written:\n%.*s\nexpected:\n%.*s",
                  VIEW_ARG(buf_view(&masked)), VIEW_ARG(expected));
    buf_release(&masked);
}

START_TEST(an_exchange_is_a_response_and_the_request_that_names_it)
{
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, 1);
    struct warc_exchange exchange = some_exchange();
    struct warc_written written;
    struct buf out;
    buf_init(&out, 1 << 20);
    warc_write_exchange(writer, &exchange, &out, &written);
    static const char expected[] = RESPONSE_FIELDS
        "WARC-IP-Address: 192.0.2.7\r\n"
        "Content-Type: application/http;msgtype=response\r\n"
        "WARC-Payload-Digest: sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N\r\n"
        "WARC-Block-Digest: sha1:L67UNVYUXOINTP3PHZAKATLSRKN5T6CZ\r\n"
        "Content-Length: 87\r\n\r\n" RESPONSE_HEAD RESPONSE_BODY "\r\n\r\n"
        "WARC/1.1\r\n"
        "WARC-Type: request\r\n"
        "WARC-Record-ID: <urn:uuid:*>\r\n"
        "WARC-Date: 2026-11-22T07:30:14.123Z\r\n"
        "WARC-Target-URI: http://example.org/a\r\n"
        "WARC-IP-Address: 192.0.2.7\r\n"
        "WARC-Concurrent-To: <urn:uuid:*>\r\n"
        "Content-Type: application/http;msgtype=request\r\n"
        "WARC-Block-Digest: sha1:M6WTIJW2WYYJT5IBHTEWVUSW3OICATEF\r\n"
        "Content-Length: 38\r\n\r\n" REQUEST_HEAD "\r\n\r\n";
    check_masked(buf_view(&out), view_of_string(expected));

    char ids[8][UUID_SIZE + 1];
    size_t count;
    struct buf masked;
    buf_init(&masked, 1 << 20);
    mask_ids(buf_view(&out), &masked, ids, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(ids[0], ids[2]);
    ck_assert_str_ne(ids[0], ids[1]);
    ck_assert_str_eq(written.payload_digest,
                     "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N");
    buf_release(&masked);
    buf_release(&out);
    warc_writer_free(writer);
}
END_TEST

#define REVISIT_FIELDS                                                         \
    "WARC/1.1\r\n"                                                             \
    "WARC-Type: revisit\r\n"                                                   \
    "WARC-Record-ID: <urn:uuid:*>\r\n"                                         \
    "WARC-Date: 2026-11-22T07:30:14.123Z\r\n"                                  \
    "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/"

#define REFERRED                                                               \
    "WARC-Refers-To: <1>\r\n"                                                  \
    "WARC-Refers-To-Target-URI: http://b.org/\r\n"                             \
    "WARC-Refers-To-Date: 2020-01-02T03:04:05.678Z\r\n"

#define ANSWERED                                                               \
    "WARC-Target-URI: http://example.org/a\r\n"                                \
    "WARC-IP-Address: 192.0.2.7\r\n"                                           \
    "Content-Type: application/http;msgtype=response\r\n"

static const struct warc_target some_target = {
    .uri = { "http://b.org/", 13 },
    .date = { "2020-01-02T03:04:05.678Z", 24 },
    .record_id = { "<1>", 3 },
};

/* ISO 28500:2017, 6.7.2: the head is kept, and that the rest is not is said. */
START_TEST(an_identical_payload_is_a_revisit_with_the_head_alone)
{
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, 1);
    struct warc_exchange exchange = some_exchange();
    struct warc_written written;
    struct buf out;
    char digest[WARC_DIGEST_SIZE];
    buf_init(&out, 1 << 20);
    warc_payload_digest(writer, exchange.payload, digest);
    ck_assert_str_eq(digest, "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N");
    exchange.payload_digest = digest;
    exchange.target = &some_target;
    exchange.request_head.size = 0;
    warc_write_exchange(writer, &exchange, &out, &written);
    check_masked(buf_view(&out),
                 view_of_string(REVISIT_FIELDS
                                "identical-payload-digest\r\n" REFERRED ANSWERED
                                "WARC-Payload-Digest: "
                                "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N\r\n"
                                "WARC-Block-Digest: "
                                "sha1:XPMCME6PPEFZLYWYO6HNHGYUZI4CENMT\r\n"
                                "WARC-Truncated: length\r\n"
                                "Content-Length: 72\r\n\r\n" RESPONSE_HEAD
                                "\r\n\r\n"));
    ck_assert_uint_eq(written.size, out.size);
    ck_assert(memmem(out.data, out.size, written.uuid, UUID_SIZE));
    buf_release(&out);
    warc_writer_free(writer);
}
END_TEST

/* 6.7.3; what the next run can ask with is there whatever the 304 tells. */
START_TEST(what_was_not_modified_is_a_revisit_with_what_it_was_asked_with)
{
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, 1);
    struct warc_exchange exchange = some_exchange();
    struct warc_target target = some_target;
    struct warc_written written;
    struct buf out;
    buf_init(&out, 1 << 20);
    target.is_not_modified = true;
    target.etag = view_of_string("\"v1\"");
    exchange.target = &target;
    exchange.request_head.size = 0;
    exchange.response_body.size = 0;
    exchange.response_head =
        view_of_string("HTTP/1.1 304 Not Modified\r\n\r\n");
    warc_write_exchange(writer, &exchange, &out, &written);
    check_masked(buf_view(&out),
                 view_of_string(REVISIT_FIELDS
                                "server-not-modified\r\n" REFERRED
                                "WARC-Etag: \"v1\"\r\n" ANSWERED
                                "WARC-Block-Digest: "
                                "sha1:7BHPGNOCWY7BDNRRIRFD3BSMBHT3WHDJ\r\n"
                                "Content-Length: 29\r\n\r\n"
                                "HTTP/1.1 304 Not Modified\r\n\r\n"
                                "\r\n\r\n"));
    ck_assert_str_eq(written.payload_digest, "");
    buf_release(&out);
    warc_writer_free(writer);
}
END_TEST

START_TEST(what_is_not_known_is_not_written)
{
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, 1);
    struct warc_exchange exchange = some_exchange();
    struct warc_written written;
    struct buf out;
    buf_init(&out, 1 << 20);
    exchange.ip = exchange.request_head = view_of(NULL, 0);
    exchange.response_head = exchange.response_body = view_of(NULL, 0);
    exchange.payload = view_of(NULL, 0);
    warc_write_exchange(writer, &exchange, &out, &written);
    static const char expected[] = RESPONSE_FIELDS
        "Content-Type: application/http;msgtype=response\r\n"
        "WARC-Payload-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\n"
        "WARC-Block-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\n"
        "Content-Length: 0\r\n\r\n\r\n\r\n";
    check_masked(buf_view(&out), view_of_string(expected));
    ck_assert_uint_eq(written.size, out.size);
    buf_release(&out);
    warc_writer_free(writer);
}
END_TEST

START_TEST(a_cut_http2_page_of_any_bytes_says_so_and_keeps_them)
{
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, 1);
    struct warc_exchange exchange = some_exchange();
    struct warc_written written;
    struct buf out;
    buf_init(&out, 1 << 20);
    exchange.ip = exchange.request_head = view_of(NULL, 0);
    exchange.response_head = view_of_string("HTTP/1.1 200\r\n\r\n");
    exchange.response_body = exchange.payload = view_of("abc\0def", 7);
    exchange.truncated = "length";
    exchange.protocol = "h2";
    warc_write_exchange(writer, &exchange, &out, &written);
    static const char expected[] = RESPONSE_FIELDS
        "Content-Type: application/http;msgtype=response\r\n"
        "WARC-Payload-Digest: sha1:JB5RS5OZOIKVC3LSM7P7GVL4AZ3JKYCW\r\n"
        "WARC-Block-Digest: sha1:JPNDA335SSQTMJREFPF7XZ7ENXGYUVBE\r\n"
        "WARC-Truncated: length\r\n"
        "WARC-Protocol: h2\r\n"
        "Content-Length: 23\r\n\r\nHTTP/1.1 200\r\n\r\nabc\0def\r\n\r\n";
    check_masked(buf_view(&out), view_of(expected, sizeof(expected) - 1));
    buf_release(&out);
    warc_writer_free(writer);
}
END_TEST

START_TEST(warcinfo_opens_a_segment)
{
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, 1);
    struct buf out;
    buf_init(&out, 1 << 20);
    warc_write_info(writer, some_date, view_of_string("pages-00000.warc"),
                    view_of_string("software: x\r\n"), &out);
    static const char expected[] = "WARC/1.1\r\n"
                                   "WARC-Type: warcinfo\r\n"
                                   "WARC-Record-ID: <urn:uuid:*>\r\n"
                                   "WARC-Date: 2026-11-22T07:30:14.123Z\r\n"
                                   "WARC-Filename: pages-00000.warc\r\n"
                                   "Content-Type: application/warc-fields\r\n"
                                   "Content-Length: 13\r\n\r\n"
                                   "software: x\r\n\r\n\r\n";
    check_masked(buf_view(&out), view_of_string(expected));
    buf_release(&out);
    warc_writer_free(writer);
}
END_TEST

/* Unpacks the member at the start of `packed`, returns its packed size. */
static size_t inflate_member(struct view packed, struct buf *out)
{
    z_stream stream = { 0 };
    memcpy(&stream.next_in, &packed.data, sizeof(packed.data));
    stream.avail_in = (unsigned)packed.size;
    ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
    int code;
    do {
        stream.next_out = (unsigned char *)buf_reserve(out, 4096);
        ck_assert_ptr_nonnull(stream.next_out);
        stream.avail_out = 4096;
        code = inflate(&stream, Z_NO_FLUSH);
        buf_commit(out, 4096 - stream.avail_out);
    } while (code == Z_OK);
    ck_assert_int_eq(code, Z_STREAM_END);
    inflateEnd(&stream);
    return packed.size - stream.avail_in;
}

/* The same of a zstd frame, which tells its length and has a checksum, as the
 * IIPC's format demands. */
static size_t unpack_frame(struct view packed, struct buf *out)
{
    enum { CHECKSUM_FLAG = 4 };
    size_t used = ZSTD_findFrameCompressedSize(packed.data, packed.size);
    ck_assert(!ZSTD_isError(used));
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, used);
    ck_assert_uint_lt(size, 1 << 20);
    ck_assert(packed.data[4] & CHECKSUM_FLAG);
    char *to = buf_reserve(out, (size_t)size);
    ck_assert_ptr_nonnull(to);
    ck_assert_uint_eq(ZSTD_decompress(to, (size_t)size, packed.data, used),
                      size);
    buf_commit(out, (size_t)size);
    return used;
}

/* _i: the store */
START_TEST(each_record_is_one_member_or_frame_of_the_plain_bytes)
{
    size_t (*unpack)(struct view, struct buf *) =
        _i == WARC_STORE_GZIP ? inflate_member : unpack_frame;
    struct warc_writer *plain_writer = new_writer(WARC_STORE_PLAIN, 7);
    struct warc_writer *packed_writer = new_writer((enum warc_store)_i, 7);
    struct warc_exchange exchange = some_exchange();
    struct warc_written plain_at, packed_at;
    struct buf plain, packed, unpacked;
    buf_init(&plain, 1 << 20);
    buf_init(&packed, 1 << 20);
    buf_init(&unpacked, 1 << 20);
    buf_append_string(&plain, "before");
    buf_append_string(&packed, "earlier records");
    warc_write_exchange(plain_writer, &exchange, &plain, &plain_at);
    warc_write_exchange(packed_writer, &exchange, &packed, &packed_at);
    ck_assert_uint_eq(plain_at.offset, strlen("before"));
    ck_assert_uint_eq(packed_at.offset, strlen("earlier records"));

    struct view rest = view_from(buf_view(&packed), packed_at.offset);
    size_t used = unpack(rest, &unpacked);
    ck_assert_uint_eq(used, packed_at.size);
    ck_assert(
        view_equal(buf_view(&unpacked),
                   view_first(view_from(buf_view(&plain), plain_at.offset),
                              plain_at.size)));
    rest = view_from(rest, used);
    ck_assert_uint_eq(unpack(rest, &unpacked), rest.size);
    ck_assert(view_equal(buf_view(&unpacked),
                         view_from(buf_view(&plain), plain_at.offset)));
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&unpacked);
    warc_writer_free(plain_writer);
    warc_writer_free(packed_writer);
}
END_TEST

static void write_with_seed(uint64_t seed, struct buf *out)
{
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, seed);
    struct warc_exchange exchange = some_exchange();
    struct warc_written written;
    warc_write_exchange(writer, &exchange, out, &written);
    warc_writer_free(writer);
}

START_TEST(the_seed_alone_decides_the_ids)
{
    struct buf one, again, other;
    buf_init(&one, 1 << 20);
    buf_init(&again, 1 << 20);
    buf_init(&other, 1 << 20);
    write_with_seed(0, &one);
    write_with_seed(0, &again);
    write_with_seed(1, &other);
    ck_assert(view_equal(buf_view(&one), buf_view(&again)));
    ck_assert(!view_equal(buf_view(&one), buf_view(&other)));
    buf_release(&one);
    buf_release(&again);
    buf_release(&other);
}
END_TEST

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, UUID_SIZE);
}

START_TEST(no_two_records_have_one_id)
{
    enum { COUNT = 20000 };
    static char ids[COUNT][UUID_SIZE + 1];
    struct warc_writer *writer = new_writer(WARC_STORE_PLAIN, 3);
    struct buf out, masked;
    buf_init(&out, 1 << 20);
    buf_init(&masked, 1 << 20);
    for (int i = 0; i < COUNT; i++) {
        size_t count;
        buf_reset(&out);
        buf_reset(&masked);
        warc_write_info(writer, 0, view_of_string("f"), view_of(NULL, 0), &out);
        mask_ids(buf_view(&out), &masked, &ids[i], &count);
        ck_assert_uint_eq(count, 1);
    }
    qsort(ids, COUNT, sizeof(ids[0]), compare_ids);
    for (int i = 1; i < COUNT; i++)
        ck_assert_str_ne(ids[i - 1], ids[i]);
    buf_release(&out);
    buf_release(&masked);
    warc_writer_free(writer);
}
END_TEST

/* _i: the store */
START_TEST(a_full_buffer_fails_and_the_writer_lives_on)
{
    enum warc_store store = (enum warc_store)_i;
    struct warc_writer *writer = new_writer(store, 1);
    struct warc_exchange exchange = some_exchange();
    struct warc_written written;
    for (size_t max = 0; max < 2000; max += 17) {
        struct buf small;
        buf_init(&small, max);
        warc_write_exchange(writer, &exchange, &small, &written);
        bool fits = !small.failed;
        size_t size = small.size;
        buf_release(&small);

        struct buf large;
        buf_init(&large, 1 << 20);
        warc_write_exchange(writer, &exchange, &large, &written);
        ck_assert(!large.failed);
        /* Packing may ask for more room than it then needs. */
        ck_assert(fits ? size <= max : max < 4 * large.size + 1024);
        buf_release(&large);
    }
    warc_writer_free(writer);
}
END_TEST

START_TEST(suffixes_tell_the_store)
{
    ck_assert_str_eq(warc_store_suffix(WARC_STORE_GZIP), ".warc.gz");
    ck_assert_str_eq(warc_store_suffix(WARC_STORE_ZSTD), ".warc.zst");
    ck_assert_str_eq(warc_store_suffix(WARC_STORE_PLAIN), ".warc");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warc_write");
    TCase *tests = tcase_create("warc_write");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests,
                   an_exchange_is_a_response_and_the_request_that_names_it);
    tcase_add_test(tests,
                   an_identical_payload_is_a_revisit_with_the_head_alone);
    tcase_add_test(
        tests, what_was_not_modified_is_a_revisit_with_what_it_was_asked_with);
    tcase_add_test(tests, what_is_not_known_is_not_written);
    tcase_add_test(tests, a_cut_http2_page_of_any_bytes_says_so_and_keeps_them);
    tcase_add_test(tests, warcinfo_opens_a_segment);
    tcase_add_loop_test(tests,
                        each_record_is_one_member_or_frame_of_the_plain_bytes,
                        WARC_STORE_GZIP, WARC_STORE_ZSTD + 1);
    tcase_add_test(tests, the_seed_alone_decides_the_ids);
    tcase_add_test(tests, no_two_records_have_one_id);
    tcase_add_loop_test(tests, a_full_buffer_fails_and_the_writer_lives_on,
                        WARC_STORE_PLAIN, WARC_STORE_ZSTD + 1);
    tcase_add_test(tests, suffixes_tell_the_store);
    return run_suite(suite);
}
