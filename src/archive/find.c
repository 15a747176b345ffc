#include "fetchgrep/archive/find.h"

#include "cdxj_find.h"
#include "index_files.h"
#include "run_pages.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/json_out.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <unistd.h>

void page_place_release(struct page_place *place)
{
    free(place->warc);
    *place = (struct page_place){ 0 };
}

static enum find_result no_memory(struct error *err)
{
    error_no_memory(err, "a page's place");
    return FIND_ERROR;
}

/* ---- through outcomes.jsonl ------------------------------------------- */

/* What is looked for: lines with this text in them, then this very member. */
struct wanted {
    struct buf text;
    bool is_at_start;
    const char *member;
    uint64_t id;
    const char *url;
};

static bool is_wanted(const struct wanted *wanted, const json_t *outcome)
{
    const json_t *value = json_object_get(outcome, wanted->member);
    if (wanted->url)
        return json_is_string(value) &&
               !strcmp(json_string_value(value), wanted->url);
    return json_is_integer(value) &&
           (uint64_t)json_integer_value(value) == wanted->id;
}

/* The next line that is meant; NULL at the end. */
static json_t *next_wanted(FILE *file, const struct wanted *wanted, char **line,
                           size_t *capacity)
{
    ssize_t size;
    while ((size = getline(line, capacity, file)) >= 0) {
        const char *at =
            memmem(*line, (size_t)size, wanted->text.data, wanted->text.size);
        if (!at || (wanted->is_at_start && at != *line))
            continue;
        json_t *outcome = json_loadb(*line, (size_t)size, 0, NULL);
        if (is_wanted(wanted, outcome))
            return outcome;
        json_decref(outcome);
    }
    return NULL;
}

/* The place that an outcome names. */
static enum find_result place_of(const char *run_dir, const json_t *outcome,
                                 struct page_place *ret_place,
                                 struct error *err)
{
    const char *warc = json_string_value(json_object_get(outcome, "warc"));
    const json_t *offset = json_object_get(outcome, "warc_offset");
    const char *word = json_string_value(json_object_get(outcome, "outcome"));
    const char *detail = json_string_value(json_object_get(outcome, "detail"));
    if (!warc && word && !strcmp(word, "ok")) {
        error_set(err, ERR_DATA, "the run kept no page of it");
        return FIND_NONE;
    }
    if (!warc) {
        error_set(err, ERR_DATA, "no page was kept: the outcome is %s%s%s",
                  word ? word : "not told", detail ? ": " : "",
                  detail ? detail : "");
        return FIND_NONE;
    }
    if (!json_is_integer(offset) || json_integer_value(offset) < 0 ||
        !run_pages_is_inside(warc)) {
        error_set(err, ERR_DATA, "its outcome names no place in a WARC file");
        return FIND_NONE;
    }
    ret_place->warc = fs_join(run_dir, warc);
    ret_place->offset = (uint64_t)json_integer_value(offset);
    return ret_place->warc ? FIND_PAGE : no_memory(err);
}

static enum find_result search_outcomes(const char *run_dir,
                                        const struct wanted *wanted,
                                        struct page_place *ret_place,
                                        struct error *err)
{
    char *path = fs_join(run_dir, "outcomes.jsonl"), *line = NULL;
    size_t capacity = 0;
    FILE *file = path ? fopen(path, "re") : NULL;
    enum find_result result = FIND_ERROR;
    if (!path) {
        no_memory(err);
    } else if (!file) {
        error_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
    } else {
        json_t *outcome = next_wanted(file, wanted, &line, &capacity);
        if (outcome) {
            result = place_of(run_dir, outcome, ret_place, err);
        } else if (ferror(file)) {
            error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", path);
        } else {
            error_set(err, ERR_DATA, "the run has no such entry");
            result = FIND_NONE;
        }
        json_decref(outcome);
    }
    if (file)
        fclose(file);
    free(line);
    free(path);
    return result;
}

enum find_result find_by_id(const char *run_dir, uint64_t id,
                            struct page_place *ret_place, struct error *err)
{
    struct wanted wanted = { .is_at_start = true, .member = "id", .id = id };
    if (!run_pages_check(run_dir, err))
        return FIND_ERROR;
    buf_init(&wanted.text, 64);
    buf_append_format(&wanted.text, "{\"id\":%llu,", (unsigned long long)id);
    enum find_result result =
        buf_check(&wanted.text, "an id", err)
            ? search_outcomes(run_dir, &wanted, ret_place, err)
            : FIND_ERROR;
    buf_release(&wanted.text);
    if (result == FIND_NONE)
        error_wrap(err, "%s: id %llu", run_dir, (unsigned long long)id);
    return result;
}

/* What came of an entry with this URL. */
static enum find_result find_entry(const char *run_dir, const char *url,
                                   struct page_place *ret_place,
                                   struct error *err)
{
    struct wanted wanted = { .member = "url", .url = url };
    buf_init(&wanted.text, 1 << 20);
    json_out_string(&wanted.text, view_of_string(url));
    enum find_result result =
        buf_check(&wanted.text, "a URL", err)
            ? search_outcomes(run_dir, &wanted, ret_place, err)
            : FIND_ERROR;
    buf_release(&wanted.text);
    return result;
}

/* ---- by the index ----------------------------------------------------- */

/* In one index; NONE also where there is none. */
static enum find_result find_indexed(const char *path, const char *url,
                                     const char *filename,
                                     struct page_place *ret_place,
                                     struct error *err)
{
    struct cdxj_index *index;
    struct cdxj_place place;
    if (!cdxj_index_open_file(path, &index, err))
        return FIND_ERROR;
    enum cdxj_result result =
        index ? cdxj_index_find_url(index, url, filename, &place, err)
              : CDXJ_NOT_FOUND;
    cdxj_index_close(index);
    switch (result) {
    case CDXJ_FOUND:
        *ret_place =
            (struct page_place){ .warc = place.path, .offset = place.offset };
        return FIND_PAGE;
    case CDXJ_NOT_FOUND:
        error_set(err, ERR_DATA, "%s has no %s", path, url);
        return FIND_NONE;
    case CDXJ_ERROR:
    default:
        return FIND_ERROR;
    }
}

enum find_result find_by_url(const char *run_dir, const char *url,
                             struct page_place *ret_place, struct error *err)
{
    if (!run_pages_check(run_dir, err))
        return FIND_ERROR;
    char *index = fs_join(run_dir, "pages/index.cdxj");
    enum find_result result =
        index ? find_indexed(index, url, NULL, ret_place, err) : no_memory(err);
    free(index);
    if (result == FIND_NONE)
        result = find_entry(run_dir, url, ret_place, err);
    if (result == FIND_NONE)
        error_wrap(err, "%s: %s", run_dir, url);
    return result;
}

enum find_result find_in_index(const char *warc, const char *url,
                               struct page_place *ret_place, struct error *err)
{
    const char *name = index_file_name(warc);
    char *own = index_file_own(warc), *common = index_file_common(warc);
    enum find_result result = FIND_NONE;
    if (!own || !common)
        result = no_memory(err);
    if (result == FIND_NONE)
        result = find_indexed(own, url, name, ret_place, err);
    if (result == FIND_NONE)
        result = find_indexed(common, url, name, ret_place, err);
    free(own);
    free(common);
    return result;
}

/* ---- a run's WARC files ----------------------------------------------- */

static bool is_warc_name(const char *name)
{
    return name[0] != '.' && strstr(name, ".warc");
}

enum find_result find_sole_warc(const char *run_dir, char **ret_warc,
                                struct error *err)
{
    char *pages = fs_join(run_dir, "pages"), *found = NULL;
    DIR *handle = pages ? opendir(pages) : NULL;
    const struct dirent *item;
    size_t count = 0;
    while (handle && (item = readdir(handle)) != NULL) {
        if (!is_warc_name(item->d_name) || count++)
            continue;
        found = fs_join(pages, item->d_name);
    }
    if (handle)
        closedir(handle);
    enum find_result result = FIND_NONE;
    if (!pages || (count && !found)) {
        result = no_memory(err);
    } else if (count == 1) {
        *ret_warc = found;
        found = NULL;
        result = FIND_PAGE;
    } else {
        error_set(err, ERR_USAGE,
                  "%s has %zu WARC files: an offset needs the name of one",
                  pages, count);
    }
    free(found);
    free(pages);
    return result;
}
