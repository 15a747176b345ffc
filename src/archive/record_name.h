/*
 * record_name.h - the names by which a revisit record tells its target, and
 * which records they are names of.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_RECORD_NAME_H
#define FETCHGREP_ARCHIVE_RECORD_NAME_H

#include "fetchgrep/archive/warc_read.h"

enum { RECORD_DATE_SIZE = 15 }; /* fourteen digits and a NUL */

/* What is not known is empty. */
struct record_name {
    struct view uri;
    char date[RECORD_DATE_SIZE]; /* to the second, as CDX files write it */
    struct view id;
    struct view digest; /* of the payload, without the algorithm's name */
};

/* The kinds of names, from the most exact on. A URL may have been fetched twice
 * in one second: then the digest tells which is meant. */
enum record_name_kind {
    NAME_URI_DATE_DIGEST,
    NAME_URI_DATE,
    NAME_ID,
    NAME_DIGEST,
    NAME_KIND_COUNT,
};

/* A record's own names. */
void record_name_of(const struct warc_record *record, struct record_name *ret);

/* Those of its target. */
void record_name_referred(const struct warc_record *revisit,
                          struct record_name *ret);

/* False where the name has nothing of the kind. With and without the digest it
 * is the same. */
bool record_name_hash(const struct record_name *name,
                      enum record_name_kind kind, uint64_t *ret_hash);

/* Whether they are the same in this kind. */
bool record_name_equal(const struct record_name *a, const struct record_name *b,
                       enum record_name_kind kind);

/* "sha1:ABC" to "ABC". */
struct view record_digest_bare(struct view digest);

/* Responses and resources: what a revisit can stand for. */
bool record_is_target(const struct warc_record *record);

#endif
