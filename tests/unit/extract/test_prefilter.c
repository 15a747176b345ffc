/* Matches are the same with the prefilter and without; which patterns it keeps
 * from running, and which always run. */
#include "fetchgrep/base/clock.h"
#include "fetchgrep/extract/matcher.h"
#include "fetchgrep/extract/prefilter.h"

#include "../../../src/extract/compiled.h"

#include "suite.h"

#include <unistd.h>

#if WITH_HS
#include <dlfcn.h>
#include <hs/hs.h>
#endif

/* ---- a Vectorscan that refuses ----------------------------------------- */

#if WITH_HS

static int compile_count; /* calls of hs_compile_multi */
static bool is_slow;      /* each takes long enough to be kept */

static hs_compile_error_t *complain(int expression)
{
    static char message[] = "Injected refusal.";
    hs_compile_error_t *error = malloc(sizeof(*error));
    ck_assert_ptr_nonnull(error);
    *error = (hs_compile_error_t){ .message = strdup(message),
                                   .expression = expression };
    return error;
}

/* In place of the library's: refuses what holds "refused". */
hs_error_t hs_expression_info(const char *expression, unsigned int flags,
                              hs_expr_info_t **info, hs_compile_error_t **error)
{
    (void)flags, (void)info;
    if (!strstr(expression, "refused"))
        return HS_SUCCESS;
    *error = complain(0);
    return HS_COMPILER_ERROR;
}

/* The library's, but for what holds "too large". */
hs_error_t hs_compile_multi(const char *const *expressions,
                            const unsigned int *flags, const unsigned int *ids,
                            unsigned int count, unsigned int mode,
                            const hs_platform_info_t *platform,
                            hs_database_t **db, hs_compile_error_t **error)
{
    hs_error_t (*real)(const char *const *, const unsigned int *,
                       const unsigned int *, unsigned int, unsigned int,
                       const hs_platform_info_t *, hs_database_t **,
                       hs_compile_error_t **);
    int64_t end_ns = clock_now_ns() + (is_slow ? 30 * CLOCK_NS_PER_MS : 0);
    compile_count++;
    while (clock_now_ns() < end_ns)
        ;
    for (unsigned i = 0; i < count; i++) {
        if (strstr(expressions[i], "too large")) {
            *db = NULL;
            *error = complain((int)i);
            return HS_COMPILER_ERROR;
        }
    }
    *(void **)&real = dlsym(RTLD_NEXT, "hs_compile_multi");
    ck_assert_ptr_nonnull(real);
    return real(expressions, flags, ids, count, mode, platform, db, error);
}

hs_error_t hs_free_compile_error(hs_compile_error_t *error)
{
    if (error)
        free(error->message);
    free(error);
    return HS_SUCCESS;
}

#endif

/* ---- searching --------------------------------------------------------- */

static bool append_match(void *ctx, const struct match *match,
                         struct error *err)
{
    struct buf *out = ctx;
    (void)err;
    buf_append_format(out, "%u %s %zu %zu", match->pattern_index,
                      subject_word(match->subject), match->offset,
                      match->whole.size);
    for (size_t i = 0; i < match->group_count; i++) {
        struct view group = match->groups[i];
        if (group.data)
            buf_append_format(out, " %zu",
                              (size_t)(group.data - match->whole.data));
        buf_append_format(out, "=%.*s", VIEW_ARG(group));
    }
    buf_append_char(out, '\n');
    return true;
}

/* A set with its prefilter and without. */
struct pair {
    struct patterns *patterns;
    struct prefilter *prefilter;
    struct prefilter_scan *scan;
    struct matcher *with, *without;
    struct buf found, expected;
    size_t match_count;   /* of all pages */
    size_t skipped_count; /* patterns that did not run, of all pages */
    size_t text_count;    /* patterns that are searched in the text */
};

static void pair_open_cached(struct pair *pair, const char *lines,
                             const struct patterns_options *flags,
                             const char *cache_dir)
{
    struct error err;
    struct prefilter_options options = { .cache_dir = cache_dir };
    struct matcher_options usual = { .max_matches = 10000 };
    *pair = (struct pair){ .patterns = patterns_new(flags, &err) };
    ck_assert_ptr_nonnull(pair->patterns);
    ck_assert_msg(
        patterns_add_text(pair->patterns, view_of_string(lines), "test", &err),
        "%s", err.message);
    pair->prefilter = prefilter_new(pair->patterns, &options, &err);
    ck_assert_ptr_nonnull(pair->prefilter);
    pair->scan = prefilter_scan_new(pair->prefilter, &err);
    pair->without = matcher_new(pair->patterns, &usual, &err);
    usual.prefilter = pair->prefilter;
    pair->with = matcher_new(pair->patterns, &usual, &err);
    ck_assert(pair->scan && pair->without && pair->with);
    buf_init(&pair->found, SIZE_MAX / 2);
    buf_init(&pair->expected, SIZE_MAX / 2);
    for (size_t i = 0; i < patterns_count(pair->patterns); i++)
        pair->text_count += patterns_subject(pair->patterns, i) == SUBJECT_TEXT;
}

static void pair_open(struct pair *pair, const char *lines)
{
    pair_open_cached(pair, lines, &(struct patterns_options){ 0 }, NULL);
}

static void pair_close(struct pair *pair)
{
    buf_release(&pair->found);
    buf_release(&pair->expected);
    matcher_free(pair->with);
    matcher_free(pair->without);
    prefilter_scan_free(pair->scan);
    prefilter_free(pair->prefilter);
    patterns_free(pair->patterns);
}

/* All subjects of a page, each in a block of its own size: a sanitizer sees
 * what reads beyond. */
static void check_page(struct pair *pair, struct view page)
{
    struct error err;
    struct matcher_report report, other;
    size_t count;
    char *copy = page.data ? malloc(page.size ? page.size : 1) : NULL;
    struct view text = view_of(copy, page.size);
    if (page.size)
        memcpy(copy, page.data, page.size);
    buf_reset(&pair->found);
    buf_reset(&pair->expected);
    for (enum subject i = 0; i < SUBJECT_COUNT; i++) {
        ck_assert(matcher_search(pair->without, i, text, append_match,
                                 &pair->expected, &report, &err));
        ck_assert(matcher_search(pair->with, i, text, append_match,
                                 &pair->found, &other, &err));
        ck_assert_uint_eq(report.match_count, other.match_count);
        ck_assert_uint_eq(report.limited_count, other.limited_count);
        pair->match_count += report.match_count;
    }
    ck_assert_msg(
        !strcmp(buf_string(&pair->found), buf_string(&pair->expected)),
        "page:\n%.*s\nwith:\n%s\nwithout:\n%s", VIEW_ARG(page),
        buf_string(&pair->found), buf_string(&pair->expected));
    prefilter_scan_text(pair->scan, text, &count);
    ck_assert_uint_le(count, pair->text_count);
    pair->skipped_count += pair->text_count - count;
    free(copy);
}

/* The indexes that may match, "0 2 5". */
static const char *candidates(struct pair *pair, const char *text)
{
    size_t count;
    const uint32_t *indexes =
        prefilter_scan_text(pair->scan, view_of_string(text), &count);
    buf_reset(&pair->found);
    for (size_t i = 0; i < count; i++)
        buf_append_format(&pair->found, i ? " %u" : "%u", indexes[i]);
    return buf_string(&pair->found);
}

/* ---- generated sets and pages ------------------------------------------ */

struct maker {
    uint64_t state;
};

static unsigned below(struct maker *maker, unsigned limit)
{
    maker->state ^= maker->state << 13;
    maker->state ^= maker->state >> 7;
    maker->state ^= maker->state << 17;
    return (unsigned)(maker->state >> 33) % limit;
}

/* Words as patterns write them and as pages do: some are each other's case. */
static const char *const words[] = {
    "token", "secret", "kk",   "Stra\u00dfe", "\u043a\u043b\u044e\u0447",
    "ghp_",  "key",    "Key",  "KEY",         "\u212aey",
    "zebra", "aws",    "xoxb", "caf\u00e9",   "CAF\u00c9",
    "id",    "ss",     "<a>",  "---",         "\u65e5\u672c\u8a9e",
};

/* %s is a word; the last two have no condition. */
static const char *const forms[] = {
    "%s",
    "(?i)%s",
    "(%s)=([0-9]+)",
    "\\b%s\\b",
    "(?<name>%s)[:=]\\s*(?<value>\\w{3,20})",
    "(?i)%s.{0,20}?(\\d{2,})",
    "(?<=%s)[a-z0-9]{2}",
    "(?<!x)%s(?!=)",
    "(?=.*%s)^.+$",
    "(?:%s|zq)([^ \\n]*)",
    "%s{1,3}",
    "%s(?:-[a-f0-9]{2,4}){1,3}",
    "(?m)^%s.*$",
    "(?i:%s)\\W+\\w",
    "(%s)[^\\1]{0,3}\\1",
    "[%s]{4,}",
    "(?s)%s.{1,40}%s",
    "(?>%s+)\\d?",
    "(?|(%s)x|(%s)1)",
    "%s$",
    "(?x) %s  # a remark",
    "(?:%s)?",
    "\\w+",
};

static const char *const glue[] = {
    "",     " ",    "=",    ": ", "\n",         "-", "12",  "7f3a",
    "-ab1", "abcd", "\r\n", "x",  "\U0001f600", ".", "\t ", "zq",
};

static void append_pattern(struct maker *maker, unsigned number,
                           struct buf *out)
{
    static const char *const subjects[] = { "@headers", "@url", "@text" };
    unsigned subject = below(maker, 20);
    const char *form = forms[below(maker, ARRAY_COUNT(forms))];
    buf_append_format(out, "p%u%s ", number,
                      subject < 3 ? subjects[subject] : "");
    for (const char *at = form; *at; at++) {
        if (at[0] == '%' && at[1] == 's') {
            buf_append_string(out, words[below(maker, ARRAY_COUNT(words))]);
            at++;
        } else {
            buf_append_char(out, *at);
        }
    }
    buf_append_char(out, '\n');
}

static void make_lines(struct maker *maker, unsigned count, struct buf *out)
{
    buf_reset(out);
    for (unsigned i = 0; i < count; i++)
        append_pattern(maker, i, out);
}

/* Some are shorter than what a scan takes, some hold few of the words. */
static void make_page(struct maker *maker, struct buf *out)
{
    static const unsigned sizes[] = { 0, 20, 32, 80, 300, 1500 };
    size_t size = below(maker, sizes[below(maker, ARRAY_COUNT(sizes))] + 1);
    unsigned choice = 1 + below(maker, ARRAY_COUNT(words));
    buf_reset(out);
    while (out->size < size) {
        if (below(maker, 3) == 0)
            buf_append_string(out, words[below(maker, choice)]);
        buf_append_string(out, glue[below(maker, ARRAY_COUNT(glue))]);
    }
}

enum { SETS_EACH = 10, PAGES_EACH = 4, BLOCKS = 12 };

START_TEST(generated_sets_match_the_same_lines)
{
    struct maker maker = { UINT64_C(0x9e3779b97f4a7c15) * (unsigned)(_i + 1) };
    struct buf lines, page;
    size_t match_count = 0, skipped_count = 0;
    buf_init(&lines, SIZE_MAX / 2);
    buf_init(&page, SIZE_MAX / 2);
    for (unsigned i = 0; i < SETS_EACH; i++) {
        struct pair pair;
        struct patterns_options flags = {
            .ignore_case = below(&maker, 8) == 0,
            .has_unicode = below(&maker, 4) == 0,
            .is_raw = below(&maker, 8) == 0,
        };
        /* One set of each block is large. */
        make_lines(&maker, 1 + below(&maker, i ? 12 : 300), &lines);
        pair_open_cached(&pair, buf_string(&lines), &flags, NULL);
        for (unsigned k = 0; k < PAGES_EACH; k++) {
            make_page(&maker, &page);
            check_page(&pair, view_of(page.data ? page.data : "", page.size));
        }
        match_count += pair.match_count;
        skipped_count += pair.skipped_count;
        pair_close(&pair);
    }
    buf_release(&lines);
    buf_release(&page);
    ck_assert_uint_gt(match_count, 100);
    ck_assert(WITH_HS ? skipped_count > 20 : !skipped_count);
}
END_TEST

/* ---- sets of our own --------------------------------------------------- */

START_TEST(every_pattern_of_many_may_match_alone)
{
    struct pair pair;
    struct buf lines;
    unsigned count = (unsigned)_i;
    char text[64];
    buf_init(&lines, SIZE_MAX / 2);
    /* The last always runs. */
    for (unsigned i = 0; i + 1 < count; i++)
        buf_append_format(&lines, "p%u word%03u[a-z]*x\n", i, i);
    buf_append_format(&lines, "any .\n");
    pair_open(&pair, buf_string(&lines));
    for (unsigned i = 0; i + 1 < count; i++) {
        char expected[32];
        snprintf(text, sizeof(text), "one word%03ux", i);
        snprintf(expected, sizeof(expected), "%u %u", i, count - 1);
        if (WITH_HS)
            ck_assert_str_eq(candidates(&pair, text), expected);
        check_page(&pair, view_of_string(text));
    }
    ck_assert_uint_ge(pair.match_count, 2 * (count - 1));
    buf_release(&lines);
    pair_close(&pair);
}
END_TEST

START_TEST(empty_text_and_text_without_data_are_searched)
{
    struct pair pair;
    pair_open(&pair, "a \\A\\z\nb secret\nc x*\nd@url ^$\n");
    check_page(&pair, view_of("", 0));
    ck_assert_uint_eq(pair.match_count, 3);
    check_page(&pair, view_of(NULL, 0));
    ck_assert_uint_eq(pair.match_count, 6);
    pair_close(&pair);
}
END_TEST

/* Vectorscan misses two letters at the end of a block of 18 to 32 bytes. */
START_TEST(short_pages_are_searched_to_their_end)
{
    struct pair pair;
    pair_open(&pair, "a QZ|abc[^a]|key0\nb secret[0-9]\n");
    for (size_t size = 2; size < 300; size++) {
        char page[300];
        memset(page, '.', sizeof(page));
        memcpy(page + size - 2, "QZ", 2);
        check_page(&pair, view_of(page, size));
    }
    ck_assert_uint_eq(pair.match_count, 298);
    pair_close(&pair);
}
END_TEST

START_TEST(no_pattern_but_of_headers_is_no_scan)
{
    struct pair pair;
    const char *why;
    pair_open(&pair, "a@headers secret\nb@url token[0-9]\n");
    ck_assert(!prefilter_is_on(pair.prefilter));
    ck_assert_uint_eq(prefilter_condition(pair.prefilter, 0, &why).size, 0);
    ck_assert_uint_gt(strlen(why), 0);
    ck_assert_str_eq(candidates(&pair, "secret token1"), "");
    check_page(&pair, view_of_string("secret token1"));
    ck_assert_uint_eq(pair.match_count, 2);
    pair_close(&pair);
}
END_TEST

/* ---- machine code when it is needed ------------------------------------ */

enum { THREADS = 6, LAZY_COUNT = 200, READY_COUNT = 64 };

static size_t jit_size(const struct patterns *patterns, size_t index)
{
    size_t size = 0;
    pcre2_pattern_info(patterns->list[index].code, PCRE2_INFO_JITSIZE, &size);
    return size;
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    const struct patterns *patterns;
    struct view page;
    struct buf found;
    bool done;
};

static void *search_in_thread(void *ctx)
{
    struct worker *worker = ctx;
    struct error err;
    struct matcher_report report;
    struct matcher *matcher =
        matcher_new(worker->patterns,
                    &(struct matcher_options){ .max_matches = 100 }, &err);
    pthread_barrier_wait(worker->start);
    worker->done =
        matcher && matcher_search(matcher, SUBJECT_TEXT, worker->page,
                                  append_match, &worker->found, &report, &err);
    matcher_free(matcher);
    return NULL;
}

static struct patterns *new_lazy(void)
{
    struct error err;
    struct patterns *patterns =
        patterns_new(&(struct patterns_options){ 0 }, &err);
    ck_assert_ptr_nonnull(patterns);
    for (unsigned i = 0; i < LAZY_COUNT; i++) {
        char regex[32];
        snprintf(regex, sizeof(regex), "w%03u([a-z]+)x", i);
        ck_assert(
            patterns_add_expression(patterns, view_of_string(regex), &err));
    }
    return patterns;
}

START_TEST(threads_that_need_the_same_patterns_find_the_same)
{
    struct worker workers[THREADS];
    pthread_barrier_t start;
    struct buf page;
    struct patterns *patterns = new_lazy();
    bool has_jit = jit_size(patterns, 0) > 0;
    buf_init(&page, SIZE_MAX / 2);
    for (unsigned i = 0; i < LAZY_COUNT; i++)
        buf_append_format(&page, "w%03uabcx ", i);
    for (size_t i = 0; i < LAZY_COUNT; i++)
        ck_assert_int_eq(jit_size(patterns, i) > 0, has_jit && i < READY_COUNT);
    pthread_barrier_init(&start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .start = &start,
                                      .patterns = patterns,
                                      .page = buf_view(&page) };
        buf_init(&workers[i].found, SIZE_MAX / 2);
        ck_assert(!pthread_create(&workers[i].thread, NULL, search_in_thread,
                                  &workers[i]));
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < LAZY_COUNT; i++)
        ck_assert_int_eq(jit_size(patterns, i) > 0, has_jit);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert(workers[i].done && workers[i].found.size);
        ck_assert(view_equal(buf_view(&workers[i].found),
                             buf_view(&workers[0].found)));
    }
    for (size_t i = 0; i < THREADS; i++)
        buf_release(&workers[i].found);
    pthread_barrier_destroy(&start);
    buf_release(&page);
    patterns_free(patterns);
}
END_TEST

/* Facts tell how a pattern is run, although it was not run yet. */
START_TEST(facts_are_of_the_compiled_pattern)
{
    struct pattern_facts facts;
    struct patterns *patterns = new_lazy();
    bool has_jit = jit_size(patterns, 0) > 0;
    patterns_facts(patterns, LAZY_COUNT - 1, &facts);
    ck_assert_int_eq(facts.jit_bytes > 0, has_jit);
    ck_assert_int_eq(facts.why_no_jit[0] == '\0', has_jit);
    ck_assert_uint_eq(jit_size(patterns, LAZY_COUNT - 2), 0);
    patterns_free(patterns);
}
END_TEST

#if WITH_HS

/* A pattern whose condition does not hold is never compiled for. */
START_TEST(what_does_not_run_is_not_compiled)
{
    struct pair pair;
    struct buf lines;
    struct error err;
    struct matcher_report report;
    buf_init(&lines, SIZE_MAX / 2);
    for (unsigned i = 0; i < LAZY_COUNT; i++)
        buf_append_format(&lines, "p%u w%03u([a-z]+)x\n", i, i);
    pair_open(&pair, buf_string(&lines));
    ck_assert(matcher_search(pair.with, SUBJECT_TEXT,
                             view_of_string("w150abcx"), append_match,
                             &pair.found, &report, &err));
    ck_assert_uint_eq(report.match_count, 1);
    for (size_t i = READY_COUNT; i < LAZY_COUNT; i++)
        ck_assert_int_eq(atomic_load(&pair.patterns->list[i].jit->is_done),
                         i == 150);
    buf_release(&lines);
    pair_close(&pair);
}
END_TEST

static void check_condition(const struct pair *pair, size_t index,
                            const char *expected, const char *expected_why)
{
    const char *why;
    struct view got = prefilter_condition(pair->prefilter, index, &why);
    ck_assert_msg(view_equal(got, view_of_string(expected)), "%zu: %.*s", index,
                  VIEW_ARG(got));
    ck_assert_msg(strstr(why, expected_why), "%zu: %s", index, why);
    ck_assert_int_eq(got.size == 0, why[0] != '\0');
}

START_TEST(conditions_are_told_and_why_there_is_none)
{
    struct pair pair;
    pair_open(&pair, "a secret\nb .*\nc@headers secret\nd (token)[0-9]*\n");
    ck_assert(prefilter_is_on(pair.prefilter));
    ck_assert(!prefilter_was_cached(pair.prefilter));
    check_condition(&pair, 0, "secret", "");
    check_condition(&pair, 1, "", "it may match the empty string");
    check_condition(&pair, 2, "", "it is not searched in the text");
    check_condition(&pair, 3, "token", "");
    pair_close(&pair);
}
END_TEST

START_TEST(a_pattern_without_a_condition_always_runs)
{
    struct pair pair;
    pair_open(&pair, "a secret\nb .*\nc token\n");
    ck_assert_str_eq(candidates(&pair, "nothing"), "1");
    ck_assert_str_eq(candidates(&pair, ""), "1");
    ck_assert_str_eq(candidates(&pair, "a token"), "1 2");
    ck_assert_str_eq(candidates(&pair, "token secret"), "0 1 2");
    ck_assert_str_eq(candidates(&pair, "nothing"), "1");
    pair_close(&pair);
}
END_TEST

START_TEST(switched_off_all_patterns_run)
{
    struct error err;
    struct pair pair;
    const char *why;
    size_t count;
    pair_open(&pair, "a secret\nb token\n");
    struct prefilter *prefilter = prefilter_new(
        pair.patterns, &(struct prefilter_options){ .is_off = true }, &err);
    struct prefilter_scan *scan = prefilter_scan_new(prefilter, &err);
    ck_assert(!prefilter_is_on(prefilter));
    prefilter_scan_text(scan, view_of_string("none"), &count);
    ck_assert_uint_eq(count, 2);
    prefilter_condition(prefilter, 0, &why);
    ck_assert_str_eq(why, "--no-prefilter");
    prefilter_scan_free(scan);
    prefilter_free(prefilter);
    pair_close(&pair);
}
END_TEST

START_TEST(a_literal_alone_is_left_to_pcre2)
{
    static const struct {
        const char *line;
        bool is_on;
    } rows[] = {
        { "a <meta .*?>", false },     { "a secrets?", false },
        { "a (?i)secret", true },      { "a abc+[0-9]x", true },
        { "a secret|token", true },    { "a \\bsecret", true },
        { "a@headers secret", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct pair pair;
        pair_open(&pair, rows[i].line);
        ck_assert_msg(prefilter_is_on(pair.prefilter) == rows[i].is_on, "%s",
                      rows[i].line);
        check_page(&pair, view_of_string("a SECRET secret <meta > abcc1x"));
        pair_close(&pair);
    }
}
END_TEST

/* After 32 pages on which all conditions hold, 512 are not scanned. */
START_TEST(pages_that_are_not_scanned_match_the_same)
{
    struct pair pair;
    size_t rest = 0, scanned = 0;
    pair_open(&pair, "a secret\nb token\nc [0-9]+\n");
    for (size_t i = 0; i < 40; i++)
        check_page(&pair, view_of_string("secret token 12"));
    for (size_t i = 0; i < 1200; i++) {
        size_t before = pair.skipped_count;
        check_page(&pair, view_of_string("token 34"));
        if (pair.skipped_count > before)
            scanned++;
        else if (!scanned)
            rest++;
    }
    /* What rested sees the first page after it and scans on from there. */
    ck_assert_uint_eq(rest, 512 - (40 - 32));
    ck_assert_uint_eq(scanned, 1200 - rest);
    for (size_t i = 0; i < 1200; i++)
        check_page(&pair, view_of_string(i % 2 ? "secret token" : "none"));
    ck_assert_uint_eq(pair.match_count, 40 * 3 + 1200 * 2 + 600 * 2);
    pair_close(&pair);
}
END_TEST

/* A rest that ends on a page where all hold is followed by another. */
START_TEST(one_page_now_and_then_is_scanned_in_a_rest)
{
    struct pair pair;
    pair_open(&pair, "a secret\nb token\n");
    for (size_t i = 0; i < 32 + 512 + 1; i++)
        candidates(&pair, "secret token");
    for (size_t i = 0; i < 512; i++)
        ck_assert_str_eq(candidates(&pair, "none"), "0 1");
    ck_assert_str_eq(candidates(&pair, "none"), "");
    pair_close(&pair);
}
END_TEST

START_TEST(refused_conditions_always_run)
{
    struct pair pair;
    pair_open(&pair, "a secret\nb refused\nc too large\nd token\n");
    check_condition(&pair, 0, "secret", "");
    check_condition(&pair, 1, "", "Injected refusal.");
    check_condition(&pair, 2, "", "Injected refusal.");
    ck_assert_str_eq(candidates(&pair, "a token"), "1 2 3");
    check_page(&pair, view_of_string("refused token"));
    check_page(&pair, view_of_string("too large"));
    ck_assert_uint_eq(pair.match_count, 3);
    pair_close(&pair);
}
END_TEST

START_TEST(a_set_of_refused_conditions_is_no_scan)
{
    struct pair pair;
    pair_open(&pair, "a refused\nb too large\n");
    ck_assert(!prefilter_is_on(pair.prefilter));
    ck_assert_str_eq(candidates(&pair, "none"), "0 1");
    pair_close(&pair);
}
END_TEST

/* ---- from the cache ---------------------------------------------------- */

static void make_large_set(struct buf *lines)
{
    for (unsigned i = 0; i < 100; i++)
        buf_append_format(
            lines, "p%u (?i)w%03uq.{0,20}(?:key|token)[0-9a-f]{8}\n", i, i);
    buf_append_string(lines, "b refused\nc too large\nd .\n");
}

static void remove_dir(const char *dir)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(a_kept_set_matches_the_same_and_is_not_compiled)
{
    struct pair pair;
    struct buf lines;
    char dir[] = "/tmp/test_prefilter.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    buf_init(&lines, SIZE_MAX / 2);
    make_large_set(&lines);
    is_slow = true;
    for (int i = 0; i < 2; i++) {
        compile_count = 0;
        pair_open_cached(&pair, buf_string(&lines),
                         &(struct patterns_options){ 0 }, dir);
        ck_assert_int_eq(prefilter_was_cached(pair.prefilter), i);
        ck_assert_int_eq(compile_count, i ? 0 : 2);
        ck_assert_str_eq(candidates(&pair, "W000Q key01234567"),
                         "0 100 101 102");
        check_page(&pair, view_of_string("refused, too large"));
        check_page(&pair, view_of_string("w099q: token0123456789"));
        ck_assert_uint_eq(pair.match_count, 20 + 22 + 1);
        pair_close(&pair);
    }
    buf_release(&lines);
    remove_dir(dir);
}
END_TEST

#endif

int main(void)
{
    Suite *suite = suite_create("prefilter");
    TCase *sets = tcase_create("sets");
    tcase_set_timeout(sets, 60);
    tcase_add_loop_test(sets, generated_sets_match_the_same_lines, 0, BLOCKS);
    tcase_add_loop_test(sets, every_pattern_of_many_may_match_alone, 63, 66);
    tcase_add_loop_test(sets, every_pattern_of_many_may_match_alone, 128, 131);
    tcase_add_test(sets, empty_text_and_text_without_data_are_searched);
    tcase_add_test(sets, short_pages_are_searched_to_their_end);
    tcase_add_test(sets, no_pattern_but_of_headers_is_no_scan);
    tcase_add_test(sets, threads_that_need_the_same_patterns_find_the_same);
    tcase_add_test(sets, facts_are_of_the_compiled_pattern);
#if WITH_HS
    tcase_add_test(sets, what_does_not_run_is_not_compiled);
    tcase_add_test(sets, conditions_are_told_and_why_there_is_none);
    tcase_add_test(sets, a_pattern_without_a_condition_always_runs);
    tcase_add_test(sets, switched_off_all_patterns_run);
    tcase_add_test(sets, a_literal_alone_is_left_to_pcre2);
    tcase_add_test(sets, pages_that_are_not_scanned_match_the_same);
    tcase_add_test(sets, one_page_now_and_then_is_scanned_in_a_rest);
    tcase_add_test(sets, refused_conditions_always_run);
    tcase_add_test(sets, a_set_of_refused_conditions_is_no_scan);
    tcase_add_test(sets, a_kept_set_matches_the_same_and_is_not_compiled);
#endif
    suite_add_tcase(suite, sets);
    return run_suite(suite);
}
