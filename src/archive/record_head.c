#include "record_head.h"

#include "unpacker.h"
#include "warc_header.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    FILES_MAX = 16,
    READ_SIZE = 4 << 10,   /* of the file at a time */
    STEP_SIZE = 2 << 10,   /* unpacked at a time */
    STATUS_LINE_MIN = 16,  /* bytes that show whether there is one */
    PLAIN_MAX = 512 << 10, /* beyond the longest HTTP head that is kept */
};

struct open_file {
    char *path;
    int fd;
};

struct record_heads {
    struct open_file files[FILES_MAX];
    size_t next_file; /* whose place is taken next */
    struct unpacker unpacker;
    char raw[READ_SIZE];
    struct buf plain;
};

struct record_heads *record_heads_new(void)
{
    struct record_heads *heads = calloc(1, sizeof(*heads));
    if (!heads)
        return NULL;
    unpacker_init(&heads->unpacker);
    buf_init(&heads->plain, PLAIN_MAX);
    return heads;
}

static void close_file(struct open_file *file)
{
    if (file->path)
        close(file->fd);
    free(file->path);
    *file = (struct open_file){ 0 };
}

void record_heads_free(struct record_heads *heads)
{
    if (!heads)
        return;
    for (size_t i = 0; i < FILES_MAX; i++)
        close_file(&heads->files[i]);
    unpacker_release(&heads->unpacker);
    buf_release(&heads->plain);
    free(heads);
}

/* ---- bytes ------------------------------------------------------------ */

/* -1: it cannot be opened. */
static int open_path(struct record_heads *heads, const char *path)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (heads->files[i].path && !strcmp(heads->files[i].path, path))
            return heads->files[i].fd;
    struct open_file *file = &heads->files[heads->next_file];
    char *copy = strdup(path);
    int fd = copy ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        free(copy);
        return -1;
    }
    close_file(file);
    *file = (struct open_file){ .path = copy, .fd = fd };
    heads->next_file = (heads->next_file + 1) % FILES_MAX;
    return fd;
}

/* Empty at the end of the file, and when it cannot be read. */
static struct view read_raw(struct record_heads *heads, int fd, uint64_t *at)
{
    ssize_t got;
    do {
        got = pread(fd, heads->raw, READ_SIZE, (off_t)*at);
    } while (got < 0 && errno == EINTR);
    size_t size = got > 0 ? (size_t)got : 0;
    *at += size;
    return view_of(heads->raw, size);
}

/* ---- a record's beginning --------------------------------------------- */

enum parse_result { PARSE_DONE, PARSE_MORE, PARSE_NONE };

/* Whether what is unpacked holds all that is wanted; `is_all`: there is no
 * more. Half a head would be worse than none. */
static enum parse_result parse(struct view plain, bool is_all,
                               struct warc_record *record,
                               struct http_head *head)
{
    uint64_t length;
    size_t size = warc_header_size(plain);
    if (!size)
        return is_all ? PARSE_NONE : PARSE_MORE;
    *record = (struct warc_record){ .header = view_first(plain, size) };
    if (!warc_header_begins(plain) || !warc_header_read(record, &length))
        return PARSE_NONE;
    record->block = view_first(view_from(plain, size), length);
    bool is_whole = record->block.size == length;
    bool has_head = http_head_parse(record->block, head);
    /* A head that ends where the bytes end may go on. */
    if (has_head && (is_whole || head->size < record->block.size))
        return PARSE_DONE;
    bool is_other = !has_head && record->block.size >= STATUS_LINE_MIN;
    return is_all || is_whole || is_other ? PARSE_NONE : PARSE_MORE;
}

/* Unpacks one more step. False: the member is at its end, or is broken. */
static bool unpack_step(struct record_heads *heads, int fd, uint64_t *at,
                        struct view *raw)
{
    if (!raw->size)
        *raw = read_raw(heads, fd, at);
    if (!raw->size)
        return false;
    if (heads->unpacker.packing == PACKING_NONE) {
        buf_append_view(&heads->plain, *raw);
        raw->size = 0;
        return true;
    }
    return unpacker_step(&heads->unpacker, raw, STEP_SIZE, &heads->plain) ==
           UNPACKER_MORE;
}

static bool begin(struct record_heads *heads, struct view raw)
{
    struct error err;
    enum packing packing = packing_of(raw);
    return unpacker_open(&heads->unpacker, packing, &err) &&
           (packing == PACKING_NONE || unpacker_begin(&heads->unpacker));
}

enum record_head_result record_head_read(struct record_heads *heads,
                                         const char *path, uint64_t offset,
                                         struct warc_record *ret_record,
                                         struct http_head *ret_head)
{
    struct warc_record record;
    struct http_head head;
    uint64_t at = offset;
    int fd = open_path(heads, path);
    if (fd < 0)
        return RECORD_HEAD_NONE;
    struct view raw = read_raw(heads, fd, &at);
    buf_reset(&heads->plain);
    if (!begin(heads, raw))
        return RECORD_HEAD_NO_MEMORY;
    enum parse_result result = PARSE_MORE;
    while (result == PARSE_MORE && !heads->plain.failed) {
        bool is_all = !unpack_step(heads, fd, &at, &raw);
        result = parse(buf_view(&heads->plain), is_all, &record, &head);
    }
    if (result != PARSE_DONE)
        return RECORD_HEAD_NONE;
    record.offset = offset;
    *ret_record = record;
    *ret_head = head;
    return RECORD_HEAD_READ;
}
