/*
 * Every row that went into the index comes out once, by host, those of a host
 * in the order of the list, the hosts with the most rows first.
 */
#include "fetchgrep/manifest/index.h"

#include "suite.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SORT_MEMORY = 64 << 10, LINES = 20000, HOSTS = 700 };

/* Host 0 has about half of the lines, host 1 a quarter, and so on. */
static unsigned host_of(unsigned line)
{
    unsigned bits = line * 2654435761U;
    unsigned rank = (unsigned)__builtin_ctz(bits | 1U << 9);
    return rank < 9 ? rank : line % HOSTS;
}

static void write_lines(FILE *file, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        fprintf(file, "%shttp://host%u/%u\n", i % 7 ? "" : "# no\n", host_of(i),
                i);
    ck_assert_int_eq(fflush(file), 0);
}

static struct manifest *open_lists(char **paths, size_t count)
{
    struct error err = { 0 };
    struct manifest *manifest = manifest_open(paths, count, NULL, &err);
    ck_assert_msg(manifest != NULL, "%s", err.message);
    return manifest;
}

static struct manifest_index *index_all(struct manifest *manifest,
                                        const char *path)
{
    struct error err = { 0 };
    struct manifest_entry entry;
    struct manifest_index *idx =
        index_new(manifest, "/tmp", path, SORT_MEMORY, &err);
    ck_assert_msg(idx != NULL, "%s", err.message);
    uint64_t count = 0;
    while (manifest_next(manifest, &entry, &err) == MANIFEST_ITEM) {
        unsigned host;
        ck_assert_int_eq(sscanf(entry.text.data, "http://host%u/", &host), 1);
        ck_assert_msg(index_add(idx, (host + 1) * UINT64_C(0x9e3779b97f4a7c15),
                                &entry, &err),
                      "%s", err.message);
        count++;
    }
    ck_assert_int_eq(err.code, ERR_NONE);
    ck_assert_uint_eq(index_entry_count(idx), count);
    ck_assert_msg(index_seal(idx, &err), "%s", err.message);
    return idx;
}

/* Takes all out; two hosts in turn, as a frontier does. */
static void check_all(struct manifest_index *idx, unsigned lines)
{
    struct error err = { 0 };
    struct index_host host;
    static bool seen[LINES];
    uint64_t last_count = UINT64_MAX;
    unsigned taken = 0;
    memset(seen, 0, sizeof(seen));
    while (index_next_host(idx, &host, &err) == INDEX_ITEM) {
        uint64_t last_id = 0, count = host.left;
        unsigned first_host = 0;
        ck_assert_uint_le(count, last_count);
        ck_assert_uint_gt(count, 0);
        last_count = count;
        for (uint64_t i = 0; i < count; i++) {
            struct manifest_entry entry;
            unsigned name, line;
            char text[64];
            ck_assert_msg(index_read(idx, &host, &entry, &err), "%s",
                          err.message);
            snprintf(text, sizeof(text), "%.*s", VIEW_ARG(entry.text));
            ck_assert_int_eq(sscanf(text, "http://host%u/%u", &name, &line), 2);
            ck_assert_uint_eq(entry.id, line);
            ck_assert(i == 0 || (entry.id > last_id && name == first_host));
            ck_assert(!seen[line]);
            seen[line] = true;
            first_host = name;
            last_id = entry.id;
            taken++;
        }
        ck_assert_uint_eq(host.left, 0);
    }
    ck_assert_int_eq(err.code, ERR_NONE);
    ck_assert_uint_eq(taken, lines);
}

START_TEST(rows_come_out_by_host)
{
    char *paths[2];
    FILE *files[2];
    for (int i = 0; i < 2; i++) {
        int fd = memfd_create("manifest", MFD_CLOEXEC);
        files[i] = fdopen(fd, "w");
        ck_assert_int_gt(asprintf(&paths[i], "/proc/self/fd/%d", fd), 0);
    }
    write_lines(files[0], 0, LINES / 3);
    write_lines(files[1], LINES / 3, LINES);
    struct manifest *manifest = open_lists(paths, 2);
    struct manifest_index *idx = index_all(manifest, NULL);
    check_all(idx, LINES);
    index_free(idx);
    manifest_close(manifest);
    for (int i = 0; i < 2; i++) {
        fclose(files[i]);
        free(paths[i]);
    }
}
END_TEST

START_TEST(an_empty_index_has_no_host)
{
    struct manifest *manifest = open_lists(NULL, 0);
    struct manifest_index *idx = index_all(manifest, NULL);
    check_all(idx, 0);
    index_free(idx);
    manifest_close(manifest);
}
END_TEST

static void *feed_pipe(void *ctx)
{
    FILE *pipe = fdopen(*(int *)ctx, "w");
    write_lines(pipe, 0, LINES);
    fclose(pipe);
    return NULL;
}

START_TEST(rows_of_a_pipe_are_kept)
{
    int ends[2];
    char *path;
    pthread_t writer;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_gt(asprintf(&path, "/proc/self/fd/%d", ends[0]), 0);
    pthread_create(&writer, NULL, feed_pipe, &ends[1]);
    struct manifest *manifest = open_lists(&path, 1);
    close(ends[0]);
    ck_assert(!manifest_is_seekable(manifest, 0));
    struct manifest_index *idx = index_all(manifest, NULL);
    pthread_join(writer, NULL);
    check_all(idx, LINES);
    index_free(idx);
    manifest_close(manifest);
    free(path);
}
END_TEST

START_TEST(an_index_with_a_name_is_there_until_it_is_freed)
{
    char path[] = "/tmp/fetchgrep-test-index-XXXXXX";
    close(mkstemp(path));
    struct manifest *manifest = open_lists(NULL, 0);
    struct manifest_index *idx = index_all(manifest, path);
    ck_assert_int_eq(access(path, F_OK), 0);
    index_free(idx);
    ck_assert_int_ne(access(path, F_OK), 0);
    manifest_close(manifest);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("index");
    TCase *tests = tcase_create("index");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, rows_come_out_by_host);
    tcase_add_test(tests, an_empty_index_has_no_host);
    tcase_add_test(tests, rows_of_a_pipe_are_kept);
    tcase_add_test(tests, an_index_with_a_name_is_there_until_it_is_freed);
    return run_suite(suite);
}
