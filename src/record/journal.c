#include "fetchgrep/record/journal.h"

#include <xxhash.h>

static const char magic[4] = { 'F', 'G', 'J', '2' };

enum { HEAD_SIZE = 8, DIGEST_SIZE = 8, VARINT_MAX = 10 };

static void append_fixed(struct buf *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_append_char(out, (char)(value >> (8 * i) & 0xff));
}

static uint64_t read_fixed(const char *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    return value;
}

static void append_varint(struct buf *out, uint64_t value)
{
    while (value >= 0x80) {
        buf_append_char(out, (char)(value | 0x80));
        value >>= 7;
    }
    buf_append_char(out, (char)value);
}

static bool read_varint(struct view *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < rest->size && i < VARINT_MAX; i++) {
        unsigned char byte = (unsigned char)rest->data[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = view_from(*rest, i + 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static void append_payload(const struct journal_record *record, struct buf *out)
{
    append_varint(out, record->sequence);
    append_varint(out, record->wall_ms);
    append_varint(out, record->file_count);
    for (size_t i = 0; i < record->file_count; i++) {
        const struct journal_file *file = &record->files[i];
        append_varint(out, (uint64_t)file->kind);
        append_varint(out, file->number);
        append_varint(out, file->size);
        append_fixed(out, file->digest, DIGEST_SIZE);
    }
    append_varint(out, record->range_count);
    uint64_t end = 0;
    for (size_t i = 0; i < record->range_count; i++) {
        append_varint(out, record->ranges[i].first - end);
        append_varint(out, record->ranges[i].count);
        end = record->ranges[i].first + record->ranges[i].count;
    }
    append_varint(out, record->counter_count);
    for (size_t i = 0; i < record->counter_count; i++)
        append_varint(out, record->counters[i]);
}

void journal_record_append(const struct journal_record *record, struct buf *out)
{
    size_t start = out->size;
    buf_append(out, magic, sizeof(magic));
    append_fixed(out, 0, 4);
    append_payload(record, out);
    if (out->failed)
        return;
    uint64_t payload_size = out->size - start - HEAD_SIZE;
    for (size_t i = 0; i < 4; i++)
        out->data[start + 4 + i] = (char)(payload_size >> (8 * i) & 0xff);
    append_fixed(out, XXH3_64bits(out->data + start, out->size - start),
                 DIGEST_SIZE);
}

void journal_record_release(struct journal_record *record)
{
    free(record->files);
    free(record->ranges);
    free(record->counters);
    *record = (struct journal_record){ 0 };
}

static bool read_file(struct view *rest, struct journal_file *file)
{
    uint64_t kind, number;
    if (!read_varint(rest, &kind) || kind > JOURNAL_INDEX ||
        !read_varint(rest, &number) || number > UINT32_MAX ||
        !read_varint(rest, &file->size) || rest->size < DIGEST_SIZE)
        return false;
    file->kind = (enum journal_kind)kind;
    file->number = (uint32_t)number;
    file->digest = read_fixed(rest->data, DIGEST_SIZE);
    *rest = view_from(*rest, DIGEST_SIZE);
    return true;
}

static bool read_range(struct view *rest, uint64_t *end,
                       struct journal_range *range)
{
    uint64_t gap;
    if (!read_varint(rest, &gap) || !read_varint(rest, &range->count) ||
        gap > UINT64_MAX - *end || range->count > UINT64_MAX - *end - gap)
        return false;
    range->first = *end + gap;
    *end = range->first + range->count;
    return true;
}

static enum journal_result read_counters(struct view *rest,
                                         struct journal_record *record)
{
    uint64_t count;
    if (!read_varint(rest, &count) || count > rest->size)
        return JOURNAL_TORN;
    record->counters = calloc(count + 1, sizeof(*record->counters));
    if (!record->counters)
        return JOURNAL_NO_MEMORY;
    record->counter_count = count;
    for (size_t i = 0; i < count; i++)
        if (!read_varint(rest, &record->counters[i]))
            return JOURNAL_TORN;
    return rest->size ? JOURNAL_TORN : JOURNAL_RECORD;
}

/* Counts are checked against the bytes that are left, so that a damaged one
 * cannot ask for more memory than the journal has bytes. */
static enum journal_result read_payload(struct view rest,
                                        struct journal_record *record)
{
    uint64_t file_count, range_count, end = 0;
    if (!read_varint(&rest, &record->sequence) ||
        !read_varint(&rest, &record->wall_ms) ||
        !read_varint(&rest, &file_count) || file_count > rest.size)
        return JOURNAL_TORN;
    record->files = calloc(file_count + 1, sizeof(*record->files));
    if (!record->files)
        return JOURNAL_NO_MEMORY;
    record->file_count = file_count;
    for (size_t i = 0; i < file_count; i++)
        if (!read_file(&rest, &record->files[i]))
            return JOURNAL_TORN;
    if (!read_varint(&rest, &range_count) || range_count > rest.size)
        return JOURNAL_TORN;
    record->ranges = calloc(range_count + 1, sizeof(*record->ranges));
    if (!record->ranges)
        return JOURNAL_NO_MEMORY;
    record->range_count = range_count;
    for (size_t i = 0; i < range_count; i++)
        if (!read_range(&rest, &end, &record->ranges[i]))
            return JOURNAL_TORN;
    return read_counters(&rest, record);
}

enum journal_result journal_record_read(struct view bytes, size_t *offset,
                                        struct journal_record *ret_record)
{
    struct view rest = view_from(bytes, *offset);
    if (rest.size == 0)
        return JOURNAL_END;
    if (rest.size < HEAD_SIZE + DIGEST_SIZE ||
        memcmp(rest.data, magic, sizeof(magic)))
        return JOURNAL_TORN;
    uint64_t payload_size = read_fixed(rest.data + 4, 4);
    if (payload_size > rest.size - HEAD_SIZE - DIGEST_SIZE)
        return JOURNAL_TORN;
    size_t body_size = HEAD_SIZE + (size_t)payload_size;
    if (read_fixed(rest.data + body_size, DIGEST_SIZE) !=
        XXH3_64bits(rest.data, body_size))
        return JOURNAL_TORN;
    struct journal_record record = { 0 };
    enum journal_result result = read_payload(
        view_of(rest.data + HEAD_SIZE, (size_t)payload_size), &record);
    if (result != JOURNAL_RECORD) {
        journal_record_release(&record);
        return result;
    }
    *offset += body_size + DIGEST_SIZE;
    *ret_record = record;
    return JOURNAL_RECORD;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

size_t journal_ranges(uint64_t *ids, size_t count, struct journal_range *ranges)
{
    size_t range_count = 0;
    qsort(ids, count, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < count; i++) {
        struct journal_range *last =
            range_count ? &ranges[range_count - 1] : NULL;
        if (last && last->first + last->count == ids[i])
            last->count++;
        else if (!last || last->first + last->count < ids[i])
            ranges[range_count++] =
                (struct journal_range){ .first = ids[i], .count = 1 };
    }
    return range_count;
}
