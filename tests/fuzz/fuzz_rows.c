/*
 * CSV, TSV and JSON Lines, packed or not. No row is lost: between two entries
 * there are only line ends; a row that is read again is the same; what is kept
 * is JSON on one line.
 *
 * The first byte chooses format and options. The byte 0xFE stands for 200,000
 * letters, so that rows grow beyond the longest.
 */
#include "../../src/manifest/input.h"

#include "fuzz.h"

#include "fetchgrep/manifest/manifest.h"

#include <jansson.h>

enum { LONG_RUN = 200000, LONG_RUNS_MAX = 6 };

static void expand(struct view input, struct buf *out)
{
    size_t runs = 0;
    buf_init(out, (size_t)LONG_RUN * LONG_RUNS_MAX + input.size + 1);
    for (size_t i = 0; i < input.size; i++) {
        if ((unsigned char)input.data[i] != 0xfe) {
            buf_append_char(out, input.data[i]);
        } else if (runs++ < LONG_RUNS_MAX) {
            char *to = buf_reserve(out, LONG_RUN);
            DEMAND(to);
            memset(to, 'a', LONG_RUN);
            buf_commit(out, LONG_RUN);
        }
    }
    DEMAND(!out->failed);
}

static void check_keep(struct view keep, bool is_wanted)
{
    if (!keep.size)
        return;
    DEMAND(is_wanted && keep.size <= MANIFEST_KEEP_MAX);
    DEMAND(!memchr(keep.data, '\n', keep.size));
    json_t *value = json_loadb(
        keep.data, keep.size,
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    DEMAND(json_is_null(value) || json_object_size(value) == 2);
    json_decref(value);
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* The row's bytes give the same entry again. */
static void check_again(struct manifest *manifest,
                        const struct manifest_entry *entry)
{
    struct error err;
    struct buf row, text, keep;
    if (entry->is_too_long)
        return;
    buf_init(&row, SIZE_MAX / 2);
    buf_init(&text, SIZE_MAX / 2);
    buf_init(&keep, SIZE_MAX / 2);
    buf_append_view(&text, entry->text);
    buf_append_view(&keep, entry->keep);
    char *problem = entry->problem ? strdup(entry->problem) : NULL;
    struct manifest_entry again = { .id = entry->id,
                                    .line = entry->line,
                                    .offset = entry->offset };
    DEMAND(manifest_reread(manifest, entry->row.size, &row, &again, &err));
    DEMAND(view_equal(again.text, buf_view(&text)));
    DEMAND(view_equal(again.keep, buf_view(&keep)));
    DEMAND(is_same_text(problem, again.problem));
    free(problem);
    buf_release(&row);
    buf_release(&text);
    buf_release(&keep);
}

static bool is_blank(struct view bytes)
{
    return view_trim(bytes).size == 0;
}

/* `passed`: where the last row ended. */
static void check_entry(const struct manifest_entry *entry, struct view bytes,
                        uint64_t *passed, bool *was_too_long)
{
    DEMAND(entry->offset >= *passed && entry->offset < bytes.size);
    /* Of a row that was too long the end is not told. */
    DEMAND(*was_too_long ||
           is_blank(view_of(bytes.data + *passed,
                            (size_t)(entry->offset - *passed))));
    DEMAND(view_equal(entry->row, view_first(view_from(bytes, entry->offset),
                                             entry->row.size)));
    DEMAND(view_equal(entry->text, view_trim(entry->text)));
    DEMAND(!entry->problem || entry->problem[0]);
    DEMAND(!entry->is_too_long || entry->problem);
    *passed = entry->offset + entry->row.size;
    *was_too_long = entry->is_too_long;
}

static void check_list(struct manifest *manifest, struct view bytes,
                       const struct manifest_options *options, bool is_packed)
{
    struct error err = { 0 };
    struct manifest_entry entry;
    enum manifest_result result;
    uint64_t id = 0, line = 0, passed = 0;
    bool was_too_long = true; /* the row of names is not told either */
    while ((result = manifest_next(manifest, &entry, &err)) == MANIFEST_ITEM) {
        DEMAND(entry.id == id++ && entry.line > line);
        line = entry.line;
        check_keep(entry.keep, options->keep_count > 0);
        if (is_packed)
            continue;
        check_entry(&entry, bytes, &passed, &was_too_long);
        check_again(manifest, &entry);
    }
    DEMAND(result == MANIFEST_END || is_packed);
    DEMAND(is_packed || was_too_long ||
           is_blank(view_from(bytes, (size_t)passed)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keep[] = { "1", "b" };
    static const char *const numbers[] = { "1", "3" };
    struct view input = view_of(data, size);
    unsigned char choice = take_byte(&input);
    struct manifest_options options = {
        .format = (enum manifest_format)(choice % 3 + MANIFEST_CSV),
        .has_no_header = choice & 8,
        .keep = choice & 8 ? numbers : keep,
        .keep_count = choice & 16 ? 2 : 0,
        .url_field = choice & 32 ? "2" : NULL,
    };
    char name[MEMORY_FILE_PATH_SIZE], *path = name;
    struct error err = { 0 };
    struct buf bytes;
    expand(input, &bytes);
    struct view list = buf_view(&bytes);
    bool is_packed = input_packing_of(list) > INPUT_PLAIN;
    int fd = memory_file(list, name);
    struct manifest *manifest = manifest_open(&path, 1, &options, &err);
    DEMAND(manifest || (err.code == ERR_USAGE && err.message[0]));
    if (manifest)
        check_list(manifest, list, &options, is_packed);
    manifest_close(manifest);
    close(fd);
    buf_release(&bytes);
    return 0;
}
