/*
 * From a page's bytes to its matches: head -> dechunk -> decode -> text ->
 * match -> match lines.
 */
#include "page_steps.h"

#include "fetchgrep/base/dechunk.h"
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/extract/decode.h"
#include "fetchgrep/extract/head_text.h"

void steps_split_head(struct steps *steps)
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

void steps_wear_own_head(struct steps *steps, struct view own)
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

void steps_take_off_chunks(struct steps *steps)
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

bool steps_are_wanted(const struct steps *steps)
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

bool steps_search(struct steps *steps, struct error *err)
{
    struct match_writer *matches = steps->worker->matches;
    if (!steps_are_wanted(steps))
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
    steps_split_head(&steps);
    steps_wear_own_head(&steps, kept->own_head);
    steps_take_off_chunks(&steps);
    if (!make_text(&steps, err))
        return false;
    memcpy(detail, steps.detail, DETAIL_SIZE);
    *ret_text = view_of(NULL, 0);
    if (steps.is_searched)
        *ret_text = steps.text.bytes.data ? steps.text.bytes : view_of("", 0);
    return true;
}
