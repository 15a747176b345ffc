/*
 * Both sides are brought to one form first (2.2.2): octets beyond ASCII and
 * what is no URL's are percent-encoded, escapes of unreserved letters are
 * decoded, the others' digits are upper case; in paths, "*" and "$" are
 * encoded, since in patterns they mean something else when they are not.
 *
 * A pattern is then a row of texts with "*" between them. Taking the first
 * occurrence of each in turn is enough, and memmem(3) finds it in linear time:
 * no pattern makes matching explode.
 */
#include "fetchgrep/frontier/robots.h"

#include "fetchgrep/base/buf.h"

#include <math.h>

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
        int octet = escape_of(view_from(text, i));
        if (octet >= 0) {
            if (is_unreserved((char)octet))
                buf_append_char(out, (char)octet);
            else
                append_escape(out, (unsigned char)octet);
            i += 2;
        } else if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7f ||
                   (!is_pattern && (c == '*' || c == '$'))) {
            append_escape(out, (unsigned char)c);
        } else {
            buf_append_char(out, c);
        }
    }
}

/* ---- matching --------------------------------------------------------- */

static bool matches(struct view pattern, struct view path)
{
    bool is_whole = pattern.size && pattern.data[pattern.size - 1] == '$';
    bool is_first = true;
    if (is_whole)
        pattern.size--;
    for (;;) {
        const char *star =
            pattern.size ? memchr(pattern.data, '*', pattern.size) : NULL;
        struct view text =
            star ? view_first(pattern, (size_t)(star - pattern.data)) : pattern;
        if (!star && is_whole && !is_first) {
            /* The last text must stand at the end. */
            return path.size >= text.size &&
                   view_equal(view_from(path, path.size - text.size), text);
        }
        if (is_first) {
            if (path.size < text.size ||
                !view_equal(view_first(path, text.size), text))
                return false;
            path = view_from(path, text.size);
        } else if (text.size) {
            const char *at =
                path.size ? memmem(path.data, path.size, text.data, text.size)
                          : NULL;
            if (!at)
                return false;
            path = view_from(path, (size_t)(at - path.data) + text.size);
        }
        if (!star)
            return !is_whole || path.size == 0;
        pattern = view_from(pattern, text.size + 1);
        is_first = false;
    }
}

static const struct robots_rule *find_rule(const struct robots *robots,
                                           struct view path)
{
    const struct robots_rule *found = NULL;
    for (size_t i = 0; i < robots->rule_count; i++) {
        const struct robots_rule *rule = &robots->rules[i];
        if (found && (rule->pattern.size < found->pattern.size ||
                      (rule->pattern.size == found->pattern.size &&
                       (found->is_allowed || !rule->is_allowed))))
            continue;
        if (matches(rule->pattern, path))
            found = rule;
    }
    return found;
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
    enum robots_result result = ROBOTS_NO_MEMORY;
    if (!path.failed) {
        const struct robots_rule *rule = find_rule(robots, buf_view(&path));
        result = !rule || rule->is_allowed ? ROBOTS_ALLOWED : ROBOTS_DENIED;
        if (result == ROBOTS_DENIED)
            *ret_rule = rule;
    }
    buf_release(&path);
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
