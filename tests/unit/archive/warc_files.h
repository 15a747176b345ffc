/*
 * warc_files.h - WARC files made by hand, in the ways in which they are packed,
 * and what a reader says of them, as text.
 */
#ifndef FETCHGREP_TESTS_WARC_FILES_H
#define FETCHGREP_TESTS_WARC_FILES_H

#include "fetchgrep/archive/warc_read.h"
#include "fetchgrep/base/codec_gzip.h"
#include "fetchgrep/base/zstd_stream.h"

#include "temp_dir.h"

enum packing {
    PACKED_NOT,
    PACKED_MEMBERS, /* gzip */
    PACKED_FRAMES,  /* zstd */
    PACKED_WHOLE,   /* one gzip member */
    PACKED_WHOLE_ZSTD,
    PACKING_COUNT,
};

/* All records are one member: it is what their offsets name. */
static inline bool is_whole(enum packing packing)
{
    return packing == PACKED_WHOLE || packing == PACKED_WHOLE_ZSTD;
}

enum { PARTS_MAX = 16 };

/* A file made of parts: each one a member under PACKED_MEMBERS and
 * PACKED_FRAMES. */
struct warc_file {
    enum packing packing;
    struct buf bytes;
    size_t offsets[PARTS_MAX + 1]; /* of the parts, and the end */
    size_t part_count;
    struct buf plain; /* PACKED_WHOLE: what is to be packed */
    struct gzip_packer *gzip;
    struct zstd_packer *zstd;
};

static inline void warc_file_init(struct warc_file *file, enum packing packing)
{
    *file = (struct warc_file){ .packing = packing };
    buf_init(&file->bytes, SIZE_MAX / 4);
    buf_init(&file->plain, SIZE_MAX / 4);
    file->gzip = gzip_packer_new(1);
    file->zstd = zstd_packer_new(1);
    ck_assert(file->gzip && file->zstd);
}

static inline void warc_file_release(struct warc_file *file)
{
    buf_release(&file->bytes);
    buf_release(&file->plain);
    gzip_packer_free(file->gzip);
    zstd_packer_free(file->zstd);
}

static inline void warc_file_add(struct warc_file *file, struct view part)
{
    ck_assert_uint_lt(file->part_count, PARTS_MAX);
    switch (file->packing) {
    case PACKED_MEMBERS:
        gzip_pack(file->gzip, part, &file->bytes);
        break;
    case PACKED_FRAMES:
        zstd_pack(file->zstd, part, &file->bytes);
        break;
    case PACKED_WHOLE:
    case PACKED_WHOLE_ZSTD:
        buf_append_view(&file->plain, part);
        buf_reset(&file->bytes);
        if (file->packing == PACKED_WHOLE)
            gzip_pack(file->gzip, buf_view(&file->plain), &file->bytes);
        else
            zstd_pack(file->zstd, buf_view(&file->plain), &file->bytes);
        break;
    case PACKED_NOT:
    case PACKING_COUNT:
    default:
        buf_append_view(&file->bytes, part);
        break;
    }
    ck_assert(!file->bytes.failed && !file->plain.failed);
    file->offsets[++file->part_count] = file->bytes.size;
}

/* A response whose Content-Length says `length`. */
static inline void warc_file_add_claiming(struct warc_file *file,
                                          const char *uri, struct view block,
                                          const char *length)
{
    struct buf record;
    buf_init(&record, SIZE_MAX / 4);
    buf_append_format(&record,
                      "WARC/1.1\r\nWARC-Type: response\r\n"
                      "WARC-Target-URI: %s\r\n%s%s%s\r\n",
                      uri, length ? "Content-Length: " : "",
                      length ? length : "", length ? "\r\n" : "");
    buf_append_view(&record, block);
    buf_append_string(&record, "\r\n\r\n");
    warc_file_add(file, buf_view(&record));
    buf_release(&record);
}

static inline void warc_file_add_response(struct warc_file *file,
                                          const char *uri, struct view block)
{
    char length[32];
    snprintf(length, sizeof(length), "%zu", block.size);
    warc_file_add_claiming(file, uri, block, length);
}

/* ---- what a reader says ----------------------------------------------- */

static inline struct warc_reader *new_reader(size_t max_block)
{
    struct error err;
    struct warc_reader *reader = warc_reader_new(max_block, &err);
    ck_assert_ptr_nonnull(reader);
    return reader;
}

static inline void open_file(struct warc_reader *reader, const char *name,
                             uint64_t offset)
{
    struct error err;
    char *path = temp_path(name);
    ck_assert_msg(warc_reader_open(reader, path, offset, &err), "%s",
                  err.message);
    free(path);
}

/* The place that a message about damage names. */
static inline unsigned long long damage_offset(const struct error *damage)
{
    static const char mark[] = ": offset ";
    ck_assert_int_eq(damage->code, ERR_DATA);
    ck_assert_msg(!strncmp(damage->message, temp_dir, strlen(temp_dir)), "%s",
                  damage->message);
    const char *place = strstr(damage->message, mark);
    ck_assert_msg(place != NULL, "%s", damage->message);
    return strtoull(place + strlen(mark), NULL, 10);
}

/* One line an event: "URI SIZE @OFFSET" or "damage @OFFSET"; then "end". */
static inline void tell_file(struct warc_reader *reader, struct buf *out)
{
    struct warc_record record;
    struct error err;
    enum warc_read_result result;
    for (int i = 0; i < 100000; i++) {
        result = warc_reader_next(reader, &record, &err);
        if (result == WARC_READ_RECORD)
            buf_append_format(out, "%.*s %zu%s @%llu\n",
                              VIEW_ARG(record.target_uri), record.block.size,
                              record.is_cut ? " cut" : "",
                              (unsigned long long)record.offset);
        else if (result == WARC_READ_DAMAGE)
            buf_append_format(out, "damage @%llu\n", damage_offset(&err));
        else
            break;
    }
    ck_assert_int_eq(result, WARC_READ_END);
    /* The end stays the end. */
    ck_assert_int_eq(warc_reader_next(reader, &record, &err), WARC_READ_END);
    buf_append_string(out, "end\n");
}

/* Writes the bytes as a file and compares what is told of it. */
static inline void check_told(size_t max_block, struct view bytes,
                              const char *expected)
{
    struct buf told;
    struct warc_reader *reader = new_reader(max_block);
    buf_init(&told, 1 << 24);
    temp_write("file", bytes);
    open_file(reader, "file", 0);
    tell_file(reader, &told);
    ck_assert_str_eq(buf_string(&told), expected);
    buf_release(&told);
    warc_reader_free(reader);
}

#endif
