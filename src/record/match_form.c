/*
 * A form is a row of columns; a column is what stands in front of its value
 * (`,"offset":`, or a comma) and a function that appends the value. What values
 * look like is the dialect's. The first columns that are the same for all
 * lines of a page are laid down once a page.
 * Keys are match_key.c's.
 */
#include "match_key.h"

#include "fetchgrep/base/csv_out.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/record/lines.h"

enum { FORM_MAX = 1 << 24 };

/* How a format writes what all of them have. */
struct dialect {
    const char *name;
    const char *suffix;
    const char *begin, *separator, *end; /* of a line */
    void (*append_string)(struct buf *out, struct view text);
    const char *null;
    bool has_names; /* in each line */
    bool has_head;
};

static void append_text(struct buf *out, struct view text)
{
    text_append_escaped(text, out);
}

static const struct dialect dialects[] = {
    [MATCH_JSONL] = { "jsonl", ".jsonl", "{", ",", "}\n", json_out_string,
                      "null", true, false },
    [MATCH_CSV] = { "csv", ".csv", "", ",", "\r\n", csv_out_field, "", false,
                    true },
    [MATCH_TSV] = { "tsv", ".tsv", "", "\t", "\n", append_text, "", false,
                    true },
    [MATCH_TEXT] = { "text", ".txt", "", "\t", "\n", append_text, "", false,
                     false },
};

/* A line being written. */
struct line {
    const struct match_form *form;
    struct match_page *page;
    const struct match *match;
    uint64_t count;
    size_t start; /* of the line behind its key, in the buffer */
    size_t id_at; /* from there */
};

struct column;
typedef void append_fn(struct line *line, const struct column *column,
                       struct buf *out);

struct column {
    struct view lead; /* on the heap */
    append_fn *append;
    const uint32_t *group_of_pattern;
};

struct match_form {
    enum match_format format;
    const struct dialect *dialect;
    bool is_keyed;
    bool has_id;
    struct column *columns;
    size_t column_count;
    size_t page_columns; /* the first ones, the same for all of a page */
    struct buf head;
};

const char *match_format_name(enum match_format format)
{
    return dialects[format].name;
}

const char *match_format_suffix(enum match_format format)
{
    return dialects[format].suffix;
}

/* ---- values ----------------------------------------------------------- */

static void append_id(struct line *line, const struct column *column,
                      struct buf *out)
{
    (void)column;
    if (line->form->is_keyed)
        line->id_at = out->size - line->start;
    else
        buf_append_u64(out, line->page->id);
}

static void append_url(struct line *line, const struct column *column,
                       struct buf *out)
{
    (void)column;
    line->form->dialect->append_string(out, line->page->url);
}

static void append_pattern(struct line *line, const struct column *column,
                           struct buf *out)
{
    (void)column;
    line->form->dialect->append_string(out, line->match->pattern);
}

static void append_in(struct line *line, const struct column *column,
                      struct buf *out)
{
    (void)column;
    line->form->dialect->append_string(
        out, view_of_string(subject_word(line->match->subject)));
}

/* Where JSON leaves out what goes without saying. */
static void append_in_member(struct line *line, const struct column *column,
                             struct buf *out)
{
    (void)column;
    if (line->match->subject != SUBJECT_TEXT)
        json_out_member_string(
            out, "in", view_of_string(subject_word(line->match->subject)));
}

static void append_offset(struct line *line, const struct column *column,
                          struct buf *out)
{
    (void)column;
    buf_append_u64(out, line->match->offset);
}

static void append_match(struct line *line, const struct column *column,
                         struct buf *out)
{
    (void)column;
    line->form->dialect->append_string(out, line->match->whole);
}

static void append_count(struct line *line, const struct column *column,
                         struct buf *out)
{
    (void)column;
    buf_append_u64(out, line->count);
}

static void append_object(const struct match *match, struct buf *out)
{
    buf_append_char(out, '{');
    for (size_t i = 0; i < match->group_count; i++) {
        if (i)
            buf_append_char(out, ',');
        json_out_string(out, match->group_names[i]);
        buf_append_char(out, ':');
        if (match->groups[i].data)
            json_out_string(out, match->groups[i]);
        else
            buf_append_string(out, "null");
    }
    buf_append_char(out, '}');
}

static void append_groups(struct line *line, const struct column *column,
                          struct buf *out)
{
    struct buf *scratch = &line->page->scratch;
    (void)column;
    if (line->form->format == MATCH_JSONL) {
        append_object(line->match, out);
        return;
    }
    buf_reset(scratch);
    append_object(line->match, scratch);
    out->failed |= scratch->failed;
    line->form->dialect->append_string(out, buf_view(scratch));
}

static void append_group(struct line *line, const struct column *column,
                         struct buf *out)
{
    const struct match *match = line->match;
    uint32_t group = column->group_of_pattern[match->pattern_index];
    if (group != MATCH_NO_GROUP && match->groups[group].data)
        line->form->dialect->append_string(out, match->groups[group]);
    else
        buf_append_string(out, line->form->dialect->null);
}

/* An entry without kept columns has null. */
static void append_keep(struct line *line, const struct column *column,
                        struct buf *out)
{
    const struct match_form *form = line->form;
    struct view keep = line->page->keep;
    (void)column;
    if (!keep.size)
        buf_append_string(out, form->dialect->null);
    else if (form->format == MATCH_JSONL)
        buf_append_view(out, keep);
    else
        form->dialect->append_string(out, keep);
}

struct field_type {
    const char *word;
    append_fn *append;
    bool is_of_page; /* the same for all lines of a page */
};

static const struct field_type types[] = {
    [FIELD_ID] = { "id", append_id, true },
    [FIELD_URL] = { "url", append_url, true },
    [FIELD_PATTERN] = { "pattern", append_pattern, false },
    [FIELD_IN] = { "in", append_in, false },
    [FIELD_OFFSET] = { "offset", append_offset, false },
    [FIELD_MATCH] = { "match", append_match, false },
    [FIELD_GROUPS] = { "groups", append_groups, false },
    [FIELD_COUNT] = { "count", append_count, false },
    [FIELD_KEEP] = { "keep", append_keep, true },
    [FIELD_GROUP] = { NULL, append_group, false },
};

const char *match_field_word(enum match_field_kind kind)
{
    return types[kind].word;
}

/* ---- making a form ---------------------------------------------------- */

/* The columns that a format has when none are asked for. */
static size_t own_fields(const struct match_form_options *options,
                         struct match_field fields[FIELD_KIND_COUNT])
{
    bool is_text = options->format == MATCH_TEXT;
    const bool wanted[FIELD_KIND_COUNT] = {
        [FIELD_ID] = !is_text,
        [FIELD_URL] = true,
        [FIELD_PATTERN] =
            !is_text || (options->is_count && options->has_pattern),
        [FIELD_IN] = !is_text && options->has_in,
        [FIELD_OFFSET] = !is_text && !options->is_count,
        [FIELD_MATCH] = !options->is_count,
        [FIELD_GROUPS] = !is_text && !options->is_count,
        [FIELD_COUNT] = options->is_count,
        [FIELD_KEEP] = options->has_keep,
    };
    size_t count = 0;
    for (int i = 0; i < FIELD_KIND_COUNT; i++)
        if (wanted[i])
            fields[count++] = (struct match_field){
                .kind = (enum match_field_kind)i,
                .name = view_of_string(types[i].word),
            };
    return count;
}

/* What stands before the value of a column. */
static bool make_lead(const struct dialect *dialect, struct view name,
                      bool is_first, struct view *ret_lead)
{
    struct buf text;
    buf_init(&text, FORM_MAX);
    buf_append_string(&text, is_first ? dialect->begin : dialect->separator);
    if (dialect->has_names) {
        json_out_string(&text, name);
        buf_append_char(&text, ':');
    }
    char *lead = text.failed ? NULL : view_dup(buf_view(&text));
    *ret_lead = view_of(lead, lead ? text.size : 0);
    buf_release(&text);
    return lead != NULL;
}

static bool add_column(struct match_form *form, const struct match_field *field)
{
    struct column *column = &form->columns[form->column_count];
    const struct field_type *type = &types[field->kind];
    bool is_first = form->column_count == 0;
    if (!make_lead(form->dialect, field->name, is_first, &column->lead))
        return false;
    column->append = type->append;
    column->group_of_pattern = field->group_of_pattern;
    if (type->is_of_page && form->page_columns == form->column_count)
        form->page_columns++;
    form->column_count++;
    form->has_id |= field->kind == FIELD_ID;
    if (form->dialect->has_head) {
        if (!is_first)
            buf_append_string(&form->head, form->dialect->separator);
        form->dialect->append_string(&form->head, field->name);
    }
    return true;
}

/* `in` of JSON's own columns is there when it says something. */
static void make_in_optional(struct match_form *form)
{
    for (size_t i = 0; i < form->column_count; i++) {
        if (form->columns[i].append != append_in)
            continue;
        form->columns[i].append = append_in_member;
        form->columns[i].lead.size = 0;
    }
}

static bool add_columns(struct match_form *form,
                        const struct match_form_options *options)
{
    struct match_field own[FIELD_KIND_COUNT];
    const struct match_field *fields = options->fields;
    size_t count = fields ? options->field_count : own_fields(options, own);
    form->columns = calloc(count + 1, sizeof(*form->columns));
    if (!form->columns)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_column(form, fields ? &fields[i] : &own[i]))
            return false;
    if (!fields && form->format == MATCH_JSONL)
        make_in_optional(form);
    if (form->dialect->has_head)
        buf_append_string(&form->head, form->dialect->end);
    return !form->head.failed;
}

struct match_form *match_form_new(const struct match_form_options *options,
                                  struct error *err)
{
    struct match_form *form = calloc(1, sizeof(*form));
    if (form) {
        form->format = options->format;
        form->dialect = &dialects[options->format];
        form->is_keyed = options->is_keyed;
        buf_init(&form->head, FORM_MAX);
    }
    if (!form || !add_columns(form, options)) {
        match_form_free(form);
        error_no_memory(err, "the form of matches");
        return NULL;
    }
    return form;
}

void match_form_free(struct match_form *form)
{
    if (!form)
        return;
    for (size_t i = 0; form->columns && i < form->column_count; i++) {
        void *lead;
        memcpy(&lead, &form->columns[i].lead.data, sizeof(lead));
        free(lead);
    }
    free(form->columns);
    buf_release(&form->head);
    free(form);
}

enum match_format match_form_format(const struct match_form *form)
{
    return form->format;
}

bool match_form_is_keyed(const struct match_form *form)
{
    return form->is_keyed;
}

bool match_form_has_id(const struct match_form *form)
{
    return form->has_id;
}

bool match_form_has_plain_id(const struct match_form *form)
{
    return form->format == MATCH_JSONL && !form->is_keyed &&
           form->columns[0].append == append_id;
}

bool match_form_can_renumber(const struct match_form *form)
{
    return form->is_keyed || !form->has_id || match_form_has_plain_id(form);
}

struct view match_form_head(const struct match_form *form)
{
    return buf_view(&form->head);
}

/* ---- pages ------------------------------------------------------------ */

void match_page_init(struct match_page *page)
{
    *page = (struct match_page){ 0 };
    buf_init(&page->prefix, SIZE_MAX / 2);
    buf_init(&page->scratch, SIZE_MAX / 2);
}

void match_page_release(struct match_page *page)
{
    buf_release(&page->prefix);
    buf_release(&page->scratch);
}

static void append_columns(struct line *line, size_t first, size_t end,
                           struct buf *out)
{
    const struct match_form *form = line->form;
    for (size_t i = first; i < end; i++) {
        buf_append_view(out, form->columns[i].lead);
        form->columns[i].append(line, &form->columns[i], out);
    }
}

void match_page_begin(struct match_page *page, const struct match_form *form,
                      uint64_t id, struct view url, struct view keep)
{
    enum { KEPT_BYTES = 1 << 20 };
    struct line line = { .form = form, .page = page, .id_at = MATCH_NO_PLACE };
    page->id = id;
    page->url = url;
    page->keep = keep;
    page->sequence = 0;
    buf_reset(&page->prefix);
    buf_shrink(&page->scratch, KEPT_BYTES);
    append_columns(&line, 0, form->page_columns, &page->prefix);
    page->id_at = line.id_at;
}

bool match_page_check(const struct match_page *page, struct error *err)
{
    return buf_check(&page->prefix, "a match line", err);
}

/* ---- lines ------------------------------------------------------------ */

static void end_keyed(const struct line *line, struct buf *out)
{
    if (out->failed)
        return;
    const struct match_key key = {
        .id = line->page->id,
        .pattern = line->match->pattern_index,
        .offset = line->match->offset,
        .sequence = line->page->sequence,
        .id_at = line->id_at,
    };
    char *text = out->data + line->start;
    match_key_put(&key, text - MATCH_KEY_SIZE);
    match_key_hide_newlines(text, out->size - line->start - 1);
}

void match_line_append(const struct match_form *form, struct match_page *page,
                       const struct match *match, uint64_t count,
                       struct buf *out)
{
    struct line line = { form, page, match, count, out->size, page->id_at };
    if (form->is_keyed && buf_reserve(out, MATCH_KEY_SIZE)) {
        buf_commit(out, MATCH_KEY_SIZE);
        line.start = out->size;
    }
    buf_append_view(out, buf_view(&page->prefix));
    append_columns(&line, form->page_columns, form->column_count, out);
    /* A row of one empty field would be an empty line, which readers of CSV
     * pass over. */
    if (form->format == MATCH_CSV && form->column_count == 1 && !form->has_id &&
        out->size == line.start)
        buf_append_string(out, "\"\"");
    buf_append_string(out, form->dialect->end);
    if (form->is_keyed)
        end_keyed(&line, out);
    page->sequence++;
}
