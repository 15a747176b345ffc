/*
 * CSV, TSV and JSON Lines: the same entries from each, packed or not; a row
 * that cannot be read is an entry that says why, and costs no other.
 */
#include "../../../src/manifest/parser.h"

#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/zstd_stream.h"
#include "fetchgrep/manifest/index.h"

#include "suite.h"
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static int file = -1;
static struct manifest *manifest;

static void tear_down(void)
{
    manifest_close(manifest);
    manifest = NULL;
    if (file >= 0)
        close(file);
    file = -1;
}

/* Opens a list with these bytes. */
static struct manifest *open_bytes(struct view bytes,
                                   const struct manifest_options *options,
                                   struct error *err)
{
    char path[64], *paths[] = { path };
    tear_down();
    file = memfd_create("manifest", MFD_CLOEXEC);
    ck_assert_int_ge(file, 0);
    ck_assert(write(file, bytes.data, bytes.size) == (ssize_t)bytes.size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    /* Paths are borrowed. */
    static char kept[64];
    memcpy(kept, path, sizeof(kept));
    paths[0] = kept;
    manifest = manifest_open(paths, 1, options, err);
    return manifest;
}

static void open_text(const char *text, const struct manifest_options *options)
{
    struct error err = { 0 };
    ck_assert_msg(open_bytes(view_of_string(text), options, &err) != NULL, "%s",
                  err.message);
}

static struct manifest_entry next(void)
{
    struct error err = { 0 };
    struct manifest_entry entry;
    enum manifest_result result = manifest_next(manifest, &entry, &err);
    ck_assert_msg(result == MANIFEST_ITEM, "result %d: %s", (int)result,
                  err.message);
    return entry;
}

static void check_next(uint64_t id, uint64_t line, const char *text,
                       const char *keep)
{
    struct manifest_entry entry = next();
    ck_assert_uint_eq(entry.id, id);
    ck_assert_uint_eq(entry.line, line);
    ck_assert_msg(!entry.problem, "%s", entry.problem);
    ck_assert_msg(view_equal_string(entry.text, text), "\"%.*s\", not \"%s\"",
                  VIEW_ARG(entry.text), text);
    ck_assert_msg(view_equal_string(entry.keep, keep), "keep %.*s",
                  VIEW_ARG(entry.keep));
}

static void check_bad(uint64_t id, uint64_t line, const char *problem)
{
    struct manifest_entry entry = next();
    ck_assert_uint_eq(entry.id, id);
    ck_assert_uint_eq(entry.line, line);
    ck_assert_uint_eq(entry.text.size, 0);
    ck_assert_msg(entry.problem && strstr(entry.problem, problem),
                  "\"%s\" is not in \"%s\"", problem, entry.problem);
}

static void check_end(void)
{
    struct error err = { 0 };
    struct manifest_entry entry;
    ck_assert_msg(manifest_next(manifest, &entry, &err) == MANIFEST_END,
                  "line %d", (int)entry.line);
}

static const struct manifest_options csv = { .format = MANIFEST_CSV };
static const struct manifest_options tsv = { .format = MANIFEST_TSV };
static const struct manifest_options jsonl = { .format = MANIFEST_JSONL };

static const char *const keep_names[] = { "b", "a" };

static struct manifest_options with_keep(enum manifest_format format)
{
    return (struct manifest_options){ .format = format,
                                      .keep = keep_names,
                                      .keep_count = 2 };
}

/* ---- formats ---------------------------------------------------------- */

START_TEST(rows_of_csv)
{
    const struct manifest_options options = with_keep(MANIFEST_CSV);
    open_text("\xEF\xBB\xBF\r\n\"a\",url,\"b\"\r\n"
              "1,http://a/,x\r\n"
              "\r\n"
              "\"q \"\"1\"\"\",\" http://b/ \",\"two\nlines\"\n"
              "#,http://c/,\n"
              ",\"http://d/\r\n\",z,more",
              &options);
    check_next(0, 3, "http://a/", "{\"b\":\"x\",\"a\":\"1\"}");
    check_next(1, 5, "http://b/",
               "{\"b\":\"two\\nlines\",\"a\":\"q \\\"1\\\"\"}");
    check_next(2, 7, "http://c/", "{\"b\":\"\",\"a\":\"#\"}");
    check_next(3, 8, "http://d/", "{\"b\":\"z\",\"a\":\"\"}");
    check_end();
}
END_TEST

START_TEST(rows_of_tsv)
{
    const struct manifest_options options = with_keep(MANIFEST_TSV);
    open_text("a\turl\tb\r\n\"1\thttp://a/\tx\\n\r\n\n\t http://b/\t\"y\"\n",
              &options);
    check_next(0, 2, "http://a/", "{\"b\":\"x\\\\n\",\"a\":\"\\\"1\"}");
    check_next(1, 4, "http://b/", "{\"b\":\"\\\"y\\\"\",\"a\":\"\"}");
    check_end();
}
END_TEST

START_TEST(rows_of_json)
{
    const struct manifest_options options = with_keep(MANIFEST_JSONL);
    open_text(
        "\xEF\xBB\xBF{\"url\":\"http:\\/\\/a/\",\"a\":1.50,\"b\":[ 1 ]}\r\n"
        " \n{\"b\":null,\"url\":\" http://b/\\n\"}",
        &options);
    check_next(0, 1, "http://a/", "{\"b\":[1],\"a\":1.50}");
    check_next(1, 3, "http://b/", "{\"b\":null,\"a\":null}");
    check_end();
}
END_TEST

START_TEST(bad_rows_are_entries_that_say_why)
{
    open_text("x,url\n1\n2,http://a/\n3,\"http://b/\n4,http://c/\n", &csv);
    check_bad(0, 2, "1 column,");
    check_next(1, 3, "http://a/", "");
    check_bad(2, 4, "quote");
    check_next(3, 5, "http://c/", "");
    check_end();
    open_text("x\turl\n1\n2\thttp://a/\n", &tsv);
    check_bad(0, 2, "1 column,");
    check_next(1, 3, "http://a/", "");
    check_end();
    open_text("[1]\n{\"url\":1}\n{\"link\":\"http://a/\"}\n{\"url\":\n"
              "{\"url\":\"http://b/\"}\n",
              &jsonl);
    check_bad(0, 1, "no JSON object");
    check_bad(1, 2, "no string");
    check_bad(2, 3, "no \"url\"");
    check_bad(3, 4, "wrong before byte");
    check_next(4, 5, "http://b/", "");
    check_end();
}
END_TEST

/* The URL is read, and there is nothing else to be had. */
START_TEST(an_open_quote_behind_the_url_does_not_matter)
{
    open_text("url,x\nhttp://a/,\"y\nhttp://b/,z\n", &csv);
    check_next(0, 2, "http://a/", "");
    check_next(1, 3, "http://b/", "");
    check_end();
}
END_TEST

START_TEST(columns_are_called_by_name_or_number)
{
    static const struct {
        const char *url_field, *header, *text;
    } rows[] = {
        { NULL, "a,url,c", "2" },
        { NULL, "a, URL ,c", "2" },
        { "c", "a,url,c", "3" },
        { "3", "a,url,c", "3" },
        { "1", "3,2,1", "3" },
        { "URL", "url,URL,Url", "2" },
        { "two words", "a,b,\"two words\"", "3" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[128];
        const struct manifest_options options = { .format = MANIFEST_CSV,
                                                  .url_field =
                                                      rows[i].url_field };
        snprintf(text, sizeof(text), "%s\n1,2,3\n", rows[i].header);
        open_text(text, &options);
        check_next(0, 2, rows[i].text, "");
        check_end();
    }
}
END_TEST

START_TEST(a_list_without_names_has_numbers)
{
    static const char *const keep[] = { "2" };
    const struct manifest_options options = { .format = MANIFEST_CSV,
                                              .has_no_header = true,
                                              .keep = keep,
                                              .keep_count = 1 };
    open_text("\xEF\xBB\xBFhttp://a/,x\nhttp://b/\n", &options);
    check_next(0, 1, "http://a/", "{\"2\":\"x\"}");
    check_next(1, 2, "http://b/", "{\"2\":null}");
    check_end();
}
END_TEST

START_TEST(columns_that_are_not_there_are_told_with_those_that_are)
{
    static const char *const keep[] = { "rank" };
    static const struct {
        const char *text;
        struct manifest_options options;
        const char *message;
    } rows[] = {
        { "id,link\n1,2\n",
          { .format = MANIFEST_CSV },
          "--url-field: there is no column \"url\" in: id, link" },
        { "id\tlink\n", { .format = MANIFEST_TSV }, "in: id, link" },
        { "a,b\n",
          { .format = MANIFEST_CSV, .url_field = "3" },
          "no column \"3\" in: a, b" },
        { "a,b\n",
          { .format = MANIFEST_CSV, .url_field = "0" },
          "no column \"0\"" },
        { "url,a\n",
          { .format = MANIFEST_CSV, .keep = keep, .keep_count = 1 },
          "--keep: there is no column \"rank\" in: url, a" },
        { "url,URL,Url\n",
          { .format = MANIFEST_CSV, .url_field = "urL" },
          "3 columns are called \"urL\"" },
        { "url,url\n", { .format = MANIFEST_CSV }, "2 columns" },
        { "\"url\n", { .format = MANIFEST_CSV }, "quote" },
        { "x\n",
          { .format = MANIFEST_CSV, .has_no_header = true, .url_field = "x" },
          "numbers" },
        { "http://a/\n",
          { .format = MANIFEST_PLAIN, .keep = keep, .keep_count = 1 },
          "--keep: plain text has no columns" },
        { "http://a/\n",
          { .format = MANIFEST_PLAIN, .url_field = "x" },
          "--url-field: plain" },
        { "a\x1b[31m,\x07\n", { .format = MANIFEST_CSV }, "in: a?[31m, ?" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error err = { 0 };
        ck_assert_msg(
            !open_bytes(view_of_string(rows[i].text), &rows[i].options, &err),
            "%s", rows[i].text);
        ck_assert_int_eq(err.code, ERR_USAGE);
        ck_assert_msg(strstr(err.message, rows[i].message) != NULL, "%s",
                      err.message);
        ck_assert_ptr_nonnull(strstr(err.message, "/proc/self/fd/"));
    }
}
END_TEST

START_TEST(empty_lists_need_no_names)
{
    static const char *const texts[] = { "", "\n\r\n", "\xEF\xBB\xBF" };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        open_text(texts[i], &csv);
        check_end();
        open_text(texts[i], &jsonl);
        check_end();
    }
    open_text("url\n", &csv);
    check_end();
}
END_TEST

START_TEST(formats_go_by_the_endings_of_names)
{
    static const struct {
        const char *path;
        enum manifest_format format;
    } rows[] = {
        { "list", MANIFEST_PLAIN },     { "-", MANIFEST_PLAIN },
        { "list.txt", MANIFEST_PLAIN }, { "list.txt.gz", MANIFEST_PLAIN },
        { "csv", MANIFEST_PLAIN },      { ".csv", MANIFEST_PLAIN },
        { "a.csv", MANIFEST_CSV },      { "/b/a.CSV.gz", MANIFEST_CSV },
        { "a.csv.zst", MANIFEST_CSV },  { "a.csv.bz2", MANIFEST_PLAIN },
        { "a.tsv", MANIFEST_TSV },      { "a.tab.gz", MANIFEST_TSV },
        { "a.jsonl", MANIFEST_JSONL },  { "a.ndjson.zst", MANIFEST_JSONL },
        { "a.json", MANIFEST_JSONL },   { "a.csv.txt", MANIFEST_PLAIN },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        ck_assert_msg(parser_format_of(rows[i].path) == rows[i].format, "%s",
                      rows[i].path);
}
END_TEST

/* ---- what is kept ------------------------------------------------------ */

START_TEST(kept_text_is_valid_json_whatever_it_was)
{
    static const char *const keep[] = { "a" };
    const struct manifest_options options = { .format = MANIFEST_CSV,
                                              .keep = keep,
                                              .keep_count = 1 };
    open_text("url,a\nu,\xFF\"\\\x01\t\xC3\xBC\n", &options);
    check_next(0, 2, "u", "{\"a\":\"\xEF\xBF\xBD\\\"\\\\\\u0001\\t\xC3\xBC\"}");
    check_end();
}
END_TEST

START_TEST(the_url_is_kept_as_it_is_shown)
{
    static const char *const keep[] = { "url" };
    struct manifest_options options = { .format = MANIFEST_CSV,
                                        .keep = keep,
                                        .keep_count = 1 };
    open_text("url\nhttp://me:secret@a/\n", &options);
    check_next(0, 2, "http://me:secret@a/", "{\"url\":\"http://***@a/\"}");
    options.format = MANIFEST_JSONL;
    open_text("{\"url\":\"http:\\/\\/me:secret@a\\/\"}\n", &options);
    check_next(0, 1, "http://me:secret@a/", "{\"url\":\"http://***@a/\"}");
}
END_TEST

START_TEST(what_is_too_long_to_be_kept_is_null)
{
    static const char *const keep[] = { "a" };
    const struct manifest_options options = { .format = MANIFEST_TSV,
                                              .keep = keep,
                                              .keep_count = 1 };
    static char text[MANIFEST_KEEP_MAX + 64];
    for (int more = 0; more < 2; more++) {
        /* {"a":"…"} */
        int size = MANIFEST_KEEP_MAX - 8 + more;
        snprintf(text, sizeof(text), "url\ta\nu\t%0*d\nv\tx\n", size, 7);
        open_text(text, &options);
        struct manifest_entry entry = next();
        ck_assert(view_equal_string(entry.text, "u") && !entry.problem);
        ck_assert_uint_eq(entry.keep.size, more ? 4 : MANIFEST_KEEP_MAX);
        ck_assert(!more || view_equal_string(entry.keep, "null"));
        check_next(1, 3, "v", "{\"a\":\"x\"}");
    }
}
END_TEST

/* ---- long rows, and quotes that are not closed -------------------------- */

static struct buf text;

/* A list of three rows, `size` bytes of `c` in the middle. */
static void open_long(const char *start, char c, size_t size, const char *end,
                      const struct manifest_options *options)
{
    struct error err = { 0 };
    buf_reset(&text);
    buf_append_string(&text, start);
    char *to = buf_reserve(&text, size);
    ck_assert_ptr_nonnull(to);
    memset(to, c, size);
    buf_commit(&text, size);
    buf_append_string(&text, end);
    ck_assert_msg(open_bytes(buf_view(&text), options, &err) != NULL, "%s",
                  err.message);
}

START_TEST(an_overlong_row_is_one_entry)
{
    static const char *const starts[] = { "url\nhttp://a/\n",
                                          "url\nhttp://a/\n\"" };
    buf_init(&text, 1 << 24);
    for (size_t i = 0; i < ARRAY_COUNT(starts); i++) {
        open_long(starts[i], 'x', 3 << 20, "\nhttp://b/\n", &csv);
        check_next(0, 2, "http://a/", "");
        struct manifest_entry entry = next();
        ck_assert(entry.is_too_long && entry.line == 3 && entry.problem);
        check_next(2, 4, "http://b/", "");
        check_end();
    }
    open_long("{\"url\":\"http://a/\"}\n{\"url\":\"", 'x', 2 << 20,
              "\"}\n{\"url\":\"http://b/\"}", &jsonl);
    check_next(0, 1, "http://a/", "");
    check_bad(1, 2, "longer than");
    check_next(2, 3, "http://b/", "");
    check_end();
    buf_release(&text);
}
END_TEST

START_TEST(a_quote_that_is_not_closed_costs_its_line_alone)
{
    buf_init(&text, 1 << 24);
    buf_append_string(&text, "url\nhttp://0/\n\"http://bad/\n");
    int count = 0;
    while (text.size < 3 << 20)
        buf_append_format(&text, "http://%07d/\n", count++);
    struct error err = { 0 };
    ck_assert_ptr_nonnull(open_bytes(buf_view(&text), &csv, &err));
    check_next(0, 2, "http://0/", "");
    check_bad(1, 3, "quote");
    for (int i = 0; i < count; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "http://%07d/", i);
        struct manifest_entry entry = next();
        if (!view_equal_string(entry.text, expected) ||
            entry.line != (uint64_t)i + 4)
            ck_abort_msg("entry %d: %.*s", i, VIEW_ARG(entry.text));
    }
    check_end();
    buf_release(&text);
}
END_TEST

/* Quotes that open anew in each line: each byte is looked at twice, not a
 * million times. */
START_TEST(open_quotes_without_end_take_no_time)
{
    buf_init(&text, 1 << 24);
    buf_append_string(&text, "url,b\n");
    while (text.size < 4 << 20)
        buf_append_string(&text, "x\",\"\n");
    struct error err = { 0 };
    ck_assert_ptr_nonnull(open_bytes(buf_view(&text), &csv, &err));
    uint64_t count = 0;
    struct manifest_entry entry;
    while (manifest_next(manifest, &entry, &err) == MANIFEST_ITEM)
        count++;
    ck_assert_uint_eq(count, (text.size - 6) / 5);
    buf_release(&text);
}
END_TEST

START_TEST(long_fields_of_many_lines_are_read_whole)
{
    buf_init(&text, 1 << 24);
    open_long("b,url\n\"", '\n', (1 << 20) - 100, "\",http://a/\nx,http://b/\n",
              &csv);
    check_next(0, 2, "http://a/", "");
    check_next(1, (1 << 20) - 100 + 3, "http://b/", "");
    check_end();
    buf_release(&text);
}
END_TEST

/* ---- rows read again ---------------------------------------------------- */

START_TEST(rows_are_read_again_in_every_format)
{
    static const struct {
        enum manifest_format format;
        const char *text;
    } lists[] = {
        { MANIFEST_CSV, "\xEF\xBB\xBF"
                        "b,url,a\n\"x\ny\",http://a/,1\r\n\n"
                        "z,\"http://b/\",\n" },
        { MANIFEST_TSV, "b\turl\ta\nx\\ny\thttp://a/\t1\n\nz\thttp://b/\t\n" },
        { MANIFEST_JSONL, "\n{\"url\":\"http://a/\",\"a\":1}\n"
                          "{\"url\":\"http:\\/\\/b/\",\"b\":{}}" },
    };
    struct buf row;
    buf_init(&row, 1 << 21);
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        const struct manifest_options options = with_keep(lists[i].format);
        struct manifest_entry found[2];
        char *keeps[2];
        size_t sizes[2];
        struct error err = { 0 };
        open_text(lists[i].text, &options);
        for (int j = 0; j < 2; j++) {
            found[j] = next();
            sizes[j] = found[j].row.size;
            keeps[j] = view_dup(found[j].keep);
        }
        check_end();
        for (int j = 1; j >= 0; j--) {
            struct manifest_entry again = { .id = found[j].id,
                                            .line = found[j].line,
                                            .offset = found[j].offset };
            ck_assert_msg(
                manifest_reread(manifest, sizes[j], &row, &again, &err), "%s",
                err.message);
            ck_assert(
                view_equal_string(again.text, j ? "http://b/" : "http://a/"));
            ck_assert(view_equal_string(again.keep, keeps[j]));
            free(keeps[j]);
        }
    }
    buf_release(&row);
}
END_TEST

/* As a shell leaves it behind `read`. */
START_TEST(a_file_that_was_read_from_begins_there)
{
    static char name[] = "-";
    char *names[] = { name };
    struct error err = { 0 };
    struct buf row;
    int saved = dup(STDIN_FILENO), fd = memfd_create("list", MFD_CLOEXEC);
    static const char bytes[] = "taken\nhttp://a/\nhttp://b/\n";
    ck_assert(write(fd, bytes, sizeof(bytes) - 1) == sizeof(bytes) - 1);
    ck_assert_int_eq(lseek(fd, 6, SEEK_SET), 6);
    ck_assert_int_ge(dup2(fd, STDIN_FILENO), 0);
    manifest = manifest_open(names, 1, NULL, &err);
    ck_assert_msg(manifest != NULL, "%s", err.message);
    check_next(0, 1, "http://a/", "");
    struct manifest_entry second = next(), again = second;
    ck_assert(manifest_is_seekable(manifest, 0));
    buf_init(&row, 1 << 21);
    ck_assert_msg(
        manifest_reread(manifest, second.row.size, &row, &again, &err), "%s",
        err.message);
    ck_assert(view_equal_string(again.text, "http://b/"));
    buf_release(&row);
    ck_assert_int_ge(dup2(saved, STDIN_FILENO), 0);
    close(saved);
    close(fd);
}
END_TEST

/* ---- packed lists -------------------------------------------------------- */

enum { PACKED_LINES = 40000 };

static void append_line(struct buf *out, int i)
{
    buf_append_format(out, "http://host-%d.example/%d\n", i % 97, i);
}

/* In members or frames of many lines, cut anywhere. */
static void pack(bool is_zstd, struct buf *out)
{
    struct gzip_packer *gzip = gzip_packer_new(6);
    struct zstd_packer *zstd = zstd_packer_new(3);
    struct buf plain;
    buf_init(&plain, 1 << 24);
    for (int i = 0; i < PACKED_LINES; i++)
        append_line(&plain, i);
    for (struct view rest = buf_view(&plain); rest.size;
         rest = view_from(rest, 300001)) {
        struct view part = view_first(rest, 300001);
        if (is_zstd)
            zstd_pack(zstd, part, out);
        else
            gzip_pack(gzip, part, out);
    }
    gzip_packer_free(gzip);
    zstd_packer_free(zstd);
    buf_release(&plain);
}

static void check_packed_lines(void)
{
    char expected[64];
    for (int i = 0; i < PACKED_LINES; i++) {
        struct manifest_entry entry = next();
        int size = snprintf(expected, sizeof(expected),
                            "http://host-%d.example/%d", i % 97, i);
        if (!view_equal(entry.text, view_of(expected, (size_t)size)))
            ck_abort_msg("line %d: %.*s", i, VIEW_ARG(entry.text));
    }
}

START_TEST(packed_lists_are_seen_by_their_bytes)
{
    struct error err = { 0 };
    for (int i = 0; i < 4; i++) {
        buf_init(&text, 1 << 24);
        if (i == 3) /* a skippable frame in front */
            buf_append(&text, "\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
        pack(i & 1, &text);
        if (i == 2) /* padding of tapes */
            for (int j = 0; j < 100000; j++)
                buf_append_char(&text, '\0');
        ck_assert_msg(open_bytes(buf_view(&text), NULL, &err) != NULL, "%s",
                      err.message);
        ck_assert(manifest_is_file(manifest, 0));
        ck_assert(!manifest_is_seekable(manifest, 0));
        check_packed_lines();
        check_end();
        ck_assert_uint_eq(manifest_progress(manifest).expected_count,
                          PACKED_LINES);
        buf_release(&text);
    }
}
END_TEST

enum { INDEX_ROWS = 3000, INDEX_HOSTS = 7 };

static void check_taken(const struct manifest_entry *entry, bool *seen)
{
    char url[64], keep[64];
    unsigned id = (unsigned)entry->id;
    snprintf(url, sizeof(url), "http://h%u/%u", id % INDEX_HOSTS, id);
    snprintf(keep, sizeof(keep), "{\"b\":\"x\\n%u\",\"a\":null}", id);
    ck_assert_msg(view_equal_string(entry->text, url), "%.*s",
                  VIEW_ARG(entry->text));
    ck_assert_msg(view_equal_string(entry->keep, keep), "%.*s",
                  VIEW_ARG(entry->keep));
    ck_assert_uint_eq(entry->line, 2 + 2 * entry->id);
    ck_assert(!seen[id]);
    seen[id] = true;
}

/* Such rows cannot be read where they stand. */
START_TEST(rows_of_a_packed_list_come_out_of_the_index)
{
    struct error err = { 0 };
    struct manifest_entry entry;
    struct index_host host;
    bool seen[INDEX_ROWS] = { false };
    size_t count = 0;
    struct buf plain;
    struct zstd_packer *packer = zstd_packer_new(3);
    struct manifest_options options = with_keep(MANIFEST_CSV);
    buf_init(&plain, 1 << 24);
    buf_init(&text, 1 << 24);
    buf_append_string(&plain, "b,url,a\n");
    for (unsigned i = 0; i < INDEX_ROWS; i++)
        buf_append_format(&plain, "\"x\n%u\",http://h%u/%u\n", i,
                          i % INDEX_HOSTS, i);
    zstd_pack(packer, buf_view(&plain), &text);
    ck_assert_ptr_nonnull(open_bytes(buf_view(&text), &options, &err));
    struct manifest_index *idx =
        index_new(manifest, "/tmp", NULL, 64 << 10, &err);
    ck_assert_msg(idx != NULL, "%s", err.message);
    while (manifest_next(manifest, &entry, &err) == MANIFEST_ITEM)
        ck_assert(index_add(idx, entry.id % INDEX_HOSTS + 1, &entry, &err));
    ck_assert_msg(index_seal(idx, &err), "%s", err.message);
    while (index_next_host(idx, &host, &err) == INDEX_ITEM) {
        for (; host.left; count++) {
            ck_assert_msg(index_read(idx, &host, &entry, &err), "%s",
                          err.message);
            check_taken(&entry, seen);
        }
    }
    ck_assert_uint_eq(count, INDEX_ROWS);
    index_free(idx);
    zstd_packer_free(packer);
    buf_release(&plain);
    buf_release(&text);
}
END_TEST

/* Rows in front of the fault count; a torn one does not. */
START_TEST(a_damaged_packing_ends_the_list_with_an_error)
{
    for (int i = 0; i < 4; i++) {
        struct error err = { 0 };
        struct manifest_entry entry;
        enum manifest_result result;
        uint64_t count = 0;
        buf_init(&text, 1 << 24);
        pack(i & 1, &text);
        if (i < 2)
            buf_truncate(&text, text.size - 4000);
        else
            memset(text.data + text.size / 2, 0x55, 64);
        ck_assert_ptr_nonnull(open_bytes(buf_view(&text), NULL, &err));
        while ((result = manifest_next(manifest, &entry, &err)) ==
               MANIFEST_ITEM) {
            ck_assert(view_starts_with(entry.text, "http://host-"));
            count++;
        }
        ck_assert_int_eq(result, MANIFEST_ERROR);
        ck_assert_int_eq(err.code, ERR_USAGE);
        ck_assert_msg(strstr(err.message, i < 2 ? "cut short" : "damaged"),
                      "%s", err.message);
        ck_assert_uint_lt(count, PACKED_LINES);
        buf_release(&text);
    }
}
END_TEST

/* What only begins like a packed list is none. */
START_TEST(plain_bytes_that_look_packed_stay_plain)
{
    static const struct {
        const char *bytes;
        size_t size;
    } lists[] = {
        { "\x1f", 1 },    { "\x1f\x8b", 2 }, { "\x1f\x8b\x07x", 4 }, { "(", 1 },
        { "(\xb5/x", 4 }, { "P*M", 3 },      { "P*Mx", 4 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        struct error err = { 0 };
        struct view bytes = view_of(lists[i].bytes, lists[i].size);
        ck_assert_ptr_nonnull(open_bytes(bytes, NULL, &err));
        struct manifest_entry entry = next();
        ck_assert(view_equal(entry.text, bytes));
        check_end();
    }
}
END_TEST

struct pipe_writer {
    int fd;
    struct view bytes;
};

static void *write_pipe(void *ctx)
{
    struct pipe_writer *writer = ctx;
    bool done = true;
    for (size_t at = 0; done && at < writer->bytes.size; at++)
        done = write(writer->fd, writer->bytes.data + at, 1) == 1;
    close(writer->fd);
    return done ? ctx : NULL;
}

/* Byte by byte, through a pipe: packed, and with a row of names. */
START_TEST(a_pipe_may_be_packed_and_have_names)
{
    static char name[] = "-";
    char *names[] = { name };
    struct error err = { 0 };
    struct gzip_packer *packer = gzip_packer_new(6);
    pthread_t thread;
    void *result;
    int ends[2], saved = dup(STDIN_FILENO);
    buf_init(&text, 1 << 16);
    gzip_pack(packer, view_of_string("b,url,a\n\"x\ny\",http://a/,1\n"), &text);
    gzip_packer_free(packer);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[0], STDIN_FILENO), 0);
    close(ends[0]);
    struct pipe_writer writer = { ends[1], buf_view(&text) };
    ck_assert_int_eq(pthread_create(&thread, NULL, write_pipe, &writer), 0);
    const struct manifest_options options = with_keep(MANIFEST_CSV);
    manifest = manifest_open(names, 1, &options, &err);
    ck_assert_msg(manifest != NULL, "%s", err.message);
    ck_assert(!manifest_is_file(manifest, 0));
    check_next(0, 2, "http://a/", "{\"b\":\"x\\ny\",\"a\":\"1\"}");
    check_end();
    pthread_join(thread, &result);
    ck_assert_ptr_nonnull(result);
    buf_release(&text);
    ck_assert_int_ge(dup2(saved, STDIN_FILENO), 0);
    close(saved);
}
END_TEST

/* The same bytes mean other entries. */
START_TEST(the_digest_tells_formats_apart)
{
    uint64_t digests[3];
    static const enum manifest_format formats[] = { MANIFEST_PLAIN,
                                                    MANIFEST_TSV,
                                                    MANIFEST_CSV };
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
        const struct manifest_options options = { .format = formats[i] };
        struct error err = { 0 };
        open_text("url\nhttp://a/\n", &options);
        ck_assert(manifest_digest(manifest, &digests[i], &err));
    }
    ck_assert_uint_ne(digests[0], digests[1]);
    ck_assert_uint_ne(digests[0], digests[2]);
    ck_assert_uint_ne(digests[1], digests[2]);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, rows_of_csv);
    tcase_add_test(tests, rows_of_tsv);
    tcase_add_test(tests, rows_of_json);
    tcase_add_test(tests, bad_rows_are_entries_that_say_why);
    tcase_add_test(tests, an_open_quote_behind_the_url_does_not_matter);
    tcase_add_test(tests, columns_are_called_by_name_or_number);
    tcase_add_test(tests, a_list_without_names_has_numbers);
    tcase_add_test(tests,
                   columns_that_are_not_there_are_told_with_those_that_are);
    tcase_add_test(tests, empty_lists_need_no_names);
    tcase_add_test(tests, formats_go_by_the_endings_of_names);
    tcase_add_test(tests, kept_text_is_valid_json_whatever_it_was);
    tcase_add_test(tests, the_url_is_kept_as_it_is_shown);
    tcase_add_test(tests, what_is_too_long_to_be_kept_is_null);
    tcase_add_test(tests, an_overlong_row_is_one_entry);
    tcase_add_test(tests, a_quote_that_is_not_closed_costs_its_line_alone);
    tcase_add_test(tests, open_quotes_without_end_take_no_time);
    tcase_add_test(tests, long_fields_of_many_lines_are_read_whole);
    tcase_add_test(tests, rows_are_read_again_in_every_format);
    tcase_add_test(tests, a_file_that_was_read_from_begins_there);
    tcase_add_test(tests, packed_lists_are_seen_by_their_bytes);
    tcase_add_test(tests, rows_of_a_packed_list_come_out_of_the_index);
    tcase_add_test(tests, a_damaged_packing_ends_the_list_with_an_error);
    tcase_add_test(tests, plain_bytes_that_look_packed_stay_plain);
    tcase_add_test(tests, a_pipe_may_be_packed_and_have_names);
    tcase_add_test(tests, the_digest_tells_formats_apart);
}

int main(void)
{
    Suite *suite = suite_create("formats");
    TCase *tests = tcase_create("formats");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, NULL, tear_down);
    suite_add_tcase(suite, tests);
    add_tests(tests);
    return run_suite(suite);
}
