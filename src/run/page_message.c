/*
 * Items described for a worker process: the structs as they are, and behind
 * each the strings that it points to. They are made usable where they lie, by
 * setting those pointers anew. Page bytes in the arena are not described: it is
 * mapped at the same place there. Those of hops kept on the heap are.
 */
#include "page_steps.h"

#include "fetchgrep/archive/spans.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>

enum { ALIGNMENT = alignof(max_align_t) };

/* ---- writing ---------------------------------------------------------- */

static void put(struct buf *out, const void *data, size_t size)
{
    static const char zeros[ALIGNMENT];
    buf_append(out, data, size);
    buf_append(out, zeros, (ALIGNMENT - out->size % ALIGNMENT) % ALIGNMENT);
}

/* With its NUL; a string that is not there takes no room. */
static void put_string(struct buf *out, const char *string)
{
    if (string)
        put(out, string, strlen(string) + 1);
}

/* ---- reading ---------------------------------------------------------- */

struct reader {
    char *at, *end;
};

static void *take(struct reader *reader, size_t size)
{
    void *data = reader->at;
    size_t step = size + (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;
    assert(step <= (size_t)(reader->end - reader->at));
    reader->at += step;
    return data;
}

/* `was`: the pointer as it was in the other process. */
static char *take_string(struct reader *reader, const char *was)
{
    return was ? take(reader, strlen(reader->at) + 1) : NULL;
}

/* ---- fetched entries -------------------------------------------------- */

static size_t heap_size(const struct page *page)
{
    return page->bytes.home == EXTENT_HEAP ? page->head_size + page->body_size
                                           : 0;
}

static void put_pages(struct buf *out, const struct page *page)
{
    for (; page; page = page->previous_hop) {
        put(out, page, sizeof(*page));
        put(out, page->url.text, url_block_size(&page->url));
        put_string(out, page->cookie);
        put(out, page->bytes.data, heap_size(page));
        if (page->known)
            put(out, page->known, page->known->size);
    }
}

void entry_encode(void *ctx, const void *item, struct buf *out)
{
    const struct entry *entry = item;
    (void)ctx;
    put(out, entry, sizeof(*entry));
    put_string(out, entry->url);
    put_string(out, entry->keep);
    put_string(out, entry->detail);
    put_pages(out, entry->page);
    put_pages(out, entry->asides);
}

static const struct known_answer *take_known(struct reader *reader)
{
    const struct known_answer *known = (void *)reader->at;
    return take(reader, known->size);
}

static struct page *take_page(struct reader *reader)
{
    struct page *page = take(reader, sizeof(*page));
    url_move(&page->url, take(reader, url_block_size(&page->url)));
    page->cookie = take_string(reader, page->cookie);
    char *bytes = take(reader, heap_size(page));
    if (page->bytes.home == EXTENT_HEAP)
        page->bytes.data = bytes;
    if (page->known)
        page->known = take_known(reader);
    return page;
}

static void take_pages(struct reader *reader, struct page **at)
{
    while (*at) {
        *at = take_page(reader);
        at = &(*at)->previous_hop;
    }
}

void *entry_decode(void *ctx, char *bytes, size_t size)
{
    struct reader reader = { .at = bytes, .end = bytes + size };
    struct entry *entry = take(&reader, sizeof(*entry));
    (void)ctx;
    entry->next = NULL;
    entry->host = NULL;
    entry->target = entry->login = (struct url){ 0 };
    entry->known = NULL;
    entry->url = take_string(&reader, entry->url);
    entry->keep = take_string(&reader, entry->keep);
    entry->detail = take_string(&reader, entry->detail);
    take_pages(&reader, &entry->page);
    take_pages(&reader, &entry->asides);
    return entry;
}

/* ---- spans ------------------------------------------------------------ */

void span_encode(void *ctx, const void *item, struct buf *out)
{
    const struct span *span = item;
    (void)ctx;
    put(out, span, sizeof(*span));
    put_string(out, span->path);
    if (!span->pages)
        return;
    put(out, span->pages, span->page_count * sizeof(*span->pages));
    for (size_t i = 0; i < span->page_count; i++)
        put_string(out, span->pages[i].name);
}

void *span_decode(void *ctx, char *bytes, size_t size)
{
    struct reader reader = { .at = bytes, .end = bytes + size };
    struct span *span = take(&reader, sizeof(*span));
    (void)ctx;
    span->path = take_string(&reader, span->path);
    if (!span->pages)
        return span;
    span->pages = take(&reader, span->page_count * sizeof(*span->pages));
    for (size_t i = 0; i < span->page_count; i++)
        span->pages[i].name = take_string(&reader, span->pages[i].name);
    return span;
}
