/*
 * Reads a stretch of lines: their bytes go into the digest, and each row to who
 * judges it (verify_lines.c).
 */
#include "verify_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

enum { READ_SIZE = 1 << 20, ROW_LONGEST = 256 << 20 };

/* ---- rows ------------------------------------------------------------- */

/* A stretch being read: `row` of the worker has what of a row came before. */
struct reading {
    int fd;
    uint64_t row_at; /* where it begins */
    bool has_quotes; /* newlines between quotes are a row's own */
    bool is_quoted;
    XXH3_state_t *digest; /* NULL: none is known */
};

/* The row's end in these bytes, behind its newline; 0: it goes on. */
static size_t row_end(struct reading *reading, struct view bytes)
{
    size_t from = 0;
    for (;;) {
        const char *found = from < bytes.size ? memchr(bytes.data + from, '\n',
                                                       bytes.size - from)
                                              : NULL;
        size_t end = found ? (size_t)(found - bytes.data) + 1 : bytes.size;
        for (size_t i = from; reading->has_quotes && i < end; i++)
            reading->is_quoted ^= bytes.data[i] == '"';
        if (!found)
            return 0;
        if (!reading->is_quoted)
            return end;
        from = end;
    }
}

/* False: `worker->failure`, or the row is too long to be one. */
static bool take_bytes(struct verify_worker *worker, struct reading *reading,
                       struct view bytes)
{
    size_t size;
    while ((size = row_end(reading, bytes)) != 0) {
        struct view row = view_first(bytes, size - 1);
        uint64_t offset = reading->row_at;
        if (worker->row.size) {
            buf_append_view(&worker->row, row);
            row = buf_view(&worker->row);
        }
        if (worker->row.failed)
            return error_no_memory(&worker->failure, "a line of results");
        reading->row_at += row.size + 1;
        if (!verify_take_row(worker, offset, row))
            return false;
        buf_shrink(&worker->row, READ_SIZE);
        bytes = view_from(bytes, size);
    }
    if (worker->row.size + bytes.size > ROW_LONGEST)
        return error_set(&worker->failure, ERR_DATA,
                         "%s: offset %llu: a line of more than %d bytes",
                         worker->file->path,
                         (unsigned long long)reading->row_at, ROW_LONGEST);
    buf_append_view(&worker->row, bytes);
    return !worker->row.failed ||
           error_no_memory(&worker->failure, "a line of results");
}

/* Reads on from `*at`; `*at` is then where reading goes on. */
static bool read_step(struct verify_worker *worker, int fd, uint64_t *at,
                      struct view *ret_bytes)
{
    uint64_t left = worker->stretch->to - *at;
    size_t want = left < READ_SIZE ? (size_t)left : READ_SIZE;
    buf_reset(&worker->bytes);
    char *to = buf_reserve(&worker->bytes, want);
    if (!to)
        return error_no_memory(&worker->failure, "the results");
    ssize_t got = pread(fd, to, want, (off_t)*at);
    if (got <= 0 && !(got < 0 && errno == EINTR))
        return error_set(&worker->failure, ERR_DATA,
                         "%s: offset %llu: cannot be read: %s",
                         worker->file->path, (unsigned long long)*at,
                         got ? strerror(errno) : "it became shorter");
    *ret_bytes = view_of(to, got > 0 ? (size_t)got : 0);
    *at += ret_bytes->size;
    return true;
}

static bool read_rows(struct verify_worker *worker, struct reading *reading)
{
    const struct verify_stretch *stretch = worker->stretch;
    struct view bytes = { 0 };
    buf_reset(&worker->row);
    for (uint64_t at = stretch->from; at < stretch->to;) {
        if (!read_step(worker, reading->fd, &at, &bytes))
            return false;
        if (reading->digest)
            XXH3_64bits_update(reading->digest, bytes.data, bytes.size);
        if (!take_bytes(worker, reading, bytes))
            return false;
    }
    if (worker->row.size)
        verify_fault_at(worker->verify, worker->file->path, reading->row_at,
                        "it ends within a line");
    return verify_end_rows(worker);
}

static void check_digest(struct verify_worker *worker,
                         const struct reading *reading)
{
    if (reading->digest &&
        XXH3_64bits_digest(reading->digest) != worker->stretch->digest)
        verify_fault_bytes(worker);
}

/* What cannot be read is a fault of this file, and the others are judged all
 * the same. */
static bool end_reading(struct verify_worker *worker, bool done)
{
    if (done || worker->failure.code != ERR_DATA)
        return done;
    verify_fault(worker->verify, "%s", worker->failure.message);
    worker->failure = (struct error){ 0 };
    return true;
}

bool verify_lines(struct verify_worker *worker)
{
    const struct verify *verify = worker->verify;
    const struct verify_stretch *stretch = worker->stretch;
    struct reading reading = {
        .fd = open(worker->file->path, O_RDONLY | O_CLOEXEC),
        .row_at = stretch->from,
        .has_quotes = worker->file->kind == JOURNAL_MATCHES &&
                      verify->facts.format == MATCH_CSV &&
                      !verify->columns.is_keyed,
        .digest = stretch->has_digest ? XXH3_createState() : NULL,
    };
    bool done = reading.fd >= 0 ||
                error_set_errno(&worker->failure, ERR_DATA, errno,
                                "%s: cannot be read", worker->file->path);
    if (done && stretch->has_digest && !reading.digest)
        done = error_no_memory(&worker->failure, "a digest");
    if (done && reading.digest) {
        XXH3_64bits_reset(reading.digest);
        if (stretch->has_head)
            XXH3_64bits_update(reading.digest, verify->head.data,
                               verify->head.size);
    }
    done = done && read_rows(worker, &reading);
    if (done)
        check_digest(worker, &reading);
    if (reading.fd >= 0)
        close(reading.fd);
    XXH3_freeState(reading.digest);
    return end_reading(worker, done);
}
