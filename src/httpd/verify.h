/* verify.h - from a token to its facts, however they are had: known already to this process, signed by a key of the issuer
 * that it claims, or told by an issuer's introspection endpoint. Not whether the facts fit this place (authn.c).
 */
#ifndef MCP_VERIFY_H
#define MCP_VERIFY_H

#include "conf.h"

typedef struct {
    const mcp_claims_t *facts; /* as long as the request that the client made */
    const mcp_issuer_conf_t *issuer;
} mcp_verified_t;

/* Verify a token, as mcp_bearer_find has found it, by the issuers of the server that MCPTrustIssuer lets count here. MCP_OK, or why there are no facts,
 * with *detail for the log or left alone. */
mcp_reason_t mcp_verify_token(mcp_verified_t *verified, request_rec *r, mcp_view_t token, const char **detail);

/* The child_init hook, after the keyrings are there: the cache of this process. */
void mcp_verify_child_init(apr_pool_t *pool, server_rec *servers);

#endif
