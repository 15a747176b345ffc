/*
 * choice_options.h - --type, --mime and --url-pattern: which pages an extract
 * is about.
 */
#ifndef FETCHGREP_CLI_CHOICE_OPTIONS_H
#define FETCHGREP_CLI_CHOICE_OPTIONS_H

#include "config.h"

/* Sets what the config's pipeline takes. */
bool choice_options_set(struct config *config, const struct raw_options *raw,
                        struct error *err) MUST_CHECK;

/* What of them shapes results, as text. */
void choice_options_describe(const struct raw_options *raw, struct buf *out);

#endif
