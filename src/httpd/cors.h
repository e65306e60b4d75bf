/* cors.h - cross-origin requests (Fetch 3.2) and the Origin check of MCP's streamable HTTP transport.
 * Not the metadata, which anyone may read (wellknown.c).
 */
#ifndef MCP_CORS_H
#define MCP_CORS_H

#include "request.h"

/* What a browser page may send and read. */
#define MCP_CORS_METHODS "GET, POST, DELETE, OPTIONS"
#define MCP_CORS_HEADERS                                                                                \
    "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, " \
    "Last-Event-ID, DPoP"
#define MCP_CORS_EXPOSED "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version"

/* Whether the request has no Origin or an allowed one. */
bool mcp_cors_is_allowed(request_rec *r);

/* Whether the request is a true preflight (Fetch 4.8). */
bool mcp_cors_is_preflight(const request_rec *r);

/* Answer a preflight from an allowed origin: 204. */
int mcp_cors_answer_preflight(request_rec *r);

/* The names that a preflight asks for and any MCP client may use, in addition to MCP_CORS_HEADERS: ", Mcp-Param-X,
 * ..." or "". */
const char *mcp_cors_param_headers(request_rec *r);

/* Put our fields into the answer to r in place of those of whoever made it. governed is the request whose
 * configuration counts. */
void mcp_cors_apply(request_rec *r, request_rec *governed);

/* The same for an answer that pages of every origin may read. */
void mcp_cors_apply_public(request_rec *r);

#endif
