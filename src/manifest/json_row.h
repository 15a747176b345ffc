/*
 * json_row.h - rows of JSON Lines: an object each, of which some members are
 * wanted.
 *
 * A name is that of a member of the object; when there is none and the name
 * has dots, of one inside it: "a.b" is `b` of `a`, as in jq. Of members with
 * one name the last counts, as in jq.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_MANIFEST_JSON_ROW_H
#define FETCHGREP_MANIFEST_JSON_ROW_H

#include "fetchgrep/base/buf.h"

enum json_result {
    JSON_ROW_DONE,
    JSON_ROW_BAD, /* no JSON object; `ret_problem` says where */
    JSON_ROW_NO_MEMORY,
};

enum { JSON_PROBLEM_SIZE = 128 };

/*
 * Checks the row, which becomes `*ret_object`: itself or, when it is not UTF-8,
 * a copy with U+FFFD in `scratch`.
 */
enum json_result json_row_check(struct view row, struct buf *scratch,
                                struct view *ret_object,
                                char ret_problem[JSON_PROBLEM_SIZE]) MUST_CHECK;

/* The value with this name as it is written; without data when there is none.
 * `object` was checked. */
struct view json_row_find(struct view object, struct view name);

/* Appends the text of a string's value; false: it is no string. */
bool json_row_append_text(struct view value, struct buf *out);

/* Appends a value without the blanks between its parts, so on one line. */
void json_row_append_value(struct view value, struct buf *out);

#endif
