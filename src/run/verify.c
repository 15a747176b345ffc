/*
 * What is to be judged is cut into stretches (verify_plan.c), each committed by
 * one journal record, with a digest of its bytes. Workers take them one by
 * one: lines (verify_lines.c) and archive records (verify_pages.c) are judged
 * one for one, and what has to agree with something elsewhere is given to two
 * external sorts, by entry and by place in the archives. When all stretches are
 * done, the sorted ones are walked through, and totals compared
 * (verify_ledger.c).
 *
 * Fetched or not, finished or not, the same code reads it; where a run goes on,
 * its files are read as far as its journals counted when verify began.
 */
#include "verify_parts.h"

#include "fetchgrep/base/fs.h"

#include <stdarg.h>
#include <unistd.h>

enum {
    IDS_MEMORY = 64 << 20,
    PLACES_MEMORY = 64 << 20,
    ROW_MAX = 1 << 30,
    /* The longest page that --max-body allows, and its heads. */
    BLOCK_MAX = (1 << 30) + (1 << 20),
};

/* ---- faults ----------------------------------------------------------- */

/* Of a run that has been finished meanwhile the files lie elsewhere: what looks
 * like a fault is none. */
static bool has_changed(struct verify *verify)
{
    if (!verify->is_finished && run_facts_is_finished(verify->options->dir))
        verify->is_changed = true;
    return verify->is_changed;
}

static void tell(struct verify *verify, const char *line)
{
    pthread_mutex_lock(&verify->lock);
    if (!has_changed(verify)) {
        verify->fault_count++;
        verify->options->fault(verify->options->ctx, line);
    }
    pthread_mutex_unlock(&verify->lock);
}

void verify_fault(struct verify *verify, const char *format, ...)
{
    char line[2 * ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    tell(verify, line);
}

void verify_fault_at(struct verify *verify, const char *path, uint64_t offset,
                     const char *format, ...)
{
    char what[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    verify_fault(verify, "%s: offset %llu: %s", path,
                 (unsigned long long)offset, what);
}

/* ---- what is compared ------------------------------------------------- */

static bool flush(struct verify_worker *worker, struct verify_batch *batch,
                  struct record_sort *sort)
{
    bool done = true;
    pthread_mutex_lock(&worker->verify->lock);
    for (size_t i = 0; done && i < batch->count; i++)
        done = record_sort_add(sort, &batch->records[i], &worker->failure);
    pthread_mutex_unlock(&worker->verify->lock);
    batch->count = 0;
    return done;
}

bool verify_add(struct verify_worker *worker, struct verify_batch *batch,
                struct record_sort *sort, const struct record *record)
{
    if (batch->count == VERIFY_BATCH && !flush(worker, batch, sort))
        return false;
    batch->records[batch->count++] = *record;
    return true;
}

static int compare_place(const struct verify_file *file, uint64_t generation,
                         uint64_t number)
{
    if (file->generation != generation)
        return file->generation < generation ? -1 : 1;
    return (file->number > number) - (file->number < number);
}

bool verify_place(const struct verify *verify, struct view name,
                  uint64_t offset, uint64_t *ret_key)
{
    struct view rest = name, digits;
    uint64_t generation, number;
    char again[SEGMENT_NAME_SIZE];
    if (!verify->facts.warc_suffix || !view_starts_with(name, "gen"))
        return false;
    rest = view_from(rest, 3);
    digits = view_split(&rest, '-');
    if (!view_to_u64(digits, &generation) ||
        !view_to_u64(view_split(&rest, '.'), &number) ||
        generation > UINT32_MAX || number > UINT32_MAX ||
        offset >> VERIFY_OFFSET_BITS)
        return false;
    recorder_segment_name((uint32_t)generation, (uint32_t)number,
                          verify->facts.warc_suffix, again);
    size_t low = 0, high = verify->page_file_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_place(&verify->files[middle], generation, number) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (!view_equal_string(name, again) || low == verify->page_file_count ||
        compare_place(&verify->files[low], generation, number))
        return false;
    *ret_key = (uint64_t)low << VERIFY_OFFSET_BITS | offset;
    return true;
}

void verify_fault_bytes(const struct verify_worker *worker)
{
    const struct verify_stretch *stretch = worker->stretch;
    char who[64] = "summary.json";
    if (stretch->generation)
        snprintf(who, sizeof(who), "gen-%04u/journal, record %llu",
                 stretch->generation, (unsigned long long)stretch->sequence);
    verify_fault_at(worker->verify, worker->file->path, stretch->from,
                    "the bytes from here to %llu are not those that were "
                    "written (%s)",
                    (unsigned long long)stretch->to, who);
}

/* ---- workers ---------------------------------------------------------- */

static void page_init(struct verify_page *page)
{
    *page = (struct verify_page){ 0 };
    buf_init(&page->text, ROW_MAX);
}

static struct verify_worker *worker_new(struct verify *verify)
{
    struct verify_worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return NULL;
    worker->verify = verify;
    buf_init(&worker->bytes, ROW_MAX);
    buf_init(&worker->row, ROW_MAX);
    buf_init(&worker->scratch, 2 * (size_t)ROW_MAX);
    buf_init(&worker->last_line, ROW_MAX);
    page_init(&worker->page);
    return worker;
}

static void worker_free(struct verify_worker *worker)
{
    if (!worker)
        return;
    result_line_release(&worker->line);
    warc_reader_free(worker->reader);
    digest_free(worker->digest);
    buf_release(&worker->bytes);
    buf_release(&worker->row);
    buf_release(&worker->scratch);
    buf_release(&worker->last_line);
    buf_release(&worker->page.text);
    free(worker);
}

static bool make_tools(struct verify_worker *worker)
{
    if (!worker->reader)
        worker->reader = warc_reader_new(BLOCK_MAX, &worker->failure);
    if (!worker->reader)
        return false;
    if (!worker->digest)
        worker->digest = digest_new();
    return worker->digest || error_no_memory(&worker->failure, "a digest");
}

static bool judge(struct verify_worker *worker,
                  const struct verify_stretch *stretch)
{
    worker->stretch = stretch;
    worker->file = &worker->verify->files[stretch->file];
    worker->has_last = false;
    worker->last_id = worker->last_count = 0;
    buf_reset(&worker->last_line);
    worker->byte_count += stretch->to - stretch->from;
    if (worker->file->kind == JOURNAL_PAGES)
        return make_tools(worker) && verify_pages(worker);
    return verify_lines(worker);
}

static void add_counted(struct verify *verify,
                        const struct verify_worker *worker)
{
    uint64_t counters[RECORDER_COUNTERS];
    recorder_totals_pack(&worker->counted, counters);
    (void)!recorder_totals_add(&verify->counted, counters, RECORDER_COUNTERS);
    verify->match_lines += worker->match_lines;
    verify->record_count += worker->record_count;
    verify->byte_count += worker->byte_count;
}

static void note_failure(struct verify *verify, const struct error *failure)
{
    pthread_mutex_lock(&verify->lock);
    if (verify->failure.code == ERR_NONE)
        verify->failure = *failure;
    pthread_mutex_unlock(&verify->lock);
    /* The others take no more. */
    atomic_store(&verify->next_stretch, verify->stretch_count);
}

static void *work(void *ctx)
{
    struct verify *verify = ctx;
    struct verify_worker *worker = worker_new(verify);
    struct error failure = { 0 };
    size_t next;
    bool done = worker || error_no_memory(&failure, "a worker");
    while (done && (next = atomic_fetch_add(&verify->next_stretch, 1)) <
                       verify->stretch_count)
        done = judge(worker, &verify->stretches[next]);
    done = done && flush(worker, &worker->ids, verify->ids) &&
           flush(worker, &worker->places, verify->places);
    if (!done) {
        note_failure(verify, worker ? &worker->failure : &failure);
    } else {
        pthread_mutex_lock(&verify->lock);
        add_counted(verify, worker);
        pthread_mutex_unlock(&verify->lock);
    }
    worker_free(worker);
    return NULL;
}

/* The caller is one of them; when no thread can be had, the only one. */
static bool judge_all(struct verify *verify, struct error *err)
{
    size_t wanted = verify->options->worker_count, count = 0;
    if (wanted > verify->stretch_count)
        wanted = verify->stretch_count;
    pthread_t *threads = calloc(wanted + 1, sizeof(*threads));
    if (!threads)
        return error_no_memory(err, "the workers");
    while (count + 1 < wanted &&
           pthread_create(&threads[count], NULL, work, verify) == 0)
        count++;
    work(verify);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    if (verify->failure.code == ERR_NONE)
        return true;
    *err = verify->failure;
    return false;
}

/* ---- one directory ---------------------------------------------------- */

static int find_column(const char *list, const char *name)
{
    struct view rest = view_of_string(list);
    for (int i = 0; rest.data && *list; i++)
        if (view_equal_string(view_split(&rest, ','), name))
            return i;
    return -1;
}

/* Where in a line its id and its count stand. */
static void judge_columns(struct verify *verify)
{
    const struct run_facts *facts = &verify->facts;
    struct verify_columns *columns = &verify->columns;
    bool is_auto = !facts->fields[0];
    bool is_json = facts->format == MATCH_JSONL;
    int id = is_auto ? facts->format == MATCH_TEXT ? -1 : 0
                     : find_column(facts->fields, "id");
    bool has_plain_id = is_json && id == 0;
    columns->id = id;
    columns->has_id = id >= 0;
    columns->count = is_auto ? -1 : find_column(facts->fields, "count");
    columns->is_keyed =
        !verify->is_finished &&
        (facts->is_ordered ||
         (!facts->is_fetched && columns->has_id && !has_plain_id));
    columns->has_head = !columns->is_keyed && (facts->format == MATCH_CSV ||
                                               facts->format == MATCH_TSV);
    columns->is_counted = facts->is_count && (is_json || !columns->is_keyed);
}

static bool make_form(struct verify *verify, struct error *err)
{
    const struct match_field field = {
        .kind = verify->columns.has_id ? FIELD_ID : FIELD_URL,
    };
    const struct match_form_options options = {
        .format = verify->facts.format,
        .fields = &field,
        .field_count = 1,
        .is_keyed = true,
    };
    verify->form = match_form_new(&options, err);
    return verify->form != NULL;
}

static bool open_sorts(struct verify *verify, struct error *err)
{
    const char *dir = fs_temporary_dir();
    verify->ids = record_sort_new(dir, IDS_MEMORY, err);
    verify->places =
        verify->ids ? record_sort_new(dir, PLACES_MEMORY, err) : NULL;
    return verify->places != NULL;
}

static void release(struct verify *verify)
{
    for (size_t i = 0; i < verify->file_count; i++)
        free(verify->files[i].path);
    free(verify->files);
    free(verify->stretches);
    lives_free(verify->lives);
    record_sort_free(verify->ids);
    record_sort_free(verify->places);
    match_form_free(verify->form);
    buf_release(&verify->head);
    run_facts_release(&verify->facts);
    pthread_mutex_destroy(&verify->lock);
}

/* What no sense can be made of is a fault of the directory. */
static bool as_fault(struct verify *verify, const struct error *err)
{
    bool is_fault =
        err->code == ERR_DATA || (err->code == ERR_SYSTEM && !err->sys_errno);
    if (is_fault)
        verify_fault(verify, "%s", err->message);
    return is_fault;
}

static bool read_all(struct verify *verify, struct error *err)
{
    verify->is_finished = run_facts_is_finished(verify->options->dir);
    if (!run_facts_read(&verify->facts, verify->options->dir, err))
        return false;
    verify->is_exact = !verify->is_finished ||
                       (verify->facts.is_fetched && !verify->facts.is_ordered);
    if (!verify->facts.has_right_id)
        verify_fault(verify,
                     "%s/run.json: the run id is not that of what was "
                     "run: it was changed",
                     verify->facts.dir);
    judge_columns(verify);
    return make_form(verify, err) && verify_plan(verify, err) &&
           open_sorts(verify, err) && judge_all(verify, err) &&
           verify_ledger(verify, err);
}

static bool verify_once(const struct verify_options *options,
                        struct verify_result *ret_result, bool *ret_is_changed,
                        struct error *err)
{
    struct verify verify = { .options = options };
    pthread_mutex_init(&verify.lock, NULL);
    buf_init(&verify.head, 1 << 20);
    bool done = read_all(&verify, err) || as_fault(&verify, err);
    has_changed(&verify);
    *ret_is_changed = verify.is_changed;
    if (done)
        *ret_result = (struct verify_result){
            .is_finished = verify.is_finished,
            .fault_count = verify.fault_count,
            .entry_count = verify.counted.entries,
            .match_count = verify.counted.matches,
            .record_count = verify.record_count,
            .byte_count = verify.byte_count,
        };
    release(&verify);
    return done;
}

bool verify_run(const struct verify_options *options,
                struct verify_result *ret_result, struct error *err)
{
    bool is_changed;
    digest_set_up();
    if (!verify_once(options, ret_result, &is_changed, err))
        return is_changed && verify_once(options, ret_result, &is_changed, err);
    /* The run was finished while it was read. It ends once only. */
    return !is_changed || verify_once(options, ret_result, &is_changed, err);
}
