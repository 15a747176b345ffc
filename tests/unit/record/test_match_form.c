/*
 * Match lines, byte for byte, in each format: they are a file format. And keyed
 * lines, which come out as the same lines once their ids are known.
 */
#include "fetchgrep/record/match_form.h"

#include "suite.h"
#include <jansson.h>

static struct buf out;
static struct match_page page;

static void setup(void)
{
    buf_init(&out, 1 << 20);
    match_page_init(&page);
}

static void teardown(void)
{
    buf_release(&out);
    match_page_release(&page);
}

#define LITERAL(text) view_of(text, sizeof(text) - 1)
#define STATIC(text)                                                           \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

static const struct view names[] = { STATIC("name"), STATIC("2") };
static const struct view groups[] = { STATIC("view,\"port\""), { NULL, 0 } };
static const struct match meta = { .pattern = STATIC("meta"),
                                   .pattern_index = 1,
                                   .offset = 1204,
                                   .whole = STATIC("<meta \"x\">"),
                                   .group_count = 2,
                                   .group_names = names,
                                   .groups = groups };

static struct match_form *make(const struct match_form_options *options)
{
    struct error err;
    struct match_form *form = match_form_new(options, &err);
    ck_assert_ptr_nonnull(form);
    return form;
}

/* Of the page. */
static struct view keep;

/* The head, and a line of `match` for page 17 of this URL. */
static const char *written(const struct match_form_options *options,
                           const char *url, const struct match *match,
                           uint64_t count)
{
    struct error err;
    struct match_form *form = make(options);
    buf_reset(&out);
    buf_append_view(&out, match_form_head(form));
    match_page_begin(&page, form, 17, view_of_string(url), keep);
    ck_assert(match_page_check(&page, &err));
    match_line_append(form, &page, match, count, &out);
    match_form_free(form);
    ck_assert(!out.failed);
    return buf_string(&out);
}

static const char *in_format(enum match_format format, const char *url,
                             const struct match *match)
{
    const struct match_form_options options = { .format = format };
    return written(&options, url, match, 0);
}

START_TEST(formats_have_their_name_and_suffix)
{
    static const char *const words[] = { "jsonl", ".jsonl", "csv",  ".csv",
                                         "tsv",   ".tsv",   "text", ".txt" };
    for (int i = MATCH_JSONL; i <= MATCH_TEXT; i++) {
        ck_assert_str_eq(match_format_name((enum match_format)i), words[2 * i]);
        ck_assert_str_eq(match_format_suffix((enum match_format)i),
                         words[2 * i + 1]);
    }
}
END_TEST

START_TEST(a_match_is_the_documented_json)
{
    ck_assert_str_eq(in_format(MATCH_JSONL, "http://a/?q=\"1\"", &meta),
                     "{\"id\":17,\"url\":\"http://a/?q=\\\"1\\\"\","
                     "\"pattern\":\"meta\",\"offset\":1204,"
                     "\"match\":\"<meta \\\"x\\\">\","
                     "\"groups\":{\"name\":\"view,\\\"port\\\"\",\"2\":null}}"
                     "\n");
}
END_TEST

START_TEST(a_match_without_groups_has_an_empty_object)
{
    const struct match match = { .pattern = LITERAL("e1") };
    ck_assert_str_eq(in_format(MATCH_JSONL, "", &match),
                     "{\"id\":17,\"url\":\"\",\"pattern\":\"e1\",\"offset\":0,"
                     "\"match\":\"\",\"groups\":{}}\n");
}
END_TEST

START_TEST(a_match_as_text_is_url_tab_match)
{
    const struct match match = { .pattern = LITERAL("no matter"),
                                 .offset = 9,
                                 .whole = LITERAL("a\tb\nc\\d\r\x1B\0e") };
    ck_assert_str_eq(in_format(MATCH_TEXT, "http://a/\tx", &match),
                     "http://a/\\tx\ta\\tb\\nc\\\\d\\r\\x1b\\x00e\n");
}
END_TEST

START_TEST(csv_has_a_row_of_names_and_rows_that_end_in_cr_lf)
{
    ck_assert_str_eq(
        in_format(MATCH_CSV, "http://a/", &meta),
        "id,url,pattern,offset,match,groups\r\n"
        "17,http://a/,meta,1204,\"<meta \"\"x\"\">\","
        "\"{\"\"name\"\":\"\"view,\\\"\"port\\\"\"\"\",\"\"2\"\":null}\"\r\n");
}
END_TEST

START_TEST(tsv_escapes_as_text_does)
{
    const struct match match = { .pattern = LITERAL("e1"),
                                 .whole = LITERAL("a\tb\n\"") };
    ck_assert_str_eq(in_format(MATCH_TSV, "http://a/", &match),
                     "id\turl\tpattern\toffset\tmatch\tgroups\n"
                     "17\thttp://a/\te1\t0\ta\\tb\\n\"\t{}\n");
}
END_TEST

/* Any bytes in a match: one line, and what a JSON reader gets is the text. */
START_TEST(a_match_of_any_bytes_is_one_line_of_sound_json)
{
    char bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    const struct view all = view_of(bytes, sizeof(bytes));
    const struct view name = LITERAL("g");
    const struct match match = { .pattern = all,
                                 .whole = all,
                                 .group_count = 1,
                                 .group_names = &name,
                                 .groups = &all };
    in_format(MATCH_JSONL, "u", &match);
    ck_assert_ptr_eq(memchr(out.data, '\n', out.size), out.data + out.size - 1);
    json_error_t problem;
    json_t *line = json_loadb(out.data, out.size, JSON_ALLOW_NUL, &problem);
    ck_assert_msg(line != NULL, "%s", problem.text);
    const json_t *whole = json_object_get(line, "match");
    /* 128 ASCII bytes as they are, 128 ill-formed ones as U+FFFD. */
    ck_assert_uint_eq(json_string_length(whole), 128 + 128 * 3);
    ck_assert_mem_eq(json_string_value(whole), bytes, 128);
    ck_assert_mem_eq(json_string_value(whole) + 128, "\xEF\xBF\xBD", 3);
    json_decref(line);
}
END_TEST

/* ---- columns ---------------------------------------------------------- */

static const uint32_t second_of_pattern[] = { MATCH_NO_GROUP, 1 };
static const uint32_t first_of_pattern[] = { MATCH_NO_GROUP, 0 };

static struct match_field field(enum match_field_kind kind)
{
    return (struct match_field){ .kind = kind,
                                 .name =
                                     view_of_string(match_field_word(kind)) };
}

START_TEST(columns_come_as_they_are_picked)
{
    const struct match_field fields[] = {
        field(FIELD_OFFSET),
        field(FIELD_ID),
        field(FIELD_IN),
        { FIELD_GROUP, LITERAL("groups.name"), first_of_pattern },
        { FIELD_GROUP, LITERAL("2"), second_of_pattern },
    };
    struct match_form_options options = { .fields = fields,
                                          .field_count = ARRAY_COUNT(fields) };
    static const char *const expected[] = {
        [MATCH_JSONL] = "{\"offset\":1204,\"id\":17,\"in\":\"text\","
                        "\"groups.name\":\"view,\\\"port\\\"\",\"2\":null}\n",
        [MATCH_CSV] = "offset,id,in,groups.name,2\r\n"
                      "1204,17,text,\"view,\"\"port\"\"\",\r\n",
        [MATCH_TSV] = "offset\tid\tin\tgroups.name\t2\n"
                      "1204\t17\ttext\tview,\"port\"\t\n",
        [MATCH_TEXT] = "1204\t17\ttext\tview,\"port\"\t\n",
    };
    for (int i = MATCH_JSONL; i <= MATCH_TEXT; i++) {
        options.format = (enum match_format)i;
        ck_assert_str_eq(written(&options, "http://a/", &meta, 0), expected[i]);
    }
}
END_TEST

START_TEST(a_pattern_without_the_group_has_an_empty_column)
{
    struct match match = meta;
    const struct match_field fields[] = {
        { FIELD_GROUP, LITERAL("name"), first_of_pattern },
        field(FIELD_PATTERN),
    };
    struct match_form_options options = { .format = MATCH_CSV,
                                          .fields = fields,
                                          .field_count = 2 };
    match.pattern_index = 0;
    ck_assert_str_eq(written(&options, "u", &match, 0),
                     "name,pattern\r\n,meta\r\n");
    options.format = MATCH_JSONL;
    ck_assert_str_eq(written(&options, "u", &match, 0),
                     "{\"name\":null,\"pattern\":\"meta\"}\n");
}
END_TEST

START_TEST(what_is_searched_is_told_where_it_is_not_the_text)
{
    struct match_form_options options = { .has_in = true };
    struct match match = { .pattern = LITERAL("p"),
                           .subject = SUBJECT_HEADERS };
    ck_assert_str_eq(written(&options, "u", &match, 0),
                     "{\"id\":17,\"url\":\"u\",\"pattern\":\"p\","
                     "\"in\":\"headers\",\"offset\":0,\"match\":\"\","
                     "\"groups\":{}}\n");
    match.subject = SUBJECT_TEXT;
    ck_assert_ptr_null(strstr(written(&options, "u", &match, 0), "\"in\""));
    options.format = MATCH_CSV;
    match.subject = SUBJECT_URL;
    ck_assert_str_eq(written(&options, "u", &match, 0),
                     "id,url,pattern,in,offset,match,groups\r\n"
                     "17,u,p,url,0,,{}\r\n");
}
END_TEST

/* A row of one empty field would read as no row at all. */
START_TEST(an_empty_field_alone_is_in_quotes_in_csv)
{
    const struct match_field only = field(FIELD_MATCH);
    const struct match match = { .pattern = LITERAL("p") };
    struct match_form_options options = { .format = MATCH_CSV,
                                          .fields = &only,
                                          .field_count = 1 };
    ck_assert_str_eq(written(&options, "u", &match, 0), "match\r\n\"\"\r\n");
    const struct match_field id = field(FIELD_ID);
    options.fields = &id;
    ck_assert_str_eq(written(&options, "u", &match, 0), "id\r\n17\r\n");
}
END_TEST

START_TEST(counts_are_lines_of_their_own_form)
{
    struct match_form_options options = { .is_count = true };
    ck_assert_str_eq(
        written(&options, "u", &meta, 3),
        "{\"id\":17,\"url\":\"u\",\"pattern\":\"meta\",\"count\":3}\n");
    options.format = MATCH_CSV;
    ck_assert_str_eq(written(&options, "u", &meta, UINT64_MAX),
                     "id,url,pattern,count\r\n"
                     "17,u,meta,18446744073709551615\r\n");
    options.format = MATCH_TEXT;
    ck_assert_str_eq(written(&options, "u", &meta, 3), "u\t3\n");
    options.has_pattern = true;
    ck_assert_str_eq(written(&options, "u", &meta, 3), "u\tmeta\t3\n");
}
END_TEST

START_TEST(kept_columns_are_the_last_one_in_every_form)
{
    static const char *const lines[][2] = {
        [MATCH_JSONL] = { "{\"id\":17,\"url\":\"u\",\"pattern\":\"meta\","
                          "\"count\":3,\"keep\":{\"a\":\"\\n,\"}}\n",
                          "{\"id\":17,\"url\":\"u\",\"pattern\":\"meta\","
                          "\"count\":3,\"keep\":null}\n" },
        [MATCH_CSV] = { "id,url,pattern,count,keep\r\n"
                        "17,u,meta,3,\"{\"\"a\"\":\"\"\\n,\"\"}\"\r\n",
                        "id,url,pattern,count,keep\r\n17,u,meta,3,\r\n" },
        [MATCH_TSV] = { "id\turl\tpattern\tcount\tkeep\n"
                        "17\tu\tmeta\t3\t{\"a\":\"\\\\n,\"}\n",
                        "id\turl\tpattern\tcount\tkeep\n17\tu\tmeta\t3\t\n" },
        [MATCH_TEXT] = { "u\t3\t{\"a\":\"\\\\n,\"}\n", "u\t3\t\n" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        const struct match_form_options options = {
            .format = (enum match_format)i, .is_count = true, .has_keep = true
        };
        keep = LITERAL("{\"a\":\"\\n,\"}");
        ck_assert_str_eq(written(&options, "u", &meta, 3), lines[i][0]);
        keep = view_of(NULL, 0);
        ck_assert_str_eq(written(&options, "u", &meta, 3), lines[i][1]);
    }
}
END_TEST

/* ---- keyed lines ------------------------------------------------------ */

static struct view without_newline(const struct buf *line)
{
    ck_assert_uint_gt(line->size, 0);
    ck_assert_int_eq(line->data[line->size - 1], '\n');
    return view_of(line->data, line->size - 1);
}

/* `match` keyed for page `id`, in `out`; its key gets `final_id`. */
static void write_keyed(const struct match_form *form, uint64_t id,
                        uint64_t final_id, const struct match *match)
{
    uint64_t read;
    buf_reset(&out);
    match_page_begin(&page, form, id, LITERAL("http://a/\n,"),
                     view_of(NULL, 0));
    match_line_append(form, &page, match, 0, &out);
    ck_assert_ptr_eq(memchr(out.data, '\n', out.size), out.data + out.size - 1);
    ck_assert(match_key_id(without_newline(&out), &read));
    ck_assert_uint_eq(read, id);
    match_key_set_id(out.data, final_id);
}

/* Whatever the format, wherever the id stands. */
START_TEST(a_keyed_line_becomes_the_line_with_its_final_id)
{
    static const enum match_field_kind orders[][3] = {
        { FIELD_ID, FIELD_URL, FIELD_MATCH },
        { FIELD_URL, FIELD_ID, FIELD_MATCH },
        { FIELD_MATCH, FIELD_URL, FIELD_ID },
        { FIELD_MATCH, FIELD_URL, FIELD_OFFSET },
    };
    const struct match match = { .pattern = LITERAL("p"),
                                 .whole =
                                     LITERAL("one\r\n\"two\"\n\n\xC3\xBF") };
    struct match_field fields[3];
    struct match_form_options options = { .fields = fields, .field_count = 3 };
    struct buf line, expected;
    buf_init(&line, 1 << 16);
    buf_init(&expected, 1 << 16);
    for (int i = 0; i < 3; i++)
        fields[i] = field(orders[_i][i]);
    for (int i = MATCH_JSONL; i <= MATCH_TEXT; i++) {
        options.format = (enum match_format)i;
        options.is_keyed = false;
        struct match_form *plain = make(&options);
        options.is_keyed = true;
        struct match_form *keyed = make(&options);
        buf_reset(&expected);
        match_page_begin(&page, plain, 5, LITERAL("http://a/\n,"),
                         view_of(NULL, 0));
        match_line_append(plain, &page, &match, 0, &expected);
        write_keyed(keyed, UINT64_C(3) << 40, 5, &match);
        buf_reset(&line);
        ck_assert(match_form_compose(keyed, without_newline(&out), &line));
        buf_append_char(&line, '\n');
        ck_assert_str_eq(buf_string(&line), buf_string(&expected));
        match_form_free(plain);
        match_form_free(keyed);
    }
    buf_release(&line);
    buf_release(&expected);
}
END_TEST

struct place {
    uint64_t id;
    uint32_t pattern;
    size_t offset;
};

static const struct place in_order[] = {
    { 0, 0, 0 },     { 0, 0, 9 },
    { 0, 0, 10 },    { 0, 0, (size_t)1 << 40 },
    { 0, 1, 3 },     { 0, 300, 0 },
    { 2, 0, 0 },     { 10, 0, 0 },
    { 10, 0, 1000 }, { UINT64_MAX, UINT32_MAX, SIZE_MAX },
};

START_TEST(keys_sort_by_id_pattern_and_offset)
{
    const struct match_form_options options = { .is_keyed = true };
    struct match_form *form = make(&options);
    char last[MATCH_KEY_SIZE] = "";
    for (size_t i = 0; i < ARRAY_COUNT(in_order); i++) {
        const struct match match = { .pattern_index = in_order[i].pattern,
                                     .offset = in_order[i].offset };
        write_keyed(form, in_order[i].id, in_order[i].id, &match);
        ck_assert_int_lt(memcmp(last, out.data, MATCH_KEY_SIZE), 0);
        memcpy(last, out.data, MATCH_KEY_SIZE);
    }
    match_form_free(form);
}
END_TEST

/* An empty match and another one from the same place. */
START_TEST(keys_of_one_place_sort_as_found)
{
    const struct match_form_options options = { .is_keyed = true };
    struct match_form *form = make(&options);
    const struct match first = { .whole = LITERAL("z") };
    const struct match second = { .whole = LITERAL("a") };
    match_page_begin(&page, form, 1, LITERAL("u"), view_of(NULL, 0));
    match_line_append(form, &page, &first, 0, &out);
    size_t size = out.size;
    match_line_append(form, &page, &second, 0, &out);
    ck_assert_int_lt(memcmp(out.data, out.data + size, size), 0);
    match_form_free(form);
}
END_TEST

START_TEST(what_is_no_keyed_line_is_refused)
{
    const struct match_form_options options = { .is_keyed = true };
    struct match_form *form = make(&options);
    struct buf line;
    uint64_t id;
    buf_init(&line, 1 << 16);
    ck_assert(!match_key_id(LITERAL("{\"id\":1}"), &id));
    write_keyed(form, 1, 1, &meta);
    struct view keyed = without_newline(&out);
    ck_assert(!match_form_compose(form, view_first(keyed, MATCH_KEY_SIZE - 1),
                                  &line));
    ck_assert(
        !match_form_compose(form, view_first(keyed, MATCH_KEY_SIZE), &line));
    out.data[3] = 'x';
    ck_assert(!match_form_compose(form, keyed, &line));
    buf_release(&line);
    match_form_free(form);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("match_form");
    TCase *tests = tcase_create("match_form");
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, formats_have_their_name_and_suffix);
    tcase_add_test(tests, a_match_is_the_documented_json);
    tcase_add_test(tests, a_match_without_groups_has_an_empty_object);
    tcase_add_test(tests, a_match_as_text_is_url_tab_match);
    tcase_add_test(tests, csv_has_a_row_of_names_and_rows_that_end_in_cr_lf);
    tcase_add_test(tests, tsv_escapes_as_text_does);
    tcase_add_test(tests, a_match_of_any_bytes_is_one_line_of_sound_json);
    tcase_add_test(tests, columns_come_as_they_are_picked);
    tcase_add_test(tests, a_pattern_without_the_group_has_an_empty_column);
    tcase_add_test(tests, what_is_searched_is_told_where_it_is_not_the_text);
    tcase_add_test(tests, an_empty_field_alone_is_in_quotes_in_csv);
    tcase_add_test(tests, counts_are_lines_of_their_own_form);
    tcase_add_test(tests, kept_columns_are_the_last_one_in_every_form);
    tcase_add_loop_test(tests, a_keyed_line_becomes_the_line_with_its_final_id,
                        0, 4);
    tcase_add_test(tests, keys_sort_by_id_pattern_and_offset);
    tcase_add_test(tests, keys_of_one_place_sort_as_found);
    tcase_add_test(tests, what_is_no_keyed_line_is_refused);
    return run_suite(suite);
}
