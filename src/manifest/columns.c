/*
 * A column is called by its name, as it stands or, when there is no such one,
 * without regard to case and blanks around it; or by its number from 1, unless
 * a column is named so.
 */
#include "columns.h"

#include "csv_row.h"

#include <ctype.h>

enum { NAMES_SHOWN = 400, NAME_SHOWN = 40 };

void columns_release(struct columns *columns)
{
    free(columns->wanted);
    *columns = (struct columns){ 0 };
}

/* ---- fields -------------------------------------------------------------- */

static enum csv_result next_field(bool is_csv, struct view *rest,
                                  struct buf *scratch, struct view *ret_field)
{
    if (is_csv)
        return csv_next_field(rest, scratch, ret_field);
    *ret_field = view_split(rest, '\t');
    return CSV_FIELD;
}

/* Fields that are taken out of quotes must not move. */
static bool prepare(bool is_csv, struct view row, struct buf *scratch)
{
    buf_reset(scratch);
    return !is_csv || buf_reserve(scratch, row.size + 1);
}

enum columns_result columns_pick(const struct columns *columns, struct view row,
                                 struct buf *scratch, struct view *found,
                                 size_t *ret_count)
{
    size_t at = 0, missing = columns->count;
    if (!prepare(columns->is_csv, row, scratch))
        return COLUMNS_NO_MEMORY;
    for (size_t i = 0; i < columns->count; i++)
        found[i] = view_of(NULL, 0);
    for (struct view rest = row, field; rest.data && missing; at++) {
        switch (next_field(columns->is_csv, &rest, scratch, &field)) {
        case CSV_UNCLOSED:
            return COLUMNS_UNCLOSED;
        case CSV_NO_MEMORY:
            return COLUMNS_NO_MEMORY;
        case CSV_FIELD:
        default:
            break;
        }
        for (size_t i = 0; i < columns->count; i++) {
            if (columns->wanted[i] == at) {
                found[i] = field;
                missing--;
            }
        }
    }
    *ret_count = at;
    return COLUMNS_DONE;
}

/* ---- names --------------------------------------------------------------- */

/* The names of the first row, one after another. */
struct names {
    struct view *items;
    size_t count;
};

static bool is_same_name(struct view a, struct view b, bool is_exact)
{
    return is_exact ? view_equal(a, b)
                    : view_equal_nocase(view_trim(a), view_trim(b));
}

/* How many columns are called so; the first of them. */
static size_t find_name(const struct names *names, struct view name,
                        bool is_exact, size_t *ret_place)
{
    size_t found = 0;
    for (size_t i = names->count; i-- > 0;) {
        if (!is_same_name(names->items[i], name, is_exact))
            continue;
        *ret_place = i;
        found++;
    }
    return found;
}

/* A number from 1. */
static bool parse_number(struct view name, size_t *ret_place)
{
    uint64_t number;
    if (!view_to_u64(name, &number) || !number || number > MANIFEST_LINE_MAX)
        return false;
    *ret_place = (size_t)number - 1;
    return true;
}

/* For a message: what is not printable is shown as "?". */
static void show(struct view text, char *shown, size_t room)
{
    size_t size = text.size < room - 1 ? text.size : room - 1;
    for (size_t i = 0; i < size; i++)
        shown[i] = iscntrl((unsigned char)text.data[i]) ? '?' : text.data[i];
    shown[size] = '\0';
}

static void list_names(const struct names *names, char *list, size_t room)
{
    size_t size = 0;
    list[0] = '\0';
    for (size_t i = 0; i < names->count && size + NAME_SHOWN + 8 < room; i++) {
        char name[NAME_SHOWN];
        show(names->items[i], name, sizeof(name));
        size += (size_t)snprintf(list + size, room - size, "%s%s",
                                 i ? ", " : "", name);
        if (size + NAME_SHOWN + 8 >= room && i + 1 < names->count)
            snprintf(list + size, room - size, ", ...");
    }
}

static bool no_such_name(const struct names *names, struct view name,
                         const char *option, struct error *err)
{
    char list[NAMES_SHOWN], shown[NAME_SHOWN];
    list_names(names, list, sizeof(list));
    show(name, shown, sizeof(shown));
    return error_set(err, ERR_USAGE, "%s: there is no column \"%s\" in: %s",
                     option, shown, list);
}

static bool find_column(const struct names *names, const char *text,
                        const char *option, size_t *ret_place,
                        struct error *err)
{
    struct view name = view_of_string(text);
    size_t found = find_name(names, name, true, ret_place);
    if (!found && parse_number(name, ret_place))
        return *ret_place < names->count ||
               no_such_name(names, name, option, err);
    if (!found)
        found = find_name(names, name, false, ret_place);
    if (!found)
        return no_such_name(names, name, option, err);
    return found == 1 ||
           error_set(err, ERR_USAGE,
                     "%s: %zu columns are called \"%.*s\"; a number tells "
                     "which is meant",
                     option, found, NAME_SHOWN, text);
}

static bool add_name(struct names *names, struct view name)
{
    if (names->count % 64 == 0) {
        struct view *items =
            realloc(names->items, (names->count + 64) * sizeof(*names->items));
        if (!items)
            return false;
        names->items = items;
    }
    names->items[names->count++] = name;
    return true;
}

static bool read_names(bool is_csv, struct view row, struct buf *scratch,
                       struct names *names, struct error *err)
{
    bool done = prepare(is_csv, row, scratch);
    enum csv_result result = CSV_FIELD;
    for (struct view rest = row, name; done && rest.data;) {
        result = next_field(is_csv, &rest, scratch, &name);
        done = result == CSV_FIELD && add_name(names, name);
    }
    if (result == CSV_UNCLOSED)
        return error_set(err, ERR_USAGE,
                         "a quote in the first row is not closed");
    return done || error_no_memory(err, "the manifest's columns");
}

/* ---- what is wanted ------------------------------------------------------ */

static bool start(struct columns *columns, bool is_csv,
                  const struct manifest_options *options, struct error *err)
{
    *columns =
        (struct columns){ .is_csv = is_csv, .count = options->keep_count + 1 };
    columns->wanted = calloc(columns->count, sizeof(*columns->wanted));
    return columns->wanted || error_no_memory(err, "the manifest's columns");
}

bool columns_read_names(struct columns *columns, bool is_csv, struct view row,
                        const struct manifest_options *options,
                        struct buf *scratch, struct error *err)
{
    const char *url = options->url_field ? options->url_field : "url";
    struct names names = { 0 };
    bool done =
        start(columns, is_csv, options, err) &&
        read_names(is_csv, row, scratch, &names, err) &&
        find_column(&names, url, "--url-field", &columns->wanted[0], err);
    for (size_t i = 0; done && i < options->keep_count; i++)
        done = find_column(&names, options->keep[i], "--keep",
                           &columns->wanted[i + 1], err);
    free(names.items);
    return done;
}

static bool use_number(const char *text, const char *option, size_t *ret_place,
                       struct error *err)
{
    return parse_number(view_of_string(text), ret_place) ||
           error_set(err, ERR_USAGE,
                     "%s: without a header columns have numbers, from 1: "
                     "\"%.*s\" is none",
                     option, NAME_SHOWN, text);
}

bool columns_use_numbers(struct columns *columns, bool is_csv,
                         const struct manifest_options *options,
                         struct error *err)
{
    const char *url = options->url_field ? options->url_field : "1";
    bool done = start(columns, is_csv, options, err) &&
                use_number(url, "--url-field", &columns->wanted[0], err);
    for (size_t i = 0; done && i < options->keep_count; i++)
        done = use_number(options->keep[i], "--keep", &columns->wanted[i + 1],
                          err);
    return done;
}
