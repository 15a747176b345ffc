/*
 * error.h - what stops a run.
 *
 * An error (disk full, bad manifest, no memory) travels up in a struct error
 * until the command line tool prints it as one line. It is neither a bug (an
 * assert) nor an outcome (a fact about one page, see model/outcome.h).
 *
 * A fallible function returns bool, true for done, takes a struct error as its
 * last parameter and touches it only on failure:
 *
 *     if (!manifest_open(...))
 *         return error_wrap(err, "cannot start");
 *
 * Thread rule: a struct error belongs to one thread at a time.
 */
#ifndef FETCHGREP_BASE_ERROR_H
#define FETCHGREP_BASE_ERROR_H

#include "fetchgrep/base/compiler.h"

#include <stdbool.h>

enum error_code {
    ERR_NONE = 0,
    ERR_USAGE,   /* bad usage, pattern, manifest or run directory: status 2 */
    ERR_DATA,    /* a check failed, an archive is damaged: status 1 */
    ERR_SYSTEM,  /* a fault of this machine: status 3 */
    ERR_STOPPED, /* a signal came before anything could be done */
    ERR_PIPE,    /* the reader of our output went away: a clean end */
};

enum { ERROR_MESSAGE_SIZE = 1024 };

struct error {
    enum error_code code;
    int sys_errno; /* 0 where no system call failed */
    char message[ERROR_MESSAGE_SIZE];
};

/* Fills `err` and returns false, so that it can be returned at once. */
bool error_set(struct error *err, enum error_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same with `: strerror(sys_errno)` behind the message. EPIPE becomes
 * ERR_PIPE, whatever `code` says. */
bool error_set_errno(struct error *err, enum error_code code, int sys_errno,
                     const char *format, ...) PRINTF_LIKE(4, 5);

/* Out of memory, ERR_SYSTEM and ENOMEM; `what` names what was to be stored. */
bool error_no_memory(struct error *err, const char *what);

/* Puts what the caller was doing in front: "doing: message". */
bool error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
