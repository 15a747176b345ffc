#include "fetchgrep/fetch/address.h"

#include <arpa/inet.h>

struct special_range {
    const char *network;
    unsigned bits; /* of the address's own 32 or 128 */
    const char *kind;
};

static const struct special_range special_v4[] = {
    { "0.0.0.0", 8, "unspecified address" },
    { "10.0.0.0", 8, "private address" },
    { "100.64.0.0", 10, "carrier-grade NAT address" },
    { "127.0.0.0", 8, "loopback address" },
    { "169.254.169.254", 32, "metadata address" },
    { "168.63.129.16", 32, "metadata address" },
    { "169.254.0.0", 16, "link-local address" },
    { "172.16.0.0", 12, "private address" },
    { "192.0.0.0", 24, "reserved address" },
    { "192.0.2.0", 24, "documentation address" },
    { "192.88.99.0", 24, "reserved address" },
    { "192.168.0.0", 16, "private address" },
    { "198.18.0.0", 15, "benchmarking address" },
    { "198.51.100.0", 24, "documentation address" },
    { "203.0.113.0", 24, "documentation address" },
    { "224.0.0.0", 4, "multicast address" },
    { "240.0.0.0", 4, "reserved address" },
};

static const struct special_range special_v6[] = {
    { "::", 128, "unspecified address" },
    { "::1", 128, "loopback address" },
    { "fd00:ec2::254", 128, "metadata address" },
    { "64:ff9b:1::", 48, "reserved address" },
    { "100::", 64, "discard address" },
    { "2001::", 23, "reserved address" },
    { "2001:db8::", 32, "documentation address" },
    { "3fff::", 20, "documentation address" },
    { "5f00::", 16, "reserved address" },
    { "fc00::", 7, "private address" },
    { "fe80::", 10, "link-local address" },
    { "fec0::", 10, "site-local address" },
    { "ff00::", 8, "multicast address" },
};

/* IPv6 forms that carry an IPv4 address, and where. */
struct carrier {
    const char *network;
    unsigned bits;
    size_t offset;
};

static const struct carrier carriers[] = {
    { "::ffff:0:0", 96, 12 },   /* mapped (RFC 4291) */
    { "::ffff:0:0:0", 96, 12 }, /* translated (RFC 2765) */
    { "64:ff9b::", 96, 12 },    /* NAT64 (RFC 6052) */
    { "2002::", 16, 2 },        /* 6to4 (RFC 3056) */
    { "::", 96, 12 },           /* compatible (RFC 4291, deprecated) */
};

static bool bits_equal(const void *a, const void *b, unsigned bits)
{
    const unsigned char *x = a, *y = b;
    if (memcmp(x, y, bits / 8))
        return false;
    unsigned rest = bits % 8;
    return !rest || (x[bits / 8] ^ y[bits / 8]) >> (8 - rest) == 0;
}

static struct in6_addr mapped(const struct in_addr *v4)
{
    struct in6_addr v6 = { 0 };
    v6.s6_addr[10] = v6.s6_addr[11] = 0xff;
    memcpy(v6.s6_addr + 12, v4, 4);
    return v6;
}

static bool is_allowed(const struct address_rule *rule,
                       const struct in6_addr *address)
{
    for (size_t i = 0; i < rule->range_count; i++)
        if (bits_equal(&rule->ranges[i].network, address,
                       rule->ranges[i].prefix_bits))
            return true;
    return false;
}

static const char *special_kind(const struct special_range *ranges,
                                size_t count, int family, const void *address)
{
    for (size_t i = 0; i < count; i++) {
        struct in6_addr network;
        if (inet_pton(family, ranges[i].network, &network) == 1 &&
            bits_equal(&network, address, ranges[i].bits))
            return ranges[i].kind;
    }
    return NULL;
}

static const char *refuses_v4(const struct address_rule *rule,
                              const struct in_addr *address)
{
    const struct in6_addr as_v6 = mapped(address);
    if (is_allowed(rule, &as_v6))
        return NULL;
    return special_kind(special_v4, ARRAY_COUNT(special_v4), AF_INET, address);
}

static const char *refuses_v6(const struct address_rule *rule,
                              const struct in6_addr *address)
{
    if (is_allowed(rule, address))
        return NULL;
    const char *kind =
        special_kind(special_v6, ARRAY_COUNT(special_v6), AF_INET6, address);
    for (size_t i = 0; !kind && i < ARRAY_COUNT(carriers); i++) {
        struct in6_addr network;
        struct in_addr inner;
        if (inet_pton(AF_INET6, carriers[i].network, &network) != 1 ||
            !bits_equal(&network, address, carriers[i].bits))
            continue;
        memcpy(&inner, address->s6_addr + carriers[i].offset, sizeof(inner));
        return refuses_v4(rule, &inner);
    }
    return kind;
}

const char *address_rule_refuses(const struct address_rule *rule,
                                 const struct sockaddr *address)
{
    if (rule->allows_all)
        return NULL;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        return refuses_v4(rule, &v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        return refuses_v6(rule, &v6.sin6_addr);
    }
    return "address of an unknown family";
}

const char *address_rule_refuses_literal(const struct address_rule *rule,
                                         struct view host)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (host.size >= 2 && host.data[0] == '[' &&
        host.data[host.size - 1] == ']')
        host = view_of(host.data + 1, host.size - 2);
    if (rule->allows_all || !host.size || host.size >= sizeof(text))
        return NULL;
    memcpy(text, host.data, host.size);
    text[host.size] = '\0';
    text[strcspn(text, "%")] = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1)
        return refuses_v4(rule, &v4);
    if (inet_pton(AF_INET6, text, &v6) == 1)
        return refuses_v6(rule, &v6);
    return NULL;
}

static bool parse_range(struct view text, struct address_range *ret_range)
{
    char address[INET6_ADDRSTRLEN];
    struct view rest = text;
    struct view host = view_split(&rest, '/');
    if (host.size == 0 || host.size >= sizeof(address))
        return false;
    memcpy(address, host.data, host.size);
    address[host.size] = '\0';
    struct in_addr v4;
    struct in6_addr v6;
    unsigned own_bits = 128;
    if (inet_pton(AF_INET, address, &v4) == 1) {
        own_bits = 32;
        v6 = mapped(&v4);
    } else if (inet_pton(AF_INET6, address, &v6) != 1) {
        return false;
    }
    uint64_t bits = own_bits;
    if (rest.data && (!view_to_u64(rest, &bits) || bits > own_bits))
        return false;
    *ret_range = (struct address_range){
        .network = v6,
        .prefix_bits = (unsigned)bits + (128 - own_bits),
    };
    return true;
}

bool address_rule_allow(struct address_rule *rule, const char *list,
                        struct error *err)
{
    if (!list || !*list) {
        rule->allows_all = true;
        return true;
    }
    struct view rest = view_of_string(list);
    while (rest.data) {
        struct view item = view_trim(view_split(&rest, ','));
        if (rule->range_count == ADDRESS_RANGES_MAX)
            return error_set(err, ERR_USAGE,
                             "--allow-private: more than %d ranges",
                             ADDRESS_RANGES_MAX);
        if (!parse_range(item, &rule->ranges[rule->range_count]))
            return error_set(err, ERR_USAGE,
                             "--allow-private: \"%.*s\" is no address range; "
                             "write it like 10.0.0.0/8 or fd00::/8",
                             VIEW_ARG(item));
        rule->range_count++;
    }
    return true;
}
