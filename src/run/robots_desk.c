/*
 * Origins stand in a hash table and, when nothing is under way for them, in a
 * list by their last use, the oldest forgotten first: memory is bounded, and an
 * origin that comes back much later is asked again.
 */
#include "robots_desk.h"

#include "robots_answer.h"

#include "fetchgrep/base/clock.h"

#include <assert.h>
#include <pthread.h>
#include <xxhash.h>

enum {
    BUCKETS = 1 << 14,
    PATTERN_SHOWN = 200,
    KNOWN_S = 24 * 3600, /* RFC 9309, 2.4 */
    UNKNOWN_S = 3600,    /* when it could not be had */
    RULES_BYTES_MAX = 64 << 20,
};

enum site_state { SITE_ASKED, SITE_KNOWN };

struct site {
    struct site *next_in_bucket;
    struct site *newer, *older; /* by use, while it is not asked */
    enum site_state state;
    struct robots *rules; /* NULL: all is allowed, or nothing is */
    bool denies_all;
    char *why_not; /* with it; heap, NULL without memory */
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
    site->denies_all = false;
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

static struct view scheme_of(const struct url *url)
{
    return view_of_string(url->scheme == URL_HTTPS ? "https://" : "http://");
}

static uint64_t hash_of(const struct url *url)
{
    return XXH3_64bits_withSeed(url->origin.data, url->origin.size,
                                (uint64_t)url->scheme);
}

static bool is_site_of(const struct site *site, const struct url *url)
{
    struct view scheme = scheme_of(url);
    struct view key = view_of(site->key, site->key_size);
    return view_equal(view_first(key, scheme.size), scheme) &&
           view_equal(view_from(key, scheme.size), url->origin);
}

/* NULL when nothing is known of it, and nobody asks. */
static struct site *find_site(const struct robots_desk *desk,
                              const struct url *url)
{
    uint64_t hash = hash_of(url);
    struct site *site = desk->buckets[hash % BUCKETS];
    while (site && (site->hash != hash || !is_site_of(site, url)))
        site = site->next_in_bucket;
    return site;
}

/* One that is asked. NULL without memory. */
static struct site *add_site(struct robots_desk *desk, const struct url *url)
{
    struct view scheme = scheme_of(url);
    size_t key_size = scheme.size + url->origin.size;
    make_room(desk);
    struct site *site = calloc(1, sizeof(*site) + key_size + 1);
    if (!site)
        return NULL;
    memcpy(site->key, scheme.data, scheme.size);
    memcpy(site->key + scheme.size, url->origin.data, url->origin.size);
    site->key_size = key_size;
    site->hash = hash_of(url);
    site->state = SITE_ASKED;
    site->next_in_bucket = desk->buckets[site->hash % BUCKETS];
    desk->buckets[site->hash % BUCKETS] = site;
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
        .known = entry->known,
        .attempts = entry->attempts,
        .redirects = entry->redirects,
        .need_bytes = entry->need_bytes,
    };
    entry->target = robots;
    entry->page = NULL;
    entry->known = NULL;
    entry->attempts = entry->redirects = 0;
    entry->need_bytes = 0;
    entry->detour = detour;
    return true;
}

static enum robots_turn judge(const struct site *site, struct entry *entry)
{
    const struct robots_rule *rule;
    if (view_equal_string(entry->target.target, "/robots.txt"))
        return ROBOTS_GO; /* 2.2.2 */
    if (site->denies_all) {
        entry_end(entry, OUTCOME_ROBOTS_DENIED,
                  "%s/robots.txt could not be had, so nothing is allowed%s%s",
                  site->key, site->why_not ? ": " : "",
                  site->why_not ? site->why_not : "");
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
                  rule->line,
                  VIEW_ARG(view_first(rule->pattern, PATTERN_SHOWN)));
        return ROBOTS_OVER;
    case ROBOTS_TOO_COSTLY:
        entry_end(entry, OUTCOME_ROBOTS_DENIED,
                  "%s/robots.txt has too many \"*\" to tell in time",
                  site->key);
        return ROBOTS_OVER;
    case ROBOTS_NO_MEMORY:
    default:
        return ROBOTS_FAILED;
    }
}

/* Under the lock: the entry is the one to ask, and nobody else is. */
static enum robots_turn send_out(struct robots_desk *desk, struct entry *entry,
                                 struct site *site)
{
    if (!site)
        site = add_site(desk, &entry->target);
    if (!site)
        return ROBOTS_FAILED;
    forget_rules(desk, site);
    site->state = SITE_ASKED;
    if (begin_detour(entry))
        return ROBOTS_GO;
    free_site(desk, site);
    return ROBOTS_FAILED;
}

/* Under the lock. */
static enum robots_turn ask(struct robots_desk *desk, struct entry *entry,
                            int64_t *ret_delay_ms)
{
    struct site *site = find_site(desk, &entry->target);
    if (!site)
        return send_out(desk, entry, NULL);
    if (site->state == SITE_ASKED)
        return ROBOTS_WAITS;
    unlink_site(desk, site);
    if (desk->now_ns() >= site->expires_ns)
        return send_out(desk, entry, site);
    link_newest(desk, site);
    *ret_delay_ms = site->rules ? robots_delay_ms(site->rules) : 0;
    return judge(site, entry);
}

enum robots_turn robots_desk_ask(struct robots_desk *desk, struct entry *entry,
                                 int64_t *ret_delay_ms)
{
    *ret_delay_ms = 0;
    if (entry->detour)
        return ROBOTS_GO; /* tried again, or the next hop */
    pthread_mutex_lock(&desk->lock);
    enum robots_turn turn = ask(desk, entry, ret_delay_ms);
    pthread_mutex_unlock(&desk->lock);
    return turn;
}

bool robots_desk_wait(struct robots_desk *desk, struct entry *entry)
{
    pthread_mutex_lock(&desk->lock);
    struct site *site = find_site(desk, &entry->target);
    bool is_asked = site && site->state == SITE_ASKED;
    if (is_asked) {
        entry->next = site->waiting;
        site->waiting = entry;
    }
    pthread_mutex_unlock(&desk->lock);
    return is_asked;
}

/* ---- the answer ------------------------------------------------------- */

/* Under the lock. */
static void adopt(struct robots_desk *desk, struct site *site,
                  const struct robots_answer *answer)
{
    site->rules = answer->rules;
    site->denies_all = answer->denies_all;
    site->why_not = answer->why_not;
    if (site->rules)
        desk->rules_bytes += robots_size(site->rules);
    site->expires_ns =
        desk->now_ns() +
        (site->denies_all ? UNKNOWN_S : KNOWN_S) * CLOCK_NS_PER_S;
    site->state = SITE_KNOWN;
    link_newest(desk, site);
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
    entry->known = detour->known;
    entry->attempts = detour->attempts;
    entry->redirects = detour->redirects;
    entry->need_bytes = detour->need_bytes;
    entry->detour = NULL;
    free(detour);
}

struct entry *robots_desk_settle(struct robots_desk *desk, struct entry *entry,
                                 int64_t *ret_delay_ms)
{
    const struct robots_answer answer = robots_answer_read(entry, desk->token);
    *ret_delay_ms = answer.rules ? robots_delay_ms(answer.rules) : 0;
    pthread_mutex_lock(&desk->lock);
    struct site *site = find_site(desk, &entry->detour->target);
    assert(site && site->state == SITE_ASKED);
    adopt(desk, site, &answer);
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
