/*
 * deflate.h - gzip and zlib streams made by hand (RFC 1950, 1951, 1952), so
 * that the server needs libc alone: stored blocks for pages, and one fixed
 * Huffman block of blanks for the bomb.
 */
#ifndef TESTS_SERVER_FAULT_DEFLATE_H
#define TESTS_SERVER_FAULT_DEFLATE_H

#include "bytes.h"

static uint32_t crc32_more(uint32_t crc, const char *data, size_t size)
{
    static uint32_t table[256];
    if (!table[1])
        for (uint32_t i = 0; i < 256; i++) {
            table[i] = i;
            for (int bit = 0; bit < 8; bit++)
                table[i] =
                    table[i] & 1 ? table[i] >> 1 ^ 0xEDB88320u : table[i] >> 1;
        }
    crc = ~crc;
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ (unsigned char)data[i]) & 0xff];
    return ~crc;
}

static uint32_t adler32(const char *data, size_t size)
{
    uint32_t low = 1;
    uint32_t high = 0;
    for (size_t i = 0; i < size; i++) {
        low = (low + (unsigned char)data[i]) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

/* A deflate stream of stored blocks. */
static void deflate_stored(struct bytes *out, const char *data, size_t size)
{
    const size_t longest = 65535;
    do {
        size_t part = size < longest ? size : longest;
        size -= part;
        bytes_add_char(out, size == 0);
        bytes_add_char(out, part & 0xff);
        bytes_add_char(out, part >> 8 & 0xff);
        bytes_add_char(out, ~part & 0xff);
        bytes_add_char(out, ~part >> 8 & 0xff);
        bytes_add(out, data, part);
        data += part;
    } while (size);
}

static void gzip_head(struct bytes *out)
{
    static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";
    bytes_add(out, head, sizeof(head) - 1);
}

static void gzip_stored(struct bytes *out, const char *data, size_t size)
{
    gzip_head(out);
    deflate_stored(out, data, size);
    bytes_add_u32_le(out, crc32_more(0, data, size));
    bytes_add_u32_le(out, (uint32_t)size);
}

static void zlib_stored(struct bytes *out, const char *data, size_t size)
{
    bytes_add(out, "\x78\x01", 2);
    deflate_stored(out, data, size);
    uint32_t sum = adler32(data, size);
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes_add_char(out, (sum >> shift) & 0xff);
}

struct bit_writer {
    struct bytes *out;
    unsigned bits;
    unsigned count;
};

static void bits_add(struct bit_writer *writer, unsigned value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        writer->bits |= (value >> i & 1) << writer->count++;
        if (writer->count == 8) {
            bytes_add_char(writer->out, writer->bits);
            writer->bits = writer->count = 0;
        }
    }
}

/* Huffman codes are sent with their highest bit first. */
static void bits_add_code(struct bit_writer *writer, unsigned code,
                          unsigned count)
{
    while (count--)
        bits_add(writer, code >> count & 1, 1);
}

static uint32_t crc32_of_blanks(size_t size)
{
    char blanks[4096];
    memset(blanks, ' ', sizeof(blanks));
    uint32_t crc = 0;
    for (size_t part; size; size -= part) {
        part = size < sizeof(blanks) ? size : sizeof(blanks);
        crc = crc32_more(crc, blanks, part);
    }
    return crc;
}

/* `size` blanks, rounded up to 258n + 1, in about size / 159 bytes: a literal,
 * then copies of length 258 at distance 1, 13 bits each. */
static void gzip_bomb(struct bytes *out, size_t size)
{
    struct bit_writer writer = { .out = out };
    size_t copies = (size + 256) / 258;
    gzip_head(out);
    bits_add(&writer, 1, 1);                /* the last block */
    bits_add(&writer, 1, 2);                /* fixed codes */
    bits_add_code(&writer, 0x30u + ' ', 8); /* literal */
    for (size_t i = 0; i < copies; i++) {
        bits_add_code(&writer, 0xC5, 8); /* length code 285: 258 */
        bits_add_code(&writer, 0, 5);    /* distance code 0: 1 */
    }
    bits_add_code(&writer, 0, 7); /* end of block */
    bits_add(&writer, 0, (8 - writer.count) % 8);
    bytes_add_u32_le(out, crc32_of_blanks(258 * copies + 1));
    bytes_add_u32_le(out, (uint32_t)(258 * copies + 1));
}

#endif
