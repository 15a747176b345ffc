/*
 * hs_floor RULES DIRECTORY THREADS
 *
 * The least that a search for a set of patterns can cost: reads the files below
 * a directory and scans each once, with our own conditions in one database, and
 * does nothing else. Prints how many pages fulfil any condition.
 */
#include "fetchgrep/extract/prefilter.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 1 << 20, BATCH = 16 };

static char *files[FILES_MAX];
static size_t file_count;
static atomic_size_t next_file;
static atomic_size_t hit_count;
static const struct prefilter *prefilter;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int note_file(const char *path, const struct stat *st, int type,
                     struct FTW *place)
{
    (void)st, (void)place;
    if (type != FTW_F)
        return 0;
    if (file_count == FILES_MAX || !(files[file_count] = strdup(path)))
        fail("files");
    file_count++;
    return 0;
}

/* Into a buffer that grows and is used again. */
static size_t read_file(const char *path, char **buffer, size_t *capacity)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        fail(path);
    if ((size_t)st.st_size > *capacity) {
        free(*buffer);
        *capacity = (size_t)st.st_size * 2;
        if (!(*buffer = malloc(*capacity)))
            fail("memory");
    }
    ssize_t size = read(fd, *buffer, (size_t)st.st_size);
    if (size != st.st_size)
        fail(path);
    close(fd);
    return (size_t)size;
}

static void *scan_files(void *ctx)
{
    struct error err;
    char *buffer = NULL;
    size_t capacity = 0, first, hits = 0;
    struct prefilter_scan *scan = prefilter_scan_new(prefilter, &err);
    (void)ctx;
    if (!scan)
        fail("scan");
    while ((first = atomic_fetch_add(&next_file, BATCH)) < file_count) {
        for (size_t i = first; i < first + BATCH && i < file_count; i++) {
            size_t count, size = read_file(files[i], &buffer, &capacity);
            prefilter_scan_text(scan, view_of(buffer, size), &count);
            hits += count > 0;
        }
    }
    atomic_fetch_add(&hit_count, hits);
    prefilter_scan_free(scan);
    free(buffer);
    return NULL;
}

int main(int argc, char **argv)
{
    enum { THREADS_MAX = 64, OPEN_MAX = 64 };
    struct error err = { 0 };
    pthread_t threads[THREADS_MAX];
    char *cache_dir = prefilter_cache_dir();
    const struct patterns_options plain = { 0 };
    const struct prefilter_options options = { .cache_dir = cache_dir };
    struct patterns *patterns = patterns_new(&plain, &err);
    int thread_count = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0;
    if (thread_count < 1 || thread_count > THREADS_MAX || !patterns ||
        !patterns_add_file(patterns, argv[1], &err) ||
        !(prefilter = prefilter_new(patterns, &options, &err)) ||
        nftw(argv[2], note_file, OPEN_MAX, FTW_PHYS)) {
        fprintf(stderr, "hs_floor RULES DIRECTORY THREADS: %s\n", err.message);
        return 2;
    }
    for (int i = 0; i < thread_count; i++)
        if (pthread_create(&threads[i], NULL, scan_files, NULL))
            fail("thread");
    for (int i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    printf("%zu of %zu pages\n", hit_count, file_count);
    return 0;
}
