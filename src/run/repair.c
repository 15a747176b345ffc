/*
 * Two things can be made anew from what was committed, and nothing else is
 * touched: the index of a finished run, from its archives; and the seal of a
 * run that was killed while it was sealed. That its ledger had balanced then is
 * known, for sealing begins behind that check.
 */
#include "totals_text.h"
#include "verify_parts.h"

#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/base/line_sort.h"
#include "fetchgrep/record/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { SORT_MEMORY = 64 << 20, BLOCK_KEPT = 1 << 20, LINES_KEPT = 1 << 20 };

struct repair {
    struct run_facts facts;
    struct run_dir *dir;
    struct lives *lives;
    void (*tell)(void *ctx, const char *line);
    void *ctx;
};

static void tell(struct repair *repair, const char *format, ...)
    PRINTF_LIKE(2, 3);

static void tell(struct repair *repair, const char *format, ...)
{
    char line[2 * ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    repair->tell(repair->ctx, line);
}

/* ---- the index -------------------------------------------------------- */

struct indexing {
    const struct verify_file *file;
    struct warc_reader *reader;
    struct verify_page page;
    struct buf lines;
    int fd;
    const char *path;
};

static bool write_lines(struct indexing *indexing, struct error *err)
{
    bool done = buf_check(&indexing->lines, "the index", err) &&
                fs_write_all(indexing->fd, buf_view(&indexing->lines),
                             indexing->path, err);
    buf_reset(&indexing->lines);
    return done;
}

static bool end_page(struct indexing *indexing, uint64_t end, struct error *err)
{
    struct verify_page *page = &indexing->page;
    if (page->is_set && page->is_indexed)
        verify_index_line(page, (size_t)(end - page->offset), indexing->file,
                          &indexing->lines);
    page->is_set = false;
    return indexing->lines.size < LINES_KEPT || write_lines(indexing, err);
}

/* A file that is damaged has no index that could be trusted: ERR_DATA. */
static bool index_file(struct indexing *indexing, struct error *err)
{
    struct warc_record record;
    if (!warc_reader_open_to(indexing->reader, indexing->file->path, 0,
                             indexing->file->size, err))
        return false;
    for (;;) {
        enum warc_read_result result =
            warc_reader_next(indexing->reader, &record, err);
        if (result == WARC_READ_DAMAGE || result == WARC_READ_ERROR)
            return false;
        uint64_t end =
            result == WARC_READ_END ? indexing->file->size : record.offset;
        if (!end_page(indexing, end, err))
            return false;
        if (result == WARC_READ_END)
            return true;
        verify_page_take(&indexing->page, &record);
    }
}

static bool index_life(struct repair *repair, struct indexing *indexing,
                       const struct life *life, struct error *err)
{
    bool done = true;
    for (size_t i = 0; done && i < life->file_count; i++) {
        char name[SEGMENT_NAME_SIZE];
        if (life->files[i].kind != JOURNAL_PAGES || !life->files[i].size)
            continue;
        struct verify_file file = {
            .generation = life->generation,
            .number = life->files[i].number,
            .size = life->files[i].size,
        };
        recorder_segment_name(file.generation, file.number,
                              repair->facts.warc_suffix, name);
        indexing->file = &file;
        if (asprintf(&file.path, "%s/pages/%s", repair->facts.dir, name) < 0)
            return error_no_memory(err, "the index");
        done = index_file(indexing, err);
        free(file.path);
    }
    return done;
}

static bool write_index(struct repair *repair, const char *path,
                        struct error *err)
{
    struct indexing indexing = {
        .reader = warc_reader_new(BLOCK_KEPT, err),
        .path = path,
        .fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
    };
    buf_init(&indexing.lines, SIZE_MAX / 2);
    buf_init(&indexing.page.text, SIZE_MAX / 2);
    bool done = indexing.reader != NULL;
    if (done && indexing.fd < 0)
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s", path);
    for (size_t i = 0; done && i < repair->lives->count; i++)
        done = index_life(repair, &indexing, &repair->lives->lives[i], err);
    done = done && write_lines(&indexing, err);
    if (indexing.fd >= 0)
        close(indexing.fd);
    buf_release(&indexing.lines);
    buf_release(&indexing.page.text);
    warc_reader_free(indexing.reader);
    return done;
}

static bool is_same_file(const char *a, const char *b)
{
    FILE *x = fopen(a, "re"), *y = fopen(b, "re");
    int c = EOF;
    bool is_same = x && y;
    while (is_same) {
        c = getc_unlocked(x);
        is_same = c == getc_unlocked(y);
        if (c == EOF)
            break;
    }
    if (x)
        fclose(x);
    if (y)
        fclose(y);
    return is_same;
}

static bool replace_index(struct repair *repair, const char *index,
                          const char *unsorted, const char *sorted,
                          struct error *err)
{
    if (!write_index(repair, unsorted, err))
        return false;
    (void)unlink(sorted);
    if (!line_sort(unsorted, sorted, SORT_MEMORY, err))
        return false;
    if (is_same_file(sorted, index)) {
        tell(repair, "%s: is as it should be", index);
        return true;
    }
    if (!fs_rename(sorted, index, err))
        return false;
    tell(repair, "%s: was made anew from the pages", index);
    return true;
}

static bool repair_index(struct repair *repair, struct error *err)
{
    const char *suffixes[] = { "", ".part", ".new" };
    char *paths[ARRAY_COUNT(suffixes)] = { 0 };
    bool done = true;
    for (size_t i = 0; done && i < ARRAY_COUNT(suffixes); i++)
        if (asprintf(&paths[i], "%s/pages/index.cdxj%s", repair->facts.dir,
                     suffixes[i]) < 0) {
            paths[i] = NULL;
            done = error_no_memory(err, "the index");
        }
    done = done && replace_index(repair, paths[0], paths[1], paths[2], err);
    for (size_t i = 1; i < ARRAY_COUNT(suffixes); i++)
        if (paths[i])
            unlink(paths[i]);
    if (!done && err->code == ERR_DATA) {
        tell(repair, "%s: was left as it is: %s", paths[0], err->message);
        done = true;
    }
    for (size_t i = 0; i < ARRAY_COUNT(suffixes); i++)
        free(paths[i]);
    return done;
}

/* ---- the seal --------------------------------------------------------- */

static bool exists(const struct repair *repair, const char *name)
{
    char *path = fs_join(repair->facts.dir, name);
    bool does = path && access(path, F_OK) == 0;
    free(path);
    return does;
}

/* Pages are put into place first of all; without them matches are, or
 * outcomes. */
static bool has_begun_sealing(const struct repair *repair,
                              const char *matches_name)
{
    if (repair->facts.warc_suffix)
        return exists(repair, "pages");
    return exists(repair, matches_name) || exists(repair, "outcomes.jsonl") ||
           exists(repair, "outcomes.jsonl.part");
}

static void append_summary(struct repair *repair,
                           const struct recorder_totals *totals,
                           struct buf *out)
{
    char date[CLOCK_TEXT_SIZE];
    clock_format_ms(clock_wall_ms(), date);
    buf_append_char(out, '{');
    summary_append_totals(totals, repair->facts.has_matches, out);
    json_out_member_u64(out, "archive_damage", 0);
    json_out_member_string(out, "started_at",
                           view_of_string(repair->facts.started_at));
    json_out_member_string(out, "finished_at", view_of_string(date));
    json_out_member_string(out, "sealed_by", view_of_string("verify --repair"));
    summary_append_latency(totals, out);
    buf_append_string(out, "}\n");
}

/* The names of columns, which each life's matches begin with. */
static bool read_head(const struct repair *repair, const char *matches_name,
                      struct buf *out, struct error *err)
{
    bool has_head =
        repair->facts.format == MATCH_CSV || repair->facts.format == MATCH_TSV;
    for (size_t i = 0; has_head && !out->size && i < repair->lives->count;
         i++) {
        char *line = NULL,
             *path = fs_join(repair->lives->lives[i].path, matches_name);
        size_t capacity = 0;
        FILE *file = path ? fopen(path, "re") : NULL;
        ssize_t size = file ? getline(&line, &capacity, file) : 0;
        if (size > 0 && line[size - 1] == '\n')
            buf_append(out, line, (size_t)size);
        if (file)
            fclose(file);
        free(line);
        free(path);
    }
    return buf_check(out, "the names of columns", err);
}

static bool seal(struct repair *repair, const char *matches_name,
                 struct error *err)
{
    struct recorder_totals totals;
    struct buf summary, head;
    bool has_matches = repair->facts.has_matches;
    if (!run_facts_totals(repair->lives, &totals, err))
        return false;
    buf_init(&summary, 1 << 20);
    buf_init(&head, 1 << 20);
    append_summary(repair, &totals, &summary);
    bool done = !has_matches || read_head(repair, matches_name, &head, err);
    const struct run_dir_seal how = {
        .entries = totals.entries,
        .warc_suffix = repair->facts.warc_suffix,
        .matches_name = has_matches ? matches_name : NULL,
        .matches_head = buf_view(&head),
        .summary = buf_view(&summary),
    };
    done = done && buf_check(&summary, "summary.json", err) &&
           run_dir_seal(repair->dir, &how, err);
    buf_release(&summary);
    buf_release(&head);
    if (done)
        tell(repair, "%s: what was committed was put into place",
             repair->facts.dir);
    return done;
}

static bool repair_seal(struct repair *repair, struct error *err)
{
    char matches_name[32] = "-";
    const char *dir = repair->facts.dir;
    if (repair->facts.has_matches)
        snprintf(matches_name, sizeof(matches_name), "matches%s",
                 match_format_suffix(repair->facts.format));
    if (!has_begun_sealing(repair, matches_name)) {
        tell(repair,
             "%s: the run has not ended: the same command goes on with it",
             dir);
        return true;
    }
    if (repair->facts.is_ordered || !repair->facts.is_fetched) {
        tell(repair,
             "%s: its lines have still to be put in order: the same command "
             "ends it",
             dir);
        return true;
    }
    return seal(repair, matches_name, err);
}

/* ---- both ------------------------------------------------------------- */

static bool repair_locked(struct repair *repair, struct error *err)
{
    bool is_finished = run_dir_state(repair->dir) == RUN_DIR_FINISHED;
    repair->lives = lives_read(repair->facts.dir, false, err);
    if (!repair->lives)
        return false;
    if (!is_finished)
        return repair_seal(repair, err);
    return !repair->facts.warc_suffix || repair_index(repair, err);
}

bool verify_repair(const char *dir, void (*tell_line)(void *, const char *),
                   void *ctx, struct error *err)
{
    struct repair repair = { .tell = tell_line, .ctx = ctx };
    bool done = run_facts_read(&repair.facts, dir, err);
    if (done) {
        repair.dir = run_dir_open(dir, err);
        done = repair.dir && repair_locked(&repair, err);
    }
    lives_free(repair.lives);
    run_dir_close(repair.dir);
    run_facts_release(&repair.facts);
    return done;
}
