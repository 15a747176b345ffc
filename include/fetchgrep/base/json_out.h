/*
 * json_out.h - JSON text, written straight into a buf (RFC 8259). The hot path
 * of the results, hence no library. Strings are UTF-8; ill-formed sequences
 * become U+FFFD.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_JSON_OUT_H
#define FETCHGREP_BASE_JSON_OUT_H

#include "fetchgrep/base/buf.h"

/* `"text"` with quotes and escapes. */
void json_out_string(struct buf *out, struct view text);

/* `,"name":` : what stands in front of every member but the first. `name` is
 * one of ours and needs no escape. */
void json_out_member(struct buf *out, const char *name);

void json_out_member_string(struct buf *out, const char *name,
                            struct view text);
void json_out_member_u64(struct buf *out, const char *name, uint64_t value);

/* Milliseconds with one digit behind the point, from microseconds. */
void json_out_ms(struct buf *out, int64_t duration_us);

#endif
