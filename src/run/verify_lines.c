/*
 * Lines of results: outcomes, matches and the index. Each is judged by itself,
 * and what must agree with others goes to the sorts.
 */
#include "verify_parts.h"

#include <xxhash.h>

/* ---- outcomes --------------------------------------------------------- */

static bool fault(struct verify_worker *worker, uint64_t offset,
                  const char *what)
{
    verify_fault_at(worker->verify, worker->file->path, offset, "%s", what);
    return true;
}

static void count_outcome(struct verify_worker *worker,
                          const struct outcome_facts *outcome)
{
    struct recorder_totals *counted = &worker->counted;
    counted->entries++;
    counted->outcomes[outcome->outcome]++;
    counted->failed += outcome_is_failed(outcome->outcome);
    counted->matches += outcome->match_count;
}

uint64_t verify_fingerprint(struct view url, struct view digest)
{
    uint64_t high = url.size ? XXH3_64bits(url.data, url.size) | 1 : 0;
    uint64_t low = digest.size ? XXH3_64bits(digest.data, digest.size) | 1 : 0;
    return (high & UINT32_MAX) << 32 | (low & UINT32_MAX);
}

/* Where its page is kept. */
static bool add_page(struct verify_worker *worker, uint64_t offset,
                     const struct outcome_facts *outcome)
{
    static const char folder[] = "pages/";
    struct verify *verify = worker->verify;
    struct record record;
    struct view name = view_from(outcome->warc, sizeof(folder) - 1);
    if (!outcome->warc.size || !verify->facts.is_fetched)
        return true;
    if (!view_starts_with(outcome->warc, folder) ||
        !verify_place(verify, name, outcome->warc_offset, &record.key))
        return fault(worker, offset,
                     "its page is in a file that no journal knows");
    record.values[0] = (uint64_t)VERIFY_OUTCOME << VERIFY_KIND_SHIFT |
                       (outcome->id & VERIFY_VALUE_MASK);
    record.values[1] = 0;
    record.values[2] = verify_fingerprint(outcome->final_url, outcome->digest);
    return verify_add(worker, &worker->places, verify->places, &record);
}

static bool take_outcome(struct verify_worker *worker, uint64_t offset,
                         struct view row)
{
    struct verify *verify = worker->verify;
    struct outcome_facts outcome;
    const char *wrong = NULL;
    if (!result_line_outcome(&worker->line, row, &outcome, &wrong))
        return fault(worker, offset, wrong);
    count_outcome(worker, &outcome);
    if (!verify->is_exact && verify->facts.is_ordered && worker->has_last &&
        outcome.id <= worker->last_id)
        fault(worker, offset, "out of order");
    worker->has_last = true;
    worker->last_id = outcome.id;
    const struct record record = {
        .key = outcome.id,
        .values = { (uint64_t)VERIFY_OUTCOME << VERIFY_KIND_SHIFT |
                        worker->stretch->file,
                    offset,
                    (outcome.has_matches ? VERIFY_HAS_MATCHES : 0) |
                        (outcome_may_match(outcome.outcome) ? VERIFY_MAY_MATCH
                                                            : 0) |
                        (outcome.match_count & ~VERIFY_HAS_MATCHES &
                         ~VERIFY_MAY_MATCH) },
    };
    return verify_add(worker, &worker->ids, verify->ids, &record) &&
           add_page(worker, offset, &outcome);
}

/* ---- matches ---------------------------------------------------------- */

/* The cell of a row; false: there are not so many. CSV's quotes are taken off,
 * those inside stay doubled: no number has any. */
static bool find_cell(struct view row, enum match_format format, int wanted,
                      struct view *ret_cell)
{
    char separator = format == MATCH_CSV ? ',' : '\t';
    size_t start = 0, at = 0;
    bool is_quoted = false;
    for (int column = 0; at <= row.size; at++) {
        if (at < row.size && row.data[at] == '"' && format == MATCH_CSV)
            is_quoted = !is_quoted;
        if (at < row.size && (is_quoted || row.data[at] != separator))
            continue;
        if (column++ == wanted) {
            struct view cell = view_of(row.data + start, at - start);
            *ret_cell = cell.size && cell.data[cell.size - 1] == '\r'
                            ? view_first(cell, cell.size - 1)
                            : cell;
            return true;
        }
        start = at + 1;
    }
    return false;
}

static int count_cells(struct view row, enum match_format format)
{
    struct view cell;
    int count = 0;
    while (find_cell(row, format, count, &cell))
        count++;
    return count;
}

static bool cell_number(struct view row, enum match_format format, int column,
                        uint64_t *ret_value)
{
    struct view cell;
    return column >= 0 && find_cell(row, format, column, &cell) &&
           view_to_u64(cell, ret_value);
}

/* The first columns of the head may be called otherwise than by default. */
static int named_column(const struct verify_worker *worker, const char *name)
{
    struct view row = buf_view(&worker->verify->head), cell;
    enum match_format format = worker->verify->facts.format;
    while (row.size &&
           (row.data[row.size - 1] == '\n' || row.data[row.size - 1] == '\r'))
        row.size--;
    for (int i = 0; row.size && find_cell(row, format, i, &cell); i++)
        if (view_equal_string(cell, name))
            return i;
    return -1;
}

/* `{"id":N,` in front of a line that the journal's digest vouches for. */
static bool read_plain_id(struct view row, uint64_t *ret_id)
{
    static const char start[] = "{\"id\":";
    struct view rest = view_from(row, sizeof(start) - 1);
    return view_starts_with(row, start) && row.data[row.size - 1] == '}' &&
           view_to_u64(view_split(&rest, ','), ret_id) && rest.data;
}

static bool read_json(struct verify_worker *worker, struct view row,
                      struct match_facts *match, const char **ret_wrong)
{
    const struct verify_columns *columns = &worker->verify->columns;
    if (worker->stretch->has_digest && !columns->is_counted &&
        columns->id == 0 && read_plain_id(row, &match->id)) {
        match->has_id = true;
        return true;
    }
    return result_line_match(&worker->line, row, match, ret_wrong);
}

static bool read_cells(struct verify_worker *worker, struct view row,
                       struct match_facts *match, const char **ret_wrong)
{
    const struct verify_columns *columns = &worker->verify->columns;
    enum match_format format = worker->verify->facts.format;
    int count = columns->count;
    if (count < 0 && columns->is_counted)
        count = columns->has_head ? named_column(worker, "count")
                                  : count_cells(row, format) - 1;
    match->has_id = cell_number(row, format, columns->id, &match->id);
    match->has_count =
        columns->is_counted && cell_number(row, format, count, &match->count);
    if (columns->has_id && !match->has_id) {
        *ret_wrong = "no id in its column";
        return false;
    }
    return true;
}

static bool read_match(struct verify_worker *worker, struct view row,
                       struct match_facts *match, const char **ret_wrong)
{
    const struct verify *verify = worker->verify;
    const struct verify_columns *columns = &verify->columns;
    struct match_facts own;
    *match = (struct match_facts){ 0 };
    if (!columns->is_keyed)
        return verify->facts.format == MATCH_JSONL
                   ? read_json(worker, row, match, ret_wrong)
                   : read_cells(worker, row, match, ret_wrong);
    buf_reset(&worker->scratch);
    if (!match_key_id(row, &match->id) ||
        !match_form_compose(verify->form, row, &worker->scratch)) {
        *ret_wrong = "no key in front of it";
        return false;
    }
    match->has_id = true;
    if (verify->facts.format != MATCH_JSONL)
        return true;
    if (!result_line_match(&worker->line, buf_view(&worker->scratch), &own,
                           ret_wrong))
        return false;
    match->has_count = own.has_count;
    match->count = own.count;
    return true;
}

/* Matches of a page stand together: one record for all of them. */
bool verify_end_rows(struct verify_worker *worker)
{
    const struct record record = {
        .key = worker->last_id,
        .values = { (uint64_t)VERIFY_MATCH << VERIFY_KIND_SHIFT |
                        worker->stretch->file,
                    worker->last_at, worker->last_count },
    };
    bool is_due = worker->has_last && worker->file->kind == JOURNAL_MATCHES;
    worker->has_last = false;
    worker->last_count = 0;
    return !is_due ||
           verify_add(worker, &worker->ids, worker->verify->ids, &record);
}

static bool take_match(struct verify_worker *worker, uint64_t offset,
                       struct view row)
{
    const struct verify_columns *columns = &worker->verify->columns;
    struct match_facts match;
    const char *wrong = NULL;
    if (columns->has_head && offset == 0)
        return true;
    if (!read_match(worker, row, &match, &wrong))
        return fault(worker, offset, wrong);
    bool is_counted = columns->is_counted;
    if (is_counted && !match.has_count)
        return fault(worker, offset, "no count in its column");
    uint64_t count = is_counted ? match.count : 1;
    worker->match_lines += count;
    if (!match.has_id)
        return !columns->has_id || fault(worker, offset, "no id");
    if (worker->has_last && worker->last_id != match.id) {
        if (!worker->verify->is_exact && worker->verify->facts.is_ordered &&
            match.id < worker->last_id)
            fault(worker, offset, "out of order");
        if (!verify_end_rows(worker))
            return false;
    }
    if (!worker->has_last)
        worker->last_at = offset;
    worker->has_last = true;
    worker->last_id = match.id;
    worker->last_count += count;
    return true;
}

/* ---- the index -------------------------------------------------------- */

static bool is_before(struct view a, struct view b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.data, b.data, size) : 0;
    return order < 0 || (order == 0 && a.size < b.size);
}

static bool take_index(struct verify_worker *worker, uint64_t offset,
                       struct view row)
{
    struct verify *verify = worker->verify;
    struct index_facts index;
    struct record record;
    const char *wrong = NULL;
    if (verify->is_finished && worker->has_last &&
        is_before(row, buf_view(&worker->last_line)))
        fault(worker, offset, "out of order");
    worker->has_last = true;
    buf_reset(&worker->last_line);
    buf_append_view(&worker->last_line, row);
    if (!result_line_index(&worker->line, row, &index, &wrong))
        return fault(worker, offset, wrong);
    if (!verify_place(verify, index.filename, index.offset, &record.key))
        return fault(worker, offset, "it names a file that no journal knows");
    record.values[0] = (uint64_t)VERIFY_INDEX << VERIFY_KIND_SHIFT | offset;
    record.values[1] = XXH3_64bits(row.data, row.size);
    record.values[2] = verify_fingerprint(index.url, index.digest);
    return verify_add(worker, &worker->places, verify->places, &record);
}

bool verify_take_row(struct verify_worker *worker, uint64_t offset,
                     struct view row)
{
    if (worker->file->kind == JOURNAL_OUTCOMES)
        return take_outcome(worker, offset, row);
    return worker->file->kind == JOURNAL_MATCHES
               ? take_match(worker, offset, row)
               : take_index(worker, offset, row);
}
