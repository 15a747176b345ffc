/*
 * packing.h - bodies packed by the libraries themselves, for the tests of what
 * takes them apart.
 */
#ifndef FETCHGREP_TESTS_PACKING_H
#define FETCHGREP_TESTS_PACKING_H

#include "fetchgrep/base/buf.h"

#include <brotli/encode.h>
#include <check.h>
#include <zstd.h>

enum { PACKED_MAX = 64 << 20 };

static inline struct buf new_packed(size_t room)
{
    struct buf packed;
    buf_init(&packed, PACKED_MAX);
    ck_assert_ptr_nonnull(buf_reserve(&packed, room));
    return packed;
}

static inline struct buf brotli_with(int window_log, struct view bytes)
{
    enum { QUALITY = 5 };
    size_t size = BrotliEncoderMaxCompressedSize(bytes.size) + 64;
    struct buf packed = new_packed(size);
    ck_assert(BrotliEncoderCompress(QUALITY, window_log, BROTLI_MODE_TEXT,
                                    bytes.size, (const uint8_t *)bytes.data,
                                    &size, (uint8_t *)packed.data));
    buf_commit(&packed, size);
    return packed;
}

static inline struct buf brotli_of(struct view bytes)
{
    return brotli_with(BROTLI_DEFAULT_WINDOW, bytes);
}

/* A frame that tells its length and has a checksum. */
static inline struct buf zstd_of(struct view bytes)
{
    struct buf packed = new_packed(ZSTD_compressBound(bytes.size));
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t size = ZSTD_compress2(context, packed.data, packed.capacity,
                                 bytes.data, bytes.size);
    ck_assert(!ZSTD_isError(size));
    buf_commit(&packed, size);
    ZSTD_freeCCtx(context);
    return packed;
}

/* As a server writes it that packs what is not at hand yet: without the length;
 * the window is as large as told. */
static inline struct buf zstd_with(int window_log, struct view bytes)
{
    struct buf packed = new_packed(ZSTD_compressBound(bytes.size) + 1024);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_inBuffer in = { bytes.data, bytes.size, 0 };
    ZSTD_outBuffer out = { packed.data, packed.capacity, 0 };
    ck_assert(!ZSTD_isError(
        ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue)));
    ck_assert_uint_eq(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0);
    buf_commit(&packed, out.pos);
    ZSTD_freeCCtx(context);
    return packed;
}

static inline struct buf zstd_streamed(struct view bytes)
{
    return zstd_with(20, bytes);
}

#endif
