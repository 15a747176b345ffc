/*
 * network_options.h - --http2, --cookies, --cert, --key, --mime of a run, and
 * the check of --proxy and --cacert.
 */
#ifndef FETCHGREP_CLI_NETWORK_OPTIONS_H
#define FETCHGREP_CLI_NETWORK_OPTIONS_H

#include "config.h"

/* Sets what the config's fetch takes, once its choice of pages is made. */
bool network_options_set(struct config *config, const struct raw_options *raw,
                         struct error *err) MUST_CHECK;
void network_options_release(struct config *config);

/* What of them shapes results, as text. */
void network_options_describe(const struct raw_options *raw, struct buf *out);

#endif
