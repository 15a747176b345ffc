#include "fetchgrep/base/digest.h"

#include <openssl/evp.h>

struct digest {
    EVP_MD *sha1; /* fetched once: a look-up is dear in OpenSSL 3 */
    EVP_MD_CTX *context;
};

struct digest *digest_new(void)
{
    struct digest *digest = calloc(1, sizeof(*digest));
    if (!digest)
        return NULL;
    digest->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    digest->context = EVP_MD_CTX_new();
    if (!digest->sha1 || !digest->context) {
        digest_free(digest);
        return NULL;
    }
    return digest;
}

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->sha1);
    free(digest);
}

/* 20 bytes are exactly 32 letters of five bits (RFC 4648, 6). */
static void format_base32(const unsigned char *bytes, char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (size_t group = 0; group < DIGEST_SHA1_BYTES / 5; group++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < 5; i++)
            bits = bits << 8 | bytes[group * 5 + i];
        for (size_t i = 0; i < 8; i++)
            *text++ = letters[bits >> (35 - 5 * i) & 31];
    }
    *text = '\0';
}

void digest_sha1_text2(struct digest *digest, struct view first,
                       struct view second, char text[DIGEST_TEXT_SIZE])
{
    unsigned char bytes[EVP_MAX_MD_SIZE] = { 0 };
    EVP_DigestInit_ex2(digest->context, digest->sha1, NULL);
    EVP_DigestUpdate(digest->context, first.data, first.size);
    EVP_DigestUpdate(digest->context, second.data, second.size);
    EVP_DigestFinal_ex(digest->context, bytes, NULL);
    memcpy(text, "sha1:", 5);
    format_base32(bytes, text + 5);
}

void digest_sha1_text(struct digest *digest, struct view bytes,
                      char text[DIGEST_TEXT_SIZE])
{
    digest_sha1_text2(digest, bytes, view_of(NULL, 0), text);
}
