/*
 * Which answers a condition is made of (RFC 9110, 13.1):
 *
 * - Only a page that was kept whole, with status 200: of anything else there
 *   is nothing that could still hold.
 * - ETag and Last-Modified are given back as the server wrote them, weak ones
 *   too: If-None-Match compares weakly.
 * - An answer that varies with more than Accept-Encoding is asked for by its
 *   ETag alone, which names what was chosen; under `Vary: *` not at all.
 * - Cache-Control is for caches: what was kept stays kept, and asking whether
 *   it has changed uses nothing that is stale.
 *
 * A record may itself say "as before". Then it names the record that has the
 * payload, and that one is named on: a chain of runs does not become a chain of
 * records. What to ask with stands in it as well, so the runs before need not
 * be there.
 */
#include "fetchgrep/archive/earlier_run.h"

#include "cdxj_find.h"
#include "record_head.h"

#include "fetchgrep/base/fs.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HOPS_MAX = 20,
    VALIDATOR_MAX = 1024, /* longer ones are not sent back */
    LOOKUPS_A_REST = 256, /* then the index leaves memory */
};

struct earlier_run {
    struct cdxj_index *index; /* NULL: it is empty */
    uint64_t lookup_count;
    struct record_heads *heads;
};

/* ---- open and close --------------------------------------------------- */

/* Files that a directory must have, and what is said when it has not. */
static const struct {
    const char *name;
    const char *without;
} wanted[] = {
    { "run.json", "is no run directory" },
    { "summary.json", "is a run directory that has not finished" },
    { "pages/index.cdxj", "has kept no pages" },
};

static bool check_dir(const char *dir, struct error *err)
{
    struct stat st;
    if (stat(dir, &st))
        return error_set_errno(err, ERR_USAGE, errno, "--since: cannot open %s",
                               dir);
    for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
        char *path = fs_join(dir, wanted[i].name);
        if (!path)
            return error_no_memory(err, "a run directory");
        bool is_there = stat(path, &st) == 0;
        free(path);
        if (!is_there)
            return error_set(err, ERR_USAGE, "--since: %s %s", dir,
                             wanted[i].without);
    }
    return true;
}

struct earlier_run *earlier_run_open(const char *dir, struct error *err)
{
    if (!check_dir(dir, err))
        return NULL;
    struct earlier_run *run = calloc(1, sizeof(*run));
    char *path = fs_join(dir, "pages/index.cdxj");
    if (run)
        run->heads = record_heads_new();
    bool done = run && path && run->heads;
    if (!done)
        error_no_memory(err, "an earlier run");
    done = done && cdxj_index_open_file(path, &run->index, err);
    free(path);
    if (done)
        return run;
    earlier_run_close(run);
    return NULL;
}

void earlier_run_close(struct earlier_run *run)
{
    if (!run)
        return;
    cdxj_index_close(run->index);
    record_heads_free(run->heads);
    free(run);
}

/* ---- an answer -------------------------------------------------------- */

/* A record of the earlier run. */
struct answer {
    struct warc_record record;
    struct http_head head;
    bool is_not_modified; /* it says that what came before still holds */
};

static struct view field(const struct answer *answer, const char *name)
{
    struct view value;
    return warc_record_field(&answer->record, name, &value) ? value
                                                            : view_of(NULL, 0);
}

/* A validator that can be sent back: a header line of its own, no more. */
static struct view clean(struct view value)
{
    for (size_t i = 0; i < value.size; i++)
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7f)
            return view_of(NULL, 0);
    return value.size > VALIDATOR_MAX ? view_of(NULL, 0) : value;
}

/* From the answer's own head; a 304 need not repeat what it was asked with. */
static struct view validator(const struct answer *answer, const char *name,
                             const char *record_field)
{
    struct view value;
    if (!http_head_field(&answer->head, name, &value))
        value = answer->is_not_modified ? field(answer, record_field)
                                        : view_of(NULL, 0);
    return clean(value);
}

enum variety { VARIES_NOT, VARIES_BY_HEADERS, VARIES_BY_ANYTHING };

static enum variety variety_of(const struct http_head *head)
{
    enum variety variety = VARIES_NOT;
    struct view name, value;
    size_t cursor = 0;
    while (http_head_next(head, &cursor, &name, &value)) {
        if (!view_equal_nocase(name, view_of_string("Vary")))
            continue;
        while (value.size) {
            struct view word = view_trim(view_split(&value, ','));
            if (view_equal_string(word, "*"))
                return VARIES_BY_ANYTHING;
            if (word.size &&
                !view_equal_nocase(word, view_of_string("Accept-Encoding")))
                variety = VARIES_BY_HEADERS;
        }
    }
    return variety;
}

/* The record that has the payload. */
static void name_target(const struct answer *answer, struct view *fields)
{
    fields[KNOWN_DIGEST] = field(answer, "warc-payload-digest");
    if (answer->record.type == WARC_TYPE_REVISIT) {
        fields[KNOWN_TARGET_URI] = field(answer, "warc-refers-to-target-uri");
        fields[KNOWN_DATE] = field(answer, "warc-refers-to-date");
        fields[KNOWN_RECORD_ID] = field(answer, "warc-refers-to");
    } else {
        fields[KNOWN_TARGET_URI] = answer->record.target_uri;
        fields[KNOWN_DATE] = answer->record.date;
        fields[KNOWN_RECORD_ID] = field(answer, "warc-record-id");
    }
}

static bool is_whole(const struct answer *answer)
{
    if (answer->record.type == WARC_TYPE_REVISIT)
        return answer->is_not_modified || answer->head.status == 200;
    return answer->record.type == WARC_TYPE_RESPONSE &&
           answer->head.status == 200 && !answer->record.truncated.size;
}

/* Fills in what a condition is made of; false when none can be. */
static bool make_fields(const struct answer *answer, struct view url,
                        struct view *fields)
{
    enum variety variety = variety_of(&answer->head);
    if (!is_whole(answer) || variety == VARIES_BY_ANYTHING)
        return false;
    fields[KNOWN_URL] = url;
    fields[KNOWN_ETAG] = validator(answer, "ETag", "warc-etag");
    if (variety == VARIES_NOT)
        fields[KNOWN_LAST_MODIFIED] =
            validator(answer, "Last-Modified", "warc-last-modified");
    name_target(answer, fields);
    return (fields[KNOWN_ETAG].size || fields[KNOWN_LAST_MODIFIED].size) &&
           fields[KNOWN_TARGET_URI].size && fields[KNOWN_DATE].size;
}

/* ---- looking up ------------------------------------------------------- */

enum lookup_result { LOOKUP_FOUND, LOOKUP_NONE, LOOKUP_ERROR };

static enum lookup_result look_up(struct earlier_run *run,
                                  const struct url *url,
                                  struct answer *ret_answer, struct error *err)
{
    struct cdxj_place place;
    if (url->has_userinfo)
        return LOOKUP_NONE; /* the index has it masked */
    if (++run->lookup_count % LOOKUPS_A_REST == 0)
        cdxj_index_rest(run->index);
    switch (cdxj_index_find_latest(run->index, url->text, &place, err)) {
    case CDXJ_FOUND:
        break;
    case CDXJ_NOT_FOUND:
        return LOOKUP_NONE;
    case CDXJ_ERROR:
    default:
        return LOOKUP_ERROR;
    }
    *ret_answer = (struct answer){ .is_not_modified = false };
    enum record_head_result result =
        record_head_read(run->heads, place.path, place.offset,
                         &ret_answer->record, &ret_answer->head);
    free(place.path);
    if (result == RECORD_HEAD_NO_MEMORY) {
        error_no_memory(err, "an earlier run");
        return LOOKUP_ERROR;
    }
    ret_answer->is_not_modified =
        ret_answer->record.type == WARC_TYPE_REVISIT &&
        ret_answer->head.status == 304;
    return result == RECORD_HEAD_READ ? LOOKUP_FOUND : LOOKUP_NONE;
}

/* The URL that the answer redirects to; false when it does not. */
static bool next_url(const struct answer *answer, const struct url *url,
                     struct url *ret_next)
{
    char problem[ERROR_MESSAGE_SIZE];
    int status = answer->head.status;
    return status >= 300 && status <= 399 && status != 304 &&
           answer->head.location.size &&
           url_resolve(url, answer->head.location, ret_next, problem) == URL_OK;
}

/* One URL of the chain: its answer, if it is one, or the next URL. */
static bool take_hop(struct earlier_run *run, const struct url *url,
                     struct known_answer **ret_known, struct url *ret_next,
                     struct error *err)
{
    struct answer answer;
    struct view fields[KNOWN_FIELD_COUNT] = { 0 };
    *ret_known = NULL;
    *ret_next = (struct url){ 0 };
    switch (look_up(run, url, &answer, err)) {
    case LOOKUP_FOUND:
        break;
    case LOOKUP_NONE:
        return true;
    case LOOKUP_ERROR:
    default:
        return false;
    }
    if (next_url(&answer, url, ret_next) ||
        !make_fields(&answer, view_of(url->text, url->text_size), fields))
        return true;
    *ret_known = known_answer_new(fields);
    return *ret_known || error_no_memory(err, "an earlier run");
}

bool earlier_run_find(struct earlier_run *run, const struct url *url,
                      struct known_answer **ret_known, struct error *err)
{
    struct known_answer *known = NULL;
    struct url at = { 0 }, next;
    bool done = true;
    for (int i = 0; i < HOPS_MAX && done && run->index; i++) {
        done = take_hop(run, i ? &at : url, &known, &next, err);
        url_release(&at);
        at = next;
        if (known || !at.text)
            break;
    }
    url_release(&at);
    if (done)
        *ret_known = known;
    return done;
}
