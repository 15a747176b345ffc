/*
 * The tree's memory, and what is measured of it.
 */
#include "necessary_tree.h"

#include <math.h>
#include <stdlib.h>

/* ---- memory ----------------------------------------------------------- */

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    max_align_t data[];
};

static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
    enum { BLOCK_SIZE = 16 << 10 };
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct arena_block *block = calloc(1, sizeof(*block) + room);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    block->size = room;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_take(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (arena->failed)
        return NULL;
    if (!block || block->size - block->used < size)
        block = arena_grow(arena, size);
    if (!block)
        return NULL;
    block->used += size;
    return (char *)block->data + block->used - size;
}

void arena_release(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}

/* ---- measuring -------------------------------------------------------- */

enum {
    /* Of letters that count as a literal: one, or both cases. */
    LITERAL_BYTES = 2,
    /* A repetition is solid up to so many sets in a row. */
    SOLID_REPEAT = 16,
};

static void become(struct node *node, enum node_kind kind)
{
    struct node *next = node->next;
    *node = (struct node){ .kind = kind, .next = next };
    node->is_solid = true;
    node->node_count = 1;
}

static void measure_set(struct node *node)
{
    if (!byte_set_count(&node->set)) {
        become(node, NODE_NEVER); /* [^\d\D] */
        return;
    }
    node->is_solid = true;
    node->min_size = set_min_size(node);
    node->positions = 1;
    node->information = byte_set_information(&node->set);
    if (!node->is_wide && byte_set_count(&node->set) <= LITERAL_BYTES)
        node->literal = node->information;
}

static void measure_anything(struct node *node)
{
    for (int i = 0; i < 4; i++)
        node->set.bits[i] = UINT64_MAX;
}

static void measure_sequence(struct node *node)
{
    double run = 0;
    node->is_solid = true;
    for (struct node *child = node->child; child; child = child->next) {
        if (child->kind == NODE_NEVER) {
            become(node, NODE_NEVER);
            return;
        }
        byte_set_unite(&node->set, &child->set);
        node->is_solid &= child->is_solid;
        node->min_size = size_sum(node->min_size, child->min_size);
        node->positions = size_sum(node->positions, child->positions);
        node->node_count = size_sum(node->node_count, child->node_count);
        node->information += child->information;
        run = child->kind == NODE_SET && child->literal > 0
                  ? run + child->literal
                  : child->literal;
        node->literal = fmax(node->literal, run);
    }
}

static void drop_never(struct node *node)
{
    struct node **link = &node->child;
    while (*link) {
        if ((*link)->kind == NODE_NEVER)
            *link = (*link)->next;
        else
            link = &(*link)->next;
    }
}

/* Through groups that hold one thing. */
static struct node *unwrap(struct node *node)
{
    while ((node->kind == NODE_SEQUENCE || node->kind == NODE_CHOICE) &&
           node->child && !node->child->next)
        node = node->child;
    return node;
}

/* (?:a|b) is a set. */
static bool merge_sets(struct node *node)
{
    struct node merged = { .kind = NODE_SET, .next = node->next };
    for (struct node *child = node->child; child; child = child->next) {
        const struct node *set = unwrap(child);
        if (set->kind != NODE_SET)
            return false;
        byte_set_unite(&merged.set, &set->set);
        merged.is_wide |= set->is_wide;
    }
    *node = merged;
    measure_set(node);
    node->node_count = 1;
    return true;
}

static void measure_choice(struct node *node)
{
    double chance = 0;
    drop_never(node);
    if (!node->child) {
        become(node, NODE_NEVER);
        return;
    }
    if (merge_sets(node))
        return;
    node->is_solid = true;
    node->min_size = SIZE_UNLIMITED;
    node->literal = node->child->literal;
    for (struct node *child = node->child; child; child = child->next) {
        byte_set_unite(&node->set, &child->set);
        node->is_solid &= child->is_solid;
        if (child->min_size < node->min_size)
            node->min_size = child->min_size;
        node->positions = size_sum(node->positions, child->positions);
        node->node_count = size_sum(node->node_count, child->node_count);
        node->literal = fmin(node->literal, child->literal);
        chance += exp2(-child->information);
    }
    node->information = fmax(0, -log2(chance));
}

static void measure_repeat(struct node *node)
{
    struct node *child = node->child;
    if (node->max == 0 || (child->kind == NODE_NEVER && node->min == 0)) {
        become(node, NODE_EMPTY);
        return;
    }
    if (child->kind == NODE_NEVER) {
        become(node, NODE_NEVER);
        return;
    }
    unsigned copies = size_product(node->max, child->positions);
    node->set = child->set;
    node->node_count = size_sum(1, child->node_count);
    node->is_solid = child->is_solid && copies <= SOLID_REPEAT;
    node->min_size = size_product(node->min, child->min_size);
    node->positions = copies;
    node->information = node->min * child->information;
    node->literal = node->min ? child->literal : 0;
}

static void measure_look(struct node *node)
{
    bool is_never = node->child->kind == NODE_NEVER;
    unsigned node_count = node->child->node_count;
    /* One that has something to say must be seen by who chooses. */
    node->is_solid = node->child->min_size == 0;
    node->node_count = size_sum(1, node_count);
    if (is_never)
        become(node, NODE_NEVER);
}

void tree_measure(struct node *node)
{
    for (struct node *child = node->child; child; child = child->next)
        tree_measure(child);
    node->node_count = 1;
    switch (node->kind) {
    case NODE_SET:
        measure_set(node);
        break;
    case NODE_ANYTHING:
        measure_anything(node);
        break;
    case NODE_SEQUENCE:
        measure_sequence(node);
        break;
    case NODE_CHOICE:
        measure_choice(node);
        break;
    case NODE_REPEAT:
        measure_repeat(node);
        break;
    case NODE_AHEAD:
    case NODE_BEHIND:
        measure_look(node);
        break;
    case NODE_EMPTY:
    case NODE_NEVER:
    case NODE_BOUNDARY:
        node->is_solid = true;
        break;
    }
}
