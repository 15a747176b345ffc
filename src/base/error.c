#include "fetchgrep/base/error.h"

#include <errno.h>
#include <stdarg.h>

static void set(struct error *err, enum error_code code, int sys_errno,
                const char *format, va_list args)
{
    /* The arguments may point into `err` itself. */
    char message[ERROR_MESSAGE_SIZE];
    vsnprintf(message, sizeof(message), format, args);
    err->code = code;
    err->sys_errno = sys_errno;
    memcpy(err->message, message, sizeof(message));
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, code, 0, format, args);
    va_end(args);
    return false;
}

bool error_set_errno(struct error *err, enum error_code code, int sys_errno,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, sys_errno == EPIPE ? ERR_PIPE : code, sys_errno, format, args);
    va_end(args);
    char reason[128];
    size_t size = strlen(err->message);
    snprintf(err->message + size, sizeof(err->message) - size, ": %s",
             strerror_r(sys_errno, reason, sizeof(reason)));
    return false;
}

bool error_no_memory(struct error *err, const char *what)
{
    error_set(err, ERR_SYSTEM, "out of memory for %s", what);
    err->sys_errno = ENOMEM;
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    char doing[ERROR_MESSAGE_SIZE / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(doing, sizeof(doing), format, args);
    va_end(args);
    char message[ERROR_MESSAGE_SIZE + sizeof(doing) + 2];
    snprintf(message, sizeof(message), "%s: %s", doing, err->message);
    message[ERROR_MESSAGE_SIZE - 1] = '\0';
    memcpy(err->message, message, ERROR_MESSAGE_SIZE);
    return false;
}
