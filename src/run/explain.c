/*
 * The pages go the way of any extract, with two differences: matches are
 * counted and not written, and archives are read in one part each. A part that
 * is read again, because its beginning was not where it seemed to be, would be
 * counted twice.
 */
#include "fetchgrep/run/explain.h"

#include "pipeline_state.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/base/utf8.h"

/* A pattern and all that is known of it. */
struct explained {
    size_t index;
    struct view name, regex;
    enum subject subject;
    struct view condition; /* empty: none */
    const char *why_always;
    struct pattern_facts facts;
    struct matcher_limits limits;
    struct pattern_cost cost;
};

struct explanation {
    const struct pipeline_options *options;
    struct explained *patterns;
    size_t count;
    struct costs *costs; /* NULL: there are no pages */
    int64_t total_ns;    /* of the scan and all patterns */
};

/* ---- finding out ------------------------------------------------------- */

static void describe(const struct explanation *all, size_t index,
                     struct explained *one)
{
    const struct pipeline_options *options = all->options;
    const struct matcher_options matcher = {
        .max_matches = options->max_matches,
        .page_time_ms = options->page_time_ms,
    };
    *one = (struct explained){
        .index = index,
        .name = patterns_name(options->patterns, index),
        .regex = patterns_regex(options->patterns, index),
        .subject = patterns_subject(options->patterns, index),
    };
    one->condition =
        prefilter_condition(options->prefilter, index, &one->why_always);
    patterns_facts(options->patterns, index, &one->facts);
    matcher_limits(&matcher, &one->facts, &one->limits);
}

/* Slowest first; those that cost the same in their order. */
static int compare_costs(const void *left, const void *right)
{
    const struct explained *a = left, *b = right;
    if (a->cost.ns != b->cost.ns)
        return a->cost.ns > b->cost.ns ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static bool measure(struct explanation *all, int *ret_status, struct error *err)
{
    struct pipeline_options options = *all->options;
    all->costs = costs_new(all->count, err);
    if (!all->costs)
        return false;
    options.costs = all->costs;
    options.matches.is_dropped = true;
    options.part_size = UINT64_C(1) << 50;
    if (!pipeline_run(&options, ret_status, err))
        return false;
    all->total_ns = all->costs->scan_ns;
    for (size_t i = 0; i < all->count; i++) {
        all->patterns[i].cost = all->costs->patterns[i];
        all->total_ns += all->patterns[i].cost.ns;
    }
    qsort(all->patterns, all->count, sizeof(*all->patterns), compare_costs);
    return true;
}

static double share(const struct explanation *all, int64_t ns)
{
    return all->total_ns ? 100.0 * (double)ns / (double)all->total_ns : 0;
}

/* ---- for people -------------------------------------------------------- */

/* Bytes of the character at the front of `text`, as far as it can be shown;
 * 0: a control character or no UTF-8. */
static size_t shown_size(struct view text)
{
    unsigned char c = (unsigned char)text.data[0];
    if (c < 0x80)
        return c >= 0x20 && c != 0x7f;
    size_t size = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (size > text.size || utf8_valid_prefix(view_first(text, size)) < size)
        return 0;
    /* U+0080 to U+009F: terminals take them for commands. */
    return c == 0xc2 && (unsigned char)text.data[1] < 0xa0 ? 0 : size;
}

/* What would spoil the line as \xNN; backslashes stand as they are, for an
 * expression has them everywhere. */
static void append_shown(struct view text, struct buf *out)
{
    while (text.size) {
        size_t size = shown_size(text);
        if (size)
            buf_append(out, text.data, size);
        else
            buf_append_format(out, "\\x%02x", (unsigned char)text.data[0]);
        text = view_from(text, size ? size : 1);
    }
}

static void append_row(struct buf *out, const char *label, struct view text)
{
    buf_append_format(out, "  %-10s", label);
    append_shown(text, out);
    buf_append_char(out, '\n');
}

static void append_condition(const struct explained *one, struct buf *out)
{
    if (one->condition.size) {
        append_row(out, "condition", one->condition);
        return;
    }
    buf_append_format(out, "  %-10snone, it always runs: %s\n", "condition",
                      one->why_always);
}

static void append_jit(const struct explained *one, struct buf *out)
{
    if (one->facts.jit_bytes)
        buf_append_format(out, "  %-10syes, %zu bytes\n", "JIT",
                          one->facts.jit_bytes);
    else
        buf_append_format(out, "  %-10sno, the interpreter runs it: %s\n",
                          "JIT", one->facts.why_no_jit);
}

static void append_captures(const struct explained *one, struct buf *out)
{
    const struct pattern_facts *facts = &one->facts;
    buf_append_format(out, "  %-10s", "captures");
    if (!facts->group_count)
        buf_append_string(out, "none");
    for (uint32_t i = 0; i < facts->group_count; i++) {
        buf_append_string(out, i ? ", " : "");
        append_shown(facts->group_names[i], out);
    }
    buf_append_char(out, '\n');
}

static void append_limits(const struct explained *one, struct buf *out)
{
    const struct matcher_limits *limits = &one->limits;
    buf_append_format(out,
                      "  %-10smatch %u, depth %u, heap %zu kB, JIT stack %zu "
                      "kB, %zu matches of a page\n",
                      "limits", limits->match_limit, limits->depth_limit,
                      limits->heap_bytes / 1024, limits->jit_stack_bytes / 1024,
                      limits->max_matches);
    buf_append_format(
        out, "  %-10s%.3f s of a page for all patterns, read %s\n", "clock",
        (double)limits->page_time_ms / 1000,
        one->facts.has_windows ? "at each window of start positions"
                               : "between matches only: it has no windows");
}

static void append_text(const struct explained *one, struct buf *out)
{
    append_shown(one->name, out);
    buf_append_char(out, '\n');
    append_row(out, "regex", one->regex);
    append_row(out, "in", view_of_string(subject_word(one->subject)));
    append_condition(one, out);
    append_jit(one, out);
    append_captures(one, out);
    append_limits(one, out);
    buf_append_char(out, '\n');
}

static void append_time(const struct explanation *all, int64_t ns,
                        struct buf *out)
{
    buf_append_format(out, "%12.3f %6.1f%%", (double)ns / CLOCK_NS_PER_MS,
                      share(all, ns));
}

static void append_table_row(const struct explanation *all,
                             const struct explained *one, struct buf *out)
{
    const struct pattern_cost *cost = &one->cost;
    append_time(all, cost->ns, out);
    buf_append_format(out, " %10llu %10llu %10llu %12llu %8llu  ",
                      (unsigned long long)all->costs->page_counts[one->subject],
                      (unsigned long long)cost->run_count,
                      (unsigned long long)cost->page_count,
                      (unsigned long long)cost->match_count,
                      (unsigned long long)cost->limit_count);
    append_shown(one->name, out);
    buf_append_char(out, '\n');
}

static void append_table(const struct explanation *all, struct buf *out)
{
    buf_append_format(out, "%12s %7s %10s %10s %10s %12s %8s  %s\n", "ms",
                      "share", "searched", "ran on", "matched", "matches",
                      "limits", "pattern");
    for (size_t i = 0; i < all->count; i++)
        append_table_row(all, &all->patterns[i], out);
    if (!prefilter_is_on(all->options->prefilter))
        return;
    append_time(all, all->costs->scan_ns, out);
    buf_append_format(out, " %10llu %10s %10s %12s %8s  %s\n",
                      (unsigned long long)all->costs->page_counts[SUBJECT_TEXT],
                      "", "", "", "", "(the scan for all conditions)");
}

static void append_texts(const struct explanation *all, struct buf *out)
{
    for (size_t i = 0; i < all->count; i++)
        append_text(&all->patterns[i], out);
    if (all->costs)
        append_table(all, out);
}

/* ---- for programs ------------------------------------------------------ */

static void append_bool(struct buf *out, const char *name, bool is_true)
{
    json_out_member(out, name);
    buf_append_string(out, is_true ? "true" : "false");
}

static void append_json_groups(const struct pattern_facts *facts,
                               struct buf *out)
{
    json_out_member(out, "groups");
    buf_append_char(out, '[');
    for (uint32_t i = 0; i < facts->group_count; i++) {
        buf_append_string(out, i ? "," : "");
        json_out_string(out, facts->group_names[i]);
    }
    buf_append_char(out, ']');
}

static void append_json_limits(const struct explained *one, struct buf *out)
{
    const struct matcher_limits *limits = &one->limits;
    json_out_member_u64(out, "match_limit", limits->match_limit);
    json_out_member_u64(out, "depth_limit", limits->depth_limit);
    json_out_member_u64(out, "heap_bytes", limits->heap_bytes);
    json_out_member_u64(out, "jit_stack_bytes", limits->jit_stack_bytes);
    json_out_member_u64(out, "max_matches", limits->max_matches);
    json_out_member_u64(out, "page_time_ms", limits->page_time_ms);
    append_bool(out, "has_windows", one->facts.has_windows);
}

static void append_json_time(const struct explanation *all, int64_t ns,
                             struct buf *out)
{
    json_out_member(out, "ms");
    buf_append_format(out, "%.3f", (double)ns / CLOCK_NS_PER_MS);
    json_out_member(out, "share");
    buf_append_format(out, "%.4f", share(all, ns) / 100);
}

static void append_json_cost(const struct explanation *all,
                             const struct explained *one, struct buf *out)
{
    const struct pattern_cost *cost = &one->cost;
    json_out_member_u64(out, "pages_searched",
                        all->costs->page_counts[one->subject]);
    json_out_member_u64(out, "pages_ran_on", cost->run_count);
    json_out_member_u64(out, "pages_matched", cost->page_count);
    json_out_member_u64(out, "matches", cost->match_count);
    json_out_member_u64(out, "limits", cost->limit_count);
    append_json_time(all, cost->ns, out);
}

static void append_json(const struct explanation *all,
                        const struct explained *one, struct buf *out)
{
    buf_append_string(out, "{\"pattern\":");
    json_out_string(out, one->name);
    json_out_member_string(out, "regex", one->regex);
    json_out_member_string(out, "in",
                           view_of_string(subject_word(one->subject)));
    if (one->condition.size)
        json_out_member_string(out, "condition", one->condition);
    else
        json_out_member_string(out, "why_always",
                               view_of_string(one->why_always));
    json_out_member_u64(out, "jit_bytes", one->facts.jit_bytes);
    if (!one->facts.jit_bytes)
        json_out_member_string(out, "why_no_jit",
                               view_of_string(one->facts.why_no_jit));
    append_json_groups(&one->facts, out);
    append_json_limits(one, out);
    if (all->costs)
        append_json_cost(all, one, out);
    buf_append_string(out, "}\n");
}

static void append_jsons(const struct explanation *all, struct buf *out)
{
    for (size_t i = 0; i < all->count; i++)
        append_json(all, &all->patterns[i], out);
    if (!all->costs || !prefilter_is_on(all->options->prefilter))
        return;
    buf_append_string(out, "{\"scan\":true");
    json_out_member_u64(out, "pages_searched",
                        all->costs->page_counts[SUBJECT_TEXT]);
    append_json_time(all, all->costs->scan_ns, out);
    buf_append_string(out, "}\n");
}

/* ---- both -------------------------------------------------------------- */

bool explain_patterns(const struct pipeline_options *options, bool is_json,
                      struct buf *out, int *ret_status, struct error *err)
{
    struct explanation all = {
        .options = options,
        .count = patterns_count(options->patterns),
    };
    int status = STATUS_OK;
    all.patterns = calloc(all.count + 1, sizeof(*all.patterns));
    if (!all.patterns)
        return error_no_memory(err, "what is known of patterns");
    for (size_t i = 0; i < all.count; i++)
        describe(&all, i, &all.patterns[i]);
    bool done = !options->input_count || measure(&all, &status, err);
    if (done) {
        (is_json ? append_jsons : append_texts)(&all, out);
        done = buf_check(out, "what is known of patterns", err);
    }
    costs_free(all.costs);
    free(all.patterns);
    if (done)
        *ret_status = status;
    return done;
}
