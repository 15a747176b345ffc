#include "run_facts.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/record/lives.h"
#include "fetchgrep/record/run_dir.h"

#include <errno.h>
#include <jansson.h>
#include <unistd.h>

enum { JSON_FILE_MAX = 64 << 20 };

/* ---- files ------------------------------------------------------------ */

static json_t *load(const char *path, struct error *err)
{
    struct buf text;
    json_error_t problem;
    json_t *object = NULL;
    buf_init(&text, JSON_FILE_MAX);
    if (fs_read_file(path, &text, err)) {
        object = json_loadb(text.data ? text.data : "", text.size, 0, &problem);
        if (!json_is_object(object)) {
            json_decref(object);
            object = NULL;
            error_set(err, ERR_DATA, "%s: offset %d: no JSON object: %s", path,
                      problem.position, problem.text);
        }
    }
    buf_release(&text);
    return object;
}

static bool exists(const char *dir, const char *name)
{
    char *path = fs_join(dir, name);
    bool does = path && access(path, F_OK) == 0;
    free(path);
    return does;
}

bool run_facts_is_run_dir(const char *dir)
{
    return exists(dir, "run.json");
}

bool run_facts_is_finished(const char *dir)
{
    return exists(dir, "summary.json");
}

/* ---- run.json --------------------------------------------------------- */

void run_facts_option(const struct run_facts *facts, const char *name,
                      char *value, size_t size)
{
    struct view rest = view_of_string(facts->options), word = { 0 };
    size_t name_size = strlen(name);
    *value = '\0';
    while (rest.data) {
        word = view_split(&rest, ' ');
        if (view_starts_with(word, name) && word.size > name_size &&
            word.data[name_size] == '=') {
            word = view_from(word, name_size + 1);
            if (word.size < size)
                snprintf(value, size, "%.*s", VIEW_ARG(word));
            return;
        }
    }
}

static bool has_option(const struct run_facts *facts, const char *name,
                       const char *wanted)
{
    char value[64];
    run_facts_option(facts, name, value, sizeof(value));
    return !strcmp(value, wanted);
}

static bool copy_text(const json_t *object, const char *member, char **ret_text,
                      struct error *err)
{
    const char *text = json_string_value(json_object_get(object, member));
    *ret_text = strdup(text ? text : "");
    return *ret_text || error_no_memory(err, "run.json");
}

static uint64_t digest_of(const json_t *run, const char *member)
{
    const char *text = json_string_value(json_object_get(run, member));
    return text ? strtoull(text, NULL, 16) : 0;
}

static bool copy_inputs(struct run_facts *facts, const json_t *run,
                        struct error *err)
{
    const json_t *inputs = json_object_get(run, "inputs");
    size_t count = json_array_size(inputs);
    facts->inputs = calloc(count + 1, sizeof(*facts->inputs));
    if (!facts->inputs)
        return error_no_memory(err, "run.json");
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(inputs, i));
        facts->inputs[i] = strdup(text ? text : "");
        if (!facts->inputs[i])
            return error_no_memory(err, "run.json");
        facts->input_count++;
    }
    return true;
}

static void judge_id(struct run_facts *facts)
{
    const struct run_identity identity = {
        .command = facts->command,
        .manifest_digest = facts->manifest_digest,
        .patterns_digest = facts->patterns_digest,
        .options = facts->options,
    };
    char text[20];
    snprintf(text, sizeof(text), "%016llx",
             (unsigned long long)run_identity_id(&identity));
    facts->has_right_id = !strcmp(text, facts->run_id);
}

static void judge_options(struct run_facts *facts)
{
    static const struct {
        const char *word, *suffix;
    } stores[] = { { "gzip", ".warc.gz" },
                   { "zstd", ".warc.zst" },
                   { "plain", ".warc" } };
    facts->is_fetched = strcmp(facts->command, "extract") != 0;
    facts->has_matches = strcmp(facts->command, "fetch") != 0;
    facts->is_ordered = has_option(facts, "order", "manifest");
    facts->is_count = has_option(facts, "count", "yes");
    for (size_t i = 0; i < ARRAY_COUNT(stores); i++)
        if (facts->is_fetched && has_option(facts, "store", stores[i].word))
            facts->warc_suffix = stores[i].suffix;
    for (int i = MATCH_JSONL; i <= MATCH_TEXT; i++)
        if (has_option(facts, "format",
                       match_format_name((enum match_format)i)))
            facts->format = (enum match_format)i;
    run_facts_option(facts, "fields", facts->fields, sizeof(facts->fields));
    if (!strcmp(facts->fields, "auto"))
        facts->fields[0] = '\0';
}

static bool take_run(struct run_facts *facts, const json_t *run,
                     struct error *err)
{
    if (!copy_text(run, "command", &facts->command, err) ||
        !copy_text(run, "options", &facts->options, err) ||
        !copy_text(run, "run_id", &facts->run_id, err) ||
        !copy_text(run, "started_at", &facts->started_at, err) ||
        !copy_inputs(facts, run, err))
        return false;
    facts->manifest_digest = digest_of(run, "manifest_digest");
    facts->patterns_digest = digest_of(run, "patterns_digest");
    judge_id(facts);
    judge_options(facts);
    return true;
}

bool run_facts_read(struct run_facts *facts, const char *dir, struct error *err)
{
    *facts = (struct run_facts){ .dir = strdup(dir) };
    char *path = facts->dir ? fs_join(dir, "run.json") : NULL;
    json_t *run = NULL;
    if (!path)
        error_no_memory(err, "run.json");
    else if (access(path, F_OK))
        error_set_errno(err, ERR_USAGE, errno,
                        "%s is no run directory: cannot open %s", dir, path);
    else
        run = load(path, err);
    bool done = run && take_run(facts, run, err);
    json_decref(run);
    free(path);
    return done;
}

void run_facts_release(struct run_facts *facts)
{
    for (size_t i = 0; i < facts->input_count; i++)
        free(facts->inputs[i]);
    free(facts->inputs);
    free(facts->dir);
    free(facts->command);
    free(facts->options);
    free(facts->run_id);
    free(facts->started_at);
    *facts = (struct run_facts){ 0 };
}

/* ---- summary.json ----------------------------------------------------- */

static bool take_number(const json_t *object, const char *member,
                        uint64_t *ret_value)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_value = (uint64_t)json_integer_value(value);
    return true;
}

static bool take_outcomes(json_t *outcomes, struct recorder_totals *totals)
{
    const char *word;
    json_t *value;
    json_object_foreach(outcomes, word, value)
    {
        enum outcome outcome;
        if (!outcome_from_word(view_of_string(word), &outcome) ||
            !take_number(outcomes, word, &totals->outcomes[outcome]))
            return false;
    }
    return json_is_object(outcomes);
}

static void take_digests(const json_t *object, struct summary_facts *summary)
{
    json_t *digests = json_object_get(object, "digests"), *value;
    const char *name;
    json_object_foreach(digests, name, value)
    {
        const char *text = json_string_value(value);
        uint64_t digest = text ? strtoull(text, NULL, 16) : 0;
        if (!strncmp(name, "matches", strlen("matches")))
            summary->matches_digest = digest;
        else
            summary->outcomes_digest = digest;
    }
}

bool summary_facts_read(const char *dir, struct summary_facts *ret_summary,
                        struct error *err)
{
    struct summary_facts summary = { 0 };
    struct recorder_totals *totals = &summary.totals;
    char *path = fs_join(dir, "summary.json");
    json_t *object =
        path ? load(path, err) : (error_no_memory(err, "summary.json"), NULL);
    bool done = object && take_number(object, "entries", &totals->entries) &&
                take_outcomes(json_object_get(object, "outcomes"), totals) &&
                take_number(object, "failed", &totals->failed) &&
                take_number(object, "bytes", &totals->body_bytes) &&
                take_number(object, "pages_kept", &totals->pages_kept) &&
                take_number(object, "warc_bytes", &totals->warc_bytes);
    if (object && !done)
        error_set(err, ERR_DATA, "%s: members are missing or wrong", path);
    if (done) {
        summary.has_matches = take_number(object, "matches", &totals->matches);
        summary.seconds = json_number_value(json_object_get(object, "seconds"));
        take_digests(object, &summary);
        *ret_summary = summary;
    }
    json_decref(object);
    free(path);
    return done;
}

/* ---- journals --------------------------------------------------------- */

bool run_facts_totals(const struct lives *lives,
                      struct recorder_totals *ret_totals, struct error *err)
{
    struct recorder_totals totals = { 0 };
    for (size_t i = 0; i < lives->count; i++) {
        const struct life *life = &lives->lives[i];
        if (life->counter_count &&
            !recorder_totals_add(&totals, life->counters, life->counter_count))
            return error_set(err, ERR_DATA,
                             "%s was written by another version of fetchgrep",
                             life->path);
    }
    *ret_totals = totals;
    return true;
}
