/*
 * run_dir.h - the run directory: whose it is, what it holds, how it is sealed
 * (docs/formats.md).
 *
 * Thread rule: one thread.
 */
#ifndef FETCHGREP_RECORD_RUN_DIR_H
#define FETCHGREP_RECORD_RUN_DIR_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/error.h"

struct run_dir;
struct lives; /* lives.h */

enum run_dir_state {
    RUN_DIR_NEW,        /* empty, or made just now */
    RUN_DIR_UNFINISHED, /* a run began here and did not end */
    RUN_DIR_FINISHED,   /* summary.json is there */
};

/*
 * Makes the directory if need be and locks it (DIR/owner). ERR_USAGE when
 * another process owns it, or when it holds things that are not a run's:
 * nothing has been changed then.
 */
struct run_dir *run_dir_open(const char *path, struct error *err);

/* Unlocks and frees; a directory that was made and is still empty is removed.
 * Takes NULL. */
void run_dir_close(struct run_dir *dir);

enum run_dir_state run_dir_state(const struct run_dir *dir);
const char *run_dir_path(const struct run_dir *dir);

/* What makes a run the same run. All strings are short texts. */
struct run_identity {
    const char *command;
    uint64_t manifest_digest;
    uint64_t patterns_digest;
    const char *options; /* the options that shape results, as text */
};

/* One number that is the same for the same run: `run_id` in run.json. */
uint64_t run_identity_id(const struct run_identity *identity);

/* Compares with what run.json says. ERR_USAGE with the difference named. */
bool run_dir_check_identity(const struct run_dir *dir,
                            const struct run_identity *identity,
                            struct error *err) MUST_CHECK;

/* Removes what earlier runs left (--restart): files of a run's names only. */
bool run_dir_clear(struct run_dir *dir, struct error *err) MUST_CHECK;

/* Writes run.json: identity and `more`, further members (`,"k":v…`). */
bool run_dir_begin(struct run_dir *dir, const struct run_identity *identity,
                   struct view more, struct error *err) MUST_CHECK;

/* Makes the directory of the generation after these; its path lives as long as
 * `dir`. What of the earlier ones counts is noted in it. */
bool run_dir_new_generation(struct run_dir *dir, const struct lives *lives,
                            const char **ret_path,
                            struct error *err) MUST_CHECK;

struct run_dir_seal {
    uint64_t entries; /* outcomes of all lives: the journals must agree */
    const char *warc_suffix;  /* NULL: no pages kept */
    const char *matches_name; /* "matches.jsonl"; NULL: none */
    struct view matches_head; /* what each generation's matches begin with */
    struct view summary;      /* the text of summary.json, an object */
    bool is_rewritten;        /* what is finished below is other bytes than
                                 the journals have digests of: summary.json
                                 gets digests of them */
    /* Applied to these files before they are in place; NULL: nothing to do.
     * They may replace the file, and must not change it as it lies. */
    bool (*finish_outcomes)(void *ctx, const char *path, struct error *err);
    bool (*finish_matches)(void *ctx, const char *path, struct error *err);
    void *ctx;
};

/*
 * Puts what all generations have committed into place, sorts the index, and
 * writes summary.json last: the run is finished. The recorder is closed
 * before. Until then nothing is taken away, so a seal that was broken off can
 * be done again; afterwards the generations' own names are removed, but for
 * their journals.
 */
bool run_dir_seal(struct run_dir *dir, const struct run_dir_seal *seal,
                  struct error *err) MUST_CHECK;

#endif
