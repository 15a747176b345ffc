/*
 * URLs. What is parsed is parsed again as the same; the short way for ordinary
 * URLs comes to the same end as the long one; a reference that is resolved is a
 * URL of its own; what is shown has no user information; the key of an index
 * does not depend on user information or on the host's case.
 */
#include "../../src/model/url_clean.h"

#include "fuzz.h"

#include <ctype.h>

static const char base_text[] = "http://u:p@Example.org:8080/a/b/../c?d=e";

static struct view text_of(const struct url *url)
{
    return view_of(url->text, url->text_size);
}

static bool has_upper(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'Z')
            return true;
    return false;
}

/* What a request line or a key is made of has no blank in it. */
static void check_bytes(struct view text, unsigned char most)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        DEMAND(c > ' ' && c <= most);
    }
}

static void check_parts(const struct url *url)
{
    DEMAND(strlen(url->text) == url->text_size);
    DEMAND(!strchr(url->text, '#'));
    DEMAND(url->host.size && !has_upper(url->host));
    DEMAND(url->origin.size > url->host.size);
    DEMAND(view_equal(view_first(url->origin, url->host.size), url->host));
    DEMAND(lies_in(url->target, text_of(url)));
    DEMAND(view_starts_with(text_of(url),
                            url->scheme == URL_HTTPS ? "https://" : "http://"));
    check_bytes(text_of(url), 0x7e);
    check_bytes(url->origin, 0x7e);
    check_bytes(url->target, 0x7e);
}

static bool is_same(const struct url *a, const struct url *b)
{
    return view_equal(text_of(a), text_of(b)) && a->scheme == b->scheme &&
           a->port == b->port && view_equal(a->host, b->host) &&
           view_equal(a->origin, b->origin) &&
           view_equal(a->target, b->target) &&
           a->has_userinfo == b->has_userinfo;
}

static void check_parsed_again(const struct url *url)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url again;
    DEMAND(url_parse(text_of(url), &again, problem) == URL_OK);
    DEMAND(is_same(url, &again));
    url_release(&again);
    /* A whole URL is its own resolution, whatever the base. */
    struct url base;
    DEMAND(url_parse(view_of_string(base_text), &base, problem) == URL_OK);
    DEMAND(url_resolve(&base, text_of(url), &again, problem) == URL_OK);
    DEMAND(is_same(url, &again));
    url_release(&again);
    url_release(&base);
}

/* Masked, it is the same place; and masking again changes nothing. */
static void check_shown(const struct url *url)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url masked;
    char *shown = url_shown(text_of(url));
    DEMAND(shown);
    DEMAND(url_parse(view_of_string(shown), &masked, problem) == URL_OK);
    DEMAND(view_equal(masked.origin, url->origin));
    DEMAND(view_equal(masked.target, url->target));
    DEMAND(!url->has_userinfo || strstr(shown, "***@"));
    DEMAND(url->has_userinfo || !strcmp(shown, url->text));
    char *again = url_shown(view_of_string(shown));
    DEMAND(again && !strcmp(again, shown));
    free(again);
    free(shown);
    url_release(&masked);
}

static void append_key(struct view text, struct buf *out)
{
    buf_init(out, 1 << 20);
    url_append_surt(text, out);
    DEMAND(!out->failed);
}

static void check_key(const struct url *url)
{
    struct buf key, masked_key;
    char *shown = url_shown(text_of(url));
    DEMAND(shown);
    append_key(text_of(url), &key);
    append_key(view_of_string(shown), &masked_key);
    DEMAND(view_equal(buf_view(&key), buf_view(&masked_key)));
    DEMAND(memchr(key.data, ')', key.size) && !has_upper(buf_view(&key)));
    free(shown);
    buf_release(&key);
    buf_release(&masked_key);
}

static void check_url(const struct url *url)
{
    check_parts(url);
    check_parsed_again(url);
    check_shown(url);
    check_key(url);
}

static void check_result(enum url_result result, struct url *url,
                         const char *problem)
{
    DEMAND(result != URL_NO_MEMORY);
    if (result == URL_OK) {
        check_url(url);
        url_release(url);
    } else {
        DEMAND(problem[0] && strlen(problem) < ERROR_MESSAGE_SIZE);
    }
}

static void check_reference(struct view reference)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url base, url;
    DEMAND(url_parse(view_of_string(base_text), &base, problem) == URL_OK);
    enum url_result result = url_resolve(&base, reference, &url, problem);
    url_release(&base);
    check_result(result, &url, problem);
}

/* These take text that need not be a URL. */
static void check_any_text(struct view text)
{
    size_t glued_at = url_glued_at(text);
    DEMAND(glued_at < text.size || !glued_at);
    DEMAND(!glued_at ||
           view_starts_with_nocase(view_from(text, glued_at), "http"));
    char *shown = url_shown(text);
    DEMAND(shown);
    free(shown);
    struct buf key;
    append_key(text, &key);
    buf_release(&key);
}

/* Both ways, and the scanner of origins, agree where they take the line. */
static void check_agreement(struct view line)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url plain, full;
    struct url_origin origin;
    bool is_full = url_parse_fully(line, &full, problem) == URL_OK;
    if (url_read_plain(line, &plain)) {
        DEMAND(is_full && is_same(&plain, &full));
        DEMAND(url_block_size(&plain) == url_block_size(&full));
        url_release(&plain);
    }
    if (is_full && url_scan_origin(line, &origin))
        DEMAND(view_equal(view_of(origin.text, origin.size), full.origin));
    if (is_full)
        url_release(&full);
}

/* With user information in front of it: it is never shown. */
static void check_secret(struct view rest)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    struct buf line;
    /* Its letters alone could become one, when tabs are taken out. */
    if (rest.size && memchr(rest.data, 'Q', rest.size))
        return;
    buf_init(&line, rest.size + 64);
    buf_append_string(&line, "http://name:sQcrQt@");
    buf_append_view(&line, rest);
    char *shown = url_shown(buf_view(&line));
    DEMAND(shown && !strstr(shown, "sQcrQt@"));
    free(shown);
    if (url_parse(buf_view(&line), &url, problem) == URL_OK) {
        shown = url_shown(text_of(&url));
        DEMAND(shown && url.has_userinfo && !strstr(shown, "sQcrQt@"));
        free(shown);
        check_url(&url);
        url_release(&url);
    }
    buf_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char problem[ERROR_MESSAGE_SIZE] = "";
    struct url url;
    struct view line = view_of(data, size);
    if (size <= 1 << 16)
        check_agreement(line);
    check_any_text(line);
    check_reference(line);
    check_secret(line);
    check_result(url_parse(line, &url, problem), &url, problem);
    return 0;
}
