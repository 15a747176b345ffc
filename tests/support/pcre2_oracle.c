/*
 * pcre2_oracle.c - what plain PCRE2 finds, for tests of equality:
 *
 *   pcre2_oracle [-i] [-u] [-b] PATTERNS PAGE...
 *
 * PATTERNS has a line "NAME<TAB>REGEX" for each pattern. Nothing here is
 * clever and nothing is shared with the program: each pattern is compiled, each
 * page read whole, and pcre2_match, without JIT and without its search for a
 * start, is called until it finds no more. -i: PCRE2_CASELESS; -u: PCRE2_UCP;
 * -b: bytes, not UTF-8.
 *
 * Output: for each pattern "P NAME CAPTURES NAME=NUMBER ...", then for each
 * page "F PAGE" and a line a match, "PATTERN FROM TO FROM1 TO1 FROM2 TO2 ...",
 * with the pattern's index from 0 and -1 for a capture that is not set. A
 * search that PCRE2 ended with an error: "PATTERN error CODE".
 */
#include <errno.h>
#include <pcre2.h>
#include <stdbool.h>

/* A search that takes longer is given up: it proves nothing quickly. */
enum { PATTERNS_MAX = 10000, GROUPS_MAX = 256, MATCH_LIMIT = 2000000 };

struct pattern {
    pcre2_code *code;
    uint32_t captures;
};

static struct pattern patterns[PATTERNS_MAX];
static size_t pattern_count;
static pcre2_match_context *limits;

static void fail(const char *what)
{
    fprintf(stderr, "pcre2_oracle: %s: %s\n", what, strerror(errno));
    exit(2);
}

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    if (!file || fseek(file, 0, SEEK_END))
        fail(path);
    size_t size = (size_t)ftell(file);
    rewind(file);
    /* One byte more: an empty page has an address too. */
    char *text = malloc(size + 1);
    if (!text || fread(text, 1, size, file) != size)
        fail(path);
    fclose(file);
    text[size] = '\0';
    *ret_size = size;
    return text;
}

/* Without its search for a start, whose faults (PCRE2Project/pcre2#444) are not
 * to be copied; but what (*COMMIT) means depends on it. */
static uint32_t flags_for(const char *regex, uint32_t flags)
{
    return strstr(regex, "(*COMMIT") ? flags : flags | PCRE2_NO_START_OPTIMIZE;
}

static void compile(const char *name, const char *regex, uint32_t flags,
                    pcre2_compile_context *context)
{
    int problem;
    PCRE2_SIZE place;
    if (pattern_count == PATTERNS_MAX)
        fail("too many patterns");
    struct pattern *pattern = &patterns[pattern_count++];
    pattern->code =
        pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
                      flags_for(regex, flags), &problem, &place, context);
    if (!pattern->code) {
        printf("X %s %d %zu\n", name, problem, (size_t)place);
        return;
    }
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT,
                       &pattern->captures);
    if (pattern->captures >= GROUPS_MAX)
        fail("too many groups");
    uint32_t rows, row_size;
    PCRE2_SPTR table;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &rows);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &row_size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &table);
    printf("P %s %u", name, (unsigned)pattern->captures);
    for (uint32_t i = 0; i < rows; i++, table += row_size)
        printf(" %s=%u", (const char *)table + 2,
               (unsigned)table[0] << 8 | table[1]);
    printf("\n");
}

static void compile_all(const char *path, uint32_t flags)
{
    size_t size;
    char *text = read_file(path, &size), *rest = text;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *regex = strchr(line, '\t');
        if (!regex)
            continue;
        *regex++ = '\0';
        compile(line, regex, flags, context);
    }
    pcre2_compile_context_free(context);
    free(text);
}

static void print_match(size_t index, const PCRE2_SIZE *pairs, int set_count)
{
    printf("%zu", index);
    for (uint32_t i = 0; i <= patterns[index].captures; i++) {
        bool is_set = (int)i < set_count && pairs[2 * i] != PCRE2_UNSET;
        printf(" %lld %lld", is_set ? (long long)pairs[2 * i] : -1,
               is_set ? (long long)pairs[2 * i + 1] : -1);
    }
    printf("\n");
}

/* On from where a match ended; from an empty one, not empty there again. */
static void search(size_t index, const char *text, size_t size,
                   pcre2_match_data *data)
{
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(data);
    uint32_t flags = 0;
    int code;
    for (size_t at = 0; at <= size; at = pairs[1]) {
        code =
            pcre2_match(patterns[index].code, (PCRE2_SPTR)text, size, at,
                        flags | PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, NULL);
        if (code == PCRE2_ERROR_NOMATCH)
            return;
        if (code <= 0) {
            printf("%zu error %d\n", index, code);
            return;
        }
        print_match(index, pairs, code);
        flags = pairs[0] == pairs[1] ? PCRE2_NOTEMPTY_ATSTART : 0;
    }
}

static void search_page(const char *path, pcre2_match_data *data)
{
    size_t size;
    char *text = read_file(path, &size);
    printf("F %s\n", path);
    for (size_t i = 0; i < pattern_count; i++)
        if (patterns[i].code)
            search(i, text, size, data);
    free(text);
}

int main(int argc, char **argv)
{
    uint32_t flags = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        switch (argv[at][1]) {
        case 'i':
            flags |= PCRE2_CASELESS;
            break;
        case 'u':
            flags |= PCRE2_UCP;
            break;
        case 'b':
            flags &= ~(uint32_t)PCRE2_UTF;
            break;
        default:
            fail(argv[at]);
        }
    }
    if (at == argc)
        fail("no pattern file");
    compile_all(argv[at++], flags);
    pcre2_match_data *data = pcre2_match_data_create(GROUPS_MAX, NULL);
    limits = pcre2_match_context_create(NULL);
    if (!data || !limits)
        fail("match data");
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    for (; at < argc; at++)
        search_page(argv[at], data);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    for (size_t i = 0; i < pattern_count; i++)
        pcre2_code_free(patterns[i].code);
    return 0;
}
