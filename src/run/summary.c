#include "pipeline_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/base/log.h"

#include <unistd.h>

void format_bytes(double bytes, char text[BYTES_TEXT_SIZE])
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
    size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < ARRAY_COUNT(units)) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, BYTES_TEXT_SIZE,
             unit && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static double elapsed_s(const struct pipeline *pipeline)
{
    return (double)(clock_now_ns() - pipeline->started_ns) /
           (double)CLOCK_NS_PER_S;
}

static void append_outcomes(const struct recorder_totals *totals,
                            struct buf *out)
{
    const char *separator = "";
    json_out_member(out, "outcomes");
    buf_append_char(out, '{');
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!totals->outcomes[i])
            continue;
        buf_append_format(out, "%s\"%s\":%llu", separator,
                          outcome_word((enum outcome)i),
                          (unsigned long long)totals->outcomes[i]);
        separator = ",";
    }
    buf_append_char(out, '}');
}

void summary_append_latency(const struct recorder_totals *totals,
                            struct buf *out)
{
    static const double percents[] = { 50, 90, 99, 100 };
    static const char *const names[] = { "p50", "p90", "p99", "max" };
    if (!totals->timed)
        return;
    json_out_member(out, "latency_ms");
    for (size_t i = 0; i < ARRAY_COUNT(percents); i++)
        buf_append_format(out, "%c\"%s\":%.3f", i ? ',' : '{', names[i],
                          recorder_percentile_ms(totals, percents[i]));
    buf_append_char(out, '}');
}

static void append_date(struct buf *out, const char *name, int64_t wall_ms)
{
    char date[CLOCK_TEXT_SIZE];
    clock_format_ms(wall_ms, date);
    json_out_member_string(out, name, view_of_string(date));
}

void summary_append_totals(const struct recorder_totals *totals,
                           bool has_matches, struct buf *out)
{
    buf_append_format(out, "\"entries\":%llu",
                      (unsigned long long)totals->entries);
    append_outcomes(totals, out);
    json_out_member_u64(out, "failed", totals->failed);
    if (has_matches)
        json_out_member_u64(out, "matches", totals->matches);
    json_out_member_u64(out, "bytes", totals->body_bytes);
    json_out_member_u64(out, "pages_kept", totals->pages_kept);
    json_out_member_u64(out, "warc_bytes", totals->warc_bytes);
}

void summary_append_json(struct pipeline *pipeline, struct buf *out)
{
    struct recorder_totals totals;
    recorder_totals(pipeline->recorder, &totals);
    const struct recorder_totals *earlier = &pipeline->earlier;
    double seconds = elapsed_s(pipeline);
    buf_append_char(out, '{');
    summary_append_totals(&totals, pipeline->options->patterns != NULL, out);
    if (pipeline->fetcher)
        json_out_member_u64(out, "put_back",
                            fetch_counts(pipeline->fetcher).put_back);
    bool is_down;
    double down_s = pacing_down_s(pipeline, &is_down);
    if (down_s > 0)
        buf_append_format(out, ",\"network_down_s\":%.3f", down_s);
    json_out_member_u64(out, "archive_damage",
                        atomic_load(&pipeline->damage_count));
    append_date(out, "started_at", pipeline->started_wall_ms);
    append_date(out, "finished_at", clock_wall_ms());
    buf_append_format(
        out,
        ",\"seconds\":%.3f,\"pages_per_s\":%.1f,"
        "\"bytes_per_s\":%.0f",
        seconds, (double)(totals.entries - earlier->entries) / seconds,
        (double)(totals.body_bytes - earlier->body_bytes) / seconds);
    summary_append_latency(&totals, out);
    buf_append_string(out, "}\n");
}

/* " (3 http-error, 1 timed-out)": the outcomes that count as failed, or those
 * that are neither failed nor ok. */
static void append_words(const struct recorder_totals *totals, bool are_failed,
                         struct buf *out)
{
    const char *separator = " (";
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!totals->outcomes[i] || i == OUTCOME_OK ||
            outcome_is_failed((enum outcome)i) != are_failed)
            continue;
        buf_append_format(out, "%s%llu %s", separator,
                          (unsigned long long)totals->outcomes[i],
                          outcome_word((enum outcome)i));
        separator = ", ";
    }
    if (separator[0] == ',')
        buf_append_char(out, ')');
}

void summary_append_counts(const struct recorder_totals *totals,
                           struct buf *out)
{
    uint64_t ok = totals->outcomes[OUTCOME_OK];
    uint64_t other = totals->entries - ok - totals->failed;
    buf_append_format(out, "%llu entries: %llu ok, %llu failed",
                      (unsigned long long)totals->entries,
                      (unsigned long long)ok,
                      (unsigned long long)totals->failed);
    append_words(totals, true, out);
    if (!other)
        return;
    buf_append_format(out, ", %llu other", (unsigned long long)other);
    append_words(totals, false, out);
}

void summary_say(struct pipeline *pipeline)
{
    const struct pipeline_options *options = pipeline->options;
    bool is_wanted = options->dir || isatty(STDERR_FILENO) ||
                     options->progress == PROGRESS_PLAIN;
    if (options->progress == PROGRESS_NONE || !is_wanted)
        return;
    struct recorder_totals totals;
    recorder_totals(pipeline->recorder, &totals);
    double seconds = elapsed_s(pipeline);
    char bytes[BYTES_TEXT_SIZE];
    format_bytes((double)totals.body_bytes, bytes);
    struct buf line;
    buf_init(&line, 4096);
    summary_append_counts(&totals, &line);
    if (options->patterns)
        buf_append_format(&line, "; %llu matches",
                          (unsigned long long)totals.matches);
    buf_append_format(&line, "; %s in %.2f s (%.0f pages/s)", bytes, seconds,
                      (double)(totals.entries - pipeline->earlier.entries) /
                          seconds);
    log_note("%s", buf_string(&line));
    buf_release(&line);
}

static bool too_many_failed(const struct pipeline_options *options,
                            const struct recorder_totals *totals)
{
    if (!options->has_max_failed)
        return false;
    double most = options->max_failed_is_percent
                      ? (double)totals->entries * options->max_failed / 100
                      : options->max_failed;
    return (double)totals->failed > most;
}

int summary_status(struct pipeline *pipeline)
{
    const struct pipeline_options *options = pipeline->options;
    struct recorder_totals totals;
    recorder_totals(pipeline->recorder, &totals);
    uint64_t good = totals.outcomes[OUTCOME_OK] +
                    totals.outcomes[OUTCOME_PATTERN_LIMIT] +
                    totals.outcomes[OUTCOME_NOT_MODIFIED];
    if (too_many_failed(options, &totals)) {
        log_error("%llu of %llu entries failed: more than --max-failed allows",
                  (unsigned long long)totals.failed,
                  (unsigned long long)totals.entries);
        return STATUS_CHECK_FAILED;
    }
    uint64_t damage = atomic_load(&pipeline->damage_count);
    if (damage) {
        log_error("%llu faults in the archives read: records may be lost",
                  (unsigned long long)damage);
        return STATUS_CHECK_FAILED;
    }
    bool was_fetched = options->command != PIPELINE_EXTRACT && totals.failed;
    if (was_fetched && !good) {
        log_error("entries were fetched and none is ok");
        return STATUS_CHECK_FAILED;
    }
    return STATUS_OK;
}
