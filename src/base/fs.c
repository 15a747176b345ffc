#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

bool fs_write_all(int fd, struct view bytes, const char *path,
                  struct error *err)
{
    while (bytes.size) {
        ssize_t wrote = write(fd, bytes.data, bytes.size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s",
                                   path);
        bytes = view_from(bytes, (size_t)wrote);
    }
    return true;
}

bool fs_create(const char *path, int *ret_fd, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot create %s",
                               path);
    *ret_fd = fd;
    return true;
}

bool fs_open_unnamed(const char *dir, int *ret_fd, struct error *err)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    /* Not every file system knows O_TMPFILE. */
    char *path = fd < 0 ? fs_join(dir, "fetchgrep-XXXXXX") : NULL;
    if (path) {
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
        free(path);
    }
    if (fd < 0)
        return error_set_errno(err, ERR_SYSTEM, errno,
                               "cannot make a temporary file in %s", dir);
    *ret_fd = fd;
    return true;
}

const char *fs_temporary_dir(void)
{
    const char *dir = getenv("TMPDIR");
    return dir && dir[0] ? dir : "/tmp";
}

static bool read_to_end(int fd, const char *path, struct buf *buf,
                        struct error *err)
{
    for (;;) {
        size_t room = buf->capacity - buf->size;
        if (room < 4096)
            room = buf->max - buf->size < 65536 ? buf->max - buf->size : 65536;
        char *to = room ? buf_reserve(buf, room) : NULL;
        if (!to)
            return error_set(err, ERR_SYSTEM, "%s is too large", path);
        ssize_t got = read(fd, to, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                                   path);
        if (got == 0)
            return true;
        buf_commit(buf, (size_t)got);
    }
}

bool fs_read_file(const char *path, struct buf *buf, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    bool done = read_to_end(fd, path, buf, err);
    close(fd);
    return done;
}

bool fs_sync_close(int fd, const char *path, struct error *err)
{
    bool done = fdatasync(fd) == 0;
    if (!done)
        error_set_errno(err, ERR_SYSTEM, errno, "cannot sync %s", path);
    if (close(fd) && done)
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot close %s", path);
    return done;
}

bool fs_sync_dir(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    /* Some file systems cannot sync a directory and say EINVAL. */
    bool done = fsync(fd) == 0 || errno == EINVAL ||
                error_set_errno(err, ERR_SYSTEM, errno, "cannot sync %s", path);
    close(fd);
    return done;
}

/* "a" of "a/b", "." of "b", "/" of "/b". */
static void parent_of(const char *path, char parent[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int size = slash ? (int)(slash - path) : 0;
    if (!slash)
        snprintf(parent, PATH_MAX, ".");
    else
        snprintf(parent, PATH_MAX, "%.*s", size ? size : 1, path);
}

bool fs_replace_file(const char *path, struct view bytes, struct error *err)
{
    char temporary[PATH_MAX], parent[PATH_MAX];
    int size = snprintf(temporary, sizeof(temporary), "%s.part", path);
    if (size < 0 || (size_t)size >= sizeof(temporary))
        return error_set_errno(err, ERR_SYSTEM, ENAMETOOLONG, "cannot write %s",
                               path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s", path);
    struct error later;
    bool done = fs_write_all(fd, bytes, path, err);
    done = fs_sync_close(fd, path, done ? err : &later) && done;
    done = done && fs_rename(temporary, path, err);
    if (!done) {
        unlink(temporary);
        return false;
    }
    parent_of(path, parent);
    return fs_sync_dir(parent, err);
}

bool fs_rename(const char *from, const char *to, struct error *err)
{
    return rename(from, to) == 0 ||
           error_set_errno(err, ERR_SYSTEM, errno, "cannot rename %s to %s",
                           from, to);
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fs_make_dir(const char *path, bool with_parents, struct error *err)
{
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && is_dir(path)))
        return true;
    char parent[PATH_MAX];
    if (errno == ENOENT && with_parents && strchr(path, '/')) {
        parent_of(path, parent);
        return strcmp(parent, path) && fs_make_dir(parent, true, err) &&
               fs_make_dir(path, false, err);
    }
    return error_set_errno(err, ERR_SYSTEM, errno, "cannot make directory %s",
                           path);
}

char *fs_join(const char *dir, const char *name)
{
    char *path;
    size_t size = strlen(dir);
    const char *slash = size && dir[size - 1] == '/' ? "" : "/";
    return asprintf(&path, "%s%s%s", dir, slash, name) < 0 ? NULL : path;
}
