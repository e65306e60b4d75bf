/* mint.h - signs the JWTs that we issue ourselves: tokens of the developer tool, client assertions (RFC 7515, RFC
 * 7523). Sole includer of jwt.h (in mint.c). Not which claims are right, nor what time it is.
 * RS256 RS384 RS512, ES256 ES384 ES512, HS256 HS384 HS512. libjwt 1.x signs neither PS256 and its sisters nor EdDSA.
 */
#ifndef MCP_MINT_H
#define MCP_MINT_H

#include <apr_errno.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "view.h"

/* How to sign. Borrowed for the call. */
typedef struct {
    const char *alg; /* exact name, RFC 7518 3.1 */
    const char *kid; /* NULL for none */
    const char *typ; /* NULL for JWT */
    mcp_view_t key;  /* a private key in PEM, without pass phrase; for HS* the secret itself */
} mcp_mint_t;

/* Read a private key in PEM; it dies with the pool. APR_EINVAL when there is none, or it has a pass phrase: nobody is
 * asked. */
apr_status_t mcp_mint_read_key(EVP_PKEY **key, mcp_view_t pem, apr_pool_t *pool);

/* The name of the algorithm that such a key is used with: RS256 for RSA, ES* by curve. NULL when none of ours fits. */
const char *mcp_mint_alg_of(const EVP_PKEY *key);

/* Sign the claims, an object, which stay as they are. The token is memory of the pool.
 * APR_ENOTIMPL: an algorithm that is not ours. APR_EINVAL: the key is no match for the algorithm or too weak (RFC
 * 7518 3.2 to 3.4), or the claims, kid or typ cannot be written. APR_EGENERAL: libjwt could not sign. */
apr_status_t mcp_mint_sign(const char **token, const mcp_mint_t *how, const json_t *claims, apr_pool_t *pool);

#endif
