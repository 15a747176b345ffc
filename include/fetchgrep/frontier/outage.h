/*
 * outage.h - whether the network itself is down.
 *
 * One host after the other fails because nobody answers: no name server, no
 * route, no connection in time. When so many in a row have failed and nothing
 * was heard from anywhere meanwhile, it is not them. Nothing is started then
 * but a probe now and then, until something answers.
 *
 *   up --a failure--> suspected --the 20th host--> down --something answers--+
 *   ^  <--something answers--+                       |                       |
 *   |  <--nobody left who could answer               +--too long--> spent    |
 *   +------------------------------------------------------------------------+
 *
 * Failures while it is suspected or down are kept by the caller, whole: they
 * turn out to be the hosts' own (something answered elsewhere), or nobody's
 * (the network was down) and are as if they had never been.
 *
 * There is no network in here, and the clock is the caller's.
 *
 * Thread rule: the caller's lock.
 */
#ifndef FETCHGREP_FRONTIER_OUTAGE_H
#define FETCHGREP_FRONTIER_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OUTAGE_HOSTS = 20,      /* in a row */
    OUTAGE_RECENT_MS = 1000 /* a sign of life as young as this still counts */
};

struct outage_options {
    int64_t probe_ns; /* from one probe to the next */
    int64_t wait_ns;  /* how long the network may be down; 0: no guard */
};

enum outage_state {
    OUTAGE_UP,
    OUTAGE_SUSPECTED,
    OUTAGE_DOWN,
    OUTAGE_SPENT, /* it was down for too long: up, until something answers */
};

struct outage {
    struct outage_options options;
    enum outage_state state;
    uint64_t hosts[OUTAGE_HOSTS]; /* that count, in this row */
    size_t host_count;
    int64_t alive_ns;     /* the last sign of life; 0: none */
    int64_t failed_ns;    /* the last failure that was kept */
    int64_t since_ns;     /* it is down since then */
    int64_t probe_due_ns; /* while it is down */
    int64_t down_ns;      /* outages that are over, together */
};

/* What has become of the failures that were kept. */
enum outage_news {
    OUTAGE_NO_NEWS,
    OUTAGE_BEGAN,    /* they stay, and more will come */
    OUTAGE_CLEARED,  /* they are the hosts' own after all */
    OUTAGE_ENDED,    /* they have never been */
    OUTAGE_TOO_LONG, /* nobody waits any more: they count */
};

struct outage_failure {
    uint64_t host;    /* a hash of its name */
    int64_t began_ns; /* the transfer */
    int64_t ended_ns;
    bool is_fresh;  /* the host did not fail before */
    bool is_silent; /* it was connected, and no byte came */
};

void outage_init(struct outage *outage, const struct outage_options *options);

/* Something answered at that time, which may be long ago. */
enum outage_news outage_note_alive(struct outage *outage, int64_t alive_ns);

/* True: keep this failure. */
bool outage_note_failure(struct outage *outage,
                         const struct outage_failure *failure,
                         enum outage_news *ret_news);

/* Nothing is under way that could answer, nor can anything be started: while
 * it is only suspected, failures are the hosts' own then. */
enum outage_news outage_note_idle(struct outage *outage);

enum outage_turn {
    OUTAGE_GO,    /* start whatever you like */
    OUTAGE_PROBE, /* start one */
    OUTAGE_WAIT,  /* until something answers, or `ret_due_ns` */
};

enum outage_turn outage_ask(struct outage *outage, int64_t now_ns,
                            int64_t *ret_due_ns, enum outage_news *ret_news);

/* How long it has been down, up to now, in all. */
int64_t outage_down_ns(const struct outage *outage, int64_t now_ns);

#endif
