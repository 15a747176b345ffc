/*
 * What a run is made of: the pool, the team, the frontier, the fetcher and the
 * connections between them, each set as the options say, and started in the
 * order in which they need each other.
 */
#include "pipeline_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/digest.h"
#include "fetchgrep/base/log.h"

#include <sys/random.h>
#include <sys/resource.h>

enum {
    FRONTIER_CAPACITY = 8 << 10, /* entries that wait, some 500 bytes each */
    CAPACITY_FACTOR = 4,         /* or so many for each transfer at once */
    HOST_MEMORY = 64 << 10,      /* hosts remembered */
    QUEUE_CAPACITY = 256,
    OTHER_DESCRIPTORS = 64,
    HELD_MAX = 16 << 20, /* results of parts of archives held back */
    HELD_MAX_A_WORKER = 8 << 20,
};

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
            ? page_pool_new_shared(size, reserve, pipeline_wake_fetchers,
                                   pipeline, err)
            : page_pool_new(size, reserve, pipeline_wake_fetchers, pipeline,
                            err);
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
    const struct fetch_hooks hooks = pipeline_fetch_hooks(pipeline);
    warn_of_proxy(&pipeline->fetch_options);
    fit_descriptors(&pipeline->fetch_options);
    if (options->obeys_robots)
        pipeline->robots =
            robots_desk_new(options->fetch.user_agent, HOST_MEMORY, NULL, err);
    if (options->obeys_robots && !pipeline->robots)
        return false;
    pipeline->frontier =
        frontier_new(&frontier, pipeline_wake_fetchers, pipeline, err);
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
    job->wake = pipeline_wake_fetchers;
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
        .deliver = pipeline_deliver,
        .fail = pipeline_fail,
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
        .append = pipeline_append,
        .redo = pipeline_redo_span,
        .ctx = pipeline,
    };
    pipeline->chain = span_chain_new(&options, err);
    return pipeline->chain != NULL;
}

bool pipeline_prepare(struct pipeline *pipeline, struct error *err)
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
    pipeline_stop(pipeline, 0);
    if (pipeline->fetcher)
        fetch_join(pipeline->fetcher);
    if (pipeline->queue)
        queue_close(pipeline->queue);
    team_join(pipeline->team);
}

bool pipeline_start(struct pipeline *pipeline, struct error *err)
{
    bool is_fetched = pipeline->manifest != NULL;
    bool done = make_connections(pipeline, err) &&
                team_start(pipeline->team, pipeline->queue, err) &&
                (!is_fetched || start_fetch(pipeline, err));
    if (done) {
        int code =
            pthread_create(&pipeline->feeder, NULL, pipeline_feed, pipeline);
        done = code == 0 || error_set_errno(err, ERR_SYSTEM, code,
                                            "cannot start the feeder");
    }
    if (!done)
        abandon(pipeline);
    return done;
}
