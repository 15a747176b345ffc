#include "fetchgrep/base/clock.h"

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

static struct tm utc_of(int64_t wall_ms)
{
    struct tm utc = { 0 };
    time_t seconds = (time_t)(wall_ms / 1000);
    gmtime_r(&seconds, &utc);
    return utc;
}

void clock_format_ms(int64_t wall_ms, char text[CLOCK_TEXT_SIZE])
{
    struct tm utc = utc_of(wall_ms);
    char whole[32];
    strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_TEXT_SIZE, "%.19s.%03uZ", whole,
             (unsigned)(wall_ms % 1000) % 1000);
}

void clock_format_cdx(int64_t wall_ms, char text[CLOCK_CDX_SIZE])
{
    struct tm utc = utc_of(wall_ms);
    char whole[32];
    strftime(whole, sizeof(whole), "%Y%m%d%H%M%S", &utc);
    snprintf(text, CLOCK_CDX_SIZE, "%.14s", whole);
}
