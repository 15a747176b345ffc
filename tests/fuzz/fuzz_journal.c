/*
 * The journal. Records are read back as they were written; of a journal that
 * was cut anywhere all whole records are read and the rest is torn; a changed
 * bit is never read as a record; a payload of any bytes under a right checksum
 * is survived, and what is read of it is written again as the same.
 */
#include "fuzz.h"

#include "fetchgrep/record/journal.h"

#include <xxhash.h>

enum { FILES_MAX = 6, RANGES_MAX = 12, RECORDS_MAX = 4, ROOM = 1 << 20 };

static bool is_equal(const struct journal_record *a,
                     const struct journal_record *b)
{
    if (a->sequence != b->sequence || a->wall_ms != b->wall_ms ||
        a->file_count != b->file_count || a->range_count != b->range_count)
        return false;
    for (size_t i = 0; i < a->file_count; i++)
        if (a->files[i].kind != b->files[i].kind ||
            a->files[i].number != b->files[i].number ||
            a->files[i].size != b->files[i].size ||
            a->files[i].digest != b->files[i].digest)
            return false;
    for (size_t i = 0; i < a->range_count; i++)
        if (a->ranges[i].first != b->ranges[i].first ||
            a->ranges[i].count != b->ranges[i].count)
            return false;
    return true;
}

/* ---- any payload under a right checksum --------------------------------- */

static void append_fixed(struct buf *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_append_char(out, (char)(value >> (8 * i) & 0xff));
}

static void seal(struct view payload, struct buf *out)
{
    size_t start = out->size;
    buf_append_string(out, "FGJ1");
    append_fixed(out, payload.size, 4);
    buf_append_view(out, payload);
    append_fixed(out, XXH3_64bits(out->data + start, out->size - start), 8);
    DEMAND(!out->failed);
}

static void check_written_again(const struct journal_record *record)
{
    struct buf bytes;
    struct journal_record again;
    size_t offset = 0;
    buf_init(&bytes, ROOM);
    journal_record_append(record, &bytes);
    DEMAND(journal_record_read(buf_view(&bytes), &offset, &again) ==
           JOURNAL_RECORD);
    DEMAND(offset == bytes.size && is_equal(record, &again));
    journal_record_release(&again);
    buf_release(&bytes);
}

static void check_payload(struct view payload)
{
    struct buf bytes;
    struct journal_record record;
    size_t offset = 0;
    buf_init(&bytes, ROOM);
    seal(payload, &bytes);
    enum journal_result result =
        journal_record_read(buf_view(&bytes), &offset, &record);
    DEMAND(result == JOURNAL_RECORD || result == JOURNAL_TORN);
    DEMAND(offset == (result == JOURNAL_RECORD ? bytes.size : 0));
    if (result == JOURNAL_RECORD) {
        check_written_again(&record);
        journal_record_release(&record);
    }
    buf_release(&bytes);
}

static void check_any_bytes(struct view bytes)
{
    struct journal_record record;
    size_t offset = 0, before = 0;
    while (journal_record_read(bytes, &offset, &record) == JOURNAL_RECORD) {
        DEMAND(offset > before && offset <= bytes.size);
        before = offset;
        journal_record_release(&record);
    }
}

/* ---- records of our own ------------------------------------------------- */

struct made {
    struct journal_file files[FILES_MAX];
    struct journal_range ranges[RANGES_MAX];
    struct journal_record record;
    size_t end; /* in the journal */
};

static void make_record(struct view *input, struct made *made)
{
    uint64_t end = 0;
    made->record = (struct journal_record){
        .sequence = take_u64(input),
        .wall_ms = take_byte(input),
        .files = made->files,
        .file_count = take_byte(input) % FILES_MAX,
        .ranges = made->ranges,
    };
    for (size_t i = 0; i < made->record.file_count; i++)
        made->files[i] = (struct journal_file){
            .kind = (enum journal_kind)(take_byte(input) % 4),
            .number = (uint32_t)take_u64(input),
            .size = take_u64(input),
            .digest = take_u64(input),
        };
    for (size_t i = take_byte(input) % RANGES_MAX; i--;) {
        struct journal_range *range = &made->ranges[made->record.range_count++];
        range->first = end + (take_u64(input) >> 8);
        range->count = (take_u64(input) >> 8) + 1;
        end = range->first + range->count;
    }
}

static size_t count_records(struct view bytes, const struct made *made,
                            enum journal_result *ret_end)
{
    struct journal_record record;
    size_t offset = 0, count = 0;
    while ((*ret_end = journal_record_read(bytes, &offset, &record)) ==
           JOURNAL_RECORD) {
        DEMAND(offset == made[count].end);
        DEMAND(is_equal(&record, &made[count].record));
        journal_record_release(&record);
        count++;
    }
    return count;
}

static void check_cut(struct view bytes, const struct made *made, size_t count,
                      size_t size)
{
    enum journal_result end;
    size_t whole = 0;
    while (whole < count && made[whole].end <= size)
        whole++;
    size_t last_end = whole ? made[whole - 1].end : 0;
    DEMAND(count_records(view_first(bytes, size), made, &end) == whole);
    DEMAND(end == (last_end == size ? JOURNAL_END : JOURNAL_TORN));
}

/* A changed bit tears the record it lies in. */
static void check_changed(struct buf *bytes, const struct made *made,
                          size_t count, size_t bit)
{
    enum journal_result end;
    size_t whole = 0;
    if (!bytes->size)
        return;
    bit %= bytes->size * 8;
    while (whole < count && made[whole].end <= bit / 8)
        whole++;
    bytes->data[bit / 8] = (char)(bytes->data[bit / 8] ^ 1 << bit % 8);
    DEMAND(count_records(buf_view(bytes), made, &end) == whole);
    DEMAND(end == JOURNAL_TORN);
}

static void check_own_records(struct view input)
{
    struct made made[RECORDS_MAX];
    struct buf bytes;
    size_t count = take_byte(&input) % (RECORDS_MAX + 1);
    size_t place = (size_t)take_u64(&input);
    buf_init(&bytes, ROOM);
    for (size_t i = 0; i < count; i++) {
        make_record(&input, &made[i]);
        journal_record_append(&made[i].record, &bytes);
        made[i].end = bytes.size;
    }
    DEMAND(!bytes.failed);
    check_cut(buf_view(&bytes), made, count, bytes.size);
    check_cut(buf_view(&bytes), made, count, place % (bytes.size + 1));
    check_changed(&bytes, made, count, place);
    buf_release(&bytes);
}

/* ---- ranges ------------------------------------------------------------- */

/* Distinct ids, small and close together, in any order. */
static void check_ranges(struct view input)
{
    enum { IDS_MAX = 256 };
    bool is_there[IDS_MAX] = { false };
    uint64_t ids[IDS_MAX];
    struct journal_range ranges[IDS_MAX];
    size_t count = 0, covered = 0;
    for (size_t i = 0; i < input.size; i++) {
        unsigned char id = (unsigned char)input.data[i];
        if (!is_there[id])
            ids[count++] = id;
        is_there[id] = true;
    }
    size_t range_count = journal_ranges(ids, count, ranges);
    for (size_t i = 0; i < range_count; i++) {
        DEMAND(ranges[i].count);
        DEMAND(!i ||
               ranges[i].first > ranges[i - 1].first + ranges[i - 1].count);
        for (uint64_t id = 0; id < ranges[i].count; id++)
            DEMAND(is_there[ranges[i].first + id]);
        covered += ranges[i].count;
    }
    DEMAND(covered == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = view_of(data, size < 4096 ? size : 4096);
    check_any_bytes(input);
    check_payload(input);
    check_ranges(input);
    check_own_records(input);
    return 0;
}
