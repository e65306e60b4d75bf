/* keys.h - keys of every kind, a set of those that verify, and right tokens by them, for tests of the compact JWS.
 * Not what is wrong with a token.
 */
#ifndef KEYS_H
#define KEYS_H

#include "../../src/core/jws.h"
#include "forge.h"

#define KEYS_PAYLOAD "{\"sub\":\"user\"}"

static forge_key_t keys_rsa, keys_other_rsa, keys_p256, keys_other_p256, keys_p384, keys_p521, keys_k256, keys_ed,
    keys_other_ed;
static mcp_jwks_t *keys; /* rsa, p256, p384, p521 and ed under their names */

/* Parse and verify; what the whole of it says. */
static inline mcp_reason_t keys_judge_by(const char *token, const mcp_jwks_t *set, unsigned algs, apr_pool_t *pool)
{
    mcp_jws_t jws;
    mcp_reason_t reason = mcp_jws_parse(&jws, mcp_view_of(token), pool);

    return reason == MCP_OK ? mcp_jws_verify(&jws, set, algs) : reason;
}

static inline mcp_reason_t keys_judge(const char *token, apr_pool_t *pool)
{
    return keys_judge_by(token, keys, MCP_ALGS_PUBLIC, pool);
}

static inline mcp_jwks_t *keys_set(const char *jwks, apr_pool_t *pool)
{
    mcp_jwks_t *set = mcp_jwk_set(pool);

    forge_must(mcp_jwk_add_set(set, mcp_view_of(apr_pstrcat(pool, "{\"keys\":[", jwks, "]}", NULL)), NULL),
               "a key set");
    return set;
}

/* A row for each algorithm that has public keys. */
static const struct {
    const char *alg, *kid;
    const forge_key_t *key, *other; /* other: one of the same kind, not in the set */
} keys_good[] = {
    { "RS256", "rsa", &keys_rsa, &keys_other_rsa },
    { "RS384", "rsa", &keys_rsa, &keys_other_rsa },
    { "RS512", "rsa", &keys_rsa, &keys_other_rsa },
    { "PS256", "rsa", &keys_rsa, &keys_other_rsa },
    { "PS384", "rsa", &keys_rsa, &keys_other_rsa },
    { "PS512", "rsa", &keys_rsa, &keys_other_rsa },
    { "ES256", "p256", &keys_p256, &keys_other_p256 },
    { "ES384", "p384", &keys_p384, NULL },
    { "ES512", "p521", &keys_p521, NULL },
    { "EdDSA", "ed", &keys_ed, &keys_other_ed },
};

/* A token of a row by any key. */
static inline const char *keys_token(size_t i, const forge_key_t *key, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", keys_good[i].alg, keys_good[i].kid);

    return forge_token(forge_alg(keys_good[i].alg), key, header, KEYS_PAYLOAD, pool);
}

static inline void keys_make(apr_pool_t *pool)
{
    keys_rsa = forge_rsa(2048, 65537, pool);
    keys_other_rsa = forge_rsa(2048, 65537, pool);
    keys_p256 = forge_ec("P-256", pool);
    keys_other_p256 = forge_ec("P-256", pool);
    keys_p384 = forge_ec("P-384", pool);
    keys_p521 = forge_ec("P-521", pool);
    keys_k256 = forge_ec("secp256k1", pool);
    keys_ed = forge_okp("ED25519", pool);
    keys_other_ed = forge_okp("ED25519", pool);
    keys = keys_set(apr_pstrcat(pool, forge_jwk(&keys_rsa, "\"kid\":\"rsa\"", pool), ",",
                                forge_jwk(&keys_p256, "\"kid\":\"p256\"", pool), ",",
                                forge_jwk(&keys_p384, "\"kid\":\"p384\"", pool), ",",
                                forge_jwk(&keys_p521, "\"kid\":\"p521\"", pool), ",",
                                forge_jwk(&keys_ed, "\"kid\":\"ed\"", pool), NULL),
                    pool);
}

#endif
