#include "record.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "limits.h"

/* The parts of a sealed record: the version, the nonce, the body (two times and the payload), the tag. */
#define VERSION 1
#define BODY (1 + MCP_RECORD_NONCE)
#define TIMES 16
#define TAG 16
#define OVERHEAD (BODY + TIMES + TAG)

/* How far the clocks of two servers may be apart. */
#define AHEAD apr_time_from_sec(60)

static void write_number(unsigned char bytes[8], apr_uint64_t number)
{
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (unsigned char)number;
        number >>= 8;
    }
}

static apr_uint64_t read_number(const unsigned char bytes[8])
{
    apr_uint64_t number = 0;

    for (int i = 0; i < 8; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

bool mcp_record_context(mcp_view_t *context, const mcp_view_t strings[], int count, apr_pool_t *pool)
{
    static const char label[] = "mod_auth_mcp record"; /* no other use of the credential comes to the same secret */
    unsigned char *sum = apr_palloc(pool, EVP_MAX_MD_SIZE), length[8];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done =
        ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(ctx, label, sizeof(label)) == 1;

    for (int i = 0; done && i < count; i++) {
        write_number(length, strings[i].len);
        done = EVP_DigestUpdate(ctx, length, sizeof(length)) == 1 &&
               EVP_DigestUpdate(ctx, strings[i].data, strings[i].len) == 1;
    }
    done = done && EVP_DigestFinal_ex(ctx, sum, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    if (done) {
        *context = (mcp_view_t){ (char *)sum, 32 };
    }
    return done;
}

bool mcp_record_derive(mcp_record_secret_t *secret, mcp_view_t credential, mcp_view_t context)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)credential.data, credential.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)context.data, context.len),
        OSSL_PARAM_construct_end(),
    };
    mcp_record_secret_t derived;
    EVP_KDF *kdf;
    EVP_KDF_CTX *ctx;
    bool done;

    if (credential.len == 0) {
        return false;
    }
    ERR_set_mark();
    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    done = ctx && EVP_KDF_derive(ctx, derived.bytes, sizeof(derived.bytes), params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    ERR_pop_to_mark();
    if (done) {
        *secret = derived;
    }
    OPENSSL_cleanse(&derived, sizeof(derived));
    return done;
}

/* HMAC-SHA256 over a label, which ends with its NUL, and the token. */
static bool derive_one(unsigned char sum[32], EVP_MAC_CTX *ctx, const mcp_record_secret_t *secret, const char *label,
                       mcp_view_t token)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t len = 0;

    return EVP_MAC_init(ctx, secret->bytes, sizeof(secret->bytes), params) == 1 &&
           EVP_MAC_update(ctx, (const unsigned char *)label, strlen(label) + 1) == 1 &&
           EVP_MAC_update(ctx, (const unsigned char *)token.data, token.len) == 1 &&
           EVP_MAC_final(ctx, sum, &len, 32) == 1 && len == 32;
}

bool mcp_record_place(mcp_record_place_t *place, const mcp_record_secret_t *secret, mcp_view_t token)
{
    mcp_record_place_t derived = { .id = { 0 } };
    EVP_MAC *mac;
    EVP_MAC_CTX *ctx;
    bool done;

    ERR_set_mark();
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    done =
        ctx && derive_one(derived.id, ctx, secret, "id", token) && derive_one(derived.key, ctx, secret, "key", token);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    ERR_pop_to_mark();
    if (done) {
        *place = derived;
    }
    OPENSSL_cleanse(&derived, sizeof(derived));
    return done;
}

/* Turn a body into the other form of the same length, where it lies. To open, the tag is checked; to seal, written. */
static bool convert(unsigned char *sealed, apr_size_t len, const mcp_record_place_t *place, bool open)
{
    unsigned char *body = sealed + BODY, *tag = sealed + len - TAG;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool done = ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, place->key, sealed + 1, !open) == 1 &&
                EVP_CipherUpdate(ctx, NULL, &n, sealed, 1) == 1 &&
                EVP_CipherUpdate(ctx, NULL, &n, place->id, sizeof(place->id)) == 1 &&
                (!open || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1) &&
                EVP_CipherUpdate(ctx, body, &n, body, (int)(len - BODY - TAG)) == 1 &&
                EVP_CipherFinal_ex(ctx, body + n, &n) == 1 &&
                (open || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);

    EVP_CIPHER_CTX_free(ctx);
    if (!done) {
        OPENSSL_cleanse(body, len - BODY - TAG);
    }
    return done;
}

bool mcp_record_seal(mcp_view_t *sealed, const mcp_record_t *record, const mcp_record_place_t *place,
                     const unsigned char nonce[MCP_RECORD_NONCE], apr_pool_t *pool)
{
    apr_size_t len = OVERHEAD + record->payload.len;
    unsigned char *bytes;
    bool done;

    if (record->payload.len > MCP_LIMIT_RECORD - OVERHEAD) {
        return false;
    }
    bytes = apr_palloc(pool, len);
    bytes[0] = VERSION;
    memcpy(bytes + 1, nonce, MCP_RECORD_NONCE);
    write_number(bytes + BODY, (apr_uint64_t)record->until);
    write_number(bytes + BODY + 8, (apr_uint64_t)record->made);
    if (record->payload.len > 0) {
        memcpy(bytes + BODY + TIMES, record->payload.data, record->payload.len);
    }
    ERR_set_mark();
    done = convert(bytes, len, place, false);
    ERR_pop_to_mark();
    if (done) {
        *sealed = (mcp_view_t){ (char *)bytes, len };
    }
    return done;
}

/* made is not negative where it is subtracted, so nothing overflows. */
static bool is_current(const mcp_record_t *record, const mcp_record_clock_t *clock)
{
    return record->made >= 0 && record->made - AHEAD <= clock->now && record->until > clock->now &&
           record->until > record->made && record->until - record->made <= clock->longest;
}

bool mcp_record_open(mcp_record_t *record, mcp_view_t sealed, const mcp_record_place_t *place,
                     const mcp_record_clock_t *clock, apr_pool_t *pool)
{
    mcp_record_t found;
    unsigned char *bytes;
    bool valid;

    if (sealed.len < OVERHEAD || sealed.len > MCP_LIMIT_RECORD || sealed.data[0] != VERSION) {
        return false;
    }
    bytes = apr_pmemdup(pool, sealed.data, sealed.len);
    ERR_set_mark(); /* a wrong tag must leave nothing in the error queue that TLS shares with us */
    valid = convert(bytes, sealed.len, place, true);
    ERR_pop_to_mark();
    found = (mcp_record_t){
        .until = (apr_time_t)read_number(bytes + BODY),
        .made = (apr_time_t)read_number(bytes + BODY + 8),
        .payload = { (char *)bytes + BODY + TIMES, sealed.len - OVERHEAD },
    };
    if (!valid || !is_current(&found, clock)) {
        OPENSSL_cleanse(bytes, sealed.len);
        return false;
    }
    *record = found;
    return true;
}
