#include "url_clean.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>

enum { URL_LONGEST = 1 << 16 };

/* Schemes without "//" that lists from the wild hold: denied, not invalid. */
static const char *const opaque_schemes[] = {
    "about:", "blob:", "data:", "javascript:", "magnet:",      "mailto:",
    "news:",  "sip:",  "tel:",  "urn:",        "view-source:",
};

static bool has_opaque_scheme(struct view text)
{
    for (size_t i = 0; i < ARRAY_COUNT(opaque_schemes); i++)
        if (view_starts_with_nocase(text, opaque_schemes[i]))
            return true;
    return false;
}

static enum url_result invalid(char *problem, const char *why)
{
    snprintf(problem, ERROR_MESSAGE_SIZE, "%s", why);
    return URL_INVALID;
}

static enum url_result invalid_code(char *problem, CURLUcode code,
                                    struct view text)
{
    if (code == CURLUE_OUT_OF_MEMORY)
        return URL_NO_MEMORY;
    if (code == CURLUE_BAD_SCHEME || code == CURLUE_UNSUPPORTED_SCHEME ||
        code == CURLUE_BAD_SLASHES) {
        if (has_opaque_scheme(text)) {
            snprintf(problem, ERROR_MESSAGE_SIZE,
                     "only http and https are fetched");
            return URL_DENIED;
        }
        return invalid(problem, "no URL: it does not begin with http:// or "
                                "https://");
    }
    snprintf(problem, ERROR_MESSAGE_SIZE, "no URL: %s",
             curl_url_strerror(code));
    return URL_INVALID;
}

/* The parts of a parsed URL, all curl_free'd together. */
struct parts {
    char *scheme, *whole, *host, *port, *user;
};

static void parts_release(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->whole);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->user);
}

static void lower_case(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* Where path and query begin in a whole URL: behind the authority. */
static size_t target_offset(const char *whole)
{
    const char *authority = strstr(whole, "://");
    authority = authority ? authority + 3 : whole;
    return (size_t)(authority - whole) + strcspn(authority, "/?#");
}

/* Host names have no case (RFC 3986, 6.2.2.1); the user information has. */
static void lower_host(char *whole, size_t target)
{
    size_t start = (size_t)(strstr(whole, "://") + 3 - whole);
    const char *at = memrchr(whole + start, '@', target - start);
    for (size_t i = at ? (size_t)(at - whole) : start; i < target; i++)
        whole[i] = (char)tolower((unsigned char)whole[i]);
}

/* One block holds the URL and, behind its NUL, the origin. */
static enum url_result store(const struct parts *parts, struct url *ret_url)
{
    size_t text_size = strlen(parts->whole);
    size_t host_size = strlen(parts->host);
    size_t origin_size = host_size + 1 + strlen(parts->port);
    char *block = malloc(text_size + 1 + origin_size + 1);
    if (!block)
        return URL_NO_MEMORY;
    memcpy(block, parts->whole, text_size + 1);
    size_t target = target_offset(block);
    lower_host(block, target);
    char *origin = block + text_size + 1;
    snprintf(origin, origin_size + 1, "%s:%s", parts->host, parts->port);
    lower_case(origin);
    *ret_url = (struct url){
        .text = block,
        .text_size = text_size,
        .scheme = strcmp(parts->scheme, "https") ? URL_HTTP : URL_HTTPS,
        .host = view_of(origin, host_size),
        .port = (uint16_t)strtoul(parts->port, NULL, 10),
        .origin = view_of(origin, origin_size),
        .target = view_of(block + target, text_size - target),
        .has_userinfo = parts->user != NULL,
    };
    return URL_OK;
}

static enum url_result take_parts(CURLU *handle, struct url *ret_url,
                                  char *problem, struct view text)
{
    struct parts parts = { 0 };
    enum url_result result;
    CURLUcode code = curl_url_get(handle, CURLUPART_SCHEME, &parts.scheme, 0);
    if (code)
        return invalid_code(problem, code, text);
    if (strcmp(parts.scheme, "http") && strcmp(parts.scheme, "https")) {
        snprintf(problem, ERROR_MESSAGE_SIZE,
                 "scheme \"%.40s\": only http and https are fetched",
                 parts.scheme);
        parts_release(&parts);
        return URL_DENIED;
    }
    curl_url_get(handle, CURLUPART_USER, &parts.user, 0);
    if ((code = curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0)) ||
        (code = curl_url_get(handle, CURLUPART_URL, &parts.whole, 0)) ||
        (code = curl_url_get(handle, CURLUPART_HOST, &parts.host, 0)) ||
        (code = curl_url_get(handle, CURLUPART_PORT, &parts.port,
                             CURLU_DEFAULT_PORT)))
        result = invalid_code(problem, code, text);
    else if (!parts.host[0])
        result = invalid(problem, "no URL: no host");
    else
        result = store(&parts, ret_url);
    parts_release(&parts);
    return result;
}

/* A scheme that is not ours stays as it was written. */
static const unsigned parse_flags =
    CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;

/* `line` is clean, and relative to `base` when there is one. */
static enum url_result ask_libcurl(const char *base, const char *line,
                                   struct url *ret_url, char *problem)
{
    CURLU *handle = curl_url();
    CURLUcode code = handle ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
    struct view text = view_of_string(line);
    if (!code && base)
        code = curl_url_set(handle, CURLUPART_URL, base, parse_flags);
    if (!code && (!base || text.size))
        code = curl_url_set(handle, CURLUPART_URL, line, parse_flags);
    enum url_result result = code ? invalid_code(problem, code, text)
                                  : take_parts(handle, ret_url, problem, text);
    curl_url_cleanup(handle);
    return result;
}

/* Of another scheme, or none: it is not fetched, libcurl's parser tells why. */
static enum url_result refuse(struct buf *line, struct url *ret_url,
                              char *problem)
{
    if (memchr(line->data, '\0', line->size))
        return invalid(problem, "no URL: it has a NUL byte in it");
    return ask_libcurl(NULL, buf_string(line), ret_url, problem);
}

/* Parses `text`, relative to `base` when there is one. */
static enum url_result parse(const struct url *base, struct view text,
                             struct url *ret_url, char *problem)
{
    struct buf line;
    const char *why = "";
    enum url_result result;
    buf_init(&line, 4 * URL_LONGEST);
    switch (url_clean(text, base, &line, &why)) {
    case URL_CLEAN_WHOLE:
        result = ask_libcurl(NULL, buf_string(&line), ret_url, problem);
        break;
    case URL_CLEAN_REFERENCE:
        result = ask_libcurl(base->text, buf_string(&line), ret_url, problem);
        break;
    case URL_CLEAN_OTHER:
        result = refuse(&line, ret_url, problem);
        break;
    case URL_CLEAN_INVALID:
        snprintf(problem, ERROR_MESSAGE_SIZE, "no URL: %s", why);
        result = URL_INVALID;
        break;
    case URL_CLEAN_NO_MEMORY:
    default:
        result = URL_NO_MEMORY;
        break;
    }
    buf_release(&line);
    return result;
}

/* What is no URL by its size alone. */
static bool has_size(struct view text, char *problem)
{
    if (text.size && text.size <= URL_LONGEST)
        return true;
    invalid(problem, text.size ? "no URL: longer than 64 kB" : "no URL: empty");
    return false;
}

enum url_result url_parse_fully(struct view line, struct url *ret_url,
                                char *problem)
{
    struct view text = url_trim(line);
    return has_size(text, problem) ? parse(NULL, text, ret_url, problem)
                                   : URL_INVALID;
}

enum url_result url_parse(struct view line, struct url *ret_url, char *problem)
{
    struct view text = url_trim(line);
    if (text.size <= URL_LONGEST && url_read_plain(text, ret_url))
        return URL_OK;
    return url_parse_fully(text, ret_url, problem);
}

enum url_result url_resolve(const struct url *base, struct view reference,
                            struct url *ret_url, char *problem)
{
    struct view text = url_trim(reference);
    return has_size(text, problem) ? parse(base, text, ret_url, problem)
                                   : URL_INVALID;
}

size_t url_block_size(const struct url *url)
{
    return url->text ? url->text_size + 1 + url->origin.size + 1 : 0;
}

void url_move(struct url *url, char *block)
{
    url->host.data = block + (url->host.data - url->text);
    url->origin.data = block + (url->origin.data - url->text);
    url->target.data = block + (url->target.data - url->text);
    url->text = block;
}

bool url_copy(const struct url *url, struct url *ret_url)
{
    assert(url->text);
    size_t size = url_block_size(url);
    char *block = malloc(size);
    if (!block)
        return false;
    memcpy(block, url->text, size);
    struct url copy = *url;
    url_move(&copy, block);
    *ret_url = copy;
    return true;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->scheme == b->scheme && view_equal(a->origin, b->origin);
}

bool url_adopt_login(struct url *url, const struct url *from)
{
    size_t start = (size_t)(strstr(from->text, "://") + 3 - from->text);
    size_t authority = (size_t)(from->target.data - from->text) - start;
    const char *at = memrchr(from->text + start, '@', authority);
    size_t login = at ? (size_t)(at + 1 - from->text) - start : 0;
    size_t before = (size_t)(strstr(url->text, "://") + 3 - url->text);
    size_t size = url_block_size(url);
    char *block = malloc(size + login);
    if (!block)
        return false;
    memcpy(block, url->text, before);
    memcpy(block + before, from->text + start, login);
    memcpy(block + before + login, url->text + before, size - before);
    struct url whole = *url;
    url_move(&whole, block);
    /* The parts lie behind what was put in. */
    whole.host.data += login;
    whole.origin.data += login;
    whole.target.data += login;
    whole.text_size += login;
    whole.has_userinfo = from->has_userinfo;
    url_release(url);
    *url = whole;
    return true;
}

void url_release(struct url *url)
{
    free(url->text);
    *url = (struct url){ 0 };
}

static bool is_in(char c, const char *set, size_t size)
{
    return memchr(set, c, size) != NULL;
}

/* Behind slashes of either kind, and the tabs and newlines that are taken out
 * of a URL. */
static size_t skip_slashes(struct view text, size_t at, bool *ret_has_slash)
{
    *ret_has_slash = false;
    for (; at < text.size && is_in(text.data[at], "/\\\t\n\r", 5); at++)
        *ret_has_slash |= is_in(text.data[at], "/\\", 2);
    return at;
}

/* "http:x" needs no slash. */
static bool needs_no_slash(struct view text, size_t colon)
{
    char letters[5] = "";
    size_t size = sizeof(letters), at = colon;
    while (at && size && text.data[at - 1] != ' ') {
        at--;
        if (!is_in(text.data[at], "\t\n\r", 3))
            letters[--size] = text.data[at];
    }
    struct view end = view_of(letters + size, sizeof(letters) - size);
    return view_equal_nocase(end, view_of_string("https")) ||
           (end.size >= 4 && view_equal_nocase(view_from(end, end.size - 4),
                                               view_of_string("http")));
}

/* Where the authority begins: behind the slashes, however many there are.
 * text.size when there is none. */
static size_t authority_offset(struct view text)
{
    const char *colon = text.size ? memchr(text.data, ':', text.size) : NULL;
    size_t scheme = colon ? (size_t)(colon - text.data) : 0;
    bool has_slash;
    size_t at = skip_slashes(text, colon ? scheme + 1 : 0, &has_slash);
    if (has_slash || (colon && needs_no_slash(text, scheme)))
        return at;
    at = skip_slashes(text, 0, &has_slash);
    return has_slash ? at : text.size;
}

/* The user information of a URL, its "@" included; empty when there is none.
 * Rather too much than too little: it is what must not be shown. */
static struct view userinfo(struct view text)
{
    size_t start = authority_offset(text), end = start;
    while (end < text.size && !is_in(text.data[end], "/?#", 3))
        end++;
    const char *at =
        end > start ? memrchr(text.data + start, '@', end - start) : NULL;
    return at ? view_of(text.data + start, (size_t)(at + 1 - text.data) - start)
              : view_of(NULL, 0);
}

char *url_shown(struct view text)
{
    struct view secret = userinfo(text);
    if (!secret.size)
        return view_dup(text);
    size_t before = (size_t)(secret.data - text.data);
    struct view after = view_from(text, before + secret.size);
    char *shown = malloc(before + 4 + after.size + 1);
    if (!shown)
        return NULL;
    memcpy(shown, text.data, before);
    memcpy(shown + before, "***@", 4);
    memcpy(shown + before + 4, after.data, after.size);
    shown[before + 4 + after.size] = '\0';
    return shown;
}

size_t url_glued_at(struct view text)
{
    for (size_t at = 8; at + 8 <= text.size; at++) {
        struct view rest = view_from(text, at);
        if (view_starts_with_nocase(rest, "http://") ||
            view_starts_with_nocase(rest, "https://"))
            return at;
    }
    return 0;
}

static void append_lower(struct buf *out, struct view text)
{
    char *to = buf_reserve(out, text.size);
    if (!to)
        return;
    for (size_t i = 0; i < text.size; i++)
        to[i] = (char)tolower((unsigned char)text.data[i]);
    buf_commit(out, text.size);
}

/* "example.org" as "org,example"; a literal address stays as it is. */
static void append_reversed_host(struct buf *out, struct view host)
{
    bool is_literal =
        host.size && (host.data[0] == '[' ||
                      isdigit((unsigned char)host.data[host.size - 1]));
    while (!is_literal && host.size) {
        const char *dot = memrchr(host.data, '.', host.size);
        size_t start = dot ? (size_t)(dot + 1 - host.data) : 0;
        append_lower(out, view_from(host, start));
        if (dot)
            buf_append_char(out, ',');
        host = view_first(host, dot ? start - 1 : 0);
    }
    append_lower(out, host);
}

void url_append_surt(struct view text, struct buf *out)
{
    const char *slashes =
        text.size ? memmem(text.data, text.size, "://", 3) : NULL;
    if (!slashes) {
        append_lower(out, text);
        return;
    }
    bool is_https = view_starts_with_nocase(text, "https:");
    struct view rest = view_from(text, (size_t)(slashes + 3 - text.data));
    rest = view_from(rest, userinfo(text).size);
    size_t size = 0;
    while (size < rest.size && !strchr("/?#", rest.data[size]))
        size++;
    struct view host = view_first(rest, size), path = view_from(rest, size);
    const char *colon = size ? memrchr(host.data, ':', size) : NULL;
    struct view port = { 0 };
    if (colon && !memchr(colon, ']', (size_t)(host.data + size - colon))) {
        port = view_from(host, (size_t)(colon + 1 - host.data));
        host = view_first(host, (size_t)(colon - host.data));
    }
    if (view_starts_with_nocase(host, "www."))
        host = view_from(host, 4);
    append_reversed_host(out, host);
    if (port.size && !view_equal_string(port, is_https ? "443" : "80")) {
        buf_append_char(out, ':');
        buf_append_view(out, port);
    }
    buf_append_string(out, ")");
    if (!path.size || path.data[0] != '/')
        buf_append_char(out, '/');
    append_lower(out, path);
}
