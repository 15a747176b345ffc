/*
 * page_steps.h - a worker's state and one page on its way through the steps;
 * shared by page_job.c (the steps, fetched entries) and span_job.c (pages read
 * from files).
 *
 * Thread rule: all of it belongs to one worker.
 */
#ifndef FETCHGREP_RUN_PAGE_STEPS_H
#define FETCHGREP_RUN_PAGE_STEPS_H

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
    struct matcher *matcher;    /* NULL: nothing is searched */
    struct warc_writer *warc;   /* NULL: nothing is kept */
    struct warc_reader *reader; /* made when first needed */
    struct buf dechunked;
    struct buf decoded, decoded_more;
    struct buf text;
    struct buf prefix; /* of a page's match lines */
    struct buf request;
    struct buf file;
};

struct steps {
    struct worker *worker;
    struct block *block;
    uint64_t id;
    struct view url;   /* as results show it */
    struct view bytes; /* head and body, or body alone */
    bool has_head;
    struct http_head head;
    struct view mime;
    struct view body;    /* as sent */
    struct view payload; /* without transfer coding */
    struct view plain;   /* without content coding */
    struct text text;
    bool is_searched;
    uint64_t match_count;
    enum outcome outcome;
    char detail[DETAIL_SIZE];
};

void steps_add_detail(struct steps *steps, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* A fault that workers find changes an outcome that was ok until then. */
void steps_find_fault(struct steps *steps, enum outcome outcome,
                      const char *detail);

/* Adds what the steps know to a line and ends the entry. */
void steps_end(struct steps *steps, struct outcome_line *line,
               struct block_entry *entry);

/* A page that was kept earlier. */
struct kept_page {
    uint64_t id;
    struct view url;
    struct view bytes; /* with its HTTP head when has_head */
    bool has_head;
    struct view mime;     /* where there is no head */
    enum outcome outcome; /* what is known before the steps */
    const char *detail;   /* or NULL */
};

/* Whether a page can be made of a record: responses to HTTP requests, and
 * resources. */
bool record_is_page(const struct warc_record *record);

/* What the record says; `id` and `url` are the caller's. */
void kept_page_of_record(const struct warc_record *record,
                         struct kept_page *ret_kept);

/* The text of a page as patterns see it, whatever its status: borrowed until
 * the worker's next page. `detail` says what is wrong with it; without any text
 * `ret_text` has no data, and the detail says why. */
bool page_job_text(struct worker *worker, const struct kept_page *kept,
                   struct view *ret_text, char detail[DETAIL_SIZE],
                   struct error *err) MUST_CHECK;

bool page_job_kept(struct worker *worker, struct block *block,
                   const struct kept_page *kept, struct error *err) MUST_CHECK;

#endif
