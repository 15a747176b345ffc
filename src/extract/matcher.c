#include "fetchgrep/extract/matcher.h"

#include "seek.h"

#include <stdarg.h>

struct matcher {
    const struct patterns *patterns;
    size_t max_matches;
    struct seeker seeker;
    struct view *groups;    /* of the pattern with most of them */
    struct search *waiting; /* of as many as there are patterns */
    size_t waiting_count;
    struct prefilter_scan *scan;          /* NULL: all patterns always run */
    uint32_t *of_subject[SUBJECT_COUNT];  /* indexes of patterns */
    size_t subject_counts[SUBJECT_COUNT]; /* of them */
    bool is_scanned;                      /* `scan` has something to look for */
    struct costs *costs;                  /* NULL: not measured */
    bool goes_on; /* the next search is of the same page */
};

/* One pattern on its way through a text. */
struct search {
    const struct pattern *pattern;
    struct cursor at;
    size_t match_count;
    bool has_begun;
};

static bool sort_by_subject(struct matcher *matcher)
{
    const struct patterns *patterns = matcher->patterns;
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        matcher->of_subject[i] = calloc(patterns->count + 1, sizeof(uint32_t));
        if (!matcher->of_subject[i])
            return false;
    }
    for (size_t i = 0; i < patterns->count; i++) {
        enum subject subject = patterns->list[i].subject;
        size_t at = matcher->subject_counts[subject]++;
        matcher->of_subject[subject][at] = (uint32_t)i;
    }
    return true;
}

struct matcher *matcher_new(const struct patterns *patterns,
                            const struct matcher_options *options,
                            struct error *err)
{
    struct matcher *matcher = calloc(1, sizeof(*matcher));
    if (!matcher) {
        error_no_memory(err, "a matcher");
        return NULL;
    }
    matcher->patterns = patterns;
    matcher->max_matches = options->max_matches;
    matcher->costs = options->costs;
    matcher->is_scanned =
        options->prefilter && prefilter_is_on(options->prefilter);
    if (!seeker_init(&matcher->seeker, patterns, options, err)) {
        matcher_free(matcher);
        return NULL;
    }
    matcher->groups =
        calloc((size_t)matcher->seeker.capture_count + 1, sizeof(struct view));
    matcher->waiting = calloc(patterns->count + 1, sizeof(struct search));
    if (!matcher->groups || !matcher->waiting || !sort_by_subject(matcher)) {
        matcher_free(matcher);
        error_no_memory(err, "a matcher");
        return NULL;
    }
    if (options->prefilter &&
        !(matcher->scan = prefilter_scan_new(options->prefilter, err))) {
        matcher_free(matcher);
        return NULL;
    }
    return matcher;
}

void matcher_free(struct matcher *matcher)
{
    if (!matcher)
        return;
    seeker_release(&matcher->seeker);
    prefilter_scan_free(matcher->scan);
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        free(matcher->of_subject[i]);
    free(matcher->groups);
    free(matcher->waiting);
    free(matcher);
}

/* ---- what is told of a search ------------------------------------------ */

static void note_limit(struct matcher_report *report,
                       const struct pattern *pattern, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void note_limit(struct matcher_report *report,
                       const struct pattern *pattern, const char *format, ...)
{
    char reason[128];
    va_list args;
    if (report->limited_count++)
        return; /* the first is told */
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    snprintf(report->limit, sizeof(report->limit), "pattern \"%.50s\": %s",
             pattern->name, reason);
}

/* Patterns beside the first one that did not run to their end. */
static void note_others(struct matcher_report *report)
{
    size_t size = strlen(report->limit), others = report->limited_count - 1;
    snprintf(report->limit + size, sizeof(report->limit) - size,
             "; %zu more pattern%s did not end", others,
             others == 1 ? "" : "s");
}

static void note_error(struct matcher_report *report,
                       const struct pattern *pattern, int code, size_t start)
{
    char message[96] = "";
    const char *name = seek_limit_name(code);
    if (!name)
        pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
    note_limit(report, pattern, "%.60s reached, searching from offset %zu",
               name ? name : message, start);
}

/* The text of each group; of captures that share a name, the first set. */
static void fill_groups(struct matcher *matcher, const struct pattern *pattern,
                        struct view text)
{
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(matcher->seeker.data);
    for (uint32_t i = 0; i < pattern->group_count; i++)
        matcher->groups[i] = view_of(NULL, 0);
    for (uint32_t i = 0; i < pattern->capture_count; i++) {
        PCRE2_SIZE from = pairs[2 * i + 2], to = pairs[2 * i + 3];
        struct view *group = &matcher->groups[pattern->capture_group[i]];
        if (!group->data && from != PCRE2_UNSET && from <= to)
            *group = view_of(text.data + from, to - from);
    }
}

/* Hands one match on. `from` may lie behind `to` after a \K in a lookahead:
 * that match is empty, at `to`. */
static bool emit(struct matcher *matcher, const struct pattern *pattern,
                 struct view text, match_fn *on_match, void *ctx,
                 struct error *err)
{
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(matcher->seeker.data);
    fill_groups(matcher, pattern, text);
    size_t to = pairs[1], from = pairs[0] < to ? pairs[0] : to;
    const struct match match = {
        .pattern = view_of_string(pattern->name),
        .pattern_index = (uint32_t)(pattern - matcher->patterns->list),
        .subject = pattern->subject,
        .offset = from,
        .whole = view_of(text.data + from, to - from),
        .group_count = pattern->group_count,
        .group_names = pattern->group_names,
        .groups = matcher->groups,
    };
    return on_match(ctx, &match, err);
}

/* Groups that PCRE2 did not reach are left as an earlier match set them unless
 * they are marked here; the match data is larger than the pattern needs. */
static void unset_groups_from(struct matcher *matcher,
                              const struct pattern *pattern, int code)
{
    PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(matcher->seeker.data);
    for (uint32_t i = (uint32_t)code; i <= pattern->capture_count; i++)
        pairs[2 * i] = pairs[2 * i + 1] = PCRE2_UNSET;
}

/* Whether the match at hand is one that was found already and does not move on:
 * \K, set in a lookaround, hides from PCRE2 that it is empty. */
static bool is_repeated(const struct matcher *matcher,
                        const struct cursor *cursor)
{
    const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(matcher->seeker.data);
    return pair[1] <= cursor->start &&
           (cursor->flags || pair[0] < cursor->start);
}

/*
 * As re.finditer goes on: where the last match ended; there an empty match is
 * not allowed if the last one was empty, so that the search moves on
 * (NOTEMPTY_ATSTART alone: anchoring as well would switch JIT off).
 */
static void step(const struct matcher *matcher, struct view text,
                 struct cursor *cursor)
{
    const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(matcher->seeker.data);
    cursor->window = 0;
    if (is_repeated(matcher, cursor)) {
        cursor->start +=
            seek_character_size(&matcher->seeker, text, cursor->start);
        cursor->flags = 0;
        return;
    }
    bool is_moving = pair[1] > cursor->start;
    bool is_empty = pair[0] >= pair[1];
    cursor->start = is_moving ? pair[1] : cursor->start;
    cursor->flags = is_empty || !is_moving ? PCRE2_NOTEMPTY_ATSTART : 0;
}

enum search_result { SEARCH_DONE, SEARCH_LATE, SEARCH_FAILED };

/* The matches of one pattern, from where `search` stands. LATE when its time is
 * over, FAILED when `on_match` fails. */
static enum search_result go_on(struct matcher *matcher, struct search *search,
                                struct view text, match_fn *on_match, void *ctx,
                                struct matcher_report *report,
                                struct error *err)
{
    const struct pattern *pattern = search->pattern;
    pattern_make_ready(pattern);
    for (; search->at.start <= text.size; step(matcher, text, &search->at)) {
        int code = seek_next(&matcher->seeker, pattern, text, &search->at);
        if (code == PCRE2_ERROR_NOMATCH)
            break;
        if (code == SEEK_PAGE_TIME)
            return SEARCH_LATE;
        if (code < 0) {
            note_error(report, pattern, code, search->at.window);
            break;
        }
        if (is_repeated(matcher, &search->at))
            continue;
        if (search->match_count == matcher->max_matches) {
            note_limit(report, pattern, "more than %zu matches (--max-matches)",
                       matcher->max_matches);
            break;
        }
        unset_groups_from(matcher, pattern, code);
        if (!emit(matcher, pattern, text, on_match, ctx, err))
            return SEARCH_FAILED;
        search->match_count++;
        report->match_count++;
    }
    return SEARCH_DONE;
}

/* The same with a look at what it costs. */
static enum search_result run(struct matcher *matcher, struct search *search,
                              struct view text, match_fn *on_match, void *ctx,
                              struct matcher_report *report, struct error *err)
{
    if (!matcher->costs)
        return go_on(matcher, search, text, on_match, ctx, report, err);
    size_t index = (size_t)(search->pattern - matcher->patterns->list);
    struct pattern_cost *cost = &matcher->costs->patterns[index];
    size_t match_count = search->match_count;
    size_t limited_count = report->limited_count;
    int64_t start_ns = matcher->seeker.now_ns();
    enum search_result result =
        go_on(matcher, search, text, on_match, ctx, report, err);
    cost->ns += matcher->seeker.now_ns() - start_ns;
    cost->run_count += !search->has_begun;
    cost->page_count += !match_count && search->match_count;
    cost->match_count += search->match_count - match_count;
    cost->limit_count += report->limited_count - limited_count;
    search->has_begun = true;
    return result;
}

/* A pattern's time is over for good. */
static void end_late(struct matcher *matcher, const struct search *search,
                     struct matcher_report *report)
{
    size_t index = (size_t)(search->pattern - matcher->patterns->list);
    note_error(report, search->pattern, SEEK_PAGE_TIME, search->at.window);
    if (matcher->costs)
        matcher->costs->patterns[index].limit_count++;
}

/* What one pattern may take at first of the time that is left of a page. */
enum { FIRST_PARTS = 4 };

/* The patterns that may match at all. */
static const uint32_t *candidates(struct matcher *matcher, enum subject subject,
                                  struct view text, size_t *ret_count)
{
    if (subject == SUBJECT_TEXT && matcher->scan)
        return prefilter_scan_text(matcher->scan, text, ret_count);
    *ret_count = matcher->subject_counts[subject];
    return matcher->of_subject[subject];
}

static const uint32_t *find_candidates(struct matcher *matcher,
                                       enum subject subject, struct view text,
                                       size_t *ret_count)
{
    struct costs *costs = matcher->costs;
    if (!costs)
        return candidates(matcher, subject, text, ret_count);
    int64_t start_ns = matcher->seeker.now_ns();
    const uint32_t *indexes = candidates(matcher, subject, text, ret_count);
    if (subject == SUBJECT_TEXT && matcher->is_scanned)
        costs->scan_ns += matcher->seeker.now_ns() - start_ns;
    costs->page_counts[subject]++;
    costs->byte_counts[subject] += text.size;
    return indexes;
}

/* Each pattern in its turn; one that takes long waits until the others have
 * run. */
static bool search_all(struct matcher *matcher, enum subject subject,
                       struct view text, match_fn *on_match, void *ctx,
                       struct matcher_report *report, struct error *err)
{
    size_t parts = matcher->patterns->count > 1 ? FIRST_PARTS : 1, count;
    const uint32_t *indexes = find_candidates(matcher, subject, text, &count);
    for (size_t i = 0; i < count; i++) {
        struct search search = {
            .pattern = &matcher->patterns->list[indexes[i]],
        };
        seek_allot(&matcher->seeker, parts);
        enum search_result result =
            run(matcher, &search, text, on_match, ctx, report, err);
        if (result == SEARCH_LATE)
            matcher->waiting[matcher->waiting_count++] = search;
        else if (result == SEARCH_FAILED)
            return false;
    }
    return true;
}

/* Those that took long share what is left of the page's time. */
static bool search_waiting(struct matcher *matcher, struct view text,
                           match_fn *on_match, void *ctx,
                           struct matcher_report *report, struct error *err)
{
    for (size_t i = 0; i < matcher->waiting_count; i++) {
        struct search *search = &matcher->waiting[i];
        seek_allot_again(&matcher->seeker, matcher->waiting_count - i);
        enum search_result result =
            run(matcher, search, text, on_match, ctx, report, err);
        if (result == SEARCH_LATE)
            end_late(matcher, search, report);
        else if (result == SEARCH_FAILED)
            return false;
    }
    return true;
}

void matcher_go_on(struct matcher *matcher)
{
    matcher->goes_on = true;
}

bool matcher_search(struct matcher *matcher, enum subject subject,
                    struct view text, match_fn *on_match, void *ctx,
                    struct matcher_report *ret_report, struct error *err)
{
    struct matcher_report report = { 0 };
    if (!text.data)
        text = view_of("", 0); /* so that an empty group is not an unset one */
    matcher->waiting_count = 0;
    seek_begin(&matcher->seeker, text, matcher->goes_on);
    matcher->goes_on = false;
    bool done =
        search_all(matcher, subject, text, on_match, ctx, &report, err) &&
        search_waiting(matcher, text, on_match, ctx, &report, err);
    seek_end(&matcher->seeker);
    if (report.limited_count > 1)
        note_others(&report);
    if (done)
        *ret_report = report;
    return done;
}
