/*
 * The team as processes. Each worker process has an agent, a thread of the
 * run's own process that takes items from the queue, sends them as orders,
 * takes the reports and delivers the blocks. So who has which item is a local
 * variable, and whatever waits (for the ids of a span, for the disk) waits
 * here, as a thread of the other team would.
 *
 * A worker that has ended, for whatever reason, is buried and judged by the
 * mark it has left: the page it was at costs a second worker at most, then it
 * is not touched any more. What its last report did not tell is begun again. A
 * worker that stays at one page for too long is killed; the time is counted in
 * waits of a tick, so that a run that was suspended kills nobody when it goes
 * on.
 */
#include "process_team.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    IDLE_DEATHS_MAX = 3, /* in a row, at no page: something else is wrong */
    TICKS_A_LIMIT = 8,
    TICK_MIN_MS = 5,
    TICK_MAX_MS = 1000,
};

struct agent {
    struct process_team *processes;
    struct team *team;
    uint32_t slot;
    pthread_t thread;
    pid_t pid; /* of its worker; 0: it has none */
    struct channel channel;
    struct buf message; /* orders */
    struct buf tables;  /* of a block */
    uint64_t seen_beat;
    int64_t waited_ms;
    bool is_late;         /* killed by us */
    uint32_t idle_deaths; /* in a row */
    struct error failure; /* what the worker's last word was */
};

/* Items taken from the queue, on their way through one or more workers. */
struct batch {
    void **items;
    uint32_t count;
    uint32_t done;       /* dropped already */
    uint32_t sent;       /* behind `done`, with the last orders */
    uint32_t told;       /* of the sent ones, by reports */
    uint64_t page_count; /* pages done of item `done` */
    bool has_crash;
    uint32_t crash_item; /* of `items` */
    struct team_crash crash;
};

struct channel_region orders_region(const struct process_team *processes,
                                    uint32_t slot)
{
    size_t offset = slot * (size_t)(ORDERS_SIZE + REPORT_SIZE);
    return (struct channel_region){ processes->regions + offset, ORDERS_SIZE };
}

struct channel_region report_region(const struct process_team *processes,
                                    uint32_t slot)
{
    char *orders = orders_region(processes, slot).bytes;
    return (struct channel_region){ orders + ORDERS_SIZE, REPORT_SIZE };
}

static struct signs *signs_of(const struct agent *agent)
{
    return &agent->processes->shared->signs[agent->slot];
}

/* ---- birth and death of a worker -------------------------------------- */

static int64_t tick_ms(const struct agent *agent)
{
    int64_t tick = agent->team->options.page_limit_ms / TICKS_A_LIMIT;
    return tick < TICK_MIN_MS   ? TICK_MIN_MS
           : tick > TICK_MAX_MS ? TICK_MAX_MS
                                : tick;
}

/* Nothing has come for a tick. */
static void on_wait(void *ctx)
{
    struct agent *agent = ctx;
    uint64_t beat = atomic_load(&signs_of(agent)->beat);
    agent->waited_ms =
        beat == agent->seen_beat ? agent->waited_ms + tick_ms(agent) : 0;
    agent->seen_beat = beat;
    if (agent->waited_ms < agent->team->options.page_limit_ms)
        return;
    agent->is_late = true;
    kill(agent->pid, SIGKILL);
}

static bool set_tick(const struct agent *agent, int fd, struct error *err)
{
    int64_t ms = tick_ms(agent);
    const struct timeval tick = { .tv_sec = ms / 1000,
                                  .tv_usec = ms % 1000 * 1000 };
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) == 0 ||
           error_set_errno(err, ERR_SYSTEM, errno, "a worker's socket");
}

static bool hire(struct agent *agent, struct error *err)
{
    struct process_team *processes = agent->processes;
    const struct worker_order order = {
        .slot = agent->slot,
        .number = (uint32_t)atomic_fetch_add(&processes->worker_count, 1),
    };
    int fds[2];
    if (agent->pid)
        return true;
    if (!channel_sockets(fds, err))
        return false;
    atomic_store(&signs_of(agent)->mark, 0);
    agent->is_late = false;
    agent->failure.code = ERR_NONE;
    bool done =
        set_tick(agent, fds[0], err) &&
        zygote_spawn(&processes->zygote, &order, fds[1], &agent->pid, err);
    close(fds[1]);
    if (!done) {
        close(fds[0]);
        return false;
    }
    channel_open(&agent->channel, fds[0], orders_region(processes, agent->slot),
                 report_region(processes, agent->slot));
    agent->channel.on_wait = on_wait;
    agent->channel.wait_ctx = agent;
    return true;
}

static bool bury(struct agent *agent, int *ret_status, struct error *err)
{
    pid_t pid = agent->pid;
    agent->pid = 0;
    channel_close(&agent->channel);
    return zygote_bury(&agent->processes->zygote, pid, ret_status, err);
}

/* It has nothing that is still needed; asked kindly, a stopped one would never
 * go. */
static void dismiss(struct agent *agent)
{
    int status;
    struct error ignored;
    if (!agent->pid)
        return;
    kill(agent->pid, SIGKILL);
    /* Without a zygote all workers have ended. */
    (void)!bury(agent, &status, &ignored);
}

/* ---- judging a death -------------------------------------------------- */

static void describe_death(const struct agent *agent, int status, char detail[],
                           size_t size)
{
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *name = sigabbrev_np(number);
    if (agent->is_late)
        snprintf(detail, size, "took longer than %g s and was killed",
                 (double)agent->team->options.page_limit_ms / 1000);
    else if (agent->failure.code != ERR_NONE)
        snprintf(detail, size, "was %.100s (--worker-memory)",
                 agent->failure.message);
    else if (number)
        snprintf(detail, size, "was killed by signal %d (%s)", number,
                 name ? name : "?");
    else
        snprintf(detail, size, "ended with status %d", WEXITSTATUS(status));
}

/* Which page the worker was at, by the mark it left. */
static bool read_mark(const struct agent *agent, const struct batch *batch,
                      uint32_t *ret_item, uint64_t *ret_page)
{
    uint64_t mark = atomic_load(&signs_of(agent)->mark);
    uint64_t item = mark >> PAGE_BITS;
    if (item == 0 || item > batch->sent)
        return false;
    *ret_item = batch->done - batch->told + (uint32_t)item - 1;
    *ret_page = mark & ((UINT64_C(1) << PAGE_BITS) - 1);
    return *ret_item >= batch->done;
}

static void note_crash(struct batch *batch, uint32_t item, uint64_t page,
                       const char *detail)
{
    bool is_same = batch->has_crash && batch->crash_item == item &&
                   batch->crash.page == page;
    batch->crash.count = is_same ? batch->crash.count + 1 : 1;
    batch->has_crash = true;
    batch->crash_item = item;
    batch->crash.page = page;
    snprintf(batch->crash.detail, sizeof(batch->crash.detail), "its worker %s",
             detail);
}

/* The worker is gone. False: not because of a page. */
static bool judge(struct agent *agent, struct batch *batch, struct error *err)
{
    uint32_t item;
    uint64_t page;
    int status;
    char detail[sizeof(batch->crash.detail) - sizeof("its worker ")];
    kill(agent->pid, SIGKILL);
    if (!bury(agent, &status, err))
        return false;
    bool is_at_page = read_mark(agent, batch, &item, &page);
    bool is_short_of_memory = agent->failure.sys_errno == ENOMEM;
    if (is_short_of_memory && !is_at_page)
        return error_set(err, ERR_SYSTEM,
                         "a worker process is %s (--worker-memory)",
                         agent->failure.message);
    if (agent->failure.code != ERR_NONE && !is_short_of_memory) {
        *err = agent->failure;
        return false;
    }
    describe_death(agent, status, detail, sizeof(detail));
    if (is_at_page)
        note_crash(batch, item, page, detail);
    if (is_at_page && batch->crash.count <= 2)
        return true;
    return ++agent->idle_deaths < IDLE_DEATHS_MAX ||
           error_set(err, ERR_SYSTEM,
                     "worker processes end before they have done anything: "
                     "the last one %s",
                     detail);
}

/* ---- orders ----------------------------------------------------------- */

static void pad(struct buf *out)
{
    static const char zeros[alignof(max_align_t)];
    size_t over = out->size % sizeof(zeros);
    if (over)
        buf_append(out, zeros, sizeof(zeros) - over);
}

static void add_item(struct agent *agent, const void *item)
{
    const struct team_options *options = &agent->team->options;
    struct buf *out = &agent->message;
    size_t at = out->size;
    struct order_item head = { 0 };
    buf_append(out, &head, sizeof(head));
    options->encode(options->job_ctx, item, out);
    pad(out);
    if (out->failed)
        return;
    head.size = out->size - at - sizeof(head);
    memcpy(out->data + at, &head, sizeof(head));
}

/* Items until the region is full: a long one goes alone. */
static bool write_orders(struct agent *agent, struct batch *batch,
                         struct error *err)
{
    struct buf *out = &agent->message;
    struct orders orders = { .page_count = batch->page_count };
    buf_shrink(out, ORDERS_SIZE);
    buf_append(out, &orders, sizeof(orders));
    batch->sent = batch->told = 0;
    while (batch->done + batch->sent < batch->count &&
           (!batch->sent || out->size < ORDERS_SIZE / 2))
        add_item(agent, batch->items[batch->done + batch->sent++]);
    if (!buf_check(out, "the orders of a worker", err))
        return false;
    orders.item_count = batch->sent;
    orders.has_crash = batch->has_crash && batch->crash_item >= batch->done &&
                       batch->crash_item < batch->done + batch->sent;
    if (orders.has_crash) {
        orders.crash_item = batch->crash_item - batch->done;
        orders.crash = batch->crash;
    }
    memcpy(out->data, &orders, sizeof(orders));
    return true;
}

/* ---- reports ---------------------------------------------------------- */

/* Those items are out of the worker's hands for good. */
static void settle(struct agent *agent, struct batch *batch,
                   const struct report *report)
{
    const struct team_options *options = &agent->team->options;
    for (; batch->told < report->done_items; batch->told++)
        options->drop(options->job_ctx, batch->items[batch->done++]);
    batch->page_count = report->next_page_count;
}

static bool is_sound(const struct batch *batch, const struct report *report)
{
    return report->done_items >= batch->told &&
           report->done_items <= batch->sent &&
           (!report->is_end || report->done_items == batch->sent);
}

enum report_result {
    REPORT_MORE,  /* the worker goes on */
    REPORT_OVER,  /* it has done what it was told */
    REPORT_LAST,  /* it ends, or has to */
    REPORT_ERROR, /* ours */
};

static enum report_result take_failure(struct agent *agent,
                                       const struct report *report,
                                       const char *text, size_t size)
{
    error_set(&agent->failure, ERR_SYSTEM, "%.*s", (int)size, text);
    agent->failure.code = (enum error_code)report->code;
    agent->failure.sys_errno = report->sys_errno;
    return REPORT_LAST;
}

static enum report_result take_block(struct agent *agent, struct batch *batch,
                                     const struct report *report, char *bytes,
                                     size_t size, struct error *err)
{
    const struct team_options *options = &agent->team->options;
    struct block block;
    if (!is_sound(batch, report) ||
        !report_to_block(report, bytes, size, &agent->tables, &block))
        return REPORT_LAST;
    agent->idle_deaths = 0;
    if (!block_is_empty(&block) && !options->deliver(options->ctx, &block, err))
        return REPORT_ERROR;
    settle(agent, batch, report);
    if (report->is_end)
        return REPORT_OVER;
    channel_release(&agent->channel);
    return REPORT_MORE;
}

static enum report_result take_report(struct agent *agent, struct batch *batch,
                                      struct error *err)
{
    struct report report;
    char *bytes;
    size_t size;
    switch (channel_receive(&agent->channel, &bytes, &size)) {
    case CHANNEL_CLOSED:
        return REPORT_LAST;
    case CHANNEL_NO_MEMORY:
        error_no_memory(err, "a worker's results");
        return REPORT_ERROR;
    case CHANNEL_DONE:
    default:
        break;
    }
    agent->waited_ms = 0;
    if (size < sizeof(report))
        return REPORT_LAST;
    memcpy(&report, bytes, sizeof(report));
    bytes += sizeof(report);
    size -= sizeof(report);
    return report.kind == REPORT_FAILURE
               ? take_failure(agent, &report, bytes, size)
               : take_block(agent, batch, &report, bytes, size, err);
}

/* ---- the agent -------------------------------------------------------- */

/* One worker works on what is left of the batch, until it is done or dead. */
static bool employ(struct agent *agent, struct batch *batch, struct error *err)
{
    if (!hire(agent, err) || !write_orders(agent, batch, err))
        return false;
    const struct view orders = buf_view(&agent->message);
    enum report_result result;
    agent->waited_ms = 0;
    /* One that is gone may have left a last word. */
    (void)!channel_send(&agent->channel, &orders, 1);
    do {
        result = take_report(agent, batch, err);
    } while (result == REPORT_MORE);
    if (result == REPORT_LAST)
        return judge(agent, batch, err);
    return result == REPORT_OVER;
}

static void work_on(struct agent *agent, void **items, uint32_t count)
{
    struct team *team = agent->team;
    struct batch batch = { .items = items, .count = count };
    struct error err;
    bool done = true;
    while (done && batch.done < batch.count && !team_has_failed(team))
        done = employ(agent, &batch, &err);
    if (!done)
        team_fail(team, &err);
    for (; batch.done < batch.count; batch.done++)
        team->options.drop(team->options.job_ctx, batch.items[batch.done]);
}

static void *agent_main(void *ctx)
{
    struct agent *agent = ctx;
    struct team *team = agent->team;
    void *items[TEAM_ITEMS_MAX];
    size_t count;
    while ((count = queue_take(team->queue, items, team->options.items_at_once,
                               team->options.worker_count)) > 0)
        work_on(agent, items, (uint32_t)count);
    dismiss(agent);
    return NULL;
}

/* ---- the team --------------------------------------------------------- */

static bool map_shared(struct process_team *processes, struct error *err)
{
    uint32_t count = processes->team->options.worker_count;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t head = sizeof(struct shared) + count * sizeof(struct signs);
    head = (head + page - 1) / page * page;
    size_t size = head + count * (size_t)(ORDERS_SIZE + REPORT_SIZE);
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shared == MAP_FAILED)
        return error_set_errno(err, ERR_SYSTEM, errno,
                               "cannot share memory with worker processes");
    processes->shared = shared;
    processes->shared_size = size;
    processes->regions = (char *)shared + head;
    processes->team->stop = &processes->shared->stop;
    return true;
}

static bool make_agents(struct process_team *processes, struct error *err)
{
    uint32_t count = processes->team->options.worker_count;
    processes->agents = calloc(count, sizeof(*processes->agents));
    if (!processes->agents)
        return error_no_memory(err, "the team");
    for (uint32_t i = 0; i < count; i++) {
        struct agent *agent = &processes->agents[i];
        agent->processes = processes;
        agent->team = processes->team;
        agent->slot = i;
        buf_init(&agent->message, SIZE_MAX / 2);
        buf_init(&agent->tables, SIZE_MAX / 2);
    }
    return true;
}

struct process_team *process_team_new(struct team *team, struct error *err)
{
    struct process_team *processes = calloc(1, sizeof(*processes));
    if (!processes) {
        error_no_memory(err, "the team");
        return NULL;
    }
    processes->team = team;
    if (!map_shared(processes, err) || !make_agents(processes, err) ||
        !zygote_start(&processes->zygote, team_worker_main, processes, err)) {
        process_team_free(processes);
        return NULL;
    }
    return processes;
}

bool process_team_start(struct process_team *processes, struct error *err)
{
    uint32_t count = processes->team->options.worker_count;
    for (uint32_t i = 0; i < count; i++) {
        struct agent *agent = &processes->agents[i];
        int code = pthread_create(&agent->thread, NULL, agent_main, agent);
        if (code)
            return error_set_errno(err, ERR_SYSTEM, code,
                                   "cannot start the team");
        processes->agent_count++;
    }
    return true;
}

void process_team_join(struct process_team *processes)
{
    for (uint32_t i = 0; i < processes->agent_count; i++)
        pthread_join(processes->agents[i].thread, NULL);
    processes->agent_count = 0;
    zygote_end(&processes->zygote);
}

void process_team_free(struct process_team *processes)
{
    if (!processes)
        return;
    zygote_end(&processes->zygote);
    uint32_t count = processes->team->options.worker_count;
    for (uint32_t i = 0; processes->agents && i < count; i++) {
        buf_release(&processes->agents[i].message);
        buf_release(&processes->agents[i].tables);
    }
    free(processes->agents);
    if (processes->shared)
        munmap(processes->shared, processes->shared_size);
    free(processes);
}
