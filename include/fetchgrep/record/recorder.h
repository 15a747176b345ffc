/*
 * recorder.h - appends blocks to the files of one generation, in one place,
 * with group commit beside it.
 *
 * A generation is one life of a process. It writes only files of its own,
 * opened with O_EXCL:
 *
 *   GEN/outcomes.jsonl   GEN/matches.jsonl   GEN/pages-00000.warc.gz …
 *   GEN/index.cdxj       (unsorted)          GEN/journal
 *
 * An entry's WARC records, match lines and outcome line are appended together
 * under one lock. Every commit interval another thread makes what was appended
 * durable and then writes one journal record that says so (journal.h).
 *
 * Each generation's matches begin with the head of their form (a CSV's row of
 * names); whoever joins several keeps the first.
 *
 * Without a directory matches stream to standard output and the outcome
 * buffers, which then hold messages, to standard error.
 *
 * Thread rule: recorder_append and recorder_totals from any thread.
 */
#ifndef FETCHGREP_RECORD_RECORDER_H
#define FETCHGREP_RECORD_RECORDER_H

#include "fetchgrep/record/block.h"
#include "fetchgrep/record/lines.h"
#include "fetchgrep/record/match_form.h"

struct recorder;

struct recorder_options {
    const char *dir;     /* the generation's, existing; NULL: stream */
    uint32_t generation; /* 1 … */
    bool has_matches;    /* write a matches file */
    enum match_format format;
    struct view matches_head; /* what the matches begin with */
    int spool_fd;            /* without a directory: matches go there and not to
                                standard output; 0: none */
    const char *warc_suffix; /* ".warc.gz"; NULL: no pages are kept */
    uint64_t segment_max_bytes; /* a new segment begins beyond it */
    int64_t commit_interval_ms;
    const struct recorder_totals *earlier; /* of lives before; NULL: none */
    /* Appends what each segment begins with: the warcinfo record. */
    void (*begin_segment)(void *ctx, struct view file_name, struct buf *out);
    /* Closes an index line, once it is known where its page lies. */
    void (*close_index_line)(uint64_t offset, struct view file_name,
                             struct buf *out);
    void *ctx;
};

struct recorder *recorder_open(const struct recorder_options *options,
                               struct error *err);

/* Appends the block, whole. After a failure nothing more is appended and every
 * later call fails in the same way. */
bool recorder_append(struct recorder *recorder, const struct block *block,
                     struct error *err) MUST_CHECK;

/* Commits what is left, closes all files (also on failure). */
bool recorder_close(struct recorder *recorder, struct error *err) MUST_CHECK;

/* Latencies in buckets that grow by an eighth, for percentiles. */
enum { LATENCY_BUCKETS = 256 };

struct recorder_totals {
    uint64_t entries;
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t failed;
    uint64_t matches;
    uint64_t body_bytes;
    uint64_t pages_kept;
    uint64_t warc_bytes;
    uint64_t timed; /* entries in `latency` */
    uint64_t latency[LATENCY_BUCKETS];
};

enum { RECORDER_COUNTERS = 8 + OUTCOME_COUNT + LATENCY_BUCKETS };

/* The totals as the journal keeps them, and as they are told from there.
 * `counters` has room for RECORDER_COUNTERS. recorder_totals_add: false when
 * they are no such counters (another version's). */
void recorder_totals_pack(const struct recorder_totals *totals,
                          uint64_t *counters);
bool recorder_totals_add(struct recorder_totals *totals,
                         const uint64_t *counters, size_t count) MUST_CHECK;

/* A consistent copy, of all lives of the run. Valid until recorder_free. */
void recorder_totals(struct recorder *recorder,
                     struct recorder_totals *ret_totals);

/* The latency below which `percent` of the timed entries lie, in ms. */
double recorder_percentile_ms(const struct recorder_totals *totals,
                              double percent);

/* How many segments were begun. */
uint32_t recorder_segment_count(const struct recorder *recorder);

/* Takes NULL; a recorder must be closed before. */
void recorder_free(struct recorder *recorder);

/* "gen0001-00000.warc.gz": a segment's name once it is sealed. */
enum { SEGMENT_NAME_SIZE = 64 };
void recorder_segment_name(uint32_t generation, uint32_t segment,
                           const char *suffix, char name[SEGMENT_NAME_SIZE]);

#endif
