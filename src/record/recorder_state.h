/*
 * recorder_state.h - the recorder's insides; between recorder.c, which appends,
 * and commit.c, which makes durable.
 */
#ifndef FETCHGREP_RECORD_RECORDER_STATE_H
#define FETCHGREP_RECORD_RECORDER_STATE_H

#include "fetchgrep/record/journal.h"
#include "fetchgrep/record/recorder.h"

#include <pthread.h>
#include <xxhash.h>

/* A file of the generation that grows. */
struct sink {
    struct sink *next;
    int fd;
    char *path;
    enum journal_kind kind;
    uint32_t number;
    uint64_t size;        /* bytes appended */
    uint64_t noted_size;  /* as in the last journal record */
    bool is_closed;       /* nothing more will come: a full segment */
    XXH3_state_t *digest; /* of the bytes since the last journal record */
};

struct recorder {
    struct recorder_options options;
    pthread_mutex_t lock; /* guards all below but the committer's */
    pthread_cond_t wake_commit;
    struct sink *sinks; /* all that are open */
    struct sink *outcomes, *matches, *index, *segment;
    uint32_t segment_count;
    char segment_name[SEGMENT_NAME_SIZE];     /* of the current segment */
    char segment_path[SEGMENT_NAME_SIZE + 8]; /* as outcomes name it */
    struct buf lines; /* outcome lines of a block, closed */
    struct buf index_lines;
    struct buf head; /* a segment's beginning */
    uint64_t *ids;   /* since the last journal record */
    size_t id_count, id_capacity;
    struct recorder_totals totals;
    struct error failure; /* ERR_NONE, or why nothing more goes */
    bool is_closing;
    bool has_new_names; /* files made since the last commit */
    /* The committer's own. */
    pthread_t commit_thread;
    bool has_commit_thread;
    int journal_fd;
    char *journal_path;
    uint64_t sequence;
};

void sink_free(struct sink *sink);

/* Makes what has been appended so far count. A failure is kept in
 * recorder->failure, and nothing more is appended. */
bool commit_now(struct recorder *recorder, struct error *err) MUST_CHECK;

/* The thread that commits at each interval. commit_stop waits for its end;
 * fine when it was never started. */
bool commit_start(struct recorder *recorder, struct error *err) MUST_CHECK;
void commit_stop(struct recorder *recorder);

#endif
