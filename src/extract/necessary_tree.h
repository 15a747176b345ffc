/*
 * necessary_tree.h - a regex as a tree over bytes; between the files of
 * necessary.c.
 *
 * A tree stands for a set of byte strings: at least those that the regex can
 * consume. What is not understood stands for more, never for less.
 */
#ifndef FETCHGREP_EXTRACT_NECESSARY_TREE_H
#define FETCHGREP_EXTRACT_NECESSARY_TREE_H

#include "necessary.h"

/* ---- bytes ------------------------------------------------------------ */

struct byte_set {
    uint64_t bits[4];
};

static inline void byte_set_add(struct byte_set *set, unsigned byte)
{
    set->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

static inline bool byte_set_has(const struct byte_set *set, unsigned byte)
{
    return set->bits[byte >> 6] >> (byte & 63) & 1;
}

static inline void byte_set_unite(struct byte_set *set,
                                  const struct byte_set *other)
{
    for (int i = 0; i < 4; i++)
        set->bits[i] |= other->bits[i];
}

static inline bool byte_set_equal(const struct byte_set *a,
                                  const struct byte_set *b)
{
    return !memcmp(a, b, sizeof(*a));
}

void byte_set_add_range(struct byte_set *set, unsigned first, unsigned last);
unsigned byte_set_count(const struct byte_set *set);
bool byte_set_has_ascii(const struct byte_set *set);
bool byte_set_has_high(const struct byte_set *set); /* beyond ASCII */

/* Has bytes, all of them ASCII letters, digits or `_`. */
bool byte_set_is_word(const struct byte_set *set);

/* How much one such byte tells: minus the logarithm of its frequency. */
double byte_set_information(const struct byte_set *set);

/* ---- memory ----------------------------------------------------------- */

struct arena_block;

/* Everything of one pattern; goes at once. */
struct arena {
    struct arena_block *blocks;
    bool failed;
};

/* Zeroed; NULL without memory, and `failed`. */
void *arena_take(struct arena *arena, size_t size) MUST_CHECK;
void arena_release(struct arena *arena);

/* ---- classes ---------------------------------------------------------- */

/* How characters of a part of the pattern are understood. */
struct char_rules {
    bool is_utf, has_ucp;
    bool is_caseless;                   /* (?i) */
    bool is_dotall;                     /* (?s) */
    bool is_extended, is_extended_more; /* (?x), (?xx) */
};

/* A class while it is read. It is known from both sides, as it may be negated:
 * `may` has the bytes of all characters that can be in it; `must` has only
 * ASCII that surely is, and all or none of the bytes beyond (in UTF mode: all
 * characters beyond ASCII, or not surely all). */
struct char_class {
    struct byte_set may, must;
};

void char_class_add_range(struct char_class *class, struct char_rules rules,
                          uint32_t first, uint32_t last);

/* One of \d \D \h \H \s \S \v \V \w \W. */
void char_class_add_escape(struct char_class *class, struct char_rules rules,
                           char letter);

/* False for a name that is not known. */
bool char_class_add_posix(struct char_class *class, struct char_rules rules,
                          struct view name, bool is_negated) MUST_CHECK;
void char_class_add_property(struct char_class *class, struct char_rules rules,
                             struct view name, bool is_negated);
void char_class_negate(struct char_class *class, struct char_rules rules);

/* ---- the tree --------------------------------------------------------- */

enum {
    SIZE_UNLIMITED = 1 << 24, /* and sums stop there */
    CHARACTER_SIZE_MAX = 4,   /* of UTF-8 */
};

enum node_kind {
    NODE_EMPTY,
    NODE_NEVER,    /* cannot match */
    NODE_SET,      /* a byte; when wide, a character */
    NODE_ANYTHING, /* any bytes, none too */
    NODE_BOUNDARY, /* \b */
    NODE_AHEAD,    /* the child's text follows here */
    NODE_BEHIND,   /* it ends here */
    NODE_SEQUENCE,
    NODE_CHOICE,
    NODE_REPEAT,
};

struct node {
    enum node_kind kind;
    bool is_wide;        /* NODE_SET of a UTF-8 character: an ASCII byte of
                            `set`, or two to four of its bytes beyond */
    unsigned min, max;   /* NODE_REPEAT */
    struct byte_set set; /* NODE_SET; of others, measured: of which their
                            strings consist */
    struct node *child, *next;

    /* Measured: */
    bool is_solid;                /* few strings of nearly one length */
    unsigned min_size, positions; /* of the shortest; sets in it */
    unsigned node_count;
    double information; /* of finding any of its strings */
    double literal;     /* of the best run of single letters in it */
};

/* False when given up; `why` says why. No memory: false and arena->failed. */
bool tree_parse(struct view regex, const struct necessary_options *options,
                struct arena *arena, struct node **ret_root, char *why,
                size_t why_size) MUST_CHECK;

/* Tidies the tree and fills what is measured. */
void tree_measure(struct node *node);

static inline unsigned size_sum(unsigned a, unsigned b)
{
    return a >= SIZE_UNLIMITED - b ? SIZE_UNLIMITED : a + b;
}

static inline unsigned size_product(unsigned a, unsigned b)
{
    uint64_t product = (uint64_t)a * b;
    return product > SIZE_UNLIMITED ? SIZE_UNLIMITED : (unsigned)product;
}

/* Bytes of one match of a NODE_SET. */
static inline unsigned set_min_size(const struct node *node)
{
    return node->is_wide && !byte_set_has_ascii(&node->set) ? 2 : 1;
}

static inline unsigned set_max_size(const struct node *node)
{
    return node->is_wide ? CHARACTER_SIZE_MAX : 1;
}

/* ---- writing ---------------------------------------------------------- */

/* A set, so many times. */
void expression_append_set(struct buf *out, const struct byte_set *set,
                           unsigned min, unsigned max);

/* A solid node. */
void expression_append_node(struct buf *out, const struct node *node);

#endif
