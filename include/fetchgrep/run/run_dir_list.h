/*
 * run_dir_list.h - the run directories that a directory stands for: itself, or
 * those of the shards of one run, DIR/shard-00001-of-00064 and so on.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_RUN_RUN_DIR_LIST_H
#define FETCHGREP_RUN_RUN_DIR_LIST_H

#include "fetchgrep/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct run_dir_list {
    char **paths; /* in order of their names */
    size_t count; /* 1 at least */
    bool are_shards;
};

/* Whether they are run directories is not looked at. Release it in any case. */
bool run_dir_list_read(struct run_dir_list *list, const char *dir,
                       struct error *err) MUST_CHECK;
void run_dir_list_release(struct run_dir_list *list);

/* "shard-00003-of-00064" of a path. */
const char *run_dir_list_name(const char *path);

#endif
