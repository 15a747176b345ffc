/*
 * Writes sets, solid parts of the tree, and windows of items in Vectorscan's
 * syntax: plain where a byte is printable, so that `explain` can be read.
 */
#include "necessary_items.h"

static void append_byte(struct buf *out, unsigned byte, const char *special)
{
    if (byte < 0x20 || byte > 0x7e) {
        buf_append_format(out, "\\x%02x", byte);
        return;
    }
    if (strchr(special, (int)byte))
        buf_append_char(out, '\\');
    buf_append_char(out, (char)byte);
}

static void append_class(struct buf *out, const struct byte_set *set)
{
    static const char special[] = "\\]^-[";
    buf_append_char(out, '[');
    for (unsigned first = 0; first < 256; first++) {
        unsigned last = first;
        if (!byte_set_has(set, first))
            continue;
        while (last < 255 && byte_set_has(set, last + 1))
            last++;
        append_byte(out, first, special);
        if (last > first + 1)
            buf_append_char(out, '-');
        if (last > first)
            append_byte(out, last, special);
        first = last;
    }
    buf_append_char(out, ']');
}

static void append_times(struct buf *out, unsigned min, unsigned max)
{
    if (min == 1 && max == 1)
        return;
    if (min == 0 && max == 1)
        buf_append_char(out, '?');
    else if (min <= 1 && max >= SIZE_UNLIMITED)
        buf_append_char(out, min ? '+' : '*');
    else if (min == max)
        buf_append_format(out, "{%u}", min);
    else if (max >= SIZE_UNLIMITED)
        buf_append_format(out, "{%u,}", min);
    else
        buf_append_format(out, "{%u,%u}", min, max);
}

void expression_append_set(struct buf *out, const struct byte_set *set,
                           unsigned min, unsigned max)
{
    if (byte_set_count(set) == 1)
        for (unsigned byte = 0; byte < 256; byte++) {
            if (byte_set_has(set, byte))
                append_byte(out, byte, "\\.[](){}*+?^$|");
        }
    else
        append_class(out, set);
    append_times(out, min, max);
}

static void append_choice(struct buf *out, const struct node *node)
{
    buf_append_string(out, "(?:");
    for (const struct node *child = node->child; child; child = child->next) {
        if (child != node->child)
            buf_append_char(out, '|');
        expression_append_node(out, child);
    }
    buf_append_char(out, ')');
}

static void append_repeat(struct buf *out, const struct node *node)
{
    const struct node *child = node->child;
    if (child->kind == NODE_SET) {
        expression_append_set(out, &child->set,
                              size_product(node->min, set_min_size(child)),
                              size_product(node->max, set_max_size(child)));
        return;
    }
    bool is_grouped = child->kind == NODE_CHOICE; /* so it will be written */
    buf_append_string(out, is_grouped ? "" : "(?:");
    expression_append_node(out, child);
    buf_append_string(out, is_grouped ? "" : ")");
    append_times(out, node->min, node->max);
}

void expression_append_node(struct buf *out, const struct node *node)
{
    switch (node->kind) {
    case NODE_SET:
        expression_append_set(out, &node->set, set_min_size(node),
                              set_max_size(node));
        break;
    case NODE_SEQUENCE:
        for (const struct node *child = node->child; child; child = child->next)
            expression_append_node(out, child);
        break;
    case NODE_CHOICE:
        append_choice(out, node);
        break;
    case NODE_REPEAT:
        append_repeat(out, node);
        break;
    case NODE_EMPTY:
    case NODE_NEVER:
    case NODE_ANYTHING:
    case NODE_BOUNDARY:
    case NODE_AHEAD:
    case NODE_BEHIND:
        break; /* no width; or not solid, and not written */
    }
}

/* ---- windows ---------------------------------------------------------- */

enum {
    /* What an elastic item at an end is cut to. Up to 16 sets behind a literal
     * cost nothing that could be measured; 24 made 52 rules slower by a sixth,
     * 32 by four fifths. */
    TAIL_MAX = 16,
    HEAD_MAX = 8,
    /* Without a literal a long run is the faster one: Vectorscan then looks
     * at every so manieth byte only. 32 hexadecimal digits took 7 ms for
     * 50 MB, 16 took 13, and 12 took 43. */
    RUN_MAX = 64,
    /* Elastic items between others: longer ones become "so many or more". */
    INNER_MAX = 16,
};

/* A literal of so many bits needs no help of classes around it. */
static const double LITERAL_ALONE = 64;

static unsigned cut_size(const struct option *option, const struct item *item)
{
    if (!option_has_literal(option))
        return at_most(item->min, RUN_MAX);
    if (option->literal >= LITERAL_ALONE)
        return at_most(item->min, 1);
    return at_most(item->min, item == option->items ? HEAD_MAX : TAIL_MAX);
}

/* Whether an item at the end of a window is written as it is. */
static bool is_whole(const struct option *option, const struct item *item)
{
    return item->kind != ITEM_ELASTIC ||
           (item->min == item->max && cut_size(option, item) == item->min);
}

static void append_inner(struct buf *out, const struct item *item)
{
    if (item->max > INNER_MAX)
        expression_append_set(out, &item->set, at_most(item->min, INNER_MAX),
                              SIZE_UNLIMITED);
    else
        expression_append_set(out, &item->set, item->min, item->max);
}

/* \b holds for bytes as it does for characters if an ASCII letter, digit or `_`
 * stands on one side of it: then the other is none of these in both ways. One
 * between two of them never holds, and Vectorscan would refuse it. Without a
 * literal \b is left out, as a run is found much slower with it. */
static void append_boundary(struct buf *out, const struct option *option,
                            const struct item *before,
                            const struct item *behind)
{
    enum edge left = before ? item_edge(before, true) : EDGE_OTHER;
    enum edge right = behind ? item_edge(behind, false) : EDGE_OTHER;
    if (option_has_literal(option) &&
        ((left == EDGE_WORD && right == EDGE_OTHER) ||
         (left == EDGE_OTHER && right == EDGE_WORD)))
        buf_append_string(out, "\\b");
}

static void append_window(struct buf *out, const struct option *option)
{
    const struct item *first = option->items;
    const struct item *last = first + option->count - 1;
    if (option->has_boundary_before && is_whole(option, first))
        append_boundary(out, option, NULL, first);
    for (const struct item *item = first; item <= last; item++) {
        if (item->kind == ITEM_BOUNDARY)
            append_boundary(out, option, item - 1, item + 1);
        else if (item->kind == ITEM_SOLID)
            expression_append_node(out, item->node);
        else if (item == first || item == last)
            expression_append_set(out, &item->set, cut_size(option, item),
                                  cut_size(option, item));
        else
            append_inner(out, item);
    }
    if (option->has_boundary_behind && is_whole(option, last))
        append_boundary(out, option, last, NULL);
}

void option_append(struct buf *out, const struct option *option)
{
    if (option->items) {
        append_window(out, option);
        return;
    }
    buf_append_string(out, "(?:");
    for (const struct option *branch = option->branches; branch;
         branch = branch->next) {
        if (branch != option->branches)
            buf_append_char(out, '|');
        option_append(out, branch);
    }
    buf_append_char(out, ')');
}
