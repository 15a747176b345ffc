/*
 * digest.h - SHA-1 as WARC and CDX files write it, and a check of what others
 * wrote.
 * Thread rule: an object belongs to one thread.
 */
#ifndef FETCHGREP_BASE_DIGEST_H
#define FETCHGREP_BASE_DIGEST_H

#include "fetchgrep/base/view.h"

enum {
    DIGEST_SHA1_BYTES = 20,
    DIGEST_TEXT_SIZE = 38, /* "sha1:" + 32 letters of base32 + NUL */
};

struct digest;

/* NULL without memory. */
struct digest *digest_new(void);

/* libcrypto reads its configuration in the thread that needs it first, and
 * what that thread then has is never freed if it is a worker. To be called
 * before there are any. */
void digest_set_up(void);
void digest_free(struct digest *digest);

/* "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ" of the bytes (RFC 4648 base32). */
void digest_sha1_text(struct digest *digest, struct view bytes,
                      char text[DIGEST_TEXT_SIZE]);

/* The same over `first` followed by `second`. */
void digest_sha1_text2(struct digest *digest, struct view first,
                       struct view second, char text[DIGEST_TEXT_SIZE]);

enum digest_verdict {
    DIGEST_SAME,
    DIGEST_DIFFERS,
    DIGEST_UNKNOWN, /* an algorithm or a form that is not understood */
};

/* Whether `told`, "ALGORITHM:DIGEST", is the digest of the bytes: md5, sha1,
 * sha256 or sha512, in hexadecimal or base32, in any case. */
enum digest_verdict digest_check(struct digest *digest, struct view told,
                                 struct view bytes);

#endif
