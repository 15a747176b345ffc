#include "fetchgrep/record/block.h"

/* A worker keeps this much of each buffer between blocks. */
enum { KEPT_BYTES = 1 << 20 };

void block_init(struct block *block, size_t max_bytes)
{
    *block = (struct block){ 0 };
    buf_init(&block->outcomes, max_bytes);
    buf_init(&block->matches, max_bytes);
    buf_init(&block->warc, max_bytes);
    buf_init(&block->index, max_bytes);
}

void block_release(struct block *block)
{
    buf_release(&block->outcomes);
    buf_release(&block->matches);
    buf_release(&block->warc);
    buf_release(&block->index);
    free(block->entries);
    free(block->pages);
    *block = (struct block){ 0 };
}

void block_reset(struct block *block)
{
    buf_shrink(&block->outcomes, KEPT_BYTES);
    buf_shrink(&block->matches, KEPT_BYTES);
    buf_shrink(&block->warc, KEPT_BYTES);
    buf_shrink(&block->index, KEPT_BYTES);
    block->entry_count = block->page_count = 0;
    block->failed = false;
}

size_t block_size(const struct block *block)
{
    return block->outcomes.size + block->matches.size + block->warc.size +
           block->index.size;
}

/* Room for one more row of a table. */
static bool widen(void **rows, size_t *capacity, size_t count, size_t row_size)
{
    if (count < *capacity)
        return true;
    size_t wider = *capacity ? *capacity * 2 : 64;
    void *more = realloc(*rows, wider * row_size);
    if (!more)
        return false;
    *rows = more;
    *capacity = wider;
    return true;
}

struct block_entry *block_begin_entry(struct block *block, uint64_t id)
{
    void *rows = block->entries;
    if (!widen(&rows, &block->entry_capacity, block->entry_count,
               sizeof(*block->entries))) {
        block->failed = true;
        return NULL;
    }
    block->entries = rows;
    struct block_entry *entry = &block->entries[block->entry_count];
    *entry = (struct block_entry){
        .id = id,
        .total_us = -1,
        /* The beginnings, until block_end_entry makes sizes of them. */
        .outcome_size = block->outcomes.size,
        .matches_size = block->matches.size,
        .page_count = block->page_count,
    };
    return entry;
}

void block_end_page(struct block *block, size_t warc_size, size_t index_size)
{
    void *rows = block->pages;
    if (!widen(&rows, &block->page_capacity, block->page_count,
               sizeof(*block->pages))) {
        block->failed = true;
        return;
    }
    block->pages = rows;
    block->pages[block->page_count++] =
        (struct block_page){ .warc_size = warc_size, .index_size = index_size };
}

void block_end_entry(struct block *block, enum outcome outcome)
{
    if (block->failed)
        return;
    struct block_entry *entry = &block->entries[block->entry_count++];
    entry->outcome = outcome;
    entry->outcome_size = block->outcomes.size - entry->outcome_size;
    entry->matches_size = block->matches.size - entry->matches_size;
    entry->page_count = block->page_count - entry->page_count;
}

bool block_check(const struct block *block, struct error *err)
{
    if (block->failed)
        return error_no_memory(err, "results");
    return buf_check(&block->outcomes, "outcomes", err) &&
           buf_check(&block->matches, "matches", err) &&
           buf_check(&block->warc, "WARC records", err) &&
           buf_check(&block->index, "index lines", err);
}
