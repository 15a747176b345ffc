/*
 * What the reader promises of damaged files: damage is told, with its place;
 * nothing but the damaged record is lost; nothing ever hangs or crashes.
 */
#include "../suite.h"
#include "warc_files.h"

enum { MAX_BLOCK = 1000 };

static const char *const uris[] = { "http://a.org/", "http://b.org/",
                                    "http://c.org/" };

static const char *const blocks[] = {
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>first</p>\n",
    "hello",
    "HTTP/1.1 404 Not Found\r\n\r\nthe third",
};

/* Three responses. */
static void make_three(struct warc_file *file, enum packing packing)
{
    warc_file_init(file, packing);
    for (size_t i = 0; i < ARRAY_COUNT(uris); i++)
        warc_file_add_response(file, uris[i], view_of_string(blocks[i]));
}

static void append_record_line(struct buf *out, const struct warc_file *file,
                               size_t i)
{
    size_t offset = is_whole(file->packing) ? 0 : file->offsets[i];
    buf_append_format(out, "%s %zu @%zu\n", uris[i], strlen(blocks[i]), offset);
}

static void tell(struct view bytes, struct buf *told)
{
    struct warc_reader *reader = new_reader(MAX_BLOCK);
    temp_write("file", bytes);
    open_file(reader, "file", 0);
    buf_reset(told);
    tell_file(reader, told);
    warc_reader_free(reader);
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        count++;
    return count;
}

/* The whole records before the cut; then, if the cut is inside of a record,
 * that record's damage once, and before it the record itself if its block is
 * all there. Of a plain one the line ends behind may be cut off: nothing is
 * lost with them. */
static void check_cut(const struct warc_file *file, size_t cut,
                      const char *told)
{
    size_t whole = 0, line_ends = file->packing == PACKED_NOT ? 4 : 0;
    struct buf without, with;
    buf_init(&without, 1 << 16);
    while (whole < 3 && file->offsets[whole + 1] <= cut + line_ends)
        append_record_line(&without, file, whole++);
    buf_init(&with, 1 << 16);
    buf_append_view(&with, buf_view(&without));
    if (cut > file->offsets[whole]) {
        append_record_line(&with, file, whole);
        buf_append_format(&with, "damage @%zu\n", file->offsets[whole]);
        buf_append_format(&without, "damage @%zu\n", file->offsets[whole]);
    }
    buf_append_string(&with, "end\n");
    buf_append_string(&without, "end\n");
    ck_assert_msg(!strcmp(told, buf_string(&without)) ||
                      (line_ends == 0 && !strcmp(told, buf_string(&with))),
                  "cut at %zu:\n%s", cut, told);
    buf_release(&with);
    buf_release(&without);
}

/* _i: all but whole ones */
START_TEST(a_file_cut_anywhere_tells_the_record_that_was_cut)
{
    struct warc_file file;
    struct buf told;
    buf_init(&told, 1 << 16);
    make_three(&file, (enum packing)_i);
    for (size_t cut = 0; cut <= file.bytes.size; cut++) {
        tell(view_first(buf_view(&file.bytes), cut), &told);
        check_cut(&file, cut, buf_string(&told));
    }
    buf_release(&told);
    warc_file_release(&file);
}
END_TEST

/* _i: whole ones */
START_TEST(a_stream_cut_anywhere_gives_what_stands_before_and_tells_it)
{
    struct warc_file file;
    struct buf told, all;
    buf_init(&told, 1 << 16);
    buf_init(&all, 1 << 16);
    make_three(&file, (enum packing)_i);
    for (size_t i = 0; i < 3; i++)
        append_record_line(&all, &file, i);
    size_t most = 0;
    for (size_t cut = 1; cut < file.bytes.size; cut++) {
        tell(view_first(buf_view(&file.bytes), cut), &told);
        const char *text = buf_string(&told);
        const char *damage = strstr(text, "damage @0\nend\n");
        ck_assert_msg(damage && strlen(damage) == strlen("damage @0\nend\n"),
                      "cut at %zu:\n%s", cut, text);
        size_t before = (size_t)(damage - text);
        ck_assert(before <= all.size && !memcmp(text, all.data, before));
        ck_assert_uint_ge(before, most);
        most = before;
    }
    ck_assert_uint_eq(most, all.size); /* cut in the trailer: all are there */
    buf_release(&all);
    buf_release(&told);
    warc_file_release(&file);
}
END_TEST

/* _i: the byte's change and the packing. CRCs tell all of it but a few bits of
 * the head that mean nothing here (time, system). */
START_TEST(a_wrong_byte_in_a_member_costs_that_record_at_most)
{
    static const unsigned char changes[] = { 0x01, 0x80, 0x55, 0xff };
    struct warc_file file;
    struct buf told;
    buf_init(&told, 1 << 16);
    make_three(&file, _i < 4 ? PACKED_MEMBERS : PACKED_FRAMES);
    for (size_t at = 0; at < file.bytes.size; at++) {
        file.bytes.data[at] ^= (char)changes[_i % 4];
        tell(buf_view(&file.bytes), &told);
        file.bytes.data[at] ^= (char)changes[_i % 4];
        const char *text = buf_string(&told);
        for (size_t i = 0; i < 3; i++) {
            struct buf line;
            buf_init(&line, 1 << 16);
            append_record_line(&line, &file, i);
            bool is_hit = at >= file.offsets[i] && at < file.offsets[i + 1];
            bool is_there = strstr(text, buf_string(&line));
            ck_assert_msg(is_there || (is_hit && strstr(text, "damage")),
                          "byte %zu, record %zu:\n%s", at, i, text);
            buf_release(&line);
        }
        ck_assert_msg(count_of(text, "damage") <= 1, "byte %zu:\n%s", at, text);
    }
    buf_release(&told);
    warc_file_release(&file);
}
END_TEST

START_TEST(a_wrong_byte_in_a_plain_record_costs_that_record_at_most)
{
    struct warc_file file;
    struct buf told, line;
    buf_init(&told, 1 << 16);
    buf_init(&line, 1 << 16);
    make_three(&file, PACKED_NOT);
    /* Without the line end before it the third record could not be found. */
    for (size_t at = file.offsets[1]; at < file.offsets[2] - 1; at++) {
        file.bytes.data[at] ^= 0x15;
        tell(buf_view(&file.bytes), &told);
        file.bytes.data[at] ^= 0x15;
        const char *text = buf_string(&told);
        for (size_t i = 0; i < 3; i += 2) {
            buf_reset(&line);
            append_record_line(&line, &file, i);
            ck_assert_msg(strstr(text, buf_string(&line)) != NULL,
                          "byte %zu, record %zu:\n%s", at, i, text);
        }
        ck_assert_msg(count_of(text, "damage") <= 1, "byte %zu:\n%s", at, text);
    }
    buf_release(&line);
    buf_release(&told);
    warc_file_release(&file);
}
END_TEST

/* The first record, the junk's damage at its place, the second. */
static void check_junk(enum packing packing, struct view junk)
{
    struct warc_file file, bad;
    struct buf expected;
    make_three(&file, packing);
    warc_file_init(&bad, PACKED_NOT);
    buf_init(&expected, 1 << 16);
    struct view whole = buf_view(&file.bytes);
    warc_file_add(&bad, view_first(whole, file.offsets[1]));
    warc_file_add(&bad, junk);
    warc_file_add(&bad, view_from(whole, file.offsets[1]));
    append_record_line(&expected, &file, 0);
    buf_append_format(&expected, "damage @%zu\n", file.offsets[1]);
    for (size_t i = 1; i < 3; i++)
        file.offsets[i] += junk.size;
    append_record_line(&expected, &file, 1);
    append_record_line(&expected, &file, 2);
    buf_append_string(&expected, "end\n");
    check_told(MAX_BLOCK, buf_view(&bad.bytes), buf_string(&expected));
    buf_release(&expected);
    warc_file_release(&bad);
    warc_file_release(&file);
}

START_TEST(junk_between_plain_records_is_told_and_passed)
{
    check_junk(PACKED_NOT, view_of_string("x\n"));
    check_junk(PACKED_NOT, view_of_string("some\r\nlines\r\n\r\n"));
    check_junk(PACKED_NOT, view_of("\0\0\0\0\n", 5));
    check_junk(PACKED_NOT, view_of_string("WARC\nWARC/\nWARC/x.y\n"));
    /* not at a line's beginning; no line of its own */
    check_junk(PACKED_NOT, view_of_string("see WARC/1.0\n"));
    check_junk(PACKED_NOT, view_of_string("-\nWARC/1.0 is a format\n"));
}
END_TEST

/* The next record begins at any place of the searching steps. */
START_TEST(junk_of_any_length_is_passed)
{
    static const size_t near[] = { 100, 256 << 10, 512 << 10, 1 << 20 };
    static char junk[(1 << 20) + 64];
    memset(junk, 'x', sizeof(junk));
    for (size_t i = 0; i < ARRAY_COUNT(near); i++) {
        for (size_t size = near[i] - 40; size < near[i] + 40; size++) {
            junk[size - 1] = '\n';
            check_junk(PACKED_NOT, view_of(junk, size));
            junk[size - 1] = 'x';
        }
    }
}
END_TEST

START_TEST(junk_between_members_is_told_and_passed)
{
    static char much[3 << 20];
    memset(much, 0x1f, sizeof(much));
    check_junk(PACKED_MEMBERS, view_of_string("x"));
    check_junk(PACKED_MEMBERS, view_of("\0\0\0\0", 4));
    check_junk(PACKED_MEMBERS, view_of_string("WARC/1.0\r\n"));
    check_junk(PACKED_MEMBERS, view_of_string("\x1f\x8b"));
    check_junk(PACKED_MEMBERS,
               view_of("\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff", 13));
    check_junk(PACKED_MEMBERS, view_of(much, sizeof(much)));
}
END_TEST

/* _i: PACKED_NOT, PACKED_MEMBERS */
START_TEST(a_file_that_begins_or_ends_with_junk_is_read)
{
    struct warc_file file, bad;
    struct buf told;
    buf_init(&told, 1 << 16);
    make_three(&file, (enum packing)_i);
    warc_file_init(&bad, PACKED_NOT);
    warc_file_add(&bad, view_of_string("junk\n"));
    warc_file_add(&bad, buf_view(&file.bytes));
    warc_file_add(&bad, view_of_string("junk"));
    tell(buf_view(&bad.bytes), &told);
    const char *text = buf_string(&told);
    ck_assert_msg(view_starts_with(buf_view(&told), "damage @0\n"), "%s", text);
    ck_assert_uint_eq(count_of(text, "damage"), 2);
    ck_assert_uint_eq(count_of(text, "http:"), 3);
    buf_release(&told);
    warc_file_release(&bad);
    warc_file_release(&file);
}
END_TEST

/* _i: all packings */
START_TEST(parts_that_are_no_records_are_told_and_passed)
{
    struct warc_file file;
    struct buf expected;
    warc_file_init(&file, (enum packing)_i);
    buf_init(&expected, 1 << 16);
    warc_file_add_response(&file, uris[0], view_of_string(blocks[0]));
    warc_file_add(&file, view_of_string("<html>\nno record\n</html>\n"));
    warc_file_add_response(&file, uris[2], view_of_string(blocks[2]));
    append_record_line(&expected, &file, 0);
    buf_append_format(&expected, "damage @%zu\n",
                      is_whole((enum packing)_i) ? 0 : file.offsets[1]);
    append_record_line(&expected, &file, 2);
    buf_append_string(&expected, "end\n");
    check_told(MAX_BLOCK, buf_view(&file.bytes), buf_string(&expected));
    buf_release(&expected);
    warc_file_release(&file);
}
END_TEST

/* NULL: the record is told as damage; the others are its size, which leads to
 * the next record all the same. */
static const struct length_row {
    const char *claim; /* for the five bytes of "hello" */
    const char *told_size;
} lengths[] = {
    { NULL, NULL },         { "", NULL },
    { "five", NULL },       { "-5", NULL },
    { "5 bytes", NULL },    { "99999999999999999999", NULL },
    { "0", NULL },          { "1", NULL },
    { "4", NULL },          { "5", "5" },
    { "7", "7" },           { "9", "9" },
    { "10", NULL },         { "15", NULL },
    { "40", NULL },         { "110", NULL },
    { "140", NULL },        { "900", NULL },
    { "1001", NULL },       { "100000", NULL },
    { "4294967301", NULL }, { "18446744073709551615", NULL },
};

/* _i: the packing and the row */
START_TEST(a_wrong_length_costs_that_record_alone)
{
    const struct length_row *row = &lengths[_i / PACKING_COUNT];
    struct warc_file file;
    struct buf expected;
    warc_file_init(&file, (enum packing)(_i % PACKING_COUNT));
    buf_init(&expected, 1 << 16);
    warc_file_add_response(&file, uris[0], view_of_string(blocks[0]));
    warc_file_add_claiming(&file, uris[1], view_of_string("hello"), row->claim);
    warc_file_add_response(&file, uris[2], view_of_string(blocks[2]));
    append_record_line(&expected, &file, 0);
    size_t offset = is_whole(file.packing) ? 0 : file.offsets[1];
    if (row->told_size)
        buf_append_format(&expected, "%s %s @%zu\n", uris[1], row->told_size,
                          offset);
    else
        buf_append_format(&expected, "damage @%zu\n", offset);
    append_record_line(&expected, &file, 2);
    buf_append_string(&expected, "end\n");
    check_told(MAX_BLOCK, buf_view(&file.bytes), buf_string(&expected));
    buf_release(&expected);
    warc_file_release(&file);
}
END_TEST

/* Longer than what is kept: the record was handed out when its length shows
 * to be wrong. */
START_TEST(a_wrong_length_beyond_the_limit_is_told_at_the_next_member)
{
    static char long_text[50000];
    memset(long_text, 'x', sizeof(long_text));
    struct warc_file file;
    struct buf expected;
    warc_file_init(&file, PACKED_MEMBERS);
    buf_init(&expected, 1 << 16);
    warc_file_add_claiming(&file, "http://long.org/",
                           view_of(long_text, sizeof(long_text)), "70000");
    for (int i = 0; i < 3; i++)
        warc_file_add_response(&file, "http://x.org/",
                               view_of(long_text, sizeof(long_text)));
    buf_append_string(&expected, "http://long.org/ 1000 cut @0\ndamage @0\n");
    for (size_t i = 1; i <= 3; i++)
        buf_append_format(&expected, "http://x.org/ 1000 cut @%zu\n",
                          file.offsets[i]);
    buf_append_string(&expected, "end\n");
    check_told(MAX_BLOCK, buf_view(&file.bytes), buf_string(&expected));
    buf_release(&expected);
    warc_file_release(&file);
}
END_TEST

START_TEST(a_header_without_end_is_told_and_passed)
{
    struct warc_file file;
    struct buf endless, expected;
    buf_init(&endless, 8 << 20);
    buf_init(&expected, 1 << 16);
    buf_append_string(&endless, "WARC/1.0\r\n");
    while (endless.size < 3 << 20)
        buf_append_string(&endless, "X-Field: value\r\n");
    warc_file_init(&file, (enum packing)_i);
    warc_file_add_response(&file, uris[0], view_of_string(blocks[0]));
    warc_file_add(&file, buf_view(&endless));
    warc_file_add_response(&file, uris[2], view_of_string(blocks[2]));
    append_record_line(&expected, &file, 0);
    buf_append_format(&expected, "damage @%zu\n",
                      is_whole((enum packing)_i) ? 0 : file.offsets[1]);
    append_record_line(&expected, &file, 2);
    buf_append_string(&expected, "end\n");
    check_told(MAX_BLOCK, buf_view(&file.bytes), buf_string(&expected));
    buf_release(&endless);
    buf_release(&expected);
    warc_file_release(&file);
}
END_TEST

/* Members far larger than what is read ahead. */
START_TEST(damage_deep_in_a_large_member_costs_that_record)
{
    enum { SIZE = 4 << 20 };
    struct warc_file file;
    struct buf dense, told;
    buf_init(&dense, SIZE);
    buf_init(&told, 1 << 16);
    uint32_t x = 1;
    while (dense.size < SIZE) {
        x = x * 1664525 + 1013904223;
        buf_append_char(&dense, (char)(x >> 24));
    }
    warc_file_init(&file, PACKED_MEMBERS);
    warc_file_add_response(&file, "http://large.org/", buf_view(&dense));
    warc_file_add_response(&file, uris[1], view_of_string(blocks[1]));
    for (size_t at = 1000; at < file.offsets[1]; at += 500000) {
        struct buf expected;
        buf_init(&expected, 1 << 16);
        struct warc_reader *reader = new_reader(SIZE);
        buf_append_string(&expected, "damage @0\n");
        append_record_line(&expected, &file, 1);
        buf_append_string(&expected, "end\n");
        file.bytes.data[at] ^= 0x10;
        temp_write("file", buf_view(&file.bytes));
        file.bytes.data[at] ^= 0x10;
        open_file(reader, "file", 0);
        buf_reset(&told);
        tell_file(reader, &told);
        /* What streams may be handed out before its CRC is seen. */
        const char *text = strstr(buf_string(&told), "damage");
        ck_assert_str_eq(text ? text : "none", buf_string(&expected));
        warc_reader_free(reader);
        buf_release(&expected);
    }
    buf_release(&dense);
    buf_release(&told);
    warc_file_release(&file);
}
END_TEST

START_TEST(a_reader_that_met_damage_reads_the_next_file)
{
    struct warc_file file;
    struct buf told, expected;
    struct warc_reader *reader = new_reader(MAX_BLOCK);
    buf_init(&told, 1 << 16);
    buf_init(&expected, 1 << 16);
    make_three(&file, PACKED_MEMBERS);
    for (size_t i = 0; i < 3; i++)
        append_record_line(&expected, &file, i);
    buf_append_string(&expected, "end\n");
    temp_write("good", buf_view(&file.bytes));
    for (size_t cut = 1; cut < file.bytes.size; cut += 7) {
        struct warc_record record;
        struct error err;
        temp_write("bad", view_first(buf_view(&file.bytes), cut));
        open_file(reader, "bad", 0);
        while (warc_reader_next(reader, &record, &err) == WARC_READ_RECORD)
            continue;
        open_file(reader, "good", 0);
        buf_reset(&told);
        tell_file(reader, &told);
        ck_assert_str_eq(buf_string(&told), buf_string(&expected));
    }
    warc_reader_free(reader);
    buf_release(&told);
    buf_release(&expected);
    warc_file_release(&file);
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Deletes, doubles, overwrites and shifts; tell_file counts the calls. */
static void mutate(struct buf *bytes, uint32_t *state)
{
    for (uint32_t n = 1 + next_random(state) % 4; n && bytes->size > 1; n--) {
        size_t at = next_random(state) % bytes->size;
        size_t size = 1 + next_random(state) % 64;
        if (size > bytes->size - at)
            size = bytes->size - at;
        switch (next_random(state) % 4) {
        case 0:
            memmove(bytes->data + at, bytes->data + at + size,
                    bytes->size - at - size);
            buf_truncate(bytes, bytes->size - size);
            break;
        case 1:
            buf_reserve(bytes, size);
            buf_append(bytes, bytes->data + at, size);
            break;
        case 2:
            bytes->data[at] = (char)next_random(state);
            break;
        default:
            memmove(bytes->data, bytes->data + at, size);
            break;
        }
    }
}

/* _i: the packing */
START_TEST(no_damage_makes_the_reader_hang_or_crash)
{
    uint32_t state = 20261122 + (uint32_t)_i;
    struct warc_file file;
    struct buf bytes, told;
    struct warc_reader *reader = new_reader(64);
    size_t with_damage = 0;
    buf_init(&bytes, 1 << 20);
    buf_init(&told, 1 << 20);
    make_three(&file, (enum packing)_i);
    for (int round = 0; round < 3000; round++) {
        buf_reset(&bytes);
        buf_append_view(&bytes, buf_view(&file.bytes));
        mutate(&bytes, &state);
        temp_write("file", buf_view(&bytes));
        open_file(reader, "file", 0);
        buf_reset(&told);
        tell_file(reader, &told);
        with_damage += strstr(buf_string(&told), "damage") != NULL;
        ck_assert_uint_lt(count_of(buf_string(&told), "\n"), 20);
    }
    ck_assert_uint_gt(with_damage, 1000);
    warc_reader_free(reader);
    buf_release(&bytes);
    buf_release(&told);
    warc_file_release(&file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warc_damage");
    TCase *tests = tcase_create("warc_damage");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, temp_dir_make, temp_dir_remove);
    tcase_add_loop_test(tests,
                        a_file_cut_anywhere_tells_the_record_that_was_cut, 0,
                        PACKED_WHOLE);
    tcase_add_loop_test(
        tests, a_stream_cut_anywhere_gives_what_stands_before_and_tells_it,
        PACKED_WHOLE, PACKING_COUNT);
    tcase_add_loop_test(
        tests, a_wrong_byte_in_a_member_costs_that_record_at_most, 0, 8);
    tcase_add_test(tests,
                   a_wrong_byte_in_a_plain_record_costs_that_record_at_most);
    tcase_add_test(tests, junk_between_plain_records_is_told_and_passed);
    tcase_add_test(tests, junk_of_any_length_is_passed);
    tcase_add_test(tests, junk_between_members_is_told_and_passed);
    tcase_add_loop_test(tests, a_file_that_begins_or_ends_with_junk_is_read, 0,
                        PACKED_WHOLE);
    tcase_add_loop_test(tests, parts_that_are_no_records_are_told_and_passed, 0,
                        PACKING_COUNT);
    tcase_add_loop_test(tests, a_wrong_length_costs_that_record_alone, 0,
                        (int)ARRAY_COUNT(lengths) * PACKING_COUNT);
    tcase_add_test(tests,
                   a_wrong_length_beyond_the_limit_is_told_at_the_next_member);
    tcase_add_loop_test(tests, a_header_without_end_is_told_and_passed, 0,
                        PACKING_COUNT);
    tcase_add_test(tests, damage_deep_in_a_large_member_costs_that_record);
    tcase_add_test(tests, a_reader_that_met_damage_reads_the_next_file);
    tcase_add_loop_test(tests, no_damage_makes_the_reader_hang_or_crash, 0,
                        PACKING_COUNT);
    return run_suite(suite);
}
