/*
 * run_facts.h - what run.json and summary.json of a run directory say, as far
 * as others than the run itself need it: `verify` and `status`.
 *
 * Nothing is locked and nothing is written.
 * Thread rule: const once it is read.
 */
#ifndef FETCHGREP_RUN_RUN_FACTS_H
#define FETCHGREP_RUN_RUN_FACTS_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"
#include "fetchgrep/record/match_form.h"
#include "fetchgrep/record/recorder.h"

struct run_facts {
    char *dir;
    char *command; /* "run", "fetch", "extract" */
    char *options; /* as they stand in run.json */
    char *run_id;
    uint64_t manifest_digest;
    uint64_t patterns_digest;
    bool has_right_id; /* it is that of command, digests and options */
    char *started_at;  /* "" where it is not told */
    char **inputs;
    size_t input_count;
    bool is_fetched; /* no extract */
    bool has_matches;
    bool is_ordered;         /* --order manifest */
    const char *warc_suffix; /* NULL: no pages are kept */
    enum match_format format;
    char fields[256]; /* --fields; "" the format's own */
    bool is_count;
};

/*
 * Reads DIR/run.json. ERR_USAGE when it is no run directory, ERR_DATA when
 * run.json is damaged, else ERR_SYSTEM. Release it in any case.
 */
bool run_facts_read(struct run_facts *facts, const char *dir,
                    struct error *err) MUST_CHECK;
void run_facts_release(struct run_facts *facts);

/* The value of `name` among the options, in `value`; "" when it is not there,
 * or longer. */
void run_facts_option(const struct run_facts *facts, const char *name,
                      char *value, size_t size);

/* Whether the run in a directory has ended: summary.json is there. */
bool run_facts_is_finished(const char *dir);

/* Whether a directory holds a run of its own. */
bool run_facts_is_run_dir(const char *dir);

/* What summary.json tells. */
struct summary_facts {
    struct recorder_totals totals; /* without latencies */
    bool has_matches;
    double seconds;
    /* Of files that were rewritten; 0: not told. */
    uint64_t outcomes_digest, matches_digest;
};

/* ERR_DATA when it is no summary, else ERR_SYSTEM. */
bool summary_facts_read(const char *dir, struct summary_facts *ret_summary,
                        struct error *err) MUST_CHECK;

/* What all lives have committed, added up. ERR_DATA when another version of
 * fetchgrep wrote it. */
struct lives;
bool run_facts_totals(const struct lives *lives,
                      struct recorder_totals *ret_totals,
                      struct error *err) MUST_CHECK;

#endif
