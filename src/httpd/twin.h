/* twin.h - a proxied path that the server behind may take for one which another section protects: /MCP or /mcp;x beside
 * <Location "/mcp">. Not what another spelling is (path.h), nor how a protected path is judged.
 */
#ifndef MCP_TWIN_H
#define MCP_TWIN_H

#include "request.h"

/* The translate_name hook: end the subrequests of this file there, before rules, files and other modules are asked. */
int mcp_twin_end_lookup(request_rec *r);

/* The handler hook: refuse such a request. */
int mcp_twin_before_handler(request_rec *r);

#endif
