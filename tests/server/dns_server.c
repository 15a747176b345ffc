/*
 * dns_server - a scripted loopback name server for tests.
 *
 *   dns_server [--log FILE]
 *
 * A name is its own script: each of its labels below ".test" that is in the
 * list says something about the reply, and any other label only makes names
 * differ: "a17.slow-200.ok.test" has the address 127.0.0.1 and is answered
 * after 200 ms; --help prints the list. A name without such a label does not
 * exist.
 *
 * It listens on a free port of 127.0.0.1 (UDP and TCP), prints "PORT\n" to
 * standard output when it is ready, and closes that. It ends on SIGTERM, when
 * its standard input closes, or with its parent. The log has a line a question:
 * milliseconds since the start, udp or tcp, type, name.
 */
#include "dns/script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    UDP_MOST = 512,
    STREAMS_MOST = 32,
    FIRST_STREAM = 3, /* descriptors polled: UDP, TCP, standard input, ... */
};

/* A reply that waits for its time. */
struct delayed {
    struct delayed *next;
    int64_t due_ms;
    struct sockaddr_in to; /* over UDP */
    int stream;            /* over TCP; -1: UDP */
    size_t size;
    unsigned char bytes[];
};

struct server {
    int udp, tcp;
    int input; /* standard input when it can be waited for, or -1 */
    int streams[STREAMS_MOST]; /* -1: free */
    int64_t started_ms;
    FILE *log;
    struct delayed *delayed;
    struct failures *failures;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- questions --------------------------------------------------------- */

static bool read_name(const unsigned char *data, size_t size, char *name,
                      size_t *ret_end)
{
    size_t at = HEAD_SIZE, out = 0;
    while (at < size && data[at]) {
        size_t label = data[at++];
        if (label > 63 || at + label > size || out + label + 2 > NAME_SIZE)
            return false;
        if (out)
            name[out++] = '.';
        memcpy(name + out, data + at, label);
        out += label;
        at += label;
    }
    name[out] = '\0';
    *ret_end = at + 1;
    return *ret_end + 4 <= size;
}

static bool read_question(const unsigned char *data, size_t size,
                          struct question *question)
{
    size_t end;
    if (size < HEAD_SIZE || !read_name(data, size, question->name, &end) ||
        end + 4 - HEAD_SIZE > sizeof(question->raw))
        return false;
    memcpy(question->head, data, HEAD_SIZE);
    question->raw_size = end + 4 - HEAD_SIZE;
    memcpy(question->raw, data + HEAD_SIZE, question->raw_size);
    question->type = (unsigned)data[end] << 8 | data[end + 1];
    return true;
}

static void log_question(struct server *server, const struct question *question,
                         bool is_stream)
{
    if (server->log)
        fprintf(server->log, "%lld %s %s %s\n",
                (long long)(now_ms() - server->started_ms),
                is_stream ? "tcp" : "udp",
                question->type == ns_t_a      ? "A"
                : question->type == ns_t_aaaa ? "AAAA"
                                              : "other",
                question->name);
}

/* ---- sending ----------------------------------------------------------- */

static void send_now(struct server *server, const struct delayed *delayed)
{
    if (delayed->stream < 0) {
        sendto(server->udp, delayed->bytes, delayed->size, 0,
               (const struct sockaddr *)&delayed->to, sizeof(delayed->to));
        return;
    }
    const unsigned char size[2] = { (unsigned char)(delayed->size >> 8),
                                    (unsigned char)delayed->size };
    send(delayed->stream, size, 2, MSG_NOSIGNAL | MSG_MORE);
    send(delayed->stream, delayed->bytes, delayed->size, MSG_NOSIGNAL);
}

static void answer(struct server *server, const unsigned char *data,
                   size_t size, const struct sockaddr_in *to, int stream)
{
    static struct question question;
    static struct reply reply;
    if (!read_question(data, size, &question))
        return;
    log_question(server, &question, stream >= 0);
    if (!make_reply(&server->failures, &question, &reply))
        return;
    if (stream < 0 && reply.size > UDP_MOST) {
        reply.size = HEAD_SIZE + question.raw_size;
        reply.bytes[2] |= 0x02; /* truncated: ask again over TCP */
        memset(reply.bytes + 6, 0, 6);
    }
    struct delayed *delayed = get_memory(sizeof(*delayed) + reply.size);
    delayed->due_ms = now_ms() + number(question.name, "slow", 0);
    if (to)
        delayed->to = *to;
    delayed->stream = stream;
    delayed->size = reply.size;
    memcpy(delayed->bytes, reply.bytes, reply.size);
    delayed->next = server->delayed;
    server->delayed = delayed;
}

/* Sends what is due; the milliseconds until the next, -1: none waits. */
static int send_due(struct server *server)
{
    int64_t now = now_ms(), next = -1;
    for (struct delayed **at = &server->delayed; *at;) {
        struct delayed *delayed = *at;
        int64_t left = delayed->due_ms - now;
        if (left <= 0) {
            send_now(server, delayed);
            *at = delayed->next;
            free(delayed);
            continue;
        }
        if (next < 0 || left < next)
            next = left;
        at = &delayed->next;
    }
    return (int)next;
}

/* ---- receiving --------------------------------------------------------- */

static void receive_datagrams(struct server *server)
{
    unsigned char data[UDP_MOST];
    struct sockaddr_in from;
    socklen_t from_size = sizeof(from);
    ssize_t size;
    while ((size = recvfrom(server->udp, data, sizeof(data), MSG_DONTWAIT,
                            (struct sockaddr *)&from, &from_size)) >= 0)
        answer(server, data, (size_t)size, &from, -1);
}

static void forget_stream(struct server *server, int *stream)
{
    for (struct delayed **at = &server->delayed; *at;) {
        struct delayed *delayed = *at;
        if (delayed->stream == *stream) {
            *at = delayed->next;
            free(delayed);
        } else {
            at = &delayed->next;
        }
    }
    close(*stream);
    *stream = -1;
}

/* A question over TCP comes in one piece on loopback. */
static void receive_stream(struct server *server, int *stream)
{
    unsigned char data[2 + UDP_MOST];
    ssize_t size = recv(*stream, data, 2, MSG_WAITALL);
    size_t length = size == 2 ? (size_t)data[0] << 8 | data[1] : 0;
    if (!length || length > UDP_MOST ||
        recv(*stream, data + 2, length, MSG_WAITALL) != (ssize_t)length) {
        forget_stream(server, stream);
        return;
    }
    answer(server, data + 2, length, NULL, *stream);
}

static void accept_stream(struct server *server)
{
    int fd = accept4(server->tcp, NULL, NULL, SOCK_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < STREAMS_MOST; i++) {
        if (server->streams[i] < 0) {
            server->streams[i] = fd;
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

static void serve(struct server *server)
{
    for (;;) {
        struct pollfd polled[FIRST_STREAM + STREAMS_MOST] = {
            { .fd = server->udp, .events = POLLIN },
            { .fd = server->tcp, .events = POLLIN },
            { .fd = server->input, .events = POLLIN },
        };
        for (size_t i = 0; i < STREAMS_MOST; i++)
            polled[FIRST_STREAM + i] =
                (struct pollfd){ .fd = server->streams[i], .events = POLLIN };
        int wait_ms = send_due(server);
        if (poll(polled, FIRST_STREAM + STREAMS_MOST, wait_ms) < 0 &&
            errno != EINTR)
            fail("poll");
        char unread[64];
        if (polled[2].revents &&
            read(STDIN_FILENO, unread, sizeof(unread)) <= 0)
            return;
        if (polled[0].revents)
            receive_datagrams(server);
        for (size_t i = 0; i < STREAMS_MOST; i++)
            if (polled[FIRST_STREAM + i].revents)
                receive_stream(server, &server->streams[i]);
        if (polled[1].revents)
            accept_stream(server);
    }
}

/* ---- start ------------------------------------------------------------- */

static uint16_t listen_on_free_port(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int buffer_size = 1 << 20;
    server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (server->tcp < 0 || server->udp < 0 ||
        bind(server->tcp, (struct sockaddr *)&address, size) ||
        listen(server->tcp, STREAMS_MOST) ||
        getsockname(server->tcp, (struct sockaddr *)&address, &size))
        fail("TCP");
    setsockopt(server->udp, SOL_SOCKET, SO_RCVBUF, &buffer_size,
               sizeof(buffer_size));
    if (bind(server->udp, (struct sockaddr *)&address, size)) {
        /* Somebody has this port of UDP: another one. */
        close(server->tcp);
        close(server->udp);
        return 0;
    }
    return ntohs(address.sin_port);
}

int main(int argc, char **argv)
{
    static struct server server;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    server.started_ms = now_ms();
    for (size_t i = 0; i < STREAMS_MOST; i++)
        server.streams[i] = -1;
    for (int i = 1; i < argc; i++) {
        if (i + 1 == argc || strcmp(argv[i], "--log") != 0) {
            printf("%s", help_text);
            return strcmp(argv[i], "--help") ? 2 : 0;
        }
        server.log = fopen(argv[++i], "we");
        if (!server.log)
            fail(argv[i]);
        setvbuf(server.log, NULL, _IOLBF, 0);
    }
    struct stat input;
    bool is_pipe = !fstat(STDIN_FILENO, &input) && S_ISFIFO(input.st_mode);
    server.input = is_pipe ? STDIN_FILENO : -1;
    uint16_t port;
    while ((port = listen_on_free_port(&server)) == 0)
        ;
    printf("%u\n", (unsigned)port);
    if (fclose(stdout))
        fail("standard output");
    serve(&server);
    return 0;
}
