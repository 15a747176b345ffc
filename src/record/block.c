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
    buf_init(&block->damage, max_bytes);
    buf_init(&block->notes, max_bytes);
}

void block_release(struct block *block)
{
    buf_release(&block->outcomes);
    buf_release(&block->matches);
    buf_release(&block->warc);
    buf_release(&block->index);
    buf_release(&block->damage);
    buf_release(&block->notes);
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
    buf_shrink(&block->damage, KEPT_BYTES);
    buf_shrink(&block->notes, KEPT_BYTES);
    block->damage_count = 0;
    block->span = (struct block_span){ 0 };
    block->entry_count = block->page_count = 0;
    block->failed = false;
}

static void copy_buf(struct buf *to, const struct buf *from)
{
    buf_init(to, from->size);
    buf_append_view(to, buf_view(from));
    to->failed = to->failed || from->failed;
}

static void copy_rows(void **ret_rows, const void *rows, size_t size,
                      bool *failed)
{
    if (!size)
        return;
    *ret_rows = malloc(size);
    if (*ret_rows)
        memcpy(*ret_rows, rows, size);
    else
        *failed = true;
}

struct block *block_clone(const struct block *block)
{
    struct block *copy = calloc(1, sizeof(*copy));
    if (!copy)
        return NULL;
    void *entries = NULL, *pages = NULL;
    copy_buf(&copy->outcomes, &block->outcomes);
    copy_buf(&copy->matches, &block->matches);
    copy_buf(&copy->warc, &block->warc);
    copy_buf(&copy->index, &block->index);
    copy_buf(&copy->damage, &block->damage);
    copy_buf(&copy->notes, &block->notes);
    copy_rows(&entries, block->entries,
              block->entry_count * sizeof(*block->entries), &copy->failed);
    copy_rows(&pages, block->pages, block->page_count * sizeof(*block->pages),
              &copy->failed);
    copy->entries = entries;
    copy->pages = pages;
    copy->entry_count = copy->entry_capacity = block->entry_count;
    copy->page_count = copy->page_capacity = block->page_count;
    copy->damage_count = block->damage_count;
    copy->span = block->span;
    struct error err;
    if (block_check(copy, &err))
        return copy;
    block_free(copy);
    return NULL;
}

void block_free(struct block *block)
{
    if (!block)
        return;
    block_release(block);
    free(block);
}

bool block_is_empty(const struct block *block)
{
    return !block->entry_count && !block->damage_count && !block->span.is_end;
}

size_t block_size(const struct block *block)
{
    return block->outcomes.size + block->matches.size + block->warc.size +
           block->index.size + block->damage.size + block->notes.size;
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

void block_add_damage(struct block *block, const char *message)
{
    buf_append_string(&block->damage, message);
    buf_append_char(&block->damage, '\n');
    block->damage_count++;
}

bool block_check(const struct block *block, struct error *err)
{
    if (block->failed)
        return error_no_memory(err, "results");
    return buf_check(&block->outcomes, "outcomes", err) &&
           buf_check(&block->matches, "matches", err) &&
           buf_check(&block->warc, "WARC records", err) &&
           buf_check(&block->index, "index lines", err) &&
           buf_check(&block->damage, "messages", err) &&
           buf_check(&block->notes, "payloads", err);
}
