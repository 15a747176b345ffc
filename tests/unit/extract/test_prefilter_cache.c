/* What is kept comes back as it was or not at all; one process works while the
 * others wait. */
#include "../../../src/extract/prefilter_cache.h"

#include "suite.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 256, HEAD_SIZE = 24, NOBODY = 65534 };

static char root[] = "/tmp/test_prefilter_cache.XXXXXX";
static char dir[PATH_SIZE / 2], file[PATH_SIZE], lock_file[PATH_SIZE];
static char key[CACHE_KEY_SIZE];
static const char kept[] = "bytes\0of a database\xff";

static struct view kept_view(void)
{
    return view_of(kept, sizeof(kept));
}

static void set_up(void)
{
    snprintf(root, sizeof(root), "/tmp/test_prefilter_cache.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    cache_key(view_of_string("a description"), key);
    snprintf(dir, sizeof(dir), "%s/above/cache", root);
    snprintf(file, sizeof(file), "%s/patterns-%s.hs", dir, key);
    snprintf(lock_file, sizeof(lock_file), "%s/patterns-%s.lock", dir, key);
}

static void tear_down(void)
{
    char command[PATH_SIZE];
    snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", root,
             root);
    ck_assert_int_eq(system(command), 0);
}

/* As the prefilter does it: the lock makes the directory. */
static void keep(void)
{
    int fd = cache_lock(dir, key);
    ck_assert_int_ge(fd, 0);
    cache_write(dir, key, kept_view());
    cache_unlock(dir, key, fd);
}

/* Whether the kept bytes are there; others never are. */
static bool is_kept(void)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    buf_append_string(&out, "before ");
    bool done = cache_read(dir, key, &out);
    ck_assert_uint_eq(out.size, 7 + (done ? sizeof(kept) : 0));
    ck_assert_int_eq(memcmp(out.data, "before ", 7), 0);
    if (done)
        ck_assert_int_eq(memcmp(out.data + 7, kept, sizeof(kept)), 0);
    buf_release(&out);
    return done;
}

static void change_byte(off_t at)
{
    char byte;
    int fd = open(file, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 0x20;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    ck_assert_int_eq(close(fd), 0);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    ck_assert_int_eq(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

/* ---- bytes ------------------------------------------------------------- */

START_TEST(kept_bytes_come_back)
{
    ck_assert(!is_kept());
    keep();
    ck_assert(is_kept());
    ck_assert(is_kept());
}
END_TEST

START_TEST(keys_are_of_the_whole_description)
{
    char other[CACHE_KEY_SIZE];
    cache_key(view_of_string("a descriptioN"), other);
    ck_assert_uint_eq(strlen(key), CACHE_KEY_SIZE - 1);
    ck_assert_str_ne(key, other);
    keep();
    memcpy(key, other, sizeof(key));
    ck_assert(!is_kept());
}
END_TEST

START_TEST(a_changed_byte_is_no_file)
{
    keep();
    for (off_t at = 0; at < (off_t)(HEAD_SIZE + sizeof(kept)); at++) {
        change_byte(at);
        ck_assert_msg(!is_kept(), "byte %ld", (long)at);
        change_byte(at);
        ck_assert(is_kept());
    }
}
END_TEST

START_TEST(a_cut_or_longer_file_is_no_file)
{
    keep();
    ck_assert_int_eq(truncate(file, (off_t)(HEAD_SIZE + sizeof(kept) + 1)), 0);
    ck_assert(!is_kept());
    for (off_t size = (off_t)(HEAD_SIZE + sizeof(kept)); size-- > 0;) {
        ck_assert_int_eq(truncate(file, size), 0);
        ck_assert_msg(!is_kept(), "%ld bytes", (long)size);
    }
    keep();
    ck_assert(is_kept());
}
END_TEST

START_TEST(what_was_kept_last_counts)
{
    keep();
    cache_write(dir, key, view_of("other", 5));
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    ck_assert(cache_read(dir, key, &out));
    ck_assert(view_equal(buf_view(&out), view_of_string("other")));
    buf_release(&out);
}
END_TEST

START_TEST(no_more_than_64_files_are_kept)
{
    char name[CACHE_KEY_SIZE], path[PATH_SIZE];
    unsigned count = 0;
    keep();
    /* The first is the oldest but for one that was last used long ago. */
    for (unsigned i = 0; i < 64; i++) {
        snprintf(name, sizeof(name), "%032u", i);
        cache_write(dir, name, kept_view());
        snprintf(path, sizeof(path), "%s/patterns-%s.hs", dir, name);
        if (i == 7) {
            struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
            ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
        }
    }
    for (unsigned i = 0; i < 64; i++) {
        snprintf(path, sizeof(path), "%s/patterns-%032u.hs", dir, i);
        count += access(path, F_OK) == 0;
        ck_assert_int_eq(access(path, F_OK) == 0, i != 7);
    }
    ck_assert_uint_eq(count, 63);
    ck_assert(is_kept());
}
END_TEST

/* ---- whose it is ------------------------------------------------------- */

START_TEST(file_and_directories_are_ours_alone)
{
    char above[PATH_SIZE];
    mode_t before = umask(0);
    keep();
    umask(before);
    snprintf(above, sizeof(above), "%s/above", root);
    ck_assert_uint_eq(mode_of(above), 0700);
    ck_assert_uint_eq(mode_of(dir), 0700);
    ck_assert_uint_eq(mode_of(file), 0600);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_no_file)
{
    static const mode_t modes[] = { 0620, 0602, 0666 };
    keep();
    for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
        ck_assert_int_eq(chmod(file, modes[i]), 0);
        ck_assert(!is_kept());
    }
    ck_assert_int_eq(chmod(file, 0644), 0);
    ck_assert(is_kept());
    ck_assert_int_eq(chmod(file, 0666), 0);
    keep();
    ck_assert(is_kept());
    ck_assert_uint_eq(mode_of(file), 0600);
}
END_TEST

START_TEST(a_symbolic_link_is_no_file)
{
    char target[PATH_SIZE];
    keep();
    snprintf(target, sizeof(target), "%s/target", root);
    ck_assert_int_eq(rename(file, target), 0);
    ck_assert_int_eq(symlink(target, file), 0);
    ck_assert(!is_kept());
    /* The link is replaced, its target left alone. */
    cache_write(dir, key, view_of("other", 5));
    ck_assert_uint_eq(mode_of(file), 0600);
    ck_assert_int_eq(rename(target, file), 0);
    ck_assert(is_kept());
}
END_TEST

START_TEST(a_lock_that_is_a_symbolic_link_is_none)
{
    char target[PATH_SIZE];
    keep();
    snprintf(target, sizeof(target), "%s/target", root);
    ck_assert_int_eq(symlink(target, lock_file), 0);
    ck_assert_int_eq(cache_lock(dir, key), -1);
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

START_TEST(a_pipe_or_directory_is_no_file)
{
    keep();
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    ck_assert(!is_kept());
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(mkdir(file, 0700), 0);
    ck_assert(!is_kept());
    cache_write(dir, key, kept_view());
    ck_assert(!is_kept());
}
END_TEST

START_TEST(a_file_of_another_owner_is_no_file)
{
    keep();
    if (geteuid())
        return; /* only root can give it away */
    ck_assert_int_eq(chown(file, NOBODY, NOBODY), 0);
    ck_assert(!is_kept());
    keep();
    ck_assert(is_kept());
}
END_TEST

/* Root may write to any directory, but to none below a file. */
START_TEST(where_nothing_can_be_written_nothing_is_kept)
{
    snprintf(file, sizeof(file), "%s/file", root);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    snprintf(dir, sizeof(dir), "%s/file/cache", root);
    ck_assert_int_eq(cache_lock(dir, key), -1);
    cache_write(dir, key, kept_view());
    cache_unlock(dir, key, -1);
    ck_assert(!is_kept());
    if (!geteuid())
        return;
    snprintf(dir, sizeof(dir), "%s/closed", root);
    ck_assert_int_eq(mkdir(dir, 0500), 0);
    ck_assert_int_eq(cache_lock(dir, key), -1);
    cache_write(dir, key, kept_view());
    ck_assert(!is_kept());
}
END_TEST

/* ---- several processes ------------------------------------------------- */

struct child {
    pid_t pid;
    int to_fd, from_fd;
};

static void say(int fd, char c)
{
    ck_assert_int_eq(write(fd, &c, 1), 1);
}

static char hear(int fd)
{
    char c = 0;
    return read(fd, &c, 1) == 1 ? c : '\0';
}

/* Holds the lock and says so; keeps the bytes when told 'k'; ends. */
static void hold(int in_fd, int out_fd)
{
    int fd = cache_lock(dir, key);
    say(out_fd, fd >= 0 ? 'h' : '!');
    if (hear(in_fd) == 'k') {
        cache_write(dir, key, kept_view());
        cache_unlock(dir, key, fd);
    }
}

/* Says that it is about to wait; then whether the bytes were there. */
static void wait_and_read(int in_fd, int out_fd)
{
    (void)in_fd;
    say(out_fd, 'w');
    int fd = cache_lock(dir, key);
    say(out_fd, fd < 0 ? '!' : is_kept() ? 'r' : 'n');
    cache_unlock(dir, key, fd);
}

static void child_start(struct child *child, void (*work)(int, int))
{
    int to[2], from[2];
    ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
    child->pid = fork();
    ck_assert_int_ge(child->pid, 0);
    if (!child->pid) {
        close(to[1]);
        close(from[0]);
        work(to[0], from[1]);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    child->to_fd = to[1];
    child->from_fd = from[0];
}

static void child_end(struct child *child)
{
    close(child->to_fd);
    close(child->from_fd);
    ck_assert_int_eq(waitpid(child->pid, NULL, 0), child->pid);
}

static bool is_blocked(const char *waiting)
{
    char line[256];
    bool is_found = false;
    FILE *locks = fopen("/proc/locks", "re");
    while (locks && !is_found && fgets(line, sizeof(line), locks))
        is_found = strstr(line, "->") && strstr(line, waiting);
    if (locks)
        fclose(locks);
    return is_found;
}

/* Until the kernel says that the process waits for a lock. Where it does not
 * say, the process may come late; what it then finds is the same. */
static void until_blocked(pid_t pid)
{
    char waiting[32];
    snprintf(waiting, sizeof(waiting), " %d ", (int)pid);
    for (int i = 0; i < 5000 && !is_blocked(waiting); i++)
        sched_yield();
}

START_TEST(who_waits_finds_what_the_other_kept)
{
    struct child holder, waiter;
    child_start(&holder, hold);
    ck_assert_int_eq(hear(holder.from_fd), 'h');
    child_start(&waiter, wait_and_read);
    ck_assert_int_eq(hear(waiter.from_fd), 'w');
    until_blocked(waiter.pid);
    say(holder.to_fd, 'k');
    ck_assert_int_eq(hear(waiter.from_fd), 'r');
    child_end(&holder);
    child_end(&waiter);
    ck_assert_int_ne(access(lock_file, F_OK), 0);
}
END_TEST

START_TEST(a_dead_holder_frees_the_lock)
{
    struct child holder, waiter;
    child_start(&holder, hold);
    ck_assert_int_eq(hear(holder.from_fd), 'h');
    child_start(&waiter, wait_and_read);
    ck_assert_int_eq(hear(waiter.from_fd), 'w');
    until_blocked(waiter.pid);
    ck_assert_int_eq(kill(holder.pid, SIGKILL), 0);
    ck_assert_int_eq(hear(waiter.from_fd), 'n');
    child_end(&holder);
    child_end(&waiter);
    keep();
    ck_assert(is_kept());
}
END_TEST

START_TEST(another_key_is_another_lock)
{
    struct child holder;
    char other[CACHE_KEY_SIZE];
    cache_key(view_of_string("another"), other);
    child_start(&holder, hold);
    ck_assert_int_eq(hear(holder.from_fd), 'h');
    int fd = cache_lock(dir, other);
    ck_assert_int_ge(fd, 0);
    cache_unlock(dir, other, fd);
    child_end(&holder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefilter_cache");
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, kept_bytes_come_back);
    tcase_add_test(files, keys_are_of_the_whole_description);
    tcase_add_test(files, a_changed_byte_is_no_file);
    tcase_add_test(files, a_cut_or_longer_file_is_no_file);
    tcase_add_test(files, what_was_kept_last_counts);
    tcase_add_test(files, no_more_than_64_files_are_kept);
    tcase_add_test(files, file_and_directories_are_ours_alone);
    tcase_add_test(files, a_file_that_others_may_write_is_no_file);
    tcase_add_test(files, a_symbolic_link_is_no_file);
    tcase_add_test(files, a_lock_that_is_a_symbolic_link_is_none);
    tcase_add_test(files, a_pipe_or_directory_is_no_file);
    tcase_add_test(files, a_file_of_another_owner_is_no_file);
    tcase_add_test(files, where_nothing_can_be_written_nothing_is_kept);
    tcase_add_test(files, who_waits_finds_what_the_other_kept);
    tcase_add_test(files, a_dead_holder_frees_the_lock);
    tcase_add_test(files, another_key_is_another_lock);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
