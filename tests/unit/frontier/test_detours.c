/*
 * Entries that fetch something for others first, and those that wait for it
 * with their places: nobody waits for somebody who waits for him.
 */
#include "fetchgrep/frontier/frontier.h"

#include "fetchgrep/base/clock.h"

#include "suite.h"
#include <stdlib.h>

enum { PER_HOST = 2 };

static const struct frontier_answer answered = { .has_answered = true };

static int64_t now_ns;
static int64_t due_ns;

static int64_t clock_of_test(void)
{
    return now_ns;
}

static struct frontier *new_frontier(void)
{
    struct error err = { 0 };
    const struct frontier_options options = { .per_host = PER_HOST,
                                              .capacity = 10000,
                                              .host_memory = 10,
                                              .now_ns = clock_of_test };
    now_ns = CLOCK_NS_PER_S;
    struct frontier *frontier = frontier_new(&options, NULL, NULL, &err);
    ck_assert_msg(frontier != NULL, "%s", err.message);
    return frontier;
}

static void aim(struct entry *entry, int host)
{
    char text[64], problem[ERROR_MESSAGE_SIZE];
    snprintf(text, sizeof(text), "http://host%d/", host);
    url_release(&entry->target);
    ck_assert(url_parse(view_of_string(text), &entry->target, problem) ==
              URL_OK);
}

static void add(struct frontier *frontier, uint64_t id, int host)
{
    struct error err = { 0 };
    struct entry *entry = entry_new();
    ck_assert_ptr_nonnull(entry);
    entry->id = id;
    aim(entry, host);
    ck_assert(frontier_add(frontier, entry, &err));
}

static struct entry *take(struct frontier *frontier)
{
    struct entry *entry = NULL;
    return frontier_take(frontier, &entry, &due_ns) == FRONTIER_ENTRY ? entry
                                                                      : NULL;
}

static struct entry *take_this(struct frontier *frontier, uint64_t id)
{
    struct entry *entry = take(frontier);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(entry->id, id);
    return entry;
}

static void begin_detour(struct entry *entry)
{
    entry->detour = calloc(1, sizeof(*entry->detour));
    ck_assert_ptr_nonnull(entry->detour);
}

static void end_detour(struct entry *entry)
{
    free(entry->detour);
    entry->detour = NULL;
}

static void put_back(struct frontier *frontier, struct entry *entry)
{
    struct error err;
    ck_assert(frontier_return(frontier, entry, &answered, &err));
}

static void finish(struct frontier *frontier, struct entry *entry)
{
    frontier_finish(frontier, entry, &answered);
    entry_free(entry, NULL);
}

/* Five entries at host 1, which is known to answer: the first is on its
 * detour, the next two are parked and have all places that are left. */
static void set_out(struct frontier *frontier, struct entry *ret_entries[3])
{
    struct error err;
    add(frontier, 9, 1);
    finish(frontier, take_this(frontier, 9));
    for (uint64_t id = 0; id < 5; id++)
        add(frontier, id, 1);
    ret_entries[0] = take_this(frontier, 0);
    begin_detour(ret_entries[0]);
    ret_entries[1] = take_this(frontier, 1);
    frontier_park(frontier, ret_entries[1]);
    ck_assert_ptr_null(take(frontier));
    ck_assert(frontier_retry(frontier, ret_entries[0], &answered,
                             CLOCK_NS_PER_S, &err));
    ret_entries[2] = take_this(frontier, 2);
    frontier_park(frontier, ret_entries[2]);
    ck_assert_ptr_null(take(frontier));
    ck_assert_uint_eq(frontier_counts(frontier).parked, 2);
    ck_assert_uint_eq(frontier_counts(frontier).running, 2);
}

START_TEST(what_is_parked_does_not_hold_up_whom_it_waits_for)
{
    struct frontier *frontier = new_frontier();
    struct entry *entries[3];
    set_out(frontier, entries);
    now_ns += CLOCK_NS_PER_S;
    take_this(frontier, 0);
    /* Nobody else has a place. */
    ck_assert_ptr_null(take(frontier));
    end_detour(entries[0]);
    put_back(frontier, entries[2]);
    put_back(frontier, entries[1]);
    put_back(frontier, entries[0]);
    ck_assert_uint_eq(frontier_counts(frontier).parked, 0);
    for (uint64_t id = 0; id < 5; id++)
        finish(frontier, take_this(frontier, id));
    frontier_free(frontier);
}
END_TEST

/* Others that come back to the front stand behind it. */
START_TEST(an_entry_on_a_detour_is_always_first)
{
    struct frontier *frontier = new_frontier();
    struct entry *entries[3], *other;
    set_out(frontier, entries);
    add(frontier, 7, 2);
    add(frontier, 8, 3);
    struct entry *seven = take_this(frontier, 7);
    struct entry *eight = take_this(frontier, 8);
    begin_detour(eight);
    aim(eight, 1);
    aim(seven, 1);
    put_back(frontier, eight);
    put_back(frontier, seven);
    take_this(frontier, 8);
    now_ns += CLOCK_NS_PER_S;
    take_this(frontier, 0);
    ck_assert_ptr_null(take(frontier));
    end_detour(entries[0]);
    end_detour(eight);
    finish(frontier, eight);
    put_back(frontier, entries[2]);
    put_back(frontier, entries[1]);
    put_back(frontier, entries[0]);
    static const uint64_t order[] = { 0, 1, 2, 7, 3, 4 };
    for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
        other = take_this(frontier, order[i]);
        finish(frontier, other);
    }
    frontier_free(frontier);
}
END_TEST

START_TEST(unparked_it_stands_in_the_way_again)
{
    struct frontier *frontier = new_frontier();
    struct entry *entries[3];
    set_out(frontier, entries);
    frontier_unpark(frontier, entries[1]);
    frontier_unpark(frontier, entries[2]);
    ck_assert_uint_eq(frontier_counts(frontier).parked, 0);
    now_ns += CLOCK_NS_PER_S;
    ck_assert_ptr_null(take(frontier));
    finish(frontier, entries[1]);
    take_this(frontier, 0);
    finish(frontier, entries[2]);
    end_detour(entries[0]);
    finish(frontier, entries[0]);
    finish(frontier, take_this(frontier, 3));
    finish(frontier, take_this(frontier, 4));
    frontier_free(frontier);
}
END_TEST

START_TEST(a_stop_drains_detours_and_leaves_what_is_parked)
{
    struct frontier *frontier = new_frontier();
    struct entry *entries[3], *entry;
    set_out(frontier, entries);
    frontier_stop(frontier);
    size_t count = 0;
    for (; (entry = frontier_drain(frontier)) != NULL; count++)
        entry_free(entry, NULL);
    ck_assert_uint_eq(count, 3); /* 0, 3, 4 */
    finish(frontier, entries[1]);
    finish(frontier, entries[2]);
    frontier_free(frontier);
}
END_TEST

START_TEST(a_host_that_wants_a_pause_gets_it)
{
    struct frontier *frontier = new_frontier();
    struct view origin;
    add(frontier, 9, 1);
    struct entry *first = take_this(frontier, 9);
    for (uint64_t id = 0; id < 3; id++)
        add(frontier, id, 1);
    origin = first->target.origin;
    ck_assert(frontier_slow_down(frontier, origin, 3 * CLOCK_NS_PER_S));
    put_back(frontier, first);
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_null(take(frontier));
        ck_assert_int_eq(due_ns, now_ns + 3 * CLOCK_NS_PER_S);
        now_ns = due_ns;
        struct entry *entry = take(frontier);
        ck_assert_ptr_nonnull(entry);
        /* Told again, it is no news. */
        ck_assert(frontier_slow_down(frontier, entry->target.origin,
                                     3 * CLOCK_NS_PER_S));
        ck_assert_ptr_null(take(frontier));
        finish(frontier, entry);
    }
    frontier_free(frontier);
}
END_TEST

/* ---- at random ----------------------------------------------------------
 * Hosts whose rules must be fetched before their first page, with failures and
 * redirects to each other, as run/ does it. */

enum { HOSTS = 6, ENTRIES = 1500, MOVING_MAX = 30 };

enum rules { UNKNOWN, ASKED, KNOWN };

struct simulation {
    struct frontier *frontier;
    uint64_t seed;
    enum rules rules[HOSTS];
    struct entry *waiting[HOSTS]; /* by `next` */
    struct entry *moving[MOVING_MAX];
    size_t moving_count;
    int home[ENTRIES];  /* its host */
    int place[ENTRIES]; /* where its transfer goes now */
    int at_host[HOSTS]; /* transfers */
    bool has_answered[HOSTS];
    size_t finished;
};

static size_t roll(struct simulation *sim, size_t below)
{
    sim->seed ^= sim->seed >> 12;
    sim->seed ^= sim->seed << 25;
    sim->seed ^= sim->seed >> 27;
    return (size_t)((sim->seed * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* Whether it may be fetched now, or waits for its host's rules. */
static bool sim_may_go(struct simulation *sim, struct entry *entry)
{
    int host = sim->home[entry->id];
    if (entry->detour || sim->rules[host] == KNOWN)
        return true;
    if (sim->rules[host] == UNKNOWN) {
        sim->rules[host] = ASKED;
        begin_detour(entry);
        return true;
    }
    frontier_park(sim->frontier, entry);
    entry->next = sim->waiting[host];
    sim->waiting[host] = entry;
    return false;
}

static bool sim_take(struct simulation *sim)
{
    struct entry *entry;
    if (sim->moving_count == MOVING_MAX)
        return false;
    while ((entry = take(sim->frontier)) != NULL) {
        if (!sim_may_go(sim, entry))
            continue;
        int place = sim->place[entry->id];
        if (++sim->at_host[place] > (sim->has_answered[place] ? PER_HOST : 1))
            ck_abort_msg("%d at host %d", sim->at_host[place], place);
        sim->moving[sim->moving_count++] = entry;
        return true;
    }
    return false;
}

static void sim_settle(struct simulation *sim, struct entry *entry)
{
    int host = sim->home[entry->id];
    sim->rules[host] = KNOWN;
    while (sim->waiting[host]) {
        struct entry *waiting = sim->waiting[host];
        sim->waiting[host] = waiting->next;
        put_back(sim->frontier, waiting);
    }
    end_detour(entry);
    sim->place[entry->id] = host;
    aim(entry, host);
    put_back(sim->frontier, entry);
}

static void sim_end_one(struct simulation *sim)
{
    struct error err;
    size_t at = roll(sim, sim->moving_count);
    struct entry *entry = sim->moving[at];
    sim->moving[at] = sim->moving[--sim->moving_count];
    sim->at_host[sim->place[entry->id]]--;
    sim->has_answered[sim->place[entry->id]] = true;
    switch (entry->detour ? roll(sim, 5) : 9) {
    case 0:
    case 1: /* a redirect */
        sim->place[entry->id] = (int)roll(sim, HOSTS);
        aim(entry, sim->place[entry->id]);
        put_back(sim->frontier, entry);
        break;
    case 2:
    case 3: /* tried again */
        ck_assert(frontier_retry(sim->frontier, entry, &answered,
                                 (int64_t)roll(sim, 100), &err));
        break;
    case 4:
        sim_settle(sim, entry);
        break;
    default:
        finish(sim->frontier, entry);
        sim->finished++;
    }
}

START_TEST(every_entry_comes_to_its_end)
{
    static struct simulation sim;
    sim = (struct simulation){ .seed = 0x2545F4914F6CDD1Du + (uint64_t)_i };
    sim.frontier = new_frontier();
    for (uint64_t id = 0; id < ENTRIES; id++) {
        sim.home[id] = sim.place[id] = (int)roll(&sim, HOSTS);
        add(sim.frontier, id, sim.home[id]);
    }
    frontier_close(sim.frontier);
    while (sim.finished < ENTRIES) {
        while (roll(&sim, 4) && sim_take(&sim))
            continue;
        if (!sim.moving_count && !sim_take(&sim)) {
            if (!due_ns)
                ck_abort_msg("stuck with %d of %d", (int)sim.finished, ENTRIES);
            now_ns = due_ns;
            continue;
        }
        sim_end_one(&sim);
        /* Known anew now and then. */
        int host = (int)roll(&sim, HOSTS);
        if (sim.rules[host] == KNOWN && !roll(&sim, 10))
            sim.rules[host] = UNKNOWN;
    }
    struct frontier_counts counts = frontier_counts(sim.frontier);
    ck_assert_uint_eq(counts.running + counts.parked + counts.waiting, 0);
    frontier_free(sim.frontier);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("detours");
    TCase *tests = tcase_create("detours");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, what_is_parked_does_not_hold_up_whom_it_waits_for);
    tcase_add_test(tests, an_entry_on_a_detour_is_always_first);
    tcase_add_test(tests, unparked_it_stands_in_the_way_again);
    tcase_add_test(tests, a_stop_drains_detours_and_leaves_what_is_parked);
    tcase_add_test(tests, a_host_that_wants_a_pause_gets_it);
    tcase_add_loop_test(tests, every_entry_comes_to_its_end, 0, 8);
    return run_suite(suite);
}
