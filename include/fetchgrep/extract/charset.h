/*
 * charset.h - the encodings of the web and how they become UTF-8, as the
 * WHATWG Encoding Standard has them: labels, tables, and what is done with
 * ill-formed bytes. Which of them a page is in is text.h's.
 *
 * Thread rule: a charset_reader belongs to one worker; the rest has no state.
 */
#ifndef FETCHGREP_EXTRACT_CHARSET_H
#define FETCHGREP_EXTRACT_CHARSET_H

#include "fetchgrep/base/buf.h"

/* The order is that of the standard's table of names; single-byte encodings
 * stand together. */
enum charset {
    CHARSET_UTF_8,
    CHARSET_IBM866,
    CHARSET_ISO_8859_2,
    CHARSET_ISO_8859_3,
    CHARSET_ISO_8859_4,
    CHARSET_ISO_8859_5,
    CHARSET_ISO_8859_6,
    CHARSET_ISO_8859_7,
    CHARSET_ISO_8859_8,
    CHARSET_ISO_8859_8_I,
    CHARSET_ISO_8859_10,
    CHARSET_ISO_8859_13,
    CHARSET_ISO_8859_14,
    CHARSET_ISO_8859_15,
    CHARSET_ISO_8859_16,
    CHARSET_KOI8_R,
    CHARSET_KOI8_U,
    CHARSET_MACINTOSH,
    CHARSET_WINDOWS_874,
    CHARSET_WINDOWS_1250,
    CHARSET_WINDOWS_1251,
    CHARSET_WINDOWS_1252,
    CHARSET_WINDOWS_1253,
    CHARSET_WINDOWS_1254,
    CHARSET_WINDOWS_1255,
    CHARSET_WINDOWS_1256,
    CHARSET_WINDOWS_1257,
    CHARSET_WINDOWS_1258,
    CHARSET_X_MAC_CYRILLIC,
    CHARSET_GBK,
    CHARSET_GB18030,
    CHARSET_BIG5,
    CHARSET_EUC_JP,
    CHARSET_ISO_2022_JP,
    CHARSET_SHIFT_JIS,
    CHARSET_EUC_KR,
    CHARSET_REPLACEMENT, /* encodings that are not safe to read: one U+FFFD */
    CHARSET_UTF_16BE,
    CHARSET_UTF_16LE,
    CHARSET_X_USER_DEFINED,
    CHARSET_COUNT,
    CHARSET_NONE = CHARSET_COUNT, /* no label, or one that is not known */
};

/* The standard's name in lower case: "windows-1252". */
const char *charset_name(enum charset charset);

/* By any of the standard's labels, whatever its case, blanks around it left
 * out ("Latin1" is windows-1252); else CHARSET_NONE. */
enum charset charset_of_label(struct view label);

/* What a page says of itself in its first 1,024 bytes, in <meta> elements or
 * an XML declaration (HTML, 13.2.3.2); else CHARSET_NONE. */
enum charset charset_prescan(struct view body);

struct charset_reader;

/* NULL without memory. Tables are made when they are first needed. */
struct charset_reader *charset_reader_new(void);
void charset_reader_free(struct charset_reader *reader);

/* What the bytes look like (uchardet); CHARSET_NONE when it cannot say or
 * means an encoding that the standard does not have. */
enum charset charset_detect(struct charset_reader *reader, struct view body);

enum charset_result {
    CHARSET_DONE,
    CHARSET_NO_CONVERTER, /* the C library here lacks one; nothing done */
    CHARSET_NO_MEMORY,
};

/*
 * Appends `body` as UTF-8, each ill-formed part as U+FFFD; an ASCII byte behind
 * such a part is never eaten. `ret_replaced_count` is the number of these parts
 * (U+FFFD that the page itself has does not count). At most three bytes come of
 * one, and three more at the end. Byte order marks are characters here.
 */
enum charset_result charset_decode(struct charset_reader *reader,
                                   enum charset charset, struct view body,
                                   struct buf *out,
                                   size_t *ret_replaced_count) MUST_CHECK;

/* Whether ASCII bytes mean ASCII characters, so that a body of nothing else
 * need not be decoded. */
bool charset_has_ascii(enum charset charset);

#endif
