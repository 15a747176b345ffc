#include "compiled.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/utf8.h"

enum {
    PATTERN_FILE_MAX = 64 << 20,
    GROUP_NUMBER_SIZE = 6, /* "65535" and a NUL */
    SHOWN_COLUMNS = 70,    /* of a pattern in an error message */
};

struct patterns *patterns_new(bool ignore_case, struct error *err)
{
    struct patterns *patterns = calloc(1, sizeof(*patterns));
    if (patterns)
        patterns->context = pcre2_compile_context_create(NULL);
    if (!patterns || !patterns->context) {
        free(patterns);
        error_no_memory(err, "patterns");
        return NULL;
    }
    /* As Python's re: `.` and `$` know LF alone. Set, because a build of PCRE2
     * may have other defaults. */
    pcre2_set_newline(patterns->context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(patterns->context, PCRE2_BSR_UNICODE);
    patterns->flags = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C |
                      (ignore_case ? PCRE2_CASELESS : 0);
    return patterns;
}

static void pattern_release(struct pattern *pattern)
{
    pcre2_code_free(pattern->code);
    free(pattern->name);
    free(pattern->regex);
    free(pattern->place);
    free(pattern->group_names);
    free(pattern->group_numbers);
}

void patterns_free(struct patterns *patterns)
{
    if (!patterns)
        return;
    for (size_t i = 0; i < patterns->count; i++)
        pattern_release(&patterns->list[i]);
    free(patterns->list);
    pcre2_compile_context_free(patterns->context);
    free(patterns);
}

/* ---- errors
 * ------------------------------------------------------------------*/

/* Bytes of the UTF-8 character at `at`, 1 for a stray byte. */
static size_t character_size(struct view text, size_t at)
{
    size_t size = 1;
    while (at + size < text.size && size < 4 &&
           ((unsigned char)text.data[at + size] & 0xc0) == 0x80)
        size++;
    return size;
}

static size_t count_characters(struct view text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.size; at += character_size(text, at))
        count++;
    return count;
}

/* The pattern, or the part around the place, and a caret under it. */
static void append_caret(struct buf *out, struct view regex, size_t place)
{
    size_t column = count_characters(view_first(regex, place)), at = 0;
    size_t skip = column > SHOWN_COLUMNS / 2 ? column - SHOWN_COLUMNS / 2 : 0;
    for (size_t i = 0; i < skip; i++)
        at += character_size(regex, at);
    buf_append_string(out, skip ? "\n  ..." : "\n  ");
    for (size_t i = 0; i < SHOWN_COLUMNS && at < regex.size; i++) {
        size_t size = character_size(regex, at);
        unsigned char c = (unsigned char)regex.data[at];
        if (size == 1 && (c < 0x20 || c >= 0x7f))
            buf_append_char(out, c == '\t' ? ' ' : '?');
        else
            buf_append(out, regex.data + at, size);
        at += size;
    }
    buf_append_string(out, at < regex.size ? "...\n  " : "\n  ");
    for (size_t i = 0; i < column - skip + (skip ? 3 : 0); i++)
        buf_append_char(out, ' ');
    buf_append_char(out, '^');
}

static bool syntax_error(const struct pattern *pattern, const char *message,
                         size_t place, struct error *err)
{
    struct buf text;
    buf_init(&text, ERROR_MESSAGE_SIZE);
    struct view regex = view_of(pattern->regex, pattern->regex_size);
    if (pattern->place)
        buf_append_format(&text, "%s: ", pattern->place);
    buf_append_format(&text, "pattern %.60s: %s (at offset %zu)", pattern->name,
                      message, place);
    append_caret(&text, regex, place);
    error_set(err, ERR_USAGE, "%s", buf_string(&text));
    buf_release(&text);
    return false;
}

/* ---- compiling
 * ---------------------------------------------------------------*/

static void name_group(struct pattern *pattern, const unsigned char *row)
{
    uint32_t number = (uint32_t)row[0] << 8 | row[1];
    if (number >= 1 && number <= pattern->group_count)
        pattern->group_names[number - 1] =
            view_of_string((const char *)row + 2);
}

static bool name_groups(struct pattern *pattern, struct error *err)
{
    uint32_t row_count = 0, row_size = 0;
    PCRE2_SPTR rows = NULL;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT,
                       &pattern->group_count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &row_count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &row_size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &rows);
    size_t count = pattern->group_count;
    pattern->group_names = calloc(count + 1, sizeof(struct view));
    pattern->group_numbers = calloc(count + 1, GROUP_NUMBER_SIZE);
    if (!pattern->group_names || !pattern->group_numbers)
        return error_no_memory(err, "a pattern");
    for (size_t i = 0; i < count; i++) {
        char *number = pattern->group_numbers + i * GROUP_NUMBER_SIZE;
        snprintf(number, GROUP_NUMBER_SIZE, "%u", (unsigned)(i + 1) & 0xffff);
        pattern->group_names[i] = view_of_string(number);
    }
    for (uint32_t i = 0; i < row_count; i++)
        name_group(pattern, rows + (size_t)i * row_size);
    return true;
}

static bool compile(const struct patterns *patterns, struct pattern *pattern,
                    struct error *err)
{
    struct view regex = view_of(pattern->regex, pattern->regex_size);
    size_t valid = utf8_valid_prefix(regex);
    if (valid < regex.size)
        return syntax_error(pattern, "not valid UTF-8", valid, err);
    int code;
    PCRE2_SIZE place;
    pattern->code =
        pcre2_compile((PCRE2_SPTR)regex.data, regex.size, patterns->flags,
                      &code, &place, patterns->context);
    if (!pattern->code) {
        char message[256] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
        return syntax_error(pattern, message, place, err);
    }
    /* Without JIT (a machine that forbids it, a construct it lacks) the
     * interpreter gives the same matches. */
    pattern->has_jit =
        pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
    return name_groups(pattern, err);
}

static const struct pattern *find(const struct patterns *patterns,
                                  const char *name)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (!strcmp(patterns->list[i].name, name))
            return &patterns->list[i];
    return NULL;
}

static bool check_name(const struct patterns *patterns,
                       const struct pattern *pattern, struct error *err)
{
    const struct pattern *other = find(patterns, pattern->name);
    if (!other)
        return true;
    return error_set(err, ERR_USAGE,
                     "%s%spattern name \"%s\" is used already (%s): names "
                     "must be unique",
                     pattern->place ? pattern->place : "",
                     pattern->place ? ": " : "", pattern->name,
                     other->place ? other->place : "-e");
}

static bool widen(struct patterns *patterns)
{
    if (patterns->count < patterns->capacity)
        return true;
    size_t capacity = patterns->capacity ? patterns->capacity * 2 : 16;
    struct pattern *list = realloc(patterns->list, capacity * sizeof(*list));
    if (!list)
        return false;
    patterns->list = list;
    patterns->capacity = capacity;
    return true;
}

static bool add(struct patterns *patterns, struct view name, struct view regex,
                const char *place, struct error *err)
{
    struct pattern pattern = {
        .name = view_dup(name),
        .regex = view_dup(regex),
        .regex_size = regex.size,
        .place = place ? strdup(place) : NULL,
    };
    bool done = pattern.name && pattern.regex && (!place || pattern.place) &&
                        widen(patterns)
                    ? check_name(patterns, &pattern, err) &&
                          compile(patterns, &pattern, err)
                    : error_no_memory(err, "a pattern");
    if (done)
        patterns->list[patterns->count++] = pattern;
    else
        pattern_release(&pattern);
    return done;
}

bool patterns_add_expression(struct patterns *patterns, struct view regex,
                             struct error *err)
{
    char name[24];
    snprintf(name, sizeof(name), "e%zu", ++patterns->expression_count);
    return add(patterns, view_of_string(name), regex, NULL, err);
}

/* ---- pattern files
 * -----------------------------------------------------------*/

/* Cuts "NAME REGEX": one tab, or all blanks when it starts with a space. */
static void split_line(struct view line, struct view *ret_name,
                       struct view *ret_regex)
{
    size_t size = 0;
    while (size < line.size && line.data[size] != ' ' &&
           line.data[size] != '\t')
        size++;
    size_t start = size;
    if (start < line.size && line.data[start] == '\t')
        start++;
    else
        while (start < line.size &&
               (line.data[start] == ' ' || line.data[start] == '\t'))
            start++;
    *ret_name = view_first(line, size);
    *ret_regex = view_from(line, start);
}

static bool add_line(struct patterns *patterns, struct view line,
                     const char *place, struct error *err)
{
    struct view name, regex;
    if (line.size && line.data[line.size - 1] == '\r')
        line.size--;
    if (!view_trim(line).size || line.data[0] == '#')
        return true;
    split_line(line, &name, &regex);
    if (!name.size)
        return error_set(err, ERR_USAGE,
                         "%s: the line begins with a blank: write NAME REGEX",
                         place);
    if (!regex.size)
        return error_set(err, ERR_USAGE,
                         "%s: pattern %.*s has no expression: write NAME REGEX",
                         place, (int)(name.size > 60 ? 60 : name.size),
                         name.data);
    return add(patterns, name, regex, place, err);
}

static bool add_lines(struct patterns *patterns, struct view text,
                      const char *path, struct error *err)
{
    size_t before = patterns->count, number = 0;
    if (view_starts_with(text, "\xEF\xBB\xBF"))
        text = view_from(text, 3);
    while (text.data && text.size) {
        char place[512];
        struct view line = view_split(&text, '\n');
        snprintf(place, sizeof(place), "%.480s:%zu", path, ++number);
        if (!add_line(patterns, line, place, err))
            return false;
    }
    return patterns->count > before ||
           error_set(err, ERR_USAGE,
                     "pattern file %s holds no pattern: write NAME REGEX lines",
                     path);
}

bool patterns_add_file(struct patterns *patterns, const char *path,
                       struct error *err)
{
    struct buf text;
    buf_init(&text, PATTERN_FILE_MAX);
    bool done = fs_read_file(path, &text, err);
    if (!done) {
        err->code = ERR_USAGE;
        error_wrap(err, "pattern file");
    }
    done = done && add_lines(patterns, buf_view(&text), path, err);
    buf_release(&text);
    return done;
}

/* ---- questions
 * ---------------------------------------------------------------*/

size_t patterns_count(const struct patterns *patterns)
{
    return patterns->count;
}

struct view patterns_name(const struct patterns *patterns, size_t index)
{
    return view_of_string(patterns->list[index].name);
}

struct view patterns_regex(const struct patterns *patterns, size_t index)
{
    const struct pattern *pattern = &patterns->list[index];
    return view_of(pattern->regex, pattern->regex_size);
}

void patterns_describe(const struct patterns *patterns, struct buf *out)
{
    buf_append_format(out, "flags %u\n", patterns->flags);
    for (size_t i = 0; i < patterns->count; i++) {
        buf_append_view(out, patterns_name(patterns, i));
        buf_append_char(out, '\t');
        buf_append_view(out, patterns_regex(patterns, i));
        buf_append_char(out, '\n');
    }
}
