#include "finish.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/line_sort.h"

#include <errno.h>
#include <unistd.h>

enum {
    SORT_MEMORY = 64 << 20,
    FILE_BUFFER = 1 << 18,
    OUTCOME_KEY_SIZE = 16,
};

static bool damaged(const char *what, struct error *err)
{
    return error_set(err, ERR_SYSTEM,
                     "a line of the %s has changed since it was written", what);
}

/* ---- outcome lines ---------------------------------------------------- */

/* `{"id":17` with its final id, behind the same id as digits that sort. */
static bool take_outcome(void *ctx, struct view line, struct buf *out,
                         struct error *err)
{
    static const char start[] = "{\"id\":";
    const struct finish *finish = ctx;
    uint64_t id;
    struct view rest = view_from(line, sizeof(start) - 1);
    const char *comma = rest.size ? memchr(rest.data, ',', rest.size) : NULL;
    struct view number =
        view_first(rest, comma ? (size_t)(comma - rest.data) : 0);
    if (!view_starts_with(line, start) || !view_to_u64(number, &id))
        return damaged("outcomes", err);
    id = span_ids_final(finish->ids, id);
    buf_append_format(out, "%016llx%s", (unsigned long long)id, start);
    buf_append_u64(out, id);
    buf_append_view(out, view_from(rest, number.size));
    return true;
}

static bool give_outcome(void *ctx, struct view line, struct buf *out,
                         struct error *err)
{
    (void)ctx;
    (void)err;
    buf_append_view(out, view_from(line, OUTCOME_KEY_SIZE));
    return true;
}

/* ---- match lines ------------------------------------------------------ */

static bool take_match(void *ctx, struct view line, struct buf *out,
                       struct error *err)
{
    const struct finish *finish = ctx;
    uint64_t id;
    if (!match_key_id(line, &id))
        return damaged("matches", err);
    buf_append_view(out, line);
    if (!out->failed)
        match_key_set_id(out->data, span_ids_final(finish->ids, id));
    return true;
}

static bool give_match(void *ctx, struct view line, struct buf *out,
                       struct error *err)
{
    const struct finish *finish = ctx;
    return match_form_compose(finish->matches->form, line, out) ||
           damaged("matches", err);
}

/* ---- streams and files ------------------------------------------------ */

static bool pass(const struct line_sort *how, bool is_sorted, FILE *in,
                 FILE *out, struct error *err)
{
    setvbuf(in, NULL, _IOFBF, FILE_BUFFER);
    setvbuf(out, NULL, _IOFBF, FILE_BUFFER);
    bool done = is_sorted ? line_sort_stream(how, in, out, err)
                          : line_edit_stream(how, in, out, err);
    if (!done)
        return false;
    return fflush(out) == 0 || error_set_errno(err, ERR_SYSTEM, errno,
                                               "cannot write %s", how->name);
}

static bool put_head(struct view head, FILE *out, const char *name,
                     struct error *err)
{
    return head.size == 0 ||
           fwrite(head.data, 1, head.size, out) == head.size ||
           error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s", name);
}

/* The file anew: `head`, then its lines. */
static bool rewrite(const struct line_sort *how, bool is_sorted,
                    struct view head, const char *temporary, struct error *err)
{
    FILE *in = fopen(how->name, "re"), *out = fopen(temporary, "we");
    bool done = in && out;
    if (!done)
        error_set_errno(err, ERR_SYSTEM, errno, "cannot rewrite %s", how->name);
    done = done && put_head(head, out, temporary, err) &&
           pass(how, is_sorted, in, out, err);
    if (done && fdatasync(fileno(out)))
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot sync %s",
                               temporary);
    if (in)
        fclose(in);
    if (out && fclose(out) && done)
        done = error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s",
                               temporary);
    return done && fs_rename(temporary, how->name, err);
}

static bool rewrite_file(const struct finish *finish, struct line_sort how,
                         struct view head, struct error *err)
{
    const char *slash = strrchr(how.name, '/');
    char *dir =
        view_dup(slash ? view_of(how.name, (size_t)(slash - how.name) + 1)
                       : view_of_string("."));
    char *temporary = NULL;
    if (!dir || asprintf(&temporary, "%s.part", how.name) < 0) {
        free(dir);
        return error_no_memory(err, "the results");
    }
    how.dir = dir;
    bool done =
        rewrite(&how, finish->matches->is_ordered, head, temporary, err);
    free(dir);
    free(temporary);
    return done;
}

bool finish_outcomes(void *ctx, const char *path, struct error *err)
{
    const struct finish *finish = ctx;
    if (!finish->matches->is_ordered)
        return span_ids_rewrite(finish->ids, path, err);
    const struct line_sort how = {
        .memory = SORT_MEMORY,
        .name = path,
        .take = take_outcome,
        .give = give_outcome,
        .ctx = ctx,
    };
    return rewrite_file(finish, how, view_of(NULL, 0), err);
}

static struct line_sort match_lines(const struct finish *finish,
                                    const char *name, const char *dir)
{
    struct line_sort how = {
        .memory = SORT_MEMORY,
        .name = name,
        .dir = dir,
        .take = take_match,
        .give = give_match,
    };
    /* It is only read. */
    memcpy(&how.ctx, &finish, sizeof(how.ctx));
    return how;
}

bool finish_matches(void *ctx, const char *path, struct error *err)
{
    const struct finish *finish = ctx;
    const struct match_form *form = finish->matches->form;
    if (match_form_is_keyed(form))
        return rewrite_file(finish, match_lines(finish, path, NULL),
                            match_form_head(form), err);
    return !match_form_has_plain_id(form) ||
           span_ids_rewrite(finish->ids, path, err);
}

/* A stream of its own on a descriptor that stays open. */
static FILE *open_stream(int fd, const char *mode, struct error *err)
{
    int own_fd = dup(fd);
    FILE *stream = own_fd >= 0 ? fdopen(own_fd, mode) : NULL;
    if (stream)
        return stream;
    error_set_errno(err, ERR_SYSTEM, errno, "cannot read the matches again");
    if (own_fd >= 0)
        close(own_fd);
    return NULL;
}

bool finish_stream(const struct finish *finish, int spool_fd, struct error *err)
{
    static const char name[] = "standard output";
    const struct line_sort how = match_lines(finish, name, fs_temporary_dir());
    if (lseek(spool_fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, ERR_SYSTEM, errno,
                               "cannot read the matches again");
    FILE *in = open_stream(spool_fd, "r", err);
    FILE *out = in ? open_stream(STDOUT_FILENO, "w", err) : NULL;
    bool done =
        out &&
        put_head(match_form_head(finish->matches->form), out, name, err) &&
        pass(&how, finish->matches->is_ordered, in, out, err);
    if (in)
        fclose(in);
    if (out)
        fclose(out);
    return done;
}
