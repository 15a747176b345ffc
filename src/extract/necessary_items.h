/*
 * necessary_items.h - a tree laid out flat, and the conditions it offers;
 * between necessary_items.c (the layout), necessary_choose.c (which is best)
 * and necessary_write.c.
 */
#ifndef FETCHGREP_EXTRACT_NECESSARY_ITEMS_H
#define FETCHGREP_EXTRACT_NECESSARY_ITEMS_H

#include "necessary_tree.h"

enum item_kind { ITEM_SOLID, ITEM_ELASTIC, ITEM_BOUNDARY };

struct item {
    enum item_kind kind;
    const struct node *node; /* ITEM_SOLID */
    struct byte_set set;     /* ITEM_ELASTIC: bytes of it, and how many */
    unsigned min, max;
};

/* A condition there could be: a window of items, or one of each branch. */
struct option {
    double score, information, literal; /* in bits */
    const struct item *items;
    size_t count;
    bool has_boundary_before, has_boundary_behind;
    struct option *branches; /* when there are no items */
    struct option *next;     /* among branches */
};

struct items {
    struct item *list;
    size_t count, capacity;
    bool has_inlined;           /* the text of a look-behind, at the start */
    bool is_closed;             /* that of a look-ahead, at the end */
    const struct option *other; /* the best that is not a window of these */
};

/* Without a literal of so many bits Vectorscan has none to look for. */
static inline bool option_has_literal(const struct option *option)
{
    return option->literal >= 4;
}

static inline unsigned at_most(unsigned value, unsigned limit)
{
    return value < limit ? value : limit;
}

unsigned item_min_size(const struct item *item);

/* Its first or last byte: surely an ASCII letter, digit or `_`; or perhaps
 * another; or there may be none. */
enum edge { EDGE_WORD, EDGE_OTHER, EDGE_UNKNOWN };
enum edge item_edge(const struct item *item, bool at_end);

/* `budget` is for the sets in what is written. No memory: arena->failed. */
void items_lay_out(struct items *items, const struct node *node,
                   unsigned budget, struct arena *arena);

/* The best for a measured tree, NULL when there is none or no memory. */
const struct option *option_choose(const struct node *node, unsigned budget,
                                   struct arena *arena);
const struct option *option_of_branches(const struct node *choice,
                                        unsigned budget, struct arena *arena);
const struct option *option_better(const struct option *a,
                                   const struct option *b);

void option_append(struct buf *out, const struct option *option);

#endif
