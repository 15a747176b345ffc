#include "channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum signal_kind { SIGNAL_PIECE = 1, SIGNAL_READ };

bool channel_sockets(int ret_fds[2], struct error *err)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) ==
               0 ||
           error_set_errno(err, ERR_SYSTEM, errno, "cannot make a socket");
}

void channel_open(struct channel *channel, int fd, struct channel_region out,
                  struct channel_region in)
{
    *channel = (struct channel){ .fd = fd, .out = out, .in = in };
    buf_init(&channel->whole, SIZE_MAX / 2);
}

void channel_close(struct channel *channel)
{
    if (!channel->out.bytes)
        return;
    close(channel->fd);
    buf_release(&channel->whole);
    *channel = (struct channel){ .fd = -1 };
}

/* ---- signals ---------------------------------------------------------- */

static bool put_signal(struct channel *channel, struct channel_signal signal)
{
    ssize_t sent;
    do {
        sent = send(channel->fd, &signal, sizeof(signal), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof(signal);
}

/* False: the other side is gone. One that has died with something unread first
 * shows as ECONNRESET, before what it had sent. */
static bool get_signal(struct channel *channel,
                       struct channel_signal *ret_signal)
{
    if (channel->early.kind) {
        *ret_signal = channel->early;
        channel->early.kind = 0;
        return true;
    }
    for (;;) {
        ssize_t got = recv(channel->fd, ret_signal, sizeof(*ret_signal), 0);
        if (got == (ssize_t)sizeof(*ret_signal))
            return true;
        if (got >= 0)
            return false;
        if (errno == EAGAIN && channel->on_wait)
            channel->on_wait(channel->wait_ctx);
        else if (errno != EAGAIN && errno != EINTR && errno != ECONNRESET)
            return false;
    }
}

/* ---- sending ---------------------------------------------------------- */

static bool wait_until_read(struct channel *channel)
{
    struct channel_signal signal;
    if (!channel->is_unread)
        return true;
    if (!get_signal(channel, &signal))
        return false;
    if (signal.kind != SIGNAL_READ) {
        channel->early = signal;
        return false;
    }
    channel->is_unread = false;
    return true;
}

/* Fills the region from part `*part` on, of which `*offset` bytes are sent. */
static size_t fill(struct channel *channel, const struct view *parts,
                   size_t count, size_t *part, size_t *offset)
{
    size_t size = 0;
    while (*part < count) {
        struct view rest = view_from(parts[*part], *offset);
        size_t room = channel->out.size - size;
        size_t step = rest.size < room ? rest.size : room;
        if (step)
            memcpy(channel->out.bytes + size, rest.data, step);
        size += step;
        if (step < rest.size) {
            *offset += step;
            break;
        }
        ++*part;
        *offset = 0;
    }
    return size;
}

enum channel_result channel_send(struct channel *channel,
                                 const struct view *parts, size_t count)
{
    size_t part = 0, offset = 0;
    do {
        if (!wait_until_read(channel))
            return CHANNEL_CLOSED;
        struct channel_signal signal = { .kind = SIGNAL_PIECE };
        signal.size = fill(channel, parts, count, &part, &offset);
        signal.is_last = part == count;
        if (!put_signal(channel, signal))
            return CHANNEL_CLOSED;
        channel->is_unread = true;
    } while (part < count);
    return CHANNEL_DONE;
}

/* ---- receiving -------------------------------------------------------- */

void channel_release(struct channel *channel)
{
    /* One that has died meanwhile shows at the next receive. */
    (void)put_signal(channel, (struct channel_signal){ .kind = SIGNAL_READ });
}

/* A piece of a message that does not fit the region. */
static bool add_piece(struct channel *channel,
                      const struct channel_signal *signal)
{
    buf_append(&channel->whole, channel->in.bytes, signal->size);
    if (channel->whole.failed)
        return false;
    if (!signal->is_last)
        channel_release(channel);
    return true;
}

enum channel_result channel_receive(struct channel *channel, char **ret_bytes,
                                    size_t *ret_size)
{
    enum { KEPT_BYTES = 1 << 20 };
    struct channel_signal signal;
    buf_shrink(&channel->whole, KEPT_BYTES);
    for (;;) {
        if (!get_signal(channel, &signal))
            return CHANNEL_CLOSED;
        channel->is_unread = false;
        if (signal.kind == SIGNAL_READ)
            continue;
        if (signal.size > channel->in.size)
            return CHANNEL_CLOSED;
        if (signal.is_last && !channel->whole.size) {
            *ret_bytes = channel->in.bytes;
            *ret_size = signal.size;
            return CHANNEL_DONE;
        }
        if (!add_piece(channel, &signal))
            return CHANNEL_NO_MEMORY;
        if (signal.is_last) {
            *ret_bytes = channel->whole.data;
            *ret_size = channel->whole.size;
            return CHANNEL_DONE;
        }
    }
}
