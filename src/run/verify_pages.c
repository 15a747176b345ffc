/*
 * Archive records: read as anybody's, from one journal record's end to the
 * next's, and then asked for more: digests that agree, one record a member, no
 * gap between them. A record's line in the index is made again, so that the
 * index can be compared byte for byte.
 */
#include "record_digests.h"
#include "verify_parts.h"

#include "fetchgrep/archive/cdxj.h"
#include "fetchgrep/model/http_head.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

enum { READ_SIZE = 1 << 20, SCRATCH_KEPT = 4 << 20 };

/* ---- what an index line says ------------------------------------------ */

/* "2026-11-22T07:30:14.123Z"; -1: no such date. An index has whole seconds. */
static int64_t date_ms(struct view date)
{
    char text[32];
    struct tm when = { 0 };
    snprintf(text, sizeof(text), "%.*s",
             (int)(date.size < sizeof(text) ? date.size : sizeof(text) - 1),
             date.data);
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &when);
    return end ? (int64_t)timegm(&when) * 1000 : -1;
}

/* Of an answer's block: status and media type. */
static void judge_block(struct verify_page *page,
                        const struct warc_record *record, struct view *mime)
{
    struct http_head head;
    *mime = view_of(NULL, 0);
    page->status = 0;
    if (http_head_parse(record->block, &head)) {
        page->status = head.status;
        *mime = http_media_type(head.content_type);
    }
    if (record->type == WARC_TYPE_REVISIT)
        *mime = view_of_string("warc/revisit");
}

bool verify_page_take(struct verify_page *page,
                      const struct warc_record *record)
{
    struct view digest = { 0 }, mime = { 0 };
    page->is_indexed =
        record->type == WARC_TYPE_RESPONSE || record->type == WARC_TYPE_REVISIT;
    page->is_info = record->type == WARC_TYPE_WARCINFO;
    page->offset = record->offset;
    page->date_ms = date_ms(record->date);
    page->is_set = true;
    buf_reset(&page->text);
    if (!page->is_indexed)
        return false;
    judge_block(page, record, &mime);
    if (!warc_record_field(record, "warc-payload-digest", &digest))
        digest = view_of(NULL, 0);
    buf_append_view(&page->text, record->target_uri);
    buf_append_view(&page->text, mime);
    buf_append_view(&page->text, digest);
    page->url_size = record->target_uri.size;
    page->mime_size = mime.size;
    return true;
}

static struct view page_url(const struct verify_page *page)
{
    return view_first(buf_view(&page->text), page->url_size);
}

static struct view page_digest(const struct verify_page *page)
{
    return view_from(buf_view(&page->text), page->url_size + page->mime_size);
}

void verify_index_line(const struct verify_page *page, size_t length,
                       const struct verify_file *file, struct buf *out)
{
    char name[SEGMENT_NAME_SIZE];
    /* A segment's name once it is sealed, wherever it lies now. */
    const char *suffix = strstr(strrchr(file->path, '/'), ".warc");
    const struct cdxj_record record = {
        .url = page_url(page),
        .date_ms = page->date_ms,
        .mime = view_first(view_from(buf_view(&page->text), page->url_size),
                           page->mime_size),
        .status = page->status,
        .digest = page_digest(page),
        .length = length,
    };
    recorder_segment_name(file->generation, file->number, suffix, name);
    cdxj_append_head(&record, out);
    cdxj_append_place(page->offset, view_of_string(name), out);
}

/* ---- records ---------------------------------------------------------- */

static void fault(struct verify_worker *worker, uint64_t offset,
                  const char *what)
{
    verify_fault_at(worker->verify, worker->file->path, offset, "%s", what);
}

/* The record before ends where the next one begins; WARC_NOWHERE: that is not
 * known, for what follows is damaged. */
static bool end_page(struct verify_worker *worker, uint64_t end)
{
    struct verify_page *page = &worker->page;
    if (!page->is_set)
        return true;
    page->is_set = false;
    worker->record_count++;
    if (end != WARC_NOWHERE && !page->is_info)
        worker->counted.warc_bytes += end - page->offset;
    if (!page->is_indexed)
        return true;
    worker->counted.pages_kept++;
    const struct verify *verify = worker->verify;
    struct buf *line = &worker->scratch;
    buf_shrink(line, SCRATCH_KEPT);
    if (end != WARC_NOWHERE)
        verify_index_line(page, (size_t)(end - page->offset), worker->file,
                          line);
    if (line->failed || page->text.failed)
        return error_no_memory(&worker->failure, "a WARC record");
    const struct record record = {
        .key = (uint64_t)worker->stretch->file << VERIFY_OFFSET_BITS |
               page->offset,
        .values = { (uint64_t)VERIFY_RECORD << VERIFY_KIND_SHIFT,
                    line->size ? XXH3_64bits(line->data, line->size - 1) : 0,
                    verify_fingerprint(page_url(page), page_digest(page)) },
    };
    return verify_add(worker, &worker->places, verify->places, &record);
}

static bool take_record(struct verify_worker *worker,
                        const struct warc_record *record)
{
    const struct verify_page *page = &worker->page;
    uint64_t expected = worker->stretch->from;
    bool is_first = !worker->has_last;
    if (page->is_set && record->offset == page->offset)
        fault(worker, record->offset, "two records in one member");
    if (is_first && record->offset != expected)
        fault(worker, expected, "no record begins here");
    if (record->offset == 0 && record->type != WARC_TYPE_WARCINFO)
        fault(worker, 0, "the first record is no warcinfo");
    if (!end_page(worker, record->offset))
        return false;
    worker->has_last = true;
    if (record->is_cut) {
        fault(worker, record->offset, "the record is longer than any page");
    } else {
        buf_shrink(&worker->bytes, SCRATCH_KEPT);
        const char *wrong =
            record_wrong_digest(worker->digest, record, &worker->bytes);
        if (wrong)
            verify_fault_at(worker->verify, worker->file->path, record->offset,
                            "the record's %s is another's", wrong);
    }
    verify_page_take(&worker->page, record);
    return true;
}

static bool read_records(struct verify_worker *worker)
{
    struct warc_record record;
    struct error damage;
    for (;;) {
        switch (warc_reader_next(worker->reader, &record, &damage)) {
        case WARC_READ_RECORD:
            if (!take_record(worker, &record))
                return false;
            break;
        case WARC_READ_DAMAGE:
            worker->has_last = true;
            verify_fault(worker->verify, "%s", damage.message);
            if (!end_page(worker, WARC_NOWHERE))
                return false;
            break;
        case WARC_READ_END:
            return end_page(worker, worker->stretch->to);
        case WARC_READ_ERROR:
        default:
            /* Other files may be readable. */
            verify_fault(worker->verify, "%s", damage.message);
            return end_page(worker, WARC_NOWHERE);
        }
    }
}

/* ---- bytes ------------------------------------------------------------ */

static bool hash_bytes(struct verify_worker *worker, int fd,
                       XXH3_state_t *state)
{
    uint64_t at = worker->stretch->from, end = worker->stretch->to;
    buf_shrink(&worker->bytes, SCRATCH_KEPT);
    char *to = buf_reserve(&worker->bytes, READ_SIZE);
    XXH3_64bits_reset(state);
    while (to && at < end) {
        size_t want = end - at < READ_SIZE ? (size_t)(end - at) : READ_SIZE;
        ssize_t got = pread(fd, to, want, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fault(worker, at, got ? strerror(errno) : "it became shorter");
            return true;
        }
        XXH3_64bits_update(state, to, (size_t)got);
        at += (uint64_t)got;
    }
    return to || error_no_memory(&worker->failure, "a digest");
}

static bool check_bytes(struct verify_worker *worker)
{
    const struct verify_stretch *stretch = worker->stretch;
    if (!stretch->has_digest)
        return true;
    int fd = open(worker->file->path, O_RDONLY | O_CLOEXEC);
    XXH3_state_t *state = XXH3_createState();
    bool done = state || error_no_memory(&worker->failure, "a digest");
    if (fd < 0)
        fault(worker, stretch->from, strerror(errno));
    else if (done)
        done = hash_bytes(worker, fd, state);
    if (fd >= 0 && done && XXH3_64bits_digest(state) != stretch->digest)
        verify_fault_bytes(worker);
    if (fd >= 0)
        close(fd);
    XXH3_freeState(state);
    return done;
}

bool verify_pages(struct verify_worker *worker)
{
    const struct verify_stretch *stretch = worker->stretch;
    struct error failure;
    worker->page.is_set = false;
    if (!check_bytes(worker))
        return false;
    if (warc_reader_open_to(worker->reader, worker->file->path, stretch->from,
                            stretch->to, &failure))
        return read_records(worker);
    verify_fault(worker->verify, "%s", failure.message);
    return true;
}
