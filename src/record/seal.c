/*
 * A file of which every byte counts gets its final name as a second one
 * (link(2)): nothing is copied, and nothing is taken away before all is in
 * place. Otherwise the bytes that count are copied, those of all lives one
 * behind the other.
 */
#include "seal.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/line_sort.h"
#include "fetchgrep/record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { SORT_MEMORY = 64 << 20, COPY_SIZE = 1 << 20 };

/* What is joined: one file of each life. */
struct joining {
    const struct lives *lives;
    const char *name; /* in each life's directory */
    enum journal_kind kind;
    struct view head; /* of each; once in the whole */
};

/* ---- bytes ----------------------------------------------------------------
 */

static bool too_short(const char *path, uint64_t size, struct error *err)
{
    return error_set(err, ERR_SYSTEM,
                     "%s has lost bytes: %llu were committed; restore it, or "
                     "start over with --restart",
                     path, (unsigned long long)size);
}

/* Appends the bytes of a file from `from` to `end`. */
static bool copy_bytes(const char *path, uint64_t from, uint64_t end, int out,
                       const char *out_path, struct error *err)
{
    int in = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = malloc(COPY_SIZE);
    bool done = in >= 0 && bytes;
    if (!bytes)
        error_no_memory(err, "sealing");
    else if (in < 0)
        error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    while (done && from < end) {
        size_t want = end - from < COPY_SIZE ? (size_t)(end - from) : COPY_SIZE;
        ssize_t got = pread(in, bytes, want, (off_t)from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            done =
                error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", path);
        else if (got == 0)
            done = too_short(path, end, err);
        else
            done =
                fs_write_all(out, view_of(bytes, (size_t)got), out_path, err);
        from += got > 0 ? (uint64_t)got : 0;
    }
    if (in >= 0)
        close(in);
    free(bytes);
    return done;
}

static bool open_anew(const char *path, int *ret_fd, struct error *err)
{
    if (unlink(path) && errno != ENOENT)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot replace %s",
                               path);
    return fs_create(path, ret_fd, err);
}

/* `to` becomes a file of the first `size` bytes of `from`. */
static bool place(const char *from, uint64_t size, const char *to,
                  struct error *err)
{
    struct stat st;
    int fd = -1;
    if (stat(from, &st))
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", from);
    if ((uint64_t)st.st_size < size)
        return too_short(from, size, err);
    if (unlink(to) && errno != ENOENT)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot replace %s", to);
    if ((uint64_t)st.st_size == size && link(from, to) == 0)
        return true;
    if (!open_anew(to, &fd, err))
        return false;
    bool done = copy_bytes(from, 0, size, fd, to, err);
    return fs_sync_close(fd, to, done ? err : &(struct error){ 0 }) && done;
}

/* ---- joining --------------------------------------------------------------
 */

static bool append_life(const struct joining *joining, const struct life *life,
                        int out, const char *out_path, struct error *err)
{
    uint64_t size = life_size(life, joining->kind, 0);
    if (size <= joining->head.size)
        return true;
    char *path = fs_join(life->path, joining->name);
    bool done =
        path ? copy_bytes(path, joining->head.size, size, out, out_path, err)
             : error_no_memory(err, "sealing");
    free(path);
    return done;
}

static bool copy_all(const struct joining *joining, const char *to,
                     struct error *err)
{
    int fd = -1;
    if (!open_anew(to, &fd, err))
        return false;
    bool done = fs_write_all(fd, joining->head, to, err);
    for (size_t i = 0; done && i < joining->lives->count; i++)
        done = append_life(joining, &joining->lives->lives[i], fd, to, err);
    return fs_sync_close(fd, to, done ? err : &(struct error){ 0 }) && done;
}

/* The only life that committed something of it; NULL: none, or several. */
static const struct life *only_life(const struct joining *joining)
{
    const struct life *only = NULL;
    for (size_t i = 0; i < joining->lives->count; i++) {
        const struct life *life = &joining->lives->lives[i];
        if (!life_size(life, joining->kind, 0))
            continue;
        if (only)
            return NULL;
        only = life;
    }
    return only;
}

static bool join(const struct joining *joining, const char *to,
                 struct error *err)
{
    const struct life *life = only_life(joining);
    if (!life)
        return copy_all(joining, to, err);
    char *from = fs_join(life->path, joining->name);
    bool done = from ? place(from, life_size(life, joining->kind, 0), to, err)
                     : error_no_memory(err, "sealing");
    free(from);
    return done;
}

/* Joins under a temporary name, lets `finish` work on that, renames. */
static bool make_result(const char *dir, const struct joining *joining,
                        bool (*finish)(void *ctx, const char *path,
                                       struct error *err),
                        void *ctx, struct error *err)
{
    char *path = fs_join(dir, joining->name), *part = NULL;
    if (!path || asprintf(&part, "%s.part", path) < 0) {
        free(path);
        return error_no_memory(err, "sealing");
    }
    bool done = join(joining, part, err) && (!finish || finish(ctx, part, err));
    /* Two names of one file are not renamed onto one another: the old one
     * would stay. */
    if (done && unlink(path) && errno != ENOENT)
        done =
            error_set_errno(err, ERR_SYSTEM, errno, "cannot replace %s", path);
    done = done && fs_rename(part, path, err);
    free(path);
    free(part);
    return done;
}

/* ---- pages ----------------------------------------------------------------
 */

static bool place_segment(const char *pages, const struct life *life,
                          const struct life_file *file, const char *suffix,
                          struct error *err)
{
    char name[SEGMENT_NAME_SIZE];
    snprintf(name, sizeof(name), "pages-%05u%s", file->number, suffix);
    char *from = fs_join(life->path, name);
    recorder_segment_name(life->generation, file->number, suffix, name);
    char *to = fs_join(pages, name);
    bool done = from && to ? place(from, file->size, to, err)
                           : error_no_memory(err, "sealing");
    free(from);
    free(to);
    return done;
}

static bool place_segments(const char *pages, const struct lives *lives,
                           const char *suffix, struct error *err)
{
    bool done = true;
    for (size_t i = 0; i < lives->count; i++) {
        const struct life *life = &lives->lives[i];
        for (size_t j = 0; done && j < life->file_count; j++)
            if (life->files[j].kind == JOURNAL_PAGES && life->files[j].size)
                done = place_segment(pages, life, &life->files[j], suffix, err);
    }
    return done;
}

static bool make_index(const char *pages, const struct lives *lives,
                       struct error *err)
{
    const struct joining joining = { .lives = lives,
                                     .name = "index.cdxj",
                                     .kind = JOURNAL_INDEX };
    char *index = fs_join(pages, "index.cdxj");
    char *unsorted = fs_join(pages, "index.cdxj.part");
    bool done = index && unsorted ? join(&joining, unsorted, err)
                                  : error_no_memory(err, "sealing");
    if (done && unlink(index) && errno != ENOENT)
        done =
            error_set_errno(err, ERR_SYSTEM, errno, "cannot replace %s", index);
    done = done && line_sort(unsorted, index, SORT_MEMORY, err);
    if (done && unlink(unsorted))
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot remove %s",
                               unsorted);
    free(index);
    free(unsorted);
    return done;
}

static bool seal_pages(const char *dir, const struct lives *lives,
                       const char *suffix, struct error *err)
{
    char *pages = fs_join(dir, "pages");
    bool done = pages ? fs_make_dir(pages, false, err) &&
                            place_segments(pages, lives, suffix, err) &&
                            make_index(pages, lives, err) &&
                            fs_sync_dir(pages, err)
                      : error_no_memory(err, "sealing");
    free(pages);
    return done;
}

/* ---- all of it ------------------------------------------------------------
 */

bool seal_results(const char *dir, const struct lives *lives,
                  const struct run_dir_seal *seal, struct error *err)
{
    const struct joining outcomes = { .lives = lives,
                                      .name = "outcomes.jsonl",
                                      .kind = JOURNAL_OUTCOMES };
    const struct joining matches = { .lives = lives,
                                     .name = seal->matches_name,
                                     .kind = JOURNAL_MATCHES,
                                     .head = seal->matches_head };
    return (!seal->warc_suffix ||
            seal_pages(dir, lives, seal->warc_suffix, err)) &&
           (!seal->matches_name ||
            make_result(dir, &matches, seal->finish_matches, seal->ctx, err)) &&
           make_result(dir, &outcomes, seal->finish_outcomes, seal->ctx, err) &&
           fs_sync_dir(dir, err);
}

static bool digest_file(const char *path, uint64_t *ret_digest,
                        struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = malloc(COPY_SIZE);
    XXH3_state_t *state = XXH3_createState();
    bool done = fd >= 0 && bytes && state;
    if (fd < 0)
        error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    else if (!done)
        error_no_memory(err, "sealing");
    if (done)
        XXH3_64bits_reset(state);
    for (ssize_t got = 1; done && got;) {
        got = read(fd, bytes, COPY_SIZE);
        if (got > 0)
            XXH3_64bits_update(state, bytes, (size_t)got);
        else if (got < 0 && errno != EINTR)
            done =
                error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", path);
    }
    if (done)
        *ret_digest = XXH3_64bits_digest(state);
    if (fd >= 0)
        close(fd);
    XXH3_freeState(state);
    free(bytes);
    return done;
}

static bool append_digest(const char *dir, const char *name,
                          const char *separator, struct buf *out,
                          struct error *err)
{
    uint64_t digest = 0;
    char *path = fs_join(dir, name);
    bool done = path ? digest_file(path, &digest, err)
                     : error_no_memory(err, "sealing");
    if (done)
        buf_append_format(out, "%s\"%s\":\"%016llx\"", separator, name,
                          (unsigned long long)digest);
    free(path);
    return done;
}

bool seal_append_digests(const char *dir, const struct run_dir_seal *seal,
                         struct buf *out, struct error *err)
{
    buf_append_string(out, ",\"digests\":{");
    bool done = append_digest(dir, "outcomes.jsonl", "", out, err) &&
                (!seal->matches_name ||
                 append_digest(dir, seal->matches_name, ",", out, err));
    buf_append_char(out, '}');
    return done;
}

static void remove_file(const struct life *life, const char *name)
{
    char *path = fs_join(life->path, name);
    if (path)
        unlink(path);
    free(path);
}

void seal_remove_sources(const struct lives *lives,
                         const struct run_dir_seal *seal)
{
    for (size_t i = 0; i < lives->count; i++) {
        const struct life *life = &lives->lives[i];
        remove_file(life, "outcomes.jsonl");
        remove_file(life, "index.cdxj");
        remove_file(life, "earlier.part"); /* of one that was killed then */
        if (seal->matches_name)
            remove_file(life, seal->matches_name);
        for (size_t j = 0; seal->warc_suffix && j < life->file_count; j++) {
            char name[SEGMENT_NAME_SIZE];
            snprintf(name, sizeof(name), "pages-%05u%s", life->files[j].number,
                     seal->warc_suffix);
            if (life->files[j].kind == JOURNAL_PAGES)
                remove_file(life, name);
        }
    }
}
