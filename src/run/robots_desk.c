/*
 * Origins stand in a hash table and, when nothing is under way for them, in a
 * list by their last use, the oldest forgotten first: memory is bounded, and an
 * origin that comes back much later is asked again.
 */
#include "robots_desk.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/dechunk.h"
#include "fetchgrep/extract/decode.h"
#include "fetchgrep/model/http_head.h"

#include <assert.h>
#include <pthread.h>
#include <xxhash.h>

enum {
    BUCKETS = 1 << 14,
    WHY_SIZE = 200,
    KNOWN_S = 24 * 3600, /* RFC 9309, 2.4 */
    UNKNOWN_S = 3600,    /* when it could not be had */
    RULES_BYTES_MAX = 64 << 20,
};

enum site_state { SITE_ASKED, SITE_KNOWN };

struct site {
    struct site *next_in_bucket;
    struct site *newer, *older; /* by use, while it is not asked */
    enum site_state state;
    struct robots *rules; /* NULL: all is allowed, or `why_not` says */
    char *why_not;        /* all is denied; heap */
    int64_t expires_ns;
    struct entry *waiting; /* by `next` */
    uint64_t hash;
    size_t key_size;
    char key[]; /* "https://example.org:443" */
};

struct robots_desk {
    struct view token;
    int64_t (*now_ns)(void);
    pthread_mutex_t lock; /* guards all below */
    struct site *buckets[BUCKETS];
    struct site *newest, *oldest;
    size_t count, count_max;
    size_t rules_bytes;
};

struct robots_desk *robots_desk_new(const char *user_agent, size_t origins_max,
                                    int64_t (*now_ns)(void), struct error *err)
{
    struct robots_desk *desk = calloc(1, sizeof(*desk));
    if (!desk) {
        error_no_memory(err, "robots.txt");
        return NULL;
    }
    desk->token = robots_product_token(view_of_string(user_agent));
    desk->now_ns = now_ns ? now_ns : clock_now_ns;
    desk->count_max = origins_max;
    pthread_mutex_init(&desk->lock, NULL);
    return desk;
}

/* ---- sites ------------------------------------------------------------ */

static void forget_rules(struct robots_desk *desk, struct site *site)
{
    if (site->rules)
        desk->rules_bytes -= robots_size(site->rules);
    robots_free(site->rules);
    free(site->why_not);
    site->rules = NULL;
    site->why_not = NULL;
}

static void unlink_site(struct robots_desk *desk, struct site *site)
{
    if (site->newer)
        site->newer->older = site->older;
    else
        desk->newest = site->older;
    if (site->older)
        site->older->newer = site->newer;
    else
        desk->oldest = site->newer;
    site->newer = site->older = NULL;
}

static void link_newest(struct robots_desk *desk, struct site *site)
{
    site->older = desk->newest;
    if (desk->newest)
        desk->newest->newer = site;
    else
        desk->oldest = site;
    desk->newest = site;
}

static void free_site(struct robots_desk *desk, struct site *site)
{
    struct site **at = &desk->buckets[site->hash % BUCKETS];
    assert(!site->waiting);
    while (*at != site)
        at = &(*at)->next_in_bucket;
    *at = site->next_in_bucket;
    forget_rules(desk, site);
    free(site);
    desk->count--;
}

void robots_desk_free(struct robots_desk *desk)
{
    if (!desk)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (desk->buckets[i])
            free_site(desk, desk->buckets[i]);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

static void make_room(struct robots_desk *desk)
{
    while (desk->oldest && (desk->count >= desk->count_max ||
                            desk->rules_bytes > RULES_BYTES_MAX)) {
        struct site *oldest = desk->oldest;
        desk->oldest = oldest->newer;
        if (desk->oldest)
            desk->oldest->older = NULL;
        else
            desk->newest = NULL;
        free_site(desk, oldest);
    }
}

/* The site of a URL; made, as one that has been asked, when it is new. NULL
 * without memory. */
static struct site *get_site(struct robots_desk *desk, const struct url *url,
                             bool *ret_is_new)
{
    struct view scheme =
        view_of_string(url->scheme == URL_HTTPS ? "https://" : "http://");
    uint64_t hash = XXH3_64bits_withSeed(url->origin.data, url->origin.size,
                                         (uint64_t)url->scheme);
    size_t key_size = scheme.size + url->origin.size;
    struct site *site = desk->buckets[hash % BUCKETS];
    while (site &&
           !(site->hash == hash && site->key_size == key_size &&
             view_starts_with(view_of(site->key, key_size), scheme.data) &&
             view_equal(view_of(site->key + scheme.size, url->origin.size),
                        url->origin)))
        site = site->next_in_bucket;
    *ret_is_new = !site;
    if (site)
        return site;
    make_room(desk);
    site = calloc(1, sizeof(*site) + key_size + 1);
    if (!site)
        return NULL;
    memcpy(site->key, scheme.data, scheme.size);
    memcpy(site->key + scheme.size, url->origin.data, url->origin.size);
    site->key_size = key_size;
    site->hash = hash;
    site->state = SITE_ASKED;
    site->next_in_bucket = desk->buckets[hash % BUCKETS];
    desk->buckets[hash % BUCKETS] = site;
    desk->count++;
    return site;
}

/* ---- asking ----------------------------------------------------------- */

/* Sends the entry on its detour. */
static bool begin_detour(struct entry *entry)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url robots;
    struct detour *detour = calloc(1, sizeof(*detour));
    if (!detour || url_resolve(&entry->target, view_of_string("/robots.txt"),
                               &robots, problem) != URL_OK) {
        free(detour);
        return false;
    }
    *detour = (struct detour){
        .target = entry->target,
        .page = entry->page,
        .attempts = entry->attempts,
        .redirects = entry->redirects,
        .need_bytes = entry->need_bytes,
    };
    entry->target = robots;
    entry->page = NULL;
    entry->attempts = entry->redirects = 0;
    entry->need_bytes = 0;
    entry->detour = detour;
    return true;
}

static enum robots_turn judge(const struct site *site, struct entry *entry)
{
    const struct robots_rule *rule;
    if (site->why_not) {
        entry_end(entry, OUTCOME_ROBOTS_DENIED, "%s/robots.txt: %s", site->key,
                  site->why_not);
        return ROBOTS_OVER;
    }
    if (!site->rules)
        return ROBOTS_GO;
    switch (robots_check(site->rules, entry->target.target, &rule)) {
    case ROBOTS_ALLOWED:
        return ROBOTS_GO;
    case ROBOTS_DENIED:
        entry_end(entry, OUTCOME_ROBOTS_DENIED,
                  "%s/robots.txt, line %u: Disallow: %.*s", site->key,
                  rule->line, VIEW_ARG(rule->pattern));
        return ROBOTS_OVER;
    case ROBOTS_NO_MEMORY:
    default:
        return ROBOTS_FAILED;
    }
}

/* Under the lock. */
static enum robots_turn ask(struct robots_desk *desk, struct entry *entry)
{
    bool is_new;
    struct site *site = get_site(desk, &entry->target, &is_new);
    if (!site)
        return ROBOTS_FAILED;
    if (!is_new && site->state == SITE_ASKED) {
        entry->next = site->waiting;
        site->waiting = entry;
        return ROBOTS_WAITS;
    }
    bool is_known = !is_new && desk->now_ns() < site->expires_ns;
    if (!is_new)
        unlink_site(desk, site);
    if (is_known) {
        link_newest(desk, site);
        return judge(site, entry);
    }
    forget_rules(desk, site);
    site->state = SITE_ASKED;
    if (begin_detour(entry))
        return ROBOTS_GO;
    free_site(desk, site);
    return ROBOTS_FAILED;
}

enum robots_turn robots_desk_ask(struct robots_desk *desk, struct entry *entry)
{
    if (entry->detour)
        return ROBOTS_GO; /* tried again, or the next hop */
    pthread_mutex_lock(&desk->lock);
    enum robots_turn turn = ask(desk, entry);
    pthread_mutex_unlock(&desk->lock);
    return turn;
}

/* ---- the answer ------------------------------------------------------- */

/* The body of the file, its codings taken off: as much of it as is read. */
static struct robots *parse_page(const struct page *page, struct view token)
{
    struct http_head head;
    struct buf plain, scratch, spare;
    struct view body =
        view_of(page->bytes.data + page->head_size, page->body_size);
    char detail[WHY_SIZE];
    size_t used;
    struct robots *rules = NULL;
    buf_init(&plain, SIZE_MAX / 2);
    buf_init(&scratch, SIZE_MAX / 2);
    buf_init(&spare, SIZE_MAX / 2);
    if (http_head_parse(view_of(page->bytes.data, page->head_size), &head)) {
        if (head.is_chunked &&
            dechunk(body, &plain, &used) != DECHUNK_MALFORMED)
            body = buf_view(&plain);
        if (!plain.failed &&
            decode_content(head.content_encoding, body, ROBOTS_BYTES_MAX + 1,
                           &scratch, &spare, &body, detail,
                           sizeof(detail)) != DECODE_NO_MEMORY)
            rules = robots_parse(body, token);
    }
    buf_release(&plain);
    buf_release(&scratch);
    buf_release(&spare);
    return rules;
}

/* 2.3.1: what each kind of answer means. 429 is a server that is busy, as 503
 * is, and no file that is missing. */
static void learn(struct robots_desk *desk, struct site *site,
                  const struct entry *entry)
{
    const struct page *page = entry->page;
    int status = page ? page->status : 0;
    bool is_read = entry->outcome == OUTCOME_OK && status >= 200 &&
                   status < 300 && page->head_size;
    bool is_missing = entry->outcome == OUTCOME_TOO_MANY_REDIRECTS ||
                      (status >= 300 && status < 500 && status != 429);
    int64_t lasts_s = KNOWN_S;
    /* Too long a file is read as far as it came. */
    if (entry->outcome == OUTCOME_TOO_LARGE && status >= 200 && status < 300)
        is_read = true;
    if (is_read)
        site->rules = parse_page(page, desk->token);
    if (site->rules) {
        desk->rules_bytes += robots_size(site->rules);
    } else if (!is_missing) {
        lasts_s = UNKNOWN_S;
        if (asprintf(&site->why_not,
                     "it could not be had, so nothing is "
                     "allowed: %s%s%s",
                     outcome_word(entry->outcome), entry->detail ? ": " : "",
                     entry->detail ? entry->detail : "") < 0)
            site->why_not = NULL;
    }
    site->expires_ns = desk->now_ns() + lasts_s * CLOCK_NS_PER_S;
    site->state = SITE_KNOWN;
}

/* The pages of the detour go behind those of earlier ones. */
static void end_detour(struct entry *entry)
{
    struct detour *detour = entry->detour;
    struct page **oldest = &entry->page;
    while (*oldest)
        oldest = &(*oldest)->previous_hop;
    *oldest = entry->asides;
    entry->asides = entry->page;
    url_release(&entry->target);
    entry->target = detour->target;
    entry->page = detour->page;
    entry->attempts = detour->attempts;
    entry->redirects = detour->redirects;
    entry->need_bytes = detour->need_bytes;
    entry->detour = NULL;
    free(detour);
}

struct entry *robots_desk_settle(struct robots_desk *desk, struct entry *entry,
                                 int64_t *ret_delay_ms)
{
    bool is_new;
    pthread_mutex_lock(&desk->lock);
    struct site *site = get_site(desk, &entry->detour->target, &is_new);
    assert(site && !is_new && site->state == SITE_ASKED);
    learn(desk, site, entry);
    link_newest(desk, site);
    *ret_delay_ms = site->rules ? robots_delay_ms(site->rules) : 0;
    struct entry *waiting = site->waiting;
    site->waiting = NULL;
    pthread_mutex_unlock(&desk->lock);
    end_detour(entry);
    entry->next = waiting;
    return entry;
}

struct entry *robots_desk_drain(struct robots_desk *desk)
{
    struct entry *entry = NULL;
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; !entry && i < BUCKETS; i++) {
        for (struct site *site = desk->buckets[i]; site && !entry;
             site = site->next_in_bucket) {
            entry = site->waiting;
            if (entry)
                site->waiting = entry->next;
        }
    }
    pthread_mutex_unlock(&desk->lock);
    if (entry)
        entry->next = NULL;
    return entry;
}
