/*
 * request.h - the header lines of a request.
 */
#ifndef FETCHGREP_FETCH_REQUEST_H
#define FETCHGREP_FETCH_REQUEST_H

#include "fetchgrep/fetch/fetch.h"

struct curl_slist;

/* What libcurl gets as CURLOPT_HTTPHEADER for every host; `ret_list` is the
 * caller's (curl_slist_free_all). */
bool request_headers(const struct fetch_options *options,
                     struct curl_slist **ret_list,
                     struct error *err) MUST_CHECK;

/* Whether some --header-for is meant for this host. */
bool request_has_host_headers(const struct fetch_options *options,
                              const struct url *url);

/* The list of request_headers, those for this host behind it, and with `known`
 * the conditions that it gives. */
bool request_headers_for(const struct fetch_options *options,
                         const struct url *url,
                         const struct known_answer *known,
                         struct curl_slist **ret_list,
                         struct error *err) MUST_CHECK;

#endif
