/*
 * address.h - which addresses a list from anywhere may lead us to.
 *
 * Private, loopback, link-local, carrier-grade, multicast, reserved and
 * metadata addresses are refused when a socket is opened: after DNS and after
 * every redirect, so that DNS rebinding gains nothing. IPv6 forms that carry
 * an IPv4 address are judged by that address too. Ranges: the IANA special
 * purpose address registries (RFC 6890), and the metadata addresses of cloud
 * vendors that lie outside them.
 *
 * Thread rule: a rule is const once made.
 */
#ifndef FETCHGREP_FETCH_ADDRESS_H
#define FETCHGREP_FETCH_ADDRESS_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

#include <netinet/in.h>

enum { ADDRESS_RANGES_MAX = 64 };

struct address_range {
    struct in6_addr network; /* IPv4 as ::ffff:a.b.c.d */
    unsigned prefix_bits;    /* of the 128 */
};

struct address_rule {
    bool allows_all;
    size_t range_count;
    struct address_range ranges[ADDRESS_RANGES_MAX]; /* allowed all the same */
};

/* Adds the argument of --allow-private: "" or NULL allows all, otherwise a
 * list of "ADDRESS" and "ADDRESS/BITS" with commas. */
bool address_rule_allow(struct address_rule *rule, const char *list,
                        struct error *err) MUST_CHECK;

/* NULL when the address may be asked, else what it is: "loopback address". */
const char *address_rule_refuses(const struct address_rule *rule,
                                 const struct sockaddr *address);

/* The same for a URL's host when it is a literal address; NULL for a name. */
const char *address_rule_refuses_literal(const struct address_rule *rule,
                                         struct view host);

#endif
