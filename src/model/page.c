#include "fetchgrep/model/page.h"

#include <stdarg.h>

struct page *page_new(struct url *url)
{
    struct page *page = calloc(1, sizeof(*page));
    if (!page)
        return NULL;
    page->url = *url;
    *url = (struct url){ 0 };
    return page;
}

void page_free(struct page *page, struct page_pool *pool)
{
    while (page) {
        struct page *previous = page->previous_hop;
        page_pool_put(pool, &page->bytes);
        url_release(&page->url);
        free(page->cookie);
        free(page);
        page = previous;
    }
}

struct entry *entry_new(void)
{
    return calloc(1, sizeof(struct entry));
}

void entry_free(struct entry *entry, struct page_pool *pool)
{
    if (!entry)
        return;
    page_free(entry->page, pool);
    page_free(entry->asides, pool);
    if (entry->detour) {
        page_free(entry->detour->page, pool);
        url_release(&entry->detour->target);
        known_answer_free(entry->detour->known);
        free(entry->detour);
    }
    known_answer_free(entry->known);
    url_release(&entry->target);
    url_release(&entry->login);
    free(entry->url);
    free(entry->keep);
    free(entry->detail);
    free(entry);
}

void entry_end(struct entry *entry, enum outcome outcome, const char *format,
               ...)
{
    char *detail = NULL;
    if (format) {
        va_list args;
        va_start(args, format);
        /* Without memory the outcome word has to do. */
        if (vasprintf(&detail, format, args) < 0)
            detail = NULL;
        va_end(args);
    }
    free(entry->detail);
    entry->detail = detail;
    entry->outcome = outcome;
    entry->nobody_answered = false;
}
