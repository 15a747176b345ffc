/*
 * What a life has committed counts, whatever stands behind it; what a life
 * writes after a later one began does not.
 */
#include "fetchgrep/record/lives.h"

#include "fetchgrep/base/fs.h"

#include "suite.h"
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/test_lives-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void make_root(void)
{
    snprintf(root, sizeof(root), "/tmp/test_lives-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static void write_file(const char *name, struct view bytes)
{
    struct error err = { 0 };
    int fd;
    unlink(path_of(name));
    ck_assert_msg(fs_create(path_of(name), &fd, &err), "%s", err.message);
    ck_assert(fs_write_all(fd, bytes, name, &err));
    close(fd);
}

/* Each record: 10 ids more, outcomes.jsonl 100 bytes longer. */
static void append_records(struct buf *out, uint64_t first_id, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct journal_file files[] = {
            { JOURNAL_OUTCOMES, 0, 100 * (i + 1), 0 },
            { JOURNAL_PAGES, (uint32_t)i, 7 * (i + 1), 0 },
        };
        struct journal_range range = { first_id + 10 * i, 10 };
        uint64_t counters[] = { 5, 10 * (i + 1) };
        const struct journal_record record = {
            .sequence = i,
            .files = files,
            .file_count = ARRAY_COUNT(files),
            .ranges = &range,
            .range_count = 1,
            .counters = counters,
            .counter_count = ARRAY_COUNT(counters),
        };
        journal_record_append(&record, out);
    }
    ck_assert(!out->failed);
}

static struct buf new_journal(uint64_t first_id, size_t count)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    append_records(&out, first_id, count);
    return out;
}

static void make_life(const char *name, struct view journal)
{
    char file[64];
    ck_assert_int_eq(mkdir(path_of(name), 0777), 0);
    snprintf(file, sizeof(file), "%s/journal", name);
    write_file(file, journal);
}

static struct lives *read_lives(void)
{
    struct error err = { 0 };
    struct lives *lives = lives_read(root, true, &err);
    ck_assert_msg(lives != NULL, "%s", err.message);
    return lives;
}

/* The only life committed this many records. */
static void check_records(const struct lives *lives, size_t count)
{
    ck_assert_uint_eq(lives->count, 1);
    const struct life *life = &lives->lives[0];
    ck_assert_uint_eq(lives->done.count, 10 * count);
    ck_assert_uint_eq(lives->done_count, 10 * count);
    ck_assert_uint_eq(life_size(life, JOURNAL_OUTCOMES, 0), 100 * count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(life_size(life, JOURNAL_PAGES, i), 7 * (i + 1));
    ck_assert_uint_eq(life_size(life, JOURNAL_PAGES, (uint32_t)count), 0);
    ck_assert_uint_eq(life->counter_count, count ? 2 : 0);
    if (count)
        ck_assert_uint_eq(life->counters[1], 10 * count);
}

START_TEST(a_new_run_has_had_no_life)
{
    ck_assert_int_eq(mkdir(path_of("gen-1"), 0777), 0);
    ck_assert_int_eq(mkdir(path_of("gen-0000"), 0777), 0);
    ck_assert_int_eq(mkdir(path_of("gen-00002"), 0777), 0);
    struct lives *lives = read_lives();
    ck_assert_uint_eq(lives->count, 0);
    ck_assert_uint_eq(lives->next_generation, 1);
    lives_free(lives);
}
END_TEST

START_TEST(all_that_was_committed_counts)
{
    struct buf journal = new_journal(0, 3);
    make_life("gen-0001", buf_view(&journal));
    struct lives *lives = read_lives();
    check_records(lives, 3);
    ck_assert_uint_eq(lives->lives[0].journal_size, journal.size);
    ck_assert_uint_eq(lives->next_generation, 2);
    ck_assert(id_set_has(&lives->done, 29) && !id_set_has(&lives->done, 30));
    lives_free(lives);
    buf_release(&journal);
}
END_TEST

/* Wherever a crash cuts the last record, and with zeros in its place. */
START_TEST(a_torn_tail_does_not_count_and_is_no_damage)
{
    struct buf journal = new_journal(0, 3), two = new_journal(0, 2);
    for (size_t size = two.size; size < journal.size; size++) {
        for (int zeros = 0; zeros < 2; zeros++) {
            struct buf bytes;
            buf_init(&bytes, 1 << 20);
            buf_append(&bytes, journal.data, size);
            for (int i = 0; zeros && i < 4096; i++)
                buf_append_char(&bytes, '\0');
            make_life("gen-0001", buf_view(&bytes));
            struct lives *lives = read_lives();
            check_records(lives, 2);
            ck_assert_str_eq(lives->damage, "");
            ck_assert_uint_eq(lives->lives[0].journal_size, two.size);
            lives_free(lives);
            buf_release(&bytes);
            remove_root();
            make_root();
        }
    }
    buf_release(&journal);
    buf_release(&two);
}
END_TEST

START_TEST(a_record_that_was_changed_is_damage_and_ends_what_counts)
{
    struct buf journal = new_journal(0, 3), one = new_journal(0, 1);
    journal.data[one.size + 12] ^= 0x10;
    make_life("gen-0001", buf_view(&journal));
    struct lives *lives = read_lives();
    check_records(lives, 1);
    ck_assert_ptr_nonnull(strstr(lives->damage, "gen-0001/journal"));
    lives_free(lives);
    buf_release(&journal);
    buf_release(&one);
}
END_TEST

START_TEST(a_life_that_committed_nothing_is_a_life)
{
    ck_assert_int_eq(mkdir(path_of("gen-0001"), 0777), 0);
    struct lives *lives = read_lives();
    check_records(lives, 0);
    ck_assert_uint_eq(lives->next_generation, 2);
    lives_free(lives);
}
END_TEST

/* A predecessor that only seemed dead goes on writing. */
START_TEST(what_a_life_commits_after_a_later_one_began_does_not_count)
{
    struct error err = { 0 };
    struct buf two = new_journal(0, 2), three = new_journal(0, 3);
    make_life("gen-0001", buf_view(&two));
    struct lives *lives = read_lives();
    ck_assert_int_eq(mkdir(path_of("gen-0002"), 0777), 0);
    ck_assert_msg(lives_note(lives, path_of("gen-0002"), &err), "%s",
                  err.message);
    lives_free(lives);
    write_file("gen-0001/journal", buf_view(&three));
    lives = read_lives();
    ck_assert_uint_eq(lives->count, 2);
    ck_assert_uint_eq(lives->done.count, 20);
    ck_assert_uint_eq(lives->lives[0].journal_size, two.size);
    lives_free(lives);
    buf_release(&two);
    buf_release(&three);
}
END_TEST

START_TEST(lives_that_did_the_same_are_seen)
{
    struct buf first = new_journal(0, 2), second = new_journal(10, 2);
    make_life("gen-0001", buf_view(&first));
    make_life("gen-0003", buf_view(&second));
    struct lives *lives = read_lives();
    ck_assert_uint_eq(lives->done.count, 30);
    ck_assert_uint_eq(lives->done_count, 40);
    ck_assert_uint_eq(lives->next_generation, 4);
    lives_free(lives);
    buf_release(&first);
    buf_release(&second);
}
END_TEST

START_TEST(a_note_of_a_life_that_is_gone_is_told)
{
    struct error err = { 0 };
    ck_assert_int_eq(mkdir(path_of("gen-0002"), 0777), 0);
    write_file("gen-0002/earlier", view_of_string("gen-0001 100\n"));
    ck_assert_ptr_null(lives_read(root, true, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "gen-0002/earlier"));
}
END_TEST

struct shown {
    size_t count;
    uint64_t size_before; /* of the outcomes, when the last one was shown */
    size_t refused;       /* the one that is not to be taken; 0: none */
};

static bool show(void *ctx, const struct life *life,
                 const struct journal_record *record, struct error *err)
{
    struct shown *shown = ctx;
    shown->size_before = life_size(life, JOURNAL_OUTCOMES, 0);
    ck_assert_uint_eq(record->sequence, shown->count);
    ck_assert_uint_eq(shown->size_before, 100 * shown->count);
    return ++shown->count != shown->refused ||
           error_set(err, ERR_DATA, "refused");
}

START_TEST(each_record_that_counts_is_shown_before_it_is_taken)
{
    struct error err = { 0 };
    struct shown shown = { 0 };
    struct buf journal = new_journal(0, 5);
    make_life("gen-0001", view_first(buf_view(&journal), journal.size - 1));
    struct lives *lives = lives_read_each(root, true, show, &shown, &err);
    ck_assert_msg(lives != NULL, "%s", err.message);
    check_records(lives, 4);
    ck_assert_uint_eq(shown.count, 4);
    lives_free(lives);
    shown = (struct shown){ .refused = 3 };
    ck_assert_ptr_null(lives_read_each(root, true, show, &shown, &err));
    ck_assert_str_eq(err.message, "refused");
    ck_assert_uint_eq(shown.count, 3);
    buf_release(&journal);
}
END_TEST

START_TEST(what_a_later_life_counted_is_known)
{
    char note[64];
    struct buf journal = new_journal(0, 2);
    make_life("gen-0001", view_first(buf_view(&journal), journal.size - 1));
    make_life("gen-0002", view_of(NULL, 0));
    snprintf(note, sizeof(note), "gen-0001 %zu\n", journal.size);
    write_file("gen-0002/earlier", view_of_string(note));
    struct lives *lives = read_lives();
    ck_assert_uint_eq(lives->lives[0].noted_size, journal.size);
    ck_assert_uint_lt(lives->lives[0].journal_size, journal.size);
    ck_assert_uint_eq(lives->lives[1].noted_size, UINT64_MAX);
    lives_free(lives);
    buf_release(&journal);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lives");
    TCase *tests = tcase_create("lives");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_root, remove_root);
    tcase_add_test(tests, a_new_run_has_had_no_life);
    tcase_add_test(tests, all_that_was_committed_counts);
    tcase_add_test(tests, a_torn_tail_does_not_count_and_is_no_damage);
    tcase_add_test(tests,
                   a_record_that_was_changed_is_damage_and_ends_what_counts);
    tcase_add_test(tests, a_life_that_committed_nothing_is_a_life);
    tcase_add_test(tests,
                   what_a_life_commits_after_a_later_one_began_does_not_count);
    tcase_add_test(tests, lives_that_did_the_same_are_seen);
    tcase_add_test(tests, a_note_of_a_life_that_is_gone_is_told);
    tcase_add_test(tests, each_record_that_counts_is_shown_before_it_is_taken);
    tcase_add_test(tests, what_a_later_life_counted_is_known);
    return run_suite(suite);
}
