/*
 * The callbacks put head and body one behind the other into the page's extent.
 * The head tells the length in most cases, and then room for the whole page is
 * taken at once; otherwise the extent doubles as bytes come.
 */
#include "transfer.h"

#include "given.h"
#include "protocol.h"
#include "request.h"
#include "resolver.h"
#include "throttle.h"
#include "verdict.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/model/http_head.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes that libcurl reads at a time: large buffers mean few system calls,
 * but every open transfer has one, and no read may be long at --max-rate. */
static long read_buffer_size(const struct fetch_options *options)
{
    const long budget = 32L << 20, least = 16L << 10, most = 256L << 10;
    long size = budget / (long)options->concurrency;
    size = size < least ? least : size > most ? most : size;
    uint64_t read = throttle_read_size(options);
    return read < (uint64_t)size ? (long)read : size;
}

static size_t used_bytes(const struct transfer *transfer)
{
    return transfer->page->head_size + transfer->page->body_size;
}

/* Drops the newest transfer younger than this one: its bytes are free at once;
 * the loop takes its handle out when libcurl is not running. */
static bool drop_younger(struct transfer *transfer)
{
    struct loop *loop = transfer->loop;
    struct transfer *victim = loop->newest;
    while (victim != transfer && victim->is_dropped)
        victim = victim->older;
    if (victim == transfer)
        return false;
    size_t need = victim->content_length >= 0
                      ? used_bytes(victim) + (size_t)victim->content_length
                      : victim->page->bytes.capacity;
    if (victim->entry->need_bytes < need)
        victim->entry->need_bytes = need;
    page_pool_put(loop->fetcher->pool, &victim->page->bytes);
    victim->stop = STOP_NO_ROOM;
    victim->is_dropped = true;
    victim->next = loop->dropped;
    loop->dropped = victim;
    return true;
}

/* Room for `size` bytes in all, by dropping younger transfers if need be. */
static bool make_room(struct transfer *transfer, size_t size)
{
    struct loop *loop = transfer->loop;
    struct page_pool *pool = loop->fetcher->pool;
    do {
        bool is_oldest = transfer == loop->oldest;
        if (page_pool_grow(pool, &transfer->page->bytes, used_bytes(transfer),
                           size, is_oldest))
            return true;
    } while (drop_younger(transfer));
    transfer->stop = STOP_NO_ROOM;
    if (transfer->entry->need_bytes < size)
        transfer->entry->need_bytes = size;
    return false;
}

static bool make_room_for(struct transfer *transfer, size_t more)
{
    size_t need = used_bytes(transfer) + more;
    size_t capacity = transfer->page->bytes.capacity;
    if (LIKELY(need <= capacity))
        return true;
    size_t limit = FETCH_HEAD_MAX + transfer->loop->fetcher->options->max_body;
    size_t doubled = capacity * 2 < limit ? capacity * 2 : limit;
    return make_room(transfer, need > doubled ? need : doubled);
}

static void append(struct transfer *transfer, const char *data, size_t size)
{
    memcpy(transfer->page->bytes.data + used_bytes(transfer), data, size);
    transfer->last_byte_ns = loop_clock_ns(transfer->loop);
    loop_note_bytes(transfer->loop, size);
}

static void note_sized(struct transfer *transfer)
{
    if (!transfer->is_sized) {
        transfer->is_sized = true;
        transfer->loop->unsized--;
    }
}

/* The empty line came: the head is whole, unless it was an interim one. */
static bool end_head(struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200)
        return true;
    transfer->is_head_done = true;
    transfer->page->status = (int)status;
    if (!protocol_wants_body(transfer)) {
        transfer->stop = STOP_MIME;
        return false;
    }
    size_t max_body = transfer->loop->fetcher->options->max_body;
    if (transfer->content_length < 0)
        return true;
    size_t length = (size_t)transfer->content_length < max_body
                        ? (size_t)transfer->content_length
                        : max_body;
    if (!make_room(transfer, used_bytes(transfer) + length))
        return false;
    note_sized(transfer);
    return true;
}

static void note_content_length(struct transfer *transfer, struct view line)
{
    static const char name[] = "content-length:";
    uint64_t length;
    if (line.size > sizeof(name) && (line.data[0] | 0x20) == 'c' &&
        view_starts_with_nocase(line, name) &&
        view_to_u64(view_trim(view_from(line, sizeof(name) - 1)), &length) &&
        length <= INT64_MAX)
        transfer->content_length = (int64_t)length;
}

static bool append_head(struct transfer *transfer, struct view bytes)
{
    struct page *page = transfer->page;
    if (page->head_size + bytes.size > FETCH_HEAD_MAX) {
        transfer->stop = STOP_HEAD_TOO_LARGE;
        return false;
    }
    if (!make_room_for(transfer, bytes.size))
        return false;
    append(transfer, bytes.data, bytes.size);
    page->head_size += bytes.size;
    return true;
}

/* "HTTP/2 200" is libcurl's invention, and breaks readers of archives: it is
 * kept as "HTTP/1.1 200", and `line` is what is left to append. */
static bool append_version(struct transfer *transfer, struct view *line)
{
    static const char ours[] = "HTTP/1.1", libcurls[] = "HTTP/2 ";
    if (!view_starts_with(*line, libcurls))
        return true;
    *line = view_from(*line, sizeof(libcurls) - 2);
    return append_head(transfer, view_of(ours, sizeof(ours) - 1));
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct page *page = transfer->page;
    size *= count;
    if (UNLIKELY(transfer->is_dropped))
        return 0;
    struct view line = view_of(data, size);
    if (view_starts_with(line, "HTTP/")) {
        /* A new status line: what came before was an interim head. */
        page->head_size = 0;
        transfer->content_length = -1;
        transfer->is_head_done = false;
        if (!append_version(transfer, &line))
            return 0;
    } else if (UNLIKELY(transfer->is_head_done)) {
        return size; /* a trailer of HTTP/2; those of chunks are in the body */
    }
    if (!append_head(transfer, line))
        return 0;
    note_content_length(transfer, line);
    bool is_end = view_trim(line).size == 0;
    return is_end && !end_head(transfer) ? 0 : size;
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct page *page = transfer->page;
    size_t max_body = transfer->loop->fetcher->options->max_body;
    size *= count;
    if (UNLIKELY(transfer->is_dropped))
        return 0;
    size_t fits = size;
    if (UNLIKELY(size > max_body - page->body_size)) {
        fits = max_body - page->body_size;
        transfer->stop = STOP_BODY_TOO_LARGE;
    }
    if (!make_room_for(transfer, fits))
        return 0;
    append(transfer, data, fits);
    page->body_size += fits;
    return fits == size ? size : 0;
}

/* Called before connect(2), for each address tried. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct transfer *transfer = ctx;
    const struct fetch_options *options = transfer->loop->fetcher->options;
    (void)purpose;
    /* The proxy is our own choice; what lies behind it is not seen here. */
    const char *refused =
        options->proxy
            ? NULL
            : address_rule_refuses(options->address_rule, &address->addr);
    if (refused) {
        transfer->refused = refused;
        char host[INET6_ADDRSTRLEN] = "?";
        const void *bytes =
            address->family == AF_INET6
                ? (const void *)&(
                      (const struct sockaddr_in6 *)(const void *)&address->addr)
                      ->sin6_addr
                : (const void *)&(
                      (const struct sockaddr_in *)(const void *)&address->addr)
                      ->sin_addr;
        inet_ntop(address->family, bytes, host, sizeof(host));
        snprintf(transfer->refused_ip, sizeof(transfer->refused_ip), "%s",
                 host);
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                    address->protocol);
    throttle_socket(options, fd);
    loop_note_opened(transfer->loop, fd);
    return fd;
}

/* The connection outlives the transfer, so this one gets the loop. */
static int on_close_socket(void *ctx, curl_socket_t fd)
{
    loop_note_closed(ctx, fd);
    return close(fd);
}

static int on_connected(void *ctx, char *remote_ip, char *local_ip,
                        int remote_port, int local_port)
{
    struct transfer *transfer = ctx;
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    transfer->is_connected = true;
    transfer->last_byte_ns = loop_clock_ns(transfer->loop);
    return CURL_PREREQFUNC_OK;
}

/* libcurl wants to resolve a name, which is not done here: it was given the
 * addresses. It can have lost them only when it connects once more after
 * another transfer to this host has ended. */
static int on_resolve(void *state, void *reserved, void *ctx)
{
    struct transfer *transfer = ctx;
    (void)state, (void)reserved;
    if (resolver_is_literal(&transfer->page->url))
        return 0;
    transfer->stop = STOP_NO_ADDRESS;
    return 1;
}

static CURLcode set_fixed_options(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    const struct fetcher *fetcher = transfer->loop->fetcher;
    const struct fetch_options *options = fetcher->options;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                     \
    if (!code)                                                                 \
    code = curl_easy_setopt(easy, option, value)
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, transfer->loop);
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, transfer);
    /* The proxy's own name is libcurl's business. */
    if (!options->proxy) {
        SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
        SET(CURLOPT_RESOLVER_START_DATA, transfer);
    }
    SET(CURLOPT_ERRORBUFFER, transfer->problem);
    SET(CURLOPT_BUFFERSIZE, read_buffer_size(options));
    SET(CURLOPT_HTTPHEADER, fetcher->headers);
    SET(CURLOPT_USERAGENT, options->user_agent);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROGRESS, 1L);
    /* Our own clocks end a transfer; libcurl's only must not do so before. */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(options->connect_timeout_ms + 60000));
    SET(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, throttle_eyeballs_ms(options));
    /* A resolver thread (for a proxy's name) that hangs must not hold the
     * loop. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#undef SET
    return code ? code : protocol_set_fixed(easy, options);
}

struct transfer *transfer_new(struct loop *loop, struct error *err)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    if (transfer) {
        transfer->loop = loop;
        transfer->easy = curl_easy_init();
    }
    CURLcode code = transfer && transfer->easy ? set_fixed_options(transfer)
                                               : CURLE_OUT_OF_MEMORY;
    if (!code)
        return transfer;
    transfer_free(transfer);
    error_set(err, ERR_SYSTEM, "cannot set up a transfer: %s",
              curl_easy_strerror(code));
    return NULL;
}

void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->host_headers);
    given_release(transfer);
    free(transfer);
}

struct transfer *transfer_of(CURL *easy)
{
    char *owner = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    return (struct transfer *)(void *)owner;
}

/* Headers that go to this host alone, or with this request. The list before is
 * freed only after libcurl has the new one. */
static CURLcode set_headers(struct transfer *transfer, const struct url *url,
                            const struct known_answer *known)
{
    const struct fetcher *fetcher = transfer->loop->fetcher;
    bool has_own = known || request_has_host_headers(fetcher->options, url);
    if (!has_own && !transfer->host_headers)
        return CURLE_OK;
    struct curl_slist *list = NULL;
    struct error err;
    if (has_own &&
        !request_headers_for(fetcher->options, url, known, &list, &err))
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
                                     list ? list : fetcher->headers);
    curl_slist_free_all(transfer->host_headers);
    transfer->host_headers = list;
    return code;
}

bool transfer_begin(struct transfer *transfer, struct entry *entry,
                    struct extent *bytes, struct error *err)
{
    const struct url *url = &entry->target;
    const struct known_answer *known =
        known_answer_is_to(entry->known, view_of(url->text, url->text_size))
            ? entry->known
            : NULL;
    CURLcode code = set_headers(transfer, url, known);
    if (!code)
        code = given_set(transfer, entry);
    if (!code)
        code =
            curl_easy_setopt(transfer->easy, CURLOPT_URL, entry->target.text);
    struct page *page = code ? NULL : page_new(&entry->target);
    if (!page)
        return error_no_memory(err, "a transfer");
    page->fetched_at_ms = clock_wall_ms();
    page->known = known;
    page->bytes = *bytes;
    *bytes = (struct extent){ 0 };
    transfer->entry = entry;
    transfer->page = page;
    transfer->last_byte_ns = loop_clock_ns(transfer->loop);
    transfer->name_ns = entry->name_ns;
    transfer->started_ns = transfer->last_byte_ns - entry->name_ns;
    transfer->stop = STOP_NONE;
    transfer->is_connected = transfer->is_head_done = false;
    transfer->is_sized = transfer->is_dropped = false;
    transfer->content_length = -1;
    transfer->refused = NULL;
    transfer->problem[0] = '\0';
    if (!protocol_set_request(transfer))
        return true;
    *bytes = page->bytes;
    page->bytes = (struct extent){ 0 };
    transfer_undo(transfer);
    return error_no_memory(err, "a transfer");
}

/* Libcurl's clock begins when the name is known. 0: it did not come to that. */
static int64_t info_us(const struct transfer *transfer, CURLINFO info)
{
    curl_off_t value = 0;
    curl_easy_getinfo(transfer->easy, info, &value);
    return value ? value + transfer->name_ns / 1000 : 0;
}

static void note_circumstances(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    struct page *page = transfer->page;
    const char *ip = NULL;
    long version = 0;
    page->timing = (struct page_timing){
        .dns_us = info_us(transfer, CURLINFO_NAMELOOKUP_TIME_T),
        .connect_us = info_us(transfer, CURLINFO_CONNECT_TIME_T),
        .tls_us = info_us(transfer, CURLINFO_APPCONNECT_TIME_T),
        .first_byte_us = info_us(transfer, CURLINFO_STARTTRANSFER_TIME_T),
        .total_us = info_us(transfer, CURLINFO_TOTAL_TIME_T),
    };
    /* Behind a proxy it is the proxy's. */
    if (!transfer->loop->fetcher->options->proxy &&
        !curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip) && ip)
        snprintf(page->ip, sizeof(page->ip), "%s", ip);
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (transfer->is_head_done)
        snprintf(page->http_version, sizeof(page->http_version), "%s",
                 version == CURL_HTTP_VERSION_1_0 ? "1.0"
                 : version == CURL_HTTP_VERSION_2 ? "2"
                                                  : "1.1");
}

void transfer_end(struct transfer *transfer, CURLcode code)
{
    struct entry *entry = transfer->entry;
    struct page *page = transfer->page;
    long os_errno = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_errno);
    note_circumstances(transfer);
    if (!transfer->is_head_done) {
        page->head_size = page->body_size = 0;
        page->status = 0;
    }
    struct verdict verdict = verdict_of(transfer, code, os_errno);
    page->cut = verdict.cut;
    page->is_proxy_fault = verdict.is_proxy_fault;
    protocol_note_answer(transfer);
    page_pool_trim(transfer->loop->fetcher->pool, &page->bytes,
                   used_bytes(transfer));
    page->previous_hop = entry->page;
    entry->page = page;
    if (verdict.outcome == OUTCOME_OK)
        entry_end(entry, OUTCOME_OK, NULL);
    else
        entry_end(entry, verdict.outcome, "%s", verdict.detail);
    entry->nobody_answered = verdict.nobody_answered;
    transfer->entry = NULL;
    transfer->page = NULL;
}

void transfer_undo(struct transfer *transfer)
{
    struct page *page = transfer->page;
    transfer->entry->target = page->url;
    page->url = (struct url){ 0 };
    page_free(page, transfer->loop->fetcher->pool);
    transfer->entry = NULL;
    transfer->page = NULL;
}

bool transfer_has_answered(const struct transfer *transfer)
{
    return transfer->is_head_done;
}

bool fetch_redirect_location(const struct page *page, struct view *ret_location)
{
    int status = page->status;
    struct http_head head;
    if ((status != 301 && status != 302 && status != 303 && status != 307 &&
         status != 308) ||
        !http_head_parse(view_of(page->bytes.data, page->head_size), &head) ||
        !head.location.size)
        return false;
    *ret_location = head.location;
    return true;
}

static bool is_number(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

int64_t fetch_retry_after_ms(const struct page *page, int64_t wall_ms)
{
    struct http_head head;
    struct view value;
    char date[64];
    uint64_t seconds;
    if (!http_head_parse(view_of(page->bytes.data, page->head_size), &head) ||
        !http_head_field(&head, "Retry-After", &value))
        return 0;
    if (is_number(value))
        return !view_to_u64(value, &seconds) || seconds > INT32_MAX
                   ? INT32_MAX * INT64_C(1000)
                   : (int64_t)seconds * 1000;
    snprintf(date, sizeof(date), "%.*s", VIEW_ARG(view_first(value, 60)));
    int64_t then = (int64_t)curl_getdate(date, NULL) * 1000;
    return then > wall_ms ? then - wall_ms : 0;
}
