/*
 * columns.h - lists of columns, CSV and TSV: which of them are wanted, by the
 * names in the first row or by number.
 */
#ifndef FETCHGREP_MANIFEST_COLUMNS_H
#define FETCHGREP_MANIFEST_COLUMNS_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/manifest/manifest.h"

struct columns {
    bool is_csv;
    size_t *wanted; /* places, from 0: the URL's, then those to keep */
    size_t count;   /* of `wanted` */
};

void columns_release(struct columns *columns);

/* Finds the places in the row of names. ERR_USAGE, without the list's name,
 * when one is not there; the message tells those that are. `scratch` is
 * used. */
bool columns_read_names(struct columns *columns, bool is_csv, struct view row,
                        const struct manifest_options *options,
                        struct buf *scratch, struct error *err) MUST_CHECK;

/* The same of a list without such a row: all names must be numbers. */
bool columns_use_numbers(struct columns *columns, bool is_csv,
                         const struct manifest_options *options,
                         struct error *err) MUST_CHECK;

enum columns_result {
    COLUMNS_DONE,
    COLUMNS_UNCLOSED, /* a quote is not closed: fields before it are there */
    COLUMNS_NO_MEMORY,
};

/* Puts the wanted fields of a row to `found`; one that the row does not have
 * is without data. They borrow from the row and `scratch`. `ret_count` is how
 * many columns it has, as far as they were looked at. */
enum columns_result columns_pick(const struct columns *columns, struct view row,
                                 struct buf *scratch, struct view *found,
                                 size_t *ret_count) MUST_CHECK;

#endif
