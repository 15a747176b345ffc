/*
 * The way of an entry, from top to bottom of this file:
 *
 *   feeder thread     manifest -> frontier          (feeder.c)
 *                     or spans -> queue
 *   event loops       frontier -> fetch -> queue    (or back to the frontier)
 *   team              queue -> page_job -> recorder
 *   main thread       signals, progress, the end
 *
 * Every entry that the manifest hands out comes back as one outcome; at the
 * end the ledger must balance.
 */
#include "pipeline_state.h"

#include "attempts.h"

#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/digest.h"
#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/interrupt.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    FRONTIER_CAPACITY = 8 << 10, /* entries that wait, some 500 bytes each */
    CAPACITY_FACTOR = 4,         /* or so many for each transfer at once */
    LOOP_ITEMS = 64,             /* delivered at once by a loop at most */
    HOST_MEMORY = 64 << 10,      /* hosts remembered */
    QUEUE_CAPACITY = 256,
    STOP_GRACE_MS = 2000, /* for transfers in flight after a signal */
    OTHER_DESCRIPTORS = 64,
    POOL_SLACK = 1 << 20,
    HELD_MAX = 16 << 20, /* results of parts of archives held back */
    HELD_MAX_A_WORKER = 8 << 20,
};

/* ---- stopping --------------------------------------------------------- */

static void stop(struct pipeline *pipeline, int64_t grace_ms)
{
    atomic_store(&pipeline->is_stopping, true);
    team_stop(pipeline->team);
    interrupt_stop_reading();
    if (pipeline->frontier)
        frontier_stop(pipeline->frontier);
    struct fetcher *fetcher = atomic_load(&pipeline->fetcher);
    if (fetcher)
        fetch_stop(fetcher, grace_ms);
    if (pipeline->chain)
        span_chain_stop(pipeline->chain);
    if (pipeline->spans)
        queue_close(pipeline->queue);
}

/* The first failure is kept; the run stops. */
static void fail(void *ctx, const struct error *err)
{
    struct pipeline *pipeline = ctx;
    pthread_mutex_lock(&pipeline->failure_lock);
    bool is_first = pipeline->failure.code == ERR_NONE;
    if (is_first)
        pipeline->failure = *err;
    pthread_mutex_unlock(&pipeline->failure_lock);
    if (is_first)
        stop(pipeline, 0);
}

/* ---- what goes to the team -------------------------------------------- */

/* Page bytes that wait for the team. */
static size_t waiting_bytes(const struct entry *entry)
{
    return entry->page ? entry->page->bytes.capacity : 0;
}

static void send_to_team(void *ctx, struct entry **entries, size_t count)
{
    struct pipeline *pipeline = ctx;
    struct error err;
    void *items[LOOP_ITEMS];
    size_t bytes = 0;
    assert(count <= LOOP_ITEMS);
    for (size_t i = 0; i < count; i++) {
        items[i] = entries[i];
        bytes += waiting_bytes(entries[i]);
    }
    atomic_fetch_add(&pipeline->job.waiting_bytes, bytes);
    size_t taken = queue_push_over(pipeline->queue, items, count);
    if (taken == count)
        return;
    for (size_t i = taken; i < count; i++)
        page_job_drop_entry(&pipeline->job, entries[i]);
    error_no_memory(&err, "the queue of pages");
    fail(pipeline, &err);
}

/* ---- spans -> queue --------------------------------------------------- */

static bool feed_spans(struct pipeline *pipeline, struct error *err)
{
    struct span *span;
    enum spans_result result;
    while ((result = spans_next(pipeline->spans, &span, err)) == SPANS_ITEM) {
        if (!span_chain_admit(pipeline->chain, span, err) ||
            !queue_push(pipeline->queue, span)) {
            span_free(span);
            return atomic_load(&pipeline->is_stopping);
        }
    }
    if (result == SPANS_END)
        atomic_store(&pipeline->all_handed_out, true);
    /* Parts may have to be read again. */
    span_chain_wait(pipeline->chain);
    return result == SPANS_END;
}

/* Feeds, and then waits for one stage after the other. */
static void *feeder_main(void *ctx)
{
    struct pipeline *pipeline = ctx;
    struct error err = { 0 };
    bool done = pipeline->manifest ? feed_entries(pipeline, &err)
                                   : feed_spans(pipeline, &err);
    if (!done && err.code != ERR_NONE)
        fail(pipeline, &err);
    if (pipeline->manifest) {
        frontier_close(pipeline->frontier);
        fetch_join(pipeline->fetcher);
    }
    queue_close(pipeline->queue);
    team_join(pipeline->team);
    atomic_store(&pipeline->is_done, true);
    interrupt_wake();
    return NULL;
}

/* ---- frontier -> fetch -> queue, or back ------------------------------ */

static void wake_fetchers(void *ctx)
{
    struct pipeline *pipeline = ctx;
    struct fetcher *fetcher = atomic_load(&pipeline->fetcher);
    if (fetcher)
        fetch_wake(fetcher);
}

/* Pages that the team has no time for yet are not fetched ahead without end:
 * they would only take memory. */
static bool is_team_behind(struct pipeline *pipeline)
{
    struct page_job *job = &pipeline->job;
    if (atomic_load(&job->waiting_bytes) < job->waiting_limit)
        return false;
    /* Said before looking again, so that no wake-up in between is lost. */
    atomic_store(&job->is_held_back, true);
    return atomic_load(&job->waiting_bytes) >= job->waiting_limit / 2;
}

/* Back in line, with its place given up. */
static void put_in_line_again(struct pipeline *pipeline, struct entry *entry,
                              const struct frontier_answer *answer)
{
    struct error err;
    if (frontier_return(pipeline->frontier, entry, answer, &err))
        return;
    page_job_free_entry(&pipeline->job, entry);
    fail(pipeline, &err);
}

/* Its host gets the pause that robots.txt wants. Told again for each page: a
 * host may have been forgotten since. */
static void slow_down(struct pipeline *pipeline, const struct entry *entry,
                      int64_t delay_ms)
{
    struct error err;
    if (!delay_ms ||
        frontier_slow_down(pipeline->frontier, entry->target.origin,
                           delay_ms * CLOCK_NS_PER_MS))
        return;
    error_no_memory(&err, "the frontier");
    fail(pipeline, &err);
}

/* The entry is back with its origin's robots.txt: those that have waited for it
 * stand in line again. */
static void end_detour(struct pipeline *pipeline, struct entry *entry)
{
    const struct frontier_answer none = { 0 };
    int64_t delay_ms;
    entry = robots_desk_settle(pipeline->robots, entry, &delay_ms);
    slow_down(pipeline, entry, delay_ms);
    while (entry->next) {
        struct entry *waiting = entry->next;
        entry->next = waiting->next;
        waiting->next = NULL;
        put_in_line_again(pipeline, waiting, &none);
    }
}

/* The host that it went to for a robots.txt is given up. If that is not its
 * own, its own is not to blame, but nobody knows its rules. */
static void give_up_detour(struct pipeline *pipeline, struct entry *entry)
{
    bool is_elsewhere =
        !view_equal(entry->target.origin, entry->detour->target.origin);
    end_detour(pipeline, entry);
    if (!is_elsewhere)
        return;
    char *why = entry->detail;
    entry->detail = NULL;
    entry_end(entry, OUTCOME_ROBOTS_DENIED,
              "its robots.txt could not be had%s%s", why ? ": " : "",
              why ? why : "");
    free(why);
}

/* An entry that waits at the desk is parked before it is the desk's: whoever
 * brings the rules may have it at once. */
static enum robots_turn ask_desk(struct pipeline *pipeline, struct entry *entry)
{
    enum robots_turn turn;
    int64_t delay_ms;
    while ((turn = robots_desk_ask(pipeline->robots, entry, &delay_ms)) ==
           ROBOTS_WAITS) {
        frontier_park(pipeline->frontier, entry);
        if (robots_desk_wait(pipeline->robots, entry))
            return turn;
        frontier_unpark(pipeline->frontier, entry);
    }
    if (turn == ROBOTS_GO)
        slow_down(pipeline, entry, delay_ms);
    return turn;
}

/* Whether the origin's robots.txt lets the entry be fetched now. If not, it has
 * gone where it belongs. */
static bool may_go(struct pipeline *pipeline, struct entry *entry)
{
    const struct frontier_answer none = { 0 };
    struct error err;
    if (!pipeline->robots)
        return true;
    switch (ask_desk(pipeline, entry)) {
    case ROBOTS_GO:
        return true;
    case ROBOTS_WAITS:
        return false;
    case ROBOTS_OVER:
        frontier_finish(pipeline->frontier, entry, &none);
        send_to_team(pipeline, &entry, 1);
        return false;
    case ROBOTS_FAILED:
    default:
        error_no_memory(&err, "robots.txt");
        frontier_finish(pipeline->frontier, entry, &none);
        page_job_free_entry(&pipeline->job, entry);
        fail(pipeline, &err);
        return false;
    }
}

enum frontier_result pipeline_take_turn(struct pipeline *pipeline,
                                        struct entry **ret_entry,
                                        int64_t *ret_due_ns)
{
    struct entry *entry;
    for (;;) {
        enum frontier_result result =
            frontier_take(pipeline->frontier, &entry, ret_due_ns);
        if (result == FRONTIER_ENTRY && may_go(pipeline, entry))
            *ret_entry = entry;
        else if (result == FRONTIER_ENTRY)
            continue;
        if (result != FRONTIER_GIVEN_UP)
            return result;
        if (entry->detour)
            give_up_detour(pipeline, entry);
        send_to_team(pipeline, &entry, 1);
    }
}

/* A hop may wait long for its turn: its bytes leave the pool. Beyond a quarter
 * of --memory only the head is kept, and the record says so. */
static bool set_hop_aside(struct pipeline *pipeline, struct page *page)
{
    struct page_job *job = &pipeline->job;
    size_t size = page->head_size + page->body_size;
    if (atomic_load(&job->heap_bytes) + size > pipeline->options->memory / 4) {
        size = page->head_size;
        page->cut = page->body_size ? PAGE_CUT_LENGTH : page->cut;
        page->body_size = 0;
    }
    if (!page_pool_move_to_heap(pipeline->pool, &page->bytes, size))
        return false;
    atomic_fetch_add(&job->heap_bytes, size);
    return true;
}

/* The entry goes on without its newest page: as a hop on the heap, or, when
 * nothing is kept, not at all. */
static bool leave_page(struct pipeline *pipeline, struct entry *entry)
{
    if (pipeline->options->store != WARC_STORE_NONE)
        return set_hop_aside(pipeline, entry->page);
    page_free(entry->page, pipeline->pool);
    entry->page = NULL;
    return true;
}

/* The target of a redirect becomes the entry's next; false when it cannot. */
static bool find_next_hop(struct pipeline *pipeline, struct entry *entry,
                          struct view location)
{
    char problem[ERROR_MESSAGE_SIZE] = "out of memory";
    struct url next;
    uint32_t most =
        entry->detour ? ROBOTS_REDIRECTS_MAX : pipeline->options->max_redirects;
    if (entry->redirects >= most) {
        entry_end(entry, OUTCOME_TOO_MANY_REDIRECTS, "more than %u redirects%s",
                  most, entry->detour ? "" : " (--max-redirects)");
        return false;
    }
    enum url_result result =
        url_resolve(&entry->page->url, location, &next, problem);
    if (result == URL_OK) {
        entry->target = next;
        return true;
    }
    char *shown = url_shown(view_first(location, 200));
    entry_end(entry,
              result == URL_DENIED ? OUTCOME_DENIED : OUTCOME_BAD_RESPONSE,
              "redirect to %s: %s", shown ? shown : "?", problem);
    free(shown);
    return false;
}

/* Sends a redirected entry to its next host's queue. False: it is over. */
static bool follow(struct pipeline *pipeline, struct entry *entry,
                   const struct frontier_answer *answer)
{
    struct view location;
    struct error err;
    if (entry->outcome != OUTCOME_OK || !entry->page ||
        !fetch_redirect_location(entry->page, &location) ||
        !find_next_hop(pipeline, entry, location))
        return false;
    if (!entry_keep_login(entry)) {
        error_no_memory(&err, "a URL");
        fail(pipeline, &err);
        url_release(&entry->target);
        return false;
    }
    if (!leave_page(pipeline, entry)) {
        error_no_memory(&err, "a redirect's page");
        fail(pipeline, &err);
        url_release(&entry->target);
        return false;
    }
    entry->redirects++;
    entry->need_bytes = 0;
    if (frontier_return(pipeline->frontier, entry, answer, &err))
        return true;
    page_job_free_entry(&pipeline->job, entry);
    fail(pipeline, &err);
    return true;
}

/* Bits that differ for each entry, attempt and run. */
static uint64_t random_bits(const struct pipeline *pipeline,
                            const struct entry *entry)
{
    const uint64_t what[] = { entry->id, entry->attempts };
    return XXH3_64bits_withSeed(what, sizeof(what), pipeline->job.warc_seed);
}

/* Puts a failed entry to sleep until it is tried again. False: it is over. */
static bool try_again(struct pipeline *pipeline, struct entry *entry,
                      const struct frontier_answer *answer)
{
    struct error err;
    int64_t delay_ns;
    if (!entry_wants_retry(entry, pipeline->options->retries,
                           random_bits(pipeline, entry), &delay_ns))
        return false;
    entry_forget_attempt(entry, pipeline->pool);
    entry->attempts++;
    if (frontier_retry(pipeline->frontier, entry, answer, delay_ns, &err))
        return true;
    page_job_free_entry(&pipeline->job, entry);
    fail(pipeline, &err);
    return true;
}

/* From a detour: the entry waits for its own page's turn now. */
static void come_back(struct pipeline *pipeline, struct entry *entry,
                      const struct frontier_answer *answer)
{
    struct error err;
    end_detour(pipeline, entry);
    if (pipeline->options->store == WARC_STORE_NONE) {
        page_free(entry->asides, pipeline->pool);
        entry->asides = NULL;
    } else if (entry->asides && !set_hop_aside(pipeline, entry->asides)) {
        error_no_memory(&err, "robots.txt");
        fail(pipeline, &err);
    }
    free(entry->detail);
    entry->detail = NULL;
    entry->outcome = OUTCOME_OK;
    put_in_line_again(pipeline, entry, answer);
}

/* What the end of its transfer means. True: it is over. */
static bool settle(struct pipeline *pipeline, struct entry *entry,
                   bool has_answered)
{
    const struct frontier_answer answer =
        answer_of(entry, has_answered, clock_wall_ms());
    if (follow(pipeline, entry, &answer) || try_again(pipeline, entry, &answer))
        return false;
    if (entry->detour) {
        come_back(pipeline, entry, &answer);
        return false;
    }
    frontier_finish(pipeline->frontier, entry, &answer);
    return true;
}

static enum fetch_take_result take_entry(void *ctx, struct entry **ret_entry,
                                         int64_t *ret_due_ns)
{
    struct pipeline *pipeline = ctx;
    if (!atomic_load(&pipeline->is_stopping) && is_team_behind(pipeline))
        return FETCH_TAKE_WAIT;
    struct entry *entry;
    for (;;) {
        switch (pacing_take(pipeline, &entry, ret_due_ns)) {
        case PACING_ENTRY:
            *ret_entry = entry;
            return FETCH_TAKE_ENTRY;
        case PACING_FAILED:
            if (settle(pipeline, entry, false))
                send_to_team(pipeline, &entry, 1);
            continue;
        case PACING_WAIT:
            return FETCH_TAKE_WAIT;
        case PACING_END:
        default:
            return FETCH_TAKE_END;
        }
    }
}

static bool finish_entry(void *ctx, struct entry *entry, bool has_answered)
{
    struct pipeline *pipeline = ctx;
    if (!entry->attempts)
        entry->attempts = 1;
    return !pacing_keep(pipeline, entry, has_answered) &&
           settle(pipeline, entry, has_answered);
}

static void put_entry_back(void *ctx, struct entry *entry, bool has_answered,
                           int64_t hold_ns)
{
    struct pipeline *pipeline = ctx;
    const struct frontier_answer answer = { .has_answered = has_answered,
                                            .hold_ns = hold_ns };
    put_in_line_again(pipeline, entry, &answer);
}

/* ---- team -> recorder ------------------------------------------------- */

static void tell_damage(struct pipeline *pipeline, const struct block *block)
{
    struct view lines = buf_view(&block->damage);
    atomic_fetch_add(&pipeline->damage_count, block->damage_count);
    while (lines.size) {
        struct view line = view_split(&lines, '\n');
        log_warning("%.*s", VIEW_ARG(line));
    }
}

static bool append(void *ctx, const struct block *block, struct error *err)
{
    struct pipeline *pipeline = ctx;
    tell_damage(pipeline, block);
    if (!recorder_append(pipeline->recorder, block, err))
        return false;
    if (pipeline->payloads)
        payloads_publish(pipeline->payloads, buf_view(&block->notes));
    return true;
}

static bool deliver(void *ctx, const struct block *block, struct error *err)
{
    struct pipeline *pipeline = ctx;
    return pipeline->chain ? span_chain_deliver(pipeline->chain, block, err)
                           : append(pipeline, block, err);
}

/* A part of an archive that is to be read again. */
static bool redo_span(void *ctx, struct span *span, struct error *err)
{
    struct pipeline *pipeline = ctx;
    if (queue_push_first(pipeline->queue, span))
        return true;
    span_free(span);
    return atomic_load(&pipeline->is_stopping) ||
           error_no_memory(err, "the queue of spans");
}

/* ---- starting --------------------------------------------------------- */

/* A descriptor for each transfer and kept connection: up to the hard limit;
 * beyond it fewer transfers, and a word about it. */
static void fit_descriptors(struct fetch_options *fetch)
{
    struct rlimit limit;
    uint64_t need = fetch_descriptors(fetch->concurrency) + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= need)
        return;
    limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= need)
        return;
    uint32_t fits = 1;
    while (fits < fetch->concurrency &&
           fetch_descriptors(fits + 1) + OTHER_DESCRIPTORS <= limit.rlim_cur)
        fits++;
    log_warning("--concurrency %u needs %llu open files, the limit is %llu: "
                "%u transfers at once (ulimit -n raises it)",
                fetch->concurrency, (unsigned long long)need,
                (unsigned long long)limit.rlim_cur, fits);
    fetch->concurrency = fits;
    if (fetch->loop_count > fits)
        fetch->loop_count = fits;
}

static void warn_of_proxy(const struct fetch_options *fetch)
{
    if (!fetch_resolves_names(fetch) && !fetch->address_rule->allows_all)
        log_warning("behind --proxy only literal addresses can be checked: "
                    "where names lead is the proxy's business");
}

/* The longest page always has its place, the reserve; when --memory is too
 * small for that and the others, the reserve comes on top. */
static bool make_pool(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    size_t reserve = options->fetch.max_body + FETCH_HEAD_MAX;
    size_t size = options->memory;
    if (size < 2 * reserve) {
        char asked[BYTES_TEXT_SIZE], used[BYTES_TEXT_SIZE];
        size += reserve;
        format_bytes((double)options->memory, asked);
        format_bytes((double)size, used);
        log_note("--memory %s is less than twice the longest page "
                 "(--max-body): up to %s are used",
                 asked, used);
    }
    pipeline->pool =
        options->isolation == TEAM_PROCESSES
            ? page_pool_new_shared(size, reserve, wake_fetchers, pipeline, err)
            : page_pool_new(size, reserve, wake_fetchers, pipeline, err);
    return pipeline->pool != NULL;
}

static bool start_fetch(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    size_t wanted = CAPACITY_FACTOR * (size_t)options->fetch.concurrency;
    const struct frontier_options frontier = {
        .concurrency = options->fetch.concurrency,
        .per_host = options->per_host,
        .host_delay_ns = options->host_delay_ms * CLOCK_NS_PER_MS,
        .host_failures = options->host_failures,
        .capacity = wanted > FRONTIER_CAPACITY ? wanted : FRONTIER_CAPACITY,
        .host_memory = HOST_MEMORY,
    };
    const struct fetch_hooks hooks = {
        .take = take_entry,
        .finish = finish_entry,
        .deliver = send_to_team,
        .put_back = put_entry_back,
        .fail = fail,
        .ctx = pipeline,
    };
    warn_of_proxy(&pipeline->fetch_options);
    fit_descriptors(&pipeline->fetch_options);
    if (options->obeys_robots)
        pipeline->robots =
            robots_desk_new(options->fetch.user_agent, HOST_MEMORY, NULL, err);
    if (options->obeys_robots && !pipeline->robots)
        return false;
    pipeline->frontier = frontier_new(&frontier, wake_fetchers, pipeline, err);
    if (!pipeline->frontier)
        return false;
    pipeline->fetcher =
        fetch_start(&pipeline->fetch_options, &hooks, pipeline->pool, err);
    return pipeline->fetcher != NULL;
}

/* What workers know of the run; complete before the team is made. */
static void describe_job(struct pipeline *pipeline, bool is_fetched)
{
    const struct pipeline_options *options = pipeline->options;
    struct page_job *job = &pipeline->job;
    job->patterns = options->patterns;
    job->matcher.max_matches = options->max_matches;
    job->matcher.page_time_ms = options->page_time_ms;
    job->matcher.prefilter = options->prefilter;
    job->matches = options->matches;
    job->costs = options->costs;
    job->text = options->text;
    job->searches_any_status = options->searches_any_status;
    job->choice = options->choice;
    job->chosen_types = options->chosen_types;
    job->checks_digests = options->checks_digests;
    job->is_stream = !options->dir;
    job->max_body = options->fetch.max_body;
    job->store = is_fetched ? options->store : WARC_STORE_NONE;
    job->fetch = &pipeline->fetch_options;
    job->sources = options->inputs;
    job->pool = pipeline->pool;
    job->payloads = pipeline->payloads;
    job->waiting_limit = options->memory / 16;
    job->wake = wake_fetchers;
    job->wake_ctx = pipeline;
    /* Record ids must differ from those of every other run. */
    if (getrandom(&job->warc_seed, sizeof(job->warc_seed), 0) < 0)
        job->warc_seed = (uint64_t)clock_now_ns();
}

static bool make_team(struct pipeline *pipeline, bool is_fetched,
                      struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    struct team_options team = {
        .isolation = options->isolation,
        .worker_count = options->worker_count,
        /* Six bytes of JSON for each of the longest page, and room for more
         * matches than that: beyond it memory is at stake. */
        .block_max_bytes = 64 * options->fetch.max_body + (256 << 20),
        .worker_memory = options->worker_memory,
        .page_limit_ms = (int64_t)options->worker_time_ms,
        .deliver = deliver,
        .fail = fail,
        .ctx = pipeline,
    };
    describe_job(pipeline, is_fetched);
    page_job_describe(&pipeline->job, is_fetched, &team);
    pipeline->team = team_new(&team, err);
    return pipeline->team != NULL;
}

/* Parts of archives at work and waiting: enough that no worker waits for
 * another's part to end. */
static bool make_chain(struct pipeline *pipeline, struct error *err)
{
    const struct match_form *form = pipeline->options->matches.form;
    size_t workers = pipeline->options->worker_count;
    bool must_be_final =
        !pipeline->dir && pipeline->spool_fd < 0 && match_form_has_id(form);
    pipeline->span_ids = span_ids_new(must_be_final);
    if (!pipeline->span_ids)
        return error_no_memory(err, "the ids of pages");
    const struct span_chain_options options = {
        .open_max = 4 * workers + 2,
        .held_max = HELD_MAX + workers * HELD_MAX_A_WORKER,
        .can_settle = match_form_can_renumber(form),
        .has_plain_ids = match_form_has_plain_id(form),
        .must_be_final = must_be_final,
        .ids = pipeline->span_ids,
        .append = append,
        .redo = redo_span,
        .ctx = pipeline,
    };
    pipeline->chain = span_chain_new(&options, err);
    return pipeline->chain != NULL;
}

/* What worker processes inherit, and then themselves: before the directory is
 * locked, for an inherited lock would outlive us, and before any thread. */
static bool prepare(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    bool is_fetched = options->command != PIPELINE_EXTRACT;
    if (options->checks_digests ||
        (is_fetched && options->store != WARC_STORE_NONE))
        digest_set_up();
    if (is_fetched && !make_pool(pipeline, err))
        return false;
    if (pipeline->options->dedupes_pages &&
        !(pipeline->payloads = payloads_new(PAYLOADS_MEMORY, err)))
        return false;
    if (!is_fetched && !(pipeline->job.revisits = revisit_targets_new()))
        return error_no_memory(err, "the records of archives");
    return make_team(pipeline, is_fetched, err);
}

static bool make_connections(struct pipeline *pipeline, struct error *err)
{
    pipeline->queue = queue_new(QUEUE_CAPACITY);
    if (pipeline->spans && !make_chain(pipeline, err))
        return false;
    return pipeline->queue || error_no_memory(err, "the queue of pages");
}

/* After a failed start: what did start comes to its end. */
static void abandon(struct pipeline *pipeline)
{
    stop(pipeline, 0);
    if (pipeline->fetcher)
        fetch_join(pipeline->fetcher);
    if (pipeline->queue)
        queue_close(pipeline->queue);
    team_join(pipeline->team);
}

static bool start(struct pipeline *pipeline, struct error *err)
{
    bool is_fetched = pipeline->manifest != NULL;
    bool done = make_connections(pipeline, err) &&
                team_start(pipeline->team, pipeline->queue, err) &&
                (!is_fetched || start_fetch(pipeline, err));
    if (done) {
        int code =
            pthread_create(&pipeline->feeder, NULL, feeder_main, pipeline);
        done = code == 0 || error_set_errno(err, ERR_SYSTEM, code,
                                            "cannot start the feeder");
    }
    if (!done)
        abandon(pipeline);
    return done;
}

/* ---- the main thread while the stages work ---------------------------- */

static void answer_signals(struct pipeline *pipeline, int *answered)
{
    int count = interrupt_count();
    if (count == *answered)
        return;
    if (*answered == 0)
        stop(pipeline, STOP_GRACE_MS);
    else
        stop(pipeline, 0);
    *answered = count;
}

/* Transfers in flight get a tenth of the time to end, but not longer than
 * after a signal. */
static int64_t deadline_grace_ms(const struct pipeline *pipeline)
{
    int64_t grace_ms = pipeline->options->deadline_ms / 10;
    return grace_ms < STOP_GRACE_MS ? grace_ms : STOP_GRACE_MS;
}

/* Milliseconds until nothing more may start; -1: never. */
static int deadline_wait_ms(const struct pipeline *pipeline)
{
    int64_t deadline_ms = pipeline->options->deadline_ms;
    if (!deadline_ms || pipeline->is_overdue)
        return -1;
    int64_t gone_ms = (clock_now_ns() - pipeline->started_ns) / CLOCK_NS_PER_MS;
    int64_t left_ms = deadline_ms - deadline_grace_ms(pipeline) - gone_ms;
    return left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void keep_deadline(struct pipeline *pipeline)
{
    if (deadline_wait_ms(pipeline) != 0)
        return;
    pipeline->is_overdue = true;
    stop(pipeline, deadline_grace_ms(pipeline));
}

/* -1 is never. */
static int sooner_ms(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void watch(struct pipeline *pipeline)
{
    struct progress progress;
    int answered = 0;
    progress_init(&progress, pipeline);
    while (!atomic_load(&pipeline->is_done)) {
        answer_signals(pipeline, &answered);
        keep_deadline(pipeline);
        progress_tick(&progress, pipeline);
        interrupt_wait(
            sooner_ms(progress_wait_ms(&progress), deadline_wait_ms(pipeline)));
    }
    pthread_join(pipeline->feeder, NULL);
}

static void release(struct pipeline *pipeline)
{
    fetch_free(pipeline->fetcher);
    pipeline_drain(pipeline);
    frontier_free(pipeline->frontier);
    robots_desk_free(pipeline->robots);
    team_free(pipeline->team);
    queue_free(pipeline->queue);
    span_chain_free(pipeline->chain);
    span_ids_free(pipeline->span_ids);
    revisit_targets_free(pipeline->job.revisits);
    recorder_free(pipeline->recorder);
    page_pool_free(pipeline->pool);
    manifest_close(pipeline->manifest);
    dedupe_free(pipeline->dedupe);
    earlier_run_close(pipeline->since);
    payloads_free(pipeline->payloads);
    spans_close(pipeline->spans);
    run_dir_close(pipeline->dir);
    lives_free(pipeline->lives);
    if (pipeline->spool_fd >= 0)
        close(pipeline->spool_fd);
    for (size_t i = 0; pipeline->inputs && i < pipeline->options->input_count;
         i++)
        free(pipeline->inputs[i]);
    free(pipeline->inputs);
    pacing_release(pipeline);
    pthread_mutex_destroy(&pipeline->failure_lock);
}

bool pipeline_run(const struct pipeline_options *options, int *ret_status,
                  struct error *err)
{
    struct pipeline pipeline = {
        .options = options,
        .spool_fd = -1,
        .fetch_options = options->fetch,
        .started_ns = clock_now_ns(),
        .started_wall_ms = clock_wall_ms(),
    };
    pthread_mutex_init(&pipeline.failure_lock, NULL);
    pacing_init(&pipeline);
    bool is_over = false;
    bool done =
        prepare(&pipeline, err) && pipeline_open(&pipeline, &is_over, err);
    if (done && is_over) {
        *ret_status = STATUS_OK;
    } else if (done && (done = start(&pipeline, err))) {
        watch(&pipeline);
        done = pipeline_conclude(&pipeline, ret_status, err);
    }
    release(&pipeline);
    return done;
}
