#include "zygote.h"

#include "channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum request_kind { REQUEST_SPAWN = 1, REQUEST_BURY };

struct request {
    enum request_kind kind;
    pid_t pid; /* to bury */
    struct worker_order order;
};

struct reply {
    pid_t pid; /* -1: it failed */
    int value; /* errno, or the wait status */
};

/* Room for one descriptor that goes along. */
union control {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* ---- the birth of a process ------------------------------------------- */

static const int asking_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };

static void ignore_signals(void)
{
    for (size_t i = 0; i < ARRAY_COUNT(asking_signals); i++)
        signal(asking_signals[i], SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* Whoever started us may have had it ignored: then nobody is waited for. */
    signal(SIGCHLD, SIG_DFL);
}

/* False: the parent is gone already. */
static bool die_with(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

/* All that exec would close, but for one. */
static void close_own_descriptors(int kept)
{
    DIR *names = opendir("/proc/self/fd");
    if (!names)
        return;
    struct dirent *item;
    while ((item = readdir(names)) != NULL) {
        int fd = (int)strtol(item->d_name, NULL, 10);
        if (fd > STDERR_FILENO && fd != kept && fd != dirfd(names) &&
            fcntl(fd, F_GETFD) & FD_CLOEXEC)
            close(fd);
    }
    closedir(names);
}

/* ---- the zygote ------------------------------------------------------- */

struct nest {
    int fd;
    worker_main_fn *worker_main;
    void *ctx;
};

static int take_descriptor(struct msghdr *message)
{
    int fd = -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    return fd;
}

static bool receive_request(int fd, struct request *ret_request,
                            int *ret_worker_fd)
{
    union control control;
    struct iovec bytes = { ret_request, sizeof(*ret_request) };
    struct msghdr message = { .msg_iov = &bytes,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof(control.bytes) };
    ssize_t got;
    do {
        got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    *ret_worker_fd = got > 0 ? take_descriptor(&message) : -1;
    return got == (ssize_t)sizeof(*ret_request);
}

static struct reply spawn(const struct nest *nest,
                          const struct request *request, int fd)
{
    pid_t own = getpid(), pid = fork();
    if (pid == 0) {
        if (die_with(own)) {
            prctl(PR_SET_NAME, "fetchgrep-work");
            close(nest->fd);
            nest->worker_main(nest->ctx, &request->order, fd);
        }
        _exit(EXIT_SUCCESS);
    }
    int problem = errno;
    close(fd);
    return (struct reply){ .pid = pid, .value = problem };
}

static struct reply bury(const struct request *request)
{
    struct reply reply = { .pid = request->pid };
    while (waitpid(request->pid, &reply.value, 0) < 0)
        if (errno != EINTR)
            return (struct reply){ .pid = -1, .value = errno };
    return reply;
}

static void zygote_main(const struct nest *nest)
{
    struct request request;
    int fd;
    while (receive_request(nest->fd, &request, &fd)) {
        struct reply reply = request.kind == REQUEST_SPAWN
                                 ? spawn(nest, &request, fd)
                                 : bury(&request);
        if (send(nest->fd, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
            return;
    }
}

/* ---- the process of the run ------------------------------------------- */

/* No signal is to be answered twice: none comes until the child ignores it. */
static pid_t fork_quietly(sigset_t *ret_before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, ret_before);
    return fork();
}

bool zygote_start(struct zygote *zygote, worker_main_fn *worker_main, void *ctx,
                  struct error *err)
{
    int fds[2];
    sigset_t before;
    if (!channel_sockets(fds, err))
        return false;
    pid_t own = getpid(), pid = fork_quietly(&before);
    if (pid == 0) {
        const struct nest nest = { fds[1], worker_main, ctx };
        ignore_signals();
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (die_with(own)) {
            prctl(PR_SET_NAME, "fetchgrep-fork");
            close_own_descriptors(fds[1]);
            zygote_main(&nest);
        }
        _exit(EXIT_SUCCESS);
    }
    int problem = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return error_set_errno(err, ERR_SYSTEM, problem,
                               "cannot start the worker processes");
    }
    *zygote = (struct zygote){ .pid = pid, .fd = fds[0] };
    pthread_mutex_init(&zygote->lock, NULL);
    return true;
}

static bool send_request(int fd, const struct request *request, int worker_fd)
{
    struct request copy = *request;
    union control control = { 0 };
    struct iovec bytes = { &copy, sizeof(copy) };
    struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
    if (worker_fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(worker_fd));
        memcpy(CMSG_DATA(head), &worker_fd, sizeof(worker_fd));
    }
    ssize_t sent;
    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof(copy);
}

static bool receive_reply(int fd, struct reply *ret_reply)
{
    ssize_t got;
    do {
        got = recv(fd, ret_reply, sizeof(*ret_reply), 0);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*ret_reply);
}

static bool ask(struct zygote *zygote, const struct request *request, int fd,
                struct reply *ret_reply, struct error *err)
{
    pthread_mutex_lock(&zygote->lock);
    bool done = send_request(zygote->fd, request, fd) &&
                receive_reply(zygote->fd, ret_reply);
    pthread_mutex_unlock(&zygote->lock);
    return done || error_set(err, ERR_SYSTEM,
                             "the process that starts the workers has ended");
}

bool zygote_spawn(struct zygote *zygote, const struct worker_order *order,
                  int fd, pid_t *ret_pid, struct error *err)
{
    const struct request request = { .kind = REQUEST_SPAWN, .order = *order };
    struct reply reply = { 0 };
    if (!ask(zygote, &request, fd, &reply, err))
        return false;
    if (reply.pid < 0)
        return error_set_errno(err, ERR_SYSTEM, reply.value,
                               "cannot start a worker process");
    *ret_pid = reply.pid;
    return true;
}

bool zygote_bury(struct zygote *zygote, pid_t pid, int *ret_status,
                 struct error *err)
{
    const struct request request = { .kind = REQUEST_BURY, .pid = pid };
    struct reply reply = { 0 };
    if (!ask(zygote, &request, -1, &reply, err))
        return false;
    if (reply.pid < 0)
        return error_set_errno(err, ERR_SYSTEM, reply.value,
                               "cannot wait for a worker process");
    *ret_status = reply.value;
    return true;
}

void zygote_end(struct zygote *zygote)
{
    if (!zygote->pid)
        return;
    close(zygote->fd);
    kill(zygote->pid, SIGKILL);
    while (waitpid(zygote->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    pthread_mutex_destroy(&zygote->lock);
    *zygote = (struct zygote){ 0 };
}
