/*
 * utf8.h - is it UTF-8, and if not, make it so (Unicode 15, 3.9, table 3-7).
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_UTF8_H
#define FETCHGREP_BASE_UTF8_H

#include "fetchgrep/base/buf.h"

/* How many bytes from the start are well-formed: text.size when all are. */
size_t utf8_valid_prefix(struct view text);

/* The same without the instructions that only some machines have: for tests. */
size_t utf8_valid_prefix_plain(struct view text);

/* How many bytes from the start are ASCII. */
size_t utf8_ascii_prefix(struct view text);

/* Appends `text` with every maximal ill-formed part (Unicode 15, 3.9, "U+FFFD
 * substitution of maximal subparts") as U+FFFD; a following ASCII byte is
 * never eaten. Returns the number of replacements. */
size_t utf8_append_valid(struct buf *out, struct view text);

#endif
