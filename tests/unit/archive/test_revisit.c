/*
 * What is at hand for a revisit, and what is not.
 */
#include "../suite.h"
#include "fetchgrep/archive/revisit.h"

#include "warc_files.h"

#include <pthread.h>

static struct revisit_targets *targets;
static struct warc_reader *reader, *target_reader;

static bool go_on(void *ctx)
{
    (void)ctx;
    return true;
}

static void set_up(void)
{
    temp_dir_make();
    targets = revisit_targets_new();
    reader = new_reader(10000);
    target_reader = new_reader(10000);
    ck_assert_ptr_nonnull(targets);
}

static void tear_down(void)
{
    revisit_targets_free(targets);
    warc_reader_free(reader);
    warc_reader_free(target_reader);
    temp_dir_remove();
}

/* `fields` ends each of its lines. */
static void add_record(struct warc_file *file, const char *type,
                       const char *uri, const char *fields, const char *block)
{
    char text[2000];
    snprintf(text, sizeof(text),
             "WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: <%s>\r\n%s"
             "Content-Length: %zu\r\n\r\n%s\r\n\r\n",
             type, uri, fields, strlen(block), block);
    warc_file_add(file, view_of_string(text));
}

/* Reads the file "file" up to its first revisit and looks for its target: the
 * target's block, or "none". */
static const char *follow_in(const char *name)
{
    static char text[10001];
    struct warc_record record, target = { 0 };
    struct error err = { 0 };
    char *path = temp_path(name);
    open_file(reader, name, 0);
    do {
        ck_assert_int_eq(warc_reader_next(reader, &record, &err),
                         WARC_READ_RECORD);
    } while (record.type != WARC_TYPE_REVISIT);
    enum revisit_result result = revisit_follow(
        targets, target_reader, path, &record, &target, go_on, NULL, &err);
    ck_assert_msg(result != REVISIT_ERROR, "%s", err.message);
    snprintf(text, sizeof(text), "%.*s", VIEW_ARG(target.block));
    free(path);
    return result == REVISIT_FOUND ? text : "none";
}

static void add_targets(struct warc_file *file)
{
    add_record(file, "response", "http://a.org/",
               "WARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Record-ID: <urn:1>\r\n"
               "WARC-Payload-Digest: sha1:AAAA\r\n",
               "the first");
    add_record(file, "request", "http://a.org/",
               "WARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Record-ID: <urn:2>\r\n",
               "no target");
    add_record(file, "response", "http://a.org/",
               "WARC-Date: 2021-01-02T03:04:05.678901Z\r\n"
               "WARC-Record-ID: <urn:3>\r\nWARC-Payload-Digest: sha1:BBBB\r\n",
               "the second");
    add_record(file, "resource", "http://b.org/",
               "WARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Record-ID: <urn:4>\r\n"
               "WARC-Payload-Digest: sha1:AAAA\r\n",
               "a resource");
}

static const struct {
    const char *fields, *block;
} revisits[] = {
    { "WARC-Refers-To-Target-URI: http://a.org/\r\n"
      "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n",
      "the first" },
    { "WARC-Refers-To-Target-URI: <http://a.org/>\r\n"
      "warc-refers-to-date: 2021-01-02T03:04:05Z\r\n",
      "the second" },
    /* Its own URL where none is named. */
    { "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n", "a resource" },
    { "WARC-Refers-To: <urn:3>\r\n", "the second" },
    /* The most exact name wins; one that leads nowhere is passed. */
    { "WARC-Refers-To: <urn:3>\r\nWARC-Payload-Digest: sha1:AAAA\r\n",
      "the second" },
    { "WARC-Refers-To: <urn:9>\r\nWARC-Payload-Digest: sha1:BBBB\r\n",
      "the second" },
    /* The first of those that are the same. */
    { "WARC-Payload-Digest: sha1:AAAA\r\n", "the first" },
    { "WARC-Payload-Digest: sha1:CCCC\r\n", "none" },
    { "WARC-Refers-To: <urn:2>\r\n", "none" },
    { "WARC-Refers-To-Target-URI: http://a.org/\r\n"
      "WARC-Refers-To-Date: 2019-01-02T03:04:05Z\r\n",
      "none" },
    { "", "none" },
};

/* _i: the packing and the row; the revisit stands before its target or behind
 * it. */
START_TEST(a_target_in_the_same_file_is_found_wherever_it_stands)
{
    size_t row = (size_t)_i / PACKING_COUNT;
    for (int is_behind = 0; is_behind < 2; is_behind++) {
        struct warc_file file;
        char name[20];
        warc_file_init(&file, (enum packing)(_i % PACKING_COUNT));
        if (is_behind)
            add_targets(&file);
        add_record(&file, "revisit", "http://b.org/", revisits[row].fields, "");
        if (!is_behind)
            add_targets(&file);
        snprintf(name, sizeof(name), "file%d", is_behind);
        temp_write(name, buf_view(&file.bytes));
        ck_assert_str_eq(follow_in(name), revisits[row].block);
        warc_file_release(&file);
    }
}
END_TEST

START_TEST(damage_elsewhere_does_not_hide_a_target)
{
    struct warc_file file;
    warc_file_init(&file, (enum packing)_i);
    add_record(&file, "revisit", "http://b.org/", "WARC-Refers-To: <urn:3>\r\n",
               "");
    warc_file_add(&file, view_of_string("junk\r\n\r\n"));
    add_targets(&file);
    temp_write("file", buf_view(&file.bytes));
    ck_assert_str_eq(follow_in("file"), "the second");
    warc_file_release(&file);
}
END_TEST

static bool give_up(void *ctx)
{
    ++*(size_t *)ctx;
    return *(size_t *)ctx < 3;
}

/* A long file is read through with signs of life; it can be given up. */
START_TEST(reading_through_can_be_given_up)
{
    struct warc_file file;
    struct warc_record record, target;
    struct error err;
    struct buf many;
    size_t ticks = 0;
    char *path = temp_path("file");
    buf_init(&many, 1 << 24);
    for (int i = 0; i < 1000; i++)
        buf_append_string(&many, "WARC/1.0\r\nWARC-Type: response\r\n"
                                 "Content-Length: 0\r\n\r\n\r\n\r\n");
    warc_file_init(&file, PACKED_NOT);
    add_record(&file, "revisit", "http://b.org/", "WARC-Refers-To: <urn:1>\r\n",
               "");
    warc_file_add(&file, buf_view(&many));
    temp_write("file", buf_view(&file.bytes));
    open_file(reader, "file", 0);
    ck_assert_int_eq(warc_reader_next(reader, &record, &err), WARC_READ_RECORD);
    ck_assert_int_eq(revisit_follow(targets, target_reader, path, &record,
                                    &target, give_up, &ticks, &err),
                     REVISIT_GIVEN_UP);
    ck_assert_uint_eq(ticks, 3);
    free(path);
    buf_release(&many);
    warc_file_release(&file);
}
END_TEST

/* ---- with an index ---------------------------------------------------- */

/* Two files beside each other and an index that lists the first. */
static void write_indexed(const char *fields, const char *lines)
{
    struct warc_file first, second;
    struct buf index;
    warc_file_init(&first, PACKED_MEMBERS);
    warc_file_init(&second, PACKED_NOT);
    add_targets(&first);
    add_record(&second, "revisit", "http://b.org/", fields, "");
    add_targets(&second);
    buf_init(&index, 1 << 20);
    for (; *lines; lines++) {
        if (*lines == '@')
            buf_append_format(&index, "%zu", first.offsets[*++lines - '0']);
        else
            buf_append_char(&index, *lines);
    }
    temp_write("first.warc.gz", buf_view(&first.bytes));
    temp_write("second.warc", buf_view(&second.bytes));
    temp_write("index.cdxj", buf_view(&index));
    buf_release(&index);
    warc_file_release(&first);
    warc_file_release(&second);
}

/* pywb's form; one of it has a number for an offset, one is a revisit. */
static const char index_lines[] =
    "net,other)/ 20200102030405 {\"url\":\"http://other.net/\"}\n"
    "org,a)/ 20200102030405 {\"url\":\"http://a.org/\",\"digest\":\"AAAA\","
    "\"offset\":\"@0\",\"filename\":\"first.warc.gz\"}\n"
    "org,a)/ 20210102030405 {\"url\":\"http://a.org/\",\"digest\":"
    "\"sha1:BBBB\",\"offset\":@2,\"filename\":\"first.warc.gz\"}\n"
    "org,a)/more 20200102030405 {\"url\":\"http://a.org/more\","
    "\"offset\":\"@0\",\"filename\":\"first.warc.gz\"}\n"
    "org,b)/ 20190102030405 {\"url\":\"http://b.org/\",\"mime\":"
    "\"warc/revisit\",\"digest\":\"AAAA\",\"offset\":\"@0\","
    "\"filename\":\"second.warc\"}\n"
    "org,b)/ 20200102030405 {\"url\":\"http://b.org/\",\"digest\":\"AAAA\","
    "\"offset\":\"@3\",\"filename\":\"first.warc.gz\"}\n"
    "org,b)/ 20220102030405 {\"url\":\"http://b.org/\",\"digest\":\"DDDD\","
    "\"offset\":\"7\",\"filename\":\"first.warc.gz\"}\n"
    "org,b)/ 20230102030405 {\"url\":\"http://b.org/\",\"digest\":\"EEEE\","
    "\"offset\":\"0\",\"filename\":\"gone.warc.gz\"}\n"
    "org,b)/ 20240102030405 {\"url\":\"http://b.org/\",\"digest\":\"FFFF\","
    "\"offset\":\"0\",\"filename\":\"../first.warc.gz\"}\n"
    "org,b)/ 20250102030405 no object\n"
    "org,b)/ 20260102030405 {\"url\":\"http://b.org/\",\"dig\n";

static const struct {
    const char *fields, *block;
} indexed[] = {
    { "WARC-Refers-To-Target-URI: http://a.org/\r\n"
      "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n",
      "the first" },
    { "WARC-Refers-To-Target-URI: http://a.org/\r\n"
      "WARC-Refers-To-Date: 2021-01-02T03:04:05Z\r\n",
      "the second" },
    { "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n", "a resource" },
    { "WARC-Payload-Digest: sha1:AAAA\r\n", "a resource" },
    { "WARC-Refers-To-Target-URI: http://a.org/\r\n"
      "WARC-Payload-Digest: sha1:BBBB\r\n",
      "the second" },
    { "WARC-Payload-Digest: sha1:BBBB\r\n", "none" }, /* of another URL */
    { "WARC-Refers-To-Target-URI: http://a.org/more\r\n"
      "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n",
      "none" }, /* another record is there */
    { "WARC-Refers-To: <urn:3>\r\n", "none" },
    { "WARC-Payload-Digest: sha1:DDDD\r\n", "none" },
    { "WARC-Payload-Digest: sha1:EEEE\r\n", "none" },
    { "WARC-Payload-Digest: sha1:FFFF\r\n", "none" },
    { "WARC-Refers-To-Date: 2026-01-02T03:04:05Z\r\n", "none" },
    { "WARC-Refers-To-Target-URI: http://zzz.org/\r\n"
      "WARC-Refers-To-Date: 2026-01-02T03:04:05Z\r\n",
      "none" },
};

/* _i: the row */
START_TEST(an_index_beside_the_file_has_the_last_word)
{
    write_indexed(indexed[_i].fields, index_lines);
    ck_assert_str_eq(follow_in("second.warc"), indexed[_i].block);
}
END_TEST

START_TEST(braces_in_a_url_are_not_the_object)
{
    write_indexed("WARC-Refers-To-Target-URI: http://a.org/{x}\r\n"
                  "WARC-Payload-Digest: sha1:AAAA\r\n",
                  "org,a)/{x} 20200102030405 {\"url\":\"http://a.org/{x}\","
                  "\"digest\":\"AAAA\",\"offset\":\"@0\","
                  "\"filename\":\"first.warc.gz\"}\n");
    ck_assert_str_eq(follow_in("second.warc"), "the first");
}
END_TEST

/* Each line of an index of any length is found. */
START_TEST(every_line_of_an_index_is_found)
{
    for (size_t count = 1; count < 40; count += 3) {
        for (size_t at = 0; at < count; at++) {
            struct buf lines;
            buf_init(&lines, 1 << 20);
            for (size_t i = 0; i < count; i++)
                buf_append_format(
                    &lines,
                    "org,a)/ %zu {\"url\":\"http://a.org/\",\"offset\":"
                    "\"%s\",\"filename\":\"first.warc.gz\"%.*s}\n",
                    20200102030405 + i - at, i == at ? "@0" : "1", (int)(i % 9),
                    "         ");
            write_indexed("WARC-Refers-To-Target-URI: http://a.org/\r\n"
                          "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n",
                          buf_string(&lines));
            struct revisit_targets *kept = targets;
            targets = revisit_targets_new();
            ck_assert_str_eq(follow_in("second.warc"), "the first");
            revisit_targets_free(targets);
            targets = kept;
            buf_release(&lines);
        }
    }
}
END_TEST

/* ---- a URL twice in a second ------------------------------------------ */

static void add_twins(struct warc_file *file)
{
    static const char *const digests[] = { "AAAA", "BBBB", "CCCC" };
    for (size_t i = 0; i < ARRAY_COUNT(digests); i++) {
        char fields[200];
        snprintf(fields, sizeof(fields),
                 "WARC-Date: 2020-01-02T03:04:05.%zuZ\r\n"
                 "WARC-Payload-Digest: sha1:%s\r\n",
                 i, digests[i]);
        add_record(file, "response", "http://a.org/", fields, digests[i]);
    }
}

static const char twin_lines[] =
    "org,a)/ 20200102030405 {\"url\":\"http://a.org/\",\"digest\":\"AAAA\","
    "\"offset\":\"@0\",\"filename\":\"file\"}\n"
    "org,a)/ 20200102030405 {\"url\":\"http://a.org/\",\"digest\":\"BBBB\","
    "\"offset\":\"@1\",\"filename\":\"file\"}\n"
    "org,a)/ 20200102030405 {\"url\":\"http://a.org/\",\"digest\":\"CCCC\","
    "\"offset\":\"@2\",\"filename\":\"file\"}\n";

static void write_index(const struct warc_file *file, const char *lines)
{
    struct buf index;
    buf_init(&index, 1 << 20);
    for (; *lines; lines++) {
        if (*lines == '@')
            buf_append_format(&index, "%zu", file->offsets[*++lines - '0']);
        else
            buf_append_char(&index, *lines);
    }
    temp_write("index.cdxj", buf_view(&index));
    buf_release(&index);
}

/* _i: with an index, and which; without its digest the first is taken. */
START_TEST(of_a_url_that_came_twice_in_a_second_the_digest_tells)
{
    static const char *const wanted[] = { "AAAA", "BBBB", "CCCC", "DDDD", "" };
    static const char *const found[] = { "AAAA", "BBBB", "CCCC", "AAAA",
                                         "AAAA" };
    struct warc_file file;
    char fields[300];
    snprintf(fields, sizeof(fields),
             "WARC-Refers-To-Target-URI: http://a.org/\r\n"
             "WARC-Refers-To-Date: 2020-01-02T03:04:05.9Z\r\n%s%s%s",
             wanted[_i / 2][0] ? "WARC-Payload-Digest: sha1:" : "",
             wanted[_i / 2], wanted[_i / 2][0] ? "\r\n" : "");
    warc_file_init(&file, PACKED_MEMBERS);
    add_twins(&file);
    add_record(&file, "revisit", "http://b.org/", fields, "");
    temp_write("file", buf_view(&file.bytes));
    if (_i % 2)
        write_index(&file, twin_lines);
    ck_assert_str_eq(follow_in("file"), found[_i / 2]);
    warc_file_release(&file);
}
END_TEST

/* ---- a run since another ---------------------------------------------- */

/* run.json of the run `name`, which was made since another. */
static void write_since(const char *name, const char *since)
{
    char path[100], text[300];
    snprintf(path, sizeof(path), "%s/run.json", name);
    snprintf(text, sizeof(text), "{\"run_id\":\"x\",\"since\":\"%s/%s\"}",
             temp_dir, since);
    temp_write(path, view_of_string(text));
}

static void write_runs(void)
{
    struct warc_file first, last;
    warc_file_init(&first, PACKED_MEMBERS);
    warc_file_init(&last, PACKED_MEMBERS);
    add_record(&first, "response", "http://a.org/",
               "WARC-Date: 2020-01-02T03:04:05Z\r\n", "of the first run");
    add_record(&last, "revisit", "http://a.org/",
               "WARC-Refers-To-Target-URI: http://a.org/\r\n"
               "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n",
               "");
    temp_write("one/pages/file", buf_view(&first.bytes));
    temp_write("one/pages/index.cdxj",
               view_of_string("org,a)/ 20200102030405 {\"url\":"
                              "\"http://a.org/\",\"offset\":\"0\","
                              "\"filename\":\"file\"}\n"));
    temp_write("three/pages/file", buf_view(&last.bytes));
    temp_write("three/pages/index.cdxj", view_of_string("org,x)/ 2020 {}\n"));
    warc_file_release(&first);
    warc_file_release(&last);
}

/* What the run between the two holds does not matter, only whom it names. */
START_TEST(a_run_since_another_finds_what_that_one_kept)
{
    write_runs();
    write_since("three", "two");
    write_since("two", "one");
    ck_assert_str_eq(follow_in("three/pages/file"), "of the first run");
}
END_TEST

START_TEST(a_run_that_names_none_has_its_own_pages_alone)
{
    write_runs();
    ck_assert_str_eq(follow_in("three/pages/file"), "none");
}
END_TEST

START_TEST(runs_that_name_each_other_come_to_an_end)
{
    write_runs();
    write_since("three", "two");
    write_since("two", "three");
    ck_assert_str_eq(follow_in("three/pages/file"), "none");
}
END_TEST

START_TEST(a_run_before_may_be_gone)
{
    write_runs();
    write_since("three", "gone");
    ck_assert_str_eq(follow_in("three/pages/file"), "none");
}
END_TEST

/* Only the folder `pages` of a run is one. */
START_TEST(an_archive_elsewhere_is_no_run)
{
    struct warc_file file;
    write_runs();
    write_since("x", "one");
    warc_file_init(&file, PACKED_NOT);
    add_record(&file, "revisit", "http://a.org/",
               "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n", "");
    temp_write("x/mypages/file", buf_view(&file.bytes));
    temp_write("x/pages/file", buf_view(&file.bytes));
    ck_assert_str_eq(follow_in("x/mypages/file"), "none");
    ck_assert_str_eq(follow_in("x/pages/file"), "of the first run");
    warc_file_release(&file);
}
END_TEST

/* ---- many at once ----------------------------------------------------- */

enum { FILES = 100, THREADS = 8 };

static void *follow_all(void *ctx)
{
    struct error err;
    struct warc_reader *own = warc_reader_new(1000, &err);
    struct warc_reader *other = warc_reader_new(1000, &err);
    size_t *found = ctx;
    for (size_t i = 0; i < FILES; i++) {
        char name[20];
        struct warc_record record, target;
        snprintf(name, sizeof(name), "file%zu", (i * 37 + *found) % FILES);
        char *path = temp_path(name);
        if (warc_reader_open(own, path, 0, &err) &&
            warc_reader_next(own, &record, &err) == WARC_READ_RECORD &&
            revisit_follow(targets, other, path, &record, &target, go_on, NULL,
                           &err) == REVISIT_FOUND &&
            view_equal_string(target.block, name))
            ++*found;
        free(path);
    }
    warc_reader_free(own);
    warc_reader_free(other);
    return NULL;
}

/* More files than are remembered, several workers in each. */
START_TEST(workers_share_what_is_known)
{
    pthread_t threads[THREADS];
    size_t found[THREADS] = { 0 };
    for (size_t i = 0; i < FILES; i++) {
        struct warc_file file;
        char name[20];
        snprintf(name, sizeof(name), "file%zu", i);
        warc_file_init(&file, PACKED_MEMBERS);
        add_record(&file, "revisit", "http://b.org/",
                   "WARC-Refers-To: <urn:1>\r\n", "");
        add_record(&file, "response", "http://a.org/",
                   "WARC-Record-ID: <urn:1>\r\n", name);
        temp_write(name, buf_view(&file.bytes));
        warc_file_release(&file);
    }
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, follow_all, &found[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_uint_eq(found[i], FILES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("revisit");
    TCase *tests = tcase_create("revisit");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests,
                        a_target_in_the_same_file_is_found_wherever_it_stands,
                        0, (int)ARRAY_COUNT(revisits) * PACKING_COUNT);
    tcase_add_loop_test(tests, damage_elsewhere_does_not_hide_a_target, 0,
                        PACKED_WHOLE);
    tcase_add_test(tests, reading_through_can_be_given_up);
    tcase_add_loop_test(tests, an_index_beside_the_file_has_the_last_word, 0,
                        (int)ARRAY_COUNT(indexed));
    tcase_add_test(tests, braces_in_a_url_are_not_the_object);
    tcase_add_test(tests, every_line_of_an_index_is_found);
    tcase_add_loop_test(
        tests, of_a_url_that_came_twice_in_a_second_the_digest_tells, 0, 10);
    tcase_add_test(tests, a_run_since_another_finds_what_that_one_kept);
    tcase_add_test(tests, a_run_that_names_none_has_its_own_pages_alone);
    tcase_add_test(tests, runs_that_name_each_other_come_to_an_end);
    tcase_add_test(tests, a_run_before_may_be_gone);
    tcase_add_test(tests, an_archive_elsewhere_is_no_run);
    tcase_add_test(tests, workers_share_what_is_known);
    return run_suite(suite);
}
