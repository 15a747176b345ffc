/*
 * patterns.h - the set of patterns of a run, compiled once, then const.
 *
 * PCRE2 syntax, UTF mode (text is always valid UTF-8), JIT compiled where the
 * machine can. `match()` means what PCRE2 says; see matcher.h.
 * Thread rule: build it in one thread; afterwards any number may read it.
 */
#ifndef FETCHGREP_EXTRACT_PATTERNS_H
#define FETCHGREP_EXTRACT_PATTERNS_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/error.h"

struct patterns;

struct patterns *patterns_new(bool ignore_case, struct error *err);
void patterns_free(struct patterns *patterns);

/* One of -e: its name becomes e1, e2, … A syntax error gives ERR_USAGE with
 * name, PCRE2's message, position and, on lines of their own, the pattern and
 * a caret under the place. */
bool patterns_add_expression(struct patterns *patterns, struct view regex,
                             struct error *err) MUST_CHECK;

/* A pattern file: `NAME REGEX` a line; name, then blanks or one tab, then the
 * rest of the line verbatim (a CR at the end dropped); `#` as the first
 * character is a comment. Errors name file and line. */
bool patterns_add_file(struct patterns *patterns, const char *path,
                       struct error *err) MUST_CHECK;

/* Names must be unique over all; checked by both calls above. */
size_t patterns_count(const struct patterns *patterns);
struct view patterns_name(const struct patterns *patterns, size_t index);
struct view patterns_regex(const struct patterns *patterns, size_t index);

/* Appends what makes this set: options, names, expressions. For the run id. */
void patterns_describe(const struct patterns *patterns, struct buf *out);

#endif
