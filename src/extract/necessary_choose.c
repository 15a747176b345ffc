/*
 * Chooses from the tree what is worth scanning for.
 *
 * Any window of neighbouring items is a necessary condition, even if elastic
 * items at its ends are cut short; so is what a look-around demands, and the
 * choice of one condition for each branch of a choice. Of all these the best
 * is taken: what tells much, has a long literal to look for, and has no gap in
 * it. All is counted in bits.
 */
#include "necessary_items.h"

#include <assert.h>
#include <math.h>

enum {
    WINDOW_ITEMS = 32,
    BRANCH_BUDGET_MIN = 4,
    /* Neighbours counted in a run of one set. */
    RUN_COUNTED = 32,
    /* An elastic item that spreads no more is not taken for a gap. */
    SMALL_SPREAD = 8,
};

/* From where more bits are worth but a part of what they were. A literal's
 * are worth twice as much: what is looked for first is a literal, and each
 * place where it stands costs time. */
static const double ENOUGH = 36, LITERAL_ENOUGH = 24, SLOPE = 0.2;
static const double LITERAL_WEIGHT = 2;
static const double GAP_COST = 4, SPREAD_COST = 2, POSITION_COST = 0.1;
/* Neighbours of one class tell less than they would by chance. */
static const double RUN_DISCOUNT = 0.6;

static double worth(double bits, double enough)
{
    return bits < enough ? bits : enough + (bits - enough) * SLOPE;
}

static double score(double information, double literal, double cost)
{
    return worth(information, ENOUGH) +
           LITERAL_WEIGHT * worth(literal, LITERAL_ENOUGH) - cost;
}

const struct option *option_better(const struct option *a,
                                   const struct option *b)
{
    return !a || (b && b->score > a->score) ? b : a;
}

/* ---- one of each branch ----------------------------------------------- */

static unsigned count_children(const struct node *node)
{
    unsigned count = 0;
    for (const struct node *child = node->child; child; child = child->next)
        count++;
    return count;
}

const struct option *option_of_branches(const struct node *choice,
                                        unsigned budget, struct arena *arena)
{
    struct option *option = arena_take(arena, sizeof(*option));
    unsigned count = count_children(choice);
    double chance = 0;
    if (!option)
        return NULL;
    struct option **link = &option->branches;
    assert(count > 0);
    option->literal = LITERAL_ENOUGH;
    budget =
        budget / count > BRANCH_BUDGET_MIN ? budget / count : BRANCH_BUDGET_MIN;
    for (const struct node *node = choice->child; node; node = node->next) {
        const struct option *found = option_choose(node, budget, arena);
        struct option *branch =
            found ? arena_take(arena, sizeof(*branch)) : NULL;
        if (!branch)
            return NULL; /* a branch may match anything */
        *branch = *found;
        branch->next = NULL;
        *link = branch;
        link = &branch->next;
        option->literal = fmin(option->literal, found->literal);
        chance += exp2(-found->information);
    }
    option->information = fmax(0, -log2(chance));
    option->score = score(option->information, option->literal, log2(count));
    return option;
}

/* ---- windows ---------------------------------------------------------- */

static unsigned item_positions(const struct item *item)
{
    return item->kind == ITEM_SOLID     ? item->node->positions
           : item->kind == ITEM_ELASTIC ? at_most(item->min, RUN_COUNTED)
                                        : 0;
}

static double item_information(const struct item *item)
{
    if (item->kind == ITEM_SOLID)
        return item->node->information;
    if (item->kind == ITEM_BOUNDARY || !item->min)
        return 0;
    return byte_set_information(&item->set) *
           (1 + (at_most(item->min, RUN_COUNTED) - 1) * RUN_DISCOUNT);
}

/* A letter, or one that stands for a letter's cases: they are looked for as
 * two literals. */
static bool continues_literal(const struct node *node)
{
    enum { CASES_POSITIONS = 4 };
    return node->literal > 0 &&
           (node->kind == NODE_SET ||
            (node->kind == NODE_CHOICE && node->positions <= CASES_POSITIONS));
}

/* Bits of the letters in a row that end in this item. */
static double literal_run(const struct item *item, double run)
{
    if (item->kind == ITEM_BOUNDARY)
        return run;
    if (item->kind == ITEM_ELASTIC)
        return item->min == item->max && byte_set_count(&item->set) <= 2
                   ? run + item_information(item)
                   : 0;
    return continues_literal(item->node) ? run + item->node->literal
                                         : item->node->literal;
}

static double crossing_cost(const struct item *item)
{
    if (item->kind == ITEM_SOLID)
        return item->node->min_size ? 0 : SPREAD_COST;
    if (item->kind == ITEM_BOUNDARY || item->min == item->max)
        return 0;
    return item->max - item->min <= SMALL_SPREAD ? SPREAD_COST : GAP_COST;
}

static bool is_boundary(const struct items *items, size_t index)
{
    return index < items->count && items->list[index].kind == ITEM_BOUNDARY;
}

/* The best window that begins with this item. */
static struct option best_window_at(const struct items *items, size_t start,
                                    unsigned budget)
{
    struct option best = { .items = NULL };
    double information = 0, literal = 0, run = 0, cost = 0;
    unsigned positions = 0;
    for (size_t i = start; i < items->count && i < start + WINDOW_ITEMS; i++) {
        const struct item *item = &items->list[i];
        cost += i > start + 1 ? crossing_cost(item - 1) : 0;
        information += item_information(item);
        positions = size_sum(positions, item_positions(item));
        run = literal_run(item, run);
        literal = fmax(literal, run);
        double value =
            score(information, literal, cost + positions * POSITION_COST);
        if (positions > budget && i > start)
            break;
        if (!item_min_size(item) || (best.items && value <= best.score))
            continue;
        best = (struct option){ .score = value,
                                .information = information,
                                .literal = literal,
                                .items = items->list + start,
                                .count = i - start + 1 };
    }
    best.has_boundary_before = start && is_boundary(items, start - 1);
    best.has_boundary_behind = is_boundary(items, start + best.count);
    return best;
}

static const struct option *best_window(const struct items *items,
                                        unsigned budget, struct arena *arena)
{
    struct option best = { .items = NULL };
    for (size_t i = 0; i < items->count; i++) {
        if (!item_min_size(&items->list[i]))
            continue;
        struct option option = best_window_at(items, i, budget);
        if (!best.items || option.score > best.score)
            best = option;
    }
    struct option *kept = best.items ? arena_take(arena, sizeof(*kept)) : NULL;
    if (kept)
        *kept = best;
    return kept;
}

const struct option *option_choose(const struct node *node, unsigned budget,
                                   struct arena *arena)
{
    struct items items;
    items_lay_out(&items, node, budget, arena);
    return items.list
               ? option_better(items.other, best_window(&items, budget, arena))
               : NULL;
}
