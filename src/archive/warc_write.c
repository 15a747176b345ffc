#include "fetchgrep/archive/warc_write.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/digest.h"
#include "fetchgrep/base/zstd_stream.h"

#include <assert.h>

/* Pages are written once and in bulk: gzip's fastest, and the best zstd level
 * that is not slower (530 pages, 51 MB: gzip 1 0.127 s, 8.3 MB; zstd 1 0.087 s,
 * 7.9 MB; 3 0.094 s, 7.5 MB; 4 0.125 s, 7.3 MB; 5 0.222 s, 6.8 MB). */
enum { GZIP_LEVEL = 1, ZSTD_LEVEL = 3 };

struct warc_writer {
    enum warc_store store;
    struct gzip_packer *gzip;
    struct zstd_packer *zstd;
    struct digest *digest;
    uint64_t random[2]; /* xoroshiro128+ */
    struct buf header;
    struct buf record; /* a record in one piece, to be packed */
};

/* splitmix64: spreads a small seed over the generator's state. */
static uint64_t spread(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct warc_writer *warc_writer_new(enum warc_store store, uint64_t seed,
                                    struct error *err)
{
    struct warc_writer *writer = calloc(1, sizeof(*writer));
    if (!writer) {
        error_no_memory(err, "a WARC writer");
        return NULL;
    }
    writer->store = store;
    writer->random[0] = spread(&seed);
    writer->random[1] = spread(&seed);
    buf_init(&writer->header, 1 << 20);
    buf_init(&writer->record, SIZE_MAX / 4);
    writer->digest = digest_new();
    if (store == WARC_STORE_GZIP)
        writer->gzip = gzip_packer_new(GZIP_LEVEL);
    if (store == WARC_STORE_ZSTD)
        writer->zstd = zstd_packer_new(ZSTD_LEVEL);
    if (!writer->digest || (store == WARC_STORE_GZIP && !writer->gzip) ||
        (store == WARC_STORE_ZSTD && !writer->zstd)) {
        warc_writer_free(writer);
        error_no_memory(err, "a WARC writer");
        return NULL;
    }
    return writer;
}

void warc_writer_free(struct warc_writer *writer)
{
    if (!writer)
        return;
    gzip_packer_free(writer->gzip);
    zstd_packer_free(writer->zstd);
    digest_free(writer->digest);
    buf_release(&writer->header);
    buf_release(&writer->record);
    free(writer);
}

const char *warc_store_suffix(enum warc_store store)
{
    return store == WARC_STORE_ZSTD   ? ".warc.zst"
           : store == WARC_STORE_GZIP ? ".warc.gz"
                                      : ".warc";
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t next_random(struct warc_writer *writer)
{
    uint64_t a = writer->random[0], b = writer->random[1], result = a + b;
    b ^= a;
    writer->random[0] = rotate(a, 24) ^ b ^ b << 16;
    writer->random[1] = rotate(b, 37);
    return result;
}

/* A random UUID, version 4 (RFC 9562, 5.4). */
static void make_uuid(struct warc_writer *writer, char text[WARC_UUID_SIZE])
{
    uint64_t high = next_random(writer), low = next_random(writer);
    high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
    snprintf(text, WARC_UUID_SIZE, "%08x-%04x-%04x-%04x-%012llx",
             (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
             (unsigned)(high & 0xffff), (unsigned)(low >> 48),
             (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}

static void field(struct buf *out, const char *name, struct view value)
{
    buf_append_string(out, name);
    buf_append(out, ": ", 2);
    buf_append_view(out, value);
    buf_append(out, "\r\n", 2);
}

static void field_text(struct buf *out, const char *name, const char *value)
{
    field(out, name, view_of_string(value));
}

/* Begins the header: type, id, date. */
static void begin(struct warc_writer *writer, const char *type,
                  const char *uuid, int64_t date_ms)
{
    struct buf *out = &writer->header;
    char date[CLOCK_TEXT_SIZE];
    clock_format_ms(date_ms, date);
    buf_reset(out);
    buf_append_string(out, "WARC/1.1\r\n");
    field_text(out, "WARC-Type", type);
    buf_append_format(out, "WARC-Record-ID: <urn:uuid:%s>\r\n", uuid);
    field_text(out, "WARC-Date", date);
}

/* Ends the header and writes header, block and the two line ends as one
 * record, stored as this writer stores. */
static void end(struct warc_writer *writer, struct view first,
                struct view second, struct buf *out)
{
    struct buf *header = &writer->header;
    bool is_packed = writer->gzip || writer->zstd;
    struct buf *record = is_packed ? &writer->record : out;
    buf_append_format(header, "Content-Length: %zu\r\n\r\n",
                      first.size + second.size);
    if (is_packed)
        buf_reset(record);
    buf_append_view(record, buf_view(header));
    buf_append_view(record, first);
    buf_append_view(record, second);
    buf_append(record, "\r\n\r\n", 4);
    out->failed = out->failed || header->failed || record->failed;
    if (out->failed)
        return;
    if (writer->gzip)
        gzip_pack(writer->gzip, buf_view(record), out);
    if (writer->zstd)
        zstd_pack(writer->zstd, buf_view(record), out);
}

void warc_payload_digest(struct warc_writer *writer, struct view payload,
                         char text[WARC_DIGEST_SIZE])
{
    static_assert((int)WARC_DIGEST_SIZE >= (int)DIGEST_TEXT_SIZE,
                  "a digest fits");
    digest_sha1_text(writer->digest, payload, text);
}

/* What both kinds of answer have, and what is in `written` of them. */
static void write_answer(struct warc_writer *writer,
                         const struct warc_exchange *exchange, struct view body,
                         const char *truncated, struct buf *out,
                         struct warc_written *written)
{
    struct buf *header = &writer->header;
    char block_digest[DIGEST_TEXT_SIZE];
    digest_sha1_text2(writer->digest, exchange->response_head, body,
                      block_digest);
    field(header, "WARC-Target-URI", exchange->target_uri);
    if (exchange->ip.size)
        field(header, "WARC-IP-Address", exchange->ip);
    field_text(header, "Content-Type", "application/http;msgtype=response");
    if (written->payload_digest[0])
        field_text(header, "WARC-Payload-Digest", written->payload_digest);
    field_text(header, "WARC-Block-Digest", block_digest);
    if (truncated)
        field_text(header, "WARC-Truncated", truncated);
    if (exchange->protocol)
        field_text(header, "WARC-Protocol", exchange->protocol);
    end(writer, exchange->response_head, body, out);
    written->size = out->size - written->offset;
}

static void write_response(struct warc_writer *writer,
                           const struct warc_exchange *exchange,
                           struct buf *out, struct warc_written *written)
{
    if (!written->payload_digest[0])
        warc_payload_digest(writer, exchange->payload, written->payload_digest);
    begin(writer, "response", written->uuid, exchange->date_ms);
    write_answer(writer, exchange, exchange->response_body, exchange->truncated,
                 out, written);
}

static void field_if_any(struct buf *out, const char *name, struct view value)
{
    if (value.size)
        field(out, name, value);
}

/* The profiles of ISO 28500, 6.7.2 and 6.7.3. The last two fields are no part
 * of it: a server need not repeat them in its 304, and without them the next
 * run could not ask again. */
static void write_revisit(struct warc_writer *writer,
                          const struct warc_exchange *exchange, struct buf *out,
                          struct warc_written *written)
{
    const struct warc_target *target = exchange->target;
    struct buf *header = &writer->header;
    begin(writer, "revisit", written->uuid, exchange->date_ms);
    buf_append_format(header,
                      "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/"
                      "%s\r\n",
                      target->is_not_modified ? "server-not-modified"
                                              : "identical-payload-digest");
    field_if_any(header, "WARC-Refers-To", target->record_id);
    field_if_any(header, "WARC-Refers-To-Target-URI", target->uri);
    field_if_any(header, "WARC-Refers-To-Date", target->date);
    field_if_any(header, "WARC-Etag", target->etag);
    field_if_any(header, "WARC-Last-Modified", target->last_modified);
    write_answer(writer, exchange, view_of(NULL, 0),
                 target->is_not_modified ? NULL : "length", out, written);
}

static void write_request(struct warc_writer *writer,
                          const struct warc_exchange *exchange,
                          const char *response_uuid, struct buf *out)
{
    struct buf *header = &writer->header;
    char uuid[WARC_UUID_SIZE], block_digest[DIGEST_TEXT_SIZE];
    make_uuid(writer, uuid);
    digest_sha1_text(writer->digest, exchange->request_head, block_digest);
    begin(writer, "request", uuid, exchange->date_ms);
    field(header, "WARC-Target-URI", exchange->target_uri);
    if (exchange->ip.size)
        field(header, "WARC-IP-Address", exchange->ip);
    buf_append_format(header, "WARC-Concurrent-To: <urn:uuid:%s>\r\n",
                      response_uuid);
    field_text(header, "Content-Type", "application/http;msgtype=request");
    field_text(header, "WARC-Block-Digest", block_digest);
    end(writer, exchange->request_head, view_of(NULL, 0), out);
}

void warc_write_exchange(struct warc_writer *writer,
                         const struct warc_exchange *exchange, struct buf *out,
                         struct warc_written *ret_response)
{
    struct warc_written written = { .offset = out->size };
    make_uuid(writer, written.uuid);
    if (exchange->payload_digest)
        snprintf(written.payload_digest, sizeof(written.payload_digest), "%s",
                 exchange->payload_digest);
    if (exchange->target)
        write_revisit(writer, exchange, out, &written);
    else
        write_response(writer, exchange, out, &written);
    if (exchange->request_head.size)
        write_request(writer, exchange, written.uuid, out);
    *ret_response = written;
}

void warc_write_info(struct warc_writer *writer, int64_t date_ms,
                     struct view filename, struct view fields, struct buf *out)
{
    struct buf *header = &writer->header;
    char uuid[WARC_UUID_SIZE];
    make_uuid(writer, uuid);
    begin(writer, "warcinfo", uuid, date_ms);
    field(header, "WARC-Filename", filename);
    field_text(header, "Content-Type", "application/warc-fields");
    end(writer, fields, view_of(NULL, 0), out);
}
