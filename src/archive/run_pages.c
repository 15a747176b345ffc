/*
 * Outcomes stand in the order in which their records were appended, so
 * neighbours in the file are neighbours in a segment, and a span is a stretch
 * of it that one worker reads through.
 */
#include "run_pages.h"

#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <jansson.h>
#include <unistd.h>

enum {
    PAGES_A_SPAN = 64,
    STRETCH_BYTES = 1 << 20, /* of packed records a span */
};

struct run_pages {
    char *dir;
    char *outcomes_path;
    FILE *outcomes;
    char *line;
    size_t line_capacity;
    uint64_t line_number;
    struct span *open; /* the span being collected */
};

bool run_pages_check(const char *dir, struct error *err)
{
    char *path = fs_join(dir, "outcomes.jsonl");
    if (!path)
        return error_no_memory(err, "a run directory");
    bool done = access(path, R_OK) == 0 ||
                error_set_errno(err, ERR_USAGE, errno,
                                "%s is a run directory that has not finished: "
                                "cannot open %s",
                                dir, path);
    free(path);
    return done;
}

struct run_pages *run_pages_open(const char *dir, struct error *err)
{
    struct run_pages *run = calloc(1, sizeof(*run));
    if (run) {
        run->dir = strdup(dir);
        run->outcomes_path = fs_join(dir, "outcomes.jsonl");
    }
    if (!run || !run->dir || !run->outcomes_path) {
        run_pages_close(run);
        error_no_memory(err, "a run directory");
        return NULL;
    }
    run->outcomes = fopen(run->outcomes_path, "re");
    if (!run->outcomes) {
        error_set_errno(err, ERR_USAGE, errno, "cannot open %s",
                        run->outcomes_path);
        run_pages_close(run);
        return NULL;
    }
    return run;
}

void run_pages_close(struct run_pages *run)
{
    if (!run)
        return;
    if (run->outcomes)
        fclose(run->outcomes);
    span_free(run->open);
    free(run->line);
    free(run->outcomes_path);
    free(run->dir);
    free(run);
}

/* An entry with a kept page. */
struct kept_entry {
    uint64_t id;
    uint64_t offset;
    const char *url;
    const char *warc;
};

bool run_pages_is_inside(const char *path)
{
    return path[0] && path[0] != '/' && !strstr(path, "..");
}

enum parse_result { PARSE_KEPT, PARSE_NOT_KEPT, PARSE_BAD };

static enum parse_result parse_entry(const json_t *outcome,
                                     struct kept_entry *ret_entry)
{
    const json_t *id = json_object_get(outcome, "id");
    const json_t *offset = json_object_get(outcome, "warc_offset");
    const char *url = json_string_value(json_object_get(outcome, "url"));
    const char *warc = json_string_value(json_object_get(outcome, "warc"));
    if (!json_is_integer(id) || json_integer_value(id) < 0 || !url)
        return PARSE_BAD;
    if (!warc && !offset)
        return PARSE_NOT_KEPT;
    if (!warc || !json_is_integer(offset) || json_integer_value(offset) < 0 ||
        !run_pages_is_inside(warc))
        return PARSE_BAD;
    *ret_entry = (struct kept_entry){
        .id = (uint64_t)json_integer_value(id),
        .offset = (uint64_t)json_integer_value(offset),
        .url = url,
        .warc = warc,
    };
    return PARSE_KEPT;
}

static bool fits(const struct run_pages *run, const struct span *span,
                 const struct kept_entry *entry)
{
    const struct span_page *first = &span->pages[0];
    const struct span_page *last = &span->pages[span->page_count - 1];
    return span->page_count < PAGES_A_SPAN &&
           !strcmp(span->path + strlen(run->dir) + 1, entry->warc) &&
           entry->offset > last->offset &&
           entry->offset - first->offset < STRETCH_BYTES;
}

static struct span *begin_span(const struct run_pages *run,
                               const struct kept_entry *entry)
{
    struct span *span = calloc(1, sizeof(*span));
    if (!span)
        return NULL;
    span->kind = SPAN_RECORDS;
    span->pages = calloc(PAGES_A_SPAN, sizeof(*span->pages));
    if (!span->pages ||
        asprintf(&span->path, "%s/%s", run->dir, entry->warc) < 0) {
        span->path = NULL;
        span_free(span);
        return NULL;
    }
    return span;
}

/* Adds to the open span. `ret_full` gets a span that is to be handed out
 * first, or NULL. */
static bool add_entry(struct run_pages *run, const struct kept_entry *entry,
                      struct span **ret_full, struct error *err)
{
    char *url = strdup(entry->url);
    *ret_full = NULL;
    if (run->open && !fits(run, run->open, entry)) {
        *ret_full = run->open;
        run->open = NULL;
    }
    if (!run->open)
        run->open = begin_span(run, entry);
    if (!url || !run->open) {
        free(url);
        span_free(*ret_full);
        *ret_full = NULL;
        return error_no_memory(err, "a run directory");
    }
    run->open->pages[run->open->page_count++] = (struct span_page){
        .id = entry->id, .offset = entry->offset, .name = url
    };
    return true;
}

/* One line of outcomes.jsonl. */
static bool take_line(struct run_pages *run, size_t size,
                      struct span **ret_full, struct error *err)
{
    json_error_t problem;
    struct kept_entry entry;
    json_t *outcome = json_loadb(run->line, size, 0, &problem);
    enum parse_result result =
        outcome ? parse_entry(outcome, &entry) : PARSE_BAD;
    bool done = result == PARSE_NOT_KEPT ||
                (result == PARSE_KEPT && add_entry(run, &entry, ret_full, err));
    if (result == PARSE_BAD)
        error_set(err, ERR_DATA, "%s:%llu: no outcome line: %s",
                  run->outcomes_path, (unsigned long long)run->line_number,
                  outcome ? "members are missing or wrong" : problem.text);
    json_decref(outcome);
    return done;
}

enum spans_result run_pages_next(struct run_pages *run, struct span **ret_span,
                                 struct error *err)
{
    ssize_t size;
    while ((size = getline(&run->line, &run->line_capacity, run->outcomes)) >=
           0) {
        struct span *full = NULL;
        run->line_number++;
        if (!take_line(run, (size_t)size, &full, err))
            return SPANS_ERROR;
        if (full) {
            *ret_span = full;
            return SPANS_ITEM;
        }
    }
    if (ferror(run->outcomes)) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                        run->outcomes_path);
        return SPANS_ERROR;
    }
    if (!run->open)
        return SPANS_END;
    *ret_span = run->open;
    run->open = NULL;
    return SPANS_ITEM;
}
