#include "../suite.h"
#include "fetchgrep/base/compiler.h"
#include "fetchgrep/base/digest.h"

#include <stdio.h>

/* The digests of "abc", as RFC 1321 and FIPS 180 print them. */
static const struct {
    const char *told;
    enum digest_verdict verdict;
} rows[] = {
    { "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5", DIGEST_SAME },
    { "sha1:vgmt4nsha2awvor6evyxqugcnsonbwe5", DIGEST_SAME },
    { "SHA-1: A9993E364706816ABA3E25717850C26C9CD0D89D", DIGEST_SAME },
    { "sha1:a9993e364706816aba3e25717850c26c9cd0d89d", DIGEST_SAME },
    { "sha1:a9993e364706816aba3e25717850c26c9cd0d89e", DIGEST_DIFFERS },
    { "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE4", DIGEST_DIFFERS },
    { "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBW0!", DIGEST_DIFFERS },
    { "md5:900150983cd24fb0d6963f7d28e17f72", DIGEST_SAME },
    { "md5:SAAVBGB42JH3BVUWH56SRYL7OI======", DIGEST_SAME },
    { "md5:SAAVBGB42JH3BVUWH56SRYL7OI", DIGEST_SAME },
    { "md5:900150983cd24fb0d6963f7d28e17f73", DIGEST_DIFFERS },
    { "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      DIGEST_SAME },
    { "sha-256:XJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFUCD7WD4QACWWQ====",
      DIGEST_SAME },
    { "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ae",
      DIGEST_DIFFERS },
    { "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      DIGEST_SAME },
    { "crc32:352441c2", DIGEST_UNKNOWN },
    { "sha1:", DIGEST_UNKNOWN },
    { "sha1:too short", DIGEST_UNKNOWN },
    { "VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5", DIGEST_UNKNOWN },
    { "sha11:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5", DIGEST_UNKNOWN },
    { "sha:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5", DIGEST_UNKNOWN },
    { "", DIGEST_UNKNOWN },
};

/* _i: the row */
START_TEST(a_digest_is_checked_in_every_form_that_writers_use)
{
    struct digest *digest = digest_new();
    ck_assert_ptr_nonnull(digest);
    ck_assert_msg(digest_check(digest, view_of_string(rows[_i].told),
                               view_of_string("abc")) == rows[_i].verdict,
                  "%s", rows[_i].told);
    digest_free(digest);
}
END_TEST

START_TEST(what_we_write_we_find_right)
{
    char text[DIGEST_TEXT_SIZE];
    struct digest *digest = digest_new();
    for (size_t size = 0; size < 70; size++) {
        char bytes[70];
        memset(bytes, (int)size, sizeof(bytes));
        digest_sha1_text(digest, view_of(bytes, size), text);
        ck_assert_int_eq(
            digest_check(digest, view_of_string(text), view_of(bytes, size)),
            DIGEST_SAME);
        bytes[0] ^= 1;
        if (size)
            ck_assert_int_eq(digest_check(digest, view_of_string(text),
                                          view_of(bytes, size)),
                             DIGEST_DIFFERS);
    }
    digest_free(digest);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digest");
    TCase *tests = tcase_create("digest");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests,
                        a_digest_is_checked_in_every_form_that_writers_use, 0,
                        (int)ARRAY_COUNT(rows));
    tcase_add_test(tests, what_we_write_we_find_right);
    return run_suite(suite);
}
