/*
 * lookup_reply.h - what a name server's reply to one question says, and what
 * the replies to both questions of a lookup say together.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_FETCH_LOOKUP_REPLY_H
#define FETCHGREP_FETCH_LOOKUP_REPLY_H

#include "lookups.h"

struct question {
    bool is_open; /* c-ares has yet to call back */
    bool is_over;
    enum name_status status;
    uint32_t ttl_s;
    size_t count;
    struct address addresses[ADDRESSES_MAX];
};

/* The question is over, with c-ares's code and, if that is ARES_SUCCESS, the
 * reply. */
void question_take_v4(struct question *question, int code,
                      const unsigned char *reply, int size);
void question_take_v6(struct question *question, int code,
                      const unsigned char *reply, int size);

/* Whether it is over, and asking again would tell the same. */
bool question_is_final(const struct question *question);

/* One that was not asked, or is still open, says nothing. */
void questions_combine(const struct question *v4, const struct question *v6,
                       struct name_answer *ret_answer);

#endif
