#include "fetchgrep/run/show.h"

#include "record_page.h"

#include "fetchgrep/archive/find.h"
#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/log.h"
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/model/url.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UTF8_LONGEST = 4 };

enum reference_kind { BY_ID, BY_OFFSET, BY_URL };

struct show {
    const struct show_options *options;
    enum reference_kind kind;
    uint64_t number; /* the id or the offset */
    struct page_job job;
    struct team_options how;
    struct worker *worker;
    struct team_work work; /* as the worker wants one */
    atomic_bool is_stopping;
    char *warc; /* where the record stands */
    struct warc_reader *reader;
    struct warc_record record;
};

/* ---- what is meant ---------------------------------------------------- */

static bool read_reference(struct show *show, struct error *err)
{
    struct view text = view_of_string(show->options->page);
    show->kind = BY_URL;
    if (view_to_u64(text, &show->number))
        show->kind = BY_ID;
    if (!view_starts_with(text, "@"))
        return true;
    show->kind = BY_OFFSET;
    return view_to_u64(view_from(text, 1), &show->number) ||
           error_set(err, ERR_USAGE,
                     "\"%s\" is no offset: write it like @12345",
                     show->options->page);
}

static bool judge_input(const char *path, bool *ret_is_run, struct error *err)
{
    struct stat st;
    if (stat(path, &st))
        return error_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
    *ret_is_run = S_ISDIR(st.st_mode);
    if (!*ret_is_run)
        return true;
    char *run = fs_join(path, "run.json");
    bool is_run = run && access(run, F_OK) == 0;
    free(run);
    return is_run || error_set(err, ERR_USAGE,
                               "%s is no run directory and no WARC file", path);
}

/* ---- going to a record ------------------------------------------------ */

/* The next record that can be read. */
static enum warc_read_result next_record(struct show *show, struct error *err)
{
    enum warc_read_result result;
    while ((result = warc_reader_next(show->reader, &show->record, err)) ==
           WARC_READ_DAMAGE)
        log_warning("%s", err->message);
    return result;
}

/* A record that an index or the user says is there; ERR_DATA when it is not. */
static bool read_at(struct show *show, const char *warc, uint64_t offset,
                    struct error *err)
{
    free(show->warc);
    show->warc = strdup(warc);
    if (!show->warc)
        return error_no_memory(err, "a path");
    if (!warc_reader_open(show->reader, warc, offset, err))
        return false;
    enum warc_read_result result =
        warc_reader_next(show->reader, &show->record, err);
    if (result == WARC_READ_DAMAGE || result == WARC_READ_ERROR)
        return false;
    return (result == WARC_READ_RECORD && show->record.offset == offset) ||
           error_set(err, ERR_DATA, "%s: no record begins at offset %llu", warc,
                     (unsigned long long)offset);
}

static bool has_url(const struct show *show, struct buf *surt,
                    struct view wanted)
{
    buf_reset(surt);
    url_append_surt(show->record.target_uri, surt);
    return view_equal(buf_view(surt), wanted);
}

/* Reads the file up to the page that is meant. */
static bool scan(struct show *show, struct error *err)
{
    const char *path = show->options->input;
    struct buf wanted, surt;
    free(show->warc);
    show->warc = strdup(path);
    if (!show->warc)
        return error_no_memory(err, "a path");
    buf_init(&wanted, 1 << 20);
    buf_init(&surt, 1 << 20);
    url_append_surt(view_of_string(show->options->page), &wanted);
    bool is_found = false;
    uint64_t count = 0;
    enum warc_read_result result = WARC_READ_ERROR;
    if (buf_check(&wanted, "a URL", err) &&
        warc_reader_open(show->reader, path, 0, err)) {
        while (!is_found &&
               (result = next_record(show, err)) == WARC_READ_RECORD) {
            if (!record_is_page(&show->record))
                continue;
            is_found = show->kind == BY_ID
                           ? count == show->number
                           : has_url(show, &surt, buf_view(&wanted));
            count++;
        }
    }
    buf_release(&wanted);
    buf_release(&surt);
    if (is_found || result == WARC_READ_ERROR)
        return is_found;
    if (show->kind == BY_ID)
        return error_set(err, ERR_DATA, "%s: id %s: the file has %llu pages",
                         path, show->options->page, (unsigned long long)count);
    return error_set(err, ERR_DATA, "%s: no page of %s", path,
                     show->options->page);
}

/* By the index beside the file, as far as that is right. */
static bool look_up(struct show *show, bool *ret_is_there, struct error *err)
{
    struct page_place place;
    enum find_result found =
        find_in_index(show->options->input, show->options->page, &place, err);
    *ret_is_there = false;
    if (found != FIND_PAGE)
        return found == FIND_NONE;
    struct buf wanted, surt;
    buf_init(&wanted, 1 << 20);
    buf_init(&surt, 1 << 20);
    url_append_surt(view_of_string(show->options->page), &wanted);
    bool is_read = read_at(show, place.warc, place.offset, err);
    *ret_is_there = is_read && record_is_page(&show->record) &&
                    has_url(show, &surt, buf_view(&wanted));
    buf_release(&wanted);
    buf_release(&surt);
    page_place_release(&place);
    return is_read || err->code == ERR_DATA;
}

static bool find_in_warc(struct show *show, struct error *err)
{
    bool is_there = false;
    if (show->kind == BY_OFFSET)
        return read_at(show, show->options->input, show->number, err);
    if (show->kind == BY_URL && !look_up(show, &is_there, err))
        return false;
    return is_there || scan(show, err);
}

static bool find_in_run(struct show *show, struct error *err)
{
    const struct show_options *options = show->options;
    struct page_place place = { .offset = show->number };
    enum find_result found =
        show->kind == BY_ID
            ? find_by_id(options->input, show->number, &place, err)
        : show->kind == BY_URL
            ? find_by_url(options->input, options->page, &place, err)
            : find_sole_warc(options->input, &place.warc, err);
    if (found != FIND_PAGE)
        return false;
    bool done = read_at(show, place.warc, place.offset, err);
    page_place_release(&place);
    return done;
}

/* ---- showing it ------------------------------------------------------- */

/* As much of it as is asked for. */
static bool append_head(const struct show *show, struct view bytes,
                        struct buf *out, struct error *err)
{
    struct view head = view_first(bytes, show->options->head);
    if (show->options->part == SHOW_TEXT && head.size < bytes.size) {
        size_t whole = utf8_valid_prefix(head);
        if (head.size - whole < UTF8_LONGEST)
            head = view_first(head, whole);
    }
    buf_append_view(out, head);
    return buf_check(out, "a page", err);
}

static bool show_text(struct show *show, struct buf *out, struct error *err)
{
    struct kept_page kept = { .url = show->record.target_uri };
    struct view text;
    char detail[DETAIL_SIZE];
    /* No page is left aside, for none is chosen. */
    if (record_page(show->worker, show->warc, &show->record, &kept, err) !=
            RECORD_PAGE_CHOSEN ||
        !page_job_text(show->worker, &kept, &text, detail, err))
        return false;
    if (!text.data)
        return error_set(err, ERR_DATA, "%s: %s (--raw shows what was kept)",
                         show->options->page, detail);
    if (detail[0])
        log_warning("%s: %s", show->options->page, detail);
    return append_head(show, text, out, err);
}

static bool show_headers(struct show *show, struct buf *out, struct error *err)
{
    struct http_head head;
    if (!http_head_parse(show->record.block, &head))
        return error_set(err, ERR_DATA, "%s: the record has no HTTP head",
                         show->options->page);
    return append_head(show, view_first(show->record.block, head.size), out,
                       err);
}

static bool show_record(struct show *show, struct buf *out, struct error *err)
{
    switch (show->options->part) {
    case SHOW_RAW:
        if (show->record.is_cut)
            log_warning("%s: longer than --max-body; cut there",
                        show->options->page);
        return append_head(show, show->record.block, out, err);
    case SHOW_HEADERS:
        return show_headers(show, out, err);
    case SHOW_TEXT:
    default:
        return record_is_page(&show->record)
                   ? show_text(show, out, err)
                   : error_set(err, ERR_DATA,
                               "%s: the record there is no page (--raw shows "
                               "its bytes)",
                               show->options->page);
    }
}

/* ---- a worker of its own ---------------------------------------------- */

static bool make_worker(struct show *show, struct error *err)
{
    show->job.revisits = revisit_targets_new();
    if (!show->job.revisits)
        return error_no_memory(err, "a worker");
    page_job_describe(&show->job, false, &show->how);
    show->worker = show->how.worker_new(&show->job, 0, err);
    show->reader =
        warc_reader_new(show->options->max_body + FETCH_HEAD_MAX, err);
    if (!show->worker || !show->reader)
        return false;
    show->work.stop = &show->is_stopping;
    show->worker->work = &show->work;
    return true;
}

static void release(struct show *show)
{
    warc_reader_free(show->reader);
    if (show->worker)
        show->how.worker_free(&show->job, show->worker);
    revisit_targets_free(show->job.revisits);
    free(show->warc);
}

bool show_page(const struct show_options *options, struct buf *out,
               struct error *err)
{
    struct show show = {
        .options = options,
        .job = {
            .max_body = options->max_body,
            .store = WARC_STORE_NONE,
            .text = options->text,
        },
    };
    bool is_run = false;
    bool done = read_reference(&show, err) &&
                judge_input(options->input, &is_run, err) &&
                make_worker(&show, err) &&
                (is_run ? find_in_run(&show, err) : find_in_warc(&show, err)) &&
                show_record(&show, out, err);
    release(&show);
    return done;
}
