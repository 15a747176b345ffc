/*
 * Strings are copied in clean runs: a table says which bytes can stand as they
 * are; the few others are looked at one by one.
 */
#include "fetchgrep/base/json_out.h"

#include "fetchgrep/base/utf8.h"

/* Whether an ASCII byte stands as it is. */
static bool is_clean(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void append_escape(struct buf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
    };
    char text[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };
    size_t size = sizeof(text);
    if (c >= 0x20 || letters[c]) {
        text[1] = c >= 0x20 ? (char)c : letters[c];
        size = 2;
    }
    buf_append(out, text, size);
}

static void append_clean(struct buf *out, struct view text, bool is_valid)
{
    if (is_valid)
        buf_append_view(out, text);
    else
        utf8_append_valid(out, text);
}

void json_out_string(struct buf *out, struct view text)
{
    bool is_valid = utf8_valid_prefix(text) == text.size;
    size_t start = 0;
    buf_append_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (LIKELY(is_clean(c)))
            continue;
        append_clean(out, view_of(text.data + start, i - start), is_valid);
        append_escape(out, c);
        start = i + 1;
    }
    append_clean(out, view_from(text, start), is_valid);
    buf_append_char(out, '"');
}

void json_out_member(struct buf *out, const char *name)
{
    buf_append_string(out, ",\"");
    buf_append_string(out, name);
    buf_append_string(out, "\":");
}

void json_out_member_string(struct buf *out, const char *name, struct view text)
{
    json_out_member(out, name);
    json_out_string(out, text);
}

void json_out_member_u64(struct buf *out, const char *name, uint64_t value)
{
    json_out_member(out, name);
    buf_append_u64(out, value);
}

void json_out_ms(struct buf *out, int64_t duration_us)
{
    uint64_t tenths = duration_us > 0 ? ((uint64_t)duration_us + 50) / 100 : 0;
    buf_append_u64(out, tenths / 10);
    if (tenths % 10) {
        buf_append_char(out, '.');
        buf_append_char(out, (char)('0' + tenths % 10));
    }
}
