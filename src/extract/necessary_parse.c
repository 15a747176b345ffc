/*
 * Reads PCRE2's syntax (10.42, without options that change it) into a tree:
 * sequences, choices, groups, quantifiers. The pattern has been compiled, so
 * faults of syntax need not be found; but what a later version may read in
 * another way, or what is not known, is given up.
 *
 * Groups are read by recursion, as deep as PCRE2 allows.
 */
#include "necessary_parse.h"

#include <stdio.h>

enum {
    REPEAT_DIGITS = 5,
};

bool parser_takes(struct parser *parser, const char *string)
{
    size_t size = 0;
    for (; string[size]; size++)
        if (parser_peek(parser, size) != (unsigned char)string[size])
            return false;
    parser->at += size;
    return true;
}

struct node *parser_give_up(struct parser *parser, const char *why)
{
    if (!parser->fault) {
        parser->fault = why;
        parser->fault_at = parser->at;
    }
    parser->at = parser->text.size;
    parser->is_quoted = false;
    return node_new(parser, NODE_EMPTY);
}

struct node *node_new(struct parser *parser, enum node_kind kind)
{
    struct node *node = arena_take(parser->arena, sizeof(*node));
    if (!node) {
        /* Nothing reads the tree any more. */
        parser->at = parser->text.size;
        parser->spare = (struct node){ .kind = NODE_EMPTY };
        return &parser->spare;
    }
    node->kind = kind;
    return node;
}

struct view parser_take_until(struct parser *parser, char terminator)
{
    struct view rest = view_from(parser->text, parser->at);
    const char *end =
        rest.size ? memchr(rest.data, terminator, rest.size) : NULL;
    if (!end) {
        parser_give_up(parser, "a part of it has no end");
        return view_of(NULL, 0);
    }
    size_t size = (size_t)(end - rest.data);
    parser->at += size + 1;
    return view_first(rest, size);
}

/* ---- what is skipped -------------------------------------------------- */

/* Under (?x) PCRE2 skips Unicode's Pattern_White_Space. Its members beyond
 * ASCII are U+0085, U+200E, U+200F, U+2028 and U+2029. */
static bool skip_wide_blank(struct parser *parser)
{
    static const char *const blanks[] = { "\xc2\x85", "\xe2\x80\x8e",
                                          "\xe2\x80\x8f", "\xe2\x80\xa8",
                                          "\xe2\x80\xa9" };
    if (!parser->rules.is_utf)
        return parser_takes(parser, "\x85");
    for (size_t i = 0; i < ARRAY_COUNT(blanks); i++)
        if (parser_takes(parser, blanks[i]))
            return true;
    return false;
}

static bool skip_extended(struct parser *parser)
{
    unsigned char c = parser_peek(parser, 0);
    if (!parser->rules.is_extended || parser_at_end(parser))
        return false;
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
        parser->at++;
        return true;
    }
    if (c != '#')
        return skip_wide_blank(parser);
    if (parser->ends_lines_otherwise)
        parser_give_up(parser, "comments end with unusual line ends");
    struct view rest = view_from(parser->text, parser->at);
    const char *end = rest.size ? memchr(rest.data, '\n', rest.size) : NULL;
    parser->at =
        end ? parser->at + (size_t)(end - rest.data) + 1 : parser->text.size;
    return true;
}

void parser_skip_ignored(struct parser *parser)
{
    for (;;) {
        if (parser->is_quoted) {
            if (!parser_takes(parser, "\\E"))
                return;
            parser->is_quoted = false;
        } else if (parser_takes(parser, "\\Q")) {
            parser->is_quoted = true;
        } else if (parser_takes(parser, "(?#")) {
            parser_take_until(parser, ')');
        } else if (!parser_takes(parser, "\\E") && !skip_extended(parser)) {
            return;
        }
    }
}

/* ---- quantifiers ------------------------------------------------------ */

static unsigned take_number(struct parser *parser)
{
    unsigned value = 0;
    for (int i = 0; i < REPEAT_DIGITS; i++) {
        unsigned char c = parser_peek(parser, 0);
        if (c < '0' || c > '9')
            break;
        value = value * 10 + (c - '0');
        parser->at++;
    }
    return value;
}

/* `{n}`, `{n,}` or `{n,m}`. Nothing is taken when it is none. */
static bool take_counts(struct parser *parser, unsigned *ret_min,
                        unsigned *ret_max)
{
    size_t start = parser->at;
    parser->at++;
    size_t digits = parser->at;
    unsigned min = take_number(parser), max = min;
    bool has_min = parser->at > digits;
    if (has_min && parser_takes(parser, ",")) {
        digits = parser->at;
        max = take_number(parser);
        if (parser->at == digits)
            max = SIZE_UNLIMITED;
    }
    if (!has_min || !parser_takes(parser, "}")) {
        parser->at = start;
        return false;
    }
    *ret_min = min;
    *ret_max = max;
    return true;
}

/* `{,3}` and `{ 1, 3 }` are text for PCRE2 10.42 and quantifiers since 10.43.
 */
static bool is_count_of_later_version(const struct parser *parser)
{
    bool has_digit = false;
    for (size_t i = 1; parser->at + i < parser->text.size; i++) {
        unsigned char c = parser_peek(parser, i);
        if (c == '}')
            return has_digit;
        if (c >= '0' && c <= '9')
            has_digit = true;
        else if (c != ',' && c != ' ' && c != '\t')
            return false;
    }
    return false;
}

static bool take_quantifier(struct parser *parser, unsigned *ret_min,
                            unsigned *ret_max)
{
    unsigned char c = parser_peek(parser, 0);
    if (c == '{')
        return take_counts(parser, ret_min, ret_max);
    if (c != '*' && c != '+' && c != '?')
        return false;
    *ret_min = c == '+';
    *ret_max = c == '?' ? 1 : SIZE_UNLIMITED;
    parser->at++;
    return true;
}

/* Replaces `*link` by its repetition where a quantifier follows. */
static void parse_quantifier(struct parser *parser, struct node **link)
{
    unsigned min, max;
    if (parser->is_quoted || !take_quantifier(parser, &min, &max))
        return;
    struct node *repeat = node_new(parser, NODE_REPEAT);
    repeat->child = *link;
    repeat->min = min;
    repeat->max = max;
    *link = repeat;
    parser_skip_ignored(parser);
    /* Lazy and possessive: the same strings, or fewer. */
    if (!parser->is_quoted && !parser_takes(parser, "?"))
        (void)parser_takes(parser, "+");
}

/* ---- sequences and choices -------------------------------------------- */

static struct node *parse_atom(struct parser *parser)
{
    if (parser->is_quoted)
        return parse_literal(parser);
    if (parser_takes(parser, "("))
        return parse_parenthesis(parser);
    if (parser_takes(parser, "["))
        return parse_class(parser);
    if (parser_takes(parser, "\\"))
        return parse_escape(parser);
    if (parser_takes(parser, "."))
        return parse_dot(parser);
    if (parser_takes(parser, "^") || parser_takes(parser, "$"))
        return node_new(parser, NODE_EMPTY);
    if (parser_peek(parser, 0) == '{' && is_count_of_later_version(parser))
        return parser_give_up(parser, "braces may mean two things");
    return parse_literal(parser);
}

static bool ends_branch(const struct parser *parser)
{
    unsigned char c = parser_peek(parser, 0);
    return parser_at_end(parser) ||
           (!parser->is_quoted && (c == '|' || c == ')'));
}

static struct node *parse_sequence(struct parser *parser)
{
    struct node *sequence = node_new(parser, NODE_SEQUENCE);
    struct node **link = &sequence->child;
    for (;;) {
        parser_skip_ignored(parser);
        if (ends_branch(parser))
            return sequence;
        *link = parse_atom(parser);
        parser_skip_ignored(parser);
        parse_quantifier(parser, link);
        link = &(*link)->next;
    }
}

/* Options set in one branch go on in the next. */
struct node *parse_choice(struct parser *parser)
{
    struct node *choice = node_new(parser, NODE_CHOICE);
    struct node **link = &choice->child;
    do {
        *link = parse_sequence(parser);
        link = &(*link)->next;
    } while (parser_takes(parser, "|"));
    return choice;
}

/* ---- the whole -------------------------------------------------------- */

/* (*UTF) and its like, at the very start. False when there is none (more). */
static bool take_start_setting(struct parser *parser)
{
    static const char *const without_effect[] = {
        "(*NOTEMPTY)",    "(*NOTEMPTY_ATSTART)",  "(*NO_AUTO_POSSESS)",
        "(*NO_JIT)",      "(*NO_DOTSTAR_ANCHOR)", "(*NO_START_OPT)",
        "(*BSR_ANYCRLF)", "(*BSR_UNICODE)",       "(*LF)",
    };
    static const char *const line_ends[] = { "(*CR)", "(*CRLF)", "(*ANY)",
                                             "(*NUL)", "(*ANYCRLF)" };
    static const char *const limits[] = { "(*LIMIT_HEAP=", "(*LIMIT_MATCH=",
                                          "(*LIMIT_DEPTH=",
                                          "(*LIMIT_RECURSION=" };
    for (size_t i = 0; i < ARRAY_COUNT(without_effect); i++)
        if (parser_takes(parser, without_effect[i]))
            return true;
    for (size_t i = 0; i < ARRAY_COUNT(line_ends); i++)
        if (parser_takes(parser, line_ends[i]))
            return parser->ends_lines_otherwise = true;
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++)
        if (parser_takes(parser, limits[i]))
            return parser_take_until(parser, ')').data != NULL;
    if (parser_takes(parser, "(*UTF)") || parser_takes(parser, "(*UTF8)"))
        return parser->rules.is_utf = true;
    if (parser_takes(parser, "(*UCP)"))
        return parser->rules.has_ucp = true;
    return false;
}

static unsigned count_open(struct view regex)
{
    unsigned count = 0;
    for (size_t i = 0; i < regex.size; i++)
        count += regex.data[i] == '(';
    return count;
}

bool tree_parse(struct view regex, const struct necessary_options *options,
                struct arena *arena, struct node **ret_root, char *why,
                size_t why_size)
{
    struct parser parser = {
        .text = regex,
        .rules = { .is_utf = options->is_utf,
                   .has_ucp = options->has_ucp,
                   .is_caseless = options->is_caseless },
        .open_count = count_open(regex),
        .arena = arena,
    };
    while (take_start_setting(&parser))
        ;
    struct node *root = parse_choice(&parser);
    if (!parser_at_end(&parser))
        parser_give_up(&parser, "it has a `)` too many");
    if (arena->failed)
        return false;
    if (parser.fault) {
        snprintf(why, why_size, "%s (at offset %zu)", parser.fault,
                 parser.fault_at);
        return false;
    }
    *ret_root = root;
    return true;
}
