/*
 * The commit thread takes, under the recorder's lock, a note of how far each
 * file has come, and then syncs without it: a slow disk stops nobody. Only when
 * those bytes are durable does a journal record say so.
 */
#include "recorder_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <unistd.h>

/* What one commit makes durable: noted under the lock. */
struct note {
    struct journal_record record;
    struct sink **sinks; /* beside record.files */
    uint64_t *ids;
    size_t id_count;
    bool has_new_names;
};

static void note_release(struct note *note)
{
    journal_record_release(&note->record);
    free(note->sinks);
    free(note->ids);
}

static size_t count_sinks(const struct recorder *recorder)
{
    size_t count = 0;
    for (struct sink *sink = recorder->sinks; sink; sink = sink->next)
        count++;
    return count;
}

static bool take_note(struct recorder *recorder, struct note *note,
                      struct error *err)
{
    size_t count = count_sinks(recorder);
    note->sinks = calloc(count + 1, sizeof(struct sink *));
    note->record.files = calloc(count + 1, sizeof(*note->record.files));
    note->record.counters = calloc(RECORDER_COUNTERS, sizeof(uint64_t));
    if (!note->sinks || !note->record.files || !note->record.counters)
        return error_no_memory(err, "the journal");
    note->record.counter_count = RECORDER_COUNTERS;
    recorder_totals_pack(&recorder->totals, note->record.counters);
    for (struct sink *sink = recorder->sinks; sink; sink = sink->next) {
        size_t at = note->record.file_count++;
        note->sinks[at] = sink;
        note->record.files[at] = (struct journal_file){
            .kind = sink->kind,
            .number = sink->number,
            .size = sink->size,
            .digest = XXH3_64bits_digest(sink->digest),
        };
        XXH3_64bits_reset(sink->digest);
    }
    note->ids = recorder->ids;
    note->id_count = recorder->id_count;
    note->has_new_names = recorder->has_new_names;
    recorder->ids = NULL;
    recorder->id_count = recorder->id_capacity = 0;
    recorder->has_new_names = false;
    return true;
}

static bool sync_sinks(struct recorder *recorder, const struct note *note,
                       struct error *err)
{
    for (size_t i = 0; i < note->record.file_count; i++) {
        struct sink *sink = note->sinks[i];
        if (sink->noted_size == note->record.files[i].size)
            continue;
        if (fdatasync(sink->fd))
            return error_set_errno(err, ERR_SYSTEM, errno, "cannot sync %s",
                                   sink->path);
        sink->noted_size = note->record.files[i].size;
    }
    return !note->has_new_names || fs_sync_dir(recorder->options.dir, err);
}

static bool write_journal(struct recorder *recorder, struct note *note,
                          struct error *err)
{
    note->record.sequence = recorder->sequence++;
    note->record.wall_ms = (uint64_t)clock_wall_ms();
    note->record.ranges =
        calloc(note->id_count + 1, sizeof(*note->record.ranges));
    if (!note->record.ranges)
        return error_no_memory(err, "the journal");
    note->record.range_count =
        journal_ranges(note->ids, note->id_count, note->record.ranges);
    struct buf out;
    buf_init(&out, UINT32_MAX);
    journal_record_append(&note->record, &out);
    bool done = buf_check(&out, "the journal", err) &&
                fs_write_all(recorder->journal_fd, buf_view(&out),
                             recorder->journal_path, err);
    buf_release(&out);
    if (done && fdatasync(recorder->journal_fd))
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot sync %s",
                               recorder->journal_path);
    return done;
}

/* Full segments are closed once they are durable. */
static void drop_closed_sinks(struct recorder *recorder)
{
    for (struct sink **at = &recorder->sinks; *at;) {
        struct sink *sink = *at;
        if (sink->is_closed && sink->noted_size == sink->size) {
            *at = sink->next;
            sink_free(sink);
        } else {
            at = &sink->next;
        }
    }
}

bool commit_now(struct recorder *recorder, struct error *err)
{
    struct note note = { 0 };
    pthread_mutex_lock(&recorder->lock);
    bool is_due = recorder->id_count > 0 && recorder->failure.code == ERR_NONE;
    bool done = !is_due || take_note(recorder, &note, err);
    pthread_mutex_unlock(&recorder->lock);
    if (is_due && done)
        done = sync_sinks(recorder, &note, err) &&
               write_journal(recorder, &note, err);
    note_release(&note);
    pthread_mutex_lock(&recorder->lock);
    if (!done && recorder->failure.code == ERR_NONE)
        recorder->failure = *err;
    else if (is_due && done)
        drop_closed_sinks(recorder);
    pthread_mutex_unlock(&recorder->lock);
    return done;
}

/* Waits for an interval or the end. True when it is the end. */
static bool wait_for_commit(struct recorder *recorder)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns =
        until.tv_nsec + recorder->options.commit_interval_ms * CLOCK_NS_PER_MS;
    until.tv_sec += ns / CLOCK_NS_PER_S;
    until.tv_nsec = ns % CLOCK_NS_PER_S;
    pthread_mutex_lock(&recorder->lock);
    while (!recorder->is_closing &&
           pthread_cond_timedwait(&recorder->wake_commit, &recorder->lock,
                                  &until) == 0)
        continue;
    bool is_end = recorder->is_closing;
    pthread_mutex_unlock(&recorder->lock);
    return is_end;
}

static void *commit_loop(void *ctx)
{
    struct recorder *recorder = ctx;
    struct error err = { 0 };
    while (!wait_for_commit(recorder))
        if (!commit_now(recorder, &err))
            break;
    return NULL;
}

bool commit_start(struct recorder *recorder, struct error *err)
{
    int code =
        pthread_create(&recorder->commit_thread, NULL, commit_loop, recorder);
    recorder->has_commit_thread = code == 0;
    return code == 0 || error_set_errno(err, ERR_SYSTEM, code,
                                        "cannot start the commit thread");
}

void commit_stop(struct recorder *recorder)
{
    if (!recorder->has_commit_thread)
        return;
    pthread_mutex_lock(&recorder->lock);
    recorder->is_closing = true;
    pthread_cond_signal(&recorder->wake_commit);
    pthread_mutex_unlock(&recorder->lock);
    pthread_join(recorder->commit_thread, NULL);
    recorder->has_commit_thread = false;
}
