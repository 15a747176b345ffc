/*
 * Whatever order the spans are read in, every page ends with its ordinal over
 * all inputs.
 */
#include "../../../src/run/span_ids.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/fs.h"

#include "suite.h"
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One for all tests, removed when they are over, however they ended. */
static char root[] = "/tmp/test_span_ids-XXXXXX";
static char path[sizeof(root) + 16];

static void make_root(void)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_one(const char *name, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

static void remove_root(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void name_file(void)
{
    snprintf(path, sizeof(path), "%s/results", root);
}

static void write_results(struct view text)
{
    struct error err;
    ck_assert(fs_replace_file(path, text, &err));
}

static struct buf read_results(void)
{
    struct error err = { 0 };
    struct buf text;
    buf_init(&text, 1 << 24);
    ck_assert_msg(fs_read_file(path, &text, &err), "%s", err.message);
    return text;
}

static struct span warc_span(uint64_t warcs_before, uint64_t known_before)
{
    return (struct span){ .kind = SPAN_WARC,
                          .warcs_before = warcs_before,
                          .known_before = known_before };
}

static struct span files_span(uint64_t warcs_before, uint64_t known_before)
{
    return (struct span){ .kind = SPAN_FILES,
                          .warcs_before = warcs_before,
                          .known_before = known_before };
}

static struct span_ids *new_ids(bool must_be_final)
{
    struct span_ids *ids = span_ids_new(must_be_final);
    ck_assert_ptr_nonnull(ids);
    return ids;
}

static uint64_t begin(struct span_ids *ids, struct span span)
{
    struct error err = { 0 };
    uint64_t id;
    ck_assert_msg(span_ids_begin(ids, &span, &id, &err), "%s", err.message);
    return id;
}

static void end(struct span_ids *ids, struct span span, uint64_t page_count)
{
    struct error err = { 0 };
    ck_assert_msg(span_ids_end(ids, &span, page_count, &err), "%s",
                  err.message);
}

START_TEST(files_alone_have_final_ids_in_any_order)
{
    struct span_ids *ids = new_ids(false);
    ck_assert_uint_eq(begin(ids, files_span(0, 200)), 200);
    ck_assert_uint_eq(begin(ids, files_span(0, 0)), 0);
    ck_assert_uint_eq(begin(ids, files_span(0, 100)), 100);
    ck_assert(!span_ids_has_provisional(ids));
    span_ids_free(ids);
    span_ids_free(NULL);
}
END_TEST

START_TEST(in_order_all_ids_are_final)
{
    struct span_ids *ids = new_ids(false);
    ck_assert_uint_eq(begin(ids, files_span(0, 0)), 0);
    ck_assert_uint_eq(begin(ids, warc_span(0, 10)), 10);
    end(ids, warc_span(0, 10), 5);
    ck_assert_uint_eq(begin(ids, files_span(1, 10)), 15);
    ck_assert_uint_eq(begin(ids, warc_span(1, 13)), 18);
    end(ids, warc_span(1, 13), 0);
    ck_assert_uint_eq(begin(ids, warc_span(2, 13)), 18);
    end(ids, warc_span(2, 13), 1);
    ck_assert_uint_eq(begin(ids, files_span(3, 13)), 19);
    ck_assert(!span_ids_has_provisional(ids));
    span_ids_free(ids);
}
END_TEST

START_TEST(a_span_before_its_time_counts_provisionally)
{
    struct span_ids *ids = new_ids(false);
    ck_assert_uint_eq(begin(ids, warc_span(0, 0)), 0);
    ck_assert(!span_ids_has_provisional(ids));
    uint64_t warc = begin(ids, warc_span(1, 0));
    uint64_t files = begin(ids, files_span(2, 0));
    uint64_t more_files = begin(ids, files_span(2, 100));
    ck_assert(span_ids_has_provisional(ids));
    /* Far apart, and from anything final. */
    ck_assert_uint_eq(more_files, files + 100);
    ck_assert_uint_ge(warc, UINT64_C(1) << 40);
    ck_assert_uint_ge(files, warc + (UINT64_C(1) << 40));
    /* The second's end does not help while the first is read. */
    end(ids, warc_span(1, 0), 7);
    ck_assert_uint_ge(begin(ids, files_span(2, 200)), UINT64_C(1) << 40);
    end(ids, warc_span(0, 0), 3);
    ck_assert_uint_eq(begin(ids, files_span(2, 300)), 310);
    span_ids_free(ids);
}
END_TEST

START_TEST(provisional_ids_are_rewritten_and_nothing_else_is)
{
    struct span_ids *ids = new_ids(false);
    struct error err = { 0 };
    struct buf text;
    buf_init(&text, 1 << 20);
    /* files (3 pages), WARC 0, files (2), WARC 1; read from the end. */
    unsigned long long warc1 = begin(ids, warc_span(1, 5));
    unsigned long long files = begin(ids, files_span(1, 3));
    unsigned long long warc0 = begin(ids, warc_span(0, 3));
    end(ids, warc_span(1, 5), 4);
    end(ids, warc_span(0, 3), 10);
    ck_assert_uint_eq(warc0, 3);
    buf_append_format(&text,
                      "{\"id\":%llu,\"url\":\"{\\\"id\\\":%llu,\"}\n"
                      "{\"id\":%llu}\n{\"id\":%llu,\"a\":1}\n"
                      "{\"id\":12,\"a\":1}\n{\"id\":2,\"a\":1}\n"
                      "http://a/\t{\"id\":%llu,\n\n{\"id\":\n{\"id\":x,\n"
                      " {\"id\":%llu,}\n{\"id\":%llu,\"z\":0",
                      warc1, warc1, warc1 + 1, files + 1, warc1, warc1,
                      warc1 + 3);
    write_results(buf_view(&text));
    buf_release(&text);
    ck_assert_msg(span_ids_rewrite(ids, path, &err), "%s", err.message);
    text = read_results();
    char expected[1024];
    /* A line without a comma behind its number is none of ours. */
    snprintf(expected, sizeof(expected),
             "{\"id\":15,\"url\":\"{\\\"id\\\":%llu,\"}\n"
             "{\"id\":%llu}\n{\"id\":14,\"a\":1}\n"
             "{\"id\":12,\"a\":1}\n{\"id\":2,\"a\":1}\n"
             "http://a/\t{\"id\":%llu,\n\n{\"id\":\n{\"id\":x,\n"
             " {\"id\":%llu,}\n{\"id\":18,\"z\":0",
             warc1, warc1 + 1, warc1, warc1);
    ck_assert_str_eq(buf_string(&text), expected);
    buf_release(&text);
    span_ids_free(ids);
}
END_TEST

START_TEST(lines_keep_nul_bytes_and_any_length)
{
    struct span_ids *ids = new_ids(false);
    struct error err = { 0 };
    struct buf text, expected;
    buf_init(&text, 1 << 24);
    buf_init(&expected, 1 << 24);
    unsigned long long warc1 = begin(ids, warc_span(1, 0));
    end(ids, warc_span(0, 0), 1);
    end(ids, warc_span(1, 0), 1);
    buf_append_format(&text, "{\"id\":%llu,", warc1);
    buf_append_string(&expected, "{\"id\":1,");
    for (int i = 0; i < 300000; i++) {
        buf_append(&text, "a\0\xFF", 3);
        buf_append(&expected, "a\0\xFF", 3);
    }
    buf_append_char(&text, '\n');
    buf_append_char(&expected, '\n');
    write_results(buf_view(&text));
    ck_assert(span_ids_rewrite(ids, path, &err));
    struct buf found = read_results();
    ck_assert_uint_eq(found.size, expected.size);
    ck_assert_mem_eq(found.data, expected.data, expected.size);
    buf_release(&found);
    buf_release(&text);
    buf_release(&expected);
    span_ids_free(ids);
}
END_TEST

START_TEST(final_results_are_not_touched)
{
    struct span_ids *ids = new_ids(false);
    struct error err = { 0 };
    struct stat before, after;
    write_results(view_of_string("{\"id\":1099511627776,\"a\":1}\n"));
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert(span_ids_rewrite(ids, path, &err));
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    span_ids_free(ids);
}
END_TEST

START_TEST(a_missing_file_is_an_error_with_its_name)
{
    struct span_ids *ids = new_ids(false);
    struct error err = { 0 };
    begin(ids, warc_span(1, 0));
    end(ids, warc_span(0, 0), 1);
    end(ids, warc_span(1, 0), 1);
    unlink(path);
    ck_assert(!span_ids_rewrite(ids, path, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    span_ids_free(ids);
}
END_TEST

/* ---- at random: spans of both kinds, read in any order ---------------- */

enum { SPANS = 60 };

struct inputs {
    struct span spans[SPANS];
    uint64_t page_counts[SPANS];
    uint64_t first_ids[SPANS]; /* as they should be in the end */
    uint64_t page_count;
    uint64_t seed;
};

static uint64_t roll(struct inputs *inputs, uint64_t below)
{
    inputs->seed ^= inputs->seed >> 12;
    inputs->seed ^= inputs->seed << 25;
    inputs->seed ^= inputs->seed >> 27;
    return ((inputs->seed * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void make_inputs(struct inputs *inputs, uint64_t seed)
{
    uint64_t warcs = 0, known = 0;
    *inputs = (struct inputs){ .seed = seed };
    for (size_t i = 0; i < SPANS; i++) {
        bool is_warc = roll(inputs, 2);
        inputs->page_counts[i] = roll(inputs, 4) ? roll(inputs, 20) : 0;
        inputs->spans[i] =
            is_warc ? warc_span(warcs, known) : files_span(warcs, known);
        inputs->first_ids[i] = inputs->page_count;
        inputs->page_count += inputs->page_counts[i];
        if (is_warc)
            warcs++;
        else
            known += inputs->page_counts[i];
    }
}

/* Lets spans begin and end with up to eight open at once; a line a page:
 * its id, and the ordinal that it should have. */
static void read_inputs(struct inputs *inputs, struct span_ids *ids,
                        struct buf *out)
{
    size_t order[SPANS], open[8], open_count = 0, next = 0;
    for (size_t i = 0; i < SPANS; i++) {
        size_t at = roll(inputs, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    while (next < SPANS || open_count) {
        if (next < SPANS && open_count < 8 && roll(inputs, 2)) {
            size_t i = order[next++];
            uint64_t id = begin(ids, inputs->spans[i]);
            for (uint64_t page = 0; page < inputs->page_counts[i]; page++)
                buf_append_format(
                    out, "{\"id\":%llu,\"is\":%llu}\n",
                    (unsigned long long)(id + page),
                    (unsigned long long)(inputs->first_ids[i] + page));
            open[open_count++] = i;
        } else if (open_count) {
            size_t at = roll(inputs, open_count), i = open[at];
            open[at] = open[--open_count];
            if (inputs->spans[i].kind == SPAN_WARC)
                end(ids, inputs->spans[i], inputs->page_counts[i]);
        }
    }
}

START_TEST(every_page_ends_with_its_ordinal_over_all_inputs)
{
    struct inputs inputs;
    struct error err = { 0 };
    struct buf text;
    buf_init(&text, 1 << 24);
    make_inputs(&inputs, UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)_i);
    struct span_ids *ids = new_ids(false);
    read_inputs(&inputs, ids, &text);
    ck_assert(span_ids_has_provisional(ids));
    write_results(buf_view(&text));
    buf_release(&text);
    ck_assert_msg(span_ids_rewrite(ids, path, &err), "%s", err.message);
    text = read_results();
    struct view rest = buf_view(&text);
    uint64_t count = 0;
    for (; rest.size; count++) {
        struct view line = view_split(&rest, '\n');
        char copy[128];
        unsigned long long id, expected;
        ck_assert_uint_lt(line.size, sizeof(copy));
        memcpy(copy, line.data, line.size);
        copy[line.size] = '\0';
        ck_assert_int_eq(
            sscanf(copy, "{\"id\":%llu,\"is\":%llu}", &id, &expected), 2);
        ck_assert_uint_eq(id, expected);
    }
    ck_assert_uint_eq(count, inputs.page_count);
    buf_release(&text);
    span_ids_free(ids);
}
END_TEST

/* ---- where results stream --------------------------------------------- */

struct waiter {
    struct span_ids *ids;
    struct span span;
    uint64_t id;
    bool done;
    pthread_t thread;
};

static void *wait_for_turn(void *ctx)
{
    struct waiter *waiter = ctx;
    struct error err;
    waiter->done =
        span_ids_begin(waiter->ids, &waiter->span, &waiter->id, &err);
    return NULL;
}

static void start_waiter(struct waiter *waiter, struct span_ids *ids,
                         struct span span)
{
    *waiter = (struct waiter){ .ids = ids, .span = span };
    ck_assert_int_eq(
        pthread_create(&waiter->thread, NULL, wait_for_turn, waiter), 0);
}

START_TEST(where_ids_must_be_final_a_span_waits_for_those_before_it)
{
    struct span_ids *ids = new_ids(true);
    struct waiter waiters[4];
    static const uint64_t expected[] = { 11, 18, 20, 21 };
    ck_assert_uint_eq(begin(ids, warc_span(0, 1)), 1);
    start_waiter(&waiters[0], ids, files_span(1, 1));
    start_waiter(&waiters[1], ids, files_span(2, 1));
    start_waiter(&waiters[2], ids, files_span(2, 3));
    start_waiter(&waiters[3], ids, warc_span(2, 4));
    for (int i = 0; i < 100; i++)
        sched_yield();
    end(ids, warc_span(1, 1), 7);
    end(ids, warc_span(0, 1), 10);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(waiters[i].thread, NULL);
        ck_assert(waiters[i].done);
        ck_assert_uint_eq(waiters[i].id, expected[i]);
    }
    ck_assert(!span_ids_has_provisional(ids));
    span_ids_free(ids);
}
END_TEST

START_TEST(an_abort_lets_all_who_wait_go_without_an_id)
{
    struct span_ids *ids = new_ids(true);
    struct waiter waiters[3];
    for (size_t i = 0; i < 3; i++)
        start_waiter(&waiters[i], ids, files_span(1 + i, 0));
    span_ids_abort(ids);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(waiters[i].thread, NULL);
        ck_assert(!waiters[i].done);
    }
    struct error err = { 0 };
    uint64_t id;
    struct span late = files_span(5, 0);
    ck_assert(!span_ids_begin(ids, &late, &id, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    span_ids_free(ids);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("span_ids");
    TCase *tests = tcase_create("span_ids");
    tcase_set_timeout(tests, 30);
    tcase_add_unchecked_fixture(tests, make_root, remove_root);
    tcase_add_checked_fixture(tests, name_file, NULL);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, files_alone_have_final_ids_in_any_order);
    tcase_add_test(tests, in_order_all_ids_are_final);
    tcase_add_test(tests, a_span_before_its_time_counts_provisionally);
    tcase_add_test(tests, provisional_ids_are_rewritten_and_nothing_else_is);
    tcase_add_test(tests, lines_keep_nul_bytes_and_any_length);
    tcase_add_test(tests, final_results_are_not_touched);
    tcase_add_test(tests, a_missing_file_is_an_error_with_its_name);
    tcase_add_loop_test(tests, every_page_ends_with_its_ordinal_over_all_inputs,
                        0, 8);
    tcase_add_test(tests,
                   where_ids_must_be_final_a_span_waits_for_those_before_it);
    tcase_add_test(tests, an_abort_lets_all_who_wait_go_without_an_id);
    return run_suite(suite);
}
