/* rpc.h - what this module has to do with JSON-RPC 2.0: the id of a request it refuses, and the body of the refusal.
 * Not what a request may do.
 */
#ifndef MCP_RPC_H
#define MCP_RPC_H

#include "json.h"

/* The id of a request body as JSON text, "null" when it cannot be learned safely: no single object, duplicate
 * members, an id that is neither an integer nor a string of at most MCP_LIMIT_ID bytes. */
const char *mcp_rpc_id(mcp_view_t body, apr_pool_t *pool);

/* The body of an error response (JSON-RPC 2.0 5.1). id is JSON text from mcp_rpc_id, or NULL to leave the member out.
 * message is one of the fixed texts of reason.c. */
const char *mcp_rpc_error(const char *id, int code, const char *message, apr_pool_t *pool);

#endif
