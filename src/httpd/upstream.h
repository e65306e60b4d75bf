/* upstream.h - the last look at a governed answer before it goes out: CORS, the backend's own challenge, caches.
 * Not the body, which passes untouched and unbuffered.
 */
#ifndef MCP_UPSTREAM_H
#define MCP_UPSTREAM_H

#include <util_filter.h>

#include "request.h"

/* Register the output filter. */
void mcp_upstream_register(void);

/* The insert_filter and insert_error_filter hooks. */
void mcp_upstream_insert(request_rec *r);

#endif
