#include "fetchgrep/base/zstd_stream.h"

#include <assert.h>
#include <zstd.h>
#include <zstd_errors.h>

/* ---- packing ---------------------------------------------------------- */

struct zstd_packer {
    ZSTD_CCtx *context;
};

struct zstd_packer *zstd_packer_new(int level)
{
    struct zstd_packer *packer = calloc(1, sizeof(*packer));
    if (!packer)
        return NULL;
    packer->context = ZSTD_createCCtx();
    if (!packer->context ||
        ZSTD_isError(ZSTD_CCtx_setParameter(packer->context,
                                            ZSTD_c_compressionLevel, level)) ||
        ZSTD_isError(
            ZSTD_CCtx_setParameter(packer->context, ZSTD_c_checksumFlag, 1))) {
        zstd_packer_free(packer);
        return NULL;
    }
    return packer;
}

void zstd_packer_free(struct zstd_packer *packer)
{
    if (!packer)
        return;
    ZSTD_freeCCtx(packer->context);
    free(packer);
}

void zstd_pack(struct zstd_packer *packer, struct view bytes, struct buf *out)
{
    size_t bound = ZSTD_compressBound(bytes.size);
    char *to = buf_reserve(out, bound);
    if (!to)
        return;
    size_t size =
        ZSTD_compress2(packer->context, to, bound, bytes.data, bytes.size);
    if (ZSTD_isError(size))
        out->failed = true; /* its tables did not fit into memory */
    else
        buf_commit(out, size);
}

/* ---- frames ----------------------------------------------------------- */

static uint32_t read_u32(const char *at)
{
    unsigned char b[4];
    memcpy(b, at, sizeof(b));
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
}

enum zstd_frame zstd_frame_kind(struct view bytes)
{
    if (bytes.size < 4)
        return ZSTD_FRAME_NONE;
    uint32_t magic = read_u32(bytes.data);
    if (magic == ZSTD_MAGICNUMBER)
        return ZSTD_FRAME_DATA;
    return (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START
               ? ZSTD_FRAME_SKIPPABLE
               : ZSTD_FRAME_NONE;
}

bool zstd_skippable_read(struct view bytes, unsigned *ret_variant,
                         size_t *ret_size)
{
    if (bytes.size < ZSTD_FRAME_HEAD_SIZE ||
        zstd_frame_kind(bytes) != ZSTD_FRAME_SKIPPABLE)
        return false;
    *ret_variant = read_u32(bytes.data) & 15;
    *ret_size = read_u32(bytes.data + 4);
    return true;
}

/* ---- unpacking -------------------------------------------------------- */

struct zstd_unpacker {
    ZSTD_DCtx *context;
    ZSTD_DDict *dictionary; /* or NULL */
};

struct zstd_unpacker *zstd_unpacker_new(void)
{
    struct zstd_unpacker *unpacker = calloc(1, sizeof(*unpacker));
    if (!unpacker)
        return NULL;
    unpacker->context = ZSTD_createDCtx();
    if (!unpacker->context) {
        free(unpacker);
        return NULL;
    }
    return unpacker;
}

void zstd_unpacker_free(struct zstd_unpacker *unpacker)
{
    if (!unpacker)
        return;
    ZSTD_freeDCtx(unpacker->context);
    ZSTD_freeDDict(unpacker->dictionary);
    free(unpacker);
}

bool zstd_unpacker_use(struct zstd_unpacker *unpacker, struct view dictionary)
{
    zstd_stream_begin(unpacker);
    ZSTD_freeDDict(unpacker->dictionary);
    unpacker->dictionary = NULL;
    if (dictionary.size) {
        unpacker->dictionary =
            ZSTD_createDDict(dictionary.data, dictionary.size);
        /* Whatever has no number is taken for bytes to refer to. */
        if (!unpacker->dictionary ||
            !ZSTD_getDictID_fromDDict(unpacker->dictionary)) {
            ZSTD_freeDDict(unpacker->dictionary);
            unpacker->dictionary = NULL;
            dictionary.size = 0;
            (void)ZSTD_DCtx_refDDict(unpacker->context, NULL);
            return false;
        }
    }
    return !ZSTD_isError(
        ZSTD_DCtx_refDDict(unpacker->context, unpacker->dictionary));
}

bool zstd_unpack_frame(struct zstd_unpacker *unpacker, struct view packed,
                       size_t limit, struct buf *out, size_t *ret_used)
{
    size_t used = ZSTD_findFrameCompressedSize(packed.data, packed.size);
    if (ZSTD_isError(used))
        return false;
    if (zstd_frame_kind(packed) == ZSTD_FRAME_SKIPPABLE) {
        *ret_used = used;
        return true;
    }
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, used);
    if (size > limit) /* not told, and errors, are beyond all limits */
        return false;
    char *to = buf_reserve(out, (size_t)size + 1);
    if (!to)
        return false;
    size_t done =
        ZSTD_decompress_usingDDict(unpacker->context, to, (size_t)size,
                                   packed.data, used, unpacker->dictionary);
    if (ZSTD_isError(done))
        return false;
    buf_commit(out, done);
    *ret_used = used;
    return true;
}

void zstd_stream_begin(struct zstd_unpacker *unpacker)
{
    (void)ZSTD_DCtx_reset(unpacker->context, ZSTD_reset_session_only);
}

enum zstd_step zstd_stream_step(struct zstd_unpacker *unpacker,
                                struct view *packed, size_t room,
                                struct buf *out)
{
    char *to = buf_reserve(out, room);
    if (!to)
        return ZSTD_STEP_NO_MEMORY;
    ZSTD_inBuffer in = { .src = packed->data, .size = packed->size };
    ZSTD_outBuffer dst = { .dst = to, .size = room };
    size_t left = ZSTD_decompressStream(unpacker->context, &dst, &in);
    assert(in.pos <= in.size && dst.pos <= dst.size);
    buf_commit(out, dst.pos);
    *packed = view_from(*packed, in.pos);
    if (ZSTD_isError(left))
        return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation
                   ? ZSTD_STEP_NO_MEMORY
                   : ZSTD_STEP_DAMAGED;
    return left == 0 ? ZSTD_STEP_END : ZSTD_STEP_MORE;
}
