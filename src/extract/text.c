#include "fetchgrep/extract/text.h"

#include "fetchgrep/base/utf8.h"

bool text_of_body(struct view body, struct buf *scratch, struct text *ret_text)
{
    struct text text = { .bytes = body, .charset = "utf-8" };
    if (view_starts_with(text.bytes, "\xEF\xBB\xBF"))
        text.bytes = view_from(text.bytes, 3);
    size_t valid = utf8_valid_prefix(text.bytes);
    if (valid < text.bytes.size) {
        buf_reset(scratch);
        buf_append_view(scratch, view_first(text.bytes, valid));
        text.replaced_count =
            utf8_append_valid(scratch, view_from(text.bytes, valid));
        if (scratch->failed)
            return false;
        text.bytes = buf_view(scratch);
    }
    *ret_text = text;
    return true;
}

/* application/… types that are text all the same. */
static bool is_textual_application(struct view subtype)
{
    static const char *const names[] = {
        "json",         "xml",         "javascript", "ecmascript",
        "x-javascript", "xhtml+xml",   "sql",        "graphql",
        "x-sh",         "x-httpd-php", "x-ndjson",   "yaml",
        "x-yaml",       "toml",        "rtf",        "x-www-form-urlencoded",
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (view_equal_nocase(subtype, view_of_string(names[i])))
            return true;
    return false;
}

static bool has_suffix_nocase(struct view text, const char *suffix)
{
    size_t size = strlen(suffix);
    return text.size >= size &&
           view_equal_nocase(view_from(text, text.size - size),
                             view_of_string(suffix));
}

static bool is_text_type(struct view type)
{
    static const char application[] = "application/";
    if (!type.size || view_starts_with_nocase(type, "text/") ||
        view_starts_with_nocase(type, "message/"))
        return true;
    if (has_suffix_nocase(type, "+json") || has_suffix_nocase(type, "+xml"))
        return true;
    return view_starts_with_nocase(type, application) &&
           is_textual_application(view_from(type, sizeof(application) - 1));
}

bool text_is_searchable(struct view media_type, struct view body,
                        const char **ret_why)
{
    enum { PROBED_BYTES = 1024 };
    struct view start = view_first(body, PROBED_BYTES);
    if (!is_text_type(media_type)) {
        *ret_why = "its media type is not text";
        return false;
    }
    if (start.size && memchr(start.data, '\0', start.size)) {
        *ret_why = "binary (a NUL byte near the start)";
        return false;
    }
    return true;
}
