/*
 * The list is read once, at full speed. An entry for which the frontier has
 * room is let in at once, so the first requests go out with the first lines,
 * and a list that fits needs no more. All others are put into an index by
 * host, and when the list is at its end they are let in from there, host by
 * host, as the frontier asks for them: so a list that is sorted by host keeps
 * as many hosts busy as a shuffled one, and memory does not grow with either.
 *
 * A list that comes through a pipe is let in as it comes, in its order, and
 * what feeds the pipe waits for us, as for any filter. (With a run directory
 * standard input is copied there first: it is a file then.)
 */
#include "pipeline_state.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/manifest/index.h"

#include <xxhash.h>

enum {
    SORT_MEMORY = 8 << 20,
    PORTION_MAX = 256, /* entries let in at once */
};

/* A host of the index that the frontier knows. */
struct portion {
    struct frontier_supply supply; /* first: the frontier names it */
    struct index_host host;
    struct portion *next, **at; /* where it is linked */
};

struct feeder {
    struct pipeline *pipeline;
    struct manifest_index *index; /* NULL: all had room so far */
    char *index_path;             /* NULL: no run directory */
    struct portion *portions;     /* all that are open */
    uint64_t left;                /* entries of the index, not yet let in */
};

/* ---- one entry ----------------------------------------------------------- */

static struct entry *make_entry(const struct manifest_entry *line)
{
    struct entry *entry = entry_new();
    if (!entry)
        return NULL;
    entry->id = line->id;
    entry->source_index = line->source_index;
    entry->line = line->line;
    entry->url = url_shown(line->text);
    if (line->keep.size)
        entry->keep = view_dup(line->keep);
    if (entry->url && (entry->keep || !line->keep.size))
        return entry;
    entry_free(entry, NULL);
    return NULL;
}

/* An entry that needs no network goes to the team; waits for room in the
 * queue. */
static bool push_unfetched(struct pipeline *pipeline, struct entry *entry)
{
    if (queue_push(pipeline->queue, entry))
        return true;
    entry_free(entry, pipeline->pool);
    return false;
}

/* Makes the line an entry. One that cannot be fetched has gone to the team:
 * then `ret_entry` is NULL. False: stopped or failed. */
static bool prepare_entry(struct pipeline *pipeline,
                          const struct manifest_entry *line,
                          struct entry **ret_entry, struct error *err)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct entry *entry = make_entry(line);
    if (!entry)
        return error_no_memory(err, "an entry");
    enum url_result result = URL_INVALID;
    if (line->problem)
        snprintf(problem, sizeof(problem), "%s", line->problem);
    else
        result = url_parse(line->text, &entry->target, problem);
    atomic_fetch_add(&pipeline->handed_out, 1);
    switch (result) {
    case URL_OK:
        if (pipeline->since &&
            !earlier_run_find(pipeline->since, &entry->target, &entry->known,
                              err)) {
            entry_free(entry, pipeline->pool);
            return false;
        }
        *ret_entry = entry;
        return true;
    case URL_INVALID:
    case URL_DENIED:
        entry_end(entry,
                  result == URL_DENIED ? OUTCOME_DENIED : OUTCOME_INVALID_URL,
                  "%s", problem);
        *ret_entry = NULL;
        return push_unfetched(pipeline, entry);
    case URL_NO_MEMORY:
    default:
        entry_free(entry, pipeline->pool);
        return error_no_memory(err, "a URL");
    }
}

/* Lets the line in, and waits for room. */
static bool feed(struct pipeline *pipeline, const struct manifest_entry *line,
                 struct error *err)
{
    struct entry *entry = NULL;
    if (!prepare_entry(pipeline, line, &entry, err))
        return false;
    if (!entry || frontier_add(pipeline->frontier, entry, err))
        return true;
    entry_free(entry, pipeline->pool);
    return false;
}

/* ---- the list -> frontier, or index -------------------------------------- */

static bool make_index(struct feeder *feeder, struct error *err)
{
    struct pipeline *pipeline = feeder->pipeline;
    const char *dir =
        pipeline->dir ? run_dir_path(pipeline->dir) : fs_temporary_dir();
    if (pipeline->dir) {
        feeder->index_path = fs_join(dir, "manifest.idx");
        if (!feeder->index_path)
            return error_no_memory(err, "the manifest's index");
    }
    feeder->index = index_new(pipeline->manifest, dir, feeder->index_path,
                              SORT_MEMORY, err);
    return feeder->index != NULL;
}

/* The origin of a line's URL. False: it needs no network. */
static bool find_origin(const struct manifest_entry *line,
                        struct url_origin *ret_origin)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    if (line->problem)
        return false;
    if (url_scan_origin(line->text, ret_origin))
        return true;
    if (url_parse(line->text, &url, problem) != URL_OK)
        return false;
    bool fits = url.origin.size <= sizeof(ret_origin->text);
    if (fits) {
        memcpy(ret_origin->text, url.origin.data, url.origin.size);
        ret_origin->size = url.origin.size;
    }
    url_release(&url);
    return fits;
}

/* Lets the line in if there is room for its host, else it goes to the index. */
static bool feed_or_index(struct feeder *feeder,
                          const struct manifest_entry *line, struct error *err)
{
    struct pipeline *pipeline = feeder->pipeline;
    struct url_origin origin;
    if (!manifest_is_file(pipeline->manifest, line->source_index) ||
        !find_origin(line, &origin) ||
        frontier_has_room(pipeline->frontier,
                          view_of(origin.text, origin.size)))
        return feed(pipeline, line, err);
    if (atomic_load(&pipeline->is_stopping) ||
        (!feeder->index && !make_index(feeder, err)))
        return false;
    return index_add(feeder->index, XXH3_64bits(origin.text, origin.size), line,
                     err);
}

/* In an earlier life of the run. */
static bool is_done_already(struct pipeline *pipeline,
                            const struct manifest_entry *line)
{
    if (!pipeline->lives || !id_set_has(&pipeline->lives->done, line->id))
        return false;
    atomic_fetch_add(&pipeline->handed_out, 1);
    return true;
}

/* An entry whose URL has been in the list before (--dedupe) goes to the team,
 * unless an earlier life has done it. All URLs must be asked, in order. */
static bool take_duplicate(struct pipeline *pipeline,
                           const struct manifest_entry *line, bool is_done,
                           bool *ret_is_duplicate, struct error *err)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    uint64_t first_id;
    *ret_is_duplicate = false;
    if (!pipeline->dedupe || line->problem ||
        url_parse(line->text, &url, problem) != URL_OK)
        return true;
    enum dedupe_result result =
        dedupe_seen(pipeline->dedupe, &url, line->id, &first_id);
    url_release(&url);
    if (result == DEDUPE_NO_MEMORY)
        return error_no_memory(err, "the URLs seen (--dedupe)");
    if (result == DEDUPE_NEW || is_done)
        return true;
    struct entry *entry = make_entry(line);
    if (!entry)
        return error_no_memory(err, "an entry");
    *ret_is_duplicate = true;
    atomic_fetch_add(&pipeline->handed_out, 1);
    entry->duplicate_of = first_id;
    entry_end(entry, OUTCOME_DUPLICATE, "the URL of entry %llu",
              (unsigned long long)first_id);
    return push_unfetched(pipeline, entry);
}

static bool take_line(struct feeder *feeder, const struct manifest_entry *line,
                      struct error *err)
{
    struct pipeline *pipeline = feeder->pipeline;
    bool is_done = is_done_already(pipeline, line), is_duplicate;
    return take_duplicate(pipeline, line, is_done, &is_duplicate, err) &&
           (is_done || is_duplicate || feed_or_index(feeder, line, err));
}

static bool read_list(struct feeder *feeder, struct error *err)
{
    struct manifest_entry line;
    enum manifest_result result;
    struct manifest *manifest = feeder->pipeline->manifest;
    while ((result = manifest_next(manifest, &line, err)) == MANIFEST_ITEM)
        if (!take_line(feeder, &line, err))
            return false;
    return result == MANIFEST_END;
}

/* ---- index -> frontier --------------------------------------------------- */

static void close_portion(struct feeder *feeder, struct portion *portion)
{
    frontier_end_supply(feeder->pipeline->frontier, &portion->supply);
    *portion->at = portion->next;
    if (portion->next)
        portion->next->at = portion->at;
    free(portion);
}

static void close_portions(struct feeder *feeder)
{
    struct portion *portion = feeder->portions;
    while (portion) {
        struct portion *next = portion->next;
        frontier_end_supply(feeder->pipeline->frontier, &portion->supply);
        free(portion);
        portion = next;
    }
    feeder->portions = NULL;
}

static bool read_entry(struct feeder *feeder, struct portion *portion,
                       struct entry **ret_entry, struct error *err)
{
    struct manifest_entry line;
    return index_read(feeder->index, &portion->host, &line, err) &&
           prepare_entry(feeder->pipeline, &line, ret_entry, err);
}

static void free_entries(struct feeder *feeder, struct entry **entries,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        entry_free(entries[i], feeder->pipeline->pool);
}

/* The next entries of the host, `want` at most. */
static bool read_entries(struct feeder *feeder, struct portion *portion,
                         size_t want, struct entry **entries, size_t *ret_count,
                         struct error *err)
{
    size_t count = 0;
    while (count < want && portion->host.left) {
        if (!read_entry(feeder, portion, &entries[count], err)) {
            free_entries(feeder, entries, count);
            return false;
        }
        feeder->left--;
        count += entries[count] != NULL;
    }
    *ret_count = count;
    return true;
}

/* Lets entries of the host in. When the frontier will not ask for the others,
 * they are let in at once. */
static bool feed_portion(struct feeder *feeder, struct portion *portion,
                         size_t want, struct error *err)
{
    struct frontier *frontier = feeder->pipeline->frontier;
    struct entry *entries[PORTION_MAX];
    size_t count, taken;
    bool is_told = true;
    if (want > PORTION_MAX)
        want = PORTION_MAX;
    if (!read_entries(feeder, portion, want, entries, &count, err))
        return false;
    if (!frontier_add_supplied(frontier, &portion->supply, entries, count,
                               portion->host.left, &taken, &is_told, err)) {
        free_entries(feeder, entries + taken, count - taken);
        return false;
    }
    struct manifest_entry line;
    while (!is_told && portion->host.left) {
        if (!index_read(feeder->index, &portion->host, &line, err) ||
            !feed(feeder->pipeline, &line, err))
            return false;
        feeder->left--;
    }
    if (!portion->host.left)
        close_portion(feeder, portion);
    return true;
}

/* Opens the next host. `ret_is_end`: there is none. */
static bool feed_next_host(struct feeder *feeder, bool *ret_is_end,
                           struct error *err)
{
    struct portion *portion = calloc(1, sizeof(*portion));
    if (!portion)
        return error_no_memory(err, "a host of the manifest");
    enum index_result result =
        index_next_host(feeder->index, &portion->host, err);
    if (result != INDEX_ITEM) {
        free(portion);
        *ret_is_end = true;
        return result == INDEX_END;
    }
    portion->next = feeder->portions;
    portion->at = &feeder->portions;
    if (portion->next)
        portion->next->at = &portion->next;
    feeder->portions = portion;
    return feed_portion(feeder, portion, 1, err);
}

static bool serve_index(struct feeder *feeder, struct error *err)
{
    struct frontier *frontier = feeder->pipeline->frontier;
    bool is_end = false;
    if (!index_seal(feeder->index, err))
        return false;
    feeder->left = index_entry_count(feeder->index);
    while (!is_end || feeder->portions) {
        struct frontier_supply *supply;
        size_t want;
        bool done = false;
        switch (frontier_wait_hungry(frontier, !is_end, feeder->left, &supply,
                                     &want)) {
        case FRONTIER_HUNGRY:
            done = feed_portion(feeder, (struct portion *)(void *)supply, want,
                                err);
            break;
        case FRONTIER_ROOM:
            done = feed_next_host(feeder, &is_end, err);
            break;
        case FRONTIER_FULL:
        default:
            break;
        }
        if (!done)
            return false;
    }
    return true;
}

/* ---- life ---------------------------------------------------------------- */

bool feed_entries(struct pipeline *pipeline, struct error *err)
{
    struct feeder feeder = { .pipeline = pipeline };
    bool done =
        read_list(&feeder, err) && (!feeder.index || serve_index(&feeder, err));
    if (done)
        atomic_store(&pipeline->all_handed_out, true);
    else
        frontier_stop(pipeline->frontier);
    close_portions(&feeder);
    index_free(feeder.index);
    free(feeder.index_path);
    return done;
}
