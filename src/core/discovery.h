/* discovery.h - the metadata of an authorization server: where it may be, and what it must say to count
 * (RFC 8414 3, OpenID Connect Discovery 4). Not in which state an issuer is (issuer.h), nor how anything is fetched.
 */
#ifndef MCP_DISCOVERY_H
#define MCP_DISCOVERY_H

#include "view.h"

/* What a metadata document says. */
typedef struct {
    const char *jwks_uri; /* an absolute http or https URI; whether plain http is acceptable there, the admin says */
} mcp_discovery_t;

/* An address of an issuer's metadata, in the order to try them: oauth-authorization-server before the issuer's
 * path, then openid-configuration before it, then openid-configuration behind it. form counts from 0. NULL behind
 * the last one. */
const char *mcp_discovery_address(const char *issuer, int form, apr_pool_t *pool);

/* Whether a request path asks for such metadata, by whatever form. *resource_path then is the path of the resource whose
 * issuer is meant, "/" for none: clients of MCP 2025-03-26 take the MCP server for the authorization server. */
bool mcp_discovery_match(const char **resource_path, const char *path, apr_pool_t *pool);

/* Read a metadata document. Its issuer must be identical to the configured one. Returns NULL, or what is wrong, in
 * words for the log; *found is then untouched. */
const char *mcp_discovery_read(mcp_discovery_t *found, const char *issuer, mcp_view_t document, apr_pool_t *pool);

#endif
