/*
 * process_team.h - what the process of a run and its worker processes say to
 * each other. team_processes.c is the one side, team_worker.c the other;
 * channel.h carries it.
 *
 *   orders    some items, and where to begin the first
 *   report    a block, and up to where the results of those items are now out
 *             of the worker's hands. What a report tells is done for good; what
 *             a worker has done beyond its last report is done again if it dies
 *
 * Beside these a worker leaves two signs in shared memory: which page it is at,
 * and that it lives.
 */
#ifndef FETCHGREP_RUN_PROCESS_TEAM_H
#define FETCHGREP_RUN_PROCESS_TEAM_H

#include "channel.h"
#include "team_state.h"
#include "zygote.h"

#include <stdalign.h>
#include <stddef.h>

/* ---- shared memory: no locks in it ------------------------------------ */

enum {
    ORDERS_SIZE = 256 << 10,
    REPORT_SIZE = 1 << 20, /* most blocks fit, and stay in a core's cache */
    PAGE_BITS = 48,
};

/* Written by the worker alone. */
struct signs {
    alignas(64) atomic_uint_fast64_t mark; /* (item + 1) << PAGE_BITS | page;
                                              0: at none */
    atomic_uint_fast64_t beat;             /* goes up with each page */
};

struct shared {
    atomic_bool stop;
    struct signs signs[]; /* a slot each */
};

struct process_team {
    struct team *team;
    struct zygote zygote;
    struct shared *shared;
    char *regions; /* behind it: orders and report of each slot */
    size_t shared_size;
    struct agent *agents;
    uint32_t agent_count;              /* started */
    atomic_uint_fast32_t worker_count; /* ever born */
};

struct channel_region orders_region(const struct process_team *processes,
                                    uint32_t slot);
struct channel_region report_region(const struct process_team *processes,
                                    uint32_t slot);

/* ---- messages --------------------------------------------------------- */

/* Before the items, each with its size. */
struct orders {
    alignas(max_align_t) uint32_t item_count;
    uint32_t crash_item;
    bool has_crash;
    struct team_crash crash;
    uint64_t page_count; /* pages done of the first item */
};

struct order_item {
    alignas(max_align_t) size_t size; /* a multiple of that alignment */
};

enum report_kind { REPORT_BLOCK = 1, REPORT_FAILURE };
enum { REPORT_BUFFERS = 6 };

/* Before the tables and buffers of the block, or a failure's message. */
struct report {
    enum report_kind kind;
    bool is_end;              /* all items are done */
    uint32_t done_items;      /* since the orders came */
    uint64_t next_page_count; /* pages done of the next item */
    size_t entry_count, page_count;
    size_t sizes[REPORT_BUFFERS];
    uint64_t damage_count;
    struct block_span span;
    int code, sys_errno; /* of a failure */
};

/* ---- report.c --------------------------------------------------------- */

enum { REPORT_PARTS = 3 + REPORT_BUFFERS };

/* Fills in what the report says of the block; the parts of the message borrow
 * from both. */
void report_of_block(struct report *report, const struct block *block,
                     struct view parts[REPORT_PARTS]);

/* A block that borrows its buffers from the message and its tables from
 * `tables`. False: the bytes make no sense. */
bool report_to_block(const struct report *report, char *bytes, size_t size,
                     struct buf *tables, struct block *ret_block);

/* ---- team_worker.c ---------------------------------------------------- */

worker_main_fn team_worker_main; /* `ctx` is the struct process_team */

#endif
