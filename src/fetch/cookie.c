#include "cookie.h"

#include <ctype.h>
#include <curl/curl.h>

enum { HOST_MAX = 255 };

#define LIFE_MAX_MS (INT64_C(400) * 24 * 60 * 60 * 1000)

struct attributes {
    struct view domain, path;
    int64_t max_age_s, expires_ms;
    bool has_max_age, has_expires, is_secure;
};

static bool is_literal(struct view host)
{
    return host.size && (host.data[0] == '[' ||
                         isdigit((unsigned char)host.data[host.size - 1]));
}

/* `domain` is the host or stands above it. */
static bool is_within(struct view host, struct view domain)
{
    if (view_equal(host, domain))
        return true;
    return !is_literal(host) && host.size > domain.size && domain.size &&
           host.data[host.size - domain.size - 1] == '.' &&
           !memcmp(host.data + host.size - domain.size, domain.data,
                   domain.size);
}

static struct view path_of(const struct url *url)
{
    size_t size = 0;
    while (size < url->target.size && url->target.data[size] != '?')
        size++;
    return size && url->target.data[0] == '/' ? view_first(url->target, size)
                                              : view_of("/", 1);
}

/* RFC 6265, 5.1.4. */
static struct view default_path(const struct url *url)
{
    struct view path = path_of(url);
    const char *slash = memrchr(path.data, '/', path.size);
    size_t size = (size_t)(slash - path.data);
    return view_first(path, size ? size : 1);
}

static bool path_matches(struct view path, struct view prefix)
{
    if (path.size < prefix.size ||
        memcmp(path.data, prefix.data, prefix.size) != 0)
        return false;
    return path.size == prefix.size || prefix.data[prefix.size - 1] == '/' ||
           path.data[prefix.size] == '/';
}

/* ---- reading ---------------------------------------------------------- */

static bool has_control(struct view text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static void read_expires(struct view value, struct attributes *attributes)
{
    char date[64];
    snprintf(date, sizeof(date), "%.*s", VIEW_ARG(view_first(value, 60)));
    time_t time = curl_getdate(date, NULL);
    if (time == (time_t)-1)
        return;
    attributes->has_expires = true;
    attributes->expires_ms = (int64_t)time * 1000;
}

static void read_max_age(struct view value, struct attributes *attributes)
{
    bool is_negative = view_starts_with(value, "-");
    uint64_t seconds = 0;
    struct view digits = view_from(value, is_negative);
    for (size_t i = 0; i < digits.size; i++)
        if (!isdigit((unsigned char)digits.data[i]))
            return;
    if (!digits.size)
        return;
    /* Only an overflow is left: for ever. */
    if (!view_to_u64(digits, &seconds) || seconds > LIFE_MAX_MS / 1000)
        seconds = LIFE_MAX_MS / 1000;
    attributes->has_max_age = true;
    attributes->max_age_s = is_negative ? 0 : (int64_t)seconds;
}

static void read_attribute(struct view text, struct attributes *attributes)
{
    struct view value = text;
    struct view name = view_trim(view_split(&value, '='));
    value = view_trim(value);
    if (value.size > COOKIE_ATTRIBUTE_MAX)
        return;
    if (view_equal_nocase(name, view_of_string("Expires")))
        read_expires(value, attributes);
    else if (view_equal_nocase(name, view_of_string("Max-Age")))
        read_max_age(value, attributes);
    else if (view_equal_nocase(name, view_of_string("Domain")))
        attributes->domain = value;
    else if (view_equal_nocase(name, view_of_string("Path")))
        attributes->path = value;
    else if (view_equal_nocase(name, view_of_string("Secure")))
        attributes->is_secure = true;
}

/* The domain that the cookie is for; false when it is not the host's to name.
 * `text` has HOST_MAX + 1 bytes. */
static bool find_domain(const psl_ctx_t *psl, const struct url *url,
                        struct view told, char *text, struct view *ret_domain,
                        bool *ret_is_host_only)
{
    if (told.size && told.data[0] == '.')
        told = view_from(told, 1);
    *ret_domain = url->host;
    *ret_is_host_only = true;
    if (!told.size)
        return true;
    if (told.size > HOST_MAX)
        return false;
    for (size_t i = 0; i < told.size; i++)
        text[i] = (char)tolower((unsigned char)told.data[i]);
    text[told.size] = '\0';
    struct view domain = view_of(text, told.size);
    if (view_equal(domain, url->host) &&
        (is_literal(url->host) || !psl || psl_is_public_suffix(psl, text)))
        return true;
    if (!is_within(url->host, domain) || !psl ||
        psl_is_public_suffix(psl, text))
        return false;
    *ret_domain = domain;
    *ret_is_host_only = false;
    return true;
}

/* What a name promises must be true (RFC 6265bis, 4.1.3). */
static bool keeps_promise(struct view name, const struct url *url,
                          const struct attributes *attributes)
{
    bool is_secure = attributes->is_secure && url->scheme == URL_HTTPS;
    if (view_starts_with_nocase(name, "__Secure-"))
        return is_secure;
    if (view_starts_with_nocase(name, "__Host-"))
        return is_secure && !attributes->domain.size &&
               view_equal_string(attributes->path, "/");
    return true;
}

static int64_t expiry(const struct attributes *attributes, int64_t wall_ms)
{
    if (attributes->has_max_age)
        return wall_ms + attributes->max_age_s * 1000;
    if (!attributes->has_expires)
        return INT64_MAX;
    return attributes->expires_ms > wall_ms + LIFE_MAX_MS
               ? wall_ms + LIFE_MAX_MS
               : attributes->expires_ms;
}

static struct view copy(char **at, struct view text)
{
    struct view done = view_of(*at, text.size);
    if (text.size)
        memcpy(*at, text.data, text.size);
    *at += text.size;
    return done;
}

static struct cookie *make(const struct cookie *from)
{
    size_t size = sizeof(*from) + from->name.size + from->value.size +
                  from->domain.size + from->path.size;
    struct cookie *cookie = malloc(size);
    if (!cookie)
        return NULL;
    *cookie = *from;
    char *at = (char *)(cookie + 1);
    cookie->name = copy(&at, from->name);
    cookie->value = copy(&at, from->value);
    cookie->domain = copy(&at, from->domain);
    cookie->path = copy(&at, from->path);
    cookie->size = size;
    return cookie;
}

struct cookie *cookie_parse(const psl_ctx_t *psl, const struct url *url,
                            struct view field, int64_t wall_ms)
{
    char domain[HOST_MAX + 1];
    struct attributes attributes = { 0 };
    struct cookie cookie = { 0 };
    struct view rest = field;
    struct view pair = view_split(&rest, ';');
    bool has_name = pair.size && memchr(pair.data, '=', pair.size);
    if (has_control(field))
        return NULL;
    if (has_name)
        cookie.name = view_trim(view_split(&pair, '='));
    cookie.value = view_trim(pair);
    while (rest.data)
        read_attribute(view_split(&rest, ';'), &attributes);
    if (cookie.name.size + cookie.value.size == 0 ||
        cookie.name.size + cookie.value.size > COOKIE_BYTES_MAX ||
        (attributes.is_secure && url->scheme != URL_HTTPS) ||
        !keeps_promise(cookie.name, url, &attributes) ||
        !find_domain(psl, url, attributes.domain, domain, &cookie.domain,
                     &cookie.is_host_only))
        return NULL;
    cookie.is_secure = attributes.is_secure;
    cookie.expires_ms = expiry(&attributes, wall_ms);
    cookie.path = attributes.path.size && attributes.path.data[0] == '/'
                      ? attributes.path
                      : default_path(url);
    return make(&cookie);
}

/* ---- asking ----------------------------------------------------------- */

bool cookie_is_for(const struct cookie *cookie, const struct url *url,
                   int64_t wall_ms)
{
    if (cookie->expires_ms <= wall_ms ||
        (cookie->is_secure && url->scheme != URL_HTTPS))
        return false;
    bool has_domain = cookie->is_host_only
                          ? view_equal(url->host, cookie->domain)
                          : is_within(url->host, cookie->domain);
    return has_domain && path_matches(path_of(url), cookie->path);
}

bool cookie_replaces(const struct cookie *cookie, const struct cookie *other)
{
    return cookie->is_host_only == other->is_host_only &&
           view_equal(cookie->name, other->name) &&
           view_equal(cookie->domain, other->domain) &&
           view_equal(cookie->path, other->path);
}

bool cookie_is_overshadowed(const struct cookie *cookie,
                            const struct cookie *secure)
{
    return secure->is_secure && view_equal(cookie->name, secure->name) &&
           (is_within(cookie->domain, secure->domain) ||
            is_within(secure->domain, cookie->domain)) &&
           path_matches(cookie->path, secure->path);
}

struct view cookie_site(const psl_ctx_t *psl, struct view host)
{
    char text[HOST_MAX + 1];
    if (!psl || is_literal(host) || host.size > HOST_MAX)
        return host;
    memcpy(text, host.data, host.size);
    text[host.size] = '\0';
    const char *site = psl_registrable_domain(psl, text);
    return site ? view_from(host, (size_t)(site - text)) : host;
}
