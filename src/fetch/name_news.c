#include "name_news.h"

#include "fetchgrep/base/clock.h"

enum {
    FOUND_LEAST_S = 60, /* whatever the time to live */
    FOUND_MOST_S = 60 * 60,
    STALE_S = 30, /* addresses that could not be asked for anew go on so long */
    NOT_FOUND_S = 60,
};

/* ---- the name ---------------------------------------------------------- */

static int64_t lifetime_s(const struct name_answer *answer)
{
    switch (answer->status) {
    case NAME_FOUND:
    case NAME_REFUSED:
        return answer->ttl_s < FOUND_LEAST_S  ? FOUND_LEAST_S
               : answer->ttl_s > FOUND_MOST_S ? FOUND_MOST_S
                                              : answer->ttl_s;
    case NAME_UNKNOWN:
    case NAME_EMPTY:
    case NAME_IMPOSSIBLE:
        return NOT_FOUND_S;
    case NAME_SILENT:
    case NAME_FAILED:
    default:
        return 0; /* those who waited are told, the next one asks again */
    }
}

struct name_news name_news_of(const struct name_answer *answer,
                              const struct address_rule *rule)
{
    struct name_answer copy = *answer;
    struct name_news news = { .status = answer->status,
                              .lifetime_s = lifetime_s(answer) };
    if (answer->status != NAME_FOUND)
        return news;
    copy.count = addresses_admit(copy.addresses, copy.count, rule,
                                 &news.refused, &news.refused_kind);
    if (!copy.count) {
        news.status = NAME_REFUSED;
        return news;
    }
    addresses_order(copy.addresses, copy.count);
    news.addresses = address_set_new(copy.addresses, copy.count);
    if (!news.addresses) {
        news.status = NAME_FAILED;
        news.lifetime_s = 0;
    }
    return news;
}

void name_learn(struct name *name, const struct name_news *news, int64_t now_ns)
{
    bool is_stale = name->expires_ns && name->status == NAME_FOUND &&
                    name_status_may_pass(news->status);
    int64_t lifetime = is_stale ? STALE_S : news->lifetime_s;
    name->expires_ns = now_ns + lifetime * CLOCK_NS_PER_S;
    if (is_stale)
        return;
    address_set_unref(name->addresses);
    name->status = news->status;
    name->addresses = news->addresses;
    name->refused = news->refused;
    name->refused_kind = news->refused_kind;
}

/* ---- its entries ------------------------------------------------------- */

static void describe_failure(struct entry *entry, struct view host,
                             const struct name *name)
{
    char ip[ADDRESS_TEXT_SIZE];
    switch (name->status) {
    case NAME_UNKNOWN:
        entry_end(entry, OUTCOME_DNS_FAILED, "no such name: %.*s (NXDOMAIN)",
                  VIEW_ARG(host));
        break;
    case NAME_EMPTY:
        entry_end(entry, OUTCOME_DNS_FAILED, "no address for the name %.*s",
                  VIEW_ARG(host));
        break;
    case NAME_IMPOSSIBLE:
        entry_end(entry, OUTCOME_DNS_FAILED,
                  "no name that the DNS can hold: %.*s", VIEW_ARG(host));
        break;
    case NAME_REFUSED:
        address_format(&name->refused, ip);
        entry_end(entry, OUTCOME_DENIED,
                  "%s is a %s (--allow-private allows it)", ip,
                  name->refused_kind);
        break;
    case NAME_SILENT:
        entry_end(entry, OUTCOME_DNS_FAILED, "no name server answered for %.*s",
                  VIEW_ARG(host));
        break;
    case NAME_FAILED:
    case NAME_FOUND:
    default:
        entry_end(entry, OUTCOME_DNS_FAILED,
                  "no name server could tell the address of %.*s (it failed, "
                  "refused, or is not there)",
                  VIEW_ARG(host));
    }
}

void name_end_entry(const struct name *name, struct entry *entry)
{
    struct view host = entry->target.host; /* its bytes stay where they are */
    struct page *page = page_new(&entry->target);
    if (page) {
        page->fetched_at_ms = clock_wall_ms();
        page->timing.dns_us = page->timing.total_us = entry->name_ns / 1000;
        page->is_name_missing =
            name->status != NAME_REFUSED && !name_status_may_pass(name->status);
        page->previous_hop = entry->page;
        entry->page = page;
    }
    describe_failure(entry, host, name);
    entry->nobody_answered = name_status_may_pass(name->status);
}
