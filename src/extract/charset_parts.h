/*
 * charset_parts.h - what the decoders share: one body on its way to UTF-8, and
 * the tables.
 */
#ifndef FETCHGREP_EXTRACT_CHARSET_PARTS_H
#define FETCHGREP_EXTRACT_CHARSET_PARTS_H

#include "fetchgrep/extract/charset.h"

enum { REPLACEMENT_CHARACTER = 0xfffd };

/* The indexes of the standard: from a pointer to a code point. */
enum charset_index {
    INDEX_BIG5,
    INDEX_EUC_KR,
    INDEX_GB18030,
    INDEX_JIS0208,
    INDEX_JIS0212,
    INDEX_COUNT,
    INDEX_NONE = INDEX_COUNT,
};

enum {
    BIG5_ROW = 157,
    EUC_KR_ROW = 190,
    GB18030_ROW = 190,
    JIS_ROW = 94,
    SHIFT_JIS_ROW = 188,
};

struct decoding;

/*
 * Decodes the sequences that begin before `stop` and returns where the next one
 * begins. A sequence may run on to decoding->end. At most three bytes of output
 * for each one of input, and OUTPUT_SLACK more at the end, are written.
 */
typedef const unsigned char *charset_decode_fn(struct decoding *decoding,
                                               const unsigned char *p,
                                               const unsigned char *stop);

enum { OUTPUT_SLACK = 32 };

struct decoding {
    charset_decode_fn *decode;
    const unsigned char *end; /* of the body */
    char *out;                /* there is room, see above */
    size_t replaced_count;
    const uint16_t *high;      /* single-byte encodings: of 0x80 to 0xff */
    const uint32_t *points;    /* an index; 0: none */
    const uint32_t *more;      /* EUC-JP: JIS X 0212 */
    unsigned state, out_state; /* ISO-2022-JP */
    bool has_output;           /* since its last escape sequence */
};

/* Single-byte encodings, CHARSET_IBM866 to CHARSET_X_MAC_CYRILLIC, by their
 * place behind the first; 0: the byte means nothing. */
extern const uint16_t charset_high_halves[][128];

/* First pointer and first code point of each range of four-byte gb18030. */
struct charset_range {
    uint16_t pointer, point;
};
extern const struct charset_range charset_gb18030_ranges[];
extern const size_t charset_gb18030_range_count;

size_t charset_index_size(enum charset_index index);

/* Makes an index. NULL with why in `ret_result`. Free it. */
uint32_t *charset_index_new(enum charset_index index,
                            enum charset_result *ret_result);

charset_decode_fn charset_decode_gb18030;
charset_decode_fn charset_decode_big5;
charset_decode_fn charset_decode_euc_jp;
charset_decode_fn charset_decode_iso_2022_jp;
charset_decode_fn charset_decode_shift_jis;
charset_decode_fn charset_decode_euc_kr;

static inline void put_point(struct decoding *d, uint32_t point)
{
    char *out = d->out;
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    d->out = out;
}

static inline void put_error(struct decoding *d)
{
    put_point(d, REPLACEMENT_CHARACTER);
    d->replaced_count++;
}

/* Copies the run of ASCII bytes at `p`; returns its end. */
const unsigned char *charset_copy_ascii(struct decoding *d,
                                        const unsigned char *p,
                                        const unsigned char *stop);

#endif
