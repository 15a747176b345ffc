#include "fetchgrep/base/csv_out.h"

#include "fetchgrep/base/utf8.h"

static bool needs_quotes(struct view text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (UNLIKELY(c == ',' || c == '"' || c == '\r' || c == '\n'))
            return true;
    }
    return false;
}

static void append_quoted(struct buf *out, struct view text)
{
    struct view rest = text;
    buf_append_char(out, '"');
    while (rest.data) {
        struct view part = view_split(&rest, '"');
        utf8_append_valid(out, part);
        if (rest.data)
            buf_append_string(out, "\"\"");
    }
    buf_append_char(out, '"');
}

void csv_out_field(struct buf *out, struct view text)
{
    if (needs_quotes(text))
        append_quoted(out, text);
    else
        utf8_append_valid(out, text);
}
