/*
 * behaviours.h - what the fault server does, path by path. The table at the
 * end says all of it; everything above are its functions. N, M, K are numbers;
 * sizes are in bytes and have defaults.
 */
#ifndef TESTS_SERVER_FAULT_BEHAVIOURS_H
#define TESTS_SERVER_FAULT_BEHAVIOURS_H

#include "page.h"
#include "script.h"
#include "stored.h"

enum { LISTENERS_MAX = 4 };

struct request {
    const char *head; /* as received, with its blank line */
    size_t head_size;
    const char *path;            /* with query */
    const char *rest;            /* of the path, behind the behaviour's name */
    size_t peak;                 /* most replies that were under way at once */
    size_t peaks[LISTENERS_MAX]; /* the same of each address */
    size_t before; /* requests for the same path before this one */
};

typedef void (*behave_fn)(const struct request *request, struct script *script);

static const char html[] = "text/html; charset=utf-8";

static void head_add(struct script *script, int status, const char *type,
                     uint64_t length, const char *more)
{
    struct bytes head = { 0 };
    bytes_add_format(&head,
                     "HTTP/1.1 %d Scripted\r\nContent-Type: %s\r\n"
                     "Content-Length: %llu\r\n%s\r\n",
                     status, type, (unsigned long long)length, more);
    script_send(script, &head);
}

static void reply(struct script *script, int status, const char *type,
                  const char *more, const char *body, size_t size)
{
    head_add(script, status, type, size, more);
    struct bytes bytes = { 0 };
    bytes_add(&bytes, body, size);
    script_send(script, &bytes);
}

static void reply_page(struct script *script, int status, uint64_t size,
                       const char *more)
{
    head_add(script, status, html, size, more);
    script_page(script, size, size);
}

/* ---- plain answers ---------------------------------------------------- */

static void do_ok(const struct request *request, struct script *script)
{
    reply_page(script, 200, query_number(request->path, "size", 512), "");
}

static void do_status(const struct request *request, struct script *script)
{
    int status = (int)strtoul(request->rest, NULL, 10);
    if (status < 200 || status > 999)
        status = 500;
    if (status == 204 || status == 304) {
        struct bytes head = { 0 };
        bytes_add_format(&head, "HTTP/1.1 %d Scripted\r\n\r\n", status);
        script_send(script, &head);
        return;
    }
    reply_page(script, status, 256, "");
}

static void do_text(const struct request *request, struct script *script)
{
    struct bytes type = { 0 };
    struct bytes coded = { 0 };
    struct bytes more = { 0 };
    struct bytes body = { 0 };
    query_text(request->path, "type", html, &type);
    bytes_add_char(&type, 0);
    query_text(request->path, "coding", "", &coded);
    if (coded.size)
        bytes_add_format(&more, "Content-Encoding: %.*s\r\n", (int)coded.size,
                         coded.data);
    bytes_add_char(&more, 0);
    query_text(request->path, "body", "", &body);
    reply(script, (int)query_number(request->path, "status", 200), type.data,
          more.data, body.data ? body.data : "", body.size);
    free(coded.data);
    free(more.data);
    free(type.data);
    free(body.data);
}

static void do_headers(const struct request *request, struct script *script)
{
    reply(script, 200, "text/plain", "", request->head, request->head_size);
}

/* Fails the first times, then answers. */
static void do_flaky(const struct request *request, struct script *script)
{
    int status = (int)query_number(request->path, "status", 503);
    struct bytes more = { 0 };
    struct bytes wait = { 0 };
    if (request->before >= query_number(request->path, "fails", 1)) {
        do_ok(request, script);
        return;
    }
    if (!status) {
        script_add(script, STEP_RESET);
        return;
    }
    query_text(request->path, "after", "", &wait);
    if (wait.size)
        bytes_add_format(&more, "Retry-After: %.*s\r\n", (int)wait.size,
                         wait.data);
    bytes_add_char(&more, 0);
    reply_page(script, status, 256, more.data);
    free(more.data);
    free(wait.data);
}

/* Whether the request has this header line, and none of it more. */
static bool has_line(const struct request *request, const char *name,
                     const struct bytes *value)
{
    struct bytes line = { 0 };
    bytes_add_format(&line, "\r\n%s: %.*s\r\n", name, (int)value->size,
                     value->data);
    bool has = memmem(request->head, request->head_size, line.data, line.size);
    free(line.data);
    return has;
}

/* Lines of a head from the query; those that are not asked for are left out. */
static void add_validators(const struct request *request,
                           const struct bytes *etag, const struct bytes *last,
                           struct bytes *more)
{
    struct bytes vary = { 0 };
    query_text(request->path, "vary", "", &vary);
    if (etag->size)
        bytes_add_format(more, "ETag: %.*s\r\n", (int)etag->size, etag->data);
    if (last->size)
        bytes_add_format(more, "Last-Modified: %.*s\r\n", (int)last->size,
                         last->data);
    if (vary.size)
        bytes_add_format(more, "Vary: %.*s\r\n", (int)vary.size, vary.data);
    bytes_add_char(more, 0);
    free(vary.data);
}

/* A page that changes with every so many requests, and answers 304 when it is
 * asked whether it has. */
static void do_etag(const struct request *request, struct script *script)
{
    uint64_t changes = query_number(request->path, "changes", 0);
    uint64_t version = changes ? request->before / changes : 0;
    struct bytes name = { 0 }, etag = { 0 }, last = { 0 }, more = { 0 };
    query_text(request->path, "etag", "", &name);
    query_text(request->path, "last", "", &last);
    if (name.size)
        bytes_add_format(&etag, "\"%.*s-%llu\"", (int)name.size, name.data,
                         (unsigned long long)version);
    bool asks_etag =
        memmem(request->head, request->head_size, "\r\nIf-None-Match:", 16);
    bool is_same =
        asks_etag ? has_line(request, "If-None-Match", &etag)
                  : last.size && has_line(request, "If-Modified-Since", &last);
    if (!is_same || !query_find(request->path, "bare"))
        add_validators(request, &etag, &last, &more);
    struct bytes out = { 0 };
    if (is_same) {
        bytes_add_format(&out, "HTTP/1.1 304 Scripted\r\n%s\r\n",
                         more.data ? more.data : "");
        script_send(script, &out);
    } else {
        bytes_add_format(&out, "<p>version %llu of %s</p>\n%0300d\n",
                         (unsigned long long)version, request->path, 0);
        reply(script, (int)query_number(request->path, "status", 200), html,
              more.data, out.data, out.size);
        free(out.data);
    }
    free(name.data);
    free(etag.data);
    free(last.data);
    free(more.data);
}

static void do_peak(const struct request *request, struct script *script)
{
    struct bytes body = { 0 };
    if (strstr(request->path, "?each"))
        for (size_t i = 0; i < LISTENERS_MAX; i++)
            bytes_add_format(&body, "%zu ", request->peaks[i]);
    else
        bytes_add_format(&body, "%zu\n", request->peak);
    reply(script, 200, "text/plain", "", body.data, body.size);
    free(body.data);
}

static void do_204_body(const struct request *request, struct script *script)
{
    (void)request;
    script_send_string(script, "HTTP/1.1 204 No Content\r\n"
                               "Content-Length: 5\r\n\r\nhello");
    script_add(script, STEP_CLOSE);
}

static void do_1xx(const struct request *request, struct script *script)
{
    (void)request;
    script_send_string(script, "HTTP/1.1 100 Continue\r\n\r\n"
                               "HTTP/1.1 103 Early Hints\r\n"
                               "Link: </style.css>; rel=preload\r\n\r\n");
    reply_page(script, 200, 512, "");
}

static void do_1xx_storm(const struct request *request, struct script *script)
{
    struct bytes storm = { 0 };
    uint64_t count = query_number(request->path, "n", 1000);
    for (uint64_t i = 0; i < count; i++)
        bytes_add_format(&storm,
                         "HTTP/1.1 103 Early Hints\r\n"
                         "Link: </%llu.css>\r\n\r\n",
                         (unsigned long long)i);
    script_send(script, &storm);
    reply_page(script, 200, 512, "");
}

static void do_raw(const struct request *request, struct script *script)
{
    struct bytes answer = { 0 };
    query_text(request->path, "reply", "", &answer);
    script_send(script, &answer);
    if (query_number(request->path, "close", 0))
        script_add(script, STEP_CLOSE);
}

static void do_no_length(const struct request *request, struct script *script)
{
    uint64_t size = query_number(request->path, "size", 512);
    script_send_string(script, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                               "Connection: close\r\n\r\n");
    script_page(script, size, size);
    script_add(script, STEP_CLOSE);
}

static void do_keepalive_close(const struct request *request,
                               struct script *script)
{
    do_ok(request, script);
    script_add(script, STEP_CLOSE);
}

/* ---- redirects -------------------------------------------------------- */

static void redirect(struct script *script, int status, const char *location)
{
    struct bytes more = { 0 };
    bytes_add_format(&more, "Location: %s\r\n%c", location, 0);
    reply_page(script, status, 128, more.data);
    free(more.data);
}

static void do_redirect(const struct request *request, struct script *script)
{
    unsigned long left = strtoul(request->rest, NULL, 10);
    char location[64] = "/ok";
    if (left > 1)
        snprintf(location, sizeof(location), "/redirect/%lu", left - 1);
    redirect(script, 302, location);
}

static void do_redirect_to(const struct request *request, struct script *script)
{
    struct bytes url = { 0 };
    query_text(request->path, "url", "/ok", &url);
    bytes_add_char(&url, 0);
    redirect(script, (int)query_number(request->path, "status", 302), url.data);
    free(url.data);
}

static void do_loop(const struct request *request, struct script *script)
{
    (void)request;
    redirect(script, 302, "/loop");
}

static void do_redirect_file(const struct request *request,
                             struct script *script)
{
    (void)request;
    redirect(script, 302, "file:///etc/passwd");
}

static void do_redirect_private(const struct request *request,
                                struct script *script)
{
    (void)request;
    redirect(script, 302, "http://10.0.0.1/");
}

static void do_redirect_none(const struct request *request,
                             struct script *script)
{
    (void)request;
    reply_page(script, 302, 128, "");
}

/* ---- time ------------------------------------------------------------- */

static void do_wait(const struct request *request, struct script *script)
{
    script_wait(script, (int64_t)query_number(request->path, "ms", 200));
    do_ok(request, script);
}

static void do_never(const struct request *request, struct script *script)
{
    (void)request;
    script_add(script, STEP_HANG);
}

static void do_slow(const struct request *request, struct script *script)
{
    uint64_t size = query_number(request->path, "bytes", 64);
    head_add(script, 200, html, size, "");
    struct step *step = script_add(script, STEP_DRIP);
    step->size = size;
    step->page_size = size;
    step->ms = (int64_t)query_number(request->path, "delay_ms", 50);
}

static void do_stall(const struct request *request, struct script *script)
{
    uint64_t after = query_number(request->path, "after", 128);
    head_add(script, 200, html, after + 1024, "");
    script_page(script, after, after + 1024);
    script_add(script, STEP_HANG);
}

/* ---- torn ------------------------------------------------------------- */

static void do_close(const struct request *request, struct script *script)
{
    (void)request;
    script_add(script, STEP_CLOSE);
}

/* The wait lets the other side read what came before: an RST makes its kernel
 * drop what it has not read yet. */
static void do_reset(const struct request *request, struct script *script)
{
    if (query_find(request->path, "after")) {
        uint64_t after = query_number(request->path, "after", 0);
        head_add(script, 200, html, after + 1024, "");
        script_page(script, after, after + 1024);
        script_wait(script, 100);
    }
    script_add(script, STEP_RESET);
}

static void do_cut(const struct request *request, struct script *script)
{
    uint64_t claim = query_number(request->path, "claim", 1024);
    head_add(script, 200, html, claim, "");
    script_page(script, query_number(request->path, "send", 512), claim);
    script_add(script, STEP_CLOSE);
}

static void do_long(const struct request *request, struct script *script)
{
    uint64_t send = query_number(request->path, "send", 1024);
    head_add(script, 200, html, query_number(request->path, "claim", 512), "");
    script_page(script, send, send);
    script_add(script, STEP_CLOSE);
}

/* ---- chunked ---------------------------------------------------------- */

static const char chunked_head[] = "HTTP/1.1 200 OK\r\n"
                                   "Content-Type: text/html; charset=utf-8\r\n"
                                   "Transfer-Encoding: chunked\r\n";

/* The first chunk carries an extension, the last is followed by a trailer. */
static void chunks_add(struct bytes *out, const char *data, size_t size,
                       size_t chunk)
{
    const char *extension = ";note=\"first\"";
    for (size_t part; size; size -= part, data += part) {
        part = size < chunk ? size : chunk;
        bytes_add_format(out, "%zx%s\r\n", part, extension);
        bytes_add(out, data, part);
        bytes_add_string(out, "\r\n");
        extension = "";
    }
    bytes_add_string(out, "0\r\nX-Trailer: seen\r\n\r\n");
}

static void chunked_add(const struct request *request, struct bytes *out)
{
    struct bytes page = { 0 };
    size_t chunk = (size_t)query_number(request->path, "chunk", 100);
    page_add(&page, (size_t)query_number(request->path, "size", 512));
    chunks_add(out, page.data, page.size, chunk ? chunk : 1);
    free(page.data);
}

static void do_chunked(const struct request *request, struct script *script)
{
    struct bytes bytes = { 0 };
    script_send_string(script, chunked_head);
    bytes_add_string(&bytes, "\r\n");
    chunked_add(request, &bytes);
    script_send(script, &bytes);
}

static void do_chunked_cut(const struct request *request, struct script *script)
{
    struct bytes bytes = { 0 };
    script_send_string(script, chunked_head);
    bytes_add_string(&bytes, "\r\n");
    chunked_add(request, &bytes);
    bytes.size /= 2;
    script_send(script, &bytes);
    script_add(script, STEP_CLOSE);
}

static void do_chunked_bad(const struct request *request, struct script *script)
{
    (void)request;
    script_send_string(script, chunked_head);
    script_send_string(script, "\r\n5\r\nhello\r\nZZZ\r\nworld\r\n0\r\n\r\n");
    script_add(script, STEP_CLOSE);
}

static void do_chunked_gzip(const struct request *request,
                            struct script *script)
{
    struct bytes page = { 0 };
    struct bytes packed = { 0 };
    struct bytes bytes = { 0 };
    page_add(&page, (size_t)query_number(request->path, "size", 512));
    gzip_stored(&packed, page.data, page.size);
    bytes_add_string(&bytes, chunked_head);
    bytes_add_string(&bytes, "Content-Encoding: gzip\r\n\r\n");
    chunks_add(&bytes, packed.data, packed.size, 100);
    script_send(script, &bytes);
    free(packed.data);
    free(page.data);
}

/* ---- compressed ------------------------------------------------------- */

static const char gzip_coded[] = "Content-Encoding: gzip\r\n";

static void packed_add(const struct request *request, struct bytes *out)
{
    struct bytes page = { 0 };
    page_add(&page, (size_t)query_number(request->path, "size", 512));
    gzip_stored(out, page.data, page.size);
    free(page.data);
}

static void do_gzip(const struct request *request, struct script *script)
{
    struct bytes packed = { 0 };
    packed_add(request, &packed);
    reply(script, 200, html, gzip_coded, packed.data, packed.size);
    free(packed.data);
}

static void do_gzip_cut(const struct request *request, struct script *script)
{
    struct bytes packed = { 0 };
    packed_add(request, &packed);
    reply(script, 200, html, gzip_coded, packed.data, packed.size / 2);
    free(packed.data);
}

static void do_gzip_crc(const struct request *request, struct script *script)
{
    struct bytes packed = { 0 };
    packed_add(request, &packed);
    packed.data[packed.size - 5] ^= 0x55; /* CRC-32, then the length */
    reply(script, 200, html, gzip_coded, packed.data, packed.size);
    free(packed.data);
}

static void do_gzip_bomb(const struct request *request, struct script *script)
{
    struct bytes packed = { 0 };
    gzip_bomb(&packed, (size_t)query_number(request->path, "size", 32u << 20));
    reply(script, 200, html, gzip_coded, packed.data, packed.size);
    free(packed.data);
}

static void do_gzip_plain(const struct request *request, struct script *script)
{
    uint64_t size = query_number(request->path, "size", 512);
    reply_page(script, 200, size, gzip_coded);
}

static void do_deflate(const struct request *request, struct script *script)
{
    struct bytes page = { 0 };
    struct bytes packed = { 0 };
    page_add(&page, (size_t)query_number(request->path, "size", 512));
    if (query_number(request->path, "raw", 0))
        deflate_stored(&packed, page.data, page.size);
    else
        zlib_stored(&packed, page.data, page.size);
    reply(script, 200, html, "Content-Encoding: deflate\r\n", packed.data,
          packed.size);
    free(packed.data);
    free(page.data);
}

typedef void packing_fn(struct bytes *out, const char *data, size_t size);

/* ?cut=1 leaves out the second half, ?junk=1 adds some bytes. */
static void reply_packed(const struct request *request, struct script *script,
                         const char *coded, packing_fn *pack)
{
    struct bytes page = { 0 };
    struct bytes packed = { 0 };
    page_add(&page, (size_t)query_number(request->path, "size", 512));
    pack(&packed, page.data, page.size);
    if (query_number(request->path, "cut", 0))
        packed.size /= 2;
    if (query_number(request->path, "junk", 0))
        bytes_add_string(&packed, "<!-- junk -->");
    reply(script, 200, html, coded, packed.data, packed.size);
    free(packed.data);
    free(page.data);
}

static void do_br(const struct request *request, struct script *script)
{
    reply_packed(request, script, "Content-Encoding: br\r\n", brotli_stored);
}

static const char zstd_coded[] = "Content-Encoding: zstd\r\n";

static void do_zstd(const struct request *request, struct script *script)
{
    reply_packed(request, script, zstd_coded, zstd_stored);
}

static void do_zstd_bomb(const struct request *request, struct script *script)
{
    struct bytes packed = { 0 };
    zstd_bomb(&packed, (size_t)query_number(request->path, "size", 32u << 20));
    reply(script, 200, html, zstd_coded, packed.data, packed.size);
    free(packed.data);
}

/* ---- heads and lines -------------------------------------------------- */

static void do_huge_header(const struct request *request, struct script *script)
{
    size_t size = (size_t)query_number(request->path, "size", 1u << 20);
    struct bytes more = { 0 };
    bytes_add_string(&more, "X-Huge: ");
    memset(bytes_room(&more, size), 'x', size);
    more.size += size;
    bytes_add(&more, "\r\n", 3);
    reply_page(script, 200, 512, more.data);
    free(more.data);
}

static void do_many_headers(const struct request *request,
                            struct script *script)
{
    uint64_t count = query_number(request->path, "n", 1000);
    struct bytes more = { 0 };
    for (uint64_t i = 0; i < count; i++)
        bytes_add_format(&more, "X-Header-%llu: value\r\n",
                         (unsigned long long)i);
    bytes_add_char(&more, 0);
    reply_page(script, 200, 512, more.data);
    free(more.data);
}

static void do_endless_headers(const struct request *request,
                               struct script *script)
{
    (void)request;
    script_send_string(script, "HTTP/1.1 200 OK\r\n");
    script_repeat(script, "X-Endless: and on and on and on and on and on\r\n");
}

static void do_endless(const struct request *request, struct script *script)
{
    (void)request;
    script_send_string(script, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                               "Connection: close\r\n\r\n");
    script_page(script, UINT64_MAX, UINT64_MAX);
}

static void do_garbage(const struct request *request, struct script *script)
{
    static const char garbage[] = "\x16\x03\0\xff\xfe garbage \0\r\n\r\n\x80";
    struct bytes bytes = { 0 };
    (void)request;
    bytes_add(&bytes, garbage, sizeof(garbage) - 1);
    script_send(script, &bytes);
    script_add(script, STEP_CLOSE);
}

static void do_http09(const struct request *request, struct script *script)
{
    (void)request;
    script_page(script, 512, 512);
    script_add(script, STEP_CLOSE);
}

static void do_bare_lf(const struct request *request, struct script *script)
{
    (void)request;
    script_send_string(script, "HTTP/1.1 200 OK\nContent-Type: text/html\n"
                               "Content-Length: 512\n\n");
    script_page(script, 512, 512);
}

/* ---- what is in the page ---------------------------------------------- */

static void do_nul(const struct request *request, struct script *script)
{
    static const char body[] = "<p>before</p>\0\x01\x02<p>after</p>\n";
    (void)request;
    reply(script, 200, html, "", body, sizeof(body) - 1);
}

static void do_latin1(const struct request *request, struct script *script)
{
    static const char body[] = "<p>caf\xe9 cr\xe8me</p>\n";
    (void)request;
    reply(script, 200, "text/html; charset=iso-8859-1", "", body,
          sizeof(body) - 1);
}

static void do_euckr(const struct request *request, struct script *script)
{
    static const char body[] = "<p>\xc7\xd1\xb1\xdb</p>\n"; /* Hangul */
    (void)request;
    reply(script, 200, "text/html; charset=euc-kr", "", body, sizeof(body) - 1);
}

/* ---- the table -------------------------------------------------------- */

struct behaviour {
    const char *name;
    behave_fn behave;
    const char *help;
};

static const struct behaviour behaviours[] = {
    { "/ok", do_ok, "?size=N: a page of N bytes (page.h)" },
    { "/status/", do_status, "NNN: a page with this status" },
    { "/text", do_text,
      "?body=..&type=..&status=..&coding=..: this body, %XX decoded" },
    { "/headers", do_headers, "the request's head as a text page" },
    { "/peak", do_peak,
      "how many replies were under way at once, at most; ?each: of each "
      "address" },
    { "/flaky", do_flaky,
      "?fails=N&status=S&after=T: S (0: RST) N times, with Retry-After: T" },
    { "/etag", do_etag,
      "?etag=..&last=..&vary=..&changes=N&bare=1: 304 where it has not changed"
      ", which it does with every N requests" },
    { "/204-body", do_204_body, "204, which has no body, with one" },
    { "/1xx", do_1xx, "100 and 103, then 200" },
    { "/1xx-storm", do_1xx_storm, "?n=N: so many of them, then 200" },
    { "/raw", do_raw, "?reply=..&close=1: just these bytes, %XX decoded" },
    { "/no-length", do_no_length, "?size=N: ends where the connection does" },
    { "/keepalive-close", do_keepalive_close,
      "an answer that does not say so, then close" },
    { "/redirect/", do_redirect, "N: N hops, the last to /ok" },
    { "/redirect-to", do_redirect_to, "?url=..&status=.." },
    { "/redirect-file", do_redirect_file, "to file:///etc/passwd" },
    { "/redirect-private", do_redirect_private, "to http://10.0.0.1/" },
    { "/redirect-none", do_redirect_none, "302 without Location" },
    { "/loop", do_loop, "redirects to itself" },
    { "/wait", do_wait, "?ms=N&size=N: answers after N ms" },
    { "/never", do_never, "no answer" },
    { "/slow", do_slow, "?bytes=N&delay_ms=M: byte by byte" },
    { "/stall", do_stall, "?after=N: N bytes of N + 1024, then nothing" },
    { "/close", do_close, "closes without an answer" },
    { "/reset", do_reset, "?after=N: RST, after N bytes or at once" },
    { "/cut", do_cut, "?claim=N&send=M: closes after M of N bytes" },
    { "/long", do_long, "?claim=N&send=M: sends M, more than N" },
    { "/chunked", do_chunked, "?size=N&chunk=K: with extension and trailer" },
    { "/chunked-cut", do_chunked_cut, "closes half-way" },
    { "/chunked-bad", do_chunked_bad, "a chunk size that is no number" },
    { "/chunked-gzip", do_chunked_gzip, "?size=N: gzip in chunks" },
    { "/gzip", do_gzip, "?size=N: a page, gzip-coded" },
    { "/gzip-cut", do_gzip_cut, "the first half of it, honestly counted" },
    { "/gzip-crc", do_gzip_crc, "with a wrong check sum" },
    { "/gzip-bomb", do_gzip_bomb, "?size=N: N blanks in N/159 bytes" },
    { "/gzip-plain", do_gzip_plain, "a plain page said to be gzip" },
    { "/deflate", do_deflate, "?size=N&raw=1: zlib stream, or bare deflate" },
    { "/br", do_br, "?size=N&cut=1&junk=1: a page, brotli-coded" },
    { "/zstd", do_zstd, "?size=N&cut=1&junk=1: a page, zstd-coded" },
    { "/zstd-bomb", do_zstd_bomb, "?size=N: N blanks in N/15000 bytes" },
    { "/huge-header", do_huge_header, "?size=N: a header line of N bytes" },
    { "/many-headers", do_many_headers, "?n=N: N header lines" },
    { "/endless-headers", do_endless_headers, "a head that never ends" },
    { "/endless", do_endless, "a body that never ends" },
    { "/garbage", do_garbage, "bytes that are not HTTP" },
    { "/http09", do_http09, "a body without a head" },
    { "/bare-lf", do_bare_lf, "a head with LF alone" },
    { "/nul", do_nul, "text/html with a NUL byte" },
    { "/latin1", do_latin1, "ISO 8859-1, and says so" },
    { "/euckr", do_euckr, "EUC-KR, and says so" },
};

/* A name that ends with '/' stands for all paths below it. */
static bool behaviour_is_for(const struct behaviour *behaviour,
                             const char *path)
{
    size_t size = strlen(behaviour->name);
    return !strncmp(path, behaviour->name, size) &&
           (behaviour->name[size - 1] == '/' || path[size] == '\0' ||
            path[size] == '?');
}

/* Writes the script for a request; any other path is answered by 404. */
static void behave(struct request *request, struct script *script)
{
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
        if (behaviour_is_for(&behaviours[i], request->path)) {
            request->rest = request->path + strlen(behaviours[i].name);
            behaviours[i].behave(request, script);
            return;
        }
    reply_page(script, 404, 256, "");
}

#endif
