#include "attempts.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/fetch/fetch.h"
#include "fetchgrep/frontier/retry.h"

static int status_of(const struct entry *entry)
{
    return entry->page ? entry->page->status : 0;
}

/* That there is no such name was told by servers that answered. */
static bool is_name_missing(const struct entry *entry)
{
    return entry->page && entry->page->is_name_missing;
}

/* Whether the host could not even be reached. */
static bool is_unreachable(const struct entry *entry, bool has_answered)
{
    /* A proxy that is down says nothing about the host. */
    if (has_answered || is_name_missing(entry) ||
        (entry->page && entry->page->is_proxy_fault))
        return false;
    if (entry->outcome == OUTCOME_DNS_FAILED ||
        entry->outcome == OUTCOME_CONNECT_FAILED)
        return true;
    return entry->outcome == OUTCOME_TIMED_OUT && entry->page &&
           entry->page->timing.connect_us == 0;
}

struct frontier_answer answer_of(const struct entry *entry, bool has_answered,
                                 int64_t wall_ms)
{
    struct frontier_answer answer = {
        .has_answered = has_answered,
        .is_overloaded = retry_is_overload(status_of(entry)),
        .failure =
            is_unreachable(entry, has_answered) ? entry->outcome : OUTCOME_OK,
    };
    if (answer.is_overloaded) {
        int64_t ms = fetch_retry_after_ms(entry->page, wall_ms);
        if (ms > RETRY_AFTER_MAX_S * INT64_C(1000))
            ms = RETRY_AFTER_MAX_S * INT64_C(1000);
        answer.hold_ns = ms * CLOCK_NS_PER_MS;
    }
    return answer;
}

bool entry_wants_retry(const struct entry *entry, uint32_t retries,
                       uint64_t random, int64_t *ret_delay_ns)
{
    if (!entry->page || is_name_missing(entry) || entry->attempts > retries ||
        !retry_may_help(entry->outcome, status_of(entry)))
        return false;
    *ret_delay_ns = retry_delay_ns(entry->attempts, random);
    return true;
}

void entry_forget_attempt(struct entry *entry, struct page_pool *pool)
{
    struct page *failed = entry->page;
    entry->page = failed->previous_hop;
    failed->previous_hop = NULL;
    url_release(&entry->target);
    entry->target = failed->url;
    failed->url = (struct url){ 0 };
    page_free(failed, pool);
    free(entry->detail);
    entry->detail = NULL;
    entry->outcome = OUTCOME_OK;
    entry->need_bytes = 0;
}

bool entry_keep_login(struct entry *entry)
{
    const struct url *from = &entry->page->url;
    if (!entry->login.text && from->has_userinfo &&
        !url_copy(from, &entry->login))
        return false;
    return !entry->login.text || entry->target.has_userinfo ||
           !url_same_origin(&entry->target, &entry->login) ||
           url_adopt_login(&entry->target, &entry->login);
}
