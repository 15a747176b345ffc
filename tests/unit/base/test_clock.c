/*
 * Dates are those of the C library: all of 400 years, then the calendar begins
 * again, and days here and there up to 9999.
 */
#include "fetchgrep/base/clock.h"

#include "suite.h"

enum { MS_A_DAY = 24 * 60 * 60 * 1000, DAYS = 2932897, ALL = 146097 };

/* The library's word for it. */
static void check(int64_t wall_ms)
{
    char wanted[64], text[CLOCK_TEXT_SIZE], cdx[CLOCK_CDX_SIZE];
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t size = strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(wanted + size, sizeof(wanted) - size, ".%03dZ",
             (int)(wall_ms % 1000));
    clock_format_ms(wall_ms, text);
    ck_assert_str_eq(text, wanted);
    strftime(wanted, sizeof(wanted), "%Y%m%d%H%M%S", &utc);
    clock_format_cdx(wall_ms, cdx);
    ck_assert_str_eq(cdx, wanted);
}

START_TEST(days_are_the_librarys)
{
    uint64_t state = 1;
    for (int64_t day = 0; day < DAYS; day += day < ALL ? 1 : 29) {
        /* Any time of the day; its first and last one now and then. */
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        int64_t ms = (int64_t)((state >> 33) % MS_A_DAY);
        check(day * MS_A_DAY + (day % 16 == 0   ? 0
                                : day % 16 == 1 ? MS_A_DAY - 1
                                                : ms));
    }
}
END_TEST

START_TEST(beyond_four_digits_dates_stay_at_the_end)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format_ms(INT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
    clock_format_ms((int64_t)DAYS * MS_A_DAY, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
    clock_format_ms(-1, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    clock_format_ms(INT64_MIN, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, days_are_the_librarys);
    tcase_add_test(tests, beyond_four_digits_dates_stay_at_the_end);
    return run_suite(suite);
}
