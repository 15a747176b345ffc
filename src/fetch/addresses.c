#include "addresses.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- sets ------------------------------------------------------------- */

struct address_set *address_set_new(const struct address *addresses,
                                    size_t count)
{
    size_t size = count * sizeof(*addresses);
    struct address_set *set = malloc(sizeof(*set) + size);
    if (!set)
        return NULL;
    atomic_init(&set->refs, 1);
    atomic_init(&set->first, 0);
    set->count = (uint32_t)count;
    memcpy(set->addresses, addresses, size);
    return set;
}

struct address_set *address_set_ref(struct address_set *set)
{
    atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
    return set;
}

void address_set_unref(struct address_set *set)
{
    if (set && atomic_fetch_sub(&set->refs, 1) == 1)
        free(set);
}

/* ---- one address ------------------------------------------------------ */

bool address_parse(struct view text, struct address *ret_address)
{
    char copy[ADDRESS_TEXT_SIZE];
    struct address address = { .family = AF_INET6 };
    bool has_brackets = text.size >= 2 && text.data[0] == '[' &&
                        text.data[text.size - 1] == ']';
    if (has_brackets)
        text = view_of(text.data + 1, text.size - 2);
    if (!text.size || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (!has_brackets && inet_pton(AF_INET, copy, address.bytes) == 1)
        address.family = AF_INET;
    else if (inet_pton(AF_INET6, copy, address.bytes) != 1)
        return false;
    *ret_address = address;
    return true;
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    if (!inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT_SIZE))
        text[0] = '\0';
}

bool address_equal(const struct address *a, const struct address *b)
{
    size_t size = a->family == AF_INET ? 4 : 16;
    return a->family == b->family && !memcmp(a->bytes, b->bytes, size);
}

socklen_t address_to_socket(const struct address *address, uint16_t port,
                            struct sockaddr_storage *ret_socket_address)
{
    *ret_socket_address = (struct sockaddr_storage){ 0 };
    if (address->family == AF_INET) {
        struct sockaddr_in v4 = { .sin_family = AF_INET,
                                  .sin_port = htons(port) };
        memcpy(&v4.sin_addr, address->bytes, sizeof(v4.sin_addr));
        memcpy(ret_socket_address, &v4, sizeof(v4));
        return sizeof(v4);
    }
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons(port) };
    memcpy(&v6.sin6_addr, address->bytes, sizeof(v6.sin6_addr));
    memcpy(ret_socket_address, &v6, sizeof(v6));
    return sizeof(v6);
}

/* ---- many ------------------------------------------------------------- */

size_t addresses_admit(struct address *addresses, size_t count,
                       const struct address_rule *rule,
                       struct address *ret_refused, const char **ret_kind)
{
    size_t kept = 0;
    struct address refused = { 0 };
    const char *refused_kind = NULL;
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_storage storage;
        address_to_socket(&addresses[i], 0, &storage);
        const char *kind =
            address_rule_refuses(rule, (const struct sockaddr *)&storage);
        if (!kind) {
            addresses[kept++] = addresses[i];
        } else if (!refused_kind) {
            refused = addresses[i];
            refused_kind = kind;
        }
    }
    if (!kept && refused_kind) {
        *ret_refused = refused;
        *ret_kind = refused_kind;
    }
    return kept;
}

bool address_has_route(const struct address *address)
{
    struct sockaddr_storage storage;
    /* The discard port: connect(2) of a datagram socket sends nothing. */
    socklen_t size = address_to_socket(address, 9, &storage);
    int fd = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool has_route = connect(fd, (const struct sockaddr *)&storage, size) == 0;
    close(fd);
    return has_route;
}

static size_t copy_family(const struct address *addresses, size_t count,
                          int family, struct address *out)
{
    size_t copied = 0;
    for (size_t i = 0; i < count; i++)
        if (addresses[i].family == family)
            out[copied++] = addresses[i];
    return copied;
}

void addresses_order(struct address *addresses, size_t count)
{
    struct address v6[ADDRESSES_MAX], v4[ADDRESSES_MAX];
    if (count > ADDRESSES_MAX)
        count = ADDRESSES_MAX;
    size_t v6_count = copy_family(addresses, count, AF_INET6, v6);
    size_t v4_count = copy_family(addresses, count, AF_INET, v4);
    if (!v6_count || !v4_count)
        return;
    bool is_v6_first = address_has_route(&v6[0]);
    memcpy(addresses + (is_v6_first ? 0 : v4_count), v6,
           v6_count * sizeof(*v6));
    memcpy(addresses + (is_v6_first ? v6_count : 0), v4,
           v4_count * sizeof(*v4));
}
