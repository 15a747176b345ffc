#include "file_start.h"

enum { PROBE_SIZE = 4 << 10 }; /* unpacked, tells a record's beginning */

bool file_start_is_known(struct view start)
{
    return packing_of(start) != PACKING_NONE ||
           record_form_begins(RECORD_FORM_ANY, start) != RECORD_FORM_ANY;
}

static size_t place_of(struct view bytes, const char *what, size_t size)
{
    const char *at = memmem(bytes.data, bytes.size, what, size);
    return at ? (size_t)(at - bytes.data) : bytes.size;
}

static size_t place_of_record(struct view bytes)
{
    size_t at = 0;
    while ((at = record_form_next(RECORD_FORM_WARC, bytes, at, bytes.size)) <
           bytes.size) {
        bool begins_line = at == 0 || bytes.data[at - 1] == '\n';
        if (begins_line &&
            record_form_at(RECORD_FORM_WARC, view_from(bytes, at)))
            break;
        at++;
    }
    return at;
}

/* A file that begins with junk is what it goes on as. */
static enum packing guess_packing(struct view bytes)
{
    if (!bytes.size)
        return PACKING_NONE;
    size_t plain = place_of_record(bytes);
    size_t gzip = place_of(bytes, "\x1f\x8b\x08", 3);
    size_t zstd = place_of(bytes, "\x28\xb5\x2f\xfd", 4);
    if (gzip < plain && gzip < zstd)
        return PACKING_GZIP;
    return zstd < plain ? PACKING_ZSTD : PACKING_NONE;
}

enum packing file_start_packing(struct view start)
{
    return file_start_is_known(start) ? packing_of(start)
                                      : guess_packing(start);
}

enum record_form member_form(struct unpacker *unpacker, enum record_form form,
                             struct view packed)
{
    struct buf probe;
    if (!unpacker_is_head(unpacker, packed) || !unpacker_begin(unpacker))
        return RECORD_FORM_ANY;
    buf_init(&probe, PROBE_SIZE);
    enum unpacker_step step =
        unpacker_step(unpacker, &packed, PROBE_SIZE, &probe);
    enum record_form found = step == UNPACKER_DAMAGED
                                 ? RECORD_FORM_ANY
                                 : record_form_begins(form, buf_view(&probe));
    buf_release(&probe);
    return found;
}

/* Nobody packs ARC with zstd. */
enum record_form file_start_form(struct unpacker *unpacker, struct view start)
{
    switch (unpacker->packing) {
    case PACKING_ZSTD:
        return RECORD_FORM_WARC;
    case PACKING_GZIP:
        return member_form(unpacker, RECORD_FORM_ANY, start);
    case PACKING_NONE:
    default:
        return record_form_begins(RECORD_FORM_ANY, start);
    }
}
