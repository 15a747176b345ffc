/*
 * A round of the loop: start what may start, wait, let libcurl work on the
 * sockets that are ready, hand finished transfers on, look at the time-outs.
 *
 * libcurl's callbacks only take notes (which events it wants, when its timer
 * is due, whom to drop); the multi handle is called from the round alone.
 */
#include "loop.h"

#include "protocol.h"
#include "resolver.h"
#include "throttle.h"
#include "transfer.h"

#include "fetchgrep/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    FIRST_BYTES = 8 << 10, /* room that a transfer starts with */
    EVENTS_AT_ONCE = 256,
    SWEEP_MAX_MS = 250,
    SWEEP_MIN_MS = 5,
    CONNECTIONS_A_MULTI = 2048, /* then a new one (loop.h), but only when */
    CONNECTIONS_A_PLACE = 8,    /* there were so many for each transfer, too */
    CROWDED_MS = 500, /* a host whose address has too many waiting already */
};

/* ---- descriptors ------------------------------------------------------ */

static bool widen_watches(struct loop *loop, size_t fd)
{
    if (fd < loop->watch_count)
        return true;
    size_t count = fd + 64;
    struct watch *watches = realloc(loop->watches, count * sizeof(*watches));
    if (!watches)
        return false;
    memset(watches + loop->watch_count, 0,
           (count - loop->watch_count) * sizeof(*watches));
    loop->watches = watches;
    loop->watch_count = count;
    return true;
}

static void tell_epoll(struct loop *loop, int epoll_fd, int action, int fd,
                       uint32_t events)
{
    struct epoll_event event = { .events = events, .data.fd = fd };
    if (epoll_ctl(epoll_fd, action, fd, &event) && events &&
        loop->error.code == ERR_NONE)
        error_set_errno(&loop->error, ERR_SYSTEM, errno, "epoll_ctl");
}

/* With --max-rate, what is only read stands in a set of its own. */
static int set_of(const struct loop *loop, int fd, uint32_t events)
{
    return loop->data_fd >= 0 && events == EPOLLIN && fd != loop->wake_fd
               ? loop->data_fd
               : loop->epoll_fd;
}

static void set_events(struct loop *loop, int fd, uint32_t events)
{
    struct watch *watch = &loop->watches[fd];
    int from = set_of(loop, fd, watch->registered);
    int to = events ? set_of(loop, fd, events) : from;
    if (watch->registered && from != to)
        tell_epoll(loop, from, EPOLL_CTL_DEL, fd, 0);
    tell_epoll(loop, to,
               !events                           ? EPOLL_CTL_DEL
               : watch->registered && from == to ? EPOLL_CTL_MOD
                                                 : EPOLL_CTL_ADD,
               fd, events);
    watch->registered = events;
}

/* Whether sockets that are only read are looked at. */
static void watch_data(struct loop *loop, bool is_watched)
{
    if (loop->data_fd < 0 || loop->is_data_watched == is_watched)
        return;
    tell_epoll(loop, loop->epoll_fd, is_watched ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
               loop->data_fd, is_watched ? EPOLLIN : 0);
    loop->is_data_watched = is_watched;
}

void loop_note_opened(struct loop *loop, int fd)
{
    if (fd < 0)
        return;
    loop->opened++;
    if (widen_watches(loop, (size_t)fd))
        loop->watches[fd] = (struct watch){ .is_connection = true };
    else
        error_no_memory(&loop->error, "the event loop");
}

void loop_note_closed(struct loop *loop, int fd)
{
    if ((size_t)fd < loop->watch_count)
        loop->watches[fd] = (struct watch){ 0 };
}

static struct transfer *transfer_of(CURL *easy)
{
    char *owner = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    return (struct transfer *)(void *)owner;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                     void *socket_ctx)
{
    struct loop *loop = ctx;
    (void)socket_ctx;
    if (!widen_watches(loop, (size_t)fd)) {
        error_no_memory(&loop->error, "the event loop");
        return -1;
    }
    struct watch *watch = &loop->watches[fd];
    if (what != CURL_POLL_REMOVE)
        watch->multi = transfer_of(easy)->multi;
    watch->wanted = what == CURL_POLL_REMOVE
                        ? 0
                        : (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                              (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    /* A connection's removal is left to handle_event: most come back at
     * once. */
    bool is_due = watch->wanted || !watch->is_connection;
    if (is_due && watch->wanted != watch->registered)
        set_events(loop, fd, watch->wanted);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct loop *loop = ctx;
    int64_t *due_ns = multi == loop->old.multi ? &loop->old.timer_due_ns
                                               : &loop->timer_due_ns;
    *due_ns = timeout_ms < 0
                  ? 0
                  : clock_now_ns() + (int64_t)timeout_ms * CLOCK_NS_PER_MS;
    return 0;
}

/* ---- the multi handle ---------------------------------------------------- */

static bool set_up_multi(struct loop *loop, struct error *err)
{
    loop->multi = curl_multi_init();
    if (!loop->multi)
        return error_no_memory(err, "the event loop");
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    /* The default, four for each open transfer, throws warm connections away
     * whenever few are open. */
    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, (long)loop->limit + 4);
    protocol_set_multi(loop->multi, loop->fetcher->options);
    return true;
}

/* Goes on with a new handle when it is time for that (loop.h). */
static bool renew_multi(struct loop *loop, struct error *err)
{
    struct old_multi *old = &loop->old;
    if (old->multi && !old->open) {
        curl_multi_cleanup(old->multi);
        *old = (struct old_multi){ 0 };
    }
    if (old->multi || loop->opened < CONNECTIONS_A_MULTI ||
        loop->opened / CONNECTIONS_A_PLACE < loop->limit)
        return true;
    *old = (struct old_multi){ .multi = loop->multi,
                               .open = loop->open,
                               .timer_due_ns = loop->timer_due_ns };
    loop->timer_due_ns = 0;
    loop->opened = 0;
    return set_up_multi(loop, err);
}

/* ---- open transfers --------------------------------------------------- */

static void link_newest(struct loop *loop, struct transfer *transfer)
{
    transfer->older = loop->newest;
    transfer->newer = NULL;
    if (loop->newest)
        loop->newest->newer = transfer;
    else
        loop->oldest = transfer;
    loop->newest = transfer;
    loop->open++;
    loop->unsized++;
    atomic_fetch_add_explicit(&loop->fetcher->open, 1, memory_order_relaxed);
}

static void unlink_transfer(struct loop *loop, struct transfer *transfer)
{
    if (transfer->older)
        transfer->older->newer = transfer->newer;
    else
        loop->oldest = transfer->newer;
    if (transfer->newer)
        transfer->newer->older = transfer->older;
    else
        loop->newest = transfer->older;
    loop->open--;
    if (!transfer->is_sized)
        loop->unsized--;
    atomic_fetch_sub_explicit(&loop->fetcher->open, 1, memory_order_relaxed);
}

static void keep_spare(struct loop *loop, struct transfer *transfer)
{
    transfer->next = loop->spare;
    loop->spare = transfer;
}

static void unlink_dropped(struct loop *loop, struct transfer *transfer)
{
    struct transfer **at = &loop->dropped;
    while (*at && *at != transfer)
        at = &(*at)->next;
    if (*at)
        *at = transfer->next;
}

static void remove_handle(struct loop *loop, struct transfer *transfer)
{
    curl_multi_remove_handle(transfer->multi, transfer->easy);
    if (transfer->multi == loop->old.multi)
        loop->old.open--;
    transfer->multi = NULL;
}

/* Takes it out of libcurl and sends its entry back. */
static void put_back(struct loop *loop, struct transfer *transfer)
{
    struct fetcher *fetcher = loop->fetcher;
    struct entry *entry = transfer->entry;
    bool has_answered = transfer_has_answered(transfer);
    remove_handle(loop, transfer);
    if (transfer->is_dropped)
        unlink_dropped(loop, transfer);
    unlink_transfer(loop, transfer);
    transfer_undo(transfer);
    keep_spare(loop, transfer);
    atomic_fetch_add_explicit(&fetcher->put_back, 1, memory_order_relaxed);
    resolver_leave(fetcher->resolver, entry, false);
    fetcher->hooks.put_back(fetcher->hooks.ctx, entry, has_answered, 0);
}

static void put_back_dropped(struct loop *loop)
{
    while (loop->dropped)
        put_back(loop, loop->dropped);
}

static void note_size(struct loop *loop, const struct page *page)
{
    size_t size = page->head_size + page->body_size;
    loop->expected_bytes = (loop->expected_bytes * 15 + size) / 16;
}

static void deliver(struct loop *loop)
{
    const struct fetch_hooks *hooks = &loop->fetcher->hooks;
    if (loop->finished_count)
        hooks->deliver(hooks->ctx, loop->finished, loop->finished_count);
    loop->finished_count = 0;
}

static void hand_on(struct loop *loop, struct entry *entry, bool has_answered)
{
    const struct fetch_hooks *hooks = &loop->fetcher->hooks;
    if (!hooks->finish(hooks->ctx, entry, has_answered))
        return;
    loop->finished[loop->finished_count++] = entry;
    if (loop->finished_count == LOOP_BATCH)
        deliver(loop);
}

/* Over: its entry goes on. */
static void finish(struct loop *loop, struct transfer *transfer, CURLcode code)
{
    struct fetcher *fetcher = loop->fetcher;
    if (transfer->stop == STOP_NO_ROOM ||
        (transfer->stop == STOP_NO_ADDRESS && transfer->is_connected) ||
        protocol_is_worn_out(transfer, code) ||
        protocol_met_leftovers(transfer, code)) {
        put_back(loop, transfer);
        return;
    }
    struct entry *entry = transfer->entry;
    bool has_answered = transfer_has_answered(transfer);
    bool was_unreachable = !transfer->is_connected;
    transfer_end(transfer, code);
    resolver_leave(fetcher->resolver, entry, was_unreachable);
    remove_handle(loop, transfer);
    unlink_transfer(loop, transfer);
    keep_spare(loop, transfer);
    if (has_answered)
        note_size(loop, entry->page);
    atomic_fetch_add_explicit(&fetcher->received_bytes,
                              entry->page->head_size + entry->page->body_size,
                              memory_order_relaxed);
    hand_on(loop, entry, has_answered);
}

/* ---- starting --------------------------------------------------------- */

/* Room for a transfer's first bytes. Entries of unknown length are let in only
 * while the pool could hold what the open ones are expected to become: a page
 * that must be dropped later was fetched in vain. */
static bool admit(struct loop *loop, const struct entry *entry,
                  struct extent *ret_bytes)
{
    struct page_pool *pool = loop->fetcher->pool;
    size_t size =
        entry->need_bytes > FIRST_BYTES ? entry->need_bytes : FIRST_BYTES;
    if (!loop->open && (page_pool_get(pool, size, ret_bytes) ||
                        page_pool_get_reserve(pool, ret_bytes)))
        return true;
    if (!entry->need_bytes &&
        page_pool_room(pool) < (size_t)loop->unsized * loop->expected_bytes +
                                   size + loop->expected_bytes) {
        page_pool_want(pool);
        return false;
    }
    return page_pool_get(pool, size, ret_bytes);
}

static struct transfer *take_spare(struct loop *loop, struct error *err)
{
    struct transfer *transfer = loop->spare;
    if (!transfer)
        return transfer_new(loop, err);
    loop->spare = transfer->next;
    return transfer;
}

/* Behind a proxy no socket shows where a request leads: a literal address is
 * judged before it is sent. */
static const char *refused_behind_proxy(const struct loop *loop,
                                        const struct entry *entry)
{
    const struct fetch_options *options = loop->fetcher->options;
    return options->proxy ? address_rule_refuses_literal(options->address_rule,
                                                         entry->target.host)
                          : NULL;
}

static bool start(struct loop *loop, struct entry *entry, struct extent *bytes,
                  struct error *err)
{
    struct transfer *transfer = take_spare(loop, err);
    if (!transfer)
        return false;
    if (!transfer_begin(transfer, entry, bytes, err)) {
        keep_spare(loop, transfer);
        return false;
    }
    link_newest(loop, transfer);
    transfer->multi = loop->multi;
    CURLMcode code = curl_multi_add_handle(loop->multi, transfer->easy);
    if (!code)
        return true;
    unlink_transfer(loop, transfer);
    transfer_undo(transfer);
    keep_spare(loop, transfer);
    return error_set(err, ERR_SYSTEM, "cannot start a transfer: %s",
                     curl_multi_strerror(code));
}

/* An entry that has no place in libcurl yet. */
static void put_back_taken(struct loop *loop, struct entry *entry,
                           int64_t hold_ns)
{
    const struct fetcher *fetcher = loop->fetcher;
    resolver_leave(fetcher->resolver, entry, false);
    fetcher->hooks.put_back(fetcher->hooks.ctx, entry, false, hold_ns);
}

/* Starts the pending entry. False: not now (or `error` is set). */
static bool start_pending(struct loop *loop)
{
    struct entry *entry = loop->pending;
    struct extent bytes = { 0 };
    const char *refused = refused_behind_proxy(loop, entry);
    if (refused) {
        loop->pending = NULL;
        resolver_leave(loop->fetcher->resolver, entry, false);
        entry_end(entry, OUTCOME_DENIED,
                  "%.*s is a %s (--allow-private allows it)",
                  VIEW_ARG(entry->target.host), refused);
        hand_on(loop, entry, false);
        return true;
    }
    if (!admit(loop, entry, &bytes))
        return false;
    if (!start(loop, entry, &bytes, &loop->error)) {
        page_pool_put(loop->fetcher->pool, &bytes);
        return false;
    }
    loop->pending = NULL;
    return true;
}

static void handle_timer(struct loop *loop)
{
    int running;
    /* While bytes are owed libcurl's timers would read, too. */
    if (throttle_due_ns(loop))
        return;
    if (loop->old.timer_due_ns && loop->old.timer_due_ns <= clock_now_ns()) {
        loop->old.timer_due_ns = 0;
        curl_multi_socket_action(loop->old.multi, CURL_SOCKET_TIMEOUT, 0,
                                 &running);
    }
    /* Also after each batch of new handles: their timer is due at once. */
    if (loop->timer_due_ns && loop->timer_due_ns <= clock_now_ns()) {
        loop->timer_due_ns = 0;
        curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

/* An entry whose name is known, or to be asked for: those that come back from
 * the resolver first. */
static enum fetch_take_result take_resolved(struct loop *loop,
                                            struct entry **ret_entry,
                                            enum resolver_result *ret_result)
{
    const struct fetch_hooks *hooks = &loop->fetcher->hooks;
    struct resolver *resolver = loop->fetcher->resolver;
    *ret_result = resolver_take(resolver, ret_entry);
    if (*ret_result != RESOLVER_NONE)
        return FETCH_TAKE_ENTRY;
    if (!resolver_has_room(resolver))
        return FETCH_TAKE_WAIT;
    enum fetch_take_result result =
        hooks->take(hooks->ctx, ret_entry, &loop->take_due_ns);
    if (result == FETCH_TAKE_ENTRY)
        *ret_result = resolver_ask(resolver, *ret_entry);
    return result;
}

/* The next entry that may start becomes the pending one. Not without end: there
 * may be very many that have no address. */
static enum fetch_take_result take_next(struct loop *loop)
{
    for (int i = 0; i < LOOP_BATCH; i++) {
        struct entry *entry;
        enum resolver_result resolved;
        enum fetch_take_result result = take_resolved(loop, &entry, &resolved);
        if (result != FETCH_TAKE_ENTRY)
            return result;
        if (resolved == RESOLVER_KNOWN) {
            loop->pending = entry;
            return FETCH_TAKE_ENTRY;
        }
        if (resolved == RESOLVER_OVER)
            hand_on(loop, entry, false);
        else if (resolved == RESOLVER_CROWDED)
            put_back_taken(loop, entry, CROWDED_MS * CLOCK_NS_PER_MS);
    }
    loop->take_due_ns = loop->now_ns;
    return FETCH_TAKE_WAIT;
}

/* Tops the open transfers up. True when nothing will ever come any more. */
static bool top_up(struct loop *loop)
{
    loop->take_due_ns = 0;
    if (!renew_multi(loop, &loop->error))
        return false;
    while (loop->open < loop->limit && loop->error.code == ERR_NONE &&
           !throttle_due_ns(loop)) {
        /* Said before asking, so that no wake-up in between is lost. */
        atomic_store(&loop->is_starving, true);
        if (!loop->pending) {
            switch (take_next(loop)) {
            case FETCH_TAKE_ENTRY:
                break;
            case FETCH_TAKE_WAIT:
                return false;
            case FETCH_TAKE_END:
            default:
                return true;
            }
        }
        if (!start_pending(loop))
            return false;
        /* Several that start at once could be answered at once. */
        if (loop->fetcher->options->max_rate)
            handle_timer(loop);
    }
    return false;
}

/* ---- a round ---------------------------------------------------------- */

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return !a_ns || (b_ns && b_ns < a_ns) ? b_ns : a_ns;
}

/* Until the next thing with a time, for epoll_wait; -1: none. */
static int wait_ms(struct loop *loop)
{
    int64_t paid_ns = throttle_due_ns(loop);
    int64_t due =
        paid_ns ? paid_ns : earlier(loop->timer_due_ns, loop->old.timer_due_ns);
    if (loop->open)
        due = earlier(due, loop->sweep_due_ns);
    due = earlier(due, loop->take_due_ns);
    due = earlier(due, atomic_load(&loop->fetcher->stop_at_ns));
    if (!due)
        return -1;
    int64_t left = due - clock_now_ns();
    return left <= 0 ? 0
                     : (int)((left + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS);
}

static void drain_wake(struct loop *loop)
{
    uint64_t ignored;
    if (read(loop->wake_fd, &ignored, sizeof(ignored)) < 0)
        return; /* a spurious wake-up: nothing to drain */
}

static void handle_event(struct loop *loop, const struct epoll_event *event)
{
    int fd = event->data.fd, running;
    if (fd == loop->wake_fd) {
        drain_wake(loop);
        return;
    }
    struct watch *watch = &loop->watches[fd];
    if (!watch->registered)
        return; /* closed earlier in this batch */
    if (!watch->wanted) {
        /* An idle connection that its server closed, most often. libcurl
         * finds out when it wants to use it. */
        set_events(loop, fd, 0);
        return;
    }
    int mask = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(watch->multi, fd, mask, &running);
}

struct done {
    struct transfer *transfer;
    CURLcode code;
};

static size_t read_batch(CURLM *multi, struct done batch[LOOP_BATCH])
{
    int left;
    size_t count = 0;
    CURLMsg *message;
    while (count < LOOP_BATCH &&
           (message = curl_multi_info_read(multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            batch[count++] = (struct done){ transfer_of(message->easy_handle),
                                            message->data.result };
    return count;
}

/* In batches: libcurl goes through all messages that are left when a handle is
 * taken out, and hundreds may end in one round. */
static bool read_messages(struct loop *loop, CURLM *multi)
{
    struct done batch[LOOP_BATCH];
    bool is_any = false;
    size_t count;
    while ((count = read_batch(multi, batch)) > 0) {
        is_any = true;
        for (size_t i = 0; i < count; i++)
            finish(loop, batch[i].transfer, batch[i].code);
    }
    return is_any;
}

/* Hands finished transfers on; true when there were some. */
static bool handle_messages(struct loop *loop)
{
    bool is_any = read_messages(loop, loop->multi);
    if (loop->old.multi && read_messages(loop, loop->old.multi))
        is_any = true;
    is_any = is_any || loop->dropped;
    put_back_dropped(loop);
    return is_any;
}

static enum stop_reason overdue(const struct loop *loop,
                                const struct transfer *transfer)
{
    const struct fetch_options *options = loop->fetcher->options;
    int64_t now_ns = loop_clock_ns(loop);
    int64_t age_ms = (now_ns - transfer->started_ns) / CLOCK_NS_PER_MS;
    int64_t quiet_ms = (now_ns - transfer->last_byte_ns) / CLOCK_NS_PER_MS;
    if (!transfer->is_connected && age_ms >= options->connect_timeout_ms)
        return STOP_CONNECT_TIMEOUT;
    if (age_ms >= options->timeout_ms)
        return STOP_TIMEOUT;
    if (transfer->is_connected && quiet_ms >= options->stall_timeout_ms)
        return STOP_STALL;
    return STOP_NONE;
}

/* How often the time-outs are looked at: an eighth of the shortest. */
static int64_t sweep_interval_ns(const struct fetch_options *options)
{
    int64_t shortest = options->timeout_ms;
    if (options->connect_timeout_ms < shortest)
        shortest = options->connect_timeout_ms;
    if (options->stall_timeout_ms < shortest)
        shortest = options->stall_timeout_ms;
    int64_t ms = shortest / 8;
    ms = ms < SWEEP_MIN_MS ? SWEEP_MIN_MS : ms;
    return (ms > SWEEP_MAX_MS ? SWEEP_MAX_MS : ms) * CLOCK_NS_PER_MS;
}

static void handle_timeouts(struct loop *loop)
{
    if (loop->now_ns < loop->sweep_due_ns)
        return;
    loop->sweep_due_ns =
        loop->now_ns + sweep_interval_ns(loop->fetcher->options);
    for (struct transfer *transfer = loop->oldest; transfer;) {
        struct transfer *newer = transfer->newer;
        enum stop_reason reason = overdue(loop, transfer);
        if (reason != STOP_NONE) {
            transfer->stop = reason;
            finish(loop, transfer, CURLE_OPERATION_TIMEDOUT);
        }
        transfer = newer;
    }
}

static void put_back_all(struct loop *loop)
{
    while (loop->newest)
        put_back(loop, loop->newest);
    if (loop->pending) {
        struct entry *entry = loop->pending;
        loop->pending = NULL;
        put_back_taken(loop, entry, 0);
    }
}

/* The time that was given to open transfers after a stop is over. */
static bool is_time_up(const struct loop *loop)
{
    int64_t stop_at_ns = atomic_load(&loop->fetcher->stop_at_ns);
    return stop_at_ns && loop->now_ns >= stop_at_ns;
}

/* One socket at a time: any may be too much. epoll gives them in turn. */
static void handle_data(struct loop *loop)
{
    struct epoll_event event;
    if (epoll_wait(loop->data_fd, &event, 1, 0) == 1)
        handle_event(loop, &event);
}

static int wait_for_events(struct loop *loop, struct epoll_event *events,
                           int timeout_ms)
{
    bool is_held = throttle_due_ns(loop) != 0;
    int64_t from_ns = is_held ? clock_now_ns() : 0;
    watch_data(loop, !is_held);
    int count = epoll_wait(loop->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);
    loop->now_ns = clock_now_ns();
    if (is_held)
        loop->held_ns += loop->now_ns - from_ns;
    return count;
}

static bool wait_and_work(struct loop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = wait_for_events(loop, events, timeout_ms);
    if (count < 0 && errno != EINTR)
        return error_set_errno(&loop->error, ERR_SYSTEM, errno, "epoll_wait");
    for (int i = 0; i < count; i++)
        if (events[i].data.fd == loop->data_fd)
            handle_data(loop);
        else
            handle_event(loop, &events[i]);
    handle_timer(loop);
    handle_messages(loop);
    handle_timeouts(loop);
    deliver(loop);
    return loop->error.code == ERR_NONE;
}

void *loop_run(void *ctx)
{
    struct loop *loop = ctx;
    struct fetch_hooks *hooks = &loop->fetcher->hooks;
    loop->now_ns = clock_now_ns();
    bool is_over = false;
    while (!is_over && loop->error.code == ERR_NONE && !is_time_up(loop)) {
        bool is_end = top_up(loop);
        /* New requests go out here, and a fast server has answered some when
         * this returns: then there is room again and no time to wait. */
        handle_timer(loop);
        bool has_room = handle_messages(loop);
        deliver(loop);
        is_over = is_end && !loop->open && !loop->pending;
        if (!is_over)
            wait_and_work(loop, has_room ? 0 : wait_ms(loop));
    }
    deliver(loop);
    put_back_all(loop);
    if (loop->error.code != ERR_NONE)
        hooks->fail(hooks->ctx, &loop->error);
    return NULL;
}

void loop_wake(struct loop *loop)
{
    const uint64_t one = 1;
    if (atomic_exchange(&loop->is_starving, false) &&
        write(loop->wake_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: a wake-up is under way */
}

void loop_note_bytes(struct loop *loop, size_t size)
{
    atomic_store_explicit(&loop->last_byte_ns, loop->now_ns,
                          memory_order_relaxed);
    pace_take(&loop->fetcher->rate, size, loop->now_ns);
}

int64_t loop_clock_ns(const struct loop *loop)
{
    return loop->now_ns - loop->held_ns;
}

/* ---- life ------------------------------------------------------------- */

bool loop_init(struct loop *loop, struct fetcher *fetcher, uint32_t limit,
               struct error *err)
{
    *loop = (struct loop){ .fetcher = fetcher,
                           .limit = limit,
                           .expected_bytes = 2 * FIRST_BYTES };
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool has_data_set = fetcher->options->max_rate > 0;
    loop->data_fd = has_data_set ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 ||
        (has_data_set && loop->data_fd < 0) ||
        !widen_watches(loop, (size_t)loop->wake_fd)) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot make an event loop");
    } else {
        set_events(loop, loop->wake_fd, EPOLLIN);
        if (set_up_multi(loop, err))
            return true;
    }
    loop_release(loop);
    return false;
}

void loop_release(struct loop *loop)
{
    assert(!loop->open && !loop->pending);
    while (loop->spare) {
        struct transfer *transfer = loop->spare;
        loop->spare = transfer->next;
        transfer_free(transfer);
    }
    /* Closes the kept connections, which still call on_close_socket. */
    curl_multi_cleanup(loop->old.multi);
    curl_multi_cleanup(loop->multi);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    if (loop->data_fd >= 0)
        close(loop->data_fd);
    free(loop->watches);
    *loop = (struct loop){ .epoll_fd = -1, .wake_fd = -1, .data_fd = -1 };
}
