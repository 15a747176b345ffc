/*
 * Both sides are brought to one form first (2.2.2): octets beyond ASCII and
 * what is no URL's are percent-encoded, escapes of unreserved letters are
 * decoded, the others' digits are upper case; "*" and "$" are encoded where
 * they mean themselves: in paths, and "$" within a pattern.
 *
 * A pattern is then a row of texts with "*" between them. Taking the first
 * occurrence of each in turn is enough, and memmem(3) finds it in linear time:
 * no pattern makes matching explode. Tens of thousands of them fit into one
 * file, though, so what is spent on one path is bounded too.
 */
#include "fetchgrep/frontier/robots.h"

#include "fetchgrep/base/buf.h"

#include <math.h>

/* Bytes that may be searched for one path: a few milliseconds. A thousand rules
 * with a "*" each and a path of a thousand bytes need a tenth of it. */
enum { WORK_MAX = 10 << 20, SEARCH_COST = 64 /* of beginning one */ };

struct robots {
    struct robots_rule *rules;
    size_t rule_count, rule_capacity;
    struct buf text; /* all patterns, one behind the other */
    int64_t delay_ms;
};

/* ---- one form --------------------------------------------------------- */

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_unreserved(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || memchr("-._~", c, 4);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void append_escape(struct buf *out, unsigned char octet)
{
    static const char digits[] = "0123456789ABCDEF";
    buf_append_char(out, '%');
    buf_append_char(out, digits[octet >> 4]);
    buf_append_char(out, digits[octet & 15]);
}

/* An escape at the beginning of `text`: its octet, -1 when it is none. */
static int escape_of(struct view text)
{
    if (text.size < 3 || text.data[0] != '%')
        return -1;
    int high = digit_of(text.data[1]), low = digit_of(text.data[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static void append_normalized(struct view text, bool is_pattern,
                              struct buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_itself = c == '*'   ? !is_pattern
                         : c == '$' ? !is_pattern || i + 1 < text.size
                                    : false;
        int octet = escape_of(view_from(text, i));
        if (octet >= 0) {
            if (is_unreserved((char)octet))
                buf_append_char(out, (char)octet);
            else
                append_escape(out, (unsigned char)octet);
            i += 2;
        } else if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7f ||
                   is_itself) {
            append_escape(out, (unsigned char)c);
        } else {
            buf_append_char(out, c);
        }
    }
}

/* ---- matching --------------------------------------------------------- */

/* What stands before the first "*" of the rest of a pattern; all when there is
 * none. */
static struct view next_text(struct view *pattern, bool *ret_is_last)
{
    const char *star =
        pattern->size ? memchr(pattern->data, '*', pattern->size) : NULL;
    size_t size = star ? (size_t)(star - pattern->data) : pattern->size;
    struct view text = view_first(*pattern, size);
    *pattern = view_from(*pattern, size + (star != NULL));
    *ret_is_last = !star;
    return text;
}

/* Takes the first occurrence of the text, and what is before it, off the path;
 * false when there is none. */
static bool pass_text(struct view text, struct view *path, int64_t *work)
{
    if (!text.size)
        return true;
    if (*work < 0 || path->size < text.size)
        return false;
    const char *at = memmem(path->data, path->size, text.data, text.size);
    size_t passed = at ? (size_t)(at - path->data) + text.size : path->size;
    *path = view_from(*path, passed);
    /* A long text is looked at more than once where it nearly fits. */
    *work -= (int64_t)(passed * (1 + text.size / 32)) + SEARCH_COST;
    return at != NULL;
}

static bool starts_with(struct view whole, struct view part)
{
    return whole.size >= part.size &&
           view_equal(view_first(whole, part.size), part);
}

static bool ends_with(struct view whole, struct view part)
{
    return whole.size >= part.size &&
           view_equal(view_from(whole, whole.size - part.size), part);
}

/* `work` is less than 0 afterwards if it was not enough to tell. */
static bool matches(struct view pattern, struct view path, int64_t *work)
{
    bool is_last, is_whole = ends_with(pattern, view_of_string("$"));
    if (is_whole)
        pattern.size--;
    struct view text = next_text(&pattern, &is_last);
    if (!starts_with(path, text))
        return false;
    path = view_from(path, text.size);
    if (is_last)
        return !is_whole || !path.size;
    for (;;) {
        text = next_text(&pattern, &is_last);
        if (is_last && is_whole)
            return ends_with(path, text);
        if (!pass_text(text, &path, work))
            return false;
        if (is_last)
            return true;
    }
}

/* Whether it decides, matching, where `other` would (NULL: nothing would). */
static bool outdoes(const struct robots_rule *rule,
                    const struct robots_rule *other)
{
    if (!other || rule->pattern.size != other->pattern.size)
        return !other || rule->pattern.size > other->pattern.size;
    return rule->is_allowed && !other->is_allowed;
}

/* The rule that decides; NULL when none matches. False: it would take too
 * long. */
static bool find_rule(const struct robots *robots, struct view path,
                      const struct robots_rule **ret_rule)
{
    const struct robots_rule *found = NULL;
    int64_t work = WORK_MAX;
    for (size_t i = 0; i < robots->rule_count && work >= 0; i++) {
        const struct robots_rule *rule = &robots->rules[i];
        if (outdoes(rule, found) && matches(rule->pattern, path, &work))
            found = rule;
    }
    *ret_rule = found;
    return work >= 0;
}

enum robots_result robots_check(const struct robots *robots, struct view target,
                                const struct robots_rule **ret_rule)
{
    struct buf path;
    if (!robots->rule_count || view_equal_string(target, "/robots.txt"))
        return ROBOTS_ALLOWED;
    buf_init(&path, SIZE_MAX / 2);
    if (!target.size || target.data[0] != '/')
        buf_append_char(&path, '/'); /* "?query" alone */
    append_normalized(target, false, &path);
    const struct robots_rule *rule = NULL;
    enum robots_result result = ROBOTS_ALLOWED;
    if (path.failed)
        result = ROBOTS_NO_MEMORY;
    else if (!find_rule(robots, buf_view(&path), &rule))
        result = ROBOTS_TOO_COSTLY;
    else if (rule && !rule->is_allowed)
        result = ROBOTS_DENIED;
    buf_release(&path);
    if (result == ROBOTS_DENIED)
        *ret_rule = rule;
    return result;
}

/* ---- reading ---------------------------------------------------------- */

/* Whose rules the lines are that come. */
struct reading {
    struct robots *own, *any; /* of our token, and of "*" */
    struct view token;
    bool has_own;      /* some group names us */
    bool is_in_agents; /* User-agent lines come one after another */
    bool is_for_us, is_for_any;
    bool failed; /* no memory */
};

struct view robots_product_token(struct view user_agent)
{
    size_t size = 0;
    while (size < user_agent.size && (is_alpha(user_agent.data[size]) ||
                                      memchr("-_", user_agent.data[size], 2)))
        size++;
    return view_first(user_agent, size);
}

static void read_agent(struct reading *reading, struct view value)
{
    if (!reading->is_in_agents)
        reading->is_for_us = reading->is_for_any = false;
    reading->is_in_agents = true;
    struct view token = robots_product_token(value);
    if (value.size && value.data[0] == '*') {
        reading->is_for_any = true;
    } else if (token.size && view_equal_nocase(token, reading->token)) {
        reading->is_for_us = reading->has_own = true;
    }
}

/* Keeps where the pattern lies as an offset: the text still moves. */
static bool add_rule(struct robots *robots, struct view value, bool is_allowed,
                     uint32_t line)
{
    if (robots->rule_count == robots->rule_capacity) {
        size_t capacity = robots->rule_capacity ? robots->rule_capacity * 2 : 8;
        struct robots_rule *rules =
            realloc(robots->rules, capacity * sizeof(*rules));
        if (!rules)
            return false;
        robots->rules = rules;
        robots->rule_capacity = capacity;
    }
    size_t start = robots->text.size;
    if (value.data[0] != '/' && value.data[0] != '*')
        buf_append_char(&robots->text, '/');
    append_normalized(value, true, &robots->text);
    robots->rules[robots->rule_count++] = (struct robots_rule){
        .pattern = { NULL, robots->text.size - start },
        .line = line,
        .is_allowed = is_allowed,
    };
    return !robots->text.failed;
}

static void read_rule(struct reading *reading, struct view value,
                      bool is_allowed, uint32_t line)
{
    reading->is_in_agents = false;
    if (!value.size)
        return; /* "Disallow:" alone forbids nothing */
    if (reading->is_for_us && !add_rule(reading->own, value, is_allowed, line))
        reading->failed = true;
    if (reading->is_for_any && !add_rule(reading->any, value, is_allowed, line))
        reading->failed = true;
}

static void read_delay(struct reading *reading, struct view value)
{
    char text[32];
    reading->is_in_agents = false;
    snprintf(text, sizeof(text), "%.*s", VIEW_ARG(value));
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || !(seconds > 0))
        return;
    if (seconds > ROBOTS_DELAY_MAX_S)
        seconds = ROBOTS_DELAY_MAX_S;
    int64_t ms = (int64_t)ceil(seconds * 1000);
    if (reading->is_for_us)
        reading->own->delay_ms = ms;
    if (reading->is_for_any)
        reading->any->delay_ms = ms;
}

static void read_line(struct reading *reading, struct view text, uint32_t line)
{
    const char *hash = text.size ? memchr(text.data, '#', text.size) : NULL;
    if (hash)
        text = view_first(text, (size_t)(hash - text.data));
    const char *colon = text.size ? memchr(text.data, ':', text.size) : NULL;
    if (!colon)
        return;
    size_t at = (size_t)(colon - text.data);
    struct view name = view_trim(view_first(text, at));
    struct view value = view_trim(view_from(text, at + 1));
    if (view_equal_nocase(name, view_of_string("user-agent")))
        read_agent(reading, value);
    else if (view_equal_nocase(name, view_of_string("disallow")))
        read_rule(reading, value, false, line);
    else if (view_equal_nocase(name, view_of_string("allow")))
        read_rule(reading, value, true, line);
    else if (view_equal_nocase(name, view_of_string("crawl-delay")))
        read_delay(reading, value);
}

/* Lines end in LF, CRLF or CR. */
static struct view next_line(struct view *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != '\n' &&
           rest->data[size] != '\r')
        size++;
    struct view line = view_first(*rest, size);
    bool is_crlf = size + 1 < rest->size && rest->data[size] == '\r' &&
                   rest->data[size + 1] == '\n';
    *rest = view_from(*rest, size + (size < rest->size) + is_crlf);
    return line;
}

/* What is longer than what is read loses the line that is cut. */
static struct view readable_part(struct view bytes)
{
    if (view_starts_with(bytes, "\xEF\xBB\xBF"))
        bytes = view_from(bytes, 3);
    if (bytes.size <= ROBOTS_BYTES_MAX)
        return bytes;
    size_t size = ROBOTS_BYTES_MAX;
    while (size && bytes.data[size - 1] != '\n' && bytes.data[size - 1] != '\r')
        size--;
    return view_first(bytes, size);
}

/* The patterns lie still now. */
static void settle(struct robots *robots)
{
    const char *at = robots->text.data;
    for (size_t i = 0; i < robots->rule_count; i++) {
        robots->rules[i].pattern.data = at;
        at += robots->rules[i].pattern.size;
    }
}

static struct robots *robots_new(void)
{
    struct robots *robots = calloc(1, sizeof(*robots));
    if (robots)
        buf_init(&robots->text, SIZE_MAX / 2);
    return robots;
}

void robots_free(struct robots *robots)
{
    if (!robots)
        return;
    buf_release(&robots->text);
    free(robots->rules);
    free(robots);
}

struct robots *robots_parse(struct view bytes, struct view product_token)
{
    struct reading reading = { .own = robots_new(),
                               .any = robots_new(),
                               .token = product_token };
    struct view rest = readable_part(bytes);
    reading.failed = !reading.own || !reading.any;
    for (uint32_t line = 1; rest.size && !reading.failed; line++)
        read_line(&reading, next_line(&rest), line);
    struct robots *wanted = reading.has_own ? reading.own : reading.any;
    robots_free(wanted == reading.own ? reading.any : reading.own);
    if (reading.failed) {
        robots_free(wanted);
        return NULL;
    }
    settle(wanted);
    return wanted;
}

int64_t robots_delay_ms(const struct robots *robots)
{
    return robots->delay_ms;
}

size_t robots_size(const struct robots *robots)
{
    return sizeof(*robots) + robots->text.capacity +
           robots->rule_capacity * sizeof(*robots->rules);
}
