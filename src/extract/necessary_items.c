/*
 * Lays a tree out flat.
 */
#include "necessary_items.h"

/* ---- questions -------------------------------------------------------- */

unsigned item_min_size(const struct item *item)
{
    return item->kind == ITEM_SOLID     ? item->node->min_size
           : item->kind == ITEM_ELASTIC ? item->min
                                        : 0;
}

static struct byte_set edge_of(const struct node *node, bool at_end);

/* Of parts in a row: of the first that cannot be empty, and those before. */
static struct byte_set edge_of_sequence(const struct node *node, bool at_end)
{
    struct byte_set bytes = { { 0 } };
    bool is_open = true;
    for (const struct node *child = node->child; child; child = child->next) {
        struct byte_set edge = edge_of(child, at_end);
        if (at_end && child->min_size)
            bytes = edge;
        else if (at_end || is_open)
            byte_set_unite(&bytes, &edge);
        is_open &= child->min_size == 0;
    }
    return bytes;
}

/* The bytes a solid node can begin (or end) with. */
static struct byte_set edge_of(const struct node *node, bool at_end)
{
    struct byte_set bytes = { { 0 } };
    if (node->kind == NODE_SET)
        return node->set;
    if (node->kind == NODE_SEQUENCE)
        return edge_of_sequence(node, at_end);
    for (const struct node *child = node->child; child; child = child->next) {
        struct byte_set edge = edge_of(child, at_end);
        byte_set_unite(&bytes, &edge);
    }
    return bytes;
}

enum edge item_edge(const struct item *item, bool at_end)
{
    if (!item_min_size(item))
        return EDGE_UNKNOWN;
    struct byte_set bytes =
        item->kind == ITEM_ELASTIC ? item->set : edge_of(item->node, at_end);
    return byte_set_is_word(&bytes) ? EDGE_WORD : EDGE_OTHER;
}

/* ---- layout ----------------------------------------------------------- */

static void push(struct items *items, struct item item)
{
    struct item *last = items->count ? &items->list[items->count - 1] : NULL;
    if (items->is_closed || items->count == items->capacity)
        return;
    if (item.kind == ITEM_BOUNDARY && last && last->kind == ITEM_BOUNDARY)
        return;
    if (item.kind == ITEM_ELASTIC && last && last->kind == ITEM_ELASTIC &&
        byte_set_equal(&last->set, &item.set)) {
        last->min = size_sum(last->min, item.min);
        last->max = size_sum(last->max, item.max);
        return;
    }
    items->list[items->count++] = item;
}

static void push_elastic(struct items *items, const struct byte_set *set,
                         unsigned min, unsigned max)
{
    if (byte_set_count(set) && max)
        push(items,
             (struct item){
                 .kind = ITEM_ELASTIC, .set = *set, .min = min, .max = max });
}

static void push_solid(struct items *items, const struct node *node)
{
    if (node->positions)
        push(items, (struct item){ .kind = ITEM_SOLID, .node = node });
}

/* A set, a number of times; wide ones by their bytes. */
static void push_sets(struct items *items, const struct node *set, unsigned min,
                      unsigned max)
{
    push_elastic(items, &set->set, size_product(min, set_min_size(set)),
                 size_product(max, set_max_size(set)));
}

static void flatten(const struct node *node, bool is_first, bool is_last,
                    unsigned budget, struct items *items, struct arena *arena);

static bool has_no_width(const struct node *node)
{
    return node->kind == NODE_EMPTY || node->kind == NODE_BOUNDARY ||
           node->kind == NODE_AHEAD || node->kind == NODE_BEHIND;
}

static void flatten_sequence(const struct node *node, bool is_first,
                             bool is_last, unsigned budget, struct items *items,
                             struct arena *arena)
{
    const struct node *tail = node->child;
    for (const struct node *child = tail; child; child = child->next)
        if (!has_no_width(child))
            tail = child->next;
    bool is_tail = false;
    for (const struct node *child = node->child; child; child = child->next) {
        is_tail |= child == tail;
        flatten(child, is_first, is_last && (is_tail || child->next == tail),
                budget, items, arena);
        is_first &= has_no_width(child);
    }
}

static void flatten_choice(const struct node *node, bool is_first, bool is_last,
                           unsigned budget, struct items *items,
                           struct arena *arena)
{
    if (!node->child->next)
        flatten(node->child, is_first, is_last, budget, items, arena);
    else if (node->is_solid && node->positions <= budget)
        push_solid(items, node);
    else {
        items->other = option_better(items->other,
                                     option_of_branches(node, budget, arena));
        push_elastic(items, &node->set, node->min_size, SIZE_UNLIMITED);
    }
}

static void flatten_repeat(const struct node *node, unsigned budget,
                           struct items *items, struct arena *arena)
{
    const struct node *child = node->child;
    if (child->kind == NODE_SET) {
        push_sets(items, child, node->min, node->max);
    } else if (node->is_solid) {
        push_solid(items, node);
    } else if (node->min == 0) {
        push_elastic(items, &child->set, 0, SIZE_UNLIMITED);
    } else {
        flatten(child, false, false, budget, items, arena);
        if (node->max > 1)
            push_elastic(items, &child->set,
                         size_product(node->min - 1, child->min_size),
                         SIZE_UNLIMITED);
    }
}

/* What a look-around demands follows on what is matched, when nothing else
 * does (or comes before it, when nothing else does). In other places it is a
 * condition of its own. Never both: that would double the work at each level
 * of nesting. */
static void flatten_look(const struct node *node, bool is_first, bool is_last,
                         unsigned budget, struct items *items,
                         struct arena *arena)
{
    const struct node *child = node->child;
    if (child->min_size == 0)
        return;
    if (node->kind == NODE_AHEAD && is_last && !items->is_closed) {
        flatten(child, false, true, budget, items, arena);
        items->is_closed = true;
    } else if (node->kind == NODE_BEHIND && is_first && !items->has_inlined) {
        items->count = 0; /* \b before it stands behind this text */
        items->has_inlined = true;
        flatten(child, false, false, budget, items, arena);
    } else {
        items->other =
            option_better(items->other, option_choose(child, budget, arena));
    }
}

static void flatten(const struct node *node, bool is_first, bool is_last,
                    unsigned budget, struct items *items, struct arena *arena)
{
    switch (node->kind) {
    case NODE_SET:
        if (node->is_wide)
            push_sets(items, node, 1, 1);
        else
            push_solid(items, node);
        break;
    case NODE_ANYTHING:
        push_elastic(items, &node->set, 0, SIZE_UNLIMITED);
        break;
    case NODE_BOUNDARY:
        push(items, (struct item){ .kind = ITEM_BOUNDARY });
        break;
    case NODE_AHEAD:
    case NODE_BEHIND:
        flatten_look(node, is_first, is_last, budget, items, arena);
        break;
    case NODE_SEQUENCE:
        flatten_sequence(node, is_first, is_last, budget, items, arena);
        break;
    case NODE_CHOICE:
        flatten_choice(node, is_first, is_last, budget, items, arena);
        break;
    case NODE_REPEAT:
        flatten_repeat(node, budget, items, arena);
        break;
    case NODE_EMPTY:
    case NODE_NEVER:
        break;
    }
}

void items_lay_out(struct items *items, const struct node *node,
                   unsigned budget, struct arena *arena)
{
    *items = (struct items){ .capacity = size_sum(1, node->node_count) };
    items->list = arena_take(arena, items->capacity * sizeof(*items->list));
    if (items->list)
        flatten(node, true, true, budget, items, arena);
}
