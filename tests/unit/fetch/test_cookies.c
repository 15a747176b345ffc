/*
 * Which cookies a response may set, and which requests they go with.
 */
#include "../../../src/fetch/cookies.h"

#include "fetchgrep/base/buf.h"

#include "suite.h"

enum { FIELDS_MAX = 4, NOW_MS = 1000000 };

static struct url parse(const char *text)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    ck_assert_msg(url_parse(view_of_string(text), &url, problem) == URL_OK,
                  "%s: %s", text, problem);
    return url;
}

static struct cookie_jar *make_jar(size_t memory)
{
    struct error err;
    struct cookie_jar *jar = cookie_jar_new(memory, 1, &err);
    ck_assert_ptr_nonnull(jar);
    return jar;
}

static void set_at(struct cookie_jar *jar, const char *from, const char *field,
                   int64_t wall_ms)
{
    struct buf head;
    struct url url = parse(from);
    buf_init(&head, 1 << 20);
    buf_append_format(&head, "HTTP/1.1 200 OK\r\nset-cookie: %s\r\n\r\n",
                      field);
    cookie_jar_note(jar, &url, buf_view(&head), wall_ms);
    buf_release(&head);
    url_release(&url);
}

/* Free it. */
static char *sent_at(struct cookie_jar *jar, const char *to, int64_t wall_ms)
{
    struct url url = parse(to);
    char *header = NULL;
    ck_assert(cookie_jar_header(jar, &url, wall_ms, &header));
    url_release(&url);
    return header ? header : strdup("");
}

struct row {
    const char *from;
    const char *fields[FIELDS_MAX]; /* set one after the other */
    const char *to;
    const char *sent; /* "" for none */
};

static const struct row rows[] = {
    /* Hosts. */
    { "http://a.test/", { "k=v" }, "http://a.test/x", "k=v" },
    { "http://a.test/", { "k=v" }, "http://b.a.test/", "" },
    { "http://a.test/", { "k=v" }, "http://ba.test/", "" },
    { "http://b.example.org/",
      { "k=v; Domain=example.org" },
      "http://example.org/",
      "k=v" },
    { "http://b.example.org/",
      { "k=v; domain=.EXAMPLE.org" },
      "http://c.example.org/",
      "k=v" },
    { "http://example.org/",
      { "k=v; Domain=example.org" },
      "http://badexample.org/",
      "" },
    { "http://a.example.org/",
      { "k=v; Domain=b.example.org" },
      "http://b.example.org/",
      "" },
    /* A public suffix is nobody's domain. */
    { "http://example.org/", { "k=v; Domain=org" }, "http://x.org/", "" },
    { "http://example.org/", { "k=v; Domain=org" }, "http://example.org/", "" },
    { "http://a.co.uk/", { "k=v; Domain=co.uk" }, "http://b.co.uk/", "" },
    { "http://x.github.io/",
      { "k=v; Domain=github.io" },
      "http://y.github.io/",
      "" },
    { "http://github.io/",
      { "k=v; Domain=github.io" },
      "http://github.io/",
      "k=v" },
    { "http://github.io/",
      { "k=v; Domain=github.io" },
      "http://y.github.io/",
      "" },
    /* Addresses. */
    { "http://127.0.0.1/", { "k=v" }, "http://127.0.0.1/", "k=v" },
    { "http://127.0.0.1/", { "k=v; Domain=0.0.1" }, "http://127.0.0.1/", "" },
    { "http://127.0.0.1/",
      { "k=v; Domain=127.0.0.1" },
      "http://127.0.0.1/",
      "k=v" },
    { "http://[::1]/", { "k=v" }, "http://[::1]/", "k=v" },
    { "http://[::1]/", { "k=v" }, "http://[::2]/", "" },
    /* Schemes and ports. */
    { "http://a.test/", { "k=v" }, "https://a.test/", "k=v" },
    { "https://a.test/", { "k=v" }, "http://a.test/", "k=v" },
    { "https://a.test/", { "k=v; Secure" }, "https://a.test/", "k=v" },
    { "https://a.test/", { "k=v; secure" }, "http://a.test/", "" },
    { "http://a.test/", { "k=v; Secure" }, "https://a.test/", "" },
    { "http://a.test:8080/", { "k=v" }, "http://a.test/", "" },
    { "http://a.test/", { "k=v" }, "http://a.test:8080/", "" },
    { "http://a.test:8080/", { "k=v" }, "http://a.test:8080/", "k=v" },
    /* Paths. */
    { "http://a.test/d/page?q=/", { "k=v" }, "http://a.test/d/other", "k=v" },
    { "http://a.test/d/page", { "k=v" }, "http://a.test/d", "k=v" },
    { "http://a.test/d/page", { "k=v" }, "http://a.test/", "" },
    { "http://a.test/d/page", { "k=v" }, "http://a.test/dd/", "" },
    { "http://a.test/d/e", { "k=v; Path=/" }, "http://a.test", "k=v" },
    { "http://a.test/d/e", { "k=v; Path=x" }, "http://a.test/d/", "k=v" },
    { "http://a.test/", { "k=v; Path=/d/" }, "http://a.test/d", "" },
    { "http://a.test/", { "k=v; Path=/d" }, "http://a.test/d?x", "k=v" },
    /* Time. */
    { "http://a.test/", { "k=v; Max-Age=10" }, "http://a.test/", "k=v" },
    { "http://a.test/", { "k=v", "k=w; Max-Age=0" }, "http://a.test/", "" },
    { "http://a.test/", { "k=v", "k=w; Max-Age=-5" }, "http://a.test/", "" },
    { "http://a.test/", { "k=v; Max-Age=x" }, "http://a.test/", "k=v" },
    { "http://a.test/",
      { "k=v; Max-Age=99999999999999999999" },
      "http://a.test/",
      "k=v" },
    { "http://a.test/",
      { "k=v; Expires=Wed, 09 Jun 2100 10:18:14 GMT" },
      "http://a.test/",
      "k=v" },
    { "http://a.test/",
      { "k=v", "k=; expires=Thu, 01-Jan-1970 00:00:01 GMT" },
      "http://a.test/",
      "" },
    { "http://a.test/",
      { "k=v; Max-Age=9; Expires=Thu, 01-Jan-1970 00:00:01 GMT" },
      "http://a.test/",
      "k=v" },
    { "http://a.test/", { "k=v; Expires=soon" }, "http://a.test/", "k=v" },
    /* Names and values. */
    { "http://a.test/", { "k=v", "k=w" }, "http://a.test/", "k=w" },
    { "http://a.test/", { "k=v", "j=w" }, "http://a.test/", "k=v; j=w" },
    { "http://a.test/d/",
      { "k=v; Path=/", "k=w; Path=/d" },
      "http://a.test/d/",
      "k=w; k=v" },
    { "http://a.test/",
      { " k = \"a b\" ; x=y" },
      "http://a.test/",
      "k=\"a b\"" },
    { "http://a.test/", { "alone" }, "http://a.test/", "alone" },
    { "http://a.test/", { "k=a=b" }, "http://a.test/", "k=a=b" },
    { "http://a.test/", { "=; Path=/" }, "http://a.test/", "" },
    { "http://a.test/",
      { "k=a\x01"
        "b" },
      "http://a.test/",
      "" },
    { "http://a.test/", { "__Secure-k=v" }, "http://a.test/", "" },
    { "https://a.test/", { "__Secure-k=v" }, "https://a.test/", "" },
    { "https://a.test/",
      { "__Secure-k=v; Secure" },
      "https://a.test/",
      "__Secure-k=v" },
    { "https://a.test/", { "__Host-k=v; Secure" }, "https://a.test/", "" },
    { "https://a.test/x",
      { "__Host-k=v; Secure; Path=/" },
      "https://a.test/",
      "__Host-k=v" },
    { "https://b.example.org/",
      { "__Host-k=v; Secure; Path=/; Domain=example.org" },
      "https://b.example.org/",
      "" },
};

START_TEST(cookie_goes_where_it_may)
{
    const struct row *row = &rows[_i];
    struct cookie_jar *jar = make_jar(COOKIES_MEMORY);
    for (size_t i = 0; i < FIELDS_MAX && row->fields[i]; i++)
        set_at(jar, row->from, row->fields[i], NOW_MS);
    char *sent = sent_at(jar, row->to, NOW_MS);
    ck_assert_msg(!strcmp(sent, row->sent), "%s sets %s: %s gets \"%s\"",
                  row->from, row->fields[0], row->to, sent);
    free(sent);
    cookie_jar_free(jar);
}
END_TEST

START_TEST(cookie_expires)
{
    struct cookie_jar *jar = make_jar(COOKIES_MEMORY);
    set_at(jar, "http://a.test/", "k=v; Max-Age=10", NOW_MS);
    set_at(jar, "http://a.test/", "long=v; Max-Age=99999999999", NOW_MS);
    char *before = sent_at(jar, "http://a.test/", NOW_MS + 9999);
    char *after = sent_at(jar, "http://a.test/", NOW_MS + 10000);
    char *late = sent_at(jar, "http://a.test/",
                         NOW_MS + INT64_C(401) * 24 * 60 * 60 * 1000);
    ck_assert_str_eq(before, "k=v; long=v");
    ck_assert_str_eq(after, "long=v");
    ck_assert_str_eq(late, "");
    free(before);
    free(after);
    free(late);
    cookie_jar_free(jar);
}
END_TEST

START_TEST(plain_connection_cannot_replace_a_secure_cookie)
{
    struct cookie_jar *jar = make_jar(COOKIES_MEMORY);
    set_at(jar, "https://www.example.org/", "k=v; Secure; Domain=example.org",
           NOW_MS);
    set_at(jar, "http://www.example.org/", "k=forged", NOW_MS);
    set_at(jar, "http://www.example.org/", "k=; Max-Age=0; Domain=example.org",
           NOW_MS);
    char *sent = sent_at(jar, "https://www.example.org/", NOW_MS);
    ck_assert_str_eq(sent, "k=v");
    free(sent);
    cookie_jar_free(jar);
}
END_TEST

START_TEST(site_has_so_many_cookies_and_no_more)
{
    struct cookie_jar *jar = make_jar(COOKIES_MEMORY);
    char field[64];
    for (int i = 0; i < 3 * COOKIES_A_SITE; i++) {
        snprintf(field, sizeof(field), "k%d=v", i);
        set_at(jar, "http://a.test/", field, NOW_MS);
    }
    char *sent = sent_at(jar, "http://a.test/", NOW_MS);
    size_t count = 1;
    for (const char *at = sent; (at = strchr(at, ';')); at++)
        count++;
    ck_assert_uint_eq(count, COOKIES_A_SITE);
    ck_assert_int_eq(strncmp(sent, "k128=v; ", 8), 0);
    free(sent);
    cookie_jar_free(jar);
}
END_TEST

START_TEST(header_has_its_longest)
{
    struct cookie_jar *jar = make_jar(COOKIES_MEMORY);
    char field[4200];
    for (int i = 0; i < 5; i++) {
        snprintf(field, sizeof(field), "k%d=%03500d", i, i);
        set_at(jar, "http://a.test/", field, NOW_MS);
    }
    snprintf(field, sizeof(field), "huge=%04100d", 0);
    set_at(jar, "http://a.test/", field, NOW_MS);
    char *sent = sent_at(jar, "http://a.test/", NOW_MS);
    ck_assert_uint_le(strlen(sent), COOKIES_HEADER_MAX);
    ck_assert_ptr_nonnull(strstr(sent, "k1="));
    ck_assert_ptr_null(strstr(sent, "k2="));
    ck_assert_ptr_null(strstr(sent, "huge="));
    free(sent);
    cookie_jar_free(jar);
}
END_TEST

/* A hundred thousand hosts in a megabyte: the latest are remembered. */
START_TEST(memory_is_bounded_whatever_hosts_there_are)
{
    enum { HOSTS = 100000, MEMORY = 1 << 20 };
    struct cookie_jar *jar = make_jar(MEMORY);
    char from[64];
    set_at(jar, "http://kept.test/", "k=v", NOW_MS);
    for (int i = 0; i < HOSTS; i++) {
        snprintf(from, sizeof(from), "http://host-%d.test/", i);
        set_at(jar, from, "session=0123456789abcdef", NOW_MS);
        if (i % 1000)
            continue;
        /* What is asked for again and again stays. */
        char *sent = sent_at(jar, "http://kept.test/", NOW_MS);
        ck_assert_str_eq(sent, "k=v");
        ck_assert_uint_le(cookie_jar_size(jar), MEMORY);
        free(sent);
    }
    char *first = sent_at(jar, "http://host-0.test/", NOW_MS);
    char *last = sent_at(jar, from, NOW_MS);
    ck_assert_str_eq(first, "");
    ck_assert_str_eq(last, "session=0123456789abcdef");
    free(first);
    free(last);
    cookie_jar_free(jar);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cookies");
    TCase *tcase = tcase_create("cookies");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, cookie_goes_where_it_may, 0,
                        (int)ARRAY_COUNT(rows));
    tcase_add_test(tcase, cookie_expires);
    tcase_add_test(tcase, plain_connection_cannot_replace_a_secure_cookie);
    tcase_add_test(tcase, site_has_so_many_cookies_and_no_more);
    tcase_add_test(tcase, header_has_its_longest);
    tcase_add_test(tcase, memory_is_bounded_whatever_hosts_there_are);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
