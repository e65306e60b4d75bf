/* route.h - whether a URL may be fetched, and by which way: plain http, parts of the network, proxy. Nothing is resolved or
 * connected to here; fetch.c checks the reach again on the address that is.
 */
#ifndef MCP_ROUTE_H
#define MCP_ROUTE_H

#include "fetch.h"

#define MCP_ROUTE_OUT_OF_REACH "an address in a part of the network that this URL may not lead to"

typedef struct {
    bool https;
    bool by_proxy;  /* never to this machine */
    unsigned shown; /* the part of the network that the spelling of the host shows; 0 for a name */
    unsigned reach; /* the parts of the network (mcp_reach_t) that may be connected to */
} mcp_route_t;

/* Find the way of a request. NULL, or why there is none, in words for the log. */
const char *mcp_route_find(mcp_route_t *route, const mcp_fetch_request_t *request, const mcp_fetch_options_t *options,
                           apr_pool_t *pool);

/* The part of the network of an address in text; 0 when it is no address, or NULL. */
unsigned mcp_route_reach(const char *address);

#endif
