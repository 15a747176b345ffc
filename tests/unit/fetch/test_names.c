/*
 * A fetcher against a server here, on loopback: names become addresses without
 * libcurl's help. Its resolver is the C library's getaddrinfo(3), for which
 * this program has one of its own, that counts.
 */
#include "../../../src/fetch/known_names.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/fetch/fetch.h"

#include "suite.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENTRIES_MAX = 200 };

static atomic_uint resolved_by_libcurl;

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **ret_found)
{
    (void)node, (void)service, (void)hints, (void)ret_found;
    atomic_fetch_add(&resolved_by_libcurl, 1);
    return EAI_NONAME;
}

/* ---- a server ---------------------------------------------------------- */

struct server {
    int fd;
    uint16_t port;
    atomic_bool is_ending;
    atomic_uint connections;
    pthread_t thread;
};

/* One page a connection, which is closed without having said so. */
static void *serve(void *ctx)
{
    static const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct server *server = ctx;
    while (!atomic_load(&server->is_ending)) {
        struct pollfd polled = { .fd = server->fd, .events = POLLIN };
        if (poll(&polled, 1, 20) != 1)
            continue;
        char request[4096];
        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        atomic_fetch_add(&server->connections, 1);
        if (fd >= 0 && recv(fd, request, sizeof(request), 0) > 0)
            send(fd, page, sizeof(page) - 1, MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static int bind_loopback(int type, uint16_t *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void server_start(struct server *server)
{
    *server = (struct server){ 0 };
    server->fd = bind_loopback(SOCK_STREAM, &server->port);
    ck_assert_int_eq(listen(server->fd, 256), 0);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    atomic_store(&server->is_ending, true);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

/* ---- a run ------------------------------------------------------------- */

struct run {
    struct page_pool *pool;
    struct address_rule rule;
    struct fetch_options options;
    struct known_names *known;
    pthread_mutex_t lock; /* guards what follows */
    struct entry *entries[ENTRIES_MAX];
    size_t count, taken, finished, put_back;
    struct fetcher *fetcher;
};

static struct server server;
static struct run run;

static void wake(void *ctx)
{
    (void)ctx;
    if (run.fetcher)
        fetch_wake(run.fetcher);
}

static enum fetch_take_result take(void *ctx, struct entry **ret_entry,
                                   int64_t *ret_due_ns)
{
    enum fetch_take_result result = FETCH_TAKE_WAIT;
    (void)ctx;
    pthread_mutex_lock(&run.lock);
    if (run.taken < run.count) {
        *ret_entry = run.entries[run.taken++];
        result = FETCH_TAKE_ENTRY;
    } else if (run.finished + run.put_back == run.count) {
        result = FETCH_TAKE_END;
    } else {
        *ret_due_ns = clock_now_ns() + 5 * CLOCK_NS_PER_MS;
    }
    pthread_mutex_unlock(&run.lock);
    return result;
}

static bool finish(void *ctx, struct entry *entry, bool has_answered)
{
    (void)ctx, (void)has_answered;
    ck_assert_ptr_null(entry->addresses);
    pthread_mutex_lock(&run.lock);
    run.finished++;
    pthread_mutex_unlock(&run.lock);
    return false;
}

static void deliver(void *ctx, struct entry **entries, size_t count)
{
    (void)ctx, (void)entries, (void)count;
}

static void put_back(void *ctx, struct entry *entry, bool has_answered,
                     int64_t hold_ns)
{
    (void)ctx, (void)has_answered, (void)hold_ns;
    ck_assert_ptr_null(entry->addresses);
    ck_assert_int_eq(entry->outcome, OUTCOME_OK);
    pthread_mutex_lock(&run.lock);
    run.put_back++;
    pthread_mutex_unlock(&run.lock);
}

static void on_fail(void *ctx, const struct error *err)
{
    (void)ctx;
    ck_abort_msg("%s", err->message);
}

static void set_up(void)
{
    struct error err;
    atomic_store(&resolved_by_libcurl, 0);
    server_start(&server);
    memset(&run, 0, sizeof(run));
    pthread_mutex_init(&run.lock, NULL);
    run.pool = page_pool_new(16 << 20, 1 << 20, wake, NULL, &err);
    run.known = known_names_new(&err);
    ck_assert(run.pool && run.known);
    run.rule.allows_all = true;
    run.options = (struct fetch_options){
        .concurrency = 32,
        .loop_count = 2,
        .connect_timeout_ms = 5000,
        .timeout_ms = 10000,
        .stall_timeout_ms = 10000,
        .max_body = 1 << 16,
        .user_agent = "test",
        .address_rule = &run.rule,
        .names = { .known = run.known },
    };
}

static void tear_down(void)
{
    for (size_t i = 0; i < run.count; i++)
        entry_free(run.entries[i], run.pool);
    known_names_free(run.known);
    page_pool_free(run.pool);
    pthread_mutex_destroy(&run.lock);
    server_stop(&server);
}

static void know(const char *host, const char *addresses)
{
    char line[256];
    struct error err;
    snprintf(line, sizeof(line), "%s:%u:%s", host, (unsigned)server.port,
             addresses);
    ck_assert_msg(known_names_add(run.known, line, &err), "%s", err.message);
}

static struct entry *add(const char *format, int number)
{
    char host[64], url[128], problem[ERROR_MESSAGE_SIZE];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(host, sizeof(host), format, number);
#pragma GCC diagnostic pop
    snprintf(url, sizeof(url), "http://%s:%u/", host, (unsigned)server.port);
    struct entry *entry = entry_new();
    ck_assert_ptr_nonnull(entry);
    ck_assert_int_eq(url_parse(view_of_string(url), &entry->target, problem),
                     URL_OK);
    ck_assert_uint_lt(run.count, ENTRIES_MAX);
    run.entries[run.count++] = entry;
    return entry;
}

static void start(void)
{
    static const struct fetch_hooks hooks = {
        .take = take,
        .finish = finish,
        .deliver = deliver,
        .put_back = put_back,
        .fail = on_fail,
    };
    struct error err;
    known_names_seal(run.known);
    run.fetcher = fetch_start(&run.options, &hooks, run.pool, &err);
    ck_assert_msg(run.fetcher != NULL, "%s", err.message);
}

static void finish_run(void)
{
    fetch_join(run.fetcher);
    fetch_free(run.fetcher);
    run.fetcher = NULL;
    ck_assert_uint_eq(run.finished + run.put_back, run.count);
    ck_assert_uint_eq(atomic_load(&resolved_by_libcurl), 0);
}

static void assert_outcome(const struct entry *entry, enum outcome outcome)
{
    ck_assert_msg(entry->outcome == outcome, "%s: %s (%s)",
                  entry->page ? entry->page->url.text : "?",
                  outcome_word(entry->outcome),
                  entry->detail ? entry->detail : "");
}

/* ---- cases ------------------------------------------------------------- */

/* Each connection ends after one answer, so that libcurl connects again where
 * it thought it could go on. */
START_TEST(libcurl_asks_for_no_name)
{
    know("*", "127.0.0.1");
    for (int i = 0; i < 150; i++)
        add("host-%d.example", i % 40);
    add("trailing-dot.example.", 0);
    start();
    finish_run();
    for (size_t i = 0; i < run.count; i++) {
        assert_outcome(run.entries[i], OUTCOME_OK);
        ck_assert_str_eq(run.entries[i]->page->ip, "127.0.0.1");
    }
}
END_TEST

START_TEST(names_that_nobody_knows_fail_here)
{
    run.options.names.servers = "127.0.0.1:1";
    run.options.connect_timeout_ms = 300;
    for (int i = 0; i < 20; i++)
        add("host-%d.example", i);
    start();
    finish_run();
    for (size_t i = 0; i < run.count; i++) {
        assert_outcome(run.entries[i], OUTCOME_DNS_FAILED);
        ck_assert(!run.entries[i]->page->is_name_missing);
    }
    ck_assert_uint_eq(atomic_load(&server.connections), 0);
}
END_TEST

START_TEST(no_connection_is_made_to_addresses_that_are_refused)
{
    run.rule.allows_all = false;
    know("*", "127.0.0.1,10.0.0.1,::1");
    add("host.example", 0);
    start();
    finish_run();
    assert_outcome(run.entries[0], OUTCOME_DENIED);
    ck_assert_ptr_nonnull(strstr(run.entries[0]->detail, "is a "));
    ck_assert_uint_eq(atomic_load(&server.connections), 0);
}
END_TEST

/* With --per-address libcurl gets one address, the one with a place. */
START_TEST(an_address_that_is_dead_gives_way_to_the_next)
{
    run.options.names.per_address = 1;
    run.options.concurrency = run.options.loop_count = 1;
    know("*", "127.0.0.77,127.0.0.1");
    add("host.example", 0);
    add("host.example", 0);
    add("host.example", 0);
    start();
    finish_run();
    assert_outcome(run.entries[0], OUTCOME_CONNECT_FAILED);
    assert_outcome(run.entries[1], OUTCOME_OK);
    assert_outcome(run.entries[2], OUTCOME_OK);
}
END_TEST

/* A name server that says nothing: what waits for it is put back. */
START_TEST(a_stop_puts_back_what_waits_for_its_name)
{
    uint16_t port;
    char servers[32];
    int silent = bind_loopback(SOCK_DGRAM, &port);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", (unsigned)port);
    run.options.names.servers = servers;
    for (int i = 0; i < 150; i++)
        add("host-%d.example", i);
    start();
    struct pollfd polled = { .fd = silent, .events = POLLIN };
    ck_assert_int_eq(poll(&polled, 1, 5000), 1); /* it was asked */
    pthread_mutex_lock(&run.lock);
    run.count = run.taken; /* a stopped frontier gives nothing more */
    pthread_mutex_unlock(&run.lock);
    int64_t before = clock_now_ns();
    fetch_stop(run.fetcher, 0);
    finish_run();
    ck_assert_int_lt(clock_now_ns() - before, 2 * CLOCK_NS_PER_S);
    ck_assert_uint_eq(run.put_back, run.count);
    for (size_t i = run.count; i < 150; i++)
        entry_free(run.entries[i], run.pool);
    close(silent);
}
END_TEST

/* The name's time is told, and counts for the connection and the whole. */
START_TEST(names_that_wait_in_vain_end_with_the_connect_timeout)
{
    uint16_t port;
    char servers[32];
    int silent = bind_loopback(SOCK_DGRAM, &port);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", (unsigned)port);
    run.options.names.servers = servers;
    run.options.connect_timeout_ms = 150;
    struct entry *entry = add("host.example", 0);
    start();
    finish_run();
    assert_outcome(entry, OUTCOME_DNS_FAILED);
    ck_assert_int_ge(entry->page->timing.dns_us, 150000);
    ck_assert_int_eq(entry->page->timing.total_us, entry->page->timing.dns_us);
    ck_assert_int_eq(entry->page->timing.connect_us, 0);
    close(silent);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *tcase = tcase_create("names");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, libcurl_asks_for_no_name);
    tcase_add_test(tcase, names_that_nobody_knows_fail_here);
    tcase_add_test(tcase, no_connection_is_made_to_addresses_that_are_refused);
    tcase_add_test(tcase, an_address_that_is_dead_gives_way_to_the_next);
    tcase_add_test(tcase, a_stop_puts_back_what_waits_for_its_name);
    tcase_add_test(tcase, names_that_wait_in_vain_end_with_the_connect_timeout);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
