/*
 * Most strings can stand as they are, which is seen eight bytes at a time; then
 * they are copied at once. Others are copied in clean runs, and what needs an
 * escape is looked at byte by byte.
 */
#include "fetchgrep/base/json_out.h"

#include "fetchgrep/base/utf8.h"

/* Whether any of eight bytes is below 0x20, a quote, a backslash or no ASCII.
 * A borrow may mark the byte above one that is: that does not matter here. */
static bool has_unclean(uint64_t word)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = each << 7;
    uint64_t quote = word ^ (each * '"'), slash = word ^ (each * '\\');
    uint64_t marks =
        word | (word - each * 0x20) | (quote - each) | (slash - each);
    return (marks & high) != 0;
}

static bool is_clean_ascii(struct view text)
{
    uint64_t word;
    size_t at = 0;
    if (text.size < sizeof(word)) {
        char few[sizeof(word)] = "aaaaaaaa";
        for (size_t i = 0; i < text.size; i++)
            few[i] = text.data[i];
        memcpy(&word, few, sizeof(word));
        return !has_unclean(word);
    }
    for (; at + sizeof(word) <= text.size; at += sizeof(word)) {
        memcpy(&word, text.data + at, sizeof(word));
        if (has_unclean(word))
            return false;
    }
    /* The last eight, some of them once more. */
    memcpy(&word, text.data + text.size - sizeof(word), sizeof(word));
    return !has_unclean(word);
}

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

static void append_quoted(struct buf *out, struct view text)
{
    char *to = buf_reserve(out, text.size + 2);
    if (!to)
        return;
    *to++ = '"';
    if (text.size)
        memcpy(to, text.data, text.size);
    to[text.size] = '"';
    buf_commit(out, text.size + 2);
}

void json_out_string(struct buf *out, struct view text)
{
    if (LIKELY(is_clean_ascii(text))) {
        append_quoted(out, text);
        return;
    }
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
    size_t size = strlen(name);
    char *to = buf_reserve(out, size + 4);
    if (!to)
        return;
    memcpy(to, ",\"", 2);
    memcpy(to + 2, name, size);
    memcpy(to + 2 + size, "\":", 2);
    buf_commit(out, size + 4);
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
