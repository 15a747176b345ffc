#include "record_digests.h"

#include "fetchgrep/base/dechunk.h"
#include "fetchgrep/model/http_head.h"

/* Writers differ in what they take a payload for: the body as it came (wget,
 * warcio), or without the transfer coding (ISO 28500). Either is right. */
static enum digest_verdict check_payload(struct digest *digest,
                                         const struct warc_record *record,
                                         struct view told, struct buf *scratch)
{
    struct http_head head;
    size_t used;
    if (record->type != WARC_TYPE_RESPONSE ||
        !http_head_parse(record->block, &head))
        return digest_check(digest, told, record->block);
    struct view body = view_from(record->block, head.size);
    if (!head.is_chunked)
        return digest_check(digest, told, body);
    /* Ours is the more likely: without the coding. */
    buf_reset(scratch);
    if (dechunk(body, scratch, &used) != DECHUNK_MALFORMED) {
        enum digest_verdict verdict =
            digest_check(digest, told, buf_view(scratch));
        if (verdict != DIGEST_DIFFERS)
            return verdict;
    }
    return digest_check(digest, told, body);
}

const char *record_wrong_digest(struct digest *digest,
                                const struct warc_record *record,
                                struct buf *scratch)
{
    struct view told;
    if (warc_record_field(record, "warc-block-digest", &told) &&
        digest_check(digest, told, record->block) == DIGEST_DIFFERS)
        return "WARC-Block-Digest";
    /* A revisit's is another record's. */
    if (record->type != WARC_TYPE_REVISIT &&
        warc_record_field(record, "warc-payload-digest", &told) &&
        check_payload(digest, record, told, scratch) == DIGEST_DIFFERS)
        return "WARC-Payload-Digest";
    return NULL;
}
