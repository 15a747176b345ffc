#include "resolver.h"

#include "address_places.h"
#include "known_names.h"
#include "name_cache.h"
#include "name_news.h"

#include "fetchgrep/base/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    NAMES_MAX = 32 << 10, /* remembered, some 200 bytes each */
    PARKED_MAX = 4096,    /* entries */
    LINE_LONGEST = 64,    /* entries that wait for one address */
};

struct resolver {
    const struct fetch_options *options;
    resolver_wake_fn *wake;
    void *wake_ctx;
    bool is_used;
    bool has_thread;
    pthread_t thread;
    struct lookups *lookups; /* the thread's */
    pthread_mutex_t lock;    /* guards all below */
    struct name_cache names;
    struct address_places places;
    struct name *first_to_ask, *last_to_ask;
    struct entry *first_ready, *last_ready;
    size_t parked;   /* entries that are ours */
    bool is_waiting; /* the thread waits for something to ask */
    bool is_full;    /* somebody was told that there is no room */
    bool is_stopped;
    bool is_ending;
};

/* ---- entries that may go on ------------------------------------------- */

static void make_ready(struct resolver *resolver, struct entry *entry)
{
    entry->next = NULL;
    if (resolver->last_ready)
        resolver->last_ready->next = entry;
    else
        resolver->first_ready = entry;
    resolver->last_ready = entry;
}

static void forget_addresses(struct entry *entry)
{
    address_set_unref(entry->addresses);
    entry->addresses = NULL;
}

static const struct address *chosen(const struct entry *entry)
{
    return &entry->addresses->addresses[entry->address_index];
}

/* Under the lock: the entry, which has its addresses, takes a place at one. */
static enum resolver_result enter_place(struct resolver *resolver,
                                        struct entry *entry)
{
    if (!resolver->places.place_count)
        return RESOLVER_KNOWN;
    switch (address_places_enter(&resolver->places, chosen(entry), entry)) {
    case PLACE_TAKEN:
        return RESOLVER_KNOWN;
    case PLACE_AWAITED:
        return RESOLVER_PARKED;
    case PLACE_NONE:
    default:
        forget_addresses(entry);
        return RESOLVER_CROWDED;
    }
}

/* Under the lock: what the name's last answer means for the entry. */
static enum resolver_result settle(struct resolver *resolver,
                                   const struct name *name, struct entry *entry)
{
    if (name->status != NAME_FOUND) {
        name_end_entry(name, entry);
        return RESOLVER_OVER;
    }
    struct address_set *set = name->addresses;
    entry->addresses = address_set_ref(set);
    entry->address_index = atomic_load(&set->first) % set->count;
    return enter_place(resolver, entry);
}

/* ---- answers ---------------------------------------------------------- */

/* Under the lock: all who waited go on. The time that each has waited counts
 * from the question on, not from when it stood in line for it. */
static void tell_waiting(struct resolver *resolver, struct name *name,
                         int64_t asked_ns, int64_t now_ns)
{
    while (name->first) {
        struct entry *entry = name->first;
        name->first = entry->next;
        int64_t since = entry->name_ns > asked_ns ? entry->name_ns : asked_ns;
        entry->name_ns = now_ns - since;
        /* RESOLVER_CROWDED: settled again when it is taken. */
        if (settle(resolver, name, entry) != RESOLVER_PARKED)
            make_ready(resolver, entry);
    }
    name->last = NULL;
}

static void on_answer(void *ctx, void *asked, int64_t started_ns,
                      const struct name_answer *answer)
{
    struct resolver *resolver = ctx;
    struct name *name = asked;
    const struct name_news news =
        name_news_of(answer, resolver->options->address_rule);
    int64_t now = clock_now_ns();
    pthread_mutex_lock(&resolver->lock);
    name_learn(name, &news, now);
    tell_waiting(resolver, name, started_ns, now);
    name_cache_set_answered(&resolver->names, name);
    pthread_mutex_unlock(&resolver->lock);
}

/* ---- the thread ------------------------------------------------------- */

static struct name *take_to_ask(struct resolver *resolver)
{
    struct name *name = resolver->first_to_ask;
    if (!name)
        return NULL;
    resolver->first_to_ask = name->next_to_ask;
    if (!resolver->first_to_ask)
        resolver->last_to_ask = NULL;
    return name;
}

/* The host of a key, which may have a port behind it. */
static struct view host_of(const struct name *name)
{
    struct view key = view_of(name->key, name->key_size);
    return view_split(&key, ':');
}

/* Starts what may start. Until when the thread may sleep (0: for ever). */
static int64_t start_lookups(struct resolver *resolver)
{
    int64_t due_ns = 0;
    for (;;) {
        int64_t now = clock_now_ns();
        bool may_start = lookups_may_start(resolver->lookups, now, &due_ns);
        pthread_mutex_lock(&resolver->lock);
        struct name *name = may_start ? take_to_ask(resolver) : NULL;
        bool is_any_left = resolver->first_to_ask != NULL;
        /* While some wait for their turn, one more need not wake it. */
        resolver->is_waiting = !name && !is_any_left;
        pthread_mutex_unlock(&resolver->lock);
        if (!name)
            return is_any_left ? due_ns : 0;
        lookups_start(resolver->lookups, host_of(name), name, now);
    }
}

static bool is_any_ready(struct resolver *resolver, bool *ret_is_ending)
{
    pthread_mutex_lock(&resolver->lock);
    bool is_any = resolver->first_ready != NULL;
    *ret_is_ending = resolver->is_ending;
    pthread_mutex_unlock(&resolver->lock);
    return is_any;
}

static void *resolver_main(void *ctx)
{
    struct resolver *resolver = ctx;
    bool is_ending = false;
    while (!is_ending) {
        int64_t due_ns = start_lookups(resolver);
        if (is_any_ready(resolver, &is_ending))
            resolver->wake(resolver->wake_ctx);
        if (is_ending)
            break;
        lookups_work(resolver->lookups, due_ns);
    }
    return NULL;
}

/* ---- asking ----------------------------------------------------------- */

bool resolver_is_literal(const struct url *url)
{
    struct address address;
    return address_parse(url->host, &address);
}

bool resolver_is_used(const struct fetch_options *options)
{
    struct view proxy = view_of_string(options->proxy);
    /* These two are told an address; the others a name. */
    return !proxy.size || view_starts_with_nocase(proxy, "socks4://") ||
           view_starts_with_nocase(proxy, "socks5://");
}

/* Under the lock. `entry->name_ns` is when it came until the answer does. */
static bool park(struct resolver *resolver, struct name *name,
                 struct entry *entry, int64_t now_ns)
{
    entry->name_ns = now_ns;
    entry->next = NULL;
    if (name->first)
        name->last->next = entry;
    else
        name->first = entry;
    name->last = entry;
    if (name->is_asked)
        return false;
    name_cache_set_asked(&resolver->names, name);
    name->next_to_ask = NULL;
    if (resolver->last_to_ask)
        resolver->last_to_ask->next_to_ask = name;
    else
        resolver->first_to_ask = name;
    resolver->last_to_ask = name;
    bool is_wanted = resolver->is_waiting;
    resolver->is_waiting = false;
    return is_wanted;
}

/* Under the lock: what --resolve or a hosts file says is an answer, too. */
static void consult_known(struct resolver *resolver, struct name *name,
                          const struct url *url, int64_t now_ns)
{
    struct name_answer answer = { .status = NAME_FOUND, .ttl_s = UINT32_MAX };
    answer.count = known_names_find(resolver->options->names.known, url->host,
                                    url->port, answer.addresses);
    if (!answer.count)
        return;
    const struct name_news news =
        name_news_of(&answer, resolver->options->address_rule);
    name_learn(name, &news, now_ns);
}

/* Under the lock. `ret_is_wanted`: the thread is to be woken. */
static enum resolver_result ask_name(struct resolver *resolver,
                                     struct entry *entry, bool *ret_is_wanted)
{
    const struct url *url = &entry->target;
    bool has_port = known_names_has_port(resolver->options->names.known,
                                         url->host, url->port);
    struct name *name =
        name_cache_get(&resolver->names, has_port ? url->origin : url->host);
    if (!name) {
        const struct name no_memory = { .status = NAME_FAILED };
        name_end_entry(&no_memory, entry);
        return RESOLVER_OVER;
    }
    int64_t now = clock_now_ns();
    if (!name->is_asked && now >= name->expires_ns)
        consult_known(resolver, name, url, now);
    if (!name->is_asked && now < name->expires_ns)
        return settle(resolver, name, entry);
    *ret_is_wanted = park(resolver, name, entry, now);
    return RESOLVER_PARKED;
}

/* Under the lock: an address takes a place like a name's. */
static enum resolver_result ask_literal(struct resolver *resolver,
                                        const struct address *address,
                                        struct entry *entry)
{
    if (!resolver->places.place_count)
        return RESOLVER_KNOWN;
    entry->addresses = address_set_new(address, 1);
    entry->address_index = 0;
    return entry->addresses ? enter_place(resolver, entry) : RESOLVER_CROWDED;
}

static enum resolver_result ask(struct resolver *resolver, struct entry *entry,
                                bool *ret_is_wanted)
{
    struct address address;
    entry->name_ns = 0;
    return address_parse(entry->target.host, &address)
               ? ask_literal(resolver, &address, entry)
               : ask_name(resolver, entry, ret_is_wanted);
}

enum resolver_result resolver_ask(struct resolver *resolver,
                                  struct entry *entry)
{
    if (!resolver->is_used)
        return RESOLVER_KNOWN;
    bool is_wanted = false;
    pthread_mutex_lock(&resolver->lock);
    enum resolver_result result = ask(resolver, entry, &is_wanted);
    resolver->parked += result == RESOLVER_PARKED;
    pthread_mutex_unlock(&resolver->lock);
    if (is_wanted)
        lookups_wake(resolver->lookups);
    return result;
}

/* ---- coming back ------------------------------------------------------ */

static struct entry *take_ready(struct resolver *resolver)
{
    struct entry *entry = resolver->first_ready;
    if (!entry)
        return NULL;
    resolver->first_ready = entry->next;
    if (!resolver->first_ready)
        resolver->last_ready = NULL;
    entry->next = NULL;
    resolver->parked--;
    return entry;
}

enum resolver_result resolver_take(struct resolver *resolver,
                                   struct entry **ret_entry)
{
    enum resolver_result result = RESOLVER_NONE;
    bool is_wanted = false, had_no_room = false;
    if (!resolver->is_used)
        return RESOLVER_NONE;
    pthread_mutex_lock(&resolver->lock);
    struct entry *entry = resolver->is_stopped ? NULL : take_ready(resolver);
    while (entry) {
        result = entry->outcome != OUTCOME_OK ? RESOLVER_OVER
                 : entry->addresses           ? RESOLVER_KNOWN
                                    : ask(resolver, entry, &is_wanted);
        if (result != RESOLVER_PARKED)
            break;
        resolver->parked++;
        result = RESOLVER_NONE;
        entry = take_ready(resolver);
    }
    if (entry) {
        *ret_entry = entry;
        had_no_room =
            resolver->is_full && resolver->parked < PARKED_MAX / 4 * 3;
        if (had_no_room)
            resolver->is_full = false;
    }
    pthread_mutex_unlock(&resolver->lock);
    if (is_wanted)
        lookups_wake(resolver->lookups);
    if (had_no_room)
        resolver->wake(resolver->wake_ctx);
    return result;
}

bool resolver_has_room(struct resolver *resolver)
{
    if (!resolver->is_used)
        return true;
    pthread_mutex_lock(&resolver->lock);
    bool has_room = resolver->parked < PARKED_MAX;
    resolver->is_full |= !has_room;
    pthread_mutex_unlock(&resolver->lock);
    return has_room;
}

void resolver_leave(struct resolver *resolver, struct entry *entry,
                    bool was_unreachable)
{
    struct address_set *set = entry->addresses;
    struct entry *next = NULL;
    if (!set)
        return;
    if (was_unreachable)
        atomic_store(&set->first, entry->address_index + 1);
    if (resolver->places.place_count) {
        pthread_mutex_lock(&resolver->lock);
        next = address_places_leave(&resolver->places, chosen(entry));
        if (next)
            make_ready(resolver, next);
        pthread_mutex_unlock(&resolver->lock);
    }
    forget_addresses(entry);
    if (next)
        resolver->wake(resolver->wake_ctx);
}

/* ---- life ------------------------------------------------------------- */

void resolver_stop(struct resolver *resolver)
{
    pthread_mutex_lock(&resolver->lock);
    resolver->is_stopped = true;
    pthread_mutex_unlock(&resolver->lock);
}

void resolver_join(struct resolver *resolver)
{
    if (!resolver->has_thread)
        return;
    pthread_mutex_lock(&resolver->lock);
    resolver->is_ending = resolver->is_stopped = true;
    pthread_mutex_unlock(&resolver->lock);
    lookups_wake(resolver->lookups);
    pthread_join(resolver->thread, NULL);
    resolver->has_thread = false;
}

struct entry *resolver_drain(struct resolver *resolver)
{
    assert(!resolver->has_thread);
    if (!resolver->is_used)
        return NULL;
    struct entry *entry = take_ready(resolver);
    if (entry)
        return entry;
    struct name *name = name_cache_find_waiting(&resolver->names);
    if (name) {
        entry = name->first;
        name->first = entry->next;
        entry->next = NULL;
    } else {
        entry = address_places_drain(&resolver->places);
        if (entry)
            forget_addresses(entry); /* it had no place yet */
    }
    resolver->parked -= entry != NULL;
    return entry;
}

static bool start(struct resolver *resolver, struct error *err)
{
    const struct fetch_options *options = resolver->options;
    const struct name_options *names = &options->names;
    if (!name_cache_init(&resolver->names, NAMES_MAX) ||
        (names->per_address &&
         !address_places_init(&resolver->places, names->per_address,
                              LINE_LONGEST)))
        return error_no_memory(err, "the resolver");
    resolver->lookups = lookups_new(names, options->connect_timeout_ms,
                                    on_answer, resolver, err);
    if (!resolver->lookups)
        return false;
    int code = pthread_create(&resolver->thread, NULL, resolver_main, resolver);
    resolver->has_thread = code == 0;
    return !code ||
           error_set_errno(err, ERR_SYSTEM, code, "cannot start the resolver");
}

struct resolver *resolver_new(const struct fetch_options *options,
                              resolver_wake_fn *wake, void *ctx,
                              struct error *err)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    if (!resolver) {
        error_no_memory(err, "the resolver");
        return NULL;
    }
    resolver->options = options;
    resolver->wake = wake;
    resolver->wake_ctx = ctx;
    resolver->is_used = resolver_is_used(options);
    pthread_mutex_init(&resolver->lock, NULL);
    if (!resolver->is_used || start(resolver, err))
        return resolver;
    resolver_free(resolver);
    return NULL;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    assert(!resolver->has_thread && !resolver->parked);
    lookups_free(resolver->lookups);
    name_cache_release(&resolver->names);
    address_places_release(&resolver->places);
    pthread_mutex_destroy(&resolver->lock);
    free(resolver);
}
