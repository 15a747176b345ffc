/*
 * libcurl writes Host, User-Agent and Accept itself unless a header of that
 * name is in its list; the list follows (lib/http.c, Curl_http). The head
 * built here for the WARC keeps that order.
 */
#include "request.h"

#include "fetchgrep/base/buf.h"

#include <curl/curl.h>

/* What the workers can decode. A plain header, so that libcurl itself decodes
 * nothing and the body is kept as it was sent. */
static const char accept_encoding[] = "Accept-Encoding: gzip, br, zstd";

static struct view header_name(const char *header)
{
    return view_first(view_of_string(header), strcspn(header, ":;"));
}

static bool has_name(const char *header, const char *name)
{
    return view_equal_nocase(header_name(header), view_of_string(name));
}

static bool is_for_host(const struct fetch_host_header *header,
                        const struct url *url)
{
    struct view host = view_of_string(header->host);
    bool is_https = view_starts_with_nocase(host, "https://");
    if (is_https || view_starts_with_nocase(host, "http://")) {
        if ((url->scheme == URL_HTTPS) != is_https)
            return false;
        host = view_from(host, is_https ? 8 : 7);
        bool is_default = url->port == (is_https ? 443 : 80);
        return view_equal_nocase(host, url->origin) ||
               (is_default && view_equal_nocase(host, url->host));
    }
    return view_equal_nocase(host, url->host) ||
           view_equal_nocase(host, url->origin);
}

/* A header of ours that takes the place of libcurl's own, NULL when none. */
static const char *find_header(const struct fetch_options *options,
                               const struct url *url, const char *name)
{
    for (size_t i = 0; i < options->header_count; i++)
        if (has_name(options->headers[i], name))
            return options->headers[i];
    for (size_t i = 0; url && i < options->host_header_count; i++)
        if (is_for_host(&options->host_headers[i], url) &&
            has_name(options->host_headers[i].header, name))
            return options->host_headers[i].header;
    return NULL;
}

static bool append(struct curl_slist **list, const char *header,
                   struct error *err)
{
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (!longer) {
        curl_slist_free_all(*list);
        *list = NULL;
        return error_no_memory(err, "the request headers");
    }
    *list = longer;
    return true;
}

/* The condition lines of RFC 9110, 13.1. */
struct condition {
    const char *name;
    enum known_field field;
};

static const struct condition conditions[] = {
    { "If-None-Match", KNOWN_ETAG },
    { "If-Modified-Since", KNOWN_LAST_MODIFIED },
};

/* "" when there is no such condition. */
static void append_condition(const struct known_answer *known,
                             const struct condition *condition, struct buf *out)
{
    const char *value = known_answer_field(known, condition->field);
    if (value[0])
        buf_append_format(out, "%s: %s", condition->name, value);
}

static bool append_conditions(struct curl_slist **list,
                              const struct known_answer *known,
                              struct error *err)
{
    bool done = true;
    struct buf line;
    buf_init(&line, 1 << 20);
    for (size_t i = 0; done && i < ARRAY_COUNT(conditions); i++) {
        buf_reset(&line);
        append_condition(known, &conditions[i], &line);
        done = !line.size || append(list, buf_string(&line), err);
    }
    buf_release(&line);
    return done;
}

static bool build(const struct fetch_options *options, const struct url *url,
                  const struct known_answer *known,
                  struct curl_slist **ret_list, struct error *err)
{
    struct curl_slist *list = NULL;
    if (!find_header(options, url, "Accept-Encoding") &&
        !append(&list, accept_encoding, err))
        return false;
    for (size_t i = 0; i < options->header_count; i++)
        if (!append(&list, options->headers[i], err))
            return false;
    for (size_t i = 0; url && i < options->host_header_count; i++)
        if (is_for_host(&options->host_headers[i], url) &&
            !append(&list, options->host_headers[i].header, err))
            return false;
    if (known && !append_conditions(&list, known, err))
        return false;
    *ret_list = list;
    return true;
}

bool request_headers(const struct fetch_options *options,
                     struct curl_slist **ret_list, struct error *err)
{
    return build(options, NULL, NULL, ret_list, err);
}

bool request_has_host_headers(const struct fetch_options *options,
                              const struct url *url)
{
    for (size_t i = 0; i < options->host_header_count; i++)
        if (is_for_host(&options->host_headers[i], url))
            return true;
    return false;
}

bool request_headers_for(const struct fetch_options *options,
                         const struct url *url,
                         const struct known_answer *known,
                         struct curl_slist **ret_list, struct error *err)
{
    return build(options, url, known, ret_list, err);
}

/* As libcurl reads its list: "Name:" without a value sends nothing (and keeps
 * its own header of that name away), "Name;" sends one without a value. */
static void append_line(struct buf *out, const char *header, bool is_secret)
{
    struct view name = header_name(header);
    struct view rest = view_from(view_of_string(header), name.size);
    bool has_value = view_trim(view_from(rest, 1)).size > 0;
    if (rest.size && rest.data[0] == ';') {
        buf_append_view(out, name);
        buf_append_string(out, ":\r\n");
    } else if (has_value) {
        buf_append_view(out, name);
        if (is_secret)
            buf_append_string(out, ": ***");
        else
            buf_append_view(out, rest);
        buf_append_string(out, "\r\n");
    }
}

static void append_host(struct buf *out, const struct url *url)
{
    bool is_default = url->port == (url->scheme == URL_HTTPS ? 443 : 80);
    buf_append_string(out, "Host: ");
    buf_append_view(out, is_default ? url->host : url->origin);
    buf_append_string(out, "\r\n");
}

void fetch_request_head(const struct fetch_options *options,
                        const struct url *url, const char *cookie,
                        const struct known_answer *known, struct buf *out)
{
    buf_append_string(out, "GET ");
    if (!url->target.size || url->target.data[0] != '/')
        buf_append_char(out, '/');
    buf_append_view(out, url->target);
    buf_append_string(out, " HTTP/1.1\r\n");
    const char *host = find_header(options, url, "Host");
    if (host)
        append_line(out, host, false);
    else
        append_host(out, url);
    if (url->has_userinfo && !find_header(options, url, "Authorization"))
        append_line(out, "Authorization: x", true);
    if (options->user_agent[0] && !find_header(options, url, "User-Agent"))
        buf_append_format(out, "User-Agent: %s\r\n", options->user_agent);
    if (!find_header(options, url, "Accept"))
        buf_append_string(out, "Accept: */*\r\n");
    if (cookie && !find_header(options, url, "Cookie"))
        buf_append_format(out, "Cookie: %s\r\n", cookie);
    if (!find_header(options, url, "Accept-Encoding"))
        append_line(out, accept_encoding, false);
    for (size_t i = 0; i < options->header_count; i++)
        if (!has_name(options->headers[i], "Host"))
            append_line(out, options->headers[i], false);
    for (size_t i = 0; i < options->host_header_count; i++)
        if (is_for_host(&options->host_headers[i], url))
            append_line(out, options->host_headers[i].header, true);
    for (size_t i = 0; known && i < ARRAY_COUNT(conditions); i++) {
        size_t before = out->size;
        append_condition(known, &conditions[i], out);
        buf_append_string(out, out->size > before ? "\r\n" : "");
    }
    buf_append_string(out, "\r\n");
}
