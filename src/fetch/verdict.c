#include "verdict.h"

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
                    "no connection within %.3g s (--connect-timeout)",
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

struct verdict verdict_of(const struct transfer *transfer, CURLcode code,
                          long os_errno)
{
    const char *words =
        transfer->problem[0] ? transfer->problem : curl_easy_strerror(code);
    if (transfer->stop != STOP_NONE)
        return verdict_of_stop(transfer);
    if (code == CURLE_OK)
        return verdict_of_answer(transfer);
    if (code == CURLE_COULDNT_RESOLVE_HOST ||
        code == CURLE_COULDNT_RESOLVE_PROXY)
        return make(OUTCOME_DNS_FAILED, PAGE_WHOLE, "%s", words);
    if (code == CURLE_COULDNT_CONNECT || transfer->refused)
        return verdict_of_connect(transfer, os_errno);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return make(OUTCOME_TIMED_OUT, PAGE_CUT_TIME, "%s", words);
    if (is_tls_code(code))
        return make(OUTCOME_TLS_FAILED, PAGE_WHOLE, "%s", words);
    if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
        code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING)
        return verdict_of_break(transfer, code);
    return make(OUTCOME_BAD_RESPONSE, PAGE_CUT_UNSPECIFIED, "%s", words);
}
