#include "route.h"

#include <apr_lib.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "../core/uri.h"

unsigned mcp_route_reach(const char *address)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    if (address && inet_pton(AF_INET, address, bytes) == 1) {
        return mcp_address_reach((mcp_view_t){ (const char *)bytes, 4 });
    }
    if (address && inet_pton(AF_INET6, address, bytes) == 1) {
        return mcp_address_reach((mcp_view_t){ (const char *)bytes, 16 });
    }
    return 0;
}

static bool is_listed(const apr_array_header_t *hosts, const char *host)
{
    for (int i = 0; hosts && i < hosts->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(hosts, i, const char *), host) == 0) {
            return true;
        }
    }
    return false;
}

static const char *last_label(const char *host)
{
    const char *dot = strrchr(host, '.');

    return dot ? dot + 1 : host;
}

/* A host that is written as an address shows its part of the network, whoever connects to it; others may be anywhere
 * that is not forbidden for names. */
static unsigned reach_of_host(const char *host)
{
    apr_size_t len = strlen(host);
    char bare[64];
    unsigned reach;

    if (host[0] == '[' && len > 2 && len < sizeof(bare)) {
        apr_cpystrn(bare, host + 1, len - 1);
        host = bare;
    }
    if ((reach = mcp_route_reach(host)) != 0) {
        return reach;
    }
    /* A last label of digits is some other way to write an address: nothing that a document may send us to. */
    return apr_isdigit(*last_label(host)) ? MCP_REACH_OTHER : MCP_REACH_ALL;
}

const char *mcp_route_find(mcp_route_t *route, const mcp_fetch_request_t *request, const mcp_fetch_options_t *options,
                           apr_pool_t *pool)
{
    mcp_uri_t uri;
    const char *wrong = mcp_uri_parse(&uri, request->url, pool);

    if (wrong) {
        return apr_psprintf(pool, "a URL that %s", wrong);
    }
    *route = (mcp_route_t){ .https = uri.https,
                            .by_proxy = options->proxy && !mcp_uri_is_loopback(&uri),
                            .reach = request->reach };
    if (route->by_proxy && (reach_of_host(uri.host) & request->reach) == 0) {
        return MCP_ROUTE_OUT_OF_REACH;
    }
    if (route->by_proxy) {
        route->reach = MCP_REACH_ALL; /* of the proxy, which the admin has named */
    }
    if (uri.https || is_listed(options->allow_http, uri.host)) {
        return NULL;
    }
    if (!mcp_uri_is_loopback(&uri)) {
        return "plain http, which this host is not allowed";
    }
    route->reach &= MCP_REACH_LOOPBACK; /* whatever the resolver says of "localhost" */
    return NULL;
}
