/*
 * Every line that is neither blank nor comment is an entry, readable or not,
 * with the same id and line number however the lists were written.
 */
#include "fetchgrep/manifest/manifest.h"

#include "fetchgrep/base/buf.h"

#include "suite.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_COUNT_MAX = 4 };

/* Lists in memory, by names that open like any file's: a test that fails
 * leaves nothing behind. */
static int files[FILE_COUNT_MAX];
static char *paths[FILE_COUNT_MAX];
static size_t path_count;

static void add_file(const void *data, size_t size)
{
    int fd = memfd_create("manifest", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    while (size) {
        ssize_t wrote = write(fd, data, size);
        ck_assert_int_gt(wrote, 0);
        data = (const char *)data + wrote;
        size -= (size_t)wrote;
    }
    files[path_count] = fd;
    ck_assert_int_gt(asprintf(&paths[path_count++], "/proc/self/fd/%d", fd), 0);
}

static void add_text(const char *text)
{
    add_file(text, strlen(text));
}

static void remove_files(void)
{
    while (path_count) {
        close(files[--path_count]);
        free(paths[path_count]);
    }
}

static struct manifest *open_files(void)
{
    struct error err = { 0 };
    struct manifest *manifest = manifest_open(paths, path_count, NULL, &err);
    ck_assert_msg(manifest != NULL, "%s", err.message);
    return manifest;
}

static struct manifest_entry next(struct manifest *manifest)
{
    struct error err = { 0 };
    struct manifest_entry entry;
    enum manifest_result result = manifest_next(manifest, &entry, &err);
    ck_assert_msg(result == MANIFEST_ITEM, "result %d: %s", (int)result,
                  err.message);
    return entry;
}

static void check_end(struct manifest *manifest)
{
    struct error err;
    struct manifest_entry entry;
    ck_assert_int_eq(manifest_next(manifest, &entry, &err), MANIFEST_END);
    ck_assert_int_eq(manifest_next(manifest, &entry, &err), MANIFEST_END);
}

static void check_next(struct manifest *manifest, uint64_t id, uint64_t line,
                       const char *text)
{
    struct manifest_entry entry = next(manifest);
    ck_assert_uint_eq(entry.id, id);
    ck_assert_uint_eq(entry.line, line);
    ck_assert_msg(view_equal_string(entry.text, text), "\"%.*s\", not \"%s\"",
                  VIEW_ARG(entry.text), text);
    ck_assert(!entry.is_too_long);
}

START_TEST(blank_lines_and_comments_do_not_count)
{
    add_text("\n# a comment\n\nhttp://a/\n   \t \n  # another\nhttp://b/ # no\n"
             "#\n");
    struct manifest *manifest = open_files();
    check_next(manifest, 0, 4, "http://a/");
    check_next(manifest, 1, 7, "http://b/ # no");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(crlf_blanks_and_a_missing_last_newline_change_nothing)
{
    static const char *const forms[] = {
        "http://a/\nhttp://b/\nhttp://c/\n",
        "http://a/\nhttp://b/\nhttp://c/",
        "http://a/\r\nhttp://b/\r\nhttp://c/\r\n",
        "http://a/\r\nhttp://b/\nhttp://c/\r",
        " http://a/\n\thttp://b/ \t\n\vhttp://c/\f\r\n",
        "\xEF\xBB\xBFhttp://a/\r\nhttp://b/\nhttp://c/",
        "\xEF\xBB\xBF  http://a/\r\nhttp://b/\nhttp://c/",
    };
    add_text(forms[_i]);
    struct manifest *manifest = open_files();
    check_next(manifest, 0, 1, "http://a/");
    check_next(manifest, 1, 2, "http://b/");
    check_next(manifest, 2, 3, "http://c/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(a_byte_order_mark_counts_only_at_the_start_of_a_file)
{
    add_text("\xEF\xBB\xBF# comment\nhttp://a/\n\xEF\xBB\xBFhttp://b/\n");
    add_text("\xEF\xBB\xBFhttp://c/\n");
    add_text("\xEF\xBB\xBF");
    add_text("\xEF\xBB\xBF\xEF\xBB\xBFhttp://d/\n");
    struct manifest *manifest = open_files();
    check_next(manifest, 0, 2, "http://a/");
    check_next(manifest, 1, 3, "\xEF\xBB\xBFhttp://b/");
    check_next(manifest, 2, 1, "http://c/");
    check_next(manifest, 3, 1, "\xEF\xBB\xBFhttp://d/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(ids_run_on_over_many_files_and_lines_begin_anew)
{
    add_text("http://a/\n\nhttp://b/");
    add_text("");
    add_text("# nothing\n");
    add_text("\nhttp://c/\n");
    struct manifest *manifest = open_files();
    static const struct manifest_entry expected[] = {
        { .id = 0, .source_index = 0, .line = 1 },
        { .id = 1, .source_index = 0, .line = 3 },
        { .id = 2, .source_index = 3, .line = 2 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        struct manifest_entry entry = next(manifest);
        ck_assert_uint_eq(entry.id, expected[i].id);
        ck_assert_uint_eq(entry.source_index, expected[i].source_index);
        ck_assert_uint_eq(entry.line, expected[i].line);
    }
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(the_same_file_may_be_named_twice)
{
    add_text("http://a/\n");
    char *twice[] = { paths[0], paths[0] };
    struct error err;
    struct manifest *manifest = manifest_open(twice, 2, NULL, &err);
    check_next(manifest, 0, 1, "http://a/");
    check_next(manifest, 1, 1, "http://a/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(an_empty_file_and_no_file_at_all_are_no_entries)
{
    struct error err;
    struct manifest *manifest = manifest_open(paths, 0, NULL, &err);
    check_end(manifest);
    manifest_close(manifest);
    add_text("");
    manifest = open_files();
    check_end(manifest);
    struct manifest_progress progress = manifest_progress(manifest);
    ck_assert(progress.is_exact);
    ck_assert_uint_eq(progress.entry_count, 0);
    ck_assert_uint_eq(progress.expected_count, 0);
    manifest_close(manifest);
    manifest_close(NULL);
}
END_TEST

START_TEST(nul_bytes_and_junk_are_entries_like_any_other)
{
    static const char bytes[] = "a\0b\n\0\n\xFF\xFE\0\x01\n\0#c\nhttp://a/\n";
    add_file(bytes, sizeof(bytes) - 1);
    struct manifest *manifest = open_files();
    static const struct view expected[] = {
        { "a\0b", 3 },
        { "\0", 1 },
        { "\xFF\xFE\0\x01", 4 },
        { "\0#c", 3 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        struct manifest_entry entry = next(manifest);
        ck_assert_uint_eq(entry.id, i);
        ck_assert(view_equal(entry.text, expected[i]));
    }
    check_next(manifest, 4, 5, "http://a/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

/* `size` bytes of `c` in a line of its own between two good ones. */
static void add_file_with_line(const char *start, char c, size_t size)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_append_string(&text, "http://a/\n");
    buf_append_string(&text, start);
    char *line = buf_reserve(&text, size);
    ck_assert_ptr_nonnull(line);
    memset(line, c, size);
    buf_commit(&text, size);
    buf_append_string(&text, "\nhttp://b/\n");
    add_file(text.data, text.size);
    buf_release(&text);
}

START_TEST(a_line_of_just_the_longest_length_is_read_whole)
{
    add_file_with_line("", 'x', MANIFEST_LINE_MAX);
    struct manifest *manifest = open_files();
    check_next(manifest, 0, 1, "http://a/");
    struct manifest_entry entry = next(manifest);
    ck_assert(!entry.is_too_long);
    ck_assert_uint_eq(entry.text.size, MANIFEST_LINE_MAX);
    for (size_t i = 0; i < entry.text.size; i++)
        if (entry.text.data[i] != 'x')
            ck_abort_msg("byte %zu", i);
    check_next(manifest, 2, 3, "http://b/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(an_overlong_line_is_one_entry_and_its_neighbours_stand)
{
    static const size_t sizes[] = {
        MANIFEST_LINE_MAX + 1,         MANIFEST_LINE_MAX + (1 << 16) - 1,
        MANIFEST_LINE_MAX + (1 << 16), MANIFEST_LINE_MAX + (1 << 16) + 1,
        2 * (size_t)MANIFEST_LINE_MAX, 10 * (size_t)MANIFEST_LINE_MAX + 7,
    };
    add_file_with_line("http://long/", 'x', sizes[_i] - 12);
    struct manifest *manifest = open_files();
    check_next(manifest, 0, 1, "http://a/");
    struct manifest_entry entry = next(manifest);
    ck_assert(entry.is_too_long);
    ck_assert_uint_eq(entry.id, 1);
    ck_assert_uint_eq(entry.line, 2);
    ck_assert_uint_eq(entry.text.size, 256);
    ck_assert(view_starts_with(entry.text, "http://long/xxx"));
    ck_assert_int_eq(entry.text.data[255], 'x');
    check_next(manifest, 2, 3, "http://b/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(an_overlong_last_line_without_newline_is_one_entry)
{
    enum { SIZE = 3 * MANIFEST_LINE_MAX };
    char *bytes = malloc(SIZE);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'y', SIZE);
    add_file(bytes, SIZE);
    free(bytes);
    add_text("http://next/\n");
    struct manifest *manifest = open_files();
    ck_assert(next(manifest).is_too_long);
    check_next(manifest, 1, 1, "http://next/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(two_overlong_lines_are_two_entries)
{
    add_file_with_line("", 'x', MANIFEST_LINE_MAX + 5);
    add_file_with_line("", 'x', 2 * MANIFEST_LINE_MAX);
    struct manifest *manifest = open_files();
    for (uint64_t id = 0; id < 6; id++) {
        struct manifest_entry entry = next(manifest);
        ck_assert_uint_eq(entry.id, id);
        ck_assert_int_eq(entry.is_too_long, id % 3 == 1);
    }
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

START_TEST(an_overlong_comment_is_a_comment)
{
    add_file_with_line("# ", 'x', MANIFEST_LINE_MAX + 1);
    struct manifest *manifest = open_files();
    check_next(manifest, 0, 1, "http://a/");
    check_next(manifest, 1, 3, "http://b/");
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

/* Lines of all lengths, so that they end at every place of the read buffer. */
START_TEST(many_lines_come_out_as_they_went_in)
{
    enum { COUNT = 60000 };
    struct buf text;
    char line[160];
    buf_init(&text, SIZE_MAX / 2);
    for (int i = 0; i < COUNT; i++) {
        int size = snprintf(line, sizeof(line), "http://a/%d/%0*d%s", i,
                            1 + i * 7919 % 97, i, i % 3 ? "\n" : "\r\n");
        buf_append(&text, line, (size_t)size);
    }
    add_file(text.data, text.size);
    buf_release(&text);
    struct manifest *manifest = open_files();
    for (int i = 0; i < COUNT; i++) {
        struct manifest_entry entry;
        struct error err;
        snprintf(line, sizeof(line), "http://a/%d/%0*d", i, 1 + i * 7919 % 97,
                 i);
        if (manifest_next(manifest, &entry, &err) != MANIFEST_ITEM ||
            entry.id != (uint64_t)i || entry.line != (uint64_t)i + 1 ||
            !view_equal_string(entry.text, line))
            ck_abort_msg("entry %d", i);
    }
    check_end(manifest);
    manifest_close(manifest);
}
END_TEST

static void *write_slowly(void *ctx)
{
    int fd = *(int *)ctx;
    static const char bytes[] = "\xEF\xBB\xBFhttp://a/\r\n\nhttp://b/\r\nh";
    bool done = true;
    for (size_t i = 0; i < sizeof(bytes) - 1; i++)
        done = write(fd, bytes + i, 1) == 1 && done;
    close(fd);
    return done ? ctx : NULL;
}

START_TEST(standard_input_may_be_a_pipe_that_comes_byte_by_byte)
{
    int ends[2];
    struct error err;
    char *names[] = { strdup("-") };
    pthread_t writer;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    struct manifest *manifest = manifest_open(names, 1, NULL, &err);
    ck_assert_ptr_nonnull(manifest);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_slowly, &ends[1]), 0);
    check_next(manifest, 0, 1, "http://a/");
    ck_assert_uint_eq(manifest_progress(manifest).expected_count, 0);
    ck_assert(!manifest_progress(manifest).is_exact);
    check_next(manifest, 1, 3, "http://b/");
    check_next(manifest, 2, 4, "h");
    check_end(manifest);
    ck_assert_uint_eq(manifest_progress(manifest).expected_count, 3);
    manifest_close(manifest);
    void *result;
    pthread_join(writer, &result);
    ck_assert_ptr_nonnull(result);
    ck_assert_msg(fcntl(STDIN_FILENO, F_GETFD) >= 0, "standard input closed");
    free(names[0]);
}
END_TEST

START_TEST(what_cannot_be_opened_is_known_before_the_first_entry)
{
    add_text("http://a/\n");
    static char missing[] = "/tmp/test_manifest-is-not-there/list";
    static char directory[] = "/tmp";
    char *const others[] = { missing, directory };
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        struct error err = { 0 };
        char *both[] = { paths[0], others[i] };
        ck_assert_ptr_null(manifest_open(both, 2, NULL, &err));
        ck_assert_int_eq(err.code, ERR_USAGE);
        ck_assert_ptr_nonnull(strstr(err.message, others[i]));
    }
}
END_TEST

START_TEST(progress_estimates_from_the_bytes_and_ends_exact)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_append_format(&text, "http://a/%03d\n", i);
    add_file(text.data, text.size);
    add_file(text.data, text.size);
    buf_release(&text);
    struct manifest *manifest = open_files();
    ck_assert_uint_eq(manifest_progress(manifest).expected_count, 0);
    for (uint64_t i = 0; i < 2000; i++) {
        ck_assert_uint_eq(next(manifest).id, i);
        struct manifest_progress progress = manifest_progress(manifest);
        ck_assert_uint_eq(progress.entry_count, i + 1);
        ck_assert_uint_ge(progress.expected_count, 1999);
        ck_assert_uint_le(progress.expected_count, 2001);
        ck_assert(!progress.is_exact);
    }
    check_end(manifest);
    ck_assert(manifest_progress(manifest).is_exact);
    ck_assert_uint_eq(manifest_progress(manifest).expected_count, 2000);
    manifest_close(manifest);
}
END_TEST

static uint64_t digest_of(struct manifest *manifest)
{
    struct error err = { 0 };
    uint64_t digest;
    ck_assert_msg(manifest_digest(manifest, &digest, &err), "%s", err.message);
    return digest;
}

/* The digest of lists with these texts; NULL: no second list. */
static uint64_t digest_of_texts(const char *first, const char *second)
{
    add_text(first);
    if (second)
        add_text(second);
    struct manifest *manifest = open_files();
    uint64_t digest = digest_of(manifest);
    manifest_close(manifest);
    remove_files();
    return digest;
}

START_TEST(the_digest_tells_lists_apart)
{
    uint64_t digest = digest_of_texts("http://a/\nhttp://b/\n", NULL);
    ck_assert_uint_eq(digest, digest_of_texts("http://a/\nhttp://b/\n", NULL));
    ck_assert_uint_ne(digest, digest_of_texts("http://a/\nhttp://c/\n", NULL));
    ck_assert_uint_ne(digest, digest_of_texts("http://a/\nhttp://b/", NULL));
    ck_assert_uint_ne(digest, digest_of_texts("http://a/\n", "http://b/\n"));
    ck_assert_uint_ne(digest_of_texts("a\n", "b\n"),
                      digest_of_texts("b\n", "a\n"));
    ck_assert_uint_ne(digest_of_texts("", NULL), digest_of_texts("", ""));
}
END_TEST

START_TEST(the_digest_leaves_the_read_position_alone)
{
    add_text("http://a/\nhttp://b/\n");
    struct manifest *manifest = open_files();
    uint64_t digest = digest_of(manifest);
    check_next(manifest, 0, 1, "http://a/");
    ck_assert_uint_eq(digest_of(manifest), digest);
    check_next(manifest, 1, 2, "http://b/");
    check_end(manifest);
    ck_assert_uint_eq(digest_of(manifest), digest);
    manifest_close(manifest);
}
END_TEST

/* A sparse list of 1 GB: sampled, at its end too. */
START_TEST(the_digest_of_a_huge_list_is_sampled)
{
    add_text("http://a/\n");
    ck_assert_int_eq(ftruncate(files[0], 1 << 30), 0);
    struct manifest *manifest = open_files();
    uint64_t digest = digest_of(manifest);
    ck_assert_uint_eq(digest_of(manifest), digest);
    manifest_close(manifest);
    ck_assert_int_eq(ftruncate(files[0], (1 << 30) + 1), 0);
    manifest = open_files();
    ck_assert_uint_ne(digest_of(manifest), digest);
    manifest_close(manifest);
}
END_TEST

START_TEST(rows_are_read_again_where_they_stand)
{
    static const char *const texts[] = { "http://a/", "http://b/", "http://c/",
                                         "http://d/" };
    struct manifest_entry found[ARRAY_COUNT(texts)];
    size_t sizes[ARRAY_COUNT(texts)];
    struct error err = { 0 };
    struct buf row;
    buf_init(&row, 1 << 20);
    add_text("\xEF\xBB\xBF http://a/\r\n# no\n\nhttp://b/\n");
    add_text("http://c/\n\t http://d/");
    struct manifest *manifest = open_files();
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        found[i] = next(manifest);
        sizes[i] = found[i].row.size;
        ck_assert(manifest_is_seekable(manifest, found[i].source_index));
    }
    for (size_t i = ARRAY_COUNT(texts); i-- > 0;) {
        struct manifest_entry again = {
            .id = found[i].id,
            .source_index = found[i].source_index,
            .line = found[i].line,
            .offset = found[i].offset,
        };
        ck_assert_msg(manifest_reread(manifest, sizes[i], &row, &again, &err),
                      "%s", err.message);
        ck_assert(view_equal_string(again.text, texts[i]));
    }
    buf_release(&row);
    manifest_close(manifest);
}
END_TEST

START_TEST(a_list_that_was_changed_is_told)
{
    struct error err = { 0 };
    struct buf row;
    buf_init(&row, 1 << 20);
    add_text("http://a/\nhttp://b/\n");
    struct manifest *manifest = open_files();
    next(manifest);
    struct manifest_entry second = next(manifest);
    ck_assert_int_eq(ftruncate(files[0], 15), 0);
    ck_assert(!manifest_reread(manifest, second.row.size, &row, &second, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert_ptr_nonnull(strstr(err.message, "line 2"));
    ck_assert_ptr_nonnull(strstr(err.message, "changed"));
    buf_release(&row);
    manifest_close(manifest);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, blank_lines_and_comments_do_not_count);
    tcase_add_loop_test(
        tests, crlf_blanks_and_a_missing_last_newline_change_nothing, 0, 7);
    tcase_add_test(tests, a_byte_order_mark_counts_only_at_the_start_of_a_file);
    tcase_add_test(tests, ids_run_on_over_many_files_and_lines_begin_anew);
    tcase_add_test(tests, the_same_file_may_be_named_twice);
    tcase_add_test(tests, an_empty_file_and_no_file_at_all_are_no_entries);
    tcase_add_test(tests, nul_bytes_and_junk_are_entries_like_any_other);
    tcase_add_test(tests, a_line_of_just_the_longest_length_is_read_whole);
    tcase_add_loop_test(
        tests, an_overlong_line_is_one_entry_and_its_neighbours_stand, 0, 6);
    tcase_add_test(tests, an_overlong_last_line_without_newline_is_one_entry);
    tcase_add_test(tests, two_overlong_lines_are_two_entries);
    tcase_add_test(tests, an_overlong_comment_is_a_comment);
    tcase_add_test(tests, many_lines_come_out_as_they_went_in);
    tcase_add_test(tests, standard_input_may_be_a_pipe_that_comes_byte_by_byte);
    tcase_add_test(tests,
                   what_cannot_be_opened_is_known_before_the_first_entry);
    tcase_add_test(tests, progress_estimates_from_the_bytes_and_ends_exact);
    tcase_add_test(tests, rows_are_read_again_where_they_stand);
    tcase_add_test(tests, a_list_that_was_changed_is_told);
    tcase_add_test(tests, the_digest_tells_lists_apart);
    tcase_add_test(tests, the_digest_leaves_the_read_position_alone);
    tcase_add_test(tests, the_digest_of_a_huge_list_is_sampled);
}

int main(void)
{
    Suite *suite = suite_create("manifest");
    TCase *tests = tcase_create("manifest");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, NULL, remove_files);
    suite_add_tcase(suite, tests);
    add_tests(tests);
    return run_suite(suite);
}
