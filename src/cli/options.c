#include "options.h"

#include "fetchgrep/base/view.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>

enum option_kind {
    KIND_FLAG,
    KIND_STRING,
    KIND_COUNT,
    KIND_SIZE, /* k, M, G: 1024 and its powers */
    KIND_TIME, /* ms, s, m; seconds without a unit */
    KIND_CHOICE,
    KIND_LIST, /* may be given again */
    KIND_PATTERN,
    KIND_PAIR,     /* two arguments, may be given again */
    KIND_OPTIONAL, /* a flag with an optional =VALUE */
    KIND_WORKERS,  /* a count or "auto" */
    KIND_RATE,     /* so many a second, kept as nanoseconds for each */
};

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    size_t offset; /* in struct raw_options */
    uint64_t min, max;
    const char *initial;        /* as a user would write it; NULL: none */
    const char *const *choices; /* KIND_CHOICE, ends in NULL */
    const char *argument;       /* in help */
    const char *help;
    unsigned commands;
};

#define AT(member) offsetof(struct raw_options, member)

static const char *const formats[] = { "jsonl", "csv",  "tsv",
                                       "text",  "auto", NULL };
static const char *const manifest_formats[] = { "plain", "csv",  "tsv",
                                                "jsonl", "auto", NULL };
static const char *const orders[] = { "any", "manifest", NULL };
static const char *const stores[] = { "none", "plain", "gzip", "zstd", NULL };
static const char *const statuses[] = { "2xx", "any", NULL };
static const char *const isolations[] = { "threads", "processes", NULL };
static const char *const progresses[] = { "auto", "plain", "none", NULL };

#define KILO   (UINT64_C(1) << 10)
#define MEGA   (UINT64_C(1) << 20)
#define GIGA   (UINT64_C(1) << 30)
#define DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

static const struct option_row rows[] = {
    { "regexp", 'e', KIND_PATTERN, 0, 0, 0, NULL, NULL, "REGEX",
      "a pattern (PCRE2 syntax); may be given again", FOR_PATTERNS },
    { "file", 'f', KIND_PATTERN, 0, 0, 0, NULL, NULL, "FILE",
      "a pattern file: NAME REGEX a line, # comments", FOR_PATTERNS },
    { "ignore-case", 'i', KIND_FLAG, AT(ignore_case), 0, 0, NULL, NULL, NULL,
      "patterns ignore case", FOR_PATTERNS },
    { "output", 'o', KIND_STRING, AT(dir), 0, 0, NULL, NULL, "DIR",
      "the run directory (default: matches to standard output)", FOR_ALL },
    { "restart", 0, KIND_FLAG, AT(restarts), 0, 0, NULL, NULL, NULL,
      "start over in a run directory that was used", FOR_ALL },
    { "manifest-format", 0, KIND_CHOICE, AT(manifest_format), 0, 0, "auto",
      manifest_formats, "plain|csv|tsv|jsonl",
      "form of the manifests (by the endings of their names)", FOR_NETWORK },
    { "url-field", 0, KIND_STRING, AT(url_field), 0, 0, NULL, NULL, "NAME|N",
      "their column with the URL, by name or number (url)", FOR_NETWORK },
    { "no-header", 0, KIND_FLAG, AT(has_no_header), 0, 0, NULL, NULL, NULL,
      "CSV and TSV: the first row is no names; the URL is in column 1",
      FOR_NETWORK },
    { "keep", 0, KIND_STRING, AT(keep), 0, 0, NULL, NULL, "FIELDS",
      "columns copied to every result: title,rank", FOR_NETWORK },
    { "format", 0, KIND_CHOICE, AT(format), 0, 0, "auto", formats,
      "jsonl|csv|tsv|text",
      "form of the matches (jsonl; text on standard output)", FOR_SEARCH },
    { "fields", 0, KIND_STRING, AT(fields), 0, 0, NULL, NULL, "LIST",
      "columns, in order: id,url,pattern,in,offset,match,groups,NAME",
      FOR_SEARCH },
    { "only-group", 0, KIND_STRING, AT(only_group), 0, 0, NULL, NULL, "NAME|N",
      "this group of each pattern instead of the whole match", FOR_SEARCH },
    { "unique", 0, KIND_FLAG, AT(is_unique), 0, 0, NULL, NULL, NULL,
      "of a page and pattern, the same match once", FOR_SEARCH },
    { "count", 0, KIND_FLAG, AT(counts_only), 0, 0, NULL, NULL, NULL,
      "how many matches, of each page and pattern that has any", FOR_SEARCH },
    { "order", 0, KIND_CHOICE, AT(order), 0, 0, "any", orders, "any|manifest",
      "order of the results", FOR_ALL },
    { "charset", 0, KIND_STRING, AT(charset), 0, 0, "auto", NULL,
      "auto|raw|NAME",
      "what pages are read as (auto: what they say; raw: bytes)",
      FOR_PATTERNS | FOR_SHOW },
    { "unicode", 0, KIND_FLAG, AT(has_unicode), 0, 0, NULL, NULL, NULL,
      "\\w, \\d, \\s and \\b know all of Unicode", FOR_PATTERNS },
    { "binary", 0, KIND_FLAG, AT(searches_binary), 0, 0, NULL, NULL, NULL,
      "search (show) pages that are no text too", FOR_PATTERNS | FOR_SHOW },
    { "max-matches", 0, KIND_COUNT, AT(max_matches), 1, UINT32_MAX, "100000",
      NULL, "N", "of a page and pattern at most", FOR_SEARCH },
    { "no-prefilter", 0, KIND_FLAG, AT(has_no_prefilter), 0, 0, NULL, NULL,
      NULL, "run every pattern on every page", FOR_PATTERNS },
    { "page-time", 0, KIND_TIME, AT(page_time_ms), 1, DAY_MS, "10s", NULL, "T",
      "for all patterns of a page together", FOR_PATTERNS },
    { "status", 0, KIND_CHOICE, AT(status), 0, 0, "2xx", statuses, "2xx|any",
      "which pages patterns run on", FOR_PATTERNS },
    { "type", 0, KIND_STRING, AT(types), 0, 0, NULL, NULL, "TYPES",
      "records of these types: response,resource,revisit,conversion",
      FOR_KEPT },
    { "mime", 0, KIND_LIST, AT(mimes), 0, 0, NULL, NULL, "TYPES",
      "pages of these media types: text/html,application/*; may be given again",
      FOR_KEPT | FOR_NETWORK },
    { "url-pattern", 0, KIND_LIST, AT(url_regexes), 0, 0, NULL, NULL, "REGEX",
      "pages whose URL it matches (PCRE2); may be given again", FOR_KEPT },
    { "check-digests", 0, KIND_FLAG, AT(checks_digests), 0, 0, NULL, NULL, NULL,
      "compare the digests that records tell; CRCs always are", FOR_EXTRACT },
    { "workers", 'j', KIND_WORKERS, AT(workers), 1, 4096, "auto", NULL, "N",
      "extract team's size (auto: cores this process may use)",
      FOR_ALL | FOR_EXPLAIN | FOR_VERIFY },
    { "isolation", 0, KIND_CHOICE, AT(isolation), 0, 0, "threads", isolations,
      "threads|processes", "what the team is made of", FOR_ALL },
    { "worker-memory", 0, KIND_SIZE, AT(worker_memory), 16 * MEGA,
      UINT64_C(1) << 50, "1G", NULL, "SIZE", "heap of a worker process",
      FOR_ALL },
    { "worker-time", 0, KIND_TIME, AT(worker_time_ms), 1, DAY_MS, NULL, NULL,
      "T", "a page in a worker process at most (3 times --page-time and 10s)",
      FOR_ALL },
    { "concurrency", 0, KIND_COUNT, AT(concurrency), 1, 1000000, "256", NULL,
      "N", "transfers at once", FOR_NETWORK },
    { "per-host", 0, KIND_COUNT, AT(per_host), 1, 1000000, "8", NULL, "N",
      "transfers at once to one host", FOR_NETWORK },
    { "host-delay", 0, KIND_TIME, AT(host_delay_ms), 0, DAY_MS, "0", NULL, "T",
      "pause between two requests to one host, which are one at a time then",
      FOR_NETWORK },
    { "robots", 0, KIND_FLAG, AT(obeys_robots), 0, 0, NULL, NULL, NULL,
      "obey robots.txt (RFC 9309)", FOR_NETWORK },
    { "host-failures", 0, KIND_COUNT, AT(host_failures), 0, UINT32_MAX, "6",
      NULL, "N", "in a row to reach a host, then it is given up (0: never)",
      FOR_NETWORK },
    { "retries", 0, KIND_COUNT, AT(retries), 0, 1000, "2", NULL, "N",
      "further tries after a passing failure", FOR_NETWORK },
    { "max-rate", 0, KIND_SIZE, AT(max_rate), 1, UINT64_C(1) << 50, NULL, NULL,
      "SIZE", "bytes a second, all transfers together", FOR_NETWORK },
    { "max-requests", 0, KIND_RATE, AT(request_interval_ns), 0, 0, NULL, NULL,
      "N[/s|/m|/h]", "requests a second (minute, hour), all together",
      FOR_NETWORK },
    { "outage-wait", 0, KIND_TIME, AT(outage_wait_ms), 0, 366 * DAY_MS, "10m",
      NULL, "T", "for a network that is down, nothing counts as failed then",
      FOR_NETWORK },
    { "outage-probe", 0, KIND_TIME, AT(outage_probe_ms), 1, DAY_MS, "5s", NULL,
      "T", "from one try to the next while the network is down", FOR_NETWORK },
    { "fetch-threads", 0, KIND_WORKERS, AT(fetch_threads), 1, 1024, "auto",
      NULL, "N",
      "event loops (auto: half of the cores, two of two; one for 512 "
      "transfers)",
      FOR_NETWORK },
    { "connect-timeout", 0, KIND_TIME, AT(connect_timeout_ms), 1, DAY_MS, "10s",
      NULL, "T", "name, connect and TLS", FOR_NETWORK },
    { "timeout", 0, KIND_TIME, AT(timeout_ms), 1, DAY_MS, "60s", NULL, "T",
      "a whole transfer", FOR_NETWORK },
    { "stall-timeout", 0, KIND_TIME, AT(stall_timeout_ms), 1, DAY_MS, "20s",
      NULL, "T", "no byte for so long", FOR_NETWORK },
    { "max-body", 0, KIND_SIZE, AT(max_body), 1, GIGA, "10M", NULL, "SIZE",
      "longest body, as sent and as decoded",
      FOR_ALL | FOR_EXPLAIN | FOR_SHOW },
    { "max-redirects", 0, KIND_COUNT, AT(max_redirects), 0, 1000, "10", NULL,
      "N", "hops followed at most", FOR_NETWORK },
    { "per-address", 0, KIND_COUNT, AT(per_address), 0, 1000000, "0", NULL, "N",
      "transfers at once to one address, whatever its names (0: any number)",
      FOR_NETWORK },
    { "resolve", 0, KIND_LIST, AT(resolve), 0, 0, NULL, NULL,
      "HOST:PORT:ADDRESS[,ADDRESS]",
      "the addresses of a host; HOST * is any; may be given again",
      FOR_NETWORK },
    { "hosts-file", 0, KIND_STRING, AT(hosts_file), 0, 0, NULL, NULL, "FILE",
      "names that need not be asked for (default: /etc/hosts)", FOR_NETWORK },
    { "dns-servers", 0, KIND_STRING, AT(dns_servers), 0, 0, NULL, NULL,
      "ADDRESS[:PORT],...", "name servers (default: those of /etc/resolv.conf)",
      FOR_NETWORK },
    { "dns-rate", 0, KIND_COUNT, AT(dns_rate), 0, 1000000, "1000", NULL, "N",
      "names asked for in a second at most (0: any number)", FOR_NETWORK },
    { "header", 0, KIND_LIST, AT(headers), 0, 0, NULL, NULL, "'K: V'",
      "a request header for every host; may be given again", FOR_NETWORK },
    { "header-for", 0, KIND_PAIR, AT(host_headers), 0, 0, NULL, NULL,
      "HOST 'K: V'", "a request header for one host, credentials too",
      FOR_NETWORK },
    { "user-agent", 0, KIND_STRING, AT(user_agent), 0, 0,
      "fetchgrep/" FETCHGREP_VERSION, NULL, "S", "the User-Agent header",
      FOR_NETWORK },
    { "proxy", 0, KIND_STRING, AT(proxy), 0, 0, NULL, NULL, "URL",
      "as curl's: http, https, socks4, socks4a, socks5, socks5h", FOR_NETWORK },
    { "http2", 0, KIND_FLAG, AT(has_http2), 0, 0, NULL, NULL, NULL,
      "HTTP/2 where a server speaks it over TLS", FOR_NETWORK },
    { "cookies", 0, KIND_FLAG, AT(has_cookies), 0, 0, NULL, NULL, NULL,
      "send servers their cookies back, until the run ends", FOR_NETWORK },
    { "cacert", 0, KIND_STRING, AT(ca_file), 0, 0, NULL, NULL, "FILE",
      "CA certificates to trust", FOR_NETWORK },
    { "cert", 0, KIND_STRING, AT(cert), 0, 0, NULL, NULL, "FILE[:PASSWORD]",
      "client certificate (PEM), for any server that asks for one",
      FOR_NETWORK },
    { "key", 0, KIND_STRING, AT(key_file), 0, 0, NULL, NULL, "FILE",
      "its key, when that is in another file", FOR_NETWORK },
    { "insecure", 0, KIND_FLAG, AT(is_insecure), 0, 0, NULL, NULL, NULL,
      "do not verify certificates", FOR_NETWORK },
    { "allow-private", 0, KIND_OPTIONAL, AT(private_ranges), 0, 0, NULL, NULL,
      "[=CIDR,...]", "allow private, loopback, link-local addresses, or these",
      FOR_NETWORK },
    { "since", 0, KIND_STRING, AT(since), 0, 0, NULL, NULL, "RUNDIR",
      "ask only for what has changed since this finished run", FOR_NETWORK },
    { "dedupe", 0, KIND_FLAG, AT(dedupes_urls), 0, 0, NULL, NULL, NULL,
      "ask for each URL once; takes 3.4 GB of memory for 100 million URLs",
      FOR_NETWORK },
    { "dedupe-pages", 0, KIND_FLAG, AT(dedupes_pages), 0, 0, NULL, NULL, NULL,
      "keep identical pages once; takes 64 MB, for the last 200,000",
      FOR_NETWORK },
    { "store", 0, KIND_CHOICE, AT(store), 0, 0, "gzip", stores,
      "gzip|zstd|plain|none", "how pages are kept", FOR_NETWORK },
    { "segment-size", 0, KIND_SIZE, AT(segment_size), 4 * KILO,
      UINT64_C(1) << 50, "1G", NULL, "SIZE", "a new WARC file beyond it",
      FOR_NETWORK },
    { "memory", 0, KIND_SIZE, AT(memory), 256 * KILO, UINT64_C(1) << 45, "256M",
      NULL, "SIZE", "page bytes in flight", FOR_NETWORK },
    { "commit-interval", 0, KIND_TIME, AT(commit_interval_ms), 10, DAY_MS, "5s",
      NULL, "T", "between durable commits", FOR_ALL },
    { "deadline", 0, KIND_TIME, AT(deadline_ms), 1, 365 * DAY_MS, NULL, NULL,
      "T", "end on time; what is left goes on with the same command", FOR_ALL },
    { "part-size", 0, KIND_SIZE, AT(part_size), 4 * KILO, UINT64_C(1) << 50,
      "4M", NULL, "SIZE", "large archives are read in parts of it",
      FOR_EXTRACT },
    { "json", 0, KIND_FLAG, AT(is_json), 0, 0, NULL, NULL, NULL,
      "an object a line instead of a text", FOR_EXPLAIN | FOR_STATUS },
    { "repair", 0, KIND_FLAG, AT(repairs), 0, 0, NULL, NULL, NULL,
      "first make anew an index that is lost, or a seal that was broken off",
      FOR_VERIFY },
    { "max-failed", 0, KIND_STRING, AT(max_failed), 0, 0, NULL, NULL, "N|P%",
      "more failed entries than this: exit status 1", FOR_ALL },
    { "progress", 0, KIND_CHOICE, AT(progress), 0, 0, "auto", progresses,
      "auto|plain|none", "lines on standard error while it runs", FOR_ALL },
    { "text", 0, KIND_FLAG, AT(shows_text), 0, 0, NULL, NULL, NULL,
      "the page's text as patterns see it: the default", FOR_SHOW },
    { "headers", 0, KIND_FLAG, AT(shows_headers), 0, 0, NULL, NULL, NULL,
      "the HTTP head", FOR_SHOW },
    { "raw", 0, KIND_FLAG, AT(shows_raw), 0, 0, NULL, NULL, NULL,
      "what was kept, byte for byte: HTTP head and body", FOR_SHOW },
    { "head", 0, KIND_SIZE, AT(head), 1, GIGA, NULL, NULL, "SIZE",
      "the first bytes alone; no character is cut", FOR_SHOW },
    { "help", 'h', KIND_FLAG, AT(wants_help), 0, 0, NULL, NULL, NULL,
      "this text", FOR_ALL | FOR_EXPLAIN | FOR_SHOW | FOR_VERIFY | FOR_STATUS },
};

enum { ROW_COUNT = ARRAY_COUNT(rows), LONG_BASE = 256 };

static void *member(struct raw_options *raw, const struct option_row *row)
{
    return (char *)raw + row->offset;
}

/* ---- values ----------------------------------------------------------- */

static bool bad_value(const struct option_row *row, const char *text,
                      const char *wanted, struct error *err)
{
    return error_set(err, ERR_USAGE, "--%s: \"%s\" is no %s", row->name, text,
                     wanted);
}

static bool check_range(const struct option_row *row, const char *text,
                        uint64_t value, struct error *err)
{
    if (value >= row->min && value <= row->max)
        return true;
    return error_set(err, ERR_USAGE, "--%s: %s is out of range (%llu to %llu)",
                     row->name, text, (unsigned long long)row->min,
                     (unsigned long long)row->max);
}

/* Splits "10M" into 10 and "M". */
static bool split_unit(const char *text, double *ret_value,
                       const char **ret_unit)
{
    char *end;
    if (!(text[0] >= '0' && text[0] <= '9') && text[0] != '.')
        return false;
    *ret_value = strtod(text, &end);
    *ret_unit = end;
    return end != text;
}

struct unit {
    const char *name;
    double factor;
};

static bool parse_with_unit(const struct option_row *row, const char *text,
                            const struct unit *units, const char *wanted,
                            uint64_t *ret_value, struct error *err)
{
    double value;
    const char *unit;
    if (!split_unit(text, &value, &unit))
        return bad_value(row, text, wanted, err);
    for (; units->name; units++) {
        if (strcasecmp(unit, units->name))
            continue;
        value = value * units->factor + 0.5;
        if (value > 1e18)
            return check_range(row, text, UINT64_MAX, err);
        *ret_value = (uint64_t)value;
        return check_range(row, text, *ret_value, err);
    }
    return bad_value(row, text, wanted, err);
}

static bool parse_size(const struct option_row *row, const char *text,
                       uint64_t *ret_value, struct error *err)
{
    static const struct unit units[] = {
        { "", 1 },           { "b", 1 },           { "k", 1024 },
        { "kb", 1024 },      { "m", 1048576 },     { "mb", 1048576 },
        { "g", 1073741824 }, { "gb", 1073741824 }, { NULL, 0 },
    };
    return parse_with_unit(row, text, units, "size: write it like 512k or 10M",
                           ret_value, err);
}

static bool parse_time(const struct option_row *row, const char *text,
                       uint64_t *ret_value, struct error *err)
{
    static const struct unit units[] = {
        { "", 1000 },   { "ms", 1 },      { "s", 1000 },
        { "m", 60000 }, { "h", 3600000 }, { NULL, 0 },
    };
    return parse_with_unit(row, text, units, "time: write it like 500ms or 10s",
                           ret_value, err);
}

/* "10", "0.5", "90/m". */
static bool parse_rate(const struct option_row *row, const char *text,
                       uint64_t *ret_value, struct error *err)
{
    static const struct unit units[] = {
        { "", 1e9 },      { "/s", 1e9 },    { "/m", 60e9 },
        { "/min", 60e9 }, { "/h", 3600e9 }, { NULL, 0 },
    };
    static const char wanted[] = "rate: write it like 10, 0.5 or 90/m";
    const double least_ns = 1, most_ns = 1e9 * 60 * 60 * 24 * 366;
    double count;
    const char *unit;
    const struct unit *at = units;
    if (!split_unit(text, &count, &unit) || !(count > 0))
        return bad_value(row, text, wanted, err);
    while (at->name && strcasecmp(unit, at->name))
        at++;
    double ns = at->factor / count;
    if (!at->name || ns < least_ns || ns > most_ns)
        return bad_value(row, text, wanted, err);
    *ret_value = (uint64_t)(ns + 0.5);
    return true;
}

static bool parse_count(const struct option_row *row, const char *text,
                        uint64_t *ret_value, struct error *err)
{
    if (!view_to_u64(view_of_string(text), ret_value))
        return bad_value(row, text, "number", err);
    return check_range(row, text, *ret_value, err);
}

static bool parse_choice(const struct option_row *row, const char *text,
                         uint64_t *ret_value, struct error *err)
{
    for (size_t i = 0; row->choices[i]; i++) {
        if (!strcmp(row->choices[i], text)) {
            *ret_value = i;
            return true;
        }
    }
    return error_set(err, ERR_USAGE, "--%s: \"%s\" is none of %s", row->name,
                     text, row->argument);
}

static bool append(struct string_list *list, const char *text,
                   struct error *err)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 8;
        const char **items = realloc(list->items, capacity * sizeof(*items));
        if (!items)
            return error_no_memory(err, "the options");
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = text;
    return true;
}

static bool append_pattern(struct raw_options *raw, bool is_file,
                           const char *text, struct error *err)
{
    if (raw->pattern_count == raw->pattern_capacity) {
        size_t capacity = raw->pattern_count ? raw->pattern_count * 2 : 8;
        struct raw_pattern *patterns =
            realloc(raw->patterns, capacity * sizeof(*patterns));
        if (!patterns)
            return error_no_memory(err, "the options");
        raw->patterns = patterns;
        raw->pattern_capacity = capacity;
    }
    raw->patterns[raw->pattern_count++] =
        (struct raw_pattern){ .is_file = is_file, .text = text };
    return true;
}

static bool set_value(struct raw_options *raw, const struct option_row *row,
                      const char *text, struct error *err)
{
    void *at = member(raw, row);
    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)at = true;
        return true;
    case KIND_STRING:
        *(const char **)at = text;
        return true;
    case KIND_OPTIONAL:
        raw->allows_private = true;
        *(const char **)at = text;
        return true;
    case KIND_COUNT:
        return parse_count(row, text, at, err);
    case KIND_WORKERS:
        if (strcmp(text, "auto"))
            return parse_count(row, text, at, err);
        *(uint64_t *)at = 0;
        return true;
    case KIND_SIZE:
        return parse_size(row, text, at, err);
    case KIND_TIME:
        return parse_time(row, text, at, err);
    case KIND_RATE:
        return parse_rate(row, text, at, err);
    case KIND_CHOICE:
        return parse_choice(row, text, at, err);
    case KIND_LIST:
    case KIND_PAIR:
        return append(at, text, err);
    case KIND_PATTERN:
    default:
        return append_pattern(raw, row->letter == 'f', text, err);
    }
}

/* ---- parsing ---------------------------------------------------------- */

static bool is_for(const struct option_row *row, enum command command)
{
    return row->commands >> command & 1;
}

static int argument_of(const struct option_row *row)
{
    return row->kind == KIND_FLAG       ? no_argument
           : row->kind == KIND_OPTIONAL ? optional_argument
                                        : required_argument;
}

/* getopt's tables from ours. `-` first: operands come as they stand, so that
 * they may be mixed with options. */
static void make_tables(struct option *longs, char *shorts)
{
    *shorts++ = '-';
    *shorts++ = ':';
    for (size_t i = 0; i < ROW_COUNT; i++) {
        longs[i] = (struct option){ rows[i].name, argument_of(&rows[i]), NULL,
                                    LONG_BASE + (int)i };
        if (!rows[i].letter)
            continue;
        *shorts++ = rows[i].letter;
        if (rows[i].kind != KIND_FLAG)
            *shorts++ = ':';
    }
    longs[ROW_COUNT] = (struct option){ 0 };
    *shorts = '\0';
}

static const struct option_row *row_of(int found)
{
    if (found >= LONG_BASE)
        return &rows[found - LONG_BASE];
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].letter && rows[i].letter == found)
            return &rows[i];
    return NULL;
}

static bool refuse(char **argv, int found, enum command command,
                   struct error *err)
{
    const struct option_row *row = row_of(optopt);
    const char *name = command_name(command);
    if (found == ':' && row)
        return error_set(err, ERR_USAGE, "--%s needs an argument: --%s %s",
                         row->name, row->name, row->argument);
    if (optopt && !row)
        return error_set(err, ERR_USAGE,
                         "unknown option -%c (fetchgrep %s --help lists them)",
                         optopt, name);
    return error_set(err, ERR_USAGE,
                     "unknown option %s (fetchgrep %s --help lists them)",
                     argv[optind - 1], name);
}

/* --header-for HOST 'K: V': its second argument is the next word. */
static bool take_second(struct raw_options *raw, const struct option_row *row,
                        int argc, char **argv, struct error *err)
{
    if (optind >= argc)
        return error_set(err, ERR_USAGE, "--%s needs two arguments: --%s %s",
                         row->name, row->name, row->argument);
    return set_value(raw, row, argv[optind++], err);
}

static bool take_option(struct raw_options *raw, int found, int argc,
                        char **argv, struct error *err)
{
    const struct option_row *row = row_of(found);
    if (found == ':' || found == '?' || !row)
        return refuse(argv, found, raw->command, err);
    if (!is_for(row, raw->command))
        return error_set(err, ERR_USAGE,
                         "--%s is no option of fetchgrep %s (fetchgrep %s "
                         "--help lists them)",
                         row->name, command_name(raw->command),
                         command_name(raw->command));
    return set_value(raw, row, optarg, err) &&
           (row->kind != KIND_PAIR || take_second(raw, row, argc, argv, err));
}

static bool set_initial(struct raw_options *raw, struct error *err)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].initial && !set_value(raw, &rows[i], rows[i].initial, err))
            return false;
    return true;
}

bool options_parse(int argc, char **argv, enum command command,
                   struct raw_options *ret_raw, struct error *err)
{
    struct option longs[ROW_COUNT + 1];
    char shorts[2 * ROW_COUNT + 3];
    struct raw_options raw = { .command = command };
    bool done = set_initial(&raw, err);
    int found;
    make_tables(longs, shorts);
    optind = 1;
    while (done &&
           (found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (found == 1)
            done = append(&raw.operands, optarg, err);
        else
            done = take_option(&raw, found, argc, argv, err);
    }
    /* Behind "--" everything is an operand. */
    for (; done && optind < argc; optind++)
        done = append(&raw.operands, argv[optind], err);
    if (!done) {
        options_release(&raw);
        return false;
    }
    *ret_raw = raw;
    return true;
}

void options_release(struct raw_options *raw)
{
    free(raw->operands.items);
    free(raw->resolve.items);
    free(raw->headers.items);
    free(raw->host_headers.items);
    free(raw->mimes.items);
    free(raw->url_regexes.items);
    free(raw->patterns);
    *raw = (struct raw_options){ 0 };
}

/* ---- help ------------------------------------------------------------- */

const char *command_name(enum command command)
{
    static const char *const names[] = { "run",     "fetch",  "extract", "show",
                                         "explain", "verify", "status" };
    return names[command];
}

const char *command_usage(enum command command)
{
    static const char show[] =
        "fetchgrep show DIR|WARC ID|URL|@OFFSET [--headers|--raw|--text] "
        "[--head SIZE]";
    static const char *const usages[] = {
        "fetchgrep run MANIFEST... (-e REGEX | -f FILE)... [-o DIR] [options]",
        "fetchgrep fetch MANIFEST... -o DIR [options]",
        "fetchgrep extract INPUT... (-e REGEX | -f FILE)... [-o DIR] [options]",
        show,
        "fetchgrep explain (-e REGEX | -f FILE)... [INPUT...] [options]",
        "fetchgrep verify DIR [--repair] [-j N]",
        "fetchgrep status DIR [--json]",
    };
    return usages[command];
}

static void print_row(const struct option_row *row)
{
    enum { COLUMN = 32 };
    char left[96];
    const char *space = row->argument && row->argument[0] != '[' ? " " : "";
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    snprintf(left, sizeof(left), "  %s--%s%s%s", letter, row->name, space,
             row->argument ? row->argument : "");
    if (strlen(left) >= COLUMN)
        printf("%s\n%*s", left, COLUMN, "");
    else
        printf("%-*s", COLUMN, left);
    printf("%s", row->help);
    if (row->initial && strcmp(row->initial, "auto"))
        printf(" [%s]", row->initial);
    printf("\n");
}

void options_print_help(enum command command)
{
    printf("usage: %s\n\n", command_usage(command));
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (is_for(&rows[i], command))
            print_row(&rows[i]);
}
