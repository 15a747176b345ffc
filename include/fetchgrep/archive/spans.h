/*
 * spans.h - what `extract` reads: inputs cut into spans that workers open,
 * inflate and cut into pages themselves.
 *
 * An input is a run directory, an archive (.warc, .arc, packed ones too, or
 * anything that starts like one), a directory of page files (read recursively,
 * bytewise order, hidden ones left out), or one page file. A directory that
 * holds run.json is a run directory.
 *
 * A span is one of:
 *   files    a batch of page files, one at first, then more; one page each
 *   records  places of response records in one WARC segment of a run directory
 *   warc     a part of a WARC file from anywhere: large ones are cut every so
 *            many bytes, and whoever reads a part finds where its records begin
 *
 * Thread rule: the lister belongs to one thread; a span to its holder.
 */
#ifndef FETCHGREP_ARCHIVE_SPANS_H
#define FETCHGREP_ARCHIVE_SPANS_H

#include "fetchgrep/archive/warc_read.h"

enum span_kind { SPAN_FILES, SPAN_RECORDS, SPAN_WARC };

struct span_page {
    uint64_t id;     /* SPAN_RECORDS: the entry's */
    uint64_t offset; /* SPAN_RECORDS: where its record begins */
    char *name;      /* SPAN_FILES: path; SPAN_RECORDS: the entry's URL */
};

struct span {
    enum span_kind kind;
    char *path;              /* the WARC; NULL for SPAN_FILES */
    struct span_page *pages; /* SPAN_FILES and SPAN_RECORDS */
    size_t page_count;
    struct warc_part part; /* SPAN_WARC */
    bool goes_on;          /* SPAN_WARC: in the file of the span before */
    uint32_t attempt;      /* SPAN_WARC: at reading it, from 0 */
    uint64_t first_id;     /* given when it is handed out */
    uint64_t warcs_before; /* SPAN_WARC spans before this one: how many
                              pages they hold is not known yet */
    uint64_t known_before; /* pages before it, those in WARCs not counted */
};

void span_free(struct span *span);

/* A copy of a SPAN_WARC; NULL without memory. */
struct span *span_clone(const struct span *span);

struct spans;

/* Opens all inputs, so that a missing one is an error before work begins
 * (ERR_USAGE). The paths are borrowed for the life of the lister. WARC files
 * are cut into parts of about `part_size` bytes. */
struct spans *spans_open(char *const *inputs, size_t count, uint64_t part_size,
                         struct error *err);
void spans_close(struct spans *spans);

enum spans_result { SPANS_ITEM, SPANS_END, SPANS_ERROR };

/* The next span, owned by the caller. */
enum spans_result spans_next(struct spans *spans, struct span **ret_span,
                             struct error *err) MUST_CHECK;

#endif
