/*
 * Reads the atoms of PCRE2's syntax: characters, `.`, escapes.
 */
#include "necessary_parse.h"

enum { CODE_POINT_LAST = 0x10ffff };

/* ---- characters ------------------------------------------------------- */

/* The next character: of UTF-8 where that is on, else a byte. */
uint32_t parser_take_character(struct parser *parser)
{
    unsigned char c = parser_peek(parser, 0);
    size_t size = !parser->rules.is_utf || c < 0xc0 ? 1
                  : c < 0xe0                        ? 2
                  : c < 0xf0                        ? 3
                                                    : 4;
    uint32_t value = size == 1 ? c : c & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        value = value << 6 | (parser_peek(parser, i) & 0x3f);
    if (size > parser->text.size - parser->at || value > CODE_POINT_LAST) {
        parser_give_up(parser, "it is not valid UTF-8");
        return 0;
    }
    parser->at += size;
    return value;
}

static size_t encode(uint32_t c, unsigned char *out)
{
    if (c < 0x800) {
        out[0] = (unsigned char)(0xc0 | c >> 6);
        out[1] = (unsigned char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (unsigned char)(0xe0 | c >> 12);
        out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (unsigned char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (unsigned char)(0xf0 | c >> 18);
    out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (unsigned char)(0x80 | (c & 0x3f));
    return 4;
}

static struct node *new_set(struct parser *parser, struct byte_set set)
{
    struct node *node = node_new(parser, NODE_SET);
    node->set = set;
    node->is_wide = parser->rules.is_utf && byte_set_has_high(&set);
    return node;
}

/* A character beyond ASCII, as its bytes. */
static struct node *new_sequence_of_bytes(struct parser *parser, uint32_t c)
{
    unsigned char bytes[CHARACTER_SIZE_MAX];
    size_t size = encode(c, bytes);
    struct node *sequence = node_new(parser, NODE_SEQUENCE);
    struct node **link = &sequence->child;
    for (size_t i = 0; i < size; i++) {
        struct node *byte = node_new(parser, NODE_SET);
        byte_set_add(&byte->set, bytes[i]);
        *link = byte;
        link = &byte->next;
    }
    return sequence;
}

/* A letter whose other cases are ASCII and one character beyond. */
static struct node *new_letter(struct parser *parser, unsigned lower,
                               uint32_t other)
{
    struct node *choice = node_new(parser, NODE_CHOICE);
    struct node *ascii = node_new(parser, NODE_SET);
    byte_set_add(&ascii->set, lower);
    byte_set_add(&ascii->set, lower ^ 0x20);
    choice->child = ascii;
    ascii->next = new_sequence_of_bytes(parser, other);
    return choice;
}

static struct node *new_character(struct parser *parser, uint32_t c)
{
    enum { KELVIN_SIGN = 0x212a, LONG_S = 0x17f };
    struct char_class class = { .may = { { 0 } } };
    struct char_rules rules = parser->rules;
    if (rules.is_utf && rules.is_caseless) {
        if (c == 'k' || c == 'K' || c == KELVIN_SIGN)
            return new_letter(parser, 'k', KELVIN_SIGN);
        if (c == 's' || c == 'S' || c == LONG_S)
            return new_letter(parser, 's', LONG_S);
    }
    if (rules.is_utf && !rules.is_caseless && c >= 0x80)
        return new_sequence_of_bytes(parser, c);
    char_class_add_range(&class, rules, c, c);
    return new_set(parser, class.may);
}

struct node *parse_literal(struct parser *parser)
{
    return new_character(parser, parser_take_character(parser));
}

static struct byte_set all_bytes(void)
{
    return (
        struct byte_set){ { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
}

/* `.` without (?s), and \N. */
static struct node *new_not_newline(struct parser *parser)
{
    struct byte_set set = all_bytes();
    if (!parser->ends_lines_otherwise)
        set.bits[0] &= ~(UINT64_C(1) << '\n');
    return new_set(parser, set);
}

struct node *parse_dot(struct parser *parser)
{
    return parser->rules.is_dotall ? new_set(parser, all_bytes())
                                   : new_not_newline(parser);
}

/* ---- escapes for a character ------------------------------------------ */

static int digit_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return 99;
}

/* Digits in braces, which are behind us up to the first digit. */
static uint32_t take_braced(struct parser *parser, int base)
{
    uint32_t value = 0;
    size_t start = parser->at;
    while (digit_value(parser_peek(parser, 0)) < base) {
        value = value * (uint32_t)base +
                (uint32_t)digit_value(parser_peek(parser, 0));
        parser->at++;
        if (value > CODE_POINT_LAST)
            value = CODE_POINT_LAST + 1;
    }
    if (parser->at == start || value > CODE_POINT_LAST ||
        !parser_takes(parser, "}"))
        parser_give_up(parser, "a number in braces is not understood");
    return value;
}

uint32_t parser_take_digits(struct parser *parser, int base, int count)
{
    uint32_t value = 0;
    while (count-- > 0 && digit_value(parser_peek(parser, 0)) < base) {
        value = value * (uint32_t)base +
                (uint32_t)digit_value(parser_peek(parser, 0));
        parser->at++;
    }
    return value;
}

static uint32_t take_control(struct parser *parser)
{
    unsigned char c = parser_peek(parser, 0);
    if (c < 0x20 || c > 0x7e)
        parser_give_up(parser, "\\c is not understood");
    else
        parser->at++;
    return (uint32_t)((c >= 'a' && c <= 'z' ? c ^ 0x20 : c) ^ 0x40);
}

/* False when the escape is no character. The letter is behind us. */
bool parser_take_escaped(struct parser *parser, unsigned char letter,
                         uint32_t *ret_c)
{
    static const char letters[] = "aefnrt", values[] = "\a\x1b\f\n\r\t";
    const char *simple = letter ? strchr(letters, letter) : NULL;
    if (simple)
        *ret_c = (uint32_t)values[simple - letters];
    else if (letter == '0')
        *ret_c = parser_take_digits(parser, 8, 2);
    else if (letter == 'x')
        *ret_c = parser_takes(parser, "{") ? take_braced(parser, 16)
                                           : parser_take_digits(parser, 16, 2);
    else if (letter == 'o' && parser_takes(parser, "{"))
        *ret_c = take_braced(parser, 8);
    else if (letter == 'c')
        *ret_c = take_control(parser);
    else if (letter == 'N' && parser_takes(parser, "{U+"))
        *ret_c = take_braced(parser, 16);
    else
        return false;
    return true;
}

bool is_alphanumeric(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* ---- escapes for a class ---------------------------------------------- */

/* The name in \p{^name} or \pL; the letter is behind us. */
static void add_property(struct parser *parser, struct char_class *class,
                         bool is_negated)
{
    struct view name = view_first(view_from(parser->text, parser->at), 1);
    if (parser_takes(parser, "{")) {
        if (parser_takes(parser, "^"))
            is_negated = !is_negated;
        name = parser_take_until(parser, '}');
    } else {
        parser->at += name.size;
    }
    char_class_add_property(class, parser->rules, name, is_negated);
}

/* \d and its like, and properties. False for another letter. */
bool parser_add_escape(struct parser *parser, struct char_class *class,
                       unsigned char letter)
{
    if (letter == 'p' || letter == 'P')
        add_property(parser, class, letter == 'P');
    else if (letter && strchr("dDhHsSvVwW", letter))
        char_class_add_escape(class, parser->rules, (char)letter);
    else
        return false;
    return true;
}

/* ---- escapes outside of classes --------------------------------------- */

/* \g{...} \g<...> \g'...' \g12 \k{...}: a group's text, or the group again. */
static struct node *parse_reference(struct parser *parser)
{
    if (parser_takes(parser, "{"))
        parser_take_until(parser, '}');
    else if (parser_takes(parser, "<"))
        parser_take_until(parser, '>');
    else if (parser_takes(parser, "'"))
        parser_take_until(parser, '\'');
    else {
        if (parser_peek(parser, 0) == '+' || parser_peek(parser, 0) == '-')
            parser->at++;
        parser_take_digits(parser, 10, 9);
    }
    return node_new(parser, NODE_ANYTHING);
}

/* \1 to \9 are references, and so is \12 where there are so many groups; else
 * it is octal. Groups before it are what counts: where that is not sure, it
 * may be both, if both are equally long. */
static struct node *parse_number(struct parser *parser)
{
    size_t start = --parser->at;
    uint32_t number = parser_take_digits(parser, 10, 9);
    size_t end = parser->at;
    if (number < 10 || parser->text.data[start] >= '8')
        return node_new(parser, NODE_ANYTHING);
    parser->at = start;
    uint32_t octal = parser_take_digits(parser, 8, 3);
    if (number > parser->open_count)
        return new_character(parser, octal);
    if (parser->at != end)
        return parser_give_up(parser, "\\ and digits may mean two things");
    return node_new(parser, NODE_ANYTHING);
}

struct node *new_class_node(struct parser *parser,
                            const struct char_class *class)
{
    return new_set(parser, class->may);
}

/* \R: any line end. */
static struct node *new_line_end(struct parser *parser)
{
    struct char_class class = { .may = { { 0 } } };
    struct node *repeat = node_new(parser, NODE_REPEAT);
    char_class_add_escape(&class, parser->rules, 'v');
    repeat->child = new_class_node(parser, &class);
    repeat->min = 1;
    repeat->max = 2;
    return repeat;
}

/* \X: one character or more. */
static struct node *new_cluster(struct parser *parser)
{
    struct node *repeat = node_new(parser, NODE_REPEAT);
    repeat->child = new_set(parser, all_bytes());
    repeat->min = 1;
    repeat->max = SIZE_UNLIMITED;
    return repeat;
}

struct node *parse_escape(struct parser *parser)
{
    struct char_class class = { .may = { { 0 } } };
    uint32_t c = 0;
    if (parser_at_end(parser))
        return parser_give_up(parser, "it ends in a backslash");
    if (!is_alphanumeric(parser_peek(parser, 0)))
        return parse_literal(parser);
    unsigned char letter = (unsigned char)parser->text.data[parser->at++];
    if (letter >= '1' && letter <= '9')
        return parse_number(parser);
    if (parser_take_escaped(parser, letter, &c))
        return new_character(parser, c);
    if (parser_add_escape(parser, &class, letter))
        return new_class_node(parser, &class);
    switch (letter) {
    case 'A':
    case 'B':
    case 'G':
    case 'K':
    case 'Z':
    case 'z':
        return node_new(parser, NODE_EMPTY);
    case 'b':
        return node_new(parser, NODE_BOUNDARY);
    case 'N':
        return new_not_newline(parser);
    case 'R':
        return new_line_end(parser);
    case 'X':
        return new_cluster(parser);
    case 'g':
    case 'k':
        return parse_reference(parser);
    case 'C':
        return parser_give_up(parser, "\\C takes characters apart");
    default:
        return parser_give_up(parser, "an escape is not known");
    }
}
