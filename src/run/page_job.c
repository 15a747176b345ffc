#include "page_job.h"

#include "page_steps.h"
#include "revisits.h"

#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/base/dechunk.h"
#include "fetchgrep/base/digest.h"
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/extract/decode.h"
#include "fetchgrep/extract/head_text.h"

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

/* ---- the steps -------------------------------------------------------- */

static void split_head(struct steps *steps)
{
    steps->body = steps->bytes;
    if (steps->has_head &&
        (steps->has_head = http_head_parse(steps->bytes, &steps->head))) {
        steps->body = view_from(steps->bytes, steps->head.size);
        steps->head_bytes = view_first(steps->bytes, steps->head.size);
        steps->mime = http_media_type(steps->head.content_type);
    }
    steps->payload = steps->plain = steps->body;
}

/* A revisit has a status and a type of its own, but for one that says "not
 * modified". How the body is coded is its target's to tell. */
static void wear_own_head(struct steps *steps, struct view own)
{
    struct http_head head;
    if (!own.size || !http_head_parse(own, &head) || head.status == 304)
        return;
    if (!steps->has_head)
        steps->head = (struct http_head){ 0 };
    steps->has_head = true;
    steps->head_bytes = view_first(own, head.size);
    steps->head.status = head.status;
    if (head.content_type.size) {
        steps->head.content_type = head.content_type;
        steps->mime = http_media_type(head.content_type);
    }
}

/* libcurl calls a broken chunk line a broken connection; it is not. */
static void find_bad_chunks(struct steps *steps, const char *detail)
{
    if (steps->outcome == OUTCOME_TRUNCATED) {
        steps->outcome = OUTCOME_OK;
        steps->detail[0] = '\0';
    }
    steps_find_fault(steps, OUTCOME_BAD_ENCODING, detail);
}

static void take_off_chunks(struct steps *steps)
{
    if (!steps->has_head || !steps->head.is_chunked)
        return;
    struct buf *out = &steps->worker->dechunked;
    char detail[80];
    size_t used;
    buf_shrink(out, SCRATCH_KEPT);
    enum dechunk_result result = dechunk(steps->body, out, &used);
    if (result == DECHUNK_MALFORMED && used == 0) {
        /* Archives keep such bodies under the head that came with them. */
        steps_add_detail(steps,
                         "the body is not chunked, though its head says so");
        return;
    }
    snprintf(detail, sizeof(detail), "chunked body %s at byte %zu",
             result == DECHUNK_CUT ? "ends early" : "is malformed", used);
    if (result == DECHUNK_CUT)
        steps_find_fault(steps, OUTCOME_TRUNCATED, detail);
    else if (result == DECHUNK_MALFORMED)
        find_bad_chunks(steps, detail);
    steps->payload = steps->plain = buf_view(out);
}

/* False: nothing that could be searched came of it. */
static bool take_off_codings(struct steps *steps, struct error *err,
                             bool *ret_is_text)
{
    struct worker *worker = steps->worker;
    char detail[256] = "";
    buf_shrink(&worker->decoded, SCRATCH_KEPT);
    buf_shrink(&worker->decoded_more, SCRATCH_KEPT);
    enum decode_result result = decode_content(
        steps->has_head ? steps->head.content_encoding : view_of(NULL, 0),
        steps->payload, worker->job->max_body, &worker->decoded,
        &worker->decoded_more, &steps->plain, detail, sizeof(detail));
    *ret_is_text = result != DECODE_UNKNOWN;
    switch (result) {
    case DECODE_PLAIN:
    case DECODE_DONE:
        /* What was sent otherwise than announced, and read all the same. */
        if (detail[0])
            steps_add_detail(steps, "%s", detail);
        return true;
    case DECODE_TOO_LARGE:
        steps_find_fault(steps, OUTCOME_TOO_LARGE, detail);
        return true;
    case DECODE_DAMAGED:
    case DECODE_UNKNOWN:
        steps_find_fault(steps, OUTCOME_BAD_ENCODING, detail);
        return true;
    case DECODE_NO_MEMORY:
    default:
        return error_no_memory(err, "a decoded page");
    }
}

/* Whether patterns run on this page, by what came of the transfer. */
static bool is_wanted(const struct steps *steps)
{
    const struct page_job *job = steps->worker->job;
    if (!job->patterns || !outcome_may_match(steps->outcome))
        return false;
    if (!steps->has_head || job->searches_any_status)
        return true;
    return steps->head.status >= 200 && steps->head.status <= 299;
}

/* Match lines that one page may have, in bytes: a pattern that overlaps itself
 * could make them without end. */
static size_t match_bytes_max(const struct page_job *job)
{
    return (64 << 20) + 8 * job->max_body;
}

/* Runs the patterns of one subject. */
static bool search(struct steps *steps, enum subject subject, struct view text,
                   struct error *err)
{
    struct worker *worker = steps->worker;
    struct matcher_report report = { 0 };
    if (match_writer_full(worker->matches))
        return true;
    if (steps->clock_runs)
        matcher_go_on(worker->matcher);
    steps->clock_runs = true;
    if (!matcher_search(worker->matcher, subject, text, match_writer_add,
                        worker->matches, &report, err) &&
        !match_writer_full(worker->matches))
        return false;
    if (report.limited_count)
        steps_find_fault(steps, OUTCOME_PATTERN_LIMIT, report.limit);
    return true;
}

/* Content to text. True and not is_searched: it is no text. */
static bool read_text(struct steps *steps, struct error *err)
{
    struct buf *scratch = &steps->worker->text;
    const struct text_source source = {
        .body = steps->plain,
        .content_type =
            steps->has_head ? steps->head.content_type : steps->content_type,
    };
    const char *why_not;
    char note[TEXT_NOTE_SIZE];
    buf_shrink(scratch, SCRATCH_KEPT);
    switch (text_read(steps->worker->texts, &source, scratch, &steps->text,
                      &why_not, note)) {
    case TEXT_READY:
        steps->is_searched = true;
        if (note[0])
            steps_add_detail(steps, "%s", note);
        return true;
    case TEXT_NOT_SEARCHED:
        steps_add_detail(steps, "not searched: %s", why_not);
        return true;
    case TEXT_NO_MEMORY:
    default:
        return error_no_memory(err, "a page's text");
    }
}

/* Decode and text: what has none is not searched. */
static bool make_text(struct steps *steps, struct error *err)
{
    bool is_text;
    return take_off_codings(steps, err, &is_text) &&
           (!is_text || read_text(steps, err));
}

/* Decode, text, match. */
static bool search_text(struct steps *steps, struct error *err)
{
    if (!make_text(steps, err))
        return false;
    return !steps->is_searched ||
           search(steps, SUBJECT_TEXT, steps->text.bytes, err);
}

/* Head and URL are text whatever the body is. */
static bool search_head(struct steps *steps, struct error *err)
{
    struct buf *text = &steps->worker->head_text;
    if (!steps->head_bytes.size || !steps->worker->has_subject[SUBJECT_HEADERS])
        return true;
    buf_shrink(text, SCRATCH_KEPT);
    head_text_append(steps->head_bytes, text);
    return buf_check(text, "a page's head", err) &&
           search(steps, SUBJECT_HEADERS, buf_view(text), err);
}

static bool search_url(struct steps *steps, struct error *err)
{
    struct buf *text = &steps->worker->url_text;
    if (!steps->worker->has_subject[SUBJECT_URL])
        return true;
    buf_shrink(text, SCRATCH_KEPT);
    utf8_append_valid(text, steps->url);
    return buf_check(text, "a page's URL", err) &&
           search(steps, SUBJECT_URL, buf_view(text), err);
}

static bool search_page(struct steps *steps, struct error *err)
{
    struct match_writer *matches = steps->worker->matches;
    if (!is_wanted(steps))
        return true;
    if (!match_writer_begin(matches, steps->id, steps->url, steps->keep,
                            &steps->block->matches,
                            match_bytes_max(steps->worker->job), err) ||
        !search_text(steps, err) || !search_head(steps, err) ||
        !search_url(steps, err) ||
        !match_writer_end(matches, &steps->match_count, err))
        return false;
    if (match_writer_full(matches))
        steps_find_fault(steps, OUTCOME_PATTERN_LIMIT,
                         match_writer_full(matches));
    return true;
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

/* ---- keeping pages ---------------------------------------------------- */

static const char *cut_word(enum page_cut cut)
{
    switch (cut) {
    case PAGE_CUT_LENGTH:
        return "length";
    case PAGE_CUT_TIME:
        return "time";
    case PAGE_CUT_DISCONNECT:
        return "disconnect";
    case PAGE_CUT_UNSPECIFIED:
        return "unspecified";
    case PAGE_WHOLE:
    default:
        return NULL;
    }
}

/* The body of a hop as its payload digest needs it. */
static struct view hop_payload(struct worker *worker, const struct page *page,
                               struct view body)
{
    struct http_head head;
    size_t used;
    if (!http_head_parse(view_of(page->bytes.data, page->head_size), &head) ||
        !head.is_chunked)
        return body;
    buf_shrink(&worker->dechunked, SCRATCH_KEPT);
    /* A hop that is malformed is kept as it came all the same. */
    if (dechunk(body, &worker->dechunked, &used) == DECHUNK_MALFORMED)
        return body;
    return buf_view(&worker->dechunked);
}

static void append_index_line(struct block *block, const struct page *page,
                              struct view url, struct view mime,
                              const struct warc_written *written)
{
    struct cdxj_record record = {
        .url = url,
        .date_ms = page->fetched_at_ms,
        .mime = mime,
        .status = page->status,
        .digest = view_of_string(written->payload_digest),
        .length = written->size,
    };
    cdxj_append_head(&record, &block->index);
}

static bool keep_page(struct worker *worker, struct block *block,
                      const struct page *page, struct view payload,
                      bool is_sound, struct warc_written *ret_written,
                      struct error *err)
{
    struct revisit_choice choice;
    char *shown = url_shown(view_of(page->url.text, page->url.text_size));
    if (!shown)
        return error_no_memory(err, "a WARC record");
    size_t warc_start = block->warc.size, index_start = block->index.size;
    buf_reset(&worker->request);
    fetch_request_head(worker->job->fetch, &page->url, page->cookie,
                       page->known, &worker->request);
    struct warc_exchange exchange = {
        .target_uri = view_of_string(shown),
        .date_ms = page->fetched_at_ms,
        .ip = view_of_string(page->ip),
        .request_head = buf_view(&worker->request),
        .response_head = view_of(page->bytes.data, page->head_size),
        .response_body =
            view_of(page->bytes.data + page->head_size, page->body_size),
        .payload = payload,
        .truncated = cut_word(page->cut),
        .protocol = strcmp(page->http_version, "2") ? NULL : "h2",
    };
    revisit_choose(worker, block, page, is_sound, &choice, &exchange);
    warc_write_exchange(worker->warc, &exchange, &block->warc, ret_written);
    revisit_note(&choice, &exchange, ret_written, block);
    struct http_head head;
    struct view mime = { 0 };
    if (exchange.target)
        mime = view_of_string("warc/revisit");
    else if (http_head_parse(exchange.response_head, &head))
        mime = http_media_type(head.content_type);
    append_index_line(block, page, exchange.target_uri, mime, ret_written);
    free(shown);
    block_end_page(block, block->warc.size - warc_start,
                   block->index.size - index_start);
    return buf_check(&worker->request, "a WARC record", err);
}

/* The hops before this page, oldest first. */
static bool keep_hops(struct worker *worker, struct block *block,
                      const struct page *page, struct error *err)
{
    struct warc_written written;
    if (!page)
        return true;
    if (!keep_hops(worker, block, page->previous_hop, err))
        return false;
    struct view body =
        view_of(page->bytes.data + page->head_size, page->body_size);
    return page->head_size == 0 ||
           keep_page(worker, block, page, hop_payload(worker, page, body),
                     false, &written, err);
}

/* What the entry fetched for others: no place of its own. */
static bool keep_asides(struct worker *worker, struct block *block,
                        const struct page *asides, struct block_entry *row,
                        struct error *err)
{
    size_t before = block->page_count;
    if (!asides || !worker->warc)
        return true;
    if (!keep_hops(worker, block, asides, err))
        return false;
    if (row)
        row->aside_count = block->page_count - before;
    return true;
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
    if (worker->warc && !keep_hops(worker, block, page->previous_hop, err))
        return false;
    steps->bytes = view_of_page(page);
    steps->has_head = page->head_size > 0;
    split_head(steps);
    if (is_kept || is_wanted(steps))
        take_off_chunks(steps);
    return search_page(steps, err) &&
           (!is_kept || keep_page(worker, block, page, steps->payload,
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
    bool done = keep_asides(worker, block, entry->asides, row, err) &&
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
    split_head(&steps);
    wear_own_head(&steps, kept->own_head);
    if (is_wanted(&steps))
        take_off_chunks(&steps);
    if (!search_page(&steps, err))
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

bool page_job_text(struct worker *worker, const struct kept_page *kept,
                   struct view *ret_text, char detail[DETAIL_SIZE],
                   struct error *err)
{
    struct steps steps = {
        .worker = worker,
        .bytes = kept->bytes,
        .has_head = kept->has_head,
        .mime = kept->mime,
        .content_type = kept->content_type,
        .outcome = kept->outcome,
    };
    if (!worker->texts)
        worker->texts = text_reader_new(&worker->job->text);
    if (!worker->texts)
        return error_no_memory(err, "a page's text");
    if (kept->detail)
        steps_add_detail(&steps, "%s", kept->detail);
    split_head(&steps);
    wear_own_head(&steps, kept->own_head);
    take_off_chunks(&steps);
    if (!make_text(&steps, err))
        return false;
    memcpy(detail, steps.detail, DETAIL_SIZE);
    *ret_text = view_of(NULL, 0);
    if (steps.is_searched)
        *ret_text = steps.text.bytes.data ? steps.text.bytes : view_of("", 0);
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
