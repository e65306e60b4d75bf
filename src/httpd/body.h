/* body.h - the one look at a request body: the JSON-RPC id of a request that is being refused.
 * Not for requests that go on; their bodies are left alone.
 */
#ifndef MCP_BODY_H
#define MCP_BODY_H

#include <httpd.h>

/* The id as JSON text, "null" when it cannot be learned: the body is not JSON, has no Content-Length, is larger than
 * MCP_LIMIT_ID_BODY, or the client waits for 100 Continue. Reads the body. */
const char *mcp_body_rpc_id(request_rec *r);

#endif
