/*
 * match_key.h - what stands in front of a keyed match line (match_form.h);
 * between match_form.c, which writes lines, and match_key.c.
 */
#ifndef FETCHGREP_RECORD_MATCH_KEY_H
#define FETCHGREP_RECORD_MATCH_KEY_H

#include "fetchgrep/record/match_form.h"

enum { MATCH_NO_PLACE = UINT32_MAX };

struct match_key {
    uint64_t id;
    uint32_t pattern; /* its place in the set */
    uint64_t offset;
    uint32_t sequence; /* of the line in its page */
    size_t id_at;      /* where in the line its id belongs; MATCH_NO_PLACE */
};

/* Writes MATCH_KEY_SIZE digits. */
void match_key_put(const struct match_key *key, char *at);

/* Makes one line of the text, until match_form_compose. */
void match_key_hide_newlines(char *text, size_t size);

#endif
