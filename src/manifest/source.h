/*
 * source.h - one list: its file, its format, where its columns are.
 */
#ifndef FETCHGREP_MANIFEST_SOURCE_H
#define FETCHGREP_MANIFEST_SOURCE_H

#include "parser.h"
#include "rows.h"

struct source {
    const char *path; /* borrowed */
    int fd;
    enum manifest_format format;
    struct columns columns; /* CSV, TSV */
    bool is_file;           /* its size is known */
    bool is_packed;
    uint64_t start; /* of a file: where reading began */
    uint64_t size;
    struct rows *rows; /* NULL: not being read */
};

/* Opens it, and finds the columns that are wanted, for which the first row of
 * a pipe is waited for. `scratch` is used. */
bool source_open(struct source *source, const char *path,
                 const struct manifest_options *options, struct buf *scratch,
                 struct error *err) MUST_CHECK;

/* Takes one that is zeroed but for fd -1, or could not be opened. */
void source_close(struct source *source);

/* Begins to read, behind the row of names; when it has begun already nothing
 * happens. */
bool source_start(struct source *source, const struct manifest_options *options,
                  struct buf *scratch, struct error *err) MUST_CHECK;

/* Reading has come to its end. */
void source_end(struct source *source);

#endif
