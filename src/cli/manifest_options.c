#include "manifest_options.h"

/* As the choices of --manifest-format stand in the option table. */
static const enum manifest_format formats[] = { MANIFEST_PLAIN, MANIFEST_CSV,
                                                MANIFEST_TSV, MANIFEST_JSONL,
                                                MANIFEST_BY_NAME };
static const char *const format_names[] = { "plain", "csv", "tsv", "jsonl",
                                            "auto" };

/* ---- --keep -------------------------------------------------------------- */

static bool add_name(struct manifest_options *options, const char **names,
                     struct view name, struct error *err)
{
    if (!name.size)
        return error_set(err, ERR_USAGE, "--keep: a name is empty");
    for (size_t i = 0; i < options->keep_count; i++)
        if (view_equal_string(name, names[i]))
            return error_set(err, ERR_USAGE, "--keep: %.*s stands there twice",
                             (int)(name.size > 60 ? 60 : name.size), name.data);
    names[options->keep_count] = view_dup(name);
    return names[options->keep_count++] || error_no_memory(err, "the options");
}

static bool set_keep(struct manifest_options *options, const char *list,
                     struct error *err)
{
    struct view rest = view_of_string(list);
    const char **names = calloc(rest.size + 1, sizeof(*names));
    if (!names)
        return error_no_memory(err, "the options");
    options->keep = names;
    do {
        if (!add_name(options, names, view_split(&rest, ','), err))
            return false;
    } while (rest.data);
    return true;
}

void manifest_options_release(struct manifest_options *options)
{
    void *names;
    for (size_t i = 0; i < options->keep_count; i++) {
        memcpy(&names, &options->keep[i], sizeof(names));
        free(names);
    }
    memcpy(&names, &options->keep, sizeof(names));
    free(names);
    *options = (struct manifest_options){ 0 };
}

/* ---- all ----------------------------------------------------------------- */

bool manifest_options_set(struct manifest_options *options,
                          const struct raw_options *raw, struct error *err)
{
    *options = (struct manifest_options){
        .format = formats[raw->manifest_format],
        .url_field = raw->url_field,
        .has_no_header = raw->has_no_header,
    };
    return !raw->keep || set_keep(options, raw->keep, err);
}

void manifest_options_describe(const struct raw_options *raw, struct buf *out)
{
    if (raw->command != COMMAND_RUN && raw->command != COMMAND_FETCH)
        return;
    buf_append_format(out, " manifest-format=%s url-field=%s header=%s keep=%s",
                      format_names[raw->manifest_format],
                      raw->url_field ? raw->url_field : "auto",
                      raw->has_no_header ? "no" : "yes",
                      raw->keep ? raw->keep : "none");
}
