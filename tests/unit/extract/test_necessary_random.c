/* On generated patterns and pages: wherever PCRE2 finds a match, Vectorscan
 * finds the condition, alone and in a database with others. A pattern and a
 * text that it is likely to match are made together; in some of the texts
 * something is then changed. */
#include "suite.h"

#if WITH_HS
#include "../../support/necessity.h"

#include <ctype.h>

enum {
    PAGES_EACH = 6,
    ROOM = 1 << 16,
    DEPTH_MAX = 4,
};

struct maker {
    uint64_t state;
    struct necessary_options options;
    struct buf regex, text;
    unsigned group_count;
    bool is_caseless;            /* at this place of the pattern */
    size_t group_from, group_to; /* of group 1 in `text` */
};

static unsigned below(struct maker *maker, unsigned limit)
{
    maker->state ^= maker->state << 13;
    maker->state ^= maker->state >> 7;
    maker->state ^= maker->state << 17;
    return (unsigned)(maker->state >> 33) % limit;
}

static bool chance(struct maker *maker, unsigned percent)
{
    return below(maker, 100) < percent;
}

/* ---- texts ------------------------------------------------------------ */

/* Characters that are each other's case, where it is not obvious. */
static const char *const cases[][3] = {
    { "k", "K", "\u212a" },           /* Kelvin sign */
    { "s", "S", "\u017f" },           /* long s */
    { "\u00e5", "\u00c5", "\u212b" }, /* Angstrom sign */
    { "\u0432", "\u0412", "\u1c80" }, /* Cyrillic ve, rounded */
    { "\u10d0", "\u1c90", "\u10d0" }, /* Georgian an */
    { "\u13a0", "\uab70", "\u13a0" }, /* Cherokee a */
    { "\u00b5", "\u03bc", "\u039c" }, /* micro, mu */
    { "\u03c3", "\u03c2", "\u03a3" }, /* sigma */
    { "\u00df", "\u1e9e", "\u00df" }, /* sharp s */
    { "\u00e9", "\u00c9", "\u00e9" },
    { "i", "I", "\u0131" }, /* dotless i: no case of these */
    { "\U00010400", "\U00010428", "\U00010400" },
};

static const char *const words[] = {
    "ghp_",       "key",       "token",        "aws",          "sk_live_",
    "a",          "b",         "kk",           "ss",           "x1",
    "zebra",      "0",         "-----",        "a.b",          "(c)",
    "$1$",        "caf\u00e9", "\u65e5\u672c", "\u0433\u0440", "\u2028",
    "\U0001f600",
};

/* Atoms and characters, of which some fit. */
static const struct {
    const char *regex;
    const char *fits[4];
} atoms[] = {
    { ".", { "a", "\u00e9", "\n", "\U0001f600" } },
    { "\\d", { "7", "\u0663", "0", "9" } },
    { "\\D", { "a", "\u00e9", " ", "-" } },
    { "\\w", { "a", "_", "\u00e9", "\u0432" } },
    { "\\W", { "-", "\u00e9", " ", "\u2028" } },
    { "\\s", { " ", "\t", "\u00a0", "\n" } },
    { "\\S", { "x", "\u00e9", "-", "\u2028" } },
    { "\\h", { " ", "\u00a0", "\t", "\u3000" } },
    { "\\H", { "x", "\u00e9", "\n", "\u2028" } },
    { "\\v", { "\n", "\u2028", "\r", "\xc2\x85" } },
    { "\\V", { "x", " ", "\u00e9", "\u65e5" } },
    { "\\R", { "\r\n", "\n", "\u2028", "\xc2\x85" } },
    { "\\N", { "x", "\u00e9", "\r", " " } },
    { "\\X", { "e\u0301", "x", "\r\n", "\U0001f600" } },
    { "[a-f0-9]", { "a", "7", "f", "0" } },
    { "[^a-f]", { "x", "\u00e9", "\n", "G" } },
    { "[^\\W_]", { "a", "9", "\u00e9", "Z" } },
    { "[\\s\\S]", { "\n", "\u00e9", "a", " " } },
    { "[k-t]", { "k", "\u212a", "\u017f", "S" } },
    { "[^k]", { "a", "\u212a", "K", "\u00e9" } },
    { "[\u00e0-\u00ff]", { "\u00e9", "\u00c9", "\u00ff", "\u0178" } },
    { "[\u2120-\u212f]", { "\u212a", "k", "K", "\u212b" } },
    { "[\u0100-\u0200]", { "\u017f", "s", "S", "\u0101" } },
    { "[\u0432x]", { "\u0432", "\u1c80", "\u0412", "x" } },
    { "[[:alpha:]]", { "a", "Z", "\u00e9", "\u0432" } },
    { "[[:^alpha:]]", { "1", "\u00e9", "-", " " } },
    { "[[:upper:]]", { "A", "a", "\u00c9", "\u0412" } },
    { "[^[:upper:]]", { "a", "\u00e9", "1", "A" } },
    { "[[:^lower:]]", { "A", "a", "1", "\u00e9" } },
    { "[^[:^lower:]]", { "a", "A", "z", "\u00e9" } },
    { "[[:punct:]\\d]", { "-", "$", "\u2014", "5" } },
    { "[[:word:]-]", { "a", "-", "_", "\u0432" } },
    { "[^[:space:]\\d]", { "a", "\u00e9", "-", "K" } },
    { "\\p{L}", { "a", "\u00e9", "\u0432", "\u65e5" } },
    { "\\p{Lu}", { "A", "a", "\u0412", "\u1c90" } },
    { "\\P{Lu}", { "a", "A", "1", "\u0432" } },
    { "[^\\p{Ll}]", { "A", "a", "\u0412", "1" } },
    { "[^\\P{Lu}]", { "A", "a", "\u0412", "Z" } },
    { "\\p{^Nd}", { "a", "\u00e9", "-", " " } },
    { "\\p{Greek}", { "\u03b1", "\u0342", "\u03a9", "\u1f00" } },
    { "\\p{Common}", { "1", "-", "\u2028", " " } },
    { "[^\\p{Common}]", { "a", "\u0432", "Z", "\u65e5" } },
    { "\\p{scx:Han}", { "\u65e5", "\u3006", "\u3001", "\u672c" } },
    { "\\p{Xwd}", { "a", "_", "\u00e9", "9" } },
    { "\\p{P}", { "-", "!", "\u2014", "_" } },
    { "[\\p{S}\\p{Z}]", { "$", " ", "\u20ac", "+" } },
    { "\\x41", { "A", "a", "A", "A" } },
    { "\\x{212a}", { "\u212a", "k", "K", "k" } },
    { "\\x{17f}", { "\u017f", "s", "S", "s" } },
    { "\\x{432}", { "\u0432", "\u1c80", "\u0412", "\u0432" } },
    { "\\101", { "A", "a", "A", "A" } },
    { "\\o{113}", { "K", "k", "\u212a", "K" } },
    { "\\cJ", { "\n", "\n", "\n", "\n" } },
    { "\\Qa.+\\E", { "a.+", "A.+", "a.+", "a.+" } },
    { "[]x]", { "]", "x", "X", "]" } },
    { "[\\Q^]\\E-]", { "]", "^", "-", "]" } },
};

/* In raw mode: bytes that are no UTF-8. */
static const struct {
    const char *regex;
    const char *fits[4];
} raw_atoms[] = {
    { "\\xe9", { "\xe9", "\xc9", "\xe9", "\xe9" } },
    { "[\\x80-\\xff]", { "\x80", "\xff", "\xc3", "\xe9" } },
    { "[^\\xe9]", { "\xe8", "\xc9", "a", "\xff" } },
    { ".", { "\xff", "\x80", "\0x", "a" } },
    { "\\W", { "\xe9", "\xff", "-", "\xaa" } },
    { "\\w", { "\xe9", "\xb5", "a", "\xff" } },
    { "\\h", { "\xa0", " ", "\t", "\xa0" } },
    { "\\R", { "\x85", "\n", "\r\n", "\x0b" } },
    { "[[:^alpha:]]", { "\xe9", "1", "\xff", "-" } },
    { "[^[:^alpha:]]", { "a", "\xe9", "Z", "\xb5" } },
};

static void add_text(struct maker *maker, const char *text)
{
    buf_append_string(&maker->text, text);
}

/* One of the characters' cases, where that should match. */
static void add_cased(struct maker *maker, const char *character)
{
    if (!maker->is_caseless || chance(maker, 50)) {
        add_text(maker, character);
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        for (size_t j = 0; j < 3; j++)
            if (!strcmp(cases[i][j], character)) {
                add_text(maker, cases[i][below(maker, 3)]);
                return;
            }
    if (!character[1] && isalpha((unsigned char)character[0]))
        buf_append_char(&maker->text, (char)(character[0] ^ 0x20));
    else
        add_text(maker, character);
}

/* ---- patterns --------------------------------------------------------- */

static void add_regex(struct maker *maker, const char *regex)
{
    buf_append_string(&maker->regex, regex);
}

static size_t character_size(const char *text)
{
    size_t size = 1;
    while (((unsigned char)text[size] & 0xc0) == 0x80)
        size++;
    return size;
}

static void make_word(struct maker *maker)
{
    const char *word = words[below(maker, ARRAY_COUNT(words))];
    char character[8];
    for (size_t size; *word; word += size) {
        size = character_size(word);
        snprintf(character, sizeof(character), "%.*s", (int)size, word);
        if (strchr(".()$^*+?[]{}|\\", *word))
            add_regex(maker, "\\");
        add_regex(maker, character);
        add_cased(maker, character);
    }
}

static void make_case(struct maker *maker)
{
    const char *character =
        cases[below(maker, ARRAY_COUNT(cases))][below(maker, 3)];
    add_regex(maker, character);
    add_cased(maker, character);
}

static void make_listed(struct maker *maker)
{
    if (!maker->options.is_utf && chance(maker, 50)) {
        unsigned i = below(maker, ARRAY_COUNT(raw_atoms));
        add_regex(maker, raw_atoms[i].regex);
        add_text(maker, raw_atoms[i].fits[below(maker, 4)]);
        return;
    }
    unsigned i = below(maker, ARRAY_COUNT(atoms));
    add_regex(maker, atoms[i].regex);
    add_text(maker, atoms[i].fits[below(maker, 4)]);
}

static void make_sequence(struct maker *maker, unsigned depth);

/* Branches of which the text of one is kept. */
static void make_branches(struct maker *maker, unsigned depth)
{
    unsigned count = 1 + below(maker, 3), kept = below(maker, count);
    for (unsigned i = 0; i < count; i++) {
        size_t size = maker->text.size;
        if (i)
            add_regex(maker, "|");
        make_sequence(maker, depth + 1);
        if (i != kept)
            buf_truncate(&maker->text, size);
    }
}

static void make_group(struct maker *maker, unsigned depth)
{
    static const char *const openings[] = {
        "(",   "(?:", "(?>",  "(?i:",  "(?-i:",     "(?s:",
        "(?|", "(",   "(?^:", "(?x: ", "(*atomic:", "(?im-sx:",
    };
    const char *opening = openings[below(maker, ARRAY_COUNT(openings))];
    bool is_caseless = maker->is_caseless, is_capture = !strcmp(opening, "(");
    size_t from = maker->text.size;
    if (!strcmp(opening, "(?i:") || !strcmp(opening, "(?im-sx:"))
        maker->is_caseless = true;
    else if (!strcmp(opening, "(?-i:") || !strcmp(opening, "(?^:"))
        maker->is_caseless = false;
    bool is_first = is_capture && !maker->group_count++;
    add_regex(maker, opening);
    make_branches(maker, depth);
    add_regex(maker, ")");
    maker->is_caseless = is_caseless;
    if (is_first) {
        maker->group_from = from;
        maker->group_to = maker->text.size;
    }
}

/* Things without width, and things that send elsewhere. */
static void make_special(struct maker *maker, unsigned depth)
{
    static const char *const empty[] = {
        "\\b",        "\\B",     "^",          "$",         "\\K",     "\\A",
        "\\z",        "(?!zq)",  "(?<!zq)",    "(?#c)",     "(?C1)",   "\\E",
        "(?=)",       "(*SKIP)", "(*PRUNE:n)", "(?C\"a\")", "\\Q\\E",  "(?<=.)",
        "(?=.|$)",    "(*THEN)", "(*COMMIT)",  "(?U)",      "(?J)",    "(?n)",
        "(?m)^",      "(?m)$",   "(*nla:zq)",  "[[:<:]]",   "[[:>:]]", "\\Z",
        "(?x) #c\n ",
    };
    unsigned kind = below(maker, 8);
    size_t size = maker->text.size;
    if (kind == 0 && maker->group_count &&
        maker->group_to > maker->group_from) {
        /* A copy, as the text may move. */
        struct buf copy;
        buf_init(&copy, ROOM);
        buf_append(&copy, maker->text.data + maker->group_from,
                   maker->group_to - maker->group_from);
        buf_append_view(&maker->text, buf_view(&copy));
        buf_release(&copy);
        add_regex(maker, chance(maker, 50) ? "\\1" : "\\g{1}");
    } else if (kind == 1 && maker->group_count) {
        add_regex(maker, chance(maker, 50) ? "(?1)?" : "(?:(?1)|q)");
    } else if (kind == 2) {
        add_regex(maker, "(?=");
        make_branches(maker, depth + 2);
        add_regex(maker, ")");
        if (chance(maker, 50)) /* and again, to be consumed */
            buf_truncate(&maker->text, size);
    } else if (kind == 3) {
        add_regex(maker, maker->group_count && chance(maker, 50) ? "(?(1)"
                         : chance(maker, 50)                     ? "(?(?=k)"
                                                                 : "(?(R)");
        make_sequence(maker, depth + 2);
        add_regex(maker, chance(maker, 50) ? "|zz)" : ")");
        if (chance(maker, 40)) /* passed over */
            buf_truncate(&maker->text, size);
    } else if (kind == 4) {
        add_regex(maker, chance(maker, 70) ? "(?i)" : "(?-i)");
        maker->is_caseless = maker->regex.data[maker->regex.size - 3] != '-';
    } else if (kind == 5) {
        add_regex(maker, "(?<=");
        make_word(maker);
        add_regex(maker, ")");
    } else {
        add_regex(maker, empty[below(maker, ARRAY_COUNT(empty))]);
    }
}

/* What was just made from `from` on, so many times more. */
static void repeat_text(struct maker *maker, size_t from, unsigned times)
{
    struct buf copy;
    buf_init(&copy, ROOM);
    buf_append(&copy, maker->text.data + from, maker->text.size - from);
    buf_truncate(&maker->text, from);
    for (unsigned i = 0; i < times; i++)
        buf_append_view(&maker->text, buf_view(&copy));
    buf_release(&copy);
}

static void make_quantifier(struct maker *maker, size_t from)
{
    static const struct {
        const char *regex;
        unsigned min, max;
    } quantifiers[] = {
        { "?", 0, 1 },      { "*", 0, 3 },      { "+", 1, 4 },
        { "{3}", 3, 3 },    { "{2,}", 2, 5 },   { "{1,3}", 1, 3 },
        { "{0}", 0, 0 },    { "{0,2}", 0, 2 },  { "*?", 0, 3 },
        { "++", 1, 3 },     { "{20}", 20, 20 }, { "{17,40}", 17, 30 },
        { "{0,50}", 0, 4 }, { "{1}", 1, 1 },    { " +", 1, 1 },
    };
    unsigned i = below(maker, ARRAY_COUNT(quantifiers) - 1);
    unsigned spread = quantifiers[i].max - quantifiers[i].min;
    add_regex(maker, quantifiers[i].regex);
    repeat_text(maker, from, quantifiers[i].min + below(maker, spread + 1));
}

static void make_item(struct maker *maker, unsigned depth)
{
    size_t from = maker->text.size;
    unsigned kind = below(maker, 10);
    if (kind < 3) {
        make_word(maker);
        return;
    }
    if (kind == 3 && depth < DEPTH_MAX) {
        make_special(maker, depth);
        return;
    }
    if (kind == 4)
        make_case(maker);
    else if (kind < 7 && depth < DEPTH_MAX)
        make_group(maker, depth);
    else
        make_listed(maker);
    if (chance(maker, 40) && maker->text.size < 2000)
        make_quantifier(maker, from);
}

static void make_sequence(struct maker *maker, unsigned depth)
{
    bool is_caseless = maker->is_caseless;
    for (unsigned left = 1 + below(maker, depth ? 3 : 5); left; left--)
        make_item(maker, depth);
    maker->is_caseless = is_caseless;
}

/* Short, so that the one thing in it must go into the condition. */
static void make_focused(struct maker *maker)
{
    static const char *const around[] = { "", "q", "zq", "\\b", "\\bz", "7" };
    for (unsigned i = 0; i < 2; i++) {
        const char *text = around[below(maker, ARRAY_COUNT(around))];
        if (i)
            make_item(maker, DEPTH_MAX - 2);
        add_regex(maker, text);
        add_text(maker, text + (*text == '\\' ? 2 : 0));
    }
}

static void make_pattern(struct maker *maker, unsigned seed)
{
    maker->state = 0x9e3779b97f4a7c15u * (seed + 1);
    maker->options =
        (struct necessary_options){ .is_utf = !chance(maker, 25),
                                    .is_caseless = chance(maker, 35),
                                    .has_ucp = chance(maker, 25) };
    maker->is_caseless = maker->options.is_caseless;
    maker->group_count = 0;
    maker->group_from = maker->group_to = 0;
    buf_reset(&maker->regex);
    buf_reset(&maker->text);
    if (chance(maker, 6)) {
        static const char *const settings[] = { "(*UTF)", "(*UCP)", "(*CRLF)",
                                                "(*ANYCRLF)", "(*NO_JIT)" };
        add_regex(maker, settings[below(maker, ARRAY_COUNT(settings))]);
    }
    if (chance(maker, 60))
        make_focused(maker);
    else
        make_sequence(maker, 0);
}

/* ---- pages ------------------------------------------------------------ */

/* What lies around: long enough that Vectorscan skips through it. */
static void add_filler(struct maker *maker, struct buf *page)
{
    static const char *const fillers[] = { "x", " ",      "<p>",          "\n",
                                           "a", "\u00e9", "Lorem ipsum ", "k",
                                           "0", "\u65e5" };
    const char *filler = fillers[below(maker, ARRAY_COUNT(fillers))];
    size_t end = page->size + below(maker, 300);
    while (page->size < end)
        buf_append_string(page, filler);
}

static void make_page(struct maker *maker, struct buf *page)
{
    buf_reset(page);
    if (chance(maker, 70))
        add_filler(maker, page);
    size_t from = page->size;
    buf_append_view(page, buf_view(&maker->text));
    if (page->size > from && chance(maker, 30)) /* damaged */
        page->data[from + below(maker, (unsigned)(page->size - from))] =
            "ak-K\n\x80"[below(maker, maker->options.is_utf ? 5 : 6)];
    if (chance(maker, 70))
        add_filler(maker, page);
}

/* ---- checks ----------------------------------------------------------- */

enum { BATCH = 60 };

/* Patterns whose conditions are also in one database. */
struct batch {
    struct necessity list[BATCH];
    struct buf texts[BATCH];
    struct necessary_options options[BATCH];
    unsigned count;
    hs_database_t *database;
    hs_scratch_t *scratch;
    unsigned verdicts[NECESSITY_BROKEN + 1];
};

static void batch_fill(struct batch *batch, struct maker *maker,
                       const struct scanner *scanner, unsigned seed)
{
    *batch = (struct batch){ .count = 0 };
    while (batch->count < BATCH) {
        struct necessity *necessity = &batch->list[batch->count];
        struct buf *text = &batch->texts[batch->count];
        make_pattern(maker, seed++);
        if (!necessity_open(necessity, scanner, buf_view(&maker->regex),
                            maker->options)) {
            necessity_close(necessity);
            continue;
        }
        buf_init(text, ROOM);
        buf_append_view(text, buf_view(&maker->text));
        batch->options[batch->count++] = maker->options;
    }
}

static void batch_compile(struct batch *batch, const struct scanner *scanner)
{
    const char *expressions[BATCH];
    unsigned ids[BATCH], flags[BATCH], count = 0;
    hs_compile_error_t *error = NULL;
    for (unsigned i = 0; i < batch->count; i++) {
        if (!batch->list[i].database)
            continue;
        expressions[count] = buf_string(&batch->list[i].expression);
        flags[count] = HS_FLAG_SINGLEMATCH;
        ids[count++] = i;
    }
    ck_assert_int_eq(hs_compile_multi(expressions, flags, ids, count,
                                      HS_MODE_BLOCK, &scanner->platform,
                                      &batch->database, &error),
                     HS_SUCCESS);
    ck_assert_int_eq(hs_alloc_scratch(batch->database, &batch->scratch),
                     HS_SUCCESS);
}

static void batch_release(struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++) {
        necessity_close(&batch->list[i]);
        buf_release(&batch->texts[i]);
    }
    hs_free_scratch(batch->scratch);
    hs_free_database(batch->database);
}

static int note_id(unsigned id, unsigned long long from, unsigned long long to,
                   unsigned flags, void *ctx)
{
    (void)from, (void)to, (void)flags;
    ((bool *)ctx)[id] = true;
    return 0;
}

static bool holds_among_others(const struct batch *batch, unsigned index,
                               struct view page)
{
    bool is_found[BATCH] = { false };
    (void)scanner_scan(&batch->list[index].scanner, batch->database, page,
                       batch->scratch, note_id, is_found);
    return is_found[index];
}

static void check_page(struct batch *batch, unsigned index, struct view page)
{
    const struct necessity *necessity = &batch->list[index];
    enum necessity_verdict verdict = necessity_try(necessity, page);
    bool is_broken =
        verdict == NECESSITY_BROKEN ||
        (verdict == NECESSITY_HELD && !holds_among_others(batch, index, page));
    batch->verdicts[verdict]++;
    ck_assert_msg(!is_broken,
                  "/%s/ (utf %d caseless %d ucp %d) matches, and %s%s does "
                  "not, on %zu bytes: %.*s",
                  necessity->regex, batch->options[index].is_utf,
                  batch->options[index].is_caseless,
                  batch->options[index].has_ucp, necessity->expression.data,
                  verdict == NECESSITY_HELD ? " (among others)" : "", page.size,
                  VIEW_ARG(page));
}

static void check_batch(struct batch *batch, struct maker *maker)
{
    struct buf page;
    buf_init(&page, ROOM);
    for (unsigned i = 0; i < batch->count; i++) {
        buf_reset(&maker->text);
        buf_append_view(&maker->text, buf_view(&batch->texts[i]));
        maker->options = batch->options[i];
        for (unsigned j = 0; j < PAGES_EACH; j++) {
            make_page(maker, &page);
            check_page(batch, i, buf_view(&page));
        }
    }
    buf_release(&page);
}

START_TEST(no_match_without_its_condition)
{
    struct maker maker = { .state = 0 };
    struct scanner scanner;
    struct batch batch;
    const char *seed = getenv("NECESSARY_SEED"); /* for a longer search */
    unsigned first = seed ? (unsigned)strtoul(seed, NULL, 10) : 0;
    ck_assert(scanner_choose(&scanner));
    buf_init(&maker.regex, ROOM);
    buf_init(&maker.text, ROOM);
    batch_fill(&batch, &maker, &scanner, 1000 * (first + (unsigned)_i));
    batch_compile(&batch, &scanner);
    check_batch(&batch, &maker);
    /* The pairs must be such that something is tried. */
    ck_assert_uint_gt(batch.verdicts[NECESSITY_HELD], BATCH * PAGES_EACH / 5);
    ck_assert_uint_lt(batch.verdicts[NECESSITY_NONE], BATCH * PAGES_EACH / 2);
    batch_release(&batch);
    buf_release(&maker.regex);
    buf_release(&maker.text);
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("necessary_random");
#if WITH_HS
    TCase *pairs = tcase_create("generated pairs");
    tcase_set_timeout(pairs, 120);
    tcase_add_loop_test(pairs, no_match_without_its_condition, 0, 40);
    suite_add_tcase(suite, pairs);
#endif
    return run_suite(suite);
}
