/*
 * Records are collected until half of the memory is full and sorted there, the
 * other half as scratch (a radix sort, least significant byte first: stable,
 * and linear). If there are more, each such run goes to one file, and a heap
 * merges all runs; the memory is then shared out as their read buffers. A
 * single level of merging is enough: 16 MB merge 4,000 runs in steps of 4 kB,
 * that is a billion records.
 */
#include "fetchgrep/base/record_sort.h"

#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <unistd.h>

enum {
    DIGITS = 256,
    BUFFER_MIN = 128, /* records of a run that are read at once, at least */
    MEMORY_MIN = 64 << 10,
};

/* A sorted stretch of the file, read through a buffer. */
struct run {
    uint64_t at, end; /* in records, not yet read */
    struct record *buffer;
    size_t next, count; /* in the buffer */
};

struct record_sort {
    const char *dir;
    struct record *records, *scratch; /* one block */
    size_t count, capacity;
    size_t taken; /* without runs: of `records` */
    int fd;       /* of the runs; -1: none */
    uint64_t written;
    struct run *runs;
    size_t run_count;
    struct record *buffers;
    size_t *heap; /* runs by their first record */
    size_t heap_count;
};

struct record_sort *record_sort_new(const char *dir, size_t memory,
                                    struct error *err)
{
    struct record_sort *sort = calloc(1, sizeof(*sort));
    if (memory < MEMORY_MIN)
        memory = MEMORY_MIN;
    size_t capacity = memory / 2 / sizeof(struct record);
    if (sort)
        sort->records = malloc(2 * capacity * sizeof(struct record));
    if (!sort || !sort->records) {
        free(sort);
        error_no_memory(err, "sorting");
        return NULL;
    }
    sort->dir = dir;
    sort->capacity = capacity;
    sort->scratch = sort->records + capacity;
    sort->fd = -1;
    return sort;
}

void record_sort_free(struct record_sort *sort)
{
    if (!sort)
        return;
    if (sort->fd >= 0)
        close(sort->fd);
    /* The two swap places while they are sorted. */
    free(sort->records < sort->scratch ? sort->records : sort->scratch);
    free(sort->runs);
    free(sort->buffers);
    free(sort->heap);
    free(sort);
}

/* ---- runs --------------------------------------------------------------- */

/* Moves the records to `scratch` in the order of one byte of their keys. False:
 * they all have the same one. */
static bool scatter(struct record_sort *sort, unsigned shift)
{
    size_t starts[DIGITS] = { 0 };
    for (size_t i = 0; i < sort->count; i++)
        starts[sort->records[i].key >> shift & 0xff]++;
    if (starts[sort->records[0].key >> shift & 0xff] == sort->count)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        size_t count = starts[i];
        starts[i] = at;
        at += count;
    }
    for (size_t i = 0; i < sort->count; i++)
        sort->scratch[starts[sort->records[i].key >> shift & 0xff]++] =
            sort->records[i];
    return true;
}

static void sort_records(struct record_sort *sort)
{
    for (unsigned shift = 0; sort->count && shift < 64; shift += 8) {
        if (!scatter(sort, shift))
            continue;
        struct record *sorted = sort->scratch;
        sort->scratch = sort->records;
        sort->records = sorted;
    }
}

static bool write_run(struct record_sort *sort, struct error *err)
{
    struct run *runs =
        realloc(sort->runs, (sort->run_count + 1) * sizeof(*runs));
    if (!runs)
        return error_no_memory(err, "sorting");
    sort->runs = runs;
    if (sort->fd < 0 && !fs_open_unnamed(sort->dir, &sort->fd, err))
        return false;
    sort_records(sort);
    struct view bytes = view_of((const char *)sort->records,
                                sort->count * sizeof(struct record));
    if (!fs_write_all(sort->fd, bytes, sort->dir, err))
        return false;
    runs[sort->run_count++] = (struct run){
        .at = sort->written,
        .end = sort->written + sort->count,
    };
    sort->written += sort->count;
    sort->count = 0;
    return true;
}

bool record_sort_add(struct record_sort *sort, const struct record *record,
                     struct error *err)
{
    if (sort->count == sort->capacity && !write_run(sort, err))
        return false;
    sort->records[sort->count++] = *record;
    return true;
}

/* ---- merging ------------------------------------------------------------ */

/* Reads on in a run; its buffer is empty at its end. */
static bool fill(struct record_sort *sort, struct run *run, size_t capacity,
                 struct error *err)
{
    uint64_t left = run->end - run->at;
    size_t count = left < capacity ? (size_t)left : capacity;
    char *to = (char *)run->buffer;
    size_t size = count * sizeof(struct record);
    off_t from = (off_t)(run->at * sizeof(struct record));
    for (size_t done = 0; done < size;) {
        ssize_t got =
            pread(sort->fd, to + done, size - done, from + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set_errno(err, ERR_SYSTEM, got ? errno : EIO,
                                   "cannot read what was sorted in %s",
                                   sort->dir);
        done += (size_t)got;
    }
    run->at += count;
    run->next = 0;
    run->count = count;
    return true;
}

static bool is_before(const struct record_sort *sort, size_t a, size_t b)
{
    const struct run *x = &sort->runs[a], *y = &sort->runs[b];
    uint64_t x_key = x->buffer[x->next].key, y_key = y->buffer[y->next].key;
    return x_key != y_key ? x_key < y_key : a < b;
}

static void sift_down(struct record_sort *sort, size_t at)
{
    size_t *heap = sort->heap;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= sort->heap_count)
            return;
        if (child + 1 < sort->heap_count &&
            is_before(sort, heap[child + 1], heap[child]))
            child++;
        if (!is_before(sort, heap[child], heap[at]))
            return;
        size_t run = heap[at];
        heap[at] = heap[child];
        heap[child] = run;
        at = child;
    }
}

static size_t buffer_capacity(const struct record_sort *sort)
{
    size_t share = 2 * sort->capacity / sort->run_count;
    return share > BUFFER_MIN ? share : BUFFER_MIN;
}

static bool begin_merge(struct record_sort *sort, struct error *err)
{
    size_t capacity = buffer_capacity(sort);
    free(sort->records < sort->scratch ? sort->records : sort->scratch);
    sort->records = sort->scratch = NULL;
    sort->buffers = malloc(sort->run_count * capacity * sizeof(struct record));
    sort->heap = malloc(sort->run_count * sizeof(*sort->heap));
    if (!sort->buffers || !sort->heap)
        return error_no_memory(err, "sorting");
    for (size_t i = 0; i < sort->run_count; i++) {
        sort->runs[i].buffer = sort->buffers + i * capacity;
        if (!fill(sort, &sort->runs[i], capacity, err))
            return false;
        sort->heap[sort->heap_count++] = i;
    }
    for (size_t i = sort->heap_count; i-- > 0;)
        sift_down(sort, i);
    return true;
}

bool record_sort_finish(struct record_sort *sort, struct error *err)
{
    if (!sort->run_count) {
        sort_records(sort);
        return true;
    }
    return (!sort->count || write_run(sort, err)) && begin_merge(sort, err);
}

enum record_result record_sort_next(struct record_sort *sort,
                                    struct record *ret_record,
                                    struct error *err)
{
    if (!sort->run_count) {
        if (sort->taken == sort->count)
            return RECORD_END;
        *ret_record = sort->records[sort->taken++];
        return RECORD_ITEM;
    }
    if (!sort->heap_count)
        return RECORD_END;
    struct run *run = &sort->runs[sort->heap[0]];
    struct record record = run->buffer[run->next++];
    if (run->next == run->count && !fill(sort, run, buffer_capacity(sort), err))
        return RECORD_ERROR;
    if (!run->count)
        sort->heap[0] = sort->heap[--sort->heap_count];
    sift_down(sort, 0);
    *ret_record = record;
    return RECORD_ITEM;
}
