/*
 * What is appended stands in the files, whole and in one piece, where the
 * outcome and index lines say; and the journal says so too.
 *
 * Blocks are made by hand: an entry's records are bytes that name it, so that
 * any offset can be checked by looking.
 */
#include "fetchgrep/record/recorder.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/record/journal.h"

#include "suite.h"
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { HEAD_SIZE = 32 }; /* of a segment */

/* One for all tests, removed when they are over, however they ended; and in it
 * a fresh one for each. */
static char root[] = "/tmp/test_recorder-XXXXXX";
static char dir[sizeof(root) + 8];

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

static void make_dir(void)
{
    snprintf(dir, sizeof(dir), "%s/XXXXXX", root);
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

/* "WARC-HEAD gen0001-00000.warc...." */
static void begin_segment(void *ctx, struct view file_name, struct buf *out)
{
    (void)ctx;
    size_t start = out->size;
    buf_append_string(out, "WARC-HEAD ");
    buf_append_view(out, file_name);
    while (out->size < start + HEAD_SIZE)
        buf_append_char(out, '.');
}

static void close_index_line(uint64_t offset, struct view file_name,
                             struct buf *out)
{
    buf_append_format(out, "@%llu %.*s\n", (unsigned long long)offset,
                      VIEW_ARG(file_name));
}

static struct recorder_options options(void)
{
    return (struct recorder_options){
        .dir = dir,
        .generation = 1,
        .has_matches = true,
        .format = MATCH_JSONL,
        .warc_suffix = ".warc",
        .segment_max_bytes = UINT64_C(1) << 30,
        .commit_interval_ms = 3600 * 1000,
        .begin_segment = begin_segment,
        .close_index_line = close_index_line,
    };
}

static struct recorder *open_recorder(const struct recorder_options *with)
{
    struct error err = { 0 };
    struct recorder *recorder = recorder_open(with, &err);
    ck_assert_msg(recorder != NULL, "%s", err.message);
    return recorder;
}

static void close_recorder(struct recorder *recorder)
{
    struct error err = { 0 };
    ck_assert_msg(recorder_close(recorder, &err), "%s", err.message);
    recorder_free(recorder);
}

/* The records of page `page` of entry `id`: "<id.page>" padded to `size`. */
static void append_page(struct block *block, uint64_t id, size_t page,
                        size_t size)
{
    char tag[64];
    size_t tag_size = (size_t)snprintf(tag, sizeof(tag), "<%llu.%zu>",
                                       (unsigned long long)id, page);
    buf_append(&block->warc, tag, tag_size);
    for (size_t i = tag_size; i < size; i++)
        buf_append_char(&block->warc, '-');
    size_t start = block->index.size;
    buf_append_view(&block->index, view_of(tag, tag_size));
    block_end_page(block, size, block->index.size - start);
}

static void append_entry(struct block *block, uint64_t id, size_t page_count,
                         size_t page_size)
{
    struct block_entry *entry = block_begin_entry(block, id);
    ck_assert_ptr_nonnull(entry);
    entry->match_count = id % 3;
    entry->body_bytes = 100 + id;
    entry->total_us = (int64_t)(1000 * id);
    for (size_t page = 0; page < page_count; page++)
        append_page(block, id, page, page_size);
    for (uint64_t i = 0; i < id % 3; i++)
        buf_append_format(&block->matches, "match %llu of %llu\n",
                          (unsigned long long)i, (unsigned long long)id);
    buf_append_format(&block->outcomes, "{\"id\":%llu", (unsigned long long)id);
    block_end_entry(block, id % 4 ? OUTCOME_OK : OUTCOME_HTTP_ERROR);
}

static void put(struct recorder *recorder, const struct block *block)
{
    struct error err = { 0 };
    ck_assert_msg(recorder_append(recorder, block, &err), "%s", err.message);
}

/* A file of the generation, whole. */
static struct buf read_file(const char *name)
{
    struct error err = { 0 };
    struct buf bytes;
    char *path = fs_join(dir, name);
    buf_init(&bytes, 64 << 20);
    ck_assert_msg(fs_read_file(path, &bytes, &err), "%s", err.message);
    free(path);
    return bytes;
}

static bool is_there(const char *name)
{
    char *path = fs_join(dir, name);
    bool is = access(path, F_OK) == 0;
    free(path);
    return is;
}

static void check_file(const char *name, const char *expected)
{
    struct buf bytes = read_file(name);
    ck_assert_str_eq(buf_string(&bytes), expected);
    buf_release(&bytes);
}

START_TEST(a_block_stands_in_all_files_as_it_was)
{
    const struct recorder_options with = options();
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 1, 1, 10); /* a page */
    append_entry(&block, 2, 0, 0);  /* none */
    append_entry(&block, 4, 2, 10); /* a redirect before it */
    put(recorder, &block);
    block_reset(&block);
    append_entry(&block, 0, 1, 10);
    put(recorder, &block);
    close_recorder(recorder);
    block_release(&block);
    check_file("pages-00000.warc", "WARC-HEAD gen0001-00000.warc...."
                                   "<1.0>-----<4.0>-----<4.1>-----<0.0>-----");
    check_file("outcomes.jsonl",
               "{\"id\":1,\"warc\":\"pages/gen0001-00000.warc\","
               "\"warc_offset\":32}\n"
               "{\"id\":2}\n"
               "{\"id\":4,\"warc\":\"pages/gen0001-00000.warc\","
               "\"warc_offset\":52}\n"
               "{\"id\":0,\"warc\":\"pages/gen0001-00000.warc\","
               "\"warc_offset\":62}\n");
    check_file("index.cdxj", "<1.0>@32 gen0001-00000.warc\n"
                             "<4.0>@42 gen0001-00000.warc\n"
                             "<4.1>@52 gen0001-00000.warc\n"
                             "<0.0>@62 gen0001-00000.warc\n");
    check_file("matches.jsonl",
               "match 0 of 1\nmatch 0 of 2\nmatch 1 of 2\nmatch 0 of 4\n");
}
END_TEST

START_TEST(only_the_files_that_are_asked_for_are_made)
{
    struct recorder_options with = options();
    with.has_matches = false;
    with.warc_suffix = NULL;
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 0, 0, 0);
    put(recorder, &block);
    ck_assert_uint_eq(recorder_segment_count(recorder), 0);
    close_recorder(recorder);
    block_release(&block);
    check_file("outcomes.jsonl", "{\"id\":0}\n");
    ck_assert(!is_there("matches.jsonl"));
    ck_assert(!is_there("index.cdxj"));
    ck_assert(!is_there("pages-00000.warc"));
    ck_assert(is_there("journal"));
}
END_TEST

START_TEST(text_matches_have_their_own_name)
{
    struct recorder_options with = options();
    with.format = MATCH_TEXT;
    close_recorder(open_recorder(&with));
    ck_assert(is_there("matches.txt"));
    ck_assert(!is_there("matches.jsonl"));
}
END_TEST

/* Once, before all matches, and counted as they are. */
START_TEST(matches_begin_with_their_head)
{
    struct recorder_options with = options();
    struct block block;
    struct error err;
    with.format = MATCH_CSV;
    with.matches_head = view_of_string("id,match\r\n");
    struct recorder *recorder = open_recorder(&with);
    for (uint64_t id = 0; id < 2; id++) {
        block_init(&block, 1000);
        ck_assert_ptr_nonnull(block_begin_entry(&block, id));
        buf_append_string(&block.matches, "1,x\r\n");
        block_end_entry(&block, OUTCOME_OK);
        ck_assert(recorder_append(recorder, &block, &err));
        block_release(&block);
    }
    close_recorder(recorder);
    check_file("matches.csv", "id,match\r\n1,x\r\n1,x\r\n");
}
END_TEST

START_TEST(files_of_an_earlier_life_are_never_touched)
{
    const struct recorder_options with = options();
    struct error err = { 0 };
    char *path = fs_join(dir, "outcomes.jsonl");
    ck_assert(fs_replace_file(path, view_of_string("earlier\n"), &err));
    free(path);
    ck_assert_ptr_null(recorder_open(&with, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    check_file("outcomes.jsonl", "earlier\n");
}
END_TEST

START_TEST(segments_are_named_by_generation_and_number)
{
    char name[SEGMENT_NAME_SIZE];
    recorder_segment_name(1, 0, ".warc.gz", name);
    ck_assert_str_eq(name, "gen0001-00000.warc.gz");
    recorder_segment_name(12, 345, ".warc", name);
    ck_assert_str_eq(name, "gen0012-00345.warc");
    recorder_segment_name(UINT32_MAX, UINT32_MAX, ".warc.gz", name);
    ck_assert_str_eq(name, "gen4294967295-4294967295.warc.gz");
}
END_TEST

/* ---- segments --------------------------------------------------------- */

/* Checks every line of an index or outcomes file against the segments: where
 * it points, "<tag" begins. Returns how many lines point somewhere. */
static size_t check_places(const char *name, const char *format)
{
    struct buf lines = read_file(name);
    struct view rest = buf_view(&lines);
    size_t count = 0;
    while (rest.size) {
        struct view line = view_split(&rest, '\n');
        char text[256], file[64], page[64], tag[64];
        unsigned long long id, offset;
        unsigned segment;
        ck_assert_uint_lt(line.size, sizeof(text));
        memcpy(text, line.data, line.size);
        text[line.size] = '\0';
        size_t number = 0;
        bool is_index = format[0] == '<';
        bool points =
            is_index
                ? sscanf(text, "<%llu.%zu>@%llu gen0001-%5u.warc", &id, &number,
                         &offset, &segment) == 4
                : sscanf(text,
                         "{\"id\":%llu,\"warc\":\"pages/gen0001-%5u.warc\","
                         "\"warc_offset\":%llu}",
                         &id, &segment, &offset) == 3;
        if (!points)
            continue;
        count++;
        /* The place in an outcome is that of the entry's last page. */
        size_t size = (size_t)snprintf(tag, sizeof(tag), "<%llu.", id);
        if (is_index)
            size = (size_t)snprintf(tag, sizeof(tag), "<%llu.%zu>", id, number);
        snprintf(file, sizeof(file), "pages-%05u.warc", segment);
        struct buf warc = read_file(file);
        struct view there = view_from(buf_view(&warc), offset);
        ck_assert_uint_ge(there.size, size);
        memcpy(page, there.data, size);
        page[size] = '\0';
        ck_assert_str_eq(page, tag);
        if (!is_index)
            ck_assert_msg(
                !memmem(there.data + size, there.size - size, tag, size),
                "not the last page of entry %llu", id);
        buf_release(&warc);
    }
    buf_release(&lines);
    return count;
}

/* All pages of an entry in one segment, told by the index. */
static void check_entries_in_one_segment(size_t id_count)
{
    struct buf lines = read_file("index.cdxj");
    struct view rest = buf_view(&lines);
    unsigned *segment_of = calloc(id_count, sizeof(*segment_of));
    ck_assert_ptr_nonnull(segment_of);
    while (rest.size) {
        struct view line = view_split(&rest, '\n');
        char text[256];
        unsigned long long id, offset;
        unsigned segment;
        size_t page;
        memcpy(text, line.data, line.size);
        text[line.size] = '\0';
        ck_assert_int_eq(sscanf(text, "<%llu.%zu>@%llu gen0001-%5u.warc", &id,
                                &page, &offset, &segment),
                         4);
        if (segment_of[id] && segment_of[id] != segment + 1)
            ck_abort_msg("entry %llu lies in two segments", id);
        segment_of[id] = segment + 1;
    }
    free(segment_of);
    buf_release(&lines);
}

START_TEST(an_entry_lies_in_one_segment_and_offsets_are_right)
{
    enum { ENTRIES = 200 };
    struct recorder_options with = options();
    with.segment_max_bytes = 1000;
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    size_t pages = 0, entries_with_pages = 0;
    for (uint64_t id = 0; id < ENTRIES; id++) {
        size_t count = id * 7 % 5, size = 20 + id * 31 % 150;
        append_entry(&block, id, count, size);
        pages += count;
        entries_with_pages += count > 0;
        if (id % 9 == 8) {
            put(recorder, &block);
            block_reset(&block);
        }
    }
    put(recorder, &block);
    uint32_t segments = recorder_segment_count(recorder);
    ck_assert_uint_gt(segments, 10);
    close_recorder(recorder);
    block_release(&block);
    ck_assert_uint_eq(check_places("index.cdxj", "<"), pages);
    ck_assert_uint_eq(check_places("outcomes.jsonl", "{"), entries_with_pages);
    check_entries_in_one_segment(ENTRIES);
    for (uint32_t i = 0; i < segments; i++) {
        char name[64], head[64];
        snprintf(name, sizeof(name), "pages-%05u.warc", i);
        snprintf(head, sizeof(head), "WARC-HEAD gen0001-%05u.warc....", i);
        struct buf warc = read_file(name);
        ck_assert_uint_le(warc.size, 1000);
        ck_assert_uint_gt(warc.size, HEAD_SIZE);
        ck_assert_mem_eq(warc.data, head, HEAD_SIZE);
        buf_release(&warc);
    }
}
END_TEST

START_TEST(an_entry_beyond_a_segments_size_has_one_to_itself)
{
    struct recorder_options with = options();
    with.segment_max_bytes = 100;
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 1, 1, 500);
    append_entry(&block, 2, 1, 10);
    append_entry(&block, 3, 1, 500);
    append_entry(&block, 4, 0, 0);
    put(recorder, &block);
    ck_assert_uint_eq(recorder_segment_count(recorder), 3);
    close_recorder(recorder);
    block_release(&block);
    ck_assert_uint_eq(check_places("outcomes.jsonl", "{"), 3);
    static const size_t sizes[] = { 532, 42, 532 };
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof(name), "pages-%05zu.warc", i);
        struct buf warc = read_file(name);
        ck_assert_uint_eq(warc.size, sizes[i]);
        buf_release(&warc);
    }
}
END_TEST

START_TEST(a_segment_is_filled_to_its_last_byte)
{
    struct recorder_options with = options();
    with.segment_max_bytes = HEAD_SIZE + 40;
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 1, 2, 20);
    put(recorder, &block);
    ck_assert_uint_eq(recorder_segment_count(recorder), 1);
    block_reset(&block);
    append_entry(&block, 2, 1, 10);
    put(recorder, &block);
    ck_assert_uint_eq(recorder_segment_count(recorder), 2);
    close_recorder(recorder);
    block_release(&block);
}
END_TEST

/* ---- the journal ------------------------------------------------------ */

struct account {
    uint64_t records;
    uint64_t sizes[4][64]; /* by kind and number: bytes that count */
    struct buf files[4][64];
    bool done[20000];
};

static const char *const kind_names[] = { "outcomes.jsonl", "matches.jsonl",
                                          "pages-%05u.warc", "index.cdxj" };

/* The bytes that the record adds to one file have the digest that it says. */
static void check_journal_file(struct account *account,
                               const struct journal_file *file)
{
    ck_assert_uint_lt(file->number, 64);
    struct buf *bytes = &account->files[file->kind][file->number];
    uint64_t *before = &account->sizes[file->kind][file->number];
    if (!bytes->max) {
        char name[64];
        if (file->kind == JOURNAL_PAGES)
            snprintf(name, sizeof(name), "pages-%05u.warc", file->number);
        else
            snprintf(name, sizeof(name), "%s", kind_names[file->kind]);
        *bytes = read_file(name);
    }
    ck_assert_uint_ge(file->size, *before);
    ck_assert_uint_le(file->size, bytes->size);
    ck_assert_uint_eq(file->digest,
                      XXH3_64bits(bytes->data ? bytes->data + *before : "",
                                  file->size - *before));
    *before = file->size;
}

static void check_ranges(struct account *account,
                         const struct journal_record *record)
{
    for (size_t i = 0; i < record->range_count; i++) {
        for (uint64_t j = 0; j < record->ranges[i].count; j++) {
            uint64_t id = record->ranges[i].first + j;
            ck_assert_uint_lt(id, ARRAY_COUNT(account->done));
            if (account->done[id])
                ck_abort_msg("id %llu is done twice", (unsigned long long)id);
            account->done[id] = true;
        }
    }
}

/* The journal covers all files to their last byte, and the ids below
 * `id_count` and no other. Returns how many records it has. */
static uint64_t check_journal(size_t id_count, uint32_t segments)
{
    static struct account account;
    struct buf journal = read_file("journal");
    struct journal_record record;
    enum journal_result result;
    size_t offset = 0;
    while ((result = journal_record_read(buf_view(&journal), &offset,
                                         &record)) == JOURNAL_RECORD) {
        ck_assert_uint_eq(record.sequence, account.records++);
        ck_assert_uint_gt(record.wall_ms, UINT64_C(1600000000000));
        for (size_t i = 0; i < record.file_count; i++)
            check_journal_file(&account, &record.files[i]);
        check_ranges(&account, &record);
        journal_record_release(&record);
    }
    ck_assert_int_eq(result, JOURNAL_END);
    for (size_t kind = 0; kind < 4; kind++) {
        size_t count = kind == JOURNAL_PAGES ? segments : 1;
        for (size_t i = 0; i < 64; i++) {
            ck_assert_int_eq(account.files[kind][i].max != 0, i < count);
            ck_assert_uint_eq(account.sizes[kind][i],
                              account.files[kind][i].size);
            buf_release(&account.files[kind][i]);
        }
    }
    for (size_t id = 0; id < ARRAY_COUNT(account.done); id++)
        if (account.done[id] != (id < id_count))
            ck_abort_msg("id %zu: %d", id, account.done[id]);
    buf_release(&journal);
    return account.records;
}

START_TEST(the_journal_covers_all_bytes_and_ids_once_closed)
{
    enum { ENTRIES = 100 };
    struct recorder_options with = options();
    with.segment_max_bytes = 1000;
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        uint64_t id = (i * 37 + 11) % ENTRIES; /* in disorder */
        append_entry(&block, id, id % 3, 60);
        if (i % 10 == 9) {
            put(recorder, &block);
            block_reset(&block);
        }
    }
    uint32_t segments = recorder_segment_count(recorder);
    ck_assert_uint_gt(segments, 3);
    close_recorder(recorder);
    block_release(&block);
    ck_assert_uint_eq(check_journal(ENTRIES, segments), 1);
}
END_TEST

static off_t size_of(const char *name)
{
    struct stat st;
    char *path = fs_join(dir, name);
    ck_assert_int_eq(stat(path, &st), 0);
    free(path);
    return st.st_size;
}

/* Commits come while blocks go on: records add up, full segments are told of
 * though they are closed in between. */
START_TEST(records_of_many_commits_add_up)
{
    struct recorder_options with = options();
    with.segment_max_bytes = 600;
    with.commit_interval_ms = 1;
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    uint64_t id = 0;
    off_t seen = 0;
    for (int commits = 0; commits < 5;) {
        if (id < 200) {
            append_entry(&block, id, id % 3, 60);
            id++;
            put(recorder, &block);
            block_reset(&block);
        }
        off_t now = size_of("journal");
        commits += now > seen;
        seen = now;
        if (id == 200)
            break;
    }
    uint32_t segments = recorder_segment_count(recorder);
    close_recorder(recorder);
    block_release(&block);
    ck_assert_uint_ge(check_journal(id, segments), 1);
}
END_TEST

/* Waits for the commit thread, by what it writes; Check's clock is the end of
 * patience. */
START_TEST(what_is_appended_is_committed_without_being_asked)
{
    struct recorder_options with = options();
    with.commit_interval_ms = 1;
    struct recorder *recorder = open_recorder(&with);
    struct block block;
    block_init(&block, 1 << 20);
    for (uint64_t id = 0; id < 3; id++) {
        off_t before = size_of("journal");
        append_entry(&block, id, 1, 60);
        put(recorder, &block);
        block_reset(&block);
        while (size_of("journal") == before)
            sched_yield();
    }
    close_recorder(recorder);
    block_release(&block);
    ck_assert_uint_ge(check_journal(3, 1), 3);
}
END_TEST

START_TEST(nothing_appended_is_nothing_in_the_journal)
{
    const struct recorder_options with = options();
    close_recorder(open_recorder(&with));
    check_file("journal", "");
    check_file("outcomes.jsonl", "");
    check_file("matches.jsonl", "");
}
END_TEST

/* ---- totals ----------------------------------------------------------- */

START_TEST(totals_count_what_was_appended)
{
    const struct recorder_options with = options();
    struct recorder *recorder = open_recorder(&with);
    struct recorder_totals totals;
    struct block block;
    block_init(&block, 1 << 20);
    for (uint64_t id = 0; id < 12; id++)
        append_entry(&block, id, id % 3, 50);
    struct block_entry *entry = block_begin_entry(&block, 12);
    ck_assert_int_eq(entry->total_us, -1);
    block_end_entry(&block, OUTCOME_INVALID_URL);
    put(recorder, &block);
    recorder_totals(recorder, &totals);
    ck_assert_uint_eq(totals.entries, 13);
    ck_assert_uint_eq(totals.outcomes[OUTCOME_OK], 9);
    ck_assert_uint_eq(totals.outcomes[OUTCOME_HTTP_ERROR], 3);
    ck_assert_uint_eq(totals.outcomes[OUTCOME_INVALID_URL], 1);
    ck_assert_uint_eq(totals.failed, 3);
    ck_assert_uint_eq(totals.matches, 12);
    ck_assert_uint_eq(totals.body_bytes, 12 * 100 + 66);
    ck_assert_uint_eq(totals.pages_kept, 12);
    ck_assert_uint_eq(totals.warc_bytes, 12 * 50);
    ck_assert_uint_eq(totals.timed, 12);
    put(recorder, &block);
    recorder_totals(recorder, &totals);
    ck_assert_uint_eq(totals.entries, 26);
    close_recorder(recorder);
    block_release(&block);
}
END_TEST

/* One entry with this latency. */
static double percentile_of(int64_t us)
{
    struct recorder_options with = { .dir = NULL };
    struct recorder *recorder = open_recorder(&with);
    struct recorder_totals totals;
    struct block block;
    block_init(&block, 1 << 20);
    block_begin_entry(&block, 0)->total_us = us;
    block_end_entry(&block, OUTCOME_OK);
    put(recorder, &block);
    recorder_totals(recorder, &totals);
    ck_assert_uint_eq(totals.timed, 1);
    close_recorder(recorder);
    block_release(&block);
    return recorder_percentile_ms(&totals, 50);
}

START_TEST(percentiles_are_right_to_an_eighth)
{
    for (int64_t us = 1; us < INT64_C(3600) * 1000000; us = us * 5 / 4 + 1) {
        double ms = (double)us / 1000, found = percentile_of(us);
        if (found < ms * 7 / 8 || found > ms * 9 / 8)
            ck_abort_msg("%g ms is found as %g", ms, found);
    }
    ck_assert(percentile_of(0) >= 0 && percentile_of(0) < 0.001);
    ck_assert(percentile_of(INT64_MAX) > 3600 * 1000);
}
END_TEST

START_TEST(percentiles_fall_where_the_entries_lie)
{
    struct recorder_options with = { .dir = NULL };
    struct recorder *recorder = open_recorder(&with);
    struct recorder_totals totals;
    struct block block;
    recorder_totals(recorder, &totals);
    ck_assert(recorder_percentile_ms(&totals, 50) <= 0);
    block_init(&block, 1 << 20);
    for (uint64_t id = 0; id < 1000; id++) {
        block_begin_entry(&block, id)->total_us = id < 900   ? 1000
                                                  : id < 990 ? 10000
                                                             : 100000;
        block_end_entry(&block, OUTCOME_OK);
    }
    put(recorder, &block);
    recorder_totals(recorder, &totals);
    static const double rows[][2] = { { 0, 1 },     { 50, 1 },  { 90, 1 },
                                      { 90.1, 10 }, { 99, 10 }, { 99.5, 100 },
                                      { 100, 100 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        double found = recorder_percentile_ms(&totals, rows[i][0]);
        if (found < rows[i][1] * 7 / 8 || found > rows[i][1] * 9 / 8)
            ck_abort_msg("percentile %g is %g ms", rows[i][0], found);
    }
    close_recorder(recorder);
    block_release(&block);
}
END_TEST

/* ---- streams ---------------------------------------------------------- */

/* A pipe in the place of `fd`; returns its reading end. */
static int capture(int fd)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], fd), fd);
    close(ends[1]);
    return ends[0];
}

/* Check itself may write to standard output: it gets its own back. */
static void check_captured(int fd, int reading, int saved, const char *expected)
{
    char bytes[256];
    dup2(saved, fd);
    close(saved);
    ssize_t size = read(reading, bytes, sizeof(bytes) - 1);
    ck_assert_int_ge(size, 0);
    bytes[size] = '\0';
    ck_assert_str_eq(bytes, expected);
    close(reading);
}

START_TEST(without_a_directory_blocks_go_to_the_two_streams)
{
    struct recorder_options with = { .dir = NULL };
    struct recorder *recorder = open_recorder(&with);
    struct error err = { 0 };
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 2, 0, 0);
    fflush(NULL);
    int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
    int out = capture(STDOUT_FILENO), messages = capture(STDERR_FILENO);
    bool done = recorder_append(recorder, &block, &err);
    check_captured(STDOUT_FILENO, out, saved_out,
                   "match 0 of 2\nmatch 1 of 2\n");
    check_captured(STDERR_FILENO, messages, saved_err, "{\"id\":2");
    ck_assert(done);
    close_recorder(recorder);
    block_release(&block);
}
END_TEST

/* Appends to a standard output that is `fd`, twice, and closes. */
static enum error_code append_to(int fd)
{
    struct recorder_options with = { .dir = NULL };
    struct recorder *recorder = open_recorder(&with);
    struct recorder_totals totals;
    struct error first = { 0 }, second = { 0 }, last = { 0 };
    struct block block;
    block_init(&block, 1 << 20);
    block_begin_entry(&block, 0);
    buf_append_string(&block.matches, "a match\n");
    block_end_entry(&block, OUTCOME_OK);
    fflush(NULL);
    int saved = dup(STDOUT_FILENO);
    dup2(fd, STDOUT_FILENO);
    bool done = recorder_append(recorder, &block, &first);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    /* The stream is sound again, the recorder is not. */
    bool again = recorder_append(recorder, &block, &second);
    bool closed = recorder_close(recorder, &last);
    ck_assert(!done && !again && !closed);
    ck_assert_int_eq(second.code, first.code);
    ck_assert_str_eq(second.message, first.message);
    ck_assert_str_eq(last.message, first.message);
    recorder_totals(recorder, &totals);
    ck_assert_uint_eq(totals.entries, 0);
    recorder_free(recorder);
    block_release(&block);
    return first.code;
}

START_TEST(a_full_device_fails_the_run_for_good)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(append_to(full), ERR_SYSTEM);
    close(full);
}
END_TEST

START_TEST(a_reader_that_went_away_is_a_broken_pipe)
{
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(append_to(ends[1]), ERR_PIPE);
    close(ends[1]);
}
END_TEST

/* ---- failure in the files --------------------------------------------- */

/* No file takes a byte beyond this size. Check's own neither: no assertion may
 * stand where the limit holds. */
static void limit_files(rlim_t size)
{
    const struct rlimit limit = { .rlim_cur = size, .rlim_max = RLIM_INFINITY };
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit))
        ck_abort_msg("no limit");
}

START_TEST(a_failure_to_write_ends_all_appending)
{
    const struct recorder_options with = options();
    struct recorder *recorder = open_recorder(&with);
    struct error first = { 0 }, second = { 0 }, last = { 0 };
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 1, 1, 5000);
    limit_files(4096);
    bool done = recorder_append(recorder, &block, &first);
    limit_files(RLIM_INFINITY);
    ck_assert(!done);
    ck_assert_int_eq(first.code, ERR_SYSTEM);
    ck_assert_ptr_nonnull(strstr(first.message, dir));
    ck_assert(!recorder_append(recorder, &block, &second));
    ck_assert_str_eq(second.message, first.message);
    ck_assert(!recorder_close(recorder, &last));
    ck_assert_int_eq(last.code, ERR_SYSTEM);
    ck_assert_str_eq(last.message, first.message);
    recorder_free(recorder);
    block_release(&block);
    /* What went wrong does not count. */
    check_file("journal", "");
    check_file("outcomes.jsonl", "");
}
END_TEST

START_TEST(what_counted_before_a_failure_counts_after_it)
{
    struct recorder_options with = options();
    with.commit_interval_ms = 1;
    struct recorder *recorder = open_recorder(&with);
    struct error err = { 0 };
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 0, 1, 100);
    put(recorder, &block);
    while (!size_of("journal"))
        sched_yield();
    off_t journal_size = size_of("journal");
    block_reset(&block);
    append_entry(&block, 1, 1, 5000);
    limit_files(4096);
    bool done = recorder_append(recorder, &block, &err);
    limit_files(RLIM_INFINITY);
    ck_assert(!done);
    ck_assert(!recorder_close(recorder, &err));
    recorder_free(recorder);
    block_release(&block);
    ck_assert_int_eq(size_of("journal"), journal_size);
    check_file("outcomes.jsonl",
               "{\"id\":0,\"warc\":\"pages/gen0001-00000.warc\","
               "\"warc_offset\":32}\n");
}
END_TEST

START_TEST(a_journal_that_cannot_be_written_fails_the_close)
{
    struct recorder_options with = options();
    with.has_matches = false;
    with.warc_suffix = NULL;
    struct recorder *recorder = open_recorder(&with);
    struct error err = { 0 };
    struct block block;
    block_init(&block, 1 << 20);
    append_entry(&block, 3, 0, 0); /* 9 bytes; a record is longer */
    put(recorder, &block);
    limit_files(16);
    bool done = recorder_close(recorder, &err);
    limit_files(RLIM_INFINITY);
    ck_assert(!done);
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert_ptr_nonnull(strstr(err.message, "journal"));
    recorder_free(recorder);
    block_release(&block);
}
END_TEST

START_TEST(a_block_that_ran_out_of_room_is_refused_whole)
{
    const struct recorder_options with = options();
    struct recorder *recorder = open_recorder(&with);
    struct error err = { 0 };
    struct block block;
    block_init(&block, 64);
    append_entry(&block, 1, 1, 100);
    ck_assert(!recorder_append(recorder, &block, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert(!recorder_close(recorder, &err));
    recorder_free(recorder);
    block_release(&block);
    check_file("outcomes.jsonl", "");
    check_file("journal", "");
}
END_TEST

/* ---- from many threads ------------------------------------------------ */

enum { THREADS = 4, BLOCKS_EACH = 40, ENTRIES_EACH = 5 };

struct worker {
    struct recorder *recorder;
    uint64_t first_id;
    bool failed;
    pthread_t thread;
};

static void *work(void *ctx)
{
    struct worker *worker = ctx;
    struct block block;
    struct error err;
    uint64_t id = worker->first_id;
    block_init(&block, 1 << 20);
    for (int i = 0; i < BLOCKS_EACH; i++) {
        block_reset(&block);
        for (int j = 0; j < ENTRIES_EACH; j++, id++) {
            if (!block_begin_entry(&block, id))
                worker->failed = true;
            append_page(&block, id, 0, 40);
            buf_append_format(&block.outcomes, "{\"id\":%llu",
                              (unsigned long long)id);
            block_end_entry(&block, OUTCOME_OK);
        }
        worker->failed =
            !recorder_append(worker->recorder, &block, &err) || worker->failed;
    }
    block_release(&block);
    return NULL;
}

START_TEST(workers_append_side_by_side_and_every_line_is_whole)
{
    enum { ENTRIES = THREADS * BLOCKS_EACH * ENTRIES_EACH };
    struct recorder_options with = options();
    with.segment_max_bytes = 2000;
    with.commit_interval_ms = 1;
    struct recorder *recorder = open_recorder(&with);
    struct worker workers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){
            .recorder = recorder,
            .first_id = i * BLOCKS_EACH * ENTRIES_EACH,
        };
        ck_assert_int_eq(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert(!workers[i].failed);
    }
    uint32_t segments = recorder_segment_count(recorder);
    close_recorder(recorder);
    ck_assert_uint_eq(check_places("outcomes.jsonl", "{"), ENTRIES);
    ck_assert_uint_eq(check_places("index.cdxj", "<"), ENTRIES);
    check_journal(ENTRIES, segments);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_block_stands_in_all_files_as_it_was);
    tcase_add_test(tests, only_the_files_that_are_asked_for_are_made);
    tcase_add_test(tests, text_matches_have_their_own_name);
    tcase_add_test(tests, matches_begin_with_their_head);
    tcase_add_test(tests, files_of_an_earlier_life_are_never_touched);
    tcase_add_test(tests, segments_are_named_by_generation_and_number);
    tcase_add_test(tests, an_entry_lies_in_one_segment_and_offsets_are_right);
    tcase_add_test(tests, an_entry_beyond_a_segments_size_has_one_to_itself);
    tcase_add_test(tests, a_segment_is_filled_to_its_last_byte);
    tcase_add_test(tests, the_journal_covers_all_bytes_and_ids_once_closed);
    tcase_add_test(tests, records_of_many_commits_add_up);
    tcase_add_test(tests, what_is_appended_is_committed_without_being_asked);
    tcase_add_test(tests, nothing_appended_is_nothing_in_the_journal);
    tcase_add_test(tests, totals_count_what_was_appended);
    tcase_add_test(tests, percentiles_are_right_to_an_eighth);
    tcase_add_test(tests, percentiles_fall_where_the_entries_lie);
    tcase_add_test(tests, without_a_directory_blocks_go_to_the_two_streams);
    tcase_add_test(tests, a_full_device_fails_the_run_for_good);
    tcase_add_test(tests, a_reader_that_went_away_is_a_broken_pipe);
    tcase_add_test(tests, a_failure_to_write_ends_all_appending);
    tcase_add_test(tests, what_counted_before_a_failure_counts_after_it);
    tcase_add_test(tests, a_journal_that_cannot_be_written_fails_the_close);
    tcase_add_test(tests, a_block_that_ran_out_of_room_is_refused_whole);
    tcase_add_test(tests, workers_append_side_by_side_and_every_line_is_whole);
}

int main(void)
{
    Suite *suite = suite_create("recorder");
    TCase *tests = tcase_create("recorder");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, make_root, remove_root);
    tcase_add_checked_fixture(tests, make_dir, NULL);
    suite_add_tcase(suite, tests);
    add_tests(tests);
    return run_suite(suite);
}
