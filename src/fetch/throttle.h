/*
 * throttle.h - --max-rate: so many bytes a second over all loops.
 *
 * Nothing is paused (libcurl's pause is broken under HTTP/2 in 7.88). What was
 * received is paid with time, and a loop that is in debt does not look at the
 * sockets that it reads from; the kernel's buffers fill, and TCP holds the
 * servers back. Connections are made and requests sent all the same.
 *
 * Thread rule: throttle_init before the loops; the rest from a loop's thread.
 */
#ifndef FETCHGREP_FETCH_THROTTLE_H
#define FETCHGREP_FETCH_THROTTLE_H

#include "loop.h"

void throttle_init(struct fetcher *fetcher);

/* The most that may be read from one socket at a time. */
uint64_t throttle_read_size(const struct fetch_options *options);

/* When the other family of addresses is tried too. */
long throttle_eyeballs_ms(const struct fetch_options *options);

/* Keeps the kernel from receiving far ahead of us on a new socket. */
void throttle_socket(const struct fetch_options *options, int fd);

/* When something may be read again; 0: now. */
int64_t throttle_due_ns(struct loop *loop);

#endif
