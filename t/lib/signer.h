/* signer.h - Ed25519 key pairs for tests: the key as a JWK, and tokens signed with it.
 */
#ifndef SIGNER_H
#define SIGNER_H

#include <openssl/evp.h>

#include "../../src/core/b64url.h"

typedef struct {
    EVP_PKEY *pkey;
    const char *kid;
} signer_t;

static inline apr_status_t signer_free(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static inline signer_t signer_make(const char *kid, apr_pool_t *pool)
{
    signer_t signer = { EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), kid };

    if (!signer.pkey) {
        abort();
    }
    apr_pool_cleanup_register(pool, signer.pkey, signer_free, apr_pool_cleanup_null);
    return signer;
}

static inline const char *signer_jwk(const signer_t *signer, apr_pool_t *pool)
{
    unsigned char point[32];
    size_t len = sizeof(point);

    EVP_PKEY_get_raw_public_key(signer->pkey, point, &len);
    return apr_psprintf(
        pool, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"kid\":\"%s\",\"x\":\"%s\"}",
        signer->kid, mcp_b64url_encode((mcp_view_t){ (const char *)point, len }, pool));
}

/* A key set of one signer. */
static inline const char *signer_jwks(const signer_t *signer, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "{\"keys\":[", signer_jwk(signer, pool), "]}", NULL);
}

/* A token of that signer, under a kid of the caller's choice. */
static inline const char *signer_token(const signer_t *signer, const char *kid, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", kid);
    const char *text = apr_pstrcat(pool, mcp_b64url_encode(mcp_view_of(header), pool), ".",
                                   mcp_b64url_encode(mcp_view_of("{\"sub\":\"user\"}"), pool), NULL);
    unsigned char sig[64];
    size_t len = sizeof(sig);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer->pkey) != 1 ||
        EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)) != 1) {
        abort();
    }
    EVP_MD_CTX_free(ctx);
    return apr_pstrcat(pool, text, ".", mcp_b64url_encode((mcp_view_t){ (const char *)sig, len }, pool), NULL);
}

#endif
