/* twin.h - a proxied path that no section protects and that the server behind may take for one which is protected: /MCP
 * or /mcp;x beside <Location "/mcp">. Not what another spelling is (path.h), nor how a protected path is judged.
 */
#ifndef MCP_TWIN_H
#define MCP_TWIN_H

#include "request.h"

/* The handler hook: refuse such a request. */
int mcp_twin_before_handler(request_rec *r);

#endif
