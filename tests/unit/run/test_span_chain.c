/*
 * Whatever the readers of parts guess, and in whatever order their results
 * come, every page is passed on once, under its ordinal over the file.
 */
#include "../../../src/run/span_chain.h"

#include "fetchgrep/base/queue.h"

#include "suite.h"

#include <pthread.h>

enum { PART_SIZE = 1000, PAGES_MAX = 2000, ACTIVE_MAX = 64 };

/* A file: where its pages begin. */
static uint64_t offsets[PAGES_MAX];
static size_t page_count;
static uint64_t file_size;
static uint64_t state;

/* A span being read by a worker. */
struct reading {
    struct span *span;
    uint64_t start, next;
    size_t page;   /* the next to be read */
    size_t end;    /* behind the last of the part */
    uint64_t done; /* pages read */
    bool is_right; /* it began where it should have */
};

static struct reading active[ACTIVE_MAX];
static size_t active_count;
static size_t redo_count;

/* What was passed on: how often each page, each page's id. */
static unsigned passed[PAGES_MAX];
static uint64_t ids_seen[PAGES_MAX];
static size_t wrong_passed, damage_passed;

static struct span_ids *ids;
static struct span_chain *chain;

static uint64_t roll(uint64_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return ((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* ---- a file ----------------------------------------------------------- */

/* Pages of `longest` bytes at most. */
static void make_file(size_t count, uint64_t longest)
{
    uint64_t offset = 0;
    page_count = count;
    for (size_t i = 0; i < count; i++) {
        offsets[i] = offset;
        offset += 1 + roll(longest);
    }
    file_size = offset;
}

/* The first page that begins at an offset or behind it. */
static size_t page_from(uint64_t offset)
{
    size_t page = 0;
    while (page < page_count && offsets[page] < offset)
        page++;
    return page;
}

static uint64_t begin_of(size_t page)
{
    return page < page_count ? offsets[page] : WARC_NOWHERE;
}

static uint64_t part_count(void)
{
    return file_size / PART_SIZE + 1;
}

/* ---- readers ---------------------------------------------------------- */

/* `luck`: one guess in so many is wrong; 0: none. */
static void start_reading(struct span *span, uint64_t luck)
{
    const struct warc_part *part = &span->part;
    ck_assert_uint_lt(active_count, ACTIVE_MAX);
    size_t first = page_from(part->from);
    uint64_t start = begin_of(first);
    if (start >= part->end)
        start = WARC_NOWHERE;
    if (part->is_exact)
        start = part->from;
    else if (luck && roll(luck) == 0)
        start = roll(3) ? part->from + 1 + roll(PART_SIZE - 1) : WARC_NOWHERE;
    struct reading reading = {
        .span = span,
        .start = start,
        .page = page_from(start),
        .end = page_from(part->end),
        .is_right = start == begin_of(page_from(start)),
    };
    if (part->end == WARC_NOWHERE)
        reading.end = page_count;
    if (reading.page > reading.end)
        reading.page = reading.end;
    reading.next = begin_of(reading.end);
    active[active_count++] = reading;
}

static bool redo(void *ctx, struct span *span, struct error *err)
{
    (void)ctx, (void)err;
    ck_assert(span->part.is_exact);
    redo_count++;
    start_reading(span, 0);
    return true;
}

static void add_line(struct block *block, uint64_t id, size_t page,
                     bool is_right)
{
    block_begin_entry(block, id);
    buf_append_format(&block->outcomes, "{\"id\":%llu,\"page\":%zu,\"is\":%d",
                      (unsigned long long)id, page, is_right);
    buf_append_format(&block->matches,
                      "{\"id\":%llu,\"n\":1}\n{\"id\":%llu,\"n\":2}\n",
                      (unsigned long long)id, (unsigned long long)id);
    block_end_entry(block, OUTCOME_OK);
}

/* A reader hands its next block on, and is gone after the last. */
static void work(size_t at)
{
    struct reading *reading = &active[at];
    struct span *span = reading->span;
    struct block block;
    struct error err = { 0 };
    block_init(&block, 1 << 20);
    for (uint64_t n = roll(8); n && reading->page < reading->end; n--)
        add_line(&block, span->first_id + reading->done++, reading->page++,
                 reading->is_right);
    if (roll(4) == 0)
        block_add_damage(&block, reading->is_right ? "damage" : "wrong");
    block.span = (struct block_span){
        .is_set = true,
        .attempt = span->attempt,
        .number = span->warcs_before,
        .start = reading->start,
        .is_end = reading->page == reading->end,
        .next = reading->next,
        .page_count = reading->done,
    };
    if (block.span.is_end) {
        span_free(span);
        active[at] = active[--active_count];
    }
    ck_assert_msg(span_chain_deliver(chain, &block, &err), "%s", err.message);
    block_release(&block);
}

/* ---- what is passed on ------------------------------------------------ */

static bool append(void *ctx, const struct block *block, struct error *err)
{
    struct view outcomes = buf_view(&block->outcomes);
    struct view matches = buf_view(&block->matches);
    (void)ctx, (void)err;
    damage_passed += block->damage_count;
    for (size_t i = 0; i < block->entry_count; i++) {
        const struct block_entry *entry = &block->entries[i];
        unsigned long long id;
        size_t page;
        int is_right;
        char *line = view_dup(view_first(outcomes, entry->outcome_size));
        ck_assert_int_eq(sscanf(line, "{\"id\":%llu,\"page\":%zu,\"is\":%d",
                                &id, &page, &is_right),
                         3);
        ck_assert_uint_eq(entry->id, id);
        passed[page]++;
        ids_seen[page] = id;
        wrong_passed += !is_right;
        char expected[160];
        int size =
            snprintf(expected, sizeof(expected),
                     "{\"id\":%llu,\"n\":1}\n{\"id\":%llu,\"n\":2}\n", id, id);
        ck_assert_uint_eq(entry->matches_size, (size_t)size);
        ck_assert(view_starts_with(matches, expected));
        outcomes = view_from(outcomes, entry->outcome_size);
        matches = view_from(matches, entry->matches_size);
        free(line);
    }
    ck_assert_uint_eq(outcomes.size + matches.size, 0);
    return true;
}

static void open_chain(size_t held_max, bool must_be_final)
{
    struct error err;
    const struct span_chain_options options = {
        .open_max = 12,
        .held_max = held_max,
        .can_settle = true,
        .has_plain_ids = true,
        .must_be_final = must_be_final,
        .ids = ids = span_ids_new(must_be_final),
        .append = append,
        .redo = redo,
    };
    chain = span_chain_new(&options, &err);
    ck_assert(ids && chain);
    memset(passed, 0, sizeof(passed));
    active_count = redo_count = wrong_passed = damage_passed = 0;
}

static void close_chain(void)
{
    span_chain_free(chain);
    span_ids_free(ids);
}

static struct span *new_part(uint64_t number)
{
    struct span *span = calloc(1, sizeof(*span));
    ck_assert_ptr_nonnull(span);
    bool is_last = number + 1 == part_count();
    span->kind = SPAN_WARC;
    span->path = view_dup(view_of_string("file"));
    span->part.from = number * PART_SIZE;
    span->part.end = is_last ? WARC_NOWHERE : (number + 1) * PART_SIZE;
    span->part.is_exact = number == 0;
    span->goes_on = number > 0;
    span->warcs_before = number;
    return span;
}

/* Hands one part out; a part that lies in the record before is not read. */
static void admit(uint64_t number, uint64_t luck)
{
    struct error err;
    struct span *span = new_part(number);
    ck_assert(span_chain_admit(chain, span, &err));
    start_reading(span, luck);
}

/* Hands all parts out, as room comes. */
static void *feed(void *ctx)
{
    struct queue *queue = ctx;
    struct error err;
    for (uint64_t number = 0; number < part_count(); number++) {
        struct span *span = new_part(number);
        ck_assert(span_chain_admit(chain, span, &err));
        ck_assert(queue_push(queue, span));
    }
    span_chain_wait(chain);
    queue_close(queue);
    return NULL;
}

/* Reads the whole file, at most `at_once` parts side by side. */
static void read_file(size_t at_once, uint64_t luck)
{
    pthread_t feeder;
    struct queue *queue = queue_new(at_once);
    ck_assert_ptr_nonnull(queue);
    ck_assert_int_eq(pthread_create(&feeder, NULL, feed, queue), 0);
    for (;;) {
        void *item;
        size_t got = 0;
        if (!active_count) {
            got = queue_take(queue, &item, 1, 1);
            if (!got)
                break;
        } else if (active_count < at_once) {
            got = queue_try_take(queue, &item, 1, 1);
        }
        if (got)
            start_reading(item, luck);
        else
            work((size_t)roll(active_count));
    }
    pthread_join(feeder, NULL);
    queue_free(queue);
}

static void check_all_passed(void)
{
    ck_assert_uint_eq(wrong_passed, 0);
    for (size_t i = 0; i < page_count; i++) {
        ck_assert_msg(passed[i] == 1, "page %zu: %u times", i, passed[i]);
        ck_assert_msg(ids_seen[i] == i, "page %zu: id %llu", i,
                      (unsigned long long)ids_seen[i]);
    }
    ck_assert(!span_ids_has_provisional(ids));
}

/* ---- tests ------------------------------------------------------------ */

/* _i: the seed */
START_TEST(right_guesses_are_read_once)
{
    state = (uint64_t)_i + 1;
    make_file(600, 100);
    open_chain(1 << 20, false);
    read_file(6, 0);
    check_all_passed();
    ck_assert_uint_eq(redo_count, 0);
    close_chain();
}
END_TEST

START_TEST(wrong_guesses_leave_no_trace)
{
    state = (uint64_t)_i + 1;
    make_file(600, 100);
    open_chain(1 << 20, _i % 2);
    read_file(6, 3);
    check_all_passed();
    ck_assert_uint_gt(redo_count, 0);
    close_chain();
}
END_TEST

START_TEST(parts_inside_of_a_long_record_are_empty)
{
    state = (uint64_t)_i + 1;
    make_file(30, 6000);
    open_chain(1 << 20, false);
    read_file(6, 2);
    check_all_passed();
    close_chain();
}
END_TEST

START_TEST(without_room_to_hold_results_parts_are_read_again)
{
    state = (uint64_t)_i + 1;
    make_file(600, 100);
    open_chain(300, false);
    read_file(6, 0);
    check_all_passed();
    ck_assert_uint_gt(redo_count, 0);
    close_chain();
}
END_TEST

/* Two of five parts are held; nothing of them is passed before the first has
 * ended, and then it is at once. */
START_TEST(results_wait_for_the_part_before)
{
    state = 5;
    make_file(100, 60);
    open_chain(1 << 20, false);
    for (uint64_t i = 0; i < 3; i++)
        admit(i, 0);
    while (active_count > 1)
        work(active_count - 1);
    ck_assert_uint_eq(passed[page_from(PART_SIZE)], 0);
    ck_assert_uint_eq(damage_passed, 0);
    while (active_count)
        work(0);
    size_t end = page_from(3 * PART_SIZE);
    for (size_t i = 0; i < page_count; i++)
        ck_assert_uint_eq(passed[i], i < end);
    close_chain();
}
END_TEST

START_TEST(a_part_handed_out_late_knows_its_beginning)
{
    struct error err;
    state = 6;
    make_file(100, 60);
    open_chain(1 << 20, false);
    admit(0, 0);
    while (active_count)
        work(0);
    struct span *span = new_part(1);
    ck_assert(span_chain_admit(chain, span, &err));
    ck_assert(span->part.is_exact);
    ck_assert_uint_eq(span->part.from, offsets[page_from(PART_SIZE)]);
    ck_assert_uint_eq(span->first_id, page_from(PART_SIZE));
    span_free(span);
    close_chain();
}
END_TEST

START_TEST(damage_of_a_wrong_guess_is_not_told)
{
    struct error err = { 0 };
    struct block block;
    state = 7;
    make_file(100, 60);
    open_chain(1 << 20, false);
    admit(0, 0);
    struct span *span = new_part(1);
    ck_assert(span_chain_admit(chain, span, &err));
    block_init(&block, 1 << 20);
    block_add_damage(&block, "what a wrong beginning looks like");
    block.span = (struct block_span){ .is_set = true,
                                      .number = 1,
                                      .is_end = true,
                                      .start = span->part.from + 1,
                                      .next = span->part.end };
    ck_assert(span_chain_deliver(chain, &block, &err));
    /* The first part, whole, without damage. */
    struct reading *reading = &active[0];
    block_reset(&block);
    block.span = (struct block_span){ .is_set = true,
                                      .is_end = true,
                                      .next = reading->next };
    ck_assert(span_chain_deliver(chain, &block, &err));
    ck_assert_uint_eq(damage_passed, 0);
    ck_assert_uint_eq(redo_count, 1);
    block_release(&block);
    span_free(active[0].span);
    span_free(active[1].span);
    span_free(span);
    close_chain();
}
END_TEST

START_TEST(what_is_of_no_part_passes_at_once)
{
    struct error err = { 0 };
    struct block block;
    make_file(10, 60);
    open_chain(1 << 20, false);
    block_init(&block, 1 << 20);
    add_line(&block, 3, 3, true);
    ck_assert(span_chain_deliver(chain, &block, &err));
    ck_assert_uint_eq(passed[3], 1);
    block_release(&block);
    close_chain();
}
END_TEST

static void *admit_one_more(void *ctx)
{
    struct error err;
    bool *is_admitted = ctx;
    struct span *span = new_part(12);
    *is_admitted = span_chain_admit(chain, span, &err);
    span_free(span);
    return NULL;
}

START_TEST(stopping_ends_the_wait_for_room)
{
    pthread_t thread;
    bool is_admitted = true;
    state = 8;
    make_file(1000, 60);
    open_chain(1 << 20, false);
    for (uint64_t i = 0; i < 12; i++)
        admit(i, 0);
    ck_assert_int_eq(
        pthread_create(&thread, NULL, admit_one_more, &is_admitted), 0);
    span_chain_stop(chain);
    pthread_join(thread, NULL);
    ck_assert(!is_admitted);
    span_chain_wait(chain);
    while (active_count)
        span_free(active[--active_count].span);
    close_chain();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("span chain");
    TCase *tests = tcase_create("span chain");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, right_guesses_are_read_once, 0, 10);
    tcase_add_loop_test(tests, wrong_guesses_leave_no_trace, 0, 40);
    tcase_add_loop_test(tests, parts_inside_of_a_long_record_are_empty, 0, 20);
    tcase_add_loop_test(
        tests, without_room_to_hold_results_parts_are_read_again, 0, 20);
    tcase_add_test(tests, results_wait_for_the_part_before);
    tcase_add_test(tests, a_part_handed_out_late_knows_its_beginning);
    tcase_add_test(tests, damage_of_a_wrong_guess_is_not_told);
    tcase_add_test(tests, what_is_of_no_part_passes_at_once);
    tcase_add_test(tests, stopping_ends_the_wait_for_room);
    return run_suite(suite);
}
