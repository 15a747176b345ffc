#include "fetchgrep/base/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t first_signal;
static atomic_int signal_count;
static int wake_fd = -1;
static int stop_fd = -1; /* readable for good once reading is to stop */

static void notify(int fd)
{
    const uint64_t one = 1;
    /* A full counter is a wake-up under way. */
    if (write(fd, &one, sizeof(one)) < 0)
        return;
}

static void on_signal(int number)
{
    int saved = errno;
    if (!first_signal)
        first_signal = number;
    atomic_fetch_add(&signal_count, 1);
    notify(stop_fd);
    notify(wake_fd);
    errno = saved;
}

bool interrupt_install(struct error *err)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0 || stop_fd < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "eventfd");
    struct sigaction action = { .sa_handler = on_signal,
                                .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        struct sigaction before;
        /* What was ignored at the start stays so: nohup. */
        if (!sigaction(numbers[i], NULL, &before) &&
            before.sa_handler == SIG_IGN && numbers[i] == SIGHUP)
            continue;
        sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    return true;
}

int interrupt_signal(void)
{
    return first_signal;
}

int interrupt_count(void)
{
    return atomic_load(&signal_count);
}

bool interrupt_wait(int timeout_ms)
{
    struct pollfd poll_fd = { .fd = wake_fd, .events = POLLIN };
    int ready = poll(&poll_fd, 1, timeout_ms);
    uint64_t ignored;
    if (ready > 0 && read(wake_fd, &ignored, sizeof(ignored)) < 0)
        ready = 0;
    return ready != 0;
}

void interrupt_wake(void)
{
    notify(wake_fd);
}

bool interrupt_wait_readable(int fd)
{
    struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
                            { .fd = stop_fd, .events = POLLIN } };
    while (poll(fds, ARRAY_COUNT(fds), -1) < 0 && errno == EINTR)
        continue;
    return !fds[1].revents;
}

void interrupt_stop_reading(void)
{
    notify(stop_fd);
}
