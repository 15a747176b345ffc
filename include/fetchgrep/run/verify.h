/*
 * verify.h - judges a run directory from its files alone (`fetchgrep verify`).
 *
 * Every byte that counts is read: the journals, the results, the kept pages and
 * their index, the summary. Of a run that is not finished, or is still going,
 * what its journals had committed is judged; nothing is locked and nothing is
 * written. Memory does not follow the run: what is compared is sorted in
 * $TMPDIR, 32 bytes an outcome, a page's matches, a record, an index line.
 *
 * Thread rule: one call at a time for a directory; it starts threads of its
 * own, which have ended when it returns.
 */
#ifndef FETCHGREP_RUN_VERIFY_H
#define FETCHGREP_RUN_VERIFY_H

#include "fetchgrep/base/error.h"

#include <stdint.h>

struct verify_options {
    const char *dir;       /* a run directory */
    uint32_t worker_count; /* 1 at least */
    /* Each fault as a line without its end, from one thread at a time. */
    void (*fault)(void *ctx, const char *line);
    void *ctx;
};

struct verify_result {
    bool is_finished; /* else what is committed was judged */
    uint64_t fault_count;
    uint64_t entry_count;  /* outcome lines */
    uint64_t match_count;  /* as the outcomes tell */
    uint64_t record_count; /* of all WARC files */
    uint64_t byte_count;   /* read and judged */
};

/* False (ERR_USAGE, ERR_SYSTEM) when it could not be judged: it is no run
 * directory, cannot be read, no memory. Faults are a result. */
bool verify_run(const struct verify_options *options,
                struct verify_result *ret_result, struct error *err) MUST_CHECK;

/*
 * Makes anew what can be made from what was committed: index.cdxj of a finished
 * run from its pages; of a run that was killed while it was sealed, the seal.
 * The directory is locked meanwhile. Each thing done is told as a line.
 */
bool verify_repair(const char *dir, void (*tell)(void *ctx, const char *line),
                   void *ctx, struct error *err) MUST_CHECK;

#endif
