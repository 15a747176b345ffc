/* What a regex becomes: each construct of PCRE2's syntax, what is chosen of a
 * pattern, and which patterns have no condition. */
#include "../../../src/extract/necessary.h"

#include "suite.h"

#if WITH_HS
#include "../../support/necessity.h"
#endif

enum { ROOM = 1 << 20 };

static const struct necessary_options utf = { .is_utf = true };
static const struct necessary_options caseless = { .is_utf = true,
                                                   .is_caseless = true };
static const struct necessary_options unicode = { .is_utf = true,
                                                  .has_ucp = true };
static const struct necessary_options raw = { .is_utf = false };
static const struct necessary_options raw_caseless = { .is_caseless = true };

struct row {
    const struct necessary_options *options;
    const char *regex, *condition;
};

static void check_row(const struct row *row)
{
    struct buf out;
    char why[160] = "";
    buf_init(&out, ROOM);
    bool is_had = necessary_condition(view_of_string(row->regex), row->options,
                                      &out, why, sizeof(why));
    ck_assert_msg(is_had, "/%s/: %s", row->regex, why);
    ck_assert_msg(!strcmp(buf_string(&out), row->condition),
                  "/%s/ gives %s, not %s", row->regex, buf_string(&out),
                  row->condition);
    ck_assert_str_eq(why, "");
    buf_release(&out);
}

/* ---- constructs ------------------------------------------------------- */

static const struct row character_rows[] = {
    { &utf, "qwzx", "qwzx" },
    { &utf, "\\x71\\x{77}\\172\\o{170}\\N{U+79}", "qwzxy" },
    { &utf, "q\\t\\n\\r\\f\\e\\a\\cA\\0w",
      "q\\x09\\x0a\\x0d\\x0c\\x1b\\x07\\x01\\x00w" },
    { &utf, "\\.\\*\\-\\#zq", "\\.\\*-#zq" },
    { &utf, "\\Qa.*|)\\Eb", "a\\.\\*\\|\\)b" },
    { &utf, "\\Qqwz", "qwz" },
    { &utf, "q\\Ew\\Q\\Ez", "qwz" },
    { &utf, "q{w}z{-}", "q\\{w\\}z\\{-\\}" },
    { &utf, "caf\303\251", "caf\\xc3\\xa9" },
    { &utf, "zq\\x{e9}\\x{2028}\\x{1f600}",
      "zq\\xc3\\xa9\\xe2\\x80\\xa8\\xf0\\x9f\\x98\\x80" },
    { &utf, "zq\\123\\18", "zqS\\x018" },
    { &utf, "(zq)wx\\g1y", "zqwx" },
    { &raw, "zq\\xe9", "zq\\xe9" },
    { &raw, "zq\351", "zq\\xe9" },
    { &raw, "(*UTF)zq\\x{e9}", "zq\\xc3\\xa9" },
    { &caseless, "zq1", "[Zz][Qq]1" },
    { &caseless, "zqk", "[Zz][Qq](?:[Kk]|\\xe2\\x84\\xaa)" },
    { &caseless, "zqK", "[Zz][Qq](?:[Kk]|\\xe2\\x84\\xaa)" },
    { &caseless, "zqs", "[Zz][Qq](?:[Ss]|\\xc5\\xbf)" },
    { &caseless, "Z\303\237", "[Zz][\\x80-\\xff]{2}" },
    { &caseless, "\303\251\\x{212a}q",
      "[\\x80-\\xff]{2}(?:[Kk]|\\xe2\\x84\\xaa)[Qq]" },
    { &caseless, "zq\\x{17f}", "[Zz][Qq](?:[Ss]|\\xc5\\xbf)" },
    { &raw_caseless, "zqk", "[Zz][Qq][Kk]" },
    { &raw_caseless, "zqs\\xe9", "[Zz][Qq][Ss][\\x80-\\xff]" },
};

static const struct row class_rows[] = {
    { &utf, "zq[abc]wx", "zq[a-c]wx" },
    { &utf, "zq[a-cx-z]wx", "zq[a-cx-z]wx" },
    { &utf, "zq[]a]wx", "zq[\\]a]wx" },
    { &utf, "zq[^]a]wx", "zq[\\x00-\\\\\\^-`b-\\xff]{1,4}wx" },
    { &utf, "zq[a\\-z]wx", "zq[\\-az]wx" },
    { &utf, "zq[-a]wx", "zq[\\-a]wx" },
    { &utf, "zq[a-]wx", "zq[\\-a]wx" },
    { &utf, "zq[\\d\\-\\]\\\\]wx", "zq[\\-0-9\\\\\\]]wx" },
    { &utf, "zq[\\Qa-z]\\E]wx", "zq[\\-\\]az]wx" },
    { &utf, "zq[\\x41-\\x43\\103\\b]wx", "zq[\\x08A-C]wx" },
    { &utf, "zq[a-\\x{ff}]wx", "zq[a-\\xbf\\xc2\\xc3]{1,4}wx" },
    { &utf, "zq[\303\251]wx", "zq[\\x80-\\xbf\\xc3]{2,4}wx" },
    { &utf, "zq[^\303\251]wx", "zq[\\x00-\\xff]{1,4}wx" },
    { &utf, "zq[^\\x00-\\x7f]wx", "zq[\\x80-\\xff]{2,4}wx" },
    { &utf, "zq[^\\W_]wx", "zq[0-9A-Za-z]wx" },
    { &utf, "zq[\\s\\S]wx", "zq[\\x00-\\xff]{1,4}wx" },
    { &utf, "zq[[:alpha:]]wx", "zq[A-Za-z]wx" },
    { &utf, "zq[[:^alpha:]]wx", "zq[\\x00-@\\[-`{-\\xff]{1,4}wx" },
    { &utf, "zq[^[:space:]]wx", "zq[\\x00-\\x08\\x0e-\\x1f!-\\xff]{1,4}wx" },
    { &utf, "zq[[:punct:]]wx", "zq[!-/:-@\\[-`{-~]wx" },
    { &utf, "zq.wx", "zq[\\x00-\\x09\\x0b-\\xff]{1,4}wx" },
    { &utf, "(?s)zq.wx", "zq[\\x00-\\xff]{1,4}wx" },
    { &utf, "zq\\Nwx", "zq[\\x00-\\x09\\x0b-\\xff]{1,4}wx" },
    { &utf, "zq\\dwx", "zq[0-9]wx" },
    { &utf, "zq\\Dwx", "zq[\\x00-/:-\\xff]{1,4}wx" },
    { &utf, "zq\\wwx", "zq[0-9A-Z_a-z]wx" },
    { &utf, "zq\\Wwx", "zq[\\x00-/:-@\\[-\\^`{-\\xff]{1,4}wx" },
    { &utf, "zq\\swx", "zq[\\x09-\\x0d ]wx" },
    { &utf, "zq\\hwx", "zq[\\x09 \\x80-\\xff]{1,4}wx" },
    { &utf, "zq\\vwx", "zq[\\x0a-\\x0d\\x80-\\xff]{1,4}wx" },
    { &utf, "zq\\Vwx", "zq[\\x00-\\x09\\x0e-\\xff]{1,4}wx" },
    { &utf, "zq\\Rwx", "zq[\\x0a-\\x0d\\x80-\\xff]{1,8}wx" },
    { &utf, "zq\\Xwx", "zq[\\x00-\\xff]+wx" },
    { &utf, "zq\\p{Lu}wx", "zq[A-Z\\x80-\\xff]{1,4}wx" },
    { &utf, "zq\\pNwx", "zq[0-9\\x80-\\xff]{1,4}wx" },
    { &utf, "zq\\P{L}wx", "zq[\\x00-@\\[-`{-\\xff]{1,4}wx" },
    { &utf, "zq\\p{^L}wx", "zq[\\x00-@\\[-`{-\\xff]{1,4}wx" },
    { &utf, "zq\\p{Greek}wx", "zq[\\x80-\\xff]{2,4}wx" },
    { &utf, "zq\\p{Latin}wx", "zq[A-Za-z\\x80-\\xff]{1,4}wx" },
    { &utf, "zq\\p{Dash}wx", "zq[\\x00-\\xff]{1,4}wx" },
    { &unicode, "zq\\dwx", "zq[0-9\\x80-\\xff]{1,4}wx" },
    { &unicode, "zq[\\w.]wx", "zq[.0-9A-Z_a-z\\x80-\\xff]{1,4}wx" },
    { &unicode, "zq[^\\w]wx", "zq[\\x00-/:-@\\[-\\^`{-\\xff]{1,4}wx" },
    { &unicode, "zq[[:alpha:]]wx", "zq[A-Za-z\\x80-\\xff]{1,4}wx" },
    { &raw, "zq.wx", "zq[\\x00-\\x09\\x0b-\\xff]wx" },
    { &raw, "zq[^a]wx", "zq[\\x00-`b-\\xff]wx" },
    { &raw, "zq[\\x80-\\x90]wx", "zq[\\x80-\\x90]wx" },
    { &raw, "zq\\Wwx", "zq[\\x00-/:-@\\[-\\^`{-\\xff]wx" },
    { &raw, "zq\\hwx", "zq[\\x09 \\x80-\\xff]wx" },
    { &caseless, "zq[a-c]wx", "[Zz][Qq][A-Ca-c][Ww][Xx]" },
    { &caseless, "zq[k]wx", "[Zz][Qq][Kk\\x84\\xaa\\xe2]{1,4}[Ww][Xx]" },
    { &caseless, "zq[^k]wx", "[Zz][Qq][\\x00-JL-jl-\\xff]{1,4}[Ww][Xx]" },
    { &caseless, "zq[\303\251]wx", "[Zz][Qq][\\x80-\\xff]{2,4}[Ww][Xx]" },
    { &caseless, "zq[\\x{212a}]wx", "[Zz][Qq][Kk\\x80-\\xff]{1,4}[Ww][Xx]" },
    { &caseless, "zq[[:upper:]]wx",
      "[Zz][Qq][A-Za-z\\x80-\\xff]{1,4}[Ww][Xx]" },
    { &caseless, "zq[^[:^upper:]]wx",
      "[Zz][Qq][A-Za-z\\x80-\\xff]{1,4}[Ww][Xx]" },
    { &caseless, "zq\\p{Lu}wx", "[Zz][Qq][A-Za-z\\x80-\\xff]{1,4}[Ww][Xx]" },
};

static const struct row repeat_rows[] = {
    { &utf, "zqa?wx", "zqa?wx" },
    { &utf, "zqa*wx", "zqa*wx" },
    { &utf, "zqa+?wx", "zqa+wx" },
    { &utf, "zqa++wx", "zqa+wx" },
    { &utf, "zqa{3}wx", "zqa{3}wx" },
    { &utf, "zqa{2,5}wx", "zqa{2,5}wx" },
    { &utf, "zqa{3,}wx", "zqa{3,}wx" },
    { &utf, "zqa{0}wx", "zqwx" },
    { &utf, "zqa{40}wx", "zqa{16,}wx" },
    { &utf, "zqa{17,60}wx", "zqa{16}" },
    { &utf, "zqwx.{0,50}y", "zqwx" },
    { &utf, "zq\303\251{2}wx", "zq(?:\\xc3\\xa9){2}wx" },
    { &utf, "zq(?:ab){2}wx", "zq(?:ab){2}wx" },
    { &utf, "zq(?:ab)+wx", "zqab[ab]*wx" },
    { &utf, "zq(?:ab)*wx", "zq[ab]*wx" },
    { &utf, "zq(?:a|b){3}wx", "zq[ab]{3}wx" },
    { &utf, "zq(?:ab?c){40}wx", "zqab?c[a-c]{16}" },
    { &utf, "zq \\Q\\E+wx", "zq +wx" },
    { &utf, "zqw(?#c)*x", "zqw*x" },
    { &utf, "a{2}a{3}zq", "a{5}zq" },
    { &utf, "(?:\303\251|ab)+zq", "(?:\\xc3\\xa9|ab)[ab\\xa9\\xc3]*zq" },
};

static const struct row group_rows[] = {
    { &utf, "(zq)(?:w)(?<n>x)(?'m'y)(?P<o>z)", "zqwxyz" },
    { &utf, "(?>zq)(?|w|x)y", "zq[wx]y" },
    { &utf, "(?i)zq", "[Zz][Qq]" },
    { &utf, "zq(?i)w(?-i)x", "zq[Ww]x" },
    { &utf, "z(?i:q)w", "z[Qq]w" },
    { &utf, "z(q(?i)w|x)y", "z(?:q[Ww]|[Xx])y" },
    { &utf, "zq(?s-i:w)x", "zqwx" },
    { &utf, "(?i)z(?^:q)w", "[Zz]q[Ww]" },
    { &utf, "(?x) z q # c", "zq" },
    { &utf, "(?x)zq[ ]w\\ x", "zq w x" },
    { &utf, "(?xx)zq[ a]w", "zqaw" },
    { &utf, "(?x)zq\\ w+ +x", "zq w+x" },
    { &utf, "(?x: z q)w x", "zqw x" },
    { &utf, "(?imsxJUn-imsx)zq", "zq" },
    { &utf, "zq(?:w|xy|z)a", "zq(?:w|xy|z)a" },
    { &utf, "zq(?:a|b)wx", "zq[ab]wx" },
    { &utf, "zq(?:w|)xy", "zq(?:w|)xy" },
    { &utf, "zq(?:ab+|c*)wx", "zq[a-c]*wx" },
    { &utf, "(zq)wx(?(1)y|z)", "zqwx[yz]" },
    { &utf, "zq(?(?=w)wx|yz)", "zq(?:wx|yz)" },
    { &utf, "(?(DEFINE)(?<a>zq))wxy", "wxy" },
    { &utf, "(?(VERSION>=10)zq|wx)y", "(?:zq|wx)y" },
    { &utf, "(*atomic:zq)(*script_run:w)", "zqw" },
};

static const struct row width_rows[] = {
    { &utf, "^zq$", "zq" },
    { &utf, "(?m)^zqw$", "zqw" },
    { &utf, "\\Azq\\Z\\z\\G", "zq" },
    { &utf, "zq\\Kwx", "zqwx" },
    { &utf, "zq(?!wx)", "zq" },
    { &utf, "zq(?<!wx)y", "zqy" },
    { &utf, "zq(?=wx)", "zqwx" },
    { &utf, "zq(?=wx)\\b$", "zqwx" },
    { &utf, "zq(?=wx)y", "zqy" },
    { &utf, "(?<=zq)wx", "zqwx" },
    { &utf, "\\b(?<=zq)wx", "zqwx" },
    { &utf, "(?=.*zqwx)(?=.*y)a", "zqwx" },
    { &utf, "(*plb:zq)wx", "zqwx" },
    { &utf, "\\bzq\\b", "\\bzq\\b" },
    { &utf, "\\b(?:zq|wx)\\b", "\\b(?:zq|wx)\\b" },
    { &utf, "zq\\b-wx", "zq\\b-wx" },
    { &utf, "zq\\bwx", "zqwx" },
    { &utf, "\\b\303\251?zq", "zq" },
    { &utf, "\\b-zq\\B", "-zq" },
    { &utf, "[[:<:]]zq[[:>:]]", "\\bzq\\b" },
    { &utf, "\\bghpq_[a-z]{36}\\b", "\\bghpq_[a-z]{16}" },
    { &utf, "\\bghpq_[a-z]{9}\\b", "\\bghpq_[a-z]{9}\\b" },
    { &utf, "(?:\\bzq\\b)+", "\\bzq\\b" },
    { &unicode, "\\bzq\\b", "\\bzq\\b" },
    { &unicode, "(?:zq\u00e9|zw)\\b", "(?:zq\\xc3\\xa9|zw)" },
    { &unicode, "zq\\b-w", "zq\\b-w" },
};

static const struct row verb_rows[] = {
    { &utf, "zq(*SKIP)(*F)|wxy", "wxy" },
    { &utf, "zq(?!)|wxy", "wxy" },
    { &utf, "zq[^\\s\\S]|wxy", "wxy" },
    { &utf, "(?:zq|(*FAIL))wx", "zqwx" },
    { &utf, "zq(*PRUNE:a)w(*:n)x(*COMMIT)y(*THEN)z", "zqwxyz" },
    { &utf, "zq(?C)w(?C12)x(?C\"a)b\")y(?C{a})z", "zqwxyz" },
    { &utf, "zq(?R)?wxy", "zq[\\x00-\\xff]*wxy" },
    { &utf, "(zq)w(?1)xy", "zqw[\\x00-\\xff]*xy" },
    { &utf, "(?<n>zq)w(?&n)(?P>n)\\k<n>(?P=n)\\g{n}xy", "zqw[\\x00-\\xff]*xy" },
    { &utf, "(*CRLF)zq.wx", "zq[\\x00-\\xff]{1,4}wx" },
    { &utf, "(*LF)(*NO_JIT)(*LIMIT_MATCH=9)zq.wx",
      "zq[\\x00-\\x09\\x0b-\\xff]{1,4}wx" },
    { &utf, "(*UCP)zq\\dwx", "zq[0-9\\x80-\\xff]{1,4}wx" },
};

START_TEST(a_character_is_its_bytes_in_all_its_cases)
{
    check_row(&character_rows[_i]);
}
END_TEST

START_TEST(a_class_is_its_ascii_part_and_bytes_beyond)
{
    check_row(&class_rows[_i]);
}
END_TEST

START_TEST(a_repetition_stays_or_becomes_cheaper)
{
    check_row(&repeat_rows[_i]);
}
END_TEST

START_TEST(groups_branches_and_options_are_followed)
{
    check_row(&group_rows[_i]);
}
END_TEST

START_TEST(what_has_no_width_goes_unless_it_helps)
{
    check_row(&width_rows[_i]);
}
END_TEST

START_TEST(verbs_calls_and_settings_are_understood)
{
    check_row(&verb_rows[_i]);
}
END_TEST

/* ---- choice ----------------------------------------------------------- */

static const struct row choice_rows[] = {
    { &utf, "<meta .*?>", "<meta [\\x00-\\x09\\x0b-\\xff]*>" },
    { &utf, "href=\"(https?://[^\"]+)\"", "href=\"https?://" },
    { &utf, "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
      "[%+\\-.0-9A-Z_a-z]@[\\-.0-9A-Za-z]+\\.[A-Za-z]{2}" },
    { &utf, "\\b(gzp_[a-zA-Z0-9]{36})\\b", "\\bgzp_[0-9A-Za-z]{16}" },
    { &caseless, "artefact.{0,50}\\b([a-z0-9]{73})\\b",
      "[Aa][Rr][Tt][Ee][Ff][Aa][Cc][Tt]" },
    { &utf, "[a-z]{0,20}zebraquux[a-z]*", "zebraquux" },
    { &utf, "\\b[0-9a-f]{32}\\b", "[0-9a-f]{32}" },
    { &utf, "\\b\\d{3}-\\d{2}-\\d{4}\\b", "\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b" },
    { &utf, "zebraquux.*x|[a-z]+quuxzebra", "(?:zebraquux|[a-z]quuxzebra)" },
    { &utf, "<(\\w+)>zebraquux</\\1>", ">zebraquux</" },
};

START_TEST(the_part_that_tells_most_is_chosen)
{
    check_row(&choice_rows[_i]);
}
END_TEST

/* ---- none ------------------------------------------------------------- */

struct none_row {
    const char *regex, *why; /* its beginning */
};

static const struct none_row none_rows[] = {
    { "", "it may match the empty string" },
    { "zebra|", "it may match the empty string" },
    { "(zebra)?", "it may match the empty string" },
    { "(?!zebra)", "it may match the empty string" },
    { "^$", "it may match the empty string" },
    { "(zebra)*\\1", "it may match the empty string" },
    { "zebra|a", "what it requires is found on nearly every page" },
    { "\\d+", "what it requires is found on nearly every page" },
    { ".", "what it requires is found on nearly every page" },
    { "(?:a*b?)+c|(?:zebra)*e", "what it requires is found" },
    { "(?:(?R)|(?:a?b?c?)+)zz|(?:(?:zebra)*)+x?", "it may match the empty" },
    { "(*FAIL)", "it can never match" },
    { "zebra(?!)", "it can never match" },
    { "zebra[^\\d\\D]", "it can never match" },
    { "zeb(*ACCEPT)ra", "(*ACCEPT)" },
    { "zeb\\Cra", "\\C" },
    { "zebra{,3}", "braces may mean two things" },
    { "zebra{ 1, 3 }", "braces may mean two things" },
    { "(?a)zebra", "an option is not known" },
    { "(*scs:zebra)", "a verb is not known" },
    { "zebra\\yx", "an escape is not known" },
    { "zebra\\x{ 41 }", "a number in braces" },
    { "zebra[[:zebra:]]", "a POSIX class is not known" },
    { "(*CR)(?x)zebra # a", "comments end with unusual line ends" },
    { "(((((((((((((((((((zebra)))))))))))))))))))\\19",
      "\\ and digits may mean two things" },
    /* Not PCRE2's syntax; still nothing bad happens. */
    { "zebra(", "a group has no end" },
    { "zebra)", "it has a `)` too many" },
    { "zebra[a", "a class has no end" },
    { "zebra(?<n", "a part of it has no end" },
    { "zebra\\", "it ends in a backslash" },
    { "zebra\xc3", "it is not valid UTF-8" },
};

START_TEST(a_pattern_without_a_condition_says_why)
{
    const struct none_row *row = &none_rows[_i];
    struct buf out;
    char why[160] = "";
    buf_init(&out, ROOM);
    buf_append_string(&out, "before");
    bool is_had = necessary_condition(view_of_string(row->regex), &utf, &out,
                                      why, sizeof(why));
    ck_assert_msg(!is_had, "/%s/ gives %s", row->regex, buf_string(&out));
    ck_assert_msg(!strncmp(why, row->why, strlen(row->why)), "/%s/: %s",
                  row->regex, why);
    ck_assert_str_eq(buf_string(&out), "before");
    ck_assert(!out.failed);
    buf_release(&out);
}
END_TEST

/* ---- size ------------------------------------------------------------- */

static void append_times(struct buf *out, const char *text, unsigned times)
{
    while (times--)
        buf_append_string(out, text);
}

static bool has_condition(const struct buf *regex, struct buf *out)
{
    char why[160];
    return necessary_condition(buf_view(regex), &utf, out, why, sizeof(why));
}

START_TEST(a_list_of_thousand_words_has_a_condition)
{
    struct buf regex, out;
    buf_init(&regex, ROOM);
    buf_init(&out, ROOM);
    for (unsigned i = 0; i < 1000; i++)
        buf_append_format(&regex, "%szebra%uquux", i ? "|" : "", i);
    ck_assert(has_condition(&regex, &out));
    ck_assert_uint_lt(out.size, 16000); /* what Vectorscan takes */
    buf_release(&regex);
    buf_release(&out);
}
END_TEST

START_TEST(nested_look_arounds_cost_no_more_than_they_are_long)
{
    struct buf regex, out;
    buf_init(&regex, ROOM);
    buf_init(&out, ROOM);
    append_times(&regex, "(?=a(?<=b", 100);
    buf_append_string(&regex, "zebra");
    append_times(&regex, "))", 100);
    ck_assert(has_condition(&regex, &out));
    buf_release(&regex);
    buf_release(&out);
}
END_TEST

START_TEST(groups_deeper_than_pcre2_reads_have_no_condition)
{
    struct buf regex, out;
    buf_init(&regex, ROOM);
    buf_init(&out, ROOM);
    append_times(&regex, "(", 100000);
    ck_assert(!has_condition(&regex, &out));
    buf_release(&regex);
    buf_release(&out);
}
END_TEST

START_TEST(a_full_buffer_is_no_condition)
{
    struct buf out;
    char why[160];
    buf_init(&out, 4);
    ck_assert(!necessary_condition(view_of_string("zebraquux"), &utf, &out, why,
                                   sizeof(why)));
    ck_assert(out.failed);
    buf_release(&out);
}
END_TEST

/* ---- memory ----------------------------------------------------------- */

/* The sanitizers have allocators of their own. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FAIL 1

/* The tree's memory comes by calloc; all of them succeed while it is negative.
 */
static int callocs_left = -1;

extern void *__libc_calloc(size_t count, size_t size);

void *calloc(size_t count, size_t size)
{
    if (callocs_left == 0)
        return NULL;
    if (callocs_left > 0)
        callocs_left--;
    return __libc_calloc(count, size);
}

static bool has_condition_with(int calloc_count, const struct buf *regex,
                               struct buf *out)
{
    callocs_left = calloc_count;
    bool is_had = has_condition(regex, out);
    callocs_left = -1;
    return is_had;
}

START_TEST(without_memory_the_buffer_is_failed)
{
    enum { ALLOCATIONS_MAX = 1000 };
    struct buf regex, out;
    int failures = 0;
    buf_init(&regex, ROOM);
    buf_init(&out, ROOM);
    append_times(&regex, "(?:zebra(?i)quux|[a-k]+\\b(?=b*)x{3}|\\Qq\\E)", 30);
    while (!has_condition_with(failures, &regex, &out)) {
        ck_assert(out.failed);
        buf_reset(&out);
        ck_assert_int_lt(++failures, ALLOCATIONS_MAX);
    }
    ck_assert(!out.failed && out.size);
    ck_assert_int_gt(failures, 3);
    buf_release(&regex);
    buf_release(&out);
}
END_TEST
#endif

/* ---- a rule set ------------------------------------------------------- */

#if WITH_HS
/* Of the kind that looks for secrets: \b, (?i), bounded repeats, captures. */
static const char *const rules[] = {
    "\\b(qzk_[a-zA-Z0-9]{36})\\b",
    "\\b((?:qzu|qzs)_[a-zA-Z0-9]{36})\\b",
    "\\b(zge1[0-9a-z]{58})\\b",
    "\\b((?:B3T[A-Z0-9]|XKIA|XGPA|XIDA|XROA)[A-Z0-9]{16})\\b",
    "(?i)zws_?(?:account)_?(?:id)?[\"'`]?\\s{0,30}(?::|=>|=)\\s{0,30}[\"'`]?"
    "([0-9]{4}-?[0-9]{4}-?[0-9]{4})",
    "(?i)(?:zws.?session|zws.?token)[\"'`]?\\s{0,30}(?::|=>|=)\\s{0,30}[\"'`]?"
    "([a-z0-9/+=]{16,200})[^a-z0-9/+=]",
    "(?i)(zmzn\\.mws\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12})",
    "\\b([a-zA-Z0-9]{76}BZDO[a-zA-Z0-9]{4})\\b",
    "\\b(xio[a-zA-Z0-9]{32})\\b",
    "\\b(zd0[a-zA-Z]{1}[0-9]{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64})\\b",
    "\\b(zlpat-[0-9a-zA-Z_-]{20})(?:\\b|$)",
    "(?i)\\b([0-9]+-[a-z0-9_]{32})\\.apps\\.zoogleusercontent\\.com",
    "(\\$2[abxy]\\$\\d+\\$[./A-Za-z0-9]{53})",
    "(?i)zeroku.{0,20}key.{0,20}\\b([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12})\\b",
    "(?i)(?:zailgun|zg).{0,20}key-([a-z0-9]{32})\\b",
    "(?i)(?s)zapbox.{0,30}(pk\\.[a-z0-9\\-+/=]{32,128}\\.[a-z0-9\\-+/=]{20,30})"
    "(?:[^a-z0-9\\-+/=]|$)",
    "\\b(ZG\\.[0-9A-Za-z_-]{22}\\.[0-9A-Za-z_-]{43})\\b",
    "\\b(zoxb-[0-9]{10,12}-[0-9]{10,14}-[a-zA-Z0-9]{23,25})\\b",
    "(?i)(https://hooks.zlack.com/services/T[a-z0-9_]{8}/B[a-z0-9_]{8,12})",
    "(?i)zonar.{0,5}login.{0,5}\\s*\\b([a-f0-9]{40})\\b",
    "\\b(zgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40})\\b",
    "(?i)\\b((?:zk|rk)_live_[a-z0-9]{24})\\b",
    "(?i)zwilio.{0,20}\\b(zk[a-f0-9]{32})\\b",
    "-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----",
    "(?i)[\\w.-]{0,50}?(?:zafruit)(?:[ \\t\\w.-]{0,20})[\\s'\"]{0,3}"
    "(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)[\\x60'\"\\s=]{0,5}([a-z0-9_-]{32})"
    "(?:[\\x60'\"\\s;]|\\\\[nr]|$)",
};

/* The text of an ordinary page, with what rules of this kind may stumble on. */
static const char page[] =
    "<!DOCTYPE html><html lang=\"en\"><head><meta "
    "charset=\"utf-8\"/><title>The "
    "Python Standard Library \u2014 3.11 documentation</title><link rel=\""
    "stylesheet\" "
    "href=\"../_static/pydoctheme.css?digest=b37c26da2f7529d09fe70b"
    "41c4b2133fe4931a90\" type=\"text/css\"/><script "
    "id=\"documentation_options\" "
    "data-url_root=\"../\" "
    "src=\"../_static/documentation_options.js\"></script>"
    "</head><body><p>The password, key = value, account id: 1234-5678, session "
    "token=abcdef; a login with https://example.com/services/api.token?key=-1. "
    "<a href=\"mailto:someone@example.org\">precious efficiency</a>, "
    "<code>heroku_key</code> $1.50, 2021-03-04, ISBN 978-3-16-148410-0, "
    "+49 30 1234567, f47ac10b-58cc-4372-a567-0e02b2c3d479, pk.read, sk.write, "
    "SG.a, hf_transfer, xoxb-, fc-cache</p><p>\u041f\u0440\u0438\u0432\u0435"
    "\u0442, \u65e5\u672c\u8a9e</p></body></html>\n";

START_TEST(rules_have_conditions_that_leave_ordinary_pages_alone)
{
    struct scanner scanner;
    struct necessity necessity;
    ck_assert(scanner_choose(&scanner));
    ck_assert(
        necessity_open(&necessity, &scanner, view_of_string(rules[_i]), utf));
    ck_assert_msg(necessity.database != NULL, "%s: %s", rules[_i],
                  necessity.why);
    ck_assert_msg(!necessity_holds(&necessity, view_of_string(page)),
                  "%s gives %s", rules[_i], buf_string(&necessity.expression));
    necessity_close(&necessity);
}
END_TEST

static const char *const properties[] = {
    "Any",    "L",        "L&",      "Lc",         "Ll",       "Lu",
    "Lt",     "Lm",       "Lo",      "M",          "Mn",       "Mc",
    "Me",     "N",        "Nd",      "Nl",         "No",       "P",
    "Pc",     "Pd",       "Ps",      "Pe",         "Pi",       "Pf",
    "Po",     "S",        "Sm",      "Sc",         "Sk",       "So",
    "Z",      "Zs",       "Zl",      "Zp",         "C",        "Cc",
    "Cf",     "Cn",       "Co",      "Cs",         "Xan",      "Xsp",
    "Xps",    "Xwd",      "Latin",   "Greek",      "Cyrillic", "Han",
    "Arabic", "Hebrew",   "Thai",    "Hangul",     "Georgian", "Cherokee",
    "Tamil",  "Armenian", "Bengali", "Devanagari", "Hiragana", "Katakana",
    "Common",
};

/* PCRE2 knows which ASCII characters have a property; the table of them must
 * not know better. */
static void check_property(const struct scanner *scanner, const char *before,
                           const char *name, const char *behind)
{
    struct necessity necessity;
    struct buf regex;
    char text[] = "zebra?quux";
    buf_init(&regex, ROOM);
    buf_append_format(&regex, "zebra%s{%s}%squux", before, name, behind);
    ck_assert(necessity_open(&necessity, scanner, buf_view(&regex), utf));
    for (int c = 0; c < 0x80; c++) {
        text[5] = (char)c;
        ck_assert_msg(
            necessity_try(&necessity, view_of(text, sizeof(text) - 1)) !=
                NECESSITY_BROKEN,
            "%s, character %d", necessity.regex, c);
    }
    necessity_close(&necessity);
    buf_release(&regex);
}

START_TEST(properties_have_the_ascii_part_that_pcre2_gives_them)
{
    struct scanner scanner;
    const char *name = properties[_i];
    ck_assert(scanner_choose(&scanner));
    check_property(&scanner, "\\p", name, "");
    check_property(&scanner, "\\P", name, "");
    check_property(&scanner, "[^\\p", name, "]");
    check_property(&scanner, "[^\\P", name, "]");
}
END_TEST
#endif

static void add_rows(Suite *suite)
{
    TCase *constructs = tcase_create("constructs");
    tcase_add_loop_test(constructs, a_character_is_its_bytes_in_all_its_cases,
                        0, ARRAY_COUNT(character_rows));
    tcase_add_loop_test(constructs, a_class_is_its_ascii_part_and_bytes_beyond,
                        0, ARRAY_COUNT(class_rows));
    tcase_add_loop_test(constructs, a_repetition_stays_or_becomes_cheaper, 0,
                        ARRAY_COUNT(repeat_rows));
    tcase_add_loop_test(constructs, groups_branches_and_options_are_followed, 0,
                        ARRAY_COUNT(group_rows));
    tcase_add_loop_test(constructs, what_has_no_width_goes_unless_it_helps, 0,
                        ARRAY_COUNT(width_rows));
    tcase_add_loop_test(constructs, verbs_calls_and_settings_are_understood, 0,
                        ARRAY_COUNT(verb_rows));
    tcase_add_loop_test(constructs, the_part_that_tells_most_is_chosen, 0,
                        ARRAY_COUNT(choice_rows));
    tcase_add_loop_test(constructs, a_pattern_without_a_condition_says_why, 0,
                        ARRAY_COUNT(none_rows));
    suite_add_tcase(suite, constructs);
}

int main(void)
{
    Suite *suite = suite_create("necessary");
    TCase *size = tcase_create("size");
    add_rows(suite);
    tcase_add_test(size, a_list_of_thousand_words_has_a_condition);
    tcase_add_test(size, nested_look_arounds_cost_no_more_than_they_are_long);
    tcase_add_test(size, groups_deeper_than_pcre2_reads_have_no_condition);
    tcase_add_test(size, a_full_buffer_is_no_condition);
#ifdef CAN_FAIL
    tcase_add_test(size, without_memory_the_buffer_is_failed);
#endif
    suite_add_tcase(suite, size);
#if WITH_HS
    TCase *sets = tcase_create("rules and properties");
    tcase_set_timeout(sets, 30);
    tcase_add_loop_test(sets,
                        rules_have_conditions_that_leave_ordinary_pages_alone,
                        0, ARRAY_COUNT(rules));
    tcase_add_loop_test(sets,
                        properties_have_the_ascii_part_that_pcre2_gives_them, 0,
                        ARRAY_COUNT(properties));
    suite_add_tcase(suite, sets);
#endif
    return run_suite(suite);
}
