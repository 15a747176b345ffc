/*
 * proxy_server - a proxy for tests: HTTP (with CONNECT), SOCKS4a and SOCKS5 on
 * one port of 127.0.0.1, told apart by their first byte. Whatever host it is
 * asked for, it asks one server on loopback.
 *
 *   proxy_server --to PORT [--user NAME:PASSWORD] [--say CODE] [--hang]
 *                [--log FILE]
 *
 * --user   who does not say so is refused
 * --say    CODE is the answer to CONNECT, or SOCKS's own to a request; nothing
 *          is asked for
 * --hang   it accepts, and says nothing
 *
 * It prints "PORT\n" when it is ready and ends like fault_server: on SIGTERM,
 * or with its parent. The log has a line a request: kind, host:port asked
 * for. A thread a connection: tests have a few.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 64 << 10 };

/* Const once threads run. */
static struct {
    uint16_t to;
    const char *user;
    int say;
    bool hangs;
    FILE *log;
} options;

static bool write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool say(int fd, const char *text)
{
    return write_all(fd, text, strlen(text));
}

static bool read_all(int fd, void *data, size_t size)
{
    return recv(fd, data, size, MSG_WAITALL) == (ssize_t)size;
}

static void note(const char *kind, const char *host, unsigned port)
{
    if (options.log)
        fprintf(options.log, "%s %s:%u\n", kind, host, port);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(port) };
}

static int dial(void)
{
    struct sockaddr_in address = loopback(options.to);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Bytes go both ways until one side has ended. */
static void join(int client, int server)
{
    static const int other[2] = { 1, 0 };
    struct pollfd fds[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
    char bytes[16 << 10];
    for (;;) {
        if (poll(fds, 2, -1) < 0)
            return;
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents)
                continue;
            ssize_t got = recv(fds[i].fd, bytes, sizeof(bytes), 0);
            if (got <= 0 || !write_all(fds[other[i]].fd, bytes, (size_t)got))
                return;
        }
    }
}

/* ---- SOCKS ------------------------------------------------------------ */

static bool read_string(int fd, char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!read_all(fd, &text[i], 1) || !text[i])
            return i < size && !text[i];
    return false;
}

static bool socks4(int fd)
{
    unsigned char head[7], answer[8] = { 0, 90 };
    char user[256], host[256];
    if (!read_all(fd, head, sizeof(head)) || !read_string(fd, user, 256))
        return false;
    bool is_name = !head[3] && !head[4] && !head[5] && head[6];
    if (is_name && !read_string(fd, host, sizeof(host)))
        return false;
    if (!is_name)
        inet_ntop(AF_INET, head + 3, host, sizeof(host));
    note(is_name ? "socks4a" : "socks4", host,
         (unsigned)head[1] << 8 | head[2]);
    if (options.say)
        answer[1] = (unsigned char)options.say;
    return write_all(fd, answer, sizeof(answer)) && !options.say;
}

static bool socks5_user(int fd)
{
    unsigned char version, size;
    char name[256], password[256], both[513];
    static const unsigned char good[] = { 1, 0 }, bad[] = { 1, 1 };
    if (!read_all(fd, &version, 1) || !read_all(fd, &size, 1) ||
        !read_all(fd, name, size))
        return false;
    name[size] = '\0';
    if (!read_all(fd, &size, 1) || !read_all(fd, password, size))
        return false;
    password[size] = '\0';
    snprintf(both, sizeof(both), "%s:%s", name, password);
    bool is_known = !strcmp(both, options.user);
    return write_all(fd, is_known ? good : bad, 2) && is_known;
}

static bool socks5_greet(int fd)
{
    unsigned char count, methods[255];
    unsigned char wanted = options.user ? 2 : 0, answer[] = { 5, 0xff };
    if (!read_all(fd, &count, 1) || !read_all(fd, methods, count))
        return false;
    if (memchr(methods, wanted, count))
        answer[1] = wanted;
    return write_all(fd, answer, 2) && answer[1] == wanted &&
           (!options.user || socks5_user(fd));
}

static bool socks5(int fd)
{
    unsigned char head[4], size, port[2];
    unsigned char answer[10] = { 5, (unsigned char)options.say, 0, 1 };
    char host[256] = "?";
    if (!socks5_greet(fd) || !read_all(fd, head, sizeof(head)))
        return false;
    if (head[3] == 3) {
        if (!read_all(fd, &size, 1) || !read_all(fd, host, size))
            return false;
        host[size] = '\0';
    } else {
        unsigned char address[16];
        bool is_v4 = head[3] == 1;
        if (!read_all(fd, address, is_v4 ? 4 : 16))
            return false;
        inet_ntop(is_v4 ? AF_INET : AF_INET6, address, host, sizeof(host));
    }
    if (!read_all(fd, port, 2))
        return false;
    note("socks5", host, (unsigned)port[0] << 8 | port[1]);
    return write_all(fd, answer, sizeof(answer)) && !options.say;
}

/* ---- HTTP ------------------------------------------------------------- */

static void base64(const char *text, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                 "qrstuvwxyz0123456789+/";
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = (unsigned)(unsigned char)text[i] << 16;
        if (i + 1 < size)
            bits |= (unsigned)(unsigned char)text[i + 1] << 8;
        if (i + 2 < size)
            bits |= (unsigned char)text[i + 2];
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < size ? digits[bits & 63] : '=';
    }
    *out = '\0';
}

static bool is_known(const char *head)
{
    char code[1024], line[1100];
    if (!options.user)
        return true;
    base64(options.user, code);
    snprintf(line, sizeof(line), "Proxy-Authorization: Basic %s\r\n", code);
    return strcasestr(head, line) != NULL;
}

/* Reads up to the empty line. */
static bool read_head(int fd, char *head)
{
    for (size_t i = 0; i < HEAD_MAX - 1; i++) {
        if (!read_all(fd, &head[i], 1))
            return false;
        head[i + 1] = '\0';
        if (i > 2 && !memcmp(head + i - 3, "\r\n\r\n", 4))
            return true;
    }
    return false;
}

/* Without what is meant for the proxy alone. */
static bool forward(int server, char *head)
{
    char *rest = head;
    for (char *line = strsep(&rest, "\n"); line && rest;
         line = strsep(&rest, "\n")) {
        if (!strncasecmp(line, "Proxy-", 6))
            continue;
        if (!write_all(server, line, strlen(line)) || !say(server, "\n"))
            return false;
    }
    return true;
}

/* A server for the client's next bytes, or -1. */
static int http(int fd)
{
    static _Thread_local char head[HEAD_MAX];
    char method[16], target[4096], line[128];
    if (!read_head(fd, head) ||
        sscanf(head, "%15s %4095s", method, target) != 2)
        return -1;
    bool is_tunnel = !strcmp(method, "CONNECT");
    if (options.log)
        fprintf(options.log, "%s %s%s\n", method, target,
                strcasestr(head, "\nAuthorization:") ? " authorized" : "");
    int code = !is_known(head) ? 407 : options.say ? options.say : 200;
    if (code != 200) {
        snprintf(line, sizeof(line),
                 "HTTP/1.1 %d Proxy\r\nX-Proxy: no\r\n"
                 "Content-Length: 0\r\n\r\n",
                 code);
        say(fd, line);
        return -1;
    }
    int server = dial();
    if (server < 0)
        return -1;
    bool done = is_tunnel ? say(fd, "HTTP/1.1 200 Opened\r\n"
                                    "X-Proxy: of the tunnel\r\n\r\n")
                          : forward(server, head);
    if (done)
        return server;
    close(server);
    return -1;
}

/* ---- life ------------------------------------------------------------- */

static void serve(int fd)
{
    unsigned char first = 0;
    if (recv(fd, &first, 1, MSG_PEEK) != 1)
        return;
    if (options.hangs) {
        char ignored[4096];
        while (recv(fd, ignored, sizeof(ignored), 0) > 0)
            ;
        return;
    }
    int server = -1;
    if (first == 4 || first == 5) {
        if (read_all(fd, &first, 1) && (first == 4 ? socks4(fd) : socks5(fd)))
            server = dial();
    } else {
        server = http(fd);
    }
    if (server < 0)
        return;
    join(fd, server);
    close(server);
}

static void *serve_one(void *ctx)
{
    int fd = (int)(intptr_t)ctx;
    serve(fd);
    close(fd);
    return NULL;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) ||
        listen(fd, 1024) || getsockname(fd, (struct sockaddr *)&address, &size))
        fail("listen");
    printf("%u\n", ntohs(address.sin_port));
    if (fclose(stdout))
        fail("standard output");
    return fd;
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--hang")) {
            options.hangs = true;
            continue;
        }
        if (!strcmp(argv[i], "--to"))
            options.to = (uint16_t)strtoul(value, NULL, 10);
        else if (!strcmp(argv[i], "--user"))
            options.user = value;
        else if (!strcmp(argv[i], "--say"))
            options.say = (int)strtol(value, NULL, 10);
        else if (!strcmp(argv[i], "--log"))
            options.log = fopen(value, "ae");
        else
            fail(argv[i]);
        i++;
    }
    if (options.log)
        setvbuf(options.log, NULL, _IOLBF, 0);
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    read_options(argc, argv);
    int listener = listen_somewhere();
    for (;;) {
        pthread_t thread;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        if (pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd))
            fail("pthread_create");
        pthread_detach(thread);
    }
}
