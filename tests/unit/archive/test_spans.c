#include "../suite.h"
#include "fetchgrep/archive/spans.h"

#include "warc_files.h"

enum { part_size = 4 << 20 };

static struct buf told; /* what a lister gave, as text */

static void set_up(void)
{
    temp_dir_make();
    buf_init(&told, 1 << 24);
}

static void tear_down(void)
{
    buf_release(&told);
    temp_dir_remove();
}

/* A path as below the temporary directory. */
static const char *below(const char *path)
{
    size_t size = strlen(temp_dir);
    ck_assert_msg(!strncmp(path, temp_dir, size) && path[size] == '/', "%s",
                  path);
    return path + size + 1;
}

static void tell_span(const struct span *span)
{
    unsigned long long known = span->known_before, warcs = span->warcs_before;
    switch (span->kind) {
    case SPAN_WARC:
        ck_assert_uint_eq(span->page_count, 0);
        buf_append_format(&told, "warc %s", below(span->path));
        break;
    case SPAN_RECORDS:
        ck_assert_uint_gt(span->page_count, 0);
        buf_append_format(&told, "records %s:", below(span->path));
        for (size_t i = 0; i < span->page_count; i++)
            buf_append_format(&told, " %llu@%llu",
                              (unsigned long long)span->pages[i].id,
                              (unsigned long long)span->pages[i].offset);
        buf_append_char(&told, '\n');
        return;
    case SPAN_FILES:
    default:
        ck_assert_ptr_null(span->path);
        ck_assert_uint_gt(span->page_count, 0);
        buf_append_string(&told, "files");
        for (size_t i = 0; i < span->page_count; i++)
            buf_append_format(&told, " %s", below(span->pages[i].name));
        break;
    }
    buf_append_format(&told, " (%llu, %llu)\n", known, warcs);
}

/* Lists to the end or the first error; the error's message is the last line. */
static void list(char *const *inputs, size_t count)
{
    struct error err;
    struct span *span;
    buf_reset(&told);
    struct spans *spans = spans_open(inputs, count, part_size, &err);
    enum spans_result result = SPANS_ERROR;
    while (spans && (result = spans_next(spans, &span, &err)) == SPANS_ITEM) {
        tell_span(span);
        span_free(span);
    }
    if (result == SPANS_ERROR)
        buf_append_format(&told, "error %d: %s\n", (int)err.code, err.message);
    else
        ck_assert_int_eq(spans_next(spans, &span, &err), SPANS_END);
    spans_close(spans);
}

static void list_one(const char *name)
{
    char *path = temp_path(name);
    list(&path, 1);
    free(path);
}

static void check_told_is(const char *expected)
{
    ck_assert_str_eq(buf_string(&told), expected);
}

/* An error of this code whose message, behind the first path, ends so. */
static void check_error(enum error_code code, const char *end)
{
    char start[32];
    snprintf(start, sizeof(start), "error %d: ", (int)code);
    ck_assert_msg(view_starts_with(buf_view(&told), start) &&
                      strstr(buf_string(&told), end),
                  "%s", buf_string(&told));
}

static void touch(const char *name)
{
    temp_write(name, view_of_string("text"));
}

START_TEST(a_directory_is_walked_in_bytewise_order_of_whole_paths)
{
    static const char *const names[] = { "d/b",   "d/a/z",  "d/a.txt",
                                         "d/a-b", "d/a0",   "d/a/b/c",
                                         "d/Z",   "d/\xc3", "d/a/b!" };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        touch(names[i]);
    list_one("d");
    check_told_is("files d/Z (0, 0)\n"
                  "files d/a-b (1, 0)\n"
                  "files d/a.txt d/a/b! (2, 0)\n"
                  "files d/a/b/c d/a/z (4, 0)\n"
                  "files d/a0 d/b d/\xC3 (6, 0)\n");
}
END_TEST

START_TEST(hidden_names_and_what_is_no_file_are_left_out)
{
    touch("d/shown");
    touch("d/.hidden");
    touch("d/.git/config");
    touch("elsewhere/page");
    char *pipe = temp_path("d/pipe"), *file_link = temp_path("d/to-file");
    char *dir_link = temp_path("d/to-dir"), *dead = temp_path("d/to-nothing");
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert_int_eq(symlink("../elsewhere/page", file_link), 0);
    ck_assert_int_eq(symlink("../elsewhere", dir_link), 0);
    ck_assert_int_eq(symlink("../nothing", dead), 0);
    list_one("d");
    check_told_is("files d/shown (0, 0)\n"
                  "files d/to-file (1, 0)\n");
    free(pipe);
    free(file_link);
    free(dir_link);
    free(dead);
}
END_TEST

START_TEST(a_link_to_its_own_directory_does_not_trap)
{
    touch("d/page");
    char *loop = temp_path("d/loop");
    ck_assert_int_eq(symlink(".", loop), 0);
    list_one("d");
    check_told_is("files d/page (0, 0)\n");
    free(loop);
}
END_TEST

START_TEST(warc_files_in_a_directory_are_spans_of_their_own_in_their_place)
{
    touch("d/a");
    touch("d/b.warc");
    touch("d/c");
    touch("d/d");
    touch("d/e.warc.gz");
    touch("d/f.warc.gz");
    touch("d/warc");
    list_one("d");
    check_told_is("files d/a (0, 0)\n"
                  "warc d/b.warc (1, 0)\n"
                  "files d/c (1, 1)\n"
                  "files d/d (2, 1)\n"
                  "warc d/e.warc.gz (3, 1)\n"
                  "warc d/f.warc.gz (3, 2)\n"
                  "files d/warc (3, 3)\n");
}
END_TEST

START_TEST(an_empty_directory_has_no_spans)
{
    touch("d/.hidden");
    list_one("d");
    check_told_is("");
}
END_TEST

START_TEST(many_files_come_in_small_batches_none_left_out)
{
    enum { COUNT = 1000 };
    struct error err;
    struct span *span;
    char name[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "d/%04d", i);
        touch(name);
    }
    char *path = temp_path("d");
    struct spans *spans = spans_open(&path, 1, part_size, &err);
    ck_assert_ptr_nonnull(spans);
    uint64_t next = 0;
    while (spans_next(spans, &span, &err) == SPANS_ITEM) {
        ck_assert_uint_eq(span->known_before, next);
        ck_assert_uint_le(span->page_count, 64);
        for (size_t i = 0; i < span->page_count; i++) {
            snprintf(name, sizeof(name), "d/%04d", (int)next++);
            ck_assert_str_eq(below(span->pages[i].name), name);
        }
        span_free(span);
    }
    ck_assert_uint_eq(next, COUNT);
    spans_close(spans);
    free(path);
}
END_TEST

START_TEST(deep_directories_are_walked_and_absurdly_deep_ones_refused)
{
    struct buf name;
    buf_init(&name, 1 << 16);
    buf_append_string(&name, "d/");
    for (int i = 0; i < 200; i++)
        buf_append_string(&name, "d/");
    buf_append_string(&name, "page");
    touch(buf_string(&name));
    list_one("d");
    ck_assert_uint_eq(told.size, strlen("files  (0, 0)\n") + name.size);
    buf_truncate(&name, name.size - strlen("page"));
    for (int i = 0; i < 100; i++)
        buf_append_string(&name, "d/");
    buf_append_string(&name, "page");
    touch(buf_string(&name));
    list_one("d");
    check_error(ERR_USAGE, "nested too deeply");
    buf_release(&name);
}
END_TEST

START_TEST(a_named_file_is_judged_by_name_and_by_first_bytes)
{
    struct warc_file packed;
    warc_file_init(&packed, PACKED_MEMBERS);
    warc_file_add_response(&packed, "http://a.org/", view_of_string("text"));
    temp_write("packed", buf_view(&packed.bytes));
    temp_write("plain", view_of_string("WARC/1.0\r\n"));
    temp_write("page.html", view_of_string("<html>WARC/1.0"));
    temp_write("short", view_of_string("WAR"));
    temp_write("torn", view_of_string("\x1f\x8b"));
    touch("by-name.warc");
    touch("by-name.warc.gz");
    struct warc_file other;
    warc_file_init(&other, PACKED_MEMBERS);
    warc_file_add(&other, view_of_string("<html>"));
    temp_write("page.gz", buf_view(&other.bytes));
    const char *const names[] = { "packed", "plain",        "page.html",
                                  "short",  "by-name.warc", "by-name.warc.gz",
                                  "torn",   "page.gz" };
    char *paths[ARRAY_COUNT(names)];
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        paths[i] = temp_path(names[i]);
    list(paths, ARRAY_COUNT(paths));
    check_told_is("warc packed (0, 0)\n"
                  "warc plain (0, 1)\n"
                  "files page.html (0, 2)\n"
                  "files short (1, 2)\n"
                  "warc by-name.warc (2, 2)\n"
                  "warc by-name.warc.gz (2, 3)\n"
                  "files torn page.gz (2, 4)\n");
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        free(paths[i]);
    warc_file_release(&packed);
    warc_file_release(&other);
}
END_TEST

START_TEST(a_missing_input_is_an_error_before_any_span)
{
    touch("page");
    char *paths[] = { temp_path("page"), temp_path("missing") };
    list(paths, 2);
    check_error(ERR_USAGE, "/missing: No such file or directory\n");
    ck_assert(strstr(buf_string(&told), ": cannot open /"));
    free(paths[0]);
    free(paths[1]);
}
END_TEST

START_TEST(a_pipe_is_a_page_and_not_read_while_listing)
{
    char *path = temp_path("pipe");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "WARC/", 5), 5);
    list_one("pipe");
    check_told_is("files pipe (0, 0)\n");
    char bytes[5];
    ck_assert_int_eq(read(fd, bytes, 5), 5); /* still there */
    close(fd);
    free(path);
}
END_TEST

/* ---- run directories -------------------------------------------------- */

static void write_run(const char *outcomes)
{
    temp_write("run/run.json", view_of_string("{}"));
    temp_write("run/outcomes.jsonl", view_of_string(outcomes));
}

START_TEST(a_run_keeps_its_ids_and_lists_kept_pages_alone)
{
    write_run("{\"id\":7,\"url\":\"http://a.org/\",\"outcome\":\"ok\","
              "\"warc\":\"pages/one.warc.gz\",\"warc_offset\":300}\n"
              "{\"id\":0,\"url\":\"x\",\"outcome\":\"invalid-url\"}\n"
              "{\"id\":3,\"url\":\"http://\\u00fc.org/\",\"outcome\":\"ok\","
              "\"warc\":\"pages/one.warc.gz\",\"warc_offset\":900}\n"
              "{\"id\":9,\"url\":\"http://c.org/\",\"outcome\":\"ok\","
              "\"warc\":\"pages/two.warc.gz\",\"warc_offset\":300}\n"
              /* back in the file: a stretch of its own */
              "{\"id\":4,\"url\":\"http://d.org/\",\"outcome\":\"ok\","
              "\"warc\":\"pages/two.warc.gz\",\"warc_offset\":0}");
    list_one("run");
    check_told_is("records run/pages/one.warc.gz: 7@300 3@900\n"
                  "records run/pages/two.warc.gz: 9@300\n"
                  "records run/pages/two.warc.gz: 4@0\n");

    struct error err;
    struct span *span;
    char *path = temp_path("run");
    struct spans *spans = spans_open(&path, 1, part_size, &err);
    ck_assert_int_eq(spans_next(spans, &span, &err), SPANS_ITEM);
    ck_assert_str_eq(span->pages[0].name, "http://a.org/");
    ck_assert_str_eq(span->pages[1].name, "http://\xc3\xbc.org/");
    span_free(span);
    spans_close(spans); /* with spans left */
    free(path);
}
END_TEST

/* Every page once, in spans short enough to share among workers. */
START_TEST(spans_of_a_run_are_bounded_in_pages_and_bytes)
{
    enum { COUNT = 5000 };
    struct error err;
    struct span *span;
    struct buf lines;
    uint64_t offsets[COUNT], offset = 0;
    uint32_t x = 1;
    buf_init(&lines, 1 << 24);
    for (int i = 0; i < COUNT; i++) {
        x = x * 1664525 + 1013904223;
        offsets[i] = offset;
        /* long stretches of small records, then of large ones */
        offset += 1 + (x >> 16) % (i / 500 % 2 ? 400000 : 500);
        buf_append_format(&lines,
                          "{\"id\":%d,\"url\":\"u\",\"warc\":\"p/s.warc\","
                          "\"warc_offset\":%llu}\n",
                          i, (unsigned long long)offsets[i]);
    }
    write_run(buf_string(&lines));
    char *path = temp_path("run");
    struct spans *spans = spans_open(&path, 1, part_size, &err);
    uint64_t next = 0;
    size_t span_count = 0;
    while (spans_next(spans, &span, &err) == SPANS_ITEM) {
        const struct span_page *pages = span->pages;
        size_t count = span->page_count;
        ck_assert_uint_le(count, 64);
        ck_assert_uint_le(pages[count - 1].offset - pages[0].offset, 1 << 20);
        for (size_t i = 0; i < count; i++, next++) {
            ck_assert_uint_eq(pages[i].id, next);
            ck_assert_uint_eq(pages[i].offset, offsets[next]);
        }
        span_free(span);
        span_count++;
    }
    ck_assert_uint_eq(next, COUNT);
    ck_assert_uint_lt(span_count, COUNT / 2);
    spans_close(spans);
    buf_release(&lines);
    free(path);
}
END_TEST

START_TEST(a_run_that_has_not_finished_is_said_so)
{
    temp_write("run/run.json", view_of_string("{}"));
    list_one("run");
    check_error(ERR_USAGE, "is a run directory that has not finished");
}
END_TEST

static const char *const bad_lines[] = {
    "{\"id\":1,\"url\":\"u\",\"warc\":\"/etc/passwd\",\"warc_offset\":0}",
    "{\"id\":1,\"url\":\"u\",\"warc\":\"../x.warc\",\"warc_offset\":0}",
    "{\"id\":1,\"url\":\"u\",\"warc\":\"pages/../../x\",\"warc_offset\":0}",
    "{\"id\":1,\"url\":\"u\",\"warc\":\"\",\"warc_offset\":0}",
    "{\"id\":1,\"url\":\"u\",\"warc\":\"x\",\"warc_offset\":-1}",
    "{\"id\":1,\"url\":\"u\",\"warc\":\"x\",\"warc_offset\":\"0\"}",
    "{\"id\":1,\"url\":\"u\",\"warc\":\"x\"}",
    "{\"id\":1,\"url\":\"u\",\"warc_offset\":5}",
    "{\"id\":-1,\"url\":\"u\"}",
    "{\"id\":1}",
    "{\"url\":\"u\"}",
    "{\"id\":1,\"url\":\"u\"",
    "[1]",
    "junk",
    "",
};

START_TEST(an_outcome_line_that_cannot_be_is_an_error_with_its_number)
{
    char lines[512];
    snprintf(lines, sizeof(lines), "{\"id\":0,\"url\":\"u\"}\n%s\n",
             bad_lines[_i]);
    write_run(lines);
    list_one("run");
    check_error(ERR_DATA, "/run/outcomes.jsonl:2: no outcome line: ");
}
END_TEST

START_TEST(inputs_of_all_kinds_come_in_the_order_given)
{
    touch("tree/a");
    touch("tree/b.warc");
    touch("page");
    touch("last");
    write_run("{\"id\":5,\"url\":\"u\",\"warc\":\"pages/x\","
              "\"warc_offset\":1}\n");
    char *paths[] = { temp_path("page"), temp_path("tree"), temp_path("run"),
                      temp_path("last"), temp_path("tree") };
    list(paths, ARRAY_COUNT(paths));
    check_told_is("files page (0, 0)\n"
                  "files tree/a (1, 0)\n"
                  "warc tree/b.warc (2, 0)\n"
                  "records run/pages/x: 5@1\n"
                  "files last tree/a (2, 1)\n"
                  "warc tree/b.warc (4, 1)\n");
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++)
        free(paths[i]);
}
END_TEST

/* ---- large WARC files --------------------------------------------------- */

/* A plain file that begins like a WARC, of this size. */
static void write_large(const char *name, const char *start, size_t size)
{
    char *path = temp_path(name);
    temp_write(name, view_of_string(start));
    ck_assert_int_eq(truncate(path, (off_t)size), 0);
    free(path);
}

/* The parts of one file: "from-end" each, "!" where the beginning is known. */
static void list_parts(const char *name, uint64_t size_of_parts)
{
    struct error err;
    struct span *span;
    char *path = temp_path(name);
    struct spans *spans = spans_open(&path, 1, size_of_parts, &err);
    uint64_t count = 0;
    buf_reset(&told);
    while (spans_next(spans, &span, &err) == SPANS_ITEM) {
        ck_assert_int_eq(span->kind, SPAN_WARC);
        ck_assert_str_eq(span->path, path);
        ck_assert_uint_eq(span->warcs_before, count);
        ck_assert(span->goes_on == (count > 0));
        buf_append_format(&told, "%s%llu%s-", count ? " " : "",
                          (unsigned long long)span->part.from,
                          span->part.is_exact ? "!" : "");
        if (span->part.end != WARC_NOWHERE)
            buf_append_u64(&told, span->part.end);
        span_free(span);
        count++;
    }
    spans_close(spans);
    free(path);
}

START_TEST(a_large_warc_is_listed_in_parts)
{
    write_large("one.warc", "WARC/1.0\r\n", 3500);
    list_parts("one.warc", 1000);
    check_told_is("0!-1000 1000-2000 2000-");
    list_parts("one.warc", 990);
    check_told_is("0!-990 990-1980 1980-2970 2970-");
    list_parts("one.warc", 2400);
    check_told_is("0!-");
    list_parts("one.warc", 2300);
    check_told_is("0!-2300 2300-");
}
END_TEST

START_TEST(a_file_that_does_not_begin_like_a_warc_is_not_cut)
{
    write_large("junk.warc", "junk\r\nWARC/1.0\r\n", 3500);
    list_parts("junk.warc", 1000);
    check_told_is("0!-");
}
END_TEST

START_TEST(an_index_beside_a_warc_moves_the_cuts_to_records)
{
    char index[1024];
    write_large("one.warc", "WARC/1.0\r\n", 4000);
    snprintf(index, sizeof(index),
             "org,a)/ 2026 {\"offset\":\"1700\",\"filename\":\"one.warc\"}\n"
             "org,b)/ 2026 {\"filename\": \"one.warc\", \"offset\": \"1300\"}\n"
             "org,c)/ 2026 {\"offset\":900,\"filename\":\"one.warc\"}\n"
             "org,d)/ 2026 {\"offset\":2100,\"filename\":\"two.warc\"}\n"
             "org,e)/ 2026 {\"offset\":99999,\"filename\":\"one.warc\"}\n"
             "org,f)/ 2026 {\"offset\":\"\",\"filename\":\"one.warc\"}\n"
             "junk\n\n");
    temp_write("one.cdxj", view_of_string(index));
    list_parts("one.warc", 1000);
    check_told_is("0!-1300 1300-2000 2000-3000 3000-");
    /* By its directory's name, too. */
    char *from = temp_path("one.cdxj"), *to = temp_path("index.cdxj");
    ck_assert_int_eq(rename(from, to), 0);
    list_parts("one.warc", 1000);
    check_told_is("0!-1300 1300-2000 2000-3000 3000-");
    /* An index of much else is not read. */
    ck_assert_int_eq(truncate(to, 2000), 0);
    list_parts("one.warc", 1000);
    check_told_is("0!-1000 1000-2000 2000-3000 3000-");
    free(from);
    free(to);
}
END_TEST

START_TEST(no_inputs_are_no_spans)
{
    list(NULL, 0);
    check_told_is("");
    span_free(NULL);
    spans_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spans");
    TCase *tests = tcase_create("spans");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests,
                   a_directory_is_walked_in_bytewise_order_of_whole_paths);
    tcase_add_test(tests, hidden_names_and_what_is_no_file_are_left_out);
    tcase_add_test(tests, a_link_to_its_own_directory_does_not_trap);
    tcase_add_test(
        tests, warc_files_in_a_directory_are_spans_of_their_own_in_their_place);
    tcase_add_test(tests, an_empty_directory_has_no_spans);
    tcase_add_test(tests, many_files_come_in_small_batches_none_left_out);
    tcase_add_test(tests,
                   deep_directories_are_walked_and_absurdly_deep_ones_refused);
    tcase_add_test(tests, a_named_file_is_judged_by_name_and_by_first_bytes);
    tcase_add_test(tests, a_missing_input_is_an_error_before_any_span);
    tcase_add_test(tests, a_pipe_is_a_page_and_not_read_while_listing);
    tcase_add_test(tests, a_run_keeps_its_ids_and_lists_kept_pages_alone);
    tcase_add_test(tests, spans_of_a_run_are_bounded_in_pages_and_bytes);
    tcase_add_test(tests, a_run_that_has_not_finished_is_said_so);
    tcase_add_loop_test(
        tests, an_outcome_line_that_cannot_be_is_an_error_with_its_number, 0,
        (int)ARRAY_COUNT(bad_lines));
    tcase_add_test(tests, inputs_of_all_kinds_come_in_the_order_given);
    tcase_add_test(tests, a_large_warc_is_listed_in_parts);
    tcase_add_test(tests, a_file_that_does_not_begin_like_a_warc_is_not_cut);
    tcase_add_test(tests, an_index_beside_a_warc_moves_the_cuts_to_records);
    tcase_add_test(tests, no_inputs_are_no_spans);
    return run_suite(suite);
}
