#include "choice_options.h"

#include "fetchgrep/archive/warc_read.h"

/* The types of records that pages are. */
static bool type_bit(struct view word, unsigned *types)
{
    static const struct {
        const char *word;
        enum warc_type type;
    } rows[] = {
        { "response", WARC_TYPE_RESPONSE },
        { "resource", WARC_TYPE_RESOURCE },
        { "revisit", WARC_TYPE_REVISIT },
        { "conversion", WARC_TYPE_CONVERSION },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (view_equal_nocase(word, view_of_string(rows[i].word))) {
            *types |= 1u << rows[i].type;
            return true;
        }
    }
    return false;
}

static bool parse_types(const char *text, unsigned *ret_types,
                        struct error *err)
{
    struct view rest = view_of_string(text);
    unsigned types = 0;
    while (rest.data) {
        struct view word = view_trim(view_split(&rest, ','));
        if (!type_bit(word, &types))
            return error_set(err, ERR_USAGE,
                             "--type: \"%.*s\" is none of response, resource, "
                             "revisit, conversion",
                             VIEW_ARG(view_first(word, 100)));
    }
    *ret_types = types;
    return true;
}

bool choice_options_set(struct config *config, const struct raw_options *raw,
                        struct error *err)
{
    const struct choice_options options = {
        .mimes = raw->mimes.items,
        .mime_count = raw->mimes.count,
        .url_regexes = raw->url_regexes.items,
        .url_regex_count = raw->url_regexes.count,
    };
    config->pipeline.checks_digests = raw->checks_digests;
    if (raw->types &&
        !parse_types(raw->types, &config->pipeline.chosen_types, err))
        return false;
    if (!options.mime_count && !options.url_regex_count)
        return true;
    config->choice = choice_new(&options, err);
    config->pipeline.choice = config->choice;
    return config->choice != NULL;
}

static void describe_list(const char *name, const struct string_list *list,
                          struct buf *out)
{
    /* With its length: an expression may hold any byte. */
    for (size_t i = 0; i < list->count; i++)
        buf_append_format(out, " %s=%zu:%s", name, strlen(list->items[i]),
                          list->items[i]);
}

void choice_options_describe(const struct raw_options *raw, struct buf *out)
{
    if (raw->types)
        buf_append_format(out, " type=%s", raw->types);
    describe_list("mime", &raw->mimes, out);
    describe_list("url-pattern", &raw->url_regexes, out);
}
