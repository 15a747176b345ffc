/*
 * A key is id, pattern's place, offset, number of the line in its page, and
 * where in the line the id belongs, all as hexadecimal digits of fixed width. A
 * newline in a value (CSV has them in quotes) is written as the byte FF
 * meanwhile, which UTF-8 never has.
 */
#include "match_key.h"

static const char NEWLINE_BYTE = '\xff';

/* Places in a key. */
enum {
    KEY_ID = 0,
    KEY_PATTERN = 16,
    KEY_OFFSET = 24,
    KEY_SEQUENCE = 40,
    KEY_ID_AT = 48,
};

static void put_hex(char *at, size_t digits, uint64_t value)
{
    static const char digit[] = "0123456789abcdef";
    while (digits--) {
        at[digits] = digit[value & 15];
        value >>= 4;
    }
}

static bool get_hex(const char *at, size_t digits, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        char c = at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret_value = value;
    return true;
}

void match_key_put(const struct match_key *key, char *at)
{
    put_hex(at + KEY_ID, 16, key->id);
    put_hex(at + KEY_PATTERN, 8, key->pattern);
    put_hex(at + KEY_OFFSET, 16, key->offset);
    put_hex(at + KEY_SEQUENCE, 8, key->sequence);
    put_hex(at + KEY_ID_AT, 8, key->id_at);
}

static void replace(char *text, size_t size, char from, char to)
{
    char *end = text + size;
    while (text < end &&
           (text = memchr(text, from, (size_t)(end - text))) != NULL)
        *text++ = to;
}

void match_key_hide_newlines(char *text, size_t size)
{
    replace(text, size, '\n', NEWLINE_BYTE);
}

bool match_key_id(struct view keyed_line, uint64_t *ret_id)
{
    return keyed_line.size >= MATCH_KEY_SIZE &&
           get_hex(keyed_line.data + KEY_ID, 16, ret_id);
}

void match_key_set_id(char *keyed_line, uint64_t id)
{
    put_hex(keyed_line + KEY_ID, 16, id);
}

bool match_form_compose(const struct match_form *form, struct view keyed_line,
                        struct buf *out)
{
    uint64_t id, id_at;
    if (!match_key_id(keyed_line, &id) ||
        !get_hex(keyed_line.data + KEY_ID_AT, 8, &id_at))
        return false;
    struct view line = view_from(keyed_line, MATCH_KEY_SIZE);
    size_t start = out->size;
    if (match_form_has_id(form)) {
        if (id_at > line.size)
            return false;
        buf_append_view(out, view_first(line, id_at));
        buf_append_u64(out, id);
        line = view_from(line, id_at);
    }
    buf_append_view(out, line);
    if (match_form_format(form) == MATCH_CSV && !out->failed)
        replace(out->data + start, out->size - start, NEWLINE_BYTE, '\n');
    return true;
}
