#include "input.h"

#include "fetchgrep/base/interrupt.h"

#include <errno.h>
#include <unistd.h>

enum { PACKED_SIZE = 64 << 10, STEP_SIZE = 64 << 10, MAGIC_SIZE = 4 };

void input_init(struct input *input, int fd)
{
    *input = (struct input){ .fd = fd };
    buf_init(&input->packed, PACKED_SIZE);
    buf_init(&input->unpacked, STEP_SIZE);
}

void input_release(struct input *input)
{
    gzip_unpacker_free(input->gzip);
    zstd_unpacker_free(input->zstd);
    buf_release(&input->packed);
    buf_release(&input->unpacked);
    *input = (struct input){ .fd = -1 };
}

/* ---- what it is ---------------------------------------------------------- */

/* Whether `start` is the beginning of this, as far as it goes. */
static bool fits(struct view start, const char *magic, size_t size)
{
    return !memcmp(start.data, magic, start.size < size ? start.size : size);
}

enum input_packing input_packing_of(struct view start)
{
    if (!start.size)
        return INPUT_UNKNOWN;
    start = view_first(start, MAGIC_SIZE);
    if (fits(start, "\x1f\x8b\x08", 3))
        return start.size >= 3 ? INPUT_GZIP : INPUT_UNKNOWN;
    /* A skippable frame's first byte has any low digit. */
    const char skippable[] = { start.data[0], 0x2a, 0x4d, 0x18 };
    if (fits(start, "\x28\xb5\x2f\xfd", 4) ||
        ((start.data[0] & 0xf0) == 0x50 && fits(start, skippable, 4)))
        return start.size >= 4 ? INPUT_ZSTD : INPUT_UNKNOWN;
    return INPUT_PLAIN;
}

/* ---- reading ------------------------------------------------------------- */

static enum input_result read_some(struct input *input, char *to, size_t room,
                                   size_t *ret_got, struct error *err)
{
    ssize_t got;
    if (input->is_end)
        return INPUT_END;
    if (!interrupt_wait_readable(input->fd))
        return INPUT_STOPPED;
    do {
        got = read(input->fd, to, room);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot read");
        return INPUT_ERROR;
    }
    input->is_end = got == 0;
    *ret_got = (size_t)got;
    return got ? INPUT_SOME : INPUT_END;
}

/* More packed bytes behind those that are not yet used. */
static enum input_result fill(struct input *input, struct error *err)
{
    struct buf *packed = &input->packed;
    size_t left = packed->size - input->at, got;
    if (left)
        memmove(packed->data, packed->data + input->at, left);
    buf_truncate(packed, left);
    input->at = 0;
    char *to = buf_reserve(packed, PACKED_SIZE - left);
    if (!to) {
        error_no_memory(err, "the manifest's lines");
        return INPUT_ERROR;
    }
    enum input_result result =
        read_some(input, to, PACKED_SIZE - left, &got, err);
    if (result == INPUT_SOME)
        buf_commit(packed, got);
    return result;
}

static struct view packed_left(const struct input *input)
{
    return view_from(buf_view(&input->packed), input->at);
}

static bool make_unpacker(struct input *input, struct error *err)
{
    if (input->packing == INPUT_GZIP)
        input->gzip = gzip_unpacker_new();
    if (input->packing == INPUT_ZSTD)
        input->zstd = zstd_unpacker_new();
    return input->packing == INPUT_PLAIN || input->gzip || input->zstd ||
           error_no_memory(err, "the manifest's lines");
}

/* Reads until it is known what the list is. */
static enum input_result find_packing(struct input *input, struct error *err)
{
    for (;;) {
        input->packing = input_packing_of(packed_left(input));
        if (input->packing == INPUT_UNKNOWN && input->is_end)
            input->packing = INPUT_PLAIN;
        if (input->packing != INPUT_UNKNOWN)
            return make_unpacker(input, err) ? INPUT_SOME : INPUT_ERROR;
        enum input_result result = fill(input, err);
        if (result == INPUT_STOPPED || result == INPUT_ERROR)
            return result;
    }
}

/* Moves bytes out of `from` to `to`. */
static size_t move(struct view from, char *to, size_t room)
{
    size_t size = from.size < room ? from.size : room;
    if (size)
        memcpy(to, from.data, size);
    return size;
}

static enum input_result read_plain(struct input *input, char *to, size_t room,
                                    size_t *ret_got, struct error *err)
{
    /* What was read to see what it is comes first. */
    enum input_result result = INPUT_SOME;
    size_t got = move(packed_left(input), to, room);
    input->at += got;
    if (!got)
        result = read_some(input, to, room, &got, err);
    if (result != INPUT_SOME)
        return result;
    input->used += got;
    *ret_got = got;
    return INPUT_SOME;
}

/* ---- unpacking ----------------------------------------------------------- */

enum step { STEP_MORE, STEP_END, STEP_DAMAGED, STEP_NO_MEMORY };

static enum step step_gzip(struct input *input, struct view *packed)
{
    switch (
        gzip_stream_step(input->gzip, packed, STEP_SIZE, &input->unpacked)) {
    case GZIP_STEP_MORE:
        return STEP_MORE;
    case GZIP_STEP_END:
        return STEP_END;
    case GZIP_STEP_NO_MEMORY:
        return STEP_NO_MEMORY;
    case GZIP_STEP_DAMAGED:
    default:
        return STEP_DAMAGED;
    }
}

static enum step step_zstd(struct input *input, struct view *packed)
{
    switch (
        zstd_stream_step(input->zstd, packed, STEP_SIZE, &input->unpacked)) {
    case ZSTD_STEP_MORE:
        return STEP_MORE;
    case ZSTD_STEP_END:
        return STEP_END;
    case ZSTD_STEP_NO_MEMORY:
        return STEP_NO_MEMORY;
    case ZSTD_STEP_DAMAGED:
    default:
        return STEP_DAMAGED;
    }
}

static bool damaged(const struct input *input, const char *how,
                    struct error *err)
{
    return error_set(err, ERR_USAGE, "the %s list is %s at byte %llu",
                     input->packing == INPUT_GZIP ? "gzip" : "zstd", how,
                     (unsigned long long)input->used);
}

/* A member begins where the last one ended. */
static bool begin_member(struct input *input, struct error *err)
{
    if (input->packing == INPUT_ZSTD)
        zstd_stream_begin(input->zstd);
    else if (!gzip_stream_begin(input->gzip))
        return error_no_memory(err, "the manifest's lines");
    input->is_in_member = true;
    return true;
}

/* One step of the unpacker; nothing may come of it. */
static bool unpack(struct input *input, struct error *err)
{
    struct view packed = packed_left(input);
    size_t before = packed.size;
    buf_reset(&input->unpacked);
    input->unpacked_at = 0;
    if (!input->is_in_member && !begin_member(input, err))
        return false;
    enum step step = input->packing == INPUT_GZIP ? step_gzip(input, &packed)
                                                  : step_zstd(input, &packed);
    input->at += before - packed.size;
    input->used += before - packed.size;
    if (step == STEP_DAMAGED)
        return damaged(input, "damaged", err);
    if (step == STEP_NO_MEMORY)
        return error_no_memory(err, "the manifest's lines");
    input->is_in_member = step == STEP_MORE;
    return true;
}

/* Zeros behind the last gzip member are padding. */
static void skip_padding(struct input *input)
{
    struct view left = packed_left(input);
    size_t size = 0;
    while (input->packing == INPUT_GZIP && !input->is_in_member &&
           size < left.size && !left.data[size])
        size++;
    input->at += size;
    input->used += size;
}

/* Packed bytes for the next step. INPUT_END: there are none. */
static enum input_result need_packed(struct input *input, struct error *err)
{
    for (;;) {
        skip_padding(input);
        if (packed_left(input).size)
            return INPUT_SOME;
        enum input_result result = fill(input, err);
        if (result == INPUT_END && input->is_in_member) {
            damaged(input, "cut short", err);
            return INPUT_ERROR;
        }
        if (result != INPUT_SOME)
            return result;
    }
}

static enum input_result read_packed(struct input *input, char *to, size_t room,
                                     size_t *ret_got, struct error *err)
{
    for (;;) {
        struct view ready =
            view_from(buf_view(&input->unpacked), input->unpacked_at);
        if (ready.size) {
            *ret_got = move(ready, to, room);
            input->unpacked_at += *ret_got;
            return INPUT_SOME;
        }
        /* What is left in the unpacker comes without input. */
        bool was_full = input->unpacked.size == STEP_SIZE;
        enum input_result result = was_full && input->is_in_member
                                       ? INPUT_SOME
                                       : need_packed(input, err);
        if (result != INPUT_SOME)
            return result;
        if (!unpack(input, err))
            return INPUT_ERROR;
    }
}

enum input_result input_read(struct input *input, char *to, size_t room,
                             size_t *ret_got, struct error *err)
{
    if (input->packing == INPUT_UNKNOWN) {
        enum input_result result = find_packing(input, err);
        if (result != INPUT_SOME)
            return result;
    }
    return input->packing == INPUT_PLAIN
               ? read_plain(input, to, room, ret_got, err)
               : read_packed(input, to, room, ret_got, err);
}
