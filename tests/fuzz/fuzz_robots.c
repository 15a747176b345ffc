/*
 * What a robots.txt allows. Whatever the bytes are, they parse; what is denied
 * is denied by a rule that stands in the file; and a rule by itself matches
 * what a matcher written the slow and obvious way says.
 *
 * The first byte tells how long the path is, which follows; the rest is the
 * file. It is also one pattern, its first line.
 */
#include "fuzz.h"

#include "fetchgrep/frontier/robots.h"

enum { PATTERN_MAX = 64 };

static bool is_allowed(struct view file, struct view path,
                       const struct robots_rule **ret_rule,
                       struct robots **ret_robots)
{
    struct view token = view_of_string("fetchgrep");
    struct robots *robots = robots_parse(file, token);
    DEMAND(robots);
    *ret_rule = NULL;
    enum robots_result result = robots_check(robots, path, ret_rule);
    DEMAND(result == ROBOTS_ALLOWED || result == ROBOTS_DENIED ||
           result == ROBOTS_TOO_COSTLY);
    DEMAND((result == ROBOTS_DENIED) == (*ret_rule != NULL));
    *ret_robots = robots;
    return result == ROBOTS_ALLOWED;
}

static size_t count_lines(struct view file)
{
    size_t count = 1;
    for (size_t i = 0; i < file.size; i++)
        count += file.data[i] == '\n' || file.data[i] == '\r';
    return count;
}

static void check_file(struct view file, struct view path)
{
    const struct robots_rule *rule;
    struct robots *robots;
    int64_t delay_ms;
    is_allowed(file, path, &rule, &robots);
    if (rule) {
        DEMAND(!rule->is_allowed && rule->pattern.size);
        DEMAND(rule->line >= 1 && rule->line <= count_lines(file));
    }
    delay_ms = robots_delay_ms(robots);
    DEMAND(delay_ms >= 0 && delay_ms <= ROBOTS_DELAY_MAX_S * 1000);
    robots_free(robots);
}

/* ---- one pattern -------------------------------------------------------- */

/* Letters, "/", "*", "$" alone: they need no escapes. */
static bool is_simple(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr("abcdefgh/*$", text.data[i]) || !text.data[i])
            return false;
    return text.size > 0;
}

/* All ends that each part of the pattern can reach in the path. */
static bool matches_slowly(struct view pattern, struct view path)
{
    bool reached[PATTERN_MAX + 1] = { true };
    for (size_t i = 0; i < pattern.size; i++) {
        char c = pattern.data[i];
        if (c == '$' && i + 1 == pattern.size)
            return reached[path.size];
        for (size_t at = path.size + 1; at-- > 0 && c != '*';)
            reached[at] = at && reached[at - 1] && path.data[at - 1] == c;
        for (size_t at = 1; at <= path.size && c == '*'; at++)
            reached[at] |= reached[at - 1];
    }
    for (size_t at = 0; at <= path.size; at++)
        if (reached[at])
            return true;
    return false;
}

static void check_pattern(struct view pattern, struct view path)
{
    const struct robots_rule *rule;
    struct robots *robots;
    struct buf file;
    if (path.size > PATTERN_MAX || !is_simple(path) || path.data[0] != '/' ||
        pattern.size > PATTERN_MAX || !is_simple(pattern) ||
        (pattern.data[0] != '/' && pattern.data[0] != '*'))
        return;
    buf_init(&file, 1 << 12);
    buf_append_format(&file, "User-agent: *\nDisallow: %.*s\n",
                      VIEW_ARG(pattern));
    DEMAND(!file.failed);
    DEMAND(is_allowed(buf_view(&file), path, &rule, &robots) ==
           !matches_slowly(pattern, path));
    robots_free(robots);
    buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = view_of(data, size);
    size_t path_size = take_byte(&input);
    struct view path = take_bytes(&input, path_size);
    check_file(input, path);
    struct view rest = input;
    check_pattern(view_split(&rest, '\n'), path);
    return 0;
}
