/*
 * Pages are mostly ASCII: blocks of 64 bytes without a high bit are passed at
 * memory speed; what is left goes through the rows of Unicode's table 3-7.
 */
#include "fetchgrep/base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BLOCK_SIZE = 64 };

static bool is_ascii_block(const unsigned char *p)
{
#if defined(__SSE2__)
    const __m128i *block = (const __m128i *)(const void *)p;
    __m128i low =
        _mm_or_si128(_mm_loadu_si128(block), _mm_loadu_si128(block + 1));
    __m128i high =
        _mm_or_si128(_mm_loadu_si128(block + 2), _mm_loadu_si128(block + 3));
    return _mm_movemask_epi8(_mm_or_si128(low, high)) == 0;
#else
    uint64_t words[BLOCK_SIZE / 8], all = 0;
    memcpy(words, p, sizeof(words));
    for (size_t i = 0; i < BLOCK_SIZE / 8; i++)
        all |= words[i];
    return !(all & UINT64_C(0x8080808080808080));
#endif
}

/* Bytes of the sequence that a lead byte begins, and the range of the second
 * byte (Unicode 15, table 3-7); 0: no lead byte. */
static size_t sequence_size(unsigned char lead, unsigned char *low,
                            unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        *low = lead == 0xe0 ? 0xa0 : 0x80;
        *high = lead == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *low = lead == 0xf0 ? 0x90 : 0x80;
        *high = lead == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

/* How many bytes at `p` belong together; `*ret_valid` when they are a whole
 * sequence, else they are a maximal ill-formed part. */
static size_t scan_sequence(const unsigned char *p, size_t left,
                            bool *ret_valid)
{
    unsigned char low, high;
    size_t size = sequence_size(p[0], &low, &high), at = 1;
    while (at < size && at < left && p[at] >= low && p[at] <= high) {
        low = 0x80;
        high = 0xbf;
        at++;
    }
    *ret_valid = size && at == size;
    return at;
}

HOT_FUNCTION size_t utf8_valid_prefix(struct view text)
{
    const unsigned char *p = (const unsigned char *)text.data;
    size_t at = 0;
    while (at < text.size) {
        while (text.size - at >= BLOCK_SIZE && is_ascii_block(p + at))
            at += BLOCK_SIZE;
        /* To the end of this block, byte by byte where need be. */
        size_t end = text.size - at > BLOCK_SIZE ? at + BLOCK_SIZE : text.size;
        while (at < end) {
            bool is_valid = p[at] < 0x80;
            size_t size = 1;
            if (UNLIKELY(!is_valid))
                size = scan_sequence(p + at, text.size - at, &is_valid);
            if (UNLIKELY(!is_valid))
                return at;
            at += size;
        }
    }
    return at;
}

size_t utf8_append_valid(struct buf *out, struct view text)
{
    size_t replaced = 0;
    while (text.size) {
        size_t valid = utf8_valid_prefix(text);
        buf_append_view(out, view_first(text, valid));
        text = view_from(text, valid);
        if (!text.size)
            break;
        bool is_valid;
        size_t bad = scan_sequence((const unsigned char *)text.data, text.size,
                                   &is_valid);
        buf_append(out, "\xEF\xBF\xBD", 3);
        text = view_from(text, bad);
        replaced++;
    }
    return replaced;
}
