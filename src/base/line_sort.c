/*
 * Lines are collected until `memory` is used, sorted and written out as a run;
 * a heap merges the runs. Most inputs fit and are one run, written straight to
 * the target.
 */
#include "fetchgrep/base/line_sort.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct sorter {
    const char *from;
    const char *to;
    char *text; /* lines of the run being collected */
    size_t text_size, text_max;
    struct view *lines;
    size_t line_count, line_max;
    FILE **runs; /* sorted runs on disk */
    size_t run_count;
};

/* A run of lines during the merge. */
struct cursor {
    FILE *file;
    char *line;
    size_t capacity;
    ssize_t size; /* with its newline; -1 at the end */
};

static int compare(const void *a, const void *b)
{
    const struct view *x = a, *y = b;
    size_t size = x->size < y->size ? x->size : y->size;
    int order = size ? memcmp(x->data, y->data, size) : 0;
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static bool write_run(struct sorter *sorter, FILE *out, struct error *err)
{
    qsort(sorter->lines, sorter->line_count, sizeof(*sorter->lines), compare);
    for (size_t i = 0; i < sorter->line_count; i++) {
        fwrite(sorter->lines[i].data, 1, sorter->lines[i].size, out);
        putc_unlocked('\n', out);
    }
    sorter->line_count = sorter->text_size = 0;
    return !ferror(out) || error_set_errno(err, ERR_SYSTEM, errno,
                                           "cannot write %s", sorter->to);
}

/* An unnamed file beside the target: it is gone whatever happens. */
static FILE *open_run(const struct sorter *sorter, struct error *err)
{
    const char *slash = strrchr(sorter->to, '/');
    char *dir = view_dup(view_first(view_of_string(sorter->to),
                                    slash ? (size_t)(slash - sorter->to) : 0));
    int fd =
        dir ? open(*dir ? dir : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
    free(dir);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : tmpfile();
    if (!file)
        error_set_errno(err, ERR_SYSTEM, errno, "cannot sort %s", sorter->from);
    return file;
}

static bool spill(struct sorter *sorter, struct error *err)
{
    FILE **runs =
        realloc(sorter->runs, (sorter->run_count + 1) * sizeof(*runs));
    if (!runs)
        return error_no_memory(err, "sorting");
    sorter->runs = runs;
    FILE *run = open_run(sorter, err);
    if (!run)
        return false;
    runs[sorter->run_count++] = run;
    return write_run(sorter, run, err);
}

static bool add_line(struct sorter *sorter, struct view line, struct error *err)
{
    if (line.size && line.data[line.size - 1] == '\n')
        line.size--;
    bool is_full = sorter->text_size + line.size > sorter->text_max ||
                   sorter->line_count == sorter->line_max;
    if (is_full && sorter->line_count && !spill(sorter, err))
        return false;
    if (line.size > sorter->text_max)
        return error_set(err, ERR_SYSTEM, "cannot sort %s: a line of %zu bytes",
                         sorter->from, line.size);
    char *copy = sorter->text + sorter->text_size;
    if (line.size)
        memcpy(copy, line.data, line.size);
    sorter->text_size += line.size;
    sorter->lines[sorter->line_count++] = view_of(copy, line.size);
    return true;
}

static bool collect(struct sorter *sorter, struct error *err)
{
    FILE *in = fopen(sorter->from, "re");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool done = in != NULL;
    while (done && (size = getline(&line, &capacity, in)) >= 0)
        done = add_line(sorter, view_of(line, (size_t)size), err);
    if (!in || (done && ferror(in)))
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                               sorter->from);
    free(line);
    if (in)
        fclose(in);
    return done;
}

static void advance(struct cursor *cursor)
{
    cursor->size = getline(&cursor->line, &cursor->capacity, cursor->file);
}

static bool is_before(const struct cursor *a, const struct cursor *b)
{
    if (a->size < 0 || b->size < 0)
        return a->size >= 0;
    struct view x = view_of(a->line, (size_t)a->size - 1);
    struct view y = view_of(b->line, (size_t)b->size - 1);
    return compare(&x, &y) < 0;
}

static void sift_down(struct cursor *heap, size_t count, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < count && is_before(&heap[left], &heap[least]))
            least = left;
        if (right < count && is_before(&heap[right], &heap[least]))
            least = right;
        if (least == at)
            return;
        struct cursor swap = heap[at];
        heap[at] = heap[least];
        heap[least] = swap;
        at = least;
    }
}

static bool merge(struct sorter *sorter, FILE *out, struct error *err)
{
    size_t count = sorter->run_count;
    struct cursor *heap = calloc(count, sizeof(*heap));
    if (!heap)
        return error_no_memory(err, "sorting");
    for (size_t i = 0; i < count; i++) {
        rewind(sorter->runs[i]);
        heap[i].file = sorter->runs[i];
        advance(&heap[i]);
    }
    for (size_t i = count; i-- > 0;)
        sift_down(heap, count, i);
    while (heap[0].size >= 0) {
        fwrite(heap[0].line, 1, (size_t)heap[0].size, out);
        advance(&heap[0]);
        sift_down(heap, count, 0);
    }
    bool done = !ferror(out);
    for (size_t i = 0; i < count; i++) {
        done = done && !ferror(heap[i].file);
        free(heap[i].line);
    }
    free(heap);
    return done || error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s",
                                   sorter->to);
}

/* Writes the target from what was collected. */
static bool finish(struct sorter *sorter, FILE *out, struct error *err)
{
    if (!sorter->run_count)
        return write_run(sorter, out, err);
    return spill(sorter, err) && merge(sorter, out, err);
}

static bool write_target(struct sorter *sorter, struct error *err)
{
    int fd;
    if (!fs_create(sorter->to, &fd, err))
        return false;
    int own_fd = dup(fd);
    FILE *out = own_fd >= 0 ? fdopen(own_fd, "w") : NULL;
    bool done = out ? finish(sorter, out, err)
                    : error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s",
                                      sorter->to);
    if (out && fclose(out) && done)
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s",
                               sorter->to);
    struct error later;
    if (!fs_sync_close(fd, sorter->to, done ? err : &later))
        done = false;
    return done;
}

bool line_sort(const char *from, const char *to, size_t memory,
               struct error *err)
{
    struct sorter sorter = { .from = from, .to = to };
    sorter.line_max = memory / 4 / sizeof(struct view) + 1;
    sorter.text_max = memory / 4 * 3 + 1;
    sorter.text = malloc(sorter.text_max);
    sorter.lines = malloc(sorter.line_max * sizeof(*sorter.lines));
    bool done = sorter.text && sorter.lines
                    ? collect(&sorter, err) && write_target(&sorter, err)
                    : error_no_memory(err, "sorting");
    for (size_t i = 0; i < sorter.run_count; i++)
        fclose(sorter.runs[i]);
    free(sorter.runs);
    free(sorter.lines);
    free(sorter.text);
    return done;
}
