#include "revisits.h"

#include <xxhash.h>

/* A revisit record is longer than a response record by some 200 bytes, and who
 * reads it has to look for another: a payload must be worth that. */
enum { PAYLOAD_MIN = 256 };

static struct view known(const struct page *page, enum known_field field)
{
    return view_of_string(known_answer_field(page->known, field));
}

/* The server says that what an earlier run has kept is still right. */
static void refer_to_known(const struct page *page,
                           struct revisit_choice *choice,
                           struct warc_exchange *exchange)
{
    choice->target = (struct warc_target){
        .is_not_modified = true,
        .uri = known(page, KNOWN_TARGET_URI),
        .date = known(page, KNOWN_DATE),
        .record_id = known(page, KNOWN_RECORD_ID),
        .etag = known(page, KNOWN_ETAG),
        .last_modified = known(page, KNOWN_LAST_MODIFIED),
    };
    exchange->target = &choice->target;
    exchange->payload_digest = known(page, KNOWN_DIGEST).data;
}

static void refer_to_note(struct revisit_choice *choice,
                          struct warc_exchange *exchange)
{
    const struct payload_note *note = &choice->note;
    clock_format_ms(note->date_ms, choice->date);
    snprintf(choice->record_id, sizeof(choice->record_id), "<urn:uuid:%.*s>",
             PAYLOAD_UUID_SIZE, note->uuid);
    choice->target = (struct warc_target){
        .uri = view_of(note->uri, note->uri_size),
        .date = view_of_string(choice->date),
        .record_id = view_of_string(choice->record_id),
    };
    exchange->target = &choice->target;
}

/* Who reads a revisit takes the payload apart as its target's head says. */
static uint32_t variant_of(struct view head_bytes)
{
    struct http_head head;
    if (!http_head_parse(head_bytes, &head))
        return 0;
    XXH64_hash_t seed = head.content_type.size > 0;
    return (uint32_t)XXH3_64bits_withSeed(head.content_encoding.data,
                                          head.content_encoding.size, seed);
}

void revisit_choose(struct worker *worker, const struct block *block,
                    const struct page *page, bool is_sound,
                    struct revisit_choice *choice,
                    struct warc_exchange *exchange)
{
    const struct payloads *payloads = worker->job->payloads;
    *choice = (struct revisit_choice){ .is_first = false };
    if (page->status == 304 && page->known) {
        refer_to_known(page, choice, exchange);
        return;
    }
    if (!payloads || !is_sound || exchange->payload.size < PAYLOAD_MIN ||
        exchange->truncated)
        return;
    warc_payload_digest(worker->warc, exchange->payload, choice->digest);
    exchange->payload_digest = choice->digest;
    choice->variant = variant_of(exchange->response_head);
    choice->is_first =
        !payloads_find_note(buf_view(&block->notes), choice->digest,
                            choice->variant, &choice->note) &&
        !payloads_find(payloads, choice->digest, choice->variant,
                       &choice->note);
    if (!choice->is_first)
        refer_to_note(choice, exchange);
}

void revisit_note(const struct revisit_choice *choice,
                  const struct warc_exchange *exchange,
                  const struct warc_written *written, struct block *block)
{
    if (choice->is_first)
        payloads_append_note(exchange, written, choice->variant, &block->notes);
}
