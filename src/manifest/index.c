/*
 * The file: the places of all rows, 24 bytes each, those of a host one behind
 * the other; then the hosts, 16 bytes each, those with the most rows first.
 * Both orders come from base/record_sort.h. The key of a place is its host's
 * hash, and as ids come in order a stable sort keeps them so.
 */
#include "fetchgrep/manifest/index.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/record_sort.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { SIZE_BITS = 21, WRITE_SIZE = 64 << 10, HOSTS_READ = 64 };

static_assert(MANIFEST_LINE_MAX < 1 << SIZE_BITS, "a row's size fits");

/* A host in the file. */
struct extent_of_host {
    uint64_t at;
    uint64_t count;
};

struct manifest_index {
    struct manifest *manifest;
    const char *dir, *path;
    size_t memory;
    int fd;
    int rows_fd; /* copied rows; -1: none yet */
    uint64_t rows_size;
    struct buf out;  /* not yet written, to either file */
    struct buf rows; /* the same of the copied rows */
    struct buf row;  /* the one that was read last */
    struct record_sort *sort;
    uint64_t *first_ids; /* of each list that rows came from */
    uint32_t source_count;
    uint64_t entry_count, host_count;
    uint64_t hosts_taken;
    struct extent_of_host hosts[HOSTS_READ]; /* read ahead */
};

static bool open_file(struct manifest_index *idx, struct error *err)
{
    if (!idx->path)
        return fs_open_unnamed(idx->dir, &idx->fd, err);
    idx->fd = open(idx->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return idx->fd >= 0 ||
           error_set_errno(err, ERR_SYSTEM, errno, "cannot make %s", idx->path);
}

struct manifest_index *index_new(struct manifest *manifest, const char *dir,
                                 const char *path, size_t memory,
                                 struct error *err)
{
    struct manifest_index *idx = calloc(1, sizeof(*idx));
    if (!idx) {
        error_no_memory(err, "the manifest's index");
        return NULL;
    }
    idx->manifest = manifest;
    idx->dir = dir;
    idx->path = path;
    idx->memory = memory;
    idx->fd = idx->rows_fd = -1;
    buf_init(&idx->out, 2 * WRITE_SIZE);
    buf_init(&idx->rows, WRITE_SIZE + 2 * MANIFEST_LINE_MAX);
    buf_init(&idx->row, 2 * MANIFEST_LINE_MAX);
    idx->sort = record_sort_new(dir, memory, err);
    if (idx->sort && open_file(idx, err))
        return idx;
    index_free(idx);
    return NULL;
}

void index_free(struct manifest_index *idx)
{
    if (!idx)
        return;
    if (idx->fd >= 0)
        close(idx->fd);
    if (idx->fd >= 0 && idx->path)
        unlink(idx->path);
    if (idx->rows_fd >= 0)
        close(idx->rows_fd);
    buf_release(&idx->out);
    buf_release(&idx->rows);
    buf_release(&idx->row);
    record_sort_free(idx->sort);
    free(idx->first_ids);
    free(idx);
}

static const char *name_of(const struct manifest_index *idx)
{
    return idx->path ? idx->path : idx->dir;
}

/* ---- adding -------------------------------------------------------------- */

static bool write_out(struct manifest_index *idx, int fd, struct buf *bytes,
                      struct error *err)
{
    if (!buf_check(bytes, "the manifest's index", err) ||
        !fs_write_all(fd, buf_view(bytes), name_of(idx), err))
        return false;
    buf_reset(bytes);
    return true;
}

/* Keeps a copy of the row; `ret_offset` is where. */
static bool copy_row(struct manifest_index *idx, struct view row,
                     uint64_t *ret_offset, struct error *err)
{
    if (idx->rows_fd < 0 && !fs_open_unnamed(idx->dir, &idx->rows_fd, err))
        return false;
    buf_append_view(&idx->rows, row);
    *ret_offset = idx->rows_size;
    idx->rows_size += row.size;
    return idx->rows.size < WRITE_SIZE ||
           write_out(idx, idx->rows_fd, &idx->rows, err);
}

/* Ids and lists both come in order: the first id of a list tells where it
 * begins. */
static bool note_source(struct manifest_index *idx,
                        const struct manifest_entry *entry, struct error *err)
{
    if (entry->source_index < idx->source_count)
        return true;
    size_t count = (size_t)entry->source_index + 1;
    uint64_t *ids = realloc(idx->first_ids, count * sizeof(*ids));
    if (!ids)
        return error_no_memory(err, "the manifest's index");
    idx->first_ids = ids;
    while (idx->source_count < count)
        ids[idx->source_count++] = entry->id;
    return true;
}

static uint32_t source_of(const struct manifest_index *idx, uint64_t id)
{
    uint32_t low = 0, high = idx->source_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (idx->first_ids[middle] <= id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool index_add(struct manifest_index *idx, uint64_t host_hash,
               const struct manifest_entry *entry, struct error *err)
{
    uint64_t offset = entry->offset;
    assert(entry->row.size <= MANIFEST_LINE_MAX);
    if (!note_source(idx, entry, err) ||
        (!manifest_is_seekable(idx->manifest, entry->source_index) &&
         !copy_row(idx, entry->row, &offset, err)))
        return false;
    const struct record record = {
        .key = host_hash,
        .values = { entry->id, offset,
                    entry->line << SIZE_BITS | entry->row.size },
    };
    idx->entry_count++;
    return record_sort_add(idx->sort, &record, err);
}

uint64_t index_entry_count(const struct manifest_index *idx)
{
    return idx->entry_count;
}

/* ---- sealing ------------------------------------------------------------- */

static bool append(struct manifest_index *idx, const void *data, size_t size,
                   struct error *err)
{
    buf_append(&idx->out, data, size);
    return idx->out.size < WRITE_SIZE ||
           write_out(idx, idx->fd, &idx->out, err);
}

/* The most rows first. */
static bool add_host(struct record_sort *hosts, uint64_t at, uint64_t count,
                     struct error *err)
{
    const struct record record = { .key = ~count, .values = { at, count } };
    return !count || record_sort_add(hosts, &record, err);
}

/* Writes the places by host, and gives the hosts to `hosts`. */
static bool write_places(struct manifest_index *idx, struct record_sort *hosts,
                         struct error *err)
{
    struct record record = { 0 };
    enum record_result result;
    uint64_t at = 0, host_at = 0, hash = 0;
    while ((result = record_sort_next(idx->sort, &record, err)) ==
           RECORD_ITEM) {
        if (record.key != hash) {
            if (!add_host(hosts, host_at, at - host_at, err))
                return false;
            hash = record.key;
            host_at = at;
        }
        if (!append(idx, record.values, sizeof(record.values), err))
            return false;
        at++;
    }
    return result == RECORD_END && add_host(hosts, host_at, at - host_at, err);
}

static bool write_hosts(struct manifest_index *idx, struct record_sort *hosts,
                        struct error *err)
{
    struct record record;
    enum record_result result;
    while ((result = record_sort_next(hosts, &record, err)) == RECORD_ITEM) {
        const struct extent_of_host host = { .at = record.values[0],
                                             .count = record.values[1] };
        if (!append(idx, &host, sizeof(host), err))
            return false;
        idx->host_count++;
    }
    return result == RECORD_END && write_out(idx, idx->fd, &idx->out, err);
}

bool index_seal(struct manifest_index *idx, struct error *err)
{
    static_assert(sizeof(struct index_place) ==
                      sizeof(((struct record *)NULL)->values),
                  "a place is written as the values of its record");
    bool done =
        record_sort_finish(idx->sort, err) &&
        (idx->rows_fd < 0 || write_out(idx, idx->rows_fd, &idx->rows, err));
    /* Beside the other one, so it takes less. */
    struct record_sort *hosts =
        done ? record_sort_new(idx->dir, idx->memory / 4, err) : NULL;
    done = hosts && write_places(idx, hosts, err);
    record_sort_free(idx->sort);
    idx->sort = NULL;
    done =
        done && record_sort_finish(hosts, err) && write_hosts(idx, hosts, err);
    record_sort_free(hosts);
    buf_release(&idx->out);
    buf_release(&idx->rows);
    return done;
}

/* ---- reading ------------------------------------------------------------- */

static bool read_at(const struct manifest_index *idx, int fd, void *to,
                    size_t size, uint64_t at, struct error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, (char *)to + done, size - done,
                            (off_t)(at + (uint64_t)done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set_errno(err, ERR_SYSTEM, got ? errno : EIO,
                                   "cannot read the manifest's index in %s",
                                   name_of(idx));
        done += (size_t)got;
    }
    return true;
}

enum index_result index_next_host(struct manifest_index *idx,
                                  struct index_host *ret_host,
                                  struct error *err)
{
    if (idx->hosts_taken == idx->host_count)
        return INDEX_END;
    size_t slot = idx->hosts_taken % HOSTS_READ;
    if (slot == 0) {
        uint64_t left = idx->host_count - idx->hosts_taken;
        size_t count = left < HOSTS_READ ? (size_t)left : HOSTS_READ;
        uint64_t at = idx->entry_count * sizeof(struct index_place) +
                      idx->hosts_taken * sizeof(idx->hosts[0]);
        if (!read_at(idx, idx->fd, idx->hosts, count * sizeof(idx->hosts[0]),
                     at, err))
            return INDEX_ERROR;
    }
    ret_host->left = idx->hosts[slot].count;
    ret_host->at = idx->hosts[slot].at;
    ret_host->next = ret_host->count = 0;
    idx->hosts_taken++;
    return INDEX_ITEM;
}

static bool read_places(const struct manifest_index *idx,
                        struct index_host *host, struct error *err)
{
    host->next = 0;
    host->count =
        host->left < INDEX_PLACES ? (uint32_t)host->left : INDEX_PLACES;
    bool done = read_at(idx, idx->fd, host->places,
                        host->count * sizeof(host->places[0]),
                        host->at * sizeof(host->places[0]), err);
    host->at += host->count;
    return done;
}

static bool read_copy(struct manifest_index *idx, size_t size, uint64_t at,
                      struct manifest_entry *ret_entry, struct error *err)
{
    buf_reset(&idx->row);
    char *row = buf_reserve(&idx->row, size);
    if (!row)
        return error_no_memory(err, "a line of the manifest");
    if (!read_at(idx, idx->rows_fd, row, size, at, err))
        return false;
    buf_commit(&idx->row, size);
    return manifest_parse_row(idx->manifest, buf_view(&idx->row), ret_entry) ||
           error_set(err, ERR_SYSTEM, "the manifest's index in %s is damaged",
                     name_of(idx));
}

bool index_read(struct manifest_index *idx, struct index_host *host,
                struct manifest_entry *ret_entry, struct error *err)
{
    assert(host->left);
    if (host->next == host->count && !read_places(idx, host, err))
        return false;
    const struct index_place *place = &host->places[host->next++];
    size_t size = place->line_and_size & ((1U << SIZE_BITS) - 1);
    host->left--;
    *ret_entry = (struct manifest_entry){
        .id = place->id,
        .source_index = source_of(idx, place->id),
        .line = place->line_and_size >> SIZE_BITS,
        .offset = place->offset,
    };
    return manifest_is_seekable(idx->manifest, ret_entry->source_index)
               ? manifest_reread(idx->manifest, size, &idx->row, ret_entry, err)
               : read_copy(idx, size, place->offset, ret_entry, err);
}
