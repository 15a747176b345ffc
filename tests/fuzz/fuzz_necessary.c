/*
 * The condition that necessary.c makes of a regex. On any bytes: a byte of
 * options, the regex, a NUL, the subject. Whatever PCRE2 makes of the regex:
 * where it finds a match in the subject, or in the text of the regex,
 * Vectorscan finds the condition in the same bytes; and every condition is one
 * that Vectorscan understands.
 */
#include "../support/necessity.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REGEX_MAX = 400 };

static void fail(const struct necessity *necessity, struct view regex,
                 struct view subject, const char *what)
{
    fprintf(stderr, "%s\nregex: %.*s\ncondition: %.*s\nsubject: %.*s\n%s\n",
            what, VIEW_ARG(regex), VIEW_ARG(buf_view(&necessity->expression)),
            VIEW_ARG(subject), necessity->why);
    abort();
}

/* Its compiler gives up on what is large, or cannot match: no fault of ours. */
static bool may_be_refused(const char *why)
{
    return strstr(why, "too large") || strstr(why, "too long") ||
           strstr(why, "resource limit") || strstr(why, "can never match");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scanner scanner; /* chosen once, as it takes its time */
    struct necessity necessity;
    if (size < 2 || (!scanner.scan && !scanner_choose(&scanner)))
        return 0;
    struct necessary_options options = { .is_utf = data[0] & 1,
                                         .is_caseless = data[0] & 2,
                                         .has_ucp = data[0] & 4 };
    struct view rest = view_of(data + 1, size - 1);
    const char *nul = memchr(rest.data, '\0', rest.size);
    struct view regex =
        nul ? view_first(rest, (size_t)(nul - rest.data)) : rest;
    struct view subject = view_from(rest, regex.size + 1);
    if (regex.size > REGEX_MAX)
        return 0;
    if (necessity_open(&necessity, &scanner, regex, options)) {
        if (necessity.expression.size && !necessity.database &&
            !may_be_refused(necessity.why))
            fail(&necessity, regex, subject, "not understood");
        if (necessity_try(&necessity, subject) == NECESSITY_BROKEN ||
            necessity_try(&necessity, regex) == NECESSITY_BROKEN)
            fail(&necessity, regex, subject, "not necessary");
    }
    necessity_close(&necessity);
    return 0;
}
