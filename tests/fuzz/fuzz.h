/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput; it demands
 * properties of what it calls, beyond what the sanitizers see. `make fuzz`
 * finds it by its name; small first inputs lie in seeds/NAME/, words of the
 * format in seeds/NAME.dict (both may be missing).
 */
#ifndef FETCHGREP_TESTS_FUZZ_H
#define FETCHGREP_TESTS_FUZZ_H

#include "fetchgrep/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that says what it saw and never is compiled away. */
#define DEMAND(condition)                                                      \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                           \
        }                                                                      \
    } while (0)

/* Whether `part` borrows from `whole`; a view without data is nowhere. */
static inline bool lies_in(struct view part, struct view whole)
{
    if (!part.data)
        return part.size == 0;
    return part.data >= whole.data && part.size <= whole.size &&
           (size_t)(part.data - whole.data) <= whole.size - part.size;
}

/* The next byte of the input, 0 when there is none left: choices are made by
 * these, the rest is content. */
static inline unsigned char take_byte(struct view *input)
{
    unsigned char byte = input->size ? (unsigned char)input->data[0] : 0;
    *input = view_from(*input, 1);
    return byte;
}

static inline uint64_t take_u64(struct view *input)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | take_byte(input);
    return value;
}

/* The next `size` bytes, or as many as there are. */
static inline struct view take_bytes(struct view *input, size_t size)
{
    struct view bytes = view_first(*input, size);
    *input = view_from(*input, size);
    return bytes;
}

enum { MEMORY_FILE_PATH_SIZE = 32 };

/* A file in memory with these bytes, to be opened by `path`; close the
 * descriptor. */
static inline int memory_file(struct view bytes,
                              char path[MEMORY_FILE_PATH_SIZE])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    DEMAND(fd >= 0);
    DEMAND(!bytes.size ||
           write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
    snprintf(path, MEMORY_FILE_PATH_SIZE, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
