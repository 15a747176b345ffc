/*
 * What is written of a page's matches: the group, each text once, lines or
 * counts; and what is written is what is counted.
 */
#include "../../../src/run/match_writer.h"

#include "suite.h"

#define LITERAL(text) view_of(text, sizeof(text) - 1)

static struct buf out;
static struct match_form *form;
static struct match_options options;
static struct match_writer *writer;

static void setup(void)
{
    buf_init(&out, 1 << 26);
}

static void teardown(void)
{
    match_writer_free(writer);
    match_form_free(form);
    writer = NULL;
    form = NULL;
    buf_release(&out);
}

enum { PATTERN_COUNT = 3, NO_LIMIT = 1 << 25 };

/* Text form with pattern and offset, or what else `how` says. */
static void start(struct match_options how)
{
    struct error err;
    static const struct match_field fields[] = {
        { FIELD_PATTERN, { "pattern", 7 }, NULL },
        { FIELD_OFFSET, { "offset", 6 }, NULL },
        { FIELD_MATCH, { "match", 5 }, NULL },
    };
    const struct match_form_options lines = {
        .format = MATCH_TEXT,
        .fields = how.is_count ? NULL : fields,
        .field_count = ARRAY_COUNT(fields),
        .is_count = how.is_count,
        .has_pattern = true,
    };
    form = match_form_new(&lines, &err);
    options = how;
    options.form = form;
    writer = match_writer_new(&options, PATTERN_COUNT, 7, &err);
    ck_assert_ptr_nonnull(writer);
}

static void begin(size_t max_bytes)
{
    struct error err;
    ck_assert(match_writer_begin(writer, 0, LITERAL("u"), view_of(NULL, 0),
                                 &out, max_bytes, &err));
}

static const char page_text[] = "one two one";
static const struct view pattern_names[PATTERN_COUNT] = { { "a", 1 },
                                                          { "b", 1 },
                                                          { "c", 1 } };

/* The match at [from, to) with one group at [group, group_end). */
static bool add(uint32_t pattern, size_t from, size_t to, size_t group,
                size_t group_end)
{
    struct error err = { 0 };
    const struct view name = LITERAL("g");
    const struct view text =
        group > group_end ? view_of(NULL, 0)
                          : view_of(page_text + group, group_end - group);
    const struct match match = {
        .pattern = pattern_names[pattern],
        .pattern_index = pattern,
        .offset = from,
        .whole = view_of(page_text + from, to - from),
        .group_count = 1,
        .group_names = &name,
        .groups = &text,
    };
    bool done = match_writer_add(writer, &match, &err);
    ck_assert(done || err.code == ERR_DATA);
    return done;
}

/* The page ends with this count, and these lines were written. */
static void check_end(uint64_t count, const char *lines)
{
    struct error err;
    uint64_t written;
    ck_assert(match_writer_end(writer, &written, &err));
    ck_assert_uint_eq(written, count);
    ck_assert_str_eq(buf_string(&out), lines);
}

START_TEST(every_match_is_a_line)
{
    start((struct match_options){ 0 });
    begin(NO_LIMIT);
    ck_assert(add(0, 0, 3, 1, 0));
    ck_assert(add(0, 8, 11, 1, 0));
    check_end(2, "a\t0\tone\na\t8\tone\n");
    ck_assert_ptr_null(match_writer_full(writer));
}
END_TEST

START_TEST(unique_keeps_the_first_of_a_pattern_and_page)
{
    start((struct match_options){ .is_unique = true });
    begin(NO_LIMIT);
    ck_assert(add(0, 0, 3, 1, 0));
    ck_assert(add(1, 8, 11, 1, 0));
    ck_assert(add(0, 8, 11, 1, 0)); /* patterns may take turns */
    ck_assert(add(0, 4, 7, 1, 0));
    check_end(3, "a\t0\tone\nb\t8\tone\na\t4\ttwo\n");
    buf_reset(&out);
    begin(NO_LIMIT);
    ck_assert(add(0, 8, 11, 1, 0));
    check_end(1, "a\t8\tone\n");
}
END_TEST

START_TEST(the_group_stands_for_the_match_with_its_offset)
{
    static const uint32_t groups[] = { 0, 0, 0 };
    start((struct match_options){ .only_group = groups });
    begin(NO_LIMIT);
    ck_assert(add(0, 0, 7, 4, 7));
    ck_assert(add(0, 4, 7, 0, 3)); /* set in a lookbehind */
    ck_assert(add(0, 4, 7, 7, 7)); /* empty is set */
    ck_assert(add(0, 4, 7, 1, 0)); /* not set: left out */
    check_end(3, "a\t4\ttwo\na\t0\tone\na\t7\t\n");
}
END_TEST

START_TEST(unique_looks_at_the_group)
{
    static const uint32_t groups[] = { 0, 0, 0 };
    start((struct match_options){ .only_group = groups, .is_unique = true });
    begin(NO_LIMIT);
    ck_assert(add(0, 0, 7, 0, 3));
    ck_assert(add(0, 7, 11, 8, 11));
    check_end(1, "a\t0\tone\n");
}
END_TEST

START_TEST(counts_are_one_line_a_pattern_in_their_order)
{
    start((struct match_options){ .is_count = true });
    begin(NO_LIMIT);
    ck_assert(add(2, 0, 3, 1, 0));
    ck_assert(add(0, 0, 3, 1, 0));
    ck_assert(add(2, 8, 11, 1, 0));
    ck_assert_uint_eq(out.size, 0);
    check_end(3, "u\ta\t1\nu\tc\t2\n");
    buf_reset(&out);
    begin(NO_LIMIT);
    ck_assert(add(1, 0, 3, 1, 0));
    check_end(1, "u\tb\t1\n");
    buf_reset(&out);
    begin(NO_LIMIT);
    check_end(0, "");
}
END_TEST

START_TEST(counts_of_unique_groups)
{
    static const uint32_t groups[] = { 0, 0, 0 };
    start((struct match_options){
        .only_group = groups, .is_unique = true, .is_count = true });
    begin(NO_LIMIT);
    ck_assert(add(0, 0, 3, 0, 3));
    ck_assert(add(0, 8, 11, 8, 11));
    ck_assert(add(0, 4, 7, 4, 7));
    ck_assert(add(0, 4, 7, 1, 0));
    check_end(2, "u\ta\t2\n");
}
END_TEST

START_TEST(lines_beyond_the_limit_are_cut_whole)
{
    start((struct match_options){ 0 });
    begin(strlen("a\t0\tone\n") + 1);
    ck_assert(add(0, 0, 3, 1, 0));
    ck_assert(!add(0, 8, 11, 1, 0));
    ck_assert_str_eq(match_writer_full(writer),
                     "its matches take more than 9 bytes; cut there");
    check_end(1, "a\t0\tone\n");
    begin(NO_LIMIT);
    ck_assert_ptr_null(match_writer_full(writer));
}
END_TEST

/* A million different texts on one page: parts of one random text. */
START_TEST(what_unique_cannot_tell_apart_is_cut_and_said)
{
    enum { MOST = 1 << 20, SIZE = MOST + 64 };
    struct error err = { 0 };
    char *text = malloc(SIZE);
    uint64_t state = 1;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        text[i] = (char)('!' + (state >> 58));
    }
    start((struct match_options){ .is_unique = true, .is_count = true });
    begin(NO_LIMIT);
    struct match match = { .pattern = pattern_names[0] };
    for (size_t i = 0; i < MOST; i++) {
        match.whole = view_of(text + i, 20);
        ck_assert(match_writer_add(writer, &match, &err));
    }
    ck_assert_ptr_null(match_writer_full(writer));
    match.whole = view_of(text + MOST, 20);
    ck_assert(!match_writer_add(writer, &match, &err));
    ck_assert_str_eq(match_writer_full(writer), "more than 1048576 different "
                                                "matches (--unique); cut "
                                                "there");
    check_end(MOST, "u\ta\t1048576\n");
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("match_writer");
    TCase *tests = tcase_create("match_writer");
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_match_is_a_line);
    tcase_add_test(tests, unique_keeps_the_first_of_a_pattern_and_page);
    tcase_add_test(tests, the_group_stands_for_the_match_with_its_offset);
    tcase_add_test(tests, unique_looks_at_the_group);
    tcase_add_test(tests, counts_are_one_line_a_pattern_in_their_order);
    tcase_add_test(tests, counts_of_unique_groups);
    tcase_add_test(tests, lines_beyond_the_limit_are_cut_whole);
    tcase_add_test(tests, what_unique_cannot_tell_apart_is_cut_and_said);
    return run_suite(suite);
}
