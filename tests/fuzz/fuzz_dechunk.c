/*
 * The chunked transfer coding. On any bytes: no more comes out than went in,
 * and a body that is cut gives the beginning of what the whole body gives. A
 * body that was chunked in a form that RFC 9112 allows (any sizes, leading
 * zeros, extensions, trailers; LF alone too) comes back as it was.
 */
#include "fuzz.h"

#include "fetchgrep/base/dechunk.h"

enum { ROOM = 1 << 20 };

static enum dechunk_result run(struct view body, struct buf *out,
                               size_t *ret_used)
{
    buf_init(out, ROOM);
    enum dechunk_result result = dechunk(body, out, ret_used);
    DEMAND(!out->failed && out->size <= body.size && *ret_used <= body.size);
    return result;
}

static void check_cut(struct view body, size_t size, const struct buf *whole)
{
    struct buf out;
    size_t used;
    enum dechunk_result result = run(view_first(body, size), &out, &used);
    DEMAND(out.size <= whole->size);
    DEMAND(!out.size || !memcmp(out.data, whole->data, out.size));
    DEMAND(used <= size && (result == DECHUNK_DONE || size < body.size ||
                            out.size == whole->size));
    buf_release(&out);
}

/* The cheapest check of prefixes: all of a small body, some of a large one. */
static void check_cuts(struct view body, const struct buf *whole)
{
    size_t step = body.size / 64 + 1;
    for (size_t size = 0; size <= body.size; size += step)
        check_cut(body, size, whole);
}

static void check_any(struct view body)
{
    struct buf whole, again;
    size_t used, used_again;
    enum dechunk_result result = run(body, &whole, &used);
    check_cuts(body, &whole);
    if (result == DECHUNK_DONE) {
        DEMAND(run(view_first(body, used), &again, &used_again) == result);
        DEMAND(used_again == used &&
               view_equal(buf_view(&whole), buf_view(&again)));
        buf_release(&again);
    }
    buf_release(&whole);
}

/* A buf that is too small fails; nothing is written behind its end. */
static void check_little_room(struct view body)
{
    struct buf out;
    size_t used;
    buf_init(&out, 3);
    enum dechunk_result result = dechunk(body, &out, &used);
    DEMAND(out.size <= 3);
    DEMAND(result != DECHUNK_DONE || out.failed || out.size <= body.size);
    buf_release(&out);
}

static void append_line_end(struct buf *out, unsigned form)
{
    buf_append_string(out, form & 1 ? "\n" : "\r\n");
}

static void append_chunk(struct view data, unsigned form, struct buf *out)
{
    static const char *const extensions[] = { "", ";a", ";a=b;c=\"d;e\"", " " };
    if (form & 2)
        buf_append_string(out, "000");
    buf_append_format(out, form & 4 ? "%zX" : "%zx", data.size);
    buf_append_string(out, extensions[form >> 3 & 3]);
    append_line_end(out, form);
    buf_append_view(out, data);
    append_line_end(out, form >> 5);
}

/* Chunk sizes and forms come from the bytes themselves. */
static void append_body(struct view payload, unsigned seed, struct buf *out)
{
    unsigned state = seed;
    for (struct view rest = payload; rest.size;) {
        state = state * 1103515245u + 12345u;
        append_chunk(take_bytes(&rest, (state >> 16 & 63) + 1), state >> 24,
                     out);
    }
    buf_append_string(out, seed & 2 ? "0000" : "0");
    append_line_end(out, seed);
    if (seed & 4)
        buf_append_string(out, "Trailer: 1\r\nB:\n");
    append_line_end(out, seed >> 3);
}

static void check_round_trip(struct view payload, unsigned seed)
{
    struct buf body, out;
    size_t used;
    buf_init(&body, ROOM);
    append_body(payload, seed, &body);
    size_t size = body.size;
    buf_append_string(&body, "rest\r\n\r\n");
    DEMAND(!body.failed);
    DEMAND(run(buf_view(&body), &out, &used) == DECHUNK_DONE);
    DEMAND(used == size && view_equal(buf_view(&out), payload));
    buf_release(&out);
    DEMAND(run(view_first(buf_view(&body), size - 1), &out, &used) ==
           DECHUNK_CUT);
    DEMAND(view_equal(buf_view(&out), payload));
    buf_release(&out);
    buf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = view_of(data, size < 4096 ? size : 4096);
    check_any(input);
    check_little_room(input);
    unsigned seed = take_byte(&input);
    check_round_trip(input, seed);
    return 0;
}
