/*
 * loop.h - one event loop: a thread, an epoll descriptor, a curl multi handle.
 *
 * Thread rule: everything of a loop belongs to its thread but `is_starving`,
 * the wake descriptor and the counters (`last_byte_ns` is one).
 */
#ifndef FETCHGREP_FETCH_LOOP_H
#define FETCHGREP_FETCH_LOOP_H

#include "fetchgrep/base/pace.h"
#include "fetchgrep/fetch/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

struct resolver;
struct transfer;
struct loop;

struct fetcher {
    const struct fetch_options *options;
    struct fetch_hooks hooks;
    struct page_pool *pool;
    struct pace rate;           /* of bytes, if options->max_rate */
    struct curl_slist *headers; /* const after the start */
    struct resolver *resolver;
    struct cookie_jar *cookies; /* NULL: none are kept */
    struct loop *loops;
    uint32_t loop_count;
    uint32_t running_count;         /* loops whose thread was started */
    atomic_int_fast64_t stop_at_ns; /* 0: no stop asked for */
    atomic_uint_fast64_t open;
    atomic_uint_fast64_t received_bytes;
    atomic_uint_fast64_t put_back;
};

/* What epoll knows of a descriptor, indexed by it. libcurl takes a connection's
 * socket out of the set after each answer and in again with the next request;
 * that is only noted here, and epoll is told when it matters. Descriptors that
 * libcurl opens and closes behind our back (its resolver's) are not left
 * registered: their number may come back as something else. */
struct watch {
    uint32_t registered; /* events as epoll has them, 0: not in the set */
    uint32_t wanted;     /* events as libcurl wants them */
    bool is_connection;  /* opened, and to be closed, by our callbacks */
    CURLM *multi;        /* whose it is */
};

/* libcurl before 8.12 keeps something for each host whose connection it threw
 * out to make room, for as long as the multi handle lives, and goes through all
 * of that whenever it throws out another. So after some thousand connections a
 * loop goes on with a new handle, and the old one ends with the transfers that
 * it has. */
struct old_multi {
    CURLM *multi; /* NULL: there is none */
    uint32_t open;
    int64_t timer_due_ns;
};

enum { LOOP_BATCH = 64 };

struct loop {
    struct fetcher *fetcher;
    uint32_t limit; /* transfers at once */
    pthread_t thread;
    CURLM *multi;
    struct old_multi old;
    uint32_t opened; /* connections since `multi` was made */
    int epoll_fd;
    int wake_fd;
    int data_fd; /* an epoll set within the other; -1: none */
    bool is_data_watched;
    atomic_bool is_starving; /* waits for an entry or for room */
    atomic_int_fast64_t last_byte_ns;
    int64_t now_ns;       /* of this round */
    int64_t held_ns;      /* time in which --max-rate let nothing be read */
    int64_t timer_due_ns; /* libcurl's timer, 0: none */
    int64_t sweep_due_ns; /* time-outs are looked at then */
    int64_t take_due_ns;  /* an entry may be taken then, 0: none */
    struct watch *watches;
    size_t watch_count;
    struct entry *pending;            /* taken, its name known, waits for
                                         room in the pool */
    struct transfer *oldest, *newest; /* open transfers by start */
    struct transfer *spare;           /* handles for reuse */
    struct transfer *dropped;         /* to be taken out of the multi handle */
    uint32_t open;
    uint32_t unsized;                   /* open, length not known yet */
    size_t expected_bytes;              /* moving average of page sizes */
    struct entry *finished[LOOP_BATCH]; /* to be delivered */
    size_t finished_count;
    struct error error; /* why the loop failed */
};

bool loop_init(struct loop *loop, struct fetcher *fetcher, uint32_t limit,
               struct error *err) MUST_CHECK;
void loop_release(struct loop *loop);

/* A connection's socket was opened, or is about to be closed. */
void loop_note_opened(struct loop *loop, int fd);
void loop_note_closed(struct loop *loop, int fd);

/* The thread's function; `loop` as its argument. */
void *loop_run(void *loop);

void loop_wake(struct loop *loop);

/* Bytes of an answer came. */
void loop_note_bytes(struct loop *loop, size_t size);

/* The clock of the time-outs: it stands still while --max-rate holds us back.
 */
int64_t loop_clock_ns(const struct loop *loop);

#endif
