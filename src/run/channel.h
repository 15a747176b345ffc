/*
 * channel.h - messages between the process of a run and one of its workers.
 *
 * The bytes go through two regions of shared memory, one a direction; a
 * SOCK_SEQPACKET socket only says how many there are, and so tells either side
 * when the other has died: no lock lies in shared memory. A message longer than
 * its region goes in pieces.
 *
 * A region is written again only when the other side has read it: it says so
 * (channel_release), or it shows by sending something itself. A message is over
 * to the other side with the send of its last piece, and stays so when the
 * sender dies the moment after.
 *
 * Thread rule: an end belongs to one thread.
 */
#ifndef FETCHGREP_RUN_CHANNEL_H
#define FETCHGREP_RUN_CHANNEL_H

#include "fetchgrep/base/buf.h"

#include <stdint.h>

struct channel_region {
    char *bytes;
    size_t size;
};

/* What goes over the socket. */
struct channel_signal {
    uint32_t kind; /* 0: none */
    uint32_t is_last;
    uint64_t size; /* of the piece */
};

struct channel {
    int fd;
    struct channel_region out, in;
    bool is_unread;              /* what stands in `out` */
    struct buf whole;            /* a message that came in pieces */
    struct channel_signal early; /* came while a send waited */
    /* Called again and again, as the socket's SO_RCVTIMEO says, while nothing
     * comes; or NULL. */
    void (*on_wait)(void *ctx);
    void *wait_ctx;
};

/* Two connected sockets, for the two ends. */
bool channel_sockets(int ret_fds[2], struct error *err) MUST_CHECK;

/* `fd` becomes the channel's. */
void channel_open(struct channel *channel, int fd, struct channel_region out,
                  struct channel_region in);

/* Closes it; a zeroed one is fine. */
void channel_close(struct channel *channel);

enum channel_result { CHANNEL_DONE, CHANNEL_CLOSED, CHANNEL_NO_MEMORY };

/* Sends the parts as one message. CHANNEL_CLOSED: the other side is gone, or
 * has something else to say first: its last words can still be received. */
enum channel_result channel_send(struct channel *channel,
                                 const struct view *parts,
                                 size_t count) MUST_CHECK;

/* Waits for a message. It is borrowed, and may be changed, until
 * channel_release or the next send. */
enum channel_result channel_receive(struct channel *channel, char **ret_bytes,
                                    size_t *ret_size) MUST_CHECK;

/* What was received has been read. */
void channel_release(struct channel *channel);

#endif
