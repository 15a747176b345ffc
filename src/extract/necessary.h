/*
 * necessary.h - a condition that a page must fulfil before a pattern can match
 * on it, as an expression for Vectorscan.
 *
 * A regex of PCRE2 goes in, a simpler expression comes out, of which holds:
 * wherever PCRE2 finds a match, the expression matches somewhere in the same
 * bytes. It is meant to be cheap to scan for and to hold on few other pages;
 * it says nothing about where a match lies.
 *
 * The expression is for bytes: compile it with HS_FLAG_SINGLEMATCH and, if you
 * like, HS_FLAG_DOTALL; never with UTF8, UCP, CASELESS or MULTILINE. Letter
 * cases, bytes beyond ASCII and line ends are written out in it. It never
 * matches the empty string. Vectorscan may still refuse it ("too large"): then
 * the pattern has no condition.
 *
 * What is said holds for PCRE2 with newline LF and its own character tables,
 * without options that change the syntax (ALT_BSUX, EXTENDED, LITERAL, …).
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_EXTRACT_NECESSARY_H
#define FETCHGREP_EXTRACT_NECESSARY_H

#include "fetchgrep/base/buf.h"

struct necessary_options {
    bool is_caseless; /* PCRE2_CASELESS */
    bool is_utf;      /* PCRE2_UTF, on valid UTF-8; else bytes */
    bool has_ucp;     /* PCRE2_UCP */
};

/* Appends the condition of `regex`, which PCRE2 has compiled under the same
 * options. False when there is none: `why` is part of a sentence ("it can match
 * the empty string"), `out` as it was. No memory: false, and out->failed. */
bool necessary_condition(struct view regex,
                         const struct necessary_options *options,
                         struct buf *out, char *why,
                         size_t why_size) MUST_CHECK;

#endif
