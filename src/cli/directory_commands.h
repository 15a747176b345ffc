/*
 * directory_commands.h - the commands that look at a run directory: verify and
 * status.
 */
#ifndef FETCHGREP_CLI_DIRECTORY_COMMANDS_H
#define FETCHGREP_CLI_DIRECTORY_COMMANDS_H

#include "options.h"

bool command_verify(const struct raw_options *raw, int *ret_status,
                    struct error *err) MUST_CHECK;
bool command_status(const struct raw_options *raw, int *ret_status,
                    struct error *err) MUST_CHECK;

#endif
