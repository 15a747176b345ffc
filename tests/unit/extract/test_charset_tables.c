/* All labels, and every code of every table: counted and digested, and held
 * against the same figures of the Encoding Standard's own indexes (of
 * 2024-09-18). What a code means is asked of the decoders, from bytes. */
#include "fetchgrep/extract/charset.h"

#include "suite.h"

#include <ctype.h>

/* ---- labels ----------------------------------------------------------- */

struct name_row {
    const char *name, *labels;
};

/* clang-format off */
static const struct name_row name_rows[] = {
    { "utf-8",
      "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 "
      "x-unicode20utf8" },
    { "ibm866",
      "866 cp866 csibm866 ibm866" },
    { "iso-8859-2",
      "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 "
      "iso_8859-2:1987 l2 latin2" },
    { "iso-8859-3",
      "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 "
      "iso_8859-3:1988 l3 latin3" },
    { "iso-8859-4",
      "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 "
      "iso_8859-4:1988 l4 latin4" },
    { "iso-8859-5",
      "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 "
      "iso88595 iso_8859-5 iso_8859-5:1988" },
    { "iso-8859-6",
      "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 "
      "iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 "
      "iso_8859-6 iso_8859-6:1987" },
    { "iso-8859-7",
      "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 "
      "iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 "
      "sun_eu_greek" },
    { "iso-8859-8",
      "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e "
      "iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual" },
    { "iso-8859-8-i",
      "csiso88598i iso-8859-8-i logical" },
    { "iso-8859-10",
      "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6" },
    { "iso-8859-13",
      "iso-8859-13 iso8859-13 iso885913" },
    { "iso-8859-14",
      "iso-8859-14 iso8859-14 iso885914" },
    { "iso-8859-15",
      "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9" },
    { "iso-8859-16",
      "iso-8859-16" },
    { "koi8-r",
      "cskoi8r koi koi8 koi8-r koi8_r" },
    { "koi8-u",
      "koi8-ru koi8-u" },
    { "macintosh",
      "csmacintosh mac macintosh x-mac-roman" },
    { "windows-874",
      "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874" },
    { "windows-1250",
      "cp1250 windows-1250 x-cp1250" },
    { "windows-1251",
      "cp1251 windows-1251 x-cp1251" },
    { "windows-1252",
      "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 "
      "iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 "
      "us-ascii windows-1252 x-cp1252" },
    { "windows-1253",
      "cp1253 windows-1253 x-cp1253" },
    { "windows-1254",
      "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 "
      "iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254" },
    { "windows-1255",
      "cp1255 windows-1255 x-cp1255" },
    { "windows-1256",
      "cp1256 windows-1256 x-cp1256" },
    { "windows-1257",
      "cp1257 windows-1257 x-cp1257" },
    { "windows-1258",
      "cp1258 windows-1258 x-cp1258" },
    { "x-mac-cyrillic",
      "x-mac-cyrillic x-mac-ukrainian" },
    { "gbk",
      "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk "
      "iso-ir-58 x-gbk" },
    { "gb18030",
      "gb18030" },
    { "big5",
      "big5 big5-hkscs cn-big5 csbig5 x-x-big5" },
    { "euc-jp",
      "cseucpkdfmtjapanese euc-jp x-euc-jp" },
    { "iso-2022-jp",
      "csiso2022jp iso-2022-jp" },
    { "shift_jis",
      "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j "
      "x-sjis" },
    { "euc-kr",
      "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 "
      "ks_c_5601-1989 ksc5601 ksc_5601 windows-949" },
    { "replacement",
      "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr "
      "replacement" },
    { "utf-16be",
      "unicodefffe utf-16be" },
    { "utf-16le",
      "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 "
      "utf-16le" },
    { "x-user-defined",
      "x-user-defined" },
};
/* clang-format on */

static void check_label(const char *name, struct view label)
{
    char text[64];
    enum charset charset = charset_of_label(label);
    ck_assert_msg(charset != CHARSET_NONE, "%.*s", VIEW_ARG(label));
    ck_assert_str_eq(charset_name(charset), name);
    snprintf(text, sizeof(text), "\t%.*s\r\n ", VIEW_ARG(label));
    for (char *p = text; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    ck_assert_int_eq(charset_of_label(view_of_string(text)), charset);
}

START_TEST(every_label_of_the_standard_is_known)
{
    size_t count = 0;
    ck_assert_uint_eq(ARRAY_COUNT(name_rows), CHARSET_COUNT);
    for (size_t i = 0; i < ARRAY_COUNT(name_rows); i++) {
        struct view labels = view_of_string(name_rows[i].labels);
        ck_assert_str_eq(charset_name((enum charset)i), name_rows[i].name);
        while (labels.data) {
            check_label(name_rows[i].name, view_split(&labels, ' '));
            count++;
        }
    }
    ck_assert_uint_eq(count, 228);
}
END_TEST

START_TEST(other_labels_are_not)
{
    static const char *const labels[] = {
        "",
        " ",
        "utf",
        "utf-7",
        "utf-32",
        "none",
        "latin0",
        "cp437",
        "iso-8859",
        "utf 8",
        "\"utf-8\"",
        "utf-8;",
        "gb2312x",
        "windows-1259",
        "iso-8859-1-windows-3.1-latin-1",
    };
    for (size_t i = 0; i < ARRAY_COUNT(labels); i++)
        ck_assert_msg(charset_of_label(view_of_string(labels[i])) ==
                          CHARSET_NONE,
                      "%s", labels[i]);
    ck_assert_int_eq(charset_of_label(view_of("utf-8\0x", 7)), CHARSET_NONE);
    ck_assert_int_eq(charset_of_label(view_of(NULL, 0)), CHARSET_NONE);
}
END_TEST

/* ---- tables ----------------------------------------------------------- */

/* The bytes of a pointer; how many. */
typedef size_t bytes_fn(uint32_t pointer, unsigned char *bytes);

static size_t single_bytes(uint32_t pointer, unsigned char *bytes)
{
    bytes[0] = (unsigned char)(pointer + 0x80);
    return 1;
}

static size_t big5_bytes(uint32_t pointer, unsigned char *bytes)
{
    uint32_t trail = pointer % 157;
    bytes[0] = (unsigned char)(pointer / 157 + 0x81);
    bytes[1] = (unsigned char)(trail + (trail < 0x3f ? 0x40 : 0x62));
    return 2;
}

static size_t euc_kr_bytes(uint32_t pointer, unsigned char *bytes)
{
    bytes[0] = (unsigned char)(pointer / 190 + 0x81);
    bytes[1] = (unsigned char)(pointer % 190 + 0x41);
    return 2;
}

static size_t gb18030_bytes(uint32_t pointer, unsigned char *bytes)
{
    uint32_t trail = pointer % 190;
    bytes[0] = (unsigned char)(pointer / 190 + 0x81);
    bytes[1] = (unsigned char)(trail + (trail < 0x3f ? 0x40 : 0x41));
    return 2;
}

static size_t gb18030_four_bytes(uint32_t pointer, unsigned char *bytes)
{
    bytes[0] = (unsigned char)(pointer / 12600 + 0x81);
    bytes[1] = (unsigned char)(pointer / 1260 % 10 + 0x30);
    bytes[2] = (unsigned char)(pointer / 10 % 126 + 0x81);
    bytes[3] = (unsigned char)(pointer % 10 + 0x30);
    return 4;
}

static size_t shift_jis_bytes(uint32_t pointer, unsigned char *bytes)
{
    uint32_t lead = pointer / 188, trail = pointer % 188;
    bytes[0] = (unsigned char)(lead + (lead < 0x1f ? 0x81 : 0xc1));
    bytes[1] = (unsigned char)(trail + (trail < 0x3f ? 0x40 : 0x41));
    return 2;
}

static size_t euc_jp_bytes(uint32_t pointer, unsigned char *bytes)
{
    bytes[0] = (unsigned char)(pointer / 94 + 0xa1);
    bytes[1] = (unsigned char)(pointer % 94 + 0xa1);
    return 2;
}

static size_t jis0212_bytes(uint32_t pointer, unsigned char *bytes)
{
    bytes[0] = 0x8f;
    return 1 + euc_jp_bytes(pointer, bytes + 1);
}

struct table_row {
    const char *label;
    bytes_fn *bytes_of;
    uint32_t pointer_count;
    uint32_t count; /* of pointers that mean something */
    uint64_t digest;
};

static const struct table_row table_rows[] = {
    { "ibm866", single_bytes, 128, 128, 0x50b414b300bd6951 },
    { "iso-8859-2", single_bytes, 128, 128, 0xa9e81dae88cc7a2e },
    { "iso-8859-3", single_bytes, 128, 121, 0x38be200863b2ab7e },
    { "iso-8859-4", single_bytes, 128, 128, 0x1f0a6bd72e9e1e44 },
    { "iso-8859-5", single_bytes, 128, 128, 0x848dc608f90baf82 },
    { "iso-8859-6", single_bytes, 128, 83, 0x4e423817147442f5 },
    { "iso-8859-7", single_bytes, 128, 125, 0x35b499f3580d2f63 },
    { "iso-8859-8", single_bytes, 128, 92, 0xadaccb35fe54ab84 },
    { "iso-8859-8-i", single_bytes, 128, 92, 0xadaccb35fe54ab84 },
    { "iso-8859-10", single_bytes, 128, 128, 0xfd01af376bebd2cb },
    { "iso-8859-13", single_bytes, 128, 128, 0xf39de77692ff7e4a },
    { "iso-8859-14", single_bytes, 128, 128, 0xd2e62af728f68f7b },
    { "iso-8859-15", single_bytes, 128, 128, 0xa9d30c9d24434664 },
    { "iso-8859-16", single_bytes, 128, 128, 0xbf0ae3a6352b86b8 },
    { "koi8-r", single_bytes, 128, 128, 0x8ec9f810ece3b1fe },
    { "koi8-u", single_bytes, 128, 128, 0x7f0f01644c60f79e },
    { "macintosh", single_bytes, 128, 128, 0x0d73d8f0a08b5565 },
    { "windows-874", single_bytes, 128, 120, 0x2dc16234ee63c9f1 },
    { "windows-1250", single_bytes, 128, 128, 0x2e37ce51b59eaa84 },
    { "windows-1251", single_bytes, 128, 128, 0x6cac35c385b34e4f },
    { "windows-1252", single_bytes, 128, 128, 0xcd8c75a5a7a08ecc },
    { "windows-1253", single_bytes, 128, 125, 0x2e396c2ab6346d82 },
    { "windows-1254", single_bytes, 128, 128, 0x46bf1816bc09453a },
    { "windows-1255", single_bytes, 128, 118, 0xdd1129474435006b },
    { "windows-1256", single_bytes, 128, 128, 0xc6e38a18498702b8 },
    { "windows-1257", single_bytes, 128, 126, 0xd317089c32176a01 },
    { "windows-1258", single_bytes, 128, 128, 0x38458d23fdcec852 },
    { "x-mac-cyrillic", single_bytes, 128, 128, 0x368e3e95a99b21cb },
    { "big5", big5_bytes, 19782, 18590, 0xe5ab484d6cb701ea },
    { "euc-kr", euc_kr_bytes, 23940, 17048, 0x5dab56cc6213a925 },
    { "gb18030", gb18030_bytes, 23940, 23940, 0x55257293285488de },
    { "gbk", gb18030_bytes, 23940, 23940, 0x55257293285488de },
    { "gb18030", gb18030_four_bytes, 39420, 39420, 0x4bd5adb39f6b1ea4 },
    { "shift_jis", shift_jis_bytes, 11280, 7724, 0xf7deec2d06477726 },
    { "euc-jp", euc_jp_bytes, 8836, 7336, 0xb5cca51e462461da },
    { "euc-jp", jis0212_bytes, 8836, 6067, 0xaee2b89fb7807f1c },
};

/* FNV-1a. */
static void digest_u32(uint64_t *digest, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        *digest = (*digest ^ (value >> shift & 0xff)) * 0x100000001b3;
}

static uint32_t first_point(struct view text, size_t *ret_size)
{
    const unsigned char *p = (const unsigned char *)text.data;
    *ret_size = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t point = *ret_size == 1 ? p[0] : p[0] & (0x7fU >> *ret_size);
    for (size_t i = 1; i < *ret_size; i++)
        point = point << 6 | (p[i] & 0x3f);
    return point;
}

/* Characters that are the decoder's, not the index's. */
static bool is_beside_index(const struct table_row *row, uint32_t pointer)
{
    if (row->bytes_of == big5_bytes)
        return pointer == 1133 || pointer == 1135 || pointer == 1164 ||
               pointer == 1166;
    return row->bytes_of == shift_jis_bytes && pointer >= 8836 &&
           pointer <= 10715;
}

START_TEST(every_code_of_a_table_means_what_the_standard_says)
{
    const struct table_row *row = &table_rows[_i];
    enum charset charset = charset_of_label(view_of_string(row->label));
    struct charset_reader *reader = charset_reader_new();
    uint64_t digest = 0xcbf29ce484222325;
    uint32_t found = 0;
    struct buf out;
    buf_init(&out, 1 << 10);
    for (uint32_t i = 0; i < row->pointer_count; i++) {
        unsigned char bytes[4];
        size_t replaced, size = row->bytes_of(i, bytes), used;
        if (is_beside_index(row, i))
            continue;
        buf_reset(&out);
        ck_assert_int_eq(charset_decode(reader, charset, view_of(bytes, size),
                                        &out, &replaced),
                         CHARSET_DONE);
        if (replaced)
            continue;
        digest_u32(&digest, i);
        digest_u32(&digest, first_point(buf_view(&out), &used));
        ck_assert_uint_eq(used, out.size);
        found++;
    }
    ck_assert_msg(found == row->count, "%s: %u", row->label, found);
    ck_assert_msg(digest == row->digest, "%s", row->label);
    charset_reader_free(reader);
    buf_release(&out);
}
END_TEST

START_TEST(ascii_is_ascii)
{
    char bytes[0x80];
    struct charset_reader *reader = charset_reader_new();
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    for (int i = 0; i < CHARSET_COUNT; i++) {
        size_t replaced;
        struct buf out;
        if (!charset_has_ascii((enum charset)i))
            continue;
        buf_init(&out, 1 << 12);
        ck_assert_int_eq(charset_decode(reader, (enum charset)i,
                                        view_of(bytes, sizeof(bytes)), &out,
                                        &replaced),
                         CHARSET_DONE);
        ck_assert_msg(view_equal(buf_view(&out), view_of(bytes, sizeof(bytes))),
                      "%s", charset_name((enum charset)i));
        ck_assert_uint_eq(replaced, 0);
        buf_release(&out);
    }
    charset_reader_free(reader);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("charset_tables");
    TCase *tests = tcase_create("charset_tables");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_label_of_the_standard_is_known);
    tcase_add_test(tests, other_labels_are_not);
    tcase_add_loop_test(tests,
                        every_code_of_a_table_means_what_the_standard_says, 0,
                        (int)ARRAY_COUNT(table_rows));
    tcase_add_test(tests, ascii_is_ascii);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
