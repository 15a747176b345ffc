/*
 * All lists are opened at the start and read one after another. What other
 * threads may ask (manifest_progress) is kept in atomics.
 */
#include "fetchgrep/manifest/manifest.h"

#include "lines.h"

#include "fetchgrep/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { SAMPLE_COUNT = 256, SAMPLE_SIZE = 1 << 16 };

struct source {
    const char *path;
    int fd;
    bool is_file; /* its size is known */
    uint64_t size;
};

struct manifest {
    struct source *sources;
    size_t source_count;
    size_t current;        /* source being read */
    struct lines lines;    /* of the current source */
    bool is_open;          /* `lines` is in use */
    uint64_t line;         /* of the current source */
    uint64_t bytes_before; /* of the sources read to their end */
    uint64_t bytes_in_all; /* 0 when some source is a pipe */
    atomic_uint_fast64_t entry_count;
    atomic_uint_fast64_t byte_count;
    atomic_bool is_end;
};

static bool open_source(struct source *source, const char *path,
                        struct error *err)
{
    source->path = path;
    source->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
                                   : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (source->fd < 0)
        return error_set_errno(err, ERR_USAGE, errno, "cannot open manifest %s",
                               path);
    struct stat st;
    if (fstat(source->fd, &st))
        return error_set_errno(err, ERR_USAGE, errno, "cannot open manifest %s",
                               path);
    if (S_ISDIR(st.st_mode))
        return error_set(err, ERR_USAGE,
                         "manifest %s is a directory: name a file of URLs, "
                         "one a line",
                         path);
    source->is_file = S_ISREG(st.st_mode);
    source->size = source->is_file ? (uint64_t)st.st_size : 0;
    return true;
}

struct manifest *manifest_open(char *const *paths, size_t count,
                               struct error *err)
{
    struct manifest *manifest = calloc(1, sizeof(*manifest));
    struct source *sources = calloc(count ? count : 1, sizeof(*sources));
    if (!manifest || !sources) {
        free(manifest);
        free(sources);
        error_no_memory(err, "the manifest");
        return NULL;
    }
    manifest->sources = sources;
    bool all_files = true;
    while (manifest->source_count < count) {
        struct source *source = &sources[manifest->source_count];
        manifest->source_count++;
        if (!open_source(source, paths[manifest->source_count - 1], err)) {
            manifest_close(manifest);
            return NULL;
        }
        all_files = all_files && source->is_file;
        manifest->bytes_in_all += source->size;
    }
    if (!all_files)
        manifest->bytes_in_all = 0;
    return manifest;
}

void manifest_close(struct manifest *manifest)
{
    if (!manifest)
        return;
    lines_release(&manifest->lines);
    for (size_t i = 0; i < manifest->source_count; i++)
        if (manifest->sources[i].fd > 0)
            close(manifest->sources[i].fd);
    free(manifest->sources);
    free(manifest);
}

static bool start_source(struct manifest *manifest, struct error *err)
{
    manifest->line = 0;
    manifest->is_open = lines_init(
        &manifest->lines, manifest->sources[manifest->current].fd, err);
    return manifest->is_open;
}

static void end_source(struct manifest *manifest)
{
    manifest->bytes_before += manifest->lines.taken;
    lines_release(&manifest->lines);
    manifest->is_open = false;
    manifest->current++;
}

/* The content of a line: no byte order mark, no blanks around. */
static struct view content_of(struct view row, uint64_t line)
{
    if (line == 1 && view_starts_with(row, "\xEF\xBB\xBF"))
        row = view_from(row, 3);
    return view_trim(row);
}

/* Neither blank nor comment. A line that is too long may begin with blanks. */
static bool is_entry(const struct manifest_entry *entry)
{
    return entry->text.size ? entry->text.data[0] != '#' : entry->is_too_long;
}

/* Gives the entry its id. */
static void hand_out(struct manifest *manifest,
                     struct manifest_entry *ret_entry)
{
    ret_entry->id = atomic_fetch_add_explicit(&manifest->entry_count, 1,
                                              memory_order_relaxed);
    atomic_store_explicit(&manifest->byte_count,
                          manifest->bytes_before + manifest->lines.taken,
                          memory_order_relaxed);
}

/* Like manifest_next, within one source: MANIFEST_END at its end. */
static enum manifest_result next_in_source(struct manifest *manifest,
                                           struct manifest_entry *ret_entry,
                                           struct error *err)
{
    struct manifest_entry entry = {
        .source_index = (uint32_t)manifest->current,
    };
    enum lines_result result;
    for (;;) {
        entry.offset = manifest->lines.taken;
        result = lines_next(&manifest->lines, &entry.row, err);
        if (result != LINES_ITEM && result != LINES_LONG)
            break;
        entry.line = ++manifest->line;
        entry.text = content_of(entry.row, entry.line);
        entry.is_too_long = result == LINES_LONG;
        if (!is_entry(&entry))
            continue;
        hand_out(manifest, &entry);
        *ret_entry = entry;
        return MANIFEST_ITEM;
    }
    if (result == LINES_END)
        return MANIFEST_END;
    if (result == LINES_STOPPED)
        return MANIFEST_STOPPED;
    error_wrap(err, "manifest %s", manifest->sources[manifest->current].path);
    return MANIFEST_ERROR;
}

enum manifest_result manifest_next(struct manifest *manifest,
                                   struct manifest_entry *ret_entry,
                                   struct error *err)
{
    while (manifest->current < manifest->source_count) {
        if (!manifest->is_open && !start_source(manifest, err))
            return MANIFEST_ERROR;
        enum manifest_result result = next_in_source(manifest, ret_entry, err);
        if (result != MANIFEST_END)
            return result;
        end_source(manifest);
    }
    atomic_store(&manifest->is_end, true);
    return MANIFEST_END;
}

bool manifest_is_file(const struct manifest *manifest, uint32_t source_index)
{
    return manifest->sources[source_index].is_file;
}

bool manifest_is_seekable(const struct manifest *manifest,
                          uint32_t source_index)
{
    return manifest->sources[source_index].is_file;
}

bool manifest_parse_row(struct manifest *manifest, struct view row,
                        struct manifest_entry *ret_entry)
{
    (void)manifest;
    ret_entry->row = row;
    ret_entry->text = content_of(row, ret_entry->line);
    ret_entry->is_too_long = false;
    return is_entry(ret_entry);
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
    ssize_t got = pread(source->fd, row, row_size, (off_t)ret_entry->offset);
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
    bool is_small = source->size <= (uint64_t)SAMPLE_COUNT * SAMPLE_SIZE;
    uint64_t step = is_small ? SAMPLE_SIZE : source->size / SAMPLE_COUNT;
    for (uint64_t at = 0; at < source->size; at += step) {
        ssize_t got = pread(source->fd, sample, SAMPLE_SIZE, (off_t)at);
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
