/*
 * options.h - the option table, and the raw values it reads.
 *
 * Each option is one row: parsing, help and (later) the manual and completions
 * come from it. Values are checked one by one here; what they mean together is
 * config.h's.
 */
#ifndef FETCHGREP_CLI_OPTIONS_H
#define FETCHGREP_CLI_OPTIONS_H

#include "fetchgrep/base/error.h"

#include <stdint.h>

/* What fetchgrep is asked to do; the first argument. */
enum command {
    COMMAND_RUN,
    COMMAND_FETCH,
    COMMAND_EXTRACT,
    COMMAND_SHOW,
    COMMAND_EXPLAIN,
    COMMAND_VERIFY,
    COMMAND_STATUS,
    COMMAND_COUNT,
};

enum command_bit {
    FOR_RUN = 1 << COMMAND_RUN,
    FOR_FETCH = 1 << COMMAND_FETCH,
    FOR_EXTRACT = 1 << COMMAND_EXTRACT,
    FOR_SHOW = 1 << COMMAND_SHOW,
    FOR_EXPLAIN = 1 << COMMAND_EXPLAIN,
    FOR_VERIFY = 1 << COMMAND_VERIFY,
    FOR_STATUS = 1 << COMMAND_STATUS,
    FOR_NETWORK = FOR_RUN | FOR_FETCH,
    FOR_SEARCH = FOR_RUN | FOR_EXTRACT,
    FOR_KEPT = FOR_EXTRACT | FOR_EXPLAIN,
    FOR_PATTERNS = FOR_SEARCH | FOR_EXPLAIN,
    FOR_ALL = FOR_RUN | FOR_FETCH | FOR_EXTRACT,
};

/* Strings given one by one, in order. */
struct string_list {
    const char **items;
    size_t count, capacity;
};

/* A pattern option: -e and -f keep their order among each other. */
struct raw_pattern {
    bool is_file;
    const char *text;
};

struct raw_options {
    enum command command;
    struct string_list operands;
    struct raw_pattern *patterns;
    size_t pattern_count, pattern_capacity;
    bool ignore_case;
    const char *charset;
    bool has_unicode;
    bool searches_binary;
    const char *dir;
    bool restarts;
    uint64_t manifest_format;
    const char *url_field; /* NULL: by default */
    bool has_no_header;
    const char *keep; /* NULL: nothing */
    uint64_t format;
    const char *fields;     /* NULL: the format's own */
    const char *only_group; /* NULL: the whole match */
    bool is_unique;
    bool counts_only;
    uint64_t order;
    uint64_t isolation;
    uint64_t worker_memory;
    uint64_t worker_time_ms; /* 0: by page_time_ms */
    uint64_t workers;        /* 0: as many as there are cores */
    uint64_t concurrency;
    uint64_t per_host;
    uint64_t host_delay_ms;
    bool obeys_robots;
    uint64_t host_failures;
    uint64_t retries;
    uint64_t max_rate;            /* 0: no limit */
    uint64_t request_interval_ns; /* 0: no limit */
    uint64_t outage_wait_ms, outage_probe_ms;
    uint64_t fetch_threads; /* 0: auto */
    uint64_t connect_timeout_ms, timeout_ms, stall_timeout_ms;
    uint64_t max_body;
    uint64_t max_redirects;
    uint64_t per_address;
    struct string_list resolve;
    const char *hosts_file;  /* NULL: /etc/hosts */
    const char *dns_servers; /* NULL: the system's */
    uint64_t dns_rate;
    struct string_list headers;
    struct string_list host_headers; /* HOST, HEADER, HOST, HEADER, … */
    const char *user_agent;
    const char *proxy;
    const char *ca_file;
    bool is_insecure;
    const char *cert; /* FILE[:PASSWORD] */
    const char *key_file;
    bool has_http2;
    bool has_cookies;
    const char *since; /* NULL: none */
    bool dedupes_urls, dedupes_pages;
    uint64_t store;
    uint64_t segment_size;
    uint64_t commit_interval_ms;
    uint64_t deadline_ms; /* 0: none */
    uint64_t part_size;
    uint64_t memory;
    uint64_t max_matches;
    uint64_t page_time_ms;
    bool has_no_prefilter;
    uint64_t status;
    const char *types; /* --type: NULL: all */
    struct string_list mimes;
    struct string_list url_regexes;
    bool checks_digests;
    bool is_json;
    bool repairs;
    const char *max_failed;
    bool allows_private;
    const char *private_ranges; /* NULL: all */
    uint64_t progress;
    bool shows_headers, shows_raw, shows_text;
    uint64_t head;
    bool wants_help;
};

/* Reads argv behind the command's name. Strings are borrowed from it. */
bool options_parse(int argc, char **argv, enum command command,
                   struct raw_options *ret_raw, struct error *err) MUST_CHECK;
void options_release(struct raw_options *raw);

/* The help of one command, on standard output. */
void options_print_help(enum command command);

/* The name, and what its operands are. */
const char *command_name(enum command command);
const char *command_usage(enum command command);

#endif
