/*
 * A file read in parts, wherever it is cut, says what it says when it is read
 * as one: each part from where the part before has ended, and that is where the
 * reader of a sound file finds the beginning by itself.
 */
#include "../suite.h"

#include "warc_files.h"

enum { BLOCK_MAX = 1 << 20, RECORDS = 12 };

static struct warc_reader *reader;
static struct buf whole, in_parts;
static unsigned agreed, wrong; /* beginnings found */
static uint32_t state;

static void set_up(void)
{
    temp_dir_make();
    reader = new_reader(BLOCK_MAX);
    buf_init(&whole, 1 << 24);
    buf_init(&in_parts, 1 << 24);
    state = 7;
}

static void tear_down(void)
{
    warc_reader_free(reader);
    buf_release(&whole);
    buf_release(&in_parts);
    temp_dir_remove();
}

static uint32_t next_random(uint32_t below)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

/* ---- reading ---------------------------------------------------------- */

/* Reads a part; says where the next one begins. */
static uint64_t tell_part(const struct warc_part *part, struct buf *out)
{
    struct error err;
    char *path = temp_path("file");
    ck_assert_msg(warc_reader_open_part(reader, path, part, &err), "%s",
                  err.message);
    tell_file(reader, out);
    buf_truncate(out, out->size - strlen("end\n"));
    free(path);
    return warc_reader_next_start(reader);
}

/* What a reader finds that does not know where the part begins. */
static uint64_t find_start(const struct warc_part *part)
{
    struct error err;
    char *path = temp_path("file");
    ck_assert_msg(warc_reader_open_part(reader, path, part, &err), "%s",
                  err.message);
    free(path);
    return warc_reader_start(reader);
}

static void tell_all_parts(uint64_t file_size, uint64_t part_size)
{
    uint64_t beginning = 0;
    buf_reset(&in_parts);
    for (uint64_t from = 0; from < file_size; from += part_size) {
        bool is_last = from + part_size >= file_size;
        struct warc_part part = {
            .from = from,
            .end = is_last ? WARC_NOWHERE : from + part_size,
            .is_exact = from == 0,
        };
        if (from) {
            uint64_t start = find_start(&part);
            bool is_empty = beginning >= part.end;
            bool agrees = is_empty ? start == WARC_NOWHERE : start == beginning;
            agreed += agrees;
            wrong += !agrees;
            if (is_empty)
                continue;
            part.from = beginning;
            part.is_exact = true;
        }
        beginning = tell_part(&part, &in_parts);
        ck_assert(beginning >= part.end);
    }
    buf_append_string(&in_parts, "end\n");
}

/* Compares with the file read as one, cut in parts of many sizes. */
static void check_parts(struct view bytes)
{
    agreed = wrong = 0;
    temp_write("file", bytes);
    buf_reset(&whole);
    open_file(reader, "file", 0);
    tell_file(reader, &whole);
    for (uint64_t size = 60; size < bytes.size * 2; size += size / 3 + 1) {
        tell_all_parts(bytes.size, size);
        ck_assert_msg(view_equal(buf_view(&whole), buf_view(&in_parts)),
                      "parts of %llu bytes:\n%s\ninstead of\n%s",
                      (unsigned long long)size, buf_string(&in_parts),
                      buf_string(&whole));
    }
}

/* ---- files ------------------------------------------------------------ */

static void append_noise(struct buf *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_append_char(out, (char)next_random(256));
}

static void append_words(struct buf *out, size_t size)
{
    for (size_t end = out->size + size; out->size < end;)
        buf_append_format(out, "word%u\r\n", next_random(1000));
}

static void add_page(struct warc_file *file, int number, struct view body)
{
    char uri[32];
    snprintf(uri, sizeof(uri), "http://a.org/%d", number);
    warc_file_add_response(file, uri, body);
}

static void fill(struct warc_file *file, int count)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    for (int i = 0; i < count; i++) {
        buf_reset(&body);
        append_words(&body, next_random(900));
        if (i % 3 == 0)
            append_noise(&body, next_random(900));
        add_page(file, i, buf_view(&body));
    }
    buf_release(&body);
}

/* _i: the packing */
START_TEST(parts_of_a_sound_file_are_found_where_they_begin)
{
    struct warc_file file;
    warc_file_init(&file, (enum packing)_i);
    fill(&file, RECORDS);
    check_parts(buf_view(&file.bytes));
    ck_assert_uint_gt(agreed, 0);
    ck_assert_uint_eq(wrong, 0);
    warc_file_release(&file);
}
END_TEST

/* _i: the packing. The page that is an archive is packed without compression,
 * as what cannot be compressed is: its records stand in the file as they are.
 */
START_TEST(an_archive_in_a_page_misleads_nobody)
{
    struct warc_file file, inner;
    warc_file_init(&inner, (enum packing)_i);
    fill(&inner, RECORDS);
    warc_file_init(&file, (enum packing)_i);
    fill(&file, 5);
    gzip_packer_free(file.gzip);
    file.gzip = gzip_packer_new(0);
    add_page(&file, 5, buf_view(&inner.bytes));
    add_page(&file, 6, view_of_string("behind it"));
    check_parts(buf_view(&file.bytes));
    if (_i == PACKED_NOT || _i == PACKED_MEMBERS)
        ck_assert_uint_gt(wrong, 0);
    warc_file_release(&inner);
    warc_file_release(&file);
}
END_TEST

START_TEST(members_that_records_run_across_are_no_cuts)
{
    enum { STEP = 500 };
    struct warc_file records, blocks;
    warc_file_init(&records, PACKED_NOT);
    fill(&records, RECORDS);
    warc_file_init(&blocks, PACKED_MEMBERS);
    struct view rest = buf_view(&records.bytes);
    while (rest.size) {
        gzip_pack(blocks.gzip, view_first(rest, STEP), &blocks.bytes);
        rest = view_from(rest, STEP);
    }
    check_parts(buf_view(&blocks.bytes));
    warc_file_release(&records);
    warc_file_release(&blocks);
}
END_TEST

START_TEST(members_of_several_records_are_read_whole)
{
    struct warc_file records, members;
    warc_file_init(&members, PACKED_MEMBERS);
    for (int i = 0; i < 6; i++) {
        warc_file_init(&records, PACKED_NOT);
        fill(&records, 1 + (int)next_random(4));
        warc_file_add(&members, buf_view(&records.bytes));
        warc_file_release(&records);
    }
    check_parts(buf_view(&members.bytes));
    ck_assert_uint_eq(wrong, 0);
    warc_file_release(&members);
}
END_TEST

/* Damages a copy of the file in one of several ways. */
static void damage_bytes(struct view bytes, struct buf *out)
{
    size_t at = next_random((uint32_t)bytes.size);
    struct view rest = view_from(bytes, at);
    buf_append_view(out, view_first(bytes, at));
    switch (next_random(4)) {
    case 0: /* a bit has changed */
        buf_append_char(out, (char)(rest.data[0] ^ 1 << next_random(8)));
        buf_append_view(out, view_from(rest, 1));
        break;
    case 1: /* bytes are missing */
        buf_append_view(out, view_from(rest, next_random(900)));
        break;
    case 2: /* junk between */
        append_noise(out, next_random(300));
        buf_append_view(out, rest);
        break;
    default: /* cut off */
        break;
    }
}

/* _i: the packing, and with what the damage begins */
START_TEST(damage_is_told_once_wherever_the_cut_is)
{
    enum { ROUNDS = 12 };
    struct warc_file file;
    struct buf damaged;
    buf_init(&damaged, 1 << 20);
    state = (uint32_t)_i;
    warc_file_init(&file, (enum packing)(_i % PACKING_COUNT));
    fill(&file, RECORDS);
    for (int i = 0; i < ROUNDS; i++) {
        buf_reset(&damaged);
        damage_bytes(buf_view(&file.bytes), &damaged);
        if (damaged.size > 1000)
            check_parts(buf_view(&damaged));
    }
    buf_release(&damaged);
    warc_file_release(&file);
}
END_TEST

START_TEST(a_wrong_length_across_a_cut_is_told_once)
{
    struct warc_file file;
    struct buf body;
    buf_init(&body, 1 << 20);
    for (int packing = 0; packing < PACKING_COUNT; packing++) {
        warc_file_init(&file, (enum packing)packing);
        fill(&file, 3);
        append_words(&body, 500);
        warc_file_add_claiming(&file, "http://a.org/short", buf_view(&body),
                               "100");
        fill(&file, 3);
        warc_file_add_claiming(&file, "http://a.org/long", buf_view(&body),
                               "2000");
        fill(&file, 3);
        check_parts(buf_view(&file.bytes));
        warc_file_release(&file);
        buf_reset(&body);
    }
    buf_release(&body);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warc parts");
    TCase *tests = tcase_create("warc parts");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, parts_of_a_sound_file_are_found_where_they_begin,
                        0, PACKING_COUNT);
    tcase_add_loop_test(tests, an_archive_in_a_page_misleads_nobody, 0,
                        PACKING_COUNT);
    tcase_add_test(tests, members_that_records_run_across_are_no_cuts);
    tcase_add_test(tests, members_of_several_records_are_read_whole);
    tcase_add_loop_test(tests, damage_is_told_once_wherever_the_cut_is, 0,
                        8 * PACKING_COUNT);
    tcase_add_test(tests, a_wrong_length_across_a_cut_is_told_once);
    return run_suite(suite);
}
