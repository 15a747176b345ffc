/*
 * Spans: the worker opens, inflates and cuts into pages itself.
 */
#include "page_steps.h"

#include "fetchgrep/archive/spans.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- page files ------------------------------------------------------- */

enum read_result { READ_WHOLE, READ_CUT, READ_FAILED, READ_NO_MEMORY };

/* Reads up to `limit` bytes; a file that has more is cut. */
static enum read_result read_up_to(int fd, size_t limit, struct buf *out)
{
    enum { FIRST_ROOM = 1 << 20 };
    buf_shrink(out, SCRATCH_KEPT);
    for (;;) {
        size_t left = limit + 1 - out->size;
        size_t room = out->capacity - out->size;
        if (room < 4096)
            room = out->size < FIRST_ROOM ? FIRST_ROOM : out->size;
        if (room > left)
            room = left;
        char *to = buf_reserve(out, room);
        if (!to)
            return READ_NO_MEMORY;
        ssize_t got = read(fd, to, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return READ_FAILED;
        buf_commit(out, (size_t)got);
        if (out->size > limit) {
            buf_truncate(out, limit);
            return READ_CUT;
        }
        /* A regular file gives less than asked for only at its end. */
        if ((size_t)got < room)
            return READ_WHOLE;
    }
}

static bool work_on_file(struct worker *worker, struct block *block,
                         const char *path, uint64_t id, struct error *err)
{
    struct kept_page kept = { .id = id, .url = view_of_string(path) };
    char detail[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum read_result result =
        fd < 0 ? READ_FAILED
               : read_up_to(fd, worker->job->max_body, &worker->file);
    int problem = errno;
    if (fd >= 0)
        close(fd);
    switch (result) {
    case READ_NO_MEMORY:
        return error_no_memory(err, "a page file");
    case READ_FAILED:
        /* One file that cannot be read is a fact about that page. */
        snprintf(detail, sizeof(detail), "cannot read: %s", strerror(problem));
        kept.outcome = OUTCOME_SKIPPED;
        kept.detail = detail;
        return page_job_kept(worker, block, &kept, err);
    case READ_CUT:
        snprintf(detail, sizeof(detail),
                 "longer than %zu bytes (--max-body); cut there",
                 worker->job->max_body);
        kept.outcome = OUTCOME_TOO_LARGE;
        kept.detail = detail;
        break;
    case READ_WHOLE:
    default:
        kept.outcome = OUTCOME_OK;
        break;
    }
    kept.bytes = buf_view(&worker->file);
    return page_job_kept(worker, block, &kept, err);
}

static bool work_on_files(struct page_job *job, struct worker *worker,
                          const struct span *span, struct block *block,
                          struct error *err)
{
    for (size_t i = 0; i < span->page_count; i++) {
        if (atomic_load_explicit(&job->is_stopping, memory_order_relaxed))
            return true;
        if (!work_on_file(worker, block, span->pages[i].name,
                          span->first_id + i, err) ||
            !team_hand_on(job->team, block, err))
            return false;
    }
    return true;
}

/* ---- WARC records ----------------------------------------------------- */

static bool open_warc(struct page_job *job, struct worker *worker,
                      const char *path, const struct warc_part *part,
                      struct error *err)
{
    if (!worker->reader)
        worker->reader = warc_reader_new(job->max_body + FETCH_HEAD_MAX, err);
    return worker->reader &&
           warc_reader_open_part(worker->reader, path, part, err);
}

/* The next record of a page. Damage is told and passed over. */
static enum warc_read_result next_record(struct worker *worker,
                                         struct block *block,
                                         struct warc_record *record,
                                         struct error *err)
{
    struct error damage;
    for (;;) {
        enum warc_read_result result =
            warc_reader_next(worker->reader, record, &damage);
        if (result == WARC_READ_DAMAGE) {
            block_add_damage(block, damage.message);
            continue;
        }
        if (result == WARC_READ_ERROR)
            *err = damage;
        return result;
    }
}

bool record_is_page(const struct warc_record *record)
{
    return (record->type == WARC_TYPE_RESPONSE &&
            view_starts_with(record->block, "HTTP/")) ||
           record->type == WARC_TYPE_RESOURCE;
}

/* The same outcome as when the page was fetched, so that the same pages are
 * searched. */
static void note_truncation(const struct warc_record *record,
                            struct kept_page *kept)
{
    struct view reason = record->truncated;
    if (record->is_cut || view_equal_string(reason, "length")) {
        kept->outcome = OUTCOME_TOO_LARGE;
        kept->detail = record->is_cut ? "longer than --max-body; cut there"
                                      : "WARC-Truncated: length";
    } else if (view_equal_string(reason, "time")) {
        kept->outcome = OUTCOME_TIMED_OUT;
        kept->detail = "WARC-Truncated: time";
    } else if (view_equal_string(reason, "unspecified")) {
        kept->outcome = OUTCOME_BAD_RESPONSE;
        kept->detail = "WARC-Truncated: unspecified";
    } else if (reason.size) {
        kept->outcome = OUTCOME_TRUNCATED;
        kept->detail = "WARC-Truncated: disconnect";
    }
}

void kept_page_of_record(const struct warc_record *record,
                         struct kept_page *ret_kept)
{
    *ret_kept = (struct kept_page){
        .url = record->target_uri,
        .bytes = record->block,
        .has_head = record->type == WARC_TYPE_RESPONSE,
        .mime = http_media_type(record->content_type),
        .outcome = OUTCOME_OK,
    };
    note_truncation(record, ret_kept);
}

static bool work_on_record(struct worker *worker, struct block *block,
                           const struct warc_record *record, struct view url,
                           uint64_t id, struct error *err)
{
    struct kept_page kept;
    kept_page_of_record(record, &kept);
    kept.id = id;
    kept.url = url;
    return page_job_kept(worker, block, &kept, err);
}

/* The records of a part, from where it begins to where the next one does. */
static bool read_part(struct page_job *job, struct worker *worker,
                      const struct span *span, struct block *block,
                      struct block_span *says, struct error *err)
{
    struct warc_record record;
    enum warc_read_result result;
    if (!open_warc(job, worker, span->path, &span->part, err))
        return false;
    says->start = warc_reader_start(worker->reader);
    while ((result = next_record(worker, block, &record, err)) ==
           WARC_READ_RECORD) {
        if (atomic_load_explicit(&job->is_stopping, memory_order_relaxed))
            return true;
        if (!record_is_page(&record))
            continue;
        if (!work_on_record(worker, block, &record, record.target_uri,
                            span->first_id + says->page_count, err))
            return false;
        says->page_count++;
        block->span = *says;
        if (!team_hand_on(job->team, block, err))
            return false;
    }
    says->is_end = result == WARC_READ_END;
    says->next = warc_reader_next_start(worker->reader);
    return says->is_end;
}

/* Its results are handed on apart from all others, for they may not stand. */
static bool work_on_warc(struct page_job *job, struct worker *worker,
                         const struct span *span, struct block *block,
                         struct error *err)
{
    struct block_span says = {
        .is_set = true,
        .attempt = span->attempt,
        .number = span->warcs_before,
        .start = span->part.from,
        .next = span->part.from,
    };
    if (!team_hand_on_now(job->team, block, err))
        return false;
    if (span->part.from >= span->part.end)
        says.is_end = true; /* a record leads over all of it */
    else if (!read_part(job, worker, span, block, &says, err))
        return false;
    block->span = says;
    return team_hand_on_now(job->team, block, err);
}

/* A place of the run's index at which no page stands: the archive is damaged,
 * but the entry still gets its line. */
static bool work_on_missing(struct worker *worker, const struct span *span,
                            const struct span_page *page, struct block *block,
                            struct error *err)
{
    struct error damage;
    struct kept_page kept = {
        .id = page->id,
        .url = view_of_string(page->name),
        .outcome = OUTCOME_SKIPPED,
        .detail = "its record is not where the run directory says",
    };
    error_set(&damage, ERR_DATA, "%s: no response record at offset %llu",
              span->path, (unsigned long long)page->offset);
    block_add_damage(block, damage.message);
    return page_job_kept(worker, block, &kept, err);
}

/* Walks from one wanted record to the next: they lie close together. */
static bool work_on_records(struct page_job *job, struct worker *worker,
                            const struct span *span, struct block *block,
                            struct error *err)
{
    struct warc_record record = { 0 };
    enum warc_read_result result = WARC_READ_RECORD;
    const struct warc_part part = {
        .from = span->pages[0].offset,
        .end = WARC_NOWHERE,
        .is_exact = true,
    };
    if (!open_warc(job, worker, span->path, &part, err))
        return false;
    bool has_record = false;
    for (size_t i = 0; i < span->page_count; i++) {
        const struct span_page *page = &span->pages[i];
        if (atomic_load_explicit(&job->is_stopping, memory_order_relaxed))
            return true;
        while (result == WARC_READ_RECORD &&
               (!has_record || record.offset < page->offset)) {
            result = next_record(worker, block, &record, err);
            has_record = true;
        }
        if (result == WARC_READ_ERROR)
            return false;
        bool is_there = result == WARC_READ_RECORD &&
                        record.offset == page->offset &&
                        record_is_page(&record);
        bool done =
            is_there ? work_on_record(worker, block, &record,
                                      view_of_string(page->name), page->id, err)
                     : work_on_missing(worker, span, page, block, err);
        if (!done || !team_hand_on(job->team, block, err))
            return false;
    }
    return true;
}

bool page_job_span(void *ctx, void *state, void *item, struct block *block,
                   struct error *err)
{
    struct page_job *job = ctx;
    struct worker *worker = state;
    struct span *span = item;
    bool done = false;
    switch (span->kind) {
    case SPAN_FILES:
        done = work_on_files(job, worker, span, block, err);
        break;
    case SPAN_RECORDS:
        done = work_on_records(job, worker, span, block, err);
        break;
    case SPAN_WARC:
    default:
        done = work_on_warc(job, worker, span, block, err);
        break;
    }
    span_free(span);
    return done;
}

void page_job_drop_span(void *ctx, void *item)
{
    (void)ctx;
    span_free(item);
}
