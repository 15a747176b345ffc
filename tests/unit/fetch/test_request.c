/*
 * The request head that is kept is the one that libcurl sends, byte for byte,
 * but for the secrets in it. libcurl is asked: it sends to a server here, on
 * loopback, whatever the URL's host.
 */
#include "../../../src/fetch/request.h"

#include "fetchgrep/base/buf.h"

#include <arpa/inet.h>
#include <check.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADERS_MAX = 4 };

struct request_row {
    const char *url;
    const char *headers[HEADERS_MAX];          /* for all */
    struct fetch_host_header own[HEADERS_MAX]; /* for one host */
    const char *user_agent;                    /* NULL: "ua/1" */
    const char *cookie;                        /* of --cookies, or NULL */
    const char *etag, *last_modified;          /* NULL: none */
};

/* What the conditions of a request come from, or NULL. Free it. */
static struct known_answer *known_of(const struct request_row *row)
{
    const struct view fields[KNOWN_FIELD_COUNT] = {
        [KNOWN_ETAG] = view_of_string(row->etag),
        [KNOWN_LAST_MODIFIED] = view_of_string(row->last_modified),
    };
    return row->etag || row->last_modified ? known_answer_new(fields) : NULL;
}

static struct fetch_options options_of(const struct request_row *row)
{
    struct fetch_options options = {
        .headers = row->headers,
        .host_headers = row->own,
        .user_agent = row->user_agent ? row->user_agent : "ua/1",
    };
    while (options.header_count < HEADERS_MAX &&
           row->headers[options.header_count])
        options.header_count++;
    while (options.host_header_count < HEADERS_MAX &&
           row->own[options.host_header_count].host)
        options.host_header_count++;
    return options;
}

static struct url parse(const char *text)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    ck_assert_msg(url_parse(view_of_string(text), &url, problem) == URL_OK,
                  "%s: %s", text, problem);
    return url;
}

/* ---- what libcurl sends ----------------------------------------------- */

struct server {
    int fd;
    uint16_t port;
    struct buf head; /* the request, up to its empty line */
    pthread_t thread;
};

static void *serve_one(void *ctx)
{
    struct server *server = ctx;
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                 "Connection: close\r\n\r\n";
    int fd = accept(server->fd, NULL, NULL);
    char c;
    while (fd >= 0 && read(fd, &c, 1) == 1) {
        buf_append_char(&server->head, c);
        if (view_ends_with(buf_view(&server->head), "\r\n\r\n")) {
            if (write(fd, answer, sizeof(answer) - 1) < 0)
                buf_reset(&server->head);
            break;
        }
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void start_server(struct server *server)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
    } address = { .v4 = { .sin_family = AF_INET } };
    socklen_t size = sizeof(address);
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(server->fd, 0);
    ck_assert_int_eq(bind(server->fd, &address.any, size), 0);
    ck_assert_int_eq(listen(server->fd, 1), 0);
    ck_assert_int_eq(getsockname(server->fd, &address.any, &size), 0);
    server->port = ntohs(address.v4.sin_port);
    buf_init(&server->head, 1 << 20);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, serve_one, server),
                     0);
}

/* The options of a transfer that shape its request (src/fetch/transfer.c). */
static CURLcode perform(const struct fetch_options *options,
                        const struct url *url, const char *cookie,
                        struct curl_slist *headers, uint16_t port)
{
    char to[64];
    snprintf(to, sizeof(to), "::127.0.0.1:%u", port);
    struct curl_slist *connect_to = curl_slist_append(NULL, to);
    CURL *easy = curl_easy_init();
    ck_assert(connect_to && easy);
    curl_easy_setopt(easy, CURLOPT_URL, url->text);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
    curl_easy_setopt(easy, CURLOPT_COOKIE, cookie);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    curl_slist_free_all(connect_to);
    return code;
}

static struct buf sent_by_libcurl(const struct request_row *row)
{
    const struct fetch_options options = options_of(row);
    struct url url = parse(row->url);
    struct curl_slist *headers = NULL;
    struct error err = { 0 };
    struct server server = { 0 };
    struct known_answer *known = known_of(row);
    bool is_own = known || request_has_host_headers(&options, &url);
    ck_assert_msg(
        is_own ? request_headers_for(&options, &url, known, &headers, &err)
               : request_headers(&options, &headers, &err),
        "%s", err.message);
    known_answer_free(known);
    start_server(&server);
    CURLcode code = perform(&options, &url, row->cookie, headers, server.port);
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    ck_assert_msg(code == CURLE_OK, "%s", curl_easy_strerror(code));
    curl_slist_free_all(headers);
    url_release(&url);
    return server.head;
}

static bool is_secret(const struct request_row *row, struct view line)
{
    if (view_starts_with_nocase(line, "Authorization:"))
        return true;
    for (size_t i = 0; i < HEADERS_MAX && row->own[i].host; i++)
        if (view_equal_string(line, row->own[i].header))
            return true;
    return false;
}

/* Masks the secrets of what was sent. */
static struct buf mask(const struct request_row *row, struct view head)
{
    struct buf masked;
    buf_init(&masked, 1 << 20);
    while (head.size) {
        struct view line = view_split(&head, '\n');
        if (line.size && line.data[line.size - 1] == '\r')
            line.size--;
        if (is_secret(row, line)) {
            buf_append_view(&masked, view_split(&line, ':'));
            buf_append_string(&masked, ": ***");
        } else {
            buf_append_view(&masked, line);
        }
        buf_append_string(&masked, "\r\n");
    }
    return masked;
}

static const struct request_row rows[] = {
    { .url = "http://example.org" },
    { .url = "http://example.org/a%20b/c;d?e=f&g" },
    { .url = "http://example.org?q" },
    { .url = "http://example.org:8080/x" },
    { .url = "http://example.org:80/x" },
    { .url = "http://EXAMPLE.org/" },
    { .url = "http://example.org./" },
    { .url = "http://[::1]:8080/x" },
    { .url = "http://127.1/x" },
    { .url = "http://me:secret@example.org/x" },
    { .url = "http://me@example.org/x" },
    { .url = "http://a/", .headers = { "X-One: 1", "X-Two:2", "X-One: 3" } },
    { .url = "http://a/", .headers = { "User-Agent: other" } },
    { .url = "http://a/", .headers = { "user-agent: other" } },
    { .url = "http://a/", .headers = { "Accept: text/html" } },
    { .url = "http://a/", .headers = { "Accept-Encoding: identity" } },
    { .url = "http://a:81/", .headers = { "X-One: 1", "Host: b" } },
    { .url = "http://a/", .user_agent = "" },
    /* libcurl's own forms: none at all, and one without a value. */
    { .url = "http://a/", .headers = { "X-One: 1", "Accept:" } },
    { .url = "http://a/", .headers = { "User-Agent:", "X-One: 1" } },
    { .url = "http://a/", .headers = { "Accept-Encoding:" } },
    { .url = "http://a/", .etag = "\"v;1\"" },
    { .url = "http://a/",
      .headers = { "X-One: 1" },
      .own = { { "a", "X-Key: 1" } },
      .etag = "W/\"x\"",
      .last_modified = "Mon, 23 Nov 2026 07:30:14 GMT" },
    { .url = "http://a/", .last_modified = "Mon, 23 Nov 2026 07:30:14 GMT" },
    { .url = "http://a/", .headers = { "X-Nothing:   ", "X-One: 1" } },
    { .url = "http://a/", .headers = { "X-Empty;", "X-One: 1" } },
    { .url = "http://a/",
      .headers = { "X-One: 1" },
      .own = { { "a", "X-Secret: s" }, { "b", "X-Secret: t" } } },
    { .url = "http://a:81/",
      .own = { { "A", "X-Secret-1: s" },
               { "a:81", "X-Secret-2: s" },
               { "a:82", "X-Secret-3: s" } } },
    { .url = "http://a/", .own = { { "b", "Accept-Encoding: gzip" } } },
    { .url = "http://a/", .own = { { "a", "Accept-Encoding: gzip" } } },
    { .url = "http://a/", .own = { { "a", "Authorization: Bearer s" } } },
    { .url = "http://a/", .cookie = "k=v; j=\"w\"" },
    { .url = "http://me:secret@a/",
      .headers = { "X-One: 1", "Accept: text/html" },
      .cookie = "k=v" },
    { .url = "http://a/",
      .own = { { "a", "Cookie: mine=1" } },
      .cookie = "k=v" },
    { .url = "http://me:secret@a/",
      .own = { { "a", "Authorization: Bearer s" } } },
};

START_TEST(the_kept_head_is_what_libcurl_sends)
{
    const struct request_row *row = &rows[_i];
    const struct fetch_options options = options_of(row);
    struct url url = parse(row->url);
    struct buf sent = sent_by_libcurl(row), kept;
    struct buf masked = mask(row, buf_view(&sent));
    struct known_answer *known = known_of(row);
    buf_init(&kept, 1 << 20);
    fetch_request_head(&options, &url, row->cookie, known, &kept);
    known_answer_free(known);
    ck_assert_str_eq(buf_string(&kept), buf_string(&masked));
    buf_release(&kept);
    buf_release(&masked);
    buf_release(&sent);
    url_release(&url);
}
END_TEST

/* ---- without a server ------------------------------------------------- */

START_TEST(a_plain_head_is_as_expected)
{
    const struct request_row row = { .url = "https://example.org:8443/x?y" };
    const struct fetch_options options = options_of(&row);
    struct url url = parse(row.url);
    struct buf head;
    buf_init(&head, 1 << 16);
    fetch_request_head(&options, &url, NULL, NULL, &head);
    ck_assert_str_eq(buf_string(&head), "GET /x?y HTTP/1.1\r\n"
                                        "Host: example.org:8443\r\n"
                                        "User-Agent: ua/1\r\n"
                                        "Accept: */*\r\n"
                                        "Accept-Encoding: gzip, br, zstd\r\n"
                                        "\r\n");
    buf_release(&head);
    url_release(&url);
}
END_TEST

START_TEST(no_secret_stands_in_a_kept_head)
{
    const struct request_row row = {
        .url = "http://me:topsecret@example.org/",
        .own = { { "example.org", "X-Key: topsecret" },
                 { "example.org:80", "Cookie:topsecret" },
                 { "example.org", "X-Odd; topsecret" },
                 { "elsewhere.org", "X-Else: topsecret" } },
    };
    const struct fetch_options options = options_of(&row);
    struct url url = parse(row.url);
    struct buf head;
    buf_init(&head, 1 << 16);
    fetch_request_head(&options, &url, NULL, NULL, &head);
    const char *text = buf_string(&head);
    ck_assert_msg(!strstr(text, "secret"), "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\r\nX-Key: ***\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nCookie: ***\r\n"));
    ck_assert_ptr_null(strstr(text, "X-Else"));
    buf_release(&head);
    url_release(&url);
}
END_TEST

struct host_row {
    const char *url, *host;
    bool is_meant;
};

static const struct host_row hosts[] = {
    { "http://example.org/", "example.org", true },
    { "http://EXAMPLE.org/", "example.ORG", true },
    { "https://example.org/", "example.org", true },
    { "http://example.org:81/", "example.org", true },
    { "http://example.org:81/", "example.org:81", true },
    { "http://example.org/", "example.org:80", true },
    { "https://example.org/", "example.org:443", true },
    { "https://example.org/", "example.org:80", false },
    { "http://example.org:81/", "example.org:80", false },
    { "http://www.example.org/", "example.org", false },
    { "http://example.org/", "www.example.org", false },
    { "http://example.org.evil.net/", "example.org", false },
    { "http://notexample.org/", "example.org", false },
    { "http://example.org@evil.net/", "example.org", false },
    { "http://evil.net/example.org", "example.org", false },
    { "http://[::1]:81/", "[::1]:81", true },
    { "http://[::1]:81/", "[::1]", true },
    { "http://example.org/", "", false },
    /* An origin. */
    { "https://example.org/", "https://example.org", true },
    { "https://example.org/", "HTTPS://EXAMPLE.org", true },
    { "https://example.org:8443/", "https://example.org:8443", true },
    { "http://example.org/", "http://example.org:80", true },
    { "http://example.org/", "https://example.org", false },
    { "http://example.org:443/", "https://example.org", false },
    { "https://example.org/", "http://example.org", false },
    { "https://example.org:8443/", "https://example.org", false },
    { "https://www.example.org/", "https://example.org", false },
};

START_TEST(a_host_header_goes_to_its_host_alone)
{
    const struct host_row *row = &hosts[_i];
    const struct fetch_host_header own = { row->host, "X-Key: 1" };
    const struct fetch_options options = { .host_headers = &own,
                                           .host_header_count = 1,
                                           .user_agent = "ua/1" };
    struct url url = parse(row->url);
    struct curl_slist *list = NULL, *last;
    struct error err;
    ck_assert_int_eq(request_has_host_headers(&options, &url), row->is_meant);
    ck_assert(request_headers_for(&options, &url, NULL, &list, &err));
    for (last = list; last->next;)
        last = last->next;
    ck_assert_int_eq(!strcmp(last->data, "X-Key: 1"), row->is_meant);
    curl_slist_free_all(list);
    ck_assert(request_headers(&options, &list, &err));
    for (const struct curl_slist *item = list; item; item = item->next)
        ck_assert_str_ne(item->data, "X-Key: 1");
    curl_slist_free_all(list);
    url_release(&url);
}
END_TEST

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    Suite *suite = suite_create("request");
    TCase *tests = tcase_create("request");
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, the_kept_head_is_what_libcurl_sends, 0,
                        (int)ARRAY_COUNT(rows));
    tcase_add_test(tests, a_plain_head_is_as_expected);
    tcase_add_test(tests, no_secret_stands_in_a_kept_head);
    tcase_add_loop_test(tests, a_host_header_goes_to_its_host_alone, 0,
                        (int)ARRAY_COUNT(hosts));
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    curl_global_cleanup();
    return failed ? 1 : 0;
}
