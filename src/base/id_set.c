#include "fetchgrep/base/id_set.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_BITS = 1 << 16, PAGE_WORDS = PAGE_BITS / 64 };

static const uint64_t id_end = UINT64_C(1) << 48;

void id_set_release(struct id_set *set)
{
    for (size_t i = 0; i < set->page_count; i++)
        free(set->pages[i]);
    free(set->pages);
    *set = (struct id_set){ 0 };
}

static bool widen(struct id_set *set, size_t page)
{
    if (page < set->page_count)
        return true;
    size_t count = page + 1 + page / 2;
    uint64_t **pages = realloc(set->pages, count * sizeof(*pages));
    if (!pages)
        return false;
    memset(pages + set->page_count, 0,
           (count - set->page_count) * sizeof(*pages));
    set->pages = pages;
    set->page_count = count;
    return true;
}

static uint64_t *get_page(struct id_set *set, size_t page)
{
    if (!widen(set, page))
        return NULL;
    if (!set->pages[page])
        set->pages[page] = calloc(PAGE_WORDS, sizeof(uint64_t));
    return set->pages[page];
}

/* Bits `from` to `end` of a word. */
static uint64_t mask_of(unsigned from, unsigned end)
{
    uint64_t below_end = end == 64 ? UINT64_MAX : (UINT64_C(1) << end) - 1;
    return below_end & ~((UINT64_C(1) << from) - 1);
}

bool id_set_add_range(struct id_set *set, uint64_t first, uint64_t count)
{
    if (first >= id_end || count > id_end - first)
        return false;
    uint64_t end = first + count;
    while (first < end) {
        uint64_t *page = get_page(set, (size_t)(first / PAGE_BITS));
        if (!page)
            return false;
        uint64_t word_start = first / 64 * 64;
        unsigned to = end - word_start < 64 ? (unsigned)(end - word_start) : 64;
        uint64_t mask = mask_of((unsigned)(first % 64), to);
        uint64_t *word = &page[first % PAGE_BITS / 64];
        set->count += (uint64_t)__builtin_popcountll(mask & ~*word);
        *word |= mask;
        first = word_start + to;
    }
    return true;
}

bool id_set_has(const struct id_set *set, uint64_t id)
{
    uint64_t page = id / PAGE_BITS;
    if (page >= set->page_count || !set->pages[page])
        return false;
    return set->pages[page][id % PAGE_BITS / 64] >> (id % 64) & 1;
}

bool id_set_next(const struct id_set *set, uint64_t from, uint64_t *ret_id)
{
    for (uint64_t page = from / PAGE_BITS; page < set->page_count; page++) {
        size_t word = from / PAGE_BITS == page ? from % PAGE_BITS / 64 : 0;
        for (; set->pages[page] && word < PAGE_WORDS; word++) {
            uint64_t start = page * PAGE_BITS + word * 64;
            uint64_t bits = set->pages[page][word];
            if (start < from)
                bits &= mask_of((unsigned)(from - start), 64);
            if (!bits)
                continue;
            *ret_id = start + (uint64_t)__builtin_ctzll(bits);
            return true;
        }
    }
    return false;
}
