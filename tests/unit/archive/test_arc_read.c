/*
 * What the reader promises of ARC files, plain and packed record by record.
 */
#include "../suite.h"
#include "warc_files.h"

/* As Heritrix begins its files. */
static const char version_block[] =
    "filedesc://IAH-20080430204825-00000-blackbook.arc 0.0.0.0 20080430204825 "
    "text/plain 76\n"
    "1 1 InternetArchive\n"
    "URL IP-address Archive-date Content-type Archive-length\n\n";

static const char page[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
                           "<p>a page</p>\n";

static void add_record(struct warc_file *file, const char *line,
                       struct view block, const char *end)
{
    struct buf record;
    buf_init(&record, SIZE_MAX / 4);
    buf_append_format(&record, "%s %zu\n", line, block.size);
    buf_append_view(&record, block);
    buf_append_string(&record, end);
    warc_file_add(file, buf_view(&record));
    buf_release(&record);
}

static void add_page(struct warc_file *file, const char *uri)
{
    char line[200];
    snprintf(line, sizeof(line), "%s 192.0.2.1 20080430204826 text/html", uri);
    add_record(file, line, view_of_string(page), "\n");
}

static void make_file(struct warc_file *file, enum packing packing)
{
    warc_file_init(file, packing);
    warc_file_add(file, view_of_string(version_block));
    add_page(file, "http://a.org/");
    add_page(file, "http://b.org/");
}

static void next_is(struct warc_reader *reader, enum warc_type type,
                    const char *uri, const char *content_type,
                    struct warc_record *ret_record)
{
    struct error err = { .message = "the end" };
    ck_assert_msg(warc_reader_next(reader, ret_record, &err) ==
                      WARC_READ_RECORD,
                  "%s: %s", uri, err.message);
    ck_assert_int_eq(ret_record->type, type);
    ck_assert(ret_record->is_arc);
    ck_assert_msg(view_equal_string(ret_record->target_uri, uri), "%.*s",
                  VIEW_ARG(ret_record->target_uri));
    ck_assert_msg(view_equal_string(ret_record->content_type, content_type),
                  "%.*s", VIEW_ARG(ret_record->content_type));
}

static void next_is_end(struct warc_reader *reader)
{
    struct error err = { .message = "a record" };
    struct warc_record record;
    ck_assert_msg(warc_reader_next(reader, &record, &err) == WARC_READ_END,
                  "%s", err.message);
}

/* _i: the packing */
START_TEST(a_record_is_told_as_the_warc_record_it_would_be)
{
    struct warc_file file;
    struct warc_record record;
    struct view value;
    struct warc_reader *reader = new_reader(1000);
    make_file(&file, (enum packing)_i);
    temp_write("file", buf_view(&file.bytes));
    open_file(reader, "file", 0);
    next_is(reader, WARC_TYPE_WARCINFO,
            "filedesc://IAH-20080430204825-00000-blackbook.arc", "text/plain",
            &record);
    ck_assert_uint_eq(record.block.size, 76);
    next_is(reader, WARC_TYPE_RESPONSE, "http://a.org/", "text/html", &record);
    ck_assert(view_equal_string(record.block, page));
    ck_assert(view_equal_string(record.ip, "192.0.2.1"));
    ck_assert(view_equal_string(record.date, "20080430204826"));
    ck_assert(!warc_record_field(&record, "http", &value));
    if (!is_whole(file.packing))
        ck_assert_uint_eq(record.offset, file.offsets[1]);
    next_is(reader, WARC_TYPE_RESPONSE, "http://b.org/", "text/html", &record);
    next_is_end(reader);
    warc_reader_free(reader);
    warc_file_release(&file);
}
END_TEST

/* Seen in the wild: blanks in URLs, a version 2 line, no type, names asked
 * for, pages without a head, FTP, IPv6, and no line end behind. */
START_TEST(lines_of_every_writer_are_understood)
{
    static const struct {
        const char *line, *block, *end;
        enum warc_type type;
        const char *uri, *mime;
    } rows[] = {
        { "http://a.org/a b c.html 192.0.2.1 20080430204826 text/html", page,
          "\n", WARC_TYPE_RESPONSE, "http://a.org/a b c.html", "text/html" },
        { "http://b.org/ 192.0.2.1 19970101000000 text/html 200 checksum - 5 "
          "name.arc",
          page, "\n", WARC_TYPE_RESPONSE, "http://b.org/", "text/html" },
        { "http://c.org/ 192.0.2.1 20080430204826 no-type", page, "\n",
          WARC_TYPE_RESPONSE, "http://c.org/", "" },
        { "dns:www.a.org 192.0.2.53 20080430204825 text/dns",
          "20080430204825\nwww.a.org.\t1 IN A 192.0.2.1\n", "\n",
          WARC_TYPE_RESPONSE, "dns:www.a.org", "text/dns" },
        { "http://old.org/ 192.0.2.1 19960923142103 text/html", "<p>old", "\n",
          WARC_TYPE_RESOURCE, "http://old.org/", "text/html" },
        { "ftp://a.org/x 2001:db8::1 200804302048 text/plain", "x", "\n\n\n",
          WARC_TYPE_RESOURCE, "ftp://a.org/x", "text/plain" },
        { "https://d.org/ 192.0.2.1 20080430204826 text/html", page, "\r\n",
          WARC_TYPE_RESPONSE, "https://d.org/", "text/html" },
        { "http://e.org/ 192.0.2.1 20080430204826 text/html", page, "",
          WARC_TYPE_RESPONSE, "http://e.org/", "text/html" },
        { "http://last.org/ 192.0.2.1 20080430204826 text/html", page, "",
          WARC_TYPE_RESPONSE, "http://last.org/", "text/html" },
    };
    struct warc_file file;
    struct warc_record record;
    struct warc_reader *reader = new_reader(1000);
    warc_file_init(&file, (enum packing)_i);
    warc_file_add(&file, view_of_string(version_block));
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        add_record(&file, rows[i].line, view_of_string(rows[i].block),
                   rows[i].end);
    temp_write("file", buf_view(&file.bytes));
    open_file(reader, "file", 0);
    ck_assert_int_eq(warc_reader_next(reader, &record, &(struct error){ 0 }),
                     WARC_READ_RECORD);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        next_is(reader, rows[i].type, rows[i].uri, rows[i].mime, &record);
        ck_assert(view_equal_string(record.block, rows[i].block));
    }
    next_is_end(reader);
    warc_reader_free(reader);
    warc_file_release(&file);
}
END_TEST

START_TEST(reading_begins_at_any_record)
{
    struct warc_file file;
    struct warc_record record;
    struct warc_reader *reader = new_reader(1000);
    make_file(&file, (enum packing)_i);
    temp_write("file", buf_view(&file.bytes));
    open_file(reader, "file", file.offsets[2]);
    next_is(reader, WARC_TYPE_RESPONSE, "http://b.org/", "text/html", &record);
    ck_assert_uint_eq(record.offset, file.offsets[2]);
    next_is_end(reader);
    warc_reader_free(reader);
    warc_file_release(&file);
}
END_TEST

/* The first page is lost where its length is wrong, nothing else. */
static void check_damaged_first(const struct warc_file *file, const char *bad)
{
    struct buf expected;
    buf_init(&expected, 1 << 16);
    buf_append_format(
        &expected,
        "filedesc://IAH-20080430204825-00000-blackbook.arc 76 @0\n%s"
        "http://b.org/ %zu @%zu\nend\n",
        bad, strlen(page), is_whole(file->packing) ? 0 : file->offsets[2]);
    check_told(1000, buf_view(&file->bytes), buf_string(&expected));
    buf_release(&expected);
}

START_TEST(a_wrong_length_costs_that_record_alone)
{
    static const char *const lengths[] = { "0",  "1",   "10",    "50",
                                           "70", "200", "99999", "4294967296" };
    for (size_t i = 0; i < ARRAY_COUNT(lengths); i++) {
        struct warc_file file;
        char text[500], bad[50];
        warc_file_init(&file, (enum packing)_i);
        warc_file_add(&file, view_of_string(version_block));
        snprintf(text, sizeof(text),
                 "http://a.org/ 192.0.2.1 20080430204826 text/html %s\n%s\n",
                 lengths[i], page);
        warc_file_add(&file, view_of_string(text));
        add_page(&file, "http://b.org/");
        snprintf(bad, sizeof(bad), "damage @%zu\n",
                 is_whole(file.packing) ? 0 : file.offsets[1]);
        check_damaged_first(&file, bad);
        warc_file_release(&file);
    }
}
END_TEST

START_TEST(parts_that_are_no_records_are_told_and_passed)
{
    struct warc_file file;
    char bad[50];
    warc_file_init(&file, (enum packing)_i);
    warc_file_add(&file, view_of_string(version_block));
    warc_file_add(&file, view_of_string("http://a.org/ is no record\n"
                                        "WARC/1.0\nContent-Length: 0\n\n\n"));
    add_page(&file, "http://b.org/");
    snprintf(bad, sizeof(bad), "damage @%zu\n",
             is_whole(file.packing) ? 0 : file.offsets[1]);
    /* Behind one plain line end junk shows the record before it as wrong. */
    if (file.packing == PACKED_NOT || is_whole(file.packing)) {
        struct buf expected;
        buf_init(&expected, 1 << 16);
        buf_append_format(&expected, "damage @0\nhttp://b.org/ %zu @%zu\nend\n",
                          strlen(page),
                          is_whole(file.packing) ? 0 : file.offsets[2]);
        check_told(1000, buf_view(&file.bytes), buf_string(&expected));
        buf_release(&expected);
    } else {
        check_damaged_first(&file, bad);
    }
    warc_file_release(&file);
}
END_TEST

/* All that is there of the cut record's block or nothing, and damage once. */
START_TEST(a_file_cut_anywhere_is_read_up_to_there)
{
    struct warc_file file;
    make_file(&file, (enum packing)_i);
    struct warc_reader *reader = new_reader(1000);
    struct buf told;
    buf_init(&told, 1 << 16);
    for (size_t cut = file.offsets[1]; cut < file.bytes.size; cut++) {
        size_t whole = cut >= file.offsets[2] ? 2 : 1;
        temp_write("file", view_first(buf_view(&file.bytes), cut));
        open_file(reader, "file", 0);
        buf_reset(&told);
        tell_file(reader, &told);
        const char *text = buf_string(&told);
        bool is_at_end =
            cut == file.offsets[whole] ||
            (file.packing == PACKED_NOT && cut == file.offsets[whole + 1] - 1);
        ck_assert_msg(!strstr(text, "damage") == is_at_end, "cut at %zu:\n%s",
                      cut, text);
        ck_assert_msg(whole < 2 || strstr(text, "http://a.org/"),
                      "cut at %zu:\n%s", cut, text);
    }
    buf_release(&told);
    warc_reader_free(reader);
    warc_file_release(&file);
}
END_TEST

START_TEST(a_page_that_is_an_archive_does_not_confuse_its_file)
{
    struct warc_file inner, file;
    struct warc_record record;
    struct warc_reader *reader = new_reader(10000);
    make_file(&inner, PACKED_NOT);
    warc_file_init(&file, (enum packing)_i);
    warc_file_add(&file, view_of_string(version_block));
    add_record(&file, "http://in.org/ 192.0.2.1 20080430204826 text/plain",
               buf_view(&inner.bytes), "\n");
    add_page(&file, "http://b.org/");
    temp_write("file", buf_view(&file.bytes));
    open_file(reader, "file", file.offsets[1]);
    next_is(reader, WARC_TYPE_RESOURCE, "http://in.org/", "text/plain",
            &record);
    ck_assert(view_equal(record.block, buf_view(&inner.bytes)));
    next_is(reader, WARC_TYPE_RESPONSE, "http://b.org/", "text/html", &record);
    next_is_end(reader);
    warc_reader_free(reader);
    warc_file_release(&inner);
    warc_file_release(&file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arc_read");
    TCase *tests = tcase_create("arc_read");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, temp_dir_make, temp_dir_remove);
    /* Nobody packs ARC with zstd. */
    const int packings[] = { PACKED_NOT, PACKED_MEMBERS, PACKED_WHOLE };
    for (size_t i = 0; i < ARRAY_COUNT(packings); i++) {
        int from = packings[i], end = from + 1;
        tcase_add_loop_test(
            tests, a_record_is_told_as_the_warc_record_it_would_be, from, end);
        tcase_add_loop_test(tests, lines_of_every_writer_are_understood, from,
                            end);
        tcase_add_loop_test(tests, a_wrong_length_costs_that_record_alone, from,
                            end);
        tcase_add_loop_test(
            tests, parts_that_are_no_records_are_told_and_passed, from, end);
        if (is_whole((enum packing)from))
            continue;
        tcase_add_loop_test(tests, reading_begins_at_any_record, from, end);
        tcase_add_loop_test(tests, a_file_cut_anywhere_is_read_up_to_there,
                            from, end);
        tcase_add_loop_test(tests,
                            a_page_that_is_an_archive_does_not_confuse_its_file,
                            from, end);
    }
    return run_suite(suite);
}
