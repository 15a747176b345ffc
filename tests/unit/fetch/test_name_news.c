/* How long an answer holds, what the address rule makes of it, and what entries
 * are told. */
#include "../../../src/fetch/name_news.h"

#include "fetchgrep/base/clock.h"

#include "suite.h"

static const struct address_rule strict, lax = { .allows_all = true };
static struct name name;
static struct entry *entry;

static void set_up(void)
{
    char problem[ERROR_MESSAGE_SIZE];
    name = (struct name){ 0 };
    entry = entry_new();
    ck_assert_ptr_nonnull(entry);
    ck_assert_int_eq(url_parse(view_of_string("http://host.example/"),
                               &entry->target, problem),
                     URL_OK);
    entry->name_ns = 1500 * INT64_C(1000);
}

static void tear_down(void)
{
    address_set_unref(name.addresses);
    entry_free(entry, NULL);
}

static struct name_answer answer_of(enum name_status status, uint32_t ttl_s,
                                    const char *address)
{
    struct name_answer answer = { .status = status, .ttl_s = ttl_s };
    if (address)
        ck_assert(address_parse(view_of_string(address),
                                &answer.addresses[answer.count++]));
    return answer;
}

/* Learns it at second `now_s`; until which second does it hold? */
static int64_t learn(const struct name_answer *answer,
                     const struct address_rule *rule, int64_t now_s)
{
    const struct name_news news = name_news_of(answer, rule);
    name_learn(&name, &news, now_s * CLOCK_NS_PER_S);
    return name.expires_ns / CLOCK_NS_PER_S;
}

START_TEST(an_answer_holds_for_a_minute_at_least_and_an_hour_at_most)
{
    static const uint32_t rows[][2] = { { 0, 60 },      { 59, 60 },
                                        { 61, 61 },     { 3600, 3600 },
                                        { 3601, 3600 }, { UINT32_MAX, 3600 } };
    struct name_answer answer =
        answer_of(NAME_FOUND, rows[_i][0], "93.184.216.34");
    ck_assert_int_eq(learn(&answer, &strict, 1000), 1000 + rows[_i][1]);
    ck_assert_int_eq(name.status, NAME_FOUND);
    ck_assert_uint_eq(name.addresses->count, 1);
}
END_TEST

START_TEST(that_there_is_no_such_name_holds_for_a_minute)
{
    struct name_answer answer = answer_of(NAME_UNKNOWN, 0, NULL);
    ck_assert_int_eq(learn(&answer, &strict, 1000), 1060);
}
END_TEST

START_TEST(a_failure_holds_for_those_who_waited_alone)
{
    struct name_answer answer = answer_of(NAME_SILENT, 0, NULL);
    ck_assert_int_eq(learn(&answer, &strict, 1000), 1000);
    ck_assert_int_eq(name.status, NAME_SILENT);
}
END_TEST

START_TEST(known_addresses_go_on_while_nobody_can_be_asked)
{
    struct name_answer found = answer_of(NAME_FOUND, 60, "93.184.216.34");
    struct name_answer silent = answer_of(NAME_SILENT, 0, NULL);
    struct name_answer unknown = answer_of(NAME_UNKNOWN, 0, NULL);
    learn(&found, &strict, 1000);
    ck_assert_int_eq(learn(&silent, &strict, 2000), 2030);
    ck_assert_int_eq(name.status, NAME_FOUND);
    ck_assert_int_eq(learn(&silent, &strict, 3000), 3030);
    ck_assert_ptr_nonnull(name.addresses);
    /* But not when somebody knows better. */
    learn(&unknown, &strict, 4000);
    ck_assert_int_eq(name.status, NAME_UNKNOWN);
    ck_assert_ptr_null(name.addresses);
}
END_TEST

/* The first answer leads to a public address, the next one inside. */
START_TEST(a_name_that_moves_to_a_private_address_is_refused)
{
    struct name_answer outside = answer_of(NAME_FOUND, 60, "93.184.216.34");
    struct name_answer inside = answer_of(NAME_FOUND, 60, "10.0.0.1");
    learn(&outside, &strict, 1000);
    ck_assert_int_eq(learn(&inside, &strict, 1060), 1120);
    ck_assert_int_eq(name.status, NAME_REFUSED);
    ck_assert_ptr_null(name.addresses);
    learn(&inside, &lax, 1120);
    ck_assert_int_eq(name.status, NAME_FOUND);
}
END_TEST

START_TEST(an_entry_without_an_address_has_a_page_of_nothing)
{
    name.status = NAME_UNKNOWN;
    name_end_entry(&name, entry);
    ck_assert_int_eq(entry->outcome, OUTCOME_DNS_FAILED);
    ck_assert_str_eq(entry->detail, "no such name: host.example (NXDOMAIN)");
    ck_assert_ptr_null(entry->target.text);
    ck_assert_str_eq(entry->page->url.text, "http://host.example/");
    ck_assert_int_eq(entry->page->timing.dns_us, 1500);
    ck_assert_int_eq(entry->page->timing.total_us, 1500);
    ck_assert_int_eq(entry->page->status, 0);
}
END_TEST

START_TEST(the_hop_before_stays_behind_the_page_of_nothing)
{
    struct url none = { 0 };
    struct page *before = page_new(&none);
    ck_assert_ptr_nonnull(before);
    entry->page = before;
    name.status = NAME_SILENT;
    name_end_entry(&name, entry);
    ck_assert_ptr_eq(entry->page->previous_hop, before);
}
END_TEST

START_TEST(what_is_missing_for_certain_is_said_to_be_so)
{
    static const struct {
        enum name_status status;
        enum outcome outcome;
        bool is_missing;
    } rows[] = {
        { NAME_UNKNOWN, OUTCOME_DNS_FAILED, true },
        { NAME_EMPTY, OUTCOME_DNS_FAILED, true },
        { NAME_IMPOSSIBLE, OUTCOME_DNS_FAILED, true },
        { NAME_SILENT, OUTCOME_DNS_FAILED, false },
        { NAME_FAILED, OUTCOME_DNS_FAILED, false },
        { NAME_REFUSED, OUTCOME_DENIED, false },
    };
    struct name_answer inside = answer_of(NAME_FOUND, 60, "10.0.0.1");
    learn(&inside, &strict, 1000);
    name.status = rows[_i].status;
    name_end_entry(&name, entry);
    ck_assert_int_eq(entry->outcome, rows[_i].outcome);
    ck_assert_int_eq(entry->page->is_name_missing, rows[_i].is_missing);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("news of names");
    TCase *tcase = tcase_create("news");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(
        tcase, an_answer_holds_for_a_minute_at_least_and_an_hour_at_most, 0, 6);
    tcase_add_test(tcase, that_there_is_no_such_name_holds_for_a_minute);
    tcase_add_test(tcase, a_failure_holds_for_those_who_waited_alone);
    tcase_add_test(tcase, known_addresses_go_on_while_nobody_can_be_asked);
    tcase_add_test(tcase, a_name_that_moves_to_a_private_address_is_refused);
    tcase_add_test(tcase, an_entry_without_an_address_has_a_page_of_nothing);
    tcase_add_test(tcase, the_hop_before_stays_behind_the_page_of_nothing);
    tcase_add_loop_test(tcase, what_is_missing_for_certain_is_said_to_be_so, 0,
                        6);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
