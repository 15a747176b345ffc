#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool cannot_open(const struct source *source, struct error *err)
{
    return error_set_errno(err, ERR_USAGE, errno, "cannot open manifest %s",
                           source->path);
}

/* A file that was read from already (a shell's `read`) begins where that
 * ended. */
static bool find_extent(struct source *source, const struct stat *st,
                        struct error *err)
{
    source->is_file = S_ISREG(st->st_mode);
    if (!source->is_file)
        return true;
    off_t start = lseek(source->fd, 0, SEEK_CUR);
    if (start < 0)
        return cannot_open(source, err);
    source->start = (uint64_t)start;
    source->size = (uint64_t)(st->st_size > start ? st->st_size - start : 0);
    return true;
}

static bool open_file(struct source *source, const char *path,
                      struct error *err)
{
    struct stat st;
    source->path = path;
    source->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
                                   : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (source->fd < 0 || fstat(source->fd, &st))
        return cannot_open(source, err);
    if (S_ISDIR(st.st_mode))
        return error_set(err, ERR_USAGE,
                         "manifest %s is a directory: name a file of URLs, "
                         "one a line",
                         path);
    return find_extent(source, &st, err);
}

static bool start_rows(struct source *source, struct error *err)
{
    source->rows = calloc(1, sizeof(*source->rows));
    if (!source->rows)
        return error_no_memory(err, "the manifest's lines");
    return rows_init(source->rows, source->fd, source->format == MANIFEST_CSV,
                     err);
}

void source_end(struct source *source)
{
    if (source->rows)
        rows_release(source->rows);
    free(source->rows);
    source->rows = NULL;
}

/* The row of names; of a list without any rows there is none. */
static bool read_names(struct source *source,
                       const struct manifest_options *options,
                       struct buf *scratch, struct error *err)
{
    struct row row = { 0 };
    do {
        switch (rows_next(source->rows, &row, err)) {
        case ROWS_ERROR:
            return false;
        case ROWS_STOPPED:
            return error_set(err, ERR_STOPPED,
                             "stopped while the first row was awaited: "
                             "nothing was fetched");
        case ROWS_LONG:
            return error_set(err, ERR_USAGE,
                             "the first row is longer than %d bytes",
                             MANIFEST_LINE_MAX);
        case ROWS_END:
            return true;
        case ROWS_ITEM:
        default:
            break;
        }
    } while (!row.bytes.size);
    return columns_read_names(&source->columns, source->format == MANIFEST_CSV,
                              row.bytes, options, scratch, err);
}

/* Whether rows can be read again is known only once the list's first bytes
 * are. */
static bool find_packing(struct source *source, struct error *err)
{
    char start[4];
    ssize_t got = pread(source->fd, start, sizeof(start), (off_t)source->start);
    if (got < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot read");
    source->is_packed =
        got > 0 && input_packing_of(view_of(start, (size_t)got)) > INPUT_PLAIN;
    return true;
}

/* Of a file the names are read beforehand, and then again: so that not every
 * list needs a buffer from the start. */
static bool find_columns(struct source *source,
                         const struct manifest_options *options,
                         struct buf *scratch, struct error *err)
{
    if (!parser_has_columns(source->format))
        return source->format == MANIFEST_JSONL ||
               (!options->keep_count && !options->url_field) ||
               error_set(err, ERR_USAGE,
                         "%s: plain text has no columns (see "
                         "--manifest-format)",
                         options->keep_count ? "--keep" : "--url-field");
    if (options->has_no_header)
        return columns_use_numbers(
            &source->columns, source->format == MANIFEST_CSV, options, err);
    bool done =
        start_rows(source, err) && read_names(source, options, scratch, err);
    if (done && source->is_file) {
        source_end(source);
        done = lseek(source->fd, (off_t)source->start, SEEK_SET) >= 0 ||
               error_set_errno(err, ERR_SYSTEM, errno, "cannot read");
    }
    return done;
}

bool source_open(struct source *source, const char *path,
                 const struct manifest_options *options, struct buf *scratch,
                 struct error *err)
{
    *source = (struct source){ .fd = -1 };
    if (!open_file(source, path, err))
        return false;
    source->format = options->format == MANIFEST_BY_NAME
                         ? parser_format_of(path)
                         : options->format;
    return ((!source->is_file || find_packing(source, err)) &&
            find_columns(source, options, scratch, err)) ||
           error_wrap(err, "manifest %s", path);
}

void source_close(struct source *source)
{
    source_end(source);
    columns_release(&source->columns);
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
}

bool source_start(struct source *source, const struct manifest_options *options,
                  struct buf *scratch, struct error *err)
{
    if (source->rows)
        return true; /* with its first row read */
    if (!start_rows(source, err))
        return false;
    if (!parser_has_columns(source->format) || options->has_no_header)
        return true;
    columns_release(&source->columns);
    return read_names(source, options, scratch, err);
}
