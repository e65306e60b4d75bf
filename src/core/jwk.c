#include "jwk.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "b64url.h"
#include "json.h"
#include "keyfit.h"

unsigned mcp_jwk_alg(mcp_view_t name)
{
    static const char *const names[] = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
                                         "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512" };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (mcp_view_is(name, names[i])) {
            return 1U << i;
        }
    }
    return 0;
}

mcp_jwks_t *mcp_jwk_set(apr_pool_t *pool)
{
    mcp_jwks_t *set = apr_pcalloc(pool, sizeof(*set));

    set->pool = pool;
    return set;
}

/* Take over pkey. algs is what the key's owner allows; NULL or why the key is left out. */
static const char *add_key(mcp_jwks_t *set, EVP_PKEY *pkey, const char *kid, unsigned algs)
{
    unsigned able = 0;
    const char *unfit = pkey ? mcp_keyfit_judge(&able, pkey) : "its members are not those of its type";

    if (!unfit && (able & algs) == 0) {
        unfit = "its alg does not fit its type or is not supported";
    }
    if (!unfit && set->count == MCP_LIMIT_KEYS) {
        unfit = "there are too many keys";
    }
    if (unfit) {
        EVP_PKEY_free(pkey);
        return unfit;
    }
    set->keys[set->count++] = (mcp_jwk_t){ kid, able & algs, mcp_verifier_of_key(pkey, set->pool) };
    return NULL;
}

static EVP_PKEY *pkey_from_params(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

static bool member_bytes(mcp_view_t *bytes, const json_t *jwk, const char *name, apr_pool_t *pool)
{
    mcp_view_t text;

    return mcp_json_string(&text, json_object_get(jwk, name)) && mcp_b64url_decode(bytes, text, pool) && bytes->len > 0;
}

/* RFC 7518 6.3.1. A modulus beyond the cap is refused before OpenSSL sees it. */
static EVP_PKEY *parse_rsa(const json_t *jwk, apr_pool_t *pool)
{
    mcp_view_t n, e;
    OSSL_PARAM_BLD *build;
    BIGNUM *modulus, *exponent;
    EVP_PKEY *pkey = NULL;

    if (!member_bytes(&n, jwk, "n", pool) || !member_bytes(&e, jwk, "e", pool) || n.len > MCP_LIMIT_RSA_MAX / 8 + 1 ||
        e.len > MCP_LIMIT_RSA_MAX / 8) {
        return NULL;
    }
    build = OSSL_PARAM_BLD_new();
    modulus = BN_bin2bn((const unsigned char *)n.data, (int)n.len, NULL);
    exponent = BN_bin2bn((const unsigned char *)e.data, (int)e.len, NULL);
    if (build && modulus && exponent && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        pkey = pkey_from_params("RSA", build);
    }
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

/* RFC 7518 6.2.1: the coordinates have the full length of the curve. */
static EVP_PKEY *parse_ec(const json_t *jwk, apr_pool_t *pool)
{
    static const struct {
        const char *crv, *group;
        size_t size;
    } curves[] = { { "P-256", "prime256v1", 32 }, { "P-384", "secp384r1", 48 }, { "P-521", "secp521r1", 66 } };
    unsigned char point[1 + 2 * 66] = { 4 }; /* SEC 1 2.3.3: uncompressed */
    mcp_view_t crv, x, y;
    EVP_PKEY *pkey = NULL;

    if (!mcp_json_string(&crv, json_object_get(jwk, "crv")) || !member_bytes(&x, jwk, "x", pool) ||
        !member_bytes(&y, jwk, "y", pool)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        size_t size = curves[i].size;
        OSSL_PARAM_BLD *build;

        if (!mcp_view_is(crv, curves[i].crv) || x.len != size || y.len != size) {
            continue;
        }
        memcpy(point + 1, x.data, size);
        memcpy(point + 1 + size, y.data, size);
        build = OSSL_PARAM_BLD_new();
        if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) == 1) {
            pkey = pkey_from_params("EC", build);
        }
        OSSL_PARAM_BLD_free(build);
    }
    return pkey;
}

/* RFC 8037 2. X25519 and X448 are for key agreement, Ed448 is not in our list. */
static EVP_PKEY *parse_okp(const json_t *jwk, apr_pool_t *pool)
{
    mcp_view_t crv, x;

    if (!mcp_json_string(&crv, json_object_get(jwk, "crv")) || !mcp_view_is(crv, "Ed25519") ||
        !member_bytes(&x, jwk, "x", pool) || x.len != 32) {
        return NULL;
    }
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.data, x.len);
}

/* Whether key_ops, when present, lists verify (RFC 7517 4.3). */
static bool may_verify(const json_t *jwk)
{
    const json_t *ops = json_object_get(jwk, "key_ops"), *op;
    size_t i;
    mcp_view_t name;

    if (!ops) {
        return true;
    }
    json_array_foreach (ops, i, op) {
        if (mcp_json_string(&name, op) && mcp_view_is(name, "verify")) {
            return true;
        }
    }
    return false;
}

/* Reasons to leave a key out that show without parsing it (RFC 7517 4.2, 4.3, 9.2). */
static const char *refuse_members(const json_t *jwk)
{
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "k" };
    const json_t *use = json_object_get(jwk, "use"), *kid = json_object_get(jwk, "kid");
    mcp_view_t text;

    for (size_t i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++) {
        if (json_object_get(jwk, private_members[i])) {
            return "it has private or symmetric members";
        }
    }
    if (use && (!mcp_json_string(&text, use) || !mcp_view_is(text, "sig"))) {
        return "its use is not sig";
    }
    if (!may_verify(jwk)) {
        return "its key_ops do not have verify";
    }
    if (kid && (!mcp_json_string(&text, kid) || text.len > MCP_LIMIT_KID)) {
        return "its kid is no string of at most 512 bytes";
    }
    return NULL;
}

static const char *add_jwk(mcp_jwks_t *set, const json_t *jwk)
{
    const json_t *alg = json_object_get(jwk, "alg");
    unsigned algs = MCP_ALGS_PUBLIC;
    const char *unfit = json_is_object(jwk) ? refuse_members(jwk) : "it is no object", *kid = NULL;
    mcp_view_t text;

    if (unfit) {
        return unfit;
    }
    if (alg) {
        algs = mcp_json_string(&text, alg) ? mcp_jwk_alg(text) & MCP_ALGS_PUBLIC : 0;
    }
    if (mcp_json_string(&text, json_object_get(jwk, "kid"))) {
        kid = mcp_view_dup(text, set->pool);
    }
    if (!mcp_json_string(&text, json_object_get(jwk, "kty"))) {
        return "it has no kty";
    }
    if (mcp_view_is(text, "RSA")) {
        return add_key(set, parse_rsa(jwk, set->pool), kid, algs);
    }
    if (mcp_view_is(text, "EC")) {
        return add_key(set, parse_ec(jwk, set->pool), kid, algs);
    }
    if (mcp_view_is(text, "OKP")) {
        return add_key(set, parse_okp(jwk, set->pool), kid, algs);
    }
    return "its kty is not RSA, EC or OKP";
}

/* Keep what an accepted JWK says about its key, and nothing else: it is what other processes and the next start read. */
static void publish(mcp_jwks_t *set, const json_t *jwk)
{
    static const char *const members[] = { "kty", "kid", "alg", "n", "e", "crv", "x", "y" };
    json_t *copy = json_object();

    if (!set->published) {
        set->published = mcp_json_own(json_array(), set->pool);
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_t *value = json_object_get(jwk, members[i]);

        if (json_is_string(value) && json_object_set(copy, members[i], value) != 0) {
            abort();
        }
    }
    if (json_array_append_new(set->published, copy) != 0) {
        abort();
    }
}

static const char *kid_for_log(const json_t *jwk, apr_pool_t *pool)
{
    mcp_view_t kid;

    return mcp_json_string(&kid, json_object_get(jwk, "kid")) ? mcp_log_name(kid, pool) : "(none)";
}

/* Leave out what follows the first keys of a set. */
static void cut(mcp_jwks_t *set, unsigned first, unsigned all, const mcp_log_t *log)
{
    set->cut = true;
    mcp_log(log, MCP_LOG_WARN, "MCP0005",
            "the set has %u keys, those after the first %u are left out; tokens that they have signed are answered 503",
            all, first);
}

bool mcp_jwk_add_document(mcp_jwks_t *set, const json_t *document, const mcp_log_t *log)
{
    const json_t *keys = json_object_get(document, "keys");
    json_t *jwk;
    int before = set->count;
    bool full = before == MCP_LIMIT_KEYS;
    size_t i;

    json_array_foreach (keys, i, jwk) {
        const char *unfit;

        if (set->count == MCP_LIMIT_KEYS || i == MCP_LIMIT_KEYS_READ) {
            cut(set, (unsigned)i, (unsigned)json_array_size(keys), log);
            break;
        }
        ERR_set_mark(); /* an unusable key must leave nothing in the error queue that TLS shares with us */
        unfit = add_jwk(set, jwk);
        ERR_pop_to_mark();
        if (unfit) {
            mcp_log(log, MCP_LOG_WARN, "MCP0002", "key %u of the set, kid \"%s\", is left out: %s", (unsigned)i + 1,
                    kid_for_log(jwk, set->pool), unfit);
        } else {
            publish(set, jwk);
        }
    }
    if (set->count > before || (full && json_array_size(keys) > 0)) {
        return true;
    }
    mcp_log(log, MCP_LOG_ERROR, "MCP0003", "expected a JWK Set with a key to verify signatures, got none");
    return false;
}

bool mcp_jwk_add_set(mcp_jwks_t *set, mcp_view_t text, const mcp_log_t *log)
{
    json_t *document;

    if (mcp_json_parse_object(&document, text, set->pool) != MCP_OK) {
        mcp_log(log, MCP_LOG_ERROR, "MCP0001", "expected a JWK Set, got no JSON object without duplicate members");
        return false;
    }
    return mcp_jwk_add_document(set, document, log);
}

/* A PEM block that is a public key or a certificate; NULL for every other. */
static EVP_PKEY *parse_pem_block(const char *name, const unsigned char *data, long len)
{
    EVP_PKEY *pkey = NULL;
    X509 *certificate;

    if (strcmp(name, PEM_STRING_PUBLIC) == 0) {
        return d2i_PUBKEY(NULL, &data, len);
    }
    if (strcmp(name, PEM_STRING_RSA_PUBLIC) == 0) {
        return d2i_PublicKey(EVP_PKEY_RSA, NULL, &data, len);
    }
    if (strcmp(name, PEM_STRING_X509) == 0 && (certificate = d2i_X509(NULL, &data, len)) != NULL) {
        pkey = X509_get_pubkey(certificate);
        X509_free(certificate);
    }
    return pkey;
}

bool mcp_jwk_add_pem(mcp_jwks_t *set, mcp_view_t text, const mcp_log_t *log)
{
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    char *name, *header;
    unsigned char *data;
    long len;
    int before = set->count;
    const char *unfit = NULL;

    ERR_set_mark();
    while (bio && !unfit && PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
        unfit = strstr(name, "PRIVATE") ? "it is a private key"
                                        : add_key(set, parse_pem_block(name, data, len), NULL, MCP_ALGS_PUBLIC);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)len);
    }
    BIO_free(bio);
    if (!unfit && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) { /* the end of a whole file */
        unfit = "it is cut short or spoiled";
    }
    ERR_pop_to_mark();
    if (unfit) {
        mcp_log(log, MCP_LOG_ERROR, "MCP0004", "a key of the PEM file is not usable: %s", unfit);
    }
    return !unfit && set->count > before;
}

bool mcp_jwk_add_secret(mcp_jwks_t *set, mcp_view_t bytes)
{
    if (bytes.len < MCP_LIMIT_SECRET_MIN || bytes.len > MCP_LIMIT_SECRET_MAX || set->count == MCP_LIMIT_KEYS) {
        return false;
    }
    set->keys[set->count++] = (mcp_jwk_t){ NULL, MCP_ALGS_HMAC, mcp_verifier_of_secret(bytes, set->pool) };
    return true;
}
