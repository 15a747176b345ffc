/*
 * The origin of most URLs at a hundred million lines' speed: libcurl's parser
 * takes a microsecond, this a few dozen nanoseconds. It knows nothing of what
 * is unusual (user information, escapes, other letters, addresses but IPv4 as
 * it is always written): it says so and url_parse decides.
 */
#include "fetchgrep/model/url.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '-' ||
           c == '.' || c == '_';
}

/* Whether nothing but the name can be meant: no empty label, and no last one
 * that makes an address of it, in whatever form. */
static bool is_plain_name(const char *name, size_t size)
{
    size_t label = 0;
    for (size_t i = 0; i < size; i++) {
        if (name[i] != '.')
            continue;
        if (i == label)
            return false;
        label = i + 1;
    }
    return label < size && !is_digit(name[label]);
}

/* "127.0.0.1": four numbers up to 255 without a zero in front. */
static bool is_plain_v4(const char *name, size_t size)
{
    size_t at = 0;
    for (int group = 0; group < 4; group++) {
        size_t start = at;
        unsigned value = 0;
        while (at < size && at - start < 3 && is_digit(name[at]))
            value = value * 10 + (unsigned)(name[at++] - '0');
        if (at == start || value > 255 ||
            (name[start] == '0' && at > start + 1) ||
            (group < 3 && (at == size || name[at++] != '.')))
            return false;
    }
    return at == size;
}

/* The digits of a port, as they are written canonically. */
static bool take_port(struct view *text, struct view *ret_port)
{
    size_t size = 0;
    uint32_t value = 0;
    while (size < text->size && size < 6 && is_digit(text->data[size]))
        value = value * 10 + (uint32_t)(text->data[size++] - '0');
    if (!size || value == 0 || value > UINT16_MAX || text->data[0] == '0')
        return false;
    *ret_port = view_first(*text, size);
    *text = view_from(*text, size);
    return true;
}

bool url_scan_origin(struct view text, struct url_origin *ret_origin)
{
    struct view port = view_of_string("443");
    if (view_starts_with_nocase(text, "https://")) {
        text = view_from(text, 8);
    } else if (view_starts_with_nocase(text, "http://")) {
        text = view_from(text, 7);
        port = view_of_string("80");
    } else {
        return false;
    }
    size_t size = 0;
    while (size < text.size && size < URL_NAME_MAX &&
           is_name_char(text.data[size])) {
        ret_origin->text[size] = lower(text.data[size]);
        size++;
    }
    text = view_from(text, size);
    if (text.size && text.data[0] == ':') {
        text = view_from(text, 1);
        if (!take_port(&text, &port))
            return false;
    }
    if ((text.size && !memchr("/?#", text.data[0], 3)) ||
        (!is_plain_name(ret_origin->text, size) &&
         !is_plain_v4(ret_origin->text, size)))
        return false;
    ret_origin->text[size] = ':';
    memcpy(ret_origin->text + size + 1, port.data, port.size);
    ret_origin->size = size + 1 + port.size;
    return true;
}
