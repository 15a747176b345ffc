#include "addresses.h"

#include "fetchgrep/fetch/name_options.h"

/* "ADDRESS", "ADDRESS:PORT", "[ADDRESS]:PORT" */
static bool is_server(struct view text)
{
    struct address address;
    uint64_t port;
    if (address_parse(text, &address))
        return true;
    const char *colon = text.size ? memrchr(text.data, ':', text.size) : NULL;
    if (!colon)
        return false;
    size_t at = (size_t)(colon - text.data);
    struct view host = view_first(text, at);
    bool is_plain_v6 =
        host.size && host.data[0] != '[' && memchr(host.data, ':', host.size);
    return !is_plain_v6 && address_parse(host, &address) &&
           view_to_u64(view_from(text, at + 1), &port) && port > 0 &&
           port <= UINT16_MAX;
}

bool name_servers_check(const char *servers, struct error *err)
{
    struct view rest = view_of_string(servers);
    bool is_good = rest.size > 0;
    while (is_good && rest.data)
        is_good = is_server(view_split(&rest, ','));
    return is_good ||
           error_set(err, ERR_USAGE,
                     "--dns-servers: \"%s\" is not ADDRESS[:PORT],...; an IPv6 "
                     "address with a port stands in brackets",
                     servers);
}
