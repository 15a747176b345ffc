/*
 * match_form.h - the form of match lines: which columns, written how
 * (docs/formats.md).
 *
 * A form is made once for a run. For each page its lines' common beginning is
 * laid down first (match_page_begin), then each match is a line, or with a
 * column `count` each count.
 *
 * Keyed lines. Where lines have to be sorted, or ids in them changed, once all
 * is read (run/finish.c), each line is written with a key of fixed size in
 * front and without its id, and without newlines inside, so that neither needs
 * a reader of the form. match_form_compose makes the final line of it.
 *
 * Thread rule: a form is const and shared; a match_page belongs to one worker.
 */
#ifndef FETCHGREP_RECORD_MATCH_FORM_H
#define FETCHGREP_RECORD_MATCH_FORM_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/model/match.h"

enum match_format { MATCH_JSONL, MATCH_CSV, MATCH_TSV, MATCH_TEXT };

/* "jsonl" and ".jsonl"; as text "text" and ".txt". */
const char *match_format_name(enum match_format format);
const char *match_format_suffix(enum match_format format);

enum match_field_kind {
    FIELD_ID,
    FIELD_URL,
    FIELD_PATTERN,
    FIELD_IN, /* what of the page: text, headers, url */
    FIELD_OFFSET,
    FIELD_MATCH,
    FIELD_GROUPS, /* all of them, an object */
    FIELD_COUNT,
    FIELD_KEEP, /* columns of the manifest, an object */
    FIELD_KIND_COUNT,
    FIELD_GROUP = FIELD_KIND_COUNT, /* one of them */
};

/* "id", "url", …: the word for a field but FIELD_GROUP. */
const char *match_field_word(enum match_field_kind kind);

enum { MATCH_NO_GROUP = UINT32_MAX };

struct match_field {
    enum match_field_kind kind;
    struct view name; /* what the column is called */
    /* FIELD_GROUP: of each pattern in the set, which of its groups;
     * MATCH_NO_GROUP where it has none. Borrowed for the form's life. */
    const uint32_t *group_of_pattern;
};

struct match_form_options {
    enum match_format format;
    const struct match_field *fields; /* in order; NULL: the format's own */
    size_t field_count;
    bool is_count;    /* counts instead of matches: the format's own then */
    bool has_in;      /* some patterns search something else than the text */
    bool has_pattern; /* there are several patterns to tell apart */
    bool has_keep;    /* columns of the manifest are kept */
    bool is_keyed;
};

struct match_form;

struct match_form *match_form_new(const struct match_form_options *options,
                                  struct error *err);
void match_form_free(struct match_form *form);

enum match_format match_form_format(const struct match_form *form);
bool match_form_is_keyed(const struct match_form *form);

/* Whether lines tell the id of their page. */
bool match_form_has_id(const struct match_form *form);

/* Whether lines begin with `{"id":N`, and no key. */
bool match_form_has_plain_id(const struct match_form *form);

/* Whether the ids of lines can still be changed without knowing the form: they
 * have a key, begin with `{"id":N`, or have no id. */
bool match_form_can_renumber(const struct match_form *form);

/* What the file begins with: the row of names of CSV and TSV, or nothing. */
struct view match_form_head(const struct match_form *form);

/* A page whose matches are being written. */
struct match_page {
    uint64_t id;
    struct view url;   /* borrowed */
    struct view keep;  /* borrowed: JSON, or empty */
    struct buf prefix; /* what all its lines begin with */
    struct buf scratch;
    size_t id_at;      /* where in a keyed line its id belongs */
    uint32_t sequence; /* lines so far */
};

void match_page_init(struct match_page *page);
void match_page_release(struct match_page *page);

/* `url` and `keep` (JSON, or empty) are borrowed to the end of the page. */
void match_page_begin(struct match_page *page, const struct match_form *form,
                      uint64_t id, struct view url, struct view keep);

/* Appends a line. `count` is for FIELD_COUNT; a form that has it needs pattern,
 * pattern_index and subject of `match` alone. */
void match_line_append(const struct match_form *form, struct match_page *page,
                       const struct match *match, uint64_t count,
                       struct buf *out);

/* False when the line's beginning did not fit. */
bool match_page_check(const struct match_page *page,
                      struct error *err) MUST_CHECK;

/* ---- keyed lines ------------------------------------------------------ */

/* Bytewise, keys are in the order of id, pattern's place, offset, and then as
 * found. */
enum { MATCH_KEY_SIZE = 56 };

/* False: no keyed line. */
bool match_key_id(struct view keyed_line, uint64_t *ret_id) MUST_CHECK;
void match_key_set_id(char *keyed_line, uint64_t id);

/* Appends the final line (without its newline) that a keyed line (without its
 * newline) stands for. False: it is none. */
bool match_form_compose(const struct match_form *form, struct view keyed_line,
                        struct buf *out) MUST_CHECK;

#endif
