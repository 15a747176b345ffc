/*
 * head_text.h - the HTTP head as patterns see it (NAME@headers).
 * Thread rule: no state.
 */
#ifndef FETCHGREP_EXTRACT_HEAD_TEXT_H
#define FETCHGREP_EXTRACT_HEAD_TEXT_H

#include "fetchgrep/base/buf.h"

/* Appends the head, status line and empty line included, as valid UTF-8
 * (ill-formed parts become U+FFFD) and with LF for CRLF, so that `$` finds the
 * end of a field. */
void head_text_append(struct view head, struct buf *out);

#endif
