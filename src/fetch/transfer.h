/*
 * transfer.h - one handle's life: set up, fed by libcurl's callbacks, judged.
 *
 * Thread rule: belongs to its loop's thread.
 */
#ifndef FETCHGREP_FETCH_TRANSFER_H
#define FETCHGREP_FETCH_TRANSFER_H

#include "loop.h"

/* Why we ended a transfer ourselves. */
enum stop_reason {
    STOP_NONE,
    STOP_NO_ROOM,    /* put back */
    STOP_NO_ADDRESS, /* libcurl has lost what it was given */
    STOP_CONNECT_TIMEOUT,
    STOP_TIMEOUT,
    STOP_STALL,
    STOP_BODY_TOO_LARGE,
    STOP_HEAD_TOO_LARGE,
    STOP_MIME, /* its type is not wanted */
};

struct transfer {
    CURL *easy;
    CURLM *multi; /* that has it */
    struct loop *loop;
    struct entry *entry;
    struct page *page;
    struct transfer *older, *newer;  /* open transfers by start */
    struct transfer *next;           /* spare and dropped lists */
    struct curl_slist *host_headers; /* for this request alone, or NULL */
    struct curl_slist *resolve;      /* the addresses that libcurl was given */
    char *given;                     /* and under which name it keeps them */
    int64_t name_ns;                 /* that the name took before the start */
    int64_t started_ns;              /* and with it, by loop_clock_ns */
    int64_t last_byte_ns;            /* by the same */
    enum stop_reason stop;
    bool is_connected; /* the request may go out */
    bool is_head_done;
    bool is_sized;          /* room for the whole page is there */
    bool is_dropped;        /* its bytes went to an older transfer */
    int64_t content_length; /* -1: not told */
    const char *refused;    /* what kind of address was refused */
    char refused_ip[PAGE_IP_SIZE];
    char problem[CURL_ERROR_SIZE]; /* libcurl's words */
};

/* A handle with all options that never change; NULL without memory. */
struct transfer *transfer_new(struct loop *loop, struct error *err);
void transfer_free(struct transfer *transfer);

/* Whose handle it is. */
struct transfer *transfer_of(CURL *easy);

/* Sets the handle up for entry->target, which moves into the new page. Takes
 * `bytes`, the room for the first bytes. On failure nothing has changed. */
bool transfer_begin(struct transfer *transfer, struct entry *entry,
                    struct extent *bytes, struct error *err) MUST_CHECK;

/* Over, with libcurl's result: entry gets page and outcome. */
void transfer_end(struct transfer *transfer, CURLcode code);

/* Undoes transfer_begin: the entry is as before; the page's bytes are free. */
void transfer_undo(struct transfer *transfer);

/* Whether the server spoke HTTP. */
bool transfer_has_answered(const struct transfer *transfer);

#endif
