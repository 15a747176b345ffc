/*
 * Spans: the worker opens, inflates and cuts into pages itself.
 */
#include "record_page.h"

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
    bool is_chosen;
    if (!file_is_chosen(worker, kept.url, &is_chosen, err))
        return false;
    if (!is_chosen)
        return true;
    if (page_job_is_hopeless(worker->work))
        return page_job_kept(worker, block, &kept, err);
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

static bool work_on_files(struct worker *worker, const struct span *span,
                          struct block *block, struct error *err)
{
    struct team_work *work = worker->work;
    for (uint64_t i = work->page_count; i < span->page_count; i++) {
        if (team_is_stopping(work))
            return true;
        team_begin_page(work);
        if (!work_on_file(worker, block, span->pages[i].name,
                          span->first_id + i, err) ||
            !team_end_page(work, err))
            return false;
    }
    return true;
}

/* ---- WARC records ----------------------------------------------------- */

static bool open_warc(struct worker *worker, const char *path,
                      const struct warc_part *part, struct error *err)
{
    if (!worker->reader)
        worker->reader =
            warc_reader_new(worker->job->max_body + FETCH_HEAD_MAX, err);
    return worker->reader &&
           warc_reader_open_part(worker->reader, path, part, err);
}

/* The next record of a page. Damage is told and passed over; `is_known`: it was
 * told by an earlier worker. */
static enum warc_read_result next_record(struct worker *worker,
                                         struct block *block, bool is_known,
                                         struct warc_record *record,
                                         struct error *err)
{
    struct error damage;
    for (;;) {
        team_begin_page(worker->work);
        enum warc_read_result result =
            warc_reader_next(worker->reader, record, &damage);
        if (result == WARC_READ_DAMAGE) {
            if (!is_known)
                block_add_damage(block, damage.message);
            continue;
        }
        if (result == WARC_READ_ERROR)
            *err = damage;
        return result;
    }
}

/* A page that is not chosen is no entry. */
static bool work_on_record(struct worker *worker, struct block *block,
                           const char *path, const struct warc_record *record,
                           struct view url, uint64_t id, struct error *err)
{
    struct error damage;
    struct kept_page kept = { .id = id, .url = url };
    switch (record_page(worker, path, record, &kept, err)) {
    case RECORD_PAGE_CHOSEN:
        break;
    case RECORD_PAGE_LEFT_ASIDE:
        return true;
    case RECORD_PAGE_ERROR:
    default:
        return false;
    }
    if (!record_check_digests(worker, path, record, &damage))
        block_add_damage(block, damage.message);
    return page_job_kept(worker, block, &kept, err);
}

static bool end_part_page(struct worker *worker, struct block *block,
                          const struct block_span *says, struct error *err)
{
    block->span = *says;
    return team_end_page(worker->work, err);
}

/* Reading has cost two workers, and where the next record begins is not known:
 * the part behind has to find its own. */
static bool give_up_part(struct worker *worker, const struct span *span,
                         struct block *block, struct block_span *says,
                         struct error *err)
{
    struct error damage;
    struct kept_page kept = {
        .id = span->first_id + worker->work->page_count,
        .url = view_of_string(span->path),
    };
    error_set(&damage, ERR_DATA,
              "%s: reading it ends worker processes: what follows the first "
              "%llu pages behind offset %llu is left aside",
              span->path, (unsigned long long)worker->work->page_count,
              (unsigned long long)says->start);
    block_add_damage(block, damage.message);
    if (!page_job_kept(worker, block, &kept, err) ||
        !end_part_page(worker, block, says, err))
        return false;
    says->is_end = true;
    says->next = span->part.end;
    return true;
}

/* The records of a part, from where it begins to where the next one does. */
static bool read_part(struct worker *worker, const struct span *span,
                      struct block *block, struct block_span *says,
                      struct error *err)
{
    struct team_work *work = worker->work;
    struct warc_record record;
    enum warc_read_result result;
    uint64_t to_pass = work->page_count; /* done by an earlier worker */
    if (!open_warc(worker, span->path, &span->part, err))
        return false;
    says->start = warc_reader_start(worker->reader);
    for (;;) {
        if (!to_pass && page_job_is_hopeless(work))
            return give_up_part(worker, span, block, says, err);
        result = next_record(worker, block, to_pass > 0, &record, err);
        if (result != WARC_READ_RECORD)
            break;
        if (team_is_stopping(work))
            return true;
        if (!record_is_page(&record))
            continue;
        if (to_pass) {
            to_pass--;
            continue;
        }
        if (!work_on_record(worker, block, span->path, &record,
                            record.target_uri,
                            span->first_id + work->page_count, err) ||
            !end_part_page(worker, block, says, err))
            return false;
    }
    says->is_end = result == WARC_READ_END;
    says->next = warc_reader_next_start(worker->reader);
    return says->is_end;
}

/* Its results are handed on apart from all others, for they may not stand. */
static bool work_on_warc(struct worker *worker, const struct span *span,
                         struct block *block, struct error *err)
{
    struct team_work *work = worker->work;
    struct block_span says = {
        .is_set = true,
        .attempt = span->attempt,
        .number = span->warcs_before,
        .start = span->part.from,
        .next = span->part.from,
    };
    bool done = team_hand_on(work, err);
    team_begin_page(work);
    if (span->part.from >= span->part.end)
        says.is_end = true; /* a record leads over all of it */
    else if (done && !work->page_count && page_job_is_hopeless(work))
        done = give_up_part(worker, span, block, &says, err);
    else if (done)
        done = read_part(worker, span, block, &says, err);
    says.page_count = work->page_count;
    block->span = says;
    return done;
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
struct walk {
    struct warc_record record;
    enum warc_read_result result;
    bool has_record;
};

static bool begin_walk(struct worker *worker, const struct span *span,
                       uint64_t at, struct walk *walk, struct error *err)
{
    *walk = (struct walk){ .result = WARC_READ_RECORD };
    if (at >= span->page_count)
        return true;
    const struct warc_part part = {
        .from = span->pages[at].offset,
        .end = WARC_NOWHERE,
        .is_exact = true,
    };
    return open_warc(worker, span->path, &part, err);
}

static bool work_on_place(struct worker *worker, const struct span *span,
                          const struct span_page *page, struct block *block,
                          struct walk *walk, struct error *err)
{
    struct warc_record *record = &walk->record;
    while (walk->result == WARC_READ_RECORD &&
           (!walk->has_record || record->offset < page->offset)) {
        walk->result = next_record(worker, block, false, record, err);
        walk->has_record = true;
    }
    if (walk->result == WARC_READ_ERROR)
        return false;
    bool is_there = walk->result == WARC_READ_RECORD &&
                    record->offset == page->offset && record_is_page(record);
    return is_there ? work_on_record(worker, block, span->path, record,
                                     view_of_string(page->name), page->id, err)
                    : work_on_missing(worker, span, page, block, err);
}

/* A record that has cost two workers is not read, but stepped over. */
static bool step_over(struct worker *worker, const struct span *span,
                      uint64_t at, struct block *block, struct walk *walk,
                      struct error *err)
{
    struct kept_page kept = { .id = span->pages[at].id,
                              .url = view_of_string(span->pages[at].name) };
    return page_job_kept(worker, block, &kept, err) &&
           begin_walk(worker, span, at + 1, walk, err);
}

static bool work_on_records(struct worker *worker, const struct span *span,
                            struct block *block, struct error *err)
{
    struct team_work *work = worker->work;
    struct walk walk;
    if (!begin_walk(worker, span, work->page_count, &walk, err))
        return false;
    for (uint64_t i = work->page_count; i < span->page_count; i++) {
        if (team_is_stopping(work))
            return true;
        team_begin_page(work);
        bool done = page_job_is_hopeless(work)
                        ? step_over(worker, span, i, block, &walk, err)
                        : work_on_place(worker, span, &span->pages[i], block,
                                        &walk, err);
        if (!done || !team_end_page(work, err))
            return false;
    }
    return true;
}

bool page_job_span(void *ctx, void *state, struct team_work *work,
                   struct error *err)
{
    struct worker *worker = state;
    const struct span *span = work->item;
    (void)ctx;
    worker->work = work;
    switch (span->kind) {
    case SPAN_FILES:
        return work_on_files(worker, span, work->block, err);
    case SPAN_RECORDS:
        return work_on_records(worker, span, work->block, err);
    case SPAN_WARC:
    default:
        return work_on_warc(worker, span, work->block, err);
    }
}

void page_job_drop_span(void *ctx, void *item)
{
    (void)ctx;
    span_free(item);
}
