/*
 * cdxj_find.h - looks a name up in an index.cdxj: ours, pywb's,
 * cdxj-indexer's.
 *
 * Thread rule: const once it is open.
 */
#ifndef FETCHGREP_ARCHIVE_CDXJ_FIND_H
#define FETCHGREP_ARCHIVE_CDXJ_FIND_H

#include "record_name.h"

struct cdxj_index;

/* The index.cdxj in the directory of `path`; `ret_index` is NULL when there is
 * none that can be read. False without memory. */
bool cdxj_index_open(const char *path, struct cdxj_index **ret_index,
                     struct error *err) MUST_CHECK;

/* The same of an index by its own path. */
bool cdxj_index_open_file(const char *index_path, struct cdxj_index **ret_index,
                          struct error *err) MUST_CHECK;
void cdxj_index_close(struct cdxj_index *index);

/* Takes what was looked at out of this process's memory; the kernel may still
 * have it. For long lives with many questions. */
void cdxj_index_rest(const struct cdxj_index *index);

struct cdxj_place {
    char *path; /* heap */
    uint64_t offset;
};

enum cdxj_result { CDXJ_FOUND, CDXJ_NOT_FOUND, CDXJ_ERROR };

/* The first line that has the name in this kind and is no revisit itself. An
 * index knows no record ids. */
enum cdxj_result cdxj_index_find(const struct cdxj_index *index,
                                 const struct record_name *name,
                                 enum record_name_kind kind,
                                 struct cdxj_place *ret_place,
                                 struct error *err) MUST_CHECK;

/* The first line with this very URL, else the first with its key; with
 * `filename` only of those that name this file. */
enum cdxj_result cdxj_index_find_url(const struct cdxj_index *index,
                                     const char *url, const char *filename,
                                     struct cdxj_place *ret_place,
                                     struct error *err) MUST_CHECK;

/* The line with this very URL that was fetched last. Of a key that very many
 * lines have, only the last few are looked at. */
enum cdxj_result cdxj_index_find_latest(const struct cdxj_index *index,
                                        const char *url,
                                        struct cdxj_place *ret_place,
                                        struct error *err) MUST_CHECK;

#endif
