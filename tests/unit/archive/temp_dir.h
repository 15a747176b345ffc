/*
 * temp_dir.h - a directory of a test's own, removed with all that is in it.
 */
#ifndef FETCHGREP_TESTS_TEMP_DIR_H
#define FETCHGREP_TESTS_TEMP_DIR_H

#include "fetchgrep/base/fs.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char temp_dir[64];

static inline void temp_dir_make(void)
{
    snprintf(temp_dir, sizeof(temp_dir), "/tmp/fetchgrep-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(temp_dir));
}

static inline int temp_dir_remove_one(const char *path, const struct stat *st,
                                      int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static inline void temp_dir_remove(void)
{
    nftw(temp_dir, temp_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* "TEMP_DIR/name"; free it. */
static inline char *temp_path(const char *name)
{
    char *path = fs_join(temp_dir, name);
    ck_assert_ptr_nonnull(path);
    return path;
}

/* Writes a file anew, with the directories above it. */
static inline void temp_write(const char *name, struct view bytes)
{
    struct error err;
    char *path = temp_path(name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    ck_assert_msg(fs_make_dir(path, true, &err), "%s", err.message);
    *slash = '/';
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(fs_write_all(fd, bytes, path, &err), "%s", err.message);
    close(fd);
    free(path);
}

#endif
