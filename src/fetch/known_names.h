/*
 * known_names.h - names whose addresses need not be asked for.
 *
 * Thread rule: const once sealed.
 */
#ifndef FETCHGREP_FETCH_KNOWN_NAMES_H
#define FETCHGREP_FETCH_KNOWN_NAMES_H

#include "addresses.h"

#include "fetchgrep/fetch/name_options.h"

/* Whether --resolve speaks of this host at this port. */
bool known_names_has_port(const struct known_names *known, struct view host,
                          uint16_t port);

/* The addresses that the user or this machine knows for the host, at most
 * ADDRESSES_MAX of them; 0: none are known. */
size_t known_names_find(const struct known_names *known, struct view host,
                        uint16_t port, struct address addresses[ADDRESSES_MAX]);

#endif
