#include "match_writer.h"

#include "fetchgrep/base/view_set.h"

/* Different texts that --unique tells apart on one page: 48 MB of slots. */
enum { UNIQUE_MAX = 1 << 20 };

/* What is told of a pattern that has matches. */
struct count {
    struct view pattern;
    enum subject subject;
    uint64_t value;
};

struct match_writer {
    const struct match_options *options;
    struct match_page page;
    struct buf *out;
    size_t max_bytes;      /* of this page's lines */
    size_t limit;          /* of out->size */
    struct view_set *seen; /* NULL: every match counts */
    struct count *counts;  /* of each pattern; NULL: lines are written */
    size_t pattern_count;
    uint64_t count;
    char full[80]; /* "": there may be more */
};

struct match_writer *match_writer_new(const struct match_options *options,
                                      size_t pattern_count, uint64_t seed,
                                      struct error *err)
{
    struct match_writer *writer = calloc(1, sizeof(*writer));
    if (!writer) {
        error_no_memory(err, "a worker");
        return NULL;
    }
    writer->options = options;
    writer->pattern_count = pattern_count;
    match_page_init(&writer->page);
    if (options->is_unique)
        writer->seen = view_set_new(UNIQUE_MAX, seed);
    if (options->is_count)
        writer->counts = calloc(pattern_count + 1, sizeof(*writer->counts));
    if ((options->is_unique && !writer->seen) ||
        (options->is_count && !writer->counts)) {
        match_writer_free(writer);
        error_no_memory(err, "a worker");
        return NULL;
    }
    return writer;
}

void match_writer_free(struct match_writer *writer)
{
    if (!writer)
        return;
    match_page_release(&writer->page);
    view_set_free(writer->seen);
    free(writer->counts);
    free(writer);
}

bool match_writer_begin(struct match_writer *writer, uint64_t id,
                        struct view url, struct view keep, struct buf *out,
                        size_t max_bytes, struct error *err)
{
    writer->out = out;
    writer->max_bytes = max_bytes;
    writer->limit = out->size + max_bytes;
    writer->count = 0;
    writer->full[0] = '\0';
    if (writer->seen)
        view_set_reset(writer->seen);
    if (writer->counts)
        memset(writer->counts, 0,
               writer->pattern_count * sizeof(*writer->counts));
    match_page_begin(&writer->page, writer->options->form, id, url, keep);
    return match_page_check(&writer->page, err);
}

/* The group in the place of the whole match. False: it is not set. */
static bool take_group(struct match *match, uint32_t group)
{
    struct view text = match->groups[group];
    if (!text.data)
        return false;
    match->offset =
        (size_t)((ptrdiff_t)match->offset + (text.data - match->whole.data));
    match->whole = text;
    return true;
}

static bool write_line(struct match_writer *writer, const struct match *match,
                       struct error *err)
{
    struct buf *out = writer->out;
    size_t before = out->size;
    match_line_append(writer->options->form, &writer->page, match, 0, out);
    if (out->size > writer->limit) {
        buf_truncate(out, before);
        snprintf(writer->full, sizeof(writer->full),
                 "its matches take more than %zu bytes; cut there",
                 writer->max_bytes);
        return error_set(err, ERR_DATA, "%s", writer->full);
    }
    writer->count++;
    return buf_check(out, "a page's matches", err);
}

static bool count_match(struct match_writer *writer, const struct match *match)
{
    struct count *count = &writer->counts[match->pattern_index];
    count->pattern = match->pattern;
    count->subject = match->subject;
    count->value++;
    writer->count++;
    return true;
}

static bool add(struct match_writer *writer, const struct match *match,
                struct error *err)
{
    if (writer->options->is_dropped) {
        writer->count++;
        return true;
    }
    enum view_set_result result =
        writer->seen
            ? view_set_add(writer->seen, match->pattern_index, match->whole)
            : VIEW_SET_NEW;
    switch (result) {
    case VIEW_SET_SEEN:
        return true;
    case VIEW_SET_FULL:
        snprintf(writer->full, sizeof(writer->full),
                 "more than %d different matches (--unique); cut there",
                 UNIQUE_MAX);
        return error_set(err, ERR_DATA, "%s", writer->full);
    case VIEW_SET_NO_MEMORY:
        return error_no_memory(err, "a page's matches");
    case VIEW_SET_NEW:
    default:
        return writer->counts ? count_match(writer, match)
                              : write_line(writer, match, err);
    }
}

bool match_writer_add(void *ctx, const struct match *match, struct error *err)
{
    struct match_writer *writer = ctx;
    const uint32_t *only_group = writer->options->only_group;
    struct match taken;
    if (!only_group)
        return add(writer, match, err);
    taken = *match;
    return !take_group(&taken, only_group[match->pattern_index]) ||
           add(writer, &taken, err);
}

const char *match_writer_full(const struct match_writer *writer)
{
    return writer->full[0] ? writer->full : NULL;
}

static void write_counts(struct match_writer *writer)
{
    for (size_t i = 0; i < writer->pattern_count; i++) {
        const struct count *count = &writer->counts[i];
        const struct match match = {
            .pattern = count->pattern,
            .pattern_index = (uint32_t)i,
            .subject = count->subject,
        };
        if (count->value)
            match_line_append(writer->options->form, &writer->page, &match,
                              count->value, writer->out);
    }
}

bool match_writer_end(struct match_writer *writer, uint64_t *ret_count,
                      struct error *err)
{
    if (writer->counts && writer->count)
        write_counts(writer);
    *ret_count = writer->count;
    return buf_check(writer->out, "a page's matches", err);
}
