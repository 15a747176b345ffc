/*
 * A round of the loop: start what may start, wait, let libcurl work on the
 * sockets that are ready, hand finished transfers on, look at the time-outs.
 *
 * libcurl's callbacks only take notes (which events it wants, when its timer
 * is due, whom to drop); the multi handle is called from the round alone.
 */
#include "loop_parts.h"

#include "throttle.h"
#include "transfer.h"

#include "fetchgrep/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

enum {
    EXPECTED_BYTES = 16 << 10, /* of a page, before any has come */
    EVENTS_AT_ONCE = 256,
    SWEEP_MAX_MS = 250,
    SWEEP_MIN_MS = 5,
};

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
            loop_finish(loop, batch[i].transfer, batch[i].code);
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
    loop_put_back_dropped(loop);
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
            loop_finish(loop, transfer, CURLE_OPERATION_TIMEDOUT);
        }
        transfer = newer;
    }
}

/* The time that was given to open transfers after a stop is over. */
static bool is_time_up(const struct loop *loop)
{
    int64_t stop_at_ns = atomic_load(&loop->fetcher->stop_at_ns);
    return stop_at_ns && loop->now_ns >= stop_at_ns;
}

static int wait_for_events(struct loop *loop, struct epoll_event *events,
                           int timeout_ms)
{
    bool is_held = throttle_due_ns(loop) != 0;
    int64_t from_ns = is_held ? clock_now_ns() : 0;
    loop_watch_data(loop, !is_held);
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
        loop_handle_event(loop, &events[i]);
    loop_handle_timer(loop);
    handle_messages(loop);
    handle_timeouts(loop);
    loop_deliver(loop);
    return loop->error.code == ERR_NONE;
}

void *loop_run(void *ctx)
{
    struct loop *loop = ctx;
    struct fetch_hooks *hooks = &loop->fetcher->hooks;
    loop->now_ns = clock_now_ns();
    bool is_over = false;
    while (!is_over && loop->error.code == ERR_NONE && !is_time_up(loop)) {
        bool is_end = loop_top_up(loop);
        /* New requests go out here, and a fast server has answered some when
         * this returns: then there is room again and no time to wait. */
        loop_handle_timer(loop);
        bool has_room = handle_messages(loop);
        loop_deliver(loop);
        is_over = is_end && !loop->open && !loop->pending;
        if (!is_over)
            wait_and_work(loop, has_room ? 0 : wait_ms(loop));
    }
    loop_deliver(loop);
    loop_put_back_all(loop);
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
                           .expected_bytes = EXPECTED_BYTES };
    if (loop_open_sockets(loop, err))
        return true;
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
    loop_close_sockets(loop);
    *loop = (struct loop){ .epoll_fd = -1, .wake_fd = -1, .data_fd = -1 };
}
