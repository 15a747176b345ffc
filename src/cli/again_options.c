#include "again_options.h"

#include <sys/stat.h>

/* Requests have conditions of ours. */
static bool check_header(const char *header, struct error *err)
{
    static const char *const names[] = { "If-None-Match", "If-Modified-Since",
                                         "If-Match",      "If-Unmodified-Since",
                                         "If-Range",      "Range" };
    struct view name =
        view_first(view_of_string(header), strcspn(header, ":;"));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (view_equal_nocase(name, view_of_string(names[i])))
            return error_set(err, ERR_USAGE,
                             "--since: the header %s is its own business",
                             names[i]);
    return true;
}

static bool check_headers(const struct raw_options *raw, struct error *err)
{
    for (size_t i = 0; i < raw->headers.count; i++)
        if (!check_header(raw->headers.items[i], err))
            return false;
    for (size_t i = 1; i < raw->host_headers.count; i += 2)
        if (!check_header(raw->host_headers.items[i], err))
            return false;
    return true;
}

/* --restart would take away what is to be asked about. */
static bool is_same_dir(const char *a, const char *b)
{
    struct stat x, y;
    return a && b && !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

bool again_options_set(const struct raw_options *raw,
                       struct pipeline_options *pipeline, struct error *err)
{
    if (raw->since && is_same_dir(raw->since, raw->dir))
        return error_set(err, ERR_USAGE,
                         "--since and -o name the same directory: a run has "
                         "one of its own");
    if (raw->since && !check_headers(raw, err))
        return false;
    if (raw->dedupes_pages && pipeline->store == WARC_STORE_NONE)
        return error_set(err, ERR_USAGE,
                         "--dedupe-pages: no pages are kept (-o DIR keeps "
                         "them, --store none does not)");
    pipeline->since = raw->since;
    pipeline->dedupes_urls = raw->dedupes_urls;
    pipeline->dedupes_pages = raw->dedupes_pages;
    return true;
}

void again_options_describe(const struct raw_options *raw, struct buf *out)
{
    if (raw->command == COMMAND_EXTRACT)
        return;
    buf_append_format(out, " since=%s", raw->since ? raw->since : "-");
    buf_append_format(out, " dedupe=%s dedupe-pages=%s",
                      raw->dedupes_urls ? "yes" : "no",
                      raw->dedupes_pages ? "yes" : "no");
}
