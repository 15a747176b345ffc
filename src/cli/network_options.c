#include "network_options.h"

#include "fetchgrep/frontier/robots.h"

/* FILE[:PASSWORD] as curl reads it: a colon of the file's name is written with
 * a backslash before it, a backslash as two. */
static bool split_cert(struct config *config, const char *text,
                       struct error *err)
{
    char *file = malloc(strlen(text) + 1), *to = file;
    if (!file)
        return error_no_memory(err, "--cert");
    for (; *text && *text != ':'; text++) {
        if (*text == '\\' && (text[1] == ':' || text[1] == '\\'))
            text++;
        *to++ = *text;
    }
    *to = '\0';
    config->cert_file = file;
    if (*text != ':')
        return true;
    config->key_password = strdup(text + 1);
    return config->key_password || error_no_memory(err, "--cert");
}

static bool has_mime(const void *ctx, struct view mime)
{
    return choice_has_mime(ctx, mime);
}

bool network_options_set(struct config *config, const struct raw_options *raw,
                         struct error *err)
{
    struct fetch_options *fetch = &config->pipeline.fetch;
    if (raw->cert && !split_cert(config, raw->cert, err))
        return false;
    fetch->cert_file = config->cert_file;
    fetch->key_password = config->key_password;
    fetch->key_file = raw->key_file;
    fetch->has_http2 = raw->has_http2;
    fetch->has_cookies = raw->has_cookies;
    if (config->choice && choice_asks_mime(config->choice)) {
        fetch->wants_mime = has_mime;
        fetch->wants_mime_ctx = config->choice;
    }
    return fetch_check_options(fetch, err);
}

void network_options_release(struct config *config)
{
    free(config->cert_file);
    if (config->key_password)
        explicit_bzero(config->key_password, strlen(config->key_password));
    free(config->key_password);
}

/* HTTP/2 changes the heads that patterns and digests see, cookies the pages. */
void network_options_describe(const struct raw_options *raw, struct buf *out)
{
    if (raw->has_http2)
        buf_append_string(out, " http2=yes");
    if (raw->has_cookies)
        buf_append_string(out, " cookies=yes");
    if (raw->obeys_robots)
        buf_append_format(
            out, " robots=%.*s",
            VIEW_ARG(robots_product_token(view_of_string(raw->user_agent))));
}
