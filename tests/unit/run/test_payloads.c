/*
 * What has been kept is found with the record that it is in, and nothing else
 * ever is: not what has been forgotten, not half of a note.
 */
#include "../../../src/run/payloads.h"

#include "fetchgrep/base/digest.h"

#include "suite.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL = 64 << 10 };

static struct payloads *payloads;
static struct digest *digests;
static struct buf notes;

static void set_up(void)
{
    struct error err;
    payloads = payloads_new(SMALL, &err);
    digests = digest_new();
    ck_assert(payloads && digests);
    buf_init(&notes, 1 << 24);
}

static void tear_down(void)
{
    payloads_free(payloads);
    digest_free(digests);
    buf_release(&notes);
}

/* The digest of a number. */
static void make_digest(struct digest *digest, uint32_t number,
                        char text[WARC_DIGEST_SIZE])
{
    digest_sha1_text(digest, view_of(&number, sizeof(number)), text);
}

/* The record of a number: all that is told of it follows from that. */
static void append(uint32_t number, uint32_t variant, struct digest *digest,
                   struct buf *out)
{
    char uri[PAYLOAD_URI_MAX + 2];
    struct warc_written written = { 0 };
    snprintf(uri, sizeof(uri), "http://a.org/%u/%u/%.*d", number, variant,
             (int)(number % 150), 0);
    snprintf(written.uuid, sizeof(written.uuid), "%036u", number);
    make_digest(digest, number, written.payload_digest);
    const struct warc_exchange exchange = {
        .target_uri = view_of_string(uri),
        .date_ms = number,
    };
    payloads_append_note(&exchange, &written, variant, out);
}

static void check_note(const struct payload_note *note, uint32_t number,
                       uint32_t variant)
{
    char uri[PAYLOAD_URI_MAX + 2], uuid[WARC_UUID_SIZE];
    snprintf(uri, sizeof(uri), "http://a.org/%u/%u/%.*d", number, variant,
             (int)(number % 150), 0);
    snprintf(uuid, sizeof(uuid), "%036u", number);
    ck_assert(view_equal_string(view_of(note->uri, note->uri_size), uri));
    ck_assert(!memcmp(note->uuid, uuid, PAYLOAD_UUID_SIZE));
    ck_assert_int_eq(note->date_ms, number);
}

static bool find(uint32_t number, uint32_t variant)
{
    char text[WARC_DIGEST_SIZE];
    struct payload_note note;
    make_digest(digests, number, text);
    if (!payloads_find(payloads, text, variant, &note))
        return false;
    check_note(&note, number, variant);
    return true;
}

START_TEST(what_is_published_is_found_and_nothing_else)
{
    for (uint32_t i = 0; i < 20; i++)
        append(i, i % 2, digests, &notes);
    ck_assert(!find(3, 1));
    payloads_publish(payloads, buf_view(&notes));
    for (uint32_t i = 0; i < 20; i++) {
        ck_assert(find(i, i % 2));
        ck_assert(!find(i, 2));
        ck_assert(!find(i + 20, 0));
    }
}
END_TEST

START_TEST(the_notes_of_a_block_are_found_in_it)
{
    char text[WARC_DIGEST_SIZE];
    struct payload_note note;
    for (uint32_t i = 0; i < 20; i++)
        append(i, 0, digests, &notes);
    for (uint32_t i = 0; i < 21; i++) {
        make_digest(digests, i, text);
        ck_assert_int_eq(payloads_find_note(buf_view(&notes), text, 0, &note),
                         i < 20);
        if (i < 20)
            check_note(&note, i, 0);
        ck_assert(!payloads_find_note(buf_view(&notes), text, 1, &note));
    }
}
END_TEST

/* The first record stays the one that is referred to. */
START_TEST(a_payload_is_remembered_once)
{
    char text[WARC_DIGEST_SIZE];
    struct payload_note note;
    struct warc_written written = { .uuid = "of another record" };
    make_digest(digests, 1, written.payload_digest);
    const struct warc_exchange exchange = {
        .target_uri = view_of_string("http://b.org/"),
    };
    append(1, 0, digests, &notes);
    payloads_append_note(&exchange, &written, 0, &notes);
    payloads_publish(payloads, buf_view(&notes));
    make_digest(digests, 1, text);
    ck_assert(payloads_find(payloads, text, 0, &note));
    check_note(&note, 1, 0);
}
END_TEST

/* Memory is fixed: the last ones are known, the first are not. */
START_TEST(the_oldest_are_forgotten)
{
    enum { COUNT = 5000, LAST = 20 };
    size_t found = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        buf_reset(&notes);
        append(i, 0, digests, &notes);
        payloads_publish(payloads, buf_view(&notes));
        ck_assert(find(i, 0));
    }
    for (uint32_t i = 0; i < COUNT; i++)
        found += find(i, 0);
    ck_assert_uint_gt(found, SMALL / sizeof(struct payload_note) / 2);
    ck_assert_uint_le(found, SMALL / sizeof(struct payload_note));
    for (uint32_t i = COUNT - LAST; i < COUNT; i++)
        ck_assert(find(i, 0));
}
END_TEST

START_TEST(a_url_too_long_is_not_remembered)
{
    char uri[PAYLOAD_URI_MAX + 1];
    struct warc_written written = { 0 };
    memset(uri, 'u', sizeof(uri));
    make_digest(digests, 1, written.payload_digest);
    struct warc_exchange exchange = { .target_uri = view_of(uri, sizeof(uri)) };
    payloads_append_note(&exchange, &written, 0, &notes);
    ck_assert_uint_eq(notes.size, 0);
    exchange.target_uri.size--;
    payloads_append_note(&exchange, &written, 0, &notes);
    ck_assert_uint_gt(notes.size, 0);
}
END_TEST

/* From a worker that has gone wild. */
START_TEST(notes_that_make_no_sense_are_left_out)
{
    append(1, 0, digests, &notes);
    size_t first = notes.size;
    append(2, 0, digests, &notes);
    for (size_t size = 0; size < notes.size; size++) {
        payloads_publish(payloads, view_first(buf_view(&notes), size));
        ck_assert_int_eq(find(1, 0), size >= first);
        ck_assert(!find(2, 0));
    }
    memset(notes.data, 0xff, notes.size);
    payloads_publish(payloads, buf_view(&notes));
    ck_assert(find(1, 0) && !find(2, 0));
}
END_TEST

/* ---- many at once ----------------------------------------------------- */

enum { NUMBERS = 600, ROUNDS = 20000 };

static atomic_bool is_over;

/* Numbers that fight for few places. */
static void *publish_on(void *ctx)
{
    struct digest *digest = digest_new();
    uint32_t number = *(uint32_t *)ctx;
    struct buf own;
    buf_init(&own, 1 << 20);
    for (int i = 0; i < ROUNDS; i++) {
        buf_reset(&own);
        number = number * 1664525 + 1013904223;
        append((number >> 8) % NUMBERS, 0, digest, &own);
        payloads_publish(payloads, buf_view(&own));
    }
    buf_release(&own);
    digest_free(digest);
    return NULL;
}

/* Finds whole notes only; tells how many. */
static size_t find_on(uint32_t number)
{
    struct digest *digest = digest_new();
    size_t found = 0;
    while (!atomic_load(&is_over)) {
        char text[WARC_DIGEST_SIZE];
        struct payload_note note;
        number = number * 1664525 + 1013904223;
        uint32_t wanted = (number >> 8) % NUMBERS;
        make_digest(digest, wanted, text);
        if (!payloads_find(payloads, text, 0, &note))
            continue;
        check_note(&note, wanted, 0);
        found++;
    }
    digest_free(digest);
    return found;
}

static void *find_in_thread(void *ctx)
{
    *(size_t *)ctx = find_on(99);
    return NULL;
}

START_TEST(no_half_of_a_note_is_ever_found)
{
    uint32_t seeds[] = { 1, 2 };
    pthread_t writers[2], reader;
    size_t found = 0;
    atomic_store(&is_over, false);
    ck_assert(!pthread_create(&reader, NULL, find_in_thread, &found));
    for (int i = 0; i < 2; i++)
        ck_assert(!pthread_create(&writers[i], NULL, publish_on, &seeds[i]));
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    atomic_store(&is_over, true);
    pthread_join(reader, NULL);
    ck_assert_uint_gt(found, 0);
}
END_TEST

START_TEST(a_process_forked_before_finds_what_is_published_later)
{
    int ready[2], status;
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (!pid) {
        bool was_told = read(ready[0], &byte, 1) == 1;
        _exit(was_told && find(5, 0) && !find(6, 0) ? 0 : 1);
    }
    append(5, 0, digests, &notes);
    payloads_publish(payloads, buf_view(&notes));
    ck_assert_int_eq(write(ready[1], "x", 1), 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("payloads");
    TCase *tests = tcase_create("payloads");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_published_is_found_and_nothing_else);
    tcase_add_test(tests, the_notes_of_a_block_are_found_in_it);
    tcase_add_test(tests, a_payload_is_remembered_once);
    tcase_add_test(tests, the_oldest_are_forgotten);
    tcase_add_test(tests, a_url_too_long_is_not_remembered);
    tcase_add_test(tests, notes_that_make_no_sense_are_left_out);
    tcase_add_test(tests, no_half_of_a_note_is_ever_found);
    tcase_add_test(tests,
                   a_process_forked_before_finds_what_is_published_later);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
