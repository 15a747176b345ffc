/* What a page says of its own encoding, as the HTML Standard's prescan finds it
 * (13.2.3.2): every step of it, and what it must pass over. */
#include "fetchgrep/extract/charset.h"

#include "suite.h"

struct row {
    const char *body;
    const char *name; /* "": nothing is said */
};

static void check_row(const struct row *row)
{
    enum charset charset = charset_prescan(view_of_string(row->body));
    ck_assert_msg(!strcmp(charset_name(charset), row->name),
                  "%s: \"%s\" instead of \"%s\"", row->body,
                  charset_name(charset), row->name);
}

static const struct row charset_rows[] = {
    { "<meta charset=koi8-r>", "koi8-r" },
    { "<meta charset='koi8-r'>", "koi8-r" },
    { "<meta charset=\"koi8-r\">", "koi8-r" },
    { "<META CHARSET=KOI8-R>", "koi8-r" },
    { "<meta\tcharset = \"\n koi8-r \" />", "koi8-r" },
    { "<meta/charset=koi8-r>", "koi8-r" },
    { "<meta\fcharset=koi8-r />", "koi8-r" },
    /* unquoted, the slash belongs to the value */
    { "<meta charset=koi8-r/>", "" },
    { "<meta name=x charset=koi8-r>", "koi8-r" },
    { "<meta charset=koi8-r charset=big5>", "koi8-r" },
    { "<meta charset=bogus charset=big5>", "" },
    { "<meta charset=bogus><meta charset=big5>", "big5" },
    { "<meta charset><meta charset=big5>", "big5" },
    { "<meta charset=''>", "" },
    { "<meta =charset=big5>", "" },
    { "<metacharset=koi8-r>", "" },
    { "<metal charset=koi8-r>", "" },
    { "<meta charset=latin1>", "windows-1252" },
    /* what cannot be, if this could be read */
    { "<meta charset=utf-16>", "utf-8" },
    { "<meta charset=utf-16be>", "utf-8" },
    { "<meta charset=ucs-2>", "utf-8" },
    { "<meta charset=x-user-defined>", "windows-1252" },
    { "<meta charset=iso-2022-kr>", "replacement" },
};

START_TEST(charset_attributes_are_found)
{
    check_row(&charset_rows[_i]);
}
END_TEST

#define PRAGMA "<meta http-equiv=content-type "

static const struct row pragma_rows[] = {
    { PRAGMA "content='text/html; charset=koi8-r'>", "koi8-r" },
    { "<meta content='text/html; charset=koi8-r' http-equiv=Content-Type>",
      "koi8-r" },
    { "<meta http-equiv='Content-Type' content='CHARSET=KOI8-R'>", "koi8-r" },
    /* without the pragma, or with another */
    { "<meta content='text/html; charset=koi8-r'>", "" },
    { "<meta http-equiv=refresh content='0; charset=koi8-r'>", "" },
    { "<meta http-equiv=' content-type' content='charset=koi8-r'>", "" },
    { "<meta name=description content='charset=koi8-r'>", "" },
    /* the value */
    { PRAGMA "content='charset = koi8-r'>", "koi8-r" },
    { PRAGMA "content='charset=koi8-r;x'>", "koi8-r" },
    { PRAGMA "content='charset=koi8-r x'>", "koi8-r" },
    { PRAGMA "content='charset=\"koi8-r\"x'>", "koi8-r" },
    { PRAGMA "content=\"charset='koi8-r'\">", "koi8-r" },
    { PRAGMA "content=\"charset='koi8-r\">", "" },
    { PRAGMA "content='charset=\"'>", "" },
    { PRAGMA "content='charset'>", "" },
    { PRAGMA "content='charset='>", "" },
    { PRAGMA "content='charset charset=koi8-r'>", "koi8-r" },
    { PRAGMA "content='xcharsetcharset=koi8-r'>", "koi8-r" },
    { PRAGMA "content='charset=bogus charset=koi8-r'>", "" },
    { PRAGMA "content=charset=koi8-r>", "koi8-r" },
    /* beside a charset attribute, which has the last word */
    { PRAGMA "content='charset=koi8-r' charset=big5>", "big5" },
    { PRAGMA "charset=big5 content='charset=koi8-r'>", "big5" },
    { PRAGMA "charset=bogus content='charset=koi8-r'>", "" },
    { "<meta content='charset=koi8-r' charset=big5>", "big5" },
    { PRAGMA "content='charset=utf-16'>", "utf-8" },
};

START_TEST(pragmas_are_found)
{
    check_row(&pragma_rows[_i]);
}
END_TEST

#define META "<meta charset=big5>"

static const struct row markup_rows[] = {
    { "", "" },
    { "<", "" },
    { "plain text", "" },
    { "<!DOCTYPE html><html lang=zh>\n<head>" META, "big5" },
    { "<!-- " META " -->", "" },
    { "<!-- " META " --><meta charset=koi8-r>", "koi8-r" },
    { "<!-->" META, "big5" },
    { "<!--->" META, "big5" },
    { "<!-- -- > " META "-->", "" },
    { "<!-- unended " META, "" },
    { "<!x " META, "" }, /* to the first > */
    { "<!x>" META, "big5" },
    { "<?x '>" META, "big5" },
    { "</ x " META, "" },
    { "<a title='" META "'>", "" },
    { "<a title=\"" META "\">" META, "big5" },
    { "<a title=" META, "" },
    { "</a title='" META "'>" META, "big5" },
    { "<a/>" META, "big5" },
    { "<a b=c/>" META, "big5" },
    { "<a \xE9>" META, "big5" },
    { "< a '>" META, "big5" },
    { "<1 '" META, "big5" },
    { "<<meta charset=big5>", "big5" },
    { "<script>'" META "'</script>", "big5" }, /* scripts are not known */
    { "<title>x</title" META, "" },
};

START_TEST(markup_is_passed_over_as_a_browser_would)
{
    check_row(&markup_rows[_i]);
}
END_TEST

static const struct row xml_rows[] = {
    { "<?xml version='1.0' encoding='koi8-r'?>", "koi8-r" },
    { "<?xml version=\"1.0\" encoding = \"KOI8-R\" ?>", "koi8-r" },
    { "<?xml encoding='utf-16'?>", "utf-8" },
    { "<?xml encoding='koi8-r'?>" META, "big5" }, /* <meta> first */
    { "<?xml encoding='bogus'?>", "" },
    { "<?xml encoding='koi8 -r'?>", "" },
    { "<?xml encoding=koi8-r?>", "" },
    { "<?xml encoding 'koi8-r'?>", "" },
    { "<?xml encoding='koi8-r?>", "" },
    { "<?xml encoding", "" },
    { "<?xml ?> encoding='koi8-r'>", "" },
    { " <?xml encoding='koi8-r'?>", "" },
    { "<?XML encoding='koi8-r'?>", "" },
};

START_TEST(xml_declarations_count_behind_meta)
{
    check_row(&xml_rows[_i]);
}
END_TEST

START_TEST(wide_xml_declarations_are_known_by_their_first_bytes)
{
    ck_assert_int_eq(charset_prescan(view_of("<\0?\0x\0m\0", 8)),
                     CHARSET_UTF_16LE);
    ck_assert_int_eq(charset_prescan(view_of("\0<\0?\0x\0m", 8)),
                     CHARSET_UTF_16BE);
    ck_assert_int_eq(charset_prescan(view_of("<\0?\0x", 5)), CHARSET_NONE);
    ck_assert_int_eq(charset_prescan(view_of("<\0!\0x\0", 6)), CHARSET_NONE);
}
END_TEST

/* The element must end among the first 1,024 bytes. */
START_TEST(only_the_first_1024_bytes_count)
{
    char body[1100];
    size_t size = strlen(META);
    for (size_t at = 1024 - size - 2; at <= 1024; at++) {
        bool is_within = at + size <= 1024;
        memset(body, ' ', sizeof(body));
        memcpy(body + at, META, size);
        ck_assert_int_eq(charset_prescan(view_of(body, sizeof(body))),
                         is_within ? CHARSET_BIG5 : CHARSET_NONE);
    }
}
END_TEST

START_TEST(what_is_cut_off_says_nothing)
{
    static const char *const bodies[] = {
        META,
        PRAGMA "content='text/html; charset=koi8-r'>",
        "<?xml version='1.0' encoding='koi8-r'?>",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        struct view body = view_of_string(bodies[i]);
        ck_assert_int_ne(charset_prescan(body), CHARSET_NONE);
        for (size_t size = 0; size < body.size; size++)
            ck_assert_int_eq(charset_prescan(view_first(body, size)),
                             CHARSET_NONE);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("charset_prescan");
    TCase *tests = tcase_create("charset_prescan");
    tcase_add_loop_test(tests, charset_attributes_are_found, 0,
                        (int)ARRAY_COUNT(charset_rows));
    tcase_add_loop_test(tests, pragmas_are_found, 0,
                        (int)ARRAY_COUNT(pragma_rows));
    tcase_add_loop_test(tests, markup_is_passed_over_as_a_browser_would, 0,
                        (int)ARRAY_COUNT(markup_rows));
    tcase_add_loop_test(tests, xml_declarations_count_behind_meta, 0,
                        (int)ARRAY_COUNT(xml_rows));
    tcase_add_test(tests, wide_xml_declarations_are_known_by_their_first_bytes);
    tcase_add_test(tests, only_the_first_1024_bytes_count);
    tcase_add_test(tests, what_is_cut_off_says_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
