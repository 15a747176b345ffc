#include "compiled.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/base/view_set.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>

enum {
    PATTERN_FILE_MAX = 64 << 20,
    PATTERNS_MAX = 16 << 20,
    GROUP_NUMBER_SIZE = 6, /* "65535" and a NUL */
    /* Of a pattern in an error message, and bytes of a file's path there: with
     * characters of four bytes all fits into ERROR_MESSAGE_SIZE. */
    SHOWN_COLUMNS = 70,
    SHOWN_PATH = 300,
    READY_COUNT = 64, /* patterns that are JIT compiled at once */
};

/* Raw text is not UTF-8, and no expression may say that it is: (*UTF) would
 * read beyond a torn character. */
static uint32_t flags_of(const struct patterns_options *options)
{
    uint32_t flags = options->is_raw ? PCRE2_NEVER_UTF : PCRE2_UTF;
    if (options->ignore_case)
        flags |= PCRE2_CASELESS;
    if (options->has_unicode)
        flags |= PCRE2_UCP;
    return flags | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
}

struct patterns *patterns_new(const struct patterns_options *options,
                              struct error *err)
{
    struct patterns *patterns = calloc(1, sizeof(*patterns));
    if (patterns) {
        patterns->context = pcre2_compile_context_create(NULL);
        patterns->names = view_set_new(PATTERNS_MAX, 0);
    }
    if (!patterns || !patterns->context || !patterns->names) {
        patterns_free(patterns);
        error_no_memory(err, "patterns");
        return NULL;
    }
    /* As Python's re: `.` and `$` know LF alone. Set, because a build of PCRE2
     * may have other defaults. */
    pcre2_set_newline(patterns->context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(patterns->context, PCRE2_BSR_UNICODE);
    patterns->flags = flags_of(options);
    return patterns;
}

static void pattern_release(struct pattern *pattern)
{
    pcre2_code_free(pattern->code);
    if (pattern->jit)
        pthread_mutex_destroy(&pattern->jit->lock);
    free(pattern->jit);
    free(pattern->name);
    free(pattern->regex);
    free(pattern->place);
    free(pattern->capture_group);
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
    view_set_free(patterns->names);
    pcre2_compile_context_free(patterns->context);
    free(patterns);
}

/* ---- errors ----------------------------------------------------------- */

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
    if (buf_check(&text, "a message", err))
        error_set(err, ERR_USAGE, "%.*s", VIEW_ARG(buf_view(&text)));
    buf_release(&text);
    return false;
}

/* ---- compiling -------------------------------------------------------- */

/* Every capture is a group of its own, called by its number. */
static void number_groups(struct pattern *pattern)
{
    for (uint32_t i = 0; i < pattern->capture_count; i++) {
        char *number = pattern->group_numbers + (size_t)i * GROUP_NUMBER_SIZE;
        snprintf(number, GROUP_NUMBER_SIZE, "%u", (unsigned)(i + 1) & 0xffff);
        pattern->group_names[i] = view_of_string(number);
        pattern->capture_group[i] = i;
    }
}

/* Rows of PCRE2's table are a number of two bytes and a name. They are sorted
 * by name; the captures that (?J) lets share one stand together, the first
 * in front, and become one group. */
static void name_groups(struct pattern *pattern)
{
    uint32_t row_count = 0, row_size = 0, first = 0;
    PCRE2_SPTR rows = NULL;
    struct view last = view_of(NULL, 0);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &row_count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &row_size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &rows);
    for (uint32_t i = 0; i < row_count; i++) {
        PCRE2_SPTR row = rows + (size_t)i * row_size;
        struct view name = view_of_string((const char *)row + 2);
        uint32_t capture = ((uint32_t)row[0] << 8 | row[1]) - 1;
        assert(capture < pattern->capture_count);
        if (!view_equal(name, last))
            first = capture;
        last = pattern->group_names[capture] = name;
        pattern->capture_group[capture] = first;
    }
}

/* Closes the gaps that groups of one name left, in the captures' order. */
static void close_gaps(struct pattern *pattern)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < pattern->capture_count; i++) {
        uint32_t first = pattern->capture_group[i];
        assert(first <= i);
        if (first < i) {
            pattern->capture_group[i] = pattern->capture_group[first];
            continue;
        }
        pattern->group_names[count] = pattern->group_names[i];
        pattern->capture_group[i] = count++;
    }
    pattern->group_count = count;
}

static bool find_groups(struct pattern *pattern, struct error *err)
{
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT,
                       &pattern->capture_count);
    size_t room = (size_t)pattern->capture_count + 1;
    pattern->capture_group = calloc(room, sizeof(*pattern->capture_group));
    pattern->group_names = calloc(room, sizeof(struct view));
    pattern->group_numbers = calloc(room, GROUP_NUMBER_SIZE);
    if (!pattern->capture_group || !pattern->group_names ||
        !pattern->group_numbers)
        return error_no_memory(err, "a pattern");
    number_groups(pattern);
    name_groups(pattern);
    close_gaps(pattern);
    return true;
}

static uint32_t ask(const pcre2_code *code, uint32_t what)
{
    uint32_t answer = 0;
    pcre2_pattern_info(code, what, &answer);
    return answer;
}

/*
 * PCRE2 before 10.45 looks for two letters where one will do, if a lookahead
 * demands it first and what follows demands it again (PCRE2Project/pcre2#444):
 * `(?=a)b?a` would not match "a". Its search for a start must be off then.
 * And where a repeat failed, JIT code of 10.42 passes over the starts behind
 * it,
 * (*PRUNE) with them: `a+(*PRUNE)b|.c` would match in "aac".
 */
static bool is_start_search_wrong(const struct pattern *pattern)
{
    const pcre2_code *code = pattern->code;
    uint32_t first = ask(code, PCRE2_INFO_FIRSTCODEUNIT);
    uint32_t last = ask(code, PCRE2_INFO_LASTCODEUNIT);
    if (memmem(pattern->regex, pattern->regex_size, "(*PRUNE", 7))
        return true;
    return ask(code, PCRE2_INFO_FIRSTCODETYPE) == 1 &&
           ask(code, PCRE2_INFO_LASTCODETYPE) == 1 &&
           tolower((int)first) == tolower((int)last) &&
           (memmem(pattern->regex, pattern->regex_size, "(?=", 3) ||
            memmem(pattern->regex, pattern->regex_size, "(*", 2));
}

static bool compile_with(const struct patterns *patterns,
                         struct pattern *pattern, uint32_t flags,
                         struct error *err)
{
    int code;
    PCRE2_SIZE place;
    pcre2_code_free(pattern->code);
    pattern->code = pcre2_compile((PCRE2_SPTR)pattern->regex,
                                  pattern->regex_size, patterns->flags | flags,
                                  &code, &place, patterns->context);
    if (pattern->code)
        return true;
    char message[256] = "";
    pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
    return syntax_error(pattern, message, place, err);
}

/*
 * A search that begins anew where a window ended finds the same, but for what
 * depends on where it began: \G, verbs that end it or jump ahead, and anchored
 * patterns, which PCRE2 tries at the first position only. And where a line ends
 * in CRLF alone, JIT code of PCRE2 10.42 takes the limit on starts for the
 * text's end.
 */
static bool may_have_windows(const struct pattern *pattern)
{
    static const char *const words[] = { "\\G", "(*COMMIT", "(*SKIP" };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (memmem(pattern->regex, pattern->regex_size, words[i],
                   strlen(words[i])))
            return false;
    if (ask(pattern->code, PCRE2_INFO_NEWLINE) == PCRE2_NEWLINE_CRLF)
        return false;
    return !(ask(pattern->code, PCRE2_INFO_ALLOPTIONS) & PCRE2_ANCHORED);
}

static bool compile(const struct patterns *patterns, struct pattern *pattern,
                    struct error *err)
{
    struct view regex = view_of(pattern->regex, pattern->regex_size);
    size_t valid = utf8_valid_prefix(regex);
    if (valid < regex.size && (patterns->flags & PCRE2_UTF))
        return syntax_error(pattern, "not valid UTF-8", valid, err);
    if (!compile_with(patterns, pattern, 0, err))
        return false;
    if (is_start_search_wrong(pattern) &&
        !compile_with(patterns, pattern, PCRE2_NO_START_OPTIMIZE, err))
        return false;
    pattern->has_windows = may_have_windows(pattern);
    if (patterns->count < READY_COUNT)
        pattern_make_ready(pattern);
    return find_groups(pattern, err);
}

void pattern_make_ready(const struct pattern *pattern)
{
    struct jit *jit = pattern->jit;
    if (atomic_load_explicit(&jit->is_done, memory_order_acquire))
        return;
    pthread_mutex_lock(&jit->lock);
    /* Without JIT (a machine that forbids it, a construct it lacks) the
     * interpreter gives the same matches. */
    if (!atomic_load_explicit(&jit->is_done, memory_order_relaxed))
        jit->code = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
    atomic_store_explicit(&jit->is_done, true, memory_order_release);
    pthread_mutex_unlock(&jit->lock);
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
    enum view_set_result result =
        view_set_add(patterns->names, 0, view_of_string(pattern->name));
    if (result == VIEW_SET_NEW)
        return true;
    if (result != VIEW_SET_SEEN)
        return error_no_memory(err, "the names of patterns");
    const struct pattern *other = find(patterns, pattern->name);
    assert(other);
    return error_set(err, ERR_USAGE,
                     "%s%spattern name \"%.60s\" is used already (%s): "
                     "names must be unique",
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

static struct jit *new_jit(void)
{
    struct jit *jit = calloc(1, sizeof(*jit));
    if (jit)
        pthread_mutex_init(&jit->lock, NULL);
    return jit;
}

static bool add(struct patterns *patterns, struct view name,
                enum subject subject, struct view regex, const char *place,
                struct error *err)
{
    struct pattern pattern = {
        .name = view_dup(name),
        .subject = subject,
        .regex = view_dup(regex),
        .regex_size = regex.size,
        .place = place ? strdup(place) : NULL,
        .jit = new_jit(),
    };
    bool done = pattern.name && pattern.regex && pattern.jit &&
                        (!place || pattern.place) && widen(patterns)
                    ? compile(patterns, &pattern, err) &&
                          check_name(patterns, &pattern, err)
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
    return add(patterns, view_of_string(name), SUBJECT_TEXT, regex, NULL, err);
}

/* ---- pattern files ---------------------------------------------------- */

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

/* Names go into results and messages: UTF-8 without control characters. */
static bool is_printable(struct view name)
{
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.data[i] < 0x20 || name.data[i] == 0x7f)
            return false;
    return utf8_valid_prefix(name) == name.size;
}

/* Cuts what stands behind the last @ off the name. Any other word than ours is
 * an error: a slip of the pen must not become a pattern that finds nothing. */
static bool split_name(const char *place, struct view *name,
                       enum subject *ret_subject, struct error *err)
{
    const char *at = memrchr(name->data, '@', name->size);
    *ret_subject = SUBJECT_TEXT;
    if (!at)
        return true;
    struct view before = view_first(*name, (size_t)(at - name->data));
    struct view word = view_from(*name, before.size + 1);
    if (!subject_from_word(word, ret_subject))
        return error_set(err, ERR_USAGE,
                         "%s: \"@%.*s\" is nothing that can be searched: write "
                         "NAME@headers, NAME@url or NAME@text",
                         place, (int)(word.size > 60 ? 60 : word.size),
                         word.data);
    *name = before;
    return true;
}

static bool add_line(struct patterns *patterns, struct view line,
                     const char *place, struct error *err)
{
    struct view name, regex;
    enum subject subject;
    if (line.size && line.data[line.size - 1] == '\r')
        line.size--;
    if (!view_trim(line).size || line.data[0] == '#')
        return true;
    split_line(line, &name, &regex);
    if (!is_printable(name))
        return error_set(err, ERR_USAGE,
                         "%s: the name is no text: is this a pattern file?",
                         place);
    if (!name.size)
        return error_set(err, ERR_USAGE,
                         "%s: the line begins with a blank: write NAME REGEX",
                         place);
    if (!split_name(place, &name, &subject, err))
        return false;
    if (!name.size)
        return error_set(err, ERR_USAGE,
                         "%s: no name before the @: write NAME@%s REGEX", place,
                         subject_word(subject));
    if (!regex.size)
        return error_set(err, ERR_USAGE,
                         "%s: pattern %.*s has no expression: write NAME REGEX",
                         place, (int)(name.size > 60 ? 60 : name.size),
                         name.data);
    return add(patterns, name, subject, regex, place, err);
}

bool patterns_add_text(struct patterns *patterns, struct view text,
                       const char *path, struct error *err)
{
    size_t before = patterns->count, number = 0;
    if (view_starts_with(text, "\xEF\xBB\xBF"))
        text = view_from(text, 3);
    while (text.data && text.size) {
        char place[SHOWN_PATH + 32];
        struct view line = view_split(&text, '\n');
        snprintf(place, sizeof(place), "%.*s:%zu", SHOWN_PATH, path, ++number);
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
    if (done)
        done = patterns_add_text(patterns, buf_view(&text), path, err);
    else if (err->sys_errno && err->sys_errno != ENOMEM)
        error_set_errno(err, ERR_USAGE, err->sys_errno,
                        "cannot open pattern file %s", path);
    else
        error_wrap(err, "pattern file %s", path);
    buf_release(&text);
    return done;
}

/* ---- questions -------------------------------------------------------- */

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

enum subject patterns_subject(const struct patterns *patterns, size_t index)
{
    return patterns->list[index].subject;
}

bool patterns_has_subject(const struct patterns *patterns, enum subject subject)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (patterns->list[i].subject == subject)
            return true;
    return false;
}

bool patterns_find_group(const struct patterns *patterns, size_t index,
                         struct view name, uint32_t *ret_group)
{
    const struct pattern *pattern = &patterns->list[index];
    uint64_t number;
    for (uint32_t i = 0; i < pattern->group_count; i++) {
        if (view_equal(pattern->group_names[i], name)) {
            *ret_group = i;
            return true;
        }
    }
    if (!view_to_u64(name, &number) || number < 1 ||
        number > pattern->capture_count)
        return false;
    *ret_group = pattern->capture_group[number - 1];
    return true;
}

static void tell_why_no_jit(const struct pattern *pattern,
                            struct pattern_facts *facts)
{
    int code = pattern->jit->code;
    if (memmem(pattern->regex, pattern->regex_size, "(*NO_JIT)", 9))
        snprintf(facts->why_no_jit, sizeof(facts->why_no_jit),
                 "the expression says (*NO_JIT)");
    else if (code == PCRE2_ERROR_JIT_BADOPTION)
        snprintf(facts->why_no_jit, sizeof(facts->why_no_jit),
                 "this PCRE2 was built without JIT");
    else
        pcre2_get_error_message(code, (PCRE2_UCHAR *)facts->why_no_jit,
                                sizeof(facts->why_no_jit));
}

void patterns_facts(const struct patterns *patterns, size_t index,
                    struct pattern_facts *ret_facts)
{
    const struct pattern *pattern = &patterns->list[index];
    struct pattern_facts facts = {
        .has_windows = pattern->has_windows,
        .group_count = pattern->group_count,
        .group_names = pattern->group_names,
        /* UINT32_MAX where there is none. */
        .match_limit = ask(pattern->code, PCRE2_INFO_MATCHLIMIT),
        .depth_limit = ask(pattern->code, PCRE2_INFO_DEPTHLIMIT),
        .heap_limit_kb = ask(pattern->code, PCRE2_INFO_HEAPLIMIT),
    };
    pattern_make_ready(pattern);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_JITSIZE, &facts.jit_bytes);
    if (!facts.jit_bytes)
        tell_why_no_jit(pattern, &facts);
    *ret_facts = facts;
}

void patterns_describe(const struct patterns *patterns, struct buf *out)
{
    buf_append_format(out, "flags %u\n", patterns->flags);
    for (size_t i = 0; i < patterns->count; i++) {
        /* With its length: an expression may hold any byte, and no two sets
         * may look the same. */
        buf_append_view(out, patterns_name(patterns, i));
        buf_append_format(out, "@%s\t%zu\t",
                          subject_word(patterns->list[i].subject),
                          patterns->list[i].regex_size);
        buf_append_view(out, patterns_regex(patterns, i));
        buf_append_char(out, '\n');
    }
}
