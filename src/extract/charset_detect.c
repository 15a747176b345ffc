/*
 * uchardet looks at what it is given at some 30 MB/s, and most of a page is
 * markup. So it gets 16 KiB, out of which long runs of ASCII are left: they say
 * nothing, and to cut there takes no character apart.
 */
#include "charset_reader.h"

#include "fetchgrep/base/utf8.h"

#include <uchardet/uchardet.h>

enum { LOOKED_AT = 16 << 10, LONG_RUN = 64 };

void charset_detector_free(struct uchardet *detector)
{
    if (detector)
        uchardet_delete(detector);
}

/* The next part without a long run of ASCII in it, with a little of what stands
 * around; cut off from the front of `*rest`. Empty at the end. */
static struct view next_part(struct view *rest)
{
    enum { AROUND = LONG_RUN / 2 };
    size_t ascii = utf8_ascii_prefix(*rest);
    size_t size = ascii < AROUND ? ascii : AROUND, run = 0;
    struct view part = view_from(*rest, ascii - size);
    if (ascii == rest->size)
        part.size = size = 0;
    while (size < part.size && run < LONG_RUN) {
        size++;
        run = utf8_ascii_prefix(view_first(view_from(part, size), LONG_RUN));
        size += run < LONG_RUN ? run : AROUND;
    }
    *rest = view_from(part, size);
    return view_first(part, size);
}

static bool look_at(struct uchardet *detector, struct view body)
{
    size_t left = LOOKED_AT;
    uchardet_reset(detector);
    while (left && body.size) {
        struct view part = view_first(next_part(&body), left);
        if (part.size &&
            uchardet_handle_data(detector, part.data, part.size) != 0)
            return false;
        left -= part.size;
    }
    uchardet_data_end(detector);
    return left < LOOKED_AT;
}

/* Most of uchardet's names are labels of the standard. */
static enum charset charset_called(const char *name)
{
    static const struct {
        const char *name;
        enum charset charset;
    } others[] = {
        { "UHC", CHARSET_EUC_KR },
        { "MAC-CYRILLIC", CHARSET_X_MAC_CYRILLIC },
    };
    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (!strcmp(name, others[i].name))
            return others[i].charset;
    return charset_of_label(view_of_string(name));
}

enum charset charset_detect(struct charset_reader *reader, struct view body)
{
    if (!reader->detector)
        reader->detector = uchardet_new();
    if (!reader->detector || !look_at(reader->detector, body))
        return CHARSET_NONE;
    enum charset charset =
        charset_called(uchardet_get_charset(reader->detector));
    /* A page is not thrown away, nor read as pairs of bytes, on a guess. */
    bool is_too_bold = charset == CHARSET_REPLACEMENT ||
                       charset == CHARSET_UTF_16LE ||
                       charset == CHARSET_UTF_16BE;
    return is_too_bold ? CHARSET_NONE : charset;
}
