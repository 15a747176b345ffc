/*
 * team_state.h - what the two kinds of team share.
 */
#ifndef FETCHGREP_RUN_TEAM_STATE_H
#define FETCHGREP_RUN_TEAM_STATE_H

#include "team.h"

struct thread_team;
struct process_team;

struct team {
    struct team_options options;
    struct queue *queue;
    atomic_bool has_failed;
    atomic_bool own_stop;
    atomic_bool *stop;              /* own_stop, or one that processes see */
    struct thread_team *threads;    /* once started */
    struct process_team *processes; /* or NULL */
};

/* Tells the owner; later items are dropped. */
void team_fail(struct team *team, const struct error *err);
bool team_has_failed(const struct team *team);

/* Delivers the block unless it is empty, and empties it. */
bool team_deliver(struct team *team, struct block *block,
                  struct error *err) MUST_CHECK;

/* ---- team_threads.c --------------------------------------------------- */

struct thread_team *thread_team_start(struct team *team, struct error *err);
void thread_team_join(struct thread_team *threads);

/* ---- team_processes.c ------------------------------------------------- */

struct process_team *process_team_new(struct team *team, struct error *err);
bool process_team_start(struct process_team *processes,
                        struct error *err) MUST_CHECK;
void process_team_join(struct process_team *processes);
void process_team_free(struct process_team *processes);

#endif
