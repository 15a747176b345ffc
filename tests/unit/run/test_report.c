/*
 * A block passes through a report unchanged; a report that makes no sense, from
 * a worker gone wild, is refused and touches nothing beyond its bytes.
 */
#include "../../../src/run/process_team.h"

#include "suite.h"
#include <stdlib.h>

static void fill(struct block *block)
{
    block_init(block, 1 << 20);
    for (uint64_t id = 0; id < 5; id++) {
        ck_assert_ptr_nonnull(block_begin_entry(block, id));
        buf_append_format(&block->outcomes, "outcome %d;", (int)id);
        buf_append_format(&block->matches, "matches of %d;", (int)id);
        if (id % 2) {
            buf_append_string(&block->warc, "record");
            buf_append_string(&block->index, "line");
            block_end_page(block, 6, 4);
        }
        block_end_entry(block, id ? OUTCOME_OK : OUTCOME_WORKER_CRASHED);
    }
    block_add_damage(block, "a record is cut off");
}

/* The message of a block, and what it says of it. */
struct message {
    struct report report;
    char *bytes;
    size_t size;
};

static void compose(const struct block *block, struct message *message)
{
    struct view parts[REPORT_PARTS];
    memset(message, 0, sizeof(*message));
    report_of_block(&message->report, block, parts);
    struct buf all;
    buf_init(&all, 1 << 20);
    for (size_t i = 1; i < REPORT_PARTS; i++)
        buf_append_view(&all, parts[i]);
    ck_assert(!all.failed);
    message->size = all.size;
    /* Of exactly its size: a sanitizer sees a byte too far. */
    message->bytes = malloc(all.size);
    ck_assert_ptr_nonnull(message->bytes);
    memcpy(message->bytes, all.data, all.size);
    buf_release(&all);
}

static bool parse(const struct message *message, struct buf *tables,
                  struct block *ret_block)
{
    return report_to_block(&message->report, message->bytes, message->size,
                           tables, ret_block);
}

static void assert_same(struct view a, struct view b)
{
    ck_assert(view_equal(a, b));
}

START_TEST(a_block_passes_unchanged)
{
    struct block block, got;
    struct message message;
    struct buf tables;
    fill(&block);
    compose(&block, &message);
    buf_init(&tables, 1 << 20);
    ck_assert(parse(&message, &tables, &got));
    ck_assert_uint_eq(got.entry_count, 5);
    ck_assert_uint_eq(got.page_count, 2);
    ck_assert_uint_eq(got.damage_count, 1);
    ck_assert(!memcmp(got.entries, block.entries, 5 * sizeof(*got.entries)));
    ck_assert(!memcmp(got.pages, block.pages, 2 * sizeof(*got.pages)));
    assert_same(buf_view(&got.outcomes), buf_view(&block.outcomes));
    assert_same(buf_view(&got.matches), buf_view(&block.matches));
    assert_same(buf_view(&got.warc), buf_view(&block.warc));
    assert_same(buf_view(&got.index), buf_view(&block.index));
    assert_same(buf_view(&got.damage), view_of_string("a record is cut off\n"));
    free(message.bytes);
    buf_release(&tables);
    block_release(&block);
}
END_TEST

/* Whatever the eight bytes at any place become: refused, or sound. */
START_TEST(a_report_that_makes_no_sense_is_refused)
{
    static const uint64_t odd[] = { 1, 1000, UINT64_MAX, UINT64_MAX / 80,
                                    UINT64_C(1) << 63 };
    struct block block, got;
    struct message message;
    struct buf tables;
    size_t refused = 0;
    fill(&block);
    compose(&block, &message);
    buf_init(&tables, 1 << 20);
    char *const places[] = { (char *)&message.report, message.bytes };
    const size_t sizes[] = { sizeof(message.report),
                             5 * sizeof(*block.entries) +
                                 2 * sizeof(*block.pages) };
    for (size_t which = 0; which < 2; which++) {
        for (size_t at = 0; at + 8 <= sizes[which]; at += 8) {
            uint64_t before, sum = 0;
            memcpy(&before, places[which] + at, 8);
            for (size_t i = 0; i < ARRAY_COUNT(odd); i++) {
                memcpy(places[which] + at, &odd[i], 8);
                bool done = parse(&message, &tables, &got);
                refused += !done;
                for (size_t j = 0; done && j < got.entry_count; j++)
                    sum += got.entries[j].matches_size;
                ck_assert(!done || sum <= got.matches.size);
                sum = 0;
            }
            memcpy(places[which] + at, &before, 8);
        }
    }
    ck_assert_uint_gt(refused, 50);
    message.size--;
    ck_assert(!parse(&message, &tables, &got));
    free(message.bytes);
    buf_release(&tables);
    block_release(&block);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, a_block_passes_unchanged);
    tcase_add_test(tests, a_report_that_makes_no_sense_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
