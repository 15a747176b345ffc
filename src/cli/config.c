#include "config.h"

#include "again_options.h"
#include "choice_options.h"
#include "manifest_options.h"
#include "names.h"
#include "network_options.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

uint32_t config_usable_cores(void)
{
    uint64_t count = 0;
    const char *slurm = getenv("SLURM_CPUS_PER_TASK");
    if (slurm && view_to_u64(view_of_string(slurm), &count) && count &&
        count <= 4096)
        return (uint32_t)count;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    return 1;
}

static bool check_operands(const struct raw_options *raw, struct error *err)
{
    enum command command = raw->command;
    if (!raw->operands.count && command != COMMAND_EXPLAIN)
        return error_set(err, ERR_USAGE, "no %s given; usage: %s",
                         command == COMMAND_EXTRACT ? "input" : "manifest",
                         command_usage(command));
    if (command != COMMAND_FETCH && !raw->pattern_count)
        return error_set(err, ERR_USAGE,
                         "no pattern given: use -e REGEX or -f FILE");
    int flags = raw->dir ? O_RDWR : fcntl(STDOUT_FILENO, F_GETFL);
    if ((flags & O_ACCMODE) == O_RDONLY)
        return error_set(err, ERR_USAGE,
                         command == COMMAND_EXPLAIN
                             ? "standard output is closed"
                             : "standard output is closed, and there is no run "
                               "directory (-o DIR) for the matches");
    if (command == COMMAND_FETCH && !raw->dir)
        return error_set(err, ERR_USAGE, "fetch needs a run directory: -o DIR");
    return true;
}

static bool add_prefilter(struct config *config, const struct raw_options *raw,
                          struct error *err)
{
    char *cache_dir = prefilter_cache_dir();
    const struct prefilter_options options = {
        .is_off = raw->has_no_prefilter,
        .cache_dir = cache_dir,
    };
    config->prefilter = prefilter_new(config->patterns, &options, err);
    free(cache_dir);
    config->pipeline.prefilter = config->prefilter;
    return config->prefilter != NULL;
}

/* --charset auto|raw|NAME */
static bool set_text(struct text_options *text, const struct raw_options *raw,
                     struct error *err)
{
    struct view name = view_of_string(raw->charset);
    text->searches_binary = raw->searches_binary;
    text->is_raw = view_equal_string(name, "raw");
    if (text->is_raw && raw->has_unicode)
        return error_set(err, ERR_USAGE,
                         "--unicode and --charset raw: bytes are no letters");
    if (!name.data || text->is_raw || view_equal_string(name, "auto"))
        return true;
    text->has_charset = true;
    text->charset = charset_of_label(name);
    if (text->charset != CHARSET_NONE && text->charset != CHARSET_REPLACEMENT)
        return true;
    return error_set(err, ERR_USAGE,
                     "--charset: \"%s\" is none of the web's encodings, nor "
                     "auto or raw",
                     raw->charset);
}

static bool add_patterns(struct config *config, const struct raw_options *raw,
                         struct error *err)
{
    if (raw->command == COMMAND_FETCH)
        return true;
    const struct patterns_options options = {
        .ignore_case = raw->ignore_case,
        .is_raw = config->pipeline.text.is_raw,
        .has_unicode = raw->has_unicode,
    };
    config->patterns = patterns_new(&options, err);
    if (!config->patterns)
        return false;
    for (size_t i = 0; i < raw->pattern_count; i++) {
        const struct raw_pattern *pattern = &raw->patterns[i];
        bool done =
            pattern->is_file
                ? patterns_add_file(config->patterns, pattern->text, err)
                : patterns_add_expression(config->patterns,
                                          view_of_string(pattern->text), err);
        if (!done)
            return false;
    }
    config->pipeline.patterns = config->patterns;
    return add_prefilter(config, raw, err);
}

static bool has_header_name(const char *header, const char *name)
{
    return view_equal_nocase(
        view_first(view_of_string(header), strcspn(header, ":;")),
        view_of_string(name));
}

static bool check_header(const char *option, const char *header,
                         struct error *err)
{
    size_t size = strcspn(header, ":;");
    if (size == 0 || !header[size] || strpbrk(header, "\r\n"))
        return error_set(err, ERR_USAGE,
                         "%s: \"%s\" is no header: write it like 'Name: value'",
                         option, header);
    return true;
}

/* What would let every host on the list in on a secret. */
static bool check_headers(const struct raw_options *raw, struct error *err)
{
    static const char *const secrets[] = { "Authorization", "Cookie",
                                           "Proxy-Authorization" };
    for (size_t i = 0; i < raw->headers.count; i++) {
        const char *header = raw->headers.items[i];
        if (!check_header("--header", header, err))
            return false;
        for (size_t j = 0; j < ARRAY_COUNT(secrets); j++)
            if (has_header_name(header, secrets[j]))
                return error_set(err, ERR_USAGE,
                                 "--header: %s would go to every host on the "
                                 "list: use --header-for HOST '%s: ...'",
                                 secrets[j], secrets[j]);
    }
    return true;
}

static bool add_host_headers(struct config *config,
                             const struct raw_options *raw, struct error *err)
{
    size_t count = raw->host_headers.count / 2;
    config->host_headers = calloc(count + 1, sizeof(*config->host_headers));
    if (!config->host_headers)
        return error_no_memory(err, "the headers");
    for (size_t i = 0; i < count; i++) {
        config->host_headers[i] = (struct fetch_host_header){
            .host = raw->host_headers.items[2 * i],
            .header = raw->host_headers.items[2 * i + 1],
        };
        if (!check_header("--header-for", config->host_headers[i].header, err))
            return false;
    }
    config->pipeline.fetch.host_headers = config->host_headers;
    config->pipeline.fetch.host_header_count = count;
    return true;
}

static bool set_max_failed(struct pipeline_options *pipeline, const char *text,
                           struct error *err)
{
    char *end;
    if (!text)
        return true;
    pipeline->has_max_failed = true;
    pipeline->max_failed = strtod(text, &end);
    pipeline->max_failed_is_percent = !strcmp(end, "%");
    bool is_number = end != text && text[0] >= '0' && text[0] <= '9' &&
                     (!*end || (pipeline->max_failed_is_percent &&
                                pipeline->max_failed <= 100));
    return is_number || error_set(err, ERR_USAGE,
                                  "--max-failed: \"%s\" is no number and no "
                                  "percentage: write it like 10 or 5%%",
                                  text);
}

/* Half of the cores; but two where there are two, for a single loop cannot keep
 * both busy (docs/decisions/0004-event-loops.md). */
static uint32_t auto_loops(uint32_t cores, uint64_t concurrency)
{
    /* libcurl looks through the open connections of a multi handle: with very
     * many of them more loops take less time, not more cores. */
    enum { TRANSFERS_A_LOOP = 512, LOOPS_MAX = 32 };
    uint32_t loops = cores < 2 ? 1 : cores < 4 ? 2 : cores / 2;
    uint64_t wanted = concurrency / TRANSFERS_A_LOOP;
    wanted = wanted > LOOPS_MAX ? LOOPS_MAX : wanted;
    return wanted > loops ? (uint32_t)wanted : loops;
}

static void set_fetch(struct config *config, const struct raw_options *raw,
                      uint32_t cores)
{
    struct fetch_options *fetch = &config->pipeline.fetch;
    uint32_t loops = raw->fetch_threads ? (uint32_t)raw->fetch_threads
                                        : auto_loops(cores, raw->concurrency);
    *fetch = (struct fetch_options){
        .concurrency = (uint32_t)raw->concurrency,
        .loop_count =
            loops < raw->concurrency ? loops : (uint32_t)raw->concurrency,
        .connect_timeout_ms = (int64_t)raw->connect_timeout_ms,
        .timeout_ms = (int64_t)raw->timeout_ms,
        .stall_timeout_ms = (int64_t)raw->stall_timeout_ms,
        .max_body = raw->max_body,
        .max_rate = raw->max_rate,
        .headers = raw->headers.items,
        .header_count = raw->headers.count,
        .user_agent = raw->user_agent,
        .proxy = raw->proxy && raw->proxy[0] ? raw->proxy : NULL,
        .ca_file = raw->ca_file,
        .is_insecure = raw->is_insecure,
        .address_rule = &config->address_rule,
    };
}

static void describe_text(const struct text_options *text, bool has_unicode,
                          struct buf *out)
{
    buf_append_format(out, " charset=%s unicode=%s binary=%s",
                      text->is_raw        ? "raw"
                      : text->has_charset ? charset_name(text->charset)
                                          : "auto",
                      has_unicode ? "yes" : "no",
                      text->searches_binary ? "yes" : "no");
}

/* The options without which the same inputs give other results. */
static bool describe_shaping(struct config *config,
                             const struct raw_options *raw, struct error *err)
{
    static const char *const stores[] = { "none", "plain", "gzip", "zstd" };
    struct buf *out = &config->shaping;
    const struct pipeline_options *pipeline = &config->pipeline;
    buf_init(out, 1 << 20);
    buf_append_format(out, "max-body=%zu", pipeline->fetch.max_body);
    if (raw->command != COMMAND_FETCH)
        describe_text(&pipeline->text, raw->has_unicode, out);
    if (raw->command != COMMAND_FETCH)
        buf_append_format(out, " status=%s max-matches=%zu page-time=%llums",
                          pipeline->searches_any_status ? "any" : "2xx",
                          pipeline->max_matches,
                          (unsigned long long)pipeline->page_time_ms);
    if (raw->command != COMMAND_EXTRACT)
        buf_append_format(out, " store=%s max-redirects=%u",
                          stores[pipeline->store], pipeline->max_redirects);
    network_options_describe(raw, out);
    output_describe(&config->output, raw, out);
    choice_options_describe(raw, out);
    manifest_options_describe(raw, out);
    again_options_describe(raw, out);
    config->pipeline.shaping = buf_string(out);
    return buf_check(out, "the options", err);
}

static enum pipeline_command pipeline_command(enum command command)
{
    return command == COMMAND_FETCH ? PIPELINE_FETCH
           : command == COMMAND_RUN ? PIPELINE_RUN
                                    : PIPELINE_EXTRACT;
}

static void set_pipeline(struct config *config, const struct raw_options *raw,
                         uint32_t cores)
{
    static const enum warc_store stores[] = { WARC_STORE_NONE, WARC_STORE_PLAIN,
                                              WARC_STORE_GZIP,
                                              WARC_STORE_ZSTD };
    bool is_kept = raw->dir && raw->command != COMMAND_EXTRACT;
    config->pipeline = (struct pipeline_options){
        .command = pipeline_command(raw->command),
        .input_count = raw->operands.count,
        .dir = raw->dir,
        .restarts = raw->restarts,
        .isolation = (enum team_isolation)raw->isolation,
        .worker_count = raw->workers ? (uint32_t)raw->workers : cores,
        .worker_memory = raw->worker_memory,
        .worker_time_ms = raw->worker_time_ms ? raw->worker_time_ms
                                              : 3 * raw->page_time_ms + 10000,
        .per_host = (uint32_t)raw->per_host,
        .host_delay_ms = (int64_t)raw->host_delay_ms,
        .obeys_robots = raw->obeys_robots,
        .host_failures = (uint32_t)raw->host_failures,
        .retries = (uint32_t)raw->retries,
        .request_interval_ns = raw->request_interval_ns,
        .outage_probe_ms = (int64_t)raw->outage_probe_ms,
        .outage_wait_ms = (int64_t)raw->outage_wait_ms,
        .max_redirects = (uint32_t)raw->max_redirects,
        .store = is_kept ? stores[raw->store] : WARC_STORE_NONE,
        .segment_max_bytes = raw->segment_size,
        .commit_interval_ms = (int64_t)raw->commit_interval_ms,
        .deadline_ms = (int64_t)raw->deadline_ms,
        .memory = raw->memory,
        .part_size = raw->part_size,
        .max_matches = raw->max_matches,
        .page_time_ms = raw->page_time_ms,
        .searches_any_status = raw->status == 1,
        .progress = (enum pipeline_progress)raw->progress,
    };
    /* The words of the command line outlive the run. */
    memcpy(&config->pipeline.inputs, &raw->operands.items,
           sizeof(config->pipeline.inputs));
}

static bool set_output(struct config *config, const struct raw_options *raw,
                       struct error *err)
{
    bool done = output_init(&config->output, raw, config->patterns, err);
    config->pipeline.matches = config->output.matches;
    return done;
}

bool config_init(struct config *config, const struct raw_options *raw,
                 struct error *err)
{
    *config = (struct config){ 0 };
    uint32_t cores = config_usable_cores();
    if (!check_operands(raw, err) || !check_headers(raw, err))
        return false;
    set_pipeline(config, raw, cores);
    set_fetch(config, raw, cores);
    bool done =
        manifest_options_set(&config->pipeline.manifest, raw, err) &&
        add_host_headers(config, raw, err) && names_set(config, raw, err) &&
        set_max_failed(&config->pipeline, raw->max_failed, err) &&
        (!raw->allows_private ||
         address_rule_allow(&config->address_rule, raw->private_ranges, err)) &&
        set_text(&config->pipeline.text, raw, err) &&
        add_patterns(config, raw, err) && set_output(config, raw, err) &&
        choice_options_set(config, raw, err) &&
        network_options_set(config, raw, err) &&
        again_options_set(raw, &config->pipeline, err) &&
        describe_shaping(config, raw, err);
    if (!done)
        config_release(config);
    return done;
}

bool config_show(const struct raw_options *raw,
                 struct show_options *ret_options, struct error *err)
{
    if (raw->operands.count != 2)
        return error_set(err, ERR_USAGE,
                         "one place and one page are needed; usage: %s",
                         command_usage(raw->command));
    if (raw->shows_text + raw->shows_headers + raw->shows_raw > 1)
        return error_set(err, ERR_USAGE,
                         "--text, --headers and --raw: one of them alone");
    *ret_options = (struct show_options){
        .input = raw->operands.items[0],
        .page = raw->operands.items[1],
        .part = raw->shows_headers ? SHOW_HEADERS
                : raw->shows_raw   ? SHOW_RAW
                                   : SHOW_TEXT,
        .max_body = raw->max_body,
        .head = raw->head ? raw->head : SIZE_MAX,
    };
    return set_text(&ret_options->text, raw, err);
}

void config_release(struct config *config)
{
    output_release(&config->output);
    manifest_options_release(&config->pipeline.manifest);
    prefilter_free(config->prefilter);
    patterns_free(config->patterns);
    choice_free(config->choice);
    network_options_release(config);
    free(config->host_headers);
    known_names_free(config->known_names);
    buf_release(&config->shaping);
    *config = (struct config){ 0 };
}
