/*
 * What find.h promises: the right record of a sorted index wherever it stands,
 * and a reason where there is none.
 */
#include "../suite.h"
#include "fetchgrep/archive/find.h"

#include "fetchgrep/archive/cdxj.h"
#include "temp_dir.h"

static struct buf text;
static struct page_place place;
static struct error err;

static void set_up(void)
{
    temp_dir_make();
    buf_init(&text, 1 << 24);
    place = (struct page_place){ 0 };
    err = (struct error){ 0 };
}

static void tear_down(void)
{
    page_place_release(&place);
    buf_release(&text);
    temp_dir_remove();
}

/* A line as we write it. */
static void add_index_line(const char *url, int second, uint64_t offset,
                           const char *file)
{
    const struct cdxj_record record = {
        .url = view_of_string(url),
        .date_ms = 1790000000000 + 1000 * (int64_t)second,
        .status = 200,
        .digest = view_of_string("sha1:X"),
        .length = 10,
    };
    cdxj_append_head(&record, &text);
    cdxj_append_place(offset, view_of_string(file), &text);
}

static void write_text(const char *name)
{
    temp_write(name, buf_view(&text));
    buf_reset(&text);
}

static enum find_result find_url(const char *url)
{
    char *run = temp_path("run");
    page_place_release(&place);
    enum find_result result = find_by_url(run, url, &place, &err);
    free(run);
    return result;
}

static enum find_result find_id(uint64_t id)
{
    char *run = temp_path("run");
    page_place_release(&place);
    enum find_result result = find_by_id(run, id, &place, &err);
    free(run);
    return result;
}

static void check_place(const char *below, uint64_t offset)
{
    char *path = temp_path(below);
    ck_assert_str_eq(place.warc, path);
    ck_assert_uint_eq(place.offset, offset);
    free(path);
}

static void check_reason(const char *end)
{
    ck_assert_int_eq(err.code, ERR_DATA);
    ck_assert_msg(view_ends_with(view_of_string(err.message), end), "%s",
                  err.message);
}

static void write_run(const char *outcomes)
{
    temp_write("run/run.json", view_of_string("{}"));
    temp_write("run/outcomes.jsonl", view_of_string(outcomes));
}

/* _i: how many lines */
START_TEST(every_line_of_an_index_is_found)
{
    char url[64], long_path[300];
    write_run("");
    memset(long_path, 'x', sizeof(long_path));
    for (int i = 0; i < _i; i++) {
        /* in bytewise order of the keys; lines of very different lengths */
        snprintf(url, sizeof(url), "http://a.org/%03d", i);
        add_index_line(url, i, (uint64_t)i * 7, "one.warc.gz");
        if (i % 5 == 0)
            buf_append_format(&text, "org,a)/%03d- %.*s\n", i, i * 9 % 300,
                              long_path);
    }
    write_text("run/pages/index.cdxj");
    for (int i = 0; i < _i; i++) {
        snprintf(url, sizeof(url), "http://a.org/%03d", i);
        ck_assert_msg(find_url(url) == FIND_PAGE, "%s", err.message);
        check_place("run/pages/one.warc.gz", (uint64_t)i * 7);
    }
    ck_assert_int_eq(find_url("http://a.org/"), FIND_NONE);
    ck_assert_int_eq(find_url("http://a.org/zzz"), FIND_NONE);
    ck_assert_int_eq(find_url("http://a.org/00"), FIND_NONE);
    check_reason(": http://a.org/00: the run has no such entry");
}
END_TEST

START_TEST(the_url_as_written_comes_before_others_of_its_key)
{
    write_run("");
    add_index_line("http://a.org/Page", 1, 100, "one.warc.gz");
    add_index_line("https://a.org/page", 2, 200, "two.warc.gz");
    add_index_line("http://a.org/page", 3, 300, "one.warc.gz");
    add_index_line("http://a.org/page", 4, 400, "one.warc.gz");
    write_text("run/pages/index.cdxj");
    ck_assert_int_eq(find_url("http://a.org/page"), FIND_PAGE);
    check_place("run/pages/one.warc.gz", 300);
    ck_assert_int_eq(find_url("https://a.org/page"), FIND_PAGE);
    check_place("run/pages/two.warc.gz", 200);
    ck_assert_int_eq(find_url("http://www.a.org/PAGE"), FIND_PAGE);
    check_place("run/pages/one.warc.gz", 100);
}
END_TEST

START_TEST(an_id_is_found_wherever_its_line_stands)
{
    write_run("{\"id\":17,\"url\":\"u\",\"outcome\":\"ok\","
              "\"warc\":\"pages/b.warc\",\"warc_offset\":5}\n"
              "{\"id\":1,\"url\":\"\\\"id\\\":7,\",\"outcome\":\"ok\","
              "\"warc\":\"pages/a.warc\",\"warc_offset\":0}\n"
              "{\"id\":7,\"url\":\"v\",\"outcome\":\"http-error\",\"detail\":"
              "\"HTTP status 404\",\"warc\":\"pages/a.warc\","
              "\"warc_offset\":9}\n");
    ck_assert_int_eq(find_id(7), FIND_PAGE);
    check_place("run/pages/a.warc", 9);
    ck_assert_int_eq(find_id(1), FIND_PAGE);
    check_place("run/pages/a.warc", 0);
    ck_assert_int_eq(find_id(17), FIND_PAGE);
    check_place("run/pages/b.warc", 5);
    ck_assert_int_eq(find_id(70), FIND_NONE);
    check_reason("/run: id 70: the run has no such entry");
}
END_TEST

START_TEST(an_entry_without_a_page_says_what_came_of_it)
{
    write_run("{\"id\":0,\"url\":\"http://a.org/\",\"outcome\":\"dns-failed\","
              "\"detail\":\"the name is not known\"}\n"
              "{\"id\":1,\"url\":\"http://b.org/\",\"outcome\":\"ok\"}\n"
              "{\"id\":2,\"url\":\"u\",\"outcome\":\"ok\",\"warc\":\"/etc/x\","
              "\"warc_offset\":0}\n");
    ck_assert_int_eq(find_id(0), FIND_NONE);
    check_reason("id 0: no page was kept: the outcome is dns-failed: the name "
                 "is not known");
    ck_assert_int_eq(find_url("http://a.org/"), FIND_NONE);
    check_reason("http://a.org/: no page was kept: the outcome is dns-failed: "
                 "the name is not known");
    ck_assert_int_eq(find_id(1), FIND_NONE);
    check_reason("the run kept no page of it");
    ck_assert_int_eq(find_id(2), FIND_NONE);
    check_reason("its outcome names no place in a WARC file");
}
END_TEST

START_TEST(a_run_that_has_not_finished_is_an_error)
{
    temp_write("run/run.json", view_of_string("{}"));
    ck_assert_int_eq(find_id(0), FIND_ERROR);
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_int_eq(find_url("http://a.org/"), FIND_ERROR);
    ck_assert_int_eq(err.code, ERR_USAGE);
}
END_TEST

START_TEST(an_index_that_leads_elsewhere_is_not_followed)
{
    write_run("");
    add_index_line("http://a.org/", 1, 0, "../../secret.warc");
    write_text("run/pages/index.cdxj");
    ck_assert_int_eq(find_url("http://a.org/"), FIND_NONE);
}
END_TEST

static enum find_result find_beside(const char *warc, const char *url)
{
    char *path = temp_path(warc);
    page_place_release(&place);
    enum find_result result = find_in_index(path, url, &place, &err);
    free(path);
    return result;
}

START_TEST(an_index_beside_a_warc_is_asked_for_that_file_alone)
{
    ck_assert_int_eq(find_beside("d/one.warc.gz", "http://a.org/"), FIND_NONE);
    add_index_line("http://a.org/", 1, 11, "other.warc.gz");
    add_index_line("http://a.org/", 2, 22, "one.warc.gz");
    write_text("d/index.cdxj");
    ck_assert_int_eq(find_beside("d/one.warc.gz", "http://a.org/"), FIND_PAGE);
    check_place("d/one.warc.gz", 22);
    ck_assert_int_eq(find_beside("d/two.warc.gz", "http://a.org/"), FIND_NONE);
    /* As pywb writes it; its own index comes first. */
    temp_write("d/one.cdxj",
               view_of_string("org,a)/ 2026 {\"url\": \"http://a.org/\", "
                              "\"offset\": \"33\", \"filename\": "
                              "\"one.warc.gz\"}\n"));
    ck_assert_int_eq(find_beside("d/one.warc.gz", "http://a.org/"), FIND_PAGE);
    check_place("d/one.warc.gz", 33);
}
END_TEST

START_TEST(an_offset_needs_a_run_with_one_warc)
{
    char *run = temp_path("run"), *warc;
    write_run("");
    ck_assert_int_eq(find_sole_warc(run, &warc, &err), FIND_NONE);
    temp_write("run/pages/index.cdxj", view_of_string(""));
    temp_write("run/pages/one.warc.gz", view_of_string(""));
    ck_assert_int_eq(find_sole_warc(run, &warc, &err), FIND_PAGE);
    ck_assert(view_ends_with(view_of_string(warc), "/run/pages/one.warc.gz"));
    free(warc);
    temp_write("run/pages/two.warc.gz", view_of_string(""));
    ck_assert_int_eq(find_sole_warc(run, &warc, &err), FIND_NONE);
    free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("find");
    TCase *tests = tcase_create("find");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_line_of_an_index_is_found, 0, 60);
    tcase_add_test(tests, the_url_as_written_comes_before_others_of_its_key);
    tcase_add_test(tests, an_id_is_found_wherever_its_line_stands);
    tcase_add_test(tests, an_entry_without_a_page_says_what_came_of_it);
    tcase_add_test(tests, a_run_that_has_not_finished_is_an_error);
    tcase_add_test(tests, an_index_that_leads_elsewhere_is_not_followed);
    tcase_add_test(tests, an_index_beside_a_warc_is_asked_for_that_file_alone);
    tcase_add_test(tests, an_offset_needs_a_run_with_one_warc);
    return run_suite(suite);
}
