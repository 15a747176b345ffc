/*
 * verify_parts.h - the parts of `verify` (verify.c tells how they go
 * together).
 */
#ifndef FETCHGREP_RUN_VERIFY_PARTS_H
#define FETCHGREP_RUN_VERIFY_PARTS_H

#include "result_line.h"
#include "run_facts.h"

#include "fetchgrep/archive/warc_read.h"
#include "fetchgrep/base/digest.h"
#include "fetchgrep/base/record_sort.h"
#include "fetchgrep/record/lives.h"
#include "fetchgrep/run/verify.h"

#include <pthread.h>
#include <stdatomic.h>

/* A file of which bytes count. */
struct verify_file {
    enum journal_kind kind;
    uint32_t generation; /* of pages; of others in a run that goes on */
    uint32_t number;     /* of pages */
    char *path;
    uint64_t size; /* bytes that count */
};

/* Bytes that are judged together. Between two journal records, so they begin
 * and end with a line or a record. */
struct verify_stretch {
    size_t file; /* of `files` */
    uint64_t from, to;
    bool has_digest;
    bool has_head;   /* its digest begins with the head of all matches */
    uint64_t digest; /* XXH3-64 */
    uint32_t generation;
    uint64_t sequence; /* of the journal record */
};

/* What stands in the columns of match lines. */
struct verify_columns {
    bool is_keyed;
    bool has_head;   /* the first row of a file names the columns */
    int id, count;   /* in CSV, TSV and text; -1: there is none */
    bool has_id;     /* lines tell their ids */
    bool is_counted; /* lines tell counts that can be read */
};

struct verify {
    const struct verify_options *options;
    struct run_facts facts;
    bool is_finished;
    bool is_exact; /* results lie as they were written */
    struct lives *lives;
    struct verify_file *files;
    size_t file_count;
    size_t page_file_count; /* the first of them, by generation and number */
    struct verify_stretch *stretches;
    size_t stretch_count;
    struct verify_columns columns;
    struct match_form *form; /* keyed lines are read with it */
    struct buf head;         /* what all matches begin with */
    atomic_size_t next_stretch;
    pthread_mutex_t lock; /* guards what follows */
    struct record_sort *ids, *places;
    uint64_t fault_count;
    bool is_changed; /* the run was finished meanwhile */
    struct error failure;
    struct recorder_totals counted; /* lines and records, not latencies */
    uint64_t match_lines;           /* or what they count */
    uint64_t record_count, byte_count;
};

void verify_fault(struct verify *verify, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* The same with a place: "PATH: offset N: …". */
void verify_fault_at(struct verify *verify, const char *path, uint64_t offset,
                     const char *format, ...) PRINTF_LIKE(4, 5);

/* ---- verify_plan.c: what there is to judge ---------------------------- */

/* Reads the journals and lists files and stretches; faults of files that are
 * missing, too short or too long are told. */
bool verify_plan(struct verify *verify, struct error *err) MUST_CHECK;

/* ---- a worker --------------------------------------------------------- */

/* Records are handed over many at once. */
enum { VERIFY_BATCH = 512 };

struct verify_batch {
    struct record records[VERIFY_BATCH];
    size_t count;
};

/* The last record of an archive: its length is known when the next begins. */
struct verify_page {
    bool is_set;
    bool is_indexed; /* a response or a revisit */
    bool is_info;
    uint64_t offset;
    struct buf text; /* URL, media type and digest, one behind the other */
    size_t url_size, mime_size;
    int64_t date_ms;
    int status;
};

struct verify_worker {
    struct verify *verify;
    const struct verify_stretch *stretch;
    const struct verify_file *file;
    struct verify_batch ids, places;
    struct buf bytes, row, scratch;
    struct result_line line;
    struct warc_reader *reader; /* made when needed */
    struct digest *digest;
    struct verify_page page;
    /* Of the stretch: */
    bool has_last;
    uint64_t last_id;    /* of an ordered file, or of the matches so far */
    uint64_t last_at;    /* where the first of them stands */
    uint64_t last_count; /* matches of that id so far */
    struct buf last_line;
    /* Of all stretches: */
    struct recorder_totals counted;
    uint64_t match_lines, record_count, byte_count;
    struct error failure;
};

/* What stands in records that are sorted: the kind of thing in the top bits of
 * the first value. */
enum verify_kind { VERIFY_RECORD, VERIFY_OUTCOME, VERIFY_INDEX, VERIFY_MATCH };

enum { VERIFY_KIND_SHIFT = 62, VERIFY_OFFSET_BITS = 44 };

#define VERIFY_VALUE_MASK ((UINT64_C(1) << VERIFY_KIND_SHIFT) - 1)

/* By id: values are file, offset, count with these bits. */
#define VERIFY_HAS_MATCHES (UINT64_C(1) << 63)
#define VERIFY_MAY_MATCH   (UINT64_C(1) << 62)

/* Hands one over; false: `worker->failure`. */
bool verify_add(struct verify_worker *worker, struct verify_batch *batch,
                struct record_sort *sort, const struct record *record);

/* The bytes of the worker's stretch have another digest. */
void verify_fault_bytes(const struct verify_worker *worker);

/* Where the page at `offset` of the segment that is called `name` is sorted;
 * false: there is no such segment. */
bool verify_place(const struct verify *verify, struct view name,
                  uint64_t offset, uint64_t *ret_key);

/* What is compared of a URL and a digest. */
uint64_t verify_fingerprint(struct view url, struct view digest);

/* ---- verify_rows.c, verify_lines.c, verify_pages.c -------------------- */

/* Judge the worker's stretch; false: `worker->failure`. */
bool verify_lines(struct verify_worker *worker);
bool verify_pages(struct verify_worker *worker);

/* A row of the stretch, without its newline; the last one was taken. */
bool verify_take_row(struct verify_worker *worker, uint64_t offset,
                     struct view row);
bool verify_end_rows(struct verify_worker *worker);

/* The line of the index for a record. */
struct cdxj_record;
void verify_index_line(const struct verify_page *page, size_t length,
                       const struct verify_file *file, struct buf *out);

/* What an index line needs of a record; false: it is none of a page. */
bool verify_page_take(struct verify_page *page,
                      const struct warc_record *record);

/* ---- verify_ledger.c -------------------------------------------------- */

/* Everything has been read: whether it agrees. */
bool verify_ledger(struct verify *verify, struct error *err) MUST_CHECK;

#endif
