/*
 * libcurl has a cookie engine, but it goes through a 63rd of all cookies for
 * each request, and forgets none before it expires: made for a browser's few
 * hosts. Here cookies stand by site (the registrable domain of the public
 * suffix list, and the port unless it is one of the web's own), so that a
 * request looks at its own site's few, and the sites that were asked least
 * recently go when the jar is full. Which cookie goes where is cookie.c's.
 */
#include "cookies.h"

#include "cookie.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/model/http_head.h"

#include <assert.h>
#include <pthread.h>
#include <xxhash.h>

enum { BUCKETS = 1 << 14 };

struct site {
    struct site *next;          /* of its bucket */
    struct site *older, *newer; /* by use */
    struct cookie *cookies;
    size_t count;
    size_t bucket;
    uint16_t port; /* 0: 80 and 443 */
    size_t name_size;
    char name[];
};

struct cookie_jar {
    psl_ctx_t *psl; /* const once it is loaded; NULL: there is none */
    size_t memory;
    uint64_t seed;
    /* Guards all below. */
    pthread_mutex_t lock;
    struct site *buckets[BUCKETS];
    struct site *oldest, *newest;
    size_t size;
    uint64_t created;
};

struct cookie_jar *cookie_jar_new(size_t memory, uint64_t seed,
                                  struct error *err)
{
    struct cookie_jar *jar = calloc(1, sizeof(*jar));
    if (!jar) {
        error_no_memory(err, "the cookies");
        return NULL;
    }
    jar->memory = memory;
    jar->seed = seed;
    jar->psl = psl_latest(NULL);
    pthread_mutex_init(&jar->lock, NULL);
    return jar;
}

/* ---- sites ------------------------------------------------------------ */

static void use_last(struct cookie_jar *jar, struct site *site)
{
    site->older = jar->newest;
    site->newer = NULL;
    if (jar->newest)
        jar->newest->newer = site;
    else
        jar->oldest = site;
    jar->newest = site;
}

static void unlink_site(struct cookie_jar *jar, struct site *site)
{
    if (site->older)
        site->older->newer = site->newer;
    else
        jar->oldest = site->newer;
    if (site->newer)
        site->newer->older = site->older;
    else
        jar->newest = site->older;
}

/* Takes one out of the list at `at`. */
static void drop_cookie(struct cookie_jar *jar, struct site *site,
                        struct cookie **at)
{
    struct cookie *cookie = *at;
    *at = cookie->next;
    jar->size -= cookie->size;
    site->count--;
    free(cookie);
}

static void drop_site(struct cookie_jar *jar, struct site *site)
{
    struct site **at = &jar->buckets[site->bucket];
    while (*at != site)
        at = &(*at)->next;
    *at = site->next;
    while (site->cookies)
        drop_cookie(jar, site, &site->cookies);
    unlink_site(jar, site);
    jar->size -= sizeof(*site) + site->name_size;
    free(site);
}

static void drop_oldest(struct cookie_jar *jar)
{
    struct site *site = jar->oldest;
    assert(!site->older);
    drop_site(jar, site);
}

void cookie_jar_free(struct cookie_jar *jar)
{
    if (!jar)
        return;
    while (jar->oldest)
        drop_oldest(jar);
    psl_free(jar->psl);
    pthread_mutex_destroy(&jar->lock);
    free(jar);
}

static uint16_t port_class(const struct url *url)
{
    return url->port == 80 || url->port == 443 ? 0 : url->port;
}

static size_t bucket_of(const struct cookie_jar *jar, struct view name,
                        uint16_t port)
{
    uint64_t hash =
        XXH3_64bits_withSeed(name.data, name.size, jar->seed + port);
    return (size_t)(hash % BUCKETS);
}

static struct site *find_site(struct cookie_jar *jar, struct view name,
                              uint16_t port)
{
    struct site *site = jar->buckets[bucket_of(jar, name, port)];
    while (site && (site->port != port ||
                    !view_equal(view_of(site->name, site->name_size), name)))
        site = site->next;
    if (site) {
        unlink_site(jar, site);
        use_last(jar, site);
    }
    return site;
}

static struct site *add_site(struct cookie_jar *jar, struct view name,
                             uint16_t port)
{
    struct site *site = calloc(1, sizeof(*site) + name.size);
    if (!site)
        return NULL;
    memcpy(site->name, name.data, name.size);
    site->name_size = name.size;
    site->port = port;
    site->bucket = bucket_of(jar, name, port);
    site->next = jar->buckets[site->bucket];
    jar->buckets[site->bucket] = site;
    jar->size += sizeof(*site) + name.size;
    use_last(jar, site);
    return site;
}

/* ---- taking ----------------------------------------------------------- */

/* The cookie that was set first, unless one has expired. */
static struct cookie **find_worst(struct site *site, int64_t wall_ms)
{
    struct cookie **worst = &site->cookies;
    for (struct cookie **at = worst; *at; at = &(*at)->next) {
        if ((*at)->expires_ms <= wall_ms)
            return at;
        if ((*at)->created < (*worst)->created)
            worst = at;
    }
    return worst;
}

/* Takes out what the cookie replaces. False: it must not be set. */
static bool make_way(struct cookie_jar *jar, struct site *site,
                     struct cookie *cookie, bool is_tls)
{
    for (struct cookie **at = &site->cookies; *at; at = &(*at)->next)
        if (!is_tls && cookie_is_overshadowed(cookie, *at))
            return false;
    for (struct cookie **at = &site->cookies; *at; at = &(*at)->next) {
        if (!cookie_replaces(cookie, *at))
            continue;
        cookie->created = (*at)->created;
        drop_cookie(jar, site, at);
        break;
    }
    return true;
}

/* Takes the cookie. */
static void add(struct cookie_jar *jar, const struct url *url,
                struct cookie *cookie, int64_t wall_ms)
{
    struct view name = cookie_site(jar->psl, url->host);
    struct site *site = find_site(jar, name, port_class(url));
    cookie->created = ++jar->created;
    bool is_set =
        !site || make_way(jar, site, cookie, url->scheme == URL_HTTPS);
    is_set = is_set && cookie->expires_ms > wall_ms;
    if (is_set && !site)
        site = add_site(jar, name, port_class(url));
    if (!is_set || !site) {
        free(cookie);
        return;
    }
    if (site->count == COOKIES_A_SITE)
        drop_cookie(jar, site, find_worst(site, wall_ms));
    cookie->next = site->cookies;
    site->cookies = cookie;
    site->count++;
    jar->size += cookie->size;
    while (jar->size > jar->memory)
        drop_oldest(jar);
}

void cookie_jar_note(struct cookie_jar *jar, const struct url *url,
                     struct view bytes, int64_t wall_ms)
{
    struct http_head head;
    struct view name, value;
    size_t cursor = 0;
    if (!http_head_parse(bytes, &head))
        return;
    while (http_head_next(&head, &cursor, &name, &value)) {
        if (!view_equal_nocase(name, view_of_string("Set-Cookie")))
            continue;
        struct cookie *cookie = cookie_parse(jar->psl, url, value, wall_ms);
        if (!cookie)
            continue;
        pthread_mutex_lock(&jar->lock);
        add(jar, url, cookie, wall_ms);
        pthread_mutex_unlock(&jar->lock);
    }
}

/* ---- giving ----------------------------------------------------------- */

/* Longer paths first, then what was set earlier (RFC 6265, 5.4). */
static bool stands_before(const struct cookie *a, const struct cookie *b)
{
    return a->path.size != b->path.size ? a->path.size > b->path.size
                                        : a->created < b->created;
}

static size_t choose(const struct site *site, const struct url *url,
                     int64_t wall_ms, const struct cookie **chosen)
{
    size_t count = 0;
    for (const struct cookie *cookie = site->cookies; cookie;
         cookie = cookie->next) {
        if (!cookie_is_for(cookie, url, wall_ms))
            continue;
        size_t at = count++;
        for (; at && stands_before(cookie, chosen[at - 1]); at--)
            chosen[at] = chosen[at - 1];
        chosen[at] = cookie;
    }
    return count;
}

static void append_header(const struct site *site, const struct url *url,
                          int64_t wall_ms, struct buf *out)
{
    const struct cookie *chosen[COOKIES_A_SITE];
    size_t count = choose(site, url, wall_ms, chosen);
    for (size_t i = 0; i < count; i++) {
        const struct cookie *cookie = chosen[i];
        if (out->size + cookie->name.size + cookie->value.size + 3 >
            COOKIES_HEADER_MAX)
            continue;
        if (out->size)
            buf_append_string(out, "; ");
        buf_append_view(out, cookie->name);
        if (cookie->name.size)
            buf_append_char(out, '=');
        buf_append_view(out, cookie->value);
    }
}

bool cookie_jar_header(struct cookie_jar *jar, const struct url *url,
                       int64_t wall_ms, char **ret_header)
{
    struct buf out;
    buf_init(&out, COOKIES_HEADER_MAX);
    struct view name = cookie_site(jar->psl, url->host);
    pthread_mutex_lock(&jar->lock);
    struct site *site = find_site(jar, name, port_class(url));
    if (site)
        append_header(site, url, wall_ms, &out);
    pthread_mutex_unlock(&jar->lock);
    char *header = out.size ? view_dup(buf_view(&out)) : NULL;
    bool done = !out.failed && (header || !out.size);
    buf_release(&out);
    if (done)
        *ret_header = header;
    return done;
}

size_t cookie_jar_size(struct cookie_jar *jar)
{
    pthread_mutex_lock(&jar->lock);
    size_t size = jar->size;
    pthread_mutex_unlock(&jar->lock);
    return size;
}
