/*
 * uchardet looks at the whole of what it is given at some 60 MB/s, so it gets a
 * part: from shortly before the first byte that is not ASCII on.
 */
#include "charset_reader.h"

#include "fetchgrep/base/utf8.h"

#include <uchardet/uchardet.h>

enum { LOOKED_AT = 64 << 10, LOOKED_BEFORE = 256 };

void charset_detector_free(struct uchardet *detector)
{
    if (detector)
        uchardet_delete(detector);
}

static struct view part_of(struct view body)
{
    size_t ascii = utf8_ascii_prefix(body);
    size_t start = ascii > LOOKED_BEFORE ? ascii - LOOKED_BEFORE : 0;
    return view_first(view_from(body, start), LOOKED_AT);
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
    struct view part = part_of(body);
    if (!reader->detector)
        reader->detector = uchardet_new();
    if (!reader->detector || !part.size)
        return CHARSET_NONE;
    uchardet_reset(reader->detector);
    enum charset charset = CHARSET_NONE;
    if (uchardet_handle_data(reader->detector, part.data, part.size) == 0) {
        uchardet_data_end(reader->detector);
        charset = charset_called(uchardet_get_charset(reader->detector));
    }
    /* A page is not thrown away, nor read as pairs of bytes, on a guess. */
    bool is_too_bold = charset == CHARSET_REPLACEMENT ||
                       charset == CHARSET_UTF_16LE ||
                       charset == CHARSET_UTF_16BE;
    return is_too_bold ? CHARSET_NONE : charset;
}
