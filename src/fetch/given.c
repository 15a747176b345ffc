#include "given.h"

#include "addresses.h"
#include "resolver.h"

#include "fetchgrep/base/buf.h"

#include <stdlib.h>

enum { LINE_LONGEST = 1 << 10 };

/* libcurl's cache may hold what it finds out by itself for so long: nothing
 * but literal addresses, which it "resolves" too, and a proxy's name. */
static long cache_seconds(const struct fetch_options *options, bool is_given)
{
    return options->proxy ? 60 : is_given ? -1 : 0;
}

static void append_addresses(const struct address_set *set, uint32_t first,
                             uint32_t count, struct buf *out)
{
    for (uint32_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        const struct address *address =
            &set->addresses[(first + i) % set->count];
        address_format(address, text);
        buf_append_format(out, address->family == AF_INET6 ? "%s[%s]" : "%s%s",
                          i ? "," : ":", text);
    }
}

static bool append_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

/* Takes out what this handle gave before, unless it is given anew. */
static bool append_removal(struct transfer *transfer, const struct url *url,
                           bool is_given, struct curl_slist **list)
{
    if (!transfer->given)
        return true;
    if (!is_given || !view_equal_string(url->origin, transfer->given + 1))
        return append_line(list, transfer->given);
    return true;
}

static bool append_addition(const struct transfer *transfer,
                            const struct entry *entry, struct curl_slist **list)
{
    const struct name_options *names = &transfer->loop->fetcher->options->names;
    const struct address_set *set = entry->addresses;
    struct buf line;
    buf_init(&line, LINE_LONGEST * 2);
    buf_append_view(&line, entry->target.origin);
    append_addresses(set, entry->address_index,
                     names->per_address ? 1 : set->count, &line);
    const char *text = buf_string(&line);
    bool done = text && append_line(list, text);
    buf_release(&line);
    return done;
}

/* "-HOST:PORT", for the next time. */
static bool remember(struct transfer *transfer, const struct url *url,
                     bool is_given)
{
    char *given = NULL;
    if (is_given && asprintf(&given, "-%.*s", VIEW_ARG(url->origin)) < 0)
        return false;
    free(transfer->given);
    transfer->given = given;
    return true;
}

CURLcode given_set(struct transfer *transfer, const struct entry *entry)
{
    const struct url *url = &entry->target;
    bool is_given = entry->addresses && !resolver_is_literal(url);
    struct curl_slist *list = NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (append_removal(transfer, url, is_given, &list) &&
        (!is_given || append_addition(transfer, entry, &list)))
        code = curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE, list);
    if (code) {
        curl_slist_free_all(list);
        return code;
    }
    /* The list before is freed only after libcurl has the new one. */
    curl_slist_free_all(transfer->resolve);
    transfer->resolve = list;
    if (!remember(transfer, url, is_given))
        return CURLE_OUT_OF_MEMORY;
    return curl_easy_setopt(
        transfer->easy, CURLOPT_DNS_CACHE_TIMEOUT,
        cache_seconds(transfer->loop->fetcher->options, is_given));
}

void given_release(struct transfer *transfer)
{
    curl_slist_free_all(transfer->resolve);
    free(transfer->given);
}
