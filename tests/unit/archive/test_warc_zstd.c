/*
 * What is special about .warc.zst (IIPC, Zstandard Compression for WARC Files
 * 1.0): dictionaries, other skippable frames, records of several frames. What
 * holds for every packing is tested with the others.
 */
#include "../suite.h"
#include "warc_files.h"

#include <zdict.h>
#include <zstd.h>

enum { RECORDS = 5, DICTIONARY_SIZE = 8192 };

static char dictionary[DICTIONARY_SIZE];
static size_t dictionary_size;

static void make_record(struct buf *out, size_t number)
{
    struct buf block;
    buf_init(&block, 1 << 20);
    for (size_t i = 0; i < 30; i++)
        buf_append_format(&block, "<p class=\"line\">%zu</p>\n", i * number);
    buf_append_format(out,
                      "WARC/1.0\r\nWARC-Type: resource\r\n"
                      "WARC-Target-URI: http://%zu.org/\r\n"
                      "Content-Length: %zu\r\n\r\n",
                      number, block.size);
    buf_append_view(out, buf_view(&block));
    buf_append_string(out, "\r\n\r\n");
    buf_release(&block);
}

static void train(void)
{
    enum { SAMPLES = 100 };
    size_t sizes[SAMPLES];
    struct buf samples;
    buf_init(&samples, 1 << 24);
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t before = samples.size;
        make_record(&samples, i + 1000);
        sizes[i] = samples.size - before;
    }
    dictionary_size = ZDICT_trainFromBuffer(dictionary, sizeof(dictionary),
                                            samples.data, sizes, SAMPLES);
    ck_assert(!ZDICT_isError(dictionary_size));
    buf_release(&samples);
}

static void set_up(void)
{
    temp_dir_make();
    train();
}

static void add_skippable(struct buf *out, unsigned variant,
                          struct view content)
{
    uint32_t magic = 0x184D2A50u | variant, size = (uint32_t)content.size;
    char head[8];
    for (int i = 0; i < 4; i++) {
        head[i] = (char)(magic >> 8 * i);
        head[4 + i] = (char)(size >> 8 * i);
    }
    buf_append(out, head, sizeof(head));
    buf_append_view(out, content);
}

static void add_frame(struct buf *out, struct view bytes, bool with_dictionary)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t bound = ZSTD_compressBound(bytes.size);
    char *to = buf_reserve(out, bound);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (with_dictionary)
        ck_assert(!ZSTD_isError(
            ZSTD_CCtx_loadDictionary(context, dictionary, dictionary_size)));
    size_t size = ZSTD_compress2(context, to, bound, bytes.data, bytes.size);
    ck_assert(!ZSTD_isError(size));
    buf_commit(out, size);
    ZSTD_freeCCtx(context);
}

/* Records 1 to RECORDS behind what `out` holds; where they begin. */
static void add_records(struct buf *out, bool with_dictionary,
                        size_t offsets[RECORDS])
{
    for (size_t i = 0; i < RECORDS; i++) {
        struct buf record;
        buf_init(&record, 1 << 20);
        make_record(&record, i + 1);
        offsets[i] = out->size;
        add_frame(out, buf_view(&record), with_dictionary);
        buf_release(&record);
    }
}

static void append_expected(struct buf *out, const size_t offsets[RECORDS],
                            size_t from)
{
    for (size_t i = from; i < RECORDS; i++) {
        struct buf record;
        buf_init(&record, 1 << 20);
        make_record(&record, i + 1);
        const char *block = strstr(buf_string(&record), "\r\n\r\n") + 4;
        buf_append_format(out, "http://%zu.org/ %zu @%zu\n", i + 1,
                          strlen(block) - 4, offsets[i]);
        buf_release(&record);
    }
    buf_append_string(out, "end\n");
}

static void check_file(struct buf *file, const size_t offsets[RECORDS])
{
    struct buf expected;
    buf_init(&expected, 1 << 16);
    append_expected(&expected, offsets, 0);
    check_told(10000, buf_view(file), buf_string(&expected));
    buf_release(&expected);
}

/* _i: whether the dictionary is packed */
START_TEST(a_dictionary_at_the_beginning_is_used)
{
    size_t offsets[RECORDS];
    struct buf file, content, told, expected;
    struct view plain = view_of(dictionary, dictionary_size);
    buf_init(&file, 1 << 20);
    buf_init(&content, 1 << 20);
    if (_i)
        add_frame(&content, plain, false);
    add_skippable(&file, 0xd, _i ? buf_view(&content) : plain);
    add_records(&file, true, offsets);
    check_file(&file, offsets);

    /* As well when reading begins behind it. */
    struct warc_reader *reader = new_reader(10000);
    temp_write("file", buf_view(&file));
    buf_init(&told, 1 << 16);
    buf_init(&expected, 1 << 16);
    open_file(reader, "file", offsets[3]);
    tell_file(reader, &told);
    append_expected(&expected, offsets, 3);
    ck_assert_str_eq(buf_string(&told), buf_string(&expected));
    warc_reader_free(reader);
    buf_release(&file);
    buf_release(&content);
    buf_release(&told);
    buf_release(&expected);
}
END_TEST

START_TEST(files_with_and_without_dictionary_take_turns)
{
    size_t offsets[RECORDS], plain_offsets[RECORDS];
    struct buf file, plain, told, expected;
    buf_init(&file, 1 << 20);
    buf_init(&plain, 1 << 20);
    buf_init(&told, 1 << 16);
    buf_init(&expected, 1 << 16);
    add_skippable(&file, 0xd, view_of(dictionary, dictionary_size));
    add_records(&file, true, offsets);
    add_records(&plain, false, plain_offsets);
    temp_write("with", buf_view(&file));
    temp_write("without", buf_view(&plain));
    struct warc_reader *reader = new_reader(10000);
    for (int round = 0; round < 4; round++) {
        open_file(reader, round % 2 ? "with" : "without", 0);
        tell_file(reader, &told);
        append_expected(&expected, round % 2 ? offsets : plain_offsets, 0);
    }
    ck_assert_str_eq(buf_string(&told), buf_string(&expected));
    warc_reader_free(reader);
    buf_release(&file);
    buf_release(&plain);
    buf_release(&told);
    buf_release(&expected);
}
END_TEST

/* What cannot be unpacked without it is told once, and that is the end. */
START_TEST(a_faulty_dictionary_is_told)
{
    size_t offsets[RECORDS];
    struct buf packed;
    buf_init(&packed, 1 << 20);
    add_frame(&packed, view_of(dictionary, dictionary_size), false);
    packed.data[packed.size / 2] ^= 0x55;
    const struct view contents[] = {
        buf_view(&packed),
        view_first(view_of(dictionary, dictionary_size), 100),
        view_of_string("no dictionary"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(contents); i++) {
        struct buf file, told;
        struct error err;
        struct warc_record record;
        buf_init(&file, 1 << 20);
        buf_init(&told, 1 << 16);
        add_skippable(&file, 0xd, contents[i]);
        add_records(&file, true, offsets);
        temp_write("file", buf_view(&file));
        struct warc_reader *reader = new_reader(10000);
        open_file(reader, "file", 0);
        ck_assert_int_eq(warc_reader_next(reader, &record, &err),
                         WARC_READ_DAMAGE);
        ck_assert_msg(strstr(err.message, "offset 0: the zstd dictionary is "
                                          "damaged"),
                      "%s", err.message);
        tell_file(reader, &told);
        ck_assert_msg(!strstr(buf_string(&told), "org"), "%s",
                      buf_string(&told));
        warc_reader_free(reader);
        buf_release(&file);
        buf_release(&told);
    }
    buf_release(&packed);
}
END_TEST

START_TEST(a_dictionary_that_is_cut_short_or_far_too_large_is_told)
{
    struct buf file;
    buf_init(&file, 1 << 20);
    add_skippable(&file, 0xd, view_of(dictionary, dictionary_size));
    for (size_t cut = 8; cut < file.size; cut += 1000)
        check_told(100, view_first(buf_view(&file), cut), "damage @0\nend\n");
    memset(file.data + 4, 0xff, 4);
    check_told(100, buf_view(&file), "damage @0\nend\n");
    buf_release(&file);
}
END_TEST

START_TEST(other_skippable_and_empty_frames_are_passed)
{
    static char much[600 << 10];
    size_t offsets[RECORDS], more[RECORDS];
    struct buf file, expected;
    buf_init(&file, 4 << 20);
    add_frame(&file, view_of(NULL, 0), false);
    add_skippable(&file, 0, view_of_string("an extension"));
    add_records(&file, false, offsets);
    add_skippable(&file, 0xd, view_of_string("no dictionary here"));
    add_skippable(&file, 0xf, view_of(much, sizeof(much)));
    add_skippable(&file, 1, view_of(NULL, 0));
    add_records(&file, false, more);
    add_skippable(&file, 2, view_of_string("at the end"));
    buf_init(&expected, 1 << 16);
    append_expected(&expected, offsets, 0);
    buf_truncate(&expected, expected.size - strlen("end\n"));
    append_expected(&expected, more, 0);
    check_told(10000, buf_view(&file), buf_string(&expected));
    buf_release(&expected);
    buf_release(&file);
}
END_TEST

START_TEST(a_record_may_be_cut_into_frames_anywhere)
{
    struct buf record, expected;
    buf_init(&record, 1 << 20);
    make_record(&record, 1);
    for (size_t at = 1; at < record.size; at += 13) {
        struct buf file;
        buf_init(&file, 1 << 20);
        add_frame(&file, view_first(buf_view(&record), at), false);
        add_frame(&file, view_from(buf_view(&record), at), false);
        size_t offsets[RECORDS] = { 0 };
        buf_init(&expected, 1 << 16);
        append_expected(&expected, offsets, 0);
        size_t line =
            (size_t)(strchr(buf_string(&expected), '\n') + 1 - expected.data);
        buf_truncate(&expected, line);
        buf_append_string(&expected, "end\n");
        check_told(10000, buf_view(&file), buf_string(&expected));
        buf_release(&expected);
        buf_release(&file);
    }
    buf_release(&record);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warc_zstd");
    TCase *tests = tcase_create("warc_zstd");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, temp_dir_remove);
    tcase_add_loop_test(tests, a_dictionary_at_the_beginning_is_used, 0, 2);
    tcase_add_test(tests, files_with_and_without_dictionary_take_turns);
    tcase_add_test(tests, a_faulty_dictionary_is_told);
    tcase_add_test(tests,
                   a_dictionary_that_is_cut_short_or_far_too_large_is_told);
    tcase_add_test(tests, other_skippable_and_empty_frames_are_passed);
    tcase_add_test(tests, a_record_may_be_cut_into_frames_anywhere);
    return run_suite(suite);
}
