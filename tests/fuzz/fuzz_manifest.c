/*
 * Plain URL lists. What the reader hands out is compared with a plain cutting
 * of the same bytes into lines: no line is lost, none is made up, ids run on
 * over the lists, and a digest of the lists does not move the reader.
 *
 * The byte 0xFF stands for 400,000 letters, so that lines grow beyond the
 * longest and beyond the reader's buffer; 0xFE is where the next list begins.
 */
#include "../../src/manifest/input.h"

#include "fuzz.h"

#include "fetchgrep/manifest/manifest.h"

enum { LONG_RUN = 400000, LONG_RUNS_MAX = 8, LISTS_MAX = 4, SHOWN = 256 };

static void expand(struct view input, struct buf *out)
{
    size_t runs = 0;
    buf_init(out, (size_t)LONG_RUN * LONG_RUNS_MAX + input.size + 1);
    for (size_t i = 0; i < input.size; i++) {
        bool is_run = (unsigned char)input.data[i] == 0xff;
        if (is_run && runs++ < LONG_RUNS_MAX) {
            char *to = buf_reserve(out, LONG_RUN);
            DEMAND(to);
            memset(to, 'a', LONG_RUN);
            buf_commit(out, LONG_RUN);
        } else if (!is_run) {
            buf_append_char(out, input.data[i]);
        }
    }
    DEMAND(!out->failed);
}

/* The lines as they should come: of `rest`, the rest of one list. */
struct model {
    struct view rest;
    uint64_t line;
};

/* The next entry of this list; false at its end. */
static bool model_next(struct model *model, struct view *ret_text,
                       bool *ret_is_too_long)
{
    if (!model->line && view_starts_with(model->rest, "\xEF\xBB\xBF"))
        model->rest = view_from(model->rest, 3);
    while (model->rest.size) {
        struct view line = view_split(&model->rest, '\n');
        bool is_too_long = line.size > MANIFEST_LINE_MAX;
        if (is_too_long)
            line = view_first(line, SHOWN);
        model->line++;
        line = view_trim(line);
        if ((line.size && line.data[0] == '#') || (!line.size && !is_too_long))
            continue;
        *ret_text = line;
        *ret_is_too_long = is_too_long;
        return true;
    }
    return false;
}

static void check_digest(struct manifest *manifest, uint64_t expected)
{
    struct error err;
    uint64_t digest;
    DEMAND(manifest_digest(manifest, &digest, &err));
    DEMAND(digest == expected);
}

static uint64_t check_list(struct manifest *manifest, struct view list,
                           uint32_t index, uint64_t id, uint64_t digest)
{
    struct error err;
    struct manifest_entry entry;
    struct model model = { .rest = list };
    struct view text;
    bool is_too_long;
    for (; model_next(&model, &text, &is_too_long); id++) {
        DEMAND(manifest_next(manifest, &entry, &err) == MANIFEST_ITEM);
        DEMAND(entry.id == id && entry.source_index == index);
        DEMAND(entry.line == model.line && entry.is_too_long == is_too_long);
        DEMAND(view_equal(entry.text, text));
        struct manifest_progress progress = manifest_progress(manifest);
        DEMAND(progress.entry_count == id + 1 && !progress.is_exact);
        if (id % 16 == 0) {
            check_digest(manifest, digest);
            DEMAND(view_equal(entry.text, text));
        }
    }
    return id;
}

static void check_lists(char *const *paths, const struct view *lists,
                        size_t count)
{
    struct error err;
    struct manifest_entry entry;
    struct manifest *manifest = manifest_open(paths, count, NULL, &err);
    DEMAND(manifest);
    uint64_t id = 0, digest;
    DEMAND(manifest_digest(manifest, &digest, &err));
    for (size_t i = 0; i < count; i++)
        id = check_list(manifest, lists[i], (uint32_t)i, id, digest);
    DEMAND(manifest_next(manifest, &entry, &err) == MANIFEST_END);
    DEMAND(manifest_next(manifest, &entry, &err) == MANIFEST_END);
    struct manifest_progress progress = manifest_progress(manifest);
    DEMAND(progress.is_exact && progress.expected_count == id);
    manifest_close(manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf bytes;
    struct view lists[LISTS_MAX];
    char names[LISTS_MAX][MEMORY_FILE_PATH_SIZE], *paths[LISTS_MAX];
    int fds[LISTS_MAX];
    size_t count = 0;
    bool is_packed = false;
    expand(view_of(data, size), &bytes);
    struct view rest = buf_view(&bytes);
    do {
        lists[count] = count + 1 < LISTS_MAX ? view_split(&rest, '\xfe') : rest;
        is_packed |= input_packing_of(lists[count]) > INPUT_PLAIN;
        fds[count] = memory_file(lists[count], names[count]);
        paths[count] = names[count];
        count++;
    } while (rest.data && count < LISTS_MAX);
    if (!is_packed)
        check_lists(paths, lists, count);
    while (count)
        close(fds[--count]);
    buf_release(&bytes);
    return 0;
}
