/*
 * pcre2_match uses the JIT code where there is some; calling that directly
 * (pcre2_jit_match) gained nothing measurable. Text is known to be valid UTF-8,
 * so its check is switched off: it would be made again for each call.
 *
 * The window is counted in start positions, and a call costs as many as
 * CALL_COST, so that a pattern that matches all the time reads the clock no
 * more often than one that never does. It begins small, grows while it passes
 * quickly and shrinks when it does not. How long one start position may take
 * follows from the page's length (a pattern that runs to the end of the page
 * from each of them is the common trouble), and so does the largest window.
 *
 * How long one start position may take else is not known at all, and no call
 * can be broken off. So a call is first made with a small match limit, the
 * smaller the more start positions it may go through. What fails by it is tried
 * again with fewer of them and a larger limit, up to the real one, as long as
 * the time that is left will do: each try tells how long the next may take.
 * What was needed is kept for the next pages, and forgotten where all passes
 * quickly.
 */
#include "seek.h"

#include "fetchgrep/base/clock.h"

enum {
    DEFAULT_MATCH_LIMIT = 10 * 1000 * 1000,
    DEFAULT_HEAP_LIMIT = 64 << 20,
    DEPTH_LIMIT = 1000 * 1000,
    JIT_STACK_START = 32 << 10,
    JIT_STACK_USUAL = 1 << 20,
    DEFAULT_JIT_STACK = 64 << 20,

    CALL_COST = 64, /* start positions */
    WINDOW_FIRST = 256,
    WINDOW_LEAST = 8,
    WINDOW_MOST = 1 << 20,
    WINDOW_FLOOR = 1 << 10, /* of the largest window */
    QUICK_NS = 100 * 1000,
    SLOW_NS = 10 * CLOCK_NS_PER_MS,

    EFFORT = 4 * 1000 * 1000, /* match limit times start positions */
    EFFORT_LEAST = 1000,      /* for one of them */
    EFFORT_FIRST = 100 * 1000,
    HARDER = 8, /* one try to the next */
    HARD_NS = 100 * CLOCK_NS_PER_MS,
};

/* Start positions times bytes to the page's end that may lie between two
 * readings: about a second at the speed of JIT code. */
#define WINDOW_AREA UINT64_C(2000000000)

/* Before patterns have had their say. */
static struct matcher_limits
limits_of_options(const struct matcher_options *options)
{
    return (struct matcher_limits){
        .match_limit =
            options->match_limit ? options->match_limit : DEFAULT_MATCH_LIMIT,
        .depth_limit = DEPTH_LIMIT,
        .heap_bytes = options->heap_limit_bytes ? options->heap_limit_bytes
                                                : DEFAULT_HEAP_LIMIT,
        .jit_stack_bytes = options->jit_stack_bytes ? options->jit_stack_bytes
                                                    : DEFAULT_JIT_STACK,
        .max_matches = options->max_matches,
        .page_time_ms = options->page_time_ms,
    };
}

/* PCRE2 takes a limit of the pattern's own only when it is the lower one. */
void matcher_limits(const struct matcher_options *options,
                    const struct pattern_facts *facts,
                    struct matcher_limits *ret_limits)
{
    struct matcher_limits limits = limits_of_options(options);
    if (facts->match_limit < limits.match_limit)
        limits.match_limit = facts->match_limit;
    if (facts->depth_limit < limits.depth_limit)
        limits.depth_limit = facts->depth_limit;
    if (facts->heap_limit_kb < limits.heap_bytes / 1024)
        limits.heap_bytes = (size_t)facts->heap_limit_kb * 1024;
    *ret_limits = limits;
}

static void set_limits(struct seeker *seeker,
                       const struct matcher_limits *limits)
{
    pcre2_set_match_limit(seeker->context, limits->match_limit);
    pcre2_set_depth_limit(seeker->context, limits->depth_limit);
    pcre2_set_heap_limit(seeker->context,
                         (uint32_t)(limits->heap_bytes / 1024));
    pcre2_jit_stack_assign(seeker->context, NULL, seeker->jit_stack);
}

static uint32_t most_captures(const struct patterns *patterns)
{
    uint32_t most = 0;
    for (size_t i = 0; i < patterns->count; i++)
        if (patterns->list[i].capture_count > most)
            most = patterns->list[i].capture_count;
    return most;
}

bool seeker_init(struct seeker *seeker, const struct patterns *patterns,
                 const struct matcher_options *options, struct error *err)
{
    const struct matcher_limits limits = limits_of_options(options);
    size_t large = limits.jit_stack_bytes;
    *seeker = (struct seeker){
        .patterns = patterns,
        .capture_count = most_captures(patterns),
        .is_raw = !(patterns->flags & PCRE2_UTF),
        .large_stack_bytes = large,
        .match_limit = limits.match_limit,
        .now_ns = options->now_ns ? options->now_ns : clock_now_ns,
        .page_time_ns = (int64_t)options->page_time_ms * CLOCK_NS_PER_MS,
    };
    seeker->context = pcre2_match_context_create(NULL);
    /* NULL where there is no JIT: nothing needs it then. */
    seeker->jit_stack = pcre2_jit_stack_create(
        JIT_STACK_START, large < JIT_STACK_USUAL ? large : JIT_STACK_USUAL,
        NULL);
    seeker->data = pcre2_match_data_create(seeker->capture_count + 1, NULL);
    seeker->efforts = calloc(patterns->count + 1, sizeof(*seeker->efforts));
    if (!seeker->context || !seeker->data || !seeker->efforts) {
        seeker_release(seeker);
        return error_no_memory(err, "a matcher");
    }
    set_limits(seeker, &limits);
    return true;
}

void seeker_release(struct seeker *seeker)
{
    pcre2_match_data_free(seeker->data);
    pcre2_jit_stack_free(seeker->jit_stack);
    pcre2_match_context_free(seeker->context);
    free(seeker->efforts);
    *seeker = (struct seeker){ 0 };
}

/* ---- the ladder -------------------------------------------------------- */

static int match_once(struct seeker *seeker, const struct pattern *pattern,
                      struct view text, size_t start, uint32_t flags)
{
    return pcre2_match(pattern->code, (PCRE2_SPTR)text.data, text.size, start,
                       flags | PCRE2_NO_UTF_CHECK, seeker->data,
                       seeker->context);
}

/* With a stack that lives for this call only: few pages need it, and what it
 * took is not kept for all the others. */
static int match_with_large_stack(struct seeker *seeker,
                                  const struct pattern *pattern,
                                  struct view text, size_t start,
                                  uint32_t flags)
{
    pcre2_jit_stack *large =
        seeker->large_stack_bytes > JIT_STACK_USUAL
            ? pcre2_jit_stack_create(JIT_STACK_USUAL, seeker->large_stack_bytes,
                                     NULL)
            : NULL;
    if (!large)
        return PCRE2_ERROR_JIT_STACKLIMIT;
    pcre2_jit_stack_assign(seeker->context, NULL, large);
    int code = match_once(seeker, pattern, text, start, flags);
    pcre2_jit_stack_assign(seeker->context, NULL, seeker->jit_stack);
    pcre2_jit_stack_free(large);
    return code;
}

static int match_at(struct seeker *seeker, const struct pattern *pattern,
                    struct view text, size_t start, uint32_t flags)
{
    int code = match_once(seeker, pattern, text, start, flags);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = match_with_large_stack(seeker, pattern, text, start, flags);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT) {
        seeker->is_swollen = true;
        code = match_once(seeker, pattern, text, start, flags | PCRE2_NO_JIT);
    }
    return code;
}

/* ---- the clock --------------------------------------------------------- */

void seek_begin(struct seeker *seeker, struct view text, bool goes_on)
{
    uint64_t most = WINDOW_AREA / (text.size + 1);
    if (most < WINDOW_FLOOR)
        most = WINDOW_FLOOR;
    seeker->window_max = most < WINDOW_MOST ? (size_t)most : WINDOW_MOST;
    if (!seeker->page_time_ns)
        return;
    seeker->checked_ns = seeker->now_ns();
    if (!goes_on)
        seeker->page_end_ns = seeker->checked_ns + seeker->page_time_ns;
}

void seek_allot_again(struct seeker *seeker, size_t parts)
{
    if (seeker->page_time_ns)
        seeker->checked_ns = seeker->now_ns();
    seek_allot(seeker, parts);
}

void seek_allot(struct seeker *seeker, size_t parts)
{
    int64_t left = seeker->page_end_ns - seeker->checked_ns;
    seeker->is_late = seeker->page_time_ns && left <= 0;
    seeker->deadline_ns = seeker->checked_ns + left / (int64_t)parts;
    /* How fast the last one was says nothing of this one. */
    seeker->left = seeker->window = WINDOW_FIRST;
}

/* Reads the clock and opens the next window; false when the time is over. */
static bool open_window(struct seeker *seeker, uint32_t *effort)
{
    int64_t now = seeker->now_ns(), took = now - seeker->checked_ns;
    seeker->checked_ns = now;
    if (took < QUICK_NS) {
        seeker->window *= 4;
        *effort -= *effort / 8;
    } else if (took > SLOW_NS) {
        seeker->window /= 8;
    }
    if (seeker->window > seeker->window_max)
        seeker->window = seeker->window_max;
    if (seeker->window < WINDOW_LEAST)
        seeker->window = WINDOW_LEAST;
    seeker->left = seeker->window;
    seeker->is_late = now >= seeker->deadline_ns;
    return !seeker->is_late;
}

/* The match limit of a call that may go through so many start positions. */
static uint32_t limit_for(const struct seeker *seeker, size_t positions,
                          uint32_t effort)
{
    size_t limit = EFFORT / positions;
    if (limit > EFFORT_FIRST)
        limit = EFFORT_FIRST;
    if (limit < EFFORT_LEAST)
        limit = EFFORT_LEAST;
    if (limit < effort)
        limit = effort;
    return seeker->page_time_ns && limit < seeker->match_limit
               ? (uint32_t)limit
               : seeker->match_limit;
}

/* After a call that failed by `limit`: what the next one may do. False when
 * there seems to be no time for it. That may be wrong, for before the first
 * failure the clock was not read for a while; then the pattern waits, and the
 * clock is read when its turn comes again. */
static bool try_harder(struct seeker *seeker, uint32_t limit, uint32_t *effort)
{
    int64_t now = seeker->now_ns(), took = now - seeker->checked_ns;
    int64_t left = seeker->deadline_ns - now;
    seeker->checked_ns = now;
    seeker->is_late = left <= 0 || took > left / HARDER;
    if (seeker->is_late)
        return false;
    *effort = limit < seeker->match_limit / HARDER ? limit * HARDER
                                                   : seeker->match_limit;
    /* As many start positions as may take so long each. */
    size_t most = took > 0 ? (size_t)(HARD_NS / HARDER / took) : SIZE_MAX;
    if (seeker->window > most)
        seeker->window = most ? most : 1;
    seeker->left = seeker->window;
    return true;
}

static void spend(struct seeker *seeker, size_t positions)
{
    size_t cost = positions + CALL_COST;
    seeker->left -= cost < seeker->left ? cost : seeker->left;
}

size_t seek_character_size(const struct seeker *seeker, struct view text,
                           size_t at)
{
    size_t size = 1;
    while (!seeker->is_raw && at + size < text.size &&
           ((unsigned char)text.data[at + size] & 0xc0) == 0x80)
        size++;
    return size;
}

/* The last start position of the window, or of as many as that effort allows:
 * the next one begins a character. */
static size_t window_end(const struct seeker *seeker, struct view text,
                         size_t start, uint32_t effort)
{
    size_t left = text.size - start, most = seeker->left;
    if (effort && most > EFFORT / effort)
        most = EFFORT / effort;
    if (most >= left)
        return text.size;
    size_t last = start + most;
    return last + seek_character_size(seeker, text, last) - 1;
}

/* Start positions that a call from `start` on has gone through. */
static size_t passed(const struct seeker *seeker, int code, size_t start,
                     size_t end)
{
    const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(seeker->data);
    if (code < 0)
        return end - start;
    return pair[1] > start ? pair[1] - start : 0;
}

/* A call that ends, or fails by the real limits. SEEK_PAGE_TIME when there was
 * no time for that. `ret_end` is the last start position. */
static int match_in_time(struct seeker *seeker, const struct pattern *pattern,
                         struct view text, const struct cursor *at,
                         uint32_t *effort, size_t *ret_end)
{
    bool has_window = seeker->page_time_ns && pattern->has_windows;
    uint32_t flags = at->window == at->start ? at->flags : 0;
    for (;;) {
        size_t end = has_window ? window_end(seeker, text, at->window, *effort)
                                : text.size;
        uint32_t limit = limit_for(seeker, end - at->window + 1, *effort);
        pcre2_set_offset_limit(seeker->context, end);
        pcre2_set_match_limit(seeker->context, limit);
        int code = match_at(seeker, pattern, text, at->window, flags);
        if (code != PCRE2_ERROR_MATCHLIMIT || limit == seeker->match_limit) {
            *ret_end = end;
            return code;
        }
        if (!try_harder(seeker, limit, effort))
            return SEEK_PAGE_TIME;
    }
}

int seek_next(struct seeker *seeker, const struct pattern *pattern,
              struct view text, struct cursor *at)
{
    uint32_t *effort = &seeker->efforts[pattern - seeker->patterns->list];
    size_t end = text.size;
    /* The next page is not as hard as the hardest before. */
    if (!at->window && *effort > EFFORT_FIRST)
        *effort = EFFORT_FIRST;
    if (at->window < at->start)
        at->window = at->start;
    for (;;) {
        if (seeker->page_time_ns &&
            (seeker->is_late ||
             (!seeker->left && !open_window(seeker, effort))))
            return SEEK_PAGE_TIME;
        int code = match_in_time(seeker, pattern, text, at, effort, &end);
        if (code == SEEK_PAGE_TIME)
            return code;
        spend(seeker, passed(seeker, code, at->window, end));
        if (code != PCRE2_ERROR_NOMATCH || end >= text.size)
            return code;
        at->window = end + 1;
    }
}

/* The interpreter leaves its stack, up to the heap limit, in the match data:
 * after one hard page that is not kept for all the others. */
void seek_end(struct seeker *seeker)
{
    pcre2_match_data *data =
        seeker->is_swollen
            ? pcre2_match_data_create(seeker->capture_count + 1, NULL)
            : NULL;
    if (!data)
        return;
    pcre2_match_data_free(seeker->data);
    seeker->data = data;
    seeker->is_swollen = false;
}

const char *seek_limit_name(int code)
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
    case SEEK_PAGE_TIME:
        return "page time (--page-time)";
    default:
        return NULL;
    }
}
