/*
 * log.h - messages for people, one line each, on standard error. Results never
 * go this way. Code below run/ returns errors instead of logging.
 * Thread rule: safe from any thread; lines never mix.
 */
#ifndef FETCHGREP_BASE_LOG_H
#define FETCHGREP_BASE_LOG_H

#include "fetchgrep/base/compiler.h"

/* "fetchgrep: message". */
void log_note(const char *format, ...) PRINTF_LIKE(1, 2);

/* "fetchgrep: warning: message". */
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);

/* "fetchgrep: error: message". */
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
