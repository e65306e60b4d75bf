#include "mint.h"

#include <jwt.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "b64url.h"
#include "json.h"
#include "limits.h"

/* libjwt checks neither the curve nor the strength of what it signs with, so each row says what its key must be. */
typedef struct {
    const char *name;
    jwt_alg_t alg;
    const EVP_MD *(*digest)(void);
    int type;          /* EVP_PKEY_RSA, EVP_PKEY_EC or EVP_PKEY_HMAC */
    const char *curve; /* OpenSSL's name, for EC */
    apr_size_t size;   /* EC: bytes of r and of s; HMAC: least bytes of the secret */
} algorithm_t;

/* Of the rows that a key fits, mcp_mint_alg_of names the first. */
static const algorithm_t algorithms[] = {
    { "RS256", JWT_ALG_RS256, EVP_sha256, EVP_PKEY_RSA, NULL, 0 },
    { "RS384", JWT_ALG_RS384, EVP_sha384, EVP_PKEY_RSA, NULL, 0 },
    { "RS512", JWT_ALG_RS512, EVP_sha512, EVP_PKEY_RSA, NULL, 0 },
    { "ES256", JWT_ALG_ES256, EVP_sha256, EVP_PKEY_EC, "prime256v1", 32 },
    { "ES384", JWT_ALG_ES384, EVP_sha384, EVP_PKEY_EC, "secp384r1", 48 },
    { "ES512", JWT_ALG_ES512, EVP_sha512, EVP_PKEY_EC, "secp521r1", 66 },
    { "HS256", JWT_ALG_HS256, EVP_sha256, EVP_PKEY_HMAC, NULL, 32 },
    { "HS384", JWT_ALG_HS384, EVP_sha384, EVP_PKEY_HMAC, NULL, 48 },
    { "HS512", JWT_ALG_HS512, EVP_sha512, EVP_PKEY_HMAC, NULL, 64 },
};

static const algorithm_t *find(const char *name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (strcmp(algorithms[i].name, name) == 0) {
            return &algorithms[i];
        }
    }
    return NULL;
}

static bool has_curve(const EVP_PKEY *key, const char *curve)
{
    char name[64];

    return EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1 && strcmp(name, curve) == 0;
}

static bool is_fit(const algorithm_t *algorithm, const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);

    if (EVP_PKEY_get_base_id(key) != algorithm->type) {
        return false;
    }
    return algorithm->curve ? has_curve(key, algorithm->curve) : bits >= MCP_LIMIT_RSA_MIN && bits <= MCP_LIMIT_RSA_MAX;
}

/* Without a callback of ours OpenSSL would ask for the pass phrase on the terminal of the server. */
static int no_pass_phrase(char *buffer, int size, int writing, void *baton)
{
    (void)buffer, (void)size, (void)writing, (void)baton;
    return -1;
}

static apr_status_t free_key(void *key)
{
    EVP_PKEY_free(key);
    return APR_SUCCESS;
}

apr_status_t mcp_mint_read_key(EVP_PKEY **key, mcp_view_t pem, apr_pool_t *pool)
{
    EVP_PKEY *found = NULL;
    BIO *bio = pem.len > 0 && pem.len <= MCP_LIMIT_FILE ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;

    if (bio) {
        found = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
        BIO_free(bio);
    }
    ERR_clear_error();
    if (!found) {
        return APR_EINVAL;
    }
    apr_pool_cleanup_register(pool, found, free_key, apr_pool_cleanup_null);
    *key = found;
    return APR_SUCCESS;
}

const char *mcp_mint_alg_of(const EVP_PKEY *key)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (is_fit(&algorithms[i], key)) {
            return algorithms[i].name;
        }
    }
    return NULL;
}

/* The key of the algorithm, NULL when it is no match. */
static EVP_PKEY *key_for(const algorithm_t *algorithm, mcp_view_t bytes, apr_pool_t *pool)
{
    EVP_PKEY *key = NULL;

    if (algorithm->type != EVP_PKEY_HMAC) {
        return mcp_mint_read_key(&key, bytes, pool) == APR_SUCCESS && is_fit(algorithm, key) ? key : NULL;
    }
    if (bytes.len >= algorithm->size && bytes.len <= MCP_LIMIT_SECRET_MAX) {
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)bytes.data, bytes.len);
    }
    if (key) {
        apr_pool_cleanup_register(pool, key, free_key, apr_pool_cleanup_null);
    }
    return key;
}

/* OpenSSL's DER as r and s side by side (RFC 7518 3.4); raw holds twice size bytes. */
static bool to_raw(unsigned char *raw, const unsigned char *der, size_t len, apr_size_t size)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool done = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, (int)size) == (int)size &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + size, (int)size) == (int)size;

    ECDSA_SIG_free(pair);
    return done;
}

static const char *signature_of(const algorithm_t *algorithm, EVP_PKEY *key, const char *text, apr_pool_t *pool)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char bytes[MCP_LIMIT_RSA_MAX / 8], raw[2 * 66];
    size_t len = sizeof(bytes);
    bool done = context && EVP_DigestSignInit(context, NULL, algorithm->digest(), NULL, key) == 1 &&
                EVP_DigestSign(context, bytes, &len, (const unsigned char *)text, strlen(text)) == 1;

    EVP_MD_CTX_free(context);
    if (!done) {
        return NULL;
    }
    if (algorithm->curve) {
        return to_raw(raw, bytes, len, algorithm->size)
                   ? mcp_b64url_encode((mcp_view_t){ (char *)raw, 2 * algorithm->size }, pool)
                   : NULL;
    }
    return mcp_b64url_encode((mcp_view_t){ (char *)bytes, len }, pool);
}

/* libjwt before 1.12 (its issue 97) writes "typ":"JWT" over any other. Such a token gets the typ that was asked for,
 * and with it a new signature. */
static apr_status_t retype(const char **token, const algorithm_t *algorithm, const mcp_mint_t *how, EVP_PKEY *key,
                           apr_pool_t *pool)
{
    json_t *header =
        mcp_json_own(json_pack("{s:s, s:s*, s:s}", "alg", how->alg, "kid", how->kid, "typ", how->typ), pool);
    const char *text = mcp_json_text(header, pool);
    const char *claims = strchr(*token, '.') + 1, *end = strchr(claims, '.'), *signature;

    if (!text) {
        return APR_ENOMEM;
    }
    text = apr_pstrcat(pool, mcp_b64url_encode(mcp_view_of(text), pool), ".",
                       apr_pstrmemdup(pool, claims, (apr_size_t)(end - claims)), NULL);
    signature = signature_of(algorithm, key, text, pool);
    ERR_clear_error();
    if (!signature) {
        return APR_EGENERAL;
    }
    *token = apr_pstrcat(pool, text, ".", signature, NULL);
    return APR_SUCCESS;
}

static apr_status_t fill(jwt_t *jwt, const algorithm_t *algorithm, const mcp_mint_t *how, const char *claims)
{
    if (jwt_add_grants_json(jwt, claims) != 0 || (how->kid && jwt_add_header(jwt, "kid", how->kid) != 0) ||
        (how->typ && jwt_add_header(jwt, "typ", how->typ) != 0)) {
        return APR_EINVAL;
    }
    return jwt_set_alg(jwt, algorithm->alg, (const unsigned char *)how->key.data, (int)how->key.len) == 0
               ? APR_SUCCESS
               : APR_EGENERAL;
}

static apr_status_t encode(const char **token, jwt_t *jwt, apr_pool_t *pool)
{
    char *text = jwt_encode_str(jwt);

    ERR_clear_error();
    if (!text) {
        return APR_EGENERAL;
    }
    *token = apr_pstrdup(pool, text);
    free(text);
    return APR_SUCCESS;
}

apr_status_t mcp_mint_sign(const char **token, const mcp_mint_t *how, const json_t *claims, apr_pool_t *pool)
{
    const algorithm_t *algorithm = find(how->alg);
    const char *text = json_is_object(claims) ? mcp_json_text(claims, pool) : NULL;
    EVP_PKEY *key = algorithm ? key_for(algorithm, how->key, pool) : NULL;
    jwt_t *jwt = NULL;
    apr_status_t status;

    if (!algorithm) {
        return APR_ENOTIMPL;
    }
    if (!text || !key) {
        return APR_EINVAL;
    }
    if (jwt_new(&jwt) != 0) {
        return APR_ENOMEM;
    }
    status = fill(jwt, algorithm, how, text);
    if (status == APR_SUCCESS) {
        status = encode(token, jwt, pool);
    }
    if (status == APR_SUCCESS && how->typ && strcmp(jwt_get_header(jwt, "typ"), how->typ) != 0) {
        status = retype(token, algorithm, how, key, pool);
    }
    jwt_free(jwt);
    return status;
}
