/*
 * Messages of any size come whole and in order; what a dead sender had sent is
 * still there, what it had begun is not.
 */
#include "../../../src/run/channel.h"

#include "suite.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { REGION = 4096 };

struct ends {
    struct channel left, right;
    char *memory;
};

static void open_ends(struct ends *ends)
{
    int fds[2];
    struct error err = { 0 };
    ck_assert_msg(channel_sockets(fds, &err), "%s", err.message);
    ends->memory = malloc(2 * REGION);
    ck_assert_ptr_nonnull(ends->memory);
    const struct channel_region a = { ends->memory, REGION };
    const struct channel_region b = { ends->memory + REGION, REGION };
    channel_open(&ends->left, fds[0], a, b);
    channel_open(&ends->right, fds[1], b, a);
}

static void close_ends(struct ends *ends)
{
    channel_close(&ends->left);
    channel_close(&ends->right);
    free(ends->memory);
}

static char *make_bytes(size_t size, unsigned seed)
{
    char *bytes = malloc(size + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 31 + seed);
    return bytes;
}

static void assert_received(struct channel *channel, size_t size, unsigned seed)
{
    char *bytes, *expected = make_bytes(size, seed);
    size_t got;
    ck_assert_int_eq(channel_receive(channel, &bytes, &got), CHANNEL_DONE);
    ck_assert_uint_eq(got, size);
    ck_assert(size == 0 || !memcmp(bytes, expected, size));
    free(expected);
}

struct sender {
    struct channel *channel;
    const size_t *sizes;
    size_t count;
};

static void *send_all(void *ctx)
{
    const struct sender *sender = ctx;
    for (size_t i = 0; i < sender->count; i++) {
        size_t size = sender->sizes[i];
        char *bytes = make_bytes(size, (unsigned)i);
        const struct view parts[] = {
            view_of(bytes, size / 3), view_of(bytes + size / 3, 0),
            view_of(bytes + size / 3, size - size / 3)
        };
        ck_assert_int_eq(channel_send(sender->channel, parts, 3), CHANNEL_DONE);
        free(bytes);
    }
    return NULL;
}

START_TEST(messages_of_any_size_come_whole_and_in_order)
{
    static const size_t sizes[] = { 1,          0,          100,
                                    REGION - 1, REGION,     REGION + 1,
                                    3,          2 * REGION, 10 * REGION + 7,
                                    5 };
    struct ends ends;
    pthread_t thread;
    open_ends(&ends);
    struct sender sender = { &ends.left, sizes, ARRAY_COUNT(sizes) };
    ck_assert_int_eq(pthread_create(&thread, NULL, send_all, &sender), 0);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        assert_received(&ends.right, sizes[i], (unsigned)i);
        channel_release(&ends.right);
    }
    pthread_join(thread, NULL);
    close_ends(&ends);
}
END_TEST

/* A question shows that the answer to the last one has been read. */
START_TEST(question_and_answer_need_no_release)
{
    struct ends ends;
    open_ends(&ends);
    for (unsigned i = 0; i < 20; i++) {
        char *bytes = make_bytes(1000, i);
        const struct view part = view_of(bytes, 1000);
        ck_assert_int_eq(channel_send(&ends.left, &part, 1), CHANNEL_DONE);
        assert_received(&ends.right, 1000, i);
        ck_assert_int_eq(channel_send(&ends.right, &part, 1), CHANNEL_DONE);
        assert_received(&ends.left, 1000, i);
        free(bytes);
    }
    close_ends(&ends);
}
END_TEST

START_TEST(what_a_dead_sender_had_sent_stands)
{
    struct ends ends;
    char *bytes = make_bytes(500, 1), *got;
    const struct view part = view_of(bytes, 500);
    size_t size;
    open_ends(&ends);
    ck_assert_int_eq(channel_send(&ends.left, &part, 1), CHANNEL_DONE);
    /* It dies with something unread: the kernel says so first. */
    if (_i)
        channel_release(&ends.right);
    channel_close(&ends.left);
    assert_received(&ends.right, 500, 1);
    ck_assert_int_eq(channel_receive(&ends.right, &got, &size), CHANNEL_CLOSED);
    ck_assert_int_eq(channel_send(&ends.right, &part, 1), CHANNEL_CLOSED);
    close_ends(&ends);
    free(bytes);
}
END_TEST

/* It does not wait for the long message: it has failed before. */
START_TEST(a_last_word_comes_before_what_was_being_sent)
{
    struct ends ends;
    char *bytes = make_bytes(10 * REGION, 3);
    const struct view part = view_of(bytes, 10 * REGION);
    open_ends(&ends);
    const struct view word = view_of(bytes, 100);
    ck_assert_int_eq(channel_send(&ends.right, &word, 1), CHANNEL_DONE);
    if (_i)
        channel_close(&ends.right);
    ck_assert_int_eq(channel_send(&ends.left, &part, 1), CHANNEL_CLOSED);
    assert_received(&ends.left, 100, 3);
    close_ends(&ends);
    free(bytes);
}
END_TEST

START_TEST(a_message_broken_off_does_not_count)
{
    struct ends ends;
    char *got;
    size_t size;
    open_ends(&ends);
    /* The left end says that it has a first piece, and dies. */
    const struct {
        uint32_t kind, is_last;
        uint64_t size;
    } piece = { 1, 0, REGION };
    ck_assert_int_eq(write(ends.left.fd, &piece, sizeof(piece)), sizeof(piece));
    channel_close(&ends.left);
    ck_assert_int_eq(channel_receive(&ends.right, &got, &size), CHANNEL_CLOSED);
    close_ends(&ends);
}
END_TEST

START_TEST(a_piece_beyond_the_region_is_refused)
{
    struct ends ends;
    char *got;
    size_t size;
    const struct {
        uint32_t kind, is_last;
        uint64_t size;
    } piece = { 1, 1, REGION + 1 };
    open_ends(&ends);
    ck_assert_int_eq(write(ends.left.fd, &piece, sizeof(piece)), sizeof(piece));
    ck_assert_int_eq(channel_receive(&ends.right, &got, &size), CHANNEL_CLOSED);
    close_ends(&ends);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("channel");
    TCase *tests = tcase_create("channel");
    tcase_add_test(tests, messages_of_any_size_come_whole_and_in_order);
    tcase_add_test(tests, question_and_answer_need_no_release);
    tcase_add_loop_test(tests, what_a_dead_sender_had_sent_stands, 0, 2);
    tcase_add_loop_test(tests, a_last_word_comes_before_what_was_being_sent, 0,
                        2);
    tcase_add_test(tests, a_message_broken_off_does_not_count);
    tcase_add_test(tests, a_piece_beyond_the_region_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
