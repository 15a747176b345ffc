/* A buf never takes more than it was told, however little that is. */
#include "fetchgrep/base/buf.h"

#include "suite.h"

START_TEST(capacity_stays_within_the_maximum)
{
    static const size_t maxima[] = { 0, 1, 2, 100, 255, 256, 257, 1000, 4096 };
    for (size_t i = 0; i < ARRAY_COUNT(maxima); i++) {
        struct buf buf;
        buf_init(&buf, maxima[i]);
        for (size_t size = 0; size < maxima[i]; size++) {
            buf_append_char(&buf, 'x');
            ck_assert(!buf.failed);
            ck_assert_uint_le(buf.size, buf.capacity);
            ck_assert_uint_le(buf.capacity, buf.max);
        }
        ck_assert_uint_eq(buf.size, maxima[i]);
        buf_append_char(&buf, 'x');
        ck_assert(buf.failed);
        ck_assert_uint_eq(buf.size, maxima[i]);
        ck_assert_uint_le(buf.capacity, buf.max);
        buf_release(&buf);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buf");
    TCase *tests = tcase_create("buf");
    tcase_add_test(tests, capacity_stays_within_the_maximum);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
