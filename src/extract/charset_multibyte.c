/*
 * The decoders of the multi-byte encodings: the Encoding Standard's state
 * machines written as parsers, since a body is all at hand. Each looks at the
 * bytes of one sequence, writes its character or one U+FFFD, and says how many
 * bytes it took. An ill-formed sequence takes its lead byte, and the byte
 * behind only if that is not ASCII.
 */
#include "charset_parts.h"

static bool is_within(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

/* Writes what two bytes of a double-byte encoding mean, `point` 0 for nothing;
 * how many of them that took. */
static size_t put_pair(struct decoding *d, uint32_t point, unsigned char trail)
{
    if (LIKELY(point)) {
        put_point(d, point);
        return 2;
    }
    put_error(d);
    return trail < 0x80 ? 1 : 2;
}

/* ---- gb18030, and GBK which is read as it ----------------------------- */

enum {
    GB18030_BMP_END = 39420,
    GB18030_ASTRAL = 189000,
    GB18030_END = GB18030_ASTRAL + 0x100000,
    /* 0x81 0x35 0xf4 0x37: exchanged places with U+1E3F in 2005. */
    GB18030_MOVED = 7457,
    GB18030_MOVED_POINT = 0xe7c7,
};

static uint32_t ranges_point(uint32_t pointer)
{
    const struct charset_range *ranges = charset_gb18030_ranges;
    if (pointer >= GB18030_ASTRAL && pointer < GB18030_END)
        return 0x10000 + pointer - GB18030_ASTRAL;
    if (pointer >= GB18030_BMP_END)
        return 0;
    if (pointer == GB18030_MOVED)
        return GB18030_MOVED_POINT;
    size_t low = 0, high = charset_gb18030_range_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].pointer <= pointer)
            low = middle;
        else
            high = middle;
    }
    return ranges[low].point + pointer - ranges[low].pointer;
}

/* A lead byte with a digit behind it. */
static size_t gb18030_four(struct decoding *d, const unsigned char *p,
                           size_t left)
{
    bool is_cut = left < 4 && (left < 3 || is_within(p[2], 0x81, 0xfe));
    bool is_whole =
        left >= 4 && is_within(p[2], 0x81, 0xfe) && is_within(p[3], '0', '9');
    if (!is_whole) {
        put_error(d);
        return is_cut ? left : 1;
    }
    uint32_t pointer = (p[0] - 0x81U) * 12600 + (p[1] - 0x30U) * 1260 +
                       (p[2] - 0x81U) * 10 + (p[3] - 0x30U);
    uint32_t point = ranges_point(pointer);
    if (point)
        put_point(d, point);
    else
        put_error(d);
    return 4;
}

static size_t gb18030_one(struct decoding *d, const unsigned char *p,
                          size_t left)
{
    if (p[0] == 0x80) {
        put_point(d, 0x20ac);
        return 1;
    }
    if (p[0] == 0xff || left < 2) {
        put_error(d);
        return 1;
    }
    if (is_within(p[1], '0', '9'))
        return gb18030_four(d, p, left);
    uint32_t point = 0;
    if (p[1] >= 0x40 && p[1] != 0x7f && p[1] != 0xff)
        point = d->points[(p[0] - 0x81) * GB18030_ROW +
                          (p[1] - (p[1] < 0x7f ? 0x40 : 0x41))];
    return put_pair(d, point, p[1]);
}

HOT_FUNCTION const unsigned char *
charset_decode_gb18030(struct decoding *d, const unsigned char *p,
                       const unsigned char *stop)
{
    while (p < stop)
        if (*p < 0x80)
            p = charset_copy_ascii(d, p, stop);
        else
            p += gb18030_one(d, p, (size_t)(d->end - p));
    return p;
}

/* ---- Big5 ------------------------------------------------------------- */

/* Four pointers are a letter and a combining mark. */
static bool put_big5_marked(struct decoding *d, size_t pointer)
{
    if (pointer != 1133 && pointer != 1135 && pointer != 1164 &&
        pointer != 1166)
        return false;
    put_point(d, pointer < 1150 ? 0xca : 0xea);
    put_point(d, pointer == 1133 || pointer == 1164 ? 0x304 : 0x30c);
    return true;
}

static size_t big5_one(struct decoding *d, const unsigned char *p, size_t left)
{
    if (p[0] == 0x80 || p[0] == 0xff || left < 2) {
        put_error(d);
        return 1;
    }
    if (!is_within(p[1], 0x40, 0x7e) && !is_within(p[1], 0xa1, 0xfe))
        return put_pair(d, 0, p[1]);
    size_t pointer = (size_t)(p[0] - 0x81) * BIG5_ROW +
                     (size_t)(p[1] - (p[1] < 0x7f ? 0x40 : 0x62));
    if (put_big5_marked(d, pointer))
        return 2;
    return put_pair(d, d->points[pointer], p[1]);
}

HOT_FUNCTION const unsigned char *charset_decode_big5(struct decoding *d,
                                                      const unsigned char *p,
                                                      const unsigned char *stop)
{
    while (p < stop)
        if (*p < 0x80)
            p = charset_copy_ascii(d, p, stop);
        else
            p += big5_one(d, p, (size_t)(d->end - p));
    return p;
}

/* ---- EUC-KR, with the unified hangul code ----------------------------- */

static size_t euc_kr_one(struct decoding *d, const unsigned char *p,
                         size_t left)
{
    if (p[0] == 0x80 || p[0] == 0xff || left < 2) {
        put_error(d);
        return 1;
    }
    uint32_t point = 0;
    if (is_within(p[1], 0x41, 0xfe))
        point = d->points[(p[0] - 0x81) * EUC_KR_ROW + p[1] - 0x41];
    return put_pair(d, point, p[1]);
}

HOT_FUNCTION const unsigned char *
charset_decode_euc_kr(struct decoding *d, const unsigned char *p,
                      const unsigned char *stop)
{
    while (p < stop)
        if (*p < 0x80)
            p = charset_copy_ascii(d, p, stop);
        else
            p += euc_kr_one(d, p, (size_t)(d->end - p));
    return p;
}

/* ---- Shift_JIS -------------------------------------------------------- */

enum {
    KATAKANA = 0xff61, /* the first halfwidth one */
    /* Pointers that are for private use, and what they mean. */
    PRIVATE_FIRST = 8836,
    PRIVATE_LAST = 10715,
    PRIVATE_POINT = 0xe000,
};

static uint32_t shift_jis_pair(const struct decoding *d, unsigned char lead,
                               unsigned char trail)
{
    if (!is_within(trail, 0x40, 0x7e) && !is_within(trail, 0x80, 0xfc))
        return 0;
    uint32_t pointer =
        (uint32_t)(lead - (lead < 0xa0 ? 0x81 : 0xc1)) * SHIFT_JIS_ROW +
        (uint32_t)(trail - (trail < 0x7f ? 0x40 : 0x41));
    if (pointer >= PRIVATE_FIRST && pointer <= PRIVATE_LAST)
        return PRIVATE_POINT + pointer - PRIVATE_FIRST;
    return d->points[pointer];
}

static size_t shift_jis_one(struct decoding *d, const unsigned char *p,
                            size_t left)
{
    bool is_lead = is_within(p[0], 0x81, 0x9f) || is_within(p[0], 0xe0, 0xfc);
    if (is_lead && left >= 2)
        return put_pair(d, shift_jis_pair(d, p[0], p[1]), p[1]);
    if (p[0] == 0x80)
        put_point(d, 0x80);
    else if (is_within(p[0], 0xa1, 0xdf))
        put_point(d, KATAKANA + p[0] - 0xa1U);
    else
        put_error(d);
    return 1;
}

HOT_FUNCTION const unsigned char *
charset_decode_shift_jis(struct decoding *d, const unsigned char *p,
                         const unsigned char *stop)
{
    while (p < stop)
        if (*p < 0x80)
            p = charset_copy_ascii(d, p, stop);
        else
            p += shift_jis_one(d, p, (size_t)(d->end - p));
    return p;
}

/* ---- EUC-JP ----------------------------------------------------------- */

enum { SINGLE_SHIFT_2 = 0x8e, SINGLE_SHIFT_3 = 0x8f };

static uint32_t euc_jp_pair(const uint32_t *points, unsigned char lead,
                            unsigned char trail)
{
    if (!is_within(lead, 0xa1, 0xfe) || !is_within(trail, 0xa1, 0xfe))
        return 0;
    return points[(lead - 0xa1) * JIS_ROW + trail - 0xa1];
}

/* Behind 0x8f: JIS X 0212. */
static size_t euc_jp_three(struct decoding *d, const unsigned char *p,
                           size_t left)
{
    if (left < 3) {
        put_error(d);
        return 2;
    }
    return 1 + put_pair(d, euc_jp_pair(d->more, p[1], p[2]), p[2]);
}

static size_t euc_jp_one(struct decoding *d, const unsigned char *p,
                         size_t left)
{
    bool is_lead = is_within(p[0], 0xa1, 0xfe) || p[0] == SINGLE_SHIFT_2 ||
                   p[0] == SINGLE_SHIFT_3;
    if (!is_lead || left < 2) {
        put_error(d);
        return 1;
    }
    if (p[0] == SINGLE_SHIFT_3 && is_within(p[1], 0xa1, 0xfe))
        return euc_jp_three(d, p, left);
    if (p[0] == SINGLE_SHIFT_2 && is_within(p[1], 0xa1, 0xdf))
        return put_pair(d, KATAKANA + p[1] - 0xa1U, p[1]);
    return put_pair(d, euc_jp_pair(d->points, p[0], p[1]), p[1]);
}

HOT_FUNCTION const unsigned char *
charset_decode_euc_jp(struct decoding *d, const unsigned char *p,
                      const unsigned char *stop)
{
    while (p < stop)
        if (*p < 0x80)
            p = charset_copy_ascii(d, p, stop);
        else
            p += euc_jp_one(d, p, (size_t)(d->end - p));
    return p;
}

/* ---- ISO-2022-JP ------------------------------------------------------ */

enum { JP_ASCII, JP_ROMAN, JP_KATAKANA, JP_DOUBLE };

enum { ESCAPE = 0x1b, ESCAPE_SIZE = 3 };

/* The state that an escape sequence at `p` sets. False: it is none. */
static bool escape_state(const unsigned char *p, size_t left,
                         unsigned *ret_state)
{
    if (left < ESCAPE_SIZE)
        return false;
    if (p[1] == '$' && (p[2] == '@' || p[2] == 'B'))
        *ret_state = JP_DOUBLE;
    else if (p[1] == '(' && p[2] == 'B')
        *ret_state = JP_ASCII;
    else if (p[1] == '(' && p[2] == 'J')
        *ret_state = JP_ROMAN;
    else if (p[1] == '(' && p[2] == 'I')
        *ret_state = JP_KATAKANA;
    else
        return false;
    return true;
}

/* An escape sequence right behind another is an error: they could hide what
 * stands between them. */
static size_t iso_2022_jp_escape(struct decoding *d, const unsigned char *p,
                                 size_t left)
{
    if (!escape_state(p, left, &d->state)) {
        put_error(d);
        d->has_output = true;
        return 1;
    }
    if (!d->has_output)
        put_error(d);
    d->has_output = false;
    return ESCAPE_SIZE;
}

static size_t iso_2022_jp_double(struct decoding *d, const unsigned char *p,
                                 size_t left)
{
    d->has_output = true;
    /* Before an escape sequence, or at the end, a lead byte is alone. */
    if (!is_within(p[0], 0x21, 0x7e) || left < 2 || p[1] == ESCAPE) {
        put_error(d);
        return 1;
    }
    uint32_t point = 0;
    if (is_within(p[1], 0x21, 0x7e))
        point = d->points[(p[0] - 0x21) * JIS_ROW + p[1] - 0x21];
    if (point)
        put_point(d, point);
    else
        put_error(d);
    return 2;
}

static void iso_2022_jp_single(struct decoding *d, unsigned char byte)
{
    d->has_output = true;
    if (d->state == JP_KATAKANA && is_within(byte, 0x21, 0x5f))
        put_point(d, KATAKANA + byte - 0x21U);
    else if (d->state == JP_KATAKANA || byte >= 0x80 || byte == 0x0e ||
             byte == 0x0f)
        put_error(d);
    else if (d->state == JP_ROMAN && byte == '\\')
        put_point(d, 0xa5);
    else if (d->state == JP_ROMAN && byte == '~')
        put_point(d, 0x203e);
    else
        put_point(d, byte);
}

HOT_FUNCTION const unsigned char *
charset_decode_iso_2022_jp(struct decoding *d, const unsigned char *p,
                           const unsigned char *stop)
{
    while (p < stop) {
        size_t left = (size_t)(d->end - p);
        if (*p == ESCAPE)
            p += iso_2022_jp_escape(d, p, left);
        else if (d->state == JP_DOUBLE)
            p += iso_2022_jp_double(d, p, left);
        else
            iso_2022_jp_single(d, *p++);
    }
    return p;
}
