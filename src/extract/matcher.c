/*
 * pcre2_match uses the JIT code where there is some; calling that directly
 * (pcre2_jit_match) gained nothing measurable. Text is known to be valid UTF-8,
 * so its check is switched off: it would be made again for each match.
 *
 * match_at is the only call of PCRE2. Limits on matching do not bound time, as
 * the count begins anew at each start position; a clock, and windows of start
 * positions between which it is read, belong into that function.
 */
#include "fetchgrep/extract/matcher.h"

#include "compiled.h"

#include <stdarg.h>

enum {
    DEFAULT_MATCH_LIMIT = 10 * 1000 * 1000,
    DEFAULT_HEAP_LIMIT = 64 << 20,
    JIT_STACK_START = 32 << 10,
    DEFAULT_JIT_STACK = 16 << 20,
    DEPTH_LIMIT = 1000 * 1000,
};

struct matcher {
    const struct patterns *patterns;
    size_t max_matches;
    pcre2_match_context *context;
    pcre2_jit_stack *jit_stack;
    pcre2_match_data *data; /* large enough for any pattern */
    uint32_t capture_count; /* which `data` has room for */
    bool is_swollen;        /* `data` keeps what the interpreter took */
    struct view *groups;    /* of the pattern with most of them */
};

static uint32_t most_captures(const struct patterns *patterns)
{
    uint32_t most = 0;
    for (size_t i = 0; i < patterns->count; i++)
        if (patterns->list[i].capture_count > most)
            most = patterns->list[i].capture_count;
    return most;
}

static void set_limits(struct matcher *matcher,
                       const struct matcher_options *options)
{
    uint32_t match_limit =
        options->match_limit ? options->match_limit : DEFAULT_MATCH_LIMIT;
    size_t heap_bytes = options->heap_limit_bytes ? options->heap_limit_bytes
                                                  : DEFAULT_HEAP_LIMIT;
    pcre2_set_match_limit(matcher->context, match_limit);
    pcre2_set_depth_limit(matcher->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(matcher->context, (uint32_t)(heap_bytes / 1024));
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->jit_stack);
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
    size_t stack =
        options->jit_stack_bytes ? options->jit_stack_bytes : DEFAULT_JIT_STACK;
    matcher->patterns = patterns;
    matcher->capture_count = most_captures(patterns);
    matcher->max_matches = options->max_matches;
    matcher->context = pcre2_match_context_create(NULL);
    /* NULL where there is no JIT: nothing needs it then. */
    matcher->jit_stack = pcre2_jit_stack_create(JIT_STACK_START, stack, NULL);
    matcher->data = pcre2_match_data_create(matcher->capture_count + 1, NULL);
    matcher->groups =
        calloc((size_t)matcher->capture_count + 1, sizeof(struct view));
    if (!matcher->context || !matcher->data || !matcher->groups) {
        matcher_free(matcher);
        error_no_memory(err, "a matcher");
        return NULL;
    }
    set_limits(matcher, options);
    return matcher;
}

void matcher_free(struct matcher *matcher)
{
    if (!matcher)
        return;
    pcre2_match_data_free(matcher->data);
    pcre2_jit_stack_free(matcher->jit_stack);
    pcre2_match_context_free(matcher->context);
    free(matcher->groups);
    free(matcher);
}

/* One call of PCRE2. What overflows the JIT stack is tried once more with the
 * interpreter, whose stack is the heap under its limit. */
static int match_at(struct matcher *matcher, const struct pattern *pattern,
                    struct view text, size_t start, uint32_t flags)
{
    flags |= PCRE2_NO_UTF_CHECK;
    PCRE2_SPTR subject = (PCRE2_SPTR)text.data;
    int code = pcre2_match(pattern->code, subject, text.size, start, flags,
                           matcher->data, matcher->context);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT) {
        matcher->is_swollen = true;
        code =
            pcre2_match(pattern->code, subject, text.size, start,
                        flags | PCRE2_NO_JIT, matcher->data, matcher->context);
    }
    return code;
}

/* The interpreter leaves its stack, up to the heap limit, in the match data:
 * after one hard page that is not kept for all the others. */
static void give_heap_back(struct matcher *matcher)
{
    pcre2_match_data *data =
        matcher->is_swollen
            ? pcre2_match_data_create(matcher->capture_count + 1, NULL)
            : NULL;
    if (!data)
        return;
    pcre2_match_data_free(matcher->data);
    matcher->data = data;
    matcher->is_swollen = false;
}

/* What a failed match is called in an outcome. */
static const char *limit_name(int code)
{
    switch (code) {
    case PCRE2_ERROR_MATCHLIMIT:
        return "match limit";
    case PCRE2_ERROR_HEAPLIMIT:
        return "heap limit";
    case PCRE2_ERROR_DEPTHLIMIT:
        return "depth limit";
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return "JIT stack limit";
    case PCRE2_ERROR_NOMEMORY:
        return "memory";
    default:
        return NULL;
    }
}

static void note_limit(struct matcher_report *report,
                       const struct pattern *pattern, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void note_limit(struct matcher_report *report,
                       const struct pattern *pattern, const char *format, ...)
{
    char reason[128];
    va_list args;
    if (report->is_limited)
        return; /* the first is told */
    report->is_limited = true;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    snprintf(report->limit, sizeof(report->limit), "pattern \"%.50s\": %s",
             pattern->name, reason);
}

static void note_error(struct matcher_report *report,
                       const struct pattern *pattern, int code, size_t start)
{
    char message[96] = "";
    const char *name = limit_name(code);
    if (!name)
        pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
    note_limit(report, pattern, "%.60s reached, searching from offset %zu",
               name ? name : message, start);
}

/* The text of each group; of captures that share a name, the first set. */
static void fill_groups(struct matcher *matcher, const struct pattern *pattern,
                        struct view text)
{
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(matcher->data);
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
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(matcher->data);
    fill_groups(matcher, pattern, text);
    size_t to = pairs[1], from = pairs[0] < to ? pairs[0] : to;
    const struct match match = {
        .pattern = view_of_string(pattern->name),
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
    PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(matcher->data);
    for (uint32_t i = (uint32_t)code; i <= pattern->capture_count; i++)
        pairs[2 * i] = pairs[2 * i + 1] = PCRE2_UNSET;
}

static size_t character_size(struct view text, size_t at)
{
    size_t size = 1;
    while (at + size < text.size &&
           ((unsigned char)text.data[at + size] & 0xc0) == 0x80)
        size++;
    return size;
}

/* Where to search on, and with which flags. */
struct cursor {
    size_t start;
    uint32_t flags;
};

/* Whether the match at hand is one that was found already and does not move on:
 * \K, set in a lookaround, hides from PCRE2 that it is empty. */
static bool is_repeated(const struct matcher *matcher,
                        const struct cursor *cursor)
{
    const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(matcher->data);
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
    const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(matcher->data);
    if (is_repeated(matcher, cursor)) {
        cursor->start += character_size(text, cursor->start);
        cursor->flags = 0;
        return;
    }
    bool is_moving = pair[1] > cursor->start;
    bool is_empty = pair[0] >= pair[1];
    cursor->start = is_moving ? pair[1] : cursor->start;
    cursor->flags = is_empty || !is_moving ? PCRE2_NOTEMPTY_ATSTART : 0;
}

/* All matches of one pattern. False when `on_match` fails. */
static bool search_pattern(struct matcher *matcher,
                           const struct pattern *pattern, struct view text,
                           match_fn *on_match, void *ctx,
                           struct matcher_report *report, struct error *err)
{
    size_t count = 0;
    for (struct cursor at = { 0 }; at.start <= text.size;
         step(matcher, text, &at)) {
        int code = match_at(matcher, pattern, text, at.start, at.flags);
        if (code == PCRE2_ERROR_NOMATCH)
            break;
        if (code < 0) {
            note_error(report, pattern, code, at.start);
            break;
        }
        if (is_repeated(matcher, &at))
            continue;
        if (count == matcher->max_matches) {
            note_limit(report, pattern, "more than %zu matches (--max-matches)",
                       matcher->max_matches);
            break;
        }
        unset_groups_from(matcher, pattern, code);
        if (!emit(matcher, pattern, text, on_match, ctx, err))
            return false;
        count++;
        report->match_count++;
    }
    return true;
}

bool matcher_search(struct matcher *matcher, struct view text,
                    match_fn *on_match, void *ctx,
                    struct matcher_report *ret_report, struct error *err)
{
    struct matcher_report report = { 0 };
    bool done = true;
    if (!text.data)
        text = view_of("", 0); /* so that an empty group is not an unset one */
    for (size_t i = 0; done && i < matcher->patterns->count; i++)
        done = search_pattern(matcher, &matcher->patterns->list[i], text,
                              on_match, ctx, &report, err);
    give_heap_back(matcher);
    if (done)
        *ret_report = report;
    return done;
}
