#include "record_form.h"

#include "arc_header.h"
#include "warc_header.h"

enum record_form record_form_at(enum record_form form, struct view bytes)
{
    if (form != RECORD_FORM_ARC && warc_header_begins(bytes))
        return RECORD_FORM_WARC;
    if (form != RECORD_FORM_WARC && arc_header_begins(bytes))
        return RECORD_FORM_ARC;
    return RECORD_FORM_ANY;
}

enum record_form record_form_begins(enum record_form form, struct view bytes)
{
    if (form != RECORD_FORM_ARC && view_starts_with(bytes, "WARC/"))
        return RECORD_FORM_WARC;
    if (form != RECORD_FORM_WARC && arc_header_begins(bytes))
        return RECORD_FORM_ARC;
    return RECORD_FORM_ANY;
}

static size_t next_warc(struct view bytes, size_t at, size_t end)
{
    struct view rest = view_from(view_first(bytes, end + 4), at);
    const char *next =
        rest.size ? memmem(rest.data, rest.size, "WARC/", 5) : NULL;
    return next ? (size_t)(next - bytes.data) : end;
}

/* Lines that begin as a URL does. */
static size_t next_arc(struct view bytes, size_t at, size_t end)
{
    while (at < end) {
        if ((at == 0 || bytes.data[at - 1] == '\n') &&
            arc_header_begins(view_from(bytes, at)))
            return at;
        const char *next = memchr(bytes.data + at, '\n', end - at);
        if (!next)
            break;
        at = (size_t)(next + 1 - bytes.data);
    }
    return end;
}

size_t record_form_next(enum record_form form, struct view bytes, size_t at,
                        size_t end)
{
    if (form != RECORD_FORM_ARC)
        end = next_warc(bytes, at, end);
    if (form != RECORD_FORM_WARC)
        end = next_arc(bytes, at, end);
    return end;
}

size_t record_header_size(enum record_form form, struct view bytes)
{
    return form == RECORD_FORM_ARC ? arc_header_size(bytes)
                                   : warc_header_size(bytes);
}

bool record_header_read(enum record_form form, struct warc_record *record,
                        uint64_t *ret_length)
{
    return form == RECORD_FORM_ARC ? arc_header_read(record, ret_length)
                                   : warc_header_read(record, ret_length);
}
