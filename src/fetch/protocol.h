/*
 * protocol.h - how a request travels: HTTP version, TLS, proxy, cookies.
 *
 * Thread rule: of the loop's thread.
 */
#ifndef FETCHGREP_FETCH_PROTOCOL_H
#define FETCHGREP_FETCH_PROTOCOL_H

#include "transfer.h"

/* Of a loop's multi handle. */
void protocol_set_multi(CURLM *multi, const struct fetch_options *options);

/* Of an easy handle, for all its transfers. */
CURLcode protocol_set_fixed(CURL *easy, const struct fetch_options *options);

/* Of the transfer that begins: it has its page. */
CURLcode protocol_set_request(struct transfer *transfer);

/* A head is whole: whether the body is wanted, by the media type it tells. */
bool protocol_wants_body(const struct transfer *transfer);

/* Whether no connection came about because of the proxy, so that nothing is
 * known of the host. */
bool protocol_blames_proxy(const struct transfer *transfer, CURLcode code);

/* Whether it ended only because its handle has met five dead connections in
 * its life: it is to be begun again. */
bool protocol_is_worn_out(const struct transfer *transfer, CURLcode code);

/* Whether it ended because of what an earlier answer left on a kept connection:
 * the same. */
bool protocol_met_leftovers(const struct transfer *transfer, CURLcode code);

/* A transfer has ended, with a whole head: its cookies are kept. */
void protocol_note_answer(const struct transfer *transfer);

#endif
