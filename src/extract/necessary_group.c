/*
 * Reads what begins with a parenthesis: groups, look-arounds, conditions,
 * options, calls, callouts, verbs.
 */
#include "necessary_parse.h"

enum { DEPTH_MAX = 400 }; /* PCRE2's is 250 */

static struct node *new_parent(struct parser *parser, enum node_kind kind,
                               struct node *child)
{
    struct node *node = node_new(parser, kind);
    node->child = child;
    return node;
}

/* The rest of a group, after which `rules` hold again. */
static struct node *parse_group_before(struct parser *parser,
                                       struct char_rules rules)
{
    struct node *node = parse_choice(parser);
    parser->rules = rules;
    if (!parser_takes(parser, ")"))
        return parser_give_up(parser, "a group has no end");
    return node;
}

static struct node *parse_group(struct parser *parser)
{
    return parse_group_before(parser, parser->rules);
}

static struct node *parse_angle_named(struct parser *parser)
{
    parser_take_until(parser, '>');
    return parse_group(parser);
}

static struct node *parse_quote_named(struct parser *parser)
{
    parser_take_until(parser, '\'');
    return parse_group(parser);
}

static struct node *parse_ahead(struct parser *parser)
{
    return new_parent(parser, NODE_AHEAD, parse_group(parser));
}

static struct node *parse_behind(struct parser *parser)
{
    return new_parent(parser, NODE_BEHIND, parse_group(parser));
}

/* That something is not there tells nothing; but (?!) never holds. */
static struct node *parse_not_ahead(struct parser *parser)
{
    bool is_empty = parser_peek(parser, 0) == ')';
    parse_group(parser);
    return node_new(parser, is_empty ? NODE_NEVER : NODE_EMPTY);
}

static struct node *parse_not_behind(struct parser *parser)
{
    parse_group(parser);
    return node_new(parser, NODE_EMPTY);
}

/* A group again, or its text. */
static struct node *parse_call(struct parser *parser)
{
    parser_take_until(parser, ')');
    return node_new(parser, NODE_ANYTHING);
}

/* (?C), (?C12), (?C"text"): "(?C" is behind us. A delimiter within the text is
 * doubled, so it looks like two texts. */
static struct node *parse_callout(struct parser *parser)
{
    static const char delimiters[] = "`'\"^%#${";
    unsigned char c;
    while ((c = parser_peek(parser, 0)) && strchr(delimiters, c)) {
        parser->at++;
        parser_take_until(parser, c == '{' ? '}' : (char)c);
        if (c == '{' && parser_peek(parser, 0) == '}')
            return parser_give_up(parser, "a callout with braces");
    }
    parser_take_until(parser, ')');
    return node_new(parser, NODE_EMPTY);
}

/* (?(condition)yes|no): "(?(" is behind us. Without a second branch, and for
 * (?(DEFINE)...), the first may be passed over. */
static struct node *parse_conditional(struct parser *parser)
{
    struct char_rules rules = parser->rules;
    while (parser_takes(parser, "?C")) {
        parse_callout(parser);
        parser_skip_ignored(parser);
        if (!parser_takes(parser, "("))
            return parser_give_up(parser, "a condition is not understood");
    }
    if (parser_peek(parser, 0) == '?' || parser_peek(parser, 0) == '*')
        parse_parenthesis(parser);
    else
        parser_take_until(parser, ')');
    struct node *choice = parse_group_before(parser, rules);
    if (choice->child && !choice->child->next)
        choice->child->next = node_new(parser, NODE_EMPTY);
    return choice;
}

/* ---- options ---------------------------------------------------------- */

static bool set_option(struct parser *parser, unsigned char letter, bool value)
{
    struct char_rules *rules = &parser->rules;
    switch (letter) {
    case 'i':
        rules->is_caseless = value;
        return true;
    case 's':
        rules->is_dotall = value;
        return true;
    case 'x':
        rules->is_extended = value;
        rules->is_extended_more = value && parser_takes(parser, "x");
        if (!value)
            (void)parser_takes(parser, "x");
        return true;
    case 'J': /* these change nothing here */
    case 'U':
    case 'm':
    case 'n':
        return true;
    default:
        return false;
    }
}

/* The letters of (?i-s) or (?^x:...). */
static void take_options(struct parser *parser)
{
    bool value = true;
    if (parser_takes(parser, "^")) {
        struct char_rules *rules = &parser->rules;
        rules->is_caseless = rules->is_dotall = false;
        rules->is_extended = rules->is_extended_more = false;
    }
    for (;;) {
        unsigned char c = parser_peek(parser, 0);
        if (c == ')' || c == ':')
            return;
        parser->at += !parser_at_end(parser);
        if (c == '-')
            value = false;
        else if (!set_option(parser, c, value)) {
            parser_give_up(parser, "an option is not known");
            return;
        }
    }
}

/* "(?" is behind us. To the end of the group around it, or for a group. */
static struct node *parse_options(struct parser *parser)
{
    struct char_rules rules = parser->rules;
    unsigned char sign = parser_peek(parser, 0), next = parser_peek(parser, 1);
    if (((sign == '-' || sign == '+') && next >= '0' && next <= '9') ||
        (sign >= '0' && sign <= '9') || sign == 'R')
        return parse_call(parser);
    take_options(parser);
    if (parser_takes(parser, ":"))
        return parse_group_before(parser, rules);
    if (!parser_takes(parser, ")"))
        return parser_give_up(parser, "a group is not understood");
    return node_new(parser, NODE_EMPTY);
}

/* ---- verbs ------------------------------------------------------------ */

/* (*SKIP) and its like only make fewer matches. */
static struct node *parse_verb(struct parser *parser)
{
    parser_take_until(parser, ')');
    return node_new(parser, NODE_EMPTY);
}

static struct node *parse_fail(struct parser *parser)
{
    parser_take_until(parser, ')');
    return node_new(parser, NODE_NEVER);
}

static struct node *parse_accept(struct parser *parser)
{
    return parser_give_up(parser, "(*ACCEPT) can end it early");
}

/* ---- what begins with a parenthesis ----------------------------------- */

struct opening {
    const char *prefix;
    struct node *(*parse)(struct parser *);
};

/* Behind "(?"; the first that fits. */
static const struct opening question_openings[] = {
    { ":", parse_group },       { "|", parse_group },
    { ">", parse_group },       { "=", parse_ahead },
    { "*", parse_ahead },       { "!", parse_not_ahead },
    { "<=", parse_behind },     { "<*", parse_behind },
    { "<!", parse_not_behind }, { "P<", parse_angle_named },
    { "<", parse_angle_named }, { "'", parse_quote_named },
    { "P>", parse_call },       { "P=", parse_call },
    { "&", parse_call },        { "C", parse_callout },
    { "(", parse_conditional }, { "", parse_options },
};

/* Behind "(*". */
static const struct opening star_openings[] = {
    { "atomic:", parse_group },
    { "sr:", parse_group },
    { "script_run:", parse_group },
    { "asr:", parse_group },
    { "atomic_script_run:", parse_group },
    { "pla:", parse_ahead },
    { "positive_lookahead:", parse_ahead },
    { "napla:", parse_ahead },
    { "non_atomic_positive_lookahead:", parse_ahead },
    { "nla:", parse_not_ahead },
    { "negative_lookahead:", parse_not_ahead },
    { "plb:", parse_behind },
    { "positive_lookbehind:", parse_behind },
    { "naplb:", parse_behind },
    { "non_atomic_positive_lookbehind:", parse_behind },
    { "nlb:", parse_not_behind },
    { "negative_lookbehind:", parse_not_behind },
    { "ACCEPT", parse_accept },
    { "FAIL", parse_fail },
    { "F", parse_fail },
    { "COMMIT", parse_verb },
    { "MARK:", parse_verb },
    { ":", parse_verb },
    { "PRUNE", parse_verb },
    { "SKIP", parse_verb },
    { "THEN", parse_verb },
};

static struct node *parse_opening(struct parser *parser,
                                  const struct opening *openings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (parser_takes(parser, openings[i].prefix))
            return openings[i].parse(parser);
    return parser_give_up(parser, "a verb is not known");
}

/* "(" is behind us. */
struct node *parse_parenthesis(struct parser *parser)
{
    struct node *node;
    if (++parser->depth > DEPTH_MAX)
        node = parser_give_up(parser, "its groups are too deep");
    else if (parser_takes(parser, "?"))
        node = parse_opening(parser, question_openings,
                             ARRAY_COUNT(question_openings));
    else if (parser_takes(parser, "*"))
        node = parse_opening(parser, star_openings, ARRAY_COUNT(star_openings));
    else
        node = parse_group(parser);
    parser->depth--;
    return node;
}
