/*
 * The files and URLs that options name are tried before the first fetch, with
 * the library that will read them later: else each host on the list would be
 * blamed for a wrong password.
 */
#include "fetchgrep/fetch/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* ---- proxy ------------------------------------------------------------ */

static const char *const proxy_schemes[] = {
    "http", "https", "socks4", "socks4a", "socks5", "socks5h",
};

static bool is_proxy_scheme(const char *scheme)
{
    for (size_t i = 0; i < ARRAY_COUNT(proxy_schemes); i++)
        if (!strcmp(scheme, proxy_schemes[i]))
            return true;
    return false;
}

/* The URL itself is not shown: it may hold a password. */
static bool check_proxy(const char *proxy, struct error *err)
{
    CURLU *url = curl_url();
    if (!url)
        return error_no_memory(err, "a URL");
    char *scheme = NULL, *host = NULL;
    bool is_url =
        !curl_url_set(url, CURLUPART_URL, proxy,
                      CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) &&
        !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
        !curl_url_get(url, CURLUPART_HOST, &host, 0) && host[0];
    bool done = true;
    if (!is_url)
        done = error_set(err, ERR_USAGE,
                         "--proxy: no URL: write it like "
                         "http://[USER:PASSWORD@]HOST:PORT");
    else if (strstr(proxy, "://") && !is_proxy_scheme(scheme))
        done = error_set(err, ERR_USAGE,
                         "--proxy: \"%.40s\" is no kind of proxy: http, https, "
                         "socks4, socks4a, socks5 or socks5h",
                         scheme);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return done;
}

/* ---- files ------------------------------------------------------------ */

static FILE *open_file(const char *option, const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    char first;
    /* A directory opens, but does not read. */
    if (file && fread(&first, 1, 1, file) == 0 && ferror(file)) {
        int problem = errno;
        fclose(file);
        file = NULL;
        errno = problem;
    }
    if (!file) {
        error_set(err, ERR_USAGE, "%s: cannot read %s: %s", option, path,
                  strerror(errno));
        return NULL;
    }
    rewind(file);
    return file;
}

/* OpenSSL must never ask the terminal. */
static int give_password(char *to, int size, int is_writing, void *ctx)
{
    const char *password = ctx;
    size_t length = password ? strlen(password) : 0;
    (void)is_writing;
    if (!length || length > (size_t)size)
        return -1;
    memcpy(to, password, length);
    return (int)length;
}

static bool check_ca(const char *path, struct error *err)
{
    FILE *file = open_file("--cacert", path, err);
    if (!file)
        return false;
    X509 *certificate = PEM_read_X509_AUX(file, NULL, give_password, NULL);
    fclose(file);
    ERR_clear_error();
    X509_free(certificate);
    return certificate ||
           error_set(err, ERR_USAGE, "--cacert: %s holds no certificate (PEM)",
                     path);
}

static X509 *read_certificate(const char *path, struct error *err)
{
    FILE *file = open_file("--cert", path, err);
    if (!file)
        return NULL;
    X509 *certificate = PEM_read_X509(file, NULL, give_password, NULL);
    fclose(file);
    if (!certificate)
        error_set(err, ERR_USAGE, "--cert: %s holds no certificate (PEM)",
                  path);
    return certificate;
}

/* PEM_read fails alike for no key, a wrong password and none. */
static bool is_encrypted(FILE *file)
{
    char line[256];
    bool is_found = false;
    rewind(file);
    while (!is_found && fgets(line, sizeof(line), file))
        is_found = strstr(line, "ENCRYPTED") != NULL;
    return is_found;
}

static EVP_PKEY *read_key(const struct fetch_options *options,
                          struct error *err)
{
    const char *option = options->key_file ? "--key" : "--cert";
    const char *path =
        options->key_file ? options->key_file : options->cert_file;
    union {
        const char *text;
        void *ctx;
    } password = { .text = options->key_password };
    FILE *file = open_file(option, path, err);
    if (!file)
        return NULL;
    EVP_PKEY *key =
        PEM_read_PrivateKey(file, NULL, give_password, password.ctx);
    if (!key && is_encrypted(file))
        error_set(err, ERR_USAGE, "%s: the key in %s %s", option, path,
                  options->key_password
                      ? "has another password"
                      : "needs a password: --cert FILE:PASSWORD");
    else if (!key)
        error_set(err, ERR_USAGE, "%s: %s holds no private key (PEM)", option,
                  path);
    fclose(file);
    return key;
}

static bool check_certificate(const struct fetch_options *options,
                              struct error *err)
{
    X509 *certificate = read_certificate(options->cert_file, err);
    EVP_PKEY *key = certificate ? read_key(options, err) : NULL;
    bool done = key != NULL;
    if (done && X509_check_private_key(certificate, key) != 1)
        done = error_set(
            err, ERR_USAGE, "--cert: the key in %s is not that of %s",
            options->key_file ? options->key_file : options->cert_file,
            options->cert_file);
    EVP_PKEY_free(key);
    X509_free(certificate);
    ERR_clear_error();
    return done;
}

bool fetch_check_options(const struct fetch_options *options, struct error *err)
{
    if (options->key_file && !options->cert_file)
        return error_set(err, ERR_USAGE, "--key without --cert");
    return (!options->proxy || check_proxy(options->proxy, err)) &&
           (!options->ca_file || check_ca(options->ca_file, err)) &&
           (!options->cert_file || check_certificate(options, err));
}
