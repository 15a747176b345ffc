/*
 * view.h - borrowed bytes.
 *
 * A view never owns what it points at and is never freed; whoever hands one
 * out says how long it lives. It need not end in NUL and may hold any byte.
 * Thread rule: none needed, a view is a value.
 */
#ifndef FETCHGREP_BASE_VIEW_H
#define FETCHGREP_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct view {
    const char *data;
    size_t size;
};

/* For "%.*s" of a view. */
#define VIEW_ARG(v) (int)(v).size, (v).data

static inline struct view view_of(const void *data, size_t size)
{
    return (struct view){ .data = data, .size = size };
}

static inline struct view view_of_string(const char *string)
{
    return view_of(string, string ? strlen(string) : 0);
}

static inline bool view_equal(struct view a, struct view b)
{
    return a.size == b.size && (a.size == 0 || !memcmp(a.data, b.data, a.size));
}

static inline bool view_equal_string(struct view a, const char *string)
{
    return view_equal(a, view_of_string(string));
}

/* The part from `offset` on, empty when that is past the end. */
static inline struct view view_from(struct view v, size_t offset)
{
    if (offset > v.size)
        offset = v.size;
    return view_of(v.data ? v.data + offset : v.data, v.size - offset);
}

static inline struct view view_first(struct view v, size_t size)
{
    return view_of(v.data, size < v.size ? size : v.size);
}

static inline bool view_starts_with(struct view v, const char *prefix)
{
    size_t size = strlen(prefix);
    return v.size >= size && !memcmp(v.data, prefix, size);
}

static inline bool view_ends_with(struct view v, const char *suffix)
{
    size_t size = strlen(suffix);
    return v.size >= size && !memcmp(v.data + v.size - size, suffix, size);
}

/* ASCII case is ignored, as in header names and schemes. */
bool view_equal_nocase(struct view a, struct view b);
bool view_starts_with_nocase(struct view v, const char *prefix);

/* Without ASCII blanks (space, tab, CR, LF, VT, FF) at both ends. */
struct view view_trim(struct view v);

/* Cuts at the first `separator`: the part before it is returned, `*rest`
 * becomes what follows, or an empty view without data at the end. */
struct view view_split(struct view *rest, char separator);

/* A decimal number of digits alone, false on overflow or anything else. */
bool view_to_u64(struct view v, uint64_t *ret_value);

/* A copy on the heap that ends in NUL; NULL without memory. Free it. */
char *view_dup(struct view v);

#endif
