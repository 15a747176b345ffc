#include "fetchgrep/record/run_dir.h"

#include "seal.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/record/lives.h"
#include "fetchgrep/record/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { RUN_JSON_MAX = 16 << 20 };

struct run_dir {
    char *path;
    char *generation_path;
    int lock_fd;
    enum run_dir_state state;
    bool was_made; /* by this process */
};

/* Names that a run may leave in its directory. */
static bool is_own_name(const char *name)
{
    static const char *const names[] = {
        "run.json",     "owner",       "manifest",       "manifest.idx",
        "pages",        "matches.txt", "outcomes.jsonl", "matches.jsonl",
        "summary.json", "matches.csv", "matches.tsv",
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return !strncmp(name, "gen-", 4);
}

static bool exists(const struct run_dir *dir, const char *name)
{
    char *path = fs_join(dir->path, name);
    bool does = path && access(path, F_OK) == 0;
    free(path);
    return does;
}

/* What a run that was killed before it had begun leaves: with an owner it is
 * ours. */
static bool is_false_start(const struct run_dir *dir, const char *name)
{
    return !strcmp(name, "owner") ||
           ((!strcmp(name, "run.json.part") || !strcmp(name, "manifest")) &&
            exists(dir, "owner"));
}

/* ERR_USAGE when there are things that no run of ours has put there. */
static bool check_foreign(const struct run_dir *dir, struct error *err)
{
    DIR *handle = opendir(dir->path);
    if (!handle)
        return error_set_errno(err, ERR_USAGE, errno,
                               "cannot open run directory %s", dir->path);
    bool has_run = exists(dir, "run.json"), is_foreign = false;
    struct dirent *item;
    while (!is_foreign && (item = readdir(handle)) != NULL) {
        const char *name = item->d_name;
        if (!strcmp(name, ".") || !strcmp(name, ".."))
            continue;
        is_foreign = !has_run && !is_false_start(dir, name);
    }
    closedir(handle);
    return !is_foreign ||
           error_set(err, ERR_USAGE,
                     "%s is not empty and no run directory: name another one "
                     "with -o",
                     dir->path);
}

/* Whether the name still means the file that was opened: an owner that ended
 * in between may have taken it away. */
static bool is_still_there(int fd, const char *path)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static bool refuse_second(const struct run_dir *dir, struct error *err)
{
    char owner[128] = "";
    ssize_t size = pread(dir->lock_fd, owner, sizeof(owner) - 1, 0);
    owner[size > 0 ? strcspn(owner, "\n") : 0] = '\0';
    return error_set(err, ERR_USAGE,
                     "%s is being written by another process (%s)", dir->path,
                     owner);
}

static bool take_lock(struct run_dir *dir, struct error *err)
{
    char *path = fs_join(dir->path, "owner");
    if (!path)
        return error_no_memory(err, "the run directory");
    bool done = false, is_refused = false;
    while (!done && !is_refused) {
        if (dir->lock_fd >= 0)
            close(dir->lock_fd);
        dir->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (dir->lock_fd < 0) {
            error_set_errno(err, ERR_USAGE, errno, "cannot write %s", path);
            is_refused = true;
        } else if (flock(dir->lock_fd, LOCK_EX | LOCK_NB)) {
            is_refused = !refuse_second(dir, err);
        } else {
            done = is_still_there(dir->lock_fd, path);
        }
    }
    /* Not ours: what is done at the end must not touch it. */
    if (is_refused && dir->lock_fd >= 0) {
        close(dir->lock_fd);
        dir->lock_fd = -1;
    }
    free(path);
    return done;
}

static bool write_owner(const struct run_dir *dir, struct error *err)
{
    char host[256] = "?", text[320];
    gethostname(host, sizeof(host) - 1);
    int size =
        snprintf(text, sizeof(text), "pid %ld on %s\n", (long)getpid(), host);
    if (ftruncate(dir->lock_fd, 0))
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot write %s/owner",
                               dir->path);
    return fs_write_all(dir->lock_fd, view_of(text, (size_t)size), dir->path,
                        err);
}

static void remove_file(const struct run_dir *dir, const char *name)
{
    char *path = fs_join(dir->path, name);
    if (path)
        unlink(path);
    free(path);
}

static bool open_and_lock(struct run_dir *dir, struct error *err)
{
    struct stat st;
    if (stat(dir->path, &st)) {
        if (!fs_make_dir(dir->path, true, err)) {
            err->code = ERR_USAGE;
            return false;
        }
        dir->was_made = true;
    } else if (!S_ISDIR(st.st_mode)) {
        return error_set(err, ERR_USAGE, "%s is there and is no directory",
                         dir->path);
    }
    if (!check_foreign(dir, err) || !take_lock(dir, err))
        return false;
    if (exists(dir, "run.json")) {
        dir->state =
            exists(dir, "summary.json") ? RUN_DIR_FINISHED : RUN_DIR_UNFINISHED;
    } else {
        dir->state = RUN_DIR_NEW;
        remove_file(dir, "run.json.part");
        remove_file(dir, "manifest");
    }
    return dir->state == RUN_DIR_FINISHED || write_owner(dir, err);
}

struct run_dir *run_dir_open(const char *path, struct error *err)
{
    struct run_dir *dir = calloc(1, sizeof(*dir));
    char *copy = strdup(path);
    if (!dir || !copy) {
        free(dir);
        free(copy);
        error_no_memory(err, "the run directory");
        return NULL;
    }
    dir->path = copy;
    dir->lock_fd = -1;
    if (!open_and_lock(dir, err)) {
        run_dir_close(dir);
        return NULL;
    }
    return dir;
}

void run_dir_close(struct run_dir *dir)
{
    if (!dir)
        return;
    /* Nothing began: leave no trace. */
    if (dir->lock_fd >= 0 && !exists(dir, "run.json")) {
        remove_file(dir, "owner");
        remove_file(dir, "manifest");
        if (dir->was_made)
            rmdir(dir->path);
    }
    if (dir->lock_fd >= 0)
        close(dir->lock_fd);
    free(dir->generation_path);
    free(dir->path);
    free(dir);
}

enum run_dir_state run_dir_state(const struct run_dir *dir)
{
    return dir->state;
}

const char *run_dir_path(const struct run_dir *dir)
{
    return dir->path;
}

/* ---- identity --------------------------------------------------------- */

static json_t *load_run_json(const struct run_dir *dir, struct error *err)
{
    char *path = fs_join(dir->path, "run.json");
    struct buf text;
    buf_init(&text, RUN_JSON_MAX);
    json_t *run = NULL;
    if (path && fs_read_file(path, &text, err)) {
        json_error_t problem;
        run = json_loadb(text.data ? text.data : "", text.size, 0, &problem);
        if (!run)
            error_set(err, ERR_USAGE, "%s is damaged: %s", path, problem.text);
    }
    buf_release(&text);
    free(path);
    return run;
}

static void format_digest(uint64_t digest, char text[20])
{
    snprintf(text, 20, "%016llx", (unsigned long long)digest);
}

static const char *text_member(const json_t *run, const char *member)
{
    const char *text = json_string_value(json_object_get(run, member));
    return text ? text : "";
}

/* The first of the words "name=value" in which two descriptions differ. */
static void first_difference(struct view there, struct view here,
                             struct view *ret_there, struct view *ret_here)
{
    do {
        *ret_there = view_split(&there, ' ');
        *ret_here = view_split(&here, ' ');
    } while (view_equal(*ret_there, *ret_here) && (there.data || here.data));
}

static bool differ(const struct run_dir *dir, const char *what,
                   struct error *err)
{
    return error_set(err, ERR_USAGE,
                     "%s holds a run with another %s: name another directory, "
                     "or use --restart",
                     dir->path, what);
}

static bool options_differ(const struct run_dir *dir, const char *there,
                           const char *here, struct error *err)
{
    struct view old, new;
    char what[200];
    first_difference(view_of_string(there), view_of_string(here), &old, &new);
    snprintf(what, sizeof(what), "option (there --%.*s, here --%.*s)",
             (int)(old.size > 60 ? 60 : old.size), old.data,
             (int)(new.size > 60 ? 60 : new.size), new.data);
    return differ(dir, what, err);
}

bool run_dir_check_identity(const struct run_dir *dir,
                            const struct run_identity *identity,
                            struct error *err)
{
    json_t *run = load_run_json(dir, err);
    if (!run)
        return false;
    char manifest[20], patterns[20];
    const char *options = text_member(run, "options");
    format_digest(identity->manifest_digest, manifest);
    format_digest(identity->patterns_digest, patterns);
    bool same = true;
    if (strcmp(text_member(run, "command"), identity->command))
        same = differ(dir, "command", err);
    else if (strcmp(text_member(run, "manifest_digest"), manifest))
        same = differ(dir, "manifest", err);
    else if (strcmp(text_member(run, "patterns_digest"), patterns))
        same = differ(dir, "pattern set", err);
    else if (strcmp(options, identity->options))
        same = options_differ(dir, options, identity->options, err);
    json_decref(run);
    return same;
}

uint64_t run_identity_id(const struct run_identity *identity)
{
    uint64_t id = XXH3_64bits(identity->command, strlen(identity->command));
    id = XXH3_64bits_withSeed(&identity->manifest_digest, 8, id);
    id = XXH3_64bits_withSeed(&identity->patterns_digest, 8, id);
    return XXH3_64bits_withSeed(identity->options, strlen(identity->options),
                                id);
}

bool run_dir_begin(struct run_dir *dir, const struct run_identity *identity,
                   struct view more, struct error *err)
{
    struct buf text;
    char id[20], manifest[20], patterns[20];
    format_digest(run_identity_id(identity), id);
    format_digest(identity->manifest_digest, manifest);
    format_digest(identity->patterns_digest, patterns);
    buf_init(&text, RUN_JSON_MAX);
    buf_append_string(&text, "{\"format\":1");
    json_out_member_string(&text, "fetchgrep",
                           view_of_string(FETCHGREP_VERSION));
    json_out_member_string(&text, "run_id", view_of_string(id));
    json_out_member_string(&text, "command", view_of_string(identity->command));
    json_out_member_string(&text, "manifest_digest", view_of_string(manifest));
    json_out_member_string(&text, "patterns_digest", view_of_string(patterns));
    json_out_member_string(&text, "options", view_of_string(identity->options));
    buf_append_view(&text, more);
    buf_append_string(&text, "}\n");
    char *path = fs_join(dir->path, "run.json");
    bool done = path ? buf_check(&text, "run.json", err) &&
                           fs_replace_file(path, buf_view(&text), err)
                     : error_no_memory(err, "run.json");
    free(path);
    buf_release(&text);
    if (done)
        dir->state = RUN_DIR_UNFINISHED;
    return done;
}

bool run_dir_new_generation(struct run_dir *dir, const struct lives *lives,
                            const char **ret_path, struct error *err)
{
    char name[LIFE_NAME_SIZE];
    life_name(lives->next_generation, name);
    dir->generation_path = fs_join(dir->path, name);
    if (!dir->generation_path)
        return error_no_memory(err, "the run directory");
    if (!fs_make_dir(dir->generation_path, false, err) ||
        !fs_sync_dir(dir->path, err) ||
        (lives->count && !lives_note(lives, dir->generation_path, err)))
        return false;
    *ret_path = dir->generation_path;
    return true;
}

/* ---- clearing --------------------------------------------------------- */

static bool remove_tree(int parent_fd, const char *name, struct error *err)
{
    if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot remove %s",
                               name);
    int fd = openat(parent_fd, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *handle = fd >= 0 ? fdopendir(fd) : NULL;
    if (!handle) {
        if (fd >= 0)
            close(fd);
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", name);
    }
    bool done = true;
    struct dirent *item;
    while (done && (item = readdir(handle)) != NULL)
        if (strcmp(item->d_name, ".") && strcmp(item->d_name, ".."))
            done = remove_tree(dirfd(handle), item->d_name, err);
    closedir(handle);
    if (done && unlinkat(parent_fd, name, AT_REMOVEDIR))
        done =
            error_set_errno(err, ERR_SYSTEM, errno, "cannot remove %s", name);
    return done;
}

bool run_dir_clear(struct run_dir *dir, struct error *err)
{
    DIR *handle = opendir(dir->path);
    if (!handle)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s",
                               dir->path);
    bool done = true;
    struct dirent *item;
    while (done && (item = readdir(handle)) != NULL)
        if (is_own_name(item->d_name) && strcmp(item->d_name, "owner"))
            done = remove_tree(dirfd(handle), item->d_name, err);
    closedir(handle);
    if (done)
        dir->state = RUN_DIR_NEW;
    return done && write_owner(dir, err);
}

/* ---- sealing ---------------------------------------------------------- */

static bool write_summary(const struct run_dir *dir,
                          const struct run_dir_seal *seal, struct error *err)
{
    static const char end[] = "}\n";
    struct buf text;
    char *path = fs_join(dir->path, "summary.json");
    bool has_digests = seal->is_rewritten && view_ends_with(seal->summary, end);
    buf_init(&text, SIZE_MAX / 2);
    buf_append_view(&text, seal->summary);
    bool done = path || error_no_memory(err, "summary.json");
    if (done && has_digests && !text.failed) {
        buf_truncate(&text, text.size - strlen(end));
        done = seal_append_digests(dir->path, seal, &text, err);
        buf_append_string(&text, end);
    }
    done = done && buf_check(&text, "summary.json", err) &&
           fs_replace_file(path, buf_view(&text), err);
    buf_release(&text);
    free(path);
    return done;
}

/* What is put into place is what was counted, or nothing is. */
static bool check_lives(const struct run_dir *dir, const struct lives *lives,
                        uint64_t entries, struct error *err)
{
    struct recorder_totals totals = { 0 };
    bool done = true;
    for (size_t i = 0; done && i < lives->count; i++)
        done = !lives->lives[i].counter_count ||
               recorder_totals_add(&totals, lives->lives[i].counters,
                                   lives->lives[i].counter_count);
    return (done && totals.entries == entries) ||
           error_set(err, ERR_SYSTEM,
                     "the journals in %s tell of %llu outcomes, and there "
                     "were %llu: nothing is sealed; please report this",
                     dir->path, (unsigned long long)totals.entries,
                     (unsigned long long)entries);
}

bool run_dir_seal(struct run_dir *dir, const struct run_dir_seal *seal,
                  struct error *err)
{
    struct lives *lives = lives_read(dir->path, false, err);
    bool done = lives && check_lives(dir, lives, seal->entries, err) &&
                seal_results(dir->path, lives, seal, err) &&
                write_summary(dir, seal, err);
    if (done) {
        dir->state = RUN_DIR_FINISHED;
        seal_remove_sources(lives, seal);
    }
    lives_free(lives);
    return done;
}
