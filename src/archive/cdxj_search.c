#include "cdxj_search.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/model/url.h"

#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>

struct search {
    const char *path;
    FILE *file;
    char *line;
    size_t capacity;
    struct view text; /* the line that was read, without its end */
    struct buf key;   /* SURT and a blank */
};

enum line_result { LINE_THERE, LINE_NONE, LINE_ERROR };

static enum line_result next_line(struct search *search, struct error *err)
{
    errno = 0;
    ssize_t size = getline(&search->line, &search->capacity, search->file);
    if (size < 0 && !feof(search->file)) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", search->path);
        return LINE_ERROR;
    }
    if (size < 0)
        return LINE_NONE;
    search->text = view_of(search->line, (size_t)size);
    if (view_ends_with(search->text, "\n"))
        search->text.size--;
    return LINE_THERE;
}

/* The first line that begins at `from` or behind it. */
static enum line_result line_at(struct search *search, off_t from,
                                off_t *ret_begin, struct error *err)
{
    if (fseeko(search->file, from ? from - 1 : 0, SEEK_SET)) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", search->path);
        return LINE_ERROR;
    }
    if (from) { /* to the end of the line before */
        enum line_result skipped = next_line(search, err);
        if (skipped != LINE_THERE)
            return skipped;
    }
    *ret_begin = ftello(search->file);
    return next_line(search, err);
}

static bool is_before(struct view line, struct view key)
{
    size_t size = line.size < key.size ? line.size : key.size;
    int order = memcmp(line.data, key.data, size);
    return order < 0 || (order == 0 && line.size < key.size);
}

/* Leaves the file at the first line that is not before the key. */
static enum line_result go_to_key(struct search *search, struct error *err)
{
    struct stat st;
    if (fstat(fileno(search->file), &st)) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", search->path);
        return LINE_ERROR;
    }
    /* Lines that begin before `low` are before the key, those at `high` and
     * behind it are not. */
    off_t low = 0, high = st.st_size, begin = 0;
    while (low < high) {
        off_t middle = low + (high - low) / 2;
        enum line_result result = line_at(search, middle, &begin, err);
        if (result == LINE_ERROR)
            return LINE_ERROR;
        if (result == LINE_THERE &&
            is_before(search->text, buf_view(&search->key)))
            low = begin + 1;
        else
            high = middle;
    }
    enum line_result result = line_at(search, low, &begin, err);
    if (result == LINE_THERE && fseeko(search->file, begin, SEEK_SET)) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", search->path);
        return LINE_ERROR;
    }
    return result;
}

/* A number, written as such or as a string (as pywb does). */
static bool read_number(const json_t *value, uint64_t *ret_number)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *ret_number = (uint64_t)json_integer_value(value);
        return true;
    }
    return json_is_string(value) &&
           view_to_u64(view_of_string(json_string_value(value)), ret_number);
}

/* The JSON behind key and timestamp. */
static json_t *line_members(struct view line)
{
    const char *brace = line.size ? memchr(line.data, '{', line.size) : NULL;
    if (!brace)
        return NULL;
    struct view text = view_from(line, (size_t)(brace - line.data));
    return json_loadb(text.data, text.size, JSON_DISABLE_EOF_CHECK, NULL);
}

/* Takes the place of a line unless a better one is there. False without
 * memory. */
static bool weigh_line(struct view line, const char *url, const char *filename,
                       struct page_place *best, bool *is_exact)
{
    json_t *members = line_members(line);
    const char *name = json_string_value(json_object_get(members, "filename"));
    const char *its_url = json_string_value(json_object_get(members, "url"));
    uint64_t offset;
    bool is_meant = name && (!filename || !strcmp(name, filename)) &&
                    read_number(json_object_get(members, "offset"), &offset);
    bool is_url = its_url && !strcmp(its_url, url), done = true;
    if (is_meant && (!best->warc || (is_url && !*is_exact))) {
        free(best->warc);
        *best = (struct page_place){ .warc = strdup(name), .offset = offset };
        *is_exact = is_url;
        done = best->warc != NULL;
    }
    json_decref(members);
    return done;
}

static enum find_result search_lines(struct search *search, const char *url,
                                     const char *filename,
                                     struct page_place *best, struct error *err)
{
    bool is_exact = false;
    enum line_result result = go_to_key(search, err);
    while (result == LINE_THERE && !is_exact &&
           (result = next_line(search, err)) == LINE_THERE &&
           view_starts_with(search->text, buf_string(&search->key))) {
        if (!weigh_line(search->text, url, filename, best, &is_exact)) {
            error_no_memory(err, "a line of the index");
            return FIND_ERROR;
        }
    }
    if (result == LINE_ERROR)
        return FIND_ERROR;
    if (best->warc)
        return FIND_PAGE;
    error_set(err, ERR_DATA, "%s has no %s", search->path, url);
    return FIND_NONE;
}

enum find_result cdxj_search(const char *path, const char *url,
                             const char *filename, struct page_place *ret_place,
                             struct error *err)
{
    struct search search = { .path = path, .file = fopen(path, "re") };
    struct page_place best = { 0 };
    enum find_result result = FIND_ERROR;
    if (!search.file && errno == ENOENT) {
        error_set_errno(err, ERR_DATA, ENOENT, "cannot open %s", path);
        return FIND_NONE;
    }
    if (!search.file) {
        error_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
        return FIND_ERROR;
    }
    buf_init(&search.key, 1 << 20);
    url_append_surt(view_of_string(url), &search.key);
    buf_append_char(&search.key, ' ');
    if (buf_check(&search.key, "a URL", err))
        result = search_lines(&search, url, filename, &best, err);
    buf_release(&search.key);
    free(search.line);
    fclose(search.file);
    if (result == FIND_PAGE)
        *ret_place = best;
    else
        free(best.warc);
    return result;
}
