/*
 * The parts are told apart as in the URL standard (url.spec.whatwg.org, "URL
 * parsing", the states of special schemes): tabs and newlines go, a backslash
 * is a slash, slashes behind the scheme may be too many or too few. Each part
 * is then percent-encoded with its own set. Bytes that are not ASCII are
 * encoded as they are: the standard reads text, we read bytes.
 */
#include "url_clean.h"

/* What is percent-encoded beside control characters, blanks and what is not
 * ASCII ("percent-encode sets"). */
static const char in_path[] = "\"#<>?^`{}";
static const char in_query[] = "\"#<>'";
static const char in_userinfo[] = "\"#<>?^`{}/:;=@[\\]|";

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct view url_trim(struct view text)
{
    while (text.size && (unsigned char)text.data[0] <= ' ')
        text = view_from(text, 1);
    while (text.size && (unsigned char)text.data[text.size - 1] <= ' ')
        text.size--;
    return text;
}

static void append_encoded(struct view text, const char *set, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c > ' ' && c < 0x7f && !strchr(set, c)) {
            buf_append_char(out, (char)c);
        } else {
            buf_append_char(out, '%');
            buf_append_char(out, digits[c >> 4]);
            buf_append_char(out, digits[c & 15]);
        }
    }
}

/* How far the text goes without any of these. */
static size_t span(struct view text, const char *stops)
{
    size_t size = 0;
    while (size < text.size &&
           (!text.data[size] || !strchr(stops, text.data[size])))
        size++;
    return size;
}

static struct view take(struct view *rest, size_t size)
{
    struct view taken = view_first(*rest, size);
    *rest = view_from(*rest, size);
    return taken;
}

/* ---- path and query ------------------------------------------------------ */

/* Dots that are written "%2e" are dots where they are all of a segment. */
static void append_segment(struct view segment, struct buf *out)
{
    size_t dots = 0;
    struct view rest = segment;
    while (rest.size && dots <= 2) {
        if (rest.data[0] == '.')
            take(&rest, 1);
        else if (view_starts_with_nocase(rest, "%2e"))
            take(&rest, 3);
        else
            break;
        dots++;
    }
    if (!rest.size && dots <= 2)
        buf_append_string(out, dots == 2 ? ".." : dots ? "." : "");
    else
        append_encoded(segment, in_path, out);
}

static void append_path(struct view path, struct buf *out)
{
    while (path.size) {
        append_segment(take(&path, span(path, "/\\")), out);
        if (take(&path, 1).size)
            buf_append_char(out, '/');
    }
}

/* Path and query; the fragment is nobody's business but the user's. */
static void append_target(struct view target, struct buf *out)
{
    target = view_first(target, span(target, "#"));
    append_path(take(&target, span(target, "?")), out);
    if (!target.size)
        return;
    buf_append_char(out, '?');
    append_encoded(view_from(target, 1), in_query, out);
}

/* ---- authority ----------------------------------------------------------- */

static void append_userinfo(struct view userinfo, struct buf *out)
{
    struct view name = take(&userinfo, span(userinfo, ":"));
    struct view password = view_from(userinfo, 1);
    if (!name.size && !password.size)
        return;
    append_encoded(name, in_userinfo, out);
    if (password.size) {
        buf_append_char(out, ':');
        append_encoded(password, in_userinfo, out);
    }
    buf_append_char(out, '@');
}

/* `port` without its colon. */
static const char *append_port(struct view port, bool is_https, struct buf *out)
{
    uint32_t value = 0;
    for (size_t i = 0; i < port.size; i++) {
        if (!is_digit(port.data[i]))
            return "its port is no number from 1 to 65535";
        value = value * 10 + (uint32_t)(port.data[i] - '0');
        if (value > UINT16_MAX)
            return "its port is no number from 1 to 65535";
    }
    if (port.size && !value)
        return "its port is no number from 1 to 65535";
    if (port.size && value != (is_https ? 443 : 80))
        buf_append_format(out, ":%u", value);
    return NULL;
}

/* The host's part of "host:port"; a literal IPv6 address has colons. */
static size_t host_size(struct view text)
{
    size_t bracket = text.size && text.data[0] == '[' ? span(text, "]") : 0;
    return bracket + span(view_from(text, bracket), ":");
}

static const char *append_authority(struct view authority, bool is_https,
                                    struct buf *out)
{
    const char *at =
        authority.size ? memrchr(authority.data, '@', authority.size) : NULL;
    if (at) {
        append_userinfo(take(&authority, (size_t)(at - authority.data)), out);
        take(&authority, 1);
    }
    const char *why =
        url_host_append(take(&authority, host_size(authority)), out);
    return why ? why : append_port(view_from(authority, 1), is_https, out);
}

static enum url_clean_result clean_whole(struct view rest, bool is_https,
                                         struct buf *out, const char **ret_why)
{
    while (rest.size && is_slash(rest.data[0]))
        take(&rest, 1);
    buf_append_string(out, is_https ? "https://" : "http://");
    const char *why =
        append_authority(take(&rest, span(rest, "/\\?#")), is_https, out);
    if (why) {
        *ret_why = why;
        return URL_CLEAN_INVALID;
    }
    if (!rest.size || !is_slash(rest.data[0]))
        buf_append_char(out, '/');
    append_target(rest, out);
    return URL_CLEAN_WHOLE;
}

/* ---- references ---------------------------------------------------------- */

static enum url_clean_result clean_reference(struct view text,
                                             const struct url *base,
                                             struct buf *out,
                                             const char **ret_why)
{
    if (text.size >= 2 && is_slash(text.data[0]) && is_slash(text.data[1]))
        return clean_whole(text, base->scheme == URL_HTTPS, out, ret_why);
    /* What stands before a colon would be taken for a scheme. */
    if (view_first(text, span(text, "/\\?#")).size > span(text, ":"))
        buf_append_string(out, "./");
    append_target(text, out);
    return URL_CLEAN_REFERENCE;
}

/* ---- all ----------------------------------------------------------------- */

/* The size of the scheme with its colon; 0: there is none. */
static size_t scheme_size(struct view text)
{
    size_t size = 0;
    while (size < text.size && (is_letter(text.data[size]) ||
                                (size && (is_digit(text.data[size]) ||
                                          memchr("+-.", text.data[size], 3)))))
        size++;
    return size && size < text.size && text.data[size] == ':' ? size + 1 : 0;
}

static enum url_clean_result clean_line(struct view text,
                                        const struct url *base, struct buf *out,
                                        const char **ret_why)
{
    bool is_https = view_starts_with_nocase(text, "https:");
    size_t scheme = scheme_size(text);
    if (!is_https && !view_starts_with_nocase(text, "http:")) {
        if (base && !scheme)
            return clean_reference(text, base, out, ret_why);
        buf_append_view(out, text);
        return URL_CLEAN_OTHER;
    }
    struct view rest = view_from(text, scheme);
    /* "http:x" is relative to a base with this scheme. */
    if (base && (base->scheme == URL_HTTPS) == is_https &&
        !view_starts_with(rest, "//"))
        return clean_reference(rest, base, out, ret_why);
    return clean_whole(rest, is_https, out, ret_why);
}

/* Tabs and newlines are taken out wherever they stand. */
static bool has_breaks(struct view text)
{
    return text.size && (memchr(text.data, '\t', text.size) ||
                         memchr(text.data, '\n', text.size) ||
                         memchr(text.data, '\r', text.size));
}

static void append_without_breaks(struct view text, struct buf *out)
{
    while (text.size) {
        buf_append_view(out, take(&text, span(text, "\t\n\r")));
        take(&text, 1);
    }
}

enum url_clean_result url_clean(struct view text, const struct url *base,
                                struct buf *out, const char **ret_why)
{
    struct buf line;
    buf_init(&line, text.size + 1);
    text = url_trim(text);
    if (has_breaks(text)) {
        append_without_breaks(text, &line);
        text = url_trim(buf_view(&line));
    }
    enum url_clean_result result = line.failed
                                       ? URL_CLEAN_NO_MEMORY
                                       : clean_line(text, base, out, ret_why);
    buf_release(&line);
    return out->failed ? URL_CLEAN_NO_MEMORY : result;
}
