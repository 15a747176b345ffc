/*
 * What the reader promises of sound files: any packing, any writer's habits.
 * Damage has a suite of its own (test_warc_damage.c).
 */
#include "../suite.h"
#include "fetchgrep/archive/warc_write.h"

#include "warc_files.h"

#include <malloc.h>

static void check_field(const struct warc_record *record, const char *name,
                        const char *expected)
{
    struct view value;
    ck_assert_msg(warc_record_field(record, name, &value), "%s", name);
    ck_assert_msg(view_equal_string(value, expected), "%s: %.*s", name,
                  VIEW_ARG(value));
}

static void next_is_record(struct warc_reader *reader,
                           struct warc_record *ret_record)
{
    struct error err = { .message = "the end" };
    ck_assert_msg(warc_reader_next(reader, ret_record, &err) ==
                      WARC_READ_RECORD,
                  "%s", err.message);
}

static void next_is_end(struct warc_reader *reader)
{
    struct error err;
    struct warc_record record;
    ck_assert_int_eq(warc_reader_next(reader, &record, &err), WARC_READ_END);
}

/* _i: the store */
START_TEST(what_our_writer_writes_reads_back)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    static const char body[] = "a body\0with a NUL";
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";
    struct error err;
    struct warc_writer *writer = warc_writer_new((enum warc_store)_i, 5, &err);
    ck_assert_ptr_nonnull(writer);
    struct warc_exchange exchange = {
        .target_uri = view_of_string("http://example.org/?q=ü"),
        .date_ms = 1795332614123,
        .ip = view_of_string("2001:db8::1"),
        .request_head = view_of_string(request),
        .response_head = view_of_string(head),
        .response_body = view_of(body, sizeof(body)),
        .payload = view_of(body, sizeof(body)),
        .truncated = "time",
    };
    struct warc_written written;
    struct buf out;
    buf_init(&out, 1 << 20);
    warc_write_info(writer, 0, view_of_string("name"), view_of_string("a: b"),
                    &out);
    warc_write_exchange(writer, &exchange, &out, &written);
    temp_write("file", buf_view(&out));

    struct warc_reader *reader = new_reader(1 << 20);
    struct warc_record record;
    open_file(reader, "file", 0);
    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_WARCINFO);
    ck_assert_uint_eq(record.offset, 0);
    ck_assert(view_equal_string(record.block, "a: b"));
    check_field(&record, "WARC-Filename", "name");

    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_RESPONSE);
    ck_assert_uint_eq(record.offset, written.offset);
    ck_assert(view_equal(record.target_uri, exchange.target_uri));
    ck_assert(view_equal_string(record.date, "2026-11-22T07:30:14.123Z"));
    ck_assert(view_equal_string(record.content_type,
                                "application/http;msgtype=response"));
    ck_assert(view_equal(record.ip, exchange.ip));
    ck_assert(view_equal_string(record.truncated, "time"));
    ck_assert_uint_eq(record.block.size, strlen(head) + sizeof(body));
    ck_assert(view_starts_with(record.block, head));
    ck_assert(view_equal(view_from(record.block, strlen(head)),
                         exchange.response_body));
    ck_assert(!record.is_cut);
    check_field(&record, "warc-payload-digest", written.payload_digest);

    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_REQUEST);
    ck_assert_uint_eq(record.offset, written.offset + written.size);
    ck_assert(view_equal_string(record.block, request));
    ck_assert_uint_eq(record.truncated.size, 0);
    next_is_end(reader);
    warc_reader_free(reader);
    warc_writer_free(writer);
    buf_release(&out);
}
END_TEST

START_TEST(habits_of_other_writers_are_understood)
{
    struct warc_file file;
    struct warc_record record;
    warc_file_init(&file, (enum packing)_i);
    /* wget: brackets, its order, a length at the end */
    warc_file_add(&file,
                  view_of_string("WARC/1.0\r\nWARC-Type: response\r\n"
                                 "WARC-Record-ID: <urn:uuid:1>\r\n"
                                 "WARC-Target-URI: <http://a.org/>\r\n"
                                 "WARC-Date: 2026-11-22T07:30:14Z\r\n"
                                 "Content-Type: application/http\r\n"
                                 "Content-Length: 5\r\n\r\nhello\r\n\r\n"));
    /* LF alone, any case, no blank or many behind the colon */
    warc_file_add(&file, view_of_string("WARC/0.17\nwarc-TYPE:resource\n"
                                        "WARC-TARGET-URI:   http://b.org/ \n"
                                        "content-length: \t3\n\nabc\n\n"));
    /* a folded line, a line that is no field, an unknown type, no block */
    warc_file_add(&file, view_of_string("WARC/1.1\r\nWARC-Type: screenshot\r\n"
                                        "X-Long: one\r\n  two\r\nno field\r\n"
                                        "Content-Length: 0\r\n\r\n\r\n\r\n"));
    /* nothing between two records */
    warc_file_add(&file, view_of_string("WARC/1.0\r\nWARC-Type: revisit\r\n"
                                        "Content-Length: 1\r\n\r\nx"));
    /* more line ends than there should be */
    warc_file_add(&file,
                  view_of_string("WARC/1.0\r\nWARC-Type: conversion\r\n"
                                 "Content-Length: 2\r\n\r\n\r\n\r\n\r\n\r\n"));
    temp_write("file", buf_view(&file.bytes));
    struct warc_reader *reader = new_reader(1000);
    open_file(reader, "file", 0);

    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_RESPONSE);
    ck_assert(view_equal_string(record.target_uri, "http://a.org/"));
    ck_assert(view_equal_string(record.date, "2026-11-22T07:30:14Z"));
    ck_assert(view_equal_string(record.block, "hello"));
    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_RESOURCE);
    ck_assert(view_equal_string(record.target_uri, "http://b.org/"));
    ck_assert(view_equal_string(record.block, "abc"));
    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_OTHER);
    ck_assert_uint_eq(record.block.size, 0);
    ck_assert_uint_eq(record.target_uri.size, 0);
    check_field(&record, "x-long", "one two");
    struct view absent;
    ck_assert(!warc_record_field(&record, "no field", &absent));
    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_REVISIT);
    ck_assert(view_equal_string(record.block, "x"));
    next_is_record(reader, &record);
    ck_assert_int_eq(record.type, WARC_TYPE_CONVERSION);
    ck_assert(view_equal_string(record.block, "\r\n"));
    next_is_end(reader);
    warc_reader_free(reader);
    warc_file_release(&file);
}
END_TEST

START_TEST(each_type_has_its_word)
{
    static const struct {
        const char *word;
        enum warc_type type;
    } rows[] = {
        { "response", WARC_TYPE_RESPONSE },
        { "Resource", WARC_TYPE_RESOURCE },
        { "request", WARC_TYPE_REQUEST },
        { "metadata", WARC_TYPE_METADATA },
        { "revisit", WARC_TYPE_REVISIT },
        { "conversion", WARC_TYPE_CONVERSION },
        { "warcinfo", WARC_TYPE_WARCINFO },
        { "continuation", WARC_TYPE_CONTINUATION },
        { "responses", WARC_TYPE_OTHER },
        { "", WARC_TYPE_OTHER },
    };
    struct warc_reader *reader = new_reader(100);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[200];
        struct warc_record record;
        snprintf(
            text, sizeof(text),
            "WARC/1.0\r\nWARC-Type: %s\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
            rows[i].word);
        temp_write("file", view_of_string(text));
        open_file(reader, "file", 0);
        next_is_record(reader, &record);
        ck_assert_msg(record.type == rows[i].type, "%s", rows[i].word);
        next_is_end(reader);
    }
    warc_reader_free(reader);
}
END_TEST

/* Bytes that hardly pack, or that pack very well. */
static void fill(struct buf *block, size_t size, bool is_dense)
{
    uint32_t x = 12345;
    char *to = buf_reserve(block, size);
    ck_assert_ptr_nonnull(to);
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        to[i] = is_dense ? (char)(x >> 24) : 'a';
    }
    buf_commit(block, size);
}

/* Sizes around every limit of the reader's: its read size, the window. */
START_TEST(blocks_are_whole_up_to_the_limit_and_cut_beyond_it)
{
    static const size_t sizes[] = { 0,       1,       99999,    100000,
                                    100001,  262144,  1048576,  1048577,
                                    1148576, 3000000, 20000000, 7 };
    for (int is_dense = 0; is_dense < 2; is_dense++) {
        struct warc_file file;
        struct buf block;
        struct warc_record record;
        struct warc_reader *reader = new_reader(100000);
        warc_file_init(&file, (enum packing)_i);
        buf_init(&block, 1 << 26);
        fill(&block, 20000000, is_dense);
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
            struct view whole = view_first(buf_view(&block), sizes[i]);
            if (is_whole((enum packing)_i) && sizes[i] == 20000000)
                whole = view_first(whole, 5000000); /* packed again each time */
            warc_file_add_response(&file, "http://a.org/", whole);
        }
        temp_write("file", buf_view(&file.bytes));
        open_file(reader, "file", 0);
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
            size_t kept = sizes[i] < 100000 ? sizes[i] : 100000;
            next_is_record(reader, &record);
            ck_assert(
                view_equal(record.block, view_first(buf_view(&block), kept)));
            ck_assert_int_eq(record.is_cut, sizes[i] > 100000);
            if (!is_whole((enum packing)_i))
                ck_assert_uint_eq(record.offset, file.offsets[i]);
        }
        next_is_end(reader);
        warc_reader_free(reader);
        warc_file_release(&file);
        buf_release(&block);
    }
}
END_TEST

START_TEST(reading_begins_at_any_record)
{
    struct warc_file file;
    struct warc_reader *reader = new_reader(1000);
    warc_file_init(&file, (enum packing)_i);
    for (int i = 0; i < 5; i++) {
        char uri[32];
        snprintf(uri, sizeof(uri), "http://a.org/%d", i);
        warc_file_add_response(&file, uri, view_of_string("text"));
    }
    temp_write("file", buf_view(&file.bytes));
    for (size_t i = 5; i-- > 0;) {
        open_file(reader, "file", file.offsets[i]);
        for (size_t k = i; k < 5; k++) {
            struct warc_record record;
            next_is_record(reader, &record);
            ck_assert_uint_eq(record.offset, file.offsets[k]);
            ck_assert_int_eq(record.target_uri.data[13], (char)('0' + k));
        }
        next_is_end(reader);
    }
    warc_reader_free(reader);
    warc_file_release(&file);
}
END_TEST

START_TEST(a_reader_left_in_the_middle_opens_the_next_file)
{
    struct warc_file file;
    struct warc_record record;
    struct buf told;
    struct warc_reader *reader = new_reader(10);
    buf_init(&told, 1 << 16);
    warc_file_init(&file, (enum packing)_i);
    warc_file_add_response(&file, "http://a.org/",
                           view_of_string("longer than 10"));
    warc_file_add_response(&file, "http://b.org/", view_of_string("b"));
    temp_write("one", buf_view(&file.bytes));
    temp_write("two", view_of_string("WARC/1.0\r\nContent-Length: 1\r\n"
                                     "WARC-Target-URI: u\r\n\r\nx\r\n\r\n"));
    open_file(reader, "one", 0);
    next_is_record(reader, &record);
    ck_assert(record.is_cut);
    open_file(reader, "two", 0);
    tell_file(reader, &told);
    ck_assert_str_eq(buf_string(&told), "u 1 @0\nend\n");
    buf_release(&told);
    warc_reader_free(reader);
    warc_file_release(&file);
}
END_TEST

START_TEST(members_that_cut_records_anywhere_are_one_stream)
{
    struct warc_file file, cut;
    warc_file_init(&file, PACKED_NOT);
    warc_file_add_response(&file, "http://a.org/", view_of_string("first"));
    warc_file_add_response(&file, "http://b.org/", view_of_string("second"));
    struct view plain = buf_view(&file.bytes);
    for (size_t at = 0; at <= plain.size; at++) {
        warc_file_init(&cut, PACKED_MEMBERS);
        warc_file_add(&cut, view_first(plain, at));
        warc_file_add(&cut, view_of(NULL, 0));
        warc_file_add(&cut, view_from(plain, at));
        struct buf told;
        struct warc_reader *reader = new_reader(1000);
        buf_init(&told, 1 << 16);
        temp_write("file", buf_view(&cut.bytes));
        open_file(reader, "file", 0);
        tell_file(reader, &told);
        ck_assert_msg(!strstr(buf_string(&told), "damage") &&
                          strstr(buf_string(&told), "a.org/ 5 ") &&
                          strstr(buf_string(&told), "b.org/ 6 "),
                      "cut at %zu: %s", at, buf_string(&told));
        buf_release(&told);
        warc_reader_free(reader);
        warc_file_release(&cut);
    }
    warc_file_release(&file);
}
END_TEST

START_TEST(zeros_behind_the_last_member_are_no_damage)
{
    struct warc_file file;
    warc_file_init(&file, PACKED_MEMBERS);
    warc_file_add_response(&file, "http://a.org/", view_of_string("text"));
    for (int i = 0; i < 1024; i++)
        buf_append_char(&file.bytes, '\0');
    check_told(100, buf_view(&file.bytes), "http://a.org/ 4 @0\nend\n");
    warc_file_release(&file);
}
END_TEST

START_TEST(an_empty_file_has_no_records)
{
    check_told(100, view_of(NULL, 0), "end\n");
    check_told(100, view_of_string("\r\n\r\n"), "end\n");
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_named)
{
    struct error err;
    struct warc_reader *reader = new_reader(100);
    ck_assert(!warc_reader_open(reader, "/nowhere/x.warc", 0, &err));
    ck_assert_int_eq(err.code, ERR_SYSTEM);
    ck_assert_str_eq(err.message,
                     "cannot open /nowhere/x.warc: No such file or directory");
    ck_assert(!warc_reader_open(reader, temp_dir, 0, &err));
    ck_assert_msg(strstr(err.message, "Is a directory") != NULL, "%s",
                  err.message);
    warc_reader_free(reader);
}
END_TEST

/* A long record and many short ones, far beyond what is kept. */
START_TEST(memory_follows_the_limit_and_not_the_file)
{
    struct warc_file file;
    struct warc_record record;
    struct buf block;
    struct warc_reader *reader = new_reader(1000);
    warc_file_init(&file, (enum packing)_i);
    buf_init(&block, 1 << 28);
    fill(&block, 150 << 20, false);
    warc_file_add_response(&file, "http://a.org/", buf_view(&block));
    buf_release(&block);
    temp_write("file", buf_view(&file.bytes));
    warc_file_release(&file);

    struct mallinfo2 before = mallinfo2();
    open_file(reader, "file", 0);
    next_is_record(reader, &record);
    ck_assert(record.is_cut && record.block.size == 1000);
    next_is_end(reader);
    struct mallinfo2 after = mallinfo2();
    /* The reader keeps its buffers, so this is its peak. */
    size_t taken =
        (after.uordblks + after.hblkhd) - (before.uordblks + before.hblkhd);
    ck_assert_uint_lt(taken, 32 << 20);
    warc_reader_free(reader);
}
END_TEST

/* _i: the packing. What stands behind the limit is not looked at, be it half a
 * record or junk; a record that the limit cuts is cut short. */
START_TEST(a_file_ends_where_it_is_told_to)
{
    static const char *const tails[] = { "", "junk", "WARC/1.1\r\nWARC-Ty",
                                         "\x1f\x8b\x08" };
    for (size_t i = 0; i < ARRAY_COUNT(tails); i++) {
        struct warc_file file;
        struct warc_record record;
        struct error err;
        warc_file_init(&file, (enum packing)_i);
        warc_file_add_response(&file, "http://a.example/",
                               view_of_string("one"));
        warc_file_add_response(&file, "http://b.example/",
                               view_of_string("two"));
        size_t end = file.bytes.size;
        buf_append_string(&file.bytes, tails[i]);
        temp_write("file", buf_view(&file.bytes));
        char *path = temp_path("file");
        struct warc_reader *reader = new_reader(1 << 20);
        ck_assert(warc_reader_open_to(reader, path, 0, end, &err));
        next_is_record(reader, &record);
        uint64_t first = record.offset;
        next_is_record(reader, &record);
        next_is_end(reader);
        ck_assert(
            warc_reader_open_to(reader, path, 0, file.offsets[1] + 5, &err));
        next_is_record(reader, &record);
        ck_assert_uint_eq(record.offset, first);
        ck_assert_int_eq(warc_reader_next(reader, &record, &err),
                         WARC_READ_DAMAGE);
        next_is_end(reader);
        warc_reader_free(reader);
        free(path);
        warc_file_release(&file);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warc_read");
    TCase *tests = tcase_create("warc_read");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, temp_dir_make, temp_dir_remove);
    tcase_add_loop_test(tests, what_our_writer_writes_reads_back,
                        WARC_STORE_PLAIN, WARC_STORE_ZSTD + 1);
    tcase_add_loop_test(tests, habits_of_other_writers_are_understood, 0,
                        PACKING_COUNT);
    tcase_add_test(tests, each_type_has_its_word);
    tcase_add_loop_test(tests,
                        blocks_are_whole_up_to_the_limit_and_cut_beyond_it, 0,
                        PACKING_COUNT);
    tcase_add_loop_test(tests, reading_begins_at_any_record, 0, PACKED_WHOLE);
    tcase_add_loop_test(tests, a_reader_left_in_the_middle_opens_the_next_file,
                        0, PACKING_COUNT);
    tcase_add_test(tests, members_that_cut_records_anywhere_are_one_stream);
    tcase_add_test(tests, zeros_behind_the_last_member_are_no_damage);
    tcase_add_test(tests, an_empty_file_has_no_records);
    tcase_add_test(tests, a_file_that_cannot_be_opened_is_named);
    tcase_add_loop_test(tests, a_file_ends_where_it_is_told_to, 0,
                        PACKED_WHOLE);
    tcase_add_loop_test(tests, memory_follows_the_limit_and_not_the_file, 0,
                        PACKING_COUNT);
    return run_suite(suite);
}
