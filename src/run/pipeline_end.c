/*
 * What comes of a run when its stages have ended: the ledger, the sealed
 * directory, the exit status.
 */
#include "finish.h"
#include "pipeline_state.h"

#include "fetchgrep/base/interrupt.h"
#include "fetchgrep/base/log.h"

#include <signal.h>
#include <string.h>

/* Entries that were waiting when the run stopped. */
void pipeline_drain(struct pipeline *pipeline)
{
    struct entry *entry;
    if (!pipeline->frontier || !atomic_load(&pipeline->is_stopping))
        return;
    const struct frontier_answer none = { 0 };
    while (pipeline->robots &&
           (entry = robots_desk_drain(pipeline->robots)) != NULL) {
        frontier_finish(pipeline->frontier, entry, &none);
        page_job_free_entry(&pipeline->job, entry);
    }
    while ((entry = frontier_drain(pipeline->frontier)) != NULL)
        page_job_free_entry(&pipeline->job, entry);
    while ((entry = pacing_drain(pipeline)) != NULL)
        page_job_free_entry(&pipeline->job, entry);
}

static bool check_ledger(struct pipeline *pipeline, struct error *err)
{
    struct recorder_totals totals;
    recorder_totals(pipeline->recorder, &totals);
    if (!pipeline->manifest)
        return true;
    uint64_t entries = manifest_progress(pipeline->manifest).entry_count;
    if (totals.entries == entries)
        return true;
    return error_set(err, ERR_SYSTEM,
                     "the ledger does not balance: %llu entries, %llu "
                     "outcomes; please report this",
                     (unsigned long long)entries,
                     (unsigned long long)totals.entries);
}

static bool seal(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    struct finish finish = { pipeline->span_ids, &options->matches };
    struct recorder_totals totals;
    char matches_name[32] = "";
    if (!pipeline->dir)
        return true;
    if (options->patterns)
        snprintf(matches_name, sizeof(matches_name), "matches%s",
                 match_format_suffix(match_form_format(options->matches.form)));
    struct buf summary;
    buf_init(&summary, 1 << 20);
    summary_append_json(pipeline, &summary);
    recorder_totals(pipeline->recorder, &totals);
    const struct run_dir_seal how = {
        .entries = totals.entries,
        .warc_suffix = options->store == WARC_STORE_NONE
                           ? NULL
                           : warc_store_suffix(options->store),
        .matches_name = options->patterns ? matches_name : NULL,
        .matches_head = recorder_head(options->matches.form),
        .summary = buf_view(&summary),
        .is_rewritten = pipeline->spans || options->matches.is_ordered,
        .finish_outcomes = finish_outcomes,
        .finish_matches = finish_matches,
        .ctx = &finish,
    };
    bool done = buf_check(&summary, "summary.json", err) &&
                run_dir_seal(pipeline->dir, &how, err);
    buf_release(&summary);
    return done;
}

/* --order manifest without a directory. What a signal cut short is given out as
 * far as it came; but not that of extract, whose ids are known only when all is
 * read, and which can be had again without asking anybody. */
static bool give_out_spool(struct pipeline *pipeline, bool is_stopped,
                           struct error *err)
{
    const struct finish finish = { pipeline->span_ids,
                                   &pipeline->options->matches };
    if (pipeline->spool_fd < 0)
        return true;
    if (is_stopped && pipeline->spans) {
        log_note("no matches are given out: their order is known only when all "
                 "inputs have been read");
        return true;
    }
    return finish_stream(&finish, pipeline->spool_fd, err);
}

static int say_stopped(struct pipeline *pipeline)
{
    struct recorder_totals totals;
    recorder_totals(pipeline->recorder, &totals);
    int number = interrupt_signal();
    uint64_t done = totals.entries, expected = 0;
    bool is_exact = false;
    if (pipeline->manifest) {
        struct manifest_progress read = manifest_progress(pipeline->manifest);
        expected = read.expected_count;
        is_exact = read.is_exact;
    }
    char where[512] = "";
    if (pipeline->dir && pipeline->manifest)
        snprintf(where, sizeof(where), "; the same command goes on in %s",
                 run_dir_path(pipeline->dir));
    else if (pipeline->dir)
        snprintf(where, sizeof(where), "; what is done stands in %s",
                 run_dir_path(pipeline->dir));
    const char *why = number ? sigabbrev_np(number) : "--deadline";
    if (expected >= done && expected)
        log_note("stopped by %s: %llu entries done, %s%llu left%s", why,
                 (unsigned long long)done, is_exact ? "" : "about ",
                 (unsigned long long)(expected - done), where);
    else
        log_note("stopped by %s: %llu entries done, the rest left%s", why,
                 (unsigned long long)done, where);
    return number == SIGINT ? STATUS_INTERRUPTED : STATUS_STOPPED;
}

/* A signal that comes when all is done changes nothing. */
static bool is_anything_left(struct pipeline *pipeline)
{
    struct recorder_totals totals;
    recorder_totals(pipeline->recorder, &totals);
    if (!atomic_load(&pipeline->is_stopping))
        return false;
    return !pipeline->manifest || !atomic_load(&pipeline->all_handed_out) ||
           totals.entries < atomic_load(&pipeline->handed_out);
}

/* The stages have ended: what came of it. */
bool pipeline_conclude(struct pipeline *pipeline, int *ret_status,
                       struct error *err)
{
    pipeline_drain(pipeline);
    bool done = pipeline->failure.code == ERR_NONE;
    if (!done)
        *err = pipeline->failure;
    struct error later;
    if (!recorder_close(pipeline->recorder, done ? err : &later))
        done = false;
    if (!done)
        return false;
    bool is_stopped = (interrupt_signal() || pipeline->is_overdue) &&
                      is_anything_left(pipeline);
    if (!give_out_spool(pipeline, is_stopped, err))
        return false;
    if (is_stopped) {
        summary_say(pipeline);
        *ret_status = say_stopped(pipeline);
        return true;
    }
    if (!check_ledger(pipeline, err) || !seal(pipeline, err))
        return false;
    summary_say(pipeline);
    *ret_status = summary_status(pipeline);
    return true;
}
