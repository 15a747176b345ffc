#include "fetchgrep/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

/* One write a line, so that lines of several threads never mix. */
static void put_line(const char *kind, const char *format, va_list args)
{
    char line[2048];
    int head = snprintf(line, sizeof(line), "fetchgrep: %s", kind);
    int body =
        vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
    size_t size = (size_t)head + (size_t)(body < 0 ? 0 : body);
    if (size > sizeof(line) - 2)
        size = sizeof(line) - 2;
    line[size++] = '\n';
    ssize_t wrote;
    do {
        wrote = write(STDERR_FILENO, line, size);
    } while (wrote < 0 && errno == EINTR);
}

void log_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line("", format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line("warning: ", format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line("error: ", format, args);
    va_end(args);
}
