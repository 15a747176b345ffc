#include "output.h"

#include "fetchgrep/run/pipeline.h"

/* As the choices of --format and --order stand in the option table. */
static const enum match_format formats[] = { MATCH_JSONL, MATCH_CSV, MATCH_TSV,
                                             MATCH_TEXT };
enum { ORDER_ANY, ORDER_MANIFEST };

static enum match_format format_of(const struct raw_options *raw)
{
    if (raw->format < ARRAY_COUNT(formats))
        return formats[raw->format];
    return raw->dir ? MATCH_JSONL : MATCH_TEXT;
}

/* ---- groups ----------------------------------------------------------- */

/* Which group of each pattern is called so; how many patterns have one. */
static size_t find_group(const struct patterns *patterns, struct view name,
                         uint32_t *groups)
{
    size_t found = 0;
    for (size_t i = 0; i < patterns_count(patterns); i++) {
        groups[i] = MATCH_NO_GROUP;
        found += patterns_find_group(patterns, i, name, &groups[i]);
    }
    return found;
}

static bool set_only_group(struct output *output, const char *name,
                           const struct patterns *patterns, struct error *err)
{
    size_t count = patterns_count(patterns), i = 0;
    output->only_group = calloc(count, sizeof(*output->only_group));
    if (!output->only_group)
        return error_no_memory(err, "the options");
    output->matches.only_group = output->only_group;
    if (find_group(patterns, view_of_string(name), output->only_group) == count)
        return true;
    while (output->only_group[i] != MATCH_NO_GROUP)
        i++;
    struct view pattern = patterns_name(patterns, i);
    return error_set(
        err, ERR_USAGE, "--only-group: pattern %.*s has no group \"%.60s\"",
        (int)(pattern.size > 60 ? 60 : pattern.size), pattern.data, name);
}

/* ---- fields ----------------------------------------------------------- */

/* Whether lines can have this field: `keep` is a word with --keep alone. */
static bool has_field(const struct raw_options *raw, int kind)
{
    if (kind == FIELD_KEEP)
        return raw->keep != NULL;
    return raw->counts_only ? kind != FIELD_OFFSET && kind != FIELD_MATCH &&
                                  kind != FIELD_GROUPS
                            : kind != FIELD_COUNT;
}

/* Says which fields there are. */
static bool unknown_field(struct view name, const struct raw_options *raw,
                          struct error *err)
{
    char words[128] = "";
    size_t size = 0;
    for (int i = 0; i < FIELD_KIND_COUNT; i++)
        if (has_field(raw, i))
            size += (size_t)snprintf(
                words + size, sizeof(words) - size, "%s%s", size ? ", " : "",
                match_field_word((enum match_field_kind)i));
    return error_set(err, ERR_USAGE, "--fields: \"%.*s\" is none of %s%s",
                     (int)(name.size > 60 ? 60 : name.size), name.data, words,
                     raw->counts_only ? " (with --count)"
                                      : ", and no group of a pattern");
}

/* A word of ours; else a group, as groups.NAME or by its bare name. */
static bool parse_field(struct view name, const struct raw_options *raw,
                        const struct patterns *patterns, uint32_t *groups,
                        struct match_field *ret_field, struct error *err)
{
    static const char prefix[] = "groups.";
    for (int i = 0; i < FIELD_KIND_COUNT; i++) {
        if (view_equal_string(name,
                              match_field_word((enum match_field_kind)i)) &&
            has_field(raw, i)) {
            *ret_field = (struct match_field){ .kind = (enum match_field_kind)i,
                                               .name = name };
            return true;
        }
    }
    struct view group = name;
    if (view_starts_with(name, prefix))
        group = view_from(name, sizeof(prefix) - 1);
    if (raw->counts_only || !find_group(patterns, group, groups))
        return unknown_field(name, raw, err);
    *ret_field = (struct match_field){ .kind = FIELD_GROUP,
                                       .name = name,
                                       .group_of_pattern = groups };
    return true;
}

static bool is_given_already(const struct output *output, struct view name)
{
    for (size_t i = 0; i < output->field_count; i++)
        if (view_equal(output->fields[i].name, name))
            return true;
    return false;
}

static size_t count_items(const char *list)
{
    size_t count = 1;
    for (; *list; list++)
        count += *list == ',';
    return count;
}

static bool set_fields(struct output *output, const struct raw_options *raw,
                       const struct patterns *patterns, struct error *err)
{
    struct view rest = view_of_string(raw->fields);
    size_t most = count_items(raw->fields), rows = patterns_count(patterns);
    output->fields = calloc(most, sizeof(*output->fields));
    output->groups = calloc(most * rows, sizeof(*output->groups));
    if (!output->fields || !output->groups)
        return error_no_memory(err, "the options");
    while (rest.data) {
        struct view name = view_split(&rest, ',');
        size_t at = output->field_count;
        if (is_given_already(output, name))
            return error_set(err, ERR_USAGE,
                             "--fields: %.*s stands there twice",
                             (int)(name.size > 60 ? 60 : name.size), name.data);
        if (!parse_field(name, raw, patterns, output->groups + at * rows,
                         &output->fields[at], err))
            return false;
        output->field_count++;
    }
    return true;
}

/* ---- the form --------------------------------------------------------- */

/* Only lines of a run directory can still be rewritten, and ids in JSON Lines
 * are found without a key. */
static bool needs_keys(const struct output *output,
                       const struct raw_options *raw)
{
    bool is_jsonl = format_of(raw) == MATCH_JSONL, has_id = !output->fields;
    for (size_t i = 0; i < output->field_count; i++)
        has_id |= output->fields[i].kind == FIELD_ID;
    bool is_in_front = !output->fields || output->fields[0].kind == FIELD_ID;
    return output->matches.is_ordered ||
           (raw->command == COMMAND_EXTRACT && raw->dir && has_id &&
            !(is_jsonl && is_in_front));
}

static bool make_form(struct output *output, const struct raw_options *raw,
                      const struct patterns *patterns, struct error *err)
{
    const struct match_form_options options = {
        .format = format_of(raw),
        .fields = output->fields,
        .field_count = output->field_count,
        .is_count = raw->counts_only,
        .has_in = patterns_has_subject(patterns, SUBJECT_HEADERS) ||
                  patterns_has_subject(patterns, SUBJECT_URL),
        .has_pattern = patterns_count(patterns) > 1,
        .has_keep = raw->keep != NULL,
        .is_keyed = needs_keys(output, raw),
    };
    output->form = match_form_new(&options, err);
    output->matches.form = output->form;
    return output->form != NULL;
}

bool output_init(struct output *output, const struct raw_options *raw,
                 const struct patterns *patterns, struct error *err)
{
    *output = (struct output){
        .matches = { .is_unique = raw->is_unique,
                     .is_count = raw->counts_only,
                     .is_ordered = raw->order == ORDER_MANIFEST },
    };
    if (!patterns)
        return true;
    return (!raw->only_group ||
            set_only_group(output, raw->only_group, patterns, err)) &&
           (!raw->fields || set_fields(output, raw, patterns, err)) &&
           make_form(output, raw, patterns, err);
}

void output_release(struct output *output)
{
    match_form_free(output->form);
    free(output->only_group);
    free(output->fields);
    free(output->groups);
    *output = (struct output){ 0 };
}

void output_describe(const struct output *output, const struct raw_options *raw,
                     struct buf *out)
{
    if (output->form)
        buf_append_format(
            out, " format=%s fields=%s only-group=%s unique=%s count=%s",
            match_format_name(match_form_format(output->form)),
            raw->fields ? raw->fields : "auto",
            raw->only_group ? raw->only_group : "none",
            raw->is_unique ? "yes" : "no", raw->counts_only ? "yes" : "no");
    buf_append_format(out, " order=%s",
                      raw->order == ORDER_MANIFEST ? "manifest" : "any");
}
