/*
 * How a condition is made.
 *
 * 1. The regex is read (necessary_parse.c, with _group, _atom, _bracket) into a
 *    tree that stands for byte strings: all that the regex can consume, and
 *    others. What has no width becomes nothing, what cannot be known becomes
 *    "anything", a character that rests on Unicode's tables becomes its ASCII
 *    part and any bytes beyond (necessary_class.c).
 * 2. The tree is measured (necessary_tree.c): what it would tell to find one of
 *    these strings, in bits, by how often bytes stand in pages.
 * 3. It is laid out flat (necessary_items.c), and the part that is worth most
 *    is chosen (necessary_choose.c) and written (necessary_write.c).
 *
 * Each step only ever adds strings to the set or cuts pieces off their ends,
 * and so the condition stays necessary.
 */
#include "necessary_items.h"

#include <stdio.h>

enum {
    /* Sets in an expression, and its bytes: Vectorscan refuses 16,000. */
    BUDGET = 2500,
    EXPRESSION_MAX = 15000,
};

/* Fewer bits are found on nearly every page: a scan for nothing. */
static const double USEFUL = 8;

static bool say(char *why, size_t why_size, const char *text)
{
    snprintf(why, why_size, "%s", text);
    return false;
}

static bool choose(const struct node *root, struct arena *arena,
                   struct buf *out, char *why, size_t why_size)
{
    size_t start = out->size;
    if (root->kind == NODE_NEVER)
        return say(why, why_size, "it can never match");
    const struct option *option = option_choose(root, BUDGET, arena);
    if (!option)
        return say(why, why_size,
                   root->min_size == 0 ? "it may match the empty string"
                                       : "it holds nothing that is required");
    if (option->information < USEFUL)
        return say(why, why_size,
                   "what it requires is found on nearly every page");
    option_append(out, option);
    if (!out->failed && out->size - start > EXPRESSION_MAX) {
        buf_truncate(out, start);
        return say(why, why_size, "its condition would be too large");
    }
    return !out->failed;
}

bool necessary_condition(struct view regex,
                         const struct necessary_options *options,
                         struct buf *out, char *why, size_t why_size)
{
    struct arena arena = { .failed = false };
    struct node *root = NULL;
    why[0] = '\0';
    bool done = tree_parse(regex, options, &arena, &root, why, why_size);
    if (done) {
        tree_measure(root);
        done = choose(root, &arena, out, why, why_size);
    }
    if (arena.failed) {
        /* A node that could not be had may have been one that weakens. */
        out->failed = true;
        done = false;
    }
    arena_release(&arena);
    return done;
}
