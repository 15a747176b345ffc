#include "page_job.h"

#include "page_steps.h"

#include "fetchgrep/base/digest.h"
#include "fetchgrep/base/utf8.h"

#include <stdarg.h>

/* ---- the workers' state ----------------------------------------------- */

static void worker_free(void *ctx, void *state)
{
    struct worker *worker = state;
    (void)ctx;
    matcher_free(worker->matcher);
    if (worker->costs)
        costs_add(worker->job->costs, worker->costs);
    costs_free(worker->costs);
    text_reader_free(worker->texts);
    warc_writer_free(worker->warc);
    warc_reader_free(worker->reader);
    warc_reader_free(worker->target_reader);
    chooser_free(worker->chooser);
    digest_free(worker->digest);
    buf_release(&worker->dechunked);
    buf_release(&worker->decoded);
    buf_release(&worker->decoded_more);
    buf_release(&worker->text);
    buf_release(&worker->head_text);
    buf_release(&worker->url_text);
    match_writer_free(worker->matches);
    buf_release(&worker->request);
    buf_release(&worker->file);
    free(worker);
}

static bool start_search(struct worker *worker, uint64_t seed,
                         struct error *err)
{
    const struct page_job *job = worker->job;
    for (int i = 0; i < SUBJECT_COUNT; i++)
        worker->has_subject[i] =
            patterns_has_subject(job->patterns, (enum subject)i);
    struct matcher_options options = job->matcher;
    if (job->costs &&
        !(worker->costs = costs_new(patterns_count(job->patterns), err)))
        return false;
    options.costs = worker->costs;
    worker->matcher = matcher_new(job->patterns, &options, err);
    if (!worker->matcher)
        return false;
    worker->texts = text_reader_new(&job->text);
    if (!worker->texts)
        return error_no_memory(err, "a worker");
    worker->matches = match_writer_new(
        &job->matches, patterns_count(job->patterns), seed, err);
    return worker->matches != NULL;
}

static void *worker_new(void *ctx, uint32_t number, struct error *err)
{
    const struct page_job *job = ctx;
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker) {
        error_no_memory(err, "a worker");
        return NULL;
    }
    worker->job = job;
    size_t page_max = job->max_body + FETCH_HEAD_MAX;
    buf_init(&worker->dechunked, page_max);
    buf_init(&worker->decoded, page_max);
    buf_init(&worker->decoded_more, page_max);
    /* A byte may become three; and some slack (charset.h). */
    buf_init(&worker->text, page_max * 3 + 64);
    buf_init(&worker->head_text, page_max * 3);
    buf_init(&worker->url_text, SIZE_MAX / 2);
    buf_init(&worker->request, page_max);
    buf_init(&worker->file, page_max);
    bool done = true;
    if (job->patterns)
        done = start_search(worker, job->warc_seed + number, err);
    if (done && job->store != WARC_STORE_NONE)
        done = (worker->warc = warc_writer_new(
                    job->store, job->warc_seed + number, err)) != NULL;
    if (!done) {
        worker_free(ctx, worker);
        return NULL;
    }
    return worker;
}

void page_job_describe(struct page_job *job, bool is_fetched,
                       struct team_options *options)
{
    options->worker_new = worker_new;
    options->worker_free = worker_free;
    options->job_ctx = job;
    if (is_fetched) {
        options->items_at_once = TEAM_ITEMS_MAX;
        options->job = page_job_entry;
        options->drop = page_job_drop_entry;
        options->encode = entry_encode;
        options->decode = entry_decode;
    } else {
        /* A span is much work. */
        options->items_at_once = 1;
        options->job = page_job_span;
        options->drop = page_job_drop_span;
        options->encode = span_encode;
        options->decode = span_decode;
    }
}

/* ---- details: what an outcome says in words --------------------------- */

void steps_add_detail(struct steps *steps, const char *format, ...)
{
    size_t size = strlen(steps->detail);
    if (size && size + 2 < DETAIL_SIZE) {
        memcpy(steps->detail + size, "; ", 3);
        size += 2;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(steps->detail + size, DETAIL_SIZE - size, format, args);
    va_end(args);
}

/* A fault that workers find changes an outcome that was ok until then. */
void steps_find_fault(struct steps *steps, enum outcome outcome,
                      const char *detail)
{
    if (steps->outcome == OUTCOME_OK)
        steps->outcome = outcome;
    steps_add_detail(steps, "%s", detail);
}

/* ---- pages that cost a worker ----------------------------------------- */

bool page_job_is_hopeless(const struct team_work *work)
{
    const struct team_crash *crash = team_crash_here(work);
    return crash && crash->count > 1;
}

/* The page is recorded with that outcome, and kept; never searched again. */
static void note_crash(struct steps *steps)
{
    const struct team_crash *crash = team_crash_here(steps->worker->work);
    if (!crash)
        return;
    steps->outcome = OUTCOME_WORKER_CRASHED;
    steps_add_detail(steps, "%s", crash->detail);
}

/* ---- outcome lines ---------------------------------------------------- */

static void append_message(const struct steps *steps,
                           const struct outcome_line *line)
{
    struct buf *out = &steps->block->outcomes;
    if (steps->outcome == OUTCOME_OK || steps->outcome == OUTCOME_DUPLICATE ||
        steps->outcome == OUTCOME_NOT_MODIFIED)
        return;
    buf_append_string(out, "fetchgrep: ");
    if (steps->url.size) {
        text_append_escaped(steps->url, out);
    } else {
        /* A row of a list without a URL in it. */
        text_append_escaped(line->source, out);
        buf_append_format(out, " line %llu", (unsigned long long)line->line);
    }
    buf_append_format(out, ": %s", outcome_word(steps->outcome));
    if (steps->detail[0]) {
        buf_append_string(out, ": ");
        text_append_escaped(view_of_string(steps->detail), out);
    }
    buf_append_char(out, '\n');
}

void steps_end(struct steps *steps, struct outcome_line *line,
               struct block_entry *entry)
{
    const struct page_job *job = steps->worker->job;
    if (entry) {
        entry->match_count = steps->match_count;
        entry->body_bytes = steps->body.size;
    }
    if (job->is_stream) {
        append_message(steps, line);
    } else {
        line->id = steps->id;
        line->url = steps->url;
        line->outcome = steps->outcome;
        line->mime = steps->mime;
        line->body_bytes = steps->body.size;
        line->has_matches = job->patterns != NULL;
        line->match_count = steps->match_count;
        line->has_text = steps->is_searched;
        if (steps->is_searched) {
            line->charset = view_of_string(steps->text.charset);
            line->charset_from =
                view_of_string(text_rule_name(steps->text.rule));
            line->text_bytes = steps->text.bytes.size;
            line->replaced_count = steps->text.replaced_count;
        }
        line->detail = view_of_string(steps->detail);
        outcome_line_append(line, &steps->block->outcomes);
    }
    block_end_entry(steps->block, steps->outcome);
}

/* ---- fetched entries -------------------------------------------------- */

static void note_glued(struct steps *steps)
{
    size_t at = outcome_is_failed(steps->outcome) ||
                        steps->outcome == OUTCOME_INVALID_URL
                    ? url_glued_at(steps->url)
                    : 0;
    if (at)
        steps_add_detail(
            steps, "two URLs may be glued together here: %.*s and %.*s",
            (int)(at > 200 ? 200 : at), steps->url.data,
            (int)(steps->url.size - at > 200 ? 200 : steps->url.size - at),
            steps->url.data + at);
}

static struct view view_of_page(const struct page *page)
{
    return view_of(page->bytes.data, page->head_size + page->body_size);
}

/* What the line says of the transfer itself. */
static void describe_transfer(const struct page_job *job,
                              const struct entry *entry,
                              struct outcome_line *line)
{
    const struct page *page = entry->page;
    line->is_duplicate = entry->outcome == OUTCOME_DUPLICATE;
    line->duplicate_of = entry->duplicate_of;
    line->source = view_of_string(job->sources[entry->source_index]);
    line->line = entry->line;
    line->keep = view_of_string(entry->keep);
    /* A failure without a page: its host was given up. */
    line->was_fetched = page || outcome_is_failed(entry->outcome);
    line->attempts = entry->attempts;
    line->redirects = entry->redirects;
    if (!page)
        return;
    line->status = page->status;
    line->ip = view_of_string(page->ip);
    line->http = view_of_string(page->http_version);
    line->has_body = page->head_size > 0;
    line->fetched_at_ms = page->fetched_at_ms;
    line->timing = &page->timing;
}

/* Nothing is wrong with the body, and so no head could be to blame. */
static bool is_sound(enum outcome outcome)
{
    return outcome == OUTCOME_OK || outcome == OUTCOME_HTTP_ERROR ||
           outcome == OUTCOME_PATTERN_LIMIT;
}

/* The steps of a fetched page: search it, keep it. */
static bool work_on_page(struct steps *steps, const struct page *page,
                         struct warc_written *written, struct error *err)
{
    struct worker *worker = steps->worker;
    struct block *block = steps->block;
    /* Of what --mime left aside only the type is known. */
    bool is_kept =
        worker->warc && page->head_size && steps->outcome != OUTCOME_SKIPPED;
    /* First the hops: they use the scratch that this page needs next. */
    if (worker->warc &&
        !steps_keep_hops(worker, block, page->previous_hop, err))
        return false;
    steps->bytes = view_of_page(page);
    steps->has_head = page->head_size > 0;
    steps_split_head(steps);
    if (is_kept || steps_are_wanted(steps))
        steps_take_off_chunks(steps);
    return steps_search(steps, err) &&
           (!is_kept ||
            steps_keep_page(worker, block, page, steps->payload,
                            is_sound(steps->outcome), written, err));
}

static bool work_on_entry(const struct page_job *job, struct worker *worker,
                          const struct entry *entry, struct block *block,
                          struct error *err)
{
    const struct page *page = entry->page;
    struct steps steps = {
        .worker = worker,
        .block = block,
        .id = entry->id,
        .url = view_of_string(entry->url),
        .keep = view_of_string(entry->keep),
        .outcome = entry->outcome,
    };
    struct outcome_line line = { 0 };
    struct warc_written written = { 0 };
    struct block_entry *row = block_begin_entry(block, entry->id);
    if (entry->detail)
        steps_add_detail(&steps, "%s", entry->detail);
    note_crash(&steps);
    if (view_equal_string(steps.keep, "null"))
        steps_add_detail(&steps, "the columns to keep are too long");
    bool done = steps_keep_asides(worker, block, entry->asides, row, err) &&
                (!page || page_job_is_hopeless(worker->work) ||
                 work_on_page(&steps, page, &written, err));
    char *final_url =
        page ? url_shown(view_of(page->url.text, page->url.text_size)) : NULL;
    describe_transfer(job, entry, &line);
    line.final_url = view_of_string(final_url);
    line.digest = view_of_string(written.payload_digest);
    if (row)
        row->total_us = page ? page->timing.total_us : -1;
    if (done) {
        note_glued(&steps);
        steps_end(&steps, &line, row);
    }
    free(final_url);
    return done;
}

bool page_job_entry(void *ctx, void *state, struct team_work *work,
                    struct error *err)
{
    struct worker *worker = state;
    if (work->page_count)
        return true; /* done by an earlier worker */
    worker->work = work;
    team_begin_page(work);
    return work_on_entry(ctx, worker, work->item, work->block, err) &&
           team_end_page(work, err);
}

bool page_job_kept(struct worker *worker, struct block *block,
                   const struct kept_page *kept, struct error *err)
{
    struct steps steps = {
        .worker = worker,
        .block = block,
        .id = kept->id,
        .url = kept->url,
        .bytes = kept->bytes,
        .has_head = kept->has_head,
        .mime = kept->mime,
        .content_type = kept->content_type,
        .outcome = kept->outcome,
    };
    struct outcome_line line = { .has_body = true };
    struct block_entry *row = block_begin_entry(block, kept->id);
    if (kept->detail)
        steps_add_detail(&steps, "%s", kept->detail);
    note_crash(&steps);
    steps_split_head(&steps);
    steps_wear_own_head(&steps, kept->own_head);
    if (steps_are_wanted(&steps))
        steps_take_off_chunks(&steps);
    if (!steps_search(&steps, err))
        return false;
    if (steps.has_head)
        line.status = steps.head.status;
    if (steps.has_head && steps.head.status >= 400 &&
        steps.outcome == OUTCOME_OK) {
        steps.outcome = OUTCOME_HTTP_ERROR;
        steps_add_detail(&steps, "HTTP status %d", steps.head.status);
    }
    steps_end(&steps, &line, row);
    return true;
}

static void count_off(struct page_job *job, size_t bytes)
{
    size_t left = atomic_fetch_sub(&job->waiting_bytes, bytes) - bytes;
    if (left < job->waiting_limit / 2 &&
        atomic_exchange(&job->is_held_back, false))
        job->wake(job->wake_ctx);
}

static size_t heap_bytes_of(const struct page *page)
{
    size_t bytes = 0;
    for (; page; page = page->previous_hop)
        if (page->bytes.home == EXTENT_HEAP)
            bytes += page->bytes.capacity;
    return bytes;
}

void page_job_free_entry(struct page_job *job, struct entry *entry)
{
    size_t heap_bytes = heap_bytes_of(entry->page);
    heap_bytes += heap_bytes_of(entry->asides);
    if (entry->detour)
        heap_bytes += heap_bytes_of(entry->detour->page);
    if (heap_bytes)
        atomic_fetch_sub(&job->heap_bytes, heap_bytes);
    entry_free(entry, job->pool);
}

void page_job_drop_entry(void *ctx, void *item)
{
    struct page_job *job = ctx;
    struct entry *entry = item;
    size_t bytes = entry->page ? entry->page->bytes.capacity : 0;
    page_job_free_entry(job, entry);
    count_off(job, bytes);
}
