#include "fetchgrep/extract/head_text.h"

#include "fetchgrep/base/utf8.h"

void head_text_append(struct view head, struct buf *out)
{
    while (head.size) {
        bool has_end = memchr(head.data, '\n', head.size) != NULL;
        struct view line = view_split(&head, '\n');
        if (has_end && view_ends_with(line, "\r"))
            line.size--;
        utf8_append_valid(out, line);
        if (has_end)
            buf_append_char(out, '\n');
    }
}
