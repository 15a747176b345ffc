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
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_SIZE = 12,
    NAME_SIZE = 256,
    UDP_MOST = 512,
    REPLY_MOST = 16 << 10,
    ADDRESSES_MOST = 512,
    STREAMS_MOST = 32,
    FIRST_STREAM = 3, /* descriptors polled: UDP, TCP, standard input, ... */
    TTL_DEFAULT = 300,
};

static const char help_text[] =
    "usage: dns_server [--log FILE]\n"
    "labels that script the reply:\n"
    "  ok            the address 127.0.0.1\n"
    "  ip-A-B-C-D    the address A.B.C.D, beside others\n"
    "  many-N        N addresses from 127.1.0.1 on\n"
    "  v6            the address ::1\n"
    "  empty         the name exists and has no address\n"
    "  nx            no such name (so are names without any of these)\n"
    "  servfail      the server cannot tell\n"
    "  fails-N       the first N questions for the name and type fail so\n"
    "  refused       the server does not want to tell\n"
    "  silent        no reply; silent6: none for IPv6 addresses\n"
    "  slow-MS       the reply comes later\n"
    "  ttl-S         time to live\n"
    "  cname         the addresses belong to another name, by two aliases\n"
    "  garbage       a reply that is none\n";

struct question {
    unsigned char head[HEAD_SIZE];
    unsigned char raw[NAME_SIZE + 4]; /* as sent: name, type, class */
    size_t raw_size;
    char name[NAME_SIZE];
    unsigned type;
};

struct reply {
    unsigned char bytes[REPLY_MOST];
    size_t size;
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

struct failures {
    struct failures *next;
    long count;
    unsigned type;
    char name[NAME_SIZE];
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

static void fail(const char *what)
{
    fprintf(stderr, "dns_server: ");
    perror(what);
    exit(3);
}

static void *get_memory(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        fail("memory");
    return memory;
}

/* ---- the script in a name ---------------------------------------------- */

/* The next label in which `word` stands alone, or as "word-REST". */
static const char *find_label(const char *name, const char *word,
                              const char **ret_rest)
{
    size_t size = strlen(word);
    while (*name) {
        size_t label = strcspn(name, ".");
        if (label >= size && !strncasecmp(name, word, size) &&
            (label == size || name[size] == '-')) {
            *ret_rest = label == size ? "" : name + size + 1;
            return name;
        }
        name += label + (name[label] == '.');
    }
    return NULL;
}

static bool says(const char *name, const char *word)
{
    const char *rest;
    return find_label(name, word, &rest) != NULL;
}

static long number(const char *name, const char *word, long otherwise)
{
    const char *rest;
    return find_label(name, word, &rest) ? strtol(rest, NULL, 10) : otherwise;
}

/* "-A-B-C-D" as an address. */
static bool read_address(const char *rest, unsigned char address[4])
{
    for (int i = 0; i < 4; i++) {
        char *end;
        long value = strtol(rest, &end, 10);
        if (end == rest || value < 0 || value > 255)
            return false;
        address[i] = (unsigned char)value;
        rest = end + (*end == '-');
    }
    return true;
}

static size_t addresses_of(const char *name,
                           unsigned char addresses[ADDRESSES_MOST][4])
{
    size_t count = 0;
    const char *rest, *at = name;
    static const unsigned char first[4] = { 127, 0, 0, 1 };
    if (says(name, "ok"))
        memcpy(addresses[count++], first, 4);
    while ((at = find_label(at, "ip", &rest)) != NULL) {
        if (count < ADDRESSES_MOST && read_address(rest, addresses[count]))
            count++;
        at += strcspn(at, ".");
        at += *at == '.';
    }
    long many = number(name, "many", 0);
    for (long i = 1; i <= many && count < ADDRESSES_MOST; i++) {
        const unsigned char next[4] = { 127, 1, (unsigned char)(i / 256),
                                        (unsigned char)(i % 256) };
        memcpy(addresses[count++], next, 4);
    }
    return count;
}

static bool exists(const char *name)
{
    unsigned char addresses[ADDRESSES_MOST][4];
    return !says(name, "nx") && (addresses_of(name, addresses) > 0 ||
                                 says(name, "v6") || says(name, "empty"));
}

/* "fails-N": whether this question is among the first N of its kind. */
static bool fails_now(struct server *server, const struct question *question)
{
    struct failures *failures = server->failures;
    const char *name = question->name;
    long most = number(name, "fails", 0);
    if (most <= 0)
        return false;
    while (failures && (failures->type != question->type ||
                        strcasecmp(failures->name, name) != 0))
        failures = failures->next;
    if (!failures) {
        failures = get_memory(sizeof(*failures));
        failures->type = question->type;
        snprintf(failures->name, sizeof(failures->name), "%s", name);
        failures->next = server->failures;
        server->failures = failures;
    }
    return failures->count++ < most;
}

/* ---- replies ----------------------------------------------------------- */

static void put(struct reply *reply, const void *data, size_t size)
{
    if (reply->size + size > sizeof(reply->bytes))
        fail("a reply that is too long");
    memcpy(reply->bytes + reply->size, data, size);
    reply->size += size;
}

static void put_16(struct reply *reply, unsigned value)
{
    const unsigned char bytes[2] = { (unsigned char)(value >> 8),
                                     (unsigned char)value };
    put(reply, bytes, 2);
}

/* A record up to its data. `owner` is where its name stands in the reply. */
static void put_record(struct reply *reply, unsigned owner, unsigned type,
                       long ttl, unsigned size)
{
    put_16(reply, 0xc000 | owner);
    put_16(reply, type);
    put_16(reply, ns_c_in);
    put_16(reply, (unsigned)(ttl >> 16));
    put_16(reply, (unsigned)(ttl & 0xffff));
    put_16(reply, size);
}

/* "alias-N.<the name>" for the owner; returns where it stands. */
static unsigned put_alias(struct reply *reply, unsigned owner, long ttl,
                          char number)
{
    const unsigned char label[] = { 7,   'a', 'l', 'i',
                                    'a', 's', '-', (unsigned char)number };
    put_record(reply, owner, ns_t_cname, ttl, sizeof(label) + 2);
    unsigned at = (unsigned)reply->size;
    put(reply, label, sizeof(label));
    put_16(reply, 0xc000 | HEAD_SIZE);
    return at;
}

static unsigned put_answers(struct reply *reply,
                            const struct question *question)
{
    static const unsigned char loopback_v6[16] = { [15] = 1 };
    unsigned char addresses[ADDRESSES_MOST][4];
    const char *name = question->name;
    long ttl = number(name, "ttl", TTL_DEFAULT);
    unsigned owner = HEAD_SIZE, count = 0;
    if (says(name, "cname")) {
        owner = put_alias(reply, owner, ttl, '1');
        owner = put_alias(reply, owner, ttl, '2');
        count += 2;
    }
    size_t v4_count =
        question->type == ns_t_a ? addresses_of(name, addresses) : 0;
    for (size_t i = 0; i < v4_count; i++, count++) {
        put_record(reply, owner, ns_t_a, ttl, 4);
        put(reply, addresses[i], 4);
    }
    if (question->type == ns_t_aaaa && says(name, "v6")) {
        put_record(reply, owner, ns_t_aaaa, ttl, 16);
        put(reply, loopback_v6, 16);
        count++;
    }
    return count;
}

static unsigned code_of(struct server *server, const struct question *question)
{
    const char *name = question->name;
    return says(name, "servfail") || fails_now(server, question) ? ns_r_servfail
           : says(name, "refused")                               ? ns_r_refused
           : exists(name)                                        ? ns_r_noerror
                          : ns_r_nxdomain;
}

/* False: the question gets no reply. */
static bool make_reply(struct server *server, const struct question *question,
                       struct reply *reply)
{
    const char *name = question->name;
    reply->size = 0;
    if (says(name, "silent") ||
        (says(name, "silent6") && question->type == ns_t_aaaa))
        return false;
    unsigned code = code_of(server, question), count = 0;
    put(reply, question->head, HEAD_SIZE);
    if (says(name, "garbage")) {
        put(reply, "\xff\xff\xff\xff", 4);
        reply->bytes[2] |= 0x80;
        return true;
    }
    put(reply, question->raw, question->raw_size);
    if (code == ns_r_noerror)
        count = put_answers(reply, question);
    const unsigned char rest[10] = {
        0x84 | (question->head[2] & 1), /* reply, of authority */
        (unsigned char)(0x80 | code),
        0,
        1, /* one question */
        (unsigned char)(count >> 8),
        (unsigned char)count,
    };
    memcpy(reply->bytes + 2, rest, sizeof(rest));
    return true;
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
    if (!make_reply(server, &question, &reply))
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
