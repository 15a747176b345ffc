#include "pipeline_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/log.h"

#include <unistd.h>

enum { TERMINAL_INTERVAL_S = 1, PLAIN_INTERVAL_S = 10 };

void progress_init(struct progress *progress, const struct pipeline *pipeline)
{
    enum pipeline_progress mode = pipeline->options->progress;
    bool is_terminal = isatty(STDERR_FILENO);
    *progress = (struct progress){
        .last_ns = pipeline->started_ns,
        .last_entries = pipeline->earlier.entries,
    };
    if (mode == PROGRESS_NONE)
        return;
    progress->interval_ns =
        (is_terminal ? TERMINAL_INTERVAL_S : PLAIN_INTERVAL_S) * CLOCK_NS_PER_S;
    progress->due_ns = pipeline->started_ns + progress->interval_ns;
}

int progress_wait_ms(const struct progress *progress)
{
    if (!progress->interval_ns)
        return -1;
    int64_t left_ns = progress->due_ns - clock_now_ns();
    return left_ns <= 0 ? 0 : (int)(left_ns / CLOCK_NS_PER_MS) + 1;
}

/* "3m20s", "12s", "2h05m". */
static void format_duration(double seconds, char *text, size_t size)
{
    uint64_t whole = seconds < 0 ? 0 : (uint64_t)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(text, size, "%lluh%02llum", (unsigned long long)whole / 3600,
                 (unsigned long long)whole / 60 % 60);
    else if (whole >= 60)
        snprintf(text, size, "%llum%02llus", (unsigned long long)whole / 60,
                 (unsigned long long)whole % 60);
    else
        snprintf(text, size, "%llus", (unsigned long long)whole);
}

/* How many entries there will be; 0: not known. */
static uint64_t expected_entries(struct pipeline *pipeline)
{
    if (atomic_load(&pipeline->all_handed_out))
        return atomic_load(&pipeline->handed_out);
    return pipeline->manifest
               ? manifest_progress(pipeline->manifest).expected_count
               : 0;
}

static void append_left(struct pipeline *pipeline, uint64_t done,
                        double seconds, struct buf *out)
{
    uint64_t expected = expected_entries(pipeline);
    uint64_t done_now = done - pipeline->earlier.entries;
    if (expected > done && done_now) {
        char left[32];
        format_duration(seconds * (double)(expected - done) / (double)done_now,
                        left, sizeof(left));
        buf_append_format(out, ", ETA %s", left);
    }
}

static void say(struct progress *progress, struct pipeline *pipeline,
                int64_t now_ns)
{
    struct recorder_totals totals;
    recorder_totals(pipeline->recorder, &totals);
    struct fetcher *fetcher = atomic_load(&pipeline->fetcher);
    struct fetch_counts fetch = { 0 };
    if (fetcher)
        fetch = fetch_counts(fetcher);
    uint64_t bytes = fetcher ? fetch.received_bytes : totals.body_bytes;
    double interval_s =
        (double)(now_ns - progress->last_ns) / (double)CLOCK_NS_PER_S;
    uint64_t expected = expected_entries(pipeline);
    char rate[BYTES_TEXT_SIZE];
    format_bytes((double)(bytes - progress->last_bytes) / interval_s, rate);
    struct buf line;
    buf_init(&line, 1024);
    buf_append_format(&line, "%llu", (unsigned long long)totals.entries);
    if (expected)
        buf_append_format(&line, " of %llu", (unsigned long long)expected);
    buf_append_format(
        &line,
        " done, %llu failed, %.0f pages/s, %s/s, %llu in flight, "
        "%llu matches",
        (unsigned long long)totals.failed,
        (double)(totals.entries - progress->last_entries) / interval_s, rate,
        (unsigned long long)fetch.open, (unsigned long long)totals.matches);
    bool is_down;
    pacing_down_s(pipeline, &is_down);
    buf_append_string(&line, is_down ? ", network down" : "");
    append_left(pipeline, totals.entries,
                (double)(now_ns - pipeline->started_ns) /
                    (double)CLOCK_NS_PER_S,
                &line);
    log_note("%s", buf_string(&line));
    buf_release(&line);
    progress->last_entries = totals.entries;
    progress->last_bytes = bytes;
}

void progress_tick(struct progress *progress, struct pipeline *pipeline)
{
    int64_t now_ns = clock_now_ns();
    if (!progress->interval_ns || now_ns < progress->due_ns)
        return;
    say(progress, pipeline, now_ns);
    progress->last_ns = now_ns;
    progress->due_ns = now_ns + progress->interval_ns;
}
