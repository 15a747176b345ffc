/*
 * page_steps.h - a worker's state and one page on its way through the steps;
 * shared by page_search.c and page_keep.c (the steps), page_job.c (fetched
 * entries) and span_job.c (pages read from files).
 *
 * Thread rule: all of it belongs to one worker.
 */
#ifndef FETCHGREP_RUN_PAGE_STEPS_H
#define FETCHGREP_RUN_PAGE_STEPS_H

#include "match_writer.h"
#include "page_job.h"

#include "fetchgrep/archive/warc_read.h"
#include "fetchgrep/extract/text.h"
#include "fetchgrep/model/http_head.h"

enum {
    SCRATCH_KEPT = 4 << 20, /* of each buffer, between pages */
    DETAIL_SIZE = 1024,
};

struct worker {
    const struct page_job *job;
    struct team_work *work;            /* the item at work */
    struct matcher *matcher;           /* NULL: nothing is searched */
    struct costs *costs;               /* of the matcher; NULL: none */
    struct text_reader *texts;         /* likewise */
    struct warc_writer *warc;          /* NULL: nothing is kept */
    struct warc_reader *reader;        /* made when first needed */
    struct warc_reader *target_reader; /* of revisits, likewise */
    struct chooser *chooser;           /* likewise */
    struct digest *digest;             /* likewise */
    char revisit_detail[DETAIL_SIZE];
    struct buf dechunked;
    struct buf decoded, decoded_more;
    struct buf text;
    struct buf head_text, url_text; /* for NAME@headers, NAME@url */
    struct match_writer *matches;   /* beside `matcher` */
    bool has_subject[SUBJECT_COUNT];
    struct buf request;
    struct buf file;
};

struct steps {
    struct worker *worker;
    struct block *block;
    uint64_t id;
    struct view url;   /* as results show it */
    struct view keep;  /* of the manifest's row: JSON, or empty */
    struct view bytes; /* head and body, or body alone */
    bool has_head;
    struct http_head head;
    struct view content_type; /* where there is no head */
    struct view mime;
    struct view head_bytes; /* as sent */
    struct view body;       /* as sent */
    struct view payload;    /* without transfer coding */
    struct view plain;      /* without content coding */
    struct text text;
    bool is_searched;
    bool clock_runs; /* some subject has been searched */
    uint64_t match_count;
    enum outcome outcome;
    char detail[DETAIL_SIZE];
};

void steps_add_detail(struct steps *steps, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* A fault that workers find changes an outcome that was ok until then. */
void steps_find_fault(struct steps *steps, enum outcome outcome,
                      const char *detail);

/* ---- page_search.c ------------------------------------------------------ */

/* Finds head and body in steps->bytes. */
void steps_split_head(struct steps *steps);

/* A revisit has a status and a type of its own, but for one that says "not
 * modified". How the body is coded is its target's to tell. */
void steps_wear_own_head(struct steps *steps, struct view own);

/* Whether patterns run on this page, by what came of the transfer. */
bool steps_are_wanted(const struct steps *steps);

/* From the body as sent to the payload. */
void steps_take_off_chunks(struct steps *steps);

/* From the payload to match lines, if the page is wanted. */
bool steps_search(struct steps *steps, struct error *err) MUST_CHECK;

/* ---- page_keep.c -------------------------------------------------------- */

/* Writes the records of one page, and its index line, into the block. `payload`
 * is its body as digests need it; `is_sound`: nothing is wrong with it. */
bool steps_keep_page(struct worker *worker, struct block *block,
                     const struct page *page, struct view payload,
                     bool is_sound, struct warc_written *ret_written,
                     struct error *err) MUST_CHECK;

/* The hops before this page, oldest first. */
bool steps_keep_hops(struct worker *worker, struct block *block,
                     const struct page *page, struct error *err) MUST_CHECK;

/* What the entry fetched for others: no place of its own. */
bool steps_keep_asides(struct worker *worker, struct block *block,
                       const struct page *asides, struct block_entry *row,
                       struct error *err) MUST_CHECK;

/* ---- page_job.c --------------------------------------------------------- */

/* Adds what the steps know to a line and ends the entry. */
void steps_end(struct steps *steps, struct outcome_line *line,
               struct block_entry *entry);

/* A page that was kept earlier. */
struct kept_page {
    uint64_t id;
    struct view url;
    struct view bytes; /* with its HTTP head when has_head */
    bool has_head;
    struct view own_head; /* of a revisit whose target is at hand: it has the
                             last word on status and type; or empty */
    struct view mime;     /* where there is no head */
    struct view content_type; /* likewise, with parameters */
    enum outcome outcome;     /* what is known before the steps */
    const char *detail;       /* or NULL */
};

/* The text of a page as patterns see it, whatever its status: borrowed until
 * the worker's next page. `detail` says what is wrong with it; without any text
 * `ret_text` has no data, and the detail says why. */
bool page_job_text(struct worker *worker, const struct kept_page *kept,
                   struct view *ret_text, char detail[DETAIL_SIZE],
                   struct error *err) MUST_CHECK;

bool page_job_kept(struct worker *worker, struct block *block,
                   const struct kept_page *kept, struct error *err) MUST_CHECK;

/* Whether this page has cost two workers: it is not to be touched any more. */
bool page_job_is_hopeless(const struct team_work *work);

/* ---- the jobs of struct team_options ---------------------------------- */

/* page_job.c, page_message.c: fetched entries. */
bool page_job_entry(void *ctx, void *worker, struct team_work *work,
                    struct error *err);
void entry_encode(void *ctx, const void *entry, struct buf *out);
void *entry_decode(void *ctx, char *bytes, size_t size);

/* span_job.c, page_message.c: spans. */
bool page_job_span(void *ctx, void *worker, struct team_work *work,
                   struct error *err);
void page_job_drop_span(void *ctx, void *span);
void span_encode(void *ctx, const void *span, struct buf *out);
void *span_decode(void *ctx, char *bytes, size_t size);

#endif
