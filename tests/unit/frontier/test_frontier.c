/*
 * Whose turn it is: never more at one host than allowed, no host starved, and
 * a ledger that balances whatever comes back.
 */
#include "fetchgrep/frontier/frontier.h"

#include "fetchgrep/base/clock.h"

#include "suite.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int wakes;

/* What frontier_take says of the time; looked at where it matters. */
static _Thread_local int64_t due_ns;

static const struct frontier_answer answered = { .has_answered = true };
static const struct frontier_answer silent;

static void count_wake(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&wakes, 1);
}

static struct frontier *new_frontier(uint32_t per_host, size_t capacity,
                                     size_t host_memory)
{
    struct error err = { 0 };
    const struct frontier_options options = { .per_host = per_host,
                                              .capacity = capacity,
                                              .host_memory = host_memory };
    struct frontier *frontier = frontier_new(&options, count_wake, NULL, &err);
    ck_assert_msg(frontier != NULL, "%s", err.message);
    return frontier;
}

/* Called from threads too, where Check's assertions are not at home. */
static void aim(struct entry *entry, int host)
{
    char text[64], problem[ERROR_MESSAGE_SIZE];
    snprintf(text, sizeof(text), "http://host%d/", host);
    url_release(&entry->target);
    if (url_parse(view_of_string(text), &entry->target, problem) != URL_OK)
        ck_abort_msg("%s", problem);
}

static struct entry *new_entry(uint64_t id, int host)
{
    struct entry *entry = entry_new();
    if (!entry)
        ck_abort_msg("no memory");
    entry->id = id;
    aim(entry, host);
    return entry;
}

static void add(struct frontier *frontier, uint64_t id, int host)
{
    struct error err = { 0 };
    ck_assert(frontier_add(frontier, new_entry(id, host), &err));
}

static struct entry *take(struct frontier *frontier)
{
    struct entry *entry = NULL;
    enum frontier_result result = frontier_take(frontier, &entry, &due_ns);
    ck_assert_msg(result == FRONTIER_ENTRY, "result %d", (int)result);
    return entry;
}

static void check_result(struct frontier *frontier, enum frontier_result result)
{
    struct entry *entry = NULL;
    ck_assert_int_eq(frontier_take(frontier, &entry, &due_ns), result);
    ck_assert_ptr_null(entry);
}

static void finish(struct frontier *frontier, struct entry *entry,
                   bool has_answered)
{
    frontier_finish(frontier, entry, has_answered ? &answered : &silent);
    entry_free(entry, NULL);
}

/* Makes the host known as one that answers. */
static void introduce(struct frontier *frontier, int host)
{
    add(frontier, UINT64_MAX, host);
    finish(frontier, take(frontier), true);
}

static void end(struct frontier *frontier)
{
    struct entry *entry;
    frontier_stop(frontier);
    while ((entry = frontier_drain(frontier)) != NULL)
        entry_free(entry, NULL);
    frontier_free(frontier);
}

START_TEST(one_host_is_asked_in_the_order_of_the_list)
{
    struct frontier *frontier = new_frontier(8, 100, 10);
    for (uint64_t id = 0; id < 20; id++)
        add(frontier, id, 1);
    for (uint64_t id = 0; id < 20; id++) {
        struct entry *entry = take(frontier);
        ck_assert_uint_eq(entry->id, id);
        finish(frontier, entry, true);
    }
    end(frontier);
}
END_TEST

START_TEST(a_host_that_never_answered_has_one_place)
{
    struct frontier *frontier = new_frontier(3, 100, 10);
    for (uint64_t id = 0; id < 9; id++)
        add(frontier, id, 1);
    struct entry *first = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, first, false);
    /* Still no word from it. */
    first = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, first, true);
    struct entry *running[3] = { take(frontier), take(frontier),
                                 take(frontier) };
    check_result(frontier, FRONTIER_WAIT);
    /* A later failure does not take its places away. */
    finish(frontier, running[0], false);
    running[0] = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    for (size_t i = 0; i < 3; i++)
        finish(frontier, running[i], true);
    end(frontier);
}
END_TEST

START_TEST(an_origin_is_host_and_port)
{
    struct frontier *frontier = new_frontier(1, 100, 10);
    static const char *const urls[] = { "http://a/", "http://a:81/",
                                        "https://a/", "https://a:81/x",
                                        "http://A:80/" };
    char problem[ERROR_MESSAGE_SIZE];
    struct entry *running[3];
    struct error err;
    for (size_t i = 0; i < ARRAY_COUNT(urls); i++) {
        struct entry *entry = entry_new();
        ck_assert_int_eq(
            url_parse(view_of_string(urls[i]), &entry->target, problem),
            URL_OK);
        ck_assert(frontier_add(frontier, entry, &err));
    }
    for (size_t i = 0; i < 3; i++)
        running[i] = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    ck_assert_uint_eq(frontier_counts(frontier).hosts, 3);
    for (size_t i = 0; i < 3; i++)
        finish(frontier, running[i], true);
    end(frontier);
}
END_TEST

/* A queue of a thousand at one host, then one entry each at ten others. */
START_TEST(a_long_queue_holds_up_no_other_host)
{
    struct frontier *frontier = new_frontier(4, 2000, 100);
    introduce(frontier, 0);
    for (uint64_t id = 0; id < 1000; id++)
        add(frontier, id, 0);
    for (int host = 1; host <= 10; host++)
        add(frontier, 1000 + (uint64_t)host, host);
    struct entry *taken[20];
    size_t others = 0;
    for (size_t i = 0; i < 14; i++) {
        taken[i] = take(frontier);
        others += taken[i]->id > 1000;
    }
    ck_assert_uint_eq(others, 10);
    for (size_t i = 0; i < 14; i++)
        finish(frontier, taken[i], true);
    end(frontier);
}
END_TEST

START_TEST(hosts_take_turns)
{
    struct frontier *frontier = new_frontier(50, 1000, 10);
    int counts[4] = { 0 };
    for (int host = 0; host < 4; host++)
        introduce(frontier, host);
    for (uint64_t id = 0; id < 200; id++)
        add(frontier, id, (int)(id / 50));
    for (int i = 0; i < 200; i++) {
        struct entry *entry = take(frontier);
        counts[entry->id / 50]++;
        for (size_t host = 0; host < 4; host++)
            ck_assert_int_le(abs(counts[host] - (i + 1) / 4), 1);
        finish(frontier, entry, true);
    }
    end(frontier);
}
END_TEST

START_TEST(what_is_put_back_is_next_at_its_host)
{
    struct frontier *frontier = new_frontier(4, 100, 10);
    struct error err;
    introduce(frontier, 1);
    for (uint64_t id = 0; id < 5; id++)
        add(frontier, id, 1);
    struct entry *first = take(frontier), *second = take(frontier);
    ck_assert_uint_eq(second->id, 1);
    ck_assert(frontier_return(frontier, second, &answered, &err));
    ck_assert(frontier_return(frontier, first, &answered, &err));
    for (uint64_t id = 0; id < 5; id++) {
        struct entry *entry = take(frontier);
        ck_assert_uint_eq(entry->id, id);
        finish(frontier, entry, true);
    }
    end(frontier);
}
END_TEST

START_TEST(a_redirect_stands_first_in_line_at_its_new_host)
{
    struct frontier *frontier = new_frontier(1, 100, 10);
    struct error err;
    add(frontier, 0, 1);
    struct entry *hop = take(frontier);
    add(frontier, 1, 2);
    add(frontier, 2, 1);
    aim(hop, 2);
    ck_assert(frontier_return(frontier, hop, &answered, &err));
    struct frontier_counts counts = frontier_counts(frontier);
    ck_assert_uint_eq(counts.waiting, 3);
    ck_assert_uint_eq(counts.running, 0);
    struct entry *a = take(frontier), *b = take(frontier);
    /* Its old host's place is free, and at the new one it is first. */
    ck_assert_uint_eq(a->id + b->id, 2);
    ck_assert(a == hop || b == hop);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, a, true);
    finish(frontier, b, true);
    struct entry *last = take(frontier);
    ck_assert_uint_eq(last->id, 1);
    finish(frontier, last, true);
    end(frontier);
}
END_TEST

START_TEST(a_return_is_let_in_however_full_it_is)
{
    struct frontier *frontier = new_frontier(1, 2, 10);
    struct error err;
    add(frontier, 0, 1);
    struct entry *hop = take(frontier);
    add(frontier, 1, 2);
    add(frontier, 2, 3);
    aim(hop, 4);
    ck_assert(frontier_return(frontier, hop, &answered, &err));
    ck_assert_uint_eq(frontier_counts(frontier).waiting, 3);
    end(frontier);
}
END_TEST

START_TEST(the_end_is_told_when_all_have_finished_and_not_before)
{
    struct frontier *frontier = new_frontier(2, 100, 10);
    struct error err;
    check_result(frontier, FRONTIER_WAIT);
    add(frontier, 0, 1);
    struct entry *entry = take(frontier);
    frontier_close(frontier);
    check_result(frontier, FRONTIER_WAIT);
    /* It may come back, even to another host. */
    aim(entry, 2);
    ck_assert(frontier_return(frontier, entry, &answered, &err));
    entry = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, entry, true);
    check_result(frontier, FRONTIER_END);
    check_result(frontier, FRONTIER_END);
    frontier_free(frontier);
}
END_TEST

START_TEST(whoever_was_told_to_wait_is_woken)
{
    struct frontier *frontier = new_frontier(2, 100, 10);
    struct error err;
    atomic_store(&wakes, 0);
    add(frontier, 0, 1);
    ck_assert_int_eq(atomic_load(&wakes), 0);
    struct entry *entry = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    add(frontier, 1, 1); /* its host is busy: nothing to start */
    add(frontier, 2, 2);
    ck_assert_int_ge(atomic_load(&wakes), 1);
    struct entry *other = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    int before = atomic_load(&wakes);
    finish(frontier, entry, false);
    ck_assert_int_gt(atomic_load(&wakes), before);
    entry = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    before = atomic_load(&wakes);
    ck_assert(frontier_return(frontier, entry, &answered, &err));
    ck_assert_int_gt(atomic_load(&wakes), before);
    entry = take(frontier);
    frontier_close(frontier);
    finish(frontier, other, true);
    check_result(frontier, FRONTIER_WAIT);
    before = atomic_load(&wakes);
    finish(frontier, entry, true);
    ck_assert_int_gt(atomic_load(&wakes), before);
    check_result(frontier, FRONTIER_END);
    frontier_free(frontier);
}
END_TEST

START_TEST(closing_and_stopping_wake_too)
{
    struct frontier *frontier = new_frontier(2, 100, 10);
    check_result(frontier, FRONTIER_WAIT);
    atomic_store(&wakes, 0);
    frontier_close(frontier);
    ck_assert_int_eq(atomic_load(&wakes), 1);
    check_result(frontier, FRONTIER_END);
    frontier_free(frontier);
    frontier = new_frontier(2, 100, 10);
    check_result(frontier, FRONTIER_WAIT);
    atomic_store(&wakes, 0);
    frontier_stop(frontier);
    ck_assert_int_eq(atomic_load(&wakes), 1);
    check_result(frontier, FRONTIER_END);
    frontier_free(frontier);
}
END_TEST

START_TEST(idle_hosts_are_forgotten_longest_idle_first)
{
    struct frontier *frontier = new_frontier(2, 100, 2);
    for (int host = 1; host <= 3; host++)
        introduce(frontier, host);
    ck_assert_uint_eq(frontier_counts(frontier).hosts, 2);
    /* 3 is still known and has both places; 1 begins anew with one. */
    for (uint64_t id = 0; id < 2; id++)
        add(frontier, id, 3);
    struct entry *a = take(frontier), *b = take(frontier);
    for (uint64_t id = 0; id < 2; id++)
        add(frontier, id, 1);
    struct entry *c = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, a, true);
    finish(frontier, b, true);
    finish(frontier, c, true);
    end(frontier);
}
END_TEST

START_TEST(no_host_is_remembered_when_memory_is_nought)
{
    struct frontier *frontier = new_frontier(2, 100, 0);
    introduce(frontier, 1);
    ck_assert_uint_eq(frontier_counts(frontier).hosts, 0);
    end(frontier);
}
END_TEST

START_TEST(ten_thousand_hosts_are_told_apart)
{
    enum { HOSTS = 10000 };
    struct frontier *frontier = new_frontier(1, 2 * HOSTS, HOSTS);
    for (uint64_t id = 0; id < 2 * HOSTS; id++)
        add(frontier, id, (int)(id % HOSTS));
    ck_assert_uint_eq(frontier_counts(frontier).hosts, HOSTS);
    for (uint64_t round = 0; round < 2; round++) {
        struct entry *running[HOSTS], *none = NULL;
        for (uint64_t i = 0; i < HOSTS; i++)
            if (frontier_take(frontier, &running[i], &due_ns) !=
                    FRONTIER_ENTRY ||
                running[i]->id != round * HOSTS + i)
                ck_abort_msg("round %d, host %d", (int)round, (int)i);
        ck_assert_int_eq(frontier_take(frontier, &none, &due_ns),
                         FRONTIER_WAIT);
        for (size_t i = 0; i < HOSTS; i++)
            finish(frontier, running[i], true);
    }
    end(frontier);
}
END_TEST

/* ---- pauses, failures, load --------------------------------------------- */

static int64_t now_ns; /* the injected clock */

static int64_t fake_clock(void)
{
    return now_ns;
}

static struct frontier *new_timed(const struct frontier_options *more)
{
    struct error err = { 0 };
    struct frontier_options options = *more;
    options.capacity = 1000;
    options.host_memory = 10;
    options.now_ns = fake_clock;
    now_ns = CLOCK_NS_PER_S;
    struct frontier *frontier = frontier_new(&options, count_wake, NULL, &err);
    ck_assert_msg(frontier != NULL, "%s", err.message);
    return frontier;
}

static void finish_as(struct frontier *frontier, struct entry *entry,
                      const struct frontier_answer *answer)
{
    frontier_finish(frontier, entry, answer);
    entry_free(entry, NULL);
}

/* Nothing may start before `ms` from now have passed, and then it may. */
static void check_pause(struct frontier *frontier, int64_t ms)
{
    check_result(frontier, FRONTIER_WAIT);
    ck_assert_int_eq(due_ns, now_ns + ms * CLOCK_NS_PER_MS);
    now_ns = due_ns - 1;
    check_result(frontier, FRONTIER_WAIT);
    now_ns++;
}

START_TEST(a_retry_sleeps_takes_no_place_and_comes_back_in_time)
{
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 1 });
    struct error err;
    add(frontier, 0, 1);
    add(frontier, 1, 1);
    struct entry *failed = take(frontier);
    ck_assert(frontier_retry(frontier, failed, &answered, 700 * CLOCK_NS_PER_MS,
                             &err));
    ck_assert_uint_eq(frontier_counts(frontier).sleeping, 1);
    struct entry *other = take(frontier);
    ck_assert_uint_eq(other->id, 1);
    finish(frontier, other, true);
    frontier_close(frontier);
    /* Nothing else is open: the end waits for it. */
    check_pause(frontier, 700);
    struct entry *again = take(frontier);
    ck_assert_ptr_eq(again, failed);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, again, true);
    check_result(frontier, FRONTIER_END);
    frontier_free(frontier);
}
END_TEST

START_TEST(sleepers_come_back_in_the_order_of_their_time)
{
    enum { COUNT = 200 };
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = COUNT });
    struct error err;
    struct entry *sleepers[COUNT];
    introduce(frontier, 1);
    for (uint64_t id = 0; id < COUNT; id++)
        add(frontier, id, 1);
    for (size_t i = 0; i < COUNT; i++)
        sleepers[i] = take(frontier);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert(frontier_retry(frontier, sleepers[i], &answered,
                                 (int64_t)(i * 77 % COUNT) * CLOCK_NS_PER_MS,
                                 &err));
    for (uint64_t ms = 0; ms < COUNT; ms++) {
        struct entry *entry = take(frontier);
        ck_assert_uint_eq(entry->id * 77 % COUNT, ms);
        finish(frontier, entry, true);
        check_result(frontier, FRONTIER_WAIT);
        now_ns += CLOCK_NS_PER_MS;
    }
    end(frontier);
}
END_TEST

START_TEST(a_waiting_taker_is_woken_when_the_next_time_is_earlier)
{
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 8 });
    struct error err;
    introduce(frontier, 1);
    add(frontier, 0, 1);
    add(frontier, 1, 1);
    struct entry *a = take(frontier), *b = take(frontier);
    ck_assert(frontier_retry(frontier, a, &answered, 500, &err));
    check_result(frontier, FRONTIER_WAIT);
    atomic_store(&wakes, 0);
    ck_assert(frontier_retry(frontier, b, &answered, 100, &err));
    ck_assert_int_eq(atomic_load(&wakes), 1);
    check_result(frontier, FRONTIER_WAIT);
    ck_assert_int_eq(due_ns, now_ns + 100);
    end(frontier);
}
END_TEST

START_TEST(a_host_that_asks_for_a_pause_gets_it_and_others_go_on)
{
    const struct frontier_answer pause = { .has_answered = true,
                                           .is_overloaded = true,
                                           .hold_ns = 3 * CLOCK_NS_PER_S };
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 8 });
    introduce(frontier, 1);
    for (uint64_t id = 0; id < 4; id++)
        add(frontier, id, 1);
    finish_as(frontier, take(frontier), &pause);
    check_result(frontier, FRONTIER_WAIT);
    add(frontier, 9, 2);
    struct entry *other = take(frontier);
    ck_assert_uint_eq(other->id, 9);
    finish(frontier, other, true);
    check_pause(frontier, 3000);
    for (uint64_t id = 1; id < 4; id++)
        finish(frontier, take(frontier), true);
    end(frontier);
}
END_TEST

START_TEST(a_pause_is_not_forgotten_while_the_host_is_idle)
{
    const struct frontier_answer pause = { .has_answered = true,
                                           .hold_ns = CLOCK_NS_PER_S };
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 8 });
    add(frontier, 0, 0);
    finish_as(frontier, take(frontier), &pause);
    for (int host = 1; host <= 50; host++)
        introduce(frontier, host);
    add(frontier, 1, 0);
    check_pause(frontier, 1000);
    finish(frontier, take(frontier), true);
    end(frontier);
}
END_TEST

START_TEST(a_delay_begins_with_the_answer_and_requests_are_one_at_a_time)
{
    struct frontier *frontier = new_timed(&(struct frontier_options){
        .per_host = 8, .host_delay_ns = 2 * CLOCK_NS_PER_S });
    for (uint64_t id = 0; id < 3; id++)
        add(frontier, id, 1);
    for (int i = 0; i < 2; i++) {
        struct entry *entry = take(frontier);
        check_result(frontier, FRONTIER_WAIT);
        ck_assert_int_eq(due_ns, 0);
        now_ns += CLOCK_NS_PER_S;
        finish(frontier, entry, true);
        check_pause(frontier, 2000);
    }
    finish(frontier, take(frontier), true);
    end(frontier);
}
END_TEST

START_TEST(an_overloaded_host_gets_half_and_earns_them_back_slowly)
{
    const struct frontier_answer overload = { .has_answered = true,
                                              .is_overloaded = true };
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 4 });
    introduce(frontier, 1);
    for (uint64_t id = 0; id < 100; id++)
        add(frontier, id, 1);
    finish_as(frontier, take(frontier), &overload);
    struct entry *a = take(frontier), *b = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    finish_as(frontier, a, &overload);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, b, true);
    for (int i = 0; i < 7; i++) {
        b = take(frontier);
        check_result(frontier, FRONTIER_WAIT);
        finish(frontier, b, true);
    }
    a = take(frontier);
    b = take(frontier);
    check_result(frontier, FRONTIER_WAIT);
    finish(frontier, a, true);
    finish(frontier, b, true);
    end(frontier);
}
END_TEST

static const struct frontier_answer unreachable = {
    .failure = OUTCOME_CONNECT_FAILED,
};

START_TEST(a_host_out_of_reach_is_left_alone_for_longer_each_time)
{
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 8 });
    for (uint64_t id = 0; id < 12; id++)
        add(frontier, id, 1);
    int64_t pause_ms = 250;
    for (int i = 0; i < 10; i++) {
        finish_as(frontier, take(frontier), &unreachable);
        check_pause(frontier, pause_ms);
        pause_ms = pause_ms < 15000 ? pause_ms * 2 : 30000;
    }
    /* An answer ends it. */
    finish(frontier, take(frontier), true);
    finish(frontier, take(frontier), true);
    end(frontier);
}
END_TEST

START_TEST(whether_a_host_failed_the_last_time_is_known_to_who_asks_it)
{
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 8 });
    for (uint64_t id = 0; id < 3; id++)
        add(frontier, id, 1);
    struct entry *entry = take(frontier);
    ck_assert(!frontier_has_failed(frontier, entry));
    finish_as(frontier, entry, &unreachable);
    now_ns += CLOCK_NS_PER_S;
    entry = take(frontier);
    ck_assert(frontier_has_failed(frontier, entry));
    finish(frontier, entry, true);
    entry = take(frontier);
    ck_assert(!frontier_has_failed(frontier, entry));
    finish(frontier, entry, true);
    end(frontier);
}
END_TEST

START_TEST(a_host_that_failed_too_often_in_a_row_is_given_up)
{
    struct frontier *frontier = new_timed(
        &(struct frontier_options){ .per_host = 8, .host_failures = 3 });
    struct entry *entry;
    struct error err;
    for (uint64_t id = 0; id < 6; id++)
        add(frontier, id, 1);
    for (int i = 0; i < 2; i++) {
        finish_as(frontier, take(frontier), &unreachable);
        check_result(frontier, FRONTIER_WAIT);
        now_ns = due_ns;
    }
    entry = take(frontier);
    ck_assert(frontier_retry(frontier, entry, &unreachable, 100, &err));
    for (uint64_t id = 3; id < 6; id++) {
        ck_assert_int_eq(frontier_take(frontier, &entry, &due_ns),
                         FRONTIER_GIVEN_UP);
        ck_assert_uint_eq(entry->id, id);
        ck_assert_int_eq(entry->outcome, OUTCOME_CONNECT_FAILED);
        ck_assert_str_eq(entry->detail,
                         "host1:80 is given up after 3 failures in a "
                         "row (--host-failures)");
        ck_assert_uint_eq(entry->attempts, 0);
        entry_free(entry, NULL);
    }
    /* Also what comes later, and what slept; another host is another matter. */
    frontier_close(frontier);
    check_result(frontier, FRONTIER_WAIT);
    now_ns = due_ns;
    ck_assert_int_eq(frontier_take(frontier, &entry, &due_ns),
                     FRONTIER_GIVEN_UP);
    ck_assert_uint_eq(entry->id, 2);
    entry_free(entry, NULL);
    check_result(frontier, FRONTIER_END);
    frontier_free(frontier);
}
END_TEST

START_TEST(a_stop_drains_what_sleeps_and_what_is_held)
{
    const struct frontier_answer pause = { .has_answered = true,
                                           .hold_ns = CLOCK_NS_PER_S };
    struct frontier *frontier =
        new_timed(&(struct frontier_options){ .per_host = 8 });
    struct error err;
    size_t drained = 0;
    introduce(frontier, 1);
    for (uint64_t id = 0; id < 5; id++)
        add(frontier, id, 1);
    struct entry *entry = take(frontier);
    ck_assert(frontier_retry(frontier, entry, &pause, 100, &err));
    frontier_stop(frontier);
    while ((entry = frontier_drain(frontier)) != NULL) {
        entry_free(entry, NULL);
        drained++;
    }
    ck_assert_uint_eq(drained, 5);
    frontier_free(frontier);
}
END_TEST

/* ---- waiting for room ------------------------------------------------- */

struct feeder {
    struct frontier *frontier;
    uint64_t count;
    atomic_uint_fast64_t added;
    pthread_t thread;
};

static void *feed(void *ctx)
{
    struct feeder *feeder = ctx;
    struct error err = { 0 };
    for (uint64_t id = 0; id < feeder->count; id++) {
        struct entry *entry = new_entry(id, (int)(id % 7));
        if (!frontier_add(feeder->frontier, entry, &err)) {
            entry_free(entry, NULL);
            return err.code == ERR_NONE ? feeder : NULL;
        }
        atomic_fetch_add(&feeder->added, 1);
    }
    return NULL;
}

static void start_feeder(struct feeder *feeder, struct frontier *frontier,
                         uint64_t count)
{
    *feeder = (struct feeder){ .frontier = frontier, .count = count };
    ck_assert_int_eq(pthread_create(&feeder->thread, NULL, feed, feeder), 0);
}

static bool join_feeder(struct feeder *feeder)
{
    void *refused;
    pthread_join(feeder->thread, &refused);
    return refused == NULL;
}

/* Takes entries as they come; the bound holds all the time. */
static void take_all(struct frontier *frontier, uint64_t count, size_t capacity)
{
    for (uint64_t taken = 0; taken < count;) {
        struct entry *entry;
        if (frontier_counts(frontier).waiting > capacity)
            ck_abort_msg("more inside than there is room for");
        if (frontier_take(frontier, &entry, &due_ns) != FRONTIER_ENTRY) {
            sched_yield();
            continue;
        }
        finish(frontier, entry, true);
        taken++;
    }
}

START_TEST(adding_waits_for_room_and_goes_on)
{
    static const size_t capacities[] = { 1, 2, 3, 4, 7, 64 };
    size_t capacity = capacities[_i];
    struct frontier *frontier = new_frontier(4, capacity, 100);
    struct feeder feeder;
    start_feeder(&feeder, frontier, 3000);
    while (frontier_counts(frontier).waiting < capacity)
        sched_yield();
    take_all(frontier, 3000, capacity);
    ck_assert(join_feeder(&feeder));
    frontier_close(frontier);
    check_result(frontier, FRONTIER_END);
    frontier_free(frontier);
}
END_TEST

/* All at once, so that there is room for all who wait before any of them has
 * come to add again. */
START_TEST(several_that_wait_for_room_all_go_on)
{
    enum { CAPACITY = 64, FEEDERS = 4 };
    for (int round = 0; round < 50; round++) {
        struct frontier *frontier = new_frontier(CAPACITY, CAPACITY, 100);
        struct feeder feeders[FEEDERS];
        for (int host = 0; host < 7; host++)
            introduce(frontier, host);
        for (uint64_t id = 0; id < CAPACITY; id++)
            add(frontier, id, 0);
        for (size_t i = 0; i < FEEDERS; i++)
            start_feeder(&feeders[i], frontier, 1);
        for (int i = 0; i < 200; i++)
            sched_yield();
        take_all(frontier, CAPACITY + FEEDERS, CAPACITY);
        for (size_t i = 0; i < FEEDERS; i++)
            ck_assert(join_feeder(&feeders[i]));
        end(frontier);
    }
}
END_TEST

START_TEST(a_stop_refuses_those_that_wait_for_room)
{
    struct frontier *frontier = new_frontier(1, 5, 100);
    struct feeder feeders[2];
    for (size_t i = 0; i < 2; i++)
        start_feeder(&feeders[i], frontier, 100);
    while (frontier_counts(frontier).waiting < 5)
        sched_yield();
    frontier_stop(frontier);
    uint64_t added = 0, drained = 0;
    struct entry *entry;
    for (size_t i = 0; i < 2; i++) {
        ck_assert(!join_feeder(&feeders[i]));
        added += atomic_load(&feeders[i].added);
    }
    for (; (entry = frontier_drain(frontier)) != NULL; drained++)
        entry_free(entry, NULL);
    ck_assert_uint_eq(added, 5);
    ck_assert_uint_eq(drained, 5);
    frontier_free(frontier);
}
END_TEST

START_TEST(after_a_stop_nothing_is_given_out_or_let_in)
{
    struct frontier *frontier = new_frontier(1, 5, 100);
    struct error err = { 0 };
    add(frontier, 0, 1);
    frontier_stop(frontier);
    check_result(frontier, FRONTIER_END);
    struct entry *entry = new_entry(1, 1);
    ck_assert(!frontier_add(frontier, entry, &err));
    ck_assert_int_eq(err.code, ERR_NONE);
    entry_free(entry, NULL);
    end(frontier);
}
END_TEST

START_TEST(a_drain_takes_out_all_that_wait)
{
    struct frontier *frontier = new_frontier(2, 1000, 3);
    struct error err;
    bool seen[500] = { false };
    for (uint64_t id = 0; id < 500; id++)
        add(frontier, id, (int)(id % 11));
    struct entry *running[5], *entry;
    for (size_t i = 0; i < 5; i++)
        running[i] = take(frontier);
    frontier_stop(frontier);
    for (size_t i = 0; i < 4; i++)
        ck_assert(frontier_return(frontier, running[i],
                                  i % 2 ? &answered : &silent, &err));
    ck_assert(!seen[running[4]->id]);
    seen[running[4]->id] = true;
    finish(frontier, running[4], false);
    for (size_t count = 1; count < 500; count++) {
        entry = frontier_drain(frontier);
        ck_assert_msg(entry != NULL, "%zu are left",
                      frontier_counts(frontier).waiting);
        ck_assert(!seen[entry->id]);
        seen[entry->id] = true;
        entry_free(entry, NULL);
    }
    ck_assert_ptr_null(frontier_drain(frontier));
    ck_assert_uint_eq(frontier_counts(frontier).waiting, 0);
    ck_assert_uint_eq(frontier_counts(frontier).running, 0);
    frontier_free(frontier);
}
END_TEST

/* The places of transfers that still run do not hold their hosts' queues. */
START_TEST(a_drain_does_not_wait_for_what_runs)
{
    struct frontier *frontier = new_frontier(2, 100, 3);
    for (uint64_t id = 0; id < 6; id++)
        add(frontier, id, (int)(id % 2));
    struct entry *a = take(frontier), *b = take(frontier), *entry;
    frontier_stop(frontier);
    size_t drained = 0;
    for (; (entry = frontier_drain(frontier)) != NULL; drained++)
        entry_free(entry, NULL);
    finish(frontier, a, true);
    finish(frontier, b, true);
    ck_assert_uint_eq(drained, 4);
    end(frontier);
}
END_TEST

/* ---- at random -------------------------------------------------------- */

enum { HOSTS = 12, ENTRIES = 4000, RUNNING_MAX = 40, PER_HOST = 3 };

struct simulation {
    struct frontier *frontier;
    uint64_t seed;
    struct entry *running[RUNNING_MAX];
    size_t running_count;
    int at_host[HOSTS];
    bool has_answered[HOSTS];
    int visits[ENTRIES]; /* -1: finished */
    size_t finished;
    int host_of[ENTRIES];
};

static size_t roll(struct simulation *sim, size_t below)
{
    sim->seed ^= sim->seed >> 12;
    sim->seed ^= sim->seed << 25;
    sim->seed ^= sim->seed >> 27;
    return (size_t)((sim->seed * UINT64_C(2685821657736338717)) >> 33) % below;
}

static bool sim_take(struct simulation *sim)
{
    struct entry *entry;
    if (sim->running_count == RUNNING_MAX ||
        frontier_take(sim->frontier, &entry, &due_ns) != FRONTIER_ENTRY)
        return false;
    int host = sim->host_of[entry->id];
    if (sim->visits[entry->id] < 0)
        ck_abort_msg("entry %d came after its end", (int)entry->id);
    if (++sim->at_host[host] > (sim->has_answered[host] ? PER_HOST : 1))
        ck_abort_msg("%d at host %d", sim->at_host[host], host);
    sim->running[sim->running_count++] = entry;
    return true;
}

/* One transfer ends: for good, or by going back, often to another host. */
static void sim_end_one(struct simulation *sim)
{
    size_t at = roll(sim, sim->running_count);
    struct entry *entry = sim->running[at];
    int host = sim->host_of[entry->id];
    bool answers = roll(sim, 4) != 0;
    struct error err;
    sim->running[at] = sim->running[--sim->running_count];
    sim->at_host[host]--;
    sim->has_answered[host] = sim->has_answered[host] || answers;
    if (roll(sim, 3) == 0 && sim->visits[entry->id] < 9) {
        sim->visits[entry->id]++;
        sim->host_of[entry->id] = (int)roll(sim, HOSTS);
        aim(entry, sim->host_of[entry->id]);
        if (!frontier_return(sim->frontier, entry,
                             answers ? &answered : &silent, &err))
            ck_abort_msg("%s", err.message);
    } else {
        sim->visits[entry->id] = -1;
        sim->finished++;
        finish(sim->frontier, entry, answers);
    }
}

START_TEST(no_host_has_ever_more_than_its_limit)
{
    static struct simulation sim;
    sim = (struct simulation){ .seed = 0x2545F4914F6CDD1Du + (uint64_t)_i };
    sim.frontier = new_frontier(PER_HOST, ENTRIES, HOSTS);
    for (uint64_t id = 0; id < ENTRIES; id++) {
        /* Half of all at one host. */
        sim.host_of[id] = roll(&sim, 2) ? 0 : (int)roll(&sim, HOSTS);
        add(sim.frontier, id, sim.host_of[id]);
    }
    frontier_close(sim.frontier);
    while (sim.finished < ENTRIES) {
        while (roll(&sim, 8) && sim_take(&sim))
            continue;
        /* None may be idle while a host could give one. */
        if (!sim.running_count && !sim_take(&sim))
            ck_abort_msg("stuck with %d of %d", (int)sim.finished, ENTRIES);
        sim_end_one(&sim);
        struct frontier_counts counts = frontier_counts(sim.frontier);
        if (counts.running != sim.running_count ||
            counts.waiting != ENTRIES - sim.finished - sim.running_count)
            ck_abort_msg("counts do not balance");
    }
    check_result(sim.frontier, FRONTIER_END);
    frontier_free(sim.frontier);
}
END_TEST

/* ---- from many threads ------------------------------------------------ */

struct crowd {
    struct frontier *frontier;
    atomic_int at_host[7];
    atomic_int most_at_host;
    atomic_uint_fast64_t finished;
};

static void *consume(void *ctx)
{
    struct crowd *crowd = ctx;
    struct error err;
    enum frontier_result result;
    struct entry *entry;
    while ((result = frontier_take(crowd->frontier, &entry, &due_ns)) !=
           FRONTIER_END) {
        if (result == FRONTIER_WAIT) {
            sched_yield();
            continue;
        }
        atomic_int *at_host = &crowd->at_host[entry->id % 7];
        int now = atomic_fetch_add(at_host, 1) + 1;
        int most = atomic_load(&crowd->most_at_host);
        while (now > most &&
               !atomic_compare_exchange_weak(&crowd->most_at_host, &most, now))
            continue;
        sched_yield();
        atomic_fetch_sub(at_host, 1);
        if (entry->attempts++ == 0 && entry->id % 3 == 0) {
            if (!frontier_return(crowd->frontier, entry, &answered, &err))
                return crowd;
        } else {
            finish(crowd->frontier, entry, true);
            atomic_fetch_add(&crowd->finished, 1);
        }
    }
    return NULL;
}

START_TEST(takers_and_a_feeder_side_by_side_keep_the_ledger)
{
    enum { COUNT = 3000, THREADS = 3 };
    static struct crowd crowd;
    struct feeder feeder;
    pthread_t threads[THREADS];
    crowd.frontier = new_frontier(2, 50, 100);
    start_feeder(&feeder, crowd.frontier, COUNT);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, consume, &crowd), 0);
    ck_assert(join_feeder(&feeder));
    frontier_close(crowd.frontier);
    for (size_t i = 0; i < THREADS; i++) {
        void *problem;
        pthread_join(threads[i], &problem);
        ck_assert_ptr_null(problem);
    }
    ck_assert_uint_eq(atomic_load(&crowd.finished), COUNT);
    ck_assert_int_le(atomic_load(&crowd.most_at_host), 2);
    frontier_free(crowd.frontier);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_retry_sleeps_takes_no_place_and_comes_back_in_time);
    tcase_add_test(tests, sleepers_come_back_in_the_order_of_their_time);
    tcase_add_test(tests,
                   a_waiting_taker_is_woken_when_the_next_time_is_earlier);
    tcase_add_test(tests,
                   a_host_that_asks_for_a_pause_gets_it_and_others_go_on);
    tcase_add_test(tests, a_pause_is_not_forgotten_while_the_host_is_idle);
    tcase_add_test(
        tests, a_delay_begins_with_the_answer_and_requests_are_one_at_a_time);
    tcase_add_test(tests,
                   an_overloaded_host_gets_half_and_earns_them_back_slowly);
    tcase_add_test(tests,
                   a_host_out_of_reach_is_left_alone_for_longer_each_time);
    tcase_add_test(tests,
                   whether_a_host_failed_the_last_time_is_known_to_who_asks_it);
    tcase_add_test(tests, a_host_that_failed_too_often_in_a_row_is_given_up);
    tcase_add_test(tests, a_stop_drains_what_sleeps_and_what_is_held);
    tcase_add_test(tests, one_host_is_asked_in_the_order_of_the_list);
    tcase_add_test(tests, a_host_that_never_answered_has_one_place);
    tcase_add_test(tests, an_origin_is_host_and_port);
    tcase_add_test(tests, a_long_queue_holds_up_no_other_host);
    tcase_add_test(tests, hosts_take_turns);
    tcase_add_test(tests, what_is_put_back_is_next_at_its_host);
    tcase_add_test(tests, a_redirect_stands_first_in_line_at_its_new_host);
    tcase_add_test(tests, a_return_is_let_in_however_full_it_is);
    tcase_add_test(tests,
                   the_end_is_told_when_all_have_finished_and_not_before);
    tcase_add_test(tests, whoever_was_told_to_wait_is_woken);
    tcase_add_test(tests, closing_and_stopping_wake_too);
    tcase_add_test(tests, idle_hosts_are_forgotten_longest_idle_first);
    tcase_add_test(tests, no_host_is_remembered_when_memory_is_nought);
    tcase_add_test(tests, ten_thousand_hosts_are_told_apart);
    tcase_add_loop_test(tests, adding_waits_for_room_and_goes_on, 0, 6);
    tcase_add_test(tests, several_that_wait_for_room_all_go_on);
    tcase_add_test(tests, a_stop_refuses_those_that_wait_for_room);
    tcase_add_test(tests, after_a_stop_nothing_is_given_out_or_let_in);
    tcase_add_test(tests, a_drain_takes_out_all_that_wait);
    tcase_add_test(tests, a_drain_does_not_wait_for_what_runs);
    tcase_add_loop_test(tests, no_host_has_ever_more_than_its_limit, 0, 5);
    tcase_add_test(tests, takers_and_a_feeder_side_by_side_keep_the_ledger);
}

int main(void)
{
    Suite *suite = suite_create("frontier");
    TCase *tests = tcase_create("frontier");
    tcase_set_timeout(tests, 10);
    suite_add_tcase(suite, tests);
    add_tests(tests);
    return run_suite(suite);
}
