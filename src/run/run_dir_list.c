#include "fetchgrep/run/run_dir_list.h"

#include "run_facts.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/view.h"

#include <dirent.h>
#include <errno.h>

static bool is_shard_name(const char *name)
{
    uint64_t number, count;
    struct view rest = view_of_string(name);
    if (!view_starts_with(rest, "shard-"))
        return false;
    rest = view_from(rest, strlen("shard-"));
    struct view first = view_split(&rest, '-');
    return view_starts_with(rest, "of-") && view_to_u64(first, &number) &&
           view_to_u64(view_from(rest, strlen("of-")), &count);
}

static bool add(struct run_dir_list *list, char *path, struct error *err)
{
    char **paths =
        path ? realloc(list->paths, (list->count + 1) * sizeof(*paths)) : NULL;
    if (!paths) {
        free(path);
        return error_no_memory(err, "the shards");
    }
    list->paths = paths;
    paths[list->count++] = path;
    return true;
}

static int compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static bool add_shards(struct run_dir_list *list, const char *dir,
                       struct error *err)
{
    DIR *handle = opendir(dir);
    struct dirent *item;
    bool done = true;
    if (!handle)
        return error_set_errno(err, ERR_USAGE, errno, "cannot open %s", dir);
    while (done && (item = readdir(handle)) != NULL)
        done = !is_shard_name(item->d_name) ||
               add(list, fs_join(dir, item->d_name), err);
    closedir(handle);
    return done;
}

bool run_dir_list_read(struct run_dir_list *list, const char *dir,
                       struct error *err)
{
    *list = (struct run_dir_list){ 0 };
    if (!run_facts_is_run_dir(dir) && !add_shards(list, dir, err))
        return false;
    list->are_shards = list->count > 0;
    if (!list->are_shards)
        return add(list, strdup(dir), err);
    qsort(list->paths, list->count, sizeof(*list->paths), compare);
    return true;
}

void run_dir_list_release(struct run_dir_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (struct run_dir_list){ 0 };
}

const char *run_dir_list_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
