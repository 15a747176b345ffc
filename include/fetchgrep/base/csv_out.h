/*
 * csv_out.h - fields of comma-separated values (RFC 4180), written straight
 * into a buf. Text is UTF-8; ill-formed sequences become U+FFFD.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_CSV_OUT_H
#define FETCHGREP_BASE_CSV_OUT_H

#include "fetchgrep/base/buf.h"

/* The field, in quotes where it holds a comma, a quote, CR or LF. Nothing else
 * is changed. */
void csv_out_field(struct buf *out, struct view text);

#endif
