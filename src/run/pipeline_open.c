/*
 * What must be there before the stages start: the run directory, locked and
 * ours, the inputs, the recorder.
 */
#include "pipeline_state.h"

#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/interrupt.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/base/log.h"

#include <errno.h>
#include <unistd.h>
#include <xxhash.h>

static void begin_segment(void *ctx, struct view file_name, struct buf *out)
{
    struct pipeline *pipeline = ctx;
    struct error err;
    struct warc_writer *writer = warc_writer_new(
        pipeline->options->store,
        ~pipeline->job.warc_seed ^ XXH3_64bits(file_name.data, file_name.size),
        &err);
    if (!writer) {
        out->failed = true;
        return;
    }
    warc_write_info(writer, clock_wall_ms(), file_name,
                    view_of_string("software: fetchgrep/" FETCHGREP_VERSION
                                   "\r\nformat: WARC File Format 1.1\r\n"
                                   "conformsTo: http://iipc.github.io/"
                                   "warc-specifications/specifications/"
                                   "warc-format/warc-1.1/\r\n"),
                    out);
    warc_writer_free(writer);
}

/* Standard input can be read once only, and a run must be able to go on: with
 * a run directory it is copied there first. */
static bool spool_stdin(const char *path, struct error *err)
{
    enum { STEP = 1 << 16 };
    char *bytes = malloc(STEP);
    int fd;
    if (!bytes)
        return error_no_memory(err, "standard input");
    bool done = fs_create(path, &fd, err);
    for (ssize_t got = 1; done && got;) {
        if (!interrupt_wait_readable(STDIN_FILENO)) {
            done = error_set(err, ERR_STOPPED,
                             "stopped while standard input was copied: "
                             "nothing was fetched");
            break;
        }
        got = read(STDIN_FILENO, bytes, STEP);
        if (got < 0)
            done = error_set_errno(err, ERR_USAGE, errno,
                                   "cannot read standard input");
        else
            done = fs_write_all(fd, view_of(bytes, (size_t)got), path, err);
    }
    free(bytes);
    return done && fs_sync_close(fd, path, err);
}

static bool copy_inputs(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    pipeline->inputs = calloc(options->input_count + 1, sizeof(char *));
    if (!pipeline->inputs)
        return error_no_memory(err, "the inputs");
    for (size_t i = 0; i < options->input_count; i++) {
        bool is_spooled = pipeline->dir && !strcmp(options->inputs[i], "-");
        pipeline->inputs[i] =
            is_spooled ? fs_join(run_dir_path(pipeline->dir), "manifest")
                       : strdup(options->inputs[i]);
        if (!pipeline->inputs[i])
            return error_no_memory(err, "the inputs");
        /* A run that began here has its copy. */
        if (is_spooled && run_dir_state(pipeline->dir) == RUN_DIR_NEW &&
            !spool_stdin(pipeline->inputs[i], err))
            return false;
    }
    return true;
}

static bool open_inputs(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    if (options->command == PIPELINE_EXTRACT)
        pipeline->spans = spans_open(options->inputs, options->input_count,
                                     options->part_size, err);
    else
        pipeline->manifest = manifest_open(
            pipeline->inputs, options->input_count, &options->manifest, err);
    return pipeline->spans || pipeline->manifest;
}

/* What the inputs of an extract are: their names. A manifest is its bytes. */
static bool digest_inputs(struct pipeline *pipeline, uint64_t *ret_digest,
                          struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    if (pipeline->manifest)
        return manifest_digest(pipeline->manifest, ret_digest, err);
    uint64_t digest = 0;
    for (size_t i = 0; i < options->input_count; i++)
        digest = XXH3_64bits_withSeed(options->inputs[i],
                                      strlen(options->inputs[i]), digest);
    *ret_digest = digest;
    return true;
}

static bool describe_run(struct pipeline *pipeline,
                         struct run_identity *ret_identity, struct error *err)
{
    static const char *const names[] = { "run", "fetch", "extract" };
    const struct pipeline_options *options = pipeline->options;
    struct buf patterns;
    buf_init(&patterns, SIZE_MAX / 2);
    if (options->patterns)
        patterns_describe(options->patterns, &patterns);
    *ret_identity = (struct run_identity){
        .command = names[options->command],
        .patterns_digest = XXH3_64bits(patterns.data, patterns.size),
        .options = options->shaping,
    };
    bool done = buf_check(&patterns, "the pattern set", err) &&
                digest_inputs(pipeline, &ret_identity->manifest_digest, err);
    buf_release(&patterns);
    return done;
}

/* Where extract finds the pages that have not changed. */
static void append_since(const char *since, struct buf *out)
{
    char *path = since ? realpath(since, NULL) : NULL;
    if (path)
        json_out_member_string(out, "since", view_of_string(path));
    free(path);
}

/* What else run.json tells: the inputs, and the patterns' names. */
static void append_run_members(const struct pipeline *pipeline, struct buf *out)
{
    const struct pipeline_options *options = pipeline->options;
    char date[CLOCK_TEXT_SIZE];
    clock_format_ms(pipeline->started_wall_ms, date);
    json_out_member_string(out, "started_at", view_of_string(date));
    json_out_member(out, "inputs");
    for (size_t i = 0; i < options->input_count; i++) {
        buf_append_char(out, i ? ',' : '[');
        json_out_string(out, view_of_string(options->inputs[i]));
    }
    buf_append_string(out, options->input_count ? "]" : "[]");
    append_since(options->since, out);
    if (!options->patterns)
        return;
    json_out_member(out, "patterns");
    for (size_t i = 0; i < patterns_count(options->patterns); i++) {
        buf_append_string(out, i ? ",{\"name\":" : "[{\"name\":");
        json_out_string(out, patterns_name(options->patterns, i));
        json_out_member_string(out, "regex",
                               patterns_regex(options->patterns, i));
        json_out_member_string(out, "in",
                               view_of_string(subject_word(
                                   patterns_subject(options->patterns, i))));
        buf_append_char(out, '}');
    }
    buf_append_char(out, ']');
}

/* The directory is ours and new; or `ret_is_over`: the run is done already. */
static bool begin_dir(struct pipeline *pipeline, bool *ret_is_over,
                      struct error *err)
{
    struct run_identity identity;
    if (!pipeline->dir)
        return true;
    if (!describe_run(pipeline, &identity, err))
        return false;
    enum run_dir_state state = run_dir_state(pipeline->dir);
    const char *path = run_dir_path(pipeline->dir);
    if (state != RUN_DIR_NEW &&
        !run_dir_check_identity(pipeline->dir, &identity, err))
        return false;
    if (state == RUN_DIR_FINISHED) {
        log_note("%s holds this run already, finished: nothing to do "
                 "(--restart does it again)",
                 path);
        *ret_is_over = true;
        return true;
    }
    if (state == RUN_DIR_UNFINISHED && !pipeline->manifest)
        return error_set(err, ERR_USAGE,
                         "%s holds this run, unfinished; extract begins anew: "
                         "use --restart, or name another directory",
                         path);
    if (state == RUN_DIR_UNFINISHED)
        return true;
    struct buf more;
    buf_init(&more, 16 << 20);
    append_run_members(pipeline, &more);
    bool done = buf_check(&more, "run.json", err) &&
                run_dir_begin(pipeline->dir, &identity, buf_view(&more), err);
    buf_release(&more);
    return done;
}

/* Locks the directory; the rest of it follows once the inputs are open. */
static bool open_dir(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    if (!options->dir)
        return true;
    pipeline->dir = run_dir_open(options->dir, err);
    return pipeline->dir &&
           (!options->restarts || run_dir_clear(pipeline->dir, err));
}

/* What is sorted, or rewritten, gets its head then. */
struct view recorder_head(const struct match_form *form)
{
    return form && !match_form_is_keyed(form) ? match_form_head(form)
                                              : view_of(NULL, 0);
}

/* What earlier lives have done, in numbers. */
static bool add_up(struct pipeline *pipeline, struct error *err)
{
    const struct lives *lives = pipeline->lives;
    const char *path = run_dir_path(pipeline->dir);
    for (size_t i = 0; i < lives->count; i++) {
        const struct life *life = &lives->lives[i];
        if (life->counter_count &&
            !recorder_totals_add(&pipeline->earlier, life->counters,
                                 life->counter_count))
            return error_set(err, ERR_USAGE,
                             "%s was written by another version of "
                             "fetchgrep: go on with that one, or use "
                             "--restart",
                             life->path);
    }
    if (lives->has_ids && (lives->done_count != lives->done.count ||
                           pipeline->earlier.entries != lives->done_count))
        return error_set(err, ERR_SYSTEM,
                         "the journals in %s do not agree: use --restart",
                         path);
    return true;
}

/* Reads what earlier lives of the run have left, and begins one more. */
static bool begin_life(struct pipeline *pipeline,
                       struct recorder_options *recorder, struct error *err)
{
    const char *path = run_dir_path(pipeline->dir);
    pipeline->lives = lives_read(path, pipeline->manifest != NULL, err);
    if (!pipeline->lives || !add_up(pipeline, err))
        return false;
    const struct lives *lives = pipeline->lives;
    if (lives->damage[0])
        log_warning("%s", lives->damage);
    if (lives->count)
        log_note("going on in %s: %llu entries are done", path,
                 (unsigned long long)lives->done_count);
    recorder->generation = lives->next_generation;
    recorder->earlier = &pipeline->earlier;
    return run_dir_new_generation(pipeline->dir, lives, &recorder->dir, err);
}

static bool open_recorder(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    const struct match_form *form = options->matches.form;
    struct recorder_options recorder = {
        .has_matches = options->patterns != NULL,
        .format = form ? match_form_format(form) : MATCH_JSONL,
        .warc_suffix = options->store == WARC_STORE_NONE
                           ? NULL
                           : warc_store_suffix(options->store),
        .segment_max_bytes = options->segment_max_bytes,
        .commit_interval_ms = options->commit_interval_ms,
        .begin_segment = begin_segment,
        .close_index_line = cdxj_append_place,
        .ctx = pipeline,
    };
    if (pipeline->dir && !begin_life(pipeline, &recorder, err))
        return false;
    recorder.matches_head = recorder_head(form);
    if (!pipeline->dir && options->matches.is_ordered) {
        if (!fs_open_unnamed(fs_temporary_dir(), &pipeline->spool_fd, err))
            return false;
        recorder.spool_fd = pipeline->spool_fd;
    }
    pipeline->recorder = recorder_open(&recorder, err);
    return pipeline->recorder != NULL;
}

/* What the feeder asks of each entry. */
static bool open_memories(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    if (options->since &&
        !(pipeline->since = earlier_run_open(options->since, err)))
        return false;
    if (options->dedupes_urls)
        pipeline->dedupe = dedupe_new(pipeline->job.warc_seed, err);
    return !options->dedupes_urls || pipeline->dedupe;
}

bool pipeline_open(struct pipeline *pipeline, bool *ret_is_over,
                   struct error *err)
{
    *ret_is_over = false;
    return open_memories(pipeline, err) && open_dir(pipeline, err) &&
           copy_inputs(pipeline, err) && open_inputs(pipeline, err) &&
           begin_dir(pipeline, ret_is_over, err) &&
           (*ret_is_over || open_recorder(pipeline, err));
}
