/*
 * A table of buckets, chosen by the digest; a new note takes the place of the
 * bucket's oldest.
 *
 * Worker processes read it while the run's process writes. There is no lock in
 * shared memory, for a worker may die with it: a note carries a checksum, and
 * one that is read while it changes is as good as none. Words are read and
 * written one by one, as relaxed atomics; the checksum does the rest.
 *
 * Notes are published when their pages have been appended, never before: a
 * revisit may only stand for a record that is there, also when a worker dies
 * or the run is killed between the two. What is committed is what was appended
 * up to some moment, so a revisit that counts has a target that counts. Only
 * the pages of one block may refer to each other before. Of two workers that
 * have the same payload at the same time both keep it whole.
 */
#include "payloads.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <xxhash.h>

struct slot {
    uint64_t check;
    uint64_t order; /* of publishing, from 1; 0: empty */
    struct payload_note note;
};

enum {
    SLOT_WORDS = sizeof(struct slot) / sizeof(uint64_t),
    SLOTS_A_BUCKET = 4,
    NOTE_HEAD = offsetof(struct payload_note, uri),
};

struct shared_slot {
    atomic_uint_fast64_t words[SLOT_WORDS];
};

struct payloads {
    struct shared_slot *slots;
    size_t mapped;
    size_t bucket_count;
    pthread_mutex_t lock; /* among those who publish; guards `order` */
    uint64_t order;
};

_Static_assert(sizeof(struct slot) % sizeof(uint64_t) == 0, "whole words");
_Static_assert(sizeof(atomic_uint_fast64_t) == sizeof(uint64_t), "a word");

struct payloads *payloads_new(size_t memory, struct error *err)
{
    const size_t bucket = SLOTS_A_BUCKET * sizeof(struct shared_slot);
    struct payloads *payloads = calloc(1, sizeof(*payloads));
    if (!payloads) {
        error_no_memory(err, "the payloads");
        return NULL;
    }
    payloads->bucket_count = memory / bucket;
    payloads->mapped = payloads->bucket_count * bucket;
    void *at = mmap(NULL, payloads->mapped, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        error_set_errno(err, ERR_SYSTEM, errno, "cannot map the payloads");
        free(payloads);
        return NULL;
    }
    payloads->slots = at;
    pthread_mutex_init(&payloads->lock, NULL);
    return payloads;
}

void payloads_free(struct payloads *payloads)
{
    if (!payloads)
        return;
    munmap(payloads->slots, payloads->mapped);
    pthread_mutex_destroy(&payloads->lock);
    free(payloads);
}

/* ---- one slot --------------------------------------------------------- */

static uint64_t check_of(const struct slot *slot)
{
    return XXH3_64bits(&slot->order, sizeof(*slot) - sizeof(slot->check));
}

static void write_slot(struct shared_slot *shared, struct slot *slot)
{
    uint64_t words[SLOT_WORDS];
    slot->check = check_of(slot);
    memcpy(words, slot, sizeof(words));
    for (size_t i = 0; i < SLOT_WORDS; i++)
        atomic_store_explicit(&shared->words[i], words[i],
                              memory_order_relaxed);
}

/* False: it is empty, or was being written. */
static bool read_slot(const struct shared_slot *shared, struct slot *ret_slot)
{
    uint64_t words[SLOT_WORDS];
    for (size_t i = 0; i < SLOT_WORDS; i++)
        words[i] =
            atomic_load_explicit(&shared->words[i], memory_order_relaxed);
    memcpy(ret_slot, words, sizeof(words));
    return ret_slot->order && ret_slot->check == check_of(ret_slot);
}

static bool is_same(const struct payload_note *note, const char *digest,
                    uint32_t variant)
{
    return note->variant == variant &&
           !memcmp(note->digest, digest, PAYLOAD_DIGEST_SIZE);
}

static struct shared_slot *bucket_of(const struct payloads *payloads,
                                     const char *digest)
{
    uint64_t hash = XXH3_64bits(digest, PAYLOAD_DIGEST_SIZE);
    return &payloads->slots[hash % payloads->bucket_count * SLOTS_A_BUCKET];
}

/* ---- finding ---------------------------------------------------------- */

bool payloads_find(const struct payloads *payloads, const char *digest,
                   uint32_t variant, struct payload_note *ret_note)
{
    const char *bare = digest + sizeof("sha1:") - 1;
    const struct shared_slot *bucket = bucket_of(payloads, bare);
    for (size_t i = 0; i < SLOTS_A_BUCKET; i++) {
        struct slot slot;
        if (!read_slot(&bucket[i], &slot) ||
            !is_same(&slot.note, bare, variant))
            continue;
        *ret_note = slot.note;
        return true;
    }
    return false;
}

/* Takes the first note off. False: there is none, or it makes no sense. */
static bool take_note(struct view *notes, struct payload_note *ret_note)
{
    struct payload_note note = { 0 };
    if (notes->size < NOTE_HEAD)
        return false;
    memcpy(&note, notes->data, NOTE_HEAD);
    *notes = view_from(*notes, NOTE_HEAD);
    if (note.uri_size > PAYLOAD_URI_MAX || note.uri_size > notes->size)
        return false;
    memcpy(note.uri, notes->data, note.uri_size);
    *notes = view_from(*notes, note.uri_size);
    *ret_note = note;
    return true;
}

bool payloads_find_note(struct view notes, const char *digest, uint32_t variant,
                        struct payload_note *ret_note)
{
    struct payload_note note;
    while (take_note(&notes, &note)) {
        if (!is_same(&note, digest + sizeof("sha1:") - 1, variant))
            continue;
        *ret_note = note;
        return true;
    }
    return false;
}

/* ---- publishing ------------------------------------------------------- */

void payloads_append_note(const struct warc_exchange *exchange,
                          const struct warc_written *written, uint32_t variant,
                          struct buf *out)
{
    struct payload_note note = {
        .date_ms = exchange->date_ms,
        .variant = variant,
        .uri_size = (uint32_t)exchange->target_uri.size,
    };
    if (exchange->target_uri.size > PAYLOAD_URI_MAX)
        return;
    memcpy(note.digest, written->payload_digest + sizeof("sha1:") - 1,
           PAYLOAD_DIGEST_SIZE);
    memcpy(note.uuid, written->uuid, PAYLOAD_UUID_SIZE);
    buf_append(out, &note, NOTE_HEAD);
    buf_append_view(out, exchange->target_uri);
}

/* Where a note goes: nowhere (NULL) when the payload is there already, else to
 * an empty place or the oldest's. */
static struct shared_slot *place_of(const struct payloads *payloads,
                                    const struct payload_note *note)
{
    struct shared_slot *bucket = bucket_of(payloads, note->digest);
    struct shared_slot *oldest = bucket;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < SLOTS_A_BUCKET; i++) {
        struct slot slot;
        bool is_used = read_slot(&bucket[i], &slot);
        uint64_t order = is_used ? slot.order : 0;
        if (is_used && is_same(&slot.note, note->digest, note->variant))
            return NULL;
        if (order < least) {
            least = order;
            oldest = &bucket[i];
        }
    }
    return oldest;
}

static void publish(struct payloads *payloads, const struct payload_note *note)
{
    struct slot slot = { .note = *note };
    pthread_mutex_lock(&payloads->lock);
    struct shared_slot *place = place_of(payloads, note);
    slot.order = ++payloads->order;
    if (place)
        write_slot(place, &slot);
    pthread_mutex_unlock(&payloads->lock);
}

void payloads_publish(struct payloads *payloads, struct view notes)
{
    struct payload_note note;
    while (take_note(&notes, &note))
        publish(payloads, &note);
}
