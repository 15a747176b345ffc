/*
 * A journal is believed or not, record by record: what is whole comes back as
 * it was written, and no damage ever reads as a record.
 */
#include "fetchgrep/record/journal.h"

#include "suite.h"
#include <stdlib.h>
#include <xxhash.h>

static struct journal_file full_files[] = {
    { JOURNAL_OUTCOMES, 0, 1234, UINT64_C(0x0123456789abcdef) },
    { JOURNAL_MATCHES, 0, 0, 0 },
    { JOURNAL_PAGES, 0, UINT64_C(1) << 30, UINT64_MAX },
    { JOURNAL_PAGES, 1, 127, 1 },
    { JOURNAL_PAGES, UINT32_MAX, UINT64_MAX, 0x80 },
    { JOURNAL_INDEX, 0, 128, UINT64_C(1) << 63 },
};

static struct journal_range full_ranges[] = {
    { 0, 1 },
    { 2, 1 },
    { 127, 128 },
    { UINT64_C(1) << 40, UINT64_C(1) << 41 },
    { UINT64_MAX - 1, 1 },
};

static uint64_t full_counters[] = { 0, 127, 128, UINT64_MAX };

static const struct journal_record full = {
    .sequence = 300,
    .wall_ms = UINT64_C(1795332614123),
    .files = full_files,
    .file_count = ARRAY_COUNT(full_files),
    .ranges = full_ranges,
    .range_count = ARRAY_COUNT(full_ranges),
    .counters = full_counters,
    .counter_count = ARRAY_COUNT(full_counters),
};

static const struct journal_record empty = { 0 };

static void check_same(const struct journal_record *a,
                       const struct journal_record *b)
{
    ck_assert_uint_eq(a->sequence, b->sequence);
    ck_assert_uint_eq(a->wall_ms, b->wall_ms);
    ck_assert_uint_eq(a->file_count, b->file_count);
    for (size_t i = 0; i < a->file_count; i++) {
        ck_assert_int_eq(a->files[i].kind, b->files[i].kind);
        ck_assert_uint_eq(a->files[i].number, b->files[i].number);
        ck_assert_uint_eq(a->files[i].size, b->files[i].size);
        ck_assert_uint_eq(a->files[i].digest, b->files[i].digest);
    }
    ck_assert_uint_eq(a->range_count, b->range_count);
    for (size_t i = 0; i < a->range_count; i++) {
        ck_assert_uint_eq(a->ranges[i].first, b->ranges[i].first);
        ck_assert_uint_eq(a->ranges[i].count, b->ranges[i].count);
    }
    ck_assert_uint_eq(a->counter_count, b->counter_count);
    for (size_t i = 0; i < a->counter_count; i++)
        ck_assert_uint_eq(a->counters[i], b->counters[i]);
}

static void append(const struct journal_record *record, struct buf *out)
{
    journal_record_append(record, out);
    ck_assert(!out->failed);
}

/* Reads and expects this record to be there. */
static void check_next(struct view bytes, size_t *offset,
                       const struct journal_record *expected)
{
    struct journal_record record;
    ck_assert_int_eq(journal_record_read(bytes, offset, &record),
                     JOURNAL_RECORD);
    check_same(&record, expected);
    journal_record_release(&record);
    ck_assert(!record.files && !record.ranges && !record.counters);
    journal_record_release(&record);
}

START_TEST(records_come_back_as_they_were_written)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    append(&full, &out);
    append(&empty, &out);
    append(&full, &out);
    size_t offset = 0;
    check_next(buf_view(&out), &offset, &full);
    check_next(buf_view(&out), &offset, &empty);
    check_next(buf_view(&out), &offset, &full);
    ck_assert_uint_eq(offset, out.size);
    struct journal_record none = { .sequence = 9 };
    ck_assert_int_eq(journal_record_read(buf_view(&out), &offset, &none),
                     JOURNAL_END);
    ck_assert_uint_eq(offset, out.size);
    ck_assert_uint_eq(none.sequence, 9);
    buf_release(&out);
}
END_TEST

START_TEST(an_empty_journal_is_at_its_end)
{
    size_t offset = 0;
    struct journal_record none;
    ck_assert_int_eq(journal_record_read(view_of(NULL, 0), &offset, &none),
                     JOURNAL_END);
    ck_assert_int_eq(journal_record_read(view_of("", 0), &offset, &none),
                     JOURNAL_END);
}
END_TEST

/* The layout is a file format: these bytes may not change. */
START_TEST(the_layout_is_as_documented)
{
    struct journal_file file = { JOURNAL_INDEX, 0, 300,
                                 UINT64_C(0x1122334455667788) };
    struct journal_range ranges[] = { { 5, 2 }, { 200, 1 } };
    uint64_t counters[] = { 7, 130 };
    const struct journal_record record = { .sequence = 1,
                                           .wall_ms = 128,
                                           .counters = counters,
                                           .counter_count = 2,
                                           .files = &file,
                                           .file_count = 1,
                                           .ranges = ranges,
                                           .range_count = 2 };
    static const unsigned char expected[] = {
        'F',  'G',  'J',  '2',  26,   0,    0,    0, /* magic, payload size */
        1,    0x80, 0x01, 1,                         /* sequence, ms, files */
        3,    0,    0xAC, 0x02,                      /* kind, number, size */
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, /* digest */
        2,    5,    2,    0xC1, 0x01, 1, /* ranges: 5+2, then 193 on */
        2,    7,    0x82, 0x01,          /* counters */
    };
    struct buf out;
    buf_init(&out, 1 << 20);
    append(&record, &out);
    ck_assert_uint_eq(out.size, sizeof(expected) + 8);
    ck_assert_mem_eq(out.data, expected, sizeof(expected));
    buf_release(&out);
}
END_TEST

/* A copy of just this size, so that a sanitizer sees any read beyond. */
static enum journal_result read_copy(const char *data, size_t size,
                                     size_t *offset)
{
    char *copy = malloc(size ? size : 1);
    struct journal_record record = { 0 };
    ck_assert_ptr_nonnull(copy);
    if (size)
        memcpy(copy, data, size);
    enum journal_result result =
        journal_record_read(view_of(copy, size), offset, &record);
    free(copy);
    if (result == JOURNAL_RECORD)
        journal_record_release(&record);
    return result;
}

START_TEST(every_truncation_is_seen)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    append(&full, &out);
    size_t whole = out.size;
    append(&full, &out);
    for (size_t size = 1; size < out.size; size++) {
        size_t offset = 0;
        enum journal_result result = read_copy(out.data, size, &offset);
        ck_assert_int_eq(result, size < whole ? JOURNAL_TORN : JOURNAL_RECORD);
        ck_assert_uint_eq(offset, size < whole ? 0 : whole);
        if (size <= whole)
            continue;
        ck_assert_int_eq(read_copy(out.data, size, &offset), JOURNAL_TORN);
        ck_assert_uint_eq(offset, whole);
    }
    buf_release(&out);
}
END_TEST

START_TEST(every_changed_byte_is_seen)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    append(&full, &out);
    for (size_t at = 0; at < out.size; at++) {
        for (int change = 1; change < 256; change++) {
            size_t offset = 0;
            out.data[at] = (char)(out.data[at] ^ change);
            enum journal_result result = read_copy(out.data, out.size, &offset);
            out.data[at] = (char)(out.data[at] ^ change);
            if (result != JOURNAL_TORN || offset != 0)
                ck_abort_msg("byte %zu ^ %d: %d", at, change, (int)result);
        }
    }
    size_t offset = 0;
    check_next(buf_view(&out), &offset, &full);
    buf_release(&out);
}
END_TEST

START_TEST(bytes_left_out_or_put_in_are_seen)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    append(&full, &out);
    for (size_t at = 0; at < out.size; at++) {
        struct buf other;
        size_t offset = 0;
        buf_init(&other, 1 << 20);
        buf_append(&other, out.data, at);
        buf_append(&other, out.data + at + 1, out.size - at - 1);
        buf_append_char(&other, 0);
        ck_assert_int_eq(read_copy(other.data, other.size, &offset),
                         JOURNAL_TORN);
        buf_reset(&other);
        buf_append(&other, out.data, at);
        buf_append_char(&other, (char)~out.data[at]);
        buf_append(&other, out.data + at, out.size - at);
        ck_assert_int_eq(read_copy(other.data, other.size, &offset),
                         JOURNAL_TORN);
        buf_release(&other);
    }
    buf_release(&out);
}
END_TEST

/* What a file system leaves of a write that was under way at a power cut. */
START_TEST(a_tail_of_zeros_is_torn_and_what_is_before_it_counts)
{
    for (size_t zeros = 1; zeros < 100; zeros++) {
        struct buf out;
        size_t offset = 0;
        buf_init(&out, 1 << 20);
        append(&full, &out);
        size_t whole = out.size;
        for (size_t i = 0; i < zeros; i++)
            buf_append_char(&out, 0);
        check_next(buf_view(&out), &offset, &full);
        ck_assert_int_eq(read_copy(out.data, out.size, &offset), JOURNAL_TORN);
        ck_assert_uint_eq(offset, whole);
        buf_release(&out);
    }
}
END_TEST

struct payload_row {
    enum journal_result result;
    struct view payload;
};

#define PAYLOAD(text)                                                          \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }
#define VARINT_MAX_U64 "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"
#define DIGEST         "12345678"

/* Payloads under a right digest: sequence, ms, files, ranges. */
static const struct payload_row payload_rows[] = {
    { JOURNAL_RECORD, PAYLOAD("\1\1\0\0\0") },
    { JOURNAL_RECORD, PAYLOAD("\1\1\1\3\0\5" DIGEST "\0\0") },
    { JOURNAL_RECORD, PAYLOAD(VARINT_MAX_U64 VARINT_MAX_U64 "\0\0\0") },
    /* Cut short, or with bytes to spare. */
    { JOURNAL_TORN, PAYLOAD("") },
    { JOURNAL_TORN, PAYLOAD("\1\1\0") },
    { JOURNAL_TORN, PAYLOAD("\1\1\0\0\0\0") },
    { JOURNAL_TORN, PAYLOAD("\1\1\0\1\5") },
    { JOURNAL_TORN, PAYLOAD("\1\1\1\3\0\5" DIGEST) },
    { JOURNAL_TORN, PAYLOAD("\1\1\1\3\0\5"
                            "1234567") },
    /* Counts beyond all bytes: no memory is asked for them. */
    { JOURNAL_TORN, PAYLOAD("\1\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F") },
    { JOURNAL_TORN, PAYLOAD("\1\1\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F") },
    { JOURNAL_TORN, PAYLOAD("\1\1" VARINT_MAX_U64) },
    { JOURNAL_TORN, PAYLOAD("\1\1\0" VARINT_MAX_U64) },
    { JOURNAL_TORN, PAYLOAD("\1\1\0\xFF\xFF\xFF\xFF\x7F") },
    /* A number that never ends. */
    { JOURNAL_TORN, PAYLOAD("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0") },
    /* A kind that is none, a number that is too large. */
    { JOURNAL_TORN, PAYLOAD("\1\1\1\4\0\5" DIGEST "\0") },
    { JOURNAL_TORN, PAYLOAD("\1\1\1\2\x80\x80\x80\x80\x10\5" DIGEST "\0") },
    /* Counters that are not there. */
    { JOURNAL_TORN, PAYLOAD("\1\1\0\0") },
    { JOURNAL_TORN, PAYLOAD("\1\1\0\0\2\5") },
    { JOURNAL_TORN, PAYLOAD("\1\1\0\0" VARINT_MAX_U64) },
    /* Ranges past the last id. */
    { JOURNAL_TORN, PAYLOAD("\1\1\0\1\1" VARINT_MAX_U64) },
    { JOURNAL_TORN, PAYLOAD("\1\1\0\2\1\1" VARINT_MAX_U64 "\1") },
};

START_TEST(a_digest_that_is_right_makes_no_sense_of_nonsense)
{
    const struct payload_row *row = &payload_rows[_i];
    struct buf out;
    size_t offset = 0;
    buf_init(&out, 1 << 10);
    buf_append(&out, "FGJ2", 4);
    buf_append_char(&out, (char)row->payload.size);
    buf_append(&out, "\0\0", 3);
    buf_append_view(&out, row->payload);
    uint64_t digest = XXH3_64bits(out.data, out.size);
    for (int i = 0; i < 64; i += 8)
        buf_append_char(&out, (char)(digest >> i & 0xff));
    ck_assert_int_eq(read_copy(out.data, out.size, &offset), row->result);
    ck_assert_uint_eq(offset, row->result == JOURNAL_RECORD ? out.size : 0);
    buf_release(&out);
}
END_TEST

START_TEST(a_payload_size_beyond_the_bytes_is_torn)
{
    char bytes[64];
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        size_t offset = 0;
        memset(bytes, 0xFF, sizeof(bytes));
        memcpy(bytes, "FGJ2", 4);
        ck_assert_int_eq(read_copy(bytes, size, &offset),
                         size ? JOURNAL_TORN : JOURNAL_END);
    }
}
END_TEST

START_TEST(a_buffer_that_is_too_small_is_failed_not_cut)
{
    for (size_t max = 0; max < 40; max++) {
        struct buf out;
        buf_init(&out, max);
        journal_record_append(&full, &out);
        ck_assert(out.failed);
        buf_release(&out);
    }
}
END_TEST

START_TEST(ids_become_ascending_ranges_that_do_not_touch)
{
    uint64_t ids[] = { 9, 3, 0, 4, UINT64_MAX - 1, 5, 1, 11, 10, 100 };
    static const struct journal_range expected[] = {
        { 0, 2 }, { 3, 3 }, { 9, 3 }, { 100, 1 }, { UINT64_MAX - 1, 1 },
    };
    struct journal_range ranges[ARRAY_COUNT(ids)];
    ck_assert_uint_eq(journal_ranges(ids, ARRAY_COUNT(ids), ranges),
                      ARRAY_COUNT(expected));
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        ck_assert_uint_eq(ranges[i].first, expected[i].first);
        ck_assert_uint_eq(ranges[i].count, expected[i].count);
    }
    ck_assert_uint_eq(journal_ranges(ids, 0, ranges), 0);
    ck_assert_uint_eq(journal_ranges(ids, 1, ranges), 1);
}
END_TEST

/* About every fourth id of many, in disorder. */
START_TEST(an_id_that_is_there_twice_is_in_once)
{
    uint64_t ids[] = { 7, 3, 7, 4, 3, 4, 4, 9 };
    struct journal_range ranges[ARRAY_COUNT(ids)];
    ck_assert_uint_eq(journal_ranges(ids, ARRAY_COUNT(ids), ranges), 3);
    ck_assert_uint_eq(ranges[0].first, 3);
    ck_assert_uint_eq(ranges[0].count, 2);
    ck_assert_uint_eq(ranges[1].first, 7);
    ck_assert_uint_eq(ranges[1].count, 1);
    ck_assert_uint_eq(ranges[2].first, 9);
    ck_assert_uint_eq(ranges[2].count, 1);
}
END_TEST

START_TEST(ranges_hold_just_the_ids_that_went_in)
{
    enum { COUNT = 3000 };
    static uint64_t ids[COUNT];
    static struct journal_range ranges[COUNT];
    static bool wanted[COUNT * 3], found[COUNT * 3];
    size_t count = 0;
    uint32_t state = 12345;
    for (size_t id = 0; id < COUNT * 3; id++) {
        state = state * 1664525 + 1013904223;
        wanted[id] = state >> 30 == 0 && count < COUNT;
        if (wanted[id])
            ids[count++] = id;
    }
    for (size_t i = 0; i < count / 2; i++) {
        uint64_t swap = ids[i];
        ids[i] = ids[count - 1 - i * 7919 % count];
        ids[count - 1 - i * 7919 % count] = swap;
    }
    size_t range_count = journal_ranges(ids, count, ranges);
    for (size_t i = 0; i < range_count; i++) {
        if (i && ranges[i - 1].first + ranges[i - 1].count >= ranges[i].first)
            ck_abort_msg("ranges %zu and %zu touch", i - 1, i);
        for (uint64_t j = 0; j < ranges[i].count; j++)
            found[ranges[i].first + j] = true;
    }
    ck_assert_mem_eq(found, wanted, sizeof(found));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tests = tcase_create("journal");
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, records_come_back_as_they_were_written);
    tcase_add_test(tests, an_empty_journal_is_at_its_end);
    tcase_add_test(tests, the_layout_is_as_documented);
    tcase_add_test(tests, every_truncation_is_seen);
    tcase_add_test(tests, every_changed_byte_is_seen);
    tcase_add_test(tests, bytes_left_out_or_put_in_are_seen);
    tcase_add_test(tests, a_tail_of_zeros_is_torn_and_what_is_before_it_counts);
    tcase_add_loop_test(tests,
                        a_digest_that_is_right_makes_no_sense_of_nonsense, 0,
                        (int)ARRAY_COUNT(payload_rows));
    tcase_add_test(tests, a_payload_size_beyond_the_bytes_is_torn);
    tcase_add_test(tests, a_buffer_that_is_too_small_is_failed_not_cut);
    tcase_add_test(tests, ids_become_ascending_ranges_that_do_not_touch);
    tcase_add_test(tests, an_id_that_is_there_twice_is_in_once);
    tcase_add_test(tests, ranges_hold_just_the_ids_that_went_in);
    return run_suite(suite);
}
