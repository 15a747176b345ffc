/*
 * The pattern file: whatever its bytes are, it is a set or an error with the
 * file's name in it; what is in the set can be asked for and described. Reading
 * a set's own lines again gives the same set.
 */
#include "fetchgrep/extract/patterns.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Big expressions take PCRE2 long to compile, which says nothing of us. */
enum { INPUT_MAX = 4096, DESCRIPTION_MAX = 1 << 24 };

static const char path[] = "FILE";

static struct patterns *read_set(struct view text, struct error *err)
{
    struct patterns *patterns =
        patterns_new(&(struct patterns_options){ 0 }, err);
    if (patterns && !patterns_add_text(patterns, text, path, err)) {
        patterns_free(patterns);
        return NULL;
    }
    return patterns;
}

static void check_error(const struct error *err)
{
    assert(err->code == ERR_USAGE);
    assert(strstr(err->message, path));
    assert(strlen(err->message) < sizeof(err->message));
}

/* The lines of a file that makes the same set. */
static void append_lines(const struct patterns *patterns, struct buf *out)
{
    /* A byte order mark is none in the second line. */
    buf_append_string(out, "#\n");
    for (size_t i = 0; i < patterns_count(patterns); i++) {
        struct view regex = patterns_regex(patterns, i);
        buf_append_view(out, patterns_name(patterns, i));
        buf_append_format(out, "@%s\t",
                          subject_word(patterns_subject(patterns, i)));
        buf_append_view(out, regex);
        /* A CR at the end of a line would be taken for a part of it. */
        buf_append_string(out, view_ends_with(regex, "\r") ? "\r\n" : "\n");
    }
}

static void check_groups(const struct patterns *patterns)
{
    uint32_t group;
    for (size_t i = 0; i < patterns_count(patterns); i++) {
        struct view name = patterns_name(patterns, i);
        assert(name.size && !memchr(name.data, '\n', name.size));
        assert(!patterns_find_group(patterns, i, view_of_string("0"), &group));
        (void)patterns_find_group(patterns, i, name, &group);
    }
}

static void check_set(const struct patterns *patterns)
{
    struct error err = { 0 };
    struct buf lines, first, second;
    buf_init(&lines, DESCRIPTION_MAX);
    buf_init(&first, DESCRIPTION_MAX);
    buf_init(&second, DESCRIPTION_MAX);
    assert(patterns_count(patterns) > 0);
    check_groups(patterns);
    append_lines(patterns, &lines);
    struct patterns *again = read_set(buf_view(&lines), &err);
    assert(again);
    patterns_describe(patterns, &first);
    patterns_describe(again, &second);
    assert(view_equal(buf_view(&first), buf_view(&second)));
    patterns_free(again);
    buf_release(&lines);
    buf_release(&first);
    buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    if (size > INPUT_MAX)
        return 0;
    struct patterns *patterns = read_set(view_of(data, size), &err);
    if (patterns)
        check_set(patterns);
    else
        check_error(&err);
    patterns_free(patterns);
    return 0;
}
