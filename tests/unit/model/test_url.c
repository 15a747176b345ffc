/*
 * A URL is what libcurl will connect to, or a sentence that says why not; and
 * user information is shown to nobody.
 */
#include "fetchgrep/model/url.h"

#include "fetchgrep/base/buf.h"

#include "suite.h"

struct good_row {
    const char *line, *text, *host;
    int port;
    const char *origin, *target;
};

static const struct good_row good_rows[] = {
    { "http://example.org", "http://example.org/", "example.org", 80,
      "example.org:80", "/" },
    { " \thttps://example.org/a?b \r\n", "https://example.org/a?b",
      "example.org", 443, "example.org:443", "/a?b" },
    { "HTTPS://WWW.Example.ORG/Path", "https://www.example.org/Path",
      "www.example.org", 443, "www.example.org:443", "/Path" },
    { "http://example.org:80/", "http://example.org/", "example.org", 80,
      "example.org:80", "/" },
    { "http://example.org:/x", "http://example.org/x", "example.org", 80,
      "example.org:80", "/x" },
    { "https://example.org:8443?q=1", "https://example.org:8443/?q=1",
      "example.org", 8443, "example.org:8443", "/?q=1" },
    { "http://example.org:65535/", "http://example.org:65535/", "example.org",
      65535, "example.org:65535", "/" },
    { "http://example.org/a#part?no", "http://example.org/a", "example.org", 80,
      "example.org:80", "/a" },
    { "http://example.org/a/./b/../c?d=../e", "http://example.org/a/c?d=../e",
      "example.org", 80, "example.org:80", "/a/c?d=../e" },
    { "http://example.org/../../a", "http://example.org/a", "example.org", 80,
      "example.org:80", "/a" },
    { "http://example.org/a b%20c", "http://example.org/a%20b%20c",
      "example.org", 80, "example.org:80", "/a%20b%20c" },
    { "http://example.org/stra\xC3\x9F"
      "e",
      "http://example.org/stra%C3%9Fe", "example.org", 80, "example.org:80",
      "/stra%C3%9Fe" },
    { "http://[::1]:8080/x", "http://[::1]:8080/x", "[::1]", 8080, "[::1]:8080",
      "/x" },
    { "http://[2001:DB8::A]/", "http://[2001:db8::a]/", "[2001:db8::a]", 80,
      "[2001:db8::a]:80", "/" },
    { "http://example.org?http://x.org", "http://example.org/?http://x.org",
      "example.org", 80, "example.org:80", "/?http://x.org" },
    /* All the forms of 127.0.0.1 that the resolver would take. */
    { "http://127.1/", "http://127.0.0.1/", "127.0.0.1", 80, "127.0.0.1:80",
      "/" },
    { "http://0x7f.1/", "http://127.0.0.1/", "127.0.0.1", 80, "127.0.0.1:80",
      "/" },
    { "http://2130706433/", "http://127.0.0.1/", "127.0.0.1", 80,
      "127.0.0.1:80", "/" },
    { "http://0177.0.0.1/", "http://127.0.0.1/", "127.0.0.1", 80,
      "127.0.0.1:80", "/" },
    { "http://%65xample.org/", "http://example.org/", "example.org", 80,
      "example.org:80", "/" },
};

START_TEST(good_lines_become_host_port_target_and_origin)
{
    const struct good_row *row = &good_rows[_i];
    char problem[ERROR_MESSAGE_SIZE] = "untouched";
    struct url url;
    ck_assert_int_eq(url_parse(view_of_string(row->line), &url, problem),
                     URL_OK);
    ck_assert_str_eq(url.text, row->text);
    ck_assert_uint_eq(url.text_size, strlen(url.text));
    ck_assert_int_eq(url.scheme, row->text[4] == 's' ? URL_HTTPS : URL_HTTP);
    ck_assert_msg(view_equal_string(url.host, row->host), "host %.*s",
                  VIEW_ARG(url.host));
    ck_assert_int_eq(url.port, row->port);
    ck_assert_msg(view_equal_string(url.origin, row->origin), "origin %.*s",
                  VIEW_ARG(url.origin));
    ck_assert_msg(view_equal_string(url.target, row->target), "target %.*s",
                  VIEW_ARG(url.target));
    ck_assert(!url.has_userinfo);
    ck_assert_str_eq(problem, "untouched");
    url_release(&url);
    ck_assert_ptr_null(url.text);
}
END_TEST

struct bad_row {
    const char *line;
    enum url_result result;
    const char *problem; /* part of the sentence */
};

static const struct bad_row bad_rows[] = {
    { "", URL_INVALID, "empty" },
    { " \t ", URL_INVALID, "empty" },
    { "example.org", URL_INVALID, "http://" },
    { "localhost:8080", URL_INVALID, "http://" },
    { "//example.org/x", URL_INVALID, "http://" },
    { "http//example.org", URL_INVALID, "http://" },
    { "/etc/passwd", URL_INVALID, "http://" },
    { "http:", URL_INVALID, "host" },
    { "http://", URL_INVALID, "host" },
    { "http:///", URL_INVALID, "host" },
    { "http://user@", URL_INVALID, "host" },
    { "http://example.org:65536/", URL_INVALID, "65535" },
    { "http://example.org:-1/", URL_INVALID, "65535" },
    { "http://example.org:http/", URL_INVALID, "65535" },
    { "http://exa mple.org/", URL_INVALID, "hostname" },
    { "http://exa<mple.org/", URL_INVALID, "hostname" },
    { "http://[::1", URL_INVALID, "IPv6" },
    { "http://[zz]/", URL_INVALID, "IPv6" },
    { "\xFF\xFE\x01\x02", URL_INVALID, "http://" },
    { "ftp://example.org/", URL_DENIED, "ftp" },
    { "FTP://example.org/", URL_DENIED, "ftp" },
    { "file:///etc/passwd", URL_DENIED, "file" },
    { "gopher://example.org/", URL_DENIED, "gopher" },
    { "htp://example.org", URL_DENIED, "htp" },
    { "mailto:a@example.org", URL_DENIED, "http" },
    { "JavaScript:alert(1)", URL_DENIED, "http" },
    { "data:text/html,x", URL_DENIED, "http" },
};

START_TEST(bad_lines_are_invalid_or_denied_with_a_reason)
{
    const struct bad_row *row = &bad_rows[_i];
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url = { .port = 7 };
    ck_assert_int_eq(url_parse(view_of_string(row->line), &url, problem),
                     row->result);
    ck_assert_msg(strstr(problem, row->problem) != NULL, "\"%s\" says \"%s\"",
                  row->line, problem);
    ck_assert_msg(url.port == 7 && !url.text, "written on failure");
}
END_TEST

START_TEST(endless_lines_are_invalid)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    enum { LONGEST = 1 << 16 };
    struct buf line;
    buf_init(&line, 2 * LONGEST);
    buf_append_string(&line, "http://example.org/");
    while (line.size < LONGEST)
        buf_append_char(&line, 'a');
    ck_assert_int_eq(url_parse(buf_view(&line), &url, problem), URL_OK);
    url_release(&url);
    buf_append_char(&line, 'a');
    ck_assert_int_eq(url_parse(buf_view(&line), &url, problem), URL_INVALID);
    buf_release(&line);
}
END_TEST

START_TEST(user_information_is_kept_for_the_request_only)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    ck_assert_int_eq(
        url_parse(view_of_string("http://me:secret@Example.org:81/a@b"), &url,
                  problem),
        URL_OK);
    ck_assert(url.has_userinfo);
    ck_assert_str_eq(url.text, "http://me:secret@example.org:81/a@b");
    ck_assert(view_equal_string(url.host, "example.org"));
    ck_assert(view_equal_string(url.origin, "example.org:81"));
    ck_assert(view_equal_string(url.target, "/a@b"));
    url_release(&url);
}
END_TEST

static void check_shown(const char *line, const char *expected)
{
    char *shown = url_shown(view_of_string(line));
    ck_assert_str_eq(shown, expected);
    free(shown);
}

START_TEST(shown_text_masks_user_information_and_nothing_else)
{
    check_shown("http://me:secret@example.org/a@b",
                "http://***@example.org/a@b");
    check_shown("https://token@example.org", "https://***@example.org");
    check_shown("http://a:b@c@example.org/", "http://***@example.org/");
    check_shown("ftp://me:secret@example.org/", "ftp://***@example.org/");
    check_shown("//me:secret@example.org/", "//***@example.org/");
    check_shown("http://me:secret@", "http://***@");
    check_shown("http://example.org/x@y", "http://example.org/x@y");
    check_shown("http://example.org?m=x@y", "http://example.org?m=x@y");
    check_shown("http://example.org#x@y", "http://example.org#x@y");
    check_shown("mailto:me@example.org", "mailto:me@example.org");
    check_shown("", "");
}
END_TEST

/* Whatever is sent as user information must not be shown. */
static const char *const odd_userinfo[] = {
    "http:/me:secret@example.org/",       "http:///me:secret@example.org/",
    "http://me:sec\\secret@example.org/", "http://me:secret%40@example.org/",
    "http://me:secret @example.org/",     "http://me:a'\";secret@[::1]:80/",
};

START_TEST(user_information_that_is_sent_is_never_shown)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    struct view line = view_of_string(odd_userinfo[_i]);
    enum url_result result = url_parse(line, &url, problem);
    char *shown = url_shown(line);
    ck_assert_msg(!strstr(shown, "secret"), "shown: %s", shown);
    free(shown);
    if (result != URL_OK)
        return;
    shown = url_shown(view_of_string(url.text));
    ck_assert_msg(!strstr(shown, "secret"), "shown: %s", shown);
    free(shown);
    url_release(&url);
}
END_TEST

/* A list holds such a line as an invalid entry, and it is shown. */
START_TEST(a_nul_byte_does_not_unmask_what_follows)
{
    static const char line[] = "http://me:sec\0ret@example.org/";
    char *shown = url_shown(view_of(line, sizeof(line) - 1));
    ck_assert_str_eq(shown, "http://***@example.org/");
    free(shown);
}
END_TEST

START_TEST(glued_urls_are_seen_where_the_second_begins)
{
    static const struct {
        const char *line;
        size_t at;
    } rows[] = {
        { "http://docs.python.org/http://wikipedia.org", 23 },
        { "https://a.orghttps://b.org", 13 },
        { "https://a.orgHTTP://b.org", 13 },
        { "http://a.org/http://b", 13 },
        { "http://ahttp://b", 8 },
        { "http://a.org/b/c", 0 },
        { "http://a.org/https:/b", 0 },
        { "http://http.org/", 0 },
        { "http://", 0 },
        { "", 0 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        ck_assert_msg(url_glued_at(view_of_string(rows[i].line)) == rows[i].at,
                      "%s: %zu", rows[i].line,
                      url_glued_at(view_of_string(rows[i].line)));
}
END_TEST

START_TEST(surt_keys_sort_by_domain)
{
    static const char *const rows[][2] = {
        { "http://example.org", "org,example)/" },
        { "https://www.Example.ORG/Path?Q", "org,example)/path?q" },
        { "https://docs.python.org:443/3/", "org,python,docs)/3/" },
        { "http://example.org:80/", "org,example)/" },
        { "http://example.org:443/", "org,example:443)/" },
        { "https://example.org:8443?q=1", "org,example:8443)/?q=1" },
        { "http://me:secret@example.org/", "org,example)/" },
        { "http://1.2.3.4:8080/x", "1.2.3.4:8080)/x" },
        { "http://[::1]:8080/x", "[::1]:8080)/x" },
        { "http://[::1]/x", "[::1])/x" },
        { "http://localhost/", "localhost)/" },
    };
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        buf_reset(&out);
        url_append_surt(view_of_string(rows[i][0]), &out);
        ck_assert_str_eq(buf_string(&out), rows[i][1]);
    }
    buf_release(&out);
}
END_TEST

/* RFC 3986, 5.4, as far as paths can be fetched; NULL: see `denied`. */
static const char *const references[][2] = {
    { "g", "http://a/b/c/g" },
    { "./g", "http://a/b/c/g" },
    { "g/", "http://a/b/c/g/" },
    { "/g", "http://a/g" },
    { "//g", "http://g/" },
    { "?y", "http://a/b/c/d;p?y" },
    { "g?y", "http://a/b/c/g?y" },
    { "g#s", "http://a/b/c/g" },
    { "#s", "http://a/b/c/d;p?q" },
    { "g;x?y#s", "http://a/b/c/g;x?y" },
    { ".", "http://a/b/c/" },
    { "./", "http://a/b/c/" },
    { "..", "http://a/b/" },
    { "../", "http://a/b/" },
    { "../g", "http://a/b/g" },
    { "../..", "http://a/" },
    { "../../g", "http://a/g" },
    { "../../../g", "http://a/g" },
    { "/./g", "http://a/g" },
    { "/../g", "http://a/g" },
    { "g?y/../x", "http://a/b/c/g?y/../x" },
    { " /blanks ", "http://a/blanks" },
    { "https://b.org:444/x", "https://b.org:444/x" },
};

START_TEST(references_resolve_as_in_rfc_3986)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url base, url;
    ck_assert_int_eq(
        url_parse(view_of_string("http://a/b/c/d;p?q"), &base, problem),
        URL_OK);
    enum url_result result =
        url_resolve(&base, view_of_string(references[_i][0]), &url, problem);
    ck_assert_msg(result == URL_OK, "%s: %s", references[_i][0], problem);
    ck_assert_str_eq(url.text, references[_i][1]);
    url_release(&url);
    url_release(&base);
}
END_TEST

START_TEST(references_out_of_http_are_denied)
{
    static const char *const denied[] = { "ftp://x/", "file:///etc/passwd",
                                          "gopher://x/" };
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url base, url;
    ck_assert_int_eq(url_parse(view_of_string("http://a/b"), &base, problem),
                     URL_OK);
    for (size_t i = 0; i < ARRAY_COUNT(denied); i++)
        ck_assert_int_eq(
            url_resolve(&base, view_of_string(denied[i]), &url, problem),
            URL_DENIED);
    ck_assert_int_eq(
        url_resolve(&base, view_of_string("http://[x/"), &url, problem),
        URL_INVALID);
    url_release(&base);
}
END_TEST

/* Credentials go to no other host. */
START_TEST(user_information_does_not_follow_to_another_host)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url base, url;
    ck_assert_int_eq(
        url_parse(view_of_string("http://me:secret@a/b"), &base, problem),
        URL_OK);
    static const char *const elsewhere[] = { "//b/x", "http://b/x" };
    for (size_t i = 0; i < ARRAY_COUNT(elsewhere); i++) {
        ck_assert_int_eq(
            url_resolve(&base, view_of_string(elsewhere[i]), &url, problem),
            URL_OK);
        ck_assert(!url.has_userinfo);
        ck_assert_str_eq(url.text, "http://b/x");
        url_release(&url);
    }
    url_release(&base);
}
END_TEST

START_TEST(login_goes_with_a_url_of_its_origin)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url from, to, copy;
    ck_assert(url_parse(view_of_string("http://me:a%40b@h.test:81/x"), &from,
                        problem) == URL_OK);
    ck_assert(url_parse(view_of_string("http://h.test:81/y?z=@"), &to,
                        problem) == URL_OK);
    ck_assert(url_copy(&to, &copy));
    ck_assert(url_same_origin(&from, &to));
    ck_assert(url_adopt_login(&to, &from));
    ck_assert_str_eq(to.text, "http://me:a%40b@h.test:81/y?z=@");
    ck_assert_uint_eq(to.text_size, strlen(to.text));
    ck_assert(to.has_userinfo);
    ck_assert(view_equal(to.host, copy.host));
    ck_assert(view_equal(to.origin, copy.origin));
    ck_assert(view_equal(to.target, copy.target));
    ck_assert_str_eq(copy.text, "http://h.test:81/y?z=@");
    url_release(&from);
    url_release(&to);
    url_release(&copy);
}
END_TEST

START_TEST(origin_is_scheme_host_and_port)
{
    static const struct {
        const char *a, *b;
        bool is_same;
    } pairs[] = {
        { "http://a.test/x", "http://A.test:80/y", true },
        { "http://a.test/", "https://a.test/", false },
        { "http://a.test:443/", "https://a.test/", false },
        { "http://a.test/", "http://a.test:81/", false },
        { "http://a.test/", "http://b.a.test/", false },
    };
    char problem[ERROR_MESSAGE_SIZE] = "";
    for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
        struct url a, b;
        ck_assert(url_parse(view_of_string(pairs[i].a), &a, problem) == URL_OK);
        ck_assert(url_parse(view_of_string(pairs[i].b), &b, problem) == URL_OK);
        ck_assert_int_eq(url_same_origin(&a, &b), pairs[i].is_same);
        url_release(&a);
        url_release(&b);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("url");
    TCase *tests = tcase_create("url");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, good_lines_become_host_port_target_and_origin, 0,
                        (int)ARRAY_COUNT(good_rows));
    tcase_add_loop_test(tests, bad_lines_are_invalid_or_denied_with_a_reason, 0,
                        (int)ARRAY_COUNT(bad_rows));
    tcase_add_test(tests, endless_lines_are_invalid);
    tcase_add_test(tests, user_information_is_kept_for_the_request_only);
    tcase_add_test(tests, shown_text_masks_user_information_and_nothing_else);
    tcase_add_loop_test(tests, user_information_that_is_sent_is_never_shown, 0,
                        (int)ARRAY_COUNT(odd_userinfo));
    tcase_add_test(tests, a_nul_byte_does_not_unmask_what_follows);
    tcase_add_test(tests, glued_urls_are_seen_where_the_second_begins);
    tcase_add_test(tests, surt_keys_sort_by_domain);
    tcase_add_loop_test(tests, references_resolve_as_in_rfc_3986, 0,
                        (int)ARRAY_COUNT(references));
    tcase_add_test(tests, references_out_of_http_are_denied);
    tcase_add_test(tests, user_information_does_not_follow_to_another_host);
    tcase_add_test(tests, login_goes_with_a_url_of_its_origin);
    tcase_add_test(tests, origin_is_scheme_host_and_port);
    return run_suite(suite);
}
