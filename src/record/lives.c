#include "fetchgrep/record/lives.h"

#include "fetchgrep/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NOTE_MAX = 1 << 20,
    READ_SIZE = 256 << 10,
    /* A record of five seconds at millions of entries a second. */
    RECORD_MAX = 512 << 20,
};

void life_name(uint32_t generation, char name[LIFE_NAME_SIZE])
{
    snprintf(name, LIFE_NAME_SIZE, "gen-%04u", generation);
}

uint64_t life_size(const struct life *life, enum journal_kind kind,
                   uint32_t number)
{
    for (size_t i = 0; i < life->file_count; i++)
        if (life->files[i].kind == kind && life->files[i].number == number)
            return life->files[i].size;
    return 0;
}

static void life_release(struct life *life)
{
    free(life->path);
    free(life->files);
    free(life->counters);
}

void lives_free(struct lives *lives)
{
    if (!lives)
        return;
    for (size_t i = 0; i < lives->count; i++)
        life_release(&lives->lives[i]);
    free(lives->lives);
    id_set_release(&lives->done);
    free(lives);
}

/* ---- which there are ----------------------------------------------------- */

/* 0: no name of a generation. */
static uint32_t generation_of(const char *name)
{
    uint64_t number;
    char again[LIFE_NAME_SIZE];
    if (strncmp(name, "gen-", 4) ||
        !view_to_u64(view_of_string(name + 4), &number) || number > UINT32_MAX)
        return 0;
    life_name((uint32_t)number, again);
    return strcmp(name, again) ? 0 : (uint32_t)number;
}

static bool add_life(struct lives *lives, const char *dir, const char *name,
                     uint32_t generation)
{
    struct life *more =
        realloc(lives->lives, (lives->count + 1) * sizeof(*more));
    if (!more)
        return false;
    lives->lives = more;
    more[lives->count] = (struct life){
        .generation = generation,
        .path = fs_join(dir, name),
        .journal_size = UINT64_MAX,
    };
    return more[lives->count++].path != NULL;
}

static int compare_lives(const void *a, const void *b)
{
    const struct life *x = a, *y = b;
    return (x->generation > y->generation) - (x->generation < y->generation);
}

static bool find_lives(struct lives *lives, const char *dir, struct error *err)
{
    DIR *handle = opendir(dir);
    if (!handle)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", dir);
    bool done = true;
    struct dirent *item;
    while (done && (item = readdir(handle)) != NULL) {
        uint32_t generation = generation_of(item->d_name);
        if (generation && !add_life(lives, dir, item->d_name, generation))
            done = error_no_memory(err, "the run's lives");
    }
    closedir(handle);
    if (done && lives->count)
        qsort(lives->lives, lives->count, sizeof(struct life), compare_lives);
    lives->next_generation =
        lives->count ? lives->lives[lives->count - 1].generation + 1 : 1;
    return done;
}

/* ---- what later ones noted of them --------------------------------------- */

static bool is_missing(const char *path)
{
    return access(path, F_OK) && errno == ENOENT;
}

/* A line "gen-0001 1234". */
static bool take_note(struct lives *lives, struct view line)
{
    struct view name = view_split(&line, ' ');
    uint64_t size;
    if (!view_to_u64(line, &size))
        return false;
    for (size_t i = 0; i < lives->count; i++) {
        struct life *life = &lives->lives[i];
        char own[LIFE_NAME_SIZE];
        life_name(life->generation, own);
        if (!view_equal_string(name, own))
            continue;
        if (size < life->journal_size)
            life->journal_size = size;
        return true;
    }
    return false;
}

static bool read_note(struct lives *lives, const char *path, struct error *err)
{
    struct buf text;
    buf_init(&text, NOTE_MAX);
    bool done = fs_read_file(path, &text, err);
    struct view rest = buf_view(&text);
    while (done && rest.size)
        if (!take_note(lives, view_split(&rest, '\n')))
            done = error_set(err, ERR_SYSTEM,
                             "%s is damaged, or a life of the run that it "
                             "names was removed",
                             path);
    buf_release(&text);
    return done;
}

/* A life that was killed before it had noted anything has no journal. */
static bool read_notes(struct lives *lives, struct error *err)
{
    bool done = true;
    for (size_t i = 0; done && i < lives->count; i++) {
        char *path = fs_join(lives->lives[i].path, "earlier");
        done = path ? is_missing(path) || read_note(lives, path, err)
                    : error_no_memory(err, "the run's lives");
        free(path);
    }
    return done;
}

bool lives_note(const struct lives *lives, const char *new_path,
                struct error *err)
{
    struct buf text;
    char *path = fs_join(new_path, "earlier");
    buf_init(&text, NOTE_MAX);
    for (size_t i = 0; i < lives->count; i++) {
        char name[LIFE_NAME_SIZE];
        life_name(lives->lives[i].generation, name);
        buf_append_format(&text, "%s %llu\n", name,
                          (unsigned long long)lives->lives[i].journal_size);
    }
    bool done = path ? buf_check(&text, "the run's lives", err) &&
                           fs_replace_file(path, buf_view(&text), err)
                     : error_no_memory(err, "the run's lives");
    buf_release(&text);
    free(path);
    return done;
}

/* ---- a journal ------------------------------------------------------------
 */

/* A segment that is full is not listed any more: its last length stands. */
static bool note_file(struct life *life, const struct journal_file *file)
{
    for (size_t i = 0; i < life->file_count; i++) {
        if (life->files[i].kind != file->kind ||
            life->files[i].number != file->number)
            continue;
        life->files[i].size = file->size;
        return true;
    }
    struct life_file *files =
        realloc(life->files, (life->file_count + 1) * sizeof(*files));
    if (!files)
        return false;
    life->files = files;
    files[life->file_count++] =
        (struct life_file){ file->kind, file->number, file->size };
    return true;
}

static bool take_record(struct lives *lives, struct life *life,
                        struct journal_record *record)
{
    for (size_t i = 0; i < record->file_count; i++)
        if (!note_file(life, &record->files[i]))
            return false;
    for (size_t i = 0; lives->has_ids && i < record->range_count; i++) {
        if (!id_set_add_range(&lives->done, record->ranges[i].first,
                              record->ranges[i].count))
            return false;
        lives->done_count += record->ranges[i].count;
    }
    free(life->counters);
    life->counters = record->counters;
    life->counter_count = record->counter_count;
    record->counters = NULL;
    return true;
}

/* A journal being read: `bytes` begins at `offset` in the file. */
struct reading {
    struct life *life;
    const char *path;
    lives_record_fn *show; /* NULL: nobody looks on */
    void *ctx;
    int fd;
    uint64_t end; /* bytes that count at most */
    uint64_t offset;
    struct buf bytes;
};

/* Reads on; `ret_is_end` when nothing more came. */
static bool read_more(struct reading *reading, bool *ret_is_end,
                      struct error *err)
{
    uint64_t at = reading->offset + reading->bytes.size;
    /* Half as much again, so that a long record is not read by bits. */
    size_t want = READ_SIZE + reading->bytes.size / 2;
    if (want > reading->end - at)
        want = (size_t)(reading->end - at);
    char *to = want ? buf_reserve(&reading->bytes, want) : NULL;
    if (want && !to)
        return error_no_memory(err, "the journal");
    ssize_t got = want ? pread(reading->fd, to, want, (off_t)at) : 0;
    if (got < 0)
        return error_set_errno(err, ERR_SYSTEM, errno, "cannot read %s",
                               reading->path);
    if (got)
        buf_commit(&reading->bytes, (size_t)got);
    *ret_is_end = got == 0;
    return true;
}

static bool is_all_zero(struct view bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i])
            return false;
    return true;
}

/* A record cut short, or zeros where the file system had no time to write, is
 * what a crash leaves. Anything else was changed later. */
static bool is_torn_tail(struct view rest)
{
    size_t zeros = 0;
    while (zeros < rest.size && !rest.data[rest.size - 1 - zeros])
        zeros++;
    uint64_t payload = 0;
    for (size_t i = 0; rest.size >= 8 && i < 4; i++)
        payload |= (uint64_t)(unsigned char)rest.data[4 + i] << (8 * i);
    return is_all_zero(rest) || rest.size < 16 || payload > rest.size - 16 ||
           zeros > 16;
}

static void note_damage(struct lives *lives, const struct reading *reading)
{
    if (!lives->damage[0])
        snprintf(lives->damage, sizeof(lives->damage),
                 "%s is damaged at byte %llu: what was committed after that "
                 "is done again",
                 reading->path, (unsigned long long)reading->offset);
}

/* Takes all whole records that have been read. */
static bool take_records(struct lives *lives, struct reading *reading,
                         struct error *err)
{
    struct view bytes = buf_view(&reading->bytes);
    struct journal_record record;
    enum journal_result result;
    size_t at = 0;
    bool done = true;
    while (done && (result = journal_record_read(bytes, &at, &record)) ==
                       JOURNAL_RECORD) {
        done = !reading->show ||
               reading->show(reading->ctx, reading->life, &record, err);
        if (done && !take_record(lives, reading->life, &record))
            done = error_no_memory(err, "the journal");
        journal_record_release(&record);
    }
    if (!done)
        return false;
    if (result == JOURNAL_NO_MEMORY)
        return error_no_memory(err, "the journal");
    size_t left = bytes.size - at;
    memmove(reading->bytes.data, reading->bytes.data + at, left);
    reading->bytes.size = left;
    reading->offset += at;
    return true;
}

static bool read_records(struct lives *lives, struct reading *reading,
                         struct error *err)
{
    bool is_end = false;
    while (!is_end) {
        if (!read_more(reading, &is_end, err))
            return false;
        if (reading->bytes.size && !take_records(lives, reading, err))
            return false;
    }
    if (reading->bytes.size && !is_torn_tail(buf_view(&reading->bytes)))
        note_damage(lives, reading);
    reading->life->journal_size = reading->offset;
    return true;
}

static bool read_journal(struct lives *lives, struct life *life,
                         lives_record_fn *show, void *ctx, struct error *err)
{
    char *path = fs_join(life->path, "journal");
    if (!path)
        return error_no_memory(err, "the journal");
    struct reading reading = { .life = life,
                               .path = path,
                               .show = show,
                               .ctx = ctx,
                               .fd = open(path, O_RDONLY | O_CLOEXEC),
                               .end = life->journal_size };
    bool done;
    life->noted_size = life->journal_size;
    buf_init(&reading.bytes, RECORD_MAX);
    if (reading.fd >= 0) {
        done = read_records(lives, &reading, err);
        close(reading.fd);
    } else {
        life->journal_size = 0;
        done = errno == ENOENT ||
               error_set_errno(err, ERR_SYSTEM, errno, "cannot open %s", path);
    }
    buf_release(&reading.bytes);
    free(path);
    return done;
}

struct lives *lives_read_each(const char *dir, bool with_ids,
                              lives_record_fn *show, void *ctx,
                              struct error *err)
{
    struct lives *lives = calloc(1, sizeof(*lives));
    if (!lives) {
        error_no_memory(err, "the run's lives");
        return NULL;
    }
    lives->has_ids = with_ids;
    bool done = find_lives(lives, dir, err) && read_notes(lives, err);
    for (size_t i = 0; done && i < lives->count; i++)
        done = read_journal(lives, &lives->lives[i], show, ctx, err);
    if (done)
        return lives;
    lives_free(lives);
    return NULL;
}

struct lives *lives_read(const char *dir, bool with_ids, struct error *err)
{
    return lives_read_each(dir, with_ids, NULL, NULL, err);
}
