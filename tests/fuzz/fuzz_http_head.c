/*
 * Heads of HTTP responses. Every view lies inside of the input; a head means
 * the same whatever body follows it and whether its lines end in LF or CRLF;
 * the members of struct http_head are what a walk over the fields finds; a
 * quoted parameter is read as it was written.
 */
#include "fuzz.h"

#include "fetchgrep/model/http_head.h"

enum { FIELDS_MAX = 1 << 16 };

static void check_views(const struct http_head *head, struct view bytes)
{
    DEMAND(head->status >= 100 && head->status <= 999);
    DEMAND(head->size <= bytes.size);
    struct view own = view_first(bytes, head->size);
    DEMAND(lies_in(head->version, own));
    DEMAND(lies_in(head->reason, own));
    DEMAND(lies_in(head->fields, own));
    DEMAND(lies_in(head->content_type, head->fields));
    DEMAND(lies_in(head->content_encoding, head->fields));
    DEMAND(lies_in(head->location, head->fields));
}

/* The first field of that name, by a walk of our own. */
static struct view first_value(const struct http_head *head, const char *name)
{
    struct view found, value, none = { 0 };
    for (size_t at = 0; http_head_next(head, &at, &found, &value);)
        if (view_equal_nocase(found, view_of_string(name)))
            return value;
    return none;
}

static void check_fields(const struct http_head *head)
{
    struct view name, value;
    size_t before = 0, count = 0;
    for (size_t at = 0; http_head_next(head, &at, &name, &value);) {
        DEMAND(at > before && at <= head->fields.size);
        DEMAND(lies_in(name, head->fields) && lies_in(value, head->fields));
        DEMAND(!name.size || !memchr(name.data, ':', name.size));
        DEMAND(view_equal(view_trim(value), value));
        DEMAND(++count < FIELDS_MAX);
        before = at;
    }
    DEMAND(view_equal(head->location, first_value(head, "Location")));
    DEMAND(view_equal(head->content_type, first_value(head, "CONTENT-type")));
    DEMAND(view_equal(head->content_encoding,
                      first_value(head, "content-encoding")));
    if (!first_value(head, "transfer-encoding").data)
        DEMAND(!head->is_chunked);
}

static bool is_equal(const struct http_head *a, const struct http_head *b)
{
    return a->status == b->status && a->size == b->size &&
           view_equal(a->version, b->version) &&
           view_equal(a->reason, b->reason) &&
           view_equal(a->fields, b->fields) && a->is_chunked == b->is_chunked;
}

static void check_body_does_not_matter(const struct http_head *head,
                                       struct view bytes)
{
    struct http_head alone, with_other_body;
    struct buf copy;
    DEMAND(http_head_parse(view_first(bytes, head->size), &alone));
    DEMAND(is_equal(head, &alone));
    bool has_ended =
        head->size > head->fields.size && bytes.data[head->size - 1] == '\n' &&
        head->fields.data + head->fields.size < bytes.data + head->size;
    if (!has_ended)
        return;
    buf_init(&copy, head->size + 64);
    buf_append_view(&copy, view_first(bytes, head->size));
    buf_append_string(&copy, "Content-Type: x\r\n folded\r\n\r\n");
    DEMAND(http_head_parse(buf_view(&copy), &with_other_body));
    DEMAND(is_equal(head, &with_other_body));
    buf_release(&copy);
}

/* A CR in front of every LF that has none. */
static void check_line_ends_do_not_matter(const struct http_head *head,
                                          struct view bytes)
{
    struct buf copy;
    struct http_head other;
    size_t at = 0, other_at = 0;
    struct view name, value, other_name, other_value;
    buf_init(&copy, 2 * bytes.size + 1);
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] == '\n' && (!i || bytes.data[i - 1] != '\r'))
            buf_append_char(&copy, '\r');
        buf_append_char(&copy, bytes.data[i]);
    }
    DEMAND(http_head_parse(buf_view(&copy), &other));
    DEMAND(other.status == head->status);
    DEMAND(other.is_chunked == head->is_chunked);
    while (http_head_next(head, &at, &name, &value)) {
        DEMAND(http_head_next(&other, &other_at, &other_name, &other_value));
        DEMAND(view_equal(name, other_name));
        if (!value.size || !memchr(value.data, '\n', value.size))
            DEMAND(view_equal(value, other_value));
    }
    DEMAND(!http_head_next(&other, &other_at, &other_name, &other_value));
    buf_release(&copy);
}

static void check_media_type(struct view content_type)
{
    struct view value;
    struct view type = http_media_type(content_type);
    DEMAND(lies_in(type, content_type));
    DEMAND(!type.size || !memchr(type.data, ';', type.size));
    if (http_media_parameter(content_type, "charset", &value))
        DEMAND(lies_in(value, content_type));
}

static void check_quoted_parameter(struct view value)
{
    struct buf type;
    struct view found;
    if (!value.size || memchr(value.data, '"', value.size) ||
        memchr(value.data, '\\', value.size))
        return;
    buf_init(&type, value.size + 64);
    buf_append_string(&type, "text/html; q=\";charset=no\";CharSet=\"");
    buf_append_view(&type, value);
    buf_append_string(&type, "\" ; more=1");
    DEMAND(http_media_parameter(buf_view(&type), "charset", &found));
    DEMAND(view_equal(found, value));
    DEMAND(view_equal_string(http_media_type(buf_view(&type)), "text/html"));
    buf_release(&type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view bytes = view_of(data, size);
    struct http_head head = { .status = -1 };
    check_media_type(bytes);
    check_quoted_parameter(bytes);
    if (!http_head_parse(bytes, &head)) {
        DEMAND(head.status == -1); /* untouched */
        return 0;
    }
    check_views(&head, bytes);
    check_fields(&head);
    check_body_does_not_matter(&head, bytes);
    check_line_ends_do_not_matter(&head, bytes);
    check_media_type(head.content_type);
    return 0;
}
