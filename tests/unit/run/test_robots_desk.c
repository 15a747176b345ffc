/*
 * Who asks for robots.txt, who waits meanwhile, and what each kind of answer
 * means for how long. The clock is ours; no network.
 */
#include "../../../src/run/robots_desk.h"

#include "fetchgrep/base/clock.h"

#include "suite.h"
#include <stdlib.h>

static int64_t now_ns;

static int64_t clock_of_test(void)
{
    return now_ns;
}

static struct robots_desk *new_desk(size_t origins_max)
{
    struct error err = { 0 };
    struct robots_desk *desk =
        robots_desk_new("fetchgrep/0.1", origins_max, clock_of_test, &err);
    ck_assert_msg(desk != NULL, "%s", err.message);
    return desk;
}

static void aim(struct entry *entry, const char *url)
{
    char problem[ERROR_MESSAGE_SIZE];
    url_release(&entry->target);
    ck_assert_msg(url_parse(view_of_string(url), &entry->target, problem) ==
                      URL_OK,
                  "%s", problem);
}

static struct entry *new_entry(const char *url)
{
    struct entry *entry = entry_new();
    ck_assert_ptr_nonnull(entry);
    aim(entry, url);
    return entry;
}

static enum robots_turn ask(struct robots_desk *desk, struct entry *entry)
{
    int64_t delay_ms;
    return robots_desk_ask(desk, entry, &delay_ms);
}

/* The end of a transfer as fetch leaves it: the URL is the page's now. */
static void bring(struct entry *entry, enum outcome outcome, int status,
                  const char *head, struct view body)
{
    struct page *page = page_new(&entry->target);
    size_t head_size = strlen(head);
    ck_assert_ptr_nonnull(page);
    page->bytes = (struct extent){ .data = malloc(head_size + body.size + 1),
                                   .capacity = head_size + body.size,
                                   .home = EXTENT_HEAP };
    ck_assert_ptr_nonnull(page->bytes.data);
    memcpy(page->bytes.data, head, head_size);
    memcpy(page->bytes.data + head_size, body.data, body.size);
    page->head_size = head_size;
    page->body_size = body.size;
    page->status = status;
    page->previous_hop = entry->page;
    entry->page = page;
    entry_end(entry, outcome, outcome == OUTCOME_OK ? NULL : "as told");
}

#define PLAIN "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"

static void bring_rules(struct entry *entry, const char *rules)
{
    bring(entry, OUTCOME_OK, 200, PLAIN, view_of_string(rules));
}

/* Settles, and gives back how many have waited (they are freed). */
static size_t settle(struct robots_desk *desk, struct entry *entry)
{
    int64_t delay_ms;
    size_t count = 0;
    ck_assert_ptr_eq(robots_desk_settle(desk, entry, &delay_ms), entry);
    while (entry->next) {
        struct entry *waiting = entry->next;
        entry->next = waiting->next;
        entry_free(waiting, NULL);
        count++;
    }
    return count;
}

/* Asks for `url`, answers a detour with `rules`, and tells how it ended. */
static enum robots_turn visit(struct robots_desk *desk, const char *url,
                              const char *rules, bool *ret_was_asked)
{
    struct entry *entry = new_entry(url);
    enum robots_turn turn = ask(desk, entry);
    *ret_was_asked = turn == ROBOTS_GO && entry->detour;
    if (*ret_was_asked) {
        bring_rules(entry, rules);
        settle(desk, entry);
        turn = ask(desk, entry);
    }
    entry_free(entry, NULL);
    return turn;
}

START_TEST(the_first_of_an_origin_asks_and_comes_back_as_it_was)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *entry = new_entry("http://a.example:81/x?y");
    int64_t delay_ms;
    entry->attempts = 1;
    entry->redirects = 2;
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    ck_assert_str_eq(entry->target.text, "http://a.example:81/robots.txt");
    ck_assert_uint_eq(entry->attempts + entry->redirects, 0);
    /* Tried again, or the next hop: still out. */
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    entry->attempts = 3;
    entry->redirects = 1;
    bring_rules(entry, "User-agent: *\nCrawl-delay: 2\nDisallow: /y\n");
    ck_assert_ptr_eq(robots_desk_settle(desk, entry, &delay_ms), entry);
    ck_assert_int_eq(delay_ms, 2000);
    ck_assert_ptr_null(entry->detour);
    ck_assert_ptr_null(entry->page);
    ck_assert_str_eq(entry->asides->url.text, "http://a.example:81/robots.txt");
    ck_assert_str_eq(entry->target.text, "http://a.example:81/x?y");
    ck_assert_uint_eq(entry->attempts, 1);
    ck_assert_uint_eq(entry->redirects, 2);
    ck_assert_int_eq(robots_desk_ask(desk, entry, &delay_ms), ROBOTS_GO);
    ck_assert_int_eq(delay_ms, 2000);
    aim(entry, "http://a.example:81/yes");
    ck_assert_int_eq(ask(desk, entry), ROBOTS_OVER);
    ck_assert_int_eq(entry->outcome, OUTCOME_ROBOTS_DENIED);
    ck_assert_str_eq(entry->detail, "http://a.example:81/robots.txt, line 3: "
                                    "Disallow: /y");
    entry_free(entry, NULL);
    robots_desk_free(desk);
}
END_TEST

START_TEST(an_origin_is_scheme_host_and_port)
{
    static const char *const urls[] = {
        "http://a.example/",    "https://a.example/", "http://a.example:443/",
        "http://a.example:81/", "http://b.example/",  "http://a.example.b/"
    };
    struct robots_desk *desk = new_desk(10);
    bool was_asked;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ARRAY_COUNT(urls); i++) {
            ck_assert_int_eq(visit(desk, urls[i], "", &was_asked), ROBOTS_GO);
            ck_assert_msg(was_asked == (round == 0), "%s", urls[i]);
        }
    }
    ck_assert_int_eq(visit(desk, "http://A.Example:80/other", "", &was_asked),
                     ROBOTS_GO);
    ck_assert(!was_asked);
    robots_desk_free(desk);
}
END_TEST

START_TEST(others_of_the_origin_wait_and_come_back_in_their_order)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *first = new_entry("http://a.example/0"), *waiting[3];
    int64_t delay_ms;
    ck_assert_int_eq(ask(desk, first), ROBOTS_GO);
    for (uint64_t i = 0; i < 3; i++) {
        waiting[i] = new_entry("http://a.example/1");
        ck_assert_int_eq(ask(desk, waiting[i]), ROBOTS_WAITS);
        ck_assert(robots_desk_wait(desk, waiting[i]));
    }
    bring_rules(first, "");
    ck_assert_ptr_eq(robots_desk_settle(desk, first, &delay_ms), first);
    /* Each is put at the front of its line: the last one comes first. */
    struct entry *back = first->next;
    for (size_t i = 3; i-- > 0; back = back->next)
        ck_assert_ptr_eq(back, waiting[i]);
    ck_assert_ptr_null(back);
    first->next = NULL;
    for (size_t i = 0; i < 3; i++)
        entry_free(waiting[i], NULL);
    entry_free(first, NULL);
    robots_desk_free(desk);
}
END_TEST

/* Between asking and waiting the rules may come. */
START_TEST(nobody_waits_for_rules_that_are_there)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *first = new_entry("http://a.example/0");
    struct entry *second = new_entry("http://a.example/1");
    ck_assert_int_eq(ask(desk, first), ROBOTS_GO);
    ck_assert_int_eq(ask(desk, second), ROBOTS_WAITS);
    bring_rules(first, "");
    ck_assert_uint_eq(settle(desk, first), 0);
    ck_assert(!robots_desk_wait(desk, second));
    ck_assert_int_eq(ask(desk, second), ROBOTS_GO);
    ck_assert_ptr_null(second->detour);
    entry_free(first, NULL);
    entry_free(second, NULL);
    robots_desk_free(desk);
}
END_TEST

START_TEST(a_stop_drains_those_that_wait)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *first[3], *entry;
    char url[64];
    for (int i = 0; i < 3; i++) {
        snprintf(url, sizeof(url), "http://host%d/", i);
        first[i] = new_entry(url);
        ck_assert_int_eq(ask(desk, first[i]), ROBOTS_GO);
        for (int k = 0; k < i; k++) {
            entry = new_entry(url);
            ck_assert_int_eq(ask(desk, entry), ROBOTS_WAITS);
            ck_assert(robots_desk_wait(desk, entry));
        }
    }
    size_t count = 0;
    for (; (entry = robots_desk_drain(desk)) != NULL; count++) {
        ck_assert_ptr_null(entry->next);
        entry_free(entry, NULL);
    }
    ck_assert_uint_eq(count, 3);
    for (int i = 0; i < 3; i++)
        entry_free(first[i], NULL);
    robots_desk_free(desk);
}
END_TEST

/* ---- what answers mean -------------------------------------------------- */

#define RULES "User-agent: *\nDisallow: /no\n"

static const unsigned char gzip_rules[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x0b, 0x2d,
    0x4e, 0x2d, 0xd2, 0x4d, 0x4c, 0x4f, 0xcd, 0x2b, 0xb1, 0x52, 0xd0, 0xe2,
    0x72, 0xc9, 0x2c, 0x4e, 0xcc, 0xc9, 0xc9, 0x2f, 0xb7, 0x52, 0xd0, 0xcf,
    0xcb, 0xe7, 0x02, 0x00, 0x6f, 0x0a, 0x2d, 0x24, 0x1c, 0x00, 0x00, 0x00
};

#define GZIP       "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
#define CHUNKED    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define STATUS(s)  "HTTP/1.1 " #s " X\r\n\r\n"
#define NO_HEAD    ""
#define UNKNOWN_CE "HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\n\r\n"

enum meaning { ALL, NOTHING, THE_RULES };

static const struct {
    enum outcome outcome;
    int status;
    const char *head;
    const char *body;
    enum meaning meaning;
} answers[] = {
    { OUTCOME_OK, 200, PLAIN, RULES, THE_RULES },
    { OUTCOME_OK, 204, STATUS(204), "", ALL },
    { OUTCOME_OK, 206, STATUS(206), RULES, THE_RULES },
    { OUTCOME_OK, 200, CHUNKED, "1c\r\n" RULES "\r\n0\r\n\r\n", THE_RULES },
    { OUTCOME_OK, 200, CHUNKED, "no chunk\r\n" RULES, NOTHING },
    { OUTCOME_OK, 200, GZIP, NULL, THE_RULES },
    { OUTCOME_OK, 200, GZIP, RULES, THE_RULES }, /* a common lie */
    { OUTCOME_OK, 200, UNKNOWN_CE, RULES, NOTHING },
    { OUTCOME_TOO_LARGE, 200, PLAIN, RULES, THE_RULES },
    { OUTCOME_TRUNCATED, 200, PLAIN, RULES, NOTHING },
    { OUTCOME_TIMED_OUT, 200, PLAIN, RULES, NOTHING },
    { OUTCOME_OK, 304, STATUS(304), "", ALL },
    { OUTCOME_OK, 302, STATUS(302), "", ALL }, /* without a Location */
    { OUTCOME_TOO_MANY_REDIRECTS, 302, STATUS(302), "", ALL },
    { OUTCOME_DENIED, 302, STATUS(302), "", NOTHING }, /* the next hop is */
    { OUTCOME_CONNECT_FAILED, 302, STATUS(302), "", NOTHING },
    { OUTCOME_HTTP_ERROR, 400, STATUS(400), RULES, ALL },
    { OUTCOME_HTTP_ERROR, 401, STATUS(401), RULES, ALL },
    { OUTCOME_HTTP_ERROR, 403, STATUS(403), RULES, ALL },
    { OUTCOME_HTTP_ERROR, 404, STATUS(404), RULES, ALL },
    { OUTCOME_HTTP_ERROR, 410, STATUS(410), RULES, ALL },
    { OUTCOME_TOO_LARGE, 404, STATUS(404), RULES, ALL },
    { OUTCOME_HTTP_ERROR, 429, STATUS(429), RULES, NOTHING },
    { OUTCOME_HTTP_ERROR, 500, STATUS(500), RULES, NOTHING },
    { OUTCOME_HTTP_ERROR, 503, STATUS(503), RULES, NOTHING },
    { OUTCOME_HTTP_ERROR, 599, STATUS(599), RULES, NOTHING },
    { OUTCOME_CONNECT_FAILED, 0, NO_HEAD, "", NOTHING },
    { OUTCOME_DNS_FAILED, 0, NO_HEAD, "", NOTHING },
    { OUTCOME_BAD_RESPONSE, 0, NO_HEAD, "", NOTHING },
    { OUTCOME_TLS_FAILED, 0, NO_HEAD, "", NOTHING },
};

static bool is_allowed(struct robots_desk *desk, const char *url)
{
    struct entry *entry = new_entry(url);
    enum robots_turn turn = ask(desk, entry);
    ck_assert(turn == ROBOTS_GO || turn == ROBOTS_OVER);
    ck_assert_ptr_null(entry->detour);
    if (turn == ROBOTS_OVER)
        ck_assert_int_eq(entry->outcome, OUTCOME_ROBOTS_DENIED);
    entry_free(entry, NULL);
    return turn == ROBOTS_GO;
}

START_TEST(each_answer_means_what_the_standard_says)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *entry = new_entry("http://a.example/");
    struct view body = answers[_i].body
                           ? view_of_string(answers[_i].body)
                           : view_of(gzip_rules, sizeof(gzip_rules));
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    bring(entry, answers[_i].outcome, answers[_i].status, answers[_i].head,
          body);
    settle(desk, entry);
    ck_assert_msg(is_allowed(desk, "http://a.example/yes") ==
                      (answers[_i].meaning != NOTHING),
                  "row %d", _i);
    ck_assert_msg(is_allowed(desk, "http://a.example/no") ==
                      (answers[_i].meaning == ALL),
                  "row %d", _i);
    ck_assert(is_allowed(desk, "http://a.example/robots.txt"));
    entry_free(entry, NULL);
    robots_desk_free(desk);
}
END_TEST

/* "Allow: /a" may have been "Allow: /a/b". */
START_TEST(the_line_that_max_body_cut_does_not_count)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *entry = new_entry("http://a.example/");
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    bring(entry, OUTCOME_TOO_LARGE, 200, PLAIN,
          view_of_string("User-agent: *\nDisallow: /\nAllow: /a"));
    entry->page->cut = PAGE_CUT_LENGTH;
    settle(desk, entry);
    ck_assert(!is_allowed(desk, "http://a.example/a"));
    entry_free(entry, NULL);
    robots_desk_free(desk);
}
END_TEST

/* More came than is ever read: what it broke off for does not matter. */
START_TEST(a_long_file_may_break_off)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *entry = new_entry("http://a.example/");
    size_t size = 2 * ROBOTS_BYTES_MAX;
    char *rules = malloc(size);
    ck_assert_ptr_nonnull(rules);
    memset(rules, '\n', size);
    memcpy(rules, RULES, strlen(RULES));
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    bring(entry, OUTCOME_TIMED_OUT, 200, PLAIN, view_of(rules, size));
    settle(desk, entry);
    ck_assert(is_allowed(desk, "http://a.example/yes"));
    ck_assert(!is_allowed(desk, "http://a.example/no"));
    entry_free(entry, NULL);
    free(rules);
    robots_desk_free(desk);
}
END_TEST

START_TEST(a_transfer_without_a_page_denies)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *entry = new_entry("http://a.example/");
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    entry_end(entry, OUTCOME_CONNECT_FAILED, "given up");
    settle(desk, entry);
    ck_assert(!is_allowed(desk, "http://a.example/"));
    entry_free(entry, NULL);
    robots_desk_free(desk);
}
END_TEST

/* ---- how long, and how much --------------------------------------------- */

START_TEST(rules_stand_for_a_day_and_no_longer)
{
    struct robots_desk *desk = new_desk(10);
    bool was_asked;
    now_ns = 5;
    ck_assert_int_eq(visit(desk, "http://a/x", RULES, &was_asked), ROBOTS_GO);
    now_ns += INT64_C(86400) * CLOCK_NS_PER_S - 1;
    ck_assert_int_eq(visit(desk, "http://a/no", "", &was_asked), ROBOTS_OVER);
    ck_assert(!was_asked);
    now_ns += 1;
    ck_assert_int_eq(visit(desk, "http://a/no", "", &was_asked), ROBOTS_GO);
    ck_assert(was_asked);
    robots_desk_free(desk);
}
END_TEST

START_TEST(what_could_not_be_had_is_asked_for_again_after_an_hour)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *entry = new_entry("http://a/");
    bool was_asked;
    now_ns = 5;
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    bring(entry, OUTCOME_HTTP_ERROR, 503, STATUS(503), view_of("", 0));
    settle(desk, entry);
    entry_free(entry, NULL);
    now_ns += INT64_C(3600) * CLOCK_NS_PER_S - 1;
    ck_assert_int_eq(visit(desk, "http://a/x", "", &was_asked), ROBOTS_OVER);
    now_ns += 1;
    ck_assert_int_eq(visit(desk, "http://a/x", "", &was_asked), ROBOTS_GO);
    ck_assert(was_asked);
    robots_desk_free(desk);
}
END_TEST

START_TEST(the_origin_unused_for_longest_is_forgotten_first)
{
    struct robots_desk *desk = new_desk(3);
    bool was_asked;
    visit(desk, "http://a/", "", &was_asked);
    visit(desk, "http://b/", "", &was_asked);
    visit(desk, "http://c/", "", &was_asked);
    visit(desk, "http://a/", "", &was_asked);
    ck_assert(!was_asked);
    visit(desk, "http://d/", "", &was_asked);
    visit(desk, "http://a/", "", &was_asked);
    ck_assert(!was_asked);
    visit(desk, "http://b/", "", &was_asked);
    ck_assert(was_asked);
    robots_desk_free(desk);
}
END_TEST

/* One that is asked is never forgotten, whatever comes. */
START_TEST(many_origins_come_and_go)
{
    struct robots_desk *desk = new_desk(16);
    struct entry *out = new_entry("http://out/"), *waits;
    char url[64];
    bool was_asked;
    waits = new_entry("http://out/1");
    ck_assert_int_eq(ask(desk, out), ROBOTS_GO);
    ck_assert_int_eq(ask(desk, waits), ROBOTS_WAITS);
    ck_assert(robots_desk_wait(desk, waits));
    for (int i = 0; i < 40000; i++) {
        snprintf(url, sizeof(url), "http://host%d/no", i);
        ck_assert_int_eq(visit(desk, url, RULES, &was_asked), ROBOTS_OVER);
        ck_assert(was_asked);
    }
    bring_rules(out, RULES);
    ck_assert_uint_eq(settle(desk, out), 1);
    entry_free(out, NULL);
    robots_desk_free(desk);
}
END_TEST

/* The reason stands in the outcome of each entry: a line of 400 kB would, too.
 */
START_TEST(a_long_rule_is_not_told_in_full)
{
    struct robots_desk *desk = new_desk(10);
    struct entry *entry = new_entry("http://a/");
    char *rules = malloc(400001);
    ck_assert_ptr_nonnull(rules);
    memset(rules, '*', 400000);
    rules[400000] = '\0';
    memcpy(rules, "User-agent:*\nDisallow:/", 23);
    ck_assert_int_eq(ask(desk, entry), ROBOTS_GO);
    bring_rules(entry, rules);
    settle(desk, entry);
    ck_assert_int_eq(ask(desk, entry), ROBOTS_OVER);
    ck_assert_uint_lt(strlen(entry->detail), 300);
    entry_free(entry, NULL);
    free(rules);
    robots_desk_free(desk);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("robots_desk");
    TCase *tests = tcase_create("robots_desk");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, the_first_of_an_origin_asks_and_comes_back_as_it_was);
    tcase_add_test(tests, an_origin_is_scheme_host_and_port);
    tcase_add_test(tests,
                   others_of_the_origin_wait_and_come_back_in_their_order);
    tcase_add_test(tests, nobody_waits_for_rules_that_are_there);
    tcase_add_test(tests, a_stop_drains_those_that_wait);
    tcase_add_loop_test(tests, each_answer_means_what_the_standard_says, 0,
                        (int)ARRAY_COUNT(answers));
    tcase_add_test(tests, the_line_that_max_body_cut_does_not_count);
    tcase_add_test(tests, a_long_file_may_break_off);
    tcase_add_test(tests, a_transfer_without_a_page_denies);
    tcase_add_test(tests, rules_stand_for_a_day_and_no_longer);
    tcase_add_test(tests,
                   what_could_not_be_had_is_asked_for_again_after_an_hour);
    tcase_add_test(tests, the_origin_unused_for_longest_is_forgotten_first);
    tcase_add_test(tests, many_origins_come_and_go);
    tcase_add_test(tests, a_long_rule_is_not_told_in_full);
    return run_suite(suite);
}
