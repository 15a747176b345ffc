/*
 * What must agree across files: each entry has one outcome, and the matches
 * that it tells of; each kept page one record and one line of the index; and
 * the totals of lines, journals and summary are the same.
 */
#include "verify_parts.h"

static enum verify_kind kind_of(const struct record *record)
{
    return (enum verify_kind)(record->values[0] >> VERIFY_KIND_SHIFT);
}

static uint64_t value_of(const struct record *record)
{
    return record->values[0] & VERIFY_VALUE_MASK;
}

/* ---- entries ---------------------------------------------------------- */

/* All that is told of one id. */
struct entry_group {
    uint64_t id;
    size_t outcome_count;
    struct record outcome; /* the first one */
    uint64_t match_count;
    struct record match; /* the first one */
    bool has_match;
};

struct ids_walk {
    struct verify *verify;
    struct entry_group group;
    bool has_group;
    uint64_t next_id; /* behind the last one */
};

static const char *path_of(const struct verify *verify,
                           const struct record *record)
{
    return verify->files[value_of(record)].path;
}

static void check_matches(struct verify *verify,
                          const struct entry_group *group)
{
    const struct record *outcome = &group->outcome;
    uint64_t flags = outcome->values[2];
    uint64_t told = flags & ~VERIFY_HAS_MATCHES & ~VERIFY_MAY_MATCH;
    bool can_tell = verify->columns.has_id || verify->columns.is_keyed;
    bool is_countable = !verify->facts.is_count || verify->columns.is_counted;
    if (told && !(flags & VERIFY_MAY_MATCH))
        verify_fault_at(verify, path_of(verify, outcome), outcome->values[1],
                        "entry %llu has matches, and an outcome that has none",
                        (unsigned long long)group->id);
    if (group->has_match && !(flags & VERIFY_MAY_MATCH))
        verify_fault_at(verify, path_of(verify, &group->match),
                        group->match.values[1],
                        "matches of entry %llu, whose outcome has none",
                        (unsigned long long)group->id);
    else if (can_tell && is_countable && told != group->match_count)
        verify_fault_at(verify, path_of(verify, outcome), outcome->values[1],
                        "entry %llu tells of %llu matches, and there are %llu",
                        (unsigned long long)group->id, (unsigned long long)told,
                        (unsigned long long)group->match_count);
}

static void end_group(struct ids_walk *walk)
{
    struct verify *verify = walk->verify;
    const struct entry_group *group = &walk->group;
    if (!walk->has_group)
        return;
    if (group->outcome_count)
        check_matches(verify, group);
    else
        verify_fault_at(verify, path_of(verify, &group->match),
                        group->match.values[1],
                        "matches of entry %llu, which has no outcome",
                        (unsigned long long)group->id);
    if (group->outcome_count && verify->lives->has_ids &&
        !id_set_has(&verify->lives->done, group->id))
        verify_fault_at(verify, path_of(verify, &group->outcome),
                        group->outcome.values[1],
                        "no journal tells that entry %llu is done",
                        (unsigned long long)group->id);
}

static void missing(struct verify *verify, uint64_t first, uint64_t end)
{
    if (end - first == 1)
        verify_fault(verify, "%s: entry %llu has no outcome", verify->facts.dir,
                     (unsigned long long)first);
    else if (end > first)
        verify_fault(verify, "%s: entries %llu to %llu have no outcome",
                     verify->facts.dir, (unsigned long long)first,
                     (unsigned long long)(end - 1));
}

/* Ids from `first` on and before `end` that journals say are done. */
static void check_gap(struct verify *verify, uint64_t first, uint64_t end)
{
    const struct id_set *done = &verify->lives->done;
    uint64_t id, from = 0, behind = 0;
    if (!verify->lives->has_ids)
        return;
    for (; first < end && id_set_next(done, first, &id) && id < end;
         first = id + 1) {
        if (id != behind) {
            missing(verify, from, behind);
            from = id;
        }
        behind = id + 1;
    }
    missing(verify, from, behind);
}

static void begin_group(struct ids_walk *walk, uint64_t id)
{
    check_gap(walk->verify, walk->next_id, id);
    walk->group = (struct entry_group){ .id = id };
    walk->has_group = true;
    walk->next_id = id + 1;
}

static void take_id(struct ids_walk *walk, const struct record *record)
{
    struct entry_group *group = &walk->group;
    if (!walk->has_group || group->id != record->key) {
        end_group(walk);
        begin_group(walk, record->key);
    }
    if (kind_of(record) == VERIFY_MATCH) {
        if (!group->has_match)
            group->match = *record;
        group->has_match = true;
        group->match_count += record->values[2];
        return;
    }
    if (!group->outcome_count++)
        group->outcome = *record;
    else
        verify_fault_at(walk->verify, path_of(walk->verify, record),
                        record->values[1], "entry %llu has an outcome already",
                        (unsigned long long)record->key);
}

static bool walk_ids(struct verify *verify, struct error *err)
{
    struct ids_walk walk = { .verify = verify };
    struct record record;
    enum record_result result;
    if (!record_sort_finish(verify->ids, err))
        return false;
    while ((result = record_sort_next(verify->ids, &record, err)) ==
           RECORD_ITEM)
        take_id(&walk, &record);
    end_group(&walk);
    check_gap(verify, walk.next_id, UINT64_MAX);
    return result == RECORD_END;
}

/* ---- places ----------------------------------------------------------- */

struct place_group {
    uint64_t key;
    bool has_record, has_index, has_outcome;
    struct record record, index, outcome;
};

static struct verify_file *file_of(const struct verify *verify, uint64_t key)
{
    return &verify->files[key >> VERIFY_OFFSET_BITS];
}

static uint64_t offset_of(uint64_t key)
{
    return key & ((UINT64_C(1) << VERIFY_OFFSET_BITS) - 1);
}

/* Which of URL and digest differ, where both sides tell them. */
static const char *difference(uint64_t a, uint64_t b)
{
    uint64_t high = UINT64_C(0xffffffff) << 32, low = UINT32_MAX;
    if ((a & high) && (b & high) && (a & high) != (b & high))
        return "URL";
    return (a & low) && (b & low) && (a & low) != (b & low) ? "digest" : NULL;
}

static void check_index(struct verify *verify, const struct place_group *group,
                        const char *path, uint64_t offset)
{
    if (!group->has_record) {
        verify_fault_at(verify, path, offset,
                        "no page begins there: index line at %llu",
                        (unsigned long long)value_of(&group->index));
        return;
    }
    if (!group->has_index) {
        verify_fault_at(verify, path, offset, "the page is not in the index");
        return;
    }
    if (!group->record.values[1] ||
        group->record.values[1] == group->index.values[1])
        return;
    const char *what =
        difference(group->record.values[2], group->index.values[2]);
    verify_fault_at(verify, path, offset,
                    "the index has another %s of the page: line at %llu",
                    what ? what : "length, date, status or media type",
                    (unsigned long long)value_of(&group->index));
}

static void check_outcome(struct verify *verify,
                          const struct place_group *group, const char *path,
                          uint64_t offset)
{
    unsigned long long id = (unsigned long long)value_of(&group->outcome);
    if (!group->has_record) {
        verify_fault_at(verify, path, offset,
                        "no page begins there: that of entry %llu", id);
        return;
    }
    const char *what =
        difference(group->record.values[2], group->outcome.values[2]);
    if (what)
        verify_fault_at(verify, path, offset,
                        "the outcome of entry %llu has another %s of the page",
                        id, what);
}

static void end_place(struct verify *verify, const struct place_group *group)
{
    const char *path = file_of(verify, group->key)->path;
    uint64_t offset = offset_of(group->key);
    if (group->has_record || group->has_index)
        check_index(verify, group, path, offset);
    if (group->has_outcome)
        check_outcome(verify, group, path, offset);
}

static void take_place(struct verify *verify, struct place_group *group,
                       const struct record *record)
{
    const char *path = file_of(verify, record->key)->path;
    uint64_t offset = offset_of(record->key);
    switch (kind_of(record)) {
    case VERIFY_RECORD:
        group->has_record = true;
        group->record = *record;
        break;
    case VERIFY_INDEX:
        if (group->has_index)
            verify_fault_at(verify, path, offset,
                            "the page is in the index twice: line at %llu",
                            (unsigned long long)value_of(record));
        group->has_index = true;
        group->index = *record;
        break;
    case VERIFY_OUTCOME:
    case VERIFY_MATCH:
    default:
        if (group->has_outcome && value_of(record) != value_of(&group->outcome))
            verify_fault_at(verify, path, offset,
                            "entries %llu and %llu have the same page",
                            (unsigned long long)value_of(&group->outcome),
                            (unsigned long long)value_of(record));
        group->has_outcome = true;
        group->outcome = *record;
        break;
    }
}

static bool walk_places(struct verify *verify, struct error *err)
{
    struct place_group group = { 0 };
    bool has_group = false;
    struct record record;
    enum record_result result;
    if (!record_sort_finish(verify->places, err))
        return false;
    while ((result = record_sort_next(verify->places, &record, err)) ==
           RECORD_ITEM) {
        if (has_group && group.key != record.key)
            end_place(verify, &group);
        if (!has_group || group.key != record.key)
            group = (struct place_group){ .key = record.key };
        has_group = true;
        take_place(verify, &group, &record);
    }
    if (has_group)
        end_place(verify, &group);
    return result == RECORD_END;
}

/* ---- totals ----------------------------------------------------------- */

static void compare(struct verify *verify, const char *what, const char *where,
                    uint64_t told, const char *by, uint64_t there)
{
    if (told != there)
        verify_fault(verify, "%s: %s: %llu in %s, %llu in %s",
                     verify->facts.dir, what, (unsigned long long)told, where,
                     (unsigned long long)there, by);
}

static void compare_outcomes(struct verify *verify, const char *where,
                             const struct recorder_totals *told, const char *by,
                             const struct recorder_totals *there)
{
    compare(verify, "entries", where, told->entries, by, there->entries);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        compare(verify, outcome_word((enum outcome)i), where, told->outcomes[i],
                by, there->outcomes[i]);
    compare(verify, "failed", where, told->failed, by, there->failed);
    compare(verify, "pages kept", where, told->pages_kept, by,
            there->pages_kept);
    compare(verify, "bytes of pages", where, told->warc_bytes, by,
            there->warc_bytes);
}

static void compare_matches(struct verify *verify,
                            const struct recorder_totals *totals)
{
    compare(verify, "matches", "the journals", totals->matches, "the outcomes",
            verify->counted.matches);
    if (verify->facts.has_matches &&
        (!verify->facts.is_count || verify->columns.is_counted))
        compare(verify, "matches", "the outcomes", verify->counted.matches,
                "the matches", verify->match_lines);
}

/* False: the machine. */
static bool compare_summary(struct verify *verify,
                            const struct recorder_totals *totals,
                            struct error *err)
{
    struct summary_facts summary;
    if (!verify->is_finished)
        return true;
    if (!summary_facts_read(verify->facts.dir, &summary, err))
        return false;
    compare_outcomes(verify, "summary.json", &summary.totals, "the journals",
                     totals);
    compare(verify, "bytes", "summary.json", summary.totals.body_bytes,
            "the journals", totals->body_bytes);
    if (verify->facts.has_matches)
        compare(verify, "matches", "summary.json", summary.totals.matches,
                "the journals", totals->matches);
    return true;
}

/* ---- the list --------------------------------------------------------- */

/* A run's own part of its list may be all of it or not. */
static bool is_sharded(const struct run_facts *facts)
{
    char shard[64];
    run_facts_option(facts, "shard", shard, sizeof(shard));
    return shard[0] && strcmp(shard, "1/1") && strcmp(shard, "none");
}

/* Each id that the list had has an outcome, as far as that is known: a finished
 * run's ids have no gaps. */
static void check_done(struct verify *verify)
{
    const struct lives *lives = verify->lives;
    if (!lives->has_ids)
        return;
    if (lives->done_count != lives->done.count)
        verify_fault(
            verify, "%s: the journals tell of %llu entries twice",
            verify->facts.dir,
            (unsigned long long)(lives->done_count - lives->done.count));
    if (!verify->is_finished || is_sharded(&verify->facts))
        return;
    for (uint64_t id, from = 0; id_set_next(&lives->done, from, &id);
         from = id + 1)
        missing(verify, from, id);
}

bool verify_ledger(struct verify *verify, struct error *err)
{
    struct recorder_totals totals;
    if (!walk_ids(verify, err) || !walk_places(verify, err))
        return false;
    check_done(verify);
    if (!run_facts_totals(verify->lives, &totals, err))
        return false;
    compare_outcomes(verify, "the journals", &totals, "the files",
                     &verify->counted);
    compare_matches(verify, &totals);
    return compare_summary(verify, &totals, err);
}
