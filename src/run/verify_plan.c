/*
 * The journals say which bytes of which file were committed when, with a digest
 * of them: the stretches. Where a finished run was made by joining, a stretch
 * lies elsewhere in the joined file than in the life's own, which is gone;
 * where its lines were rewritten (extract, --order manifest) the file is one
 * stretch, whose digest summary.json has.
 */
#include "verify_plan.h"

#include "fetchgrep/base/fs.h"

#include <dirent.h>

/* ---- journals --------------------------------------------------------- */

static bool add_piece(struct verify_plan *plan,
                      const struct verify_piece *piece, struct error *err)
{
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity * 2 + 64;
        struct verify_piece *pieces =
            realloc(plan->pieces, capacity * sizeof(*pieces));
        if (!pieces)
            return error_no_memory(err, "the journals");
        plan->pieces = pieces;
        plan->capacity = capacity;
    }
    plan->pieces[plan->count++] = *piece;
    return true;
}

static void check_sequence(struct verify_plan *plan, const struct life *life,
                           const struct journal_record *record)
{
    if (plan->generation != life->generation) {
        plan->generation = life->generation;
        plan->next_sequence = 0;
    }
    if (record->sequence != plan->next_sequence)
        verify_fault(plan->verify,
                     "%s/journal: record %llu stands where record %llu belongs",
                     life->path, (unsigned long long)record->sequence,
                     (unsigned long long)plan->next_sequence);
    plan->next_sequence = record->sequence + 1;
}

static bool take_record(void *ctx, const struct life *life,
                        const struct journal_record *record, struct error *err)
{
    struct verify_plan *plan = ctx;
    check_sequence(plan, life, record);
    for (size_t i = 0; i < record->file_count; i++) {
        const struct journal_file *file = &record->files[i];
        const struct verify_piece piece = {
            .generation = life->generation,
            .kind = file->kind,
            .number = file->number,
            .from = life_size(life, file->kind, file->number),
            .to = file->size,
            .digest = file->digest,
            .sequence = record->sequence,
        };
        if (piece.to < piece.from)
            verify_fault(plan->verify,
                         "%s/journal: record %llu: a file has become shorter",
                         life->path, (unsigned long long)record->sequence);
        else if (piece.to > piece.from && !add_piece(plan, &piece, err))
            return false;
    }
    return true;
}

/* What a later life has counted must be there still. */
static void check_notes(struct verify *verify)
{
    for (size_t i = 0; i < verify->lives->count; i++) {
        const struct life *life = &verify->lives->lives[i];
        if (life->noted_size != UINT64_MAX &&
            life->journal_size < life->noted_size)
            verify_fault_at(verify, life->path, life->journal_size,
                            "the journal has no whole records up to byte %llu, "
                            "where a later life began to count",
                            (unsigned long long)life->noted_size);
    }
}

static bool read_journals(struct verify_plan *plan, struct error *err)
{
    struct verify *verify = plan->verify;
    verify->lives = lives_read_each(verify->facts.dir, verify->facts.is_fetched,
                                    take_record, plan, err);
    if (!verify->lives)
        return false;
    if (verify->lives->damage[0])
        verify_fault(verify, "%s", verify->lives->damage);
    check_notes(verify);
    return true;
}

/* ---- which there are -------------------------------------------------- */

static char *join_format(const char *dir, const char *format, ...)
    PRINTF_LIKE(2, 3);

static char *join_format(const char *dir, const char *format, ...)
{
    char name[SEGMENT_NAME_SIZE + 16];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    return fs_join(dir, name);
}

static char *segment_path(const struct verify *verify, const struct life *life,
                          uint32_t number)
{
    char name[SEGMENT_NAME_SIZE];
    const char *suffix = verify->facts.warc_suffix;
    if (!verify->is_finished)
        return join_format(life->path, "pages-%05u%s", number, suffix);
    recorder_segment_name(life->generation, number, suffix, name);
    return join_format(verify->facts.dir, "pages/%s", name);
}

static int compare_files(const void *a, const void *b)
{
    const struct life_file *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static bool add_segments(struct verify_plan *plan, struct error *err)
{
    struct verify *verify = plan->verify;
    for (size_t i = 0; i < verify->lives->count; i++) {
        struct life *life = &verify->lives->lives[i];
        if (life->file_count)
            qsort(life->files, life->file_count, sizeof(*life->files),
                  compare_files);
        for (size_t j = 0; j < life->file_count; j++) {
            const struct life_file *file = &life->files[j];
            if (file->kind == JOURNAL_PAGES && file->size &&
                !verify_add_own(plan, segment_path(verify, life, file->number),
                                life, JOURNAL_PAGES, file->number, err))
                return false;
        }
    }
    verify->page_file_count = verify->file_count;
    return true;
}

/* Nothing else lies among the pages: an extract of the directory, or a reader
 * of its index, would take it for a part of the run. */
static void check_strangers(struct verify *verify)
{
    char *pages = fs_join(verify->facts.dir, "pages");
    DIR *handle = pages ? opendir(pages) : NULL;
    uint64_t key;
    struct dirent *item;
    while (handle && (item = readdir(handle)) != NULL) {
        const char *name = item->d_name;
        if (strcmp(name, ".") && strcmp(name, "..") &&
            strcmp(name, "index.cdxj") &&
            !verify_place(verify, view_of_string(name), 0, &key))
            verify_fault(verify, "%s/%s: no journal knows this file", pages,
                         name);
    }
    if (handle)
        closedir(handle);
    free(pages);
}

static uint64_t index_size(const struct verify *verify)
{
    uint64_t size = 0;
    for (size_t i = 0; i < verify->lives->count; i++)
        size += life_size(&verify->lives->lives[i], JOURNAL_INDEX, 0);
    return size;
}

/* The first line, where that names the columns. */
static bool read_head(struct verify *verify, const char *path,
                      struct error *err)
{
    enum { HEAD_MAX = 1 << 20 };
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = verify->columns.has_head ? fopen(path, "re") : NULL;
    if (!file)
        return true;
    ssize_t size = getline(&line, &capacity, file);
    if (size > 0 && size < HEAD_MAX)
        buf_append(&verify->head, line, (size_t)size);
    free(line);
    fclose(file);
    return buf_check(&verify->head, "the names of columns", err);
}

static bool plan_finished(struct verify_plan *plan, struct error *err)
{
    struct verify *verify = plan->verify;
    const char *dir = verify->facts.dir;
    struct summary_facts summary = { 0 };
    struct error ignored;
    /* What is wrong with it is told when it is compared. */
    (void)!summary_facts_read(dir, &summary, &ignored);
    char *matches = join_format(dir, "matches%s",
                                match_format_suffix(verify->facts.format));
    bool has_matches = verify->facts.has_matches;
    bool done = matches ? !has_matches || read_head(verify, matches, err)
                        : error_no_memory(err, "the files of a run");
    if (done && verify->facts.warc_suffix) {
        check_strangers(verify);
        done =
            verify_add_whole(verify, join_format(dir, "pages/index.cdxj"),
                             JOURNAL_INDEX, true, index_size(verify), 0, err);
    }
    done = done &&
           (verify->is_exact
                ? verify_add_joined(plan, join_format(dir, "outcomes.jsonl"),
                                    JOURNAL_OUTCOMES, 0, err)
                : verify_add_whole(verify, join_format(dir, "outcomes.jsonl"),
                                   JOURNAL_OUTCOMES, false, 0,
                                   summary.outcomes_digest, err));
    if (!done || !has_matches) {
        free(matches);
        return done;
    }
    return verify->is_exact
               ? verify_add_joined(plan, matches, JOURNAL_MATCHES,
                                   verify->head.size, err)
               : verify_add_whole(verify, matches, JOURNAL_MATCHES, false, 0,
                                  summary.matches_digest, err);
}

static bool plan_unfinished(struct verify_plan *plan, struct error *err)
{
    struct verify *verify = plan->verify;
    for (size_t i = 0; i < verify->lives->count; i++) {
        const struct life *life = &verify->lives->lives[i];
        const struct {
            enum journal_kind kind;
            const char *name, *suffix;
        } rows[] = {
            { JOURNAL_INDEX, "index.cdxj", "" },
            { JOURNAL_OUTCOMES, "outcomes.jsonl", "" },
            { JOURNAL_MATCHES, "matches",
              match_format_suffix(verify->facts.format) },
        };
        for (size_t j = 0; j < ARRAY_COUNT(rows); j++) {
            size_t before = verify->file_count;
            if (life_size(life, rows[j].kind, 0) &&
                !verify_add_own(plan,
                                join_format(life->path, "%s%s", rows[j].name,
                                            rows[j].suffix),
                                life, rows[j].kind, 0, err))
                return false;
            if (rows[j].kind == JOURNAL_MATCHES && !verify->head.size &&
                verify->file_count > before &&
                !read_head(verify, verify->files[before].path, err))
                return false;
        }
    }
    return true;
}

bool verify_plan(struct verify *verify, struct error *err)
{
    struct verify_plan plan = { .verify = verify };
    bool done = read_journals(&plan, err) &&
                (!verify->facts.warc_suffix || add_segments(&plan, err)) &&
                (verify->is_finished ? plan_finished(&plan, err)
                                     : plan_unfinished(&plan, err));
    free(plan.pieces);
    return done;
}
