/*
 * fs.h - files: whole writes, durable names, errors with the path in them.
 * Thread rule: no state.
 */
#ifndef FETCHGREP_BASE_FS_H
#define FETCHGREP_BASE_FS_H

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/error.h"

/* Writes all of it, whatever short writes and EINTR come between. `path` is
 * for the message. */
bool fs_write_all(int fd, struct view bytes, const char *path,
                  struct error *err) MUST_CHECK;

/* A new file, O_EXCL; returns its descriptor (close it) in `ret_fd`. */
bool fs_create(const char *path, int *ret_fd, struct error *err) MUST_CHECK;

/* A file without a name in `dir`, for reading and writing: it is gone whatever
 * happens. Close it. */
bool fs_open_unnamed(const char *dir, int *ret_fd,
                     struct error *err) MUST_CHECK;

/* Where such files belong when no directory is ours: $TMPDIR, else /tmp. */
const char *fs_temporary_dir(void);

/* Appends the whole file to `buf`, whose maximum bounds it. */
bool fs_read_file(const char *path, struct buf *buf,
                  struct error *err) MUST_CHECK;

/* Writes a small file under a temporary name, syncs and renames it. */
bool fs_replace_file(const char *path, struct view bytes,
                     struct error *err) MUST_CHECK;

bool fs_rename(const char *from, const char *to, struct error *err) MUST_CHECK;

/* fdatasync and close; the descriptor is closed also on failure. A sync that
 * failed is never tried again: the bytes may be gone. */
bool fs_sync_close(int fd, const char *path, struct error *err) MUST_CHECK;

/* Makes created and renamed names in a directory durable. */
bool fs_sync_dir(const char *path, struct error *err) MUST_CHECK;

/* mkdir, with its parents when `with_parents`; an existing directory is done.
 */
bool fs_make_dir(const char *path, bool with_parents,
                 struct error *err) MUST_CHECK;

/* "dir/name" on the heap, NULL without memory. Free it. */
char *fs_join(const char *dir, const char *name);

#endif
