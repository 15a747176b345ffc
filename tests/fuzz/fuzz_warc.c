/*
 * The archive reader on any bytes. The first byte tells what they are:
 *
 *   bits 0-2  0: a file as it is; 1, 2: parts, each packed as a gzip member or
 *             a zstd frame; 3, 4: all of it one member or frame
 *   bit 3     few bytes are kept of a block
 *   bit 4     the packed file is cut short by as many bytes as the second says
 *
 * Parts end at each "|". The reader must come to an end, keep to its limits,
 * and find a plain record again where it said it was.
 */
#include "fetchgrep/archive/warc_read.h"
#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/zstd_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SMALL_BLOCK = 40, LARGE_BLOCK = 100000, LIMIT = 1 << 24 };

enum form { AS_IT_IS, GZIP_PARTS, ZSTD_PARTS, GZIP_WHOLE, ZSTD_WHOLE };

#define DEMAND(condition)                                                      \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                           \
        }                                                                      \
    } while (0)

static struct gzip_packer *gzip;
static struct zstd_packer *zstd;
static struct warc_reader *readers[2], *again;

static void set_up(void)
{
    struct error err;
    if (gzip)
        return;
    gzip = gzip_packer_new(1);
    zstd = zstd_packer_new(1);
    readers[0] = warc_reader_new(LARGE_BLOCK, &err);
    readers[1] = warc_reader_new(SMALL_BLOCK, &err);
    again = warc_reader_new(LARGE_BLOCK, &err);
    DEMAND(gzip && zstd && readers[0] && readers[1] && again);
}

static void add_part(enum form form, struct view part, struct buf *out)
{
    if (form == GZIP_PARTS || form == GZIP_WHOLE)
        gzip_pack(gzip, part, out);
    else if (form == ZSTD_PARTS || form == ZSTD_WHOLE)
        zstd_pack(zstd, part, out);
    else
        buf_append_view(out, part);
}

static void make_file(enum form form, struct view bytes, struct buf *out)
{
    if (form != GZIP_PARTS && form != ZSTD_PARTS) {
        add_part(form, bytes, out);
        return;
    }
    while (bytes.data && bytes.size)
        add_part(form, view_split(&bytes, '|'), out);
}

static unsigned touch(struct view bytes)
{
    unsigned sum = 0;
    for (size_t i = 0; i < bytes.size; i++)
        sum += (unsigned char)bytes.data[i];
    return sum;
}

static void check_again(const char *path, const struct warc_record *record)
{
    struct error err;
    struct warc_record other;
    DEMAND(warc_reader_open(again, path, record->offset, &err));
    DEMAND(warc_reader_next(again, &other, &err) == WARC_READ_RECORD);
    DEMAND(other.offset == record->offset && other.type == record->type &&
           view_equal(other.target_uri, record->target_uri) &&
           other.block.size >= record->block.size);
}

static void check_record(const struct warc_record *record, size_t max_block)
{
    struct view value;
    DEMAND(record->block.size <= max_block);
    DEMAND(!record->is_cut || record->block.size == max_block);
    unsigned sum = touch(record->header) + touch(record->block) +
                   touch(record->target_uri) + touch(record->date) +
                   touch(record->content_type) + touch(record->ip) +
                   touch(record->truncated);
    if (warc_record_field(record, "warc-record-id", &value))
        sum += touch(value);
    DEMAND(sum < UINT32_MAX);
}

static void read_file(const char *path, size_t file_size, bool is_small,
                      bool is_plain)
{
    struct error err;
    struct warc_record record;
    struct warc_reader *reader = readers[is_small];
    uint64_t last = 0;
    size_t record_count = 0, event_max = 2 * file_size + 16;
    DEMAND(warc_reader_open(reader, path, 0, &err));
    for (size_t events = 0;; events++) {
        enum warc_read_result result = warc_reader_next(reader, &record, &err);
        DEMAND(result != WARC_READ_ERROR);
        if (result == WARC_READ_END)
            break;
        /* A packed byte may be a thousand plain ones. */
        DEMAND(events < (is_plain ? event_max : LIMIT));
        if (result == WARC_READ_DAMAGE)
            continue;
        check_record(&record, is_small ? SMALL_BLOCK : LARGE_BLOCK);
        DEMAND(record.offset >= last && record.offset <= file_size);
        last = record.offset;
        if (is_plain && !is_small && ++record_count <= 4)
            check_again(path, &record);
    }
}

/* A gzip or zstd file's own bytes may come as well. */
static bool is_plain_file(enum form form, struct view bytes)
{
    return form == AS_IT_IS && !view_starts_with(bytes, "\x1f\x8b") &&
           !memmem(bytes.data, bytes.size, "\x1f\x8b\x08", 3) &&
           !memmem(bytes.data, bytes.size, "\x28\xb5\x2f\xfd", 4) &&
           zstd_frame_kind(bytes) == ZSTD_FRAME_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct buf file;
    set_up();
    if (size < 2)
        return 0;
    enum form form = (enum form)((data[0] & 7) % 5);
    bool is_small = data[0] & 8;
    buf_init(&file, LIMIT);
    struct view bytes = view_of(data + 2, size - 2);
    make_file(form, bytes, &file);
    if (data[0] & 16 && data[1] < file.size)
        buf_truncate(&file, file.size - data[1]);
    int fd = memfd_create("warc", MFD_CLOEXEC);
    DEMAND(fd >= 0 && !file.failed);
    DEMAND(file.size == 0 ||
           write(fd, file.data, file.size) == (ssize_t)file.size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read_file(path, file.size, is_small, is_plain_file(form, bytes));
    close(fd);
    buf_release(&file);
    return 0;
}
