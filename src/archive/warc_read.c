/*
 * A record's bytes stand in the source's window from its first to its last
 * kept byte. What is wrong with a record is found in one of three ways: the
 * source meets damage inside of it, its length does not lead to its end, or a
 * gzip member that begins another record begins inside of its block. It is
 * then told once, and the next call looks for the next record behind the bad
 * one's header, since its length cannot be trusted.
 */
#include "fetchgrep/archive/warc_read.h"

#include "arc_header.h"
#include "warc_header.h"
#include "warc_source.h"

enum {
    HEADER_MAX = 1 << 20,
    HEADER_STEP = 4 << 10,
    SKIP_STEP = 256 << 10,
    LINE_ENDS_MAX = 64, /* bytes of them looked at behind a record */
};

struct warc_reader {
    struct warc_source source;
    struct buf unfolded; /* the header of a record that has folded lines */
    size_t max_block;
    enum record_form form; /* of the record at hand */
    size_t in_window;      /* of the last record, which borrows them: header
                              and kept block */
    uint64_t behind;       /* bytes of its block behind those */
    uint64_t last_offset;  /* of it, for messages */
    bool is_lost;          /* a record's beginning must be searched */
    bool has_told;         /* damage, and handed out no record since */
    uint64_t told_offset;  /* where that was */
    bool is_over;
    uint64_t start;      /* where reading began */
    uint64_t end;        /* of the part that is read */
    uint64_t next_start; /* behind it */
    /* Trouble that was met behind a whole record: told at the next call. */
    enum warc_source_result held;
    struct error held_error;
};

struct warc_reader *warc_reader_new(size_t max_block, struct error *err)
{
    struct warc_reader *reader = calloc(1, sizeof(*reader));
    if (!reader) {
        error_no_memory(err, "a WARC reader");
        return NULL;
    }
    reader->max_block = max_block;
    buf_init(&reader->unfolded, HEADER_MAX + 1);
    warc_source_init(&reader->source, max_block + HEADER_MAX);
    return reader;
}

void warc_reader_free(struct warc_reader *reader)
{
    if (!reader)
        return;
    warc_source_release(&reader->source);
    buf_release(&reader->unfolded);
    free(reader);
}

bool warc_reader_open_to(struct warc_reader *reader, const char *path,
                         uint64_t offset, uint64_t limit, struct error *err)
{
    reader->is_lost = reader->is_over = reader->has_told = false;
    reader->in_window = 0;
    reader->behind = 0;
    reader->held = WARC_SOURCE_OK;
    reader->start = offset;
    reader->end = reader->next_start = WARC_NOWHERE;
    return warc_source_open_to(&reader->source, path, offset, limit, err);
}

bool warc_reader_open(struct warc_reader *reader, const char *path,
                      uint64_t offset, struct error *err)
{
    return warc_reader_open_to(reader, path, offset, UINT64_MAX, err);
}

bool warc_is_archive(const char *path)
{
    enum { LOOKED_AT = 4 << 10 };
    struct warc_source source;
    struct error err;
    warc_source_init(&source, LOOKED_AT);
    bool is = false;
    if (warc_source_open(&source, path, 0, &err)) {
        (void)!warc_source_need(&source, LOOKED_AT, &err);
        is = record_form_begins(RECORD_FORM_ANY, warc_source_window(&source)) !=
             RECORD_FORM_ANY;
    }
    warc_source_release(&source);
    return is;
}

/* ---- telling damage --------------------------------------------------- */

static enum warc_read_result damage(struct warc_reader *reader, uint64_t offset,
                                    const char *what, struct error *err)
{
    reader->source.damage_offset = offset;
    error_set(err, ERR_DATA, "%s: offset %llu: %s", reader->source.path,
              (unsigned long long)offset, what);
    return WARC_READ_DAMAGE;
}

/* Damage of the record that begins the window; `known` bytes of it are sure to
 * be its own. */
static enum warc_read_result bad_record(struct warc_reader *reader,
                                        uint64_t offset, size_t known,
                                        const char *what, struct error *err)
{
    warc_source_pass(&reader->source, known);
    reader->is_lost = true;
    return damage(reader, offset, what, err);
}

/* What a result of the source other than OK means inside of a record. */
static enum warc_read_result broken(struct warc_reader *reader,
                                    enum warc_source_result result,
                                    uint64_t offset, size_t known,
                                    struct error *err)
{
    struct warc_source *source = &reader->source;
    if (result == WARC_SOURCE_ERROR)
        return WARC_READ_ERROR;
    if (result == WARC_SOURCE_END)
        return bad_record(reader, offset, known, "the record is cut short",
                          err);
    /* What stands before the damage belongs to no whole record, unless this
     * one's length led over others. */
    size_t size = warc_source_window(source).size, next;
    bool has_next = warc_source_find_start(source, 1, size, &next);
    warc_source_pass(source, has_next ? next : size);
    reader->is_lost = false;
    return WARC_READ_DAMAGE;
}

/* ---- from one record to the next -------------------------------------- */

static bool begins_line(const struct warc_source *source, size_t at)
{
    return at == 0 || warc_source_window(source).data[at - 1] == '\n' ||
           warc_source_is_start(source, at);
}

/* The longest first line that the next record may have. */
static size_t line_max(const struct warc_reader *reader)
{
    return reader->source.form == RECORD_FORM_WARC ? RECORD_VERSION_LINE_MAX
                                                   : RECORD_LINE_MAX;
}

/* The first place in the window, from `at` on and before `end`, where a record
 * begins. */
static bool find_in_window(const struct warc_source *source, size_t at,
                           size_t end, size_t *ret_at)
{
    struct view window = warc_source_window(source);
    for (;; at++) {
        at = record_form_next(source->form, window, at, end);
        if (at >= end)
            return false;
        if (begins_line(source, at) &&
            record_form_at(source->form, view_from(window, at)) !=
                RECORD_FORM_ANY) {
            *ret_at = at;
            return true;
        }
    }
}

/* Goes to the next place where a record begins; END when there is none, or none
 * before `end` of a plain file. */
static enum warc_source_result find_record(struct warc_reader *reader,
                                           uint64_t end, struct error *err)
{
    struct warc_source *source = &reader->source;
    for (size_t from = 0; warc_source_offset(source) < end; from = 1) {
        enum warc_source_result result =
            warc_source_need(source, SKIP_STEP, err);
        if (result != WARC_SOURCE_OK && result != WARC_SOURCE_END)
            return result;
        size_t size = warc_source_window(source).size, at;
        /* A line that is not all there yet is looked at in the next round. */
        size_t sure =
            result == WARC_SOURCE_END ? size : size - line_max(reader);
        if (find_in_window(source, from, sure, &at)) {
            warc_source_pass(source, at);
            reader->is_lost = false;
            return WARC_SOURCE_OK;
        }
        if (result == WARC_SOURCE_END) {
            warc_source_pass(source, size);
            return WARC_SOURCE_END;
        }
        /* The byte before the first that is new tells whether a line begins. */
        warc_source_pass(source, sure - 1);
    }
    return WARC_SOURCE_END;
}

/* Passes the record handed out last. */
static enum warc_read_result leave_record(struct warc_reader *reader,
                                          struct error *err)
{
    struct warc_source *source = &reader->source;
    warc_source_pass(source, reader->in_window);
    reader->in_window = 0;
    while (reader->behind) {
        size_t next, step = reader->behind < SKIP_STEP ? (size_t)reader->behind
                                                       : SKIP_STEP;
        enum warc_source_result result = warc_source_need(source, step, err);
        size_t there = warc_source_window(source).size;
        if (result != WARC_SOURCE_ERROR &&
            warc_source_find_start(source, 0, there < step ? there : step,
                                   &next)) {
            reader->behind = 0;
            return bad_record(reader, reader->last_offset, next,
                              "Content-Length leads into the next record", err);
        }
        if (result != WARC_SOURCE_OK) {
            reader->behind = 0;
            return broken(reader, result, reader->last_offset, there, err);
        }
        warc_source_pass(source, step);
        reader->behind -= step;
    }
    return WARC_READ_RECORD;
}

/* Whether the next record belongs to the part behind. */
static bool is_past_end(struct warc_reader *reader)
{
    uint64_t offset;
    if (reader->end == WARC_NOWHERE ||
        !warc_source_is_boundary(&reader->source, &offset) ||
        offset < reader->end)
        return false;
    reader->next_start = offset;
    return true;
}

/* Passes line ends between records; END when nothing follows them, in the part
 * that is read. */
static enum warc_source_result pass_line_ends(struct warc_reader *reader,
                                              struct error *err)
{
    struct warc_source *source = &reader->source;
    for (;;) {
        struct view window = warc_source_window(source);
        size_t size = 0;
        while (size < window.size &&
               (window.data[size] == '\r' || window.data[size] == '\n'))
            size++;
        warc_source_pass(source, size);
        if (size < window.size)
            return WARC_SOURCE_OK;
        /* A member that belongs to the part behind is not unpacked. */
        if (warc_source_is_packed(source) && is_past_end(reader))
            return WARC_SOURCE_END;
        enum warc_source_result result = warc_source_need(source, 1, err);
        if (result != WARC_SOURCE_OK)
            return result;
    }
}

/* ---- one record ------------------------------------------------------- */

/* The form of the record that should begin the window, ANY for junk, and its
 * header's length, 0 when it has no end. */
static enum warc_source_result need_header(struct warc_reader *reader,
                                           enum record_form *ret_form,
                                           size_t *ret_size, struct error *err)
{
    struct warc_source *source = &reader->source;
    size_t wanted = RECORD_VERSION_LINE_MAX;
    for (;;) {
        enum warc_source_result result = warc_source_need(source, wanted, err);
        if (result == WARC_SOURCE_ERROR || result == WARC_SOURCE_DAMAGE)
            return result;
        struct view window = view_first(warc_source_window(source), HEADER_MAX);
        enum record_form form = record_form_begins(source->form, window);
        bool is_line = memchr(window.data, '\n', window.size) ||
                       window.size >= line_max(reader);
        *ret_form = form;
        *ret_size =
            form == RECORD_FORM_ANY ? 0 : record_header_size(form, window);
        if (*ret_size || result == WARC_SOURCE_END ||
            window.size >= HEADER_MAX || (form == RECORD_FORM_ANY && is_line))
            return result;
        wanted = window.size + HEADER_STEP;
    }
}

/* Reads the header that begins the window. */
static bool read_header(struct warc_reader *reader, enum record_form form,
                        size_t size, struct warc_record *record,
                        uint64_t *ret_length)
{
    record->header = view_first(warc_source_window(&reader->source), size);
    if (form == RECORD_FORM_WARC && warc_header_is_folded(record->header)) {
        warc_header_unfold(record->header, &reader->unfolded);
        record->header = buf_view(&reader->unfolded);
    }
    return record_header_read(form, record, ret_length);
}

/* Looks behind a whole record; trouble there is held back. */
static enum warc_source_result look_behind(struct warc_reader *reader,
                                           size_t size)
{
    enum warc_source_result result =
        warc_source_need(&reader->source, size, &reader->held_error);
    if (result == WARC_SOURCE_DAMAGE || result == WARC_SOURCE_ERROR)
        reader->held = result;
    return result;
}

/* Whether what follows the record's first `size` bytes can follow a record:
 * the end of the file or of a member, the next record, or two line ends, which
 * stand behind each WARC record and in few blocks. */
static bool ends_after(struct warc_reader *reader, size_t size)
{
    struct warc_source *source = &reader->source;
    int line_ends = 0;
    for (size_t end = size + LINE_ENDS_MAX; size < end; size++) {
        if (look_behind(reader, size + 1) != WARC_SOURCE_OK ||
            warc_source_is_start(source, size))
            return true;
        char c = warc_source_window(source).data[size];
        line_ends += c == '\n';
        if (c != '\n' && c != '\r')
            break;
        if (line_ends == 2 && reader->form == RECORD_FORM_WARC)
            return true;
    }
    enum warc_source_result result =
        look_behind(reader, size + line_max(reader));
    struct view rest = view_from(warc_source_window(source), size);
    /* A line that the end of the file cuts short can be the next record's. */
    return record_form_at(source->form, rest) != RECORD_FORM_ANY ||
           (result == WARC_SOURCE_END && !memchr(rest.data, '\n', rest.size));
}

static enum warc_read_result read_block(struct warc_reader *reader,
                                        struct warc_record *record,
                                        size_t header, uint64_t length,
                                        struct error *err)
{
    struct warc_source *source = &reader->source;
    bool is_cut = length > reader->max_block;
    size_t kept = is_cut ? reader->max_block : (size_t)length, next;
    const char *before = warc_source_window(source).data;
    if (warc_source_is_beyond_end(source, header, length))
        return broken(reader, WARC_SOURCE_END, record->offset, header, err);
    enum warc_source_result result =
        warc_source_need(source, header + kept, err);
    if (result != WARC_SOURCE_OK)
        return broken(reader, result, record->offset, header, err);
    if (warc_source_find_start(source, header, header + kept, &next) ||
        (!is_cut && !ends_after(reader, header + kept)))
        return bad_record(reader, record->offset, header,
                          "Content-Length does not lead to the record's end",
                          err);
    struct view window = warc_source_window(source);
    if (window.data != before)
        read_header(reader, reader->form, header, record, &length);
    record->block = view_of(window.data + header, kept);
    record->is_cut = is_cut;
    if (record->is_arc)
        arc_header_judge_block(record);
    reader->in_window = header + kept;
    reader->behind = length - kept;
    return WARC_READ_RECORD;
}

static enum warc_read_result read_record(struct warc_reader *reader,
                                         struct warc_record *ret_record,
                                         struct error *err)
{
    struct warc_source *source = &reader->source;
    struct warc_record record = { .offset = warc_source_offset(source) };
    enum record_form form = RECORD_FORM_ANY;
    size_t header = 0;
    uint64_t length = 0;
    enum warc_source_result result = need_header(reader, &form, &header, err);
    if (result == WARC_SOURCE_ERROR || result == WARC_SOURCE_DAMAGE)
        return broken(reader, result, record.offset, 0, err);
    if (form == RECORD_FORM_ANY)
        return bad_record(reader, record.offset, 0,
                          "junk where a record should begin", err);
    if (!header)
        return bad_record(reader, record.offset, 1,
                          result == WARC_SOURCE_END
                              ? "the record is cut short"
                              : "the record's header has no end",
                          err);
    reader->form = form;
    if (!read_header(reader, form, header, &record, &length))
        return bad_record(reader, record.offset, header,
                          "the record has no Content-Length", err);
    reader->last_offset = record.offset;
    enum warc_read_result done =
        read_block(reader, &record, header, length, err);
    if (done == WARC_READ_RECORD)
        *ret_record = record;
    return done;
}

/* Tells what was met behind the last record. */
static enum warc_read_result tell_held(struct warc_reader *reader,
                                       struct error *err)
{
    enum warc_source_result held = reader->held;
    reader->held = WARC_SOURCE_OK;
    reader->in_window = 0;
    *err = reader->held_error;
    return broken(reader, held, reader->last_offset, 0, err);
}

static enum warc_read_result next_event(struct warc_reader *reader,
                                        struct warc_record *ret_record,
                                        struct error *err)
{
    if (reader->is_over)
        return WARC_READ_END;
    if (reader->held != WARC_SOURCE_OK)
        return tell_held(reader, err);
    enum warc_read_result left = leave_record(reader, err);
    if (left != WARC_READ_RECORD)
        return left;
    uint64_t offset = warc_source_offset(&reader->source);
    enum warc_source_result result =
        reader->is_lost ? find_record(reader, WARC_NOWHERE, err)
                        : pass_line_ends(reader, err);
    if (result == WARC_SOURCE_END ||
        (result == WARC_SOURCE_OK && is_past_end(reader))) {
        reader->is_over = true;
        return WARC_READ_END;
    }
    if (result != WARC_SOURCE_OK)
        return broken(reader, result, offset, 0, err);
    return read_record(reader, ret_record, err);
}

/* ---- parts of a file -------------------------------------------------- */

/* Goes to the first place in the part that looks like a record's beginning. */
static bool seek_start(struct warc_reader *reader, struct error *err)
{
    struct warc_source *source = &reader->source;
    bool is_there = false;
    if (warc_source_is_packed(source)) {
        if (!warc_source_seek_member(source, reader->end, &is_there, err))
            return false;
    } else {
        enum warc_source_result result = find_record(reader, reader->end, err);
        if (result != WARC_SOURCE_OK && result != WARC_SOURCE_END)
            return false;
        is_there = result == WARC_SOURCE_OK &&
                   warc_source_offset(source) < reader->end;
    }
    reader->start = is_there ? warc_source_offset(source) : WARC_NOWHERE;
    reader->is_over = !is_there;
    return true;
}

bool warc_reader_open_part(struct warc_reader *reader, const char *path,
                           const struct warc_part *part, struct error *err)
{
    if (!warc_reader_open(reader, path, part->from, err))
        return false;
    reader->end = part->end;
    return part->is_exact || seek_start(reader, err);
}

uint64_t warc_reader_start(const struct warc_reader *reader)
{
    return reader->start;
}

uint64_t warc_reader_next_start(const struct warc_reader *reader)
{
    return reader->next_start;
}

/* ---- records ---------------------------------------------------------- */

/* A member that cannot be unpacked to its end may first give junk: that is one
 * damage, told once. */
enum warc_read_result warc_reader_next(struct warc_reader *reader,
                                       struct warc_record *ret_record,
                                       struct error *err)
{
    for (;;) {
        enum warc_read_result result = next_event(reader, ret_record, err);
        uint64_t offset = reader->source.damage_offset;
        bool is_told = result == WARC_READ_DAMAGE && reader->has_told &&
                       reader->told_offset == offset;
        reader->has_told = result == WARC_READ_DAMAGE;
        reader->told_offset = offset;
        if (!is_told)
            return result;
    }
}
