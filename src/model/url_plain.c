/*
 * Most URLs of a list are ordinary. Of these libcurl's parser needs a
 * microsecond or two, and this a tenth; it refuses whatever is out of the
 * ordinary. tests/fuzz/fuzz_url.c has it that both agree.
 */
#include "url_clean.h"

/* What stands in a path as it is. Dots at a segment's beginning, and escapes of
 * them, are looked for apart. */
static bool is_plain(unsigned char c, bool is_query)
{
    if (c <= ' ' || c >= 0x7f)
        return false;
    switch (c) {
    case '"':
    case '<':
    case '>':
        return false;
    case '\'':
        return !is_query;
    case '\\':
    case '^':
    case '`':
    case '{':
    case '}':
        return is_query;
    default:
        return true;
    }
}

/* The size of path and query when they can stay as they are. A fragment ends
 * them. */
static bool measure_target(struct view rest, size_t *ret_size)
{
    bool is_query = false;
    size_t size = 0;
    for (; size < rest.size && rest.data[size] != '#'; size++) {
        char c = rest.data[size];
        char next = size + 1 < rest.size ? rest.data[size + 1] : '\0';
        if (!is_plain((unsigned char)c, is_query) ||
            (c == '/' && !is_query && (next == '.' || next == '%')))
            return false;
        is_query |= c == '?';
    }
    /* libcurl drops the mark of an empty query. */
    if (size && rest.data[size - 1] == '?')
        return false;
    *ret_size = size;
    return true;
}

static void put(char **to, struct view text)
{
    if (text.size)
        memcpy(*to, text.data, text.size);
    *to += text.size;
}

/* The block of url.h: the URL, a NUL, the origin, a NUL. */
static bool build(bool is_https, struct view origin, struct view target,
                  struct url *ret_url)
{
    const char *colon = memrchr(origin.data, ':', origin.size);
    size_t host_size = (size_t)(colon - origin.data);
    struct view port = view_from(origin, host_size + 1);
    bool is_default = view_equal_string(port, is_https ? "443" : "80");
    struct view scheme = view_of_string(is_https ? "https://" : "http://");
    struct view shown = is_default ? view_first(origin, host_size) : origin;
    bool has_slash = target.size && target.data[0] == '/';
    size_t authority_end = scheme.size + shown.size;
    size_t text_size = authority_end + !has_slash + target.size;
    char *block = malloc(text_size + 1 + origin.size + 1), *to = block;
    if (!block)
        return false;
    put(&to, scheme);
    put(&to, shown);
    if (!has_slash)
        *to++ = '/';
    put(&to, target);
    *to++ = '\0';
    struct view kept_origin = view_of(to, origin.size);
    put(&to, origin);
    *to = '\0';
    uint64_t number = 0;
    bool is_number = view_to_u64(port, &number);
    *ret_url = (struct url){
        .text = block,
        .text_size = text_size,
        .scheme = is_https ? URL_HTTPS : URL_HTTP,
        .host = view_first(kept_origin, host_size),
        .port = is_number ? (uint16_t)number : 0,
        .origin = kept_origin,
        .target = view_of(block + authority_end, text_size - authority_end),
    };
    return true;
}

bool url_read_plain(struct view text, struct url *ret_url)
{
    struct url_origin origin;
    size_t size;
    if (!url_scan_origin(text, &origin))
        return false;
    bool is_https = view_starts_with_nocase(text, "https:");
    struct view rest = view_from(text, is_https ? 8 : 7);
    while (rest.size && !memchr("/?#", rest.data[0], 3))
        rest = view_from(rest, 1);
    return measure_target(rest, &size) &&
           build(is_https, view_of(origin.text, origin.size),
                 view_first(rest, size), ret_url);
}
