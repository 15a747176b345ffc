/*
 * fault_server - a scripted loopback HTTP server for tests: slow, torn,
 * redirecting, compressed and mislabelled replies (fault/behaviours.h lists
 * them by path; so does --help).
 *
 *   fault_server [--listen ADDRESS]... [--log FILE] [--alias PATH TARGET]...
 *
 * One thread, one epoll, edge-triggered; thousands of connections may wait at
 * once. It listens on a free port of 127.0.0.1, or of the loopback addresses
 * given (the same port on all), prints "PORT\n" to standard output when it is
 * ready, and closes that. It ends on SIGTERM, when its standard input closes,
 * or with its parent, so that no test leaves one behind. The log has a line a
 * request: milliseconds since the start, Host header, path.
 */
#include "fault/behaviours.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ALIASES_MAX = 16,
    HEAD_MAX = 64 << 10,
    SEND_SIZE = 64 << 10,
    /* Of one reply before others have their turn. */
    TURN_SIZE = 1 << 20,
    NOT_WAITING = -1,
};

struct connection {
    int fd;
    size_t address; /* that it came to, among the listeners */
    struct bytes in;
    struct script script;
    size_t step;   /* that is played */
    uint64_t sent; /* of it */
    bool is_playing;
    int64_t due_ms;       /* while in the heap */
    ptrdiff_t heap_index; /* NOT_WAITING: not in it */
    bool has_turn;        /* in the list of those with more to send at once */
    struct connection *next_turn;
    struct connection *next_dead;
    bool is_dead;
};

struct alias {
    const char *path, *target;
};

/* Replies that are under way, and the most there ever were, for /peak. */
struct load {
    size_t count, peak;
};

/* How often a path was asked for, for /flaky, /etag. */
struct visit {
    char *path;
    size_t count;
};

struct server {
    int epoll_fd;
    int listeners[LISTENERS_MAX];
    size_t listener_count;
    uint16_t port;
    int signal_fd;
    int64_t started_ms;
    FILE *log;
    struct connection **heap; /* by due_ms */
    size_t heap_size, heap_capacity;
    struct connection *turns;
    struct connection *dead;          /* freed between two rounds of events */
    struct load load;                 /* replies under way */
    struct load loads[LISTENERS_MAX]; /* of each address */
    struct visit *visits;
    size_t visit_count;
    struct alias aliases[ALIASES_MAX];
    size_t alias_count;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void count_one(struct load *load, bool is_begin)
{
    load->count += is_begin ? 1 : (size_t)-1;
    if (load->count > load->peak)
        load->peak = load->count;
}

static void count_reply(struct server *server,
                        const struct connection *connection, bool is_begin)
{
    count_one(&server->load, is_begin);
    count_one(&server->loads[connection->address], is_begin);
}

/* ---- the heap of those who wait --------------------------------------- */

static void heap_put(struct server *server, size_t index,
                     struct connection *connection)
{
    server->heap[index] = connection;
    connection->heap_index = (ptrdiff_t)index;
}

static void heap_up(struct server *server, size_t index,
                    struct connection *connection)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (server->heap[parent]->due_ms <= connection->due_ms)
            break;
        heap_put(server, index, server->heap[parent]);
        index = parent;
    }
    heap_put(server, index, connection);
}

static void heap_down(struct server *server, size_t index,
                      struct connection *connection)
{
    for (size_t child; (child = 2 * index + 1) < server->heap_size;) {
        if (child + 1 < server->heap_size &&
            server->heap[child + 1]->due_ms < server->heap[child]->due_ms)
            child++;
        if (server->heap[child]->due_ms >= connection->due_ms)
            break;
        heap_put(server, index, server->heap[child]);
        index = child;
    }
    heap_put(server, index, connection);
}

static void heap_add(struct server *server, struct connection *connection,
                     int64_t due_ms)
{
    if (server->heap_size == server->heap_capacity) {
        server->heap_capacity = server->heap_capacity * 2 + 64;
        server->heap = realloc(server->heap,
                               server->heap_capacity * sizeof(server->heap[0]));
        if (!server->heap)
            fail("memory");
    }
    connection->due_ms = due_ms;
    heap_up(server, server->heap_size++, connection);
}

static void heap_remove(struct server *server, struct connection *connection)
{
    if (connection->heap_index == NOT_WAITING)
        return;
    size_t index = (size_t)connection->heap_index;
    struct connection *last = server->heap[--server->heap_size];
    connection->heap_index = NOT_WAITING;
    if (last == connection)
        return;
    if (last->due_ms < connection->due_ms)
        heap_up(server, index, last);
    else
        heap_down(server, index, last);
}

/* ---- one connection --------------------------------------------------- */

static void connection_end(struct server *server, struct connection *connection)
{
    if (connection->is_dead)
        return;
    heap_remove(server, connection);
    close(connection->fd);
    if (connection->is_playing)
        count_reply(server, connection, false);
    connection->is_playing = false;
    connection->is_dead = true;
    connection->next_dead = server->dead;
    server->dead = connection;
}

static void connection_reset(struct server *server,
                             struct connection *connection)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once,
               sizeof(at_once));
    connection_end(server, connection);
}

static void take_turn_later(struct server *server,
                            struct connection *connection)
{
    if (connection->has_turn)
        return;
    connection->has_turn = true;
    connection->next_turn = server->turns;
    server->turns = connection;
}

/* The bytes that come next, at most `capacity`, copied to `out`. */
static size_t step_read(const struct step *step, uint64_t sent, char *out,
                        size_t capacity)
{
    uint64_t left = step->size - sent;
    size_t size = left < capacity ? (size_t)left : capacity;
    if (step->kind == STEP_DRIP)
        size = size ? 1 : 0;
    if (step->kind == STEP_PAGE || step->kind == STEP_DRIP)
        return page_read(step->page_size, sent, out, size);
    for (size_t done = 0; done < size;) {
        size_t from = (size_t)((sent + done) % step->bytes_size);
        size_t part = step->bytes_size - from;
        if (part > size - done)
            part = size - done;
        memcpy(out + done, step->bytes + from, part);
        done += part;
    }
    return size;
}

/* What became of a step. */
enum played { PLAYED_WHOLE, PLAYED_PART };

static enum played play_bytes(struct server *server,
                              struct connection *connection,
                              const struct step *step)
{
    static char out[SEND_SIZE];
    for (size_t turn = 0; turn < TURN_SIZE;) {
        size_t size = step_read(step, connection->sent, out, sizeof(out));
        if (!size)
            return PLAYED_WHOLE;
        ssize_t sent = send(connection->fd, out, size, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR)
                connection_end(server, connection);
            return PLAYED_PART;
        }
        connection->sent += (uint64_t)sent;
        turn += (size_t)sent;
        if (step->kind == STEP_DRIP) {
            heap_add(server, connection, now_ms() + step->ms);
            return PLAYED_PART;
        }
    }
    take_turn_later(server, connection);
    return PLAYED_PART;
}

/* The first time the wait begins; the second time it is over. */
static enum played play_wait(struct server *server,
                             struct connection *connection,
                             const struct step *step)
{
    if (connection->sent++)
        return PLAYED_WHOLE;
    heap_add(server, connection, now_ms() + step->ms);
    return PLAYED_PART;
}

static enum played play_step(struct server *server,
                             struct connection *connection,
                             const struct step *step)
{
    switch (step->kind) {
    case STEP_WAIT:
        return play_wait(server, connection, step);
    case STEP_HANG:
        return PLAYED_PART;
    case STEP_CLOSE:
        connection_end(server, connection);
        return PLAYED_PART;
    case STEP_RESET:
        connection_reset(server, connection);
        return PLAYED_PART;
    case STEP_SEND:
    case STEP_REPEAT:
    case STEP_PAGE:
    case STEP_DRIP:
    default:
        return play_bytes(server, connection, step);
    }
}

/* Plays on until the reply is whole, or the socket or a clock stops it. */
static void play(struct server *server, struct connection *connection)
{
    while (connection->is_playing && connection->heap_index == NOT_WAITING) {
        if (connection->step == connection->script.count) {
            script_release(&connection->script);
            connection->is_playing = false;
            count_reply(server, connection, false);
            return;
        }
        const struct step *step = &connection->script.steps[connection->step];
        if (play_step(server, connection, step) == PLAYED_PART)
            return;
        connection->step++;
        connection->sent = 0;
    }
}

/* ---- requests --------------------------------------------------------- */

/* "{port}" in a target is the server's own. */
static void name_port(const struct server *server, struct alias *alias)
{
    const char *at = strstr(alias->target, "{port}");
    char *target;
    if (!at)
        return;
    if (asprintf(&target, "%.*s%d%s", (int)(at - alias->target), alias->target,
                 server->port, at + 6) < 0)
        fail("memory");
    alias->target = target; /* as long as the server */
}

/* A path that is answered as another one; "127.0.0.2/path" is that of one
 * host. */
static const char *find_alias(const struct server *server, const char *head,
                              const char *path)
{
    const char *host = strcasestr(head, "\r\nHost:");
    host = host ? host + 7 + strspn(host + 7, " ") : "";
    for (size_t i = 0; i < server->alias_count; i++) {
        const char *name = server->aliases[i].path;
        size_t host_size = strcspn(name, "/");
        if (!strcmp(name + host_size, path) && !strncmp(name, host, host_size))
            return server->aliases[i].target;
    }
    return path;
}

static void log_request(struct server *server, const struct request *request)
{
    if (!server->log)
        return;
    const char *host = strcasestr(request->head, "\r\nHost:");
    host = host ? host + 7 + strspn(host + 7, " ") : "-";
    fprintf(server->log, "%lld %.*s %s\n",
            (long long)(now_ms() - server->started_ms),
            (int)strcspn(host, "\r"), host, request->path);
}

/* Appends path and query of the request line, with a NUL. A proxy is asked for
 * a whole URL: its scheme and host are passed over. */
static void path_add(const char *head, struct bytes *path)
{
    const char *target = head + strcspn(head, " ");
    target += strspn(target, " ");
    if (!strncmp(target, "http://", 7))
        target += 7 + strcspn(target + 7, "/ \r");
    bytes_add(path, target, strcspn(target, " \r"));
    bytes_add_char(path, 0);
}

/* Requests for this path before; only those are remembered that ask for it. */
static size_t count_visit(struct server *server, const char *path)
{
    if (strncmp(path, "/flaky", 6) && strncmp(path, "/etag", 5))
        return 0;
    for (size_t i = 0; i < server->visit_count; i++)
        if (!strcmp(server->visits[i].path, path))
            return server->visits[i].count++;
    server->visits = realloc(server->visits, (server->visit_count + 1) *
                                                 sizeof(*server->visits));
    char *copy = strdup(path);
    if (!server->visits || !copy)
        fail("memory");
    server->visits[server->visit_count++] = (struct visit){ copy, 1 };
    return 0;
}

/* Starts the reply to the request whose head is the first `size` bytes. */
static void answer(struct server *server, struct connection *connection,
                   size_t size)
{
    struct bytes *in = &connection->in;
    struct bytes head = { 0 };
    struct bytes path = { 0 };
    bytes_add(&head, in->data, size);
    bytes_add_char(&head, 0);
    path_add(head.data, &path);
    struct request request = { .head = head.data,
                               .head_size = size,
                               .path = path.data,
                               .peak = server->load.peak };
    for (size_t i = 0; i < LISTENERS_MAX; i++)
        request.peaks[i] = server->loads[i].peak;
    memmove(in->data, in->data + size, in->size - size);
    in->size -= size;
    log_request(server, &request);
    request.path = find_alias(server, head.data, path.data);
    request.before = count_visit(server, request.path);
    behave(&request, &connection->script);
    connection->is_playing = true;
    count_reply(server, connection, true);
    connection->step = 0;
    connection->sent = 0;
    free(head.data);
    free(path.data);
}

/* A TLS greeting, say: no method begins like that. */
static bool is_not_http(const struct bytes *in)
{
    return in->size && (in->data[0] < 'A' || in->data[0] > 'Z');
}

static void refuse(struct server *server, struct connection *connection)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
                                 "Connection: close\r\n"
                                 "Content-Length: 0\r\n\r\n";
    send(connection->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    connection_end(server, connection);
}

/* Plays what is on, then answers what has been asked meanwhile. */
static void go_on(struct server *server, struct connection *connection)
{
    play(server, connection);
    while (!connection->is_dead && !connection->is_playing) {
        struct bytes *in = &connection->in;
        char *end = in->size ? memmem(in->data, in->size, "\r\n\r\n", 4) : NULL;
        if (is_not_http(in) || (!end && in->size > HEAD_MAX))
            refuse(server, connection);
        if (!end || connection->is_dead)
            return;
        answer(server, connection, (size_t)(end + 4 - in->data));
        play(server, connection);
    }
}

static void receive(struct server *server, struct connection *connection)
{
    for (;;) {
        char *room = bytes_room(&connection->in, 4096);
        ssize_t got = recv(connection->fd, room, 4096, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            connection_end(server, connection);
            return;
        }
        connection->in.size += (size_t)got;
    }
}

static void accept_all(struct server *server, size_t address)
{
    int listener = server->listeners[address];
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct connection *connection = calloc(1, sizeof(*connection));
        if (!connection)
            fail("memory");
        connection->fd = fd;
        connection->address = address;
        connection->heap_index = NOT_WAITING;
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET |
                                               EPOLLRDHUP,
                                     .data = { .ptr = connection } };
        if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event))
            fail("epoll_ctl");
    }
}

/* ---- the loop --------------------------------------------------------- */

static void wake_due(struct server *server)
{
    int64_t now = now_ms();
    while (server->heap_size && server->heap[0]->due_ms <= now) {
        struct connection *connection = server->heap[0];
        heap_remove(server, connection);
        go_on(server, connection);
    }
}

static void give_turns(struct server *server)
{
    struct connection *connection = server->turns;
    server->turns = NULL;
    while (connection) {
        struct connection *next = connection->next_turn;
        connection->has_turn = false;
        if (!connection->is_dead)
            go_on(server, connection);
        connection = next;
    }
}

static void bury(struct server *server)
{
    while (server->dead) {
        struct connection *connection = server->dead;
        server->dead = connection->next_dead;
        script_release(&connection->script);
        free(connection->in.data);
        free(connection);
    }
}

static int next_timeout_ms(const struct server *server)
{
    if (server->turns)
        return 0;
    if (!server->heap_size)
        return -1;
    int64_t left = server->heap[0]->due_ms - now_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* False: the server shall end. Listeners, signal and standard input are told
 * from connections by where the event's pointer leads. */
static bool handle_event(struct server *server, const struct epoll_event *event)
{
    if (event->data.ptr == &server->signal_fd)
        return false;
    for (size_t i = 0; i < server->listener_count; i++)
        if (event->data.ptr == &server->listeners[i]) {
            accept_all(server, i);
            return true;
        }
    if (event->data.ptr == server) { /* standard input */
        char unread[256];
        return read(STDIN_FILENO, unread, sizeof(unread)) > 0;
    }
    struct connection *connection = event->data.ptr;
    if (!connection->is_dead && event->events & EPOLLIN)
        receive(server, connection);
    if (!connection->is_dead && event->events & (EPOLLHUP | EPOLLERR))
        connection_end(server, connection);
    if (!connection->is_dead)
        go_on(server, connection);
    return true;
}

static void serve(struct server *server)
{
    struct epoll_event events[512];
    for (;;) {
        int count =
            epoll_wait(server->epoll_fd, events, 512, next_timeout_ms(server));
        if (count < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < count; i++)
            if (!handle_event(server, &events[i]))
                return;
        wake_due(server);
        give_turns(server);
        bury(server);
    }
}

/* ---- start ------------------------------------------------------------ */

static void watch(struct server *server, int fd, void *ptr)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = ptr } };
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        fail("epoll_ctl");
}

/* Standard input that cannot be waited for (a file, /dev/null) ends nothing. */
static void watch_stdin(struct server *server)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = server } };
    epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
}

static void listen_on(struct server *server, const char *text)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(server->port) };
    if (server->listener_count == LISTENERS_MAX ||
        inet_pton(AF_INET, text, &address.sin_addr) != 1 ||
        ntohl(address.sin_addr.s_addr) >> 24 != 127) {
        fprintf(stderr, "fault_server: not a loopback address: %s\n", text);
        exit(2);
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    socklen_t size = sizeof(address);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        bind(fd, (struct sockaddr *)&address, size) || listen(fd, 16384) ||
        getsockname(fd, (struct sockaddr *)&address, &size))
        fail(text);
    server->port = ntohs(address.sin_port);
    server->listeners[server->listener_count] = fd;
    watch(server, fd, &server->listeners[server->listener_count]);
    server->listener_count++;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void start(struct server *server)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    raise_descriptor_limit();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    server->started_ms = now_ms();
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (server->epoll_fd < 0 || server->signal_fd < 0)
        fail("epoll_create1, signalfd");
    watch(server, server->signal_fd, &server->signal_fd);
    watch_stdin(server);
}

static void open_log(struct server *server, const char *path)
{
    server->log = fopen(path, "we");
    if (!server->log)
        fail(path);
    setvbuf(server->log, NULL, _IOLBF, 0);
}

static void help(void)
{
    printf("usage: fault_server [--listen ADDRESS]... [--log FILE]\n"
           "                    [--alias PATH TARGET]...\n");
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
        printf("  %-18s %s\n", behaviours[i].name, behaviours[i].help);
}

int main(int argc, char **argv)
{
    static struct server server;
    start(&server);
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && !strcmp(argv[i], "--listen")) {
            listen_on(&server, argv[++i]);
        } else if (i + 2 < argc && !strcmp(argv[i], "--alias") &&
                   server.alias_count < ALIASES_MAX) {
            server.aliases[server.alias_count++] =
                (struct alias){ argv[i + 1], argv[i + 2] };
            i += 2;
        } else if (i + 1 < argc && !strcmp(argv[i], "--log")) {
            open_log(&server, argv[++i]);
        } else {
            help();
            return strcmp(argv[i], "--help") ? 2 : 0;
        }
    }
    if (!server.listener_count)
        listen_on(&server, "127.0.0.1");
    for (size_t i = 0; i < server.alias_count; i++)
        name_port(&server, &server.aliases[i]);
    printf("%u\n", (unsigned)server.port);
    if (fclose(stdout))
        fail("standard output");
    serve(&server);
    return 0;
}
