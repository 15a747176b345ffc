/*
 * A record becomes a page here: its own, or for a revisit that of the record it
 * stands for.
 */
#include "record_page.h"

#include "record_digests.h"

#include "fetchgrep/base/digest.h"
#include "fetchgrep/base/log.h"

/* ---- what is a page --------------------------------------------------- */

static bool is_http(struct view block)
{
    return view_starts_with(block, "HTTP/");
}

/* A response is one to HTTP by its bytes, or by its URL where old crawlers left
 * the head out; those of DNS and FTP are none. */
bool record_is_page(const struct warc_record *record)
{
    switch (record->type) {
    case WARC_TYPE_RESPONSE:
        return is_http(record->block) ||
               view_starts_with_nocase(record->target_uri, "http:") ||
               view_starts_with_nocase(record->target_uri, "https:");
    case WARC_TYPE_RESOURCE:
    case WARC_TYPE_REVISIT:
    case WARC_TYPE_CONVERSION:
        return true;
    case WARC_TYPE_REQUEST:
    case WARC_TYPE_METADATA:
    case WARC_TYPE_WARCINFO:
    case WARC_TYPE_CONTINUATION:
    case WARC_TYPE_OTHER:
    default:
        return false;
    }
}

/* ---- which pages are chosen ------------------------------------------- */

static bool has_url(struct worker *worker, struct view url, bool *ret_has,
                    struct error *err)
{
    const struct choice *choice = worker->job->choice;
    *ret_has = true;
    if (!choice)
        return true;
    if (!worker->chooser)
        worker->chooser = chooser_new(choice, err);
    return worker->chooser &&
           chooser_has_url(worker->chooser, url, ret_has, err);
}

bool file_is_chosen(struct worker *worker, struct view path,
                    bool *ret_is_chosen, struct error *err)
{
    const struct choice *choice = worker->job->choice;
    if (choice && !choice_has_mime(choice, choice_mime_of_name(path))) {
        *ret_is_chosen = false;
        return true;
    }
    return has_url(worker, path, ret_is_chosen, err);
}

/* By the HTTP head that the page will have, the record's own first. */
static bool has_mime(const struct worker *worker, const struct kept_page *kept)
{
    const struct choice *choice = worker->job->choice;
    const struct view heads[] = { kept->own_head, kept->bytes };
    struct view mime = kept->mime;
    struct http_head head;
    if (!choice || !choice_asks_mime(choice))
        return true;
    for (size_t i = 0; i < ARRAY_COUNT(heads) && kept->has_head; i++) {
        if (!http_head_parse(heads[i], &head) || !head.content_type.size)
            continue;
        mime = http_media_type(head.content_type);
        break;
    }
    return choice_has_mime(choice, mime);
}

/* ---- what page a record is -------------------------------------------- */

/* The same outcome as when the page was fetched, so that the same pages are
 * searched. */
static void note_truncation(const struct warc_record *record,
                            struct kept_page *kept)
{
    struct view reason = record->truncated;
    if (record->is_cut || view_equal_string(reason, "length")) {
        kept->outcome = OUTCOME_TOO_LARGE;
        kept->detail = record->is_cut ? "longer than --max-body; cut there"
                                      : "WARC-Truncated: length";
    } else if (view_equal_string(reason, "time")) {
        kept->outcome = OUTCOME_TIMED_OUT;
        kept->detail = "WARC-Truncated: time";
    } else if (view_equal_string(reason, "unspecified")) {
        kept->outcome = OUTCOME_BAD_RESPONSE;
        kept->detail = "WARC-Truncated: unspecified";
    } else if (reason.size) {
        kept->outcome = OUTCOME_TRUNCATED;
        kept->detail = "WARC-Truncated: disconnect";
    }
}

static void set_page(const struct warc_record *record, struct kept_page *kept)
{
    kept->bytes = record->block;
    kept->has_head = is_http(record->block) &&
                     record->type != WARC_TYPE_RESOURCE &&
                     record->type != WARC_TYPE_CONVERSION;
    kept->content_type = record->content_type;
    if (record->type == WARC_TYPE_RESPONSE && !kept->has_head &&
        !record->is_arc)
        kept->content_type = view_of(NULL, 0); /* application/http is the
                                                  block's */
    kept->mime = http_media_type(kept->content_type);
    kept->outcome = OUTCOME_OK;
    /* A revisit's block may be called cut because it has no payload. */
    if (record->type != WARC_TYPE_REVISIT)
        note_truncation(record, kept);
}

static void describe_revisit(struct worker *worker,
                             const struct warc_record *revisit,
                             const struct warc_record *target)
{
    enum { SHOWN = DETAIL_SIZE / 2 };
    struct view url = target ? target->target_uri : revisit->target_uri;
    struct view told;
    if (!target &&
        warc_record_field(revisit, "warc-refers-to-target-uri", &told))
        url = told;
    url = view_first(url, SHOWN);
    snprintf(worker->revisit_detail, sizeof(worker->revisit_detail),
             "revisit of %.*s%s", VIEW_ARG(url), target ? "" : ", not at hand");
    /* Without a run directory nothing else would tell it. */
    if (!target && worker->job->is_stream)
        log_warning("%.*s: %s",
                    VIEW_ARG(view_first(revisit->target_uri, SHOWN)),
                    worker->revisit_detail);
}

static bool show_life(void *ctx)
{
    struct worker *worker = ctx;
    team_begin_page(worker->work);
    return !team_is_stopping(worker->work);
}

/* The target's page with the revisit's own status and type; or, when it is not
 * at hand, the revisit's own head and no body. */
static enum record_page_result set_revisit(struct worker *worker,
                                           const char *path,
                                           const struct warc_record *revisit,
                                           struct kept_page *kept,
                                           struct error *err)
{
    struct warc_record target;
    bool is_found = false;
    if (!worker->target_reader)
        worker->target_reader =
            warc_reader_new(worker->job->max_body + FETCH_HEAD_MAX, err);
    if (!worker->target_reader)
        return RECORD_PAGE_ERROR;
    switch (revisit_follow(worker->job->revisits, worker->target_reader, path,
                           revisit, &target, show_life, worker, err)) {
    case REVISIT_FOUND:
        is_found = true;
        break;
    case REVISIT_NOT_AT_HAND:
        break;
    case REVISIT_GIVEN_UP: /* the run stops: no outcome is written for it */
        return RECORD_PAGE_LEFT_ASIDE;
    case REVISIT_ERROR:
    default:
        return RECORD_PAGE_ERROR;
    }
    set_page(is_found ? &target : revisit, kept);
    describe_revisit(worker, revisit, is_found ? &target : NULL);
    if (is_found && is_http(revisit->block))
        kept->own_head = revisit->block;
    if (kept->outcome == OUTCOME_OK)
        kept->detail = worker->revisit_detail;
    return RECORD_PAGE_CHOSEN;
}

enum record_page_result record_page(struct worker *worker, const char *path,
                                    const struct warc_record *record,
                                    struct kept_page *kept, struct error *err)
{
    const struct page_job *job = worker->job;
    enum record_page_result result = RECORD_PAGE_CHOSEN;
    bool is_chosen;
    if (job->chosen_types && !(job->chosen_types & 1u << record->type))
        return RECORD_PAGE_LEFT_ASIDE;
    if (!has_url(worker, kept->url, &is_chosen, err))
        return RECORD_PAGE_ERROR;
    if (!is_chosen)
        return RECORD_PAGE_LEFT_ASIDE;
    if (record->type == WARC_TYPE_REVISIT)
        result = set_revisit(worker, path, record, kept, err);
    else
        set_page(record, kept);
    return result == RECORD_PAGE_CHOSEN && !has_mime(worker, kept)
               ? RECORD_PAGE_LEFT_ASIDE
               : result;
}

/* ---- digests ---------------------------------------------------------- */

bool record_check_digests(struct worker *worker, const char *path,
                          const struct warc_record *record,
                          struct error *ret_damage)
{
    if (!worker->job->checks_digests || record->is_cut)
        return true;
    if (!worker->digest)
        worker->digest = digest_new();
    if (!worker->digest)
        return error_no_memory(ret_damage, "a digest");
    buf_shrink(&worker->dechunked, SCRATCH_KEPT);
    const char *wrong =
        record_wrong_digest(worker->digest, record, &worker->dechunked);
    return !wrong || error_set(ret_damage, ERR_DATA,
                               "%s: offset %llu: the record's %s is another's",
                               path, (unsigned long long)record->offset, wrong);
}
