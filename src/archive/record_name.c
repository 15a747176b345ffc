#include "record_name.h"

#include "warc_header.h"

#include <xxhash.h>

/* "2026-11-22T07:30:14.123Z" and "20261122073014" alike. */
static void read_date(struct view text, char date[RECORD_DATE_SIZE])
{
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < RECORD_DATE_SIZE - 1; i++)
        if (text.data[i] >= '0' && text.data[i] <= '9')
            date[size++] = text.data[i];
    if (size < RECORD_DATE_SIZE - 1)
        size = 0;
    date[size] = '\0';
}

struct view record_digest_bare(struct view digest)
{
    const char *colon =
        digest.size ? memchr(digest.data, ':', digest.size) : NULL;
    return colon ? view_from(digest, (size_t)(colon + 1 - digest.data))
                 : digest;
}

static struct view field(const struct warc_record *record, const char *name)
{
    struct view value;
    return warc_record_field(record, name, &value) ? value : view_of(NULL, 0);
}

void record_name_of(const struct warc_record *record, struct record_name *ret)
{
    *ret = (struct record_name){
        .uri = record->target_uri,
        .id = field(record, "warc-record-id"),
        .digest = record_digest_bare(field(record, "warc-payload-digest")),
    };
    read_date(record->date, ret->date);
}

void record_name_referred(const struct warc_record *revisit,
                          struct record_name *ret)
{
    *ret = (struct record_name){
        .uri = warc_uri_bare(field(revisit, "warc-refers-to-target-uri")),
        .id = field(revisit, "warc-refers-to"),
        .digest = record_digest_bare(field(revisit, "warc-payload-digest")),
    };
    if (!ret->uri.size)
        ret->uri = revisit->target_uri;
    read_date(field(revisit, "warc-refers-to-date"), ret->date);
}

bool record_name_hash(const struct record_name *name,
                      enum record_name_kind kind, uint64_t *ret_hash)
{
    bool has_date = kind == NAME_URI_DATE || kind == NAME_URI_DATE_DIGEST;
    struct view text = has_date          ? name->uri
                       : kind == NAME_ID ? name->id
                                         : name->digest;
    XXH64_hash_t seed = kind;
    if (!text.size || (has_date && !name->date[0]) ||
        (kind == NAME_URI_DATE_DIGEST && !name->digest.size))
        return false;
    if (has_date)
        seed = XXH3_64bits(name->date, RECORD_DATE_SIZE - 1);
    *ret_hash = XXH3_64bits_withSeed(text.data, text.size, seed);
    return true;
}

bool record_name_equal(const struct record_name *a, const struct record_name *b,
                       enum record_name_kind kind)
{
    switch (kind) {
    case NAME_URI_DATE_DIGEST:
        return record_name_equal(a, b, NAME_URI_DATE) &&
               record_name_equal(a, b, NAME_DIGEST);
    case NAME_URI_DATE:
        return view_equal(a->uri, b->uri) && a->date[0] &&
               !strcmp(a->date, b->date);
    case NAME_ID:
        return a->id.size && view_equal(a->id, b->id);
    case NAME_DIGEST:
    case NAME_KIND_COUNT:
    default:
        return a->digest.size && view_equal_nocase(a->digest, b->digest);
    }
}

bool record_is_target(const struct warc_record *record)
{
    return record->type == WARC_TYPE_RESPONSE ||
           record->type == WARC_TYPE_RESOURCE;
}
