#include "verdict.h"

#include "protocol.h"

#include "fetchgrep/model/http_head.h"

#include <errno.h>
#include <stdarg.h>

static struct verdict make(enum outcome outcome, enum page_cut cut,
                           const char *format, ...) PRINTF_LIKE(3, 4);

static struct verdict make(enum outcome outcome, enum page_cut cut,
                           const char *format, ...)
{
    struct verdict verdict = { .outcome = outcome, .cut = cut };
    va_list args;
    va_start(args, format);
    vsnprintf(verdict.detail, sizeof(verdict.detail), format, args);
    va_end(args);
    return verdict;
}

static struct verdict verdict_of_mime(const struct transfer *transfer)
{
    const struct page *page = transfer->page;
    struct http_head head;
    struct view mime = { 0 };
    if (http_head_parse(view_of(page->bytes.data, page->head_size), &head))
        mime = view_first(http_media_type(head.content_type), 100);
    return mime.size ? make(OUTCOME_SKIPPED, PAGE_CUT_UNSPECIFIED,
                            "its type is %.*s (--mime)", VIEW_ARG(mime))
                     : make(OUTCOME_SKIPPED, PAGE_CUT_UNSPECIFIED,
                            "it has no Content-Type (--mime)");
}

/* The transfer was ended by one of our own limits. */
static struct verdict verdict_of_stop(const struct transfer *transfer)
{
    const struct fetch_options *options = transfer->loop->fetcher->options;
    switch (transfer->stop) {
    case STOP_NO_ADDRESS:
        return make(OUTCOME_DNS_FAILED, PAGE_WHOLE,
                    "the connection ended before the request, and its address "
                    "was known no more");
    case STOP_CONNECT_TIMEOUT:
        return make(OUTCOME_TIMED_OUT, PAGE_CUT_TIME,
                    "no connection%s within %.3g s (--connect-timeout)",
                    options->proxy ? " through the proxy" : "",
                    (double)options->connect_timeout_ms / 1000);
    case STOP_TIMEOUT:
        return make(OUTCOME_TIMED_OUT, PAGE_CUT_TIME,
                    "not finished within %.3g s (--timeout)",
                    (double)options->timeout_ms / 1000);
    case STOP_STALL:
        return make(OUTCOME_STALLED, PAGE_CUT_TIME,
                    "no byte for %.3g s (--stall-timeout)",
                    (double)options->stall_timeout_ms / 1000);
    case STOP_BODY_TOO_LARGE:
        return make(OUTCOME_TOO_LARGE, PAGE_CUT_LENGTH,
                    "longer than %zu bytes (--max-body); cut there",
                    options->max_body);
    case STOP_HEAD_TOO_LARGE:
        return make(OUTCOME_BAD_RESPONSE, PAGE_CUT_UNSPECIFIED,
                    "response head longer than %d bytes", FETCH_HEAD_MAX);
    case STOP_MIME:
        return verdict_of_mime(transfer);
    case STOP_NONE:
    case STOP_NO_ROOM:
    default:
        return make(OUTCOME_BAD_RESPONSE, PAGE_CUT_DISCONNECT, "ended by us");
    }
}

static struct verdict verdict_of_answer(const struct transfer *transfer)
{
    int status = transfer->page->status;
    const struct known_answer *known = transfer->page->known;
    if (status == 407)
        return make(OUTCOME_HTTP_ERROR, PAGE_WHOLE,
                    "HTTP status 407: the proxy asks for a user and password");
    if (status >= 400)
        return make(OUTCOME_HTTP_ERROR, PAGE_WHOLE, "HTTP status %d", status);
    if (status == 304 && known)
        return make(OUTCOME_NOT_MODIFIED, PAGE_WHOLE, "as it was at %s",
                    known_answer_field(known, KNOWN_DATE));
    return make(OUTCOME_OK, PAGE_WHOLE, "%s", "");
}

static struct verdict verdict_of_connect(const struct transfer *transfer,
                                         long os_errno)
{
    if (transfer->refused)
        return make(OUTCOME_DENIED, PAGE_WHOLE,
                    "%s is a %s (--allow-private allows it)",
                    transfer->refused_ip, transfer->refused);
    /* libcurl's own words tell how long it took: not the same each time. */
    return make(OUTCOME_CONNECT_FAILED, PAGE_WHOLE, "%s",
                os_errno ? strerror((int)os_errno)
                         : curl_easy_strerror(CURLE_COULDNT_CONNECT));
}

/* No way through the proxy. */
static struct verdict verdict_of_proxy(const struct transfer *transfer,
                                       CURLcode code, long os_errno)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (code == CURLE_COULDNT_RESOLVE_PROXY)
        return make(OUTCOME_DNS_FAILED, PAGE_WHOLE, "the proxy: %s",
                    transfer->problem);
    if (status)
        return make(OUTCOME_CONNECT_FAILED, PAGE_WHOLE,
                    "the proxy answered CONNECT with status %ld", status);
    return make(OUTCOME_CONNECT_FAILED, PAGE_WHOLE, "the proxy: %s",
                code == CURLE_COULDNT_CONNECT && os_errno
                    ? strerror((int)os_errno)
                : transfer->problem[0] ? transfer->problem
                                       : curl_easy_strerror(code));
}

/* Before the request could go out. */
static bool is_proxy_code(const struct transfer *transfer, CURLcode code)
{
    return transfer->loop->fetcher->options->proxy && !transfer->is_connected &&
           (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY ||
            code == CURLE_COULDNT_CONNECT || code == CURLE_RECV_ERROR ||
            code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING);
}

/* The connection broke. What came before decides. */
static struct verdict verdict_of_break(const struct transfer *transfer,
                                       CURLcode code)
{
    const char *words =
        transfer->problem[0] ? transfer->problem : curl_easy_strerror(code);
    if (transfer->is_head_done && transfer->content_length >= 0)
        return make(OUTCOME_TRUNCATED, PAGE_CUT_DISCONNECT,
                    "%zu of %lld bytes came: %s", transfer->page->body_size,
                    (long long)transfer->content_length, words);
    if (transfer->is_head_done)
        return make(OUTCOME_TRUNCATED, PAGE_CUT_DISCONNECT,
                    "cut short after %zu bytes: %s", transfer->page->body_size,
                    words);
    return make(OUTCOME_BAD_RESPONSE, PAGE_CUT_DISCONNECT, "no answer: %s",
                words);
}

static bool is_tls_code(CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR ||
           code == CURLE_PEER_FAILED_VERIFICATION ||
           code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER ||
           code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR ||
           code == CURLE_SSL_INVALIDCERTSTATUS ||
           code == CURLE_SSL_ENGINE_INITFAILED || code == CURLE_USE_SSL_FAILED;
}

static bool is_break_code(CURLcode code)
{
    return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
           code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING ||
           code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

/* Not a word from the network. A name that was not found tells nothing here:
 * libcurl does not say whether a name server said so. */
static bool nobody_answered(const struct transfer *transfer, CURLcode code,
                            long os_errno)
{
    bool is_late = transfer->stop == STOP_CONNECT_TIMEOUT ||
                   transfer->stop == STOP_TIMEOUT ||
                   code == CURLE_OPERATION_TIMEDOUT;
    if (transfer->stop != STOP_NONE || is_late)
        return is_late && !transfer->is_connected &&
               transfer->page->timing.connect_us == 0;
    if (code == CURLE_COULDNT_RESOLVE_PROXY)
        return true;
    return code == CURLE_COULDNT_CONNECT && !transfer->refused &&
           (os_errno == ENETUNREACH || os_errno == EHOSTUNREACH ||
            os_errno == ENETDOWN || os_errno == EHOSTDOWN ||
            os_errno == ETIMEDOUT || os_errno == EADDRNOTAVAIL);
}

static struct verdict judge(const struct transfer *transfer, CURLcode code,
                            long os_errno)
{
    const char *words =
        transfer->problem[0] ? transfer->problem : curl_easy_strerror(code);
    if (transfer->stop != STOP_NONE)
        return verdict_of_stop(transfer);
    if (code == CURLE_OK)
        return verdict_of_answer(transfer);
    if (is_proxy_code(transfer, code))
        return verdict_of_proxy(transfer, code, os_errno);
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return make(OUTCOME_DNS_FAILED, PAGE_WHOLE, "%s", words);
    if (code == CURLE_COULDNT_CONNECT || transfer->refused)
        return verdict_of_connect(transfer, os_errno);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return make(OUTCOME_TIMED_OUT, PAGE_CUT_TIME, "%s", words);
    if (is_tls_code(code))
        return make(OUTCOME_TLS_FAILED, PAGE_WHOLE, "%s", words);
    if (is_break_code(code))
        return verdict_of_break(transfer, code);
    return make(OUTCOME_BAD_RESPONSE, PAGE_CUT_UNSPECIFIED, "%s", words);
}

struct verdict verdict_of(const struct transfer *transfer, CURLcode code,
                          long os_errno)
{
    struct verdict verdict = judge(transfer, code, os_errno);
    bool is_late = transfer->stop == STOP_CONNECT_TIMEOUT;
    if (is_late ||
        (transfer->stop == STOP_NONE && is_proxy_code(transfer, code)))
        verdict.is_proxy_fault = protocol_blames_proxy(transfer, code);
    verdict.nobody_answered = nobody_answered(transfer, code, os_errno);
    return verdict;
}
