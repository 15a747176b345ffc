#include "verify_plan.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- files ------------------------------------------------------------ */

/* Takes the path; NULL: no memory. */
static struct verify_file *add_file(struct verify *verify, char *path,
                                    enum journal_kind kind, uint64_t size,
                                    struct error *err)
{
    struct verify_file *files =
        path ? realloc(verify->files, (verify->file_count + 1) * sizeof(*files))
             : NULL;
    if (!files) {
        free(path);
        error_no_memory(err, "the files of a run");
        return NULL;
    }
    verify->files = files;
    files += verify->file_count++;
    *files = (struct verify_file){ .kind = kind, .path = path, .size = size };
    return files;
}

static bool add_stretch(struct verify *verify,
                        const struct verify_stretch *stretch, struct error *err)
{
    size_t count = verify->stretch_count;
    /* Grows by doubling: at each power of two. */
    if (!(count & (count - 1))) {
        struct verify_stretch *stretches = realloc(
            verify->stretches, (count ? 2 * count : 1) * sizeof(*stretches));
        if (!stretches)
            return error_no_memory(err, "the journals");
        verify->stretches = stretches;
    }
    verify->stretches[verify->stretch_count++] = *stretch;
    return true;
}

static bool is_of(const struct verify_piece *piece, enum journal_kind kind,
                  uint32_t generation, uint32_t number)
{
    return piece->kind == kind && piece->number == number &&
           (!generation || piece->generation == generation);
}

/* Which bytes there are: told when they are fewer or more than count. */
static uint64_t judge_size(struct verify *verify,
                           const struct verify_file *file)
{
    struct stat st;
    if (stat(file->path, &st)) {
        verify_fault(verify, "%s: cannot be read: %s", file->path,
                     strerror(errno));
        return 0;
    }
    uint64_t size = (uint64_t)st.st_size;
    if (size < file->size)
        verify_fault_at(verify, file->path, size,
                        "it ends here, and %llu bytes were committed",
                        (unsigned long long)file->size);
    else if (size > file->size && verify->is_finished)
        verify_fault_at(verify, file->path, file->size,
                        "no journal counts the bytes from here on to %llu",
                        (unsigned long long)size);
    else
        return file->size;
    return size;
}

bool verify_add_whole(struct verify *verify, char *path, enum journal_kind kind,
                      bool is_sized, uint64_t size, uint64_t digest,
                      struct error *err)
{
    struct stat st;
    struct verify_file *file = add_file(verify, path, kind, size, err);
    if (!file)
        return false;
    if (!is_sized && stat(path, &st) == 0)
        file->size = (uint64_t)st.st_size;
    const struct verify_stretch stretch = {
        .file = verify->file_count - 1,
        .to = judge_size(verify, file),
        .has_digest = digest != 0,
        .digest = digest,
    };
    return !stretch.to || add_stretch(verify, &stretch, err);
}

/* Adds the stretch as far as its bytes are there. */
static bool add_counted(struct verify *verify, struct verify_stretch stretch,
                        uint64_t there, struct error *err)
{
    if (stretch.from >= there)
        return true;
    if (stretch.to > there) {
        stretch.to = there;
        stretch.has_digest = false;
    }
    return add_stretch(verify, &stretch, err);
}

bool verify_add_own(struct verify_plan *plan, char *path,
                    const struct life *life, enum journal_kind kind,
                    uint32_t number, struct error *err)
{
    struct verify *verify = plan->verify;
    uint64_t size = life_size(life, kind, number), end = 0;
    struct verify_file *file = add_file(verify, path, kind, size, err);
    if (!file)
        return false;
    file->generation = life->generation;
    file->number = number;
    size_t index = verify->file_count - 1;
    uint64_t there = judge_size(verify, file);
    for (size_t i = 0; i < plan->count; i++) {
        const struct verify_piece *piece = &plan->pieces[i];
        const struct verify_stretch stretch = {
            .file = index,
            .from = piece->from,
            .to = piece->to,
            .has_digest = true,
            .digest = piece->digest,
            .generation = life->generation,
            .sequence = piece->sequence,
        };
        if (!is_of(piece, kind, life->generation, number))
            continue;
        end = piece->to;
        if (!add_counted(verify, stretch, there, err))
            return false;
    }
    const struct verify_stretch rest = { .file = index,
                                         .from = end,
                                         .to = there };
    return there <= end || add_stretch(verify, &rest, err);
}

/* ---- a file that was joined of all lives ------------------------------ */

static size_t count_with(const struct lives *lives, enum journal_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < lives->count; i++)
        count += life_size(&lives->lives[i], kind, 0) > 0;
    return count;
}

/* The stretches of one life, which begins at `base` with `skipped` bytes left
 * out. */
static bool add_part(struct verify_plan *plan, const struct life *life,
                     size_t index, uint64_t base, uint64_t skipped,
                     uint64_t there, struct error *err)
{
    struct verify *verify = plan->verify;
    enum journal_kind kind = verify->files[index].kind;
    for (size_t i = 0; i < plan->count; i++) {
        const struct verify_piece *piece = &plan->pieces[i];
        if (!is_of(piece, kind, life->generation, 0))
            continue;
        const struct verify_stretch stretch = {
            .file = index,
            .from = base + (piece->from ? piece->from - skipped : 0),
            .to = base + piece->to - skipped,
            .has_digest = true,
            .has_head = skipped && !piece->from,
            .digest = piece->digest,
            .generation = life->generation,
            .sequence = piece->sequence,
        };
        if (stretch.to > stretch.from &&
            !add_counted(verify, stretch, there, err))
            return false;
    }
    return true;
}

bool verify_add_joined(struct verify_plan *plan, char *path,
                       enum journal_kind kind, size_t head_size,
                       struct error *err)
{
    struct verify *verify = plan->verify;
    const struct lives *lives = verify->lives;
    bool is_joined = count_with(lives, kind) != 1;
    struct verify_file *file = add_file(verify, path, kind, 0, err);
    if (!file)
        return false;
    size_t index = verify->file_count - 1;
    uint64_t size = is_joined ? head_size : 0;
    for (size_t i = 0; i < lives->count; i++) {
        uint64_t own = life_size(&lives->lives[i], kind, 0);
        size += is_joined && own >= head_size ? own - head_size : own;
    }
    file->size = size;
    uint64_t there = judge_size(verify, file), base = 0;
    for (size_t i = 0; i < lives->count; i++) {
        const struct life *life = &lives->lives[i];
        uint64_t own = life_size(life, kind, 0);
        /* The first one's head is the whole file's. */
        uint64_t skipped = base && own >= head_size ? head_size : 0;
        if (!add_part(plan, life, index, base, skipped, there, err))
            return false;
        base += own - skipped;
    }
    /* Beyond what counts; or the head alone, of a run without entries. */
    const struct verify_stretch rest = {
        .file = index,
        .from = base < there ? base : there,
        .to = there,
    };
    return rest.from == rest.to || add_stretch(verify, &rest, err);
}
