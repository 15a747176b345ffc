/*
 * All lists are opened at the start; then they are read one after another. What
 * other threads may ask (manifest_progress) is kept in atomics.
 */
#include "fetchgrep/manifest/manifest.h"

#include "parser.h"
#include "source.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>
#include <xxhash.h>

enum { SAMPLE_COUNT = 256, SAMPLE_SIZE = 1 << 16 };

struct manifest {
    struct manifest_options options;
    struct source *sources;
    size_t source_count;
    size_t current; /* source being read */
    struct parser parser;
    uint64_t bytes_before; /* of the sources read to their end */
    uint64_t bytes_in_all; /* 0 when some source is a pipe */
    atomic_uint_fast64_t entry_count;
    atomic_uint_fast64_t byte_count;
    atomic_bool is_end;
};

/* ---- opening ------------------------------------------------------------- */

static bool add_sources(struct manifest *manifest, char *const *paths,
                        size_t count, struct error *err)
{
    bool all_files = true;
    for (size_t i = 0; i < count; i++) {
        struct source *source = &manifest->sources[manifest->source_count++];
        if (!source_open(source, paths[i], &manifest->options,
                         &manifest->parser.scratch, err))
            return false;
        all_files = all_files && manifest->sources[i].is_file;
        manifest->bytes_in_all += manifest->sources[i].size;
    }
    if (!all_files)
        manifest->bytes_in_all = 0;
    return true;
}

struct manifest *manifest_open(char *const *paths, size_t count,
                               const struct manifest_options *options,
                               struct error *err)
{
    static const struct manifest_options defaults = {
        .format = MANIFEST_BY_NAME,
    };
    struct manifest *manifest = calloc(1, sizeof(*manifest));
    if (manifest) {
        manifest->options = options ? *options : defaults;
        manifest->sources = calloc(count + 1, sizeof(*manifest->sources));
    }
    if (!manifest || !manifest->sources)
        error_no_memory(err, "the manifest");
    else if (parser_init(&manifest->parser, &manifest->options, err) &&
             add_sources(manifest, paths, count, err))
        return manifest;
    manifest_close(manifest);
    return NULL;
}

void manifest_close(struct manifest *manifest)
{
    if (!manifest)
        return;
    for (size_t i = 0; i < manifest->source_count; i++)
        source_close(&manifest->sources[i]);
    parser_release(&manifest->parser);
    free(manifest->sources);
    free(manifest);
}

/* ---- reading ------------------------------------------------------------- */

/* Bytes of a list that were read. */
static uint64_t bytes_taken(const struct source *source)
{
    const struct rows *rows = source->rows;
    return rows->input.packing > INPUT_PLAIN ? rows->input.used : rows->taken;
}

static void end_source(struct manifest *manifest, struct source *source)
{
    manifest->bytes_before += bytes_taken(source);
    source_end(source);
    manifest->current++;
}

/* Gives the entry its id. */
static void hand_out(struct manifest *manifest, const struct source *source,
                     struct manifest_entry *ret_entry)
{
    ret_entry->id = atomic_fetch_add_explicit(&manifest->entry_count, 1,
                                              memory_order_relaxed);
    atomic_store_explicit(&manifest->byte_count,
                          manifest->bytes_before + bytes_taken(source),
                          memory_order_relaxed);
}

static enum parser_result parse(struct manifest *manifest,
                                struct manifest_entry *entry)
{
    const struct source *source = &manifest->sources[entry->source_index];
    return parser_read(&manifest->parser, source->format, &source->columns,
                       entry);
}

/* Like manifest_next, within one source: MANIFEST_END at its end. */
static enum manifest_result next_in_source(struct manifest *manifest,
                                           const struct source *source,
                                           struct manifest_entry *ret_entry,
                                           struct error *err)
{
    struct manifest_entry entry = {
        .source_index = (uint32_t)manifest->current,
    };
    for (;;) {
        struct row row;
        enum rows_result result = rows_next(source->rows, &row, err);
        if (result == ROWS_END)
            return MANIFEST_END;
        if (result == ROWS_STOPPED)
            return MANIFEST_STOPPED;
        if (result == ROWS_ERROR)
            return MANIFEST_ERROR;
        entry.offset = row.offset;
        entry.line = row.line;
        entry.row = row.bytes;
        entry.is_too_long = result == ROWS_LONG;
        switch (parse(manifest, &entry)) {
        case PARSER_ENTRY:
            hand_out(manifest, source, &entry);
            *ret_entry = entry;
            return MANIFEST_ITEM;
        case PARSER_NO_MEMORY:
            error_no_memory(err, "a row of the manifest");
            return MANIFEST_ERROR;
        case PARSER_NOTHING:
        default:
            break;
        }
    }
}

enum manifest_result manifest_next(struct manifest *manifest,
                                   struct manifest_entry *ret_entry,
                                   struct error *err)
{
    while (manifest->current < manifest->source_count) {
        struct source *source = &manifest->sources[manifest->current];
        enum manifest_result result =
            source_start(source, &manifest->options, &manifest->parser.scratch,
                         err)
                ? next_in_source(manifest, source, ret_entry, err)
                : MANIFEST_ERROR;
        if (result == MANIFEST_ERROR && err->code == ERR_STOPPED)
            result = MANIFEST_STOPPED;
        if (result == MANIFEST_ERROR)
            error_wrap(err, "manifest %s", source->path);
        if (result != MANIFEST_END)
            return result;
        end_source(manifest, source);
    }
    atomic_store(&manifest->is_end, true);
    return MANIFEST_END;
}

/* ---- reading again ------------------------------------------------------- */

bool manifest_is_file(const struct manifest *manifest, uint32_t source_index)
{
    return manifest->sources[source_index].is_file;
}

bool manifest_is_seekable(const struct manifest *manifest,
                          uint32_t source_index)
{
    const struct source *source = &manifest->sources[source_index];
    return source->is_file && !source->is_packed;
}

bool manifest_parse_row(struct manifest *manifest, struct view row,
                        struct manifest_entry *ret_entry)
{
    ret_entry->row = row;
    ret_entry->is_too_long = false;
    return parse(manifest, ret_entry) == PARSER_ENTRY;
}

bool manifest_reread(struct manifest *manifest, size_t row_size,
                     struct buf *buf, struct manifest_entry *ret_entry,
                     struct error *err)
{
    const struct source *source = &manifest->sources[ret_entry->source_index];
    buf_reset(buf);
    char *row = buf_reserve(buf, row_size);
    if (!row)
        return error_no_memory(err, "a line of the manifest");
    ssize_t got = pread(source->fd, row, row_size,
                        (off_t)(source->start + ret_entry->offset));
    if (got < 0)
        return error_set_errno(err, ERR_SYSTEM, errno,
                               "cannot read manifest %s", source->path);
    buf_commit(buf, (size_t)got);
    return (size_t)got == row_size &&
                   manifest_parse_row(manifest, buf_view(buf), ret_entry)
               ? true
               : error_set(err, ERR_SYSTEM,
                           "manifest %s, line %llu: the list was changed "
                           "while it was read",
                           source->path, (unsigned long long)ret_entry->line);
}

/* ---- questions ----------------------------------------------------------- */

struct manifest_progress manifest_progress(struct manifest *manifest)
{
    struct manifest_progress progress = {
        .is_exact = atomic_load(&manifest->is_end),
        .entry_count = atomic_load(&manifest->entry_count),
    };
    uint64_t bytes = atomic_load(&manifest->byte_count);
    if (progress.is_exact)
        progress.expected_count = progress.entry_count;
    else if (manifest->bytes_in_all && bytes)
        progress.expected_count =
            (uint64_t)((double)progress.entry_count *
                       (double)manifest->bytes_in_all / (double)bytes);
    return progress;
}

/* Hashes `count` samples of SAMPLE_SIZE, evenly spread, or all of a small
 * file. */
static bool digest_source(const struct source *source, XXH3_state_t *state,
                          char *sample, struct error *err)
{
    XXH3_64bits_update(state, &source->size, sizeof(source->size));
    if (source->format != MANIFEST_PLAIN)
        XXH3_64bits_update(state, &source->format, sizeof(source->format));
    bool is_small = source->size <= (uint64_t)SAMPLE_COUNT * SAMPLE_SIZE;
    uint64_t step = is_small ? SAMPLE_SIZE : source->size / SAMPLE_COUNT;
    for (uint64_t at = 0; at < source->size; at += step) {
        ssize_t got =
            pread(source->fd, sample, SAMPLE_SIZE, (off_t)(source->start + at));
        if (got < 0)
            return error_set_errno(err, ERR_SYSTEM, errno,
                                   "cannot read manifest %s", source->path);
        XXH3_64bits_update(state, sample, (size_t)got);
    }
    return true;
}

bool manifest_digest(struct manifest *manifest, uint64_t *ret_digest,
                     struct error *err)
{
    XXH3_state_t *state = XXH3_createState();
    char *sample = malloc(SAMPLE_SIZE);
    bool done = state && sample;
    if (!done)
        error_no_memory(err, "the manifest's digest");
    if (done)
        XXH3_64bits_reset(state);
    for (size_t i = 0; done && i < manifest->source_count; i++)
        done = digest_source(&manifest->sources[i], state, sample, err);
    if (done)
        *ret_digest = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    free(sample);
    return done;
}
