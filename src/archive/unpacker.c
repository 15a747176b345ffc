#include "unpacker.h"

#include <assert.h>

/* Twice what the format's text demands of a reader. */
enum { DICTIONARY_MAX = 16 << 20, DICTIONARY_VARIANT = 0xd };

enum packing packing_of(struct view bytes)
{
    if (view_starts_with(bytes, "\x1f\x8b"))
        return PACKING_GZIP;
    return zstd_frame_kind(bytes) != ZSTD_FRAME_NONE ? PACKING_ZSTD
                                                     : PACKING_NONE;
}

void unpacker_init(struct unpacker *unpacker)
{
    *unpacker = (struct unpacker){ .packing = PACKING_NONE };
    buf_init(&unpacker->dictionary, DICTIONARY_MAX);
}

void unpacker_release(struct unpacker *unpacker)
{
    gzip_unpacker_free(unpacker->gzip);
    zstd_unpacker_free(unpacker->zstd);
    buf_release(&unpacker->dictionary);
    unpacker_init(unpacker);
}

bool unpacker_open(struct unpacker *unpacker, enum packing packing,
                   struct error *err)
{
    unpacker->packing = packing;
    if (packing == PACKING_GZIP && !unpacker->gzip)
        unpacker->gzip = gzip_unpacker_new();
    if (packing == PACKING_ZSTD && !unpacker->zstd)
        unpacker->zstd = zstd_unpacker_new();
    bool is_there = packing == PACKING_NONE ||
                    (packing == PACKING_GZIP ? unpacker->gzip != NULL
                                             : unpacker->zstd != NULL);
    return is_there || error_no_memory(err, "a WARC reader");
}

/* ---- the dictionary --------------------------------------------------- */

bool unpacker_wants_dictionary(struct view file_start, size_t *ret_size)
{
    unsigned variant;
    size_t size;
    if (!zstd_skippable_read(file_start, &variant, &size) ||
        variant != DICTIONARY_VARIANT)
        return false;
    *ret_size = size;
    return true;
}

/* Unpacked where it is packed. */
static bool use_content(struct unpacker *unpacker, struct view content)
{
    size_t used;
    struct buf plain;
    if (zstd_frame_kind(content) != ZSTD_FRAME_DATA)
        return zstd_unpacker_use(unpacker->zstd, content);
    buf_init(&plain, DICTIONARY_MAX + 1);
    bool done = zstd_unpacker_use(unpacker->zstd, view_of(NULL, 0)) &&
                zstd_unpack_frame(unpacker->zstd, content, DICTIONARY_MAX,
                                  &plain, &used) &&
                plain.size &&
                zstd_unpacker_use(unpacker->zstd, buf_view(&plain));
    buf_release(&plain);
    return done;
}

const char *unpacker_use_dictionary(struct unpacker *unpacker,
                                    struct view content)
{
    struct buf *kept = &unpacker->dictionary;
    if (view_equal(content, buf_view(kept)))
        return NULL; /* spans of one file, one after another */
    buf_reset(kept);
    if (content.size > DICTIONARY_MAX)
        return "the zstd dictionary is too large";
    if (!use_content(unpacker, content)) {
        zstd_unpacker_use(unpacker->zstd, view_of(NULL, 0));
        return "the zstd dictionary is damaged";
    }
    buf_append_view(kept, content);
    if (!kept->failed)
        return NULL;
    buf_reset(kept);
    zstd_unpacker_use(unpacker->zstd, view_of(NULL, 0));
    return "there is no memory for the zstd dictionary";
}

/* ---- members ---------------------------------------------------------- */

bool unpacker_is_head(const struct unpacker *unpacker, struct view packed)
{
    if (unpacker->packing == PACKING_ZSTD)
        return zstd_frame_kind(packed) != ZSTD_FRAME_NONE;
    return packed.size >= 4 && !memcmp(packed.data, "\x1f\x8b\x08", 3) &&
           !((unsigned char)packed.data[3] & 0xe0);
}

size_t unpacker_next_head(const struct unpacker *unpacker, struct view packed)
{
    int first = unpacker->packing == PACKING_ZSTD ? 0x28 : 0x1f;
    const char *next = packed.size > 1
                           ? memchr(packed.data + 1, first, packed.size - 1)
                           : NULL;
    return next ? (size_t)(next - packed.data) : packed.size;
}

bool unpacker_unpack(struct unpacker *unpacker, struct view packed,
                     size_t limit, struct buf *out, size_t *ret_used)
{
    if (unpacker->packing == PACKING_ZSTD)
        return zstd_unpack_frame(unpacker->zstd, packed, limit, out, ret_used);
    return gzip_unpack_member(unpacker->gzip, packed, limit, out, ret_used);
}

bool unpacker_begin(struct unpacker *unpacker)
{
    if (unpacker->packing == PACKING_GZIP)
        return gzip_stream_begin(unpacker->gzip);
    zstd_stream_begin(unpacker->zstd);
    return true;
}

static enum unpacker_step step_zstd(struct unpacker *unpacker,
                                    struct view *packed, size_t room,
                                    struct buf *out)
{
    switch (zstd_stream_step(unpacker->zstd, packed, room, out)) {
    case ZSTD_STEP_MORE:
        return UNPACKER_MORE;
    case ZSTD_STEP_END:
        return UNPACKER_END;
    case ZSTD_STEP_NO_MEMORY:
        return UNPACKER_NO_MEMORY;
    case ZSTD_STEP_DAMAGED:
    default:
        return UNPACKER_DAMAGED;
    }
}

enum unpacker_step unpacker_step(struct unpacker *unpacker, struct view *packed,
                                 size_t room, struct buf *out)
{
    assert(unpacker->packing != PACKING_NONE);
    if (unpacker->packing == PACKING_ZSTD)
        return step_zstd(unpacker, packed, room, out);
    switch (gzip_stream_step(unpacker->gzip, packed, room, out)) {
    case GZIP_STEP_MORE:
        return UNPACKER_MORE;
    case GZIP_STEP_END:
        return UNPACKER_END;
    case GZIP_STEP_NO_MEMORY:
        return UNPACKER_NO_MEMORY;
    case GZIP_STEP_DAMAGED:
    default:
        return UNPACKER_DAMAGED;
    }
}

const char *unpacker_member_name(const struct unpacker *unpacker)
{
    return unpacker->packing == PACKING_ZSTD ? "zstd frame" : "gzip member";
}
