/*
 * A lookup asks for IPv4 addresses and for IPv6 ones, with a question each
 * (ares_query(3)), and its answer is put together from both:
 *
 * - Where this machine has no route to the IPv6 internet, the second question
 *   is asked only when the first brought no address: that halves what the
 *   name servers have to bear.
 * - When one question is answered with addresses, the other has little time
 *   left: there are servers that never answer for IPv6 (RFC 8305, 3).
 * - A whole lookup has the time that the caller gives it, however often and
 *   whomever c-ares asks in that time.
 *
 * A lookup whose time is over is answered; it stays in memory until c-ares has
 * called back for each of its questions.
 */
#include "lookups.h"

#include "lookup_reply.h"

#include "fetchgrep/base/clock.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    FRESH_MAX = 64, /* open ones that began within FRESH_MS */
    FRESH_MS = 1000,
    OPEN_MAX = 1024,      /* open ones in all */
    OTHER_FAMILY_MS = 50, /* for the second answer */
    TRIES = 3,            /* of each name server */
    TRY_MOST_MS = 2000,   /* for the first of them, then twice that, ... */
    TRY_LEAST_MS = 10,
    EVENTS_AT_ONCE = 16,
    NAME_LONGEST = 255,
};

struct lookup {
    struct lookups *all;
    struct lookup *previous, *next; /* open ones, by start */
    void *name;                     /* the caller's */
    int64_t started_ns;
    int64_t deadline_ns;
    bool is_answered;
    bool is_starting; /* must not be freed by a callback yet */
    struct question v4, v6;
    char host[NAME_LONGEST + 1];
};

struct lookups {
    ares_channel channel;
    lookup_done_fn *done;
    void *ctx;
    int epoll_fd;
    int wake_fd;
    int64_t timeout_ns;
    uint32_t per_s;        /* 0: no bound */
    int64_t next_start_ns; /* by the rate */
    bool has_v6_route;
    bool is_ending;
    struct lookup *oldest, *newest;
    size_t open_count;
};

/* ---- the answer ------------------------------------------------------- */

static void answer(struct lookup *lookup)
{
    struct lookups *all = lookup->all;
    struct name_answer answer;
    questions_combine(&lookup->v4, &lookup->v6, &answer);
    lookup->is_answered = true;
    if (!all->is_ending)
        all->done(all->ctx, lookup->name, lookup->started_ns, &answer);
}

/* ---- open lookups ----------------------------------------------------- */

static void link_newest(struct lookups *all, struct lookup *lookup)
{
    lookup->previous = all->newest;
    if (all->newest)
        all->newest->next = lookup;
    else
        all->oldest = lookup;
    all->newest = lookup;
    all->open_count++;
}

static void unlink_lookup(struct lookups *all, struct lookup *lookup)
{
    if (lookup->previous)
        lookup->previous->next = lookup->next;
    else
        all->oldest = lookup->next;
    if (lookup->next)
        lookup->next->previous = lookup->previous;
    else
        all->newest = lookup->previous;
    all->open_count--;
}

static void free_if_over(struct lookup *lookup)
{
    if (lookup->is_starting || lookup->v4.is_open || lookup->v6.is_open)
        return;
    assert(lookup->is_answered);
    unlink_lookup(lookup->all, lookup);
    free(lookup);
}

/* ---- questions -------------------------------------------------------- */

static void on_v4(void *ctx, int code, int timeouts, unsigned char *reply,
                  int size);
static void on_v6(void *ctx, int code, int timeouts, unsigned char *reply,
                  int size);

/* A name of one label is looked for in the domains of resolv.conf(5); any
 * other is meant as it stands. */
static void ask(struct lookup *lookup, struct question *question, int type,
                ares_callback callback)
{
    struct lookups *all = lookup->all;
    question->is_open = true;
    if (strchr(lookup->host, '.'))
        ares_query(all->channel, lookup->host, ns_c_in, type, callback, lookup);
    else
        ares_search(all->channel, lookup->host, ns_c_in, type, callback,
                    lookup);
}

/* A question is over: what that means for the lookup. */
static void go_on(struct lookup *lookup)
{
    struct lookups *all = lookup->all;
    bool may_ask_v6 = !lookup->is_answered && lookup->v4.is_over &&
                      !lookup->v6.is_open && !lookup->v6.is_over &&
                      !all->is_ending;
    if (may_ask_v6 && lookup->v4.status == NAME_EMPTY) {
        ask(lookup, &lookup->v6, ns_t_aaaa, on_v6);
        return; /* which calls this again */
    }
    if (lookup->is_answered) {
        free_if_over(lookup);
        return;
    }
    bool is_over = lookup->v4.is_over && !lookup->v6.is_open;
    bool is_told = question_is_final(&lookup->v4) &&
                   lookup->v4.status != NAME_FOUND &&
                   lookup->v4.status != NAME_EMPTY;
    if (is_over || is_told) {
        answer(lookup);
        free_if_over(lookup);
    } else if (lookup->v4.count || lookup->v6.count) {
        int64_t soon = clock_now_ns() + OTHER_FAMILY_MS * CLOCK_NS_PER_MS;
        if (soon < lookup->deadline_ns)
            lookup->deadline_ns = soon;
    }
}

static void on_v4(void *ctx, int code, int timeouts, unsigned char *reply,
                  int size)
{
    struct lookup *lookup = ctx;
    (void)timeouts;
    question_take_v4(&lookup->v4, code, reply, size);
    go_on(lookup);
}

static void on_v6(void *ctx, int code, int timeouts, unsigned char *reply,
                  int size)
{
    struct lookup *lookup = ctx;
    (void)timeouts;
    question_take_v6(&lookup->v6, code, reply, size);
    go_on(lookup);
}

/* ---- starting --------------------------------------------------------- */

bool lookups_may_start(struct lookups *lookups, int64_t now_ns,
                       int64_t *ret_due_ns)
{
    size_t fresh = 0;
    const int64_t fresh_ns = FRESH_MS * INT64_C(1000000);
    const struct lookup *lookup = lookups->newest;
    *ret_due_ns = 0;
    for (; lookup && now_ns - lookup->started_ns < fresh_ns;
         lookup = lookup->previous) {
        fresh += !lookup->is_answered;
        if (fresh == FRESH_MAX) {
            *ret_due_ns = lookup->started_ns + fresh_ns;
            return false;
        }
    }
    if (lookups->open_count >= OPEN_MAX)
        return false;
    if (now_ns >= lookups->next_start_ns)
        return true;
    *ret_due_ns = lookups->next_start_ns;
    return false;
}

/* The next start by the rate; a few may catch up with time that was lost. */
static void count_start(struct lookups *lookups, int64_t now_ns)
{
    if (!lookups->per_s)
        return;
    int64_t interval_ns = CLOCK_NS_PER_S / lookups->per_s;
    int64_t behind_ns = 20 * CLOCK_NS_PER_MS;
    if (lookups->next_start_ns < now_ns - behind_ns)
        lookups->next_start_ns = now_ns - behind_ns;
    lookups->next_start_ns += interval_ns;
}

/* What the DNS can hold: ASCII without blanks, 253 bytes, labels of 63; and
 * nothing that it must not hear of (RFC 7686). */
static bool is_possible(struct view host)
{
    size_t label = 0;
    if (view_ends_with(host, ".onion"))
        return false;
    for (size_t i = 0; i < host.size; i++) {
        unsigned char c = (unsigned char)host.data[i];
        if (c <= ' ' || c >= 0x7f)
            return false;
        bool is_dot = c == '.';
        if ((is_dot && label == 0) || (!is_dot && label == 63))
            return false;
        label = is_dot ? 0 : label + 1;
    }
    return host.size > 0 && host.size <= 254;
}

void lookups_start(struct lookups *lookups, struct view host, void *name,
                   int64_t now_ns)
{
    struct name_answer failure = { .status = NAME_IMPOSSIBLE };
    if (!is_possible(host)) {
        lookups->done(lookups->ctx, name, now_ns, &failure);
        return;
    }
    count_start(lookups, now_ns);
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup) {
        failure.status = NAME_FAILED;
        lookups->done(lookups->ctx, name, now_ns, &failure);
        return;
    }
    lookup->all = lookups;
    lookup->name = name;
    lookup->started_ns = now_ns;
    lookup->deadline_ns = now_ns + lookups->timeout_ns;
    memcpy(lookup->host, host.data, host.size);
    link_newest(lookups, lookup);
    lookup->is_starting = true;
    if (lookups->has_v6_route)
        ask(lookup, &lookup->v6, ns_t_aaaa, on_v6);
    if (!lookup->is_answered)
        ask(lookup, &lookup->v4, ns_t_a, on_v4);
    lookup->is_starting = false;
    if (lookup->is_answered)
        free_if_over(lookup);
}

/* ---- a round ---------------------------------------------------------- */

static void on_socket(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct lookups *lookups = ctx;
    struct epoll_event event = {
        .events = (readable ? (uint32_t)EPOLLIN : 0) |
                  (writable ? (uint32_t)EPOLLOUT : 0),
        .data.fd = fd,
    };
    if (!event.events)
        epoll_ctl(lookups->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(lookups->epoll_fd, EPOLL_CTL_MOD, fd, &event) &&
             errno == ENOENT)
        epoll_ctl(lookups->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int64_t next_deadline_ns(const struct lookups *lookups)
{
    int64_t due = 0;
    for (const struct lookup *lookup = lookups->oldest; lookup;
         lookup = lookup->next)
        if (!lookup->is_answered && (!due || lookup->deadline_ns < due))
            due = lookup->deadline_ns;
    return due;
}

static int wait_ms(const struct lookups *lookups, int64_t due_ns)
{
    int64_t deadline = next_deadline_ns(lookups);
    if (deadline && (!due_ns || deadline < due_ns))
        due_ns = deadline;
    int64_t left_ms = -1;
    if (due_ns) {
        int64_t left_ns = due_ns - clock_now_ns();
        left_ms = left_ns <= 0
                      ? 0
                      : (left_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
    }
    struct timeval own;
    if (ares_timeout(lookups->channel, NULL, &own)) {
        int64_t own_ms = (int64_t)own.tv_sec * 1000 + own.tv_usec / 1000 + 1;
        if (left_ms < 0 || own_ms < left_ms)
            left_ms = own_ms;
    }
    return left_ms > 60000 ? 60000 : (int)left_ms;
}

static void answer_overdue(struct lookups *lookups)
{
    int64_t now = clock_now_ns();
    struct lookup *lookup = lookups->oldest;
    while (lookup) {
        struct lookup *next = lookup->next;
        if (!lookup->is_answered && lookup->deadline_ns <= now)
            answer(lookup);
        lookup = next;
    }
}

void lookups_work(struct lookups *lookups, int64_t due_ns)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(lookups->epoll_fd, events, EVENTS_AT_ONCE,
                           wait_ms(lookups, due_ns));
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        uint64_t ignored;
        if (fd == lookups->wake_fd) {
            if (read(fd, &ignored, sizeof(ignored)) < 0)
                continue; /* a spurious wake-up: nothing to drain */
        } else {
            bool is_broken = events[i].events & (EPOLLERR | EPOLLHUP);
            ares_process_fd(
                lookups->channel,
                events[i].events & EPOLLIN || is_broken ? fd : ARES_SOCKET_BAD,
                events[i].events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
        }
    }
    ares_process_fd(lookups->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    answer_overdue(lookups);
}

void lookups_wake(struct lookups *lookups)
{
    const uint64_t one = 1;
    if (write(lookups->wake_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: a wake-up is under way */
}

/* ---- life ------------------------------------------------------------- */

static bool open_channel(struct lookups *lookups,
                         const struct name_options *options, int64_t timeout_ms,
                         struct error *err)
{
    int64_t try_ms = timeout_ms / 5;
    try_ms = try_ms < TRY_LEAST_MS ? TRY_LEAST_MS : try_ms;
    try_ms = try_ms > TRY_MOST_MS ? TRY_MOST_MS : try_ms;
    struct ares_options how = {
        .flags = ARES_FLAG_STAYOPEN,
        .timeout = (int)try_ms,
        .tries = TRIES,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = lookups,
    };
    int code = ares_library_init(ARES_LIB_INIT_ALL);
    if (!code)
        code = ares_init_options(&lookups->channel, &how,
                                 ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS |
                                     ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (!code && options->servers)
        code = ares_set_servers_ports_csv(lookups->channel, options->servers);
    return !code || error_set(err, ERR_SYSTEM, "cannot ask name servers: %s",
                              ares_strerror(code));
}

static bool open_epoll(struct lookups *lookups, struct error *err)
{
    lookups->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    lookups->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN,
                                 .data.fd = lookups->wake_fd };
    if (lookups->epoll_fd >= 0 && lookups->wake_fd >= 0 &&
        !epoll_ctl(lookups->epoll_fd, EPOLL_CTL_ADD, lookups->wake_fd, &event))
        return true;
    return error_set_errno(err, ERR_SYSTEM, errno,
                           "cannot make the resolver's event loop");
}

/* Any address of the IPv6 internet will do: nothing is sent. */
static bool has_v6_route(void)
{
    struct address address;
    return address_parse(view_of_string("2000::1"), &address) &&
           address_has_route(&address);
}

struct lookups *lookups_new(const struct name_options *options,
                            int64_t timeout_ms, lookup_done_fn *done, void *ctx,
                            struct error *err)
{
    struct lookups *lookups = calloc(1, sizeof(*lookups));
    if (!lookups) {
        error_no_memory(err, "the resolver");
        return NULL;
    }
    lookups->done = done;
    lookups->ctx = ctx;
    lookups->per_s = options->lookups_per_s;
    lookups->timeout_ns = timeout_ms * CLOCK_NS_PER_MS;
    lookups->has_v6_route = has_v6_route();
    lookups->epoll_fd = lookups->wake_fd = -1;
    if (open_epoll(lookups, err) &&
        open_channel(lookups, options, timeout_ms, err))
        return lookups;
    lookups_free(lookups);
    return NULL;
}

void lookups_free(struct lookups *lookups)
{
    if (!lookups)
        return;
    lookups->is_ending = true;
    if (lookups->channel)
        ares_destroy(lookups->channel);
    assert(!lookups->oldest);
    if (lookups->epoll_fd >= 0)
        close(lookups->epoll_fd);
    if (lookups->wake_fd >= 0)
        close(lookups->wake_fd);
    free(lookups);
}
