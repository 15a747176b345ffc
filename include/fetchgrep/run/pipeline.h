/*
 * pipeline.h - a run from inputs to sealed results: the order of the stages.
 *
 * run, fetch and extract are one path; what differs is where pages come from
 * (a manifest, or spans of kept pages) and whether patterns run on them.
 *
 * Thread rule: one run a process at a time, from the main thread.
 */
#ifndef FETCHGREP_RUN_PIPELINE_H
#define FETCHGREP_RUN_PIPELINE_H

#include "fetchgrep/archive/warc_write.h"
#include "fetchgrep/extract/choice.h"
#include "fetchgrep/extract/matcher.h"
#include "fetchgrep/extract/text.h"
#include "fetchgrep/fetch/fetch.h"
#include "fetchgrep/manifest/manifest.h"
#include "fetchgrep/run/match_options.h"

enum pipeline_command { PIPELINE_RUN, PIPELINE_FETCH, PIPELINE_EXTRACT };
enum pipeline_progress { PROGRESS_AUTO, PROGRESS_PLAIN, PROGRESS_NONE };

/* What the team of workers is made of. */
enum team_isolation { TEAM_THREADS, TEAM_PROCESSES };

/* Checked values; all pointers are borrowed for the call. */
struct pipeline_options {
    enum pipeline_command command;
    char *const *inputs; /* manifests, or what extract reads */
    size_t input_count;
    struct manifest_options manifest; /* of run and fetch */
    const struct patterns *patterns;  /* NULL: fetch */
    const struct prefilter *prefilter;
    const char *dir; /* run directory; NULL: standard output */
    bool restarts;   /* --restart */
    struct match_options matches;
    struct costs *costs; /* what patterns cost is added there (threads only);
                            NULL: not measured */
    enum team_isolation isolation;
    uint32_t worker_count;
    size_t worker_memory;    /* heap of a worker process */
    uint64_t worker_time_ms; /* a page in one; then it is killed */
    struct fetch_options fetch;
    uint32_t per_host;
    int64_t host_delay_ms;
    bool obeys_robots;
    uint32_t host_failures; /* 0: no host is given up */
    uint32_t retries;
    uint64_t request_interval_ns; /* for all loops; 0: no limit */
    int64_t outage_probe_ms;
    int64_t outage_wait_ms; /* 0: failures always count */
    uint32_t max_redirects;
    enum warc_store store;
    const char *since;  /* an earlier run's directory; NULL: none */
    bool dedupes_urls;  /* --dedupe */
    bool dedupes_pages; /* --dedupe-pages */
    uint64_t segment_max_bytes;
    int64_t commit_interval_ms;
    int64_t deadline_ms; /* from the start to the end of the run; 0: none */
    size_t memory;       /* page bytes in flight */
    uint64_t part_size;  /* WARC files are read in parts of so many bytes */
    size_t max_matches;
    uint64_t page_time_ms;
    bool searches_any_status;
    struct text_options text;
    const struct choice *choice; /* extract: which pages; NULL: all */
    unsigned chosen_types;       /* bits of 1 << enum warc_type; 0: all */
    bool checks_digests;
    bool has_max_failed;
    double max_failed; /* entries, or percent */
    bool max_failed_is_percent;
    enum pipeline_progress progress;
    const char *shaping; /* options that shape results, as text */
};

/* Exit statuses (docs/formats.md). */
enum pipeline_status {
    STATUS_OK = 0,
    STATUS_CHECK_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_SYSTEM = 3,
    STATUS_STOPPED = 75,
    STATUS_INTERRUPTED = 130,
};

/* Runs to the end, or until a signal stops it. False: `err`; else the exit
 * status is in `ret_status`. */
bool pipeline_run(const struct pipeline_options *options, int *ret_status,
                  struct error *err) MUST_CHECK;

#endif
