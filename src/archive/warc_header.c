#include "warc_header.h"

#include "record_form.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool warc_header_begins(struct view bytes)
{
    size_t at = strlen("WARC/");
    bytes = view_first(bytes, RECORD_VERSION_LINE_MAX);
    if (!view_starts_with(bytes, "WARC/"))
        return false;
    bool has_digit = false;
    while (at < bytes.size &&
           (is_digit(bytes.data[at]) || (has_digit && bytes.data[at] == '.')))
        has_digit = is_digit(bytes.data[at++]);
    if (at < bytes.size && bytes.data[at] == '\r')
        at++;
    return has_digit && at < bytes.size && bytes.data[at] == '\n';
}

size_t warc_header_size(struct view bytes)
{
    const char *at = bytes.data, *end = bytes.data + bytes.size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end)
            return 0;
        if (line_end == at || (line_end == at + 1 && *at == '\r'))
            return (size_t)(line_end + 1 - bytes.data);
        at = line_end + 1;
    }
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool warc_header_is_folded(struct view header)
{
    const char *at = header.data, *end = header.data + header.size;
    while ((at = memchr(at, '\n', (size_t)(end - at))) && ++at < end)
        if (is_blank(*at))
            return true;
    return false;
}

void warc_header_unfold(struct view header, struct buf *out)
{
    buf_reset(out);
    while (header.size) {
        struct view line = view_split(&header, '\n');
        bool goes_on = line.size && is_blank(line.data[0]) && out->size;
        if (goes_on) {
            /* In place of the line end before, and blanks around it. */
            while (out->size && (is_blank(out->data[out->size - 1]) ||
                                 out->data[out->size - 1] == '\r' ||
                                 out->data[out->size - 1] == '\n'))
                buf_truncate(out, out->size - 1);
            buf_append_char(out, ' ');
            line = view_trim(line);
        }
        buf_append_view(out, line);
        buf_append_char(out, '\n');
    }
}

static bool next_field(struct view *rest, struct view *ret_name,
                       struct view *ret_value)
{
    while (rest->size) {
        struct view line = view_split(rest, '\n');
        const char *colon =
            line.size ? memchr(line.data, ':', line.size) : NULL;
        if (!colon)
            continue;
        *ret_name = view_trim(view_first(line, (size_t)(colon - line.data)));
        *ret_value =
            view_trim(view_from(line, (size_t)(colon + 1 - line.data)));
        return true;
    }
    return false;
}

bool warc_record_field(const struct warc_record *record, const char *name,
                       struct view *ret_value)
{
    struct view rest = record->header, found, value;
    if (record->is_arc)
        return false;
    while (next_field(&rest, &found, &value)) {
        if (view_equal_nocase(found, view_of_string(name))) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static enum warc_type type_of(struct view word)
{
    static const char *const words[] = {
        [WARC_TYPE_RESPONSE] = "response",
        [WARC_TYPE_RESOURCE] = "resource",
        [WARC_TYPE_REQUEST] = "request",
        [WARC_TYPE_METADATA] = "metadata",
        [WARC_TYPE_REVISIT] = "revisit",
        [WARC_TYPE_CONVERSION] = "conversion",
        [WARC_TYPE_WARCINFO] = "warcinfo",
        [WARC_TYPE_CONTINUATION] = "continuation",
    };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (view_equal_nocase(word, view_of_string(words[i])))
            return (enum warc_type)i;
    return WARC_TYPE_OTHER;
}

struct view warc_uri_bare(struct view uri)
{
    if (uri.size >= 2 && uri.data[0] == '<' && uri.data[uri.size - 1] == '>')
        return view_of(uri.data + 1, uri.size - 2);
    return uri;
}

bool warc_header_read(struct warc_record *record, uint64_t *ret_length)
{
    struct view rest = record->header, name, value;
    bool has_length = false;
    record->is_arc = false;
    record->type = WARC_TYPE_OTHER;
    while (next_field(&rest, &name, &value)) {
        if (view_equal_nocase(name, view_of_string("warc-type")))
            record->type = type_of(value);
        else if (view_equal_nocase(name, view_of_string("warc-target-uri")))
            record->target_uri = warc_uri_bare(value);
        else if (view_equal_nocase(name, view_of_string("warc-date")))
            record->date = value;
        else if (view_equal_nocase(name, view_of_string("content-type")))
            record->content_type = value;
        else if (view_equal_nocase(name, view_of_string("warc-ip-address")))
            record->ip = value;
        else if (view_equal_nocase(name, view_of_string("warc-truncated")))
            record->truncated = value;
        else if (view_equal_nocase(name, view_of_string("content-length")))
            has_length = view_to_u64(value, ret_length);
    }
    return has_length;
}
