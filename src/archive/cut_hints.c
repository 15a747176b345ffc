/*
 * Lines are looked through for two members and not parsed: an index has a line
 * for every page, and what is misread is a worse place to cut at, no more.
 */
#include "cut_hints.h"

#include "index_files.h"

#include "fetchgrep/archive/warc_read.h"

#include <sys/stat.h>

enum {
    PARTS_MAX = 1 << 16,
    /* An index of many files is mostly about others. */
    INDEX_SHARE = 8,
};

/* The number of a member: "offset": 17, or "17" as pywb writes it. */
static bool find_offset(struct view line, uint64_t *ret_offset)
{
    static const char name[] = "\"offset\"";
    const char *at = memmem(line.data, line.size, name, sizeof(name) - 1);
    if (!at)
        return false;
    struct view rest =
        view_from(line, (size_t)(at - line.data) + sizeof(name) - 1);
    while (rest.size && strchr(": \"", rest.data[0]))
        rest = view_from(rest, 1);
    size_t digits = 0;
    while (digits < rest.size && rest.data[digits] >= '0' &&
           rest.data[digits] <= '9')
        digits++;
    return view_to_u64(view_first(rest, digits), ret_offset);
}

static void take_line(struct view line, struct view name, uint64_t part_size,
                      uint64_t *hints, size_t count)
{
    uint64_t offset;
    if (!line.size || !memmem(line.data, line.size, name.data, name.size) ||
        !find_offset(line, &offset) || offset / part_size >= count)
        return;
    uint64_t *hint = &hints[offset / part_size];
    if (offset < *hint)
        *hint = offset;
}

static uint64_t *read_index(FILE *file, struct view name, uint64_t part_size,
                            size_t count)
{
    uint64_t *hints = malloc(count * sizeof(*hints));
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    for (size_t i = 0; hints && i < count; i++)
        hints[i] = WARC_NOWHERE;
    while (hints && (size = getline(&line, &capacity, file)) >= 0)
        take_line(view_of(line, (size_t)size), name, part_size, hints, count);
    free(line);
    return hints;
}

/* Opens it if it is worth reading. */
static FILE *open_index(const char *path, uint64_t file_size)
{
    struct stat st;
    FILE *file = path ? fopen(path, "re") : NULL;
    if (file && !fstat(fileno(file), &st) && S_ISREG(st.st_mode) &&
        (uint64_t)st.st_size <= file_size / INDEX_SHARE)
        return file;
    if (file)
        fclose(file);
    return NULL;
}

uint64_t *cut_hints_load(const char *warc, uint64_t file_size,
                         uint64_t part_size, size_t *ret_count)
{
    char *own = index_file_own(warc), *common = index_file_common(warc);
    FILE *file = open_index(own, file_size);
    if (!file)
        file = open_index(common, file_size);
    free(own);
    free(common);
    if (!file)
        return NULL;
    uint64_t parts = file_size / part_size + 1;
    *ret_count = parts < PARTS_MAX ? (size_t)parts : PARTS_MAX;
    uint64_t *hints = read_index(file, view_of_string(index_file_name(warc)),
                                 part_size, *ret_count);
    fclose(file);
    return hints;
}
