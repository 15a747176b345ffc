/*
 * compiler.h - the only home of compiler attributes.
 */
#ifndef FETCHGREP_BASE_COMPILER_H
#define FETCHGREP_BASE_COMPILER_H

#define MUST_CHECK               __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define HOT_FUNCTION             __attribute__((hot))
#define TARGET_CPU(features)     __attribute__((target(features)))
#define LIKELY(condition)        __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition)      __builtin_expect(!!(condition), 0)
#define ARRAY_COUNT(array)       (sizeof(array) / sizeof((array)[0]))

#endif
