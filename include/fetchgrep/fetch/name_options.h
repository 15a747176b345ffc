/*
 * name_options.h - how names are resolved: what the user knows already
 * (--resolve, a hosts file), and whom to ask for the rest.
 *
 * Thread rule: const once filled.
 */
#ifndef FETCHGREP_FETCH_NAME_OPTIONS_H
#define FETCHGREP_FETCH_NAME_OPTIONS_H

#include "fetchgrep/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct known_names;

struct known_names *known_names_new(struct error *err);
void known_names_free(struct known_names *known); /* takes NULL */

/* HOST:PORT:ADDRESS[,ADDRESS]...; HOST "*" is any. */
bool known_names_add(struct known_names *known, const char *text,
                     struct error *err) MUST_CHECK;

/* A file of lines "ADDRESS NAME...", `#` begins a comment (hosts(5)). */
bool known_names_add_file(struct known_names *known, const char *path,
                          struct error *err) MUST_CHECK;

/* Before the first question: what was added is put in order. */
void known_names_seal(struct known_names *known);

/* All pointers are borrowed. Zeroed: the system's name servers. */
struct name_options {
    const struct known_names *known; /* NULL: nothing */
    const char *servers;    /* "ADDRESS[:PORT],..."; NULL: the system's */
    uint32_t lookups_per_s; /* at most; 0: as fast as they are answered */
    uint32_t per_address;   /* transfers at once to one address; 0: any */
};

/* Whether `servers` is such a list. */
bool name_servers_check(const char *servers, struct error *err) MUST_CHECK;

#endif
