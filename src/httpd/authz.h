/* authz.h - the Require providers and the hooks around mod_authz_core's tree (DESIGN 3.1).
 * Not the rules themselves (core/policy.h), nor how they combine (mod_authz_core).
 */
#ifndef MCP_AUTHZ_H
#define MCP_AUTHZ_H

#include "request.h"

/* Register mcp-scope, mcp-any-scope, mcp-role, mcp-any-role and mcp-claim. */
void mcp_authz_register(apr_pool_t *pool);

/* The access_checker_ex hook: asks the tree before there is a user, and authenticates at once when an
 * expression wanted a claim of the token that nobody had looked at yet. */
int mcp_authz_before_authn(request_rec *r);

/* The auth_checker hook: asks the tree with the user, and turns its no into the answer that helps the client. */
int mcp_authz_after_authn(request_rec *r);

/* Collect what the rules for a request want, by asking the tree without a user. r may be a lookup. */
void mcp_authz_collect(request_rec *r);

#endif
