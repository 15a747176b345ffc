/*
 * What of a run is counted, as the numbers that stand in each journal record:
 * so the totals of a run that has had several lives are a sum.
 */
#include "fetchgrep/record/recorder.h"

#include <assert.h>

static void add_all(uint64_t *to, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

void recorder_totals_pack(const struct recorder_totals *totals,
                          uint64_t *counters)
{
    const uint64_t head[] = {
        OUTCOME_COUNT,      totals->entries,    totals->failed,
        totals->matches,    totals->body_bytes, totals->pages_kept,
        totals->warc_bytes, totals->timed,
    };
    static_assert(ARRAY_COUNT(head) + OUTCOME_COUNT + LATENCY_BUCKETS ==
                      RECORDER_COUNTERS,
                  "all totals are packed");
    memcpy(counters, head, sizeof(head));
    counters += ARRAY_COUNT(head);
    memcpy(counters, totals->outcomes, sizeof(totals->outcomes));
    counters += OUTCOME_COUNT;
    memcpy(counters, totals->latency, sizeof(totals->latency));
}

bool recorder_totals_add(struct recorder_totals *totals,
                         const uint64_t *counters, size_t count)
{
    if (count != RECORDER_COUNTERS || counters[0] != OUTCOME_COUNT)
        return false;
    totals->entries += counters[1];
    totals->failed += counters[2];
    totals->matches += counters[3];
    totals->body_bytes += counters[4];
    totals->pages_kept += counters[5];
    totals->warc_bytes += counters[6];
    totals->timed += counters[7];
    add_all(totals->outcomes, counters + 8, OUTCOME_COUNT);
    add_all(totals->latency, counters + 8 + OUTCOME_COUNT, LATENCY_BUCKETS);
    return true;
}
