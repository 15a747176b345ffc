/* What name servers reply, as bytes and in pairs. */
#include "../../../src/fetch/lookup_reply.h"

#include "suite.h"

#include <ares.h>
#include <sys/socket.h>

/* a.test, as a question and as where names point to. */
#define HEAD(answers) "\x12\x34\x81\x80\x00\x01\x00" answers "\x00\x00\x00\x00"
#define QUESTION(type)                                                         \
    "\x01"                                                                     \
    "a\x04test\x00\x00" type "\x00\x01"
#define RECORD(owner, type, ttl, size)                                         \
    "\xc0" owner "\x00" type "\x00\x01\x00\x00" ttl "\x00" size

/* ---- one reply --------------------------------------------------------- */

START_TEST(addresses_have_the_least_time_to_live)
{
    static const char reply[] = HEAD("\x02") QUESTION("\x01")
        RECORD("\x0c", "\x01", "\x01\x2c", "\x04") "\xc0\x00\x02\x01" RECORD(
            "\x0c", "\x01", "\x00\x3c", "\x04") "\xc0\x00\x02\x02";
    struct question question = { .is_open = true };
    question_take_v4(&question, ARES_SUCCESS, (const unsigned char *)reply,
                     sizeof(reply) - 1);
    ck_assert(question.is_over && !question.is_open);
    ck_assert_int_eq(question.status, NAME_FOUND);
    ck_assert_uint_eq(question.count, 2);
    ck_assert_uint_eq(question.ttl_s, 60);
    ck_assert_int_eq(question.addresses[1].family, AF_INET);
    ck_assert_mem_eq(question.addresses[1].bytes, "\xc0\x00\x02\x02", 4);
}
END_TEST

START_TEST(an_alias_counts_with_its_own_time_to_live)
{
    /* "b" + a.test is where the alias leads: at 0x24 of the reply. */
    static const char reply[] = HEAD("\x02") QUESTION("\x01")
        RECORD("\x0c", "\x05", "\x00\x05",
               "\x04") "\x01"
                       "b\xc0\x0c" RECORD("\x24", "\x01", "\x01\x2c",
                                          "\x04") "\xc0\x00\x02\x01";
    struct question question = { 0 };
    question_take_v4(&question, ARES_SUCCESS, (const unsigned char *)reply,
                     sizeof(reply) - 1);
    ck_assert_int_eq(question.status, NAME_FOUND);
    ck_assert_uint_eq(question.count, 1);
    ck_assert_uint_eq(question.ttl_s, 5);
}
END_TEST

START_TEST(a_reply_without_addresses_is_empty)
{
    static const char reply[] = HEAD("\x00") QUESTION("\x1c");
    struct question question = { 0 };
    question_take_v6(&question, ARES_SUCCESS, (const unsigned char *)reply,
                     sizeof(reply) - 1);
    ck_assert_int_eq(question.status, NAME_EMPTY);
    ck_assert(question_is_final(&question));
}
END_TEST

START_TEST(an_ipv6_address_is_read)
{
    static const char reply[] = HEAD("\x01") QUESTION("\x1c")
        RECORD("\x0c", "\x1c", "\x00\x00", "\x10") "\x20\x01\x0d\xb8\0\0\0\0"
                                                   "\0\0\0\0\0\0\0\x01";
    struct question question = { 0 };
    question_take_v6(&question, ARES_SUCCESS, (const unsigned char *)reply,
                     sizeof(reply) - 1);
    ck_assert_int_eq(question.status, NAME_FOUND);
    ck_assert_int_eq(question.addresses[0].family, AF_INET6);
    ck_assert_uint_eq(question.addresses[0].bytes[15], 1);
    ck_assert_uint_eq(question.ttl_s, 0);
}
END_TEST

/* Wherever a reply is cut, it is no reply and nothing is read behind it. */
START_TEST(a_reply_that_is_cut_off_may_pass)
{
    static const char reply[] = HEAD("\x01") QUESTION("\x01")
        RECORD("\x0c", "\x01", "\x01\x2c", "\x04") "\xc0\x00\x02\x01";
    for (int size = 0; size < (int)sizeof(reply) - 1; size++) {
        struct question question = { 0 };
        unsigned char *copy = malloc((size_t)size + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, reply, (size_t)size);
        question_take_v4(&question, ARES_SUCCESS, copy, size);
        ck_assert_int_eq(question.status, NAME_FAILED);
        ck_assert_uint_eq(question.count, 0);
        free(copy);
    }
}
END_TEST

START_TEST(codes_say_whether_asking_again_may_help)
{
    static const struct {
        int code;
        enum name_status status;
        bool is_final;
    } rows[] = {
        { ARES_ENOTFOUND, NAME_UNKNOWN, true },
        { ARES_ENODATA, NAME_EMPTY, true },
        { ARES_EBADNAME, NAME_IMPOSSIBLE, true },
        { ARES_ETIMEOUT, NAME_SILENT, false },
        { ARES_ECONNREFUSED, NAME_FAILED, false },
        { ARES_ESERVFAIL, NAME_FAILED, false },
        { ARES_EREFUSED, NAME_FAILED, false },
        { ARES_ENOMEM, NAME_FAILED, false },
        { ARES_EDESTRUCTION, NAME_FAILED, false },
    };
    struct question question = { 0 };
    question_take_v4(&question, rows[_i].code, NULL, 0);
    ck_assert_int_eq(question.status, rows[_i].status);
    ck_assert_int_eq(question_is_final(&question), rows[_i].is_final);
}
END_TEST

/* ---- both -------------------------------------------------------------- */

static struct question question_of(int count, enum name_status status)
{
    struct question question = { .is_over = true,
                                 .status = status,
                                 .ttl_s = 100 };
    for (int i = 0; i < count; i++)
        question.addresses[question.count++] =
            (struct address){ .family = AF_INET,
                              .bytes = { 192, 0, 2, (unsigned char)i } };
    return question;
}

/* 'f'ound, 'u'nknown, 'e'mpty, 's'ilent, 'x' failed, '-' open or not asked */
static struct question question_of_letter(char letter)
{
    switch (letter) {
    case 'f':
        return question_of(1, NAME_FOUND);
    case 'u':
        return question_of(0, NAME_UNKNOWN);
    case 'e':
        return question_of(0, NAME_EMPTY);
    case 's':
        return question_of(0, NAME_SILENT);
    case 'x':
        return question_of(0, NAME_FAILED);
    default:
        return (struct question){ 0 };
    }
}

START_TEST(two_replies_make_one_answer)
{
    static const struct {
        const char *replies; /* v4, v6 */
        enum name_status status;
    } rows[] = {
        { "ff", NAME_FOUND },   { "f-", NAME_FOUND },   { "fs", NAME_FOUND },
        { "-f", NAME_FOUND },   { "xf", NAME_FOUND },   { "uf", NAME_FOUND },
        { "uu", NAME_UNKNOWN }, { "u-", NAME_UNKNOWN }, { "us", NAME_UNKNOWN },
        { "ee", NAME_EMPTY },   { "eu", NAME_EMPTY },   { "es", NAME_SILENT },
        { "ex", NAME_FAILED },  { "e-", NAME_SILENT },  { "se", NAME_SILENT },
        { "xe", NAME_FAILED },  { "su", NAME_SILENT },  { "xs", NAME_FAILED },
        { "--", NAME_SILENT },  { "-u", NAME_UNKNOWN },
    };
    struct name_answer answer;
    const struct question v4 = question_of_letter(rows[_i].replies[0]);
    const struct question v6 = question_of_letter(rows[_i].replies[1]);
    questions_combine(&v4, &v6, &answer);
    ck_assert_msg(answer.status == rows[_i].status, "%s: %d", rows[_i].replies,
                  (int)answer.status);
    ck_assert_uint_eq(answer.count, v4.count + v6.count);
}
END_TEST

START_TEST(each_family_has_its_part_of_the_room)
{
    struct question v4 = question_of(ADDRESSES_MAX, NAME_FOUND);
    struct question v6 = question_of(ADDRESSES_MAX, NAME_FOUND);
    struct name_answer answer;
    v6.addresses[0].bytes[0] = 6;
    v6.ttl_s = 7;
    questions_combine(&v4, &v6, &answer);
    ck_assert_uint_eq(answer.count, ADDRESSES_MAX);
    ck_assert_uint_eq(answer.ttl_s, 7);
    ck_assert_uint_eq(answer.addresses[0].bytes[0], 6);
    ck_assert_uint_eq(answer.addresses[ADDRESSES_MAX / 2].bytes[0], 192);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replies of name servers");
    TCase *tcase = tcase_create("replies");
    tcase_add_test(tcase, addresses_have_the_least_time_to_live);
    tcase_add_test(tcase, an_alias_counts_with_its_own_time_to_live);
    tcase_add_test(tcase, a_reply_without_addresses_is_empty);
    tcase_add_test(tcase, an_ipv6_address_is_read);
    tcase_add_test(tcase, a_reply_that_is_cut_off_may_pass);
    tcase_add_loop_test(tcase, codes_say_whether_asking_again_may_help, 0, 9);
    tcase_add_loop_test(tcase, two_replies_make_one_answer, 0, 20);
    tcase_add_test(tcase, each_family_has_its_part_of_the_room);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
