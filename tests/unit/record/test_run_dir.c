/*
 * A run directory belongs to one process, holds one run, and is finished when
 * its summary is there. What is not a run's is neither used nor touched.
 */
#include "fetchgrep/record/run_dir.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/record/lives.h"

#include "suite.h"
#include <ftw.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* One for all tests, removed when they are over, however they ended; and in it
 * a fresh one for each, where they name the run directory "run". */
static char root[] = "/tmp/test_run_dir-XXXXXX";
static char dir[sizeof(root) + 32];

static void make_root(void)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_root(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* From now on `dir` is a name below what it was. */
static void go_below(const char *name)
{
    size_t size = strlen(dir);
    snprintf(dir + size, sizeof(dir) - size, "/%s", name);
}

static void make_dir(void)
{
    snprintf(dir, sizeof(dir), "%s/XXXXXX", root);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    go_below("run");
}

static const struct run_identity identity = {
    .command = "run",
    .manifest_digest = UINT64_C(0x0123456789abcdef),
    .patterns_digest = 7,
    .options = "max-body=10M status=2xx",
};

static struct run_dir *open_dir(void)
{
    struct error err = { 0 };
    struct run_dir *run = run_dir_open(dir, &err);
    ck_assert_msg(run != NULL, "%s", err.message);
    return run;
}

static void begin(struct run_dir *run)
{
    struct error err = { 0 };
    ck_assert_msg(run_dir_begin(run, &identity, view_of(NULL, 0), &err), "%s",
                  err.message);
}

/* Opening it is refused; the message holds `word`. */
static void check_refused(const char *word)
{
    struct error err = { 0 };
    ck_assert_ptr_null(run_dir_open(dir, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_msg(strstr(err.message, dir) && strstr(err.message, word), "%s",
                  err.message);
}

static char *path_of(const char *name)
{
    static char path[sizeof(dir) + 64];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    ck_assert_msg(file != NULL, "%s", path_of(name));
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static bool is_there(const char *name)
{
    struct stat st;
    return lstat(path_of(name), &st) == 0;
}

static void check_file(const char *name, const char *expected)
{
    struct error err = { 0 };
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    ck_assert_msg(fs_read_file(path_of(name), &bytes, &err), "%s", err.message);
    ck_assert_str_eq(buf_string(&bytes), expected);
    buf_release(&bytes);
}

/* ---- whose it is ------------------------------------------------------ */

START_TEST(a_directory_is_made_with_its_parents_and_is_new)
{
    go_below("a/b");
    struct run_dir *run = open_dir();
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_NEW);
    ck_assert_str_eq(run_dir_path(run), dir);
    ck_assert(is_there("owner"));
    begin(run);
    run_dir_close(run);
    ck_assert(is_there("run.json"));
}
END_TEST

START_TEST(a_run_that_never_began_leaves_no_trace)
{
    run_dir_close(open_dir());
    ck_assert(!is_there(""));
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    run_dir_close(open_dir());
    ck_assert_msg(is_there(""), "a directory of others is gone");
    ck_assert(!is_there("owner"));
    run_dir_close(NULL);
}
END_TEST

START_TEST(an_unfinished_run_is_told_from_a_finished_one)
{
    struct run_dir *run = open_dir();
    begin(run);
    run_dir_close(run);
    run = open_dir();
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_UNFINISHED);
    run_dir_close(run);
    write_file("summary.json", "{}");
    run = open_dir();
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_FINISHED);
    run_dir_close(run);
}
END_TEST

START_TEST(a_directory_with_other_things_is_refused_untouched)
{
    static const char *const others[] = { "notes.txt", "outcomes.jsonl",
                                          ".hidden", "summary.json",
                                          "gen-0001" };
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        write_file(others[i], "mine");
        check_refused("not empty");
        check_file(others[i], "mine");
        ck_assert(!is_there("owner"));
        ck_assert_int_eq(unlink(path_of(others[i])), 0);
    }
    run_dir_close(open_dir());
}
END_TEST

START_TEST(what_a_killed_start_has_left_is_ours)
{
    run_dir_close(open_dir());
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    write_file("owner", "pid 1 on host\n");
    write_file("run.json.part", "{");
    write_file("manifest", "http://a");
    struct run_dir *run = open_dir();
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_NEW);
    ck_assert(!is_there("run.json.part") && !is_there("manifest"));
    run_dir_close(run);
    ck_assert_int_eq(mkdir(dir, 0777), -1);
    write_file("manifest", "mine");
    ck_assert(!is_there("owner"));
    check_refused("not empty");
    check_file("manifest", "mine");
}
END_TEST

START_TEST(what_is_no_directory_is_refused_untouched)
{
    FILE *file = fopen(dir, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    check_refused("no directory");
    struct stat st;
    ck_assert_int_eq(stat(dir, &st), 0);
    ck_assert(S_ISREG(st.st_mode));
    /* Nor can it be made below one. */
    go_below("x");
    struct error err = { 0 };
    ck_assert_ptr_null(run_dir_open(dir, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
}
END_TEST

START_TEST(a_second_owner_is_refused_while_the_first_lives)
{
    struct run_dir *run = open_dir();
    begin(run);
    char pid[32];
    snprintf(pid, sizeof(pid), "pid %ld", (long)getpid());
    check_refused(pid);
    check_refused("another process");
    run_dir_close(run);
    run_dir_close(open_dir());
}
END_TEST

/* Between its lock and its run.json an owner is an owner too. */
START_TEST(a_refused_second_owner_takes_nothing_from_the_first)
{
    struct run_dir *run = open_dir();
    write_file("manifest", "http://a/\n");
    struct error err = { 0 };
    ck_assert_ptr_null(run_dir_open(dir, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_msg(is_there("owner"), "the first one's lock is gone");
    check_file("manifest", "http://a/\n");
    ck_assert_ptr_null(run_dir_open(dir, &err));
    begin(run);
    run_dir_close(run);
}
END_TEST

START_TEST(a_lock_without_a_manifest_copy_is_not_taken_away_either)
{
    struct run_dir *run = open_dir();
    for (int i = 0; i < 2; i++) {
        struct error err = { 0 };
        struct run_dir *second = run_dir_open(dir, &err);
        ck_assert_msg(second == NULL, "a second owner at try %d", i + 1);
        ck_assert_int_eq(err.code, ERR_USAGE);
    }
    ck_assert(is_there("owner"));
    run_dir_close(run);
}
END_TEST

START_TEST(the_lock_of_a_process_that_died_does_not_hold)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct error err;
        struct run_dir *run = run_dir_open(dir, &err);
        _exit(run && run_dir_begin(run, &identity, view_of(NULL, 0), &err) ? 0
                                                                           : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    struct run_dir *run = open_dir();
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_UNFINISHED);
    run_dir_close(run);
}
END_TEST

/* ---- which run it is -------------------------------------------------- */

START_TEST(run_json_says_what_was_run)
{
    struct error err = { 0 };
    struct run_dir *run = open_dir();
    const struct run_identity odd = { .command = "extract",
                                      .manifest_digest = 1,
                                      .patterns_digest = UINT64_MAX,
                                      .options = "header=\"a\\b\"\n" };
    ck_assert(run_dir_begin(
        run, &odd, view_of_string(",\"inputs\":[\"a\"],\"n\":1"), &err));
    json_error_t problem;
    json_t *json = json_load_file(path_of("run.json"), 0, &problem);
    ck_assert_msg(json != NULL, "%s", problem.text);
    ck_assert_str_eq(json_string_value(json_object_get(json, "command")),
                     "extract");
    ck_assert_str_eq(json_string_value(json_object_get(json, "options")),
                     odd.options);
    ck_assert_str_eq(
        json_string_value(json_object_get(json, "manifest_digest")),
        "0000000000000001");
    ck_assert_str_eq(
        json_string_value(json_object_get(json, "patterns_digest")),
        "ffffffffffffffff");
    ck_assert_int_eq(json_integer_value(json_object_get(json, "n")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "format")), 1);
    json_decref(json);
    ck_assert(run_dir_check_identity(run, &odd, &err));
    run_dir_close(run);
}
END_TEST

/* The run id in run.json of a fresh run. */
static char *run_id_of(const struct run_identity *of)
{
    struct error err = { 0 };
    struct run_dir *run = open_dir();
    ck_assert(run_dir_begin(run, of, view_of(NULL, 0), &err));
    json_t *json = json_load_file(path_of("run.json"), 0, NULL);
    char *id = strdup(json_string_value(json_object_get(json, "run_id")));
    json_decref(json);
    ck_assert(run_dir_clear(run, &err));
    run_dir_close(run);
    return id;
}

struct difference {
    struct run_identity other;
    const char *named; /* in the message */
};

#define MANIFEST UINT64_C(0x0123456789abcdef)

static const struct difference differences[] = {
    { { "fetch", MANIFEST, 7, "max-body=10M status=2xx" }, "command" },
    { { "run", MANIFEST + 1, 7, "max-body=10M status=2xx" }, "manifest" },
    { { "run", MANIFEST, 8, "max-body=10M status=2xx" }, "pattern" },
    { { "run", MANIFEST, 7, "max-body=20M status=2xx" },
      "there --max-body=10M, here --max-body=20M" },
    { { "run", MANIFEST, 7, "max-body=10M status=any" },
      "there --status=2xx, here --status=any" },
    { { "run", MANIFEST, 7, "max-body=10M" }, "--status=2xx" },
    { { "run", MANIFEST, 7, "max-body=10M status=2xx robots" }, "--robots" },
    { { "run", MANIFEST, 7, "" }, "--max-body=10M" },
};

START_TEST(another_run_is_refused_with_the_difference_named)
{
    const struct difference *difference = &differences[_i];
    struct error err = { 0 };
    struct run_dir *run = open_dir();
    begin(run);
    ck_assert_msg(run_dir_check_identity(run, &identity, &err), "%s",
                  err.message);
    ck_assert(!run_dir_check_identity(run, &difference->other, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_msg(strstr(err.message, difference->named) != NULL, "%s",
                  err.message);
    run_dir_close(run);
    ck_assert_int_eq(unlink(path_of("run.json")), 0);
    ck_assert_int_eq(unlink(path_of("owner")), 0);
    char *id = run_id_of(&identity), *same = run_id_of(&identity);
    char *other = run_id_of(&difference->other);
    ck_assert_str_eq(id, same);
    ck_assert_str_ne(id, other);
    free(id);
    free(same);
    free(other);
}
END_TEST

START_TEST(a_damaged_run_json_is_said)
{
    static const char *const texts[] = { "", "{", "[1",
                                         "{\"command\":", "\xFF" };
    struct run_dir *run = open_dir();
    begin(run);
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct error err = { 0 };
        write_file("run.json", texts[i]);
        ck_assert(!run_dir_check_identity(run, &identity, &err));
        ck_assert_int_eq(err.code, ERR_USAGE);
        ck_assert_ptr_nonnull(strstr(err.message, "run.json"));
    }
    /* Sound JSON that is no run's is another run. */
    static const char *const others[] = { "[]", "{}", "{\"command\":1}" };
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        struct error err = { 0 };
        write_file("run.json", others[i]);
        ck_assert(!run_dir_check_identity(run, &identity, &err));
        ck_assert_int_eq(err.code, ERR_USAGE);
    }
    run_dir_close(run);
}
END_TEST

/* ---- starting over ---------------------------------------------------- */

START_TEST(clearing_removes_a_runs_files_and_no_others)
{
    struct error err = { 0 };
    struct run_dir *run = open_dir();
    begin(run);
    static const char *const own[] = { "manifest",       "manifest.idx",
                                       "outcomes.jsonl", "matches.jsonl",
                                       "matches.txt",    "summary.json" };
    static const char *const kept[] = { "notes.txt", "matches.csv.bak",
                                        "mypages" };
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        write_file(own[i], "x");
    for (size_t i = 0; i < ARRAY_COUNT(kept); i++)
        write_file(kept[i], "mine");
    ck_assert_int_eq(mkdir(path_of("gen-0001"), 0777), 0);
    ck_assert_int_eq(mkdir(path_of("pages"), 0777), 0);
    ck_assert_int_eq(mkdir(path_of("pages/deep"), 0777), 0);
    write_file("gen-0001/journal", "x");
    write_file("pages/deep/file", "x");
    write_file("pages/index.cdxj", "x");
    ck_assert_msg(run_dir_clear(run, &err), "%s", err.message);
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_NEW);
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        ck_assert_msg(!is_there(own[i]), "%s", own[i]);
    ck_assert(!is_there("run.json") && !is_there("gen-0001") &&
              !is_there("pages"));
    for (size_t i = 0; i < ARRAY_COUNT(kept); i++)
        check_file(kept[i], "mine");
    check_refused("");
    run_dir_close(run);
}
END_TEST

START_TEST(clearing_follows_no_link)
{
    struct error err = { 0 };
    struct run_dir *run = open_dir();
    begin(run);
    ck_assert_int_eq(mkdir(path_of("elsewhere"), 0777), 0);
    write_file("elsewhere/file", "mine");
    ck_assert_int_eq(symlink("elsewhere", path_of("pages")), 0);
    ck_assert_int_eq(mkdir(path_of("gen-0001"), 0777), 0);
    ck_assert_int_eq(symlink("../elsewhere", path_of("gen-0001/link")), 0);
    ck_assert_msg(run_dir_clear(run, &err), "%s", err.message);
    ck_assert(!is_there("pages") && !is_there("gen-0001"));
    check_file("elsewhere/file", "mine");
    run_dir_close(run);
}
END_TEST

/* ---- sealing ---------------------------------------------------------- */

static uint64_t size_of(const char *name)
{
    struct stat st;
    ck_assert_int_eq(stat(path_of(name), &st), 0);
    return (uint64_t)st.st_size;
}

/* Says of the files of a generation that this many bytes count. */
static void commit(const char *journal, struct journal_file *files,
                   size_t count)
{
    const struct journal_record record = { .files = files,
                                           .file_count = count };
    struct error err = { 0 };
    struct buf bytes;
    int fd;
    buf_init(&bytes, 1 << 20);
    journal_record_append(&record, &bytes);
    unlink(path_of(journal));
    ck_assert(fs_create(path_of(journal), &fd, &err));
    ck_assert(fs_write_all(fd, buf_view(&bytes), journal, &err));
    close(fd);
    buf_release(&bytes);
}

/* A generation as a recorder leaves it. */
static struct run_dir *open_with_generation(void)
{
    const struct lives none = { .next_generation = 1 };
    struct error err = { 0 };
    const char *generation;
    struct run_dir *run = open_dir();
    begin(run);
    ck_assert(run_dir_new_generation(run, &none, &generation, &err));
    ck_assert_str_eq(generation, path_of("gen-0001"));
    write_file("gen-0001/outcomes.jsonl", "outcomes\n");
    write_file("gen-0001/matches.jsonl", "matches\n");
    write_file("gen-0001/index.cdxj", "org,b)/ 2\norg,a)/ 1\norg,a)/ 0\n");
    write_file("gen-0001/pages-00000.warc.gz", "first");
    write_file("gen-0001/pages-00001.warc.gz", "second");
    struct journal_file files[] = {
        { JOURNAL_OUTCOMES, 0, size_of("gen-0001/outcomes.jsonl"), 0 },
        { JOURNAL_MATCHES, 0, size_of("gen-0001/matches.jsonl"), 0 },
        { JOURNAL_INDEX, 0, size_of("gen-0001/index.cdxj"), 0 },
        { JOURNAL_PAGES, 0, size_of("gen-0001/pages-00000.warc.gz"), 0 },
        { JOURNAL_PAGES, 1, size_of("gen-0001/pages-00001.warc.gz"), 0 },
    };
    commit("gen-0001/journal", files, ARRAY_COUNT(files));
    return run;
}

static struct run_dir_seal seal(void)
{
    return (struct run_dir_seal){ .warc_suffix = ".warc.gz",
                                  .matches_name = "matches.jsonl",
                                  .summary = view_of_string("{\"ok\":1}\n") };
}

START_TEST(sealing_puts_all_into_place_and_sorts_the_index)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    const struct run_dir_seal with = seal();
    ck_assert_msg(run_dir_seal(run, &with, &err), "%s", err.message);
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_FINISHED);
    run_dir_close(run);
    check_file("outcomes.jsonl", "outcomes\n");
    check_file("matches.jsonl", "matches\n");
    check_file("pages/gen0001-00000.warc.gz", "first");
    check_file("pages/gen0001-00001.warc.gz", "second");
    check_file("pages/index.cdxj", "org,a)/ 0\norg,a)/ 1\norg,b)/ 2\n");
    check_file("summary.json", "{\"ok\":1}\n");
    ck_assert(is_there("gen-0001/journal"));
    static const char *const gone[] = { "outcomes.jsonl", "matches.jsonl",
                                        "index.cdxj", "pages-00000.warc.gz",
                                        "pages-00001.warc.gz" };
    for (size_t i = 0; i < ARRAY_COUNT(gone); i++) {
        char name[64];
        snprintf(name, sizeof(name), "gen-0001/%s", gone[i]);
        ck_assert_msg(!is_there(name), "%s", name);
    }
    run = open_dir();
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_FINISHED);
    run_dir_close(run);
}
END_TEST

static bool give_up(void *ctx, const char *path, struct error *err)
{
    (void)ctx;
    return error_set(err, ERR_SYSTEM, "no room for %s", path);
}

/* A second life, after which the first one, not quite dead, went on. */
static void add_second_life(void)
{
    ck_assert_int_eq(mkdir(path_of("gen-0002"), 0777), 0);
    write_file("gen-0002/outcomes.jsonl", "more\nnever committed\n");
    write_file("gen-0002/matches.jsonl", "matches too\n");
    write_file("gen-0002/index.cdxj", "org,a)/ 5\n");
    write_file("gen-0002/pages-00000.warc.gz", "third and torn");
    struct journal_file files[] = {
        { JOURNAL_OUTCOMES, 0, 5, 0 },
        { JOURNAL_MATCHES, 0, size_of("gen-0002/matches.jsonl"), 0 },
        { JOURNAL_INDEX, 0, size_of("gen-0002/index.cdxj"), 0 },
        { JOURNAL_PAGES, 0, 5, 0 },
    };
    commit("gen-0002/journal", files, ARRAY_COUNT(files));
}

static void check_two_lives(void)
{
    check_file("outcomes.jsonl", "outcomes\nmore\n");
    check_file("matches.jsonl", "matches\nmatches too\n");
    check_file("pages/gen0001-00000.warc.gz", "first");
    check_file("pages/gen0001-00001.warc.gz", "second");
    check_file("pages/gen0002-00000.warc.gz", "third");
    check_file("pages/index.cdxj",
               "org,a)/ 0\norg,a)/ 1\norg,a)/ 5\norg,b)/ 2\n");
}

START_TEST(what_all_lives_have_committed_is_joined)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    const struct run_dir_seal with = seal();
    add_second_life();
    ck_assert_msg(run_dir_seal(run, &with, &err), "%s", err.message);
    run_dir_close(run);
    check_two_lives();
    ck_assert(!is_there("gen-0002/pages-00000.warc.gz"));
    ck_assert(!is_there("outcomes.jsonl.part"));
}
END_TEST

START_TEST(the_head_of_the_matches_stands_once)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    struct run_dir_seal with = seal();
    with.matches_head = view_of_string("matches");
    add_second_life();
    ck_assert_msg(run_dir_seal(run, &with, &err), "%s", err.message);
    run_dir_close(run);
    check_file("matches.jsonl", "matches\n too\n");
}
END_TEST

/* At whatever step it was broken off: nothing has been taken away. */
START_TEST(a_seal_can_be_done_again)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    struct run_dir_seal with = seal();
    add_second_life();
    with.finish_outcomes = give_up;
    ck_assert(!run_dir_seal(run, &with, &err));
    check_file("gen-0001/outcomes.jsonl", "outcomes\n");
    check_file("gen-0001/pages-00000.warc.gz", "first");
    with.finish_outcomes = NULL;
    ck_assert_msg(run_dir_seal(run, &with, &err), "%s", err.message);
    run_dir_close(run);
    check_two_lives();
}
END_TEST

START_TEST(a_run_that_keeps_no_pages_has_none)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    struct run_dir_seal with = seal();
    with.warc_suffix = NULL;
    with.matches_name = NULL;
    ck_assert_msg(run_dir_seal(run, &with, &err), "%s", err.message);
    run_dir_close(run);
    check_file("outcomes.jsonl", "outcomes\n");
    ck_assert(!is_there("pages") && !is_there("matches.jsonl"));
    ck_assert(is_there("summary.json"));
}
END_TEST

START_TEST(a_run_of_no_entries_has_an_empty_index)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    struct run_dir_seal with = seal();
    write_file("gen-0001/index.cdxj", "");
    commit("gen-0001/journal", NULL, 0);
    ck_assert_msg(run_dir_seal(run, &with, &err), "%s", err.message);
    run_dir_close(run);
    check_file("pages/index.cdxj", "");
}
END_TEST

static bool shout(void *ctx, const char *path, struct error *err)
{
    int *calls = ctx;
    (*calls)++;
    return fs_replace_file(path, view_of_string("rewritten\n"), err);
}

START_TEST(results_are_rewritten_before_they_are_in_place)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    struct run_dir_seal with = seal();
    int calls = 0;
    with.finish_outcomes = with.finish_matches = shout;
    with.ctx = &calls;
    ck_assert(run_dir_seal(run, &with, &err));
    run_dir_close(run);
    ck_assert_int_eq(calls, 2);
    check_file("outcomes.jsonl", "rewritten\n");
    check_file("matches.jsonl", "rewritten\n");
    check_file("pages/gen0001-00000.warc.gz", "first");
}
END_TEST

START_TEST(a_seal_that_fails_leaves_the_run_unfinished)
{
    struct error err = { 0 };
    struct run_dir *run = open_with_generation();
    struct run_dir_seal with = seal();
    with.finish_outcomes = give_up;
    ck_assert(!run_dir_seal(run, &with, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert_int_ne(run_dir_state(run), RUN_DIR_FINISHED);
    with = seal();
    ck_assert_int_eq(unlink(path_of("gen-0001/pages-00001.warc.gz")), 0);
    ck_assert(!run_dir_seal(run, &with, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "pages-00001.warc.gz"));
    write_file("gen-0001/pages-00001.warc.gz", "secon");
    ck_assert(!run_dir_seal(run, &with, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "has lost bytes"));
    ck_assert(!is_there("summary.json"));
    run_dir_close(run);
    run = open_dir();
    ck_assert_int_eq(run_dir_state(run), RUN_DIR_UNFINISHED);
    run_dir_close(run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_directory_is_made_with_its_parents_and_is_new);
    tcase_add_test(tests, a_run_that_never_began_leaves_no_trace);
    tcase_add_test(tests, an_unfinished_run_is_told_from_a_finished_one);
    tcase_add_test(tests, a_directory_with_other_things_is_refused_untouched);
    tcase_add_test(tests, what_a_killed_start_has_left_is_ours);
    tcase_add_test(tests, what_is_no_directory_is_refused_untouched);
    tcase_add_test(tests, a_second_owner_is_refused_while_the_first_lives);
    tcase_add_test(tests, a_refused_second_owner_takes_nothing_from_the_first);
    tcase_add_test(tests,
                   a_lock_without_a_manifest_copy_is_not_taken_away_either);
    tcase_add_test(tests, the_lock_of_a_process_that_died_does_not_hold);
    tcase_add_test(tests, run_json_says_what_was_run);
    tcase_add_loop_test(tests, another_run_is_refused_with_the_difference_named,
                        0, (int)ARRAY_COUNT(differences));
    tcase_add_test(tests, a_damaged_run_json_is_said);
    tcase_add_test(tests, clearing_removes_a_runs_files_and_no_others);
    tcase_add_test(tests, clearing_follows_no_link);
    tcase_add_test(tests, what_all_lives_have_committed_is_joined);
    tcase_add_test(tests, the_head_of_the_matches_stands_once);
    tcase_add_test(tests, a_seal_can_be_done_again);
    tcase_add_test(tests, sealing_puts_all_into_place_and_sorts_the_index);
    tcase_add_test(tests, a_run_that_keeps_no_pages_has_none);
    tcase_add_test(tests, a_run_of_no_entries_has_an_empty_index);
    tcase_add_test(tests, results_are_rewritten_before_they_are_in_place);
    tcase_add_test(tests, a_seal_that_fails_leaves_the_run_unfinished);
}

int main(void)
{
    Suite *suite = suite_create("run_dir");
    TCase *tests = tcase_create("run_dir");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, make_root, remove_root);
    tcase_add_checked_fixture(tests, make_dir, NULL);
    suite_add_tcase(suite, tests);
    add_tests(tests);
    return run_suite(suite);
}
