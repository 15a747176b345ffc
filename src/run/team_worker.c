/*
 * A worker process: takes orders, does the job on each item, reports. It has
 * one thread, and all that was there when the zygote was forked.
 */
#include "process_team.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

struct worker_process {
    const struct team_options *options;
    struct channel channel;
    struct signs *signs;
    struct block block;
    uint32_t item;        /* at work, of the orders' */
    struct report report; /* what it says so far */
};

/* ---- limits ----------------------------------------------------------- */

/* The heap that it was born with: patterns and their compiled code. */
static bool data_in_use(size_t *ret_bytes)
{
    unsigned long long pages;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (!statm)
        return false;
    bool done = fscanf(statm, "%*u %*u %*u %*u %*u %llu", &pages) == 1;
    fclose(statm);
    if (done)
        *ret_bytes = (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
    return done;
}

/* RLIMIT_DATA counts what is private and can be written: not the arena. */
static bool limit_memory(size_t size, struct error *err)
{
    struct rlimit limit;
    size_t used;
    if (!data_in_use(&used) || getrlimit(RLIMIT_DATA, &limit))
        return error_set_errno(err, ERR_SYSTEM, errno,
                               "cannot find out the memory in use");
    if (limit.rlim_cur < used + size)
        return true;
    limit.rlim_cur = used + size;
    return setrlimit(RLIMIT_DATA, &limit) == 0 ||
           error_set_errno(err, ERR_SYSTEM, errno, "cannot limit memory");
}

/* ---- reports ---------------------------------------------------------- */

/* The last word: it ends behind it. */
static void report_failure(struct worker_process *process,
                           const struct error *err)
{
    struct report *report = &process->report;
    report->kind = REPORT_FAILURE;
    report->code = (int)err->code;
    report->sys_errno = err->sys_errno;
    const struct view parts[] = { view_of(report, sizeof(*report)),
                                  view_of_string(err->message) };
    /* Nobody there: nobody to tell. */
    if (channel_send(&process->channel, parts, ARRAY_COUNT(parts)) !=
        CHANNEL_DONE)
        return;
}

static bool report_block(struct worker_process *process, struct error *err)
{
    struct view parts[REPORT_PARTS];
    if (!block_check(&process->block, err))
        return false;
    report_of_block(&process->report, &process->block, parts);
    if (channel_send(&process->channel, parts, REPORT_PARTS) != CHANNEL_DONE)
        _exit(EXIT_SUCCESS); /* the run has ended without us */
    block_reset(&process->block);
    return true;
}

/* ---- an item at work -------------------------------------------------- */

static void mark(struct team_work *work, bool is_at_work)
{
    struct worker_process *process = work->owner;
    struct signs *signs = process->signs;
    uint64_t place = (uint64_t)(process->item + 1) << PAGE_BITS;
    atomic_fetch_add_explicit(&signs->beat, 1, memory_order_relaxed);
    atomic_store(&signs->mark, is_at_work ? place | work->page_count : 0);
}

static bool hand_on(struct team_work *work, struct error *err)
{
    struct worker_process *process = work->owner;
    process->report.next_page_count = work->page_count;
    return report_block(process, err);
}

static bool work_on(struct worker_process *process, void *worker,
                    const struct process_team *processes,
                    const struct orders *orders, void *item, struct error *err)
{
    const struct team_options *options = process->options;
    bool is_first = process->item == 0;
    bool has_crash = orders->has_crash && orders->crash_item == process->item;
    struct team_work work = {
        .item = item,
        .block = &process->block,
        .page_count = is_first ? orders->page_count : 0,
        .crash = has_crash ? &orders->crash : NULL,
        .stop = &processes->shared->stop,
        .mark = mark,
        .hand_on = hand_on,
        .owner = process,
    };
    if (!options->job(options->job_ctx, worker, &work, err))
        return false;
    process->report.done_items = ++process->item;
    process->report.next_page_count = 0;
    return process->item == orders->item_count || !process->block.span.is_set ||
           report_block(process, err);
}

static bool obey(struct worker_process *process, void *worker,
                 const struct process_team *processes, char *bytes,
                 struct error *err)
{
    const struct team_options *options = process->options;
    const struct orders *orders = (void *)bytes;
    struct order_item size;
    process->report = (struct report){ 0 };
    bytes += sizeof(struct orders);
    for (process->item = 0; process->item < orders->item_count;) {
        memcpy(&size, bytes, sizeof(size));
        bytes += sizeof(size);
        void *item = options->decode(options->job_ctx, bytes, size.size);
        bytes += size.size;
        if (!work_on(process, worker, processes, orders, item, err))
            return false;
    }
    process->report.is_end = true;
    return report_block(process, err);
}

static bool work_until_the_end(struct worker_process *process, void *worker,
                               const struct process_team *processes,
                               struct error *err)
{
    char *bytes;
    size_t size;
    for (;;) {
        switch (channel_receive(&process->channel, &bytes, &size)) {
        case CHANNEL_CLOSED:
            return true;
        case CHANNEL_NO_MEMORY:
            return error_no_memory(err, "the work of a worker process");
        case CHANNEL_DONE:
        default:
            break;
        }
        if (!obey(process, worker, processes, bytes, err))
            return false;
    }
}

void team_worker_main(void *ctx, const struct worker_order *order, int fd)
{
    const struct process_team *processes = ctx;
    const struct team_options *options = &processes->team->options;
    struct worker_process process = {
        .options = options,
        .signs = &processes->shared->signs[order->slot],
    };
    struct error err;
    channel_open(&process.channel, fd, report_region(processes, order->slot),
                 orders_region(processes, order->slot));
    block_init(&process.block, options->block_max_bytes);
    void *worker =
        limit_memory(options->worker_memory, &err)
            ? options->worker_new(options->job_ctx, order->number, &err)
            : NULL;
    if (!worker || !work_until_the_end(&process, worker, processes, &err))
        report_failure(&process, &err);
    if (worker)
        options->worker_free(options->job_ctx, worker);
    block_release(&process.block);
    channel_close(&process.channel);
}
