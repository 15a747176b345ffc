/*
 * A block as a message and back. What comes from a worker is not believed: one
 * that has gone wild must not take the run with it.
 */
#include "process_team.h"

static const struct buf *buffer_of(const struct block *block, size_t index)
{
    const struct buf *const buffers[REPORT_BUFFERS] = {
        &block->outcomes, &block->matches, &block->warc,
        &block->index,    &block->damage,  &block->notes,
    };
    return buffers[index];
}

void report_of_block(struct report *report, const struct block *block,
                     struct view parts[REPORT_PARTS])
{
    report->kind = REPORT_BLOCK;
    report->entry_count = block->entry_count;
    report->page_count = block->page_count;
    report->damage_count = block->damage_count;
    report->span = block->span;
    parts[0] = view_of(report, sizeof(*report));
    parts[1] =
        view_of(block->entries, block->entry_count * sizeof(*block->entries));
    parts[2] = view_of(block->pages, block->page_count * sizeof(*block->pages));
    for (size_t i = 0; i < REPORT_BUFFERS; i++) {
        report->sizes[i] = buffer_of(block, i)->size;
        parts[3 + i] = buf_view(buffer_of(block, i));
    }
}

/* What of a message has not been taken yet. */
struct rest {
    char *at;
    size_t size;
};

static bool take(struct rest *rest, size_t size, char **ret_part)
{
    if (size > rest->size)
        return false;
    *ret_part = rest->at;
    rest->at += size;
    rest->size -= size;
    return true;
}

/* Adds to a sum that may not go beyond `limit`. */
static bool add(size_t *sum, size_t size, size_t limit)
{
    if (size > limit - *sum)
        return false;
    *sum += size;
    return true;
}

static bool tables_are_sound(const struct block *block)
{
    size_t pages = 0, outcomes = 0, matches = 0, warc = 0, index = 0;
    for (size_t i = 0; i < block->entry_count; i++) {
        const struct block_entry *entry = &block->entries[i];
        if ((unsigned)entry->outcome >= OUTCOME_COUNT ||
            !add(&pages, entry->page_count, block->page_count) ||
            !add(&outcomes, entry->outcome_size, block->outcomes.size) ||
            !add(&matches, entry->matches_size, block->matches.size))
            return false;
    }
    for (size_t i = 0; i < block->page_count; i++)
        if (!add(&warc, block->pages[i].warc_size, block->warc.size) ||
            !add(&index, block->pages[i].index_size, block->index.size))
            return false;
    return true;
}

/* The tables are copied: the worker may still write where they came. */
static bool take_tables(const struct report *report, struct rest *rest,
                        struct buf *tables, struct block *block)
{
    const size_t row = sizeof(*block->entries), page = sizeof(*block->pages);
    char *entries, *pages;
    if (report->entry_count > rest->size / row ||
        report->page_count > rest->size / page ||
        !take(rest, report->entry_count * row, &entries) ||
        !take(rest, report->page_count * page, &pages))
        return false;
    buf_reset(tables);
    buf_append(tables, entries, report->entry_count * row);
    buf_append(tables, pages, report->page_count * page);
    if (tables->failed)
        return false;
    block->entries = (void *)tables->data;
    block->entry_count = report->entry_count;
    block->pages = (void *)(tables->data + report->entry_count * row);
    block->page_count = report->page_count;
    return true;
}

/* The buffers of a block that is only read are as large as what is in them. */
static bool borrow(struct rest *rest, size_t size, struct buf *ret_buf)
{
    *ret_buf = (struct buf){ .size = size, .capacity = size, .max = size };
    return take(rest, size, &ret_buf->data);
}

bool report_to_block(const struct report *report, char *bytes, size_t size,
                     struct buf *tables, struct block *ret_block)
{
    struct rest rest = { .at = bytes, .size = size };
    struct block block = { .damage_count = report->damage_count,
                           .span = report->span };
    struct buf *const buffers[REPORT_BUFFERS] = {
        &block.outcomes, &block.matches, &block.warc,
        &block.index,    &block.damage,  &block.notes,
    };
    if (!take_tables(report, &rest, tables, &block))
        return false;
    for (size_t i = 0; i < REPORT_BUFFERS; i++)
        if (!borrow(&rest, report->sizes[i], buffers[i]))
            return false;
    if (!tables_are_sound(&block))
        return false;
    *ret_block = block;
    return true;
}
