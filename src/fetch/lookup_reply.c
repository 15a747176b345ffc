#include "lookup_reply.h"

#include <ares.h>
#include <sys/socket.h>

enum { TTL_MAX = 7 * 24 * 60 * 60 };

static enum name_status status_of(int code)
{
    switch (code) {
    case ARES_SUCCESS:
        return NAME_FOUND;
    case ARES_ENOTFOUND:
        return NAME_UNKNOWN;
    case ARES_ENODATA:
        return NAME_EMPTY;
    case ARES_EBADNAME:
        return NAME_IMPOSSIBLE;
    case ARES_ETIMEOUT:
        return NAME_SILENT;
    default: /* of SERVFAIL and the like c-ares makes ARES_ECONNREFUSED */
        return NAME_FAILED;
    }
}

/* Over, with this code: its addresses are still to be read. */
static bool take(struct question *question, int code)
{
    question->is_open = false;
    question->is_over = true;
    question->status = status_of(code);
    question->ttl_s = TTL_MAX;
    return code == ARES_SUCCESS;
}

/* An alias alone is a reply without an address. */
static bool note_read(struct question *question, int code, int count)
{
    question->status = code ? status_of(code) : count ? NAME_FOUND : NAME_EMPTY;
    return question->status == NAME_FOUND;
}

static struct address *next_address(struct question *question, int family,
                                    int ttl_s)
{
    struct address *address = &question->addresses[question->count++];
    address->family = family;
    if (ttl_s >= 0 && (uint32_t)ttl_s < question->ttl_s)
        question->ttl_s = (uint32_t)ttl_s;
    return address;
}

void question_take_v4(struct question *question, int code,
                      const unsigned char *reply, int size)
{
    struct ares_addrttl found[ADDRESSES_MAX];
    int count = ADDRESSES_MAX;
    if (!take(question, code))
        return;
    code = ares_parse_a_reply(reply, size, NULL, found, &count);
    if (!note_read(question, code, count))
        return;
    for (int i = 0; i < count; i++)
        memcpy(next_address(question, AF_INET, found[i].ttl)->bytes,
               &found[i].ipaddr, sizeof(found[i].ipaddr));
}

void question_take_v6(struct question *question, int code,
                      const unsigned char *reply, int size)
{
    struct ares_addr6ttl found[ADDRESSES_MAX];
    int count = ADDRESSES_MAX;
    if (!take(question, code))
        return;
    code = ares_parse_aaaa_reply(reply, size, NULL, found, &count);
    if (!note_read(question, code, count))
        return;
    for (int i = 0; i < count; i++)
        memcpy(next_address(question, AF_INET6, found[i].ttl)->bytes,
               &found[i].ip6addr, sizeof(found[i].ip6addr));
}

bool question_is_final(const struct question *question)
{
    return question->is_over && !name_status_may_pass(question->status);
}

void questions_combine(const struct question *v4, const struct question *v6,
                       struct name_answer *ret_answer)
{
    *ret_answer = (struct name_answer){ .status = NAME_SILENT };
    if (v4->count || v6->count) {
        ret_answer->status = NAME_FOUND;
        size_t v6_count = v6->count;
        if (v6_count > ADDRESSES_MAX / 2 && v4->count)
            v6_count = ADDRESSES_MAX / 2;
        size_t v4_count = v4->count;
        if (v4_count > ADDRESSES_MAX - v6_count)
            v4_count = ADDRESSES_MAX - v6_count;
        memcpy(ret_answer->addresses, v6->addresses,
               v6_count * sizeof(struct address));
        memcpy(ret_answer->addresses + v6_count, v4->addresses,
               v4_count * sizeof(struct address));
        ret_answer->count = v6_count + v4_count;
        uint32_t v4_ttl = v4_count ? v4->ttl_s : TTL_MAX;
        uint32_t v6_ttl = v6_count ? v6->ttl_s : TTL_MAX;
        ret_answer->ttl_s = v4_ttl < v6_ttl ? v4_ttl : v6_ttl;
    } else if (question_is_final(v4) &&
               (v4->status != NAME_EMPTY || question_is_final(v6))) {
        ret_answer->status = v4->status;
    } else if (v4->is_over && !question_is_final(v4)) {
        ret_answer->status = v4->status;
    } else if (v6->is_over) {
        ret_answer->status = v6->status;
    }
}
