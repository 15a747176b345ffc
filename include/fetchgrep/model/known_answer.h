/*
 * known_answer.h - an answer that an earlier run has kept, and with what a
 * server can be asked whether it still holds (ETag, Last-Modified).
 *
 * One block of memory without pointers into itself, so that it can be copied
 * to another process byte by byte.
 *
 * Thread rule: belongs to its entry's holder.
 */
#ifndef FETCHGREP_MODEL_KNOWN_ANSWER_H
#define FETCHGREP_MODEL_KNOWN_ANSWER_H

#include "fetchgrep/base/view.h"

#include <stdint.h>

enum known_field {
    KNOWN_URL,           /* that was asked for, as url_parse writes it */
    KNOWN_ETAG,          /* of these two one at least is not empty */
    KNOWN_LAST_MODIFIED, /* as the server wrote it */
    KNOWN_TARGET_URI,    /* of the record that holds the answer */
    KNOWN_DATE,          /* likewise, and what follows */
    KNOWN_RECORD_ID,     /* "<urn:uuid:…>" */
    KNOWN_DIGEST,        /* of its payload: "sha1:…" */
    KNOWN_FIELD_COUNT,
};

struct known_answer {
    size_t size; /* of the whole block */
    uint32_t offsets[KNOWN_FIELD_COUNT];
    char text[]; /* the fields, each with its NUL */
};

/* Copies the fields, which hold no NUL. NULL without memory. */
struct known_answer *
known_answer_new(const struct view fields[KNOWN_FIELD_COUNT]);

/* Takes NULL. */
void known_answer_free(struct known_answer *answer);

/* "" where there is none. */
const char *known_answer_field(const struct known_answer *answer,
                               enum known_field field);

/* Whether it is one to this URL. Takes NULL. */
bool known_answer_is_to(const struct known_answer *answer, struct view url);

#endif
