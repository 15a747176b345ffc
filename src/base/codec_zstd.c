/*
 * A frame that tells its length is unpacked right into its place, when all of
 * it is at hand (the library does so when it is given room for all of it); any
 * other goes through a window. A call that finds a fault does not say what it
 * wrote before, so a broken body is unpacked once more in small pieces.
 */
#include "fetchgrep/base/codec_zstd.h"

#include "fetchgrep/base/zstd_stream.h"

#include <zstd.h>

enum { STEP = 256 << 10, SMALL_PIECE = 64, WINDOW_LOG_MAX = 23 };

/* A frame on its way. */
struct unpacking {
    ZSTD_DCtx *context;
    struct view packed;
    size_t piece; /* bytes that are handed over at once */
    ZSTD_inBuffer in;
    size_t first_room; /* the output of the first call */
};

/* Room for the frame that begins at `packed`, when it tells its length. */
static size_t room_for_frame(struct view packed, size_t left)
{
    unsigned long long size =
        ZSTD_getFrameContentSize(packed.data, packed.size);
    bool is_told = size != ZSTD_CONTENTSIZE_UNKNOWN &&
                   size != ZSTD_CONTENTSIZE_ERROR && size <= left;
    return is_told && size > STEP ? (size_t)size : STEP;
}

/* One call of the library: UNPACK_TOO_LARGE for "there is more". */
static enum unpack_result unpack_step(struct unpacking *unpacking, char *to,
                                      size_t room, size_t *ret_size)
{
    ZSTD_inBuffer *in = &unpacking->in;
    size_t before = in->pos, size = unpacking->packed.size;
    if (in->pos == in->size)
        in->size += size - in->size < unpacking->piece ? size - in->size
                                                       : unpacking->piece;
    ZSTD_outBuffer out = { to, room, 0 };
    size_t code = ZSTD_decompressStream(unpacking->context, &out, in);
    if (ZSTD_isError(code))
        return UNPACK_DAMAGED;
    *ret_size = out.pos;
    bool is_stuck = in->pos == before && !out.pos && in->size == size;
    return code == 0  ? UNPACK_DONE
           : is_stuck ? UNPACK_DAMAGED
                      : UNPACK_TOO_LARGE;
}

static enum unpack_result unpack_frame(struct unpacking *unpacking,
                                       size_t limit, struct buf *out)
{
    size_t start = out->size, size = 0;
    enum unpack_result result;
    do {
        size_t left = limit - (out->size - start);
        size_t room = out->size == start ? unpacking->first_room : STEP;
        char probe, *to = &probe;
        /* At the limit one byte more tells whether the frame ends there. */
        room = !left ? 1 : room < left ? room : left;
        if (left)
            to = buf_reserve(out, room);
        if (!to)
            return UNPACK_NO_MEMORY;
        result = unpack_step(unpacking, to, room, &size);
        if (result == UNPACK_DAMAGED)
            return result;
        if (left)
            buf_commit(out, size);
        else if (size)
            return UNPACK_TOO_LARGE;
    } while (result == UNPACK_TOO_LARGE);
    return result;
}

static enum unpack_result unpack_in_pieces(ZSTD_DCtx *context, size_t piece,
                                           struct view packed, size_t limit,
                                           struct buf *out,
                                           struct view *ret_rest)
{
    size_t start = out->size;
    enum unpack_result result;
    do {
        size_t left = limit - (out->size - start);
        struct unpacking unpacking = {
            .context = context,
            .packed = packed,
            .piece = piece,
            .in = { packed.data, 0, 0 },
            .first_room = room_for_frame(packed, left),
        };
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
        result = unpack_frame(&unpacking, left, out);
        packed = view_from(packed, unpacking.in.pos);
    } while (result == UNPACK_DONE &&
             zstd_frame_kind(packed) != ZSTD_FRAME_NONE);
    if (result == UNPACK_DONE)
        *ret_rest = packed;
    return result;
}

enum unpack_result zstd_unpack(struct view packed, size_t limit,
                               struct buf *out, struct view *ret_rest)
{
    size_t start = out->size;
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context)
        return UNPACK_NO_MEMORY;
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    enum unpack_result result =
        unpack_in_pieces(context, packed.size, packed, limit, out, ret_rest);
    if (result == UNPACK_DAMAGED) {
        buf_truncate(out, start);
        result = unpack_in_pieces(context, SMALL_PIECE, packed, limit, out,
                                  ret_rest);
    }
    ZSTD_freeDCtx(context);
    return result;
}
