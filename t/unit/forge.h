/* forge.h - keys and signatures for tests, right ones and wrong ones: everything a forger has who knows OpenSSL.
 * Not what the code under test should say of them. All memory dies with the pool.
 */
#ifndef FORGE_H
#define FORGE_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "../../src/core/b64url.h"

/* How to sign. The rows of forge_algs are right; a test copies one and bends it. */
typedef struct {
    const char *name;
    const EVP_MD *(*md)(void); /* NULL: EdDSA */
    bool pss;
    int salt;                    /* of PSS; RSA_PSS_SALTLEN_DIGEST is right */
    const EVP_MD *(*mgf1)(void); /* of PSS, NULL for the same as md */
    size_t ec_size;              /* bytes of r and of s; 0: not ECDSA */
    bool hmac;
} forge_alg_t;

static const forge_alg_t forge_algs[] = {
    { "RS256", EVP_sha256, false, 0, NULL, 0, false },
    { "RS384", EVP_sha384, false, 0, NULL, 0, false },
    { "RS512", EVP_sha512, false, 0, NULL, 0, false },
    { "PS256", EVP_sha256, true, RSA_PSS_SALTLEN_DIGEST, NULL, 0, false },
    { "PS384", EVP_sha384, true, RSA_PSS_SALTLEN_DIGEST, NULL, 0, false },
    { "PS512", EVP_sha512, true, RSA_PSS_SALTLEN_DIGEST, NULL, 0, false },
    { "ES256", EVP_sha256, false, 0, NULL, 32, false },
    { "ES384", EVP_sha384, false, 0, NULL, 48, false },
    { "ES512", EVP_sha512, false, 0, NULL, 66, false },
    { "EdDSA", NULL, false, 0, NULL, 0, false },
    { "HS256", EVP_sha256, false, 0, NULL, 0, true },
    { "HS384", EVP_sha384, false, 0, NULL, 0, true },
    { "HS512", EVP_sha512, false, 0, NULL, 0, true },
};

#define FORGE_PUBLIC 10 /* so many of them have a public key */

/* What signs: a key pair, or the bytes of a secret. */
typedef struct {
    EVP_PKEY *pkey;
    mcp_view_t secret;
} forge_key_t;

static inline void forge_must(bool good, const char *what)
{
    if (!good) {
        printf("Bail out! the test cannot forge: %s\n", what);
        exit(1);
    }
}

static inline const forge_alg_t *forge_alg(const char *name)
{
    for (size_t i = 0; i < sizeof(forge_algs) / sizeof(forge_algs[0]); i++) {
        if (strcmp(forge_algs[i].name, name) == 0) {
            return &forge_algs[i];
        }
    }
    forge_must(false, name);
    return NULL;
}

static inline apr_status_t forge_free(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static inline forge_key_t forge_own(EVP_PKEY *pkey, apr_pool_t *pool)
{
    forge_must(pkey, "a key");
    apr_pool_cleanup_register(pool, pkey, forge_free, apr_pool_cleanup_null);
    return (forge_key_t){ .pkey = pkey };
}

static inline forge_key_t forge_rsa(unsigned bits, unsigned exponent, apr_pool_t *pool)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    BIGNUM *e = BN_new();

    BN_set_word(e, exponent);
    forge_must(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1 &&
                   EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1,
               "an RSA key");
    EVP_PKEY_CTX_free(ctx);
    BN_free(e);
    return forge_own(pkey, pool);
}

static inline forge_key_t forge_ec(const char *curve, apr_pool_t *pool)
{
    return forge_own(EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve), pool);
}

static inline forge_key_t forge_okp(const char *type, apr_pool_t *pool)
{
    return forge_own(EVP_PKEY_Q_keygen(NULL, NULL, type), pool);
}

static inline const char *forge_b64(const void *bytes, size_t len, apr_pool_t *pool)
{
    return mcp_b64url_encode((mcp_view_t){ bytes, len }, pool);
}

/* A number of a key, base64url of at least size bytes. */
static inline const char *forge_number(const forge_key_t *key, const char *param, int size, apr_pool_t *pool)
{
    unsigned char bytes[1024];
    BIGNUM *number = NULL;
    int len;

    forge_must(EVP_PKEY_get_bn_param(key->pkey, param, &number) == 1, param);
    len = size ? size : BN_num_bytes(number);
    forge_must(BN_bn2binpad(number, bytes, len) == len, param);
    BN_free(number);
    return forge_b64(bytes, (size_t)len, pool);
}

static inline const char *forge_crv(const forge_key_t *key, int *size)
{
    static const struct {
        const char *group, *crv;
        int size;
    } curves[] = { { "prime256v1", "P-256", 32 },
                   { "secp384r1", "P-384", 48 },
                   { "secp521r1", "P-521", 66 },
                   { "secp256k1", "secp256k1", 32 } };
    char group[64] = "";

    EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL);
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(group, curves[i].group) == 0) {
            *size = curves[i].size;
            return curves[i].crv;
        }
    }
    forge_must(false, group);
    return NULL;
}

/* The public key as the members of a JWK, without braces. */
static inline const char *forge_members(const forge_key_t *key, apr_pool_t *pool)
{
    unsigned char raw[64];
    size_t len = sizeof(raw);
    int size = 0;
    const char *crv;

    if (EVP_PKEY_is_a(key->pkey, "RSA")) {
        return apr_psprintf(pool, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", forge_number(key, "n", 0, pool),
                            forge_number(key, "e", 0, pool));
    }
    if (EVP_PKEY_is_a(key->pkey, "EC")) {
        crv = forge_crv(key, &size);
        return apr_psprintf(pool, "\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"", crv,
                            forge_number(key, "qx", size, pool), forge_number(key, "qy", size, pool));
    }
    forge_must(EVP_PKEY_get_raw_public_key(key->pkey, raw, &len) == 1, "a raw key");
    crv = EVP_PKEY_is_a(key->pkey, "ED25519") ? "Ed25519" : EVP_PKEY_is_a(key->pkey, "ED448") ? "Ed448" : "X25519";
    return apr_psprintf(pool, "\"kty\":\"OKP\",\"crv\":\"%s\",\"x\":\"%s\"", crv, forge_b64(raw, len, pool));
}

/* The JWK; more is text such as "\"kid\":\"a\"", or NULL. */
static inline const char *forge_jwk(const forge_key_t *key, const char *more, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "{", forge_members(key, pool), more ? "," : "", more ? more : "", "}", NULL);
}

static inline mcp_view_t forge_bio(BIO *bio, apr_pool_t *pool)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    mcp_view_t text = { apr_pstrmemdup(pool, data, (apr_size_t)len), (apr_size_t)len };

    BIO_free(bio);
    return text;
}

static inline const char *forge_pem(const forge_key_t *key, bool private_key, apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());

    forge_must(private_key ? PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1
                           : PEM_write_bio_PUBKEY(bio, key->pkey) == 1,
               "PEM");
    return forge_bio(bio, pool).data;
}

/* r and s of a DER signature side by side. */
static inline mcp_view_t forge_raw(mcp_view_t der, size_t size, apr_pool_t *pool)
{
    const unsigned char *bytes = (const unsigned char *)der.data;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &bytes, (long)der.len);
    unsigned char *raw = apr_palloc(pool, 2 * size);

    forge_must(sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)size) >= 0 &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + size, (int)size) >= 0,
               "an ECDSA signature");
    ECDSA_SIG_free(sig);
    return (mcp_view_t){ (char *)raw, 2 * size };
}

static inline bool forge_set_pss(EVP_PKEY_CTX *ctx, const forge_alg_t *alg)
{
    return !alg->pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                         EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, alg->salt) == 1 &&
                         EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, alg->mgf1 ? alg->mgf1() : alg->md()) == 1);
}

/* The signature as OpenSSL makes it: DER for ECDSA. */
static inline mcp_view_t forge_signature(const forge_alg_t *alg, const forge_key_t *key, const char *text,
                                         apr_pool_t *pool)
{
    unsigned char bytes[2048];
    size_t len = sizeof(bytes);
    unsigned mac_len = 0;
    EVP_PKEY_CTX *pctx;
    EVP_MD_CTX *ctx;

    if (alg->hmac) {
        HMAC(alg->md(), key->secret.len ? key->secret.data : "", (int)key->secret.len, (const unsigned char *)text,
             strlen(text), bytes, &mac_len);
        return (mcp_view_t){ apr_pmemdup(pool, bytes, mac_len), mac_len };
    }
    ctx = EVP_MD_CTX_new();
    forge_must(EVP_DigestSignInit(ctx, &pctx, alg->md ? alg->md() : NULL, NULL, key->pkey) == 1 &&
                   forge_set_pss(pctx, alg) &&
                   EVP_DigestSign(ctx, bytes, &len, (const unsigned char *)text, strlen(text)) == 1,
               alg->name);
    EVP_MD_CTX_free(ctx);
    return (mcp_view_t){ apr_pmemdup(pool, bytes, len), len };
}

/* What is signed: header and payload. */
static inline const char *forge_text(const char *header, const char *payload, apr_pool_t *pool)
{
    return apr_pstrcat(pool, forge_b64(header, strlen(header), pool), ".", forge_b64(payload, strlen(payload), pool),
                       NULL);
}

static inline const char *forge_join(const char *text, mcp_view_t signature, apr_pool_t *pool)
{
    return apr_pstrcat(pool, text, ".", mcp_b64url_encode(signature, pool), NULL);
}

/* A token: header and payload as given, signed as alg says, whatever the header says. */
static inline const char *forge_token(const forge_alg_t *alg, const forge_key_t *key, const char *header,
                                      const char *payload, apr_pool_t *pool)
{
    const char *text = forge_text(header, payload, pool);
    mcp_view_t signature = forge_signature(alg, key, text, pool);

    return forge_join(text, alg->ec_size ? forge_raw(signature, alg->ec_size, pool) : signature, pool);
}

/* The RSA private operation on a whole block, whatever is in it (B-33, B-34). */
static inline mcp_view_t forge_rsa_block(const forge_key_t *key, const unsigned char *block, size_t size,
                                         apr_pool_t *pool)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    unsigned char *out = apr_palloc(pool, size);
    size_t len = size;

    forge_must(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
                   EVP_PKEY_sign(ctx, out, &len, block, size) == 1 && len == size,
               "an RSA block");
    EVP_PKEY_CTX_free(ctx);
    return (mcp_view_t){ (char *)out, len };
}

#endif
