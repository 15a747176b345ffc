#include "fetchgrep/base/view.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool equal_nocase(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool view_equal_nocase(struct view a, struct view b)
{
    return a.size == b.size && equal_nocase(a.data, b.data, a.size);
}

bool view_starts_with_nocase(struct view v, const char *prefix)
{
    size_t size = strlen(prefix);
    return v.size >= size && equal_nocase(v.data, prefix, size);
}

struct view view_trim(struct view v)
{
    while (v.size && is_blank(v.data[0]))
        v = view_from(v, 1);
    while (v.size && is_blank(v.data[v.size - 1]))
        v.size--;
    return v;
}

struct view view_split(struct view *rest, char separator)
{
    const char *at =
        rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    struct view first = *rest;
    if (at) {
        first.size = (size_t)(at - rest->data);
        *rest = view_from(*rest, first.size + 1);
    } else {
        *rest = view_of(NULL, 0);
    }
    return first;
}

bool view_to_u64(struct view v, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < v.size; i++) {
        unsigned digit = (unsigned)(v.data[i] - '0');
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (!v.size)
        return false;
    *ret_value = value;
    return true;
}

char *view_dup(struct view v)
{
    char *copy = malloc(v.size + 1);
    if (!copy)
        return NULL;
    if (v.size)
        memcpy(copy, v.data, v.size);
    copy[v.size] = '\0';
    return copy;
}
