#include "fetchgrep/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

struct digest {
    EVP_MD *sha1; /* fetched once: a look-up is dear in OpenSSL 3 */
    EVP_MD_CTX *context;
};

void digest_set_up(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
}

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

/* ---- what others wrote ------------------------------------------------ */

/* "sha1", "SHA-1": letters and digits alone count. */
static bool is_algorithm(struct view name, const char *algorithm)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (c == '-' || c == '_')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (!*algorithm || c != *algorithm++)
            return false;
    }
    return !*algorithm;
}

static const EVP_MD *find_algorithm(const struct digest *digest,
                                    struct view name)
{
    return is_algorithm(name, "sha1")     ? digest->sha1
           : is_algorithm(name, "sha256") ? EVP_sha256()
           : is_algorithm(name, "md5")    ? EVP_md5()
           : is_algorithm(name, "sha512") ? EVP_sha512()
                                          : NULL;
}

static int value_of(char c, unsigned bits_a_letter)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c | 0x20);
    if (bits_a_letter == 4)
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                      : -1;
    return c >= 'a' && c <= 'z'   ? c - 'a'
           : c >= '2' && c <= '7' ? c - '2' + 26
                                  : -1;
}

/* Whether the letters stand for just these bytes. */
static bool is_text_of(struct view text, unsigned bits_a_letter,
                       const unsigned char *bytes, size_t size)
{
    unsigned held = 0, held_bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = value_of(text.data[i], bits_a_letter);
        if (value < 0)
            return false;
        held = (held << bits_a_letter | (unsigned)value) & 0xffff;
        held_bits += bits_a_letter;
        if (held_bits < 8)
            continue;
        held_bits -= 8;
        if (at == size || bytes[at++] != (held >> held_bits & 0xff))
            return false;
    }
    return at == size;
}

enum digest_verdict digest_check(struct digest *digest, struct view told,
                                 struct view bytes)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct view text = told;
    struct view name = view_split(&text, ':');
    const EVP_MD *algorithm = find_algorithm(digest, view_trim(name));
    text = view_trim(text);
    while (text.size && text.data[text.size - 1] == '=')
        text.size--; /* base32 is filled up so */
    if (!algorithm || !EVP_DigestInit_ex2(digest->context, algorithm, NULL) ||
        !EVP_DigestUpdate(digest->context, bytes.data, bytes.size) ||
        !EVP_DigestFinal_ex(digest->context, made, &size))
        return DIGEST_UNKNOWN;
    bool is_hex = text.size == 2 * (size_t)size;
    if (!is_hex && text.size != (8 * (size_t)size + 4) / 5)
        return DIGEST_UNKNOWN;
    return is_text_of(text, is_hex ? 4 : 5, made, size) ? DIGEST_SAME
                                                        : DIGEST_DIFFERS;
}
