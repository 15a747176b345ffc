/*
 * Once all is read, results get their final ids, and with --order manifest
 * their order.
 */
#include "../../../src/run/finish.h"

#include "fetchgrep/base/fs.h"

#include "suite.h"
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

/* One for all tests, removed when they are over, however they ended. */
static char root[] = "/tmp/test_finish-XXXXXX";
static char path[sizeof(root) + 16];

static void make_root(void)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/results", root);
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

/* ---- pages of two WARCs, the second read first ------------------------- */

enum { FIRST_PAGES = 12, SECOND_PAGES = 2 };

static struct span_ids *ids;
static struct match_form *form;
static struct match_options options;
static struct finish finish;
static uint64_t first_id, second_id; /* of the WARCs' first pages */

static void begin_spans(void)
{
    struct error err;
    const struct span first = { .kind = SPAN_WARC };
    const struct span second = { .kind = SPAN_WARC, .warcs_before = 1 };
    ids = span_ids_new(false);
    ck_assert(span_ids_begin(ids, &second, &second_id, &err));
    ck_assert(span_ids_begin(ids, &first, &first_id, &err));
    ck_assert_uint_ne(second_id, FIRST_PAGES);
    ck_assert(span_ids_end(ids, &second, SECOND_PAGES, &err));
    ck_assert(span_ids_end(ids, &first, FIRST_PAGES, &err));
}

static void setup(void)
{
    begin_spans();
    options = (struct match_options){ 0 };
    finish = (struct finish){ .ids = ids, .matches = &options };
}

static void teardown(void)
{
    span_ids_free(ids);
    match_form_free(form);
    form = NULL;
    unlink(path);
}

static void make_form(enum match_format format, bool is_keyed)
{
    struct error err;
    static const struct match_field fields[] = {
        { FIELD_MATCH, { "match", 5 }, NULL },
        { FIELD_ID, { "id", 2 }, NULL },
        { FIELD_OFFSET, { "offset", 6 }, NULL },
    };
    const struct match_form_options how = {
        .format = format,
        .fields = fields,
        .field_count = ARRAY_COUNT(fields),
        .is_keyed = is_keyed,
    };
    form = match_form_new(&how, &err);
    options.form = form;
}

static void append_match(struct buf *out, uint64_t id, uint32_t pattern,
                         size_t offset, const char *text)
{
    struct match_page page;
    const struct match match = { .pattern = { "p", 1 },
                                 .pattern_index = pattern,
                                 .offset = offset,
                                 .whole = view_of_string(text) };
    match_page_init(&page);
    match_page_begin(&page, form, id, view_of_string("u"), view_of(NULL, 0));
    match_line_append(form, &page, &match, 0, out);
    match_page_release(&page);
}

/* Keyed lines as two workers may have left them. */
static void append_matches(struct buf *out)
{
    append_match(out, second_id + 1, 0, 7, "last");
    append_match(out, first_id + 10, 1, 0, "tenth, other pattern");
    append_match(out, first_id + 10, 0, 20, "tenth");
    append_match(out, first_id + 10, 0, 3, "tenth\nfirst");
    append_match(out, second_id, 0, 1, "twelfth");
    append_match(out, first_id + 2, 5, 1, "second");
}

static void write_matches(void)
{
    struct error err;
    struct buf text;
    buf_init(&text, 1 << 16);
    append_matches(&text);
    ck_assert(fs_replace_file(path, buf_view(&text), &err));
    buf_release(&text);
}

static void check_results(const char *expected)
{
    struct error err = { 0 };
    struct buf text;
    buf_init(&text, 1 << 24);
    ck_assert_msg(fs_read_file(path, &text, &err), "%s", err.message);
    ck_assert_str_eq(buf_string(&text), expected);
    buf_release(&text);
}

static const char sorted_csv[] = "match,id,offset\r\n"
                                 "second,2,1\r\n"
                                 "\"tenth\nfirst\",10,3\r\n"
                                 "tenth,10,20\r\n"
                                 "\"tenth, other pattern\",10,0\r\n"
                                 "twelfth,12,1\r\n"
                                 "last,13,7\r\n";

START_TEST(ordered_matches_stand_by_id_pattern_and_offset)
{
    struct error err = { 0 };
    options.is_ordered = true;
    make_form(MATCH_CSV, true);
    write_matches();
    ck_assert_msg(finish_matches(&finish, path, &err), "%s", err.message);
    check_results(sorted_csv);
}
END_TEST

START_TEST(keyed_matches_in_any_order_keep_it_and_get_their_ids)
{
    struct error err = { 0 };
    make_form(MATCH_TSV, true);
    write_matches();
    ck_assert_msg(finish_matches(&finish, path, &err), "%s", err.message);
    check_results("match\tid\toffset\n"
                  "last\t13\t7\n"
                  "tenth, other pattern\t10\t0\n"
                  "tenth\t10\t20\n"
                  "tenth\\nfirst\t10\t3\n"
                  "twelfth\t12\t1\n"
                  "second\t2\t1\n");
}
END_TEST

START_TEST(no_matches_are_a_head_alone)
{
    struct error err = { 0 };
    options.is_ordered = true;
    make_form(MATCH_CSV, true);
    ck_assert(fs_replace_file(path, view_of(NULL, 0), &err));
    ck_assert_msg(finish_matches(&finish, path, &err), "%s", err.message);
    check_results("match,id,offset\r\n");
}
END_TEST

START_TEST(json_lines_that_begin_with_an_id_need_no_key)
{
    struct error err = { 0 };
    char line[64];
    const struct match_form_options how = { .format = MATCH_JSONL };
    options.form = form = match_form_new(&how, &err);
    snprintf(line, sizeof(line), "{\"id\":%llu,\"url\":\"u\"}\n",
             (unsigned long long)second_id);
    ck_assert(fs_replace_file(path, view_of_string(line), &err));
    ck_assert_msg(finish_matches(&finish, path, &err), "%s", err.message);
    check_results("{\"id\":12,\"url\":\"u\"}\n");
}
END_TEST

/* A file may be called anything. */
START_TEST(text_without_ids_is_not_taken_for_json)
{
    struct error err = { 0 };
    char line[64];
    const struct match_form_options how = { .format = MATCH_TEXT };
    options.form = form = match_form_new(&how, &err);
    snprintf(line, sizeof(line), "{\"id\":%llu,x}\tmatch\n",
             (unsigned long long)second_id);
    ck_assert(fs_replace_file(path, view_of_string(line), &err));
    ck_assert_msg(finish_matches(&finish, path, &err), "%s", err.message);
    check_results(line);
}
END_TEST

/* Ids by value, not by their digits. */
START_TEST(ordered_outcomes_stand_by_their_final_id)
{
    struct error err = { 0 };
    struct buf text;
    buf_init(&text, 1 << 16);
    for (uint64_t i = 0; i < SECOND_PAGES; i++)
        buf_append_format(&text, "{\"id\":%llu,\"url\":\"b\"}\n",
                          (unsigned long long)(second_id + i));
    for (uint64_t i = FIRST_PAGES; i-- > 0;)
        buf_append_format(&text, "{\"id\":%llu,\"url\":\"a\"}\n",
                          (unsigned long long)(first_id + i));
    ck_assert(fs_replace_file(path, buf_view(&text), &err));
    options.is_ordered = true;
    ck_assert_msg(finish_outcomes(&finish, path, &err), "%s", err.message);
    buf_reset(&text);
    for (int i = 0; i < FIRST_PAGES + SECOND_PAGES; i++)
        buf_append_format(&text, "{\"id\":%d,\"url\":\"%c\"}\n", i,
                          i < FIRST_PAGES ? 'a' : 'b');
    check_results(buf_string(&text));
    buf_release(&text);
}
END_TEST

START_TEST(what_is_none_of_our_lines_is_an_error)
{
    struct error err = { 0 };
    options.is_ordered = true;
    make_form(MATCH_CSV, true);
    ck_assert(fs_replace_file(path, view_of_string("1,2\n"), &err));
    ck_assert(!finish_matches(&finish, path, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert(!finish_outcomes(&finish, path, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    check_results("1,2\n");
}
END_TEST

START_TEST(a_spool_goes_to_standard_output)
{
    struct error err = { 0 };
    struct buf text;
    int fd, saved = dup(STDOUT_FILENO);
    options.is_ordered = true;
    make_form(MATCH_CSV, true);
    buf_init(&text, 1 << 16);
    append_matches(&text);
    ck_assert(fs_open_unnamed(root, &fd, &err));
    ck_assert(fs_write_all(fd, buf_view(&text), "spool", &err));
    ck_assert(freopen(path, "w", stdout) != NULL);
    bool done = finish_stream(&finish, fd, &err);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(fd);
    buf_release(&text);
    ck_assert_msg(done, "%s", err.message);
    check_results(sorted_csv);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("finish");
    TCase *tests = tcase_create("finish");
    tcase_add_unchecked_fixture(tests, make_root, remove_root);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, ordered_matches_stand_by_id_pattern_and_offset);
    tcase_add_test(tests, keyed_matches_in_any_order_keep_it_and_get_their_ids);
    tcase_add_test(tests, no_matches_are_a_head_alone);
    tcase_add_test(tests, json_lines_that_begin_with_an_id_need_no_key);
    tcase_add_test(tests, text_without_ids_is_not_taken_for_json);
    tcase_add_test(tests, ordered_outcomes_stand_by_their_final_id);
    tcase_add_test(tests, what_is_none_of_our_lines_is_an_error);
    tcase_add_test(tests, a_spool_goes_to_standard_output);
    return run_suite(suite);
}
