/*
 * The decoder hands out what it has whenever it wants more input, but not when
 * it finds a fault. So a stream that turns out to be broken is decoded once
 * more in small pieces: then all that stands before the fault is kept.
 */
#include "fetchgrep/base/codec_brotli.h"

#include <brotli/decode.h>

enum { STEP = 256 << 10, SMALL_PIECE = 64 };

struct unpacking {
    BrotliDecoderState *decoder;
    const uint8_t *next;
    size_t left;
};

/* Decodes `size` further bytes, as far as there is room to the limit. */
static BrotliDecoderResult unpack_piece(struct unpacking *unpacking,
                                        size_t size, size_t limit, size_t start,
                                        struct buf *out)
{
    size_t given = size;
    BrotliDecoderResult result;
    do {
        size_t left = limit - (out->size - start);
        size_t room = left < STEP ? left : STEP, unused = room;
        uint8_t probe;
        uint8_t *to = left ? (uint8_t *)buf_reserve(out, room) : &probe;
        if (!to)
            return BROTLI_DECODER_RESULT_ERROR;
        if (!left)
            room = unused = 1; /* whether the stream ends just there */
        result = BrotliDecoderDecompressStream(
            unpacking->decoder, &given, &unpacking->next, &unused, &to, NULL);
        if (left)
            buf_commit(out, room - unused);
        else if (!unused)
            return BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    } while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
    unpacking->left -= size - given;
    return result;
}

static enum unpack_result unpack_in_pieces(struct view packed, size_t piece,
                                           size_t limit, struct buf *out,
                                           struct view *ret_rest)
{
    size_t start = out->size;
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT;
    struct unpacking unpacking = {
        .decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL),
        .next = (const uint8_t *)packed.data,
        .left = packed.size,
    };
    if (!unpacking.decoder)
        return UNPACK_NO_MEMORY;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && unpacking.left)
        result = unpack_piece(&unpacking,
                              unpacking.left < piece ? unpacking.left : piece,
                              limit, start, out);
    BrotliDecoderDestroyInstance(unpacking.decoder);
    if (out->failed)
        return UNPACK_NO_MEMORY;
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT)
        return UNPACK_TOO_LARGE;
    if (result != BROTLI_DECODER_RESULT_SUCCESS)
        return UNPACK_DAMAGED;
    *ret_rest = view_from(packed, packed.size - unpacking.left);
    return UNPACK_DONE;
}

enum unpack_result brotli_unpack(struct view packed, size_t limit,
                                 struct buf *out, struct view *ret_rest)
{
    size_t start = out->size;
    enum unpack_result result =
        unpack_in_pieces(packed, packed.size, limit, out, ret_rest);
    if (result != UNPACK_DAMAGED)
        return result;
    buf_truncate(out, start);
    return unpack_in_pieces(packed, SMALL_PIECE, limit, out, ret_rest);
}
