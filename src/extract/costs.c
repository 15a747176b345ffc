#include "fetchgrep/extract/costs.h"

#include <assert.h>
#include <stdlib.h>

struct costs *costs_new(size_t pattern_count, struct error *err)
{
    struct costs *costs = calloc(1, sizeof(*costs));
    if (costs)
        costs->patterns = calloc(pattern_count + 1, sizeof(*costs->patterns));
    if (!costs || !costs->patterns) {
        free(costs);
        error_no_memory(err, "what patterns cost");
        return NULL;
    }
    pthread_mutex_init(&costs->lock, NULL);
    costs->pattern_count = pattern_count;
    return costs;
}

void costs_free(struct costs *costs)
{
    if (!costs)
        return;
    pthread_mutex_destroy(&costs->lock);
    free(costs->patterns);
    free(costs);
}

static void add_pattern(struct pattern_cost *sum,
                        const struct pattern_cost *part)
{
    sum->run_count += part->run_count;
    sum->page_count += part->page_count;
    sum->match_count += part->match_count;
    sum->limit_count += part->limit_count;
    sum->ns += part->ns;
}

void costs_add(struct costs *sum, const struct costs *part)
{
    assert(sum->pattern_count == part->pattern_count);
    pthread_mutex_lock(&sum->lock);
    for (int i = 0; i < SUBJECT_COUNT; i++) {
        sum->page_counts[i] += part->page_counts[i];
        sum->byte_counts[i] += part->byte_counts[i];
    }
    sum->scan_ns += part->scan_ns;
    for (size_t i = 0; i < sum->pattern_count; i++)
        add_pattern(&sum->patterns[i], &part->patterns[i]);
    pthread_mutex_unlock(&sum->lock);
}
