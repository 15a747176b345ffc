/*
 * Lines are collected until `memory` is used, sorted and written out as a run;
 * a heap merges the runs. Most inputs fit and are one run, written straight to
 * the target. RUNS_MERGED runs of one size are merged as soon as they are
 * there, so that the number of open files grows with the logarithm of the
 * input.
 */
#include "fetchgrep/base/line_sort.h"

#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <unistd.h>

enum { RUNS_MERGED = 64 };

/* A sorted run on disk. */
struct run {
    FILE *file;
    unsigned level; /* how often merged */
};

struct sorter {
    const struct line_sort *how;
    FILE *out;
    char *text; /* lines of the run being collected */
    size_t text_size, text_max;
    struct view *lines;
    size_t line_count, line_max;
    struct run *runs;
    size_t run_count;
    struct buf edited; /* a line, taken or given */
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

static bool cannot_read(const struct line_sort *how, struct error *err)
{
    return error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", how->name);
}

static bool cannot_write(const struct line_sort *how, struct error *err)
{
    return error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s",
                           how->name);
}

/* The line as `edit` makes it; borrowed until the next call. */
static bool edit_line(const struct line_sort *how, line_edit_fn *edit,
                      struct buf *edited, struct view *line, struct error *err)
{
    if (!edit)
        return true;
    buf_reset(edited);
    if (!edit(how->ctx, *line, edited, err) ||
        !buf_check(edited, "a line of results", err))
        return false;
    *line = buf_view(edited);
    return true;
}

/* To a run as it is, to the target as `give` makes it. */
static bool write_line(struct sorter *sorter, struct view line, FILE *out,
                       struct error *err)
{
    line_edit_fn *give = out == sorter->out ? sorter->how->give : NULL;
    if (!edit_line(sorter->how, give, &sorter->edited, &line, err))
        return false;
    bool done = line.size == 0 ||
                fwrite_unlocked(line.data, 1, line.size, out) == line.size;
    return (done && putc_unlocked('\n', out) != EOF) ||
           cannot_write(sorter->how, err);
}

/* ---- collecting ------------------------------------------------------- */

static bool write_collected(struct sorter *sorter, FILE *out, struct error *err)
{
    bool done = true;
    qsort(sorter->lines, sorter->line_count, sizeof(*sorter->lines), compare);
    for (size_t i = 0; done && i < sorter->line_count; i++)
        done = write_line(sorter, sorter->lines[i], out, err);
    sorter->line_count = sorter->text_size = 0;
    return done;
}

/* A new run, on an unnamed file: it is gone whatever happens. */
static FILE *begin_run(struct sorter *sorter, unsigned level, struct error *err)
{
    int fd;
    struct run *runs =
        realloc(sorter->runs, (sorter->run_count + 1) * sizeof(*runs));
    if (!runs) {
        error_no_memory(err, "sorting");
        return NULL;
    }
    sorter->runs = runs;
    if (!fs_open_unnamed(sorter->how->dir, &fd, err))
        return NULL;
    FILE *file = fdopen(fd, "w+");
    if (!file) {
        close(fd);
        error_no_memory(err, "sorting");
        return NULL;
    }
    runs[sorter->run_count++] = (struct run){ .file = file, .level = level };
    return file;
}

static bool merge(struct sorter *sorter, struct run *runs, size_t count,
                  FILE *out, struct error *err);

/* Whether the last RUNS_MERGED runs are of one size. */
static bool is_row_full(const struct sorter *sorter)
{
    size_t count = sorter->run_count;
    return count >= RUNS_MERGED && sorter->runs[count - RUNS_MERGED].level ==
                                       sorter->runs[count - 1].level;
}

static bool merge_rows(struct sorter *sorter, struct error *err)
{
    while (is_row_full(sorter)) {
        size_t first = sorter->run_count - RUNS_MERGED;
        FILE *file = begin_run(sorter, sorter->runs[first].level + 1, err);
        if (!file ||
            !merge(sorter, sorter->runs + first, RUNS_MERGED, file, err))
            return false;
        for (size_t i = first; i < first + RUNS_MERGED; i++)
            fclose(sorter->runs[i].file);
        sorter->runs[first] = sorter->runs[sorter->run_count - 1];
        sorter->run_count = first + 1;
    }
    return true;
}

static bool spill(struct sorter *sorter, struct error *err)
{
    FILE *file = begin_run(sorter, 0, err);
    return file && write_collected(sorter, file, err) &&
           merge_rows(sorter, err);
}

/* Room for one line that is longer than all of the room. */
static bool widen(struct sorter *sorter, size_t size, struct error *err)
{
    char *text =
        size <= sorter->text_max ? sorter->text : realloc(sorter->text, size);
    if (!text)
        return error_no_memory(err, "sorting");
    sorter->text = text;
    if (size > sorter->text_max)
        sorter->text_max = size;
    return true;
}

static bool add_line(struct sorter *sorter, struct view line, struct error *err)
{
    if (!edit_line(sorter->how, sorter->how->take, &sorter->edited, &line, err))
        return false;
    bool is_full = sorter->text_size + line.size > sorter->text_max ||
                   sorter->line_count == sorter->line_max;
    if (is_full && sorter->line_count && !spill(sorter, err))
        return false;
    if (!widen(sorter, line.size, err))
        return false;
    char *copy = sorter->text + sorter->text_size;
    if (line.size)
        memcpy(copy, line.data, line.size);
    sorter->text_size += line.size;
    sorter->lines[sorter->line_count++] = view_of(copy, line.size);
    return true;
}

static struct view without_newline(const char *line, ssize_t size)
{
    struct view view = view_of(line, (size_t)size);
    if (view_ends_with(view, "\n"))
        view.size--;
    return view;
}

static bool collect(struct sorter *sorter, FILE *in, struct error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool done = true;
    while (done && (size = getline(&line, &capacity, in)) >= 0)
        done = add_line(sorter, without_newline(line, size), err);
    free(line);
    return done && (feof(in) || cannot_read(sorter->how, err));
}

/* ---- merging ---------------------------------------------------------- */

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

static bool merge(struct sorter *sorter, struct run *runs, size_t count,
                  FILE *out, struct error *err)
{
    struct cursor *heap = calloc(count, sizeof(*heap));
    if (!heap)
        return error_no_memory(err, "sorting");
    for (size_t i = 0; i < count; i++) {
        rewind(runs[i].file);
        heap[i].file = runs[i].file;
        advance(&heap[i]);
    }
    for (size_t i = count; i-- > 0;)
        sift_down(heap, count, i);
    bool done = true;
    while (done && heap[0].size >= 0) {
        done = write_line(sorter, without_newline(heap[0].line, heap[0].size),
                          out, err);
        advance(&heap[0]);
        sift_down(heap, count, 0);
    }
    for (size_t i = 0; i < count; i++) {
        if (done && !feof(heap[i].file))
            done = cannot_read(sorter->how, err);
        free(heap[i].line);
    }
    free(heap);
    return done;
}

/* Writes the target from what was collected. */
static bool finish(struct sorter *sorter, struct error *err)
{
    if (!sorter->run_count)
        return write_collected(sorter, sorter->out, err);
    return spill(sorter, err) &&
           merge(sorter, sorter->runs, sorter->run_count, sorter->out, err);
}

bool line_sort_stream(const struct line_sort *how, FILE *in, FILE *out,
                      struct error *err)
{
    struct sorter sorter = { .how = how, .out = out };
    sorter.line_max = how->memory / 4 / sizeof(struct view) + 1;
    sorter.text_max = how->memory / 4 * 3 + 1;
    sorter.text = malloc(sorter.text_max);
    sorter.lines = malloc(sorter.line_max * sizeof(*sorter.lines));
    buf_init(&sorter.edited, SIZE_MAX / 2);
    bool done = sorter.text && sorter.lines
                    ? collect(&sorter, in, err) && finish(&sorter, err)
                    : error_no_memory(err, "sorting");
    for (size_t i = 0; i < sorter.run_count; i++)
        fclose(sorter.runs[i].file);
    buf_release(&sorter.edited);
    free(sorter.runs);
    free(sorter.lines);
    free(sorter.text);
    return done;
}

/* ---- without sorting -------------------------------------------------- */

static bool pass_line(struct sorter *sorter, struct buf *taken,
                      struct view line, struct error *err)
{
    return edit_line(sorter->how, sorter->how->take, taken, &line, err) &&
           write_line(sorter, line, sorter->out, err);
}

bool line_edit_stream(const struct line_sort *how, FILE *in, FILE *out,
                      struct error *err)
{
    struct sorter sorter = { .how = how, .out = out };
    struct buf taken;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool done = true;
    buf_init(&taken, SIZE_MAX / 2);
    buf_init(&sorter.edited, SIZE_MAX / 2);
    while (done && (size = getline(&line, &capacity, in)) >= 0)
        done = pass_line(&sorter, &taken, without_newline(line, size), err);
    done = done && (feof(in) || cannot_read(how, err));
    free(line);
    buf_release(&taken);
    buf_release(&sorter.edited);
    return done;
}

/* ---- files ------------------------------------------------------------ */

static bool write_target(const struct line_sort *how, FILE *in, const char *to,
                         struct error *err)
{
    int fd;
    if (!fs_create(to, &fd, err))
        return false;
    int own_fd = dup(fd);
    FILE *out = own_fd >= 0 ? fdopen(own_fd, "w") : NULL;
    bool done =
        out ? line_sort_stream(how, in, out, err) : cannot_write(how, err);
    if (!out && own_fd >= 0)
        close(own_fd);
    if (out && fclose(out) && done)
        done = cannot_write(how, err);
    struct error later;
    if (!fs_sync_close(fd, to, done ? err : &later))
        done = false;
    return done;
}

bool line_sort(const char *from, const char *to, size_t memory,
               struct error *err)
{
    const char *slash = strrchr(to, '/');
    char *dir = slash ? view_dup(view_of(to, (size_t)(slash - to) + 1)) : NULL;
    if (slash && !dir)
        return error_no_memory(err, "sorting");
    const struct line_sort how = { .memory = memory,
                                   .name = from,
                                   .dir = dir ? dir : "." };
    FILE *in = fopen(from, "re");
    bool done = in ? write_target(&how, in, to, err) : cannot_read(&how, err);
    if (in)
        fclose(in);
    free(dir);
    return done;
}
