/*
 * network.so - a network that can be taken away. Loaded before libc
 * (LD_PRELOAD), it makes all addresses 127.x.y.z the same machine, and while
 * the file named by NETWORK_DOWN exists there is no route to any of them. Each
 * connect() is a line in the file named by NETWORK_LOG: milliseconds, the
 * address, and whether it went out.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef int connect_fn(int fd, const struct sockaddr *address, socklen_t size);

static void note(const struct sockaddr_in *address, const char *what)
{
    char ip[INET_ADDRSTRLEN], line[64];
    const char *path = getenv("NETWORK_LOG");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000;
    inet_ntop(AF_INET, &address->sin_addr, ip, sizeof(ip));
    int size = snprintf(line, sizeof(line), "%lld %s %s\n", ms, ip, what);
    if (write(fd, line, (size_t)size) != size)
        abort();
    close(fd);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    void *symbol = dlsym(RTLD_NEXT, "connect");
    connect_fn *real;
    struct sockaddr_in there;
    memcpy(&real, &symbol, sizeof(real));
    if (address->sa_family != AF_INET || size < sizeof(there))
        return real(fd, address, size);
    memcpy(&there, address, sizeof(there));
    const char *down = getenv("NETWORK_DOWN");
    if (down && access(down, F_OK) == 0) {
        note(&there, "lost");
        errno = ENETUNREACH;
        return -1;
    }
    note(&there, "sent");
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return real(fd, (const struct sockaddr *)&there, sizeof(there));
}
