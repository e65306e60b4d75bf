/* verifier.h - one key at work: whether a signature over a text is by it (RFC 7518 3, RFC 8037 3.1).
 * Not which key a token needs (jws.h), nor whether a key is fit (keyfit.h). The only place that verifies a signature.
 *
 * What OpenSSL looks up and sets up before it verifies costs as much as a tenth of the verification. So a verifier keeps
 * what was set up once and lends it to one thread at a time; a thread that comes when all is lent sets up its own.
 */
#ifndef MCP_VERIFIER_H
#define MCP_VERIFIER_H

#include <apr_pools.h>
#include <openssl/evp.h>

#include "view.h"

typedef struct mcp_verifier_t mcp_verifier_t;

/* A verifier with a public key, which becomes the pool's. */
mcp_verifier_t *mcp_verifier_of_key(EVP_PKEY *pkey, apr_pool_t *pool);

/* A verifier with a shared secret; the bytes are copied, and wiped with the pool. */
mcp_verifier_t *mcp_verifier_of_secret(mcp_view_t bytes, apr_pool_t *pool);

/* Whether the signature, in the form that JOSE gives it, is by this key with the algorithm, one mcp_alg_t that the key is
 * fit for. False as well when there is no memory. May leave errors in OpenSSL's queue. Thread-safe. */
bool mcp_verifier_accepts(mcp_verifier_t *verifier, unsigned alg, mcp_view_t text, mcp_view_t signature);

#endif
