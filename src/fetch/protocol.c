/*
 * HTTP/2 is spoken over TLS alone, where ALPN settles it in the handshake that
 * is made anyway. Several streams then share a connection, and one transfer of
 * a host that is slow must not fill memory behind our back: whatever comes is
 * written into the page pool in the round in which it is read, nothing is ever
 * paused, and what libcurl may hold besides grows with the streams of a
 * connection, which are bounded here (docs/decisions/0014-protocol.md).
 *
 * CURLOPT_PIPEWAIT is not set: transfers that wait for another's handshake are
 * woken one at a time and not by what they wait for, so that one of them can
 * sleep until its time is up. The frontier asks a host for one page until it
 * has answered, and that keeps most of the handshakes away that it would save.
 */
#include "protocol.h"

#include "cookies.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/model/http_head.h"

enum { STREAMS_MAX = 32 }; /* of a connection; libcurl's own: 100 */

void protocol_set_multi(CURLM *multi, const struct fetch_options *options)
{
    curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                      options->has_http2 ? CURLPIPE_MULTIPLEX
                                         : CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                      (long)STREAMS_MAX);
}

#define SET(option, value)                                                     \
    if (!code)                                                                 \
    code = curl_easy_setopt(easy, option, value)

/* A CA folder would be read again for each handshake; one file is parsed once
 * a loop and shared (CURLOPT_CA_CACHE_TIMEOUT). */
static CURLcode set_tls(CURL *easy, const struct fetch_options *options)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_CAPATH, NULL);
    if (options->ca_file)
        SET(CURLOPT_CAINFO, options->ca_file);
    /* For as long as the run lasts; the default is a day. */
    SET(CURLOPT_CA_CACHE_TIMEOUT, -1L);
    SET(CURLOPT_SSL_VERIFYPEER, options->is_insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, options->is_insecure ? 0L : 2L);
    if (!options->cert_file)
        return code;
    SET(CURLOPT_SSLCERT, options->cert_file);
    SET(CURLOPT_SSLKEY,
        options->key_file ? options->key_file : options->cert_file);
    /* Without one OpenSSL would ask the terminal. */
    SET(CURLOPT_KEYPASSWD, options->key_password ? options->key_password : "");
    return code;
}

static CURLcode set_proxy(CURL *easy, const struct fetch_options *options)
{
    CURLcode code = CURLE_OK;
    /* "": also no proxy from the environment, which the address rule could
     * not tell from a direct connection. */
    SET(CURLOPT_PROXY, options->proxy ? options->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    if (!options->proxy)
        return code;
    SET(CURLOPT_PROXY_CAPATH, NULL);
    if (options->ca_file)
        SET(CURLOPT_PROXY_CAINFO, options->ca_file);
    /* What is meant for a host is not told to the proxy's CONNECT. */
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    return code;
}

CURLcode protocol_set_fixed(CURL *easy, const struct fetch_options *options)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!code)
        code = set_proxy(easy, options);
    return code ? code : set_tls(easy, options);
}
#undef SET

/* CURL_HTTP_VERSION_2TLS would do the same, but have plain requests wait and
 * match connections as if they could be upgraded. */
static CURLcode set_version(const struct transfer *transfer)
{
    bool is_tls = transfer->page->url.scheme == URL_HTTPS;
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION,
                            is_tls ? (long)CURL_HTTP_VERSION_2TLS
                                   : (long)CURL_HTTP_VERSION_1_1);
}

static CURLcode set_cookie(const struct transfer *transfer)
{
    struct page *page = transfer->page;
    struct cookie_jar *jar = transfer->loop->fetcher->cookies;
    if (!cookie_jar_header(jar, &page->url, clock_wall_ms(), &page->cookie))
        return CURLE_OUT_OF_MEMORY;
    return curl_easy_setopt(transfer->easy, CURLOPT_COOKIE, page->cookie);
}

CURLcode protocol_set_request(struct transfer *transfer)
{
    const struct fetcher *fetcher = transfer->loop->fetcher;
    CURLcode code = CURLE_OK;
    if (fetcher->options->has_http2)
        code = set_version(transfer);
    if (!code && fetcher->cookies)
        code = set_cookie(transfer);
    return code;
}

/* Redirects and failures are what they are, whatever their type; so is a
 * robots.txt. */
bool protocol_wants_body(const struct transfer *transfer)
{
    const struct fetch_options *options = transfer->loop->fetcher->options;
    const struct page *page = transfer->page;
    struct http_head head;
    if (!options->wants_mime || transfer->entry->detour || page->status < 200 ||
        page->status > 299 ||
        !http_head_parse(view_of(page->bytes.data, page->head_size), &head))
        return true;
    return options->wants_mime(options->wants_mime_ctx,
                               http_media_type(head.content_type));
}

bool protocol_blames_proxy(const struct transfer *transfer, CURLcode code)
{
    long status = 0, problem = 0;
    if (!transfer->loop->fetcher->options->proxy || transfer->is_connected ||
        transfer->refused)
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_PROXY_ERROR, &problem);
    if (code == CURLE_PROXY)
        /* The proxy works, and tells why the host cannot be reached. */
        return problem != CURLPX_REPLY_HOST_UNREACHABLE &&
               problem != CURLPX_REPLY_NETWORK_UNREACHABLE &&
               problem != CURLPX_REPLY_CONNECTION_REFUSED &&
               problem != CURLPX_REPLY_TTL_EXPIRED;
    /* So does one that has made its tunnel, or says as a gateway does that
     * there is none. */
    return status != 200 && (status < 500 || status > 599);
}

/* When a kept connection turns out to be closed, libcurl takes another one by
 * itself, but a handle does so five times in all: up to 7.88 at least it counts
 * over all transfers of the handle, not each one's, and the sixth fails. The
 * count is then back at none. A transfer on a new connection does not end like
 * this, so no entry comes back for ever. */
bool protocol_is_worn_out(const struct transfer *transfer, CURLcode code)
{
    static const char words[] = "Connection died, tried";
    return code == CURLE_SEND_ERROR && transfer->stop == STOP_NONE &&
           !transfer->page->head_size &&
           !strncmp(transfer->problem, words, sizeof(words) - 1);
}

/* What comes first on a kept connection and is no answer may be what the one
 * before had too much (a body behind a 204, say). A new connection tells: each
 * such end closes one, so no entry comes back for ever. */
bool protocol_met_leftovers(const struct transfer *transfer, CURLcode code)
{
    long connects = 1;
    if ((code != CURLE_UNSUPPORTED_PROTOCOL &&
         code != CURLE_WEIRD_SERVER_REPLY) ||
        transfer->stop != STOP_NONE || transfer->page->head_size)
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    return connects == 0;
}

void protocol_note_answer(const struct transfer *transfer)
{
    const struct page *page = transfer->page;
    struct cookie_jar *jar = transfer->loop->fetcher->cookies;
    if (jar && transfer->is_head_done)
        cookie_jar_note(jar, &page->url,
                        view_of(page->bytes.data, page->head_size),
                        clock_wall_ms());
}
