#include "parser.h"

#include "json_row.h"

#include "fetchgrep/base/json_out.h"
#include "fetchgrep/model/url.h"

enum { SCRATCH_MAX = 4 * MANIFEST_LINE_MAX };

bool parser_init(struct parser *parser, const struct manifest_options *options,
                 struct error *err)
{
    *parser = (struct parser){ .options = options };
    buf_init(&parser->scratch, SCRATCH_MAX);
    buf_init(&parser->text, SCRATCH_MAX);
    buf_init(&parser->keep, MANIFEST_KEEP_MAX);
    parser->found = calloc(options->keep_count + 1, sizeof(*parser->found));
    return parser->found || error_no_memory(err, "the manifest");
}

void parser_release(struct parser *parser)
{
    free(parser->found);
    buf_release(&parser->scratch);
    buf_release(&parser->text);
    buf_release(&parser->keep);
    *parser = (struct parser){ 0 };
}

/* ---- what is kept -------------------------------------------------------- */

typedef void append_value_fn(struct view value, struct buf *out);

static void append_field(struct view value, struct buf *out)
{
    json_out_string(out, value);
}

/* The URL itself, as it is shown. */
static void append_url(const struct manifest_entry *entry, struct buf *out)
{
    char *shown = url_shown(entry->text);
    if (shown)
        json_out_string(out, view_of_string(shown));
    else
        out->failed = true;
    free(shown);
}

/* Of all rows, in the order that was asked for; what a row does not have is
 * null. */
static void keep_columns(struct parser *parser, append_value_fn *append_value,
                         struct manifest_entry *entry)
{
    const struct manifest_options *options = parser->options;
    struct buf *keep = &parser->keep;
    if (!options->keep_count)
        return;
    buf_reset(keep);
    for (size_t i = 0; i < options->keep_count; i++) {
        buf_append_char(keep, i ? ',' : '{');
        json_out_string(keep, view_of_string(options->keep[i]));
        buf_append_char(keep, ':');
        struct view value = parser->found[i + 1];
        if (!value.data)
            buf_append_string(keep, "null");
        else if (value.data == parser->found[0].data && !parser->problem[0])
            append_url(entry, keep);
        else
            append_value(value, keep);
    }
    buf_append_char(keep, '}');
    entry->keep = keep->failed ? view_of_string("null") : buf_view(keep);
}

/* ---- formats ------------------------------------------------------------- */

/* The format's own part of parser_read: the row is neither empty nor too long,
 * and the entry's members are empty. */
typedef enum parser_result read_fn(struct parser *parser,
                                   const struct columns *columns,
                                   struct manifest_entry *entry);

static enum parser_result read_plain(struct parser *parser,
                                     const struct columns *columns,
                                     struct manifest_entry *entry)
{
    (void)parser;
    (void)columns;
    entry->text = view_trim(entry->row);
    return entry->text.size && entry->text.data[0] != '#' ? PARSER_ENTRY
                                                          : PARSER_NOTHING;
}

static enum parser_result read_columns(struct parser *parser,
                                       const struct columns *columns,
                                       struct manifest_entry *entry)
{
    size_t count = 0;
    const struct view *url = &parser->found[0];
    enum columns_result result = columns_pick(
        columns, entry->row, &parser->scratch, parser->found, &count);
    if (result == COLUMNS_NO_MEMORY)
        return PARSER_NO_MEMORY;
    if (!url->data && result == COLUMNS_UNCLOSED)
        snprintf(parser->problem, sizeof(parser->problem),
                 "the row has a quote that is not closed");
    else if (!url->data)
        snprintf(parser->problem, sizeof(parser->problem),
                 "the row has %zu column%s, and the URL belongs in number %zu",
                 count, count == 1 ? "" : "s", columns->wanted[0] + 1);
    entry->text = view_trim(*url);
    keep_columns(parser, append_field, entry);
    return PARSER_ENTRY;
}

static enum parser_result read_json_url(struct parser *parser,
                                        struct manifest_entry *entry)
{
    const char *name =
        parser->options->url_field ? parser->options->url_field : "url";
    struct view value = parser->found[0];
    buf_reset(&parser->text);
    if (!value.data)
        snprintf(parser->problem, sizeof(parser->problem),
                 "the row has no \"%.60s\"", name);
    else if (!json_row_append_text(value, &parser->text))
        snprintf(parser->problem, sizeof(parser->problem),
                 "\"%.60s\" of the row is no string", name);
    entry->text = view_trim(buf_view(&parser->text));
    return parser->text.failed ? PARSER_NO_MEMORY : PARSER_ENTRY;
}

static enum parser_result read_json(struct parser *parser,
                                    const struct columns *columns,
                                    struct manifest_entry *entry)
{
    const struct manifest_options *options = parser->options;
    struct view object;
    (void)columns;
    if (!view_trim(entry->row).size)
        return PARSER_NOTHING;
    switch (json_row_check(entry->row, &parser->scratch, &object,
                           parser->problem)) {
    case JSON_ROW_NO_MEMORY:
        return PARSER_NO_MEMORY;
    case JSON_ROW_BAD:
        return PARSER_ENTRY;
    case JSON_ROW_DONE:
    default:
        break;
    }
    for (size_t i = 0; i <= options->keep_count; i++) {
        const char *name = i ? options->keep[i - 1] : options->url_field;
        parser->found[i] =
            json_row_find(object, view_of_string(name ? name : "url"));
    }
    enum parser_result result = read_json_url(parser, entry);
    keep_columns(parser, json_row_append_value, entry);
    return result;
}

struct format {
    const char *name;
    read_fn *read;
    const char *const *endings; /* ends in NULL */
    bool has_columns;
};

static const char *const csv_endings[] = { ".csv", NULL };
static const char *const tsv_endings[] = { ".tsv", ".tab", NULL };
static const char *const jsonl_endings[] = { ".jsonl", ".ndjson", ".json",
                                             NULL };
static const char *const no_endings[] = { NULL };
static const char *const packed_endings[] = { ".gz", ".zst", NULL };

static const struct format formats[] = {
    [MANIFEST_PLAIN] = { "plain text", read_plain, no_endings, false },
    [MANIFEST_CSV] = { "CSV", read_columns, csv_endings, true },
    [MANIFEST_TSV] = { "TSV", read_columns, tsv_endings, true },
    [MANIFEST_JSONL] = { "JSON Lines", read_json, jsonl_endings, false },
};

const char *parser_format_name(enum manifest_format format)
{
    return formats[format].name;
}

bool parser_has_columns(enum manifest_format format)
{
    return formats[format].has_columns;
}

/* The size of the ending that the name has, 0 when it has none of them. */
static size_t ending_of(struct view name, const char *const *endings)
{
    for (; *endings; endings++) {
        struct view ending = view_of_string(*endings);
        if (name.size > ending.size &&
            view_equal_nocase(view_from(name, name.size - ending.size), ending))
            return ending.size;
    }
    return 0;
}

enum manifest_format parser_format_of(const char *path)
{
    struct view name = view_of_string(path);
    name.size -= ending_of(name, packed_endings);
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++)
        if (ending_of(name, formats[i].endings))
            return (enum manifest_format)i;
    return MANIFEST_PLAIN;
}

/* ---- rows ---------------------------------------------------------------- */

/* A line that is too long may begin with blanks, and a comment is none. */
static enum parser_result read_long(struct parser *parser,
                                    enum manifest_format format,
                                    struct manifest_entry *entry)
{
    struct view text = view_trim(entry->row);
    if (format == MANIFEST_PLAIN && text.size && text.data[0] == '#')
        return PARSER_NOTHING;
    if (format == MANIFEST_PLAIN)
        entry->text = text;
    snprintf(parser->problem, sizeof(parser->problem),
             "line longer than %d bytes", MANIFEST_LINE_MAX);
    return PARSER_ENTRY;
}

enum parser_result parser_read(struct parser *parser,
                               enum manifest_format format,
                               const struct columns *columns,
                               struct manifest_entry *entry)
{
    enum parser_result result = PARSER_NOTHING;
    parser->problem[0] = '\0';
    entry->text = view_of("", 0);
    entry->keep = view_of(NULL, 0);
    if (entry->is_too_long)
        result = read_long(parser, format, entry);
    else if (entry->row.size)
        result = formats[format].read(parser, columns, entry);
    entry->problem = parser->problem[0] ? parser->problem : NULL;
    return result;
}
