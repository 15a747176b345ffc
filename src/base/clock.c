#include "fetchgrep/base/clock.h"

#include "fetchgrep/base/compiler.h"

#include <stddef.h>

int64_t clock_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

int64_t clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / CLOCK_NS_PER_MS;
}

/* ---- text ---------------------------------------------------------------- */

/* Each page has a date in each of its records: gmtime_r and strftime took more
 * than all other members of its outcome line. */
struct moment {
    unsigned year, month, day, hour, minute, second, ms;
};

enum {
    MS_A_DAY = 24 * 60 * 60 * 1000,
    DAYS_A_YEAR = 365,
    DAYS_IN_4_YEARS = 4 * DAYS_A_YEAR + 1,
    DAYS_IN_CENTURY = 25 * DAYS_IN_4_YEARS - 1,
    DAYS_IN_4_CENTURIES = 4 * DAYS_IN_CENTURY + 1,
    DAYS_BEFORE_1970 = 719468, /* since 0000-03-01 */
};

static const int64_t last_ms = INT64_C(253402300799999); /* of the year 9999 */

/* Years that begin in March have the odd day at their end, and months of which
 * five have 153 days. */
static void find_day(unsigned days, struct moment *ret_moment)
{
    unsigned centuries = days / DAYS_IN_4_CENTURIES * 4;
    days %= DAYS_IN_4_CENTURIES;
    unsigned century = days / DAYS_IN_CENTURY;
    century -= century == 4; /* the last day of the four */
    days -= century * DAYS_IN_CENTURY;
    unsigned leap = days / DAYS_IN_4_YEARS;
    days -= leap * DAYS_IN_4_YEARS;
    unsigned year = days / DAYS_A_YEAR;
    year -= year == 4; /* a 29th of February */
    days -= year * DAYS_A_YEAR;
    unsigned month = (5 * days + 2) / 153; /* 0: March */
    ret_moment->day = days - (153 * month + 2) / 5 + 1;
    ret_moment->month = month < 10 ? month + 3 : month - 9;
    ret_moment->year =
        (centuries + century) * 100 + leap * 4 + year + (month >= 10);
}

/* What lies beyond the years of four digits is their end. */
static struct moment moment_of(int64_t wall_ms)
{
    struct moment moment = { 0 };
    wall_ms = wall_ms < 0 ? 0 : wall_ms > last_ms ? last_ms : wall_ms;
    unsigned rest = (unsigned)(wall_ms % MS_A_DAY);
    find_day((unsigned)(wall_ms / MS_A_DAY) + DAYS_BEFORE_1970, &moment);
    moment.ms = rest % 1000;
    moment.second = rest / 1000 % 60;
    moment.minute = rest / (60 * 1000) % 60;
    moment.hour = rest / (60 * 60 * 1000);
    return moment;
}

/* `count` digits, and what is put behind them. */
static char *put(char *to, unsigned value, unsigned count, char behind)
{
    for (unsigned i = count; i--; value /= 10)
        to[i] = (char)('0' + value % 10);
    to[count] = behind;
    return to + count + 1;
}

void clock_format_ms(int64_t wall_ms, char text[CLOCK_TEXT_SIZE])
{
    struct moment moment = moment_of(wall_ms);
    text = put(text, moment.year, 4, '-');
    text = put(text, moment.month, 2, '-');
    text = put(text, moment.day, 2, 'T');
    text = put(text, moment.hour, 2, ':');
    text = put(text, moment.minute, 2, ':');
    text = put(text, moment.second, 2, '.');
    text = put(text, moment.ms, 3, 'Z');
    *text = '\0';
}

void clock_format_cdx(int64_t wall_ms, char text[CLOCK_CDX_SIZE])
{
    struct moment moment = moment_of(wall_ms);
    const unsigned parts[] = { moment.month, moment.day, moment.hour,
                               moment.minute, moment.second };
    text = put(text, moment.year, 4, '\0') - 1;
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
        text = put(text, parts[i], 2, '\0') - 1;
}
