/*
 * addresses.h - the addresses of a name: a set that is shared by the cache of
 * names and by all transfers that may use it.
 *
 * Thread rule: a set is const once made but for its count of references and
 * where it begins, which are atomic.
 */
#ifndef FETCHGREP_FETCH_ADDRESSES_H
#define FETCHGREP_FETCH_ADDRESSES_H

#include "fetchgrep/base/view.h"
#include "fetchgrep/fetch/address.h"

#include <stdatomic.h>

/* More than these of a name are left out. */
enum { ADDRESSES_MAX = 16, ADDRESS_TEXT_SIZE = INET6_ADDRSTRLEN };

struct address {
    int family; /* AF_INET: the first 4 bytes, AF_INET6 */
    unsigned char bytes[16];
};

struct address_set {
    atomic_uint refs;
    atomic_uint first; /* where a transfer begins, modulo `count` */
    uint32_t count;
    struct address addresses[];
};

/* Copies; at least one. With one reference; NULL without memory. */
struct address_set *address_set_new(const struct address *addresses,
                                    size_t count);
struct address_set *address_set_ref(struct address_set *set);
/* Takes NULL. */
void address_set_unref(struct address_set *set);

/* "192.0.2.1", "2001:db8::1", brackets around the latter or none; false when
 * it is neither. */
bool address_parse(struct view text, struct address *ret_address) MUST_CHECK;
void address_format(const struct address *address,
                    char text[ADDRESS_TEXT_SIZE]);

bool address_equal(const struct address *a, const struct address *b);

/* As connect(2) takes it. */
socklen_t address_to_socket(const struct address *address, uint16_t port,
                            struct sockaddr_storage *ret_socket_address);

/*
 * Takes out what the rule refuses, keeps the order; returns how many are left.
 * When that is none, `ret_refused` is the first one refused and `ret_kind`
 * what it is.
 */
size_t addresses_admit(struct address *addresses, size_t count,
                       const struct address_rule *rule,
                       struct address *ret_refused, const char **ret_kind);

/* IPv6 in front when this machine has a route to the first of them, else IPv4
 * (of RFC 6724 what matters most). The order within a family stays. */
void addresses_order(struct address *addresses, size_t count);

/* Whether this machine could send to the address. Nothing is sent. */
bool address_has_route(const struct address *address);

#endif
