/*
 * loop_parts.h - what the files of the event loop call of each other: loop.c
 * has the round, loop_sockets.c what epoll and libcurl's multi handle say of
 * sockets, loop_transfers.c which entries start and what becomes of them.
 *
 * Thread rule: the loop's own thread; opening and closing when it does not run.
 */
#ifndef FETCHGREP_FETCH_LOOP_PARTS_H
#define FETCHGREP_FETCH_LOOP_PARTS_H

#include "loop.h"

#include <sys/epoll.h>

/* ---- loop_sockets.c --------------------------------------------------- */

/* The epoll sets, the wake descriptor and the multi handle. After a failure,
 * too, what is there must be closed. */
bool loop_open_sockets(struct loop *loop, struct error *err) MUST_CHECK;
void loop_close_sockets(struct loop *loop);

/* Whether sockets that are only read are looked at (--max-rate). */
void loop_watch_data(struct loop *loop, bool is_watched);

/* Lets libcurl work on the socket that is ready. */
void loop_handle_event(struct loop *loop, const struct epoll_event *event);

/* Lets libcurl do what its timer is due for. */
void loop_handle_timer(struct loop *loop);

/* Goes on with a new multi handle when it is time for that (loop.h). */
bool loop_renew_multi(struct loop *loop, struct error *err) MUST_CHECK;

/* ---- loop_transfers.c ------------------------------------------------- */

/* Starts what may start. True: nothing will ever come any more. */
bool loop_top_up(struct loop *loop);

/* The transfer is over: its entry goes on, or back to be asked for again. */
void loop_finish(struct loop *loop, struct transfer *transfer, CURLcode code);

/* Entries go back: of the transfers that callbacks have dropped; of all. */
void loop_put_back_dropped(struct loop *loop);
void loop_put_back_all(struct loop *loop);

/* Hands on the entries that have finished since the last time. */
void loop_deliver(struct loop *loop);

#endif
