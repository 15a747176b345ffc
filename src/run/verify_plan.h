/*
 * verify_plan.h - how `verify` cuts files into stretches; between
 * verify_plan.c, which knows what files there are, and verify_files.c.
 */
#ifndef FETCHGREP_RUN_VERIFY_PLAN_H
#define FETCHGREP_RUN_VERIFY_PLAN_H

#include "verify_parts.h"

/* A stretch as a journal tells it. */
struct verify_piece {
    uint32_t generation;
    enum journal_kind kind;
    uint32_t number;
    uint64_t from, to, digest, sequence;
};

struct verify_plan {
    struct verify *verify;
    struct verify_piece *pieces;
    size_t count, capacity;
    uint64_t next_sequence;
    uint32_t generation;
};

/* These take the path (NULL: there was no memory for it). */

/* A file that is judged in one go. `is_sized`: its size is known; `digest`: of
 * all its bytes, 0 when it is not known. */
bool verify_add_whole(struct verify *verify, char *path, enum journal_kind kind,
                      bool is_sized, uint64_t size, uint64_t digest,
                      struct error *err) MUST_CHECK;

/* A file of one life: its stretches lie as the journal tells. */
bool verify_add_own(struct verify_plan *plan, char *path,
                    const struct life *life, enum journal_kind kind,
                    uint32_t number, struct error *err) MUST_CHECK;

/* A file that was joined of all lives' own, whose first `head_size` bytes it
 * has once. */
bool verify_add_joined(struct verify_plan *plan, char *path,
                       enum journal_kind kind, size_t head_size,
                       struct error *err) MUST_CHECK;

#endif
