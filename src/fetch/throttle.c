/*
 * Why the clocks of the time-outs stand still while a loop holds back
 * (loop_clock_ns): a transfer whose bytes we do not fetch is not stalled. And
 * one that really is will be found as soon as the others leave time for it.
 */
#include "throttle.h"

#include "fetchgrep/base/clock.h"

#include <sys/socket.h>

enum {
    CREDIT_MS = 20,        /* for timers that fire late */
    READS_A_SECOND = 2000, /* libcurl makes up to a hundred at a time, while
                              there is something to read */
    READ_MIN = 1 << 10,    /* libcurl's least buffer */
    /* With less the streams of an HTTP/2 connection wait for one another until
     * they stall: a frame must find room in the buffer of its stream. */
    READ_MIN_HTTP2 = 64 << 10,
    /* So a hundred reads are 50 ms of the rate, or 100 kB. What is more is
     * bounded by what the kernel has ready. A lone connection still uses all
     * of the rate when a round trip takes up to about 100 ms. */
    BUFFERS_A_SECOND = 8,
    BUFFER_MIN = 4 << 10,
    WAIT_MOST_MS = 1000,   /* then it is looked at again */
    BUFFER_MOST = 4 << 20, /* beyond it the kernel decides */
};

void throttle_init(struct fetcher *fetcher)
{
    uint64_t rate = fetcher->options->max_rate;
    pace_init(&fetcher->rate, rate ? (double)CLOCK_NS_PER_S / (double)rate : 0,
              CREDIT_MS * CLOCK_NS_PER_MS);
}

uint64_t throttle_read_size(const struct fetch_options *options)
{
    if (!options->max_rate)
        return UINT64_MAX;
    uint64_t size = options->max_rate / READS_A_SECOND;
    uint64_t least = options->has_http2 ? READ_MIN_HTTP2 : READ_MIN;
    return size < least ? least : size;
}

/* libcurl's timer for it stays set when the connection is there, and what is
 * run by a timer reads, owed or not: of all transfers that began together. So
 * it comes late, when most of them are over. */
long throttle_eyeballs_ms(const struct fetch_options *options)
{
    return options->max_rate ? (long)(options->connect_timeout_ms / 2)
                             : CURL_HET_DEFAULT;
}

void throttle_socket(const struct fetch_options *options, int fd)
{
    uint64_t share = options->max_rate / BUFFERS_A_SECOND;
    if (!share || share > BUFFER_MOST || fd < 0)
        return;
    int size = share < BUFFER_MIN ? BUFFER_MIN : (int)share;
    /* Where that is not allowed, the rate is kept all the same. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int64_t throttle_due_ns(struct loop *loop)
{
    struct fetcher *fetcher = loop->fetcher;
    if (!fetcher->options->max_rate)
        return 0;
    int64_t now_ns = clock_now_ns();
    int64_t due_ns = pace_due_ns(&fetcher->rate, now_ns);
    return due_ns > now_ns ? due_ns : 0;
}
