/*
 * seal.h - puts what the lives of a run have committed together.
 *
 * Thread rule: one thread; nobody writes to the files any more.
 */
#ifndef FETCHGREP_RECORD_SEAL_H
#define FETCHGREP_RECORD_SEAL_H

#include "fetchgrep/record/lives.h"
#include "fetchgrep/record/run_dir.h"

/* Makes the results in `dir` from the lives' files, which stay as they are. May
 * be done again, and ends in the same. */
bool seal_results(const char *dir, const struct lives *lives,
                  const struct run_dir_seal *seal,
                  struct error *err) MUST_CHECK;

/* Appends `,"digests":{"outcomes.jsonl":"…","matches.jsonl":"…"}`, XXH3-64 of
 * the results in hexadecimal. */
bool seal_append_digests(const char *dir, const struct run_dir_seal *seal,
                         struct buf *out, struct error *err) MUST_CHECK;

/* Removes the lives' files that the results were made of. What cannot be
 * removed stays: it harms nobody. */
void seal_remove_sources(const struct lives *lives,
                         const struct run_dir_seal *seal);

#endif
