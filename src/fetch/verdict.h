/*
 * verdict.h - what a finished transfer means: a pure function from libcurl's
 * result and our own reasons to an outcome.
 *
 * libcurl's code is no proof of whose fault something is: a server can make it
 * report a write error or lack of memory. So every code becomes an outcome of
 * this entry alone.
 */
#ifndef FETCHGREP_FETCH_VERDICT_H
#define FETCHGREP_FETCH_VERDICT_H

#include "transfer.h"

struct verdict {
    enum outcome outcome;
    enum page_cut cut;
    bool is_proxy_fault;  /* nothing is known of the host */
    bool nobody_answered; /* see struct entry */
    char detail[CURL_ERROR_SIZE + 128];
};

struct verdict verdict_of(const struct transfer *transfer, CURLcode code,
                          long os_errno);

#endif
