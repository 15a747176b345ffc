/* What is told of a pattern, and what a search of it is said to cost. */
#include "fetchgrep/extract/matcher.h"

#include "suite.h"

enum { TICK_NS = 100 * 1000 };

static int64_t time_ns;

/* Each reading is a tick later. */
static int64_t tick(void)
{
    return time_ns += TICK_NS;
}

static struct patterns *make_set(const char *text)
{
    struct error err;
    struct patterns *patterns =
        patterns_new(&(struct patterns_options){ 0 }, &err);
    ck_assert(patterns_add_text(patterns, view_of_string(text), "set", &err));
    return patterns;
}

static struct pattern_facts facts_of(const struct patterns *patterns,
                                     size_t index)
{
    struct pattern_facts facts;
    patterns_facts(patterns, index, &facts);
    return facts;
}

START_TEST(machine_code_is_told_or_why_there_is_none)
{
    struct patterns *patterns = make_set("a ab+c\nb (*NO_JIT)ab+c\n");
    struct pattern_facts facts = facts_of(patterns, 0);
    ck_assert_uint_gt(facts.jit_bytes, 0);
    ck_assert_str_eq(facts.why_no_jit, "");
    facts = facts_of(patterns, 1);
    ck_assert_uint_eq(facts.jit_bytes, 0);
    ck_assert_str_eq(facts.why_no_jit, "the expression says (*NO_JIT)");
    patterns_free(patterns);
}
END_TEST

/* In a large set JIT waits until a pattern is needed; it is told all the
 * same. */
START_TEST(machine_code_is_told_of_the_last_of_many)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 300; i++)
        buf_append_format(&text, "p%d word%d\n", i, i);
    struct patterns *patterns = make_set(buf_string(&text));
    ck_assert_uint_gt(facts_of(patterns, 299).jit_bytes, 0);
    patterns_free(patterns);
    buf_release(&text);
}
END_TEST

START_TEST(groups_and_windows_are_told)
{
    struct patterns *patterns =
        make_set("a (?<year>\\d+)-(\\d+)\nb \\Gx\nc ^x\nd (?m)^x\n");
    struct pattern_facts facts = facts_of(patterns, 0);
    ck_assert_uint_eq(facts.group_count, 2);
    ck_assert(view_equal_string(facts.group_names[0], "year"));
    ck_assert(view_equal_string(facts.group_names[1], "2"));
    ck_assert(facts.has_windows);
    ck_assert(!facts_of(patterns, 1).has_windows);
    ck_assert(!facts_of(patterns, 2).has_windows);
    ck_assert(facts_of(patterns, 3).has_windows);
    patterns_free(patterns);
}
END_TEST

START_TEST(a_limit_of_the_patterns_own_holds_when_it_is_lower)
{
    struct patterns *patterns =
        make_set("a x\nb (*LIMIT_MATCH=7)(*LIMIT_DEPTH=8)(*LIMIT_HEAP=9)x\n"
                 "c (*LIMIT_MATCH=4000000000)x\n");
    const struct matcher_options options = { .max_matches = 5,
                                             .match_limit = 1000,
                                             .page_time_ms = 6 };
    struct matcher_limits usual, own, high;
    struct pattern_facts facts = facts_of(patterns, 0);
    matcher_limits(&options, &facts, &usual);
    ck_assert_uint_eq(usual.match_limit, 1000);
    ck_assert_uint_eq(usual.max_matches, 5);
    ck_assert_uint_eq(usual.page_time_ms, 6);
    ck_assert_uint_gt(usual.depth_limit, 8);
    ck_assert_uint_gt(usual.heap_bytes, 9 * 1024);
    facts = facts_of(patterns, 1);
    matcher_limits(&options, &facts, &own);
    ck_assert_uint_eq(own.match_limit, 7);
    ck_assert_uint_eq(own.depth_limit, 8);
    ck_assert_uint_eq(own.heap_bytes, 9 * 1024);
    facts = facts_of(patterns, 2);
    matcher_limits(&options, &facts, &high);
    ck_assert_uint_eq(high.match_limit, 1000);
    patterns_free(patterns);
}
END_TEST

static bool take(void *ctx, const struct match *match, struct error *err)
{
    (void)match;
    (void)err;
    ++*(size_t *)ctx;
    return true;
}

/* How many matches there are. */
static size_t search(struct matcher *matcher, const char *text)
{
    struct error err;
    struct matcher_report report;
    size_t count = 0;
    ck_assert(matcher_search(matcher, SUBJECT_TEXT, view_of_string(text), take,
                             &count, &report, &err));
    return count;
}

START_TEST(runs_hits_matches_limits_and_time_are_counted)
{
    struct error err;
    struct patterns *patterns = make_set("a alpha\nb beta\nc gamma\n");
    const struct prefilter_options on = { 0 };
    struct prefilter *prefilter = prefilter_new(patterns, &on, &err);
    struct costs *costs = costs_new(3, &err);
    const struct matcher_options options = {
        .max_matches = 3, .now_ns = tick, .prefilter = prefilter, .costs = costs
    };
    struct matcher *matcher = matcher_new(patterns, &options, &err);
    search(matcher, "alpha beta alpha");
    search(matcher, "alphaalphaalphaalpha");
    search(matcher, "nothing");
    ck_assert_uint_eq(costs->page_counts[SUBJECT_TEXT], 3);
    ck_assert_uint_eq(costs->byte_counts[SUBJECT_TEXT], 16 + 20 + 7);
    ck_assert_uint_eq(costs->patterns[0].page_count, 2);
    ck_assert_uint_eq(costs->patterns[0].match_count, 2 + 3);
    ck_assert_uint_eq(costs->patterns[0].limit_count, 1);
    ck_assert_uint_eq(costs->patterns[1].page_count, 1);
    ck_assert_uint_eq(costs->patterns[1].match_count, 1);
    ck_assert_uint_eq(costs->patterns[1].limit_count, 0);
    bool is_on = prefilter_is_on(prefilter); /* not without Vectorscan */
    ck_assert_uint_eq(costs->patterns[0].run_count, is_on ? 2 : 3);
    ck_assert_uint_eq(costs->patterns[1].run_count, is_on ? 1 : 3);
    ck_assert_uint_eq(costs->patterns[2].run_count, is_on ? 0 : 3);
    ck_assert_int_eq(costs->patterns[2].ns > 0, !is_on);
    /* Between two readings there is a tick at least. */
    ck_assert_int_ge(costs->patterns[0].ns,
                     (int64_t)costs->patterns[0].run_count * TICK_NS);
    ck_assert_int_eq(costs->scan_ns, 3 * TICK_NS);
    matcher_free(matcher);
    costs_free(costs);
    prefilter_free(prefilter);
    patterns_free(patterns);
}
END_TEST

/* Both take longer than their first turn and the rest of the page's time. */
START_TEST(a_pattern_that_waited_has_run_once)
{
    struct error err;
    struct patterns *patterns = make_set("a x\nb [x]\n");
    struct costs *costs = costs_new(2, &err);
    const struct matcher_options options = {
        .max_matches = 100000,
        .page_time_ms = 1, /* ten readings */
        .now_ns = tick,
        .costs = costs,
    };
    struct matcher *matcher = matcher_new(patterns, &options, &err);
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 30000; i++)
        buf_append_string(&text, "x ");
    size_t count = search(matcher, buf_string(&text));
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(costs->patterns[i].run_count, 1);
        ck_assert_uint_eq(costs->patterns[i].page_count, 1);
        ck_assert_uint_eq(costs->patterns[i].limit_count, 1);
    }
    ck_assert_uint_eq(
        costs->patterns[0].match_count + costs->patterns[1].match_count, count);
    /* Unscanned. */
    ck_assert_int_eq(costs->scan_ns, 0);
    buf_release(&text);
    matcher_free(matcher);
    costs_free(costs);
    patterns_free(patterns);
}
END_TEST

START_TEST(costs_of_workers_add_up)
{
    struct error err;
    struct costs *sum = costs_new(2, &err), *part = costs_new(2, &err);
    part->scan_ns = 5;
    part->page_counts[SUBJECT_URL] = 2;
    part->byte_counts[SUBJECT_HEADERS] = 3;
    part->patterns[1] = (struct pattern_cost){ 1, 2, 3, 4, 5 };
    costs_add(sum, part);
    costs_add(sum, part);
    ck_assert_int_eq(sum->scan_ns, 10);
    ck_assert_uint_eq(sum->page_counts[SUBJECT_URL], 4);
    ck_assert_uint_eq(sum->byte_counts[SUBJECT_HEADERS], 6);
    ck_assert_uint_eq(sum->patterns[0].run_count, 0);
    ck_assert_uint_eq(sum->patterns[1].run_count, 2);
    ck_assert_uint_eq(sum->patterns[1].page_count, 4);
    ck_assert_uint_eq(sum->patterns[1].match_count, 6);
    ck_assert_uint_eq(sum->patterns[1].limit_count, 8);
    ck_assert_int_eq(sum->patterns[1].ns, 10);
    costs_free(sum);
    costs_free(part);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("costs");
    TCase *tests = tcase_create("costs");
    tcase_add_test(tests, machine_code_is_told_or_why_there_is_none);
    tcase_add_test(tests, machine_code_is_told_of_the_last_of_many);
    tcase_add_test(tests, groups_and_windows_are_told);
    tcase_add_test(tests, a_limit_of_the_patterns_own_holds_when_it_is_lower);
    tcase_add_test(tests, runs_hits_matches_limits_and_time_are_counted);
    tcase_add_test(tests, a_pattern_that_waited_has_run_once);
    tcase_add_test(tests, costs_of_workers_add_up);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
