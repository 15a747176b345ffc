/*
 * What of an earlier run a server can be asked about. The run's records are
 * written by the writer of runs, in each way of storing them.
 */
#include "fetchgrep/archive/earlier_run.h"

#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/archive/warc_write.h"
#include "fetchgrep/base/clock.h"

#include "suite.h"
#include "temp_dir.h"

enum { LINES_MAX = 3000, SECOND_MS = 1000 };

/* 2026-11-22T07:30:14.123Z */
static const int64_t some_date = 1795332614123;

static const enum warc_store stores[] = { WARC_STORE_PLAIN, WARC_STORE_GZIP,
                                          WARC_STORE_ZSTD };

static struct warc_writer *writer;
static struct buf warc;
static char *lines[LINES_MAX];
static size_t line_count;
static char warc_name[32];
static struct earlier_run *run;
static struct known_answer *known;

/* _i: the store */
static void begin_run(int i)
{
    struct error err;
    temp_dir_make();
    writer = warc_writer_new(stores[i], 1, &err);
    ck_assert_ptr_nonnull(writer);
    snprintf(warc_name, sizeof(warc_name), "one%s",
             warc_store_suffix(stores[i]));
    buf_init(&warc, SIZE_MAX / 4);
}

static void tear_down(void)
{
    known_answer_free(known);
    known = NULL;
    earlier_run_close(run);
    run = NULL;
    warc_writer_free(writer);
    writer = NULL;
    buf_release(&warc);
    while (line_count)
        free(lines[--line_count]);
    temp_dir_remove();
}

/* A record and its line; a member in front, so that no offset is 0. */
static void add_exchange(const char *url, int64_t date_ms, const char *head,
                         const char *body, const char *truncated,
                         const struct warc_target *target)
{
    struct warc_written written;
    struct warc_exchange exchange = {
        .target_uri = view_of_string(url),
        .date_ms = date_ms,
        .request_head = view_of_string("GET / HTTP/1.1\r\n\r\n"),
        .response_head = view_of_string(head),
        .response_body = view_of_string(body),
        .payload = view_of_string(body),
        .truncated = truncated,
        .target = target,
        .payload_digest = target ? "sha1:EARLIER" : NULL,
    };
    struct buf line;
    buf_init(&line, 1 << 20);
    if (!warc.size)
        warc_write_info(writer, some_date, view_of_string("one"),
                        view_of_string("software: test\r\n"), &warc);
    warc_write_exchange(writer, &exchange, &warc, &written);
    const struct cdxj_record record = {
        .url = exchange.target_uri,
        .date_ms = date_ms,
        .mime = view_of_string(target ? "warc/revisit" : "text/html"),
        .status = 200,
        .digest = view_of_string(written.payload_digest),
        .length = written.size,
    };
    cdxj_append_head(&record, &line);
    cdxj_append_place(written.offset, view_of_string(warc_name), &line);
    ck_assert_uint_lt(line_count, LINES_MAX);
    lines[line_count++] = strdup(buf_string(&line));
    buf_release(&line);
}

static void add(const char *url, const char *head)
{
    add_exchange(url, some_date, head, "hello", NULL, NULL);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void end_run(void)
{
    char name[64];
    struct buf index;
    struct error err;
    buf_init(&index, SIZE_MAX / 4);
    qsort(lines, line_count, sizeof(*lines), compare_lines);
    for (size_t i = 0; i < line_count; i++)
        buf_append_string(&index, lines[i]);
    snprintf(name, sizeof(name), "pages/%s", warc_name);
    temp_write(name, buf_view(&warc));
    temp_write("pages/index.cdxj", buf_view(&index));
    temp_write("run.json", view_of_string("{}"));
    temp_write("summary.json", view_of_string("{}"));
    buf_release(&index);
    run = earlier_run_open(temp_dir, &err);
    ck_assert_msg(run != NULL, "%s", err.message);
}

/* Whether there is something to ask this URL with. */
static bool find(const char *text)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    struct error err = { 0 };
    known_answer_free(known);
    known = NULL;
    ck_assert_int_eq(url_parse(view_of_string(text), &url, problem), URL_OK);
    ck_assert_msg(earlier_run_find(run, &url, &known, &err), "%s", err.message);
    url_release(&url);
    return known;
}

static void check(enum known_field field, const char *value)
{
    ck_assert_str_eq(known_answer_field(known, field), value);
}

#define OK_HEAD(fields)                                                        \
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" fields "\r\n"
#define ETAG "ETag: \"v1\"\r\n"
#define DATE "Last-Modified: Mon, 23 Nov 2026 07:30:14 GMT\r\n"

START_TEST(an_answer_is_known_with_what_it_can_be_asked_with)
{
    begin_run(_i);
    add("http://a.org/", OK_HEAD(ETAG DATE));
    add("http://a.org/etag", OK_HEAD("etag:   W/\"weak\"  \r\n"));
    add("http://a.org/date", OK_HEAD(DATE));
    add("http://a.org/none", OK_HEAD("Cache-Control: no-store\r\n"));
    add("http://a.org/no-store", OK_HEAD("Cache-Control: no-store\r\n" ETAG));
    end_run();
    ck_assert(find("HTTP://A.org"));
    check(KNOWN_URL, "http://a.org/");
    check(KNOWN_ETAG, "\"v1\"");
    check(KNOWN_LAST_MODIFIED, "Mon, 23 Nov 2026 07:30:14 GMT");
    check(KNOWN_TARGET_URI, "http://a.org/");
    check(KNOWN_DATE, "2026-11-22T07:30:14.123Z");
    check(KNOWN_DIGEST, "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N");
    ck_assert(
        !strncmp(known_answer_field(known, KNOWN_RECORD_ID), "<urn:uuid:", 10));
    ck_assert(find("http://a.org/etag"));
    check(KNOWN_ETAG, "W/\"weak\"");
    check(KNOWN_LAST_MODIFIED, "");
    ck_assert(find("http://a.org/date"));
    check(KNOWN_ETAG, "");
    ck_assert(!find("http://a.org/none"));
    ck_assert(find("http://a.org/no-store"));
    ck_assert(!find("http://a.org/other"));
    ck_assert(!find("http://www.a.org/"));
    ck_assert(!find("http://a.org/ETAG"));
}
END_TEST

/* Of what was cut, or was no page, nothing can still hold; nor is it known who
 * was asked with masked user information. */
START_TEST(only_whole_pages_are_asked_about)
{
    begin_run(_i);
    add_exchange("http://a.org/cut", some_date, OK_HEAD(ETAG), "hello", "time",
                 NULL);
    add("http://a.org/404", "HTTP/1.1 404 Not Found\r\n" ETAG "\r\n");
    add("http://a.org/206", "HTTP/1.1 206 Partial Content\r\n" ETAG "\r\n");
    add("http://a.org/304", "HTTP/1.1 304 Not Modified\r\n" ETAG "\r\n");
    add("http://***@a.org/", OK_HEAD(ETAG));
    end_run();
    ck_assert(!find("http://a.org/cut"));
    ck_assert(!find("http://a.org/404"));
    ck_assert(!find("http://a.org/206"));
    ck_assert(!find("http://a.org/304"));
    ck_assert(!find("http://***@a.org/"));
}
END_TEST

START_TEST(what_varies_is_asked_about_by_its_etag_alone)
{
    begin_run(_i);
    add("http://a.org/1", OK_HEAD("Vary: Accept-Encoding\r\n" ETAG DATE));
    add("http://a.org/2",
        OK_HEAD("vary: accept-encoding ,Cookie\r\n" ETAG DATE));
    add("http://a.org/3",
        OK_HEAD("Vary: Accept-Encoding\r\nVary: Accept\r\n" DATE));
    add("http://a.org/4", OK_HEAD("Vary: Accept-Encoding, *\r\n" ETAG DATE));
    end_run();
    ck_assert(find("http://a.org/1"));
    check(KNOWN_LAST_MODIFIED, "Mon, 23 Nov 2026 07:30:14 GMT");
    ck_assert(find("http://a.org/2"));
    check(KNOWN_ETAG, "\"v1\"");
    check(KNOWN_LAST_MODIFIED, "");
    ck_assert(!find("http://a.org/3"));
    ck_assert(!find("http://a.org/4"));
}
END_TEST

/* It becomes a line of a request. */
START_TEST(a_validator_is_one_clean_line)
{
    char head[3000], tag[2000];
    begin_run(_i);
    memset(tag, 'x', sizeof(tag));
    snprintf(head, sizeof(head), OK_HEAD("ETag: \"%.1500s\"\r\n"), tag);
    add("http://a.org/long", head);
    snprintf(head, sizeof(head), OK_HEAD("ETag: \"%.1000s\"\r\n"), tag);
    add("http://a.org/short", head);
    add("http://a.org/fold", OK_HEAD("ETag: \"a\r\n X: y\"\r\n"));
    add("http://a.org/cr", OK_HEAD("ETag: \"a\rX: y\"\r\n"));
    add("http://a.org/tab", OK_HEAD("ETag: \"a\tb\"\r\n" DATE));
    end_run();
    ck_assert(!find("http://a.org/long"));
    ck_assert(find("http://a.org/short"));
    if (find("http://a.org/fold"))
        ck_assert_ptr_null(
            strpbrk(known_answer_field(known, KNOWN_ETAG), "\r\n"));
    ck_assert(!find("http://a.org/cr"));
    ck_assert(find("http://a.org/tab"));
    check(KNOWN_ETAG, "");
}
END_TEST

START_TEST(the_end_of_a_chain_of_redirects_is_known)
{
    begin_run(_i);
    add("http://a.org/", "HTTP/1.1 301 Moved\r\nLocation: /b\r\n" ETAG "\r\n");
    add("http://a.org/b",
        "HTTP/1.1 302 Found\r\nLocation: https://c.org/x#y\r\n\r\n");
    add("https://c.org/x", OK_HEAD(ETAG));
    add("http://a.org/loop", "HTTP/1.1 302 Found\r\nLocation: loop\r\n\r\n");
    add("http://a.org/file",
        "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n");
    add("http://a.org/gone", "HTTP/1.1 302 Found\r\nLocation: /no\r\n\r\n");
    end_run();
    ck_assert(find("http://a.org/"));
    check(KNOWN_URL, "https://c.org/x");
    check(KNOWN_TARGET_URI, "https://c.org/x");
    ck_assert(!find("http://a.org/loop"));
    ck_assert(!find("http://a.org/file"));
    ck_assert(!find("http://a.org/gone"));
}
END_TEST

/* The record that has the payload is named, and a 304 that tells nothing is
 * asked about with what it was asked with. */
START_TEST(a_revisit_leads_to_the_record_that_it_stands_for)
{
    const struct warc_target identical = {
        .uri = view_of_string("http://other.org/"),
        .date = view_of_string("2020-01-02T03:04:05.678Z"),
        .record_id = view_of_string("<urn:uuid:1>"),
    };
    struct warc_target same = identical;
    same.is_not_modified = true;
    same.etag = view_of_string("\"asked\"");
    same.last_modified = view_of_string("asked date");
    begin_run(_i);
    add_exchange("http://a.org/1", some_date, OK_HEAD(ETAG), "", NULL,
                 &identical);
    add_exchange("http://a.org/2", some_date,
                 "HTTP/1.1 304 Not Modified\r\n\r\n", "", NULL, &same);
    add_exchange("http://a.org/3", some_date,
                 "HTTP/1.1 304 Not Modified\r\n" ETAG "\r\n", "", NULL, &same);
    add_exchange("http://a.org/4", some_date,
                 "HTTP/1.1 404 Not Found\r\n" ETAG "\r\n", "", NULL,
                 &identical);
    end_run();
    static const char *const etags[] = { "\"v1\"", "\"asked\"", "\"v1\"" };
    static const char *const dates[] = { "", "asked date", "asked date" };
    for (int i = 0; i < 3; i++) {
        char url[32];
        snprintf(url, sizeof(url), "http://a.org/%d", i + 1);
        ck_assert(find(url));
        check(KNOWN_URL, url);
        check(KNOWN_ETAG, etags[i]);
        check(KNOWN_LAST_MODIFIED, dates[i]);
        check(KNOWN_TARGET_URI, "http://other.org/");
        check(KNOWN_DATE, "2020-01-02T03:04:05.678Z");
        check(KNOWN_RECORD_ID, "<urn:uuid:1>");
        check(KNOWN_DIGEST, "sha1:EARLIER");
    }
    ck_assert(!find("http://a.org/4"));
}
END_TEST

/* However many lines there are, and of one key. */
START_TEST(the_latest_of_a_url_is_found_among_many)
{
    char url[64], head[200], etag[32];
    begin_run(_i);
    for (int i = 0; i < 400; i++) {
        snprintf(url, sizeof(url), "http://a.org/%d", i % 100);
        snprintf(head, sizeof(head), OK_HEAD("ETag: \"%d\"\r\n"), i);
        add_exchange(url, some_date + (int64_t)i / 100 * SECOND_MS, head,
                     "hello", NULL, NULL);
    }
    for (int i = 0; i < 300; i++) {
        snprintf(head, sizeof(head), OK_HEAD("ETag: \"many%d\"\r\n"), i);
        add_exchange("http://many.org/", some_date + i * SECOND_MS, head,
                     "hello", NULL, NULL);
    }
    end_run();
    for (int i = 0; i < 100; i++) {
        snprintf(url, sizeof(url), "http://a.org/%d", i);
        snprintf(etag, sizeof(etag), "\"%d\"", 300 + i);
        ck_assert(find(url));
        check(KNOWN_ETAG, etag);
    }
    ck_assert(find("http://many.org/"));
    check(KNOWN_ETAG, "\"many299\"");
}
END_TEST

/* A head of any length is read to its end, and no more than it. */
START_TEST(heads_of_any_length_are_read)
{
    static const size_t sizes[] = { 1,    1000, 1900,  2047,  2048,
                                    2100, 4000, 20000, 200000 };
    begin_run(_i);
    char *body = malloc(3000001), *head = malloc(210000), url[64];
    ck_assert(body && head);
    memset(body, 'b', 3000000);
    body[3000000] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        int size = snprintf(head, 100, "HTTP/1.1 200 OK\r\nX-Pad: ");
        memset(head + size, 'p', sizes[i]);
        snprintf(head + size + sizes[i], 100, "\r\nETag: \"%zu\"\r\n\r\n", i);
        snprintf(url, sizeof(url), "http://a.org/%zu", i);
        add_exchange(url, some_date, head, i % 2 ? body : "", NULL, NULL);
    }
    end_run();
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        char etag[32];
        snprintf(url, sizeof(url), "http://a.org/%zu", i);
        snprintf(etag, sizeof(etag), "\"%zu\"", i);
        ck_assert_msg(find(url), "%s", url);
        check(KNOWN_ETAG, etag);
    }
    free(body);
    free(head);
}
END_TEST

/* What is damaged or gone is fetched anew. */
START_TEST(damage_is_nothing_to_ask_about)
{
    char name[64];
    begin_run(_i);
    add("http://a.org/", OK_HEAD(ETAG));
    end_run();
    snprintf(name, sizeof(name), "pages/%s", warc_name);
    struct error err;
    for (size_t size = 0; size < warc.size; size += 7) {
        temp_write(name, view_first(buf_view(&warc), size));
        earlier_run_close(run);
        run = earlier_run_open(temp_dir, &err);
        ck_assert_ptr_nonnull(run);
        if (find("http://a.org/"))
            check(KNOWN_ETAG, "\"v1\"");
    }
    earlier_run_close(run);
    run = earlier_run_open(temp_dir, &err);
    char *path = temp_path(name);
    unlink(path);
    free(path);
    ck_assert(!find("http://a.org/"));
}
END_TEST

START_TEST(an_empty_index_knows_nothing)
{
    begin_run(_i);
    end_run();
    ck_assert(!find("http://a.org/"));
}
END_TEST

static const struct {
    const char *files[3];
    const char *message;
} bad_dirs[] = {
    { { NULL }, " is no run directory" },
    { { "summary.json" }, " is no run directory" },
    { { "run.json", "pages/index.cdxj" },
      " is a run directory that has not finished" },
    { { "run.json", "summary.json" }, " has kept no pages" },
};

START_TEST(only_a_finished_run_with_pages_will_do)
{
    struct error err;
    temp_dir_make();
    for (size_t i = 0; i < 3 && bad_dirs[_i].files[i]; i++)
        temp_write(bad_dirs[_i].files[i], view_of_string("{}"));
    ck_assert_ptr_null(earlier_run_open(temp_dir, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_msg(strstr(err.message, bad_dirs[_i].message), "%s", err.message);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("earlier_run");
    TCase *tests = tcase_create("earlier_run");
    const int count = (int)ARRAY_COUNT(stores);
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_set_timeout(tests, 60);
#define ADD(test) tcase_add_loop_test(tests, test, 0, count)
    ADD(an_answer_is_known_with_what_it_can_be_asked_with);
    ADD(only_whole_pages_are_asked_about);
    ADD(what_varies_is_asked_about_by_its_etag_alone);
    ADD(a_validator_is_one_clean_line);
    ADD(the_end_of_a_chain_of_redirects_is_known);
    ADD(a_revisit_leads_to_the_record_that_it_stands_for);
    ADD(the_latest_of_a_url_is_found_among_many);
    ADD(heads_of_any_length_are_read);
    ADD(damage_is_nothing_to_ask_about);
    ADD(an_empty_index_knows_nothing);
#undef ADD
    tcase_add_loop_test(tests, only_a_finished_run_with_pages_will_do, 0,
                        (int)ARRAY_COUNT(bad_dirs));
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
