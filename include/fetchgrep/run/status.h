/*
 * status.h - how far a run is, from its files alone (`fetchgrep status`):
 * finished, going on, stopped or killed, here or on another machine. Nothing is
 * locked and nothing is written.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_RUN_STATUS_H
#define FETCHGREP_RUN_STATUS_H

#include "fetchgrep/base/buf.h"

/* Appends a text for people, or one JSON object: of a run directory, or of the
 * shards below a directory and all of them together. ERR_USAGE when it is
 * neither, ERR_DATA when its files make no sense. */
bool status_append(const char *dir, bool is_json, struct buf *out,
                   struct error *err) MUST_CHECK;

#endif
