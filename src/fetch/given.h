/*
 * given.h - the addresses that libcurl is given for a transfer
 * (CURLOPT_RESOLVE).
 *
 * What it is given stays in the multi handle's cache until it is taken out:
 * each handle takes out what it put in when it starts something else, so there
 * is never more than a handle's worth for each handle.
 *
 * Thread rule: belongs to the transfer's loop.
 */
#ifndef FETCHGREP_FETCH_GIVEN_H
#define FETCHGREP_FETCH_GIVEN_H

#include "transfer.h"

/* Tells the handle what it needs for the entry: all addresses of its host, or
 * with --per-address the one that it has a place at. */
CURLcode given_set(struct transfer *transfer, const struct entry *entry);

void given_release(struct transfer *transfer);

#endif
