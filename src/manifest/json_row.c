/*
 * Jansson tells whether a row is JSON. Values are then cut out of the row's
 * text, so that what is kept is kept as it was written: numbers of any size
 * and precision, and members in their order.
 */
#include "json_row.h"

#include "fetchgrep/base/utf8.h"

#include <jansson.h>

/* Numbers that are too large for an integer are read as reals, and not used.
 * A NUL in a string is none of our business. */
static const size_t load_flags = JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- checking ------------------------------------------------------------ */

/* Not Jansson's own words: they quote the row, and it may hold secrets. */
static enum json_result bad(const json_error_t *error, bool is_object,
                            char ret_problem[JSON_PROBLEM_SIZE])
{
    if (json_error_code(error) == json_error_out_of_memory)
        return JSON_ROW_NO_MEMORY;
    if (json_error_code(error) == json_error_numeric_overflow)
        snprintf(ret_problem, JSON_PROBLEM_SIZE,
                 "the row has a number that is too large, before byte %d",
                 error->position);
    else if (json_error_code(error) == json_error_stack_overflow)
        snprintf(ret_problem, JSON_PROBLEM_SIZE, "the row is nested too deep");
    else if (is_object)
        snprintf(ret_problem, JSON_PROBLEM_SIZE,
                 "the row is no JSON: wrong before byte %d", error->position);
    else
        snprintf(ret_problem, JSON_PROBLEM_SIZE, "the row is no JSON object");
    return JSON_ROW_BAD;
}

static bool make_valid(struct view row, struct buf *scratch,
                       struct view *ret_object)
{
    *ret_object = row;
    if (utf8_valid_prefix(row) == row.size)
        return true;
    buf_reset(scratch);
    utf8_append_valid(scratch, row);
    *ret_object = buf_view(scratch);
    return !scratch->failed;
}

enum json_result json_row_check(struct view row, struct buf *scratch,
                                struct view *ret_object,
                                char ret_problem[JSON_PROBLEM_SIZE])
{
    json_error_t error = { 0 };
    struct view object = view_trim(row);
    bool is_object = object.size && object.data[0] == '{';
    if (!make_valid(object, scratch, &object))
        return JSON_ROW_NO_MEMORY;
    json_t *root =
        is_object ? json_loadb(object.data, object.size, load_flags, &error)
                  : NULL;
    if (!root)
        return bad(&error, is_object, ret_problem);
    json_decref(root);
    *ret_object = object;
    return JSON_ROW_DONE;
}

/* ---- cutting ------------------------------------------------------------- */

/* All that follows takes checked JSON. */

static void skip_blanks(struct view *rest)
{
    while (rest->size && is_blank(rest->data[0]))
        *rest = view_from(*rest, 1);
}

/* Behind the string that begins here. */
static size_t string_size(struct view text)
{
    size_t at = 1;
    while (at < text.size && text.data[at] != '"')
        at += text.data[at] == '\\' ? 2 : 1;
    return at < text.size ? at + 1 : text.size;
}

static size_t value_size(struct view text)
{
    size_t at = 0, depth = 0;
    while (at < text.size) {
        char c = text.data[at];
        if (!depth && (c == ',' || c == '}' || c == ']' || is_blank(c)))
            break;
        if (c == '"') {
            at += string_size(view_from(text, at));
        } else {
            if (c == '{' || c == '[')
                depth++;
            else if (c == '}' || c == ']')
                depth--;
            at++;
        }
        if (!depth && (c == '"' || c == '}' || c == ']'))
            break;
    }
    return at;
}

static struct view take(struct view *rest, size_t size)
{
    struct view taken = view_first(*rest, size);
    *rest = view_from(*rest, size);
    return taken;
}

/* The next member of an object whose `{` or last member was taken. */
static bool next_member(struct view *rest, struct view *ret_key,
                        struct view *ret_value)
{
    skip_blanks(rest);
    if (rest->size && rest->data[0] == ',')
        take(rest, 1);
    skip_blanks(rest);
    if (!rest->size || rest->data[0] != '"')
        return false;
    *ret_key = take(rest, string_size(*rest));
    skip_blanks(rest);
    take(rest, 1);
    skip_blanks(rest);
    *ret_value = take(rest, value_size(*rest));
    return true;
}

static bool is_string_equal(struct view string, struct view text)
{
    struct view inner = view_of(string.data + 1, string.size - 2);
    if (!memchr(string.data, '\\', string.size))
        return view_equal(inner, text);
    json_t *value = json_loadb(string.data, string.size,
                               JSON_DECODE_ANY | load_flags, NULL);
    bool is_equal = value && view_equal(view_of(json_string_value(value),
                                                json_string_length(value)),
                                        text);
    json_decref(value);
    return is_equal;
}

static struct view find_member(struct view object, struct view name)
{
    struct view found = { 0 }, key, value;
    struct view rest = view_from(object, 1);
    while (next_member(&rest, &key, &value))
        if (is_string_equal(key, name))
            found = value;
    return found;
}

struct view json_row_find(struct view object, struct view name)
{
    for (;;) {
        struct view found = find_member(object, name);
        const char *dot = name.size ? memchr(name.data, '.', name.size) : NULL;
        if (found.data || !dot)
            return found;
        size_t size = (size_t)(dot - name.data);
        object = find_member(object, view_first(name, size));
        name = view_from(name, size + 1);
        if (!object.size || object.data[0] != '{')
            return view_of(NULL, 0);
    }
}

/* ---- values -------------------------------------------------------------- */

bool json_row_append_text(struct view value, struct buf *out)
{
    if (!value.size || value.data[0] != '"')
        return false;
    if (!memchr(value.data, '\\', value.size)) {
        buf_append(out, value.data + 1, value.size - 2);
        return true;
    }
    json_t *string =
        json_loadb(value.data, value.size, JSON_DECODE_ANY | load_flags, NULL);
    if (string)
        buf_append(out, json_string_value(string), json_string_length(string));
    else
        out->failed = true;
    json_decref(string);
    return true;
}

void json_row_append_value(struct view value, struct buf *out)
{
    while (value.size) {
        skip_blanks(&value);
        size_t size = 0;
        if (value.size && value.data[0] == '"')
            size = string_size(value);
        while (size < value.size && !is_blank(value.data[size]) &&
               value.data[size] != '"')
            size++;
        buf_append_view(out, take(&value, size));
    }
}
