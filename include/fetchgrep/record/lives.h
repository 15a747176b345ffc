/*
 * lives.h - the lives that a run has had: what each of them committed, and
 * which entries are done.
 *
 * A life (a generation) writes its files in DIR/gen-NNNN and nobody else's. Of
 * each file as many bytes count as its last whole journal record says. A later
 * life begins by noting (gen-NNNN/earlier) how many bytes of the earlier ones'
 * journals count: what a predecessor that only seemed dead writes after that
 * is nobody's.
 *
 * Thread rule: one thread at a time; const ones may be read by any.
 */
#ifndef FETCHGREP_RECORD_LIVES_H
#define FETCHGREP_RECORD_LIVES_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/id_set.h"
#include "fetchgrep/record/journal.h"

struct life_file {
    enum journal_kind kind;
    uint32_t number; /* of a segment of pages, else 0 */
    uint64_t size;   /* bytes that count */
};

struct life {
    uint32_t generation;
    char *path;            /* its directory */
    uint64_t journal_size; /* bytes that count */
    uint64_t noted_size;   /* so many counted when a later life began;
                              UINT64_MAX: none did */
    struct life_file *files;
    size_t file_count;
    uint64_t *counters; /* of its last journal record */
    size_t counter_count;
};

struct lives {
    struct life *lives; /* by generation, ascending */
    size_t count;
    bool has_ids;        /* the next two are known */
    struct id_set done;  /* entries that have an outcome */
    uint64_t done_count; /* outcomes; more than `done` when doubled */
    uint32_t next_generation;
    char damage[ERROR_MESSAGE_SIZE]; /* "" or what was found in a journal */
};

/* "gen-0001" */
enum { LIFE_NAME_SIZE = 24 };
void life_name(uint32_t generation, char name[LIFE_NAME_SIZE]);

/*
 * Reads the journals below the run directory; a journal that is torn at its end
 * counts up to there. `damage` tells of one that was changed in the middle: it
 * counts up to there too. ERR_SYSTEM when a file is shorter than what was
 * committed, or cannot be read. NULL on failure. Free it. Only `with_ids` does
 * it tell what is done: ids of extract are not final before all is read.
 */
struct lives *lives_read(const char *dir, bool with_ids, struct error *err);

/* The same, and each journal record that counts is shown, in order, before it
 * is taken into `life`. False ends the reading, with `err` set. */
typedef bool lives_record_fn(void *ctx, const struct life *life,
                             const struct journal_record *record,
                             struct error *err);
struct lives *lives_read_each(const char *dir, bool with_ids,
                              lives_record_fn *show, void *ctx,
                              struct error *err);

void lives_free(struct lives *lives);

/* Bytes of the life's file that count; 0 when it has none. */
uint64_t life_size(const struct life *life, enum journal_kind kind,
                   uint32_t number);

/* Notes in the directory of a new life what of these counts, durably. */
bool lives_note(const struct lives *lives, const char *new_path,
                struct error *err) MUST_CHECK;

#endif
