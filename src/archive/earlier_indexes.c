#include "earlier_indexes.h"

#include "fetchgrep/base/fs.h"

#include <jansson.h>

/* The record that has the payload is named, not the run before: few of a chain
 * are asked in vain. */
enum { RUNS_MAX = 64 };

struct earlier_indexes {
    size_t count;
    struct cdxj_index *list[RUNS_MAX];
};

/* "DIR" of "DIR/pages/NAME", "." of "pages/NAME"; NULL when it lies elsewhere,
 * or without memory. Free it. */
static char *run_of(const char *warc)
{
    static const char pages[] = "pages";
    const size_t size = sizeof(pages) - 1;
    const char *end = strrchr(warc, '/');
    if (!end || (size_t)(end - warc) < size || memcmp(end - size, pages, size))
        return NULL;
    end -= size;
    if (end == warc)
        return strdup(".");
    return end[-1] == '/' ? strndup(warc, (size_t)(end - warc)) : NULL;
}

/* The run before the one in `dir`; NULL when there is none. Free it. */
static char *run_before(const char *dir)
{
    char *path = fs_join(dir, "run.json"), *before = NULL;
    json_t *run = path ? json_load_file(path, 0, NULL) : NULL;
    const char *since = json_string_value(json_object_get(run, "since"));
    if (since)
        before = strdup(since);
    json_decref(run);
    free(path);
    return before;
}

/* The index of the run in `dir`, if it can be read. */
static bool add(struct earlier_indexes *indexes, const char *dir,
                struct error *err)
{
    char *path = fs_join(dir, "pages/index.cdxj");
    struct cdxj_index *index = NULL;
    bool done = path ? cdxj_index_open_file(path, &index, err)
                     : error_no_memory(err, "an index");
    free(path);
    if (done && index)
        indexes->list[indexes->count++] = index;
    return done;
}

bool earlier_indexes_open(const char *warc,
                          struct earlier_indexes **ret_indexes,
                          struct error *err)
{
    char *dir = run_of(warc);
    char *before = dir ? run_before(dir) : NULL;
    struct earlier_indexes *indexes =
        before ? calloc(1, sizeof(*indexes)) : NULL;
    bool done = !before || indexes || error_no_memory(err, "an index");
    free(dir);
    /* Run directories may be named in a circle by hand. */
    for (int i = 0; i < RUNS_MAX && done && before; i++) {
        done = add(indexes, before, err);
        dir = before;
        before = run_before(dir);
        free(dir);
    }
    free(before);
    if (done)
        *ret_indexes = indexes;
    else
        earlier_indexes_close(indexes);
    return done;
}

void earlier_indexes_close(struct earlier_indexes *indexes)
{
    if (!indexes)
        return;
    for (size_t i = 0; i < indexes->count; i++)
        cdxj_index_close(indexes->list[i]);
    free(indexes);
}

const struct cdxj_index *
earlier_indexes_get(const struct earlier_indexes *indexes, size_t at)
{
    return indexes && at < indexes->count ? indexes->list[at] : NULL;
}
