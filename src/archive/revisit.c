/*
 * What is known of a file (its index, or the places of its records) is made
 * once, by the first worker that meets a revisit in it; others that need it
 * wait, others that do not go on. The files used last are remembered, until
 * they hold too many names together.
 */
#include "fetchgrep/archive/revisit.h"

#include "cdxj_find.h"
#include "earlier_indexes.h"
#include "record_places.h"

#include <pthread.h>

enum {
    FILES_MAX = 64,
    NAMES_KEPT = 2 * REVISIT_NAMES_MAX,
    CANDIDATES_MAX = 4, /* of one hash */
};

/* A file in which a revisit was met. */
struct known_file {
    char *path;
    struct earlier_indexes *earlier; /* of the runs before it, or NULL */
    struct cdxj_index *index;        /* beside it, or */
    struct record_places *places;    /* of its own records, or */
    struct error failure;            /* why neither */
    bool is_made;
    unsigned user_count;
    uint64_t last_use;
};

struct revisit_targets {
    pthread_mutex_t lock; /* guards all below, but not what is made */
    pthread_cond_t has_changed;
    struct known_file files[FILES_MAX];
    uint64_t use_count;
};

struct revisit_targets *revisit_targets_new(void)
{
    struct revisit_targets *targets = calloc(1, sizeof(*targets));
    if (!targets)
        return NULL;
    pthread_mutex_init(&targets->lock, NULL);
    pthread_cond_init(&targets->has_changed, NULL);
    return targets;
}

static void forget(struct known_file *file)
{
    free(file->path);
    cdxj_index_close(file->index);
    earlier_indexes_close(file->earlier);
    record_places_free(file->places);
    *file = (struct known_file){ 0 };
}

void revisit_targets_free(struct revisit_targets *targets)
{
    if (!targets)
        return;
    for (size_t i = 0; i < FILES_MAX; i++)
        forget(&targets->files[i]);
    pthread_cond_destroy(&targets->has_changed);
    pthread_mutex_destroy(&targets->lock);
    free(targets);
}

/* ---- what is known of a file ------------------------------------------ */

/* The file that nobody uses and that was used longest ago, or NULL. */
static struct known_file *oldest(struct revisit_targets *targets)
{
    struct known_file *oldest = NULL;
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct known_file *file = &targets->files[i];
        if (!file->user_count && (!oldest || file->last_use < oldest->last_use))
            oldest = file;
    }
    return oldest;
}

/* A file that is being read may come to have the most. */
static size_t count_names(const struct revisit_targets *targets)
{
    size_t count = 0;
    for (size_t i = 0; i < FILES_MAX; i++) {
        const struct known_file *file = &targets->files[i];
        if (file->path && !file->is_made)
            count += REVISIT_NAMES_MAX;
        else if (file->places)
            count += record_places_count(file->places);
    }
    return count;
}

/* Room in memory for one more file's names. */
static void make_room(struct revisit_targets *targets)
{
    while (count_names(targets) > NAMES_KEPT - REVISIT_NAMES_MAX) {
        struct known_file *victim = NULL;
        for (size_t i = 0; i < FILES_MAX; i++) {
            struct known_file *file = &targets->files[i];
            if (!file->user_count && file->places &&
                (!victim || file->last_use < victim->last_use))
                victim = file;
        }
        if (!victim)
            return;
        forget(victim);
    }
}

static struct known_file *find_file(struct revisit_targets *targets,
                                    const char *path)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (targets->files[i].path && !strcmp(targets->files[i].path, path))
            return &targets->files[i];
    return NULL;
}

/* Without the lock: a whole file may have to be read. */
static void make_known(struct known_file *file, revisit_tick_fn *tick,
                       void *ctx)
{
    if (!earlier_indexes_open(file->path, &file->earlier, &file->failure) ||
        !cdxj_index_open(file->path, &file->index, &file->failure) ||
        file->index)
        return;
    file->places = record_places_read(file->path, REVISIT_NAMES_MAX, tick, ctx,
                                      &file->failure);
}

/* Holds the lock, but not while it reads. False without memory. */
static bool fill_place(struct revisit_targets *targets, struct known_file *file,
                       const char *path, revisit_tick_fn *tick, void *ctx)
{
    char *copy = strdup(path);
    if (!copy)
        return false;
    forget(file);
    file->path = copy;
    file->user_count = 1;
    pthread_mutex_unlock(&targets->lock);
    make_known(file, tick, ctx);
    pthread_mutex_lock(&targets->lock);
    file->is_made = true;
    pthread_cond_broadcast(&targets->has_changed);
    return true;
}

/* Give it back with leave_file. NULL without memory. */
static struct known_file *use_file(struct revisit_targets *targets,
                                   const char *path, revisit_tick_fn *tick,
                                   void *ctx)
{
    struct known_file *file, *place = NULL;
    pthread_mutex_lock(&targets->lock);
    make_room(targets);
    while (!(file = find_file(targets, path)) && !(place = oldest(targets)))
        pthread_cond_wait(&targets->has_changed, &targets->lock);
    if (file)
        file->user_count++;
    else if (fill_place(targets, place, path, tick, ctx))
        file = place;
    while (file && !file->is_made)
        pthread_cond_wait(&targets->has_changed, &targets->lock);
    if (file)
        file->last_use = ++targets->use_count;
    pthread_mutex_unlock(&targets->lock);
    return file;
}

static void leave_file(struct revisit_targets *targets, struct known_file *file)
{
    pthread_mutex_lock(&targets->lock);
    file->user_count--;
    pthread_cond_broadcast(&targets->has_changed);
    pthread_mutex_unlock(&targets->lock);
}

/* ---- following -------------------------------------------------------- */

/* One search: whose target, by which name. */
struct search {
    struct warc_reader *reader;
    const char *path;
    struct record_name name;
    enum record_name_kind kind;
    struct warc_record *ret_target;
    struct error *err;
};

/* The record at a place, if it is the one. */
static enum revisit_result read_target(const struct search *search,
                                       const char *path,
                                       struct record_place place)
{
    struct error problem;
    struct warc_record record;
    struct record_name name;
    /* What an index names may be gone. */
    if (!warc_reader_open(search->reader, path, place.offset, &problem))
        return REVISIT_NOT_AT_HAND;
    for (unsigned i = 0; i <= place.before; i++) {
        enum warc_read_result result =
            warc_reader_next(search->reader, &record, &problem);
        if (result == WARC_READ_ERROR) {
            *search->err = problem;
            return REVISIT_ERROR;
        }
        if (result != WARC_READ_RECORD || record.offset != place.offset)
            return REVISIT_NOT_AT_HAND;
    }
    record_name_of(&record, &name);
    /* An index may have made the digest that the record does not tell. */
    bool is_same = record_name_equal(&name, &search->name, search->kind) ||
                   (search->kind == NAME_DIGEST && !name.digest.size);
    if (!record_is_target(&record) || !is_same)
        return REVISIT_NOT_AT_HAND;
    *search->ret_target = record;
    return REVISIT_FOUND;
}

static enum revisit_result find_in_places(const struct record_places *places,
                                          const struct search *search)
{
    struct record_place found[CANDIDATES_MAX];
    size_t count = record_places_find(places, &search->name, search->kind,
                                      found, CANDIDATES_MAX);
    for (size_t i = 0; i < count; i++) {
        enum revisit_result result =
            read_target(search, search->path, found[i]);
        if (result != REVISIT_NOT_AT_HAND)
            return result;
    }
    return REVISIT_NOT_AT_HAND;
}

static enum revisit_result find_in_index(const struct cdxj_index *index,
                                         const struct search *search)
{
    struct cdxj_place place;
    switch (cdxj_index_find(index, &search->name, search->kind, &place,
                            search->err)) {
    case CDXJ_ERROR:
        return REVISIT_ERROR;
    case CDXJ_NOT_FOUND:
        return REVISIT_NOT_AT_HAND;
    case CDXJ_FOUND:
    default:
        break;
    }
    enum revisit_result result = read_target(
        search, place.path, (struct record_place){ .offset = place.offset });
    free(place.path);
    return result;
}

static enum revisit_result find_by_kinds(const struct cdxj_index *index,
                                         const struct record_places *places,
                                         struct search *search)
{
    for (int kind = 0; kind < NAME_KIND_COUNT; kind++) {
        search->kind = (enum record_name_kind)kind;
        enum revisit_result result = index    ? find_in_index(index, search)
                                     : places ? find_in_places(places, search)
                                              : REVISIT_NOT_AT_HAND;
        if (result != REVISIT_NOT_AT_HAND)
            return result;
    }
    return REVISIT_NOT_AT_HAND;
}

/* In what is known of its own file, then in the runs before. */
static enum revisit_result find_anywhere(const struct known_file *file,
                                         struct search *search)
{
    enum revisit_result result =
        find_by_kinds(file->index, file->places, search);
    const struct cdxj_index *earlier;
    for (size_t i = 0; result == REVISIT_NOT_AT_HAND &&
                       (earlier = earlier_indexes_get(file->earlier, i));
         i++)
        result = find_by_kinds(earlier, NULL, search);
    return result;
}

enum revisit_result revisit_follow(struct revisit_targets *targets,
                                   struct warc_reader *reader, const char *path,
                                   const struct warc_record *revisit,
                                   struct warc_record *ret_target,
                                   revisit_tick_fn *tick, void *ctx,
                                   struct error *err)
{
    struct search search = {
        .reader = reader, .path = path, .ret_target = ret_target, .err = err
    };
    struct known_file *file = use_file(targets, path, tick, ctx);
    if (!file) {
        error_no_memory(err, "the records of a WARC");
        return REVISIT_ERROR;
    }
    record_name_referred(revisit, &search.name);
    enum revisit_result result = find_anywhere(file, &search);
    if (!file->index && !file->places) {
        *err = file->failure;
        result = err->code == ERR_STOPPED ? REVISIT_GIVEN_UP : REVISIT_ERROR;
    }
    leave_file(targets, file);
    return result;
}
