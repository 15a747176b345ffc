/*
 * The indexes of the multi-byte encodings, made when one is first needed: each
 * pair of bytes is asked of the C library's converter that is nearest to the
 * standard's index, and what that has otherwise is mended. So the tables need
 * no place in the program, and decoding needs no converter: what is ill-formed,
 * and how it is read, is in charset_multibyte.c alone.
 *
 * The mends are all differences of glibc 2.36 from the standard, and for
 * gb18030 whatever has changed between its editions, since other versions of
 * the library follow other ones. tests/unit/extract/test_charset.c holds each
 * whole index against the standard's, by digest.
 *
 * Measured: about 1 ms an index, 35 to 96 kB.
 */
#include "charset_parts.h"

#include <iconv.h>

struct mend {
    uint16_t code; /* two bytes */
    uint16_t point;
};

/* clang-format off */
/* ETEN's duplicates of Big5-HKSCS characters, and symbols that other vendors
 * map otherwise. */
static const struct mend big5_mends[] = {
    { 0x8e69, 0x7bb8 }, { 0x8e6f, 0x7c06 }, { 0x8e7e, 0x7cce },
    { 0x8eab, 0x7dd2 }, { 0x8eb4, 0x7e1d }, { 0x8ecd, 0x8005 },
    { 0x8ed0, 0x8028 }, { 0x8f57, 0x83c1 }, { 0x8f69, 0x84a8 },
    { 0x8f6e, 0x840f }, { 0x8fcb, 0x89a6 }, { 0x8fcc, 0x89a9 },
    { 0x8ffe, 0x8d77 }, { 0x906d, 0x90fd }, { 0x907a, 0x92b9 },
    { 0x90dc, 0x975c }, { 0x90f1, 0x97ff }, { 0x91bf, 0x9f16 },
    { 0x9244, 0x8503 }, { 0x92af, 0x5159 }, { 0x92b0, 0x515b },
    { 0x92b1, 0x515d }, { 0x92b2, 0x515e }, { 0x92c8, 0x936e },
    { 0x92d1, 0x7479 }, { 0x9447, 0x6d67 }, { 0x94ca, 0x799b },
    { 0x95d9, 0x9097 }, { 0x9644, 0x975d }, { 0x96ed, 0x701e },
    { 0x96fc, 0x5b28 }, { 0x9b76, 0x7201 }, { 0x9b78, 0x77d7 },
    { 0x9b7b, 0x7e87 }, { 0x9bc6, 0x99d6 }, { 0x9bde, 0x91d4 },
    { 0x9bec, 0x60de }, { 0x9bf6, 0x6fb6 }, { 0x9c42, 0x8f36 },
    { 0x9c53, 0x4fbb }, { 0x9c62, 0x71df }, { 0x9c68, 0x9104 },
    { 0x9c6b, 0x9df0 }, { 0x9c77, 0x83cf }, { 0x9cbc, 0x5c10 },
    { 0x9cbd, 0x79e3 }, { 0x9cd0, 0x5a67 }, { 0x9d57, 0x8f0b },
    { 0x9d5a, 0x7b51 }, { 0x9dc4, 0x62d0 }, { 0x9ea9, 0x6062 },
    { 0x9eef, 0x75f9 }, { 0x9efd, 0x6c4a }, { 0x9f60, 0x9b2e },
    { 0x9f66, 0x9f17 }, { 0x9fcb, 0x50ed }, { 0x9fd8, 0x5f0c },
    { 0xa063, 0x880f }, { 0xa077, 0x62ce }, { 0xa0d5, 0x7468 },
    { 0xa0df, 0x7162 }, { 0xa0e4, 0x7250 }, { 0xa145, 0x2027 },
    { 0xa14e, 0xfe51 }, { 0xa15a, 0x2574 }, { 0xa1c2, 0x00af },
    { 0xa1c3, 0xffe3 }, { 0xa1c5, 0x02cd }, { 0xa1e3, 0xff5e },
    { 0xa1f2, 0x2295 }, { 0xa1f3, 0x2299 }, { 0xa1fe, 0xff0f },
    { 0xa240, 0xff3c }, { 0xa241, 0x2215 }, { 0xa242, 0xfe68 },
    { 0xa244, 0xffe5 }, { 0xa246, 0xffe0 }, { 0xa247, 0xffe1 },
    { 0xa2cc, 0x5341 }, { 0xa2ce, 0x5345 }, { 0xa3c0, 0x2400 },
    { 0xa3c1, 0x2401 }, { 0xa3c2, 0x2402 }, { 0xa3c3, 0x2403 },
    { 0xa3c4, 0x2404 }, { 0xa3c5, 0x2405 }, { 0xa3c6, 0x2406 },
    { 0xa3c7, 0x2407 }, { 0xa3c8, 0x2408 }, { 0xa3c9, 0x2409 },
    { 0xa3ca, 0x240a }, { 0xa3cb, 0x240b }, { 0xa3cc, 0x240c },
    { 0xa3cd, 0x240d }, { 0xa3ce, 0x240e }, { 0xa3cf, 0x240f },
    { 0xa3d0, 0x2410 }, { 0xa3d1, 0x2411 }, { 0xa3d2, 0x2412 },
    { 0xa3d3, 0x2413 }, { 0xa3d4, 0x2414 }, { 0xa3d5, 0x2415 },
    { 0xa3d6, 0x2416 }, { 0xa3d7, 0x2417 }, { 0xa3d8, 0x2418 },
    { 0xa3d9, 0x2419 }, { 0xa3da, 0x241a }, { 0xa3db, 0x241b },
    { 0xa3dc, 0x241c }, { 0xa3dd, 0x241d }, { 0xa3de, 0x241e },
    { 0xa3df, 0x241f }, { 0xa3e0, 0x2421 }, { 0xa3e1, 0x20ac },
    { 0xc6cf, 0x5ef4 }, { 0xc6d3, 0x65e0 }, { 0xc6d5, 0x7676 },
    { 0xc6d7, 0x96b6 }, { 0xc6de, 0x3003 }, { 0xc6df, 0x4edd },
    { 0xfa5f, 0x5029 }, { 0xfa66, 0x507d }, { 0xfabd, 0x5305 },
    { 0xfac5, 0x5344 }, { 0xfad5, 0x537f }, { 0xfb48, 0x5605 },
    { 0xfbb8, 0x5a77 }, { 0xfbf3, 0x5e75 }, { 0xfbf9, 0x5ed0 },
    { 0xfc4f, 0x5f58 }, { 0xfc6c, 0x60a4 }, { 0xfcb9, 0x6490 },
    { 0xfce2, 0x6674 }, { 0xfcf1, 0x675e }, { 0xfdb7, 0x6c9c },
    { 0xfdb8, 0x6e1d }, { 0xfdbb, 0x6e2f }, { 0xfdf1, 0x716e },
    { 0xfe52, 0x732a }, { 0xfe6f, 0x745c }, { 0xfeaa, 0x74e9 },
    { 0xfedd, 0x7809 },
};

static const struct mend gb18030_mends[] = {
    { 0xa3a0, 0x3000 }, { 0xa8bc, 0x1e3f }, { 0xa6d9, 0xfe10 },
    { 0xa6da, 0xfe12 }, { 0xa6db, 0xfe11 }, { 0xa6dc, 0xfe13 },
    { 0xa6dd, 0xfe14 }, { 0xa6de, 0xfe15 }, { 0xa6df, 0xfe16 },
    { 0xa6ec, 0xfe17 }, { 0xa6ed, 0xfe18 }, { 0xa6f3, 0xfe19 },
    { 0xfe51, 0xe816 }, { 0xfe52, 0xe817 }, { 0xfe53, 0xe818 },
    { 0xfe59, 0x9fb4 }, { 0xfe61, 0x9fb5 }, { 0xfe66, 0x9fb6 },
    { 0xfe67, 0x9fb7 }, { 0xfe6c, 0xe831 }, { 0xfe6d, 0x9fb8 },
    { 0xfe76, 0xe83b }, { 0xfe7e, 0x9fb9 }, { 0xfe90, 0x9fba },
    { 0xfe91, 0xe855 }, { 0xfea0, 0x9fbb },
};
/* clang-format on */

/* What the pointers of an index mean in bytes, and who knows them. */
struct source {
    const char *converter;
    size_t row;   /* pointers with the same lead byte */
    size_t count; /* of pointers */
    size_t gap, trail_gap;
    size_t skip_from, skip_to; /* pointers that are left out */
    const struct mend *mends;
    size_t mend_count;
    const char prefix;                 /* byte in front, or 0 */
    unsigned char lead, second_lead;   /* the second from `gap` rows on */
    unsigned char trail, second_trail; /* the second from `trail_gap` on */
};

enum { NEVER = 1000 };

static const struct source sources[INDEX_COUNT] = {
    [INDEX_BIG5] = { .converter = "BIG5-HKSCS",
                     .row = BIG5_ROW,
                     .count = 126 * BIG5_ROW,
                     .lead = 0x81,
                     .gap = NEVER,
                     .trail = 0x40,
                     .second_trail = 0xa1,
                     .trail_gap = 63,
                     .mends = big5_mends,
                     .mend_count = ARRAY_COUNT(big5_mends) },
    [INDEX_EUC_KR] = { .converter = "UHC",
                       .row = EUC_KR_ROW,
                       .count = 126 * EUC_KR_ROW,
                       .lead = 0x81,
                       .gap = NEVER,
                       .trail = 0x41,
                       .trail_gap = NEVER },
    [INDEX_GB18030] = { .converter = "GB18030",
                        .row = GB18030_ROW,
                        .count = 126 * GB18030_ROW,
                        .lead = 0x81,
                        .gap = NEVER,
                        .trail = 0x40,
                        .second_trail = 0x80,
                        .trail_gap = 63,
                        .mends = gb18030_mends,
                        .mend_count = ARRAY_COUNT(gb18030_mends) },
    /* By the rows of Shift_JIS, which go beyond those of EUC-JP; what is for
     * private use there is the decoder's. */
    [INDEX_JIS0208] = { .converter = "CP932",
                        .row = SHIFT_JIS_ROW,
                        .count = 60 * SHIFT_JIS_ROW,
                        .lead = 0x81,
                        .second_lead = 0xe0,
                        .gap = 31,
                        .trail = 0x40,
                        .second_trail = 0x80,
                        .trail_gap = 63,
                        .skip_from = 8836,
                        .skip_to = 10716 },
    [INDEX_JIS0212] = { .converter = "EUC-JP",
                        .row = JIS_ROW,
                        .count = 94 * JIS_ROW,
                        .prefix = '\x8f',
                        .lead = 0xa1,
                        .gap = NEVER,
                        .trail = 0xa1,
                        .trail_gap = NEVER },
};

size_t charset_index_size(enum charset_index index)
{
    return sources[index].count;
}

static unsigned char with_gap(size_t at, size_t gap, unsigned char first,
                              unsigned char second)
{
    return (unsigned char)(at < gap ? first + at : second + (at - gap));
}

/* The bytes of a pointer; how many. */
static size_t bytes_of(const struct source *source, size_t pointer,
                       char bytes[3])
{
    size_t size = 0;
    if (source->prefix)
        bytes[size++] = source->prefix;
    bytes[size++] = (char)with_gap(pointer / source->row, source->gap,
                                   source->lead, source->second_lead);
    bytes[size++] = (char)with_gap(pointer % source->row, source->trail_gap,
                                   source->trail, source->second_trail);
    return size;
}

/* The one character that the bytes are, 0 when they are none. */
static uint32_t ask(iconv_t converter, char *bytes, size_t size)
{
    wchar_t points[4];
    char *out = (char *)points;
    size_t room = sizeof(points);
    size_t count = iconv(converter, &bytes, &size, &out, &room);
    bool is_whole = count != (size_t)-1 && size == 0;
    /* Some keep a character back until they know what follows. */
    iconv(converter, NULL, NULL, &out, &room);
    if (!is_whole || sizeof(points) - room != sizeof(points[0]))
        return 0;
    return (uint32_t)points[0];
}

static void fill(const struct source *source, iconv_t converter,
                 uint32_t *points)
{
    for (size_t i = 0; i < source->count; i++) {
        char bytes[3];
        if (i >= source->skip_from && i < source->skip_to)
            continue;
        size_t size = bytes_of(source, i, bytes);
        points[i] = ask(converter, bytes, size);
    }
}

static void mend(const struct source *source, uint32_t *points)
{
    for (size_t i = 0; i < source->mend_count; i++) {
        unsigned lead = source->mends[i].code >> 8;
        unsigned trail = source->mends[i].code & 0xff;
        size_t column = trail >= source->second_trail
                            ? trail - source->second_trail + source->trail_gap
                            : trail - source->trail;
        points[(lead - source->lead) * source->row + column] =
            source->mends[i].point;
    }
}

uint32_t *charset_index_new(enum charset_index index,
                            enum charset_result *ret_result)
{
    const struct source *source = &sources[index];
    uint32_t *points = calloc(source->count, sizeof(*points));
    if (!points) {
        *ret_result = CHARSET_NO_MEMORY;
        return NULL;
    }
    iconv_t converter = iconv_open("WCHAR_T", source->converter);
    if ((intptr_t)converter == -1) {
        free(points);
        *ret_result = CHARSET_NO_CONVERTER;
        return NULL;
    }
    fill(source, converter, points);
    iconv_close(converter);
    mend(source, points);
    return points;
}
