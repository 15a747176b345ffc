/*
 * Hosts as the URL standard parses them ("host parsing"): percent-decoded, by
 * UTS #46 to ASCII, and then, if the last label is a number, an IPv4 address
 * in any of the forms that inet_aton took: so that whoever looks at the host
 * sees the address that would be connected to.
 *
 * Names that are ASCII already are not looked into: whether "xn--…" is sound
 * is for the name servers to say.
 */
#include "url_clean.h"

#include "fetchgrep/base/utf8.h"

#include <arpa/inet.h>
#include <idn2.h>

enum { HOST_MAX = 1 << 16, GROUPS = 8 };

/* ---- IPv6 ---------------------------------------------------------------- */

/* The longest run of zeros, of two groups at least: it becomes "::". */
static int find_zeros(const uint16_t groups[GROUPS], int *ret_count)
{
    int best = -1;
    *ret_count = 1;
    for (int i = 0; i < GROUPS; i++) {
        int count = 0;
        while (i + count < GROUPS && !groups[i + count])
            count++;
        if (count > *ret_count) {
            best = i;
            *ret_count = count;
        }
    }
    return best;
}

static void append_v6(const struct in6_addr *address, struct buf *out)
{
    uint16_t groups[GROUPS];
    int zeros, first, i = 0;
    for (int j = 0; j < GROUPS; j++)
        groups[j] = (uint16_t)(address->s6_addr[2 * j] << 8 |
                               address->s6_addr[2 * j + 1]);
    first = find_zeros(groups, &zeros);
    buf_append_char(out, '[');
    while (i < GROUPS) {
        if (i == first) {
            buf_append_string(out, "::");
            i += zeros;
            continue;
        }
        bool has_colon = i && i != first + zeros;
        buf_append_format(out, has_colon || (i && first < 0) ? ":%x" : "%x",
                          groups[i]);
        i++;
    }
    buf_append_char(out, ']');
}

static const char *parse_v6(struct view host, struct buf *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr address;
    size_t size = host.size - 2;
    if (host.size < 4 || host.data[host.size - 1] != ']' ||
        size >= sizeof(text))
        return "its host is no IPv6 address";
    memcpy(text, host.data + 1, size);
    if (strlen(text) != size || inet_pton(AF_INET6, text, &address) != 1)
        return "its host is no IPv6 address";
    append_v6(&address, out);
    return NULL;
}

/* ---- IPv4 ---------------------------------------------------------------- */

/* A number of C: decimal, "0x" hexadecimal, "0" octal. Beyond what any address
 * can have it stays there. */
static bool parse_number(struct view text, uint64_t *ret_value)
{
    unsigned base = 10;
    uint64_t value = 0;
    if (!text.size)
        return false;
    if (view_starts_with_nocase(text, "0x")) {
        text = view_from(text, 2);
        base = 16;
    } else if (text.size > 1 && text.data[0] == '0') {
        base = 8;
    }
    for (size_t i = 0; i < text.size; i++) {
        const char *digits = "0123456789abcdef";
        const char *at = memchr(digits, text.data[i], base);
        if (!at)
            return false;
        value = value * base + (uint64_t)(at - digits);
        if (value > UINT32_MAX)
            value = (uint64_t)UINT32_MAX + 1;
    }
    *ret_value = value;
    return true;
}

/* Without the dot that may stand at its end. */
static struct view without_last_dot(struct view host)
{
    if (host.size && host.data[host.size - 1] == '.')
        host.size--;
    return host;
}

/* Whether an address must be meant: the last label is a number, or looks like
 * one. */
static bool ends_in_number(struct view host)
{
    host = without_last_dot(host);
    const char *dot = host.size ? memrchr(host.data, '.', host.size) : NULL;
    struct view label =
        dot ? view_from(host, (size_t)(dot + 1 - host.data)) : host;
    uint64_t value;
    size_t digits = 0;
    while (digits < label.size && label.data[digits] >= '0' &&
           label.data[digits] <= '9')
        digits++;
    return label.size &&
           (digits == label.size || (view_starts_with_nocase(label, "0x") &&
                                     parse_number(label, &value)));
}

/* "a.b.c.d", "a.b.c", "a.b", "a": the last one fills what is left. */
static bool parse_v4(struct view host, uint32_t *ret_address)
{
    uint64_t address = 0, value = 0;
    int count = 0;
    struct view rest = without_last_dot(host);
    while (rest.data) {
        if (count == 4 || (count && value > 255) ||
            !parse_number(view_split(&rest, '.'), &value))
            return false;
        count++;
        if (rest.data)
            address |= value << (32 - 8 * count);
    }
    if (value >= UINT64_C(1) << (8 * (5 - count)))
        return false;
    *ret_address = (uint32_t)(address | value);
    return true;
}

/* ---- names --------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void append_decoded(struct view text, struct buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '%' && i + 2 < text.size && hex_value(text.data[i + 1]) >= 0 &&
            hex_value(text.data[i + 2]) >= 0) {
            c = (char)(hex_value(text.data[i + 1]) << 4 |
                       hex_value(text.data[i + 2]));
            i += 2;
        }
        buf_append_char(out, c);
    }
}

/* By UTS #46, not transitional. `name` is without NUL bytes. */
static const char *append_ascii(struct buf *name, struct buf *out)
{
    char *ascii = NULL;
    if (utf8_valid_prefix(buf_view(name)) != name->size)
        return "its host is no UTF-8";
    int code = idn2_to_ascii_8z(buf_string(name), &ascii, IDN2_NONTRANSITIONAL);
    if (code == IDN2_OK)
        buf_append_string(out, ascii);
    idn2_free(ascii);
    if (code == IDN2_MALLOC)
        out->failed = true;
    return code == IDN2_OK || code == IDN2_MALLOC
               ? NULL
               : "its host is no internationalized name";
}

static void append_lower(struct view name, struct buf *out)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
}

/* Decoded, ASCII, lower case; what cannot be part of a name is still in it. */
static const char *append_name(struct view host, struct buf *out)
{
    struct buf decoded;
    const char *why = NULL;
    buf_init(&decoded, HOST_MAX + 1);
    append_decoded(host, &decoded);
    out->failed |= decoded.failed;
    struct view name = buf_view(&decoded);
    if (name.size && memchr(name.data, '\0', name.size))
        why = "its hostname has a NUL byte in it";
    else if (utf8_ascii_prefix(name) == name.size)
        append_lower(name, out);
    else
        why = append_ascii(&decoded, out);
    buf_release(&decoded);
    return why;
}

/* What would end the host, or is no letter of any name ("forbidden domain code
 * point"). Others are for libcurl to judge. */
static bool is_forbidden(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f ||
           memchr("#/:<>?@[\\]^|%", c, 13) != NULL;
}

static const char *check_name(struct view name)
{
    if (!name.size)
        return "it has no host";
    for (size_t i = 0; i < name.size; i++)
        if (is_forbidden(name.data[i]))
            return "its hostname has a character that no name has";
    return NULL;
}

const char *url_host_append(struct view host, struct buf *out)
{
    size_t start = out->size;
    uint32_t address;
    if (host.size && host.data[0] == '[')
        return parse_v6(host, out);
    const char *why = append_name(host, out);
    if (why || out->failed)
        return why;
    struct view name = view_from(buf_view(out), start);
    why = check_name(name);
    if (why || !ends_in_number(name))
        return why;
    if (!parse_v4(name, &address))
        return "its host is no IPv4 address";
    buf_truncate(out, start);
    buf_append_format(out, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                      address >> 8 & 255, address & 255);
    return NULL;
}
