/*
 * Appending and committing are apart. recorder_append runs in the workers,
 * under `lock`: it only writes finished bytes behind what is there. commit.c
 * makes them durable beside it.
 */
#include "recorder_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/fs.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <unistd.h>

/* ---- sinks ------------------------------------------------------------ */

void sink_free(struct sink *sink)
{
    if (!sink)
        return;
    if (sink->fd >= 0)
        close(sink->fd);
    XXH3_freeState(sink->digest);
    free(sink->path);
    free(sink);
}

static struct sink *sink_new(struct recorder *recorder, const char *name,
                             enum journal_kind kind, uint32_t number,
                             struct error *err)
{
    struct sink *sink = calloc(1, sizeof(*sink));
    if (!sink) {
        error_no_memory(err, "the results");
        return NULL;
    }
    sink->fd = -1;
    sink->kind = kind;
    sink->number = number;
    sink->path = fs_join(recorder->options.dir, name);
    sink->digest = XXH3_createState();
    bool done = sink->path && sink->digest
                    ? fs_create(sink->path, &sink->fd, err)
                    : error_no_memory(err, "the results");
    if (!done) {
        sink_free(sink);
        return NULL;
    }
    XXH3_64bits_reset(sink->digest);
    sink->next = recorder->sinks;
    recorder->sinks = sink;
    recorder->has_new_names = true;
    return sink;
}

static bool sink_write(struct sink *sink, struct view bytes, struct error *err)
{
    if (!bytes.size)
        return true;
    if (!fs_write_all(sink->fd, bytes, sink->path, err))
        return false;
    sink->size += bytes.size;
    XXH3_64bits_update(sink->digest, bytes.data, bytes.size);
    return true;
}

/* ---- segments of pages ------------------------------------------------ */

void recorder_segment_name(uint32_t generation, uint32_t segment,
                           const char *suffix, char name[SEGMENT_NAME_SIZE])
{
    snprintf(name, SEGMENT_NAME_SIZE, "gen%04u-%05u%s", generation, segment,
             suffix);
}

static bool begin_segment(struct recorder *recorder, struct error *err)
{
    const struct recorder_options *options = &recorder->options;
    char name[SEGMENT_NAME_SIZE];
    uint32_t number = recorder->segment_count;
    snprintf(name, sizeof(name), "pages-%05u%s", number, options->warc_suffix);
    if (recorder->segment)
        recorder->segment->is_closed = true;
    recorder->segment = sink_new(recorder, name, JOURNAL_PAGES, number, err);
    if (!recorder->segment)
        return false;
    recorder->segment_count++;
    recorder_segment_name(options->generation, number, options->warc_suffix,
                          recorder->segment_name);
    snprintf(recorder->segment_path, sizeof(recorder->segment_path), "pages/%s",
             recorder->segment_name);
    buf_reset(&recorder->head);
    options->begin_segment(options->ctx, view_of_string(recorder->segment_name),
                           &recorder->head);
    return buf_check(&recorder->head, "a WARC segment", err) &&
           sink_write(recorder->segment, buf_view(&recorder->head), err);
}

/* ---- appending -------------------------------------------------------- */

/* Where the walk over a block's buffers has come to. */
struct cursor {
    size_t page;                          /* in block->pages */
    size_t outcome, matches, warc, index; /* bytes passed */
    size_t warc_written;
};

static size_t entry_warc_size(const struct block *block,
                              const struct block_entry *entry, size_t page)
{
    size_t size = 0;
    for (size_t i = 0; i < entry->page_count; i++)
        size += block->pages[page + i].warc_size;
    return size;
}

/* Writes the WARC bytes that have been passed and not yet written. */
static bool flush_warc(struct recorder *recorder, const struct block *block,
                       struct cursor *cursor, struct error *err)
{
    struct view bytes = view_of(block->warc.data + cursor->warc_written,
                                cursor->warc - cursor->warc_written);
    cursor->warc_written = cursor->warc;
    return bytes.size == 0 || sink_write(recorder->segment, bytes, err);
}

/* All records of an entry go into one segment. */
static bool choose_segment(struct recorder *recorder, const struct block *block,
                           struct cursor *cursor, size_t size,
                           struct error *err)
{
    uint64_t pending = cursor->warc - cursor->warc_written;
    if (recorder->segment && recorder->segment->size + pending + size <=
                                 recorder->options.segment_max_bytes)
        return true;
    return flush_warc(recorder, block, cursor, err) &&
           begin_segment(recorder, err);
}

/* Closes the outcome line and the index lines of one entry. */
static bool place_entry(struct recorder *recorder, const struct block *block,
                        const struct block_entry *entry, struct cursor *cursor,
                        struct error *err)
{
    size_t size = entry_warc_size(block, entry, cursor->page);
    if (size && !choose_segment(recorder, block, cursor, size, err))
        return false;
    uint64_t offset = 0;
    for (size_t i = 0; i < entry->page_count; i++, cursor->page++) {
        const struct block_page *page = &block->pages[cursor->page];
        offset = recorder->segment->size + cursor->warc - cursor->warc_written;
        buf_append(&recorder->index_lines, block->index.data + cursor->index,
                   page->index_size);
        recorder->options.close_index_line(
            offset, view_of_string(recorder->segment_name),
            &recorder->index_lines);
        cursor->index += page->index_size;
        cursor->warc += page->warc_size;
    }
    buf_append(&recorder->lines, block->outcomes.data + cursor->outcome,
               entry->outcome_size);
    cursor->outcome += entry->outcome_size;
    cursor->matches += entry->matches_size;
    outcome_line_close(view_of_string(entry->page_count > entry->aside_count
                                          ? recorder->segment_path
                                          : ""),
                       offset, &recorder->lines);
    return true;
}

static bool append_files(struct recorder *recorder, const struct block *block,
                         struct error *err)
{
    struct cursor cursor = { 0 };
    buf_reset(&recorder->lines);
    buf_reset(&recorder->index_lines);
    for (size_t i = 0; i < block->entry_count; i++)
        if (!place_entry(recorder, block, &block->entries[i], &cursor, err))
            return false;
    if (!buf_check(&recorder->lines, "outcomes", err) ||
        !buf_check(&recorder->index_lines, "index lines", err) ||
        !flush_warc(recorder, block, &cursor, err))
        return false;
    return (!recorder->index ||
            sink_write(recorder->index, buf_view(&recorder->index_lines),
                       err)) &&
           (!recorder->matches ||
            sink_write(recorder->matches,
                       view_first(buf_view(&block->matches), cursor.matches),
                       err)) &&
           sink_write(recorder->outcomes, buf_view(&recorder->lines), err);
}

/* Bytes of an entry that was begun and never ended do not count. */
static bool append_streams(const struct recorder *recorder,
                           const struct block *block, struct error *err)
{
    size_t matches = 0, outcomes = 0;
    int spool_fd = recorder->options.spool_fd;
    for (size_t i = 0; i < block->entry_count; i++) {
        matches += block->entries[i].matches_size;
        outcomes += block->entries[i].outcome_size;
    }
    return fs_write_all(spool_fd ? spool_fd : STDOUT_FILENO,
                        view_first(buf_view(&block->matches), matches),
                        spool_fd ? "a temporary file" : "standard output",
                        err) &&
           fs_write_all(STDERR_FILENO,
                        view_first(buf_view(&block->outcomes), outcomes),
                        "standard error", err);
}

/* Eight buckets to each power of two of microseconds. */
static size_t latency_bucket(int64_t us)
{
    if (us < 8)
        return us < 0 ? 0 : (size_t)us;
    unsigned power = 63 - (unsigned)__builtin_clzll((uint64_t)us);
    size_t bucket = (power - 2) * 8 + ((uint64_t)us >> (power - 3) & 7);
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static void count_entry(struct recorder_totals *totals,
                        const struct block_entry *entry)
{
    totals->entries++;
    totals->outcomes[entry->outcome]++;
    totals->failed += outcome_is_failed(entry->outcome);
    totals->matches += entry->match_count;
    totals->body_bytes += entry->body_bytes;
    totals->pages_kept += entry->page_count;
    if (entry->total_us >= 0) {
        totals->timed++;
        totals->latency[latency_bucket(entry->total_us)]++;
    }
}

static bool note_ids(struct recorder *recorder, const struct block *block,
                     struct error *err)
{
    size_t need = recorder->id_count + block->entry_count;
    if (need > recorder->id_capacity) {
        size_t capacity = need * 2;
        uint64_t *ids = realloc(recorder->ids, capacity * sizeof(*ids));
        if (!ids)
            return error_no_memory(err, "the journal");
        recorder->ids = ids;
        recorder->id_capacity = capacity;
    }
    for (size_t i = 0; i < block->entry_count; i++)
        recorder->ids[recorder->id_count++] = block->entries[i].id;
    return true;
}

static bool append_locked(struct recorder *recorder, const struct block *block,
                          struct error *err)
{
    if (!block_check(block, err))
        return false;
    bool done = recorder->options.dir ? note_ids(recorder, block, err) &&
                                            append_files(recorder, block, err)
                                      : append_streams(recorder, block, err);
    if (!done)
        return false;
    for (size_t i = 0; i < block->entry_count; i++)
        count_entry(&recorder->totals, &block->entries[i]);
    recorder->totals.warc_bytes += block->warc.size;
    return true;
}

bool recorder_append(struct recorder *recorder, const struct block *block,
                     struct error *err)
{
    pthread_mutex_lock(&recorder->lock);
    if (recorder->failure.code == ERR_NONE)
        append_locked(recorder, block, &recorder->failure);
    bool done = recorder->failure.code == ERR_NONE;
    if (!done)
        *err = recorder->failure;
    pthread_mutex_unlock(&recorder->lock);
    return done;
}

/* ---- life ------------------------------------------------------------- */

static bool open_files(struct recorder *recorder, struct error *err)
{
    const struct recorder_options *options = &recorder->options;
    char name[32];
    recorder->outcomes =
        sink_new(recorder, "outcomes.jsonl", JOURNAL_OUTCOMES, 0, err);
    if (!recorder->outcomes)
        return false;
    if (options->has_matches) {
        snprintf(name, sizeof(name), "matches%s",
                 match_format_suffix(options->format));
        recorder->matches = sink_new(recorder, name, JOURNAL_MATCHES, 0, err);
        if (!recorder->matches ||
            !sink_write(recorder->matches, options->matches_head, err))
            return false;
    }
    if (options->warc_suffix) {
        recorder->index =
            sink_new(recorder, "index.cdxj", JOURNAL_INDEX, 0, err);
        if (!recorder->index)
            return false;
    }
    recorder->journal_path = fs_join(options->dir, "journal");
    return recorder->journal_path
               ? fs_create(recorder->journal_path, &recorder->journal_fd, err)
               : error_no_memory(err, "the journal");
}

struct recorder *recorder_open(const struct recorder_options *options,
                               struct error *err)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    if (!recorder) {
        error_no_memory(err, "the recorder");
        return NULL;
    }
    recorder->options = *options;
    recorder->journal_fd = -1;
    buf_init(&recorder->lines, SIZE_MAX / 2);
    buf_init(&recorder->index_lines, SIZE_MAX / 2);
    buf_init(&recorder->head, 1 << 20);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&recorder->wake_commit, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&recorder->lock, NULL);
    bool done = options->dir
                    ? open_files(recorder, err) && commit_start(recorder, err)
                    : fs_write_all(STDOUT_FILENO, options->matches_head,
                                   "standard output", err);
    if (!done) {
        recorder_free(recorder);
        return NULL;
    }
    return recorder;
}

static void close_files(struct recorder *recorder)
{
    while (recorder->sinks) {
        struct sink *sink = recorder->sinks;
        recorder->sinks = sink->next;
        sink_free(sink);
    }
    if (recorder->journal_fd >= 0)
        close(recorder->journal_fd);
    recorder->journal_fd = -1;
}

bool recorder_close(struct recorder *recorder, struct error *err)
{
    commit_stop(recorder);
    struct error ignored;
    bool done = recorder->failure.code == ERR_NONE;
    if (recorder->options.dir && done)
        done = commit_now(recorder, &ignored);
    if (!done)
        *err = recorder->failure;
    close_files(recorder);
    return done;
}

void recorder_free(struct recorder *recorder)
{
    if (!recorder)
        return;
    commit_stop(recorder);
    close_files(recorder);
    buf_release(&recorder->lines);
    buf_release(&recorder->index_lines);
    buf_release(&recorder->head);
    free(recorder->ids);
    free(recorder->journal_path);
    pthread_cond_destroy(&recorder->wake_commit);
    pthread_mutex_destroy(&recorder->lock);
    free(recorder);
}

/* ---- questions -------------------------------------------------------- */

void recorder_totals(struct recorder *recorder,
                     struct recorder_totals *ret_totals)
{
    pthread_mutex_lock(&recorder->lock);
    *ret_totals = recorder->totals;
    pthread_mutex_unlock(&recorder->lock);
    if (recorder->options.earlier) {
        uint64_t counters[RECORDER_COUNTERS];
        recorder_totals_pack(recorder->options.earlier, counters);
        bool done =
            recorder_totals_add(ret_totals, counters, RECORDER_COUNTERS);
        assert(done);
        (void)done;
    }
}

uint32_t recorder_segment_count(const struct recorder *recorder)
{
    return recorder->segment_count;
}

static double bucket_ms(size_t bucket)
{
    if (bucket < 8)
        return (double)bucket / 1000;
    double low = ldexp(1, (int)(bucket / 8 + 2));
    return low * (1 + ((double)(bucket % 8) + 0.5) / 8) / 1000;
}

double recorder_percentile_ms(const struct recorder_totals *totals,
                              double percent)
{
    double wanted = (double)totals->timed * percent / 100;
    uint64_t seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += totals->latency[i];
        if (seen && (double)seen >= wanted)
            return bucket_ms(i);
    }
    return 0;
}
