/* aplog.h - core's log lines in httpd's error log.
 * Not what is said. Lines carry no credential, so there is nothing to mask here and no switch to unmask.
 */
#ifndef MCP_APLOG_H
#define MCP_APLOG_H

#include <httpd.h>

#include "../core/log.h"

/* A listener that writes to the log of a request; lives as long as r. */
mcp_log_t mcp_aplog_request(request_rec *r);

/* A listener that writes to the log of a server. */
mcp_log_t mcp_aplog_server(server_rec *server);

#endif
