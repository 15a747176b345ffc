/*
 * stored.h - brotli and zstd streams in which nothing is compressed but runs,
 * so that the fault server needs no library (RFC 7932, 9; RFC 8878, 3.1).
 */
#ifndef TESTS_SERVER_FAULT_STORED_H
#define TESTS_SERVER_FAULT_STORED_H

#include "deflate.h"

enum { STORED_BLOCK = 60000 };

/* Meta-blocks of up to 64 kB as they are, then an empty last one. */
static void brotli_stored(struct bytes *out, const char *data, size_t size)
{
    struct bit_writer writer = { .out = out };
    bits_add(&writer, 0, 1); /* a window of 64 kB */
    for (size_t at = 0, part; at < size; at += part) {
        part = size - at < STORED_BLOCK ? size - at : STORED_BLOCK;
        bits_add(&writer, 0, 1); /* not the last */
        bits_add(&writer, 0, 2); /* a length of four nibbles */
        bits_add(&writer, (unsigned)part - 1, 16);
        bits_add(&writer, 1, 1); /* uncompressed */
        bits_add(&writer, 0, (8 - writer.count) % 8);
        bytes_add(out, data + at, part);
    }
    bits_add(&writer, 3, 2); /* the last, and empty */
    bits_add(&writer, 0, (8 - writer.count) % 8);
}

/* A frame without length or checksum, and a window of 128 kB. */
static void zstd_head(struct bytes *out)
{
    bytes_add(out, "\x28\xB5\x2F\xFD\x00\x38", 6);
}

enum zstd_block { ZSTD_RAW = 0, ZSTD_RUN = 1 };

static void zstd_block(struct bytes *out, bool is_last, enum zstd_block type,
                       size_t size)
{
    uint32_t head = is_last | (uint32_t)type << 1 | (uint32_t)size << 3;
    for (int shift = 0; shift < 24; shift += 8)
        bytes_add_char(out, (head >> shift) & 0xff);
}

static void zstd_stored(struct bytes *out, const char *data, size_t size)
{
    zstd_head(out);
    for (size_t at = 0, part; at < size; at += part) {
        part = size - at < STORED_BLOCK ? size - at : STORED_BLOCK;
        zstd_block(out, false, ZSTD_RAW, part);
        bytes_add(out, data + at, part);
    }
    zstd_block(out, true, ZSTD_RAW, 0);
}

/* `size` blanks, rounded up to runs of 60,000, in four bytes each. */
static void zstd_bomb(struct bytes *out, size_t size)
{
    zstd_head(out);
    for (size_t at = 0; at < size; at += STORED_BLOCK) {
        zstd_block(out, false, ZSTD_RUN, STORED_BLOCK);
        bytes_add_char(out, ' ');
    }
    zstd_block(out, true, ZSTD_RAW, 0);
}

#endif
