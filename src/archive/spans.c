/*
 * Inputs are listed one after another, each by what it is. A directory is
 * walked with one sorted list of names a level, so memory follows its depth
 * and its largest directory, not the tree.
 */
#include "fetchgrep/archive/spans.h"

#include "cutting.h"
#include "run_pages.h"

#include "fetchgrep/archive/warc_read.h"
#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILES_A_SPAN = 32, /* of page files, most of them small, at most */
    FILES_RAMP = 2,    /* spans of page files before it is one file more */
    DEPTH_MAX = 256,
};

enum input_kind { INPUT_RUN, INPUT_WARC, INPUT_TREE, INPUT_FILE };

/* A directory being walked. */
struct level {
    char *path;
    char **names; /* sorted; a directory's ends in '/' */
    size_t count, at;
};

struct spans {
    char *const *inputs;
    size_t input_count, current;
    enum input_kind *kinds;
    struct run_pages *run; /* of the current input, when it is a run */
    struct level levels[DEPTH_MAX];
    size_t depth;
    uint64_t part_size;
    struct cutting cutting;
    struct span *batch;   /* page files collected */
    size_t batch_max;     /* of them; a short list is shared out as well */
    size_t batch_count;   /* batches so far */
    struct span *held;    /* goes out after the batch before it */
    uint64_t warc_count;  /* WARC spans so far */
    uint64_t known_count; /* pages so far, those in WARCs left out */
};

/* ---- spans ------------------------------------------------------------ */

void span_free(struct span *span)
{
    if (!span)
        return;
    for (size_t i = 0; i < span->page_count; i++)
        free(span->pages[i].name);
    free(span->pages);
    free(span->path);
    free(span);
}

static struct span *new_span(const struct spans *spans, enum span_kind kind)
{
    struct span *span = calloc(1, sizeof(*span));
    if (!span)
        return NULL;
    span->kind = kind;
    span->warcs_before = spans->warc_count;
    span->known_before = spans->known_count;
    return span;
}

struct span *span_clone(const struct span *span)
{
    struct span *copy = malloc(sizeof(*copy));
    if (!copy)
        return NULL;
    *copy = *span;
    copy->path = strdup(span->path);
    if (copy->path)
        return copy;
    free(copy);
    return NULL;
}

/* The next part of the file that is being cut. */
static struct span *next_part(struct spans *spans)
{
    struct cutting *cutting = &spans->cutting;
    struct span *span = new_span(spans, SPAN_WARC);
    if (!span)
        return NULL;
    span->goes_on = cutting->next_part > 0;
    span->path = strdup(cutting->path);
    if (!span->path || !cutting_next(cutting, &span->part)) {
        span_free(span);
        return NULL;
    }
    if (cutting_is_over(cutting))
        cutting_end(cutting);
    spans->warc_count++;
    return span;
}

/* Adds a page file to the batch; takes `path`. */
static bool add_file(struct spans *spans, char *path)
{
    if (!spans->batch) {
        size_t size = 1 + spans->batch_count++ / FILES_RAMP;
        spans->batch_max = size < FILES_A_SPAN ? size : FILES_A_SPAN;
        spans->batch = new_span(spans, SPAN_FILES);
        if (spans->batch)
            spans->batch->pages =
                calloc(spans->batch_max, sizeof(*spans->batch->pages));
    }
    if (!path || !spans->batch || !spans->batch->pages) {
        free(path);
        return false;
    }
    struct span *batch = spans->batch;
    batch->pages[batch->page_count++].name = path;
    spans->known_count++;
    return true;
}

static struct span *take_batch(struct spans *spans)
{
    struct span *batch = spans->batch;
    spans->batch = NULL;
    return batch;
}

/* ---- what an input is ------------------------------------------------- */

static bool has_suffix(const char *path, const char *const *suffixes)
{
    for (; *suffixes; suffixes++)
        if (view_ends_with(view_of_string(path), *suffixes))
            return true;
    return false;
}

/* What is called .arc may be something else, as may a named file that is
 * called nothing of the kind: their first bytes tell. */
static bool is_archive(const char *path, bool is_named)
{
    static const char *const warc[] = { ".warc", ".warc.gz", ".warc.zst",
                                        NULL };
    static const char *const arc[] = { ".arc", ".arc.gz", NULL };
    return has_suffix(path, warc) ||
           ((is_named || has_suffix(path, arc)) && warc_is_archive(path));
}

static bool is_run_dir(const char *path)
{
    char *run = fs_join(path, "run.json");
    bool is = run && access(run, F_OK) == 0;
    free(run);
    return is;
}

static bool judge_input(const char *path, enum input_kind *ret_kind,
                        struct error *err)
{
    struct stat st;
    if (stat(path, &st))
        return error_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
    if (S_ISDIR(st.st_mode)) {
        *ret_kind = is_run_dir(path) ? INPUT_RUN : INPUT_TREE;
        return access(path, R_OK | X_OK) == 0 ||
               error_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
    }
    if (access(path, R_OK))
        return error_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
    /* A pipe's first bytes cannot be looked at without taking them. */
    bool is_warc = is_archive(path, S_ISREG(st.st_mode));
    *ret_kind = is_warc ? INPUT_WARC : INPUT_FILE;
    return true;
}

/* Takes `path`. Its parts are the next spans: one where it is not sure that
 * records can be found. */
static bool begin_warc(struct spans *spans, char *path, struct error *err)
{
    struct stat st;
    if (!path)
        return error_no_memory(err, "a WARC file");
    bool is_file = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    bool can_be_cut = is_file && (uint64_t)st.st_size > spans->part_size &&
                      warc_is_archive(path);
    cutting_begin(&spans->cutting, path, can_be_cut ? (uint64_t)st.st_size : 0,
                  spans->part_size);
    return true;
}

struct spans *spans_open(char *const *inputs, size_t count, uint64_t part_size,
                         struct error *err)
{
    struct spans *spans = calloc(1, sizeof(*spans));
    enum input_kind *kinds = calloc(count ? count : 1, sizeof(*kinds));
    if (!spans || !kinds) {
        free(spans);
        free(kinds);
        error_no_memory(err, "the inputs");
        return NULL;
    }
    spans->inputs = inputs;
    spans->input_count = count;
    spans->part_size = part_size;
    spans->kinds = kinds;
    for (size_t i = 0; i < count; i++) {
        if (!judge_input(inputs[i], &kinds[i], err) ||
            (kinds[i] == INPUT_RUN && !run_pages_check(inputs[i], err))) {
            spans_close(spans);
            return NULL;
        }
    }
    return spans;
}

/* ---- walking a directory ---------------------------------------------- */

static void level_release(struct level *level)
{
    for (size_t i = 0; i < level->count; i++)
        free(level->names[i]);
    free(level->names);
    free(level->path);
    *level = (struct level){ 0 };
}

static int compare_names(const void *a, const void *b)
{
    const char *x, *y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return strcmp(x, y);
}

/* 'd' for directories, 'f' for what can be read as a file, 0 for the rest.
 * Links to files are followed, links to directories are not. */
static char kind_of(int dir_fd, const struct dirent *item)
{
    struct stat st;
    if (item->d_type == DT_REG)
        return 'f';
    if (item->d_type == DT_DIR)
        return 'd';
    if (item->d_type != DT_LNK && item->d_type != DT_UNKNOWN)
        return 0;
    if (fstatat(dir_fd, item->d_name, &st, 0))
        return 0;
    if (S_ISREG(st.st_mode))
        return 'f';
    return S_ISDIR(st.st_mode) && item->d_type == DT_UNKNOWN ? 'd' : 0;
}

static bool add_name(struct level *level, size_t *capacity, const char *name,
                     bool is_dir)
{
    if (level->count == *capacity) {
        size_t wider = *capacity ? *capacity * 2 : 64;
        char **names = realloc(level->names, wider * sizeof(*names));
        if (!names)
            return false;
        level->names = names;
        *capacity = wider;
    }
    char *copy;
    if (asprintf(&copy, "%s%s", name, is_dir ? "/" : "") < 0)
        return false;
    level->names[level->count++] = copy;
    return true;
}

static bool read_names(struct level *level, DIR *handle, struct error *err)
{
    size_t capacity = 0;
    struct dirent *item;
    while ((errno = 0, item = readdir(handle)) != NULL) {
        char kind = item->d_name[0] == '.' ? 0 : kind_of(dirfd(handle), item);
        if (kind && !add_name(level, &capacity, item->d_name, kind == 'd'))
            return error_no_memory(err, "a directory");
    }
    return !errno || error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                                     level->path);
}

/* Reads and sorts a directory's names; takes `path`. */
static bool enter(struct spans *spans, char *path, struct error *err)
{
    if (!path)
        return error_no_memory(err, "a directory");
    if (spans->depth == DEPTH_MAX) {
        error_set(err, ERR_USAGE, "%s: directories nested too deeply", path);
        free(path);
        return false;
    }
    struct level *level = &spans->levels[spans->depth++];
    *level = (struct level){ .path = path };
    DIR *handle = opendir(path);
    if (!handle)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    bool done = read_names(level, handle, err);
    closedir(handle);
    if (!done)
        return false;
    if (level->count)
        qsort(level->names, level->count, sizeof(*level->names), compare_names);
    return true;
}

/* Joins without the mark of a directory at the end. */
static char *path_of(const struct level *level, const char *name)
{
    char *path = fs_join(level->path, name);
    size_t size = path ? strlen(path) : 0;
    if (size > 1 && path[size - 1] == '/')
        path[size - 1] = '\0';
    return path;
}

/* One name of the innermost directory. */
static bool take_name(struct spans *spans, struct error *err)
{
    struct level *level = &spans->levels[spans->depth - 1];
    if (level->at == level->count) {
        level_release(level);
        spans->depth--;
        return true;
    }
    const char *name = level->names[level->at++];
    char *path = path_of(level, name);
    if (name[strlen(name) - 1] == '/')
        return enter(spans, path, err);
    if (!path || !is_archive(path, false))
        return add_file(spans, path) || error_no_memory(err, "a page file");
    return begin_warc(spans, path, err);
}

/* ---- inputs ----------------------------------------------------------- */

static bool start_input(struct spans *spans, struct error *err)
{
    const char *path = spans->inputs[spans->current];
    switch (spans->kinds[spans->current]) {
    case INPUT_RUN:
        spans->run = run_pages_open(path, err);
        return spans->run != NULL;
    case INPUT_TREE:
        return enter(spans, strdup(path), err);
    case INPUT_WARC:
        return begin_warc(spans, strdup(path), err);
    case INPUT_FILE:
    default:
        return add_file(spans, strdup(path)) ||
               error_no_memory(err, "a page file");
    }
}

/* Goes one step: a name, a batch of a run, a part, or the next input. */
static enum spans_result step(struct spans *spans, struct error *err)
{
    if (spans->run) {
        enum spans_result result =
            run_pages_next(spans->run, &spans->held, err);
        if (result == SPANS_END) {
            run_pages_close(spans->run);
            spans->run = NULL;
            return SPANS_ITEM;
        }
        return result;
    }
    if (spans->cutting.path) {
        spans->held = next_part(spans);
        if (spans->held)
            return SPANS_ITEM;
        error_no_memory(err, "a WARC file");
        return SPANS_ERROR;
    }
    if (spans->depth)
        return take_name(spans, err) ? SPANS_ITEM : SPANS_ERROR;
    if (spans->current == spans->input_count)
        return SPANS_END;
    bool done = start_input(spans, err);
    spans->current++;
    return done ? SPANS_ITEM : SPANS_ERROR;
}

enum spans_result spans_next(struct spans *spans, struct span **ret_span,
                             struct error *err)
{
    for (;;) {
        bool is_full =
            spans->batch && spans->batch->page_count == spans->batch_max;
        if (spans->batch && (is_full || spans->held)) {
            *ret_span = take_batch(spans);
            return SPANS_ITEM;
        }
        if (spans->held) {
            *ret_span = spans->held;
            spans->held = NULL;
            return SPANS_ITEM;
        }
        enum spans_result result = step(spans, err);
        if (result == SPANS_END && spans->batch) {
            *ret_span = take_batch(spans);
            return SPANS_ITEM;
        }
        if (result != SPANS_ITEM)
            return result;
    }
}

void spans_close(struct spans *spans)
{
    if (!spans)
        return;
    while (spans->depth)
        level_release(&spans->levels[--spans->depth]);
    run_pages_close(spans->run);
    cutting_end(&spans->cutting);
    span_free(spans->batch);
    span_free(spans->held);
    free(spans->kinds);
    free(spans);
}
