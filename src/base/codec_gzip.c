/*
 * Decoding tries libdeflate first, into a buffer of a guessed size that grows
 * when it was too small: that is the fast way for whole streams. What it
 * refuses (damaged, cut short, over the limit) goes once more through zlib,
 * which streams, so that everything up to the fault is kept.
 */
#include "fetchgrep/base/codec_gzip.h"

#include <assert.h>
#include <libdeflate.h>
#include <limits.h>
#include <zlib.h>

struct gzip_packer {
    struct libdeflate_compressor *compressor;
};

struct gzip_packer *gzip_packer_new(int level)
{
    struct gzip_packer *packer = calloc(1, sizeof(*packer));
    if (!packer)
        return NULL;
    packer->compressor = libdeflate_alloc_compressor(level);
    if (!packer->compressor) {
        free(packer);
        return NULL;
    }
    return packer;
}

void gzip_packer_free(struct gzip_packer *packer)
{
    if (!packer)
        return;
    libdeflate_free_compressor(packer->compressor);
    free(packer);
}

void gzip_pack(struct gzip_packer *packer, struct view bytes, struct buf *out)
{
    size_t bound =
        libdeflate_gzip_compress_bound(packer->compressor, bytes.size);
    char *to = buf_reserve(out, bound);
    if (!to)
        return;
    size_t size = libdeflate_gzip_compress(packer->compressor, bytes.data,
                                           bytes.size, to, bound);
    assert(size > 0);
    buf_commit(out, size);
}

/* ---- the fast way ----------------------------------------------------- */

enum gzip_form { GZIP_FORM_GZIP, GZIP_FORM_DEFLATE };

enum { GUESS_FACTOR = 6, SMALLEST_GUESS = 16 << 10 };

/* A gzip stream's last four bytes say its length modulo 2^32 (RFC 1952); a
 * server may lie, so it is only a guess. */
static size_t guess_size(enum gzip_form form, struct view packed, size_t limit)
{
    size_t guess = packed.size * GUESS_FACTOR;
    if (form == GZIP_FORM_GZIP && packed.size >= 4) {
        const unsigned char *end =
            (const unsigned char *)packed.data + packed.size;
        guess = (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 |
                (size_t)end[-1] << 24;
        /* Deflate packs at most 1 to 1032. */
        if (guess / 1032 > packed.size)
            guess = packed.size * GUESS_FACTOR;
    }
    if (guess < SMALLEST_GUESS)
        guess = SMALLEST_GUESS;
    return guess < limit ? guess : limit;
}

static enum libdeflate_result
unpack_once(struct libdeflate_decompressor *decompressor, enum gzip_form form,
            struct view packed, char *to, size_t room, size_t *ret_in,
            size_t *ret_out)
{
    if (form == GZIP_FORM_GZIP)
        return libdeflate_gzip_decompress_ex(
            decompressor, packed.data, packed.size, to, room, ret_in, ret_out);
    enum libdeflate_result result = libdeflate_zlib_decompress_ex(
        decompressor, packed.data, packed.size, to, room, ret_in, ret_out);
    if (result == LIBDEFLATE_BAD_DATA)
        result = libdeflate_deflate_decompress_ex(
            decompressor, packed.data, packed.size, to, room, ret_in, ret_out);
    return result;
}

/* One member, when libdeflate can do it within `limit`. */
static bool unpack_member_fast(struct libdeflate_decompressor *decompressor,
                               enum gzip_form form, struct view *packed,
                               size_t limit, struct buf *out)
{
    size_t room = guess_size(form, *packed, limit);
    for (;;) {
        size_t used = 0, size = 0;
        char *to = buf_reserve(out, room);
        if (!to)
            return false;
        enum libdeflate_result result =
            unpack_once(decompressor, form, *packed, to, room, &used, &size);
        if (result == LIBDEFLATE_SUCCESS) {
            buf_commit(out, size);
            *packed = view_from(*packed, used);
            return true;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE || room >= limit)
            return false;
        room = room > limit / 4 ? limit : room * 4;
    }
}

static bool is_gzip(struct view bytes)
{
    return bytes.size >= 2 && !memcmp(bytes.data, "\x1f\x8b", 2);
}

static bool unpack_fast(enum gzip_form form, struct view packed, size_t limit,
                        struct buf *out, struct view *ret_rest)
{
    struct libdeflate_decompressor *decompressor =
        libdeflate_alloc_decompressor();
    if (!decompressor)
        return false;
    size_t start = out->size;
    bool done;
    do {
        done = unpack_member_fast(decompressor, form, &packed,
                                  limit - (out->size - start), out);
    } while (done && form == GZIP_FORM_GZIP && is_gzip(packed));
    libdeflate_free_decompressor(decompressor);
    if (done)
        *ret_rest = packed;
    else
        buf_truncate(out, start);
    return done;
}

/* ---- the careful way -------------------------------------------------- */

enum { GZIP_BITS = 15 + 16, ZLIB_BITS = 15, RAW_BITS = -15, STEP = 256 << 10 };

/* Room for the next step, no more than the limit leaves; NULL without
 * memory. */
static char *step_room(struct buf *out, size_t left, size_t *ret_room)
{
    size_t room = left < STEP ? left : STEP;
    *ret_room = room;
    return buf_reserve(out, room);
}

/* Inflates one stream until its end, a fault or the limit. */
static enum unpack_result inflate_stream(z_stream *stream, size_t limit,
                                         struct buf *out)
{
    size_t start = out->size;
    for (;;) {
        size_t left = limit - (out->size - start), room;
        unsigned char probe;
        char *to = left ? step_room(out, left, &room) : NULL;
        if (left && !to)
            return UNPACK_NO_MEMORY;
        /* At the limit one byte more tells whether the stream ends there. */
        stream->next_out = left ? (unsigned char *)to : &probe;
        stream->avail_out = left ? (unsigned)room : 1;
        int code = inflate(stream, Z_NO_FLUSH);
        if (left)
            buf_commit(out, room - stream->avail_out);
        else if (stream->avail_out == 0)
            return UNPACK_TOO_LARGE;
        if (code == Z_STREAM_END)
            return UNPACK_DONE;
        if (code == Z_MEM_ERROR)
            return UNPACK_NO_MEMORY;
        if (code != Z_OK || (stream->avail_in == 0 && stream->avail_out))
            return UNPACK_DAMAGED;
    }
}

static enum unpack_result unpack_slow(int window_bits, struct view packed,
                                      size_t limit, struct buf *out,
                                      struct view *ret_rest)
{
    z_stream stream = { 0 };
    if (inflateInit2(&stream, window_bits) != Z_OK)
        return UNPACK_NO_MEMORY;
    assert(packed.size <= UINT_MAX);
    size_t start = out->size;
    enum unpack_result result;
    struct view rest = packed;
    do {
        memcpy(&stream.next_in, &rest.data, sizeof(rest.data));
        stream.avail_in = (unsigned)rest.size;
        result = inflate_stream(&stream, limit - (out->size - start), out);
        rest = view_from(rest, rest.size - stream.avail_in);
    } while (result == UNPACK_DONE && window_bits == GZIP_BITS &&
             is_gzip(rest) && inflateReset(&stream) == Z_OK);
    inflateEnd(&stream);
    if (result == UNPACK_DONE)
        *ret_rest = rest;
    return result;
}

/* Zeros behind the last member are padding. */
static struct view without_padding(struct view rest)
{
    while (rest.size && rest.data[0] == '\0')
        rest = view_from(rest, 1);
    return rest;
}

enum unpack_result gzip_unpack(struct view packed, size_t limit,
                               struct buf *out, struct view *ret_rest)
{
    struct view rest;
    enum unpack_result result = UNPACK_DONE;
    if (!unpack_fast(GZIP_FORM_GZIP, packed, limit, out, &rest))
        result = out->failed
                     ? UNPACK_NO_MEMORY
                     : unpack_slow(GZIP_BITS, packed, limit, out, &rest);
    if (result == UNPACK_DONE)
        *ret_rest = without_padding(rest);
    return result;
}

enum unpack_result deflate_unpack(struct view packed, size_t limit,
                                  struct buf *out, struct view *ret_rest)
{
    size_t start = out->size;
    if (unpack_fast(GZIP_FORM_DEFLATE, packed, limit, out, ret_rest))
        return UNPACK_DONE;
    if (out->failed)
        return UNPACK_NO_MEMORY;
    enum unpack_result result =
        unpack_slow(ZLIB_BITS, packed, limit, out, ret_rest);
    if (result != UNPACK_DAMAGED || out->size > start)
        return result;
    return unpack_slow(RAW_BITS, packed, limit, out, ret_rest);
}

/* ---- member by member ------------------------------------------------- */

struct gzip_unpacker {
    struct libdeflate_decompressor *decompressor;
    z_stream stream;
    bool has_stream;
};

struct gzip_unpacker *gzip_unpacker_new(void)
{
    struct gzip_unpacker *unpacker = calloc(1, sizeof(*unpacker));
    if (!unpacker)
        return NULL;
    unpacker->decompressor = libdeflate_alloc_decompressor();
    if (!unpacker->decompressor) {
        free(unpacker);
        return NULL;
    }
    return unpacker;
}

void gzip_unpacker_free(struct gzip_unpacker *unpacker)
{
    if (!unpacker)
        return;
    libdeflate_free_decompressor(unpacker->decompressor);
    if (unpacker->has_stream)
        inflateEnd(&unpacker->stream);
    free(unpacker);
}

bool gzip_unpack_member(struct gzip_unpacker *unpacker, struct view packed,
                        size_t limit, struct buf *out, size_t *ret_used)
{
    size_t start = out->size;
    /* What is allocated already is the best guess: it held the last one. */
    size_t room = out->capacity - out->size;
    if (room < SMALLEST_GUESS)
        room = SMALLEST_GUESS;
    for (room = room < limit ? room : limit;;) {
        size_t used = 0, size = 0;
        char *to = buf_reserve(out, room);
        if (!to)
            break;
        enum libdeflate_result result =
            unpack_once(unpacker->decompressor, GZIP_FORM_GZIP, packed, to,
                        room, &used, &size);
        if (result == LIBDEFLATE_SUCCESS) {
            buf_commit(out, size);
            *ret_used = used;
            return true;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE || room >= limit)
            break;
        room = room > limit / 4 ? limit : room * 4;
    }
    buf_truncate(out, start);
    return false;
}

bool gzip_stream_begin(struct gzip_unpacker *unpacker)
{
    if (unpacker->has_stream)
        return inflateReset(&unpacker->stream) == Z_OK;
    unpacker->has_stream = inflateInit2(&unpacker->stream, GZIP_BITS) == Z_OK;
    return unpacker->has_stream;
}

enum gzip_step gzip_stream_step(struct gzip_unpacker *unpacker,
                                struct view *packed, size_t room,
                                struct buf *out)
{
    z_stream *stream = &unpacker->stream;
    char *to = buf_reserve(out, room);
    if (!to)
        return GZIP_STEP_NO_MEMORY;
    assert(packed->size <= UINT_MAX && room <= UINT_MAX);
    memcpy(&stream->next_in, &packed->data, sizeof(packed->data));
    stream->avail_in = (unsigned)packed->size;
    stream->next_out = (unsigned char *)to;
    stream->avail_out = (unsigned)room;
    int code = inflate(stream, Z_NO_FLUSH);
    buf_commit(out, room - stream->avail_out);
    *packed = view_from(*packed, packed->size - stream->avail_in);
    switch (code) {
    case Z_STREAM_END:
        return GZIP_STEP_END;
    case Z_OK:
    case Z_BUF_ERROR: /* no progress was possible: wants input */
        return GZIP_STEP_MORE;
    case Z_MEM_ERROR:
        return GZIP_STEP_NO_MEMORY;
    default:
        return GZIP_STEP_DAMAGED;
    }
}
