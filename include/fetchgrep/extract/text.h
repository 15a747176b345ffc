/*
 * text.h - from body bytes to the text that patterns see: valid UTF-8, or the
 * bytes as they lie in raw mode.
 *
 * Which encoding a page is in is decided by the first of these that says
 * something: a byte order mark, --charset NAME, the Content-Type header's
 * charset, what the page says of itself (charset_prescan), being valid UTF-8,
 * uchardet, and at last windows-1252. Labels that are not known are passed
 * over. ASCII and valid UTF-8 are used where they lie, without a copy.
 *
 * Thread rule: a text_reader belongs to one worker.
 */
#ifndef FETCHGREP_EXTRACT_TEXT_H
#define FETCHGREP_EXTRACT_TEXT_H

#include "fetchgrep/extract/charset.h"

struct text_options {
    bool is_raw;      /* --charset raw */
    bool has_charset; /* --charset NAME: this one */
    enum charset charset;
    bool searches_binary; /* --binary */
};

/* What decided the encoding. */
enum text_rule {
    TEXT_BY_BOM,
    TEXT_BY_OPTION,
    TEXT_BY_HEADER,
    TEXT_BY_META,
    TEXT_BY_UTF_8,
    TEXT_BY_DETECTION,
    TEXT_BY_DEFAULT,
};

/* "bom", "option", "header", "meta", "utf-8", "detected", "default". */
const char *text_rule_name(enum text_rule rule);

struct text_source {
    struct view body;
    struct view content_type; /* the header's value; its charset counts */
};

struct text {
    struct view bytes;   /* valid UTF-8, unless raw */
    const char *charset; /* what it was read as: "utf-8", "raw", … */
    enum text_rule rule;
    size_t replaced_count; /* ill-formed parts that became U+FFFD */
};

enum text_result {
    TEXT_READY,
    TEXT_NOT_SEARCHED, /* no text; `ret_why` says why, a sentence part */
    TEXT_NO_MEMORY,
};

enum { TEXT_NOTE_SIZE = 160 };

struct text_reader;

/* NULL without memory. */
struct text_reader *text_reader_new(const struct text_options *options);
void text_reader_free(struct text_reader *reader);

/*
 * `ret_text` borrows from the source's body or from `scratch`, which must allow
 * for three bytes a byte and some. `note` gets a sentence part for people where
 * what was announced could not be used, else ""; with TEXT_READY only.
 *
 * Not text is what has a NUL byte in its first 1,024 (of UTF-16: the character)
 * and what has a media type that is not textual, unless options say otherwise.
 */
enum text_result text_read(struct text_reader *reader,
                           const struct text_source *source,
                           struct buf *scratch, struct text *ret_text,
                           const char **ret_why,
                           char note[TEXT_NOTE_SIZE]) MUST_CHECK;

/* Whether pages of this type are text: none (empty), text/…, or a textual
 * application type (JSON, XML, JavaScript, …+json, …+xml and kin). */
bool text_is_textual(struct view media_type);

#endif
