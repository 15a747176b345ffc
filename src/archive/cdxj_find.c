/*
 * The file is mapped, and a key is found by halving: it is sorted bytewise, and
 * no line is looked at but those on the way. A name by digest is looked for
 * under its URL alone, since the rest of the file is not sorted by digests.
 */
#include "cdxj_find.h"

#include "index_files.h"

#include "fetchgrep/model/url.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct cdxj_index {
    char *dir; /* with the slash at its end, "" for the current one */
    struct view text;
};

/* ---- open and close --------------------------------------------------- */

static bool map_file(const char *path, struct view *ret_text)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *at = MAP_FAILED;
    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        return false;
    *ret_text = view_of(at, (size_t)st.st_size);
    return true;
}

bool cdxj_index_open_file(const char *index_path, struct cdxj_index **ret_index,
                          struct error *err)
{
    struct cdxj_index *index = calloc(1, sizeof(*index));
    const char *slash = strrchr(index_path, '/');
    size_t dir_size = slash ? (size_t)(slash + 1 - index_path) : 0;
    if (index)
        index->dir = strndup(index_path, dir_size);
    if (!index || !index->dir) {
        cdxj_index_close(index);
        return error_no_memory(err, "an index");
    }
    if (!map_file(index_path, &index->text)) {
        cdxj_index_close(index);
        index = NULL;
    }
    *ret_index = index;
    return true;
}

bool cdxj_index_open(const char *path, struct cdxj_index **ret_index,
                     struct error *err)
{
    char *name = index_file_common(path);
    bool done = name ? cdxj_index_open_file(name, ret_index, err)
                     : error_no_memory(err, "an index");
    free(name);
    return done;
}

/* The mapping; its bytes are const to all others. */
static void *mapping_of(const struct cdxj_index *index)
{
    void *at;
    memcpy(&at, &index->text.data, sizeof(at));
    return at;
}

void cdxj_index_rest(const struct cdxj_index *index)
{
    if (index->text.size)
        madvise(mapping_of(index), index->text.size, MADV_DONTNEED);
}

void cdxj_index_close(struct cdxj_index *index)
{
    if (!index)
        return;
    if (index->text.size)
        munmap(mapping_of(index), index->text.size);
    free(index->dir);
    free(index);
}

/* ---- lines ------------------------------------------------------------ */

/* The line that `at` stands in: where it begins. */
static size_t line_start(struct view text, size_t at)
{
    const char *end = at ? memrchr(text.data, '\n', at) : NULL;
    return end ? (size_t)(end + 1 - text.data) : 0;
}

static struct view line_at(struct view text, size_t at)
{
    struct view rest = view_from(text, at);
    return view_split(&rest, '\n');
}

static int compare_start(struct view line, struct view key)
{
    size_t size = line.size < key.size ? line.size : key.size;
    int order = size ? memcmp(line.data, key.data, size) : 0;
    return order ? order : line.size < key.size ? -1 : 0;
}

/* The first line that is not before all lines that begin with `key`. */
static size_t find_first(struct view text, struct view key)
{
    size_t low = 0, high = text.size;
    while (low < high) {
        size_t at = line_start(text, low + (high - low) / 2);
        struct view line = line_at(text, at);
        if (compare_start(line, key) < 0)
            low = at + line.size + 1;
        else
            high = at;
    }
    return low < text.size ? low : text.size;
}

/* A name inside of the index's directory and nowhere else. */
static bool is_safe_name(const char *name)
{
    return name[0] && name[0] != '/' && !strstr(name, "..");
}

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

/* Offsets are strings in pywb's indexes, numbers in others. */
static bool offset_of(const json_t *object, uint64_t *ret_offset)
{
    const json_t *offset = json_object_get(object, "offset");
    if (json_is_integer(offset) && json_integer_value(offset) >= 0) {
        *ret_offset = (uint64_t)json_integer_value(offset);
        return true;
    }
    return json_is_string(offset) &&
           view_to_u64(view_of_string(json_string_value(offset)), ret_offset);
}

/* Whether the line's object has what is wanted, and where its record is. */
static enum cdxj_result judge(const struct cdxj_index *index,
                              const json_t *object,
                              const struct record_name *name,
                              enum record_name_kind kind,
                              struct cdxj_place *ret_place, struct error *err)
{
    struct record_name found = *name;
    struct cdxj_place place;
    const char *file = text_of(object, "filename");
    found.uri = view_of_string(text_of(object, "url"));
    found.digest =
        record_digest_bare(view_of_string(text_of(object, "digest")));
    if (!strcmp(text_of(object, "mime"), "warc/revisit") ||
        !is_safe_name(file) || !offset_of(object, &place.offset) ||
        !record_name_equal(&found, name, kind))
        return CDXJ_NOT_FOUND;
    if (asprintf(&place.path, "%s%s", index->dir, file) < 0) {
        error_no_memory(err, "an index");
        return CDXJ_ERROR;
    }
    *ret_place = place;
    return CDXJ_FOUND;
}

/* The line's object; NULL when it has none. */
static json_t *object_of(struct view line)
{
    /* Behind a blank: a URL may hold a brace, but no blank. */
    const char *brace = memmem(line.data, line.size, " {", 2);
    if (!brace)
        return NULL;
    struct view text = view_from(line, (size_t)(brace + 1 - line.data));
    return json_loadb(text.data, text.size, 0, NULL);
}

static enum cdxj_result
judge_line(const struct cdxj_index *index, struct view line,
           const struct record_name *name, enum record_name_kind kind,
           struct cdxj_place *ret_place, struct error *err)
{
    json_t *object = object_of(line);
    enum cdxj_result result =
        object ? judge(index, object, name, kind, ret_place, err)
               : CDXJ_NOT_FOUND;
    json_decref(object);
    return result;
}

/* "SURT " or "SURT TIMESTAMP ". */
static void append_key(const struct record_name *name,
                       enum record_name_kind kind, struct buf *out)
{
    url_append_surt(name->uri, out);
    buf_append_char(out, ' ');
    if (kind == NAME_URI_DATE || kind == NAME_URI_DATE_DIGEST)
        buf_append_format(out, "%s ", name->date);
}

enum cdxj_result cdxj_index_find(const struct cdxj_index *index,
                                 const struct record_name *name,
                                 enum record_name_kind kind,
                                 struct cdxj_place *ret_place,
                                 struct error *err)
{
    uint64_t unused;
    if (kind == NAME_ID || !name->uri.size ||
        !record_name_hash(name, kind, &unused))
        return CDXJ_NOT_FOUND;
    struct buf key;
    buf_init(&key, 16 << 20);
    append_key(name, kind, &key);
    enum cdxj_result result = CDXJ_NOT_FOUND;
    if (!buf_check(&key, "a key", err))
        result = CDXJ_ERROR;
    size_t at = find_first(index->text, buf_view(&key));
    while (result == CDXJ_NOT_FOUND && at < index->text.size) {
        struct view line = line_at(index->text, at);
        if (compare_start(line, buf_view(&key)))
            break;
        result = judge_line(index, line, name, kind, ret_place, err);
        at += line.size + 1;
    }
    buf_release(&key);
    return result;
}

/* ---- by URL alone ----------------------------------------------------- */

/* Takes the place of a line, unless one is there and this URL is not the very
 * one. */
static enum cdxj_result weigh(const struct cdxj_index *index,
                              const json_t *object, const char *url,
                              const char *filename, struct cdxj_place *best,
                              struct error *err)
{
    struct cdxj_place place;
    const char *file = text_of(object, "filename");
    bool is_exact = !strcmp(text_of(object, "url"), url);
    if (!is_safe_name(file) || (filename && strcmp(file, filename)) ||
        !offset_of(object, &place.offset) || (best->path && !is_exact))
        return CDXJ_NOT_FOUND;
    if (asprintf(&place.path, "%s%s", index->dir, file) < 0) {
        error_no_memory(err, "an index");
        return CDXJ_ERROR;
    }
    free(best->path);
    *best = place;
    return is_exact ? CDXJ_FOUND : CDXJ_NOT_FOUND;
}

enum cdxj_result cdxj_index_find_url(const struct cdxj_index *index,
                                     const char *url, const char *filename,
                                     struct cdxj_place *ret_place,
                                     struct error *err)
{
    struct cdxj_place best = { 0 };
    struct buf key;
    buf_init(&key, 16 << 20);
    url_append_surt(view_of_string(url), &key);
    buf_append_char(&key, ' ');
    enum cdxj_result result = CDXJ_NOT_FOUND;
    if (!buf_check(&key, "a key", err))
        result = CDXJ_ERROR;
    size_t at = find_first(index->text, buf_view(&key));
    while (result == CDXJ_NOT_FOUND && at < index->text.size) {
        struct view line = line_at(index->text, at);
        if (compare_start(line, buf_view(&key)))
            break;
        json_t *object = object_of(line);
        result = weigh(index, object, url, filename, &best, err);
        json_decref(object);
        at += line.size + 1;
    }
    buf_release(&key);
    if (result == CDXJ_ERROR || !best.path) {
        free(best.path);
        return result;
    }
    *ret_place = best;
    return CDXJ_FOUND;
}

/* ---- the latest ------------------------------------------------------- */

enum { LATEST_LOOKED_AT = 16 };

/* The first line that is behind all lines that begin with `key`. */
static size_t find_behind(struct view text, struct view key)
{
    size_t low = 0, high = text.size;
    while (low < high) {
        size_t at = line_start(text, low + (high - low) / 2);
        struct view line = line_at(text, at);
        if (compare_start(line, key) <= 0)
            low = at + line.size + 1;
        else
            high = at;
    }
    return low < text.size ? low : text.size;
}

static enum cdxj_result take_exact(const struct cdxj_index *index,
                                   struct view line, const char *url,
                                   struct cdxj_place *ret_place,
                                   struct error *err)
{
    struct cdxj_place best = { 0 };
    json_t *object = object_of(line);
    enum cdxj_result result = weigh(index, object, url, NULL, &best, err);
    json_decref(object);
    if (result == CDXJ_FOUND)
        *ret_place = best;
    else
        free(best.path);
    return result;
}

enum cdxj_result cdxj_index_find_latest(const struct cdxj_index *index,
                                        const char *url,
                                        struct cdxj_place *ret_place,
                                        struct error *err)
{
    struct buf key;
    buf_init(&key, 16 << 20);
    url_append_surt(view_of_string(url), &key);
    buf_append_char(&key, ' ');
    enum cdxj_result result = CDXJ_NOT_FOUND;
    if (!buf_check(&key, "a key", err))
        result = CDXJ_ERROR;
    size_t at = find_behind(index->text, buf_view(&key));
    for (int i = 0; i < LATEST_LOOKED_AT && at && result == CDXJ_NOT_FOUND;
         i++) {
        at = line_start(index->text, at - 1);
        struct view line = line_at(index->text, at);
        if (compare_start(line, buf_view(&key)))
            break;
        result = take_exact(index, line, url, ret_place, err);
    }
    buf_release(&key);
    return result;
}
