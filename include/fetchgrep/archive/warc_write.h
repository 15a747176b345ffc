/*
 * warc_write.h - formats WARC 1.1 records (ISO 28500:2017) into a buf.
 *
 * Workers format and compress; the recorder only appends. With compression
 * every record is one gzip member or zstd frame, so that each can be read
 * alone. Thread rule: an object belongs to one worker.
 */
#ifndef FETCHGREP_ARCHIVE_WARC_WRITE_H
#define FETCHGREP_ARCHIVE_WARC_WRITE_H

#include "fetchgrep/base/buf.h"

enum warc_store {
    WARC_STORE_NONE,
    WARC_STORE_PLAIN,
    WARC_STORE_GZIP,
    WARC_STORE_ZSTD,
};

struct warc_writer;

/* `seed` feeds the record ids (UUIDs, version 4): the same seed gives the same
 * ids, so that tests can compare bytes. */
struct warc_writer *warc_writer_new(enum warc_store store, uint64_t seed,
                                    struct error *err);
void warc_writer_free(struct warc_writer *writer);

/* ".warc", ".warc.gz" or ".warc.zst". */
const char *warc_store_suffix(enum warc_store store);

enum { WARC_DIGEST_SIZE = 40, WARC_UUID_SIZE = 37 };

/* The record that a revisit stands for (ISO 28500, 6.7): one that holds the
 * same payload, or that the server says is still right. */
struct warc_target {
    bool is_not_modified;  /* else: the payloads are identical */
    struct view uri;       /* its WARC-Target-URI */
    struct view date;      /* its WARC-Date */
    struct view record_id; /* its WARC-Record-ID, in angle brackets */
    /* is_not_modified: what the server was asked with; may be empty. */
    struct view etag;
    struct view last_modified;
};

/* One exchange: what the request and response records have in common. */
struct warc_exchange {
    struct view target_uri;    /* masked */
    int64_t date_ms;           /* wall clock */
    struct view ip;            /* empty: no field */
    struct view request_head;  /* with the empty line at its end; empty: no
                                  request record */
    struct view response_head; /* byte for byte */
    struct view response_body; /* byte for byte, transfer coding and all */
    struct view payload;       /* the body without transfer coding: what the
                                  payload digest is made of */
    const char *truncated;     /* "length", "time", "disconnect" or NULL */
    const char *protocol;      /* "h2" or NULL */
    /* NULL: a response record. Else a revisit record: of the response only its
     * head is kept. */
    const struct warc_target *target;
    /* Of `payload`, if it has been made; of a revisit that of the target's, if
     * it is known. NULL: none. */
    const char *payload_digest;
};

/* What the index and the outcome need to know of a response or revisit. */
struct warc_written {
    size_t offset;                         /* of the record in `out` before
                                              append */
    size_t size;                           /* as stored */
    char payload_digest[WARC_DIGEST_SIZE]; /* "sha1:BASE32" */
    char uuid[WARC_UUID_SIZE];             /* of "<urn:uuid:…>" */
};

/* "sha1:BASE32" of a payload, to ask whether it was kept already. */
void warc_payload_digest(struct warc_writer *writer, struct view payload,
                         char text[WARC_DIGEST_SIZE]);

/*
 * Appends the response or revisit record, then its request record (which names
 * it by WARC-Concurrent-To). `out` is failed without memory.
 */
void warc_write_exchange(struct warc_writer *writer,
                         const struct warc_exchange *exchange, struct buf *out,
                         struct warc_written *ret_response);

/*
 * Appends the warcinfo record that opens each segment. `filename` is the
 * segment's own; `fields` is an application/warc-fields block, e.g.
 * "software: fetchgrep/0.1\r\nformat: WARC File Format 1.1\r\n".
 */
void warc_write_info(struct warc_writer *writer, int64_t date_ms,
                     struct view filename, struct view fields, struct buf *out);

#endif
