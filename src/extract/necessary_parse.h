/*
 * necessary_parse.h - the state of reading a regex; between the files that read
 * its parts.
 */
#ifndef FETCHGREP_EXTRACT_NECESSARY_PARSE_H
#define FETCHGREP_EXTRACT_NECESSARY_PARSE_H

#include "necessary_tree.h"

struct parser {
    struct view text;
    size_t at;
    struct char_rules rules;   /* as options last set them */
    bool is_quoted;            /* between \Q and \E */
    bool ends_lines_otherwise; /* (*CR) and its like */
    unsigned depth;            /* of groups */
    unsigned open_count;       /* `(` in the whole text */
    struct arena *arena;
    struct node spare; /* given out when there is no memory */
    const char *fault; /* why it was given up; NULL while it is not */
    size_t fault_at;
};

static inline bool parser_at_end(const struct parser *parser)
{
    return parser->at >= parser->text.size;
}

/* The byte so far ahead, 0 behind the end. */
static inline unsigned char parser_peek(const struct parser *parser,
                                        size_t ahead)
{
    return ahead < parser->text.size - parser->at
               ? (unsigned char)parser->text.data[parser->at + ahead]
               : 0;
}

/* Steps over `string` if it stands here. */
bool parser_takes(struct parser *parser, const char *string);

/* The rest is not read; what was first said stands. Returns a node, so that
 * reading can go on to its end. */
struct node *parser_give_up(struct parser *parser, const char *why);

struct node *node_new(struct parser *parser, enum node_kind kind);

/* Steps behind `terminator`; gives up where there is none. What lies before
 * it is returned. */
struct view parser_take_until(struct parser *parser, char terminator);

/* What may stand between an item and its quantifier: comments, \Q, \E, and
 * blanks under (?x). */
void parser_skip_ignored(struct parser *parser);

/* ---- necessary_parse.c ------------------------------------------------ */

/* Branches, up to the end of their group. */
struct node *parse_choice(struct parser *parser);

/* ---- necessary_group.c ------------------------------------------------ */

/* "(" is behind us. */
struct node *parse_parenthesis(struct parser *parser);

/* ---- necessary_atom.c ------------------------------------------------- */

/* A character as it stands in the text. */
struct node *parse_literal(struct parser *parser);

/* `.`, or a backslash, is behind us. */
struct node *parse_dot(struct parser *parser);
struct node *parse_escape(struct parser *parser);

/* The next character: of UTF-8 where that is on, else a byte. */
uint32_t parser_take_character(struct parser *parser);
uint32_t parser_take_digits(struct parser *parser, int base, int count);

/* The letter of an escape is behind us. Is it for a character? */
bool parser_take_escaped(struct parser *parser, unsigned char letter,
                         uint32_t *ret_c);

/* Is it \d or its like, or a property? Then it is added. */
bool parser_add_escape(struct parser *parser, struct char_class *class,
                       unsigned char letter);

bool is_alphanumeric(unsigned char c);
struct node *new_class_node(struct parser *parser,
                            const struct char_class *class);

/* ---- necessary_bracket.c ---------------------------------------------- */

/* `[` is behind us. */
struct node *parse_class(struct parser *parser);

#endif
