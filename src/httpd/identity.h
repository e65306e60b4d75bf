/* identity.h - the verified identity on its way to the backend, and nobody else's: header fields, environment, no
 * token. Not who the client is (authn.h).
 */
#ifndef MCP_IDENTITY_H
#define MCP_IDENTITY_H

#include "request.h"

/* The post_read_request hook: in a server with issuers, take the header fields that only we may set out of the
 * request, in every spelling that CGI would fold together, and out of the Connection field, which would make
 * mod_proxy drop ours. */
int mcp_identity_scrub(request_rec *r);

/* Register the input filter that keeps trailers from saying who the client is. */
void mcp_identity_register(void);

/* Take the token out of the request, unless MCPForwardToken says otherwise. What has been verified is remembered in
 * the chain. */
void mcp_identity_take_token(request_rec *r);

/* Keep mod_cache away from what is answered, and from the page that it is a part of: RFC 9111 3.5 keeps it off requests
 * with Authorization, and ours lose that. */
void mcp_identity_keep_caches_off(request_rec *r);

/* The fixups hook: scrub again, take the token away, set header fields and variables from the verified facts, keep
 * mod_cache off. */
int mcp_identity_fixups(request_rec *r);

/* Once more before the handler, where mod_dir and its like have put the configuration of a file that they looked up
 * on a request whose fixups saw another one (ap_internal_fast_redirect). The file was judged when it was looked up. */
void mcp_identity_before_handler(request_rec *r);

/* The value of REMOTE_USER: the user claim with '%' and control bytes percent-encoded, so that different users stay
 * different. */
char *mcp_identity_user(const mcp_claims_t *facts, apr_pool_t *pool);

/* Set MCP_DECISION and MCP_REASON. */
void mcp_identity_note_decision(request_rec *r, const char *decision, const char *reason);

#endif
