/* jwk.h - verification keys: JSON Web Keys, PEM public keys, certificates and shared secrets, parsed once (RFC 7517,
 * 7518 6). Not where they were fetched from (issuer.h), nor which token they verify (jws.h).
 * A key that is unfit is left out with one log line; the fit ones beside it stay.
 */
#ifndef MCP_JWK_H
#define MCP_JWK_H

#include <jansson.h>

#include "alg.h"
#include "limits.h"
#include "reason.h"
#include "verifier.h"

typedef struct {
    const char *kid; /* NULL when the key has none */
    unsigned algs;   /* the set of mcp_alg_t this key may verify */
    mcp_verifier_t *verifier;
} mcp_jwk_t;

/* A key set. Const after it was made; all memory, OpenSSL's too, dies with its pool. */
typedef struct {
    apr_pool_t *pool;
    mcp_jwk_t keys[MCP_LIMIT_KEYS];
    int count;
    bool cut; /* there were more keys than are kept */
    json_t
        *published; /* an array of the JWKs that were added, reduced to what their keys need; NULL before the first */
} mcp_jwks_t;

/* The algorithm of that exact name (case-sensitive, RFC 7515 4.1.1), or 0. */
unsigned mcp_jwk_alg(mcp_view_t name);

/* An empty set in a pool. */
mcp_jwks_t *mcp_jwk_set(apr_pool_t *pool);

/* Add the usable keys of a JWK Set text, as far as there is room. False when the text is no set, has duplicate members or
 * no usable key; but a set that comes when there is no room is not looked into. */
bool mcp_jwk_add_set(mcp_jwks_t *set, mcp_view_t text, const mcp_log_t *log);

/* The same for a set that is parsed already. */
bool mcp_jwk_add_document(mcp_jwks_t *set, const json_t *document, const mcp_log_t *log);

/* Add the public keys and certificates of a PEM text. False when there is none, or a private key among them. */
bool mcp_jwk_add_pem(mcp_jwks_t *set, mcp_view_t text, const mcp_log_t *log);

/* Add a shared secret for HMAC; the bytes are copied and wiped with the pool. False when it is shorter than
 * MCP_LIMIT_SECRET_MIN or longer than MCP_LIMIT_SECRET_MAX. */
bool mcp_jwk_add_secret(mcp_jwks_t *set, mcp_view_t bytes);

#endif
