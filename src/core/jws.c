#include "jws.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "b64url.h"
#include "limits.h"

/* How each algorithm is verified; the order is that of mcp_alg_t's bits. */
typedef struct {
    const EVP_MD *(*digest)(void); /* NULL for EdDSA, which hashes by itself */
    bool pss;
    size_t ec_size; /* bytes of r and of s, 0 when it is not ECDSA */
} algorithm_t;

static const algorithm_t algorithms[] = {
    { EVP_sha256, false, 0 },  { EVP_sha384, false, 0 }, { EVP_sha512, false, 0 },  { EVP_sha256, true, 0 },
    { EVP_sha384, true, 0 },   { EVP_sha512, true, 0 },  { EVP_sha256, false, 32 }, { EVP_sha384, false, 48 },
    { EVP_sha512, false, 66 }, { NULL, false, 0 },       { EVP_sha256, false, 0 },  { EVP_sha384, false, 0 },
    { EVP_sha512, false, 0 },
};

static const algorithm_t *algorithm_of(unsigned alg)
{
    return &algorithms[__builtin_ctz(alg)];
}

/* The three parts between exactly two dots; five parts are a JWE (RFC 7516 9). */
static mcp_reason_t split(mcp_view_t parts[3], mcp_view_t token)
{
    mcp_view_t rest = token;
    const char *dot;
    int count = 0;

    do {
        dot = rest.len > 0 ? memchr(rest.data, '.', rest.len) : NULL;
        if (count < 3) {
            parts[count] = (mcp_view_t){ rest.data, dot ? (apr_size_t)(dot - rest.data) : rest.len };
        }
        if (dot) {
            rest.len -= (apr_size_t)(dot + 1 - rest.data);
            rest.data = dot + 1;
        }
        count++;
    } while (dot && count <= 5);
    return count == 3 ? MCP_OK : count == 5 ? MCP_ENCRYPTED : MCP_MALFORMED;
}

bool mcp_jws_is_shaped(mcp_view_t token)
{
    mcp_view_t parts[3];

    /* "{" is 0x7b: in base64url an e, and then a letter from w on, a digit, a hyphen or a low line. */
    return split(parts, token) == MCP_OK && parts[0].len > 1 && parts[0].data[0] == 'e' &&
           strchr("wxyz0123456789-_", parts[0].data[1]) != NULL;
}

/* RFC 7515 4.1.9: a typ without a slash stands for one in application/; both are case-insensitive. */
static mcp_reason_t read_typ(mcp_typ_t *typ, const json_t *header)
{
    static const struct {
        const char *name;
        mcp_typ_t typ;
    } types[] = { { "at+jwt", MCP_TYP_ACCESS_TOKEN },
                  { "application/at+jwt", MCP_TYP_ACCESS_TOKEN },
                  { "JWT", MCP_TYP_JWT },
                  { "application/jwt", MCP_TYP_JWT } };
    const json_t *value = json_object_get(header, "typ");
    mcp_view_t name;

    *typ = MCP_TYP_ABSENT;
    if (!value) {
        return MCP_OK;
    }
    for (size_t i = 0; mcp_json_string(&name, value) && i < sizeof(types) / sizeof(types[0]); i++) {
        if (name.len == strlen(types[i].name) && strncasecmp(name.data, types[i].name, name.len) == 0) {
            *typ = types[i].typ;
            return MCP_OK;
        }
    }
    return MCP_TYPE;
}

static mcp_reason_t read_header(mcp_jws_t *jws, const json_t *header)
{
    const json_t *kid = json_object_get(header, "kid");
    mcp_view_t alg;

    /* RFC 7515 4.1.11: no extension is understood here, so any list of them refuses; RFC 7797 needs crit as well. */
    if (json_object_get(header, "crit") || json_object_get(header, "b64")) {
        return MCP_CRITICAL;
    }
    /* RFC 8725 3.10: a key or the address of one that comes with the token proves nothing. */
    if (json_object_get(header, "jwk") || json_object_get(header, "jku") || json_object_get(header, "x5u")) {
        return MCP_KEY_IN_TOKEN;
    }
    if (!mcp_json_string(&alg, json_object_get(header, "alg")) || (jws->alg = mcp_jwk_alg(alg)) == 0) {
        return MCP_ALGORITHM;
    }
    jws->kid = (mcp_view_t){ NULL, 0 };
    if (kid && !mcp_json_string(&jws->kid, kid)) {
        return MCP_MALFORMED;
    }
    return read_typ(&jws->typ, header);
}

mcp_reason_t mcp_jws_parse(mcp_jws_t *jws, mcp_view_t token, apr_pool_t *pool)
{
    mcp_view_t parts[3], header_text, payload_text;
    json_t *header;
    mcp_reason_t reason = split(parts, token);

    if (reason != MCP_OK) {
        return reason;
    }
    if (!mcp_b64url_decode(&header_text, parts[0], pool) || header_text.len > MCP_LIMIT_JOSE_HEADER) {
        return MCP_MALFORMED;
    }
    if ((reason = mcp_json_parse_object(&header, header_text, pool)) != MCP_OK ||
        (reason = read_header(jws, header)) != MCP_OK) {
        return reason;
    }
    if (!mcp_b64url_decode(&payload_text, parts[1], pool) || !mcp_b64url_decode(&jws->signature, parts[2], pool)) {
        return MCP_MALFORMED;
    }
    jws->signed_text = (mcp_view_t){ token.data, (apr_size_t)(parts[2].data - 1 - token.data) };
    return mcp_json_parse_object(&jws->payload, payload_text, pool);
}

static bool verify_hmac(const mcp_jws_t *jws, const mcp_jwk_t *key)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (!HMAC(algorithm_of(jws->alg)->digest(), key->secret.data, (int)key->secret.len,
              (const unsigned char *)jws->signed_text.data, jws->signed_text.len, mac, &size)) {
        return false;
    }
    return size == jws->signature.len && CRYPTO_memcmp(mac, jws->signature.data, size) == 0;
}

/* RFC 7518 3.4: r and s in full length, one after the other; OpenSSL wants them in DER. NULL when they cannot be. */
static unsigned char *ecdsa_to_der(int *der_len, mcp_view_t raw, size_t size)
{
    unsigned char *der = NULL;
    const unsigned char *bytes = (const unsigned char *)raw.data;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, (int)size, NULL), *s = BN_bin2bn(bytes + size, (int)size, NULL);

    if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
        *der_len = i2d_ECDSA_SIG(sig, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(sig);
    return der;
}

/* RFC 7518 3.5: the salt is as long as the hash, MGF1 uses the same hash. */
static bool set_pss(EVP_PKEY_CTX *pctx, const EVP_MD *digest)
{
    return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, digest) == 1;
}

static bool verify_digest(const mcp_jws_t *jws, EVP_PKEY *pkey, const unsigned char *sig, size_t sig_len)
{
    const algorithm_t *algorithm = algorithm_of(jws->alg);
    const EVP_MD *digest = algorithm->digest ? algorithm->digest() : NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    bool valid = false;

    if (ctx && EVP_DigestVerifyInit(ctx, &pctx, digest, NULL, pkey) == 1 &&
        (!algorithm->pss || set_pss(pctx, digest))) {
        valid = EVP_DigestVerify(ctx, sig, sig_len, (const unsigned char *)jws->signed_text.data,
                                 jws->signed_text.len) == 1;
    }
    EVP_MD_CTX_free(ctx);
    return valid;
}

static bool verify_public(const mcp_jws_t *jws, EVP_PKEY *pkey)
{
    size_t ec_size = algorithm_of(jws->alg)->ec_size;
    const unsigned char *sig = (const unsigned char *)jws->signature.data;
    unsigned char *der;
    int der_len = 0;
    bool valid;

    if (ec_size == 0) {
        /* RFC 8017 8.2.2 (1) and RFC 8032 5.1.7: exactly as long as the key says */
        return (int)jws->signature.len == EVP_PKEY_get_size(pkey) && verify_digest(jws, pkey, sig, jws->signature.len);
    }
    if (jws->signature.len != 2 * ec_size) {
        return false;
    }
    der = ecdsa_to_der(&der_len, jws->signature, ec_size);
    valid = der && der_len > 0 && verify_digest(jws, pkey, der, (size_t)der_len);
    OPENSSL_free(der);
    return valid;
}

static bool verify_with(const mcp_jws_t *jws, const mcp_jwk_t *key)
{
    return key->pkey ? verify_public(jws, key->pkey) : verify_hmac(jws, key);
}

/* 2: the key bears the token's kid, 1: nothing speaks against it, 0: it has another kid. */
static int kid_fit(const mcp_jws_t *jws, const mcp_jwk_t *key)
{
    if (!jws->kid.data || !key->kid) {
        return 1;
    }
    return mcp_view_is(jws->kid, key->kid) ? 2 : 0;
}

static mcp_reason_t try_keys(const mcp_jws_t *jws, const mcp_jwks_t *keys)
{
    mcp_reason_t reason = MCP_UNKNOWN_KEY;
    int tries = 0;

    for (int fit = 2; fit > 0 && reason == MCP_UNKNOWN_KEY; fit--) {
        for (int i = 0; i < keys->count && tries < MCP_LIMIT_KEY_TRIES; i++) {
            const mcp_jwk_t *key = &keys->keys[i];

            if (kid_fit(jws, key) != fit) {
                continue;
            }
            if ((key->algs & jws->alg) == 0) {
                reason = fit == 2 && reason == MCP_UNKNOWN_KEY ? MCP_ALGORITHM : reason;
                continue;
            }
            if (verify_with(jws, key)) {
                return MCP_OK;
            }
            reason = MCP_SIGNATURE;
            tries++;
        }
    }
    return reason;
}

mcp_reason_t mcp_jws_verify(const mcp_jws_t *jws, const mcp_jwks_t *keys, unsigned algs)
{
    mcp_reason_t reason;

    if ((jws->alg & algs) == 0) {
        return MCP_ALGORITHM;
    }
    ERR_set_mark(); /* a wrong signature must leave nothing in the error queue that TLS shares with us */
    reason = try_keys(jws, keys);
    ERR_pop_to_mark();
    return reason;
}
