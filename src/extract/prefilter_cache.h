/*
 * prefilter_cache.h - databases that took long to compile, kept in files.
 *
 * A file is named after a digest of all that makes the database: the
 * expressions, the library's version and what it found of this machine
 * (hs_populate_platform). It holds a mark, its length, a digest of the bytes
 * and the bytes. It is ours alone (mode 0600), written under another name and
 * renamed. What is not as it must be (another owner, writable by others, cut
 * short, changed) is as if it were not there, and written anew.
 *
 * Of many files those that were used last are kept.
 *
 * One process compiles while others that want the same wait for it: a lock
 * file, which the kernel opens again when its holder dies.
 *
 * No function here has errors: without a cache all works, only more slowly.
 *
 * Thread rule: one thread.
 */
#ifndef FETCHGREP_EXTRACT_PREFILTER_CACHE_H
#define FETCHGREP_EXTRACT_PREFILTER_CACHE_H

#include "fetchgrep/base/buf.h"

enum { CACHE_KEY_SIZE = 33 };

/* 128 bits of XXH3 as hexadecimal digits. */
void cache_key(struct view description, char key[CACHE_KEY_SIZE]);

/* Appends the bytes kept under `key`; false when there are none. */
bool cache_read(const char *dir, const char *key, struct buf *out);

/* Waits until nobody else holds the key's lock, and holds it. The descriptor,
 * -1 when there can be none. */
int cache_lock(const char *dir, const char *key);
void cache_unlock(const char *dir, const char *key, int lock_fd);

/* Keeps the bytes, or does not. */
void cache_write(const char *dir, const char *key, struct view bytes);

#endif
