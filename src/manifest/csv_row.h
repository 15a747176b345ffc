/*
 * csv_row.h - rows of CSV: RFC 4180, and of what it does not allow what
 * Python's csv makes of it: a quote opens a field only at its beginning and is
 * a letter elsewhere; what stands behind a closing quote belongs to the field.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_MANIFEST_CSV_ROW_H
#define FETCHGREP_MANIFEST_CSV_ROW_H

#include "fetchgrep/base/buf.h"

enum csv_place {
    CSV_FIELD_START,
    CSV_IN_FIELD, /* without quotes, or behind them */
    CSV_IN_QUOTES,
    CSV_AT_QUOTE, /* in quotes, behind a quote: the end, or half of one */
};

/* Looks on from `*done`, in `*place`, for the newline that ends the row; true:
 * `*done` is where it stands. Else all was looked at. Both are 0 at first. */
bool csv_find_end(struct view bytes, size_t *done, enum csv_place *place);

enum csv_result { CSV_FIELD, CSV_UNCLOSED, CSV_NO_MEMORY };

/*
 * Takes the next field off `*rest`, a row without its line end; at the end of
 * the row `rest->data` is NULL. The field borrows from the row or, when quotes
 * had to be taken out, from `scratch`, which must be given room for the row
 * before the first one, so that it does not move. CSV_UNCLOSED: the row ends
 * in quotes.
 */
enum csv_result csv_next_field(struct view *rest, struct buf *scratch,
                               struct view *ret_field) MUST_CHECK;

#endif
