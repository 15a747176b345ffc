#include "result_line.h"

void result_line_release(struct result_line *line)
{
    json_decref(line->object);
    line->object = NULL;
}

static bool parse(struct result_line *line, struct view text,
                  const char **ret_wrong)
{
    result_line_release(line);
    line->object = json_loadb(text.data, text.size, 0, NULL);
    if (json_is_object(line->object))
        return true;
    *ret_wrong = "no JSON object";
    return false;
}

static struct view text_of(const struct result_line *line, const char *member)
{
    const json_t *value = json_object_get(line->object, member);
    return json_is_string(value)
               ? view_of(json_string_value(value), json_string_length(value))
               : view_of(NULL, 0);
}

enum number_result { NUMBER_READ, NUMBER_MISSING, NUMBER_WRONG };

static enum number_result number_of(const struct result_line *line,
                                    const char *member, uint64_t *ret_value)
{
    const json_t *value = json_object_get(line->object, member);
    if (!value)
        return NUMBER_MISSING;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return NUMBER_WRONG;
    *ret_value = (uint64_t)json_integer_value(value);
    return NUMBER_READ;
}

bool result_line_outcome(struct result_line *line, struct view text,
                         struct outcome_facts *ret_outcome,
                         const char **ret_wrong)
{
    struct outcome_facts outcome = { 0 };
    if (!parse(line, text, ret_wrong))
        return false;
    outcome.url = text_of(line, "url");
    outcome.detail = text_of(line, "detail");
    outcome.final_url = text_of(line, "final_url");
    outcome.digest = text_of(line, "digest");
    outcome.warc = text_of(line, "warc");
    enum number_result matches =
        number_of(line, "matches", &outcome.match_count);
    enum number_result offset =
        number_of(line, "warc_offset", &outcome.warc_offset);
    outcome.has_matches = matches == NUMBER_READ;
    *ret_wrong = NULL;
    if (number_of(line, "id", &outcome.id) != NUMBER_READ)
        *ret_wrong = "no id";
    else if (!outcome_from_word(text_of(line, "outcome"), &outcome.outcome))
        *ret_wrong = "its outcome is none of the words";
    else if (matches == NUMBER_WRONG)
        *ret_wrong = "\"matches\" is no number";
    else if (offset == NUMBER_WRONG ||
             (offset == NUMBER_READ) != (outcome.warc.size > 0))
        *ret_wrong = "\"warc\" and \"warc_offset\" do not go together";
    if (*ret_wrong)
        return false;
    *ret_outcome = outcome;
    return true;
}

bool result_line_match(struct result_line *line, struct view text,
                       struct match_facts *ret_match, const char **ret_wrong)
{
    struct match_facts match = { 0 };
    if (!parse(line, text, ret_wrong))
        return false;
    enum number_result id = number_of(line, "id", &match.id);
    enum number_result count = number_of(line, "count", &match.count);
    *ret_wrong = id == NUMBER_WRONG ? "its id is no number" : NULL;
    if (*ret_wrong)
        return false;
    match.has_id = id == NUMBER_READ;
    match.has_count = count == NUMBER_READ;
    *ret_match = match;
    return true;
}

bool result_line_index(struct result_line *line, struct view text,
                       struct index_facts *ret_index, const char **ret_wrong)
{
    struct index_facts index = { 0 };
    /* Behind a blank: a URL may hold a brace, but no blank. */
    const char *brace = memmem(text.data, text.size, " {", 2);
    if (!brace) {
        *ret_wrong = "no JSON object";
        return false;
    }
    struct view object = view_from(text, (size_t)(brace + 1 - text.data));
    if (!parse(line, object, ret_wrong))
        return false;
    index.url = text_of(line, "url");
    index.digest = text_of(line, "digest");
    index.filename = text_of(line, "filename");
    if (!index.filename.size ||
        !view_to_u64(text_of(line, "offset"), &index.offset)) {
        *ret_wrong = "it names no place";
        return false;
    }
    *ret_index = index;
    return true;
}
