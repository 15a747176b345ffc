/*
 * A body is decoded in pieces, so that room for its text is taken as it grows;
 * a sequence that lies across a border belongs to the piece it begins in.
 * Pages are mostly ASCII, in whatever encoding: runs of it are copied, and what
 * lies between goes through tables.
 */
#include "charset_reader.h"

#include "fetchgrep/base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { PIECE_SIZE = 256 << 10 };

/* ---- one byte a character --------------------------------------------- */

enum { COPY_STEP = 16 };

/* Up to 16 bytes beyond `d->out` are written: OUTPUT_SLACK allows for it. */
HOT_FUNCTION const unsigned char *charset_copy_ascii(struct decoding *d,
                                                     const unsigned char *p,
                                                     const unsigned char *stop)
{
    char *out = d->out;
#if defined(__SSE2__)
    while (stop - p >= COPY_STEP) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned high = (unsigned)_mm_movemask_epi8(bytes);
        _mm_storeu_si128((__m128i *)(void *)out, bytes);
        if (high) {
            unsigned ascii = (unsigned)__builtin_ctz(high);
            d->out = out + ascii;
            return p + ascii;
        }
        p += COPY_STEP;
        out += COPY_STEP;
    }
#endif
    while (p < stop && *p < 0x80)
        *out++ = (char)*p++;
    d->out = out;
    return p;
}

HOT_FUNCTION static const unsigned char *
decode_single_byte(struct decoding *d, const unsigned char *p,
                   const unsigned char *stop)
{
    while (p < stop) {
        if (*p < 0x80) {
            p = charset_copy_ascii(d, p, stop);
            continue;
        }
        uint16_t point = d->high[*p++ - 0x80];
        if (LIKELY(point))
            put_point(d, point);
        else
            put_error(d);
    }
    return p;
}

/* The upper half is for private use. */
static const unsigned char *decode_x_user_defined(struct decoding *d,
                                                  const unsigned char *p,
                                                  const unsigned char *stop)
{
    for (; p < stop; p++)
        put_point(d, *p < 0x80 ? *p : 0xf780U + *p - 0x80U);
    return p;
}

/* ---- UTF-16 ----------------------------------------------------------- */

static bool is_high_surrogate(uint32_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool is_low_surrogate(uint32_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/* `order` is 1 for little-endian: the place of a unit's high byte. */
static inline uint32_t unit_at(const unsigned char *p, size_t order)
{
    return (uint32_t)p[order] << 8 | p[1 - order];
}

/* One character, at most; how many bytes it took. */
static inline size_t utf_16_one(struct decoding *d, const unsigned char *p,
                                size_t left, size_t order)
{
    uint32_t unit = left >= 2 ? unit_at(p, order) : 0;
    bool is_surrogate = (unit & 0xf800) == 0xd800;
    if (LIKELY(left >= 2 && !is_surrogate)) {
        put_point(d, unit);
        return 2;
    }
    /* A pair that the end cuts off is one error, a byte of it included. */
    bool is_cut = left < 2 || (is_high_surrogate(unit) && left < 4);
    uint32_t second = left >= 4 ? unit_at(p + 2, order) : 0;
    if (is_high_surrogate(unit) && is_low_surrogate(second)) {
        put_point(d, 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00));
        return 4;
    }
    put_error(d);
    return is_cut ? left : 2;
}

static const unsigned char *decode_utf_16le(struct decoding *d,
                                            const unsigned char *p,
                                            const unsigned char *stop)
{
    while (p < stop)
        p += utf_16_one(d, p, (size_t)(d->end - p), 1);
    return p;
}

static const unsigned char *decode_utf_16be(struct decoding *d,
                                            const unsigned char *p,
                                            const unsigned char *stop)
{
    while (p < stop)
        p += utf_16_one(d, p, (size_t)(d->end - p), 0);
    return p;
}

/* ---- the others ------------------------------------------------------- */

static const unsigned char *decode_replacement(struct decoding *d,
                                               const unsigned char *p,
                                               const unsigned char *stop)
{
    if (p < stop)
        put_error(d);
    return d->end;
}

/* How each encoding is decoded; single-byte ones, and UTF-8, are not here. */
struct method {
    charset_decode_fn *decode;
    enum charset_index index, more;
};

static const struct method methods[CHARSET_COUNT] = {
    [CHARSET_GBK] = { charset_decode_gb18030, INDEX_GB18030, INDEX_NONE },
    [CHARSET_GB18030] = { charset_decode_gb18030, INDEX_GB18030, INDEX_NONE },
    [CHARSET_BIG5] = { charset_decode_big5, INDEX_BIG5, INDEX_NONE },
    [CHARSET_EUC_JP] = { charset_decode_euc_jp, INDEX_JIS0208, INDEX_JIS0212 },
    [CHARSET_ISO_2022_JP] = { charset_decode_iso_2022_jp, INDEX_JIS0208,
                              INDEX_NONE },
    [CHARSET_SHIFT_JIS] = { charset_decode_shift_jis, INDEX_JIS0208,
                            INDEX_NONE },
    [CHARSET_EUC_KR] = { charset_decode_euc_kr, INDEX_EUC_KR, INDEX_NONE },
    [CHARSET_REPLACEMENT] = { decode_replacement, INDEX_NONE, INDEX_NONE },
    [CHARSET_UTF_16BE] = { decode_utf_16be, INDEX_NONE, INDEX_NONE },
    [CHARSET_UTF_16LE] = { decode_utf_16le, INDEX_NONE, INDEX_NONE },
    [CHARSET_X_USER_DEFINED] = { decode_x_user_defined, INDEX_NONE,
                                 INDEX_NONE },
};

static bool is_single_byte(enum charset charset)
{
    return charset >= CHARSET_IBM866 && charset <= CHARSET_X_MAC_CYRILLIC;
}

bool charset_has_ascii(enum charset charset)
{
    return charset < CHARSET_REPLACEMENT && charset != CHARSET_ISO_2022_JP;
}

/* ---- a worker's state ------------------------------------------------- */

struct charset_reader *charset_reader_new(void)
{
    return calloc(1, sizeof(struct charset_reader));
}

void charset_reader_free(struct charset_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < INDEX_COUNT; i++)
        free(reader->indexes[i]);
    charset_detector_free(reader->detector);
    free(reader);
}

static enum charset_result get_index(struct charset_reader *reader,
                                     enum charset_index index,
                                     const uint32_t **ret_points)
{
    if (index == INDEX_NONE)
        return CHARSET_DONE;
    /* The files of a converter that is not there are not looked for again. */
    if (!reader->indexes[index] &&
        reader->why_not[index] != CHARSET_NO_CONVERTER)
        reader->indexes[index] =
            charset_index_new(index, &reader->why_not[index]);
    if (!reader->indexes[index])
        return reader->why_not[index];
    *ret_points = reader->indexes[index];
    return CHARSET_DONE;
}

static enum charset_result begin(struct charset_reader *reader,
                                 enum charset charset, struct decoding *d)
{
    if (is_single_byte(charset)) {
        d->decode = decode_single_byte;
        d->high = charset_high_halves[charset - CHARSET_IBM866];
        return CHARSET_DONE;
    }
    d->decode = methods[charset].decode;
    d->has_output = true; /* a first escape sequence is in order */
    enum charset_result result =
        get_index(reader, methods[charset].index, &d->points);
    return result == CHARSET_DONE
               ? get_index(reader, methods[charset].more, &d->more)
               : result;
}

static bool decode_pieces(struct decoding *d, struct view body, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)body.data;
    while (p < d->end) {
        size_t left = (size_t)(d->end - p);
        size_t size = left < PIECE_SIZE ? left : PIECE_SIZE;
        char *room = buf_reserve(out, 3 * size + OUTPUT_SLACK);
        if (!room)
            return false;
        d->out = room;
        p = d->decode(d, p, p + size);
        buf_commit(out, (size_t)(d->out - room));
    }
    return true;
}

enum charset_result charset_decode(struct charset_reader *reader,
                                   enum charset charset, struct view body,
                                   struct buf *out, size_t *ret_replaced_count)
{
    if (charset == CHARSET_UTF_8) {
        size_t count = utf8_append_valid(out, body);
        if (out->failed)
            return CHARSET_NO_MEMORY;
        *ret_replaced_count = count;
        return CHARSET_DONE;
    }
    struct decoding d = {
        .end = (const unsigned char *)body.data + body.size,
    };
    enum charset_result result =
        body.size ? begin(reader, charset, &d) : CHARSET_DONE;
    if (result != CHARSET_DONE)
        return result;
    if (body.size && !decode_pieces(&d, body, out))
        return CHARSET_NO_MEMORY;
    *ret_replaced_count = d.replaced_count;
    return CHARSET_DONE;
}
