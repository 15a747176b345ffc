/*
 * Totals and rates come from the journals, which are small, so that a run of
 * 100 million entries is told at once. Examples are looked for in the outcomes,
 * as far as a budget goes; how many entries there are, in the list itself.
 */
#include "run_status.h"

#include "result_line.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/fs.h"
#include "fetchgrep/manifest/manifest.h"
#include "fetchgrep/record/lives.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum {
    LATELY_MS = 30000,
    EXAMPLES_BYTES = 256 << 20, /* of outcomes read for them */
    COUNTING_NS = 1000000000,   /* for entries of the list */
    OWNER_MAX = 4096,
};

const char *run_state_word(enum run_state state)
{
    static const char *const words[] = { "not-begun", "running", "elsewhere",
                                         "stopped", "finished" };
    return words[state];
}

/* ---- the journals ----------------------------------------------------- */

struct moment {
    int64_t wall_ms;
    uint64_t entries, bytes;
};

/* Two marks at least half a minute apart, and the last moment. */
struct pace_marks {
    uint32_t generation;
    struct moment old, young, last;
};

static int64_t start_of(const struct life *life)
{
    struct stat st;
    char *path = fs_join(life->path, "earlier");
    bool is_there = path && stat(path, &st) == 0;
    free(path);
    return is_there ? (int64_t)st.st_mtim.tv_sec * 1000 +
                          st.st_mtim.tv_nsec / CLOCK_NS_PER_MS
                    : 0;
}

static bool take_record(void *ctx, const struct life *life,
                        const struct journal_record *record, struct error *err)
{
    struct pace_marks *marks = ctx;
    struct recorder_totals totals = { 0 };
    (void)err;
    if (marks->generation != life->generation)
        *marks = (struct pace_marks){
            .generation = life->generation,
            .old.wall_ms = start_of(life),
        };
    /* Another version's are told later. */
    if (!recorder_totals_add(&totals, record->counters, record->counter_count))
        return true;
    marks->last = (struct moment){
        .wall_ms = (int64_t)record->wall_ms,
        .entries = totals.entries,
        .bytes = totals.body_bytes,
    };
    if (!marks->young.wall_ms)
        marks->young = marks->last;
    if (marks->last.wall_ms - marks->young.wall_ms >= LATELY_MS) {
        marks->old = marks->young;
        marks->young = marks->last;
    }
    return true;
}

static int64_t parse_date(const char *text)
{
    struct tm when = { 0 };
    return strptime(text, "%Y-%m-%dT%H:%M:%S", &when)
               ? (int64_t)timegm(&when) * 1000
               : 0;
}

static void judge_pace(struct run_status *status, struct pace_marks *marks)
{
    if (!marks->old.wall_ms && marks->generation == 1)
        marks->old.wall_ms = parse_date(status->facts.started_at);
    double seconds = (double)(marks->last.wall_ms - marks->old.wall_ms) / 1000;
    status->committed_at_ms = marks->last.wall_ms;
    if (!marks->old.wall_ms || seconds <= 0)
        return;
    status->entries_per_s =
        (double)(marks->last.entries - marks->old.entries) / seconds;
    status->bytes_per_s =
        (double)(marks->last.bytes - marks->old.bytes) / seconds;
}

/* The whole of a finished run's last life, by its own clock. */
static void judge_finished(struct run_status *status,
                           const struct pace_marks *marks)
{
    struct summary_facts summary;
    struct error ignored;
    status->has_expected = status->is_expected_exact = true;
    status->expected = status->totals.entries;
    if (!summary_facts_read(status->facts.dir, &summary, &ignored) ||
        summary.seconds <= 0)
        return;
    status->entries_per_s = (double)marks->last.entries / summary.seconds;
    status->bytes_per_s = (double)marks->last.bytes / summary.seconds;
}

/* ---- who owns it ------------------------------------------------------ */

static bool read_owner(struct run_status *status, const char *path,
                       struct error *err)
{
    char text[OWNER_MAX] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[size > 0 ? strcspn(text, "\n") : 0] = '\0';
    status->owner = strdup(text);
    return status->owner || error_no_memory(err, "the owner");
}

/* A line of /proc/locks that says that somebody may write this file. On some
 * file systems devices have other numbers there: then the owner's process
 * tells. */
static bool is_lock_of(const char *line, const struct stat *st,
                       uint64_t owner_pid, uint64_t *ret_pid)
{
    char access[16];
    long pid;
    unsigned major, minor;
    unsigned long long inode;
    if (sscanf(line, "%*s %*s %*s %15s %ld %x:%x:%llu", access, &pid, &major,
               &minor, &inode) != 5 ||
        strcmp(access, "WRITE") || inode != (unsigned long long)st->st_ino)
        return false;
    if (makedev(major, minor) != st->st_dev &&
        (pid <= 0 || (uint64_t)pid != owner_pid))
        return false;
    *ret_pid = pid > 0 ? (uint64_t)pid : 0;
    return true;
}

static uint64_t owner_pid(const char *owner)
{
    const char *at = strstr(owner, "pid ");
    return at ? strtoull(at + strlen("pid "), NULL, 10) : 0;
}

/* Whether the lock is held, asked without taking it: that could make a run that
 * begins just now believe in a second one. */
static bool is_locked(struct run_status *status, const char *path)
{
    struct stat st;
    char *line = NULL;
    size_t capacity = 0;
    bool is = false;
    FILE *locks = stat(path, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
    while (locks && !is && getline(&line, &capacity, locks) >= 0)
        is = is_lock_of(line, &st, owner_pid(status->owner), &status->pid);
    free(line);
    if (locks)
        fclose(locks);
    return is;
}

/* "pid 12 on HOST": whether that is another machine. */
static bool is_elsewhere(const char *owner)
{
    char host[256] = "";
    const char *at = strstr(owner, " on ");
    if (!at || gethostname(host, sizeof(host) - 1))
        return false;
    at += strlen(" on ");
    size_t size = strcspn(at, " ,;\n");
    return size != strlen(host) || strncmp(at, host, size) != 0;
}

static bool judge_state(struct run_status *status, struct error *err)
{
    char *path = fs_join(status->facts.dir, "owner");
    bool done = path ? read_owner(status, path, err)
                     : error_no_memory(err, "the owner");
    if (done && run_facts_is_finished(status->facts.dir))
        status->state = RUN_STATE_FINISHED;
    else if (done && is_locked(status, path))
        status->state = RUN_STATE_RUNNING;
    else if (done)
        status->state = is_elsewhere(status->owner) ? RUN_STATE_ELSEWHERE
                                                    : RUN_STATE_STOPPED;
    free(path);
    return done;
}

/* ---- how much there is to do ------------------------------------------ */

static enum manifest_format format_of(const struct run_facts *facts)
{
    static const struct {
        const char *word;
        enum manifest_format format;
    } rows[] = { { "plain", MANIFEST_PLAIN },
                 { "csv", MANIFEST_CSV },
                 { "tsv", MANIFEST_TSV },
                 { "jsonl", MANIFEST_JSONL } };
    char word[16];
    run_facts_option(facts, "manifest-format", word, sizeof(word));
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        if (!strcmp(word, rows[i].word))
            return rows[i].format;
    return MANIFEST_BY_NAME;
}

/* The list as the run reads it; NULL when it is not at hand. */
static struct manifest *open_list(struct run_status *status)
{
    struct run_facts *facts = &status->facts;
    char field[256], header[8];
    struct error ignored;
    struct stat st;
    for (size_t i = 0; i < facts->input_count; i++) {
        if (!strcmp(facts->inputs[i], "-")) {
            char *copy = fs_join(facts->dir, "manifest");
            if (!copy)
                return NULL;
            free(facts->inputs[i]);
            facts->inputs[i] = copy;
        }
        if (stat(facts->inputs[i], &st) || !S_ISREG(st.st_mode))
            return NULL;
    }
    run_facts_option(facts, "url-field", field, sizeof(field));
    run_facts_option(facts, "header", header, sizeof(header));
    const struct manifest_options options = {
        .format = format_of(facts),
        .url_field = field[0] && strcmp(field, "auto") ? field : NULL,
        .has_no_header = !strcmp(header, "no"),
    };
    return manifest_open(facts->inputs, facts->input_count, &options, &ignored);
}

/* "3/64" */
static uint64_t shard_count(const struct run_facts *facts)
{
    char shard[64];
    uint64_t count;
    run_facts_option(facts, "shard", shard, sizeof(shard));
    const char *slash = strchr(shard, '/');
    return slash && view_to_u64(view_of_string(slash + 1), &count) && count
               ? count
               : 1;
}

static void count_list(struct run_status *status)
{
    enum { LOOK_EVERY = 1024 };
    struct manifest_entry entry;
    struct error ignored;
    struct manifest *list = status->facts.is_fetched ? open_list(status) : NULL;
    if (!list)
        return;
    int64_t until_ns = clock_now_ns() + COUNTING_NS;
    uint64_t count = 0;
    enum manifest_result result = MANIFEST_ITEM;
    while (result == MANIFEST_ITEM &&
           (count % LOOK_EVERY || clock_now_ns() < until_ns)) {
        result = manifest_next(list, &entry, &ignored);
        count++;
    }
    struct manifest_progress progress = manifest_progress(list);
    uint64_t shards = shard_count(&status->facts);
    status->has_expected =
        progress.expected_count > 0 &&
        progress.expected_count / shards >= status->totals.entries / 2;
    status->is_expected_exact = progress.is_exact && shards == 1;
    status->expected = progress.expected_count / shards;
    manifest_close(list);
}

/* ---- examples --------------------------------------------------------- */

struct examples {
    struct run_status *status;
    size_t wanted; /* outcomes that have none yet */
    uint64_t left; /* bytes that may still be read */
};

static bool is_wanted(const struct run_status *status, enum outcome outcome)
{
    return outcome != OUTCOME_OK && status->totals.outcomes[outcome] &&
           !status->examples[outcome].url;
}

static bool keep_example(struct run_example *example,
                         const struct outcome_facts *outcome, struct error *err)
{
    char *url = view_dup(outcome->url), *detail = view_dup(outcome->detail);
    if (!url || !detail) {
        free(url);
        free(detail);
        return error_no_memory(err, "an outcome");
    }
    *example = (struct run_example){ url, detail };
    return true;
}

/* Only a line that is wanted is read as JSON. */
static bool look_at(struct examples *examples, struct view line,
                    struct error *err)
{
    static const char name[] = "\"outcome\":\"";
    struct result_line object = { 0 };
    struct outcome_facts facts;
    enum outcome outcome;
    const char *wrong;
    const char *at = memmem(line.data, line.size, name, sizeof(name) - 1);
    struct view rest =
        at ? view_from(line, (size_t)(at - line.data) + sizeof(name) - 1)
           : view_of(NULL, 0);
    if (!at || !outcome_from_word(view_split(&rest, '"'), &outcome) ||
        !is_wanted(examples->status, outcome))
        return true;
    bool done = true;
    if (result_line_outcome(&object, line, &facts, &wrong) &&
        is_wanted(examples->status, facts.outcome)) {
        done = keep_example(&examples->status->examples[facts.outcome], &facts,
                            err);
        examples->wanted--;
    }
    result_line_release(&object);
    return done;
}

static bool look_through(struct examples *examples, char *path, uint64_t size,
                         struct error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    bool done = path || error_no_memory(err, "the outcomes");
    FILE *file = path ? fopen(path, "re") : NULL;
    for (uint64_t at = 0; file && done && at < size && examples->wanted;) {
        ssize_t got = getline(&line, &capacity, file);
        if (got <= 0 || (uint64_t)got > examples->left)
            break;
        at += (uint64_t)got;
        examples->left -= (uint64_t)got;
        done = look_at(examples, view_of(line, (size_t)got), err);
    }
    if (file)
        fclose(file);
    free(line);
    free(path);
    return done;
}

static bool find_examples(struct run_status *status, const struct lives *lives,
                          struct error *err)
{
    struct examples examples = { .status = status, .left = EXAMPLES_BYTES };
    bool done = true;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        examples.wanted += is_wanted(status, (enum outcome)i);
    if (status->state == RUN_STATE_FINISHED)
        return look_through(&examples,
                            fs_join(status->facts.dir, "outcomes.jsonl"),
                            UINT64_MAX, err);
    for (size_t i = 0; done && i < lives->count; i++)
        done = look_through(
            &examples, fs_join(lives->lives[i].path, "outcomes.jsonl"),
            life_size(&lives->lives[i], JOURNAL_OUTCOMES, 0), err);
    return done;
}

/* ---- all of it -------------------------------------------------------- */

bool run_status_read(struct run_status *status, const char *dir,
                     bool has_examples, struct error *err)
{
    struct pace_marks marks = { 0 };
    *status = (struct run_status){ 0 };
    if (!run_facts_read(&status->facts, dir, err) || !judge_state(status, err))
        return false;
    struct lives *lives = lives_read_each(dir, false, take_record, &marks, err);
    bool done = lives && run_facts_totals(lives, &status->totals, err);
    if (done) {
        status->life_count = lives->count;
        snprintf(status->damage, sizeof(status->damage), "%s", lives->damage);
        judge_pace(status, &marks);
        if (status->state == RUN_STATE_FINISHED)
            judge_finished(status, &marks);
        else
            count_list(status);
        done = !has_examples || find_examples(status, lives, err);
    }
    lives_free(lives);
    return done;
}

void run_status_release(struct run_status *status)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        free(status->examples[i].url);
        free(status->examples[i].detail);
    }
    free(status->owner);
    run_facts_release(&status->facts);
    *status = (struct run_status){ 0 };
}
