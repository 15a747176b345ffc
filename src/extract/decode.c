#include "fetchgrep/extract/decode.h"

#include "fetchgrep/base/codec_gzip.h"

enum { CODINGS_MAX = 4 };

static bool is_coding(struct view coding, const char *name)
{
    return view_equal_nocase(coding, view_of_string(name));
}

/* Splits "deflate, gzip" and leaves identity out. */
static size_t split_codings(struct view list, struct view *codings)
{
    size_t count = 0;
    while (list.data) {
        struct view coding = view_trim(view_split(&list, ','));
        if (!coding.size || is_coding(coding, "identity"))
            continue;
        if (count < CODINGS_MAX)
            codings[count] = coding;
        count++;
    }
    return count;
}

static bool looks_like_gzip(struct view body)
{
    return body.size >= 2 && !memcmp(body.data, "\x1f\x8b", 2);
}

static enum decode_result unpack(enum gzip_form form, struct view body,
                                 size_t limit, struct buf *out, char *detail,
                                 size_t detail_size)
{
    const char *name = form == GZIP_FORM_GZIP ? "gzip" : "deflate";
    buf_reset(out);
    switch (gzip_unpack(form, body, limit, out)) {
    case GZIP_DONE:
        return DECODE_DONE;
    case GZIP_TOO_LARGE:
        snprintf(detail, detail_size,
                 "longer than %zu bytes when decoded (--max-body); cut there",
                 limit);
        return DECODE_TOO_LARGE;
    case GZIP_DAMAGED:
        snprintf(detail, detail_size,
                 "%s stream is damaged; %zu bytes could be decoded", name,
                 out->size);
        return DECODE_DAMAGED;
    case GZIP_NO_MEMORY:
    default:
        return DECODE_NO_MEMORY;
    }
}

/* Takes one coding off `*body`. */
static enum decode_result decode_one(struct view coding, struct view *body,
                                     size_t limit, struct buf *out,
                                     char *detail, size_t detail_size)
{
    bool is_gzip = is_coding(coding, "gzip") || is_coding(coding, "x-gzip");
    if (!is_gzip && !is_coding(coding, "deflate")) {
        snprintf(detail, detail_size, "content coding %.*s is not understood",
                 (int)(coding.size > 40 ? 40 : coding.size), coding.data);
        return DECODE_UNKNOWN;
    }
    if (body->size == 0)
        return DECODE_PLAIN;
    if (is_gzip && !looks_like_gzip(*body)) {
        snprintf(detail, detail_size,
                 "plain body under Content-Encoding: gzip");
        return DECODE_PLAIN;
    }
    enum decode_result result =
        unpack(is_gzip ? GZIP_FORM_GZIP : GZIP_FORM_DEFLATE, *body, limit, out,
               detail, detail_size);
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
    struct view codings[CODINGS_MAX];
    size_t count = split_codings(coding, codings);
    enum decode_result result = DECODE_PLAIN;
    detail[0] = '\0';
    if (count > CODINGS_MAX) {
        snprintf(detail, detail_size, "%zu content codings in a row", count);
        *ret_body = body;
        return DECODE_UNKNOWN;
    }
    /* The last that was applied comes off first. */
    for (size_t i = count; i-- > 0;) {
        /* Never the one that `body` lies in: a coding that is not there
         * leaves it where it was. */
        struct buf *out = lies_in(body, scratch) ? spare : scratch;
        enum decode_result step =
            decode_one(codings[i], &body, limit, out, detail, detail_size);
        if (step != DECODE_PLAIN)
            result = step;
        if (step != DECODE_PLAIN && step != DECODE_DONE)
            break;
    }
    *ret_body = body;
    return result;
}
