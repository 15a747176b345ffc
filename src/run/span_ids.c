/*
 * A provisional id is (2 w + 1) << 40 | n for page n of WARC w, and
 * (2 w) << 40 | n for a page of other inputs with n known pages and w WARCs
 * before it. With w = 0 the latter is the final id itself.
 */
#include "span_ids.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum { LOCAL_BITS = 40 };

struct warc_span {
    uint64_t known_before;
    uint64_t before; /* pages in all WARCs before; once they have ended */
    uint64_t page_count;
    bool is_announced; /* known_before is known */
    bool has_ended;
};

struct span_ids {
    bool must_be_final;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t has_ended;
    struct warc_span *warcs;
    size_t warc_count, warc_capacity;
    size_t ended_count;   /* of the first WARCs, without a gap */
    uint64_t ended_pages; /* in those */
    bool has_provisional;
    bool is_aborted;
};

struct span_ids *span_ids_new(bool must_be_final)
{
    struct span_ids *ids = calloc(1, sizeof(*ids));
    if (!ids)
        return NULL;
    ids->must_be_final = must_be_final;
    pthread_mutex_init(&ids->lock, NULL);
    pthread_cond_init(&ids->has_ended, NULL);
    return ids;
}

void span_ids_free(struct span_ids *ids)
{
    if (!ids)
        return;
    pthread_cond_destroy(&ids->has_ended);
    pthread_mutex_destroy(&ids->lock);
    free(ids->warcs);
    free(ids);
}

static uint64_t provisional(const struct span *span)
{
    uint64_t class = span->warcs_before * 2;
    return span->kind == SPAN_WARC ? (class + 1) << LOCAL_BITS
                                   : (class << LOCAL_BITS) + span->known_before;
}

/* The id of its first page, if that is known. */
static bool find_first(const struct span_ids *ids, const struct span *span,
                       uint64_t *ret_first)
{
    if (ids->ended_count < span->warcs_before)
        return false;
    uint64_t pages = span->warcs_before < ids->ended_count
                         ? ids->warcs[span->warcs_before].before
                         : ids->ended_pages;
    *ret_first = span->known_before + pages;
    return true;
}

bool span_ids_begin(struct span_ids *ids, const struct span *span,
                    uint64_t *ret_first_id, struct error *err)
{
    if (!span->warcs_before) {
        *ret_first_id = span->known_before;
        return true;
    }
    pthread_mutex_lock(&ids->lock);
    while (ids->must_be_final && !ids->is_aborted &&
           ids->ended_count < span->warcs_before)
        pthread_cond_wait(&ids->has_ended, &ids->lock);
    bool is_aborted = ids->is_aborted;
    if (!find_first(ids, span, ret_first_id)) {
        *ret_first_id = provisional(span);
        ids->has_provisional = true;
    }
    pthread_mutex_unlock(&ids->lock);
    return !is_aborted || error_set(err, ERR_SYSTEM, "reading was given up");
}

static bool widen(struct span_ids *ids, size_t count)
{
    if (count <= ids->warc_capacity)
        return true;
    size_t capacity = count * 2;
    struct warc_span *warcs = realloc(ids->warcs, capacity * sizeof(*warcs));
    if (!warcs)
        return false;
    memset(warcs + ids->warc_capacity, 0,
           (capacity - ids->warc_capacity) * sizeof(*warcs));
    ids->warcs = warcs;
    ids->warc_capacity = capacity;
    return true;
}

bool span_ids_announce(struct span_ids *ids, const struct span *span,
                       uint64_t *ret_first_id, struct error *err)
{
    pthread_mutex_lock(&ids->lock);
    bool done = widen(ids, span->warcs_before + 1);
    if (done) {
        struct warc_span *warc = &ids->warcs[span->warcs_before];
        warc->known_before = span->known_before;
        warc->is_announced = true;
        if (!find_first(ids, span, ret_first_id))
            *ret_first_id = provisional(span);
    }
    pthread_mutex_unlock(&ids->lock);
    return done || error_no_memory(err, "the ids of pages");
}

bool span_ids_end(struct span_ids *ids, const struct span *span,
                  uint64_t page_count, struct error *err)
{
    pthread_mutex_lock(&ids->lock);
    bool done = widen(ids, span->warcs_before + 1);
    if (done) {
        ids->warcs[span->warcs_before] =
            (struct warc_span){ .known_before = span->known_before,
                                .is_announced = true,
                                .page_count = page_count,
                                .has_ended = true };
        while (ids->ended_count < ids->warc_capacity &&
               ids->warcs[ids->ended_count].has_ended) {
            struct warc_span *ended = &ids->warcs[ids->ended_count++];
            ended->before = ids->ended_pages;
            ids->ended_pages += ended->page_count;
        }
        pthread_cond_broadcast(&ids->has_ended);
    }
    pthread_mutex_unlock(&ids->lock);
    return done || error_no_memory(err, "the ids of pages");
}

void span_ids_abort(struct span_ids *ids)
{
    pthread_mutex_lock(&ids->lock);
    ids->is_aborted = true;
    pthread_cond_broadcast(&ids->has_ended);
    pthread_mutex_unlock(&ids->lock);
}

bool span_ids_has_provisional(struct span_ids *ids)
{
    pthread_mutex_lock(&ids->lock);
    bool has = ids->has_provisional;
    pthread_mutex_unlock(&ids->lock);
    return has;
}

static bool find_final(const struct span_ids *ids, uint64_t id,
                       uint64_t *ret_final)
{
    uint64_t class = id >> LOCAL_BITS, warc = class / 2;
    uint64_t local = id & ((UINT64_C(1) << LOCAL_BITS) - 1);
    if (!class) {
        *ret_final = id;
        return true;
    }
    bool is_own = class % 2;
    const struct warc_span *row =
        warc < ids->warc_capacity ? &ids->warcs[warc] : NULL;
    if (warc > ids->ended_count || (is_own && (!row || !row->is_announced)))
        return false;
    *ret_final = local + (is_own ? row->known_before : 0) +
                 (warc < ids->ended_count ? row->before : ids->ended_pages);
    return true;
}

static uint64_t final_id(const struct span_ids *ids, uint64_t id)
{
    uint64_t final = id;
    find_final(ids, id, &final);
    return final;
}

void span_ids_leave(struct span_ids *ids, uint64_t id)
{
    pthread_mutex_lock(&ids->lock);
    ids->has_provisional = ids->has_provisional || id >> LOCAL_BITS;
    pthread_mutex_unlock(&ids->lock);
}

bool span_ids_settle(struct span_ids *ids, uint64_t id, uint64_t *ret_final)
{
    pthread_mutex_lock(&ids->lock);
    bool is_known = find_final(ids, id, ret_final);
    ids->has_provisional = ids->has_provisional || !is_known;
    pthread_mutex_unlock(&ids->lock);
    return is_known;
}

static bool rewrite_line(const struct span_ids *ids, struct view line,
                         FILE *out)
{
    static const char start[] = "{\"id\":";
    uint64_t id;
    struct view rest = view_from(line, sizeof(start) - 1);
    struct view number = rest;
    const char *comma = rest.size ? memchr(rest.data, ',', rest.size) : NULL;
    if (comma)
        number.size = (size_t)(comma - rest.data);
    if (!view_starts_with(line, start) || !view_to_u64(number, &id))
        return fwrite(line.data, 1, line.size, out) == line.size;
    rest = view_from(rest, number.size);
    return fprintf(out, "%s%llu", start,
                   (unsigned long long)final_id(ids, id)) > 0 &&
           fwrite(rest.data, 1, rest.size, out) == rest.size;
}

static bool rewrite_lines(const struct span_ids *ids, FILE *in, FILE *out)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool done = true;
    while (done && (size = getline(&line, &capacity, in)) >= 0)
        done = rewrite_line(ids, view_of(line, (size_t)size), out);
    free(line);
    return done && !ferror(in);
}

uint64_t span_ids_final(const struct span_ids *ids, uint64_t id)
{
    return ids ? final_id(ids, id) : id;
}

static bool rewrite_file(const struct span_ids *ids, const char *from,
                         const char *to, struct error *err)
{
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    bool done = in && out && rewrite_lines(ids, in, out) && fflush(out) == 0 &&
                fdatasync(fileno(out)) == 0;
    if (!done)
        error_set_errno(err, ERR_SYSTEM, errno, "cannot rewrite %s", from);
    if (in)
        fclose(in);
    if (out && fclose(out) && done)
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s", to);
    return done;
}

bool span_ids_rewrite(void *ctx, const char *path, struct error *err)
{
    const struct span_ids *ids = ctx;
    char *temporary;
    if (!ids || !ids->has_provisional)
        return true;
    if (asprintf(&temporary, "%s.part", path) < 0)
        return error_no_memory(err, "rewriting ids");
    bool done = rewrite_file(ids, path, temporary, err) &&
                fs_rename(temporary, path, err);
    free(temporary);
    return done;
}
