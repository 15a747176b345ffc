/*
 * A sorted array of hashes with their places. Two names of one hash only cost
 * a look at the record that is not meant, for its reader compares the names.
 */
#include "record_places.h"

#include <sys/stat.h>

enum {
    KEPT_OF_BLOCK = 1 << 20, /* blocks are passed, but unpacked all the same */
    BEFORE_BITS = 8,
    RECORDS_A_TICK = 64,
};

struct named_place {
    uint64_t hash;
    uint64_t place; /* offset << 8 | records before */
};

struct record_places {
    struct named_place *list;
    size_t count, capacity;
};

static bool add(struct record_places *places, uint64_t hash, uint64_t place)
{
    if (places->count == places->capacity) {
        size_t capacity = places->capacity * 2 + 1024;
        struct named_place *list =
            realloc(places->list, capacity * sizeof(*list));
        if (!list)
            return false;
        places->list = list;
        places->capacity = capacity;
    }
    places->list[places->count++] =
        (struct named_place){ .hash = hash, .place = place };
    return true;
}

static bool add_record(struct record_places *places,
                       const struct warc_record *record, unsigned before,
                       size_t name_max)
{
    struct record_name name;
    uint64_t hash;
    if (!record_is_target(record) || before > RECORD_PLACE_BEFORE_MAX)
        return true;
    record_name_of(record, &name);
    for (int kind = NAME_URI_DATE; kind < NAME_KIND_COUNT; kind++)
        if (places->count < name_max &&
            record_name_hash(&name, (enum record_name_kind)kind, &hash) &&
            !add(places, hash, record->offset << BEFORE_BITS | before))
            return false;
    return true;
}

static bool read_all(struct record_places *places, struct warc_reader *reader,
                     size_t name_max, revisit_tick_fn *tick, void *ctx,
                     struct error *err)
{
    struct warc_record record;
    uint64_t last_offset = UINT64_MAX;
    unsigned before = 0;
    for (size_t count = 1;; count++) {
        enum warc_read_result result = warc_reader_next(reader, &record, err);
        if (count % RECORDS_A_TICK == 0 && !tick(ctx))
            return error_set(err, ERR_STOPPED, "reading was given up");
        if (result == WARC_READ_DAMAGE)
            continue;
        if (result != WARC_READ_RECORD)
            return result == WARC_READ_END;
        if (record.offset != last_offset)
            before = 0;
        else if (before <= RECORD_PLACE_BEFORE_MAX)
            before++;
        last_offset = record.offset;
        if (!add_record(places, &record, before, name_max))
            return error_no_memory(err, "the records of a WARC");
        if (places->count >= name_max)
            return true;
    }
}

static int compare(const void *a, const void *b)
{
    const struct named_place *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* A pipe cannot be read again. */
static bool is_readable_again(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

struct record_places *record_places_read(const char *path, size_t name_max,
                                         revisit_tick_fn *tick, void *ctx,
                                         struct error *err)
{
    struct record_places *places = calloc(1, sizeof(*places));
    struct warc_reader *reader = warc_reader_new(KEPT_OF_BLOCK, err);
    if (!places)
        error_no_memory(err, "the records of a WARC");
    bool done = places && reader &&
                (!is_readable_again(path) ||
                 (warc_reader_open(reader, path, 0, err) &&
                  read_all(places, reader, name_max, tick, ctx, err)));
    warc_reader_free(reader);
    if (!done) {
        record_places_free(places);
        return NULL;
    }
    if (places->count)
        qsort(places->list, places->count, sizeof(*places->list), compare);
    return places;
}

void record_places_free(struct record_places *places)
{
    if (!places)
        return;
    free(places->list);
    free(places);
}

size_t record_places_count(const struct record_places *places)
{
    return places->count;
}

size_t record_places_find(const struct record_places *places,
                          const struct record_name *name,
                          enum record_name_kind kind,
                          struct record_place *ret_places, size_t max)
{
    uint64_t hash;
    size_t low = 0, high = places->count, found = 0;
    if (!record_name_hash(name, kind, &hash))
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places->list[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < places->count && places->list[low].hash == hash; low++) {
        uint64_t place = places->list[low].place;
        if (found == max)
            break;
        ret_places[found++] = (struct record_place){
            .offset = place >> BEFORE_BITS,
            .before = (unsigned)(place & RECORD_PLACE_BEFORE_MAX),
        };
    }
    return found;
}
