/*
 * pipeline_state.h - the stages of a run and what connects them; shared by the
 * pipeline, its progress lines and its summary.
 */
#ifndef FETCHGREP_RUN_PIPELINE_STATE_H
#define FETCHGREP_RUN_PIPELINE_STATE_H

#include "totals_text.h"

#include "pacing.h"
#include "page_job.h"
#include "payloads.h"
#include "robots_desk.h"
#include "span_chain.h"

#include "fetchgrep/archive/earlier_run.h"
#include "fetchgrep/frontier/frontier.h"
#include "fetchgrep/manifest/dedupe.h"
#include "fetchgrep/manifest/manifest.h"
#include "fetchgrep/record/lives.h"
#include "fetchgrep/record/recorder.h"
#include "fetchgrep/record/run_dir.h"
#include "fetchgrep/run/pipeline.h"

#include <pthread.h>

struct pipeline {
    const struct pipeline_options *options;
    struct fetch_options fetch_options; /* as this machine allows */
    char **inputs;                      /* as read: standard input copied */
    struct run_dir *dir;
    struct lives *lives;            /* before this one; NULL: no directory */
    struct recorder_totals earlier; /* what they have done */
    int spool_fd;                   /* matches to be sorted; -1: none */
    struct manifest *manifest;      /* run, fetch */
    struct dedupe *dedupe;          /* the feeder's; NULL: --dedupe is off */
    struct earlier_run *since;      /* the feeder's; NULL: none */
    struct payloads *payloads;      /* NULL: --dedupe-pages is off */
    struct spans *spans;            /* extract */
    struct span_ids *span_ids;
    struct span_chain *chain;
    atomic_uint_fast64_t damage_count; /* faults found in archives */
    struct page_pool *pool;
    struct frontier *frontier;
    struct robots_desk *robots; /* NULL: nobody is asked */
    struct pacing pacing;
    struct fetcher *_Atomic fetcher;
    struct queue *queue;
    struct team *team;
    struct recorder *recorder;
    struct page_job job;
    pthread_t feeder;
    int64_t started_ns;
    int64_t started_wall_ms;
    atomic_uint_fast64_t handed_out; /* entries given to the stages */
    atomic_bool all_handed_out;      /* the inputs were read to their end */
    atomic_bool is_stopping;
    bool is_overdue;     /* stopped by --deadline; main thread */
    atomic_bool is_done; /* all stages have ended */
    pthread_mutex_t failure_lock;
    struct error failure; /* the first one */
};

/* ---- pipeline.c -------------------------------------------------------- */

/* Nothing starts any more; transfers in flight get so much time to end. */
void pipeline_stop(struct pipeline *pipeline, int64_t grace_ms);

/* A stage has failed: the first failure is kept, and the run stops. `pipeline`
 * as void, for it is a hook of all stages. */
void pipeline_fail(void *pipeline, const struct error *err);

/* There is room, or something to take: hooks of the pool and the frontier. */
void pipeline_wake_fetchers(void *pipeline);

/* Entries that are over, to the team that makes their outcomes. */
void pipeline_send_to_team(void *pipeline, struct entry **entries,
                           size_t count);

/* The team's results, and parts of archives that are to be read again. */
bool pipeline_append(void *pipeline, const struct block *block,
                     struct error *err);
bool pipeline_deliver(void *pipeline, const struct block *block,
                      struct error *err);
bool pipeline_redo_span(void *pipeline, struct span *span, struct error *err);

/* The feeder's thread. */
void *pipeline_feed(void *pipeline);

/* ---- pipeline_start.c --------------------------------------------------- */

/* What worker processes inherit, and then themselves: before the directory is
 * locked, for an inherited lock would outlive us, and before any thread. */
bool pipeline_prepare(struct pipeline *pipeline, struct error *err) MUST_CHECK;

/* All stages; after a failure those that did start have ended. */
bool pipeline_start(struct pipeline *pipeline, struct error *err) MUST_CHECK;

/* ---- pipeline_turns.c --------------------------------------------------- */

/* What the event loops ask and tell. */
struct fetch_hooks pipeline_fetch_hooks(struct pipeline *pipeline);

/* The next entry whose turn it is and which its robots.txt allows; those that
 * are given up or denied go their ways. Never FRONTIER_GIVEN_UP. */
enum frontier_result pipeline_take_turn(struct pipeline *pipeline,
                                        struct entry **ret_entry,
                                        int64_t *ret_due_ns);

/* Back in line, with its place given up. */
void pipeline_put_in_line_again(struct pipeline *pipeline, struct entry *entry,
                                const struct frontier_answer *answer);

/* A hop may wait long for its turn: its bytes leave the pool. Beyond a quarter
 * of --memory only the head is kept, and the record says so. False: no memory.
 */
bool pipeline_set_hop_aside(struct pipeline *pipeline, struct page *page);

/* ---- feeder.c: the manifest's entries into the frontier ----------------- */

/* Returns when all are in. False: stopped, or an error in `err`. */
bool feed_entries(struct pipeline *pipeline, struct error *err) MUST_CHECK;

/* ---- pipeline_open.c, pipeline_end.c ---------------------------------- */

/* Opens directory, inputs and recorder. `ret_is_over`: the directory holds
 * this run already, finished, and there is nothing to do. */
bool pipeline_open(struct pipeline *pipeline, bool *ret_is_over,
                   struct error *err) MUST_CHECK;

/* What each generation's matches begin with. */
struct view recorder_head(const struct match_form *form);

/* Frees entries that still wait in the frontier of a stopped run. */
void pipeline_drain(struct pipeline *pipeline);

/* All stages have ended: closes the recorder, checks the ledger, seals, says
 * the totals. */
bool pipeline_conclude(struct pipeline *pipeline, int *ret_status,
                       struct error *err) MUST_CHECK;

/* ---- progress.c: lines on standard error while the run goes on -------- */

struct progress {
    int64_t interval_ns; /* 0: none */
    int64_t due_ns;
    int64_t last_ns;
    uint64_t last_entries;
    uint64_t last_bytes;
};

void progress_init(struct progress *progress, const struct pipeline *pipeline);

/* Milliseconds until the next line; -1: never. */
int progress_wait_ms(const struct progress *progress);

/* Says a line if one is due. */
void progress_tick(struct progress *progress, struct pipeline *pipeline);

/* ---- summary.c: totals at the end ------------------------------------- */

/* The text of summary.json. */
void summary_append_json(struct pipeline *pipeline, struct buf *out);

/* The line of totals on standard error, if this run says one. */
void summary_say(struct pipeline *pipeline);

/* The exit status that the totals lead to (without signals). */
int summary_status(struct pipeline *pipeline);

#endif
