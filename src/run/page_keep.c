/*
 * How a fetched page is kept: WARC records, hops first, and their index lines.
 */
#include "page_steps.h"
#include "revisits.h"

#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/base/dechunk.h"

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

bool steps_keep_page(struct worker *worker, struct block *block,
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

bool steps_keep_hops(struct worker *worker, struct block *block,
                     const struct page *page, struct error *err)
{
    struct warc_written written;
    if (!page)
        return true;
    if (!steps_keep_hops(worker, block, page->previous_hop, err))
        return false;
    struct view body =
        view_of(page->bytes.data + page->head_size, page->body_size);
    return page->head_size == 0 ||
           steps_keep_page(worker, block, page, hop_payload(worker, page, body),
                           false, &written, err);
}

bool steps_keep_asides(struct worker *worker, struct block *block,
                       const struct page *asides, struct block_entry *row,
                       struct error *err)
{
    size_t before = block->page_count;
    if (!asides || !worker->warc)
        return true;
    if (!steps_keep_hops(worker, block, asides, err))
        return false;
    if (row)
        row->aside_count = block->page_count - before;
    return true;
}
