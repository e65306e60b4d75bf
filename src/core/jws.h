/* jws.h - one compact JWS: taken apart strictly and checked against a key set (RFC 7515 5.2, RFC 7518 3, RFC 8725).
 * Not what the payload claims (claims.h), nor whose keys they are (issuer.h), nor how one key verifies (verifier.h).
 */
#ifndef MCP_JWS_H
#define MCP_JWS_H

#include "json.h"
#include "jwk.h"

/* What the typ header says (RFC 9068 2.1). */
typedef enum {
    MCP_TYP_ABSENT,
    MCP_TYP_JWT,
    MCP_TYP_ACCESS_TOKEN, /* at+jwt */
} mcp_typ_t;

typedef struct {
    unsigned alg; /* one mcp_alg_t */
    mcp_typ_t typ;
    mcp_view_t kid; /* data is NULL when the header has none */
    mcp_view_t signed_text;
    mcp_view_t signature; /* decoded */
    mcp_view_t payload_text;
    json_t *payload; /* an object; not verified yet */
} mcp_jws_t;

/* Whether a token has the shape of a signed JWT: three parts, and the first is the encoding of something that begins as a
 * JSON object does. What has it is judged as one, and as nothing else. */
bool mcp_jws_is_shaped(mcp_view_t token);

/* Take a token apart. Memory of the pool; signed_text borrows from token. MCP_OK, MCP_MALFORMED, MCP_DUPLICATE_MEMBER,
 * MCP_ENCRYPTED, MCP_CRITICAL, MCP_KEY_IN_TOKEN, MCP_ALGORITHM or MCP_TYPE. MCP_OK says nothing about the signature. */
mcp_reason_t mcp_jws_parse(mcp_jws_t *jws, mcp_view_t token, apr_pool_t *pool);

/* Check the signature with the keys that fit the token's kid and alg. algs is the set that the issuer's configuration
 * allows. A key without kid (a PEM file) fits every kid, after the keys that bear it. MCP_OK, MCP_ALGORITHM,
 * MCP_UNKNOWN_KEY or MCP_SIGNATURE. Thread-safe. */
mcp_reason_t mcp_jws_verify(const mcp_jws_t *jws, const mcp_jwks_t *keys, unsigned algs);

#endif
