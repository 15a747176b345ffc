#include "fetchgrep/model/match.h"

static const char *const words[SUBJECT_COUNT] = {
    [SUBJECT_TEXT] = "text",
    [SUBJECT_HEADERS] = "headers",
    [SUBJECT_URL] = "url",
};

const char *subject_word(enum subject subject)
{
    return words[subject];
}

bool subject_from_word(struct view word, enum subject *ret_subject)
{
    for (int i = 0; i < SUBJECT_COUNT; i++) {
        if (view_equal_string(word, words[i])) {
            *ret_subject = (enum subject)i;
            return true;
        }
    }
    return false;
}
