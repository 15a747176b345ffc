/*
 * Reads classes in brackets.
 */
#include "necessary_parse.h"

/* What was read before: does `-` now begin a range? */
enum range_state { RANGE_NONE, RANGE_POSSIBLE, RANGE_STARTED };

struct class_reader {
    struct char_class class;
    enum range_state state;
    uint32_t first; /* of the range, if it is one */
};

static void read_character(struct parser *parser, struct class_reader *reader,
                           uint32_t c)
{
    uint32_t first = reader->state == RANGE_STARTED ? reader->first : c;
    char_class_add_range(&reader->class, parser->rules, first, c);
    reader->state =
        reader->state == RANGE_STARTED ? RANGE_NONE : RANGE_POSSIBLE;
    reader->first = c;
}

/* Where [:name:] ends, counted from behind `[`; 0 when it is none. As PCRE2
 * looks for it. */
static size_t posix_size(const struct parser *parser)
{
    unsigned char terminator = parser_peek(parser, 0);
    if (terminator != ':' && terminator != '.' && terminator != '=')
        return 0;
    for (size_t i = 1; parser->at + i + 1 < parser->text.size; i++) {
        unsigned char c = parser_peek(parser, i),
                      d = parser_peek(parser, i + 1);
        if (c == '\\' && (d == ']' || d == '\\'))
            i++;
        else if ((c == '[' && d == terminator) || c == ']')
            return 0;
        else if (c == terminator && d == ']')
            return i + 2;
    }
    return 0;
}

static void read_posix(struct parser *parser, struct class_reader *reader,
                       size_t size)
{
    struct view name =
        view_first(view_from(parser->text, parser->at + 1), size - 3);
    bool is_negated = parser_peek(parser, 1) == '^';
    parser->at += size;
    reader->state = RANGE_NONE;
    if (!char_class_add_posix(&reader->class, parser->rules,
                              view_from(name, is_negated), is_negated))
        parser_give_up(parser, "a POSIX class is not known");
}

static void read_escape(struct parser *parser, struct class_reader *reader)
{
    uint32_t c = 0;
    if (!is_alphanumeric(parser_peek(parser, 0))) {
        read_character(parser, reader, parser_take_character(parser));
        return;
    }
    unsigned char letter = (unsigned char)parser->text.data[parser->at++];
    if (letter == 'Q') {
        parser->is_quoted = true;
    } else if (letter == 'E') {
        return;
    } else if (letter == 'b') {
        read_character(parser, reader, '\b');
    } else if (letter == 'g' || letter == '8' || letter == '9') {
        read_character(parser, reader, letter);
    } else if (letter >= '1' && letter <= '7') {
        parser->at--;
        read_character(parser, reader, parser_take_digits(parser, 8, 3));
    } else if (parser_take_escaped(parser, letter, &c)) {
        read_character(parser, reader, c);
    } else if (parser_add_escape(parser, &reader->class, letter)) {
        reader->state = RANGE_NONE;
    } else {
        parser_give_up(parser, "an escape in a class is not known");
    }
}

static bool is_class_blank(const struct parser *parser)
{
    unsigned char c = parser_peek(parser, 0);
    return parser->rules.is_extended_more && (c == ' ' || c == '\t');
}

static void read_item(struct parser *parser, struct class_reader *reader)
{
    size_t size;
    if (parser->is_quoted) {
        if (parser_takes(parser, "\\E"))
            parser->is_quoted = false;
        else
            read_character(parser, reader, parser_take_character(parser));
    } else if (is_class_blank(parser)) {
        parser->at++;
    } else if (parser_takes(parser, "[")) {
        size = posix_size(parser);
        if (size)
            read_posix(parser, reader, size);
        else
            read_character(parser, reader, '[');
    } else if (reader->state == RANGE_POSSIBLE && parser_takes(parser, "-")) {
        reader->state = RANGE_STARTED;
    } else if (parser_takes(parser, "\\")) {
        read_escape(parser, reader);
    } else {
        read_character(parser, reader, parser_take_character(parser));
    }
}

/* `^`, and what may stand around it. */
static bool take_negation(struct parser *parser)
{
    bool is_negated = false;
    for (;;) {
        if (parser_takes(parser, "\\E") || parser_takes(parser, "\\Q\\E"))
            continue;
        if (is_class_blank(parser))
            parser->at++;
        else if (!is_negated && parser_takes(parser, "^"))
            is_negated = true;
        else
            return is_negated;
    }
}

struct node *parse_class(struct parser *parser)
{
    struct class_reader reader = { .state = RANGE_NONE };
    if (parser_takes(parser, "[:<:]]") || parser_takes(parser, "[:>:]]"))
        return node_new(parser, NODE_BOUNDARY);
    bool is_negated = take_negation(parser);
    do {
        if (parser_at_end(parser))
            return parser_give_up(parser, "a class has no end");
        read_item(parser, &reader); /* even if it is `]` */
    } while (parser->is_quoted || !parser_takes(parser, "]"));
    if (reader.state == RANGE_STARTED)
        char_class_add_range(&reader.class, parser->rules, '-', '-');
    if (is_negated)
        char_class_negate(&reader.class, parser->rules);
    return new_class_node(parser, &reader.class);
}
