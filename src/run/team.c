#include "team_state.h"

enum {
    BLOCK_HANDED_ON = 256 << 10, /* bytes: large writes, little kept back */
    ENTRIES_HANDED_ON = 256,
};

/* ---- an item at work -------------------------------------------------- */

void team_begin_page(struct team_work *work)
{
    if (work->mark)
        work->mark(work, true);
}

const struct team_crash *team_crash_here(const struct team_work *work)
{
    const struct team_crash *crash = work->crash;
    return crash && crash->page == work->page_count ? crash : NULL;
}

/* What a page has left that cost a worker is handed on at once: it need not be
 * marked any more when a later page costs another. */
bool team_end_page(struct team_work *work, struct error *err)
{
    const struct block *block = work->block;
    bool is_due = block_size(block) >= BLOCK_HANDED_ON ||
                  block->entry_count >= ENTRIES_HANDED_ON ||
                  team_crash_here(work);
    if (!block_check(block, err))
        return false;
    if (work->mark)
        work->mark(work, false);
    work->page_count++;
    return !is_due || work->hand_on(work, err);
}

bool team_hand_on(struct team_work *work, struct error *err)
{
    return block_is_empty(work->block) || work->hand_on(work, err);
}

bool team_is_stopping(const struct team_work *work)
{
    return atomic_load_explicit(work->stop, memory_order_relaxed);
}

/* ---- the team --------------------------------------------------------- */

void team_fail(struct team *team, const struct error *err)
{
    atomic_store(&team->has_failed, true);
    team->options.fail(team->options.ctx, err);
}

bool team_has_failed(const struct team *team)
{
    return atomic_load_explicit(&team->has_failed, memory_order_relaxed);
}

bool team_deliver(struct team *team, struct block *block, struct error *err)
{
    const struct team_options *options = &team->options;
    bool done =
        block_is_empty(block) || options->deliver(options->ctx, block, err);
    block_reset(block);
    return done;
}

struct team *team_new(const struct team_options *options, struct error *err)
{
    struct team *team = calloc(1, sizeof(*team));
    if (!team) {
        error_no_memory(err, "the team");
        return NULL;
    }
    team->options = *options;
    team->stop = &team->own_stop;
    if (options->isolation == TEAM_PROCESSES &&
        !(team->processes = process_team_new(team, err))) {
        free(team);
        return NULL;
    }
    return team;
}

bool team_start(struct team *team, struct queue *queue, struct error *err)
{
    team->queue = queue;
    if (team->processes)
        return process_team_start(team->processes, err);
    team->threads = thread_team_start(team, err);
    return team->threads != NULL;
}

void team_stop(struct team *team)
{
    if (team)
        atomic_store(team->stop, true);
}

void team_join(struct team *team)
{
    if (!team)
        return;
    if (team->processes)
        process_team_join(team->processes);
    thread_team_join(team->threads);
    team->threads = NULL;
}

void team_free(struct team *team)
{
    if (!team)
        return;
    process_team_free(team->processes);
    free(team);
}
