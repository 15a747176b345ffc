/*
 * bytes.h - growing bytes for the fault server's replies, and the query of a
 * request. The server lives as long as one test: when memory is out it ends.
 */
#ifndef TESTS_SERVER_FAULT_BYTES_H
#define TESTS_SERVER_FAULT_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    char *data;
    size_t size;
    size_t capacity;
};

static void fail(const char *what)
{
    fprintf(stderr, "fault_server: ");
    perror(what);
    exit(3);
}

static char *bytes_room(struct bytes *bytes, size_t more)
{
    if (bytes->capacity - bytes->size < more) {
        bytes->capacity = (bytes->size + more) * 2;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data)
            fail("memory");
    }
    return bytes->data + bytes->size;
}

static void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    if (size)
        memcpy(bytes_room(bytes, size), data, size);
    bytes->size += size;
}

static void bytes_add_string(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

static void bytes_add_char(struct bytes *bytes, unsigned value)
{
    *bytes_room(bytes, 1) = (char)value;
    bytes->size++;
}

static void bytes_add_format(struct bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void bytes_add_format(struct bytes *bytes, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0)
        fail("format");
    bytes_add(bytes, text, (size_t)size);
    free(text);
}

static void bytes_add_u32_le(struct bytes *bytes, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        bytes_add_char(bytes, (value >> shift) & 0xff);
}

/* ---- queries: ?name=value&name=value ---------------------------------- */

/* The value's first byte (it ends at '&' or the end), or NULL. */
static const char *query_find(const char *path, const char *name)
{
    size_t size = strlen(name);
    const char *at = strchr(path, '?');
    while (at) {
        at++;
        if (!strncmp(at, name, size) && at[size] == '=')
            return at + size + 1;
        at = strchr(at, '&');
    }
    return NULL;
}

static uint64_t query_number(const char *path, const char *name,
                             uint64_t otherwise)
{
    const char *value = query_find(path, name);
    return value ? strtoull(value, NULL, 10) : otherwise;
}

static unsigned hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *at = memchr(digits, digit | 0x20, 16);
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    return at ? (unsigned)(at - digits) : 0;
}

/* Appends the value with %XX decoded; `otherwise` when it is not given. */
static void query_text(const char *path, const char *name,
                       const char *otherwise, struct bytes *out)
{
    const char *at = query_find(path, name);
    if (!at)
        bytes_add_string(out, otherwise);
    for (; at && *at && *at != '&'; at++) {
        if (at[0] == '%' && at[1] && at[2]) {
            bytes_add_char(out, hex_digit(at[1]) << 4 | hex_digit(at[2]));
            at += 2;
        } else {
            bytes_add_char(out, (unsigned char)*at);
        }
    }
}

#endif
