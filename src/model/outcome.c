#include "fetchgrep/model/outcome.h"

struct outcome_row {
    const char *word;
    bool is_failed;
    bool may_match;
};

static const struct outcome_row rows[OUTCOME_COUNT] = {
#define OUTCOME_ROW(constant, word, failed, matches)                           \
    [constant] = { word, failed, matches },
    OUTCOME_LIST(OUTCOME_ROW)
#undef OUTCOME_ROW
};

const char *outcome_word(enum outcome outcome)
{
    return rows[outcome].word;
}

bool outcome_from_word(struct view word, enum outcome *ret_outcome)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (view_equal_string(word, rows[i].word)) {
            *ret_outcome = (enum outcome)i;
            return true;
        }
    }
    return false;
}

bool outcome_is_failed(enum outcome outcome)
{
    return rows[outcome].is_failed;
}

bool outcome_may_match(enum outcome outcome)
{
    return rows[outcome].may_match;
}
