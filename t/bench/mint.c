/* mint.c - tokens for the bench by the thousand: the same header and claims with a number of their own each, signed with one key.
 * Not a token that somebody else should trust (that is mcp-token).
 *
 *     mint KEY.pem COUNT HEADER PAYLOAD      # JSON texts; every # in them becomes the number of the token
 *
 * One token a line. The algorithm is that of the key: RS256, ES256 or EdDSA.
 */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT 65536

/* Append bytes as base64url (RFC 4648 5, without padding); returns where the text ends. */
static char *append_base64url(char *end, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (size_t i = 0; i < len; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16 | (unsigned)(i + 1 < len ? bytes[i + 1] : 0) << 8 |
                         (unsigned)(i + 2 < len ? bytes[i + 2] : 0);
        int count = len - i < 3 ? (int)(len - i) + 1 : 4;

        for (int n = 0; n < count; n++) {
            *end++ = digits[group >> (18 - 6 * n) & 63];
        }
    }
    *end = '\0';
    return end;
}

/* The text of a template, its numbers filled in. */
static char *append_part(char *end, const char *text, long number)
{
    static char filled[TEXT];
    size_t len = 0;

    for (; *text && len + 32 < sizeof(filled); text++) {
        len += (size_t)(*text == '#' ? sprintf(filled + len, "%ld", number) : sprintf(filled + len, "%c", *text));
    }
    return append_base64url(end, (const unsigned char *)filled, len);
}

/* RFC 7518 3.4: r and s in full length, one after the other. */
static size_t raw_of_der(unsigned char *signature, size_t len)
{
    const unsigned char *bytes = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &bytes, (long)len);

    if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) != 32) {
        exit(1);
    }
    ECDSA_SIG_free(pair);
    return 64;
}

static size_t sign(unsigned char *signature, size_t room, EVP_PKEY *key, const char *text)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    size_t len = room;

    if (EVP_DigestSignInit(ctx, NULL, digest, NULL, key) != 1 ||
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text, strlen(text)) != 1) {
        exit(1);
    }
    EVP_MD_CTX_free(ctx);
    return EVP_PKEY_is_a(key, "EC") ? raw_of_der(signature, len) : len;
}

int main(int argc, char **argv)
{
    static char text[4 * TEXT];
    unsigned char signature[1024];
    FILE *file = argc == 5 ? fopen(argv[1], "r") : NULL;
    EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

    if (!key || strlen(argv[3]) + 64 > TEXT || strlen(argv[4]) + 64 > TEXT) {
        fprintf(stderr, "mint KEY.pem COUNT HEADER PAYLOAD\n");
        return 2;
    }
    for (long i = 0; i < atol(argv[2]); i++) {
        char *end = append_part(text, argv[3], i);

        *end++ = '.';
        end = append_part(end, argv[4], i);
        size_t len = sign(signature, sizeof(signature), key, text);
        *end++ = '.';
        append_base64url(end, signature, len);
        puts(text);
    }
    EVP_PKEY_free(key);
    fclose(file);
    return 0;
}
