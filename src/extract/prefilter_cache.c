#include "prefilter_cache.h"

#include "fetchgrep/base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

static const char mark[8] = "FGHSDB2\n";

struct cache_head {
    char mark[sizeof(mark)];
    uint64_t size;
    uint64_t digest; /* XXH3-64 */
};

enum { FILE_MAX = 1 << 30, FILES_MAX = 64 };

void cache_key(struct view description, char key[CACHE_KEY_SIZE])
{
    XXH128_hash_t hash = XXH3_128bits(description.data, description.size);
    snprintf(key, CACHE_KEY_SIZE, "%016llx%016llx",
             (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

/* "DIR/KEY.SUFFIX" on the heap; NULL without memory. */
static char *path_of(const char *dir, const char *key, const char *suffix)
{
    char *path = NULL;
    if (asprintf(&path, "%s/patterns-%s.%s", dir, key, suffix) < 0)
        return NULL;
    return path;
}

/* ---- reading ----------------------------------------------------------- */

/* Nobody else may have written it. */
static bool is_ours(int fd, uint64_t *ret_size)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_mode & (S_IWGRP | S_IWOTH))
        return false;
    *ret_size = (uint64_t)st.st_size;
    return true;
}

static bool read_all(int fd, void *to, size_t size)
{
    char *at = to;
    while (size) {
        ssize_t got = read(fd, at, size);
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static bool read_bytes(int fd, struct buf *out)
{
    struct cache_head head;
    uint64_t file_size;
    size_t before = out->size;
    if (!is_ours(fd, &file_size) || !read_all(fd, &head, sizeof(head)) ||
        memcmp(head.mark, mark, sizeof(mark)) || head.size > FILE_MAX ||
        file_size != sizeof(head) + head.size)
        return false;
    char *to = buf_reserve(out, head.size);
    if (!to || !read_all(fd, to, head.size) ||
        XXH3_64bits(to, head.size) != head.digest)
        return false;
    buf_commit(out, head.size);
    return out->size == before + head.size;
}

bool cache_read(const char *dir, const char *key, struct buf *out)
{
    char *path = path_of(dir, key, "hs");
    /* NONBLOCK: a pipe of that name must not hold us up. */
    int fd =
        path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    bool done = fd >= 0 && read_bytes(fd, out);
    if (done)
        futimens(fd, NULL); /* when it was used, for drop_oldest */
    if (fd >= 0)
        close(fd);
    free(path);
    return done;
}

/* ---- writing ----------------------------------------------------------- */

/* Makes the directory and those above it, for us alone. */
static bool make_dir(const char *dir)
{
    char *copy = strdup(dir);
    if (!copy)
        return false;
    for (char *at = copy + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(copy, 0700); /* what cannot be made shows below */
        *at = '/';
    }
    mkdir(copy, 0700);
    free(copy);
    return access(dir, W_OK | X_OK) == 0;
}

int cache_lock(const char *dir, const char *key)
{
    char *path = make_dir(dir) ? path_of(dir, key, "lock") : NULL;
    int fd =
        path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    free(path);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Its name goes first: whoever waits for it finds the file, and whoever comes
 * now makes another lock, which costs at most the same work twice. */
void cache_unlock(const char *dir, const char *key, int lock_fd)
{
    char *path = lock_fd >= 0 ? path_of(dir, key, "lock") : NULL;
    if (path)
        unlink(path);
    if (lock_fd >= 0)
        close(lock_fd);
    free(path);
}

static bool write_file(int fd, const char *path, struct view bytes)
{
    struct error ignored;
    struct cache_head head = { .size = bytes.size,
                               .digest = XXH3_64bits(bytes.data, bytes.size) };
    memcpy(head.mark, mark, sizeof(mark));
    return fs_write_all(fd, view_of((const char *)&head, sizeof(head)), path,
                        &ignored) &&
           fs_write_all(fd, bytes, path, &ignored) && fsync(fd) == 0;
}

/* Of two kept files the one that was used earlier. */
static bool is_older(int dir_fd, const char *name, const char *other,
                     struct timespec *oldest)
{
    struct stat st;
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
        return false;
    if (other[0] && (st.st_mtim.tv_sec > oldest->tv_sec ||
                     (st.st_mtim.tv_sec == oldest->tv_sec &&
                      st.st_mtim.tv_nsec >= oldest->tv_nsec)))
        return false;
    *oldest = st.st_mtim;
    return true;
}

/* More than FILES_MAX are not kept: the one that was not used for longest goes.
 */
static void drop_oldest(const char *dir)
{
    DIR *handle = opendir(dir);
    char oldest_name[NAME_MAX + 1] = "";
    struct timespec oldest = { 0 };
    struct dirent *item;
    size_t count = 0;
    while (handle && (item = readdir(handle)) != NULL) {
        size_t size = strlen(item->d_name);
        if (size < 4 || strncmp(item->d_name, "patterns-", 9) ||
            strcmp(item->d_name + size - 3, ".hs"))
            continue;
        count++;
        if (is_older(dirfd(handle), item->d_name, oldest_name, &oldest))
            memcpy(oldest_name, item->d_name, size + 1);
    }
    if (handle && count > FILES_MAX)
        unlinkat(dirfd(handle), oldest_name, 0);
    if (handle)
        closedir(handle);
}

void cache_write(const char *dir, const char *key, struct view bytes)
{
    char *path = path_of(dir, key, "hs");
    char *temporary = path_of(dir, key, "XXXXXX");
    int fd = path && temporary && bytes.size <= FILE_MAX
                 ? mkostemp(temporary, O_CLOEXEC)
                 : -1;
    if (fd >= 0) {
        bool done = write_file(fd, temporary, bytes);
        close(fd);
        if (!done || rename(temporary, path))
            unlink(temporary);
        drop_oldest(dir);
    }
    free(path);
    free(temporary);
}
