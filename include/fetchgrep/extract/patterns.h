/*
 * patterns.h - the set of patterns of a run, compiled once, then const.
 *
 * PCRE2 syntax, UTF mode (text is valid UTF-8 then) unless raw, JIT compiled
 * where the machine can. `match()` means what PCRE2 says; see matcher.h.
 * Thread rule: build it in one thread; afterwards any number may read it.
 */
#ifndef FETCHGREP_EXTRACT_PATTERNS_H
#define FETCHGREP_EXTRACT_PATTERNS_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/error.h"
#include "fetchgrep/model/match.h"

struct patterns;

struct patterns_options {
    bool ignore_case;
    bool is_raw;      /* text is bytes, not UTF-8; and so are expressions */
    bool has_unicode; /* \w, \d, \s, \b and [:classes:] know all of Unicode */
};

struct patterns *patterns_new(const struct patterns_options *options,
                              struct error *err);
void patterns_free(struct patterns *patterns);

/* One of -e: its name becomes e1, e2, … A syntax error gives ERR_USAGE with
 * name, PCRE2's message, position and, on lines of their own, the pattern and
 * a caret under the place. */
bool patterns_add_expression(struct patterns *patterns, struct view regex,
                             struct error *err) MUST_CHECK;

/* A pattern file: `NAME REGEX` a line; name, then blanks or one tab, then the
 * rest of the line verbatim (a CR at the end dropped); `#` as the first
 * character is a comment. NAME@headers and NAME@url are searched in the HTTP
 * head and the URL; the name is what stands before the last @. Errors name file
 * and line. */
bool patterns_add_file(struct patterns *patterns, const char *path,
                       struct error *err) MUST_CHECK;

/* The same from the text of such a file; `path` is for the errors. */
bool patterns_add_text(struct patterns *patterns, struct view text,
                       const char *path, struct error *err) MUST_CHECK;

/* Names must be unique over all; checked by both calls above. */
size_t patterns_count(const struct patterns *patterns);
struct view patterns_name(const struct patterns *patterns, size_t index);
struct view patterns_regex(const struct patterns *patterns, size_t index);
enum subject patterns_subject(const struct patterns *patterns, size_t index);

/* Whether any pattern is searched there. */
bool patterns_has_subject(const struct patterns *patterns,
                          enum subject subject);

/* Which of a match's groups (struct match) is called so: by its name, or by its
 * number, which a group that has a name has too. False: the pattern has no such
 * group. */
bool patterns_find_group(const struct patterns *patterns, size_t index,
                         struct view name, uint32_t *ret_group);

/* How PCRE2 runs a pattern. */
struct pattern_facts {
    size_t jit_bytes;     /* machine code; 0: the interpreter runs it, */
    char why_no_jit[128]; /* and why: a sentence part */
    bool has_windows;     /* the page's clock is read while it looks for a
                             match, not between matches only */
    uint32_t group_count;
    const struct view *group_names; /* borrowed */
    /* What the expression says of itself, (*LIMIT_MATCH=…) and the like;
     * UINT32_MAX: nothing. */
    uint32_t match_limit, depth_limit, heap_limit_kb;
};

void patterns_facts(const struct patterns *patterns, size_t index,
                    struct pattern_facts *ret_facts);

/* Appends what makes this set: options, names, expressions. For the run id. */
void patterns_describe(const struct patterns *patterns, struct buf *out);

#endif
