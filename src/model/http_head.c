#include "fetchgrep/model/http_head.h"

/* The next line at `*cursor`, without its CR and LF. False at the end. */
static bool next_line(struct view bytes, size_t *cursor, struct view *ret_line)
{
    if (*cursor >= bytes.size)
        return false;
    struct view rest = view_from(bytes, *cursor);
    const char *end = memchr(rest.data, '\n', rest.size);
    size_t size = end ? (size_t)(end - rest.data) : rest.size;
    *cursor += end ? size + 1 : size;
    if (size && rest.data[size - 1] == '\r')
        size--;
    *ret_line = view_first(rest, size);
    return true;
}

static bool parse_status_line(struct view line, struct http_head *head)
{
    if (!view_starts_with(line, "HTTP/"))
        return false;
    struct view rest = view_from(line, 5);
    head->version = view_split(&rest, ' ');
    rest = view_trim(rest);
    struct view code = view_split(&rest, ' ');
    uint64_t status;
    if (code.size != 3 || !view_to_u64(code, &status) || status < 100)
        return false;
    head->status = (int)status;
    head->reason = view_trim(rest);
    return true;
}

/* Whether the last transfer coding of the list is chunked. */
static bool ends_in_chunked(struct view codings)
{
    struct view last = { 0 };
    while (codings.data)
        last = view_split(&codings, ',');
    return view_equal_nocase(view_trim(last), view_of_string("chunked"));
}

static void note_field(struct http_head *head, struct view name,
                       struct view value)
{
    switch (name.size) {
    case 8:
        if (!head->location.data &&
            view_equal_nocase(name, view_of_string("location")))
            head->location = value;
        break;
    case 12:
        if (!head->content_type.data &&
            view_equal_nocase(name, view_of_string("content-type")))
            head->content_type = value;
        break;
    case 16:
        if (!head->content_encoding.data &&
            view_equal_nocase(name, view_of_string("content-encoding")))
            head->content_encoding = value;
        break;
    case 17:
        if (view_equal_nocase(name, view_of_string("transfer-encoding")))
            head->is_chunked = ends_in_chunked(value);
        break;
    default:
        break;
    }
}

bool http_head_parse(struct view bytes, struct http_head *ret_head)
{
    struct http_head head = { 0 };
    size_t cursor = 0;
    struct view line;
    if (!next_line(bytes, &cursor, &line) || !parse_status_line(line, &head))
        return false;
    size_t start = cursor, end = cursor;
    while (next_line(bytes, &cursor, &line) && line.size)
        end = cursor;
    head.size = cursor;
    head.fields = view_of(bytes.data + start, end - start);
    struct view name, value;
    for (size_t at = 0; http_head_next(&head, &at, &name, &value);)
        note_field(&head, name, value);
    *ret_head = head;
    return true;
}

bool http_head_next(const struct http_head *head, size_t *cursor,
                    struct view *ret_name, struct view *ret_value)
{
    struct view line;
    while (next_line(head->fields, cursor, &line)) {
        const char *colon =
            line.size ? memchr(line.data, ':', line.size) : NULL;
        if (!colon || line.data[0] == ' ' || line.data[0] == '\t')
            continue;
        size_t name_size = (size_t)(colon - line.data);
        const char *value_end = line.data + line.size;
        /* A folded line goes on with the value; it is taken as it stands. */
        size_t ahead = *cursor;
        struct view more;
        while (ahead < head->fields.size &&
               (head->fields.data[ahead] == ' ' ||
                head->fields.data[ahead] == '\t') &&
               next_line(head->fields, &ahead, &more)) {
            value_end = more.data + more.size;
            *cursor = ahead;
        }
        *ret_name = view_trim(view_first(line, name_size));
        *ret_value =
            view_trim(view_of(colon + 1, (size_t)(value_end - colon - 1)));
        return true;
    }
    return false;
}

bool http_head_field(const struct http_head *head, const char *name,
                     struct view *ret_value)
{
    struct view found, value;
    for (size_t at = 0; http_head_next(head, &at, &found, &value);) {
        if (view_equal_nocase(found, view_of_string(name))) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

struct view http_media_type(struct view content_type)
{
    return view_trim(view_split(&content_type, ';'));
}

/* Cuts at the first semicolon outside of quotes (RFC 9110, 5.6.6). */
static struct view split_parameter(struct view *rest)
{
    bool is_quoted = false;
    for (size_t i = 0; i < rest->size; i++) {
        char c = rest->data[i];
        if (c == '"')
            is_quoted = !is_quoted;
        else if (c == '\\' && is_quoted)
            i++;
        else if (c == ';' && !is_quoted) {
            struct view first = view_first(*rest, i);
            *rest = view_from(*rest, i + 1);
            return first;
        }
    }
    struct view last = *rest;
    *rest = view_of(NULL, 0);
    return last;
}

/* Up to the closing quote; one that is missing is thought of (WHATWG MIME
 * Sniffing, 4.4). Escapes stay: no charset has any. */
static struct view unquoted(struct view value)
{
    const char *end = value.size ? memchr(value.data, '"', value.size) : NULL;
    return end ? view_first(value, (size_t)(end - value.data)) : value;
}

bool http_media_parameter(struct view content_type, const char *name,
                          struct view *ret_value)
{
    split_parameter(&content_type);
    while (content_type.data) {
        struct view value = split_parameter(&content_type);
        struct view key = view_trim(view_split(&value, '='));
        if (!view_equal_nocase(key, view_of_string(name)))
            continue;
        value = view_trim(value);
        if (value.size && value.data[0] == '"')
            value = unquoted(view_from(value, 1));
        *ret_value = value;
        return true;
    }
    return false;
}
