/*
 * parser.h - from a row's bytes to an entry, by the list's format.
 *
 * Thread rule: belongs to the thread that reads the manifest.
 */
#ifndef FETCHGREP_MANIFEST_PARSER_H
#define FETCHGREP_MANIFEST_PARSER_H

#include "columns.h"

struct parser {
    const struct manifest_options *options; /* borrowed */
    struct view *found;                     /* the wanted fields of a row */
    struct buf scratch, text, keep;
    char problem[ERROR_MESSAGE_SIZE];
};

bool parser_init(struct parser *parser, const struct manifest_options *options,
                 struct error *err) MUST_CHECK;
void parser_release(struct parser *parser);

enum parser_result {
    PARSER_ENTRY,
    PARSER_NOTHING, /* blank, or a comment */
    PARSER_NO_MEMORY,
};

/* Sets text, problem and keep of the entry by its `row` and `is_too_long`; they
 * borrow from the row and the parser. `columns`: of CSV and TSV. */
enum parser_result parser_read(struct parser *parser,
                               enum manifest_format format,
                               const struct columns *columns,
                               struct manifest_entry *entry) MUST_CHECK;

/* By the ending of a list's name. */
enum manifest_format parser_format_of(const char *path);

/* "CSV", … */
const char *parser_format_name(enum manifest_format format);

/* CSV and TSV. */
bool parser_has_columns(enum manifest_format format);

#endif
