/* wellknown.h - who asks for metadata and what configuration answers: the quick_handler hook, and OPTIONS on a
 * protected path. Not what the document looks like (core/prm.h).
 */
#ifndef MCP_WELLKNOWN_H
#define MCP_WELLKNOWN_H

#include "request.h"

/* The quick_handler hook: serves the metadata before any other module maps, protects or redirects the path. */
int mcp_wellknown_serve(request_rec *r, int lookup);

/* The header_parser hook, before authentication: a path that is governed without a resource, foreign origins,
 * preflights, OPTIONS. */
int mcp_wellknown_before_authn(request_rec *r);

#endif
