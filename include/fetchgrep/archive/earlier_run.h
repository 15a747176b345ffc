/*
 * earlier_run.h - what a finished run has kept of a URL, so that a server can
 * be asked whether it still holds (--since).
 *
 * Nothing of the run is read ahead: a URL is looked up in its sorted index, in
 * place, and of the record only the beginning is read. Some 25 microseconds
 * from the page cache; the memory does not follow the run's size.
 *
 * Thread rule: belongs to one thread.
 */
#ifndef FETCHGREP_ARCHIVE_EARLIER_RUN_H
#define FETCHGREP_ARCHIVE_EARLIER_RUN_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/model/known_answer.h"
#include "fetchgrep/model/url.h"

struct earlier_run;

/* ERR_USAGE when it is no finished run directory with kept pages. */
struct earlier_run *earlier_run_open(const char *dir, struct error *err);
void earlier_run_close(struct earlier_run *run);

/*
 * The answer to this URL or, where it was redirected, to the one that it led to
 * then; NULL when there is none that a condition can be made of. That is: a
 * whole page with status 200 and an ETag or Last-Modified, asked for without
 * user information. Free it.
 */
bool earlier_run_find(struct earlier_run *run, const struct url *url,
                      struct known_answer **ret_known,
                      struct error *err) MUST_CHECK;

#endif
