#include "span_settle.h"

bool span_settle_is_due(struct span_ids *ids, const struct block *block)
{
    uint64_t final;
    if (!block->entry_count)
        return false;
    uint64_t id = block->entries[0].id;
    return span_ids_settle(ids, id, &final) && final != id;
}

/* Appends lines, those that begin with one id now with another. The last may
 * be open. */
static void append_renumbered(struct view lines, uint64_t from, uint64_t to,
                              struct buf *out)
{
    char old[40];
    int size =
        snprintf(old, sizeof(old), "{\"id\":%llu,", (unsigned long long)from);
    while (lines.size) {
        const char *end = memchr(lines.data, '\n', lines.size);
        struct view line =
            end ? view_first(lines, (size_t)(end + 1 - lines.data)) : lines;
        lines = view_from(lines, line.size);
        if (view_starts_with(line, old)) {
            buf_append_string(out, "{\"id\":");
            buf_append_u64(out, to);
            line = view_from(line, (size_t)size - 1);
        }
        buf_append_view(out, line);
    }
}

bool span_settle(struct span_ids *ids, struct block *block, bool has_plain_ids,
                 struct error *err)
{
    struct buf outcomes, matches;
    size_t outcome_at = 0, matches_at = 0;
    buf_init(&outcomes, SIZE_MAX / 2);
    buf_init(&matches, SIZE_MAX / 2);
    for (size_t i = 0; i < block->entry_count; i++) {
        struct block_entry *entry = &block->entries[i];
        size_t outcomes_before = outcomes.size, matches_before = matches.size;
        uint64_t id = entry->id, final = id;
        span_ids_settle(ids, id, &final);
        append_renumbered(
            view_first(view_from(buf_view(&block->outcomes), outcome_at),
                       entry->outcome_size),
            id, final, &outcomes);
        struct view lines =
            view_first(view_from(buf_view(&block->matches), matches_at),
                       entry->matches_size);
        if (has_plain_ids)
            append_renumbered(lines, id, final, &matches);
        else
            buf_append_view(&matches, lines);
        outcome_at += entry->outcome_size;
        matches_at += entry->matches_size;
        entry->id = final;
        entry->outcome_size = outcomes.size - outcomes_before;
        entry->matches_size = matches.size - matches_before;
    }
    buf_release(&block->outcomes);
    buf_release(&block->matches);
    block->outcomes = outcomes;
    block->matches = matches;
    return block_check(block, err);
}
