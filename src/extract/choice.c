#include "fetchgrep/extract/choice.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/extract/matcher.h"

#include <fnmatch.h>

enum { MIME_SIZE = 256, URL_MAX = 1 << 20 };

struct choice {
    char **mimes; /* globs */
    size_t mime_count, mime_capacity;
    struct patterns *urls; /* or NULL */
};

/* ---- made ------------------------------------------------------------- */

static bool add_mime(struct choice *choice, struct view item, struct error *err)
{
    char *glob;
    if (choice->mime_count == choice->mime_capacity) {
        size_t capacity = choice->mime_capacity * 2 + 8;
        char **mimes = realloc(choice->mimes, capacity * sizeof(*mimes));
        if (!mimes)
            return error_no_memory(err, "the media types");
        choice->mimes = mimes;
        choice->mime_capacity = capacity;
    }
    const char *rest = view_ends_with(item, "/") ? "*" : "";
    if (asprintf(&glob, "%.*s%s", VIEW_ARG(item), rest) < 0)
        return error_no_memory(err, "the media types");
    choice->mimes[choice->mime_count++] = glob;
    return true;
}

static bool add_mimes(struct choice *choice, const char *list,
                      struct error *err)
{
    struct view rest = view_of_string(list);
    do {
        struct view item = view_trim(view_split(&rest, ','));
        if (!item.size)
            return error_set(err, ERR_USAGE,
                             "--mime: \"%.100s\" is no list of media types: "
                             "write it like text/html,application/*",
                             list);
        if (!add_mime(choice, item, err))
            return false;
    } while (rest.data);
    return true;
}

static bool add_urls(struct choice *choice,
                     const struct choice_options *options, struct error *err)
{
    if (!options->url_regex_count)
        return true;
    choice->urls = patterns_new(&(struct patterns_options){ 0 }, err);
    if (!choice->urls)
        return false;
    for (size_t i = 0; i < options->url_regex_count; i++)
        if (!patterns_add_expression(
                choice->urls, view_of_string(options->url_regexes[i]), err))
            return error_wrap(err, "--url-pattern");
    return true;
}

struct choice *choice_new(const struct choice_options *options,
                          struct error *err)
{
    struct choice *choice = calloc(1, sizeof(*choice));
    if (!choice) {
        error_no_memory(err, "the choice of pages");
        return NULL;
    }
    bool done = true;
    for (size_t i = 0; done && i < options->mime_count; i++)
        done = add_mimes(choice, options->mimes[i], err);
    if (!done || !add_urls(choice, options, err)) {
        choice_free(choice);
        return NULL;
    }
    return choice;
}

void choice_free(struct choice *choice)
{
    if (!choice)
        return;
    for (size_t i = 0; i < choice->mime_count; i++)
        free(choice->mimes[i]);
    free(choice->mimes);
    patterns_free(choice->urls);
    free(choice);
}

/* ---- asked ------------------------------------------------------------ */

bool choice_asks_mime(const struct choice *choice)
{
    return choice->mime_count > 0;
}

bool choice_has_mime(const struct choice *choice, struct view mime)
{
    char text[MIME_SIZE];
    mime = view_first(mime, sizeof(text) - 1);
    if (mime.size)
        memcpy(text, mime.data, mime.size);
    text[mime.size] = '\0';
    for (size_t i = 0; i < choice->mime_count; i++)
        if (fnmatch(choice->mimes[i], text, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
            return true;
    return choice->mime_count == 0;
}

struct view choice_mime_of_name(struct view name)
{
    static const struct {
        const char *ending, *mime;
    } rows[] = {
        { ".html", "text/html" },
        { ".htm", "text/html" },
        { ".xhtml", "application/xhtml+xml" },
        { ".txt", "text/plain" },
        { ".css", "text/css" },
        { ".csv", "text/csv" },
        { ".md", "text/markdown" },
        { ".js", "text/javascript" },
        { ".mjs", "text/javascript" },
        { ".json", "application/json" },
        { ".xml", "application/xml" },
        { ".rss", "application/rss+xml" },
        { ".pdf", "application/pdf" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".jpg", "image/jpeg" },
        { ".jpeg", "image/jpeg" },
        { ".gif", "image/gif" },
        { ".webp", "image/webp" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        size_t size = strlen(rows[i].ending);
        if (name.size > size &&
            view_equal_nocase(view_from(name, name.size - size),
                              view_of_string(rows[i].ending)))
            return view_of_string(rows[i].mime);
    }
    return view_of(NULL, 0);
}

struct chooser {
    struct matcher *matcher; /* NULL: all URLs */
    struct buf text;
};

struct chooser *chooser_new(const struct choice *choice, struct error *err)
{
    static const struct matcher_options options = { .max_matches = 1 };
    struct chooser *chooser = calloc(1, sizeof(*chooser));
    if (!chooser) {
        error_no_memory(err, "the choice of pages");
        return NULL;
    }
    buf_init(&chooser->text, 3 * URL_MAX);
    if (choice->urls) {
        chooser->matcher = matcher_new(choice->urls, &options, err);
        if (!chooser->matcher) {
            chooser_free(chooser);
            return NULL;
        }
    }
    return chooser;
}

void chooser_free(struct chooser *chooser)
{
    if (!chooser)
        return;
    matcher_free(chooser->matcher);
    buf_release(&chooser->text);
    free(chooser);
}

static bool on_match(void *ctx, const struct match *match, struct error *err)
{
    (void)match, (void)err;
    *(bool *)ctx = true;
    return true;
}

bool chooser_has_url(struct chooser *chooser, struct view url, bool *ret_has,
                     struct error *err)
{
    struct matcher_report report = { 0 };
    bool has = false;
    if (!chooser->matcher) {
        *ret_has = true;
        return true;
    }
    url = view_first(url, URL_MAX);
    if (utf8_valid_prefix(url) < url.size) {
        buf_reset(&chooser->text);
        utf8_append_valid(&chooser->text, url);
        if (!buf_check(&chooser->text, "a URL", err))
            return false;
        url = buf_view(&chooser->text);
    }
    if (!matcher_search(chooser->matcher, SUBJECT_TEXT, url, on_match, &has,
                        &report, err))
        return false;
    *ret_has = has || report.limited_count;
    return true;
}
