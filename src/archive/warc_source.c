#include "warc_source.h"

#include "file_start.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_SIZE = 1 << 20,
    RAW_AHEAD = 256 << 10, /* packed bytes wanted before unpacking */
    STREAM_STEP = 256 << 10,
    START_SIZE = 64 << 10, /* of the file, tells what it is */
    DICTIONARY_FRAME_MAX = 16 << 20,
};

void warc_source_init(struct warc_source *source, size_t max_window)
{
    *source = (struct warc_source){ .fd = -1, .max_member = max_window };
    buf_init(&source->raw, RAW_AHEAD + READ_SIZE);
    buf_init(&source->plain, 2 * max_window + 2 * READ_SIZE);
    unpacker_init(&source->unpacker);
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
    unpacker_release(&source->unpacker);
    buf_release(&source->raw);
    buf_release(&source->plain);
    free(source->starts);
    source->starts = NULL;
}

/* Reads more of the file behind what `into` holds. */
static bool read_more(struct warc_source *source, struct buf *into,
                      struct error *err)
{
    char *to = buf_reserve(into, READ_SIZE);
    if (!to)
        return error_no_memory(err, "a WARC record");
    uint64_t left = source->limit - source->read_at;
    size_t want = left < READ_SIZE ? (size_t)left : READ_SIZE;
    ssize_t got;
    do {
        got = read(source->fd, to, want);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                               source->path);
    buf_commit(into, (size_t)got);
    source->read_at += (size_t)got;
    source->is_raw_end = got == 0;
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

/* The first bytes of a file that has them at hand, wherever reading begins. A
 * pipe gives only what is read ahead. */
static bool read_file_start(struct warc_source *source, struct buf *out,
                            size_t size, struct error *err)
{
    char *to = buf_reserve(out, size);
    if (!to)
        return error_no_memory(err, "a WARC reader");
    size_t got = 0;
    for (ssize_t n = 1; got < size && n > 0; got += (size_t)(n > 0 ? n : 0)) {
        n = pread(source->fd, to + got, size - got, (off_t)got);
        if (n >= 0 || errno == EINTR)
            continue;
        if (errno != ESPIPE)
            return error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                                   source->path);
        if (!need_raw(source, size < RAW_AHEAD ? size : RAW_AHEAD, err))
            return false;
        buf_append_view(out, view_first(raw_left(source), size));
        return true;
    }
    buf_commit(out, got);
    return true;
}

/* By the file's first bytes, wherever reading begins: what a file is must not
 * rest on the place. A pipe has what was read of it. */
static bool judge_file(struct warc_source *source, uint64_t offset,
                       struct error *err)
{
    struct buf start;
    buf_init(&start, START_SIZE + READ_SIZE);
    bool done = !offset || read_file_start(source, &start, START_SIZE, err);
    if (done && offset && !file_start_is_known(buf_view(&start))) {
        buf_reset(&start);
        done = read_file_start(source, &start, READ_SIZE, err);
    }
    struct view bytes = buf_view(offset ? &start : &source->raw);
    done = done &&
           unpacker_open(&source->unpacker, file_start_packing(bytes), err);
    if (done)
        source->form = file_start_form(&source->unpacker, bytes);
    buf_release(&start);
    return done;
}

/* What is wrong with it is told where the file is read from its beginning. */
static bool load_dictionary(struct warc_source *source, uint64_t offset,
                            struct error *err)
{
    struct buf start;
    size_t size = 0;
    buf_init(&start, DICTIONARY_FRAME_MAX);
    bool done = read_file_start(source, &start, ZSTD_FRAME_HEAD_SIZE, err);
    if (done && unpacker_wants_dictionary(buf_view(&start), &size)) {
        buf_reset(&start);
        size += ZSTD_FRAME_HEAD_SIZE;
        if (size > DICTIONARY_FRAME_MAX)
            source->fault = "the zstd dictionary is too large";
        else
            done = read_file_start(source, &start, size, err);
    }
    struct view content = view_from(buf_view(&start), ZSTD_FRAME_HEAD_SIZE);
    if (size && start.size < size && !source->fault)
        source->fault = "the zstd dictionary is cut short";
    if (!size || source->fault)
        content.size = 0;
    if (done && !source->fault)
        source->fault = unpacker_use_dictionary(&source->unpacker, content);
    if (offset)
        source->fault = NULL;
    buf_release(&start);
    return done;
}

bool warc_source_open_to(struct warc_source *source, const char *path,
                         uint64_t offset, uint64_t limit, struct error *err)
{
    close_file(source);
    buf_reset(&source->raw);
    buf_reset(&source->plain);
    source->raw_at = source->at = 0;
    source->raw_offset = source->offset = source->read_at = offset;
    source->limit = limit;
    source->start_count = 0;
    source->sound_from = 0;
    source->is_raw_end = source->is_in_member = false;
    source->fault = NULL;
    source->path = strdup(path);
    if (!source->path)
        return error_no_memory(err, "a WARC reader");
    source->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 ||
        (offset && lseek(source->fd, (off_t)offset, SEEK_SET) < 0))
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    if (!read_more(source, &source->raw, err))
        return false;
    if (!judge_file(source, offset, err))
        return false;
    if (source->unpacker.packing == PACKING_ZSTD)
        return load_dictionary(source, offset, err);
    if (source->unpacker.packing == PACKING_NONE) {
        buf_append_view(&source->plain, buf_view(&source->raw));
        buf_reset(&source->raw);
    }
    return !source->plain.failed || error_no_memory(err, "a WARC reader");
}

bool warc_source_open(struct warc_source *source, const char *path,
                      uint64_t offset, struct error *err)
{
    return warc_source_open_to(source, path, offset, UINT64_MAX, err);
}

bool warc_source_is_packed(const struct warc_source *source)
{
    return source->unpacker.packing != PACKING_NONE;
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
    if (!warc_source_is_packed(source))
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
           (source->is_raw_end || end >= source->limit ||
            (!fstat(source->fd, &st) && S_ISREG(st.st_mode) &&
             end >= (uint64_t)st.st_size));
}

bool warc_source_is_boundary(const struct warc_source *source,
                             uint64_t *ret_offset)
{
    uint64_t offset = warc_source_offset(source);
    bool is_packed = warc_source_is_packed(source);
    if (is_packed && !warc_source_window(source).size &&
        !source->is_in_member) {
        offset = source->raw_offset + source->raw_at;
        if (is_at_file_end(source))
            return false;
    } else if (is_packed && !warc_source_is_start(source, 0)) {
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
        if (record_form_begins(source->form,
                               view_from(buf_view(&source->plain), at)) !=
            RECORD_FORM_ANY) {
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
    if (warc_source_is_packed(source) || there.size >= size ||
        fstat(source->fd, &st) || !S_ISREG(st.st_mode))
        return false;
    uint64_t begin = source->offset + from, end = (uint64_t)st.st_size;
    if (end > source->limit)
        end = source->limit;
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

/* ---- members ---------------------------------------------------------- */

/* Whether a member begins here that begins a record. */
static bool begins_record(struct warc_source *source)
{
    return member_form(&source->unpacker, source->form,
                       view_first(raw_left(source), RAW_AHEAD)) !=
           RECORD_FORM_ANY;
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
        source->raw_at += unpacker_next_head(&source->unpacker, raw);
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
    source->damage_offset = offset;
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
    enum unpacker_step step =
        unpacker_step(&source->unpacker, &raw, STREAM_STEP, &source->plain);
    source->raw_at += before - raw.size;
    bool is_stuck =
        source->is_raw_end && !raw.size && source->plain.size == plain_before;
    if (step == UNPACKER_NO_MEMORY) {
        error_no_memory(err, "a WARC record");
        return WARC_SOURCE_ERROR;
    }
    if (step == UNPACKER_END) {
        source->is_in_member = false;
        return WARC_SOURCE_OK;
    }
    if (step != UNPACKER_DAMAGED && !is_stuck)
        return WARC_SOURCE_OK;
    char what[64];
    snprintf(what, sizeof(what), "the %s is %s",
             unpacker_member_name(&source->unpacker),
             is_stuck ? "cut short" : "damaged");
    return damage_at(source, source->starts[source->start_count - 1].offset,
                     what, err);
}

static enum warc_source_result tell_fault(struct warc_source *source,
                                          struct error *err)
{
    error_set(err, ERR_DATA, "%s: offset 0: %s", source->path, source->fault);
    source->fault = NULL;
    source->damage_offset = 0;
    return WARC_SOURCE_DAMAGE;
}

/* The next member: at once if it is all there and not too large. */
static enum warc_source_result begin_member(struct warc_source *source,
                                            struct error *err)
{
    if (!need_raw(source, RAW_AHEAD, err))
        return WARC_SOURCE_ERROR;
    struct view raw = raw_left(source);
    size_t used;
    if (source->fault)
        return tell_fault(source, err);
    if (raw.size == 0)
        return WARC_SOURCE_END;
    if (!unpacker_is_head(&source->unpacker, raw)) {
        uint64_t offset = source->raw_offset + source->raw_at;
        if (source->is_raw_end && is_all_zero(raw)) {
            source->raw_at += raw.size; /* padding, as tape writers leave it */
            return WARC_SOURCE_END;
        }
        return damage_at(source, offset, "junk between members", err);
    }
    if (!note_start(source)) {
        error_no_memory(err, "a WARC reader");
        return WARC_SOURCE_ERROR;
    }
    if (unpacker_unpack(&source->unpacker, raw, source->max_member,
                        &source->plain, &used)) {
        source->raw_at += used;
        return WARC_SOURCE_OK;
    }
    source->plain.failed = false;
    if (!unpacker_begin(&source->unpacker)) {
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
    if (warc_source_is_packed(source))
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
