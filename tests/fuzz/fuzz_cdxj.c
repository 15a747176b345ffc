/*
 * The reader of an index.cdxj. A search by halving in the sorted lines finds
 * what a walk through them finds, whatever else stands in the file; unsorted
 * files are survived; lines that we write are found by URL and date and by
 * digest.
 *
 * The lines of the input are the index. The first byte tells whether they are
 * sorted before, and the parts of the lines are what our own are made of.
 */
#include "fuzz.h"

#include "../../src/archive/cdxj_find.h"
#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/model/url.h"

#include <fcntl.h>
#include <jansson.h>

enum { LINES_MAX = 64, KEY_MAX = 1 << 20, RECORDS_MAX = 16 };

static char dir[] = "/dev/shm/fetchgrep-fuzz-XXXXXX";
static char index_path[sizeof(dir) + 16], beside_path[sizeof(dir) + 16];

static void remove_dir(void)
{
    unlink(index_path);
    rmdir(dir);
}

static void make_dir(void)
{
    if (index_path[0])
        return;
    DEMAND(mkdtemp(dir));
    snprintf(index_path, sizeof(index_path), "%s/index.cdxj", dir);
    snprintf(beside_path, sizeof(beside_path), "%s/a.warc.gz", dir);
    atexit(remove_dir);
}

static struct cdxj_index *open_index(struct view text)
{
    struct error err;
    struct cdxj_index *index;
    int fd = open(index_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    DEMAND(fd >= 0);
    DEMAND(!text.size || write(fd, text.data, text.size) == (ssize_t)text.size);
    close(fd);
    DEMAND(cdxj_index_open(beside_path, &index, &err));
    DEMAND(!index == !text.size);
    return index;
}

/* ---- lines -------------------------------------------------------------- */

static int compare_lines(const void *a, const void *b)
{
    struct view x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    size_t size = x.size < y.size ? x.size : y.size;
    int order = size ? memcmp(x.data, y.data, size) : 0;
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

static size_t cut_lines(struct view text, struct view lines[LINES_MAX])
{
    size_t count = 0;
    while (text.size && count < LINES_MAX)
        lines[count++] = view_split(&text, '\n');
    return count;
}

static void join_lines(const struct view *lines, size_t count, struct buf *out)
{
    buf_init(out, 1 << 22);
    for (size_t i = 0; i < count; i++) {
        buf_append_view(out, lines[i]);
        buf_append_char(out, '\n');
    }
    DEMAND(!out->failed);
}

/* ---- what a walk finds -------------------------------------------------- */

/* The object stands behind a blank; the key before it may hold braces. */
static json_t *object_of(struct view line)
{
    const char *at = line.size ? memmem(line.data, line.size, " {", 2) : NULL;
    return at ? json_loadb(at + 1, line.size - (size_t)(at + 1 - line.data), 0,
                           NULL)
              : NULL;
}

static struct view member(const json_t *object, const char *name)
{
    return view_of_string(json_string_value(json_object_get(object, name)));
}

static bool has_place(const json_t *object, uint64_t *ret_offset)
{
    const json_t *offset = json_object_get(object, "offset");
    struct view file = member(object, "filename");
    if (!file.size || file.data[0] == '/' ||
        memmem(file.data, file.size, "..", 2))
        return false;
    if (!json_is_integer(offset))
        return view_to_u64(member(object, "offset"), ret_offset);
    *ret_offset = (uint64_t)json_integer_value(offset);
    return json_integer_value(offset) >= 0;
}

/* Whether the line is what is looked for, judged by itself. */
static bool is_wanted(struct view line, const struct record_name *name,
                      enum record_name_kind kind, uint64_t *ret_offset)
{
    struct buf key;
    buf_init(&key, KEY_MAX);
    url_append_surt(name->uri, &key);
    buf_append_format(&key, kind == NAME_URI_DATE ? " %s " : " ", name->date);
    DEMAND(!key.failed);
    json_t *object = object_of(line);
    bool is_it = line.size >= key.size &&
                 !memcmp(line.data, key.data, key.size) && object &&
                 !view_equal_string(member(object, "mime"), "warc/revisit") &&
                 has_place(object, ret_offset);
    if (is_it && kind == NAME_URI_DATE)
        is_it = view_equal(member(object, "url"), name->uri);
    else if (is_it)
        is_it = name->digest.size &&
                view_equal_nocase(record_digest_bare(member(object, "digest")),
                                  name->digest);
    json_decref(object);
    buf_release(&key);
    return is_it;
}

static enum cdxj_result walk(const struct view *lines, size_t count,
                             const struct record_name *name,
                             enum record_name_kind kind, uint64_t *ret_offset)
{
    for (size_t i = 0; i < count; i++)
        if (is_wanted(lines[i], name, kind, ret_offset))
            return CDXJ_FOUND;
    return CDXJ_NOT_FOUND;
}

/* ---- any index ---------------------------------------------------------- */

/* The name that a line has: its URL, the digits of its second word, its
 * digest. False when it has no URL. */
static bool name_of_line(struct view line, json_t *object,
                         struct record_name *ret_name)
{
    *ret_name = (struct record_name){ .uri = member(object, "url") };
    ret_name->digest = record_digest_bare(member(object, "digest"));
    struct view rest = line;
    view_split(&rest, ' ');
    struct view date = view_split(&rest, ' ');
    if (date.size == RECORD_DATE_SIZE - 1 && !memchr(date.data, 0, date.size))
        memcpy(ret_name->date, date.data, date.size);
    return ret_name->uri.size > 0;
}

static void check_find(const struct cdxj_index *index, const struct view *lines,
                       size_t count, const struct record_name *name,
                       enum record_name_kind kind, bool is_sorted)
{
    struct error err;
    struct cdxj_place place;
    uint64_t offset = 0;
    if (kind == NAME_URI_DATE ? !name->date[0] : !name->digest.size)
        return;
    enum cdxj_result result = cdxj_index_find(index, name, kind, &place, &err);
    DEMAND(result != CDXJ_ERROR);
    if (is_sorted)
        DEMAND(result == walk(lines, count, name, kind, &offset));
    if (result == CDXJ_NOT_FOUND)
        return;
    DEMAND(!is_sorted || place.offset == offset);
    DEMAND(!strncmp(place.path, dir, strlen(dir)) && !strstr(place.path, ".."));
    free(place.path);
}

static void check_index(struct view text, bool is_sorted)
{
    struct view lines[LINES_MAX];
    struct buf joined;
    size_t count = cut_lines(text, lines);
    if (is_sorted)
        qsort(lines, count, sizeof(*lines), compare_lines);
    join_lines(lines, count, &joined);
    struct cdxj_index *index = open_index(buf_view(&joined));
    for (size_t i = 0; index && i < count; i++) {
        struct record_name name;
        json_t *object = object_of(lines[i]);
        if (object && name_of_line(lines[i], object, &name)) {
            check_find(index, lines, count, &name, NAME_URI_DATE, is_sorted);
            check_find(index, lines, count, &name, NAME_DIGEST, is_sorted);
        }
        json_decref(object);
    }
    cdxj_index_close(index);
    buf_release(&joined);
}

/* ---- lines of our own --------------------------------------------------- */

static bool is_url(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= ' ')
            return false;
    return text.size && utf8_valid_prefix(text) == text.size;
}

struct written {
    struct view url;
    int64_t date_ms;
    char digest[16];
};

static size_t write_records(struct view input, struct written *written,
                            struct buf *out)
{
    size_t count = 0;
    while (input.size && count < RECORDS_MAX) {
        struct written *record = &written[count];
        record->date_ms = (int64_t)take_byte(&input) * 86399999;
        record->url = view_split(&input, '|');
        snprintf(record->digest, sizeof(record->digest), "sha1:D%zu", count);
        if (!is_url(record->url))
            continue;
        const struct cdxj_record fields = {
            .url = record->url,
            .date_ms = record->date_ms,
            .status = 200,
            .digest = view_of_string(record->digest),
            .length = 10,
        };
        cdxj_append_head(&fields, out);
        cdxj_append_place(count, view_of_string("a.warc.gz"), out);
        count++;
    }
    return count;
}

static void check_written_record(const struct cdxj_index *index,
                                 const struct written *written, uint64_t number)
{
    struct error err;
    struct cdxj_place place;
    const struct written *record = &written[number];
    struct record_name name = {
        .uri = record->url,
        .digest = record_digest_bare(view_of_string(record->digest)),
    };
    clock_format_cdx(record->date_ms, name.date);
    DEMAND(cdxj_index_find(index, &name, NAME_DIGEST, &place, &err) ==
           CDXJ_FOUND);
    DEMAND(place.offset == number && !strcmp(place.path, beside_path));
    free(place.path);
    DEMAND(cdxj_index_find(index, &name, NAME_URI_DATE, &place, &err) ==
           CDXJ_FOUND);
    DEMAND(view_equal(written[place.offset].url, record->url));
    DEMAND(written[place.offset].date_ms == record->date_ms);
    free(place.path);
}

static void check_own_lines(struct view input)
{
    struct written written[RECORDS_MAX];
    struct view lines[LINES_MAX];
    struct buf out, sorted;
    buf_init(&out, 1 << 22);
    size_t count = write_records(input, written, &out);
    DEMAND(!out.failed);
    DEMAND(cut_lines(buf_view(&out), lines) == count);
    qsort(lines, count, sizeof(*lines), compare_lines);
    join_lines(lines, count, &sorted);
    struct cdxj_index *index = open_index(buf_view(&sorted));
    for (size_t i = 0; i < count; i++)
        check_written_record(index, written, i);
    cdxj_index_close(index);
    buf_release(&out);
    buf_release(&sorted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = view_of(data, size < 8192 ? size : 8192);
    make_dir();
    bool is_sorted = take_byte(&input) & 1;
    check_index(input, is_sorted);
    check_own_lines(input);
    return 0;
}
