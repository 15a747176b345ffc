#include "warc_source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_SIZE = 1 << 20,
    RAW_AHEAD = 256 << 10, /* packed bytes wanted before unpacking */
    STREAM_STEP = 256 << 10,
};

bool warc_source_init(struct warc_source *source, size_t max_window,
                      struct error *err)
{
    *source = (struct warc_source){ .fd = -1, .max_member = max_window };
    buf_init(&source->raw, RAW_AHEAD + READ_SIZE);
    buf_init(&source->plain, 2 * max_window + 2 * READ_SIZE);
    source->unpacker = gzip_unpacker_new();
    return source->unpacker || error_no_memory(err, "a WARC reader");
}

static void close_file(struct warc_source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
    free(source->path);
    source->path = NULL;
}

void warc_source_release(struct warc_source *source)
{
    close_file(source);
    gzip_unpacker_free(source->unpacker);
    buf_release(&source->raw);
    buf_release(&source->plain);
    free(source->starts);
    source->unpacker = NULL;
    source->starts = NULL;
}

/* Reads more of the file behind what `into` holds. */
static bool read_more(struct warc_source *source, struct buf *into,
                      struct error *err)
{
    char *to = buf_reserve(into, READ_SIZE);
    if (!to)
        return error_no_memory(err, "a WARC record");
    ssize_t got;
    do {
        got = read(source->fd, to, READ_SIZE);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                               source->path);
    buf_commit(into, (size_t)got);
    source->is_raw_end = got == 0;
    return true;
}

/* By the file's first bytes, for those at `offset` may be damaged; by what was
 * read, where a pipe has no other. A file that begins with junk is what it
 * goes on as. */
static bool is_gzip_file(const struct warc_source *source)
{
    char bytes[5];
    struct view raw = buf_view(&source->raw), first = raw;
    if (pread(source->fd, bytes, sizeof(bytes), 0) == sizeof(bytes))
        first = view_of(bytes, sizeof(bytes));
    if (view_starts_with(first, "\x1f\x8b") || view_starts_with(first, "WARC/"))
        return first.data[0] == '\x1f';
    return raw.size && !memmem(raw.data, raw.size, "WARC/", 5) &&
           memmem(raw.data, raw.size, "\x1f\x8b\x08", 3);
}

bool warc_source_open(struct warc_source *source, const char *path,
                      uint64_t offset, struct error *err)
{
    close_file(source);
    buf_reset(&source->raw);
    buf_reset(&source->plain);
    source->raw_at = source->at = 0;
    source->raw_offset = source->offset = offset;
    source->start_count = 0;
    source->sound_from = 0;
    source->is_raw_end = source->is_in_member = false;
    source->path = strdup(path);
    if (!source->path)
        return error_no_memory(err, "a WARC reader");
    source->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 ||
        (offset && lseek(source->fd, (off_t)offset, SEEK_SET) < 0))
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    if (!read_more(source, &source->raw, err))
        return false;
    source->is_gzip = is_gzip_file(source);
    if (!source->is_gzip) {
        buf_append_view(&source->plain, buf_view(&source->raw));
        buf_reset(&source->raw);
    }
    return !source->plain.failed || error_no_memory(err, "a WARC reader");
}

struct view warc_source_window(const struct warc_source *source)
{
    return view_from(buf_view(&source->plain), source->at);
}

void warc_source_pass(struct warc_source *source, size_t size)
{
    assert(size <= source->plain.size - source->at);
    source->at += size;
    source->offset += size;
}

uint64_t warc_source_offset(const struct warc_source *source)
{
    if (!source->is_gzip)
        return source->offset;
    /* Before the first member: where it will begin. */
    uint64_t offset = source->raw_offset + source->raw_at;
    for (size_t i = source->start_count; i-- > 0;) {
        if (source->starts[i].at <= source->at)
            return source->starts[i].offset;
    }
    return offset;
}

/* Nothing follows what was read. */
static bool is_at_file_end(const struct warc_source *source)
{
    struct stat st;
    uint64_t end = source->raw_offset + source->raw.size;
    return source->raw_at == source->raw.size &&
           (source->is_raw_end ||
            (!fstat(source->fd, &st) && S_ISREG(st.st_mode) &&
             end >= (uint64_t)st.st_size));
}

bool warc_source_is_boundary(const struct warc_source *source,
                             uint64_t *ret_offset)
{
    uint64_t offset = warc_source_offset(source);
    if (source->is_gzip && !warc_source_window(source).size &&
        !source->is_in_member) {
        offset = source->raw_offset + source->raw_at;
        if (is_at_file_end(source))
            return false;
    } else if (source->is_gzip && !warc_source_is_start(source, 0)) {
        return false;
    }
    if (offset < source->sound_from)
        return false;
    *ret_offset = offset;
    return true;
}

bool warc_source_is_start(const struct warc_source *source, size_t at)
{
    for (size_t i = source->start_count; i-- > 0;) {
        if (source->starts[i].at <= source->at + at)
            return source->starts[i].at == source->at + at &&
                   !source->starts[i].is_passed;
    }
    return false;
}

bool warc_source_find_start(const struct warc_source *source, size_t from,
                            size_t end, size_t *ret_at)
{
    for (size_t i = 0; i < source->start_count; i++) {
        size_t at = source->starts[i].at;
        if (at < source->at + from || source->starts[i].is_passed)
            continue;
        if (at >= source->at + end)
            return false;
        if (view_starts_with(view_from(buf_view(&source->plain), at),
                             "WARC/")) {
            *ret_at = at - source->at;
            return true;
        }
    }
    return false;
}

bool warc_source_is_beyond_end(const struct warc_source *source, size_t from,
                               uint64_t size)
{
    struct stat st;
    struct view there = view_from(warc_source_window(source), from);
    if (source->is_gzip || there.size >= size || fstat(source->fd, &st) ||
        !S_ISREG(st.st_mode))
        return false;
    uint64_t begin = source->offset + from, end = (uint64_t)st.st_size;
    return begin > end || size > end - begin;
}

static bool note_start(struct warc_source *source)
{
    /* An empty member leaves its place to the next. */
    if (source->start_count &&
        source->starts[source->start_count - 1].at == source->plain.size)
        source->start_count--;
    if (source->start_count == source->start_capacity) {
        size_t capacity = source->start_capacity * 2 + 16;
        struct member_start *starts =
            realloc(source->starts, capacity * sizeof(*starts));
        if (!starts)
            return false;
        source->starts = starts;
        source->start_capacity = capacity;
    }
    source->starts[source->start_count++] = (struct member_start){
        .at = source->plain.size,
        .offset = source->raw_offset + source->raw_at,
    };
    return true;
}

/* Moves the rest of a buffer to its beginning. */
static void drop_front(struct buf *buf, size_t *at)
{
    if (*at == 0)
        return;
    memmove(buf->data, buf->data + *at, buf->size - *at);
    buf_truncate(buf, buf->size - *at);
    *at = 0;
}

/* Moves the window to the beginning of its buffer, where that is worth it: no
 * byte is moved more often than as many were passed. Of the members the last
 * that began at or before the window stays known, and those behind. */
static void slide(struct warc_source *source)
{
    if (source->at < source->plain.size - source->at)
        return;
    size_t keep = 0, count = source->start_count;
    while (keep + 1 < count && source->starts[keep + 1].at <= source->at)
        keep++;
    for (size_t i = keep; i < count; i++) {
        struct member_start start = source->starts[i];
        start.is_passed = start.is_passed || start.at < source->at;
        start.at = start.is_passed ? 0 : start.at - source->at;
        source->starts[i - keep] = start;
    }
    source->start_count = count - keep;
    drop_front(&source->plain, &source->at);
}

/* ---- gzip ------------------------------------------------------------- */

static struct view raw_left(const struct warc_source *source)
{
    return view_from(buf_view(&source->raw), source->raw_at);
}

/* Packed bytes: at least `size`, or all that are left. */
static bool need_raw(struct warc_source *source, size_t size, struct error *err)
{
    while (!source->is_raw_end && raw_left(source).size < size) {
        source->raw_offset += source->raw_at;
        drop_front(&source->raw, &source->raw_at);
        if (!read_more(source, &source->raw, err))
            return false;
    }
    return true;
}

static bool is_member_head(struct view raw)
{
    return raw.size >= 4 && !memcmp(raw.data, "\x1f\x8b\x08", 3) &&
           !((unsigned char)raw.data[3] & 0xe0);
}

/* Whether a member begins here that begins a record. */
static bool begins_record(struct warc_source *source)
{
    enum { PROBE = 16 };
    struct buf probe;
    struct view raw = raw_left(source);
    if (!is_member_head(raw) || !gzip_stream_begin(source->unpacker))
        return false;
    buf_init(&probe, PROBE);
    raw = view_first(raw, RAW_AHEAD);
    enum gzip_step step =
        gzip_stream_step(source->unpacker, &raw, PROBE, &probe);
    bool does = step != GZIP_STEP_DAMAGED && probe.size >= 5 &&
                !memcmp(probe.data, "WARC/", 5);
    buf_release(&probe);
    return does;
}

static uint64_t raw_place(const struct warc_source *source)
{
    return source->raw_offset + source->raw_at;
}

/* Goes to the next member that begins a record, or to `end` or behind it, or to
 * the end of the file. */
static bool find_member(struct warc_source *source, uint64_t end,
                        struct error *err)
{
    for (;;) {
        if (!need_raw(source, RAW_AHEAD, err))
            return false;
        struct view raw = raw_left(source);
        if (raw.size == 0 || raw_place(source) >= end || begins_record(source))
            return true;
        const char *next =
            raw.size > 1 ? memchr(raw.data + 1, 0x1f, raw.size - 1) : NULL;
        source->raw_at += next ? (size_t)(next - raw.data) : raw.size;
    }
}

bool warc_source_seek_member(struct warc_source *source, uint64_t end,
                             bool *ret_is_there, struct error *err)
{
    if (!find_member(source, end, err))
        return false;
    *ret_is_there = raw_left(source).size && raw_place(source) < end;
    return true;
}

/* Damage of the member at `offset` of the file. What was read of it may have
 * been other members', so the next one is looked for right behind its first
 * byte, as long as that is at hand. */
static enum warc_source_result damage_at(struct warc_source *source,
                                         uint64_t offset, const char *what,
                                         struct error *err)
{
    source->is_in_member = false;
    if (offset >= source->raw_offset)
        source->raw_at = (size_t)(offset - source->raw_offset) + 1;
    if (!find_member(source, UINT64_MAX, err))
        return WARC_SOURCE_ERROR;
    source->sound_from = raw_place(source);
    error_set(err, ERR_DATA, "%s: offset %llu: %s", source->path,
              (unsigned long long)offset, what);
    return WARC_SOURCE_DAMAGE;
}

static bool is_all_zero(struct view bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i])
            return false;
    return true;
}

/* One step of a member that streams. */
static enum warc_source_result stream_member(struct warc_source *source,
                                             struct error *err)
{
    if (!need_raw(source, 1, err))
        return WARC_SOURCE_ERROR;
    struct view raw = raw_left(source);
    size_t before = raw.size, plain_before = source->plain.size;
    enum gzip_step step =
        gzip_stream_step(source->unpacker, &raw, STREAM_STEP, &source->plain);
    source->raw_at += before - raw.size;
    bool is_stuck =
        source->is_raw_end && !raw.size && source->plain.size == plain_before;
    if (step == GZIP_STEP_NO_MEMORY) {
        error_no_memory(err, "a WARC record");
        return WARC_SOURCE_ERROR;
    }
    if (step == GZIP_STEP_END) {
        source->is_in_member = false;
        return WARC_SOURCE_OK;
    }
    if (step == GZIP_STEP_DAMAGED || is_stuck)
        return damage_at(source, source->starts[source->start_count - 1].offset,
                         is_stuck ? "the gzip member is cut short"
                                  : "the gzip member is damaged",
                         err);
    return WARC_SOURCE_OK;
}

/* The next member: at once if it is all there and not too large. */
static enum warc_source_result begin_member(struct warc_source *source,
                                            struct error *err)
{
    if (!need_raw(source, RAW_AHEAD, err))
        return WARC_SOURCE_ERROR;
    struct view raw = raw_left(source);
    size_t used;
    if (raw.size == 0)
        return WARC_SOURCE_END;
    if (!is_member_head(raw)) {
        uint64_t offset = source->raw_offset + source->raw_at;
        if (source->is_raw_end && is_all_zero(raw)) {
            source->raw_at += raw.size; /* padding, as tape writers leave it */
            return WARC_SOURCE_END;
        }
        return damage_at(source, offset, "junk between gzip members", err);
    }
    if (!note_start(source)) {
        error_no_memory(err, "a WARC reader");
        return WARC_SOURCE_ERROR;
    }
    if (gzip_unpack_member(source->unpacker, raw, source->max_member,
                           &source->plain, &used)) {
        source->raw_at += used;
        return WARC_SOURCE_OK;
    }
    source->plain.failed = false;
    if (!gzip_stream_begin(source->unpacker)) {
        error_no_memory(err, "a WARC reader");
        return WARC_SOURCE_ERROR;
    }
    source->is_in_member = true;
    return WARC_SOURCE_OK;
}

/* ---- the window ------------------------------------------------------- */

static enum warc_source_result more(struct warc_source *source,
                                    struct error *err)
{
    if (source->is_gzip)
        return source->is_in_member ? stream_member(source, err)
                                    : begin_member(source, err);
    if (source->is_raw_end)
        return WARC_SOURCE_END;
    return read_more(source, &source->plain, err) ? WARC_SOURCE_OK
                                                  : WARC_SOURCE_ERROR;
}

enum warc_source_result warc_source_need(struct warc_source *source,
                                         size_t size, struct error *err)
{
    if (source->plain.size - source->at >= size)
        return WARC_SOURCE_OK;
    slide(source);
    while (source->plain.size - source->at < size) {
        enum warc_source_result result = more(source, err);
        if (result != WARC_SOURCE_OK)
            return result;
    }
    return WARC_SOURCE_OK;
}
