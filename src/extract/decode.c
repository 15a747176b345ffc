#include "fetchgrep/extract/decode.h"

#include "fetchgrep/base/codec_brotli.h"
#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/codec_zstd.h"
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/base/zstd_stream.h"

#include <stdarg.h>

enum { CODINGS_MAX = 4, SHOWN_NAME = 40 };

/* ---- the codings ------------------------------------------------------ */

static bool looks_like_gzip(struct view body)
{
    return view_starts_with(body, "\x1f\x8b");
}

static bool looks_like_zstd(struct view body)
{
    return zstd_frame_kind(body) != ZSTD_FRAME_NONE;
}

struct coding {
    const char *name;
    const char *old_name;
    bool (*looks_like)(struct view body); /* NULL: it has no mark */
    unpack_fn *unpack;
};

static const struct coding codings[] = {
    { "gzip", "x-gzip", looks_like_gzip, gzip_unpack },
    { "deflate", "x-deflate", NULL, deflate_unpack },
    { "br", NULL, NULL, brotli_unpack },
    { "zstd", NULL, looks_like_zstd, zstd_unpack },
};

static bool is_called(struct view name, const char *text)
{
    return text && view_equal_nocase(name, view_of_string(text));
}

static const struct coding *find_coding(struct view name)
{
    for (size_t i = 0; i < ARRAY_COUNT(codings); i++)
        if (is_called(name, codings[i].name) ||
            is_called(name, codings[i].old_name))
            return &codings[i];
    return NULL;
}

/* Splits "deflate, gzip" and leaves identity out. */
static size_t split_names(struct view list, struct view *names)
{
    size_t count = 0;
    while (list.data) {
        struct view name = view_trim(view_split(&list, ','));
        if (!name.size || is_called(name, "identity"))
            continue;
        if (count < CODINGS_MAX)
            names[count] = name;
        count++;
    }
    return count;
}

/* ---- bodies that are plain all the same ------------------------------- */

/*
 * Packed bytes are nearly random: that none of the first is a control character
 * has a chance of 0.89 for each, and that they are UTF-8 besides, of less than
 * a half.
 */
static bool looks_like_text(struct view body)
{
    enum { LOOKED_AT = 512, ENOUGH = 128, ENOUGH_UTF_8 = 16, CUT_MAX = 3 };
    struct view start = view_first(body, LOOKED_AT);
    for (size_t i = 0; i < start.size; i++) {
        unsigned char c = (unsigned char)start.data[i];
        if ((c < 0x20 && !strchr("\t\n\f\r\x1b", c)) || c == '\0' || c == 0x7f)
            return false;
    }
    bool is_utf_8 = utf8_valid_prefix(start) + CUT_MAX >= start.size;
    return start.size >= ENOUGH || (start.size >= ENOUGH_UTF_8 && is_utf_8);
}

static bool is_plain(const struct coding *coding, struct view body)
{
    if (coding->looks_like)
        return !coding->looks_like(body);
    return looks_like_text(body);
}

/* ---- taking one off --------------------------------------------------- */

struct report {
    char *detail;
    size_t size;
};

static void say(const struct report *report, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* Adds a sentence part. */
static void say(const struct report *report, const char *format, ...)
{
    size_t used = strlen(report->detail);
    va_list args;
    if (used && used + 2 < report->size) {
        memcpy(report->detail + used, "; ", 3);
        used += 2;
    }
    va_start(args, format);
    vsnprintf(report->detail + used, report->size - used, format, args);
    va_end(args);
}

static enum decode_result unpack(const struct coding *coding, struct view body,
                                 size_t limit, struct buf *out,
                                 const struct report *report)
{
    struct view rest = { 0 };
    buf_reset(out);
    switch (coding->unpack(body, limit, out, &rest)) {
    case UNPACK_DONE:
        if (rest.size)
            say(report, "%zu bytes of junk behind the %s stream", rest.size,
                coding->name);
        return DECODE_DONE;
    case UNPACK_TOO_LARGE:
        say(report,
            "longer than %zu bytes when decoded (--max-body); cut there",
            limit);
        return DECODE_TOO_LARGE;
    case UNPACK_DAMAGED:
        say(report, "%s stream is damaged; %zu bytes could be decoded",
            coding->name, out->size);
        return DECODE_DAMAGED;
    case UNPACK_NO_MEMORY:
    default:
        return DECODE_NO_MEMORY;
    }
}

/* Takes one coding off `*body`. */
static enum decode_result decode_one(struct view name, struct view *body,
                                     size_t limit, struct buf *out,
                                     const struct report *report)
{
    const struct coding *coding = find_coding(name);
    if (!coding) {
        say(report, "content coding %.*s is not understood",
            (int)(name.size > SHOWN_NAME ? SHOWN_NAME : name.size), name.data);
        return DECODE_UNKNOWN;
    }
    if (body->size == 0)
        return DECODE_PLAIN;
    if (is_plain(coding, *body)) {
        say(report, "plain body under Content-Encoding: %s", coding->name);
        return DECODE_PLAIN;
    }
    enum decode_result result = unpack(coding, *body, limit, out, report);
    *body = buf_view(out);
    return result;
}

static bool lies_in(struct view body, const struct buf *buf)
{
    return body.data && body.data == buf->data;
}

enum decode_result decode_content(struct view coding, struct view body,
                                  size_t limit, struct buf *scratch,
                                  struct buf *spare, struct view *ret_body,
                                  char *detail, size_t detail_size)
{
    struct view names[CODINGS_MAX];
    const struct report report = { detail, detail_size };
    size_t count = split_names(coding, names);
    enum decode_result result = DECODE_PLAIN;
    detail[0] = '\0';
    if (count > CODINGS_MAX) {
        say(&report, "%zu content codings in a row", count);
        *ret_body = body;
        return DECODE_UNKNOWN;
    }
    /* The last that was applied comes off first. */
    for (size_t i = count; i-- > 0;) {
        /* Never the one that `body` lies in: a coding that is not there
         * leaves it where it was. */
        struct buf *out = lies_in(body, scratch) ? spare : scratch;
        enum decode_result step =
            decode_one(names[i], &body, limit, out, &report);
        if (step != DECODE_PLAIN)
            result = step;
        if (step != DECODE_PLAIN && step != DECODE_DONE)
            break;
    }
    *ret_body = body;
    return result;
}
