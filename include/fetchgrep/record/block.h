/*
 * block.h - what leaves a worker: finished bytes of some entries, ready to be
 * appended. Everything that costs CPU has been done.
 *
 * For each entry in order: its outcome line (open at the end, for the recorder
 * adds where the page was kept), its match lines, its WARC records and the
 * heads of their index lines. The four buffers hold them one behind another;
 * the tables say how long each is.
 *
 * Thread rule: a block belongs to one worker, or to the recorder while
 * recorder_append runs.
 */
#ifndef FETCHGREP_RECORD_BLOCK_H
#define FETCHGREP_RECORD_BLOCK_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/model/outcome.h"

/* One kept page: a response record and its request record. */
struct block_page {
    size_t warc_size;  /* bytes in `warc`, both records */
    size_t index_size; /* bytes in `index` */
};

struct block_entry {
    uint64_t id;
    enum outcome outcome;
    uint64_t match_count;
    uint64_t body_bytes; /* as sent */
    int64_t total_us;    /* time of the last transfer; -1: none */
    size_t outcome_size; /* bytes in `outcomes` */
    size_t matches_size; /* bytes in `matches` */
    size_t page_count;   /* of `pages`; the last is the entry's own */
    size_t aside_count;  /* the first of them, which are not */
};

/* Results of a span whose beginning was found, not known: they stand only when
 * the reader of the bytes before it agrees (run/span_chain.h). */
struct block_span {
    bool is_set;
    bool is_end;         /* the last block of the span */
    uint32_t attempt;    /* as the span says */
    uint64_t number;     /* among the spans of archives */
    uint64_t start;      /* where in the file reading began */
    uint64_t next;       /* is_end: where the records of the next one begin */
    uint64_t page_count; /* is_end: in all blocks of the span */
};

struct block {
    struct buf outcomes;
    struct buf matches;
    struct buf warc;
    struct buf index;
    struct block_entry *entries;
    size_t entry_count, entry_capacity;
    struct block_page *pages;
    size_t page_count, page_capacity;
    /* Damage found on the way to these pages, a line each, for people. Not
     * the recorder's. */
    struct buf damage;
    uint64_t damage_count;
    /* What to remember of pages that were kept whole, once they are appended
     * (run/payloads.h). Not the recorder's. */
    struct buf notes;
    struct block_span span;
    bool failed; /* no memory for a table */
};

/* `max_bytes` bounds each of the buffers. */
void block_init(struct block *block, size_t max_bytes);
void block_release(struct block *block);

/* Empties it; keeps a working set of memory, gives back what one huge page
 * has needed. */
void block_reset(struct block *block);

/* A copy that takes no more memory than it needs; NULL without memory. Free
 * it with block_free. */
struct block *block_clone(const struct block *block);
void block_free(struct block *block);

/* No entries, no damage, no end of a span. */
bool block_is_empty(const struct block *block);

/* Bytes in all buffers: when to hand it on. */
size_t block_size(const struct block *block);

/* Between these two, append to the buffers; end_entry measures what came. */
struct block_entry *block_begin_entry(struct block *block, uint64_t id);
void block_end_page(struct block *block, size_t warc_size, size_t index_size);
void block_end_entry(struct block *block, enum outcome outcome);

void block_add_damage(struct block *block, const char *message);

/* False (ERR_SYSTEM) when anything did not fit. */
bool block_check(const struct block *block, struct error *err) MUST_CHECK;

#endif
