#include "fetchgrep/model/known_answer.h"

#include <stdlib.h>

struct known_answer *
known_answer_new(const struct view fields[KNOWN_FIELD_COUNT])
{
    size_t size = sizeof(struct known_answer);
    for (int i = 0; i < KNOWN_FIELD_COUNT; i++)
        size += fields[i].size + 1;
    if (size > UINT32_MAX)
        return NULL;
    struct known_answer *answer = calloc(1, size);
    if (!answer)
        return NULL;
    size_t at = 0;
    answer->size = size;
    for (int i = 0; i < KNOWN_FIELD_COUNT; i++) {
        answer->offsets[i] = (uint32_t)at;
        if (fields[i].size)
            memcpy(answer->text + at, fields[i].data, fields[i].size);
        at += fields[i].size + 1;
    }
    return answer;
}

void known_answer_free(struct known_answer *answer)
{
    free(answer);
}

const char *known_answer_field(const struct known_answer *answer,
                               enum known_field field)
{
    return answer->text + answer->offsets[field];
}

bool known_answer_is_to(const struct known_answer *answer, struct view url)
{
    return answer &&
           view_equal_string(url, known_answer_field(answer, KNOWN_URL));
}
