#include "fetchgrep/run/status.h"

#include "run_status.h"
#include "totals_text.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/run/run_dir_list.h"

/* ---- numbers ---------------------------------------------------------- */

enum { DURATION_TEXT_SIZE = 32 };

/* "3 s", "12 min", "5.2 h", "3.0 days" */
static void format_duration(double seconds, char text[DURATION_TEXT_SIZE])
{
    const double minute = 60, hour = 3600, day = 86400;
    if (seconds < 2 * minute)
        snprintf(text, DURATION_TEXT_SIZE, "%.0f s", seconds);
    else if (seconds < 2 * hour)
        snprintf(text, DURATION_TEXT_SIZE, "%.0f min", seconds / minute);
    else if (seconds < 2 * day)
        snprintf(text, DURATION_TEXT_SIZE, "%.1f h", seconds / hour);
    else
        snprintf(text, DURATION_TEXT_SIZE, "%.1f days", seconds / day);
}

static double age_s(const struct run_status *status)
{
    double age = (double)(clock_wall_ms() - status->committed_at_ms) / 1000;
    return age > 0 ? age : 0;
}

static uint64_t left_of(const struct run_status *status)
{
    return status->expected > status->totals.entries
               ? status->expected - status->totals.entries
               : 0;
}

static bool is_going_on(const struct run_status *status)
{
    return status->state == RUN_STATE_RUNNING ||
           status->state == RUN_STATE_ELSEWHERE;
}

/* ---- one run, for people ---------------------------------------------- */

static void append_state(const struct run_status *status, struct buf *out)
{
    const struct run_facts *facts = &status->facts;
    buf_append_format(out, "%s: %s, ", facts->dir, facts->command);
    switch (status->state) {
    case RUN_STATE_RUNNING:
        buf_append_string(out, "running");
        if (status->owner[0])
            buf_append_format(out, " (%s)", status->owner);
        break;
    case RUN_STATE_ELSEWHERE:
        buf_append_format(out,
                          "not finished; its owner cannot be seen from here "
                          "(%s)",
                          status->owner);
        break;
    case RUN_STATE_STOPPED:
        buf_append_string(out, "not finished, and nobody is at work on it");
        if (status->owner[0])
            buf_append_format(out, " (last: %s)", status->owner);
        break;
    case RUN_STATE_FINISHED:
    case RUN_STATE_NOT_BEGUN:
    case RUN_STATE_COUNT:
    default:
        buf_append_string(out, "finished");
        break;
    }
    buf_append_char(out, '\n');
}

static void append_done(const struct run_status *status, struct buf *out)
{
    uint64_t done = status->totals.entries;
    const char *about = status->is_expected_exact ? "" : "about ";
    buf_append_string(out, "  done    ");
    buf_append_u64(out, done);
    if (status->has_expected && status->state != RUN_STATE_FINISHED)
        buf_append_format(out, " of %s%llu (%.1f%%), %s%llu left", about,
                          (unsigned long long)status->expected,
                          status->expected
                              ? 100 * (double)done / (double)status->expected
                              : 100,
                          about, (unsigned long long)left_of(status));
    else if (status->state != RUN_STATE_FINISHED)
        buf_append_string(out, "; how many there are is not known");
    buf_append_string(out, "\n  ");
    summary_append_counts(&status->totals, out);
    if (status->facts.has_matches)
        buf_append_format(out, "; %llu matches",
                          (unsigned long long)status->totals.matches);
    buf_append_char(out, '\n');
}

static void append_rate(const struct run_status *status, struct buf *out)
{
    char bytes[BYTES_TEXT_SIZE], left[DURATION_TEXT_SIZE];
    if (status->entries_per_s <= 0)
        return;
    format_bytes(status->bytes_per_s, bytes);
    buf_append_format(out, "  rate    %.1f pages/s, %s/s",
                      status->entries_per_s, bytes);
    if (is_going_on(status) && status->has_expected) {
        format_duration((double)left_of(status) / status->entries_per_s, left);
        buf_append_format(out, "; about %s left at that", left);
    }
    buf_append_char(out, '\n');
}

static void append_commit(const struct run_status *status, struct buf *out)
{
    char age[DURATION_TEXT_SIZE], date[CLOCK_TEXT_SIZE];
    if (!status->committed_at_ms) {
        buf_append_string(out, "  commit  none so far\n");
        return;
    }
    format_duration(age_s(status), age);
    clock_format_ms(status->committed_at_ms, date);
    buf_append_format(out, "  commit  %s ago (%s), %zu %s\n", age, date,
                      status->life_count,
                      status->life_count == 1 ? "life" : "lives");
}

static void append_examples(const struct run_status *status, struct buf *out)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct run_example *example = &status->examples[i];
        if (i == OUTCOME_OK || !status->totals.outcomes[i])
            continue;
        buf_append_format(out, "  %-18s %10llu", outcome_word((enum outcome)i),
                          (unsigned long long)status->totals.outcomes[i]);
        if (example->url)
            buf_append_format(out, "  %s: %s", example->url, example->detail);
        buf_append_char(out, '\n');
    }
}

static void append_advice(const struct run_status *status, struct buf *out)
{
    const struct run_facts *facts = &status->facts;
    if (status->damage[0])
        buf_append_format(out, "  %s\n", status->damage);
    if (status->state != RUN_STATE_STOPPED)
        return;
    buf_append_format(out, "  to go on: the same command, fetchgrep %s",
                      facts->command);
    for (size_t i = 0; i < facts->input_count && i < 2; i++)
        buf_append_format(out, " %s", facts->inputs[i]);
    buf_append_format(out, "%s ... -o %s\n",
                      facts->input_count > 2 ? " ..." : "", facts->dir);
}

static void append_run(const struct run_status *status, struct buf *out)
{
    append_state(status, out);
    append_done(status, out);
    append_rate(status, out);
    append_commit(status, out);
    append_examples(status, out);
    append_advice(status, out);
}

/* ---- one run, for machines -------------------------------------------- */

static void member_number(struct buf *out, const char *name, double value)
{
    json_out_member(out, name);
    buf_append_format(out, "%.3f", value);
}

static void member_flag(struct buf *out, const char *name, bool value)
{
    json_out_member(out, name);
    buf_append_string(out, value ? "true" : "false");
}

static void append_expected_json(const struct run_status *status,
                                 struct buf *out)
{
    if (!status->has_expected)
        return;
    json_out_member_u64(out, "expected", status->expected);
    member_flag(out, "expected_is_exact", status->is_expected_exact);
    json_out_member_u64(out, "left", left_of(status));
}

static void append_commit_json(const struct run_status *status, struct buf *out)
{
    char date[CLOCK_TEXT_SIZE];
    if (!status->committed_at_ms)
        return;
    clock_format_ms(status->committed_at_ms, date);
    json_out_member_string(out, "committed_at", view_of_string(date));
    member_number(out, "commit_age_s", age_s(status));
}

static void append_examples_json(const struct run_status *status,
                                 struct buf *out)
{
    const char *separator = "";
    json_out_member(out, "examples");
    buf_append_char(out, '{');
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct run_example *example = &status->examples[i];
        if (!example->url)
            continue;
        buf_append_format(out, "%s\"%s\":{\"url\":", separator,
                          outcome_word((enum outcome)i));
        json_out_string(out, view_of_string(example->url));
        json_out_member_string(out, "detail", view_of_string(example->detail));
        buf_append_char(out, '}');
        separator = ",";
    }
    buf_append_char(out, '}');
}

static void append_run_json(const struct run_status *status, const char *dir,
                            struct buf *out)
{
    buf_append_string(out, "{\"dir\":");
    json_out_string(out, view_of_string(dir));
    json_out_member_string(out, "state",
                           view_of_string(run_state_word(status->state)));
    /* Shards that have not begun, and all of them together, have none. */
    if (status->facts.dir) {
        json_out_member_string(out, "command",
                               view_of_string(status->facts.command));
        json_out_member_string(out, "owner", view_of_string(status->owner));
        json_out_member_u64(out, "lives", status->life_count);
    }
    if (status->pid)
        json_out_member_u64(out, "pid", status->pid);
    buf_append_char(out, ',');
    summary_append_totals(&status->totals, status->facts.has_matches, out);
    append_expected_json(status, out);
    member_number(out, "pages_per_s", status->entries_per_s);
    member_number(out, "bytes_per_s", status->bytes_per_s);
    append_commit_json(status, out);
    append_examples_json(status, out);
    if (status->damage[0])
        json_out_member_string(out, "damage", view_of_string(status->damage));
    buf_append_char(out, '}');
}

/* ---- shards ----------------------------------------------------------- */

/* All shards together, as if they were one run. */
struct shard_sum {
    struct run_status all;
    size_t states[RUN_STATE_COUNT];
    size_t unknown; /* shards whose number of entries is not known */
};

static void add_totals(struct recorder_totals *to,
                       const struct recorder_totals *from)
{
    uint64_t counters[RECORDER_COUNTERS];
    recorder_totals_pack(from, counters);
    (void)!recorder_totals_add(to, counters, RECORDER_COUNTERS);
}

static void add_shard(struct shard_sum *sum, const struct run_status *shard)
{
    struct run_status *all = &sum->all;
    sum->states[shard->state]++;
    sum->unknown += !shard->has_expected;
    add_totals(&all->totals, &shard->totals);
    all->expected += shard->expected;
    all->is_expected_exact &= shard->is_expected_exact;
    all->life_count += shard->life_count;
    all->facts.has_matches |= shard->facts.has_matches;
    if (is_going_on(shard)) {
        all->entries_per_s += shard->entries_per_s;
        all->bytes_per_s += shard->bytes_per_s;
    }
    if (shard->committed_at_ms > all->committed_at_ms)
        all->committed_at_ms = shard->committed_at_ms;
}

/* The state that says most of what is to be done. */
static enum run_state state_of(const struct shard_sum *sum)
{
    static const enum run_state order[] = { RUN_STATE_RUNNING,
                                            RUN_STATE_ELSEWHERE,
                                            RUN_STATE_STOPPED,
                                            RUN_STATE_NOT_BEGUN };
    for (size_t i = 0; i < ARRAY_COUNT(order); i++)
        if (sum->states[order[i]])
            return order[i];
    return RUN_STATE_FINISHED;
}

static void append_row(const char *name, const char *state,
                       const struct run_status *status, struct buf *out)
{
    char age[DURATION_TEXT_SIZE] = "-", expected[32] = "-";
    if (status->committed_at_ms)
        format_duration(age_s(status), age);
    if (status->has_expected)
        snprintf(expected, sizeof(expected), "%s%llu",
                 status->is_expected_exact ? "" : "~",
                 (unsigned long long)status->expected);
    buf_append_format(
        out, "%-22s %-10s %12llu %12s %12llu %10llu %9.1f %9s\n", name, state,
        (unsigned long long)status->totals.entries, expected,
        (unsigned long long)status->totals.outcomes[OUTCOME_OK],
        (unsigned long long)status->totals.failed, status->entries_per_s, age);
}

static bool read_shard(struct run_status *status, const char *path,
                       bool has_examples, struct error *err)
{
    *status = (struct run_status){ .state = RUN_STATE_NOT_BEGUN };
    return !run_facts_is_run_dir(path) ||
           run_status_read(status, path, has_examples, err);
}

static void append_shard(const struct run_status *shard, const char *path,
                         size_t index, bool is_json, struct buf *out)
{
    if (!is_json) {
        append_row(run_dir_list_name(path), run_state_word(shard->state), shard,
                   out);
        return;
    }
    if (index)
        buf_append_char(out, ',');
    append_run_json(shard, path, out);
}

/* A state's shards, in brackets behind the totals. */
static void append_states(const struct shard_sum *sum, struct buf *out)
{
    const char *separator = "";
    for (int i = RUN_STATE_COUNT; i-- > 0;) {
        if (!sum->states[i])
            continue;
        buf_append_format(out, "%s%zu %s", separator, sum->states[i],
                          run_state_word((enum run_state)i));
        separator = ", ";
    }
    buf_append_char(out, '\n');
}

static bool append_shards(const char *dir, const struct run_dir_list *list,
                          bool is_json, struct buf *out, struct error *err)
{
    struct shard_sum sum = { .all.is_expected_exact = true };
    bool done = true;
    if (is_json)
        buf_append_string(out, "{\"shards\":[");
    else
        buf_append_format(out, "%-22s %-10s %12s %12s %12s %10s %9s %9s\n",
                          "shard", "state", "done", "of", "ok", "failed",
                          "pages/s", "commit");
    for (size_t i = 0; done && i < list->count; i++) {
        struct run_status shard;
        done = read_shard(&shard, list->paths[i], is_json, err);
        if (done) {
            add_shard(&sum, &shard);
            append_shard(&shard, list->paths[i], i, is_json, out);
        }
        run_status_release(&shard);
    }
    sum.all.has_expected = !sum.unknown;
    sum.all.state = state_of(&sum);
    if (is_json) {
        buf_append_string(out, "],\"all\":");
        append_run_json(&sum.all, dir, out);
        buf_append_string(out, "}\n");
    } else {
        append_row("all", run_state_word(sum.all.state), &sum.all, out);
        append_states(&sum, out);
    }
    return done;
}

/* ---- all of it -------------------------------------------------------- */

bool status_append(const char *dir, bool is_json, struct buf *out,
                   struct error *err)
{
    struct run_dir_list list;
    bool done = run_dir_list_read(&list, dir, err);
    if (done && list.are_shards) {
        done = append_shards(dir, &list, is_json, out, err);
    } else if (done) {
        struct run_status status;
        done = run_status_read(&status, dir, true, err);
        if (done && is_json) {
            append_run_json(&status, dir, out);
            buf_append_char(out, '\n');
        } else if (done) {
            append_run(&status, out);
        }
        run_status_release(&status);
    }
    run_dir_list_release(&list);
    return done && buf_check(out, "the status", err);
}
