/*
 * record_page.h - which records of an archive are pages, and what page a record
 * is: chosen or not, cut, revisited, with its digests checked.
 *
 * Thread rule: no state but the worker's.
 */
#ifndef FETCHGREP_RUN_RECORD_PAGE_H
#define FETCHGREP_RUN_RECORD_PAGE_H

#include "page_steps.h"

/* Responses to HTTP requests, resources, revisits, conversions. These have ids,
 * whether they are chosen or not. */
bool record_is_page(const struct warc_record *record);

/* False when the options choose other pages; a file's name tells its media
 * type. */
bool file_is_chosen(struct worker *worker, struct view path,
                    bool *ret_is_chosen, struct error *err) MUST_CHECK;

enum record_page_result {
    RECORD_PAGE_CHOSEN, /* `ret_kept` borrows from the worker's readers */
    RECORD_PAGE_LEFT_ASIDE,
    RECORD_PAGE_ERROR,
};

/* `kept->id` and `kept->url` are set by the caller, the rest here. `path` is
 * the archive's. */
enum record_page_result record_page(struct worker *worker, const char *path,
                                    const struct warc_record *record,
                                    struct kept_page *kept,
                                    struct error *err) MUST_CHECK;

/* Whether the digests that the record tells (--check-digests) are those of its
 * bytes; else `ret_damage` says which is not. What was cut cannot be checked.
 */
bool record_check_digests(struct worker *worker, const char *path,
                          const struct warc_record *record,
                          struct error *ret_damage);

#endif
