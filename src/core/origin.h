/* origin.h - web origins (RFC 6454): what is one, and whether pages of one may call (Fetch 3.2, the Origin check of MCP's
 * streamable HTTP transport). Not the fields that tell a browser so.
 */
#ifndef MCP_ORIGIN_H
#define MCP_ORIGIN_H

#include <apr_tables.h>

/* An origin that an admin names, as a browser spells it (RFC 6454 6.2); "*" and "null" are themselves. Schemes of
 * editors' web views are origins as well. NULL when it is none. */
const char *mcp_origin_read(const char *word, apr_pool_t *pool);

/* The value of Access-Control-Allow-Origin for a request's Origin: "*" or the origin itself, NULL when it is refused.
 * allowed are texts of mcp_origin_read; without such a list, NULL, the resource's own origin is allowed and no other.
 * resource may be NULL as well. */
const char *mcp_origin_allow(const char *origin, const apr_array_header_t *allowed, const char *resource,
                             apr_pool_t *pool);

#endif
