/*
 * The sockets of a loop: which events libcurl wants of which, what epoll has
 * been told, libcurl's timer, and the multi handle that all of it belongs to.
 */
#include "loop_parts.h"

#include "protocol.h"
#include "throttle.h"
#include "transfer.h"

#include "fetchgrep/base/clock.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    CONNECTIONS_A_MULTI = 2048, /* then a new one (loop.h), but only when */
    CONNECTIONS_A_PLACE = 8,    /* there were so many for each transfer, too */
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
void loop_watch_data(struct loop *loop, bool is_watched)
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
bool loop_renew_multi(struct loop *loop, struct error *err)
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
/* ---- what the round does with them ------------------------------------ */

void loop_handle_timer(struct loop *loop)
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

static void drain_wake(struct loop *loop)
{
    uint64_t ignored;
    if (read(loop->wake_fd, &ignored, sizeof(ignored)) < 0)
        return; /* a spurious wake-up: nothing to drain */
}

static void work_on_socket(struct loop *loop, int fd, uint32_t events)
{
    int running;
    struct watch *watch = &loop->watches[fd];
    if (!watch->registered)
        return; /* closed earlier in this batch */
    if (!watch->wanted) {
        /* An idle connection that its server closed, most often. libcurl
         * finds out when it wants to use it. */
        set_events(loop, fd, 0);
        return;
    }
    int mask = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(watch->multi, fd, mask, &running);
}

void loop_handle_event(struct loop *loop, const struct epoll_event *event)
{
    struct epoll_event read;
    if (event->data.fd == loop->wake_fd)
        drain_wake(loop);
    else if (event->data.fd != loop->data_fd)
        work_on_socket(loop, event->data.fd, event->events);
    else if (epoll_wait(loop->data_fd, &read, 1, 0) == 1)
        /* One at a time: any may be too much. epoll gives them in turn. */
        work_on_socket(loop, read.data.fd, read.events);
}

/* ---- life ------------------------------------------------------------- */

bool loop_open_sockets(struct loop *loop, struct error *err)
{
    bool has_data_set = loop->fetcher->options->max_rate > 0;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->data_fd = has_data_set ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 ||
        (has_data_set && loop->data_fd < 0) ||
        !widen_watches(loop, (size_t)loop->wake_fd))
        return error_set_errno(err, ERR_SYSTEM, errno,
                               "cannot make an event loop");
    set_events(loop, loop->wake_fd, EPOLLIN);
    return set_up_multi(loop, err);
}

void loop_close_sockets(struct loop *loop)
{
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
}
