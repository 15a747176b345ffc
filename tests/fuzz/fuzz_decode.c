/*
 * Content codings: whatever the body is, what comes off stays within the limit,
 * and what is not as announced is said.
 *
 * Input: one byte that chooses the codings, one for the limit, the body.
 */
#include "fetchgrep/extract/decode.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct view part, struct view whole)
{
    return !part.size || (part.data >= whole.data &&
                          part.data + part.size <= whole.data + whole.size);
}

static void check(const char *coding, struct view body, size_t limit)
{
    struct buf scratch, spare;
    struct view plain = { 0 };
    char detail[256];
    buf_init(&scratch, limit);
    buf_init(&spare, limit);
    enum decode_result result =
        decode_content(view_of_string(coding), body, limit, &scratch, &spare,
                       &plain, detail, sizeof(detail));
    assert(strlen(detail) < sizeof(detail));
    assert(result != DECODE_NO_MEMORY && result != DECODE_UNKNOWN);
    assert((result != DECODE_TOO_LARGE && result != DECODE_DAMAGED) ||
           detail[0]);
    assert(result != DECODE_PLAIN || plain.data == body.data);
    assert(lies_in(plain, body) || plain.size <= limit);
    assert(lies_in(plain, body) || lies_in(plain, buf_view(&scratch)) ||
           lies_in(plain, buf_view(&spare)));
    assert(scratch.capacity <= limit && spare.capacity <= limit);
    buf_release(&scratch);
    buf_release(&spare);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const codings[] = {
        "gzip",     "deflate",  "br",         "zstd",
        "br, gzip", "zstd, br", "gzip, zstd", "deflate, deflate, x-gzip",
    };
    static const size_t limits[] = { 1, 100, 4096, 1 << 20 };
    enum { HEAD = 2 };
    if (size < HEAD)
        return 0;
    check(codings[data[0] % ARRAY_COUNT(codings)],
          view_of(data + HEAD, size - HEAD),
          limits[data[1] % ARRAY_COUNT(limits)]);
    return 0;
}
