/*
 * names.h - --resolve, --hosts-file, --dns-servers, --dns-rate and
 * --per-address: how a run comes by the addresses of its hosts.
 */
#ifndef FETCHGREP_CLI_NAMES_H
#define FETCHGREP_CLI_NAMES_H

#include "config.h"

/* Sets what the config's pipeline takes. */
bool names_set(struct config *config, const struct raw_options *raw,
               struct error *err) MUST_CHECK;

#endif
