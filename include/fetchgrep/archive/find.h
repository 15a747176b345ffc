/*
 * find.h - where a kept page lies: by its id or URL in a run directory, by its
 * URL in the index beside a WARC file.
 *
 * Nothing is read into memory but a line at a time. An index is sorted, and
 * searched by halves; ids are looked for through outcomes.jsonl, which stands
 * in the order of arrival.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_FIND_H
#define FETCHGREP_ARCHIVE_FIND_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

struct page_place {
    char *warc; /* a path */
    uint64_t offset;
};

void page_place_release(struct page_place *place);

enum find_result {
    FIND_PAGE,
    FIND_NONE, /* no page is kept there; `err` says why, as ERR_DATA */
    FIND_ERROR,
};

enum find_result find_by_id(const char *run_dir, uint64_t id,
                            struct page_place *ret_place, struct error *err);

/* By the URL of a record; of several the one fetched first. A URL that was
 * asked for and gave no page is NONE with what came of it. */
enum find_result find_by_url(const char *run_dir, const char *url,
                             struct page_place *ret_place, struct error *err);

/* In a WARC of anybody's: by NAME.cdxj or by index.cdxj beside NAME.warc.gz.
 * NONE also where there is no index. What stands there is the caller's to
 * check: an index may be older than its file. */
enum find_result find_in_index(const char *warc, const char *url,
                               struct page_place *ret_place, struct error *err);

/* The path of a run's WARC when there is but one. Free it. */
enum find_result find_sole_warc(const char *run_dir, char **ret_warc,
                                struct error *err);

#endif
